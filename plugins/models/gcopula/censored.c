/* Columns with censored cells ("below 0.5"). Their shares come from observed and censored cells
 * together, by self-consistency: every censored cell is shared out over the values it may hold, in
 * proportion to their shares. Source: Turnbull, "The empirical distribution function with
 * arbitrarily grouped, censored and truncated data", J. R. Stat. Soc. B 38 (1976) 290-295. Beyond
 * the seen values, where nothing shows the curve, it goes on as a straight line of values against
 * normal scores ("regression on order statistics": Helsel, Statistics for Censored Environmental
 * Data, 2nd ed., 2012, ch. 6). */
#include "gcopula.h"

#include <lacuna/limits.h>
#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

enum { MOST_ROUNDS = 2000, LEAST_POINTS = 10 };
#define NEAR 1.0 /* of normal scores: how far the line of a tail looks back */

/** GcSpan: the places a censored cell may be at: 0 the lower tail, 1 .. k the values, k + 1 the
 * upper tail; @up: it is known from below only */
typedef struct {
    size_t from, to;
    gboolean up;
} GcSpan;

/**
 * GcShares: an estimation in progress; k values.
 * @raw: [k + 2] observed cells at a place; @w: [k + 2] those and what is shared out
 * @low, @all: [k + 3] differences of what a cell at a place receives, from cells known from above
 * and from all
 */
typedef struct {
    size_t k, n;
    GcSpan *span;
    double *raw, *w, *sum, *low, *all;
} GcShares;

static void
shares_clear(GcShares *self)
{
    g_free(self->span);
    g_free(self->raw);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GcShares, shares_clear)

/* ---- shares -----------------------------------------------------------------------------------
 */

static GcSpan
span_of(const GcMarginal *marginal, const LacData *train, size_t i, size_t j)
{
    const LacColumn *column = lac_data_column(train, j);
    const size_t k = marginal->n_values;
    double lower, upper;
    GcSpan span = {0, k + 1, FALSE};

    lac_data_limits(train, i, j, &lower, &upper);
    if (lower > column->lower)
        span.from = 1 + gc_marginal_below(marginal, lower);
    if (upper < column->upper)
        span.to = gc_marginal_upto(marginal, upper);
    span.up = upper >= column->upper;
    if (span.from > span.to) /* between two values: at the lower one, or in the tail */
        span.from = span.to;
    return span;
}

static void
shares_start(GcShares *self, const GcMarginal *marginal, const LacData *train, size_t j)
{
    const size_t k = marginal->n_values;

    self->k = k;
    self->span = g_new(GcSpan, train->rows + 1);
    self->raw = g_new0(double, 5 * (k + 3));
    self->w = self->raw + k + 3;
    self->sum = self->w + k + 3;
    self->low = self->sum + k + 3;
    self->all = self->low + k + 3;
    for (size_t i = 0; i < train->rows; i++) {
        if (!lac_data_is_censored(train, i, j))
            continue;
        const GcSpan span = self->span[self->n++] = span_of(marginal, train, i, j);

        if (span.from == 0)
            self->w[0] = 0.5;
        if (span.to == k + 1)
            self->w[k + 1] = 0.5;
    }
    for (size_t v = 0; v < k; v++)
        self->w[v + 1] = self->raw[v + 1] =
            marginal->upto[v] - (v > 0 ? marginal->upto[v - 1] : 0.0);
}

/* One round; how many cells moved. */
static double
shares_round(GcShares *self)
{
    const size_t places = self->k + 2;
    double low = 0.0, all = 0.0, moved = 0.0;

    self->sum[0] = 0.0;
    for (size_t v = 0; v < places; v++)
        self->sum[v + 1] = self->sum[v] + self->w[v];
    memset(self->low, 0, (places + 1) * sizeof(double));
    memset(self->all, 0, (places + 1) * sizeof(double));
    for (size_t c = 0; c < self->n; c++) {
        const GcSpan span = self->span[c];
        const double share = 1.0 / (self->sum[span.to + 1] - self->sum[span.from]);

        self->all[span.from] += share;
        self->all[span.to + 1] -= share;
        self->low[span.from] += span.up ? 0.0 : share;
        self->low[span.to + 1] -= span.up ? 0.0 : share;
    }
    for (size_t v = 0; v < places; v++) {
        low += self->low[v];
        all += self->all[v];
        self->low[v] = self->w[v] * MAX(low, 0.0);

        const double fresh = self->raw[v] + self->w[v] * MAX(all, 0.0);

        moved += fabs(fresh - self->w[v]);
        self->w[v] = fresh;
    }
    return moved;
}

