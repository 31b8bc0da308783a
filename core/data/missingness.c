/* Counting holes: by column, by pair of columns, by pattern. */
#include "missingness-private.h"

#include <lacuna/gaussian.h>
#include <math.h>

void
lac_missingness_free(LacMissingness *m)
{
    if (m == NULL)
        return;
    g_free(m->missing);
    g_free(m->together);
    g_free(m->order);
    g_free(m->count);
    g_free(m->flux);
    g_free(m->pattern);
    g_free(m);
}

/* One pattern stands for all its rows, so pairs are counted once for each pattern. */
static void
missingness_count(LacMissingness *m, const LacPatterns *patterns)
{
    const size_t p = m->cols;

    for (size_t k = 0; k < patterns->n; k++) {
        const size_t rows = patterns->start[k + 1] - patterns->start[k], q = patterns->missing[k];
        const size_t *column = patterns->column + k * p;

        m->holes += rows * q;
        m->complete += q == 0 ? rows : 0;
        m->empty += q == p ? rows : 0;
        for (size_t a = 0; a < q; a++)
            for (size_t b = 0; b < q; b++)
                m->together[column[a] * p + column[b]] += rows;
    }
    for (size_t j = 0; j < p; j++)
        m->missing[j] = m->together[j * p + j];
}

/* Means over the other columns of the shares behind ainb and aout. */
static void
missingness_means(const LacMissingness *m, size_t j, LacFlux *flux)
{
    const double here = (double)m->missing[j], seen = (double)(m->rows - m->missing[j]);
    double in = 0.0, out = 0.0;

    for (size_t k = 0; k < m->cols; k++) {
        const double both = (double)m->together[j * m->cols + k];

        if (k == j)
            continue;
        if (here > 0.0)
            in += (here - both) / here;
        if (seen > 0.0)
            out += ((double)m->missing[k] - both) / seen;
    }
    flux->ainb = m->cols > 1 ? in / (double)(m->cols - 1) : 0.0;
    flux->aout = m->cols > 1 ? out / (double)(m->cols - 1) : 0.0;
}

static void
missingness_flux(LacMissingness *m)
{
    const double n = (double)m->rows, cells = n * (double)m->cols, holes = (double)m->holes;

    for (size_t j = 0; j < m->cols; j++) {
        const double seen = n - (double)m->missing[j];
        double in = 0.0, out = 0.0;

        for (size_t k = 0; k < m->cols; k++) {
            const double both = (double)m->together[j * m->cols + k];

            in += (double)m->missing[j] - both;  /* j missing, k observed */
            out += (double)m->missing[k] - both; /* j observed, k missing */
        }
        m->flux[j].observed = n > 0.0 ? seen / n : NAN;
        m->flux[j].influx = in > 0.0 ? in / (cells - holes) : 0.0;
        m->flux[j].outflux = holes > 0.0 ? out / holes : NAN;
        m->flux[j].fico = seen > 0.0 ? (seen - (double)m->complete) / seen : NAN;
        missingness_means(m, j, &m->flux[j]);
    }
}

static void
missingness_order(LacMissingness *m)
{
    for (size_t j = 0; j < m->cols; j++) { /* by insertion: stable, and columns are few */
        size_t at = j;

        for (; at > 0 && m->missing[m->order[at - 1]] > m->missing[j]; at--)
            m->order[at] = m->order[at - 1];
        m->order[at] = j;
    }
}

static int
patterns_compare(gconstpointer left, gconstpointer right, gpointer user)
{
    const LacPatterns *patterns = user;
    const size_t a = *(const size_t *)left, b = *(const size_t *)right;
    const size_t rows_a = patterns->start[a + 1] - patterns->start[a];
    const size_t rows_b = patterns->start[b + 1] - patterns->start[b];

    if (patterns->missing[a] != patterns->missing[b])
        return patterns->missing[a] < patterns->missing[b] ? -1 : 1;
    if (rows_a != rows_b)
        return rows_a > rows_b ? -1 : 1;
    return patterns->row[patterns->start[a]] < patterns->row[patterns->start[b]] ? -1 : 1;
}

static void
missingness_patterns(LacMissingness *m, LacPatterns *patterns)
{
    g_autofree size_t *sorted = g_new(size_t, MAX(patterns->n, 1));

    for (size_t k = 0; k < patterns->n; k++)
        sorted[k] = k;
    if (patterns->n > 1)
        g_qsort_with_data(sorted, (gint)patterns->n, sizeof *sorted, patterns_compare, patterns);
    for (size_t k = 0; k < patterns->n; k++) {
        const size_t from = sorted[k];

        m->count[k] = patterns->start[from + 1] - patterns->start[from];
        for (size_t a = 0; a < patterns->missing[from]; a++)
            m->pattern[k * m->cols + patterns->column[from * m->cols + a]] = 1;
    }
}

static void *
missingness_zeros(size_t n, size_t size, GError **error)
{
    void *block = lac_try_alloc(MAX(n, 1), size, "pairs and patterns of holes", error);

    if (block != NULL)
        memset(block, 0, MAX(n, 1) * size);
    return block;
}

LacMissingness *
lac_missingness_new(const LacMask *holes, GError **error)
{
    g_autoptr(LacMissingness) m = g_new0(LacMissingness, 1);
    g_autoptr(LacPatterns) patterns = lac_patterns_new(holes, error);
    const size_t p = holes->cols;

    if (patterns == NULL)
        return NULL;
    m->rows = holes->rows;
    m->cols = p;
    m->n = patterns->n;
    m->missing = g_new0(size_t, MAX(p, 1));
    m->order = g_new0(size_t, MAX(p, 1));
    m->flux = g_new0(LacFlux, MAX(p, 1));
    m->count = g_new0(size_t, MAX(m->n, 1));
    m->together = missingness_zeros(p * p, sizeof *m->together, error);
    if (m->together == NULL)
        return NULL;
    m->pattern = missingness_zeros(m->n * p, 1, error);
    if (m->pattern == NULL)
        return NULL;
    missingness_count(m, patterns);
    missingness_flux(m);
    missingness_order(m);
    missingness_patterns(m, patterns);
    return g_steal_pointer(&m);
}
