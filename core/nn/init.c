/* How weights start. */
#include "net-private.h"

#include <lapacke.h>
#include <math.h>

static void
init_uniform(size_t n, double bound, LacRng *rng, LacReal *v)
{
    for (size_t k = 0; k < n; k++)
        v[k] = (LacReal)(bound * (2.0 * lac_rng_uniform(rng) - 1.0));
}

static void
init_normal(size_t n, double sd, LacRng *rng, LacReal *v)
{
    for (size_t k = 0; k < n; k++)
        v[k] = (LacReal)(sd * lac_rng_normal(rng));
}

/* Saxe et al. (2014): Q of the QR decomposition of a Gaussian matrix, its columns multiplied by
 * the signs of R's diagonal, which makes it uniform over orthogonal matrices. The longer side of
 * the weight is the one decomposed, so that the rows or columns of the other are orthonormal. */
static void
init_orthogonal(const LacNetParam *param, LacRng *rng, LacReal *v)
{
    const size_t rows = param->shape[0], cols = param->size / rows;
    const size_t tall = MAX(rows, cols), narrow = MIN(rows, cols);
    g_autofree double *q = g_new(double, tall *narrow), *tau = g_new(double, narrow);
    g_autofree double *sign = g_new(double, narrow);

    lac_rng_fill_normal(rng, tall * narrow, q);
    LAPACKE_dgeqrf(LAPACK_ROW_MAJOR, (lapack_int)tall, (lapack_int)narrow, q, (lapack_int)narrow,
                   tau);
    for (size_t j = 0; j < narrow; j++)
        sign[j] = q[j * narrow + j] < 0.0 ? -1.0 : 1.0;
    LAPACKE_dorgqr(LAPACK_ROW_MAJOR, (lapack_int)tall, (lapack_int)narrow, (lapack_int)narrow, q,
                   (lapack_int)narrow, tau);
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < cols; j++) {
            const size_t long_side = rows >= cols ? i : j, short_side = rows >= cols ? j : i;

            v[i * cols + j] = (LacReal)(sign[short_side] * q[long_side * narrow + short_side]);
        }
    }
}

void
nn_init(LacNetParam *param, LacInit init, size_t fan_in, size_t fan_out, LacRng *rng)
{
    LacReal *v = lac_net_param_values(param);
    const size_t n = param->size;

    g_assert(init == LAC_INIT_ZEROS || init == LAC_INIT_ONES || init == LAC_INIT_ORTHOGONAL ||
             init == LAC_INIT_NORMAL || fan_in > 0);
    switch (init) {
    case LAC_INIT_ZEROS:
    case LAC_INIT_ONES:
        for (size_t k = 0; k < n; k++)
            v[k] = init == LAC_INIT_ONES;
        return;
    case LAC_INIT_GLOROT:
        init_uniform(n, sqrt(6.0 / (double)(fan_in + fan_out)), rng, v);
        return;
    case LAC_INIT_GLOROT_NORMAL:
        init_normal(n, sqrt(2.0 / (double)(fan_in + fan_out)), rng, v);
        return;
    case LAC_INIT_HE:
        init_normal(n, sqrt(2.0 / (double)fan_in), rng, v);
        return;
    case LAC_INIT_HE_UNIFORM:
        init_uniform(n, sqrt(1.0 / (double)fan_in), rng, v);
        return;
    case LAC_INIT_ORTHOGONAL:
        init_orthogonal(param, rng, v);
        return;
    case LAC_INIT_NORMAL:
        init_normal(n, 0.05, rng, v);
        return;
    }
}