/* ---- the curve --------------------------------------------------------------------------------
 */

static gboolean
at_point(const GcMarginal *marginal, size_t v)
{
    return !(marginal->kind == GC_LOW_SPIKE && v == 0) &&
           !(marginal->kind == GC_HIGH_SPIKE && v + 1 == marginal->n_values);
}

/* Slope of values against scores, by least squares over the values near one end. */
static double
tail_slope(const GcMarginal *marginal, gboolean upper)
{
    const size_t k = marginal->n_values;
    const double end = marginal->score[upper ? k - 1 : 0];
    double n = 0.0, z = 0.0, x = 0.0, zz = 0.0, zx = 0.0;

    for (size_t a = 0; a < k; a++) {
        const size_t v = upper ? k - 1 - a : a;

        if (n >= LEAST_POINTS && fabs(marginal->score[v] - end) > NEAR)
            break;
        if (!at_point(marginal, v) || !isfinite(marginal->score[v]))
            continue;
        const double dz = marginal->score[v] - end, dx = marginal->value[v] - marginal->value[0];

        n += 1.0;
        z += dz;
        x += dx;
        zz += dz * dz;
        zx += dz * dx;
    }
    const double spread = zz - z * z / MAX(n, 1.0);

    return spread > 0.0 ? MAX((zx - z * x / n) / spread, 0.0) : 0.0;
}

/* Where the curve begins and ends: scores of the smallest and the largest value. */
static double
low_end(const GcMarginal *marginal)
{
    return at_point(marginal, 0) && marginal->kind != GC_INTERVALS ? marginal->score[0]
                                                                   : marginal->lower[0];
}

static double
high_end(const GcMarginal *marginal)
{
    const size_t last = marginal->n_values - 1;

    return at_point(marginal, last) && marginal->kind != GC_INTERVALS ? marginal->score[last]
                                                                      : marginal->upper[last];
}

/* A value's score leaves below it what was shared out to it by cells known from above, and above it
 * what was by the others: between values they lie where they may. */
static void
curve_set(GcMarginal *marginal, const GcShares *shares)
{
    const size_t k = shares->k;
    double before = shares->w[0];

    marginal->low = shares->w[0];
    marginal->n += (double)shares->n;
    marginal->score = g_new(double, k);
    for (size_t v = 0; v < k; v++) {
        const double place = before + shares->low[v + 1] + shares->raw[v + 1];

        marginal->score[v] = lac_normal_quantile(place / (marginal->n + 1.0));
        before += shares->w[v + 1];
        marginal->upto[v] = before;
    }
    if (shares->w[k + 1] == 0.0) /* but for rounding */
        before = marginal->upto[k - 1] = marginal->n;
    gc_marginal_bounds(marginal);
    if (marginal->kind == GC_LOW_SPIKE)
        marginal->score[0] = marginal->upper[0];
    if (marginal->kind == GC_HIGH_SPIKE)
        marginal->score[k - 1] = marginal->lower[k - 1];
    if (marginal->low > 0.0)
        marginal->slope[0] = tail_slope(marginal, FALSE);
    if (before < marginal->n)
        marginal->slope[1] = tail_slope(marginal, TRUE);
}

void
gc_marginal_censor(GcMarginal *marginal, const LacData *train, size_t j)
{
    g_auto(GcShares) shares = {0};
    double n;

    if (!lac_data_has_cell_limits(train, j))
        return;
    shares_start(&shares, marginal, train, j);
    if (shares.n == 0)
        return;
    n = marginal->n + (double)shares.n;
    for (int t = 0; t < MOST_ROUNDS && shares_round(&shares) > 1e-9 * n; t++)
        ;
    for (size_t end = 0; end < 2; end++) { /* what goes to 0 for ever is 0 */
        double *w = &shares.w[end == 0 ? 0 : shares.k + 1];

        *w = *w < 1e-6 * n ? 0.0 : *w;
    }
    curve_set(marginal, &shares);
}

