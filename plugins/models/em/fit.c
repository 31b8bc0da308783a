#include "em.h"

#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

/* Relative changes of the log-likelihood below this are rounding. */
#define EM_ROUNDING 1e-14

void
em_rows_free(EmRows *rows)
{
    if (rows == NULL)
        return;
    lac_mask_free(rows->holes);
    lac_matrix_free(rows->x);
    lac_patterns_free(rows->patterns);
    g_free(rows);
}

gboolean
em_learn_columns(EmModel *self, const LacData *train, GError **error)
{
    g_autofree double *seen =
        lac_try_alloc(train->rows + 1, sizeof(double), "a column's observed cells", error);

    if (seen == NULL)
        return FALSE;
    self->cols = train->cols;
    self->used = g_new(size_t, train->cols + 1);
    self->centre = g_new(double, train->cols + 1);
    self->sd = g_new(double, train->cols + 1);
    for (size_t j = 0; j < train->cols; j++) {
        const size_t n = lac_data_copy_seen(train, j, seen);

        if (n == 0)
            return lac_fail(error, LAC_ERROR_DATA,
                            "em: column '%s' has no observed cell in %zu training rows; drop the "
                            "column or change the split",
                            lac_data_name(train, j), train->rows);
        double sd;

        if (!lac_stats_mean_sd(n, seen, &self->centre[j], &sd))
            return lac_fail(
                error, LAC_ERROR_DATA,
                "em: column '%s' spans more than the largest number, 1.8e308; rescale it",
                lac_data_name(train, j));
        if (sd > 1e-12 * fabs(self->centre[j])) {
            self->sd[j] = sd;
            self->used[self->p++] = j;
            continue;
        }
        self->sd[j] = 1.0;
        self->centre[j] = seen[0];
        lac_context_event(self->base.instance.context, "constant", (gssize)j,
                          "column '%s' has one value only; its holes get that value",
                          lac_data_name(train, j));
    }
    return TRUE;
}

EmRows *
em_rows_new(const EmModel *self, const LacData *data, GError **error)
{
    g_autoptr(EmRows) rows = g_new0(EmRows, 1);

    rows->holes = lac_mask_new(data->rows, self->p, error);
    if (rows->holes == NULL)
        return NULL;
    rows->x = lac_matrix_new(data->rows, self->p, error);
    if (rows->x == NULL)
        return NULL;
    for (size_t i = 0; i < data->rows; i++) {
        double *x = lac_matrix_row(rows->x, i);

        for (size_t k = 0; k < self->p; k++) {
            const size_t j = self->used[k];

            x[k] = (lac_data_at(data, i, j) - self->centre[j]) / self->sd[j];
            if (lac_data_is_hole(data, i, j))
                lac_mask_set(rows->holes, i, k, TRUE);
        }
    }
    rows->patterns = lac_patterns_new(rows->holes, error);
    return rows->patterns == NULL ? NULL : g_steal_pointer(&rows);
}

static double
em_largest_change(const LacGaussian *a, const LacGaussian *b)
{
    double most = 0.0;

    for (size_t j = 0; j < a->p; j++)
        most = MAX(most, fabs(a->mean[j] - b->mean[j]));
    for (size_t k = 0; k < a->p * a->p; k++)
        most = MAX(most, fabs(a->cov[k] - b->cov[k]));
    return most;
}

/* An estimation in progress. */
typedef struct {
    const EmModel *self;
    const EmRows *rows;
    const LacMatrix *sorted;
    const double *weight; /* in the order of `sorted` */
    double n;             /* rows, with their weight */
    LacGaussianSums *sums;
    double ridge;     /* in rows */
    double prior;     /* of a draw whose likelihood has no maximum, in rows; see em_stand_firm() */
    double objective; /* at the parameters the last step came from */
    double mended;    /* largest ridge that a singular covariance needed */
    double reach;     /* longest extrapolation, in steps; grows with success */
    int64_t steps;    /* EM iterations made */
    double moved;     /* by the last plain step */
} EmState;

/* Rows by which the M-step divides more than there are. */
static double
em_extra_rows(const EmState *state, size_t p)
{
    return state->ridge > 0.0 ? state->ridge + (double)p + 2.0 : 0.0;
}

