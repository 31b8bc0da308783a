/* The top level of an experiment file. */
#include "cells.h"
#include "choice.h"
#include "downstream.h"
#include "keys.h"
#include "parse.h"
#include "profile.h"
#include "search.h"
#include "sweep.h"

#include <math.h>
#include <string.h>

enum {
    MAX_REPEATS = 100000,
    MAX_DRAWS = 100000,
    MAX_THREADS = 4096,
};

void
lac_experiment_free(LacExperiment *experiment)
{
    if (experiment == NULL)
        return;
    GPtrArray *arrays[] = {experiment->cells,
                           experiment->data,
                           experiment->masks,
                           experiment->initials,
                           experiment->models,
                           experiment->optimizers,
                           experiment->metrics,
                           experiment->splits,
                           experiment->downstream.models,
                           experiment->downstream.optimizers};

    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
        if (arrays[i] != NULL)
            g_ptr_array_unref(arrays[i]);
    if (experiment->scales != NULL)
        g_array_unref(experiment->scales);
    if (experiment->downstream.imputations != NULL)
        g_array_unref(experiment->downstream.imputations);
    lac_node_free(experiment->root);
    g_free(experiment->file);
    g_free(experiment->base_dir);
    g_free(experiment->name);
    g_free(experiment->profile);
    g_free(experiment->yaml);
    g_free(experiment->report_json);
    g_free(experiment);
}

/* ---- scalars --------------------------------------------------------------------------------- */

gboolean
lac_parse_integer(const LacNode *map, const char *key, int64_t lower, int64_t upper, int64_t *out,
                  GError **error)
{
    const LacNode *node = lac_node_get(map, key);

    if (node == NULL)
        return TRUE;
    if (node->type != LAC_NODE_INT)
        return lac_node_fail(error, node, "%s is %s, expected a whole number", key,
                             lac_node_type_name(node->type));
    if (node->integer < lower || node->integer > upper)
        return lac_node_fail(error, node,
                             "%s = %s is outside [%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT "]", key,
                             node->text, lower, upper);
    *out = node->integer;
    return TRUE;
}

/* A number, or one with one of @units behind it, in the first unit; NaN when it is neither. */
static double
read_quantity(const char *text, const char *const *units, const double *factors)
{
    char *end = NULL;
    const double value = g_ascii_strtod(text, &end);

    if (end == text)
        return NAN;
    while (*end == ' ')
        end++;
    if (*end == '\0')
        return value;
    for (size_t i = 0; units[i] != NULL; i++)
        if (strcmp(end, units[i]) == 0)
            return value * factors[i];
    return NAN;
}

static const char *const memory_units[] = {"MiB", "GiB", "TiB", NULL};
static const double memory_factors[] = {1, 1024, 1024.0 * 1024.0};

gboolean
lac_memory_parse(const char *text, double *mib, GError **error)
{
    const double value = read_quantity(text, memory_units, memory_factors);

    if (!isfinite(value) || value <= 0)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "'%s' is not a positive number of MiB, nor one with a unit (MiB, GiB, TiB)",
                        text);
    *mib = value;
    return TRUE;
}

/* A number, or a number with one of @units behind it; @factors turn it into the first unit. */
static gboolean
get_quantity(const LacNode *map, const char *key, const char *const *units, const double *factors,
             double *out, GError **error)
{
    const LacNode *node = lac_node_get(map, key);
    double value = NAN;

    if (node == NULL)
        return TRUE;
    if (node->type == LAC_NODE_INT || node->type == LAC_NODE_DOUBLE)
        value = node->number;
    else if (node->type == LAC_NODE_STRING)
        value = read_quantity(node->text, units, factors);
    if (!isfinite(value) || value <= 0) {
        g_autofree char *known = g_strjoinv(", ", (char **)units);

        return lac_node_fail(error, node,
                             "%s: '%s' is not a positive number of %s, nor one with "
                             "a unit (%s)",
                             key, node->text != NULL ? node->text : "?", units[0], known);
    }
    *out = value;
    return TRUE;
}

