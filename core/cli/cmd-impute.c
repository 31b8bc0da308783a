/* lacuna impute: a person's own table, filled. */
#include "commands-private.h"
#include "experiment-private.h"
#include "impute-private.h"

#include <string.h>

enum { MAX_LEVELS = 256 };

static const LacOption options[] = {
    LAC_OPTION(LacImputeOptions, output, "output", 'o', PATH, "FILE",
               "Where the completed table goes (default: standard output); NAME.gz is compressed"),
    LAC_OPTION(LacImputeOptions, model, "model", 0, STRING, "NAME",
               "Model that fills the holes (default: knn); see 'lacuna plugins models'"),
    LAC_OPTION(LacImputeOptions, set, "set", 0, STRINGS, "PARAM=VALUE",
               "Parameter of the model; may be repeated; see 'lacuna describe MODEL'"),
    LAC_OPTION(LacImputeOptions, draws, "multiple", 'm', INT, "M",
               "Write M completions drawn from the model, as one long table with .imp and .id"),
    LAC_OPTION(LacImputeOptions, original, "include-original", 0, FLAG, NULL,
               "With -m: write the original rows too, as .imp = 0"),
    LAC_OPTION(LacImputeOptions, flags, "flags", 0, PATH, "FILE",
               "Also write a table of the cells that were imputed: .id, column, model, value"),
    LAC_OPTION(LacImputeOptions, report, "report", 0, PATH, "FILE",
               "Also write a web page: observed beside imputed values, hidden cells filled again, "
               "traces, events; fits the model once more"),
    LAC_OPTION(LacImputeOptions, save, "save", 0, PATH, "FILE",
               "Keep the fitted model (safetensors), to complete new rows later"),
    LAC_OPTION(LacImputeOptions, load, "load", 0, PATH, "FILE",
               "Use a model kept by --save instead of learning one from this table"),
    LAC_OPTION(LacImputeOptions, initial, "initial", 0, STRING, "NAME",
               "First fill of iterative models (default: mean)"),
    LAC_OPTION(LacImputeOptions, optimizer, "optimizer", 0, STRING, "NAME",
               "What gradient-trained models take their steps with (default: adam); its parameters "
               "are set as in --set optimizer.rate=0.01"),
    LAC_OPTION(LacImputeOptions, check_numerics, "check-numerics", 0, FLAG, NULL,
               "After every operator of a net look for NaN and infinities and name the first "
               "(slow)"),
    LAC_OPTION(LacImputeOptions, scale, "scale", 0, STRING, "HOW",
               "Units the model works in: minmax (default), standard or none"),
    LAC_OPTION(LacImputeOptions, seed, "seed", 0, STRING, "N",
               "Seed of all random draws (default: 1)"),
    LAC_OPTION(
        LacImputeOptions, max_memory, "max-memory", 0, STRING, "SIZE",
        "Memory that may be used (MiB, or \"2 GiB\"); a model that would need more is refused "
        "before it starts"),
    LAC_OPTION(LacImputeOptions, ignore, "ignore", 0, STRINGS, "COLUMN",
               "Pass this column through: not used, not filled; may be repeated"),
    LAC_TABLE_OPTIONS(LacImputeOptions, ),
    LAC_OPTION(LacImputeOptions, force, "force", 0, FLAG, NULL, "Overwrite existing files"),
    LAC_OPTION_END,
};

/* ---- what goes out ----------------------------------------------------------------------------
 */

/* All files of one call. They are opened before the model is fitted, so that a folder that cannot
 * be written to is known before the work is done, and appear only when all is written. */
typedef struct {
    LacImputeOutput *table, *flags, *report;
    LacFilledCells *cells; /* of the holes, for the report */
} Outputs;

