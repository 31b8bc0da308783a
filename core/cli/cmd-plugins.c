/* lacuna plugins [KIND]: what is installed, without loading any of it into this process. */
#include "commands-private.h"
#include "json-private.h"
#include "registry-private.h"

#include <string.h>

const char *const lac_cli_plugin_kinds[] = {"masks",   "initials", "models", "optimizers",
                                            "metrics", "readers",  NULL};
static const char *const formats[] = {"table", "tsv", "json", NULL};

typedef struct {
    char *format;
} PluginsOptions;

static const LacOption options[] = {
    LAC_OPTION(PluginsOptions, format, "format", 0, STRING, "FORMAT",
               "How to print: table (default), tsv or json"),
    LAC_OPTION_END,
};

static void
print_table(const GPtrArray *all)
{
    const gboolean colour = lac_cli_colour(stdout);
    LacPluginKind kind = 0;
    size_t width = 0;

    for (size_t i = 0; i < all->len; i++)
        width = MAX(width, strlen(((const LacPluginInfo *)g_ptr_array_index(all, i))->name));
    for (size_t i = 0; i < all->len; i++) {
        const LacPluginInfo *info = g_ptr_array_index(all, i);

        if (info->error != NULL)
            continue;
        if (info->kind != kind)
            printf("%s%s%s%s\n", kind != 0 ? "\n" : "", colour ? "\033[1m" : "",
                   lac_plugin_kind_folder(info->kind), colour ? "\033[0m" : "");
        kind = info->kind;
        printf("  %-*s  %s\n", (int)width, info->name, info->summary);
    }
}

static void
print_tsv(const GPtrArray *all)
{
    for (size_t i = 0; i < all->len; i++) {
        const LacPluginInfo *info = g_ptr_array_index(all, i);

        printf("%s\t%s\t%s\t%s\n", lac_plugin_kind_folder(info->kind), info->name,
               info->error != NULL ? "unusable" : "ok",
               info->error != NULL ? info->error : info->summary);
    }
}

static void
add_member(JsonBuilder *builder, const char *name, const char *value)
{
    if (value != NULL)
        json_add_text(builder, name, value);
}

static void
print_json(const GPtrArray *all)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autofree char *text = NULL;

    json_builder_begin_array(builder);
    for (size_t i = 0; i < all->len; i++) {
        const LacPluginInfo *info = g_ptr_array_index(all, i);

        json_builder_begin_object(builder);
        add_member(builder, "kind", lac_plugin_kind_folder(info->kind));
        add_member(builder, "name", info->name);
        add_member(builder, "summary", info->summary);
        add_member(builder, "version", info->version);
        add_member(builder, "licence", info->licence);
        add_member(builder, "path", info->path);
        add_member(builder, "error", info->error);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    text = json_pretty(builder);
    puts(text);
}

/* Files that cannot be used are told about, whatever else is printed. */
static int
report_unusable(const GPtrArray *all)
{
    int status = LAC_EXIT_OK;

    for (size_t i = 0; i < all->len; i++) {
        const LacPluginInfo *info = g_ptr_array_index(all, i);

        if (info->error != NULL) {
            lac_cli_warn("%s", info->error);
            status = LAC_EXIT_FAILED;
        }
    }
    return status;
}

static int
plugins_run(void *state, int argc, char **argv)
{
    const PluginsOptions *self = state;
    const char *format = self->format != NULL ? self->format : "table";
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = NULL;
    LacPluginKind kind = 0;

    if (argc > 1)
        return lac_cli_usage("expected at most one kind, found '%s' behind '%s'", argv[1], argv[0]);
    if (argc == 1 && !lac_plugin_kind_parse(argv[0], &kind))
        return lac_cli_no_kind(argv[0], lac_cli_plugin_kinds);
    if (!lac_cli_one_of("--format", format, formats, &error))
        return lac_cli_error(error);
    all = lac_plugin_scan(kind, &error);
    if (all == NULL)
        return lac_cli_error(error);
    if (strcmp(format, "json") == 0)
        print_json(all);
    else if (strcmp(format, "tsv") == 0)
        print_tsv(all);
    else
        print_table(all);
    return report_unusable(all);
}

const LacCommand lac_command_plugins = {
    .name = "plugins",
    .arguments = "[KIND]",
    .summary = "List the plugins that are installed",
    .details =
        "KIND is masks, initials, models, optimizers, metrics or readers; without it all are "
        "listed. A file that cannot be used is named on standard error with what is wrong and how "
        "to mend it, and the exit status is 1.\n\n"
        "Plugins are looked for in LACUNA_PLUGIN_PATH, the build tree, "
        "$XDG_DATA_HOME/lacuna/plugins and the installed folder; 'lacuna --version' prints where. "
        "Each new file is first loaded in a child process, so one that crashes does no harm.\n\n"
        "  lacuna plugins models",
    .options = options,
    .state_size = sizeof(PluginsOptions),
    .run = plugins_run,
};
