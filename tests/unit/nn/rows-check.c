/* Gradients of the rows against central differences, and their values for comparing builds. */
#include "rows.h"

#include <math.h>

#define EXPORT __attribute__((visibility("default")))

static GArray *all; /* Row */

void
NN_BUILD(add_rows)(size_t n, const Row *rows)
{
    if (all == NULL)
        all = g_array_new(FALSE, FALSE, sizeof(Row));
    g_array_append_vals(all, rows, (guint)n);
}

static const Row *
row_number(size_t k)
{
    return &g_array_index(all, Row, k);
}

EXPORT size_t
NN_BUILD(count)(void)
{
    return all->len;
}

#ifndef LAC_NN_DOUBLE
const Row *
nn_float_row(size_t k)
{
    return row_number(k);
}
#endif

/* ---- inputs ---- */

static unsigned
row_inputs(const Row *row)
{
    unsigned n = 0;

    while (n < LAC_OP_INPUTS && row->in[n].dims > 0)
        n++;
    return n;
}

/* Whole numbers of 1/1024, so that float holds them exactly. */
static LacReal
row_value(const RowInput *in, LacRng *rng)
{
    switch (in->kind) {
    case ROW_BITS:
        return (LacReal)lac_rng_below(rng, 2);
    case ROW_CODES:
        return (LacReal)lac_rng_below(rng, (uint64_t)in->high);
    default:
        return (LacReal)(round(1024 * (in->low + (in->high - in->low) * lac_rng_uniform(rng))) /
                         1024);
    }
}

typedef struct {
    const Row *row;
    LacTape *tape;
    LacReal *v[LAC_OP_INPUTS], *grad[LAC_OP_INPUTS]; /* owned */
    size_t size[LAC_OP_INPUTS];
    unsigned inputs;
} RowCase;

static void
row_open(RowCase *c, const Row *row)
{
    LacRng root = lac_rng_new(1), named;

    *c = (RowCase){.row = row, .tape = lac_tape_new(), .inputs = row_inputs(row)};
    named = lac_rng_split(&root, row->label);
    for (unsigned k = 0; k < c->inputs; k++) {
        LacRng rng = lac_rng_at(&named, k);

        c->size[k] = 1;
        for (unsigned d = 0; d < row->in[k].dims; d++)
            c->size[k] *= row->in[k].shape[d];
        c->v[k] = g_new(LacReal, c->size[k]);
        c->grad[k] = g_new0(LacReal, c->size[k]);
        for (size_t i = 0; i < c->size[k]; i++)
            c->v[k][i] = row_value(&row->in[k], &rng);
    }
}

static void
row_close(RowCase *c)
{
    for (unsigned k = 0; k < c->inputs; k++) {
        g_free(c->v[k]);
        g_free(c->grad[k]);
    }
    lac_tape_free(c->tape);
}

static LacTensor *
row_result(RowCase *c, LacTensor **x)
{
    const LacRng rng = lac_rng_new(2);

    lac_tape_reset(c->tape);
    lac_tape_set_rng(c->tape, &rng);
    for (unsigned k = 0; k < c->inputs; k++) {
        const RowInput *in = &c->row->in[k];

        x[k] = lac_tape_leaf(c->tape, c->v[k], in->kind == ROW_VARIABLE ? c->grad[k] : NULL,
                             in->dims, in->shape);
    }
    return c->row->apply(c->tape, x);
}

/* The result's values times fixed weights, summed: every value of the gradient matters. */
static LacTensor *
row_weigh(RowCase *c, LacTensor *y)
{
    LacTensor *w = y != NULL ? lac_tape_constant(c->tape, y->dims, y->shape) : NULL;

    for (size_t i = 0; w != NULL && i < w->size; i++)
        w->v[i] = (LacReal)(1.0 + 0.25 * (double)(i % 7) - 0.5 * (double)(i % 3));
    return lac_nn_sum(lac_nn_mul(y, w), 0, FALSE);
}

static RowValues
row_values(const Row *row)
{
    LacTensor *x[LAC_OP_INPUTS], *y, *loss;
    g_autoptr(GError) error = NULL;
    RowValues values = {0};
    RowCase c;

    row_open(&c, row);
    y = row_result(&c, x);
    loss = row_weigh(&c, y);
    if (!lac_tape_backward(c.tape, loss, &error))
        g_error("%s (%s): %s", row->op, row->label, error->message);
    values.n = 1 + y->size;
    for (unsigned k = 0; k < c.inputs; k++)
        values.n += c.size[k];
    values.v = g_new(double, values.n);
    values.n = 0;
    values.v[values.n++] = (double)loss->v[0];
    for (size_t i = 0; i < y->size; i++)
        values.v[values.n++] = (double)y->v[i];
    for (unsigned k = 0; k < c.inputs; k++) {
        for (size_t i = 0; i < c.size[k]; i++)
            values.v[values.n++] = (double)c.grad[k][i];
    }
    row_close(&c);
    return values;
}

EXPORT RowValues
NN_BUILD(values)(size_t k)
{
    return row_values(row_number(k));
}

