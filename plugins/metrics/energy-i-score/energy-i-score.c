/* energy-i-score: how well a method's draws agree with observed values, without any truth. A column
 * with holes is hidden where it was observed and left as the method had imputed it elsewhere; the
 * method learns that table anew and its draws meet the values that were hidden.
 * Source: Näf, Grzesiak and Scornet, How to rank imputation methods? (2025), in the fair form, and
 * with every column that could be scored, and no other, in the weights. */
#include <lacuna/scoring.h>
#include <lacuna/stats.h>

#include <math.h>
#include <string.h>

typedef struct {
    LacMetric base;
    int64_t draws, columns, min_holes;
    gboolean scale;
} IScore;

static const LacParam params[] = {
    LAC_PARAM_INT(IScore, draws, 20, LAC_RANGE_FROM(2), "draws",
                  "Draws from each fit; of methods that do not draw, their completion is taken"),
    LAC_PARAM_INT(IScore, columns, 0, LAC_RANGE_FROM(0), "columns",
                  "Score at most so many columns, those with most holes; 0: all. Each takes a fit"),
    LAC_PARAM_INT(IScore, min_holes, 10, LAC_RANGE_FROM(1), "cells",
                  "Columns with fewer holes are not scored"),
    LAC_PARAM_BOOL(IScore, scale, TRUE,
                   "Divide numeric columns by the standard deviation of their observed values"),
    LAC_PARAM_END,
};

/* The table of one column: which rows hide it, which keep their imputed value, and what else is in
 * the table. @column[0] is the one that is scored. */
typedef struct {
    size_t hidden, kept, cols;
    size_t *row;    /* [hidden + kept] */
    size_t *column; /* [cols] */
} Plan;

static void
plan_clear(Plan *plan)
{
    g_free(plan->row);
    g_free(plan->column);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Plan, plan_clear)

/* Columns other than @j that are observed in every one of the @n rows. */
static size_t
plan_full(const LacData *data, size_t j, size_t n, const size_t *row, size_t *out)
{
    size_t found = 0;

    for (size_t k = 0; k < data->cols; k++) {
        size_t i = 0;

        while (k != j && i < n && !lac_data_is_hole(data, row[i], k))
            i++;
        if (k != j && i == n)
            out[found++] = k;
    }
    return found;
}

/* The column most often observed together with @j; data->cols when there is none. */
static size_t
plan_companion(const LacData *data, size_t j, size_t n, const size_t *row)
{
    size_t best = data->cols, most = 0;

    for (size_t k = 0; k < data->cols; k++) {
        size_t seen = 0;

        for (size_t i = 0; k != j && i < n; i++)
            seen += !lac_data_is_hole(data, row[i], k);
        if (seen > most) {
            most = seen;
            best = k;
        }
    }
    return best;
}

static size_t
plan_rows(const LacData *data, size_t j, gboolean holes, size_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < data->rows; i++)
        if (lac_data_is_hole(data, i, j) == holes)
            out[n++] = i;
    return n;
}

static void
plan_make(const LacData *data, size_t j, Plan *plan)
{
    size_t all;

    plan->row = g_new(size_t, data->rows + 1);
    plan->column = g_new(size_t, data->cols + 1);
    plan->column[0] = j;
    all = plan->hidden = plan_rows(data, j, FALSE, plan->row);
    plan->cols = 1 + plan_full(data, j, plan->hidden, plan->row, plan->column + 1);
    if (plan->cols == 1) {
        const size_t with = plan_companion(data, j, all, plan->row);

        plan->hidden = 0;
        for (size_t i = 0; with < data->cols && i < all; i++)
            if (!lac_data_is_hole(data, plan->row[i], with))
                plan->row[plan->hidden++] = plan->row[i];
        plan->cols = 1 + plan_full(data, j, plan->hidden, plan->row, plan->column + 1);
    }
    plan->kept = plan_rows(data, j, TRUE, plan->row + plan->hidden);
}

