/* lacuna inspect: what is missing in a table, before anything is filled in. */
#include "impute-private.h"
#include "inspect-private.h"
#include "json-private.h"

#include <math.h>
#include <string.h>

static const char *const formats[] = {"table", "json", "yaml", NULL};

/* The table is read as `lacuna impute` reads it, so what is seen here is what it will see. */
typedef struct {
    LacImputeOptions table;
    char *format;
} InspectState;

static const LacOption options[] = {
    LAC_OPTION(InspectState, table.output, "output", 'o', PATH, "FILE",
               "Also write a web page that needs nothing else"),
    LAC_OPTION(InspectState, format, "format", 0, STRING, "FORMAT",
               "Of the summary on standard output: table (default), json, or yaml: the columns as "
               "rules for --columns"),
    LAC_OPTION(InspectState, table.ignore, "ignore", 0, STRINGS, "COLUMN",
               "Leave this column out; may be repeated"),
    LAC_TABLE_OPTIONS(InspectState, table.),
    LAC_OPTION(InspectState, table.force, "force", 0, FLAG, NULL, "Overwrite an existing file"),
    LAC_OPTION_END,
};

/* ---- the summary ------------------------------------------------------------------------------
 */

static void
print_columns(const LacData *data, const LacMissingness *m)
{
    int width = 6;

    for (size_t j = 0; j < data->cols; j++)
        width = MAX(width, (int)MIN(g_utf8_strlen(lac_data_name(data, j), -1), 30));
    printf("column%*s  kind        missing  share  influx  outflux\n", width - 6, "");
    for (size_t j = 0; j < data->cols; j++) {
        g_autofree char *name = lac_cli_shorten(lac_data_name(data, j), 30);
        char share[16], in[16], out[16];

        g_ascii_formatd(share, sizeof share, "%.1f", 100.0 * (1.0 - m->flux[j].observed));
        g_ascii_formatd(in, sizeof in, "%.3f", m->flux[j].influx);
        g_ascii_formatd(out, sizeof out, "%.3f", m->flux[j].outflux);
        printf("%s%*s  %-10s  %7zu  %5s  %6s  %7s\n", name,
               MAX(0, width - (int)g_utf8_strlen(name, -1)), "",
               lac_kind_name(lac_data_column(data, j)->kind), m->missing[j], share, in,
               isnan(m->flux[j].outflux) ? "-" : out);
    }
}

enum { PATTERNS_PRINTED = 10 };

static void
print_patterns(const LacData *data, const LacMissingness *m)
{
    const size_t shown = MIN(m->n, PATTERNS_PRINTED);
    size_t rest = m->rows;

    printf("\nrows  missing together\n");
    for (size_t k = 0; k < shown; k++) {
        size_t named = 0;

        rest -= m->count[k];
        printf("%4zu  ", m->count[k]);
        for (size_t a = 0; a < m->cols; a++)
            if (m->pattern[k * m->cols + m->order[a]])
                printf("%s%s", named++ > 0 ? ", " : "", lac_data_name(data, m->order[a]));
        puts(named == 0 ? "(nothing)" : "");
    }
    if (m->n > shown)
        printf("%4zu  (%zu further patterns)\n", rest, m->n - shown);
}

static void
print_table(const LacInspection *self)
{
    g_autofree char *verdict = lac_little_verdict(self->little);

    print_columns(self->data, self->missingness);
    print_patterns(self->data, self->missingness);
    if (self->missingness->holes > 0)
        printf("\nLittle's test of missing completely at random:\n%s\n", verdict);
}

