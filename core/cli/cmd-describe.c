/* lacuna describe NAME: everything a plugin's descriptor says, as text, JSON or a Markdown table.
 */
#include "commands-private.h"
#include "json-private.h"
#include "registry-private.h"

#include <math.h>
#include <string.h>

static const char *const formats[] = {"text", "json", "markdown", NULL};

typedef struct {
    char *kind, *format;
} DescribeOptions;

static const LacOption options[] = {
    LAC_OPTION(DescribeOptions, kind, "kind", 'k', STRING, "KIND",
               "Which, when plugins of several kinds have this name"),
    LAC_OPTION(DescribeOptions, format, "format", 0, STRING, "FORMAT",
               "text (default), json, or markdown (the parameter table of a README)"),
    LAC_OPTION_END,
};

/* What it can do, in words; NULL-terminated, owned. */
static char **
abilities(const LacPlugin *plugin)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();

    if (plugin->kind == LAC_PLUGIN_MODEL) {
        const LacModelPlugin *model = (const LacModelPlugin *)plugin;

        if (model->fill != NULL)
            g_strv_builder_add(words, model->traits & LAC_MODEL_TRANSDUCTIVE
                                          ? "completes only the rows it was fitted on"
                                          : "completes new rows");
        if (model->traits & LAC_MODEL_KINDS)
            g_strv_builder_add(words, "handles categories itself");
        if (model->traits & LAC_MODEL_DETERMINISTIC)
            g_strv_builder_add(words, "uses no random numbers");
        if (model->traits & LAC_MODEL_SCALE_FREE)
            g_strv_builder_add(words, "does not depend on the scale of columns");
        if (model->traits & LAC_MODEL_CANDIDATE)
            g_strv_builder_add(words, "`lacuna rank` tries it unasked");
        if (model->sample != NULL)
            g_strv_builder_add(words, "draws several completions");
        if (model->reconstruct != NULL)
            g_strv_builder_add(words, "gives whole rows back (`train_on: reconstructed`)");
        if (model->log_density != NULL)
            g_strv_builder_add(words, "gives log densities");
        if (model->elbo != NULL)
            g_strv_builder_add(words, "gives an evidence lower bound");
        if (model->predict != NULL)
            g_strv_builder_add(words, model->fill != NULL
                                          ? "predicts labels"
                                          : "predicts labels (stands in `downstream:`)");
        if (model->save != NULL)
            g_strv_builder_add(words, "can be saved and loaded");
    } else if (plugin->kind == LAC_PLUGIN_MASK) {
        const LacMaskPlugin *mask = (const LacMaskPlugin *)plugin;
        static const char *const mechanisms[] = {"", "missing completely at random (MCAR)",
                                                 "missing at random (MAR)",
                                                 "missing not at random (MNAR)"};

        g_strv_builder_add(words, mechanisms[mask->mechanism]);
        if (mask->mechanism_of != NULL)
            g_strv_builder_add(words, "other mechanisms by its parameters");
        if (mask->images_only)
            g_strv_builder_add(words, "for images only");
    } else if (plugin->kind == LAC_PLUGIN_METRIC) {
        const LacMetricPlugin *metric = (const LacMetricPlugin *)plugin;
        static const char *const directions[] = {"", "smaller is better", "larger is better",
                                                 "nearer to its target is better"};

        static const char *const judged[] = {
            "", "judges draws against the hidden values", "judges the table's distribution",
            "judges one completion, cell by cell", "judges what is done with the table"};

        g_strv_builder_add(words, directions[metric->direction]);
        g_strv_builder_add(words, judged[metric->judges]);
        g_strv_builder_add(words, (metric->valid & LAC_VALID_ALWAYS) == LAC_VALID_ALWAYS
                                      ? "valid under MCAR, MAR and MNAR"
                                  : metric->valid & LAC_VALID_MAR ? "valid under MCAR and MAR"
                                                                  : "valid under MCAR only");
        if (metric->needs & LAC_NEEDS_TRUTH)
            g_strv_builder_add(words, "needs the truth");
        if (metric->needs & LAC_NEEDS_DRAWS)
            g_strv_builder_add(words, "needs draws");
        if (metric->needs & LAC_NEEDS_DENSITY)
            g_strv_builder_add(words, "needs log densities");
        if (metric->needs & LAC_NEEDS_ELBO)
            g_strv_builder_add(words, "needs an evidence lower bound");
        if (metric->needs & LAC_NEEDS_PREDICTION)
            g_strv_builder_add(words, "needs a `downstream:` classifier");
        if (metric->needs & LAC_NEEDS_REFITS)
            g_strv_builder_add(words, "fits the model several times more");
    }
    return g_strv_builder_end(words);
}

