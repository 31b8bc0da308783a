/* Log densities of factor analysers: normal with a covariance of few factors and a diagonal, of
 * which only some cells are seen. With S the cells that count, r = x - m, over i in S: G = I + sum
 * a_i a_i'/d_i,  q = sum a_i r_i/d_i,  f = G^-1 q, ln N = -1/2 [ sum (ln 2 pi d_i + r_i^2/d_i) + ln
 * |G| - q'f ] by the lemmas of Woodbury and of determinants: no P x P matrix. With v_i = (r_i -
 * a_i'f)/d_i and y_i = G^-1 a_i:  d/dm_i = v_i,  d/dx_i = -v_i,  d/da_i = v_i f - y_i/d_i, d/dd_i =
 * (v_i^2 + a_i'y_i/d_i^2 - 1/d_i)/2 Sums and the l x l algebra in double. */
#include "map-private.h"
#include <lacuna/ops.h>

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

#define LN_2PI 1.83787706640934548356

/* @in of the operator: data, mean, factors, variances, cells that count (NULL: all). @samples: how
 * many rows of parameters a row of data serves. Memory of the arena, for each row of parameters. */
typedef struct {
    size_t rows, samples, p, l;
    LacReal *precision; /* [rows][p] 1/d, 0 where the cell does not count */
    double *inverse;    /* [rows][l][l] G^-1 */
    double *factor;     /* [rows][l] f */
} Factor;

/* One row of parameters with its data. */
typedef struct {
    const LacReal *x, *m, *a, *d, *o, *w; /* a: [l][p] */
    size_t p, l;
} Row;

static Row
row_of(const LacTensor *y, const Factor *self, size_t k)
{
    const size_t p = self->p, b = k / self->samples;

    return (Row){.x = y->in[0]->v + b * p,
                 .m = y->in[1]->v + k * p,
                 .a = y->in[2]->v + k * self->l * p,
                 .d = y->in[3]->v + k * p,
                 .o = y->inputs > 4 ? y->in[4]->v + b * p : NULL,
                 .w = self->precision + k * p,
                 .p = p,
                 .l = self->l};
}

/* What lies under a cell that does not count is chosen away, never multiplied by 0. */
LAC_CLONES static double
weigh_cells(size_t p, const LacReal *x, const LacReal *m, const LacReal *d, const LacReal *o,
            LacReal *w)
{
    double sum = 0.0;

    for (size_t i = 0; i < p; i++) {
        const gboolean counts = o == NULL || o[i] != 0;
        const double r = counts ? (double)x[i] - (double)m[i] : 0.0;

        w[i] = counts ? 1 / d[i] : 0;
        if (counts)
            sum += LN_2PI + log((double)d[i]) + r * r * (double)w[i]; /* w as below: it cancels */
    }
    return sum;
}

/* sum of a b w over the cells that count */
LAC_CLONES static double
weighted_product(size_t p, const LacReal *a, const LacReal *b, const LacReal *w)
{
    double sum = 0.0;

#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < p; i++)
        sum += w[i] != 0 ? (double)a[i] * (double)b[i] * (double)w[i] : 0.0;
    return sum;
}

LAC_CLONES static double
weighted_residual(size_t p, const LacReal *a, const LacReal *x, const LacReal *m, const LacReal *w)
{
    double sum = 0.0;

#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < p; i++)
        sum += w[i] != 0 ? (double)a[i] * ((double)x[i] - (double)m[i]) * (double)w[i] : 0.0;
    return sum;
}

/* G into @g [l][l], q into @q [l] */
static void
moments(const Row *row, double *g, double *q)
{
    for (size_t j = 0; j < row->l; j++) {
        const LacReal *a = row->a + j * row->p;

        q[j] = weighted_residual(row->p, a, row->x, row->m, row->w);
        for (size_t k = 0; k <= j; k++)
            g[j * row->l + k] = g[k * row->l + j] =
                weighted_product(row->p, a, row->a + k * row->p, row->w) + (j == k ? 1.0 : 0.0);
    }
}

