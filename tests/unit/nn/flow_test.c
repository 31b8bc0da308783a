/* Flows of affine couplings against the formulas from single operators, which gradient_test.c holds
 * against differences, and against what makes them flows: an inverse and a change of volume. */
#include "context-private.h"
#include "lac_test.h"
#include <lacuna/nn.h>
#include <lacuna/parallel.h>

#include <math.h>
#include <string.h>

/** Case: rows through couplings of networks with some hidden layers. */
typedef struct {
    size_t rows, columns, couplings, n_hidden, hidden[3];
    LacActivation activation;
} Case;

static const Case cases[] = {
    {300, 16, 6, 2, {128, 128}, LAC_ACTIVATION_RELU},     {1, 1, 2, 1, {3}, LAC_ACTIVATION_RELU},
    {130, 9, 3, 3, {9, 9, 9}, LAC_ACTIVATION_LEAKY_RELU}, {70, 60, 2, 0, {0}, LAC_ACTIVATION_NONE},
    {40, 20, 2, 2, {300, 250}, LAC_ACTIVATION_RELU}, /* too large for one operator */
};

typedef struct {
    LacNet *net;
    LacFlow flow;
    LacTape *tape;
    LacTensor *x, *y, *log_det;
} Run;

static void
run_open(Run *run, const Case *c)
{
    const LacRng root = lac_rng_new(3);
    LacRng rng = lac_rng_split(&root, "x");

    *run = (Run){.net = lac_net_new(&root), .tape = lac_tape_new()};
    lac_flow_init(&run->flow, run->net, "flow", c->columns, c->couplings, c->n_hidden, c->hidden,
                  c->activation, NULL);
    run->x = lac_tape_variable(run->tape, LAC_SHAPE(c->rows, c->columns));
    for (size_t i = 0; i < run->x->size; i++)
        run->x->v[i] = (LacReal)(2 * lac_rng_uniform(&rng) - 1);
}

static void
run_close(Run *run)
{
    lac_flow_clear(&run->flow);
    lac_net_free(run->net);
    lac_tape_free(run->tape);
}

/* The formulas of lacuna/flow.h, one operator for each. */
static LacTensor *
by_formulas(const LacFlow *flow, LacTensor *x, gboolean decode, LacTensor **log_det)
{
    LacTensor *sum = NULL;

    for (size_t i = 0; i < flow->couplings; i++) {
        const size_t k = decode ? flow->couplings - 1 - i : i;
        LacTensor *m =
            lac_tape_input(x->tape, flow->masks + k * flow->columns, LAC_SHAPE(flow->columns));
        LacTensor *o = lac_nn_affine(m, -1, 1), *h = lac_nn_mul(x, m);
        LacTensor *a = lac_nn_mul(lac_mlp_apply(&flow->scale[k], h), o);
        LacTensor *t = lac_mlp_apply(&flow->shift[k], h), *scales = lac_nn_sum(a, 1u << 1, TRUE);
        LacTensor *moved = decode ? lac_nn_mul(lac_nn_sub(x, t), lac_nn_exp(lac_nn_neg(a)))
                                  : lac_nn_add(lac_nn_mul(x, lac_nn_exp(a)), t);

        x = lac_nn_add(h, lac_nn_mul(o, moved));
        sum = sum != NULL ? lac_nn_add(sum, scales) : scales;
    }
    *log_det = sum;
    return x;
}