static void
outputs_clear(Outputs *outputs)
{
    g_clear_pointer(&outputs->table, lac_impute_output_abandon);
    g_clear_pointer(&outputs->flags, lac_impute_output_abandon);
    g_clear_pointer(&outputs->report, lac_impute_output_abandon);
    g_clear_pointer(&outputs->cells, lac_filled_cells_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outputs, outputs_clear)

static gboolean
outputs_open(const LacImputeOptions *o, Outputs *outputs, GError **error)
{
    outputs->table = lac_impute_output_open(o->output != NULL ? o->output : "-", o->force, error);
    if (outputs->table == NULL)
        return FALSE;
    if (o->flags != NULL)
        outputs->flags = lac_impute_output_open(o->flags, o->force, error);
    if (o->flags != NULL && outputs->flags == NULL)
        return FALSE;
    if (o->report != NULL)
        outputs->report = lac_impute_output_open(o->report, o->force, error);
    if (o->report != NULL && outputs->report == NULL)
        return FALSE;
    if (o->save != NULL) { /* only to see whether it could be written */
        g_autoptr(LacImputeOutput) trial = lac_impute_output_open(o->save, o->force, error);

        return trial != NULL;
    }
    return TRUE;
}

static gboolean
outputs_close(Outputs *outputs, GError **error)
{
    if (outputs->flags != NULL && !lac_impute_output_close(g_steal_pointer(&outputs->flags), error))
        return FALSE;
    if (outputs->report != NULL &&
        !lac_impute_output_close(g_steal_pointer(&outputs->report), error))
        return FALSE;
    return lac_impute_output_close(g_steal_pointer(&outputs->table), error);
}

static gboolean
impute_write_long(const LacImputeOptions *o, LacImputer *imputer, const LacImputeTable *table,
                  Outputs *outputs, GError **error)
{
    LacImputeOutput *out = outputs->table;

    if (o->original) {
        g_autoptr(LacMatrix) original = lac_matrix_new(table->data->rows, table->data->cols, error);

        if (original == NULL)
            return FALSE;
        lac_data_copy_values(table->data, original);
        if (!lac_impute_write_draw(table, original, 0, TRUE, out, error))
            return FALSE;
    }
    for (size_t d = 0; d < (size_t)o->draws; d++) {
        g_autoptr(LacMatrix) completed = lac_impute_complete(imputer, table, TRUE, d, error);

        if (completed == NULL ||
            !lac_impute_write_draw(table, completed, d + 1, d == 0 && !o->original, out, error))
            return FALSE;
        if (outputs->cells != NULL)
            lac_filled_cells_put(outputs->cells, d, completed);
    }
    return TRUE;
}

static gboolean
impute_write(const LacImputeOptions *o, LacImputer *imputer, const LacImputeTable *table,
             Outputs *outputs, GError **error)
{
    g_autoptr(LacMatrix) completed = NULL;

    if (o->report != NULL) {
        outputs->cells = lac_filled_cells_new(table->data->holes, (size_t)MAX(o->draws, 1), error);
        if (outputs->cells == NULL)
            return FALSE;
    }
    if (o->draws > 0) {
        if (!impute_write_long(o, imputer, table, outputs, error))
            return FALSE;
    } else {
        completed = lac_impute_complete(imputer, table, FALSE, 0, error);
        if (completed == NULL || !lac_impute_write_filled(table, completed, outputs->table, error))
            return FALSE;
        if (outputs->cells != NULL)
            lac_filled_cells_put(outputs->cells, 0, completed);
    }
    if (outputs->flags != NULL &&
        !lac_impute_write_flags(table, completed, lac_imputer_model_name(imputer), outputs->flags,
                                error))
        return FALSE;
    return o->save == NULL || lac_imputer_save(imputer, o->save, error);
}

/* ---- what is said -----------------------------------------------------------------------------
 */

enum { NAMED_COLUMNS = 12 }; /* of wider tables -v names them all */

/* "1 integer: age; 2 nominal: sex, town": a wrong guess should be seen. */
static char *
impute_kinds_text(const LacData *data)
{
    const gboolean named = data->cols <= NAMED_COLUMNS || lac_cli_verbose();
    GString *kinds = g_string_new(NULL);

    for (int kind = 0; kind < 5; kind++) {
        g_autoptr(GString) names = g_string_new(NULL);
        size_t n = 0;

        for (size_t j = 0; j < data->cols; j++)
            if ((int)lac_data_column(data, j)->kind == kind)
                g_string_append_printf(names, "%s%s", n++ > 0 ? ", " : ": ",
                                       lac_data_name(data, j));
        if (n > 0)
            g_string_append_printf(kinds, "%s%zu %s%s",
                                   kinds->len == 0 ? ""
                                   : named         ? "; "
                                                   : ", ",
                                   n, lac_kind_name((LacKind)kind), named ? names->str : "");
    }
    return g_string_free(kinds, FALSE);
}

/* What was read, in one paragraph: the person should see what was sniffed. */
static void
impute_say_table(const LacImputeOptions *o, const LacImputeTable *table)
{
    const LacData *data = table->data;
    g_autofree char *kinds = impute_kinds_text(data), *reading = lac_impute_reading(table, kinds);

    lac_cli_say("%s: %s", data->origin, reading);
    lac_impute_say_set_aside(table);
    if (o->ignore != NULL) {
        g_autofree char *names = g_strjoinv(", ", o->ignore);

        lac_cli_say("passed through as they are, holes too: %s", names);
    }
    for (size_t k = 0; table->model_column != NULL && k < data->cols; k++)
        if (table->model_column[k] < 0)
            lac_cli_warn("column '%s' is not in the model; it is passed through and not used",
                         lac_data_name(data, k));
}

static void
impute_say_events(const LacContext *context)
{
    const GPtrArray *events = lac_context_events(context);

    for (guint i = 0; i < events->len; i++) {
        const LacEvent *event = g_ptr_array_index(events, i);

        if (event->count == 1)
            lac_cli_warn("%s", event->detail);
        else
            lac_cli_warn("%s (and %zu more like it)", event->detail, event->count - 1);
    }
}

static void
impute_say_done(const LacImputeOptions *o, const LacImputer *imputer, const LacImputeTable *table,
                double seconds)
{
    const size_t holes = lac_mask_count(table->data->holes);

    if (holes == 0)
        lac_cli_say("nothing is missing: the table is passed on as it is");
    else
        lac_cli_say("%s: filled %zu cell%s%s in %.2f s", lac_imputer_model_name(imputer), holes,
                    holes == 1 ? "" : "s", o->draws > 0 ? " in each completion" : "", seconds);
}

typedef struct {
    const char *model;
    gint64 start;
} Progress;

static void
impute_progress(void *user, double done)
{
    const Progress *progress = user;
    const double passed = 1e-6 * (double)(g_get_monotonic_time() - progress->start);
    g_autoptr(GString) line = g_string_new(NULL);

    g_string_printf(line, "%s: %3.0f %%", progress->model, 100.0 * done);
    if (passed > 2.0 && done > 0.01) /* before that it is a guess */
        g_string_append_printf(line, ", %.0f s left", passed * (1.0 - done) / done);
    lac_cli_progress(line->str);
}

/* ---- what is refused --------------------------------------------------------------------------
 */

static gboolean
impute_check_outputs(const LacImputeOptions *o, GError **error)
{
    const struct {
        const char *option, *path;
    } files[] = {{"--output", o->output != NULL ? o->output : "-"},
                 {"--flags", o->flags},
                 {"--report", o->report},
                 {"--save", o->save}};

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        if (files[i].path == NULL)
            continue;
        for (size_t k = 0; k < i; k++)
            if (g_strcmp0(files[i].path, files[k].path) == 0)
                return lac_fail(error, LAC_ERROR_PARAM,
                                "%s and %s both say '%s'; expected two files", files[k].option,
                                files[i].option, files[i].path);
        if (!lac_impute_output_check(files[i].path, o->force, error))
            return FALSE;
    }
    if (o->output != NULL && !lac_impute_can_write(o->output, error))
        return FALSE;
    return o->save == NULL || strcmp(o->save, "-") != 0 ||
           lac_fail(error, LAC_ERROR_PARAM, "--save=-: a model goes to a file of its own");
}

