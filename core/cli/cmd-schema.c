/* lacuna schema: what an experiment file may say, for editors and for people. */
#include "cli-private.h"
#include "experiment-private.h"

typedef struct {
    gboolean markdown;
} SchemaState;

static int
schema_run(void *state, int argc, char **argv)
{
    SchemaState *self = state;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    if (argc != 0)
        return lac_cli_usage("schema: takes no arguments, got '%s'", argv[0]);
    text = self->markdown ? lac_experiment_reference(&error) : lac_experiment_schema(&error);
    if (text == NULL)
        return lac_cli_error(error);
    fputs(text, stdout);
    return LAC_EXIT_OK;
}

static const LacOption options[] = {
    LAC_OPTION(SchemaState, markdown, "markdown", 0, FLAG, NULL,
               "The reference page for people instead of the JSON Schema"),
    LAC_OPTION_END,
};

const LacCommand lac_command_schema = {
    .name = "schema",
    .arguments = "",
    .summary = "Print the JSON Schema of experiment files",
    .details =
        "The schema (draft 2020-12) covers every installed plugin and its parameters. Editors "
        "that know JSON Schema then complete and check experiment files while you type.\n\n"
        "  lacuna schema > lacuna.schema.json",
    .options = options,
    .state_size = sizeof(SchemaState),
    .run = schema_run,
};