/* A loss in which every value of both results has a weight of its own. */
static void
run_step(Run *run, gboolean decode, gboolean formulas)
{
    LacTensor *w, *loss;

    lac_net_zero_gradient(run->net);
    if (formulas)
        run->y = by_formulas(&run->flow, run->x, decode, &run->log_det);
    else
        run->y = decode ? lac_flow_decode(&run->flow, run->x, &run->log_det)
                        : lac_flow_encode(&run->flow, run->x, &run->log_det);
    ASSERT_TRUE(run->y != NULL && run->log_det != NULL);
    w = lac_tape_constant(run->tape, run->y->dims, run->y->shape);
    for (size_t i = 0; i < w->size; i++)
        w->v[i] = (LacReal)(i * 7 % 11) / 11 - (LacReal)0.4;
    loss = lac_nn_sum(lac_nn_mul(run->y, w), 0, FALSE);
    loss = lac_nn_add(loss, lac_nn_sum(lac_nn_square(run->log_det), 0, FALSE));
    ASSERT_TRUE(lac_tape_backward(run->tape, loss, NULL));
}

static void
expect_near(const char *what, size_t k, size_t n, const LacReal *seen, const LacReal *expected)
{
    double largest = 1.0;

    for (size_t i = 0; i < n; i++)
        largest = MAX(largest, fabs((double)expected[i]));
    for (size_t i = 0; i < n; i++)
        LAC_CHECK_OR(return, fabs((double)seen[i] - (double)expected[i]) <= 3e-6 * largest,
                           "case %zu, %s: value %zu of %zu is %.9g, expected %.9g", k, what, i, n,
                           (double)seen[i], (double)expected[i]);
}

/* The same sums in another order: some roundings of 6e-8. */
static void
compare(size_t k, gboolean decode)
{
    Run one, other;

    run_open(&one, &cases[k]);
    run_open(&other, &cases[k]);
    run_step(&one, decode, TRUE);
    run_step(&other, decode, FALSE);
    expect_near("y", k, one.y->size, other.y->v, one.y->v);
    expect_near("log det", k, one.log_det->size, other.log_det->v, one.log_det->v);
    expect_near("gradient by x", k, one.x->size, other.x->grad, one.x->grad);
    expect_near("gradient", k, lac_net_size(one.net), lac_net_gradient(other.net),
                lac_net_gradient(one.net));
    run_close(&one);
    run_close(&other);
}

LAC_TEST(nn_flow, is_its_formulas_for_any_number_of_threads)
{
    const unsigned before = lac_threads(), threads[] = {1, 2, 7};

    for (size_t t = 0; t < G_N_ELEMENTS(threads); t++) {
        lac_threads_set(threads[t]);
        for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
            compare(k, FALSE);
            compare(k, TRUE);
        }
    }
    lac_threads_set(before);
}

LAC_TEST(nn_flow, decode_undoes_encode_and_tells_the_same_volume)
{
    for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
        LacTensor *z, *x, *there, *back;
        Run run;

        run_open(&run, &cases[k]);
        z = lac_flow_encode(&run.flow, run.x, &there);
        x = lac_flow_decode(&run.flow, z, &back);
        ASSERT_TRUE(x != NULL && z != NULL);
        for (size_t i = 0; i < x->size; i++)
            EXPECT_NEAR_DOUBLE(x->v[i], run.x->v[i], 1e-5);
        for (size_t i = 0; i < there->size; i++) {
            EXPECT_NEAR_DOUBLE(back->v[i], there->v[i], 1e-5);
            /* with every other column, half of the couplings move a column, by less than e each */
            EXPECT_TRUE(fabs((double)there->v[i]) <
                        (double)((cases[k].couplings + 1) / 2 * cases[k].columns));
        }
        run_close(&run);
    }
}

/* ln |det| of @a [n x n], by elimination with pivots */
static double
log_det_of(size_t n, double *a)
{
    double sum = 0.0;

    for (size_t k = 0; k < n; k++) {
        size_t pivot = k;

        for (size_t i = k + 1; i < n; i++)
            if (fabs(a[i * n + k]) > fabs(a[pivot * n + k]))
                pivot = i;
        for (size_t j = 0; j < n; j++) {
            const double t = a[k * n + j];

            a[k * n + j] = a[pivot * n + j];
            a[pivot * n + j] = t;
        }
        sum += log(fabs(a[k * n + k]));
        for (size_t i = k + 1; i < n; i++)
            for (size_t j = n; j-- > k;)
                a[i * n + j] -= a[i * n + k] / a[k * n + k] * a[k * n + j];
    }
    return sum;
}