static void
text_param(const LacParam *param, void *user)
{
    g_autofree char *fallback = lac_param_default_text(param);
    g_autofree char *range = lac_param_range_text(param);
    const gboolean colour = lac_cli_colour(stdout);

    printf("  %s%s%s: %s%s%s%s%s, default %s\n      %s\n", colour ? "\033[1m" : "", param->name,
           colour ? "\033[0m" : "", lac_param_type_word(param), range != NULL ? " " : "",
           range != NULL ? range : "", *param->unit != '\0' ? ", in " : "", param->unit,
           fallback != NULL ? fallback : "none", param->help);
    *(gboolean *)user = TRUE;
}

static void
print_text(const LacPlugin *plugin)
{
    g_auto(GStrv) words = abilities(plugin);
    gboolean any = FALSE;

    printf("%s, %s (version %s, %s)\n", plugin->name, lac_plugin_kind_word(plugin->kind),
           plugin->version != NULL ? plugin->version : "1",
           plugin->licence != NULL ? plugin->licence : "MIT");
    printf("  %s\n", plugin->summary);
    if (plugin->citation != NULL)
        printf("  Source: %s\n", plugin->citation);
    for (char **word = words; *word != NULL; word++)
        printf("  - %s\n", *word);
    if (plugin->kind == LAC_PLUGIN_METRIC)
        printf("  Unit: %s; scope: %s\n", ((const LacMetricPlugin *)plugin)->unit,
               ((const LacMetricPlugin *)plugin)->scope);
    if (plugin->kind == LAC_PLUGIN_METRIC && ((const LacMetricPlugin *)plugin)->caution != NULL)
        printf("  Caution: %s\n", ((const LacMetricPlugin *)plugin)->caution);
    printf("\nParameters\n");
    lac_plugin_foreach_param(plugin, text_param, &any);
    if (!any)
        printf("  none\n");
}

static void
add_bound(JsonBuilder *builder, const char *name, double bound)
{
    json_add_number(builder, name, ABS(bound) < G_MAXDOUBLE ? bound : (double)INFINITY);
}

static void
json_param(const LacParam *param, void *user)
{
    JsonBuilder *builder = user;
    g_autofree char *fallback = lac_param_default_text(param);
    const gboolean number =
        param->type == LAC_PARAM_TYPE_INT || param->type == LAC_PARAM_TYPE_DOUBLE ||
        param->type == LAC_PARAM_TYPE_DOUBLES || param->type == LAC_PARAM_TYPE_TABLE;

    json_builder_begin_object(builder);
    json_add_text(builder, "name", param->name);
    json_add_text(builder, "type", lac_param_type_word(param));
    json_add_text(builder, "default", fallback);
    if (number) {
        add_bound(builder, "lower", param->range.lower);
        add_bound(builder, "upper", param->range.upper);
        json_add_flag(builder, "lower_open", param->range.lower_open);
        json_add_flag(builder, "upper_open", param->range.upper_open);
    }
    if (param->choices != NULL) {
        json_begin_array(builder, "choices");
        for (size_t i = 0; param->choices[i] != NULL; i++)
            json_builder_add_string_value(builder, param->choices[i]);
        json_builder_end_array(builder);
    }
    json_add_text(builder, "unit", param->unit);
    json_add_text(builder, "help", param->help);
    json_builder_end_object(builder);
}

static void
add_json(JsonBuilder *builder, const LacPlugin *plugin)
{
    g_auto(GStrv) words = abilities(plugin);

    json_builder_begin_object(builder);
    json_add_text(builder, "kind", lac_plugin_kind_folder(plugin->kind));
    json_add_text(builder, "name", plugin->name);
    json_add_text(builder, "summary", plugin->summary);
    json_add_text(builder, "citation", plugin->citation);
    json_add_text(builder, "licence", plugin->licence != NULL ? plugin->licence : "MIT");
    json_add_text(builder, "version", plugin->version != NULL ? plugin->version : "1");
    json_begin_array(builder, "abilities");
    for (char **word = words; *word != NULL; word++)
        json_builder_add_string_value(builder, *word);
    json_builder_end_array(builder);
    json_begin_array(builder, "parameters");
    lac_plugin_foreach_param(plugin, json_param, builder);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void
print_json(const GPtrArray *found)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autofree char *text = NULL;

    json_builder_begin_array(builder);
    for (size_t i = 0; i < found->len; i++)
        add_json(builder, g_ptr_array_index(found, i));
    json_builder_end_array(builder);
    text = json_pretty(builder);
    puts(text);
}