double
gc_curve_decode(const GcMarginal *marginal, double z)
{
    const size_t k = marginal->n_values;
    const double *score = marginal->score, *value = marginal->value;
    size_t low = 0, high = k - 1;

    if (z <= low_end(marginal))
        return value[0] +
               (isfinite(low_end(marginal)) ? marginal->slope[0] * (z - low_end(marginal)) : 0.0);
    if (z >= high_end(marginal))
        return value[k - 1] +
               (isfinite(high_end(marginal)) ? marginal->slope[1] * (z - high_end(marginal)) : 0.0);
    if (z <= score[0] || z >= score[k - 1]) /* in the interval of a spike */
        return z <= score[0] ? value[0] : value[k - 1];
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;

        if (score[middle] <= z)
            low = middle;
        else
            high = middle;
    }
    return value[low] + (value[high] - value[low]) * (z - score[low]) / (score[high] - score[low]);
}

gboolean
gc_curve_is_tail(const GcMarginal *marginal, double z)
{
    return marginal->score != NULL && (z < low_end(marginal) || z > high_end(marginal));
}

/* ---- limits of a cell as limits of its score --------------------------------------------------
 */

/* The order statistic's place, from 0, of @x between the smallest and the largest value. */
static double
place_of(const GcMarginal *marginal, double x, gboolean upper)
{
    const size_t v = upper ? gc_marginal_upto(marginal, x) : gc_marginal_below(marginal, x);

    if (upper && marginal->value[v - 1] == x)
        return marginal->upto[v - 1] - 1.0;
    if (!upper && marginal->value[v] == x)
        return v > 0 ? marginal->upto[v - 1] : marginal->low;
    return marginal->upto[v - 1] - 1.0 +
           (x - marginal->value[v - 1]) / (marginal->value[v] - marginal->value[v - 1]);
}

static double
score_inside(const GcMarginal *marginal, double x, gboolean upper)
{
    const double *score = marginal->score, *value = marginal->value;

    if (marginal->kind == GC_INTERVALS) { /* the middle of the gap between two levels' ranks */
        const size_t v = upper ? gc_marginal_upto(marginal, x) : gc_marginal_below(marginal, x);
        const double upto = v > 0 ? marginal->upto[v - 1] : marginal->low;

        return upto >= marginal->n ? INFINITY
               : upto > 0.0        ? lac_normal_quantile(upto / (marginal->n + 1.0))
                                   : -INFINITY;
    }
    if (score == NULL)
        return lac_normal_quantile(
            CLAMP(place_of(marginal, x, upper) / (marginal->n - 1.0), 0.0, 1.0));
    const size_t v = gc_marginal_upto(marginal, x);

    if (value[v - 1] == x && !at_point(marginal, v - 1))
        return upper ? marginal->upper[v - 1] : marginal->lower[v - 1];
    if (value[v - 1] == x || v == marginal->n_values)
        return score[v - 1];
    return score[v - 1] +
           (score[v] - score[v - 1]) * (x - value[v - 1]) / (value[v] - value[v - 1]);
}

double
gc_marginal_limit(const GcMarginal *marginal, double x, gboolean upper)
{
    const double *value = marginal->value, last = value[marginal->n_values - 1];

    if (isinf(x))
        return x;
    if (x < value[0])
        return marginal->slope[0] > 0.0 ? low_end(marginal) + (x - value[0]) / marginal->slope[0]
                                        : -INFINITY;
    if (x > last)
        return marginal->slope[1] > 0.0 ? high_end(marginal) + (x - last) / marginal->slope[1]
                                        : INFINITY;
    if (x == value[0] && !upper)
        return marginal->low > 0.0 ? low_end(marginal) : -INFINITY;
    if (x == last && upper)
        return marginal->upto[marginal->n_values - 1] < marginal->n ? high_end(marginal) : INFINITY;
    return score_inside(marginal, x, upper);
}