/* Rows of the Jacobian are gradients of single results, here by operators that are recorded. */
LAC_TEST(nn_flow, log_det_is_that_of_the_jacobian)
{
    enum { P = 6 };
    static const Case c = {1, P, 4, 1, {8}, LAC_ACTIVATION_TANH};
    double jacobian[P * P];
    LacTensor *z, *log_det;
    Run run;

    run_open(&run, &c);
    z = lac_flow_encode(&run.flow, run.x, &log_det);
    for (size_t i = 0; i < P; i++) {
        LacTensor *g = lac_tape_gradient(run.tape, lac_nn_slice(z, 1, i, 1), run.x);

        ASSERT_TRUE(g != NULL);
        for (size_t j = 0; j < P; j++)
            jacobian[i * P + j] = (double)g->v[j];
    }
    EXPECT_NEAR_DOUBLE(log_det->v[0], log_det_of(P, jacobian), 1e-5);
    run_close(&run);
}

LAC_TEST(nn_flow, a_frozen_net_passes_gradients_on_and_keeps_none)
{
    Run run, frozen;

    run_open(&run, &cases[2]);
    run_open(&frozen, &cases[2]);
    run_step(&run, FALSE, FALSE);
    lac_net_freeze(frozen.net, TRUE);
    run_step(&frozen, FALSE, FALSE);
    EXPECT_TRUE(memcmp(run.x->grad, frozen.x->grad, run.x->size * sizeof *run.x->grad) == 0);
    for (size_t i = 0; i < lac_net_size(frozen.net); i++)
        ASSERT_TRUE(lac_net_gradient(frozen.net)[i] == 0);
    run_close(&run);
    run_close(&frozen);
}

/* Without recording, memory of couplings is used again. */
LAC_TEST(nn_flow, values_are_the_same_without_recording)
{
    Run run, plain;

    run_open(&run, &cases[0]);
    run_open(&plain, &cases[0]);
    run_step(&run, TRUE, FALSE);
    lac_tape_set_recording(plain.tape, FALSE);
    plain.y = lac_flow_decode(&plain.flow, plain.x, NULL);
    ASSERT_TRUE(plain.y != NULL);
    EXPECT_TRUE(memcmp(run.y->v, plain.y->v, run.y->size * sizeof *run.y->v) == 0);
    run_close(&run);
    run_close(&plain);
}

/* What a column holds that is moved reaches no other. */
LAC_TEST(nn_flow, a_nan_stays_in_its_row_and_is_found)
{
    g_autoptr(GError) error = NULL;
    Run run;

    run_open(&run, &cases[2]);
    run.x->v[0] = (LacReal)NAN;
    run.y = lac_flow_encode(&run.flow, run.x, NULL);
    EXPECT_TRUE(isnan(run.y->v[0]));
    for (size_t i = cases[2].columns; i < run.y->size; i++)
        ASSERT_TRUE(isfinite(run.y->v[i]));
    lac_tape_set_check_numerics(run.tape, TRUE);
    EXPECT_TRUE(lac_flow_encode(&run.flow, run.x, NULL) == NULL);
    EXPECT_FALSE(lac_tape_check(run.tape, &error));
    run_close(&run);
}

LAC_TEST(nn_flow, columns_that_do_not_fit_are_told)
{
    g_autoptr(GError) error = NULL;
    Run run;

    run_open(&run, &cases[2]);
    EXPECT_TRUE(lac_flow_encode(&run.flow, lac_tape_fill(run.tape, 0, LAC_SHAPE(4, 8)), NULL) ==
                NULL);
    EXPECT_FALSE(lac_tape_check(run.tape, &error));
    EXPECT_CONTAINS(error->message, "[4 x 8] does not fit 9 columns");
    run_close(&run);
}
