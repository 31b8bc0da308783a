/* Rules that turn a column's values into byte codes, and the codes, kept in both directions. */
#include <lacuna/bins.h>

#include "base-private.h"
#include <lacuna/stats.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE = 64, /* columns start at a cache line */
};

static size_t
bins_round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static LacBins *
bins_new_sharing(size_t rows, size_t cols, LacBinColumn *columns, gint *shared, GError **error)
{
    g_autoptr(LacBins) self = g_new0(LacBins, 1);

    self->rows = rows;
    self->cols = cols;
    self->stride = bins_round_up(rows + 1, LINE);
    self->width = bins_round_up(cols + 1, cols < LINE ? 16 : LINE);
    self->columns = columns;
    self->shared = shared;
    g_atomic_int_inc(shared);
    if (!(self->codes = lac_try_alloc(self->stride * (cols + 1), 1, "codes of a table", error)) ||
        !(self->by_row = lac_try_alloc((rows + 1) * self->width, 1, "codes of a table", error)))
        return NULL;
    return g_steal_pointer(&self);
}

LacBins *
lac_bins_new(size_t rows, size_t cols, GError **error)
{
    return bins_new_sharing(rows, cols, g_new0(LacBinColumn, cols + 1), g_new0(gint, 1), error);
}

LacBins *
lac_bins_like(const LacBins *bins, size_t rows, GError **error)
{
    return bins_new_sharing(rows, bins->cols, bins->columns, bins->shared, error);
}

void
lac_bins_free(LacBins *bins)
{
    if (bins == NULL)
        return;
    if (g_atomic_int_dec_and_test(bins->shared)) {
        for (size_t j = 0; j < bins->cols; j++) {
            g_free(bins->columns[j].edges);
            g_free(bins->columns[j].centre);
            g_free(bins->columns[j].map);
        }
        g_free(bins->columns);
        g_free(bins->shared);
    }
    g_free(bins->codes);
    g_free(bins->by_row);
    g_free(bins);
}

/* A run of equal values of a sorted column. */
typedef struct {
    double value;
    size_t n;
} BinRun;

/* Equal values are drawn together to the front of @runs; how many runs there are. */
static size_t
bins_runs(size_t n, const double *sorted, BinRun *runs)
{
    size_t m = 0;

    for (size_t i = 0; i < n; i++) {
        if (m > 0 && runs[m - 1].value == sorted[i])
            runs[m - 1].n++;
        else
            runs[m++] = (BinRun){sorted[i], 1};
    }
    return m;
}

/* Between a and b, also where their sum overflows; never b itself, so that b lies above it. */
static double
bins_between(double a, double b, double share)
{
    const double x = a * (1.0 - share) + b * share;

    return x < b ? MAX(x, a) : a;
}

/* Every run has a bin, with @extra bins between two neighbours: the values then sit at the middle
 * of steps of equal width. */
static void
bins_place_all(size_t m, const BinRun *runs, size_t extra, LacBinColumn *column)
{
    const double steps = (double)extra + 1.0;
    size_t at = 0;

    column->n_bins = m + (m - 1) * extra;
    for (size_t r = 0; r + 1 < m; r++) {
        const double a = runs[r].value, b = runs[r + 1].value;

        for (size_t k = 0; k <= extra; k++, at++) {
            column->edges[at] = bins_between(a, b, ((double)k + 0.5) / steps);
            column->centre[at] = k == 0 ? a : bins_between(a, b, (double)k / steps);
        }
    }
    column->centre[at] = runs[m - 1].value;
}

/** BinShare: what is left to be shared out, without the runs that have a bin of their own. */
typedef struct {
    size_t values, bins;
} BinShare;

/* More than twice an even share; there are fewer than half as many as bins. */
static gboolean
bins_stands_alone(const BinRun *run, size_t n)
{
    return run->n > 2 * (n / LAC_BINS_MOST + 1);
}

static BinShare
bins_share(size_t n, size_t m, const BinRun *runs)
{
    BinShare share = {n, LAC_BINS_MOST};

    for (size_t r = 0; r < m; r++) {
        if (bins_stands_alone(&runs[r], n)) {
            share.values -= runs[r].n;
            share.bins--;
        }
    }
    return share;
}

/* Whether the bin that holds @held values up to @run ends there: it is closer to its share than it
 * would be with @next, or one of the two stands alone. */
static gboolean
bins_ends(const BinShare *share, size_t n, size_t held, const BinRun *run, const BinRun *next)
{
    const double even = (double)share->values / (double)MAX(share->bins, 1);

    return bins_stands_alone(run, n) || bins_stands_alone(next, n) ||
           (double)(held + held + next->n) >= 2.0 * even;
}

