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

/* What the word after an option is: a plugin of some kind, one of some words, or a file. */
static void
completion_values(void)
{
    static const char *const kinds[][2] = {
        {"--model", "models"}, {"--initial", "initials"}, {"--reader", "readers"}};

    printf("    case \"$previous\" in\n");
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        printf("    %s) _lacuna_words \"$(lacuna completion names %s 2>/dev/null)\"; return ;;\n",
               kinds[i][0], kinds[i][1]);
    printf("    --scale) _lacuna_words \"minmax standard none\"; return ;;\n"
           "    --format)\n"
           "        case \"${COMP_WORDS[1]}\" in\n"
           "        results) _lacuna_words \"table csv json\" ;;\n"
           "        *) _lacuna_words \"text json markdown\" ;;\n"
           "        esac\n"
           "        return ;;\n"
           "    --set)\n"
           "        if [ \"${COMP_WORDS[1]}\" = impute ]; then\n"
           "            compopt -o nospace 2>/dev/null\n"
           "            _lacuna_words \"$(lacuna completion parameters \"$model\" 2>/dev/null)\"\n"
           "            return\n"
           "        fi ;;\n"
           "    esac\n");
}

/* bash cuts words at '=', and offers file names only where they are wanted: else a folder called
 * like a command would stand in its way */
static const char completion_head[] =
    "# bash completion for lacuna; load it with: source <(lacuna completion bash)\n"
    "_lacuna_words() { COMPREPLY=($(compgen -W \"$1\" -- \"$word\")); }\n"
    "_lacuna() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options\n"
    "    local model=knn i\n"
    "    if [ \"$word\" = = ]; then\n"
    "        word=\n"
    "    elif [ \"$previous\" = = ] && [ \"$COMP_CWORD\" -gt 1 ]; then\n"
    "        previous=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    fi\n"
    "    for ((i = 2; i + 1 < COMP_CWORD; i++)); do\n"
    "        if [ \"${COMP_WORDS[i]}\" = --model ]; then\n"
    "            model=${COMP_WORDS[i+1]}\n"
    "            [ \"$model\" != = ] || model=${COMP_WORDS[i+2]}\n"
    "        fi\n"
    "    done\n";

static const char completion_tail[] =
    "    *) options=\"--help\" ;;\n    esac\n"
    "    case \"${COMP_WORDS[1]} $word\" in\n"
    "    *\\ -*) _lacuna_words \"$options\" ;;\n"
    "    describe\\ *) _lacuna_words \"$(lacuna completion names 2>/dev/null)\" ;;\n"
    "    plugins\\ *) _lacuna_words \"masks initials models optimizers metrics readers\" ;;\n"
    "    new\\ *) _lacuna_words \"mask initial model optimizer metric reader\" ;;\n"
    "    completion\\ *) _lacuna_words bash ;;\n"
    "    *)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
    "    esac\n}\ncomplete -F _lacuna lacuna\n";

static void
completion_bash(void)
{
    const LacCommand *const *commands = lac_cli_commands();

    printf("%s    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        _lacuna_words \"", completion_head);
    for (size_t i = 0; commands[i] != NULL; i++)
        if (!commands[i]->hidden)
            printf("%s ", commands[i]->name);
    printf("--help --version\"\n        return\n    fi\n");
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
    printf("%s", completion_tail);
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

static void
print_param(const LacParam *param, void *user)
{
    (void)user;
    printf("%s=\n", param->name);
}

/* The names behind `--set <tab>`. */
static int
completion_parameters(const char *model)
{
    g_autoptr(GError) error = NULL;
    const LacPlugin *plugin = lac_plugin_find(LAC_PLUGIN_MODEL, model, &error);

    if (plugin == NULL)
        return lac_cli_error(error);
    lac_plugin_foreach_param(plugin, print_param, NULL);
    return LAC_EXIT_OK;
}

static int
completion_run(void *state, int argc, char **argv)
{
    (void)state;
    if (argc >= 1 && strcmp(argv[0], "names") == 0)
        return completion_names(argc > 1 ? argv[1] : NULL);
    if (argc == 2 && strcmp(argv[0], "parameters") == 0)
        return completion_parameters(argv[1]);
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
