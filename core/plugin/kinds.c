/* What the six kinds of plugin are called, and what each family shares: its descriptor, its base
 * struct, and the parameters every member gets without declaring them. */
#include "plugin-private.h"

#include <string.h>

static const LacParam mask_params[] = {
    LAC_PARAM_BOOL(LacMaskGenerator, allow_empty, FALSE,
                   "Let rows and columns lose every value they had"),
    LAC_PARAM_END,
};

static const LacParam reader_params[] = {
    LAC_PARAM_PATH(LacReader, path, NULL,
                   "File or folder to read, relative to the experiment file or to LACUNA_DATA"),
    LAC_PARAM_END,
};

static const char *const schedules[] = {"constant", "step",   "exponential",
                                        "linear",   "cosine", NULL};

static const LacParam optimizer_params[] = {
    LAC_PARAM_CHOICE(LacOptimizer, schedule, LAC_SCHEDULE_CONSTANT, schedules,
                     "How the learning rate changes over the training"),
    LAC_PARAM_DOUBLE(LacOptimizer, factor, 0.1, LAC_RANGE(1e-6, 1.0), "",
                     "Schedule `step`: what the rate is multiplied with"),
    LAC_PARAM_INT(LacOptimizer, every, 30, LAC_RANGE_FROM(1), "epochs",
                  "Schedule `step`: after how many epochs"),
    LAC_PARAM_DOUBLE(LacOptimizer, hold, 0.0, LAC_RANGE(0.0, 1.0), "share of training",
                     "Schedules exponential, linear, cosine: when the fall begins"),
    LAC_PARAM_DOUBLE(LacOptimizer, final, 0.01, LAC_RANGE(1e-9, 1.0), "share of rate",
                     "Schedules exponential, linear, cosine: where the fall ends"),
    LAC_PARAM_DOUBLE(LacOptimizer, warmup, 0.0, LAC_RANGE(0.0, 1.0), "share of training",
                     "The rate first climbs from 0 over this share"),
    LAC_PARAM_DOUBLE(LacOptimizer, clip_norm, 0.0, LAC_RANGE_FROM(0.0), "",
                     "Longest gradient, as a Euclidean norm over all parameters; 0: any"),
    LAC_PARAM_DOUBLE(LacOptimizer, clip_value, 0.0, LAC_RANGE_FROM(0.0), "",
                     "Largest entry of the gradient; 0: any"),
    LAC_PARAM_END,
};

static const LacParam no_params[] = {LAC_PARAM_END};

static const LacKindInfo kinds[] = {
    {LAC_PLUGIN_MASK, "masks", "mask", "mask", "mask generator", sizeof(LacMaskPlugin),
     sizeof(LacMaskGenerator), mask_params, sizeof(LacMaskGenerator)},
    {LAC_PLUGIN_INITIAL, "initials", "initial", "initial", "initial imputer",
     sizeof(LacInitialPlugin), sizeof(LacInitial), no_params, sizeof(LacInitial)},
    {LAC_PLUGIN_MODEL, "models", "model", "model", "model", sizeof(LacModelPlugin),
     sizeof(LacModel), no_params, sizeof(LacModel)},
    {LAC_PLUGIN_OPTIMIZER, "optimizers", "optimizer", "optimizer", "optimizer",
     sizeof(LacOptimizerPlugin), sizeof(LacOptimizer), optimizer_params,
     offsetof(LacOptimizer, rate)},
    {LAC_PLUGIN_METRIC, "metrics", "metric", "metrics", "metric", sizeof(LacMetricPlugin),
     sizeof(LacMetric), no_params, sizeof(LacMetric)},
    {LAC_PLUGIN_READER, "readers", "reader", "data", "reader", sizeof(LacReaderPlugin),
     sizeof(LacReader), reader_params, sizeof(LacReader)},
};

gboolean
lac_plugin_kind_is_known(LacPluginKind kind)
{
    return (unsigned)kind >= LAC_PLUGIN_MASK && (unsigned)kind <= LAC_PLUGIN_READER;
}

const LacKindInfo *
lac_plugin_kind_info(LacPluginKind kind)
{
    g_assert(lac_plugin_kind_is_known(kind));
    return &kinds[(unsigned)kind - LAC_PLUGIN_MASK];
}

const char *
lac_plugin_kind_folder(LacPluginKind kind)
{
    return lac_plugin_kind_info(kind)->folder;
}

const char *
lac_plugin_kind_word(LacPluginKind kind)
{
    return lac_plugin_kind_info(kind)->word;
}

const char *
lac_plugin_kind_key(LacPluginKind kind)
{
    return lac_plugin_kind_info(kind)->key;
}

gboolean
lac_plugin_kind_parse(const char *word, LacPluginKind *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const LacKindInfo *info = &kinds[i];

        if (strcmp(word, info->folder) == 0 || strcmp(word, info->singular) == 0 ||
            strcmp(word, info->key) == 0) {
            *out = info->kind;
            return TRUE;
        }
    }
    return FALSE;
}

void
lac_plugin_foreach_param(const LacPlugin *plugin, void (*visit)(const LacParam *param, void *user),
                         void *user)
{
    const LacParam *tables[] = {plugin->params, lac_plugin_kind_info(plugin->kind)->params};

    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++)
        for (const LacParam *p = tables[t]; p != NULL && p->type != LAC_PARAM_TYPE_END; p++)
            visit(p, user);
}

const LacParam *
lac_plugin_find_param(const LacPlugin *plugin, const char *name)
{
    const LacParam *tables[] = {plugin->params, lac_plugin_kind_info(plugin->kind)->params};

    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++)
        for (const LacParam *p = tables[t]; p != NULL && p->type != LAC_PARAM_TYPE_END; p++)
            if (strcmp(p->name, name) == 0)
                return p;
    return NULL;
}

const char *
lac_metric_judges_word(LacJudges judges)
{
    static const char *const words[] = {"", "draws", "table", "point", "task"};

    g_return_val_if_fail(judges >= LAC_JUDGES_DRAWS && judges <= LAC_JUDGES_TASK, "");
    return words[judges];
}
