/* lacuna new KIND NAME: a plugin project that builds, passes `lacuna check` and runs. */
#include "commands-private.h"
#include "registry-private.h"
#include "templates-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct {
    char *folder;
} NewOptions;

static const LacOption options[] = {
    LAC_OPTION(NewOptions, folder, "output", 'o', PATH, "FOLDER",
               "Where to write it (default: NAME); must not exist yet"),
    LAC_OPTION_END,
};

/* What stands for the words between @ signs. */
typedef struct {
    const char *kind, *name;
    char *name_, *Name;
} Words;

/* "my-model" -> "MyModel" */
static char *
camel(const char *name)
{
    GString *out = g_string_new(NULL);
    gboolean up = TRUE;

    for (const char *c = name; *c != '\0'; c++) {
        if (*c != '-')
            g_string_append_c(out, up ? g_ascii_toupper(*c) : *c);
        up = *c == '-';
    }
    return g_string_free(out, FALSE);
}

/* @text with its words filled in; a .yaml or .csv knows them too. Owned. */
static char *
fill_in(const char *text, const Words *words)
{
    const char *pairs[][2] = {{"@name@", words->name},
                              {"@name_@", words->name_},
                              {"@Name@", words->Name},
                              {"@kind@", words->kind}};
    g_autoptr(GString) out = g_string_new(text);

    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
        g_string_replace(out, pairs[i][0], pairs[i][1], 0);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static const char *
template_text(const char *name)
{
    for (const LacEmbedded *t = lac_templates; t->name != NULL; t++)
        if (strcmp(t->name, name) == 0)
            return t->text;
    g_assert_not_reached();
}

static gboolean
write_one(const char *folder, const char *file, const char *from, const Words *words,
          GError **error)
{
    g_autofree char *path = g_build_filename(folder, file, NULL);
    g_autofree char *text = fill_in(template_text(from), words);
    g_autoptr(GError) cause = NULL;

    if (!g_file_set_contents(path, text, -1, &cause))
        return lac_fail(error, LAC_ERROR_IO, "%s", cause->message);
    if (g_str_has_suffix(file, ".sh"))
        g_chmod(path, 0755);
    return TRUE;
}

static gboolean
write_project(const char *folder, LacPluginKind kind, const Words *words, GError **error)
{
    g_autofree char *source = g_strconcat(words->name, ".c", NULL);
    g_autofree char *source_from = g_strconcat(words->kind, ".c", NULL);
    g_autofree char *yaml_from = g_strconcat(words->kind, ".yaml", NULL);
    g_autofree char *own_data = g_strconcat("data.", words->name, NULL);
    const gboolean is_reader = kind == LAC_PLUGIN_READER;

    if (g_mkdir(folder, 0777) != 0)
        return lac_fail(error, LAC_ERROR_IO,
                        "cannot create the folder %s: %s; choose another "
                        "with --output",
                        folder, g_strerror(errno));
    return write_one(folder, source, source_from, words, error) &&
           write_one(folder, "CMakeLists.txt", "CMakeLists.txt", words, error) &&
           write_one(folder, "Makefile", "Makefile", words, error) &&
           write_one(folder, "README.md", "README.md", words, error) &&
           write_one(folder, "experiment.yaml", yaml_from, words, error) &&
           write_one(folder, "test.sh", "test.sh", words, error) &&
           write_one(folder, is_reader ? own_data : "data.csv", is_reader ? "data.txt" : "data.csv",
                     words, error);
}

static gboolean
is_good_name(const char *name)
{
    if (!g_ascii_islower(*name) || g_str_has_suffix(name, "-") || strstr(name, "--") != NULL)
        return FALSE;
    for (const char *c = name; *c != '\0'; c++)
        if (!g_ascii_islower(*c) && !g_ascii_isdigit(*c) && *c != '-')
            return FALSE;
    return TRUE;
}

static int
new_run(void *state, int argc, char **argv)
{
    const NewOptions *self = state;
    g_autoptr(GError) error = NULL;
    g_autofree char *name_ = NULL, *Name = NULL;
    static const char *const kinds[] = {"mask",   "initial", "model", "optimizer",
                                        "metric", "reader",  NULL};
    const char *folder;
    LacPluginKind kind;

    if (argc != 2)
        return lac_cli_usage("expected a kind and a name, such as: lacuna new model my-model");
    if (!lac_plugin_kind_parse(argv[0], &kind))
        return lac_cli_no_kind(argv[0], kinds);
    if (!is_good_name(argv[1]))
        return lac_cli_usage("'%s' cannot be a plugin's name; use lower case letters, digits and "
                             "single dashes, a letter first",
                             argv[1]);
    folder = self->folder != NULL ? self->folder : argv[1];
    name_ = g_strdelimit(g_strdup(argv[1]), "-", '_');
    Name = camel(argv[1]);
    if (!write_project(folder, kind, &(Words){lac_plugin_kind_folder(kind), argv[1], name_, Name},
                       &error))
        return lac_cli_error(error);
    lac_cli_say("%s: a %s that builds. Next: cd %s && sh test.sh", folder,
                lac_plugin_kind_word(kind), folder);
    return LAC_EXIT_OK;
}

const LacCommand lac_command_new = {
    .name = "new",
    .arguments = "KIND NAME",
    .summary = "Write a plugin project to start from",
    .details =
        "KIND is mask, initial, model, optimizer, metric or reader. The folder NAME gets one C "
        "file with a complete small plugin, a CMakeLists.txt (find_package(Lacuna)), a Makefile "
        "(pkg-config lacuna), an experiment that uses it, a README and test.sh, which builds, "
        "runs the conformance suite and the experiment.\n\n"
        "  lacuna new model my-model",
    .options = options,
    .state_size = sizeof(NewOptions),
    .run = new_run,
};
