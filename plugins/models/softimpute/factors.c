/* M = U diag(s) V' and the small decompositions it is kept up with. */
#include "softimpute.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

#define DROPPED 1e-8   /* singular values below this share of the largest are rounding */
#define ROUNDING 1e-15 /* smaller changes cannot be told from none */

SoftFactors *
soft_factors_new(size_t rows, size_t cols, size_t most, GError **error)
{
    g_autoptr(SoftFactors) m = g_new0(SoftFactors, 1);

    m->rows = rows;
    m->cols = cols;
    m->room = MAX(most, 1);
    m->most = (m->room + SOFT_LANES - 1) / SOFT_LANES * SOFT_LANES;
    m->u = lac_try_alloc(rows * m->most + 1, sizeof(double), "left factor", error);
    m->v = m->u ? lac_try_alloc(cols * m->most + 1, sizeof(double), "right factor", error) : NULL;
    m->s = g_new0(double, m->most);
    return m->v != NULL ? g_steal_pointer(&m) : NULL;
}

SoftFactors *
soft_factors_dup(const SoftFactors *m, GError **error)
{
    SoftFactors *copy = soft_factors_new(m->rows, m->cols, m->room, error);

    if (copy == NULL)
        return NULL;
    copy->rank = m->rank;
    memcpy(copy->u, m->u, m->rows * m->most * sizeof(double));
    memcpy(copy->v, m->v, m->cols * m->most * sizeof(double));
    memcpy(copy->s, m->s, m->most * sizeof(double));
    return copy;
}

void
soft_factors_free(SoftFactors *m)
{
    if (m == NULL)
        return;
    g_free(m->u);
    g_free(m->v);
    g_free(m->s);
    g_free(m);
}

/* Column @c of u made orthogonal to those before it, and of length 1; FALSE when nothing is left.
 */
static gboolean
factors_orthogonalise(SoftFactors *m, size_t c)
{
    double length = 0.0;

    for (int twice = 0; twice < 2; twice++) { /* twice is enough */
        for (size_t b = 0; b < c; b++) {
            double dot = 0.0;

            for (size_t i = 0; i < m->rows; i++)
                dot += m->u[i * m->most + b] * m->u[i * m->most + c];
            for (size_t i = 0; i < m->rows; i++)
                m->u[i * m->most + c] -= dot * m->u[i * m->most + b];
        }
    }
    for (size_t i = 0; i < m->rows; i++)
        length += m->u[i * m->most + c] * m->u[i * m->most + c];
    for (size_t i = 0; i < m->rows; i++)
        m->u[i * m->most + c] /= sqrt(length);
    return length > 1e-20;
}

void
soft_factors_grow(SoftFactors *m, size_t rank, LacRng *rng)
{
    const double s = m->rank > 0 ? m->s[m->rank - 1] : 1.0;

    g_assert(rank <= m->room && rank <= m->rows);
    for (; m->rank < rank; m->rank++) {
        const size_t c = m->rank;

        do {
            for (size_t i = 0; i < m->rows; i++)
                m->u[i * m->most + c] = lac_rng_normal(rng);
        } while (!factors_orthogonalise(m, c));
        for (size_t j = 0; j < m->cols; j++)
            m->v[j * m->most + c] = 0.0;
        m->s[c] = s;
    }
}

void
soft_factors_take(const SoftFactors *m, size_t n, const double *from, double *side)
{
    const size_t rest = m->most - m->rank;

    for (size_t i = 0; i < n; i++) {
        memcpy(side + i * m->most, from + i * m->most, m->rank * sizeof(double));
        memset(side + i * m->most + m->rank, 0, rest * sizeof(double));
    }
}

void
soft_factors_cut(SoftFactors *m)
{
    const size_t before = m->rank;

    while (m->rank > 0 && m->s[m->rank - 1] == 0.0)
        m->rank--;
    for (size_t i = 0; i < m->rows; i++)
        memset(m->u + i * m->most + m->rank, 0, (before - m->rank) * sizeof(double));
    for (size_t j = 0; j < m->cols; j++)
        memset(m->v + j * m->most + m->rank, 0, (before - m->rank) * sizeof(double));
}

/* ---- tall and thin ----------------------------------------------------------------------------
 */

enum { ROWS = 256, MOST_PARTS = 32 };

typedef struct {
    size_t n, k, ld, k2, ld2, rows; /* rows: of a part */
    double *a;
    const double *b;
    double *out; /* [parts][k][k2] */
} TallTask;

static size_t
tall_grain(size_t n, size_t k)
{
    return n * k * k < 1000000 ? MAX(n, 1) : ROWS;
}

static void
rotate_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const TallTask *task = user;
    const size_t k = task->k;
    g_autofree double *copy = g_new(double, ROWS *k);
    LacMatrix turn = {k, k, k, (double *)task->b};

    for (size_t first = begin; first < end; first += ROWS) {
        const size_t rows = MIN((size_t)ROWS, end - first);
        LacMatrix in = {rows, k, k, copy}, out = {rows, k, task->ld, task->a + first * task->ld};

        for (size_t i = 0; i < rows; i++)
            memcpy(copy + i * k, task->a + (first + i) * task->ld, k * sizeof(double));
        lac_gemm(FALSE, FALSE, 1.0, &in, &turn, 0.0, &out);
    }
}

