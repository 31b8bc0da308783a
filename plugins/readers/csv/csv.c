/* csv: delimited text. Everything it does is in the core (lacuna/csv.h), because `lacuna impute`
 * reads and writes the same files; this is its door for experiment files. */
#include <lacuna/csv.h>
#include <lacuna/reader.h>

#include <string.h>

typedef struct {
    LacReader base;
    char *delimiter, *decimal;
    int header; /* LacCsvHeader */
    char **na, **kinds;
    char *label;
    char **told_kinds, **told_missing; /* by a columns block; lent */
} CsvPlugin;

static const char *const headers[] = {"sniff", "yes", "no", NULL};

static const LacParam params[] = {
    LAC_PARAM_STRING(CsvPlugin, delimiter, NULL,
                     "Byte between fields, or `tab`; found out among , ; tab | when not given"),
    LAC_PARAM_STRING(CsvPlugin, decimal, NULL, "Decimal mark; found out when not given"),
    LAC_PARAM_CHOICE(CsvPlugin, header, LAC_CSV_HEADER_SNIFF, headers,
                     "Whether the first record holds the column names"),
    LAC_PARAM_STRINGS(CsvPlugin, na, NULL,
                      "Texts that mean missing; empty, NA, NaN, nan, ?, null and NULL when not "
                      "given"),
    LAC_PARAM_MAP(CsvPlugin, kinds, NULL,
                  "Kinds by column name: continuous, integer, binary, nominal, ordinal, skip, or "
                  "an order of levels `low < mid < high`"),
    LAC_PARAM_STRING(CsvPlugin, label, NULL, "Column that holds the class of each row"),
    LAC_PARAM_END,
};

static gboolean
csv_parse_byte(const char *what, const char *text, char *out, GError **error)
{
    if (text == NULL)
        return TRUE;
    if (strcmp(text, "tab") != 0 && strlen(text) != 1)
        return lac_fail(error, LAC_ERROR_PARAM, "csv: %s = '%s', expected one byte%s", what, text,
                        strcmp(what, "delimiter") == 0 ? " or `tab`" : "");
    *out = strcmp(text, "tab") == 0 ? '\t' : text[0];
    return TRUE;
}

/* Columns that were taken for identifiers are no variables; the user should know. */
static void
csv_report_set_aside(const LacReader *reader, const LacCsvFormat *format)
{
    if (reader->instance.context == NULL)
        return;
    for (char **name = format->set_aside; *name != NULL; name++)
        lac_context_event(reader->instance.context, "identifier", -1,
                          "column '%s' looks like an identifier and is not used; give it a kind "
                          "(nominal) to use it",
                          *name);
}

static void
csv_tell(LacReader *reader, char **kinds, char **missing)
{
    LAC_CAST(CsvPlugin, reader)->told_kinds = kinds;
    LAC_CAST(CsvPlugin, reader)->told_missing = missing;
}

/* The columns block comes last, and holds. */
static char **
csv_kinds(const CsvPlugin *self)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    if (self->kinds != NULL)
        g_strv_builder_addv(builder, (const char **)self->kinds);
    if (self->told_kinds != NULL)
        g_strv_builder_addv(builder, (const char **)self->told_kinds);
    return g_strv_builder_end(builder);
}

static LacData *
csv_read(const LacReader *reader, GError **error)
{
    const CsvPlugin *self = LAC_CAST(const CsvPlugin, reader);
    g_auto(GStrv) kinds = csv_kinds(self);
    LacCsvOptions options = {.header = (LacCsvHeader)self->header,
                             .na = self->na,
                             .kinds = kinds,
                             .column_na = self->told_missing,
                             .label = self->label};
    g_auto(LacCsvFormat) format = {0};
    LacData *data;

    if (!csv_parse_byte("delimiter", self->delimiter, &options.delimiter, error) ||
        !csv_parse_byte("decimal", self->decimal, &options.decimal, error))
        return NULL;
    data = lac_csv_read(reader->path, &options, &format, error);
    if (data != NULL)
        csv_report_set_aside(reader, &format);
    return data;
}

static const char *const suffixes[] = {".csv", ".tsv", ".txt", ".data", NULL};

LAC_PLUGIN_EXPORT const LacReaderPlugin lac_plugin = {
    LAC_READER("csv", "Delimited text: comma, semicolon, tab or bar separated", CsvPlugin, params),
    .suffixes = suffixes,
    .read = csv_read,
    .tell = csv_tell,
};
