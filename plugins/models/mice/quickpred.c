/* Which columns are worth predicting another one with: those correlated with it, or with whether
 * it is missing. Source: van Buuren, Boshuizen and Knook (1999); mice's quickpred(). */
#include "mice.h"

#include <math.h>

/* All pairwise sums come from four products: with O = 1 where observed and X = value there, 0 in
 * holes, O'O counts, (X'O)[j][k] sums x_j over rows with both, likewise (X^2)'O, and X'X. */
typedef struct {
    size_t p;
    LacMatrix *n, *sum, *squares, *cross;
} Pairwise;

static void
pairwise_clear(Pairwise *pair)
{
    lac_matrix_free(pair->n);
    lac_matrix_free(pair->sum);
    lac_matrix_free(pair->squares);
    lac_matrix_free(pair->cross);
}

static double
pairwise_at(const LacMatrix *m, size_t j, size_t k)
{
    return m->v[j * m->stride + k];
}

static double
pairwise_ratio(double covariance, double a, double b)
{
    return a > 0.0 && b > 0.0 ? fabs(covariance) / sqrt(a * b) : 0.0;
}

/* |cor(x_j, x_k)| over the rows where both are observed; 0 where it is not defined. */
static double
pairwise_values(const Pairwise *pair, size_t j, size_t k)
{
    const double n = pairwise_at(pair->n, j, k), sj = pairwise_at(pair->sum, j, k),
                 sk = pairwise_at(pair->sum, k, j);

    if (n < 2.0)
        return 0.0;
    return pairwise_ratio(pairwise_at(pair->cross, j, k) - sj * sk / n,
                          pairwise_at(pair->squares, j, k) - sj * sj / n,
                          pairwise_at(pair->squares, k, j) - sk * sk / n);
}

/* |cor(x_j is observed, x_k)| over the rows where k is observed. */
static double
pairwise_response(const Pairwise *pair, size_t j, size_t k)
{
    const double n = pairwise_at(pair->n, k, k), both = pairwise_at(pair->n, j, k),
                 sk = pairwise_at(pair->sum, k, k);

    if (n < 2.0)
        return 0.0;
    return pairwise_ratio(pairwise_at(pair->sum, k, j) - both * sk / n, both - both * both / n,
                          pairwise_at(pair->squares, k, k) - sk * sk / n);
}

/* Share of j's holes in rows in which k is observed; 1 when j has none. */
static double
pairwise_usable(const Pairwise *pair, size_t rows, size_t j, size_t k)
{
    const double holes = (double)rows - pairwise_at(pair->n, j, j);

    return holes > 0.0 ? (pairwise_at(pair->n, k, k) - pairwise_at(pair->n, j, k)) / holes : 1.0;
}

/* Columns centred and scaled by their observed cells, so that the sums lose no digits. */
static void
pairwise_tables(const LacData *train, LacMatrix *x, LacMatrix *o)
{
    for (size_t j = 0; j < train->cols; j++) {
        double n = 0.0, mean = 0.0, squares = 0.0;

        for (size_t i = 0; i < train->rows; i++) {
            if (!lac_data_is_hole(train, i, j)) {
                const double d = lac_data_at(train, i, j) - mean;

                n += 1.0;
                mean += d / n;
                squares += d * (lac_data_at(train, i, j) - mean);
            }
        }
        const double scale = squares > 0.0 ? sqrt(n / squares) : 1.0;

        for (size_t i = 0; i < train->rows; i++) {
            const gboolean hole = lac_data_is_hole(train, i, j);

            lac_matrix_row(o, i)[j] = hole ? 0.0 : 1.0;
            lac_matrix_row(x, i)[j] = hole ? 0.0 : (lac_data_at(train, i, j) - mean) * scale;
        }
    }
}

static gboolean
pairwise_sums(const LacData *train, Pairwise *pair, GError **error)
{
    const size_t p = train->cols;
    g_autoptr(LacMatrix) x = lac_matrix_new(train->rows, p, error);
    g_autoptr(LacMatrix) o = x ? lac_matrix_new(train->rows, p, error) : NULL;

    if (o == NULL)
        return FALSE;
    LacMatrix **sums[] = {&pair->n, &pair->sum, &pair->squares, &pair->cross};

    for (size_t k = 0; k < G_N_ELEMENTS(sums); k++) {
        *sums[k] = lac_matrix_new(p, p, error);
        if (*sums[k] == NULL)
            return FALSE;
    }
    pairwise_tables(train, x, o);
    lac_gemm(TRUE, FALSE, 1.0, o, o, 0.0, pair->n);
    lac_gemm(TRUE, FALSE, 1.0, x, o, 0.0, pair->sum);
    lac_gemm(TRUE, FALSE, 1.0, x, x, 0.0, pair->cross);
    for (size_t i = 0; i < train->rows * p; i++)
        x->v[i] *= x->v[i];
    lac_gemm(TRUE, FALSE, 1.0, x, o, 0.0, pair->squares);
    return TRUE;
}

gboolean *
mice_quickpred(const LacData *train, double mincor, double minpuc, GError **error)
{
    const size_t p = train->cols;
    Pairwise pair = {.p = p};
    gboolean *predicts = NULL;

    if (pairwise_sums(train, &pair, error)) {
        predicts = g_new0(gboolean, p * p + 1);
        for (size_t j = 0; j < p; j++) {
            for (size_t k = 0; k < p; k++) {
                const double most =
                    MAX(pairwise_values(&pair, j, k), pairwise_response(&pair, j, k));

                predicts[j * p + k] =
                    j != k && most > mincor && pairwise_usable(&pair, train->rows, j, k) >= minpuc;
            }
        }
    }
    pairwise_clear(&pair);
    return predicts;
}
