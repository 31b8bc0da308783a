/* lacuna validate: is this experiment file sound, without running anything? */
#include "cli-private.h"
#include "experiment-private.h"

typedef struct {
    char **set;
} ValidateState;

static guint
count_trials(const LacExperiment *e)
{
    guint n = 0;

    for (guint i = 0; i < e->cells->len; i++)
        n += ((const LacCell *)e->cells->pdata[i])->stage != LAC_STAGE_NONE ? 1 : 0;
    return n;
}

/* All draws of one search are one model. */
static guint
count_models(const LacExperiment *e)
{
    guint n = 0;

    for (guint i = 0; i < e->models->len; i++) {
        const LacChoice *model = e->models->pdata[i];

        n += model->family == NULL || model->family == model ? 1 : 0;
    }
    return n;
}

static void
print_summary(const char *path, const LacExperiment *e)
{
    const guint trials = count_trials(e);
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_append_printf(text, "%s: %u cells: %u data x %u masks x %u models", path,
                           e->cells->len - trials, e->data->len, e->masks->len, count_models(e));
    if (e->initials->len > 1)
        g_string_append_printf(text, " x %u initials", e->initials->len);
    if (e->scales->len > 1)
        g_string_append_printf(text, " x %u scales", e->scales->len);
    if (e->splits->len > 1)
        g_string_append_printf(text, " x %u splits", e->splits->len);
    g_string_append_printf(text, " x %" G_GINT64_FORMAT " repeats, %u metrics", e->repeats,
                           e->metrics->len);
    if (trials > 0)
        g_string_append_printf(text, ", %u trials of searches before them", trials);
    printf("%s\n", text->str);
}

static int
validate_run(void *state, int argc, char **argv)
{
    ValidateState *self = state;
    int status = LAC_EXIT_OK;

    if (argc == 0)
        return lac_cli_usage("validate: expected an experiment file");
    for (int i = 0; i < argc; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(LacExperiment) experiment =
            lac_experiment_load(argv[i], (const char *const *)self->set, &error);

        if (experiment == NULL || !lac_experiment_check_programs(experiment, &error))
            status = lac_cli_error(error);
        else if (!lac_cli_quiet())
            print_summary(argv[i], experiment);
    }
    return status;
}

static const LacOption options[] = {
    LAC_OPTION(ValidateState, set, "set", 0, STRINGS, "PATH=VALUE",
               "Change a value of the file first; may be given more than once"),
    LAC_OPTION_END,
};

const LacCommand lac_command_validate = {
    .name = "validate",
    .arguments = "EXPERIMENT.yaml...",
    .summary = "Check experiment files without running them",
    .details =
        "Reads each file, loads the plugins it names, checks every key, type and range, and "
        "says how many cells it has. Of other programs' imputers (model external) it asks whether "
        "their names are registered and their programs there. Errors give file, line and "
        "column.\n\n"
        "  lacuna validate experiments/quickstart.yaml",
    .options = options,
    .state_size = sizeof(ValidateState),
    .run = validate_run,
};
