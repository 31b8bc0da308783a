#include "fitted.h"
#include <lacuna/stats.h>

#include <lacuna/rng.h>

static void
set_kind(LacSchema *schema, size_t j, char letter, size_t rows, size_t cols, const double *values)
{
    static const char *const names[] = {"L0", "L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9"};
    size_t n = 2;

    if (letter == 'c')
        return;
    if (letter == 'i') {
        schema->columns[j].kind = LAC_KIND_INTEGER;
        return;
    }
    for (size_t i = 0; i < rows; i++) {
        if (values[i * cols + j] >= (double)n)
            n = (size_t)values[i * cols + j] + 1;
    }
    lac_schema_set_levels(schema, j,
                          letter == 'b'   ? LAC_KIND_BINARY
                          : letter == 'n' ? LAC_KIND_NOMINAL
                                          : LAC_KIND_ORDINAL,
                          n, names);
}

LacData *
fitted_table(size_t rows, size_t cols, const double *values, const char *kinds)
{
    LacSchema *schema = lac_schema_new(cols);

    for (size_t j = 0; kinds != NULL && j < cols; j++)
        set_kind(schema, j, kinds[j], rows, cols, values);
    return lac_data_new_take(schema, rows, g_memdup2(values, rows * cols * sizeof(double)), "table",
                             NULL);
}

LacData *
fitted_made(size_t rows, size_t cols, double r, double rate, uint64_t seed)
{
    double *x = g_new(double, rows *cols);
    LacRng rng = lac_rng_new(seed);

    for (size_t i = 0; i < rows; i++) {
        const double common = lac_rng_normal(&rng);

        for (size_t j = 0; j < cols; j++)
            x[i * cols + j] = sqrt(r) * common + sqrt(1.0 - r) * lac_rng_normal(&rng);
    }
    for (size_t k = 0; k < rows * cols; k++) {
        if (lac_rng_uniform(&rng) < rate)
            x[k] = NAN;
    }
    return lac_data_new_take(lac_schema_new(cols), rows, x, "made", NULL);
}

Fitted *
fitted_new(const char *name, const char *yaml, const LacData *train, size_t draws, uint64_t seed,
           GError **error)
{
    const LacPlugin *plugin = lac_plugin_find(LAC_PLUGIN_MODEL, name, error);
    g_autoptr(LacNode) params = NULL;
    g_autoptr(Fitted) fitted = g_new0(Fitted, 1);

    if (plugin == NULL)
        return NULL;
    if (yaml != NULL) {
        params = lac_yaml_parse(yaml, strlen(yaml), "test", error);
        if (params == NULL)
            return NULL;
    }
    fitted->plugin = (const LacModelPlugin *)plugin;
    fitted->context = lac_context_new(lac_rng_new(seed));
    lac_context_set_draws(fitted->context, draws);
    fitted->model = lac_instance_new(plugin, params, NULL, error);
    if (fitted->model == NULL)
        return NULL;
    fitted->model->instance.context = fitted->context;
    if (!fitted->plugin->fit(fitted->model, train, error))
        return NULL;
    return g_steal_pointer(&fitted);
}

void
fitted_free(Fitted *fitted)
{
    if (fitted == NULL)
        return;
    if (fitted->model != NULL)
        lac_instance_free(fitted->model);
    lac_matrix_free(fitted->out);
    lac_context_free(fitted->context);
    g_free(fitted);
}

static const double *
checked(Fitted *fitted, const LacData *in, gboolean done, const GError *error)
{
    if (!done) {
        lac_test_fail(__FILE__, __LINE__, "model failed: %s",
                      error ? error->message : "(no error)");
        return NULL;
    }
    for (size_t k = 0; k < in->rows * in->cols; k++) {
        const double got = fitted->out->v[k], was = in->values[k];

        if (!isfinite(got) || (!isnan(was) && memcmp(&got, &was, sizeof got) != 0)) {
            lac_test_fail(__FILE__, __LINE__, "cell (%zu, %zu) is %g, was %g", k / in->cols,
                          k % in->cols, got, was);
            return NULL;
        }
    }
    return fitted->out->v;
}

static void
fresh_output(Fitted *fitted, const LacData *in)
{
    lac_matrix_free(fitted->out);
    fitted->out = lac_matrix_new(in->rows, in->cols, NULL);
    for (size_t k = 0; k < in->rows * in->cols; k++)
        fitted->out->v[k] = NAN;
}

const double *
fitted_fill(Fitted *fitted, const LacData *in)
{
    g_autoptr(GError) error = NULL;

    fresh_output(fitted, in);
    return checked(fitted, in, fitted->plugin->fill(fitted->model, in, fitted->out, &error), error);
}

const double *
fitted_sample(Fitted *fitted, const LacData *in, size_t draw)
{
    g_autoptr(GError) error = NULL;

    fresh_output(fitted, in);
    return checked(fitted, in, fitted->plugin->sample(fitted->model, in, draw, fitted->out, &error),
                   error);
}

size_t
fitted_events(const Fitted *fitted, const char *code, gssize column)
{
    const GPtrArray *events = lac_context_events(fitted->context);
    size_t n = 0;

    for (guint k = 0; k < events->len; k++) {
        const LacEvent *event = g_ptr_array_index(events, k);

        if (g_str_equal(event->code, code) && (column == -2 || event->column == column))
            n += event->count;
    }
    return n;
}

double
fitted_trace(const Fitted *fitted, const char *series, gssize column, size_t iteration,
             size_t chain)
{
    const GPtrArray *traces = lac_context_traces(fitted->context);

    for (guint k = 0; k < traces->len; k++) {
        const LacTracePoint *point = g_ptr_array_index(traces, k);

        if (g_str_equal(point->series, series) && point->column == column &&
            point->iteration == iteration && point->chain == chain)
            return point->value;
    }
    return NAN;
}

double
fitted_spread_of_means(const char *name, const char *yaml, size_t draws)
{
    enum { ROWS = 40 };
    g_autofree double *mean = g_new0(double, draws);
    double values[ROWS], centre, sd;
    LacRng rng = lac_rng_new(5);

    for (size_t i = 0; i < ROWS; i++)
        values[i] = i % 2 ? lac_rng_normal(&rng) : (double)NAN;
    g_autoptr(LacData) data = fitted_table(ROWS, 1, values, NULL);
    g_autoptr(Fitted) fitted = fitted_new(name, yaml, data, draws, 3, NULL);

    LAC_CHECK_OR(return NAN, fitted != NULL, "no fit by %s", yaml);
    for (size_t d = 0; d < draws; d++) {
        const double *out = fitted_sample(fitted, data, d);

        LAC_CHECK_OR(return NAN, out != NULL, "no draw %zu", d);
        for (size_t i = 0; i < ROWS; i += 2)
            mean[d] += out[i] / (ROWS / 2);
    }
    lac_stats_mean_sd(draws, mean, &centre, &sd);
    return sd;
}
