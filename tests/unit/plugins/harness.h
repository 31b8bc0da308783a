/* Running one plugin on a small table, as the tests of plugins need it. */
#ifndef LACUNA_TEST_PLUGIN_HARNESS_H
#define LACUNA_TEST_PLUGIN_HARNESS_H

#include "context-private.h"
#include "lac_test.h"
#include "registry-private.h"
#include "table-private.h"

/** Harness: an instance with its context. Make it with harness_new(), free with harness_free(). */
typedef struct {
    LacContext *context;
    LacInstance *instance;
} Harness;

/** harness_new: @params is a YAML flow map or NULL. Ends the program when there is no such plugin.
 */
static inline Harness *
harness_new(LacPluginKind kind, const char *name, const char *params, uint64_t seed)
{
    GError *error = NULL;
    Harness *h = g_new0(Harness, 1);
    g_autoptr(LacNode) node = NULL;
    const LacPlugin *plugin = lac_plugin_find(kind, name, &error);

    g_assert_no_error(error);
    if (params != NULL)
        node = lac_yaml_parse(params, strlen(params), "test", &error);
    g_assert_no_error(error);
    h->instance = lac_instance_new(plugin, node, NULL, &error);
    g_assert_no_error(error);
    h->context = lac_context_new(lac_rng_new(seed));
    h->instance->context = h->context;
    if (kind == LAC_PLUGIN_INITIAL)
        LAC_CAST(LacInitial, h->instance)->rng = lac_rng_new(seed);
    return h;
}

static inline void
harness_free(Harness *h)
{
    lac_instance_free(h->instance);
    lac_context_free(h->context);
    g_free(h);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Harness, harness_free)

/** harness_events: how many events with @code were raised, each column's counted once. */
static inline size_t
harness_events(const Harness *h, const char *code)
{
    const GPtrArray *events = lac_context_events(h->context);
    size_t n = 0;

    for (guint i = 0; i < events->len; i++)
        n += strcmp(((const LacEvent *)events->pdata[i])->code, code) == 0;
    return n;
}

/** harness_fill: a complete copy of @in, owned; NULL with @error. An initial imputer learns from
 * @train each time; a model must have been fitted. @draw: -1 for fill, else the number of a draw.
 */
static inline double *
harness_fill(Harness *h, const LacData *train, const LacData *in, int draw, GError **error)
{
    g_autofree double *v = g_new0(double, in->rows * in->cols);
    LacMatrix out = {in->rows, in->cols, in->cols, v};
    gboolean done;

    if (h->instance->plugin->kind == LAC_PLUGIN_INITIAL) {
        const LacInitialPlugin *plugin = (const LacInitialPlugin *)h->instance->plugin;
        done = plugin->fill(LAC_CAST(LacInitial, h->instance), train, in, &out, error);
    } else {
        const LacModelPlugin *plugin = (const LacModelPlugin *)h->instance->plugin;
        const LacModel *model = LAC_CAST(LacModel, h->instance);
        done = draw < 0 ? plugin->fill(model, in, &out, error)
                        : plugin->sample(model, in, (size_t)draw, &out, error);
    }
    return done ? g_steal_pointer(&v) : NULL;
}

static inline gboolean
harness_fit(Harness *h, const LacData *train, GError **error)
{
    return ((const LacModelPlugin *)h->instance->plugin)
        ->fit(LAC_CAST(LacModel, h->instance), train, error);
}

/** harness_initial, harness_model: all of it at once, learnt from and applied to @data. */
static inline double *
harness_initial(const char *name, const char *params, const LacData *data)
{
    g_autoptr(Harness) h = harness_new(LAC_PLUGIN_INITIAL, name, params, 1);

    return harness_fill(h, data, data, -1, NULL);
}

static inline double *
harness_model(const char *name, const char *params, const LacData *data)
{
    g_autoptr(Harness) h = harness_new(LAC_PLUGIN_MODEL, name, params, 1);

    return harness_fit(h, data, NULL) ? harness_fill(h, data, data, -1, NULL) : NULL;
}

/** harness_table: @rows x @cols continuous columns; NAN is a hole. */
static inline LacData *
harness_table(size_t rows, size_t cols, const double *values)
{
    return lac_data_new_take(lac_schema_new(cols), rows,
                             g_memdup2(values, rows * cols * sizeof *values), "test", NULL);
}

#endif
