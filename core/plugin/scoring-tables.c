/* Distances between the completed and the true table, column by column or as a whole. */
#include "scoring-private.h"

#include <lacuna/stats.h>

size_t
lac_scoring_completions(const LacScoring *in, LacCompletions of)
{
    return of == LAC_OF_DRAWS && in->n_draws > 0 ? in->n_draws : 1;
}

const LacMatrix *
lac_scoring_completion(const LacScoring *in, LacCompletions of, size_t d)
{
    return of == LAC_OF_DRAWS && in->n_draws > 0 ? in->draws[d] : in->completed;
}

static gboolean
tables_not_finite(const LacScoring *in, size_t i, size_t j, double seen, GError **error)
{
    const ScoringFault fault = {i, j, seen};

    return scoring_check(in, 1, &fault, error);
}

/* the scored cells of column @j, true to @x and completed to @y, both sorted; how many, or
 * G_MAXSIZE with an error when one is not finite */
static size_t
marginal_take(const LacScoring *in, const LacMatrix *completion, size_t j, double *x, double *y,
              GError **error)
{
    size_t n = 0;

    for (size_t i = 0; i < in->truth->rows; i++) {
        if (!lac_mask_get(in->scored, i, j))
            continue;
        x[n] = lac_data_at(in->truth, i, j);
        y[n] = lac_matrix_row(completion, i)[j];
        if (!isfinite(y[n])) {
            tables_not_finite(in, i, j, y[n], error);
            return G_MAXSIZE;
        }
        n++;
    }
    lac_stats_sort(n, x);
    lac_stats_sort(n, y);
    return n;
}

gboolean
lac_scoring_add_marginals(const LacScoring *in, LacCompletions of, LacMarginal distance,
                          const void *user, const double *sd, LacScores *out, GError **error)
{
    const size_t cols = in->truth->cols, tables = lac_scoring_completions(in, of);
    g_autofree double *x = g_new(double, in->truth->rows + 1);
    g_autofree double *y = g_new(double, in->truth->rows + 1);
    g_autofree double *value = g_new(double, cols + 1);
    g_autofree size_t *n = g_new(size_t, cols + 1);

    lac_scoring_count(in, TRUE, n);
    for (size_t j = 0; j < cols; j++) {
        LacSum sum = {0};

        for (size_t d = 0; n[j] && d < tables; d++) {
            if (marginal_take(in, lac_scoring_completion(in, of, d), j, x, y, error) == G_MAXSIZE)
                return FALSE;
            lac_sum_add(&sum, distance(n[j], x, n[j], y, user));
        }
        value[j] = lac_sum_value(&sum) / (double)tables;
        if (sd)
            value[j] = sd[j] > 0 ? value[j] / sd[j] : NAN;
    }
    lac_scoring_add(out, NULL, LAC_ACROSS_MEAN, in, n, value, NAN, "the true values do not vary");
    return TRUE;
}

/* how many numbers column @j gives in a comparison; 0 when it is left out */
static size_t
comparison_width(const LacComparison *self, const LacScoring *in, size_t j)
{
    const LacColumn *column = lac_data_column(in->truth, j);

    if (!(self->sd[j] > 0) || !isfinite(self->sd[j]))
        return 0;
    return lac_kind_is_numeric(column->kind) || column->kind == LAC_KIND_BINARY ? 1
                                                                                : column->n_levels;
}

static gboolean
comparison_wants(const LacScoring *in, size_t i, gboolean with_holes)
{
    if (with_holes && lac_mask_count_row(in->scored, i) == 0)
        return FALSE;
    return lac_mask_count_row(in->truth->holes, i) == 0;
}

/* keeps a random subset of @max_rows, the same whoever is judged */
static void
comparison_cut(LacComparison *self, size_t max_rows, const LacRng *rng)
{
    LacRng subset = lac_rng_split(rng, "subset");
    g_autofree size_t *chosen = g_new(size_t, max_rows);

    lac_rng_sample(&subset, self->n, max_rows, chosen);
    for (size_t k = 0; k < max_rows; k++)
        self->rows[k] = self->rows[chosen[k]];
    self->n = max_rows;
}

