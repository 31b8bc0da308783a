/* lacuna impute: a person's own table, filled. */
#include "commands-private.h"
#include "experiment-private.h"
#include "impute-private.h"
#include "rank-private.h"

#include <lacuna/event.h>
#include <string.h>

static const LacOption options[] = {
    LAC_OPTION(LacImputeOptions, output, "output", 'o', PATH, "FILE",
               "Where the completed table goes (default: standard output); NAME.gz is compressed"),
    LAC_OPTION(
        LacImputeOptions, model, "model", 0, STRING, "NAME",
        "Model that fills the holes (default: knn), or auto: the one that 'lacuna rank' finds "
        "best for each kind of columns; \"knn: {k: 10}\" gives parameters, as --set does; see "
        "'lacuna plugins models'"),
    LAC_OPTION(LacImputeOptions, budget, "time-budget", 0, STRING, "TIME",
               "With --model auto: wall clock for the choice and the fill, as in 90s, 10m or none "
               "(default: " LAC_RANK_BUDGET ")"),
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
impute_write_long(const LacImputeOptions *o, const LacImputeModels *models,
                  const LacImputeTable *table, Outputs *outputs, GError **error)
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
        g_autoptr(LacMatrix) completed = lac_impute_complete(models, table, TRUE, d, error);

        if (completed == NULL ||
            !lac_impute_write_draw(table, completed, d + 1, d == 0 && !o->original, out, error))
            return FALSE;
        if (outputs->cells != NULL)
            lac_filled_cells_put(outputs->cells, d, completed);
    }
    return TRUE;
}

static gboolean
impute_write(const LacImputeOptions *o, const LacImputeModels *models, const LacImputeTable *table,
             Outputs *outputs, GError **error)
{
    g_autoptr(LacMatrix) completed = NULL;

    if (o->report != NULL) {
        outputs->cells = lac_filled_cells_new(table->data->holes, (size_t)MAX(o->draws, 1), error);
        if (outputs->cells == NULL)
            return FALSE;
    }
    if (o->draws > 0) {
        if (!impute_write_long(o, models, table, outputs, error))
            return FALSE;
    } else {
        completed = lac_impute_complete(models, table, FALSE, 0, error);
        if (completed == NULL || !lac_impute_write_filled(table, completed, outputs->table, error))
            return FALSE;
        if (outputs->cells != NULL)
            lac_filled_cells_put(outputs->cells, 0, completed);
    }
    if (outputs->flags != NULL &&
        !lac_impute_write_flags(table, completed, models, outputs->flags, error))
        return FALSE;
    return o->save == NULL || lac_imputer_save(lac_impute_main(models), o->save, error);
}

/* ---- what is said -----------------------------------------------------------------------------
 */

#define CHOSEN "chosen" /* events that say why --model auto took a model */

static void
impute_say_events(const LacContext *context)
{
    const GPtrArray *events = lac_context_events(context);

    for (guint i = 0; i < events->len; i++) {
        const LacEvent *event = g_ptr_array_index(events, i);

        if (g_str_has_prefix(event->code, CHOSEN))
            continue; /* said when it was chosen */
        if (strcmp(event->code, LAC_EVENT_PREDICTORS) == 0)
            lac_cli_say("predictors: %s", event->detail);
        else if (event->count == 1)
            lac_cli_warn("%s", event->detail);
        else
            lac_cli_warn("%s (and %zu more like it)", event->detail, event->count - 1);
    }
}