/* Observed values of the other columns, imputed ones of all; the scored column hidden on top. */
static LacData *
plan_table(const Plan *plan, const LacScoring *in, GError **error)
{
    const LacMatrix *filled = lac_scoring_completion(in, LAC_OF_DRAWS, 0);
    const size_t n = plan->hidden + plan->kept;
    double *values = lac_try_alloc(MAX(n * plan->cols, 1), sizeof *values, "refit table", error);
    LacSchema *schema;

    if (values == NULL)
        return NULL;
    schema = lac_schema_new(plan->cols);
    for (size_t k = 0; k < plan->cols; k++) {
        const LacColumn *column = lac_data_column(in->incomplete, plan->column[k]);

        lac_schema_set_name(schema, k, column->name);
        if (!lac_kind_is_numeric(column->kind))
            lac_schema_set_levels(schema, k, column->kind, column->n_levels,
                                  (const char *const *)column->levels);
        for (size_t i = 0; i < n; i++)
            values[i * plan->cols + k] =
                k == 0 && i < plan->hidden ? NAN
                                           : lac_matrix_row(filled, plan->row[i])[plan->column[k]];
    }
    return lac_data_new_take(schema, n, values, in->incomplete->origin, error);
}

/* Half the mean chance of two draws to differ, from the chance of one to differ from the truth: the
 * energy score of indicator vectors, whose levels lie the root of 2 apart. */
static double
score_levels(size_t m, const double *sorted, double truth)
{
    double miss = 0, pairs = 0;

    for (size_t d = 0; d < m; d++) {
        miss += sorted[d] != truth;
        for (size_t e = 0; e < d; e++)
            pairs += sorted[d] != sorted[e];
    }
    return M_SQRT2 * (miss / (double)m - (m > 1 ? pairs / ((double)m * ((double)m - 1)) : 0));
}

/* Mean score of the hidden cells. */
static double
score_draws(const Plan *plan, const LacScoring *in, size_t m, LacMatrix *const *draws)
{
    const gboolean numeric =
        lac_kind_is_numeric(lac_data_column(in->incomplete, plan->column[0])->kind);
    g_autofree double *x = g_new(double, m);
    LacSum sum = {0};

    for (size_t i = 0; i < plan->hidden; i++) {
        const double truth = lac_data_at(in->incomplete, plan->row[i], plan->column[0]);

        for (size_t d = 0; d < m; d++)
            x[d] = lac_matrix_row(draws[d], i)[0];
        lac_stats_sort(m, x);
        lac_sum_add(&sum, numeric ? lac_score_crps(m, x, truth, m > 1) : score_levels(m, x, truth));
    }
    return lac_sum_value(&sum) / (double)plan->hidden;
}

static double
score_unit(const IScore *self, const Plan *plan, const LacScoring *in)
{
    const LacData *data = in->incomplete;
    g_autofree double *seen = g_new(double, data->rows + 1);
    double mean, sd;

    if (!self->scale || !lac_kind_is_numeric(lac_data_column(data, plan->column[0])->kind))
        return 1;
    return lac_stats_mean_sd(lac_data_copy_seen(data, plan->column[0], seen), seen, &mean, &sd) &&
                   sd > 0
               ? sd
               : NAN;
}

static LacMatrix **
matrices_new(size_t m, const LacData *table, GError **error)
{
    LacMatrix **out = g_new0(LacMatrix *, m + 1);

    for (size_t d = 0; d < m; d++) {
        out[d] = lac_matrix_new(table->rows, table->cols, error);
        if (out[d] == NULL) {
            while (d-- > 0)
                lac_matrix_free(out[d]);
            g_free(out);
            return NULL;
        }
    }
    return out;
}

static void
matrices_free(size_t m, LacMatrix **matrices)
{
    for (size_t d = 0; d < m; d++)
        lac_matrix_free(matrices[d]);
    g_free(matrices);
}

/* What the columns add up to. */
typedef struct {
    double weighted, weights;
    size_t cells, columns;
} Total;

