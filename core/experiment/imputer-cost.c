/* What a fit will take, asked before it starts. */
#include "imputer-struct.h"
#include "resources.h"

#include <lacuna/parallel.h>
#include <math.h>

static const double mib = 1024.0 * 1024.0;

static LacWorkload
workload_of(const LacImputer *imputer, const LacData *train)
{
    LacWorkload work = {.rows = train->rows,
                        .cols = train->cols,
                        .draws = lac_context_draws(imputer->context),
                        .threads = lac_threads()};

    if (imputer->encoder != NULL)
        work.cols = lac_encoder_cols(imputer->encoder);
    work.missing =
        (double)lac_mask_count(train->holes) / ((double)train->rows * (double)train->cols);
    return work;
}

/* Bytes of the tables around the model: scaled or encoded input, encoded output, completed. */
static double
table_bytes(const LacImputer *imputer, const LacData *train, const LacWorkload *work)
{
    const double cell = sizeof(double) + 1.0 / 8.0;
    const double narrow = (double)train->rows * (double)train->cols,
                 wide = (double)work->rows * (double)work->cols;
    double bytes = narrow * sizeof(double);

    if (imputer->scaler->scale != LAC_SCALE_NONE)
        bytes += narrow * cell;
    if (imputer->encoder != NULL)
        bytes += wide * (cell + sizeof(double));
    return bytes;
}

gboolean
lac_imputer_cost(const LacImputer *imputer, const LacData *train, LacCost *out)
{
    const LacWorkload work = workload_of(imputer, train);
    const gboolean knows = imputer->plugin->cost != NULL;

    *out = (LacCost){0};
    if (knows)
        imputer->plugin->cost(imputer->model, &work, out);
    out->bytes += table_bytes(imputer, train, &work);
    return knows;
}

gboolean
lac_imputer_forecast(LacImputer *imputer, const LacData *train, LacCost *out)
{
    LacWorkload work;

    *out = (LacCost){0};
    if (imputer->plugin->cost == NULL)
        return FALSE;
    lac_imputer_set_columns(imputer, train->schema);
    work = workload_of(imputer, train);
    imputer->plugin->cost(imputer->model, &work, out);
    return TRUE;
}

gboolean
lac_imputer_check_memory(LacImputer *imputer, const LacData *train, GError **error)
{
    const size_t limit = lac_context_memory(imputer->context);
    LacCost cost;

    if (limit == G_MAXSIZE)
        return TRUE;
    lac_imputer_cost(imputer, train, &cost);

    const double held = lac_resources_held_mib(), needs = cost.bytes / mib;
    const double most = (double)limit / mib, all = isfinite(held) ? held + needs : needs;

    if (all <= most)
        return TRUE;
    imputer->too_large = TRUE;
    return lac_fail(error, LAC_ERROR_SHAPE,
                    "%s: %s needs about %.0f MiB for %zu rows and %zu columns, beside %.0f MiB in "
                    "use already: more than %.0f MiB, the limit (limits.memory, --max-memory); "
                    "raise it, or use fewer rows or another model",
                    train->origin, lac_imputer_model_name(imputer), needs, train->rows, train->cols,
                    all - needs, most);
}

gboolean
lac_imputer_was_too_large(const LacImputer *imputer)
{
    return imputer->too_large;
}