static void
impute_say_done(const LacImputeOptions *o, const LacImputeModels *models,
                const LacImputeTable *table, double seconds)
{
    g_autofree char *name = lac_impute_models_name(models);
    const size_t holes = lac_mask_count(table->data->holes);

    if (holes == 0)
        lac_cli_say("nothing is missing: the table is passed on as it is");
    else
        lac_cli_say("%s: filled %zu cell%s%s in %.2f s", name, holes, holes == 1 ? "" : "s",
                    o->draws > 0 ? " in each completion" : "", seconds);
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

/* ---- all of it --------------------------------------------------------------------------------
 */

/* One call: what was asked, what was read, what fills it. */
typedef struct {
    LacImputeOptions *options;
    uint64_t seed;
    LacImputeTable table;
    LacImputeModels models;
    Outputs outputs;
} Job;

static void
job_clear(Job *job)
{
    outputs_clear(&job->outputs);
    lac_impute_models_clear(&job->models);
    lac_impute_table_clear(&job->table);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Job, job_clear)

/* A kept model brings the rules it was fitted with; --columns may repeat them, not change them. */
static gboolean
impute_kept_rules(Job *job, GError **error)
{
    const LacImputeOptions *o = job->options;
    const LacColumnRules *kept =
        o->load != NULL ? lac_imputer_rules(lac_impute_main(&job->models)) : NULL;
    g_autoptr(LacColumnRules) told = NULL;
    const char *apart;

    if (o->load == NULL)
        return TRUE;
    if (o->columns != NULL) {
        told = lac_column_rules_load(o->columns, error);
        if (told == NULL)
            return FALSE;
        apart = lac_column_rules_differ(told, kept);
        if (apart != NULL)
            return lac_fail(error, LAC_ERROR_PARAM,
                            "--columns=%s: says something else of '%s' than the rules the model in "
                            "%s was fitted with; leave --columns out (the model brings its own), "
                            "or fit a model anew",
                            o->columns, apart, o->load);
    }
    if (kept != NULL)
        job->table.rules = lac_column_rules_from_text(kept->text, error);
    return kept == NULL || job->table.rules != NULL;
}

static gboolean
impute_read(Job *job, const char *path, GError **error)
{
    const LacImputeOptions *o = job->options;
    const LacSchema *schema =
        o->load != NULL ? lac_imputer_schema(lac_impute_main(&job->models)) : NULL;

    if (!impute_kept_rules(job, error) ||
        !lac_impute_table_read(&job->table, path, o, schema, error) ||
        !lac_impute_check_names(o, &job->table, error))
        return FALSE;
    if (o->load != NULL ? !lac_impute_adapt(lac_impute_main(&job->models), &job->table, error)
                        : !lac_impute_check_table(o, &job->table, error))
        return FALSE;
    lac_impute_say_table(o, &job->table);
    return TRUE;
}

static gboolean
impute_limit(const LacImputeOptions *o, LacImputeModels *models, GError **error)
{
    double mib;

    if (o->max_memory != NULL && !lac_memory_parse(o->max_memory, &mib, error)) {
        g_prefix_error(error, "--max-memory: ");
        return FALSE;
    }
    for (size_t k = 0; k < models->n; k++) {
        if (o->max_memory != NULL)
            lac_context_set_memory(models->context[k], (size_t)MIN(mib * 1024.0 * 1024.0, 0x1p62));
        lac_context_set_draws(models->context[k], o->draws > 0 ? (size_t)o->draws : 1);
    }
    return TRUE;
}

static gboolean
impute_models(Job *job, const LacImputeChoice *choice, GError **error)
{
    return lac_impute_models_init(&job->models, job->options, choice, lac_rng_new(job->seed),
                                  error) &&
           lac_impute_can_draw(job->options, lac_impute_main(&job->models), error) &&
           impute_limit(job->options, &job->models, error);
}

/* --model auto: asks `lacuna rank` which, and says why. */
static gboolean
impute_choose(Job *job, GError **error)
{
    LacImputeOptions *o = job->options;
    g_auto(LacImputeChoice) choice = {0};
    g_auto(GStrv) why = NULL;

    if (lac_mask_count(job->table.data->holes) == 0) /* it will not be asked for anything */
        choice = (LacImputeChoice){.n = 1, .name = {g_strdup("median")}};
    else if (!lac_impute_auto(o, &job->table, job->seed, &choice, &why, error))
        return FALSE;
    g_free(o->model);
    o->model = g_strdup(choice.name[0]);
    if (!impute_models(job, &choice, error))
        return FALSE;
    for (size_t k = 0; why != NULL && why[k] != NULL; k++) {
        g_autofree char *code = g_strdup_printf(CHOSEN "-%zu", k + 1);

        lac_cli_say("%s", why[k]);
        lac_context_event(job->models.context[0], code, -1, "%s", why[k]); /* for the page */
    }
    return TRUE;
}

static gboolean
impute_fit(Job *job, GError **error)
{
    const LacImputeOptions *o = job->options;
    Progress progress = {lac_imputer_model_name(lac_impute_main(&job->models)),
                         g_get_monotonic_time()};

    /* a table without holes asks nothing of the model */
    if (o->load != NULL || (o->save == NULL && lac_mask_count(job->table.data->holes) == 0))
        return TRUE;
    lac_impute_models_rules(&job->models, &job->table);
    lac_context_set_progress(job->models.context[0], impute_progress, &progress);
    if (!lac_impute_models_fit(&job->models, job->table.data, error))
        return lac_impute_keep_last_good(o, lac_impute_main(&job->models), error);
    lac_context_set_progress(job->models.context[0], NULL, NULL);
    return TRUE;
}

static gboolean
impute_all(Job *job, const char *path, GError **error)
{
    const LacImputeOptions *o = job->options;
    const gint64 start = g_get_monotonic_time();
    const gboolean chooses = lac_impute_is_auto(o);

    if ((!chooses && !impute_models(job, NULL, error)) || !impute_read(job, path, error) ||
        !outputs_open(o, &job->outputs, error) || (chooses && !impute_choose(job, error)) ||
        !impute_fit(job, error) ||
        !impute_write(o, &job->models, &job->table, &job->outputs, error))
        return FALSE;
    if (job->outputs.report != NULL) {
        const LacImputeReport of = {&job->table, &job->models, job->outputs.cells,
                                    lac_rng_new(job->seed)};

        if (!lac_impute_write_report(o, &of, job->outputs.report, error))
            return FALSE;
    }
    if (!outputs_close(&job->outputs, error))
        return FALSE;
    for (size_t k = 0; k < job->models.n; k++) {
        impute_say_events(job->models.context[k]);
        lac_impute_say_traces(job->models.context[k]);
    }
    impute_say_done(o, &job->models, &job->table,
                    (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC);
    return TRUE;
}

static int
impute_run(void *state, int argc, char **argv)
{
    g_auto(Job) job = {.options = state};
    g_autoptr(GError) error = NULL;

    lac_cli_exit_on_interrupt();
    return lac_impute_check_options(job.options, argc, &error) &&
                   lac_impute_seed(job.options, &job.seed, &error) &&
                   impute_all(&job, argv[0], &error)
               ? LAC_EXIT_OK
               : lac_cli_error(error);
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
        "--model auto hides observed cells, lets each model fill them, and takes the best for "
        "each of numbers, whole numbers, ordered levels and categories (lacuna rank shows the "
        "comparison); why is said on standard error and "
        "on "
        "the page of --report. With -m only models that draw take part.\n\n"
        "--report writes a page about the completions. It also hides some observed cells of each "
        "column with holes, fits the model again, and compares what comes back with what was there."
        "\n\n"
        "Examples:\n\n"
        "  lacuna impute data.csv -o filled.csv\n"
        "  lacuna impute data.csv -o filled.csv --model knn --set k=10 --ignore id\n"
        "  lacuna impute data.csv -o filled.csv --model auto --time-budget 1m\n"
        "  lacuna impute data.csv -o draws.csv --model mice -m 20 --report filled.html\n"
        "  lacuna impute data.csv -o filled.csv --save model.safetensors\n"
        "  lacuna impute new.csv -o new-filled.csv --load model.safetensors",
    .options = options,
    .state_size = sizeof(LacImputeOptions),
    .run = impute_run,
};