/* What EM climbs: the log-likelihood, and with a ridge the logarithm of its prior as well. */
static double
em_objective(const EmState *state, const LacGaussian *at)
{
    const double e = state->ridge + state->prior;
    double trace = 0.0;

    if (e <= 0.0)
        return state->sums->log_likelihood;
    for (size_t j = 0; j < at->p; j++)
        trace += at->precision[j * (at->p + 1)];
    return state->sums->log_likelihood -
           0.5 * ((em_extra_rows(state, at->p) + state->prior) * at->log_det + e * trace);
}

/* The M-step's covariance with `prior` rows of uncorrelated standard columns among the others. */
static double
em_add_prior(const EmState *state, LacGaussian *g)
{
    const double rows = state->sums->n + em_extra_rows(state, g->p), e = state->prior;

    for (size_t k = 0; k < g->p * g->p; k++)
        g->cov[k] *= rows / (rows + e);
    for (size_t j = 0; j < g->p; j++)
        g->cov[j * (g->p + 1)] += e / (rows + e);
    return lac_gaussian_prepare(g);
}

/* to = EM(from). FALSE with an error when the covariance cannot be mended, memory is short or the
 * user wants to stop. */
static gboolean
em_step(EmState *state, const LacGaussian *from, LacGaussian **to, GError **error)
{
    const EmModel *self = state->self;

    if (!lac_context_step(self->base.instance.context,
                          (double)state->steps / (double)self->iterations, error) ||
        !lac_gaussian_e_step(from, state->rows->patterns, state->sorted, state->weight, state->sums,
                             error))
        return FALSE;
    state->steps++;
    state->objective = em_objective(state, from);
    *to = lac_gaussian_dup(from);
    if (state->sums->n <= 0.0)
        return TRUE; /* no row says anything */
    double added = lac_gaussian_m_step(state->sums, state->ridge, *to);

    if (added >= 0.0 && state->prior > 0.0)
        added = em_add_prior(state, *to);
    if (added < 0.0)
        return lac_fail(error, LAC_ERROR_NUMERIC,
                        "em: the covariance of %zu columns is not finite after a step; rescale "
                        "the data or set a ridge",
                        from->p);
    state->mended = MAX(state->mended, added);
    return TRUE;
}

/* zero + 2 length r + length^2 v with r the first step and v the change of the second. NULL when it
 * leaves the well conditioned covariances. */
static LacGaussian *
em_extrapolate(const LacGaussian *zero, const LacGaussian *one, const LacGaussian *two,
               double length)
{
    g_autoptr(LacGaussian) far = lac_gaussian_dup(zero);

    for (size_t k = 0; k < zero->p; k++)
        far->mean[k] += 2.0 * length * (one->mean[k] - zero->mean[k]) +
                        length * length * (two->mean[k] - 2.0 * one->mean[k] + zero->mean[k]);
    for (size_t k = 0; k < zero->p * zero->p; k++)
        far->cov[k] += 2.0 * length * (one->cov[k] - zero->cov[k]) +
                       length * length * (two->cov[k] - 2.0 * one->cov[k] + zero->cov[k]);
    return lac_gaussian_prepare(far) == 0.0 ? g_steal_pointer(&far) : NULL;
}

/* How far to go: scheme S3 of Varadhan and Roland, "Simple and globally convergent methods for
 * accelerating the convergence of any EM algorithm" (2008). 1 is where plain EM stands already. */
static double
em_length(const LacGaussian *zero, const LacGaussian *one, const LacGaussian *two)
{
    const size_t p = zero->p;
    double rr = 0.0, vv = 0.0;

    for (size_t k = 0; k < p + p * p; k++) {
        const double a = k < p ? zero->mean[k] : zero->cov[k - p],
                     b = k < p ? one->mean[k] : one->cov[k - p],
                     c = k < p ? two->mean[k] : two->cov[k - p];

        rr += (b - a) * (b - a);
        vv += (c - 2.0 * b + a) * (c - 2.0 * b + a);
    }
    return vv > 0.0 ? sqrt(rr / vv) : 1.0;
}

/* From one and two, the first EM steps after zero, to *at: a step from an extrapolated point when
 * that is no worse than `one`, which keeps the climb monotone, otherwise `two`. */