static gboolean
impute_check(const LacImputeOptions *o, int argc, GError **error)
{
    if (argc != 1)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "impute: expected one table, got %d; see 'lacuna impute --help'", argc);
    if (o->draws < 0 || o->draws > 10000)
        return lac_fail(error, LAC_ERROR_PARAM, "-m %" G_GINT64_FORMAT " is outside [1, 10000]",
                        o->draws);
    if (o->original && o->draws == 0)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "--include-original goes with -m only; one completion keeps its rows");
    if (o->load != NULL && (o->model != NULL || o->set != NULL || o->save != NULL ||
                            o->initial != NULL || o->optimizer != NULL || o->scale != NULL))
        return lac_fail(error, LAC_ERROR_PARAM,
                        "--load brings its own model; --model, --set, --initial, --optimizer, "
                        "--scale and --save "
                        "do not go with it");
    if (o->columns != NULL && (o->load != NULL || o->save != NULL))
        return lac_fail(error, LAC_ERROR_PARAM,
                        "--columns does not go with --save and --load: a kept model would not know "
                        "the rules");
    return impute_check_outputs(o, error);
}

/* Names that the long table adds may not be there yet. */
static gboolean
impute_check_names(const LacImputeOptions *o, const LacImputeTable *table, GError **error)
{
    static const char *const added[] = {".imp", ".id"};
    char *const *set_aside = table->format.set_aside;

    for (size_t i = 0; o->draws > 0 && i < G_N_ELEMENTS(added); i++)
        if (lac_schema_find(table->data->schema, added[i]) >= 0 ||
            (set_aside != NULL && g_strv_contains((const char *const *)set_aside, added[i])) ||
            (o->ignore != NULL && g_strv_contains((const char *const *)o->ignore, added[i])))
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: has a column '%s' already, which -m adds for each completion; "
                            "rename it in the file",
                            table->data->origin, added[i]);
    return TRUE;
}

