/* The signed-rank test for paired differences, exact with ties and zeros, and its effect sizes. */
#include "inference-private.h"

#include <lacuna/stats.h>
#include <math.h>

/* at most this many nonzero differences are tested exactly: the table has about 2 n^2 entries */
#define EXACT_MOST 50

typedef struct {
    size_t n;           /* ranks kept */
    double *rank;       /* [n] */
    gboolean *positive; /* [n] */
    double w_plus, total, squares;
} Signed;

static void
signed_clear(Signed *s)
{
    g_free(s->rank);
    g_free(s->positive);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Signed, signed_clear)

static Signed
signed_ranks(size_t n, const double *difference, LacZeros zeros)
{
    Signed s = {.rank = g_new0(double, MAX(n, 1)), .positive = g_new0(gboolean, MAX(n, 1))};
    g_autofree double *size = g_new(double, MAX(n, 1));
    g_autofree double *rank = g_new(double, MAX(n, 1));
    g_autofree gboolean *up = g_new(gboolean, MAX(n, 1));
    size_t ranked = 0;

    for (size_t i = 0; i < n; i++) {
        if (difference[i] == 0.0 && zeros == LAC_ZEROS_DROP)
            continue;
        up[ranked] = difference[i] > 0.0;
        size[ranked++] = fabs(difference[i]);
    }
    lac_ranks(ranked, size, 0.0, rank);
    for (size_t i = 0; i < ranked; i++) {
        if (size[i] == 0.0)
            continue;
        s.rank[s.n] = rank[i];
        s.positive[s.n++] = up[i];
        s.total += rank[i];
        s.squares += rank[i] * rank[i];
        s.w_plus += up[i] ? rank[i] : 0.0;
    }
    return s;
}

/* Doubled ranks are whole numbers, so the law of W+ over all 2^n signs is a table of sums; halving
 * at every step keeps it a probability. */
static double
signed_exact_p(const Signed *s)
{
    const size_t most = (size_t)llround(2.0 * s->total);
    const size_t seen = (size_t)llround(2.0 * s->w_plus);
    g_autofree double *chance = g_new0(double, most + 1);
    double below = 0.0, above = 0.0;
    size_t reached = 0;

    chance[0] = 1.0;
    for (size_t i = 0; i < s->n; i++) {
        const size_t rank = (size_t)llround(2.0 * s->rank[i]);
        reached += rank;
        for (size_t sum = reached + 1; sum-- > 0;) {
            const double with = sum >= rank ? chance[sum - rank] : 0.0;
            chance[sum] = 0.5 * (chance[sum] + with);
        }
    }
    for (size_t sum = 0; sum <= most; sum++) {
        below += sum <= seen ? chance[sum] : 0.0;
        above += sum >= seen ? chance[sum] : 0.0;
    }
    return fmin(1.0, 2.0 * fmin(below, above));
}

static double
signed_normal_p(const Signed *s, gboolean continuity, double *z_out)
{
    double gap = s->w_plus - s->total / 2.0, z;

    if (s->n == 0) {
        if (z_out != NULL)
            *z_out = 0.0;
        return 1.0;
    }
    if (continuity)
        gap = fabs(gap) < 0.5 ? 0.0 : gap - copysign(0.5, gap);
    z = gap / sqrt(s->squares / 4.0);
    if (z_out != NULL)
        *z_out = z;
    return 2.0 * lac_normal_cdf(-fabs(z));
}

double
lac_wilcoxon_normal(size_t n, const double *difference, LacZeros zeros, gboolean continuity,
                    double *z_out)
{
    g_auto(Signed) s = signed_ranks(n, difference, zeros);

    return signed_normal_p(&s, continuity, z_out);
}

/* median of the means of all pairs, each with itself included; infinite differences (failures)
 * have no size and are left out */
static double
median_of_pairs(size_t n, const double *difference)
{
    g_autofree double *finite = g_new(double, MAX(n, 1));
    g_autofree double *means = NULL;
    size_t kept = 0, pairs = 0;

    for (size_t i = 0; i < n; i++)
        if (isfinite(difference[i]))
            finite[kept++] = difference[i];
    if (kept == 0)
        return NAN;
    means = g_new(double, kept *(kept + 1) / 2);
    for (size_t i = 0; i < kept; i++)
        for (size_t j = i; j < kept; j++)
            means[pairs++] = 0.5 * (finite[i] + finite[j]);
    lac_stats_sort(pairs, means);
    return lac_stats_quantile(pairs, means, 0.5, 7);
}

LacWilcoxon
lac_wilcoxon(size_t n, const double *difference, LacZeros zeros)
{
    g_auto(Signed) s = signed_ranks(n, difference, zeros);
    LacWilcoxon out = {.nonzero = s.n, .w_plus = s.w_plus, .w_minus = s.total - s.w_plus};

    out.exact = s.n <= EXACT_MOST;
    out.p = s.n == 0 ? 1.0 : out.exact ? signed_exact_p(&s) : signed_normal_p(&s, TRUE, NULL);
    out.p_least = s.n == 0 ? 1.0 : fmin(1.0, ldexp(2.0, -(int)MIN(s.n, 1000)));
    out.shift = median_of_pairs(n, difference);
    out.biserial = s.total > 0.0 ? (out.w_plus - out.w_minus) / s.total : 0.0;
    return out;
}

void
lac_holm(size_t n, const double *p, double *adjusted)
{
    g_autofree double *sorted = g_new(double, MAX(n, 1));
    g_autofree size_t *where = g_new(size_t, MAX(n, 1)), *order = g_new(size_t, MAX(n, 1));
    size_t tests = 0;
    double largest = 0.0;

    for (size_t i = 0; i < n; i++) {
        adjusted[i] = NAN;
        if (isnan(p[i]))
            continue;
        where[tests] = i;
        sorted[tests++] = p[i];
    }
    lac_stats_order(tests, sorted, order);
    for (size_t l = 0; l < tests; l++) {
        largest = fmax(largest, fmin(1.0, (double)(tests - l) * sorted[order[l]]));
        adjusted[where[order[l]]] = largest;
    }
}