static gboolean
em_leap(EmState *state, const LacGaussian *zero, const LacGaussian *one, LacGaussian **two,
        LacGaussian **at, GError **error)
{
    enum { GROWTH = 4 };
    const double floor = state->objective, wanted = em_length(zero, one, *two);
    const double length = MIN(wanted, state->reach);
    g_autoptr(LacGaussian) far = NULL;
    g_autoptr(LacGaussian) three = NULL;

    if (length > 1.0)
        far = em_extrapolate(zero, one, *two, length);
    if (far != NULL && !em_step(state, far, &three, error))
        return FALSE;
    const gboolean better = three != NULL && state->objective >= floor;

    if (length > 1.0 && !better)
        state->reach = MAX(length / GROWTH, 2.0);
    else if (wanted >= state->reach)
        state->reach *= GROWTH;
    lac_gaussian_free(*at);
    *at = better ? g_steal_pointer(&three) : g_steal_pointer(two);
    return TRUE;
}

/* One step, or a SQUAREM cycle of up to three. Replaces *at; @objective is of the old *at. Where a
 * singular covariance had to be mended, EM need not climb and nothing is extrapolated. */
static gboolean
em_cycle(EmState *state, LacGaussian **at, double *objective, GError **error)
{
    enum { STEPS = 3 };
    const EmModel *self = state->self;
    const gboolean room = self->accelerate && state->steps + STEPS <= self->iterations;
    g_autoptr(LacGaussian) zero = g_steal_pointer(at);
    g_autoptr(LacGaussian) two = NULL;

    if (!em_step(state, zero, at, error))
        return FALSE;
    *objective = state->objective;
    state->moved = em_largest_change(zero, *at);
    if (!room || state->moved <= self->tol || state->mended > 0.0)
        return TRUE;
    if (!em_step(state, *at, &two, error))
        return FALSE;
    if (state->mended == 0.0)
        return em_leap(state, zero, *at, &two, at, error);
    lac_gaussian_free(*at);
    *at = g_steal_pointer(&two);
    return TRUE;
}

static void
em_tell(const EmState *state, gboolean converged)
{
    LacContext *context = state->self->base.instance.context;

    if (state->mended > 0.0)
        lac_context_event(
            context, "ridge", -1,
            "the covariance became singular (too few rows, or columns that depend on "
            "each other); %.1e was added to the variances of the standardised columns",
            state->mended);
    if (state->prior > 0.0)
        lac_context_event(context, "ridge", -1,
                          "the rows of a draw left the likelihood without a maximum (a column of "
                          "one value, or columns that depend on each other); a prior worth %.2g "
                          "rows was used",
                          state->prior);
    if (!converged)
        lac_context_event(context, "not-converged", -1,
                          "EM stopped after %" G_GINT64_FORMAT
                          " iterations, parameters still moving by %.1e a step",
                          state->steps, state->moved);
}

/* Near a maximum the log-likelihood is flat: it moves by the square of what parameters move by. */
static gboolean
em_levels_off(const EmModel *self, double before, double now)
{
    const double least = self->tol * self->tol;

    return least >= EM_ROUNDING && fabs(now - before) < least * fabs(now);
}

/* In rows drawn with replacement a column may hold one value only, or two columns may agree: the
 * likelihood then rises for ever, more and more slowly. A draw takes a weak prior in that case,
 * with which there is a maximum; TRUE when it is new. */
static gboolean
em_stand_firm(EmState *state)
{
    const double share = 1e-3; /* of the rows, and so the least variance in squared sd's */

    if (state->mended == 0.0 || state->weight == NULL || state->prior > 0.0)
        return FALSE;
    state->prior = share * state->n;
    state->mended = 0.0;
    return TRUE;
}

/* Climbs from *at to the maximum; FALSE with an error. */
static gboolean
em_climb(EmState *state, LacGaussian **at, gboolean loud, GError **error)
{
    const EmModel *self = state->self;
    double objective = -INFINITY;
    gboolean converged = FALSE;

    for (size_t t = 0; !converged && state->steps < self->iterations; t++) {
        const double before = objective;

        if (!em_cycle(state, at, &objective, error))
            return FALSE;
        if (loud)
            lac_context_trace(self->base.instance.context, "loglik", -1, t, 0, objective);
        if (em_stand_firm(state))
            objective = -INFINITY; /* another hill */
        else
            converged = state->moved <= self->tol || em_levels_off(self, before, objective);
    }
    em_tell(state, converged);
    return TRUE;
}