/* Bins that hold about as many values each. */
static void
bins_place_quantiles(size_t n, size_t m, const BinRun *runs, LacBinColumn *column)
{
    BinShare share = bins_share(n, m, runs);
    size_t bins = 0, held = 0, first = 0;
    double sum = 0.0;

    for (size_t r = 0; r < m; r++) {
        const gboolean last = r + 1 == m;

        held += runs[r].n;
        sum += runs[r].value * ((double)runs[r].n / (double)n);
        if (!last &&
            (bins + 1 == LAC_BINS_MOST || !bins_ends(&share, n, held, &runs[r], &runs[r + 1])))
            continue;
        column->centre[bins] =
            CLAMP(sum * ((double)n / (double)held), runs[first].value, runs[r].value);
        if (!last)
            column->edges[bins] = bins_between(runs[r].value, runs[r + 1].value, 0.5);
        if (!bins_stands_alone(&runs[r], n)) {
            share.values -= held;
            share.bins -= share.bins > 0;
        }
        bins++;
        held = 0;
        sum = 0.0;
        first = r + 1;
    }
    column->n_bins = bins;
}

static void
bins_column_clear(LacBinColumn *column)
{
    g_free(column->edges);
    g_free(column->centre);
    g_free(column->map);
    memset(column, 0, sizeof *column);
}

void
lac_bins_learn_ordered(LacBins *bins, size_t j, size_t n, double *seen, size_t between)
{
    LacBinColumn *column = &bins->columns[j];
    g_autofree BinRun *runs = g_new(BinRun, n + 1);

    bins_column_clear(column);
    column->edges = g_new0(double, LAC_BINS_MOST);
    column->centre = g_new0(double, LAC_BINS_MOST);
    column->n_bins = 1;
    lac_stats_sort(n, seen);
    const size_t m = bins_runs(n, seen, runs);

    if (m > LAC_BINS_MOST)
        bins_place_quantiles(n, m, runs, column);
    else if (m > 1)
        bins_place_all(m, runs, MIN(between, (LAC_BINS_MOST - m) / (m - 1)), column);
    else if (m == 1)
        column->centre[0] = runs[0].value;
}

/** BinLevel: a level and how often it was seen. */
typedef struct {
    size_t level, n;
} BinLevel;

static int
bins_compare_levels(const void *a, const void *b)
{
    const BinLevel *x = a, *y = b;

    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return (x->level > y->level) - (x->level < y->level);
}

size_t
lac_bins_learn_nominal(LacBins *bins, size_t j, size_t n, const double *levels, size_t n_levels)
{
    LacBinColumn *column = &bins->columns[j];
    const gboolean fits = n_levels <= LAC_BINS_MOST;

    bins_column_clear(column);
    column->nominal = TRUE;
    column->n_levels = n_levels;
    column->n_bins = fits ? MAX(n_levels, 1) : LAC_BINS_MOST;
    column->map = g_new(uint8_t, n_levels + 1);
    for (size_t l = 0; fits && l < n_levels; l++)
        column->map[l] = (uint8_t)l;
    if (fits)
        return 0;
    g_autofree BinLevel *count = g_new0(BinLevel, n_levels);

    for (size_t l = 0; l < n_levels; l++)
        count[l].level = l;
    for (size_t i = 0; i < n; i++)
        count[(size_t)levels[i]].n++;
    qsort(count, n_levels, sizeof *count, bins_compare_levels);
    for (size_t l = 0; l < n_levels; l++)
        column->map[count[l].level] = (uint8_t)MIN(l, LAC_BINS_MOST - 1);
    return n_levels - (LAC_BINS_MOST - 1);
}

/* The first edge not below x; branch-free halving. */
static inline uint8_t
bins_find(size_t n_edges, const double *edges, double x)
{
    const double *base = edges;
    size_t left = n_edges;

    if (n_edges == 0)
        return 0;
    while (left > 1) {
        const size_t half = left / 2;

        base += base[half - 1] < x ? half : 0;
        left -= half;
    }
    return (uint8_t)((size_t)(base - edges) + (*base < x));
}

uint8_t
lac_bins_code(const LacBins *bins, size_t j, double value)
{
    const LacBinColumn *column = &bins->columns[j];

    if (!column->nominal)
        return bins_find(column->n_bins - 1, column->edges, value);
    return value >= 0.0 && value < (double)column->n_levels ? column->map[(size_t)value]
                                                            : (uint8_t)(column->n_bins - 1);
}

void
lac_bins_put(LacBins *bins, size_t j, size_t n, const uint32_t *rows, const double *values)
{
    uint8_t *column = bins->codes + j * bins->stride;

    for (size_t i = 0; i < n; i++) {
        const size_t row = rows != NULL ? rows[i] : i;

        column[row] = bins->by_row[row * bins->width + j] = lac_bins_code(bins, j, values[i]);
    }
}