/* A model cannot know what a column without a single value is about. */
static gboolean
impute_check_empty(const LacImputeTable *table, GError **error)
{
    g_autoptr(GString) ways = g_string_new(NULL);
    g_autoptr(GString) names = g_string_new(NULL);
    const LacData *data = table->data;
    size_t empty = 0;

    for (size_t j = 0; data->rows > 0 && j < data->cols; j++) {
        const LacColumnRule *rule = lac_column_rules_find(table->rules, lac_data_name(data, j));

        if (rule != NULL && rule->derived != NULL)
            continue;
        if (lac_mask_count_col(data->holes, j) < data->rows || empty++ >= 5)
            continue;
        g_string_append_printf(names, "%s'%s'", names->len > 0 ? ", " : "", lac_data_name(data, j));
        g_string_append_printf(ways, " --ignore=%s", lac_data_name(data, j));
    }
    if (empty == 0)
        return TRUE;
    return lac_fail(error, LAC_ERROR_DATA,
                    "%s: %s %s%s no value in %zu row%s, so there is nothing to learn from; pass "
                    "%s through with%s%s, or give at least one value",
                    data->origin, empty == 1 ? "column" : "columns", names->str,
                    empty == 1  ? " has"
                    : empty > 5 ? " and more have"
                                : " have",
                    data->rows, data->rows == 1 ? "" : "s", empty == 1 ? "it" : "them", ways->str,
                    empty > 5 ? " ..." : "");
}

static gboolean
impute_kind_was_given(const LacImputeOptions *o, const char *name)
{
    const size_t n = strlen(name);

    for (size_t i = 0; o->kinds != NULL && o->kinds[i] != NULL; i++)
        if (strncmp(o->kinds[i], name, n) == 0 && o->kinds[i][n] == '=')
            return TRUE;
    return FALSE;
}

/* Every level of a category becomes a column of its own inside most models: thousands of them take
 * hours and gigabytes, and are more often a free text than a category. */
static gboolean
impute_check_levels(const LacImputeOptions *o, const LacImputeTable *table, GError **error)
{
    for (size_t j = 0; j < table->data->cols; j++) {
        const LacColumn *column = lac_data_column(table->data, j);

        if (column->n_levels > MAX_LEVELS && !impute_kind_was_given(o, column->name) &&
            lac_column_rules_find(table->rules, column->name) == NULL)
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: column '%s' has %zu different texts, expected at most %d in a "
                            "category; pass it through with --ignore=%s, or insist with "
                            "--kind=%s=nominal",
                            table->data->origin, column->name, column->n_levels, MAX_LEVELS,
                            column->name, column->name);
    }
    return TRUE;
}

