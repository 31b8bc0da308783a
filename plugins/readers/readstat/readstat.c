/* readstat: files of SPSS (sav, zsav, por), Stata (dta) and SAS (sas7bdat, xpt) through
 * libreadstat. The file becomes delimited text, and the text a table, so that kinds, identifiers
 * and slips are found as in any other file. */
#include "survey.h"

#include <string.h>

typedef struct {
    LacReader base;
    gboolean labels;
    char *encoding, *catalog, *label;
    char **kinds;
    char **told_kinds, **told_missing; /* by a columns block; lent */
} ReadstatPlugin;

static const LacParam params[] = {
    LAC_PARAM_BOOL(ReadstatPlugin, labels, TRUE,
                   "Value labels become levels where every value of a variable has one; without, "
                   "their codes are numbers"),
    LAC_PARAM_STRING(ReadstatPlugin, encoding, NULL,
                     "Encoding of texts, by its iconv name, where the file does not say (old Stata "
                     "files)"),
    LAC_PARAM_PATH(ReadstatPlugin, catalog, NULL,
                   "SAS catalogue (sas7bcat) with the value labels of a sas7bdat file"),
    LAC_PARAM_MAP(ReadstatPlugin, kinds, NULL,
                  "Kinds by column name: continuous, integer, binary, nominal, ordinal, skip, or "
                  "an order of levels `low < mid < high`"),
    LAC_PARAM_STRING(ReadstatPlugin, label, NULL, "Column that holds the class of each row"),
    LAC_PARAM_END,
};

static LacReaderText *
readstat_text(const LacReader *reader, GError **error)
{
    const ReadstatPlugin *self = LAC_CAST(const ReadstatPlugin, reader);
    gboolean gzip;
    g_autoptr(GBytes) bytes = lac_csv_load(reader->path, &gzip, error);
    g_autoptr(GBytes) catalog = NULL;
    FileFormat format;
    gsize n;

    if (bytes == NULL)
        return NULL;
    const uint8_t *head = g_bytes_get_data(bytes, &n);

    format = survey_format(reader->path, head, n);
    if (format == FORMAT_UNKNOWN)
        return lac_fail_null(
            error, LAC_ERROR_DATA,
            "%s: neither its name nor its first bytes are those of a file of SPSS, "
            "Stata or SAS (sav, zsav, por, dta, sas7bdat, xpt)",
            reader->path);
    if (self->catalog != NULL && (catalog = lac_csv_load(self->catalog, &gzip, error)) == NULL)
        return NULL;

    const SurveyFile file = {.name = reader->path,
                             .encoding = self->encoding,
                             .format = format,
                             .bytes = bytes,
                             .catalog = catalog,
                             .labels = self->labels};

    return survey_text_of_file(&file, error);
}

/* The file's own kinds first: what the user says comes later and holds. */
static char **
readstat_kinds(const ReadstatPlugin *self, const LacReaderText *text)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    g_strv_builder_addv(builder, (const char **)text->kinds);
    if (self->kinds != NULL)
        g_strv_builder_addv(builder, (const char **)self->kinds);
    if (self->told_kinds != NULL)
        g_strv_builder_addv(builder, (const char **)self->told_kinds);
    return g_strv_builder_end(builder);
}

static void
readstat_tell(LacReader *reader, char **kinds, char **missing)
{
    LAC_CAST(ReadstatPlugin, reader)->told_kinds = kinds;
    LAC_CAST(ReadstatPlugin, reader)->told_missing = missing;
}

static LacData *
readstat_read(const LacReader *reader, GError **error)
{
    static char *const only_empty[] = {(char *)"", NULL};
    const ReadstatPlugin *self = LAC_CAST(const ReadstatPlugin, reader);
    g_autoptr(LacReaderText) text = readstat_text(reader, error);
    g_auto(GStrv) kinds = NULL;
    gsize n;

    if (text == NULL)
        return NULL;
    kinds = readstat_kinds(self, text);

    const LacCsvOptions options = {.delimiter = ',',
                                   .decimal = '.',
                                   .header = LAC_CSV_HEADER_YES,
                                   .na = (char **)only_empty,
                                   .kinds = kinds,
                                   .column_na = self->told_missing,
                                   .label = self->label};
    const char *csv = g_bytes_get_data(text->csv, &n);

    for (size_t k = 0; text->notes[k] != NULL && reader->instance.context != NULL; k++) {
        g_autofree char *code =
            g_strdup_printf("survey-%zu", k + 1); /* each note is one of its own */

        lac_context_event(reader->instance.context, code, -1, "%s", text->notes[k]);
    }
    return lac_csv_parse(csv, n, reader->path, &options, NULL, error);
}

static gboolean
readstat_sniff(const uint8_t *head, size_t n)
{
    return survey_format("", head, n) != FORMAT_UNKNOWN;
}

static const char *const suffixes[] = {".sav", ".zsav", ".por", ".dta", ".sas7bdat", ".xpt", NULL};

LAC_PLUGIN_EXPORT const LacReaderPlugin lac_plugin = {
    LAC_READER("readstat", "Files of SPSS, Stata and SAS, with value labels and missing codes",
               ReadstatPlugin, params),
    .suffixes = suffixes,
    .sniff = readstat_sniff,
    .read = readstat_read,
    .text = readstat_text,
    .tell = readstat_tell,
};
