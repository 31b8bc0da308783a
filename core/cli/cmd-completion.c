/* Shell completion, written from the same declarations that parse the options. */
#include "commands-private.h"
#include "registry-private.h"

#include <string.h>

static void
completion_options(const LacOption *options)
{
    for (const LacOption *o = options; o->type != LAC_OPTION_TYPE_END; o++)
        printf("--%s ", o->name);
}

/* What the word after an option is: a plugin of some kind, or a file. */
static void
completion_values(void)
{
    static const char *const kinds[][2] = {
        {"--model", "models"}, {"--initial", "initials"}, {"--reader", "readers"}};

    printf("    case \"$previous\" in\n");
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        printf("    %s) COMPREPLY=($(compgen -W \"$(lacuna completion names %s 2>/dev/null)\" -- "
               "\"$word\")); return ;;\n",
               kinds[i][0], kinds[i][1]);
    printf("    esac\n");
}

static void
completion_bash(void)
{
    const LacCommand *const *commands = lac_cli_commands();

    printf("# bash completion for lacuna; load it with: source <(lacuna completion bash)\n"
           "_lacuna() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"");
    for (size_t i = 0; commands[i] != NULL; i++)
        if (!commands[i]->hidden)
            printf("%s ", commands[i]->name);
    printf("--help --version\" -- \"$word\"))\n        return\n    fi\n");
    completion_values();
    printf("    case \"${COMP_WORDS[1]}\" in\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (commands[i]->hidden)
            continue;
        printf("    %s) options=\"", commands[i]->name);
        completion_options(commands[i]->options);
        completion_options(lac_cli_global_options());
        printf("--help\" ;;\n");
    }
    printf(
        "    *) options=\"--help\" ;;\n    esac\n"
        "    case \"${COMP_WORDS[1]} $word\" in\n"
        "    *\\ -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
        "    describe\\ *) COMPREPLY=($(compgen -W \"$(lacuna completion names 2>/dev/null)\" -- "
        "\"$word\")) ;;\n"
        "    plugins\\ *|new\\ *) COMPREPLY=($(compgen -W \"masks initials models optimizers "
        "metrics readers\" -- \"$word\")) ;;\n"
        "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
        "    esac\n}\ncomplete -o filenames -F _lacuna lacuna\n");
}

/* The names behind `--model <tab>`. */
static int
completion_names(const char *word)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = NULL;
    LacPluginKind kind = 0;

    if (word != NULL && !lac_plugin_kind_parse(word, &kind))
        return lac_cli_usage("completion names: '%s' is not a kind of plugin", word);
    found = lac_plugin_scan(kind, &error);
    if (found == NULL)
        return lac_cli_error(error);
    for (guint i = 0; i < found->len; i++) {
        const LacPluginInfo *info = g_ptr_array_index(found, i);

        if (info->error == NULL)
            printf("%s\n", info->name);
    }
    return LAC_EXIT_OK;
}

static int
completion_run(void *state, int argc, char **argv)
{
    (void)state;
    if (argc >= 1 && strcmp(argv[0], "names") == 0)
        return completion_names(argc > 1 ? argv[1] : NULL);
    if (argc != 1 || strcmp(argv[0], "bash") != 0)
        return lac_cli_usage("completion: expected 'bash'");
    completion_bash();
    return LAC_EXIT_OK;
}

static const LacOption options[] = {LAC_OPTION_END};

const LacCommand lac_command_completion = {
    .name = "completion",
    .arguments = "bash",
    .summary = "Print the shell's completion script",
    .details = "Completes commands, options, plugin names and files.\n\n"
               "  source <(lacuna completion bash)",
    .options = options,
    .run = completion_run,
};