gboolean
lac_comparison_init(LacComparison *self, const LacScoring *in, gboolean with_holes, size_t max_rows,
                    const LacRng *rng, LacScores *out)
{
    *self = (LacComparison){.rows = g_new(size_t, in->truth->rows + 1),
                            .sd = g_new(double, in->truth->cols + 1)};
    lac_scoring_truth_sd(in, self->sd);
    for (size_t j = 0; j < in->truth->cols; j++)
        self->width += comparison_width(self, in, j);
    for (size_t i = 0; i < in->truth->rows; i++) {
        if (comparison_wants(in, i, with_holes))
            self->rows[self->n++] = i;
    }
    if (self->n > max_rows)
        comparison_cut(self, max_rows, rng);
    const gboolean scored = lac_mask_count(in->scored) > 0;

    if (!scored)
        lac_scores_undefined(out, NULL, -1, "no scored cell");
    else if (self->width == 0)
        lac_scores_undefined(out, NULL, -1, "no column's true values vary");
    else if (self->n == 0)
        lac_scores_undefined(out, NULL, -1, "no row %swhose truth is known in every column",
                             with_holes ? "with a scored cell and " : "");
    return scored && self->width > 0 && self->n > 0;
}

void
lac_comparison_clear(LacComparison *self)
{
    g_clear_pointer(&self->rows, g_free);
    g_clear_pointer(&self->sd, g_free);
}

/* writes the numbers of column @j with value @x; how many */
static size_t
comparison_write(const LacComparison *self, const LacScoring *in, size_t j, double x, double *out)
{
    const LacColumn *column = lac_data_column(in->truth, j);
    const size_t width = comparison_width(self, in, j);

    if (width == 0)
        return 0;
    if (lac_kind_is_numeric(column->kind) || column->kind == LAC_KIND_BINARY) {
        *out = lac_kind_is_numeric(column->kind) ? x / self->sd[j] : x;
        return 1;
    }
    for (size_t level = 0; level < width; level++)
        out[level] = x == (double)level ? G_SQRT2 / 2 : 0;
    return width;
}

LacMatrix *
lac_comparison_take(const LacComparison *self, const LacScoring *in, const LacMatrix *completion,
                    GError **error)
{
    g_autoptr(LacMatrix) taken = lac_matrix_new(self->n, self->width, error);

    for (size_t k = 0; taken && k < self->n; k++) {
        const size_t i = self->rows[k];
        double *out = lac_matrix_row(taken, k);

        for (size_t j = 0; j < in->truth->cols; j++) {
            /* cells that were never hidden are the truth's, whatever a completion says there */
            const gboolean imputed = completion && lac_mask_get(in->scored, i, j);
            const double x =
                imputed ? lac_matrix_row(completion, i)[j] : lac_data_at(in->truth, i, j);

            if (!isfinite(x)) {
                tables_not_finite(in, i, j, x, error);
                return NULL;
            }
            out += comparison_write(self, in, j, x, out);
        }
    }
    return g_steal_pointer(&taken);
}

gboolean
lac_comparison_add_mean(const LacScoring *in, LacCompletions of, gboolean with_holes,
                        size_t max_rows, const LacRng *rng, LacRowDistance distance,
                        const void *user, LacScores *out, GError **error)
{
    const size_t tables = lac_scoring_completions(in, of);
    g_auto(LacComparison) rows = {0};
    g_autoptr(LacMatrix) truth = NULL;
    LacSum sum = {0};

    if (!lac_comparison_init(&rows, in, with_holes, max_rows, rng, out))
        return TRUE;
    truth = lac_comparison_take(&rows, in, NULL, error);
    if (!truth)
        return FALSE;
    for (size_t d = 0; d < tables; d++) {
        const LacMatrix *table = lac_scoring_completion(in, of, d);
        g_autoptr(LacMatrix) completed = lac_comparison_take(&rows, in, table, error);
        double one;

        if (!completed || !distance(truth, completed, user, &one, error))
            return FALSE;
        lac_sum_add(&sum, one);
    }
    lac_scores_add(out, NULL, lac_sum_value(&sum) / (double)tables, rows.n);
    return TRUE;
}