static gboolean
impute_can_draw(const LacImputeOptions *o, const LacImputer *imputer, GError **error)
{
    return o->draws == 0 || lac_imputer_can_sample(imputer) ||
           lac_fail(error, LAC_ERROR_PARAM,
                    "-m %" G_GINT64_FORMAT ": model '%s' cannot draw completions; leave out -m, or "
                    "use a model that can ('lacuna describe MODEL' says so)",
                    o->draws, lac_imputer_model_name(imputer));
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static gboolean
impute_read(const LacImputeOptions *o, const char *path, const LacImputer *imputer,
            LacImputeTable *table, GError **error)
{
    const LacSchema *schema = o->load != NULL ? lac_imputer_schema(imputer) : NULL;

    if (!lac_impute_table_read(table, path, o, schema, error) ||
        !impute_check_names(o, table, error))
        return FALSE;
    if (o->load != NULL
            ? !lac_impute_adapt(imputer, table, error)
            : !(impute_check_empty(table, error) && impute_check_levels(o, table, error)))
        return FALSE;
    impute_say_table(o, table);
    return TRUE;
}

static gboolean
impute_limit(const LacImputeOptions *o, LacContext *context, GError **error)
{
    double mib;

    if (o->max_memory == NULL)
        return TRUE;
    if (!lac_memory_parse(o->max_memory, &mib, error)) {
        g_prefix_error(error, "--max-memory: ");
        return FALSE;
    }
    lac_context_set_memory(context, (size_t)MIN(mib * 1024.0 * 1024.0, 0x1p62));
    return TRUE;
}

static gboolean
impute_all(const LacImputeOptions *o, const char *path, uint64_t seed, LacImputeTable *table,
           GError **error)
{
    const gint64 start = g_get_monotonic_time();
    const LacRng rng = lac_rng_new(seed);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_split(&rng, "impute"));
    g_autoptr(LacImputer) imputer = lac_impute_imputer_new(o, context, error);
    g_auto(Outputs) outputs = {NULL, NULL, NULL, NULL};
    Progress progress;
    gboolean learns;

    if (imputer == NULL || !impute_can_draw(o, imputer, error) || !impute_limit(o, context, error))
        return FALSE;
    lac_context_set_draws(context, o->draws > 0 ? (size_t)o->draws : 1);
    if (!impute_read(o, path, imputer, table, error) || !outputs_open(o, &outputs, error))
        return FALSE;
    lac_imputer_set_rules(imputer, table->rules);
    progress = (Progress){lac_imputer_model_name(imputer), g_get_monotonic_time()};
    lac_context_set_progress(context, impute_progress, &progress);
    /* a table without holes asks nothing of the model */
    learns = o->load == NULL && (o->save != NULL || lac_mask_count(table->data->holes) > 0);
    if ((learns && !lac_imputer_fit(imputer, table->data, error)) ||
        !impute_write(o, imputer, table, &outputs, error))
        return FALSE;
    if (outputs.report != NULL) {
        const LacImputeReport of = {table, imputer, context, outputs.cells, rng};

        if (!lac_impute_write_report(o, &of, outputs.report, error))
            return FALSE;
    }
    if (!outputs_close(&outputs, error))
        return FALSE;
    impute_say_events(context);
    impute_say_done(o, imputer, table, (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC);
    return TRUE;
}

static gboolean
impute_seed(const LacImputeOptions *o, uint64_t *out, GError **error)
{
    *out = 1;
    return o->seed == NULL || g_ascii_string_to_unsigned(o->seed, 10, 0, G_MAXUINT64, out, NULL) ||
           lac_fail(error, LAC_ERROR_PARAM, "--seed=%s: expected a whole number from 0 on",
                    o->seed);
}

static int
impute_run(void *state, int argc, char **argv)
{
    LacImputeOptions *o = state;
    LacImputeTable table = {0};
    g_autoptr(GError) error = NULL;
    uint64_t seed = 1;
    gboolean done;

    lac_cli_exit_on_interrupt();
    done = impute_check(o, argc, &error) && impute_seed(o, &seed, &error) &&
           impute_all(o, argv[0], seed, &table, &error);
    lac_impute_table_clear(&table);
    return done ? LAC_EXIT_OK : lac_cli_error(error);
}

const LacCommand lac_command_impute = {
    .name = "impute",
    .arguments = "DATA.csv",
    .summary = "Fill the holes of a table",
    .details =
        "Reads a delimited text file (.gz too; '-' is standard input), learns a model from its "
        "observed cells, and writes it back with the holes filled: same rows, same columns, same "
        "order, every other byte as it was. A file that exists is not touched without --force, and "
        "a "
        "file that could not be finished is not left behind.\n\n"
        "-m writes the completions below each other with the columns .imp and .id, as "
        "complete(action = \"long\") of mice does; --include-original puts the table itself before "
        "them, which as.mids() wants.\n\n"
        "--load takes columns in any order, by name. A column that the model was not fitted on is "
        "passed through with a warning when it has no holes. A missing column, and a level that "
        "was not seen, are errors.\n\n"
        "--report writes a page about the completions. It also hides some observed cells of each "
        "column with holes, fits the model again, and compares what comes back with what was there."
        "\n\n"
        "Examples:\n\n"
        "  lacuna impute data.csv -o filled.csv\n"
        "  lacuna impute data.csv -o filled.csv --model knn --set k=10 --ignore id\n"
        "  lacuna impute data.csv -o draws.csv --model mice -m 20 --report filled.html\n"
        "  lacuna impute data.csv -o filled.csv --save model.safetensors\n"
        "  lacuna impute new.csv -o new-filled.csv --load model.safetensors",
    .options = options,
    .state_size = sizeof(LacImputeOptions),
    .run = impute_run,
};