static void
json_columns(JsonBuilder *builder, const LacData *data, const LacMissingness *m)
{
    json_begin_array(builder, "columns");
    for (size_t j = 0; j < data->cols; j++) {
        const LacFlux *flux = &m->flux[j];

        json_builder_begin_object(builder);
        json_add_text(builder, "name", lac_data_name(data, j));
        json_add_text(builder, "kind", lac_kind_name(lac_data_column(data, j)->kind));
        json_add_count(builder, "missing", m->missing[j]);
        json_add_number(builder, "observed", flux->observed);
        json_add_number(builder, "influx", flux->influx);
        json_add_number(builder, "outflux", flux->outflux);
        json_add_number(builder, "ainb", flux->ainb);
        json_add_number(builder, "aout", flux->aout);
        json_add_number(builder, "fico", flux->fico);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void
json_patterns(JsonBuilder *builder, const LacData *data, const LacMissingness *m)
{
    json_begin_array(builder, "patterns");
    for (size_t k = 0; k < m->n; k++) {
        json_builder_begin_object(builder);
        json_add_count(builder, "rows", m->count[k]);
        json_begin_array(builder, "missing");
        for (size_t a = 0; a < m->cols; a++)
            if (m->pattern[k * m->cols + m->order[a]])
                json_builder_add_string_value(builder, lac_data_name(data, m->order[a]));
        json_builder_end_array(builder);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void
json_little(JsonBuilder *builder, const LacLittle *little)
{
    json_begin_object(builder, "little");
    json_add_number(builder, "statistic", little->statistic);
    json_add_number(builder, "df", little->df);
    json_add_number(builder, "p.value", little->p);
    json_add_count(builder, "rows", little->rows);
    json_add_count(builder, "columns", little->cols);
    json_add_count(builder, "patterns", little->patterns);
    json_add_flag(builder, "converged", little->converged);
    json_add_text(builder, "undefined", little->undefined);
    json_builder_end_object(builder);
}

static void
print_json(const LacInspection *self)
{
    const LacMissingness *m = self->missingness;
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_add_count(builder, "rows", m->rows);
    json_add_count(builder, "missing", m->holes);
    json_add_count(builder, "complete_rows", m->complete);
    json_columns(builder, self->data, m);
    json_patterns(builder, self->data, m);
    json_little(builder, self->little);
    json_builder_end_object(builder);
    g_autofree char *text = json_pretty(builder);

    puts(text);
}

static void
print_rules(const LacSchema *schema, const LacColumnRules *told)
{
    g_autofree char *rules = lac_column_rules_write(schema, told);

    fputs(rules, stdout);
}

/* ---- the command ------------------------------------------------------------------------------
 */

static gboolean
inspect_page(const LacInspection *inspection, LacImputeOutput *taken, GError **error)
{
    g_autoptr(LacImputeOutput) out = taken;
    g_auto(GStrv) notes = NULL;
    g_autofree char *html = lac_inspection_html(inspection, &notes);

    for (size_t i = 0; notes[i] != NULL; i++)
        lac_cli_warn("%s", notes[i]);
    return lac_impute_output_write(html, strlen(html), out, error) &&
           lac_impute_output_close(g_steal_pointer(&out), error);
}

static gboolean
inspect_table(const InspectState *self, const char *path, LacImputeTable *table, GError **error)
{
    const LacImputeOptions *o = &self->table;
    const gboolean page_only = g_strcmp0(o->output, "-") == 0;
    g_autoptr(LacImputeOutput) out = NULL;

    if (o->output != NULL && (out = lac_impute_output_open(o->output, o->force, error)) == NULL)
        return FALSE;
    if (!lac_impute_table_read(table, path, o, NULL, error))
        return FALSE;
    g_autoptr(LacMissingness) missingness = lac_missingness_new(table->data->holes, error);
    g_autoptr(LacLittle) little = missingness ? lac_little_test(table->data, error) : NULL;
    g_autofree char *title = g_path_get_basename(path);
    g_autofree char *reading = lac_impute_reading(table, NULL);

    if (little == NULL)
        return FALSE;
    const LacInspection inspection = {.title = title,
                                      .reading = reading,
                                      .rules = table->rules,
                                      .set_aside = (const char *const *)table->format.set_aside,
                                      .data = table->data,
                                      .missingness = missingness,
                                      .little = little};

    if (!page_only && g_strcmp0(self->format, "json") == 0)
        print_json(&inspection);
    else if (!page_only && g_strcmp0(self->format, "yaml") == 0)
        print_rules(table->data->schema, table->rules);
    else if (!page_only)
        print_table(&inspection);
    if (out != NULL && !inspect_page(&inspection, g_steal_pointer(&out), error))
        return FALSE;
    lac_impute_say_set_aside(table);
    if (o->output != NULL && !page_only)
        lac_cli_say("%s", o->output);
    return TRUE;
}

static int
inspect_run(void *state, int argc, char **argv)
{
    const InspectState *self = state;
    LacImputeTable table = {0};
    g_autoptr(GError) error = NULL;
    gboolean done;

    lac_cli_exit_on_interrupt();
    if (argc != 1)
        return lac_cli_usage("inspect: expected one table, got %d", argc);
    if (!lac_cli_one_of("--format", self->format, formats, &error))
        return lac_cli_error(error);
    done = inspect_table(self, argv[0], &table, &error);
    lac_impute_table_clear(&table);
    return done ? LAC_EXIT_OK : lac_cli_error(error);
}

const LacCommand lac_command_inspect = {
    .name = "inspect",
    .arguments = "DATA.csv",
    .summary = "Show what is missing in a table",
    .details =
        "Reads a delimited text file as `lacuna impute` does, and tells before anything is filled "
        "in: what each column was taken for, how much of it is missing, which columns are missing "
        "together (patterns as md.pattern() of mice shows them), whether the holes could be "
        "completely at random (Little's test), and which columns help to fill which (influx and "
        "outflux).\n\n"
        "-o writes all of it as one HTML file that needs nothing else.\n\n"
        "Examples:\n\n"
        "  lacuna inspect data.csv -o inspect.html\n"
        "  lacuna inspect data.csv --format json\n"
        "  lacuna inspect data.csv --format yaml > columns.yaml",
    .options = options,
    .state_size = sizeof(InspectState),
    .run = inspect_run,
};