static gboolean
parse_limits(LacExperiment *e, GError **error)
{
    static const char *const known[] = {"time", "memory", "threads", NULL};
    static const char *const time_units[] = {"s", "min", "h", "d", NULL};
    static const double time_factors[] = {1, 60, 3600, 86400};
    const LacNode *limits = lac_node_get(e->root, "limits");
    int64_t threads = 0;

    if (limits == NULL)
        return TRUE;
    if (!lac_node_check_keys(limits, "limits", known, error) ||
        !get_quantity(limits, "time", time_units, time_factors, &e->limit_s, error) ||
        !get_quantity(limits, "memory", memory_units, memory_factors, &e->limit_mib, error) ||
        !lac_parse_integer(limits, "threads", 1, MAX_THREADS, &threads, error))
        return FALSE;
    e->threads = (unsigned)threads;
    return TRUE;
}

/* ---- components ------------------------------------------------------------------------------ */

static gboolean
parse_position(LacExperiment *e, const char *position, LacPluginKind kind, const char *fallback,
               gboolean required, GPtrArray **out, GError **error)
{
    const LacNode *node = lac_node_get(e->root, position);
    const LacRng root = lac_rng_new((uint64_t)e->seed), rng = lac_rng_split(&root, "random search");
    /* of data, masks and initial fills a draw is an axis: no trial can say which of them is best */
    const gboolean searched = kind == LAC_PLUGIN_MODEL || kind == LAC_PLUGIN_OPTIMIZER;
    const size_t draws = searched ? e->search.draws : 0;

    if (node != NULL)
        *out = lac_choices_parse(node, kind, position, e->base_dir, &rng, draws, error);
    else if (required)
        return lac_node_fail(error, e->root, "the key '%s' is missing", position);
    else if (fallback != NULL)
        *out = lac_choices_default(kind, fallback, e->root, error);
    else
        return TRUE;
    return *out != NULL;
}

static gboolean
check_metrics(const LacExperiment *e, GError **error)
{
    for (guint i = 0; i < e->metrics->len; i++) {
        const LacChoice *metric = e->metrics->pdata[i];

        if (metric->axes[0] != NULL)
            return lac_node_fail(error, metric->place,
                                 "metrics: parameters of %s cannot be swept; list the metric more "
                                 "than once instead",
                                 metric->plugin->name);
    }
    return TRUE;
}

/* Without a gradient-trained model no optimizer is looked for, let alone opened. */
static const char *
default_optimizer(const LacExperiment *e)
{
    for (guint i = 0; i < e->models->len; i++)
        if (lac_choice_uses_optimizer(e->models->pdata[i]))
            return LAC_OPTIMIZER_DEFAULT;
    return NULL;
}

static gboolean
parse_components(LacExperiment *e, GError **error)
{
    return parse_position(e, "data", LAC_PLUGIN_READER, NULL, TRUE, &e->data, error) &&
           parse_position(e, "mask", LAC_PLUGIN_MASK, NULL, TRUE, &e->masks, error) &&
           parse_position(e, "initial", LAC_PLUGIN_INITIAL, "mean", FALSE, &e->initials, error) &&
           parse_position(e, "model", LAC_PLUGIN_MODEL, NULL, TRUE, &e->models, error) &&
           parse_position(e, "optimizer", LAC_PLUGIN_OPTIMIZER, default_optimizer(e), FALSE,
                          &e->optimizers, error) &&
           parse_position(e, "metrics", LAC_PLUGIN_METRIC, "rmse", FALSE, &e->metrics, error) &&
           check_metrics(e, error);
}

/* ---- blocks handed on ------------------------------------------------------------------------ */

static gboolean
parse_report(LacExperiment *e, GError **error)
{
    static const char *const known[] = {"title", "primary", "compare", NULL};
    static const char *const compare_known[] = {
        "test", "alpha", "zeros",  "ties",   "failures",
        "unit", "rope",  "family", "across", "max_failed_repeats",
        NULL};
    const LacNode *node = lac_node_get(e->root, "report"), *primary, *compare;

    if (node == NULL || node->type == LAC_NODE_NULL)
        return TRUE;
    if (!lac_node_check_keys(node, "report", known, error))
        return FALSE;
    compare = lac_node_get(node, "compare");
    if (compare != NULL && !lac_node_check_keys(compare, "report.compare", compare_known, error))
        return FALSE;
    primary = lac_node_get(node, "primary");
    e->report_json = lac_node_to_json(node);
    if (primary == NULL || primary->text == NULL)
        return TRUE;
    for (guint i = 0; i < e->metrics->len; i++) {
        const LacChoice *metric = e->metrics->pdata[i];

        if (strcmp(metric->label, primary->text) == 0 ||
            strcmp(metric->plugin->name, primary->text) == 0)
            return TRUE;
    }
    return lac_node_fail(error, primary, "report.primary: '%s' is not among the metrics",
                         primary->text);
}