void
soft_rotate(size_t n, size_t k, size_t ld, double *a, const double *q)
{
    TallTask task = {.n = n, .k = k, .ld = ld, .a = a, .b = q};

    if (k > 0)
        lac_parallel_for(n, tall_grain(n, k), rotate_rows, &task);
}

static void
cross_part(size_t begin, size_t end, unsigned worker, void *user)
{
    const TallTask *task = user;

    for (size_t part = begin; part < end; part++) {
        const size_t first = MIN(part * task->rows, task->n);
        const size_t rows = MIN(task->rows, task->n - first);
        LacMatrix a = {rows, task->k, task->ld, task->a + first * task->ld};
        LacMatrix b = {rows, task->k2, task->ld2, (double *)task->b + first * task->ld2};
        LacMatrix out = {task->k, task->k2, task->k2, task->out + part * task->k * task->k2};

        if (rows > 0)
            lac_gemm(TRUE, FALSE, 1.0, &a, &b, 0.0, &out);
    }
}

/* out [k][k2] = a'b over n rows; parts that do not depend on threads are added in their order. */
static void
tall_cross(size_t n, size_t k, size_t ld, double *a, size_t k2, size_t ld2, const double *b,
           double *out)
{
    const size_t parts = tall_grain(n, MAX(k, k2)) == ROWS
                             ? CLAMP(n / (4 * ROWS), (size_t)1, (size_t)MOST_PARTS)
                             : 1;
    g_autofree double *sums = g_new0(double, parts *k *k2 + 1);
    TallTask task = {n, k, ld, k2, ld2, (n + parts - 1) / parts, a, b, sums};

    lac_parallel_for(parts, 1, cross_part, &task);
    memcpy(out, sums, k * k2 * sizeof(double));
    for (size_t part = 1; part < parts; part++)
        for (size_t c = 0; c < k * k2; c++)
            out[c] += sums[part * k * k2 + c];
}

/* Through a'a: half the digits of small singular values go, which lambda shrinks to 0 anyway. */
gboolean
soft_thin_svd(size_t n, size_t k, size_t ld, double *a, double *d, double *q, GError **error)
{
    g_autofree double *gram = g_new0(double, k *k + 1);
    LacMatrix g = {k, k, k, gram};
    g_autofree double *w = g_new0(double, k + 1);

    if (k == 0)
        return TRUE;
    tall_cross(n, k, ld, a, k, ld, a, gram);
    if (!lac_eigen_symmetric(&g, w, error))
        return FALSE;
    for (size_t c = 0; c < k; c++) { /* descending */
        d[c] = sqrt(MAX(w[k - 1 - c], 0.0));
        for (size_t r = 0; r < k; r++)
            q[r * k + c] = gram[r * k + k - 1 - c];
    }
    soft_rotate(n, k, ld, a, q);
    for (size_t c = 0; c < k; c++) {
        if (!(d[c] > DROPPED * d[0]))
            d[c] = 0.0;
        for (size_t i = 0; i < n; i++)
            a[i * ld + c] = d[c] > 0.0 ? a[i * ld + c] / d[c] : 0.0;
    }
    return TRUE;
}

gboolean
soft_factors_threshold(SoftFactors *m, size_t rank, double lambda, double *left, double *right,
                       GError **error)
{
    g_autofree double *d = g_new0(double, m->most + 1);
    g_autofree double *q = g_new0(double, m->most * m->most + 1);

    if (!soft_thin_svd(m->rows, rank, m->most, left, d, q, error))
        return FALSE;
    soft_rotate(m->cols, rank, m->most, right, q);
    m->rank = rank;
    soft_factors_take(m, m->rows, left, m->u);
    soft_factors_take(m, m->cols, right, m->v);
    memset(m->s, 0, m->most * sizeof(double));
    for (size_t c = 0; c < rank; c++)
        m->s[c] = MAX(d[c] - lambda, 0.0);
    soft_factors_cut(m);
    return TRUE;
}

double
soft_factors_change(const SoftFactors *m, const SoftFactors *before)
{
    const size_t a = m->rank, b = before->rank;
    g_autofree double *uu = g_new0(double, a *b + 1);
    g_autofree double *vv = g_new0(double, a *b + 1);
    double now = 0.0, then = 0.0, cross = 0.0;

    for (size_t c = 0; c < a; c++)
        now += m->s[c] * m->s[c];
    for (size_t c = 0; c < b; c++)
        then += before->s[c] * before->s[c];
    if (!(then > 0.0) || a == 0 || b == 0)
        return now > 0.0 || then > 0.0 ? INFINITY : 0.0; /* from or to nothing */
    tall_cross(m->rows, a, m->most, m->u, b, before->most, before->u, uu);
    tall_cross(m->cols, a, m->most, m->v, b, before->most, before->v, vv);
    for (size_t c = 0; c < a; c++)
        for (size_t e = 0; e < b; e++)
            cross += m->s[c] * before->s[e] * uu[c * b + e] * vv[c * b + e];
    return MAX(1.0 + now / then - 2.0 * cross / then, ROUNDING);
}