LacGaussian *
em_estimate(const EmModel *self, const EmRows *rows, const double *weight, const LacGaussian *start,
            gboolean loud, GError **error)
{
    g_autoptr(LacMatrix) sorted = lac_patterns_gather(rows->patterns, rows->x, error);
    g_autoptr(LacGaussianSums) sums = lac_gaussian_sums_new(self->p);
    g_autoptr(LacGaussian) at = lac_gaussian_dup(start);
    g_autofree double *sorted_weight = weight ? g_new(double, rows->patterns->rows + 1) : NULL;
    EmState state = {.self = self,
                     .rows = rows,
                     .sorted = sorted,
                     .weight = sorted_weight,
                     .n = (double)rows->patterns->rows,
                     .sums = sums,
                     .reach = 2.0,
                     .moved = INFINITY};

    if (sorted == NULL)
        return NULL;
    if (weight != NULL)
        state.n = 0.0;
    for (size_t i = 0; weight != NULL && i < rows->patterns->rows; i++) {
        sorted_weight[i] = weight[rows->patterns->row[i]];
        state.n += sorted_weight[i];
    }
    state.ridge = self->ridge * state.n;
    return em_climb(&state, &at, loud, error) ? g_steal_pointer(&at) : NULL;
}

/* Every used column needs an observed cell among the rows drawn. */
static gboolean
em_counts_serve(const EmRows *rows, const double *count)
{
    for (size_t k = 0; k < rows->x->cols; k++) {
        gboolean seen = FALSE;

        for (size_t i = 0; i < rows->x->rows && !seen; i++)
            seen = count[i] > 0.0 && !lac_mask_get(rows->holes, i, k);
        if (!seen)
            return FALSE;
    }
    return TRUE;
}

/* The rows that were drawn at all, which are all that an estimate has to look at; their counts to
 * the front of @count. */
static EmRows *
em_rows_drawn(const EmRows *all, double *count, GError **error)
{
    const size_t p = all->x->cols;
    g_autoptr(EmRows) rows = g_new0(EmRows, 1);
    size_t n = 0, k = 0;

    for (size_t i = 0; i < all->x->rows; i++)
        n += count[i] > 0.0;
    if ((rows->holes = lac_mask_new(n, p, error)) == NULL ||
        (rows->x = lac_matrix_new(n, p, error)) == NULL)
        return NULL;
    for (size_t i = 0; i < all->x->rows; i++) {
        if (count[i] <= 0.0)
            continue;
        memcpy(lac_matrix_row(rows->x, k), lac_matrix_row(all->x, i), p * sizeof(double));
        for (size_t j = 0; j < p; j++)
            lac_mask_set(rows->holes, k, j, lac_mask_get(all->holes, i, j));
        count[k++] = count[i];
    }
    rows->patterns = lac_patterns_new(rows->holes, error);
    return rows->patterns == NULL ? NULL : g_steal_pointer(&rows);
}

LacGaussian *
em_bootstrap(const EmModel *self, const EmRows *rows, size_t draw, GError **error)
{
    enum { TRIES = 100 };
    const size_t n = rows->x->rows;
    const LacRng stream = lac_context_rng(self->base.instance.context, "bootstrap");
    LacRng rng = lac_rng_at(&stream, draw);
    g_autofree double *count = g_new0(double, n + 1);

    for (size_t t = 0; t < TRIES; t++) {
        memset(count, 0, n * sizeof(double));
        for (size_t i = 0; i < n; i++)
            count[lac_rng_below(&rng, n)] += 1.0;
        if (em_counts_serve(rows, count)) {
            g_autoptr(EmRows) drawn = em_rows_drawn(rows, count, error);

            return drawn ? em_estimate(self, drawn, count, self->gaussian, FALSE, error) : NULL;
        }
    }
    lac_context_event(self->base.instance.context, "fallback", -1,
                      "no bootstrap sample had every column observed; the draw uses the estimate "
                      "from all rows");
    return lac_gaussian_dup(self->gaussian);
}