static gboolean
score_column(const IScore *self, const LacScoring *in, const Plan *plan, double *out,
             GError **error)
{
    const size_t j = plan->column[0], m = (size_t)self->draws;
    g_autoptr(LacData) table = plan_table(plan, in, error);
    LacMatrix **draws = table != NULL ? matrices_new(m, table, error) : NULL;
    size_t drawn = 0;
    gboolean good;

    if (draws == NULL)
        return FALSE;
    good = in->refit->learn(in->refit->user, table, j, m, draws, &drawn, error);
    if (good)
        *out = score_draws(plan, in, drawn, draws) / score_unit(self, plan, in);
    matrices_free(m, draws);
    return good;
}

static void
add_column(const IScore *self, const LacScoring *in, size_t j, LacScores *out, Total *total)
{
    const size_t holes = lac_mask_count_col(in->incomplete->holes, j), rows = in->incomplete->rows;
    const double weight = (double)holes * (double)(rows - holes) / ((double)rows * (double)rows);
    g_autoptr(GError) error = NULL;
    g_auto(Plan) plan = {0};
    double value = NAN;

    plan_make(in->incomplete, j, &plan);
    if (plan.hidden < 2 || plan.cols == 1) {
        lac_scores_undefined(out, NULL, (gssize)j, "no other column is observed beside it");
        return;
    }
    if (!score_column(self, in, &plan, &value, &error)) {
        lac_scores_undefined(out, NULL, (gssize)j, "%s", error->message);
        return;
    }
    if (!isfinite(value)) {
        lac_scores_undefined(out, NULL, (gssize)j, "its observed values do not vary");
        return;
    }
    lac_scores_add_column(out, NULL, j, value, plan.hidden);
    total->weighted += weight * value;
    total->weights += weight;
    total->cells += plan.hidden;
    total->columns++;
}

/* The columns to score, those with most holes first. */
static size_t
columns_chosen(const IScore *self, const LacData *data, size_t *out)
{
    g_autofree double *fewer = g_new(double, data->cols + 1);
    g_autofree size_t *order = g_new(size_t, data->cols + 1);
    size_t n = 0;

    for (size_t j = 0; j < data->cols; j++)
        fewer[j] = -(double)lac_mask_count_col(data->holes, j);
    lac_stats_order(data->cols, fewer, order);
    for (size_t k = 0; k < data->cols; k++) {
        const double holes = -fewer[order[k]];

        if (holes >= (double)self->min_holes && holes < (double)data->rows &&
            (self->columns == 0 || n < (size_t)self->columns))
            out[n++] = order[k];
    }
    return n;
}

static gboolean
i_score(const LacMetric *metric, const LacScoring *in, LacScores *out, GError **error)
{
    const IScore *self = LAC_CAST(const IScore, metric);
    g_autofree size_t *chosen = g_new(size_t, in->incomplete->cols + 1);
    const size_t n = columns_chosen(self, in->incomplete, chosen);
    Total total = {0};

    for (size_t k = 0; k < n && in->refit != NULL; k++)
        add_column(self, in, chosen[k], out, &total);
    if (total.columns > 0)
        lac_scores_add(out, NULL, total.weighted / total.weights, total.cells);
    else if (in->refit == NULL)
        lac_scores_undefined(out, NULL, -1, "the method cannot be learnt again");
    else if (n == 0)
        lac_scores_undefined(out, NULL, -1, "no column has %" G_GINT64_FORMAT " holes",
                             self->min_holes);
    else
        lac_scores_undefined(out, NULL, -1, "none of %zu columns could be scored", n);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMetricPlugin lac_plugin = {
    LAC_METRIC("energy-i-score", "Energy score of observed values the method never saw, no truth",
               IScore, params),
    .plugin.citation = "Naef, Grzesiak and Scornet, How to rank imputation methods?, "
                       "arXiv:2507.11297 (2025)",
    .direction = LAC_MINIMISE,
    .needs = LAC_WANTS_DRAWS | LAC_NEEDS_REFITS,
    .unit = "sd of the columns",
    .scope = "observed cells of columns with holes",
    .judges = LAC_JUDGES_DRAWS,
    .valid = LAC_VALID_MCAR | LAC_VALID_MAR,
    .caution = "under MAR it holds only where a column has one law, seen or not, given what stands "
               "beside it",
    .score = i_score,
};