#ifdef LAC_NN_DOUBLE

/* ---- differences ---- */

/* Central differences: the error of the formula is about h^2 = 1e-10, that of rounding about
 * 1e-16 / h = 1e-11, both times the size of derivatives and sums. */
static const double step = 1e-5, tolerance = 1e-6;

typedef LacTensor *(*RowScalar)(RowCase *c);

static char *
row_compare(RowCase *c, RowScalar scalar, unsigned k, size_t i)
{
    const double old = c->v[k][i], analytic = c->grad[k][i], loose = MAX(1.0, c->row->loose);
    double up, down, numeric;

    c->v[k][i] = old + step;
    up = scalar(c)->v[0];
    c->v[k][i] = old - step;
    down = scalar(c)->v[0];
    c->v[k][i] = old;
    numeric = (up - down) / (2 * step);
    if (fabs(analytic - numeric) <= loose * tolerance * MAX(0.1, fabs(numeric)))
        return NULL;
    return g_strdup_printf("%s (%s): gradient by value %zu of input %u is %.10g, differences give "
                           "%.10g",
                           c->row->op, c->row->label, i, k, analytic, numeric);
}

static char *
row_check(const Row *row, RowScalar scalar)
{
    g_autoptr(GError) error = NULL;
    char *wrong = NULL;
    RowCase c;

    row_open(&c, row);
    if (!lac_tape_backward(c.tape, scalar(&c), &error))
        wrong = g_strdup_printf("%s (%s): %s", row->op, row->label, error->message);
    for (unsigned k = 0; k < c.inputs && wrong == NULL; k++) {
        for (size_t i = 0; row->in[k].kind == ROW_VARIABLE && i < c.size[k] && wrong == NULL; i++)
            wrong = row_compare(&c, scalar, k, i);
    }
    row_close(&c);
    return wrong;
}

/* ---- first gradients ---- */

static LacTensor *
row_loss(RowCase *c)
{
    LacTensor *x[LAC_OP_INPUTS];

    return row_weigh(c, row_result(c, x));
}

EXPORT char *
nn_double_check_gradient(size_t k)
{
    return row_check(row_number(k), row_loss);
}

/* ---- second gradients: the sum of squares of all first ones, by recorded operators ---- */

static LacTensor *
row_penalty(RowCase *c)
{
    LacTensor *x[LAC_OP_INPUTS], *loss = row_weigh(c, row_result(c, x)), *sum = NULL;

    for (unsigned k = 0; k < c->inputs; k++) {
        LacTensor *g;

        if (c->row->in[k].kind != ROW_VARIABLE)
            continue;
        g = lac_nn_sum(lac_nn_square(lac_tape_gradient(c->tape, loss, x[k])), 0, FALSE);
        sum = sum != NULL ? lac_nn_add(sum, g) : g;
    }
    /* a gradient that does not depend on the inputs still has to be a function of them */
    return lac_nn_add(sum, lac_nn_affine(loss, (LacReal)0.125, 0));
}

/* Whether the recorded gradients are the numeric ones. */
static char *
row_check_recorded(const Row *row)
{
    LacTensor *x[LAC_OP_INPUTS], *loss, *g[LAC_OP_INPUTS] = {NULL};
    g_autoptr(GError) error = NULL;
    char *wrong = NULL;
    RowCase c;

    row_open(&c, row);
    loss = row_weigh(&c, row_result(&c, x));
    for (unsigned k = 0; k < c.inputs; k++) {
        if (row->in[k].kind == ROW_VARIABLE)
            g[k] = lac_tape_gradient(c.tape, loss, x[k]);
    }
    if (!lac_tape_backward(c.tape, loss, &error))
        wrong = g_strdup_printf("%s (%s): %s", row->op, row->label, error->message);
    for (unsigned k = 0; k < c.inputs && wrong == NULL; k++) {
        for (size_t i = 0; g[k] != NULL && i < c.size[k] && wrong == NULL; i++) {
            if (fabs(g[k]->v[i] - c.grad[k][i]) > 1e-12 * MAX(1.0, fabs(c.grad[k][i])))
                wrong = g_strdup_printf("%s (%s): recorded gradient by value %zu of input %u is "
                                        "%.17g, expected %.17g",
                                        row->op, row->label, i, k, g[k]->v[i], c.grad[k][i]);
        }
    }
    row_close(&c);
    return wrong;
}

/* Whether the operator of the row can be differentiated twice. */
static gboolean
row_records(const Row *row)
{
    LacTensor *x[LAC_OP_INPUTS], *y;
    gboolean records;
    RowCase c;

    row_open(&c, row);
    y = row_result(&c, x);
    records = y != NULL && y->op != NULL && y->op->record != NULL;
    row_close(&c);
    return records;
}

EXPORT char *
nn_double_check_second_gradient(size_t k)
{
    const Row *row = row_number(k);
    char *wrong = NULL;

    if (!row_records(row))
        return NULL;
    wrong = row_check_recorded(row);
    return wrong != NULL ? wrong : row_check(row, row_penalty);
}

#endif
