/* Any bytes as a fitted missiwae: a model or an error that is set; a model fills a row of holes
 * with finite numbers, whatever its weights, or says what went wrong. */
#include "bundle-private.h"
#include "context-private.h"
#include "missiwae.h"
#include "registry-private.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

extern const LacModelPlugin lac_plugin;

/* As corpus/missiwae was fitted. */
#define PARAMS "{latent: 2, hidden: [3], impute_samples: 3, likelihood: mixed, epochs: 1}"

static void
fill_row(LacModel *model)
{
    const size_t cols = LAC_CAST(Dlvm, model)->layout->cols;
    g_autofree double *v = g_new(double, cols + 1), *out = g_new0(double, cols + 1);
    LacMatrix matrix = {1, cols, cols, out};
    g_autoptr(LacData) row = NULL;
    g_autoptr(GError) error = NULL;

    if (cols == 0)
        return;
    for (size_t j = 0; j < cols; j++)
        v[j] = NAN;
    row = lac_data_new_take(lac_schema_new(cols), 1, g_memdup2(v, cols * sizeof *v), "fuzz", NULL);
    g_assert(lac_plugin.fill(model, row, &matrix, &error) == (error == NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacBundle) bundle = lac_bundle_parse(bytes, n, "fuzz", NULL);
    g_autoptr(LacNode) params = lac_yaml_parse(PARAMS, sizeof PARAMS - 1, "fuzz", NULL);
    LacInstance *instance = lac_instance_new(&lac_plugin.plugin, params, NULL, NULL);
    LacContext *context = lac_context_new(lac_rng_new(1));

    g_assert(instance != NULL);
    instance->context = context;
    if (bundle != NULL) {
        const gboolean good = lac_plugin.load(LAC_CAST(LacModel, instance), bundle, &error);

        g_assert(good == (error == NULL));
        if (good)
            fill_row(LAC_CAST(LacModel, instance));
    }
    lac_instance_free(instance);
    lac_context_free(context);
    return 0;
}