/* @g becomes its inverse, @f = G^-1 @f. Returns: ln |G| - q'f, NaN when G is not finite. */
static double
solve(size_t l, double *g, double *f)
{
    const blasint n = (blasint)l;
    double value = 0.0;

    if (LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', n, g, n) != 0)
        return NAN;
    for (size_t j = 0; j < l; j++)
        value += 2.0 * log(g[j * l + j]);
    cblas_dtrsv(CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, n, g, n, f, 1);
    value -= cblas_ddot(n, f, 1, f, 1);
    cblas_dtrsv(CblasRowMajor, CblasLower, CblasTrans, CblasNonUnit, n, g, n, f, 1);
    LAPACKE_dpotri_work(LAPACK_COL_MAJOR, 'U', n, g, n);
    for (size_t j = 0; j < l; j++)
        for (size_t k = j + 1; k < l; k++)
            g[j * l + k] = g[k * l + j];
    return value;
}

static void
factor_forward(size_t begin, size_t end, unsigned worker, void *user)
{
    LacTensor *y = user;
    const Factor *self = y->saved;
    const size_t l = self->l;

    for (size_t k = begin; k < end; k++) {
        const Row row = row_of(y, self, k);
        double sum = weigh_cells(row.p, row.x, row.m, row.d, row.o, self->precision + k * row.p);

        moments(&row, self->inverse + k * l * l, self->factor + k * l);
        y->v[k] =
            (LacReal)(-0.5 * (sum + solve(l, self->inverse + k * l * l, self->factor + k * l)));
    }
}

/* ---- backward -------------------------------------------------------------------------------- */

/* Where slopes go; NULL: not wanted. */
typedef struct {
    const LacTensor *y;
    LacReal *g[4];
    gboolean add[4];
} Back;

static inline void
put(const Back *back, unsigned k, gboolean add, size_t at, double slope)
{
    if (back->g[k] != NULL)
        back->g[k][at] = (LacReal)((add ? (double)back->g[k][at] : 0.0) + slope);
}

/* y = G^-1 a_i of one cell, and its product with a_i */
static double
spread(const Row *row, const double *inverse, size_t i, double *y)
{
    double product = 0.0;

    for (size_t j = 0; j < row->l; j++) {
        y[j] = 0.0;
        for (size_t k = 0; k < row->l; k++)
            y[j] += inverse[j * row->l + k] * (double)row->a[k * row->p + i];
        product += y[j] * (double)row->a[j * row->p + i];
    }
    return product;
}

/* @first: the first of the rows of parameters that share their data */
static void
row_backward(const Back *back, const Factor *self, size_t k, gboolean first, double *y)
{
    const Row row = row_of(back->y, self, k);
    const double *f = self->factor + k * row.l, *inverse = self->inverse + k * row.l * row.l;
    const double gy = (double)back->y->grad[k];
    const size_t p = row.p, data = k / self->samples * p;

    for (size_t i = 0; i < p; i++) {
        const double w = (double)row.w[i];
        double v = 0.0, product = 0.0;

        if (w != 0.0) {
            product = spread(&row, inverse, i, y);
            v = (double)row.x[i] - (double)row.m[i];
            for (size_t j = 0; j < row.l; j++)
                v -= (double)row.a[j * p + i] * f[j];
            v *= w;
        }
        put(back, 0, back->add[0] || !first, data + i, -gy * v);
        put(back, 1, back->add[1], k * p + i, gy * v);
        for (size_t j = 0; j < row.l; j++)
            put(back, 2, back->add[2], (k * row.l + j) * p + i,
                w != 0.0 ? gy * (v * f[j] - w * y[j]) : 0.0);
        put(back, 3, back->add[3], k * p + i, gy * 0.5 * (v * v + product * w * w - w));
    }
}

static void
factor_back(size_t begin, size_t end, unsigned worker, void *user)
{
    enum { USUAL = 64 };
    const Back *back = user;
    const Factor *self = back->y->saved;
    double usual[USUAL];
    g_autofree double *many = self->l > USUAL ? g_new(double, self->l) : NULL;

    for (size_t b = begin; b < end; b++)
        for (size_t s = 0; s < self->samples; s++)
            row_backward(back, self, b * self->samples + s, s == 0, many != NULL ? many : usual);
}

static size_t
grain_of(const Factor *self)
{
    return MAX(1, NN_GRAIN / (self->samples * self->p * (self->l + 1) * (self->l + 1)));
}

static void
factor_backward(const LacTensor *y)
{
    const Factor *self = y->saved;
    Back back = {.y = y};

    for (unsigned k = 0; k < G_N_ELEMENTS(back.g); k++)
        if (lac_tensor_wants(y, k)) {
            back.g[k] = y->in[k]->grad;
            back.add[k] = !lac_tensor_first(y->in[k]);
        }
    nn_for(self->rows / self->samples, grain_of(self), factor_back, &back);
}

static const LacOp lac_op_factor_rows = {
    "factor_rows", "ln N(x; m, A A' + D)", factor_backward, NULL, .assigns = TRUE,
};

/* ---- shapes ---------------------------------------------------------------------------------- */

static gboolean
same_shape(const LacTensor *a, const LacTensor *b)
{
    return a->dims == b->dims && memcmp(a->shape, b->shape, a->dims * sizeof *a->shape) == 0;
}

/* [... x p] goes with [... x l x p] */
static gboolean
factors_fit(const LacTensor *m, const LacTensor *a)
{
    return m->dims >= 1 && a->dims == m->dims + 1 &&
           memcmp(m->shape, a->shape, (m->dims - 1) * sizeof *m->shape) == 0 &&
           a->shape[a->dims - 1] == m->shape[m->dims - 1] && a->shape[a->dims - 2] > 0;
}

/* Data of m's shape, or [B x p] that serves the K rows of [B x K x p]. */
static gboolean
data_fits(const LacTensor *m, const LacTensor *x)
{
    return same_shape(m, x) || (m->dims == 3 && x->dims == 2 && x->shape[0] == m->shape[0] &&
                                x->shape[1] == m->shape[2]);
}

static Factor *
factor_new(LacTensor *y)
{
    const LacTensor *x = y->in[0], *m = y->in[1], *a = y->in[2];
    Factor *self = lac_tape_alloc(y->tape, sizeof *self);

    if (self == NULL)
        return NULL;
    *self = (Factor){.p = m->shape[m->dims - 1], .l = a->shape[a->dims - 2]};
    self->rows = y->size;
    self->samples = m->size / x->size;
    self->precision = lac_tape_alloc(y->tape, m->size * sizeof *self->precision);
    self->inverse = lac_tape_alloc(y->tape, self->rows * self->l * self->l * sizeof *self->inverse);
    self->factor = lac_tape_alloc(y->tape, self->rows * self->l * sizeof *self->factor);
    y->saved = self;
    return self->precision != NULL && self->inverse != NULL && self->factor != NULL ? self : NULL;
}

LacTensor *
lac_nn_factor_rows(LacTensor *x, LacTensor *m, LacTensor *a, LacTensor *d, LacTensor *o)
{
    LacTensor *y;
    const Factor *self;

    if (x == NULL || m == NULL || a == NULL || d == NULL)
        return NULL;
    if (!factors_fit(m, a) || !same_shape(m, d) || !data_fits(m, x) || x->size == 0)
        return lac_tape_fail(m->tape, LAC_ERROR_SHAPE,
                             "factor_rows: data %s, mean %s, factors %s and variances %s do not "
                             "fit; expected [B x p], [... x p], [... x l x p] and [... x p]",
                             lac_tensor_shape_text(x), lac_tensor_shape_text(m),
                             lac_tensor_shape_text(a), lac_tensor_shape_text(d));
    if (o != NULL && !same_shape(x, o))
        return lac_tape_fail(m->tape, LAC_ERROR_SHAPE,
                             "factor_rows: data %s and cells that count %s do not fit; expected "
                             "the same shape",
                             lac_tensor_shape_text(x), lac_tensor_shape_text(o));
    y = lac_tape_result(&lac_op_factor_rows, o != NULL ? 5 : 4, (LacTensor *[]){x, m, a, d, o},
                        m->dims - 1, m->shape);
    self = y != NULL ? factor_new(y) : NULL;
    if (self == NULL)
        return NULL;
    nn_for(self->rows, MAX(1, grain_of(self) * self->samples), factor_forward, y);
    return lac_tape_done(y);
}