/* ---- the whole file -------------------------------------------------------------------------- */

static gboolean
check_schema_version(const LacExperiment *e, GError **error)
{
    const LacNode *version = lac_node_get(e->root, "lacuna");

    if (version == NULL)
        return lac_node_fail(error, e->root,
                             "the key 'lacuna' is missing; an experiment file "
                             "starts with `lacuna: 1`");
    if (version->type != LAC_NODE_INT || version->integer != 1)
        return lac_node_fail(error, version,
                             "lacuna: '%s' is not a schema version this program "
                             "reads; expected 1",
                             version->text != NULL ? version->text : "?");
    return TRUE;
}

static gboolean
check_top_keys(const LacExperiment *e, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (const LacKey *key = lac_experiment_keys; key->name != NULL; key++)
        g_ptr_array_add(names, (gpointer)key->name);
    g_ptr_array_add(names, NULL);
    return lac_node_check_keys(e->root, "an experiment file", (const char *const *)names->pdata,
                               error);
}

static gboolean
parse_name(LacExperiment *e, GError **error)
{
    const LacNode *name = lac_node_get(e->root, "name");

    if (name != NULL && (name->text == NULL || name->text[0] == '\0'))
        return lac_node_fail(error, name, "name is %s, expected a text",
                             lac_node_type_name(name->type));
    e->name = name != NULL ? g_strdup(name->text) : g_path_get_basename(e->file);
    if (name == NULL && strrchr(e->name, '.') != NULL && strrchr(e->name, '.') != e->name)
        *strrchr(e->name, '.') = '\0';
    return TRUE;
}

static gboolean
parse_root(LacExperiment *e, GError **error)
{
    int64_t draws = 0;

    if (e->root->type != LAC_NODE_MAP)
        return lac_node_fail(error, e->root,
                             "an experiment file is a map that starts with "
                             "`lacuna: 1`, not %s",
                             lac_node_type_name(e->root->type));
    e->seed = 1;
    e->repeats = 1;
    if (!check_schema_version(e, error) || !check_top_keys(e, error) || !parse_name(e, error) ||
        !lac_parse_integer(e->root, "seed", 0, G_MAXINT64, &e->seed, error) ||
        !lac_parse_integer(e->root, "repeats", 1, MAX_REPEATS, &e->repeats, error) ||
        !lac_parse_integer(e->root, "draws", 1, MAX_DRAWS, &draws, error) ||
        !parse_limits(e, error))
        return FALSE;
    e->draws = (size_t)draws;
    return lac_parse_scale_and_split(e, error) && lac_search_parse(e, error) &&
           parse_components(e, error) && lac_downstream_parse(e, error) &&
           lac_search_check(e, error) && parse_report(e, error) && lac_cells_expand(e, error);
}

LacExperiment *
lac_experiment_parse(const char *text, gsize length, const char *file, const char *base_dir,
                     const char *const *overrides, GError **error)
{
    g_autoptr(LacExperiment) e = g_new0(LacExperiment, 1);

    e->file = g_strdup(file);
    e->base_dir = g_canonicalize_filename(base_dir, NULL);
    e->root = lac_yaml_parse(text, length, file, error);
    if (e->root == NULL || !lac_profile_apply(e, overrides, error))
        return NULL;
    e->yaml =
        overrides != NULL && *overrides != NULL ? lac_yaml_write(e->root) : g_strndup(text, length);
    return parse_root(e, error) ? g_steal_pointer(&e) : NULL;
}

LacExperiment *
lac_experiment_load(const char *path, const char *const *overrides, GError **error)
{
    g_autofree char *text = NULL, *folder = g_path_get_dirname(path);
    g_autoptr(GError) cause = NULL;
    gsize length;

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_autofree char *hint = lac_suggest_file(path);

        return lac_fail_null(error, LAC_ERROR_IO,
                             "%s: no such file, expected an experiment (YAML)%s", path, hint);
    }
    if (!g_file_get_contents(path, &text, &length, &cause))
        return lac_fail_null(error, LAC_ERROR_IO, "%s", cause->message);
    return lac_experiment_parse(text, length, path, folder, overrides, error);
}