/* In a table cell a bar would end the cell. Owned. */
static char *
cell(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "|", -1);

    return g_strjoinv("\\|", parts);
}

static void
markdown_param(const LacParam *param, void *user)
{
    g_autofree char *fallback = lac_param_default_text(param);
    g_autofree char *range = lac_param_range_text(param);
    g_autofree char *help = cell(param->help);
    gboolean *any = user;

    if (!*any)
        printf("| parameter | type | default | range | unit | meaning |\n"
               "| --- | --- | --- | --- | --- | --- |\n");
    *any = TRUE;
    printf("| `%s` | %s | %s%s%s | %s | %s | %s |\n", param->name, lac_param_type_word(param),
           fallback != NULL ? "`" : "", fallback != NULL ? fallback : "none",
           fallback != NULL ? "`" : "", range != NULL ? range : "", param->unit, help);
}

static void
print_markdown(const LacPlugin *plugin)
{
    gboolean any = FALSE;

    lac_plugin_foreach_param(plugin, markdown_param, &any);
    if (!any)
        printf("It has no parameters.\n");
}

/* The plugins called @name, of @only or of all kinds; an error when there are none. */
static GPtrArray *
find_all(const char *name, LacPluginKind only, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    for (int k = LAC_PLUGIN_MASK; k <= LAC_PLUGIN_READER; k++) {
        g_auto(GStrv) names = lac_plugin_names((LacPluginKind)k);
        const LacPlugin *plugin;

        if ((only != 0 && (int)only != k) || !g_strv_contains((const char *const *)names, name))
            continue;
        plugin = lac_plugin_find((LacPluginKind)k, name, error);
        if (plugin == NULL)
            return NULL;
        g_ptr_array_add(found, (gpointer)plugin);
    }
    if (found->len > 0)
        return g_steal_pointer(&found);
    if (only != 0)
        lac_plugin_find(only, name, error); /* knows how to say it */
    return NULL;
}

/* Nothing of any kind is called @name. */
static int
fail_unknown(const char *name)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
    const char *nearest;

    for (int k = LAC_PLUGIN_MASK; k <= LAC_PLUGIN_READER; k++) {
        g_autofree char **names = lac_plugin_names((LacPluginKind)k);

        for (size_t i = 0; names[i] != NULL; i++)
            g_ptr_array_add(all, names[i]);
    }
    g_ptr_array_add(all, NULL);
    nearest = lac_suggest(name, (const char *const *)all->pdata);
    if (nearest != NULL)
        return lac_cli_usage("no plugin is called '%s' (did you mean '%s'?)", name, nearest);
    return lac_cli_usage("no plugin is called '%s'; 'lacuna plugins' lists what there is", name);
}

static int
print_found(const GPtrArray *found, const char *format, const char *name)
{
    if (strcmp(format, "json") == 0) {
        print_json(found);
        return LAC_EXIT_OK;
    }
    if (strcmp(format, "markdown") == 0 && found->len > 1)
        return lac_cli_usage("'%s' is the name of %u plugins; choose one with --kind", name,
                             found->len);
    for (size_t i = 0; i < found->len; i++) {
        if (i > 0)
            printf("\n");
        if (strcmp(format, "markdown") == 0)
            print_markdown(g_ptr_array_index(found, i));
        else
            print_text(g_ptr_array_index(found, i));
    }
    return LAC_EXIT_OK;
}

static int
describe_run(void *state, int argc, char **argv)
{
    const DescribeOptions *self = state;
    const char *format = self->format != NULL ? self->format : "text";
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = NULL;
    LacPluginKind kind = 0;

    if (argc != 1)
        return lac_cli_usage("expected the name of one plugin, found %d words", argc);
    if (self->kind != NULL && !lac_plugin_kind_parse(self->kind, &kind))
        return lac_cli_no_kind(self->kind, lac_cli_plugin_kinds);
    if (!lac_cli_one_of("--format", format, formats, &error))
        return lac_cli_error(error);
    found = find_all(argv[0], kind, &error);
    if (found != NULL)
        return print_found(found, format, argv[0]);
    return error != NULL ? lac_cli_error(error) : fail_unknown(argv[0]);
}

const LacCommand lac_command_describe = {
    .name = "describe",
    .arguments = "NAME",
    .summary = "Show a plugin's parameters, abilities and source",
    .details = "With --format markdown, the parameter table that the plugin's README holds.\n\n"
               "  lacuna describe knn\n"
               "  lacuna describe mean --kind initials --format json",
    .options = options,
    .state_size = sizeof(DescribeOptions),
    .run = describe_run,
};
