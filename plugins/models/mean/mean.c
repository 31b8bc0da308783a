/* mean: fill each hole with its column's (trimmed) mean over the cells seen in training.
 * The floor other methods must beat: keeps column means, shrinks variances and correlations.
 * Source: Little & Rubin, Statistical Analysis with Missing Data, 3rd ed. (2019), ch. 4. */
#include <lacuna/model.h>
#include <lacuna/stats.h>

typedef struct {
    LacModel base;
    double trim;
    size_t cols;
    double *centre; /* [cols], owned; NULL until fit or load */
} MeanModel;

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(MeanModel, trim, 0.0, LAC_RANGE(0.0, 0.5), "share",
                     "Share of seen values cut from each tail; 0.5 gives the median"),
    LAC_PARAM_END,
};

static gboolean
mean_fit(LacModel *model, const LacData *train, GError **error)
{
    MeanModel *self = LAC_CAST(MeanModel, model);
    g_autofree double *seen = lac_try_alloc(train->rows, sizeof *seen, "mean: one column", error);

    if (seen == NULL)
        return FALSE;
    self->cols = train->cols;
    self->centre = g_new(double, train->cols);
    for (size_t j = 0; j < train->cols; j++) {
        const size_t n = lac_data_copy_seen(train, j, seen);

        if (n == 0)
            return lac_fail(error, LAC_ERROR_DATA,
                            "mean: column '%s' has no seen cell in %zu training rows; "
                            "drop the column or change the split",
                            lac_data_name(train, j), train->rows);
        self->centre[j] = lac_stats_trimmed_mean(n, seen, self->trim);
    }
    return TRUE;
}

static gboolean
mean_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    lac_data_fill_holes(in, LAC_CAST(const MeanModel, model)->centre, out);
    return TRUE; /* cannot fail after fit */
}

static gboolean
mean_save(const LacModel *model, LacBundle *out, GError **error)
{
    const MeanModel *self = LAC_CAST(const MeanModel, model);

    lac_bundle_put_doubles(out, "centre", 1, self->cols, self->centre);
    return TRUE;
}

static gboolean
mean_load(LacModel *model, const LacBundle *in, GError **error)
{
    MeanModel *self = LAC_CAST(MeanModel, model);
    const double *centre =
        lac_bundle_get_doubles(in, "centre", 1, G_MAXSIZE, NULL, &self->cols, error);

    if (centre == NULL)
        return FALSE;
    self->centre = g_memdup2(centre, self->cols * sizeof *centre);
    return TRUE;
}

static void
mean_clear(LacModel *model)
{
    g_clear_pointer(&LAC_CAST(MeanModel, model)->centre, g_free);
}

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("mean", "Column means of the seen cells", MeanModel, params),
    .plugin.citation =
        "Little & Rubin, Statistical Analysis with Missing Data, 3rd ed. (2019), ch. 4",
    .example = {.in = "a,b\n1,4\n,6\n3,\n", .out = "a,b\n1,4\n2,6\n3,5\n"},
    .traits = LAC_MODEL_DETERMINISTIC | LAC_MODEL_SCALE_FREE | LAC_MODEL_CANDIDATE,
    .fit = mean_fit,
    .fill = mean_fill,
    .save = mean_save,
    .load = mean_load,
    .clear = mean_clear,
};
