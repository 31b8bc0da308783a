/* The tape: memory, errors, the NaN detector, gradients of gradients. */
#include "context-private.h"
#include "lac_allocations.h"
#include "lac_test.h"

#include <lacuna/nn.h>

/* ---- a small VAE-like step ---- */

typedef struct {
    LacNet *net;
    LacMlp encoder, decoder;
    LacTape *tape;
    float x[64 * 12];
} Step;

static void
step_open(Step *step)
{
    const LacRng root = lac_rng_new(3);
    LacRng rng = lac_rng_split(&root, "data");

    step->net = lac_net_new(&root);
    lac_mlp_init(&step->encoder, step->net, "encoder", 3, (const size_t[]){12, 32, 8},
                 LAC_ACTIVATION_TANH, LAC_ACTIVATION_NONE, LAC_INIT_GLOROT);
    lac_mlp_init(&step->decoder, step->net, "decoder", 3, (const size_t[]){4, 32, 12},
                 LAC_ACTIVATION_RELU, LAC_ACTIVATION_NONE, LAC_INIT_GLOROT);
    step->tape = lac_tape_new();
    for (size_t i = 0; i < G_N_ELEMENTS(step->x); i++)
        step->x[i] = (float)lac_rng_below(&rng, 2);
}

static void
step_close(Step *step)
{
    lac_mlp_clear(&step->encoder);
    lac_mlp_clear(&step->decoder);
    lac_net_free(step->net);
    lac_tape_free(step->tape);
}

/* One forward and backward of an importance-weighted bound with five samples. Returns the loss. */
static double
step_run(Step *step, uint64_t number)
{
    enum { ROWS = 64, SAMPLES = 5, LATENT = 4 };
    const LacRng root = lac_rng_new(5);
    LacRng rng = lac_rng_at(&root, number);
    LacTape *tape = step->tape;
    g_autoptr(GError) error = NULL;
    LacTensor *x, *head, *mean, *scale, *z, *w;

    lac_tape_reset(tape);
    lac_net_zero_gradient(step->net);
    x = lac_tape_input(tape, step->x, LAC_SHAPE(ROWS, 12));
    head = lac_mlp_apply(&step->encoder, x);
    mean = lac_nn_slice(head, 1, 0, LATENT);
    scale = lac_nn_softplus(lac_nn_slice(head, 1, LATENT, LATENT));
    z = lac_nn_add(lac_nn_reshape(mean, LAC_SHAPE(ROWS, 1, LATENT)),
                   lac_nn_mul(lac_nn_reshape(scale, LAC_SHAPE(ROWS, 1, LATENT)),
                              lac_tape_normal(tape, &rng, LAC_SHAPE(ROWS, SAMPLES, LATENT))));
    w = lac_nn_bernoulli_rows(x, lac_mlp_apply(&step->decoder, z), NULL);
    w = lac_nn_add(w,
                   lac_nn_sub(lac_nn_normal_rows(z), lac_nn_gaussian_rows(z, mean, scale, NULL)));
    w = lac_nn_neg(lac_nn_iwae_bound(w));
    if (!lac_tape_backward(tape, w, &error))
        g_error("%s", error->message);
    return (double)w->v[0];
}

LAC_TEST(nn_tape, a_step_like_the_last_one_asks_for_no_memory)
{
    size_t before;
    Step step;

    if (!COUNTS_ALLOCATIONS)
        LAC_SKIP("the sanitizer owns malloc");
    step_open(&step);
    for (uint64_t k = 0; k < 3; k++)
        step_run(&step, k);
    before = allocations;
    g_free(g_malloc(100)); /* that the count counts */
    EXPECT_EQ_INT(allocations, before + 1);
    for (uint64_t k = 3; k < 8; k++)
        step_run(&step, k);
    EXPECT_EQ_INT(allocations, before + 1);
    step_close(&step);
}

LAC_TEST(nn_tape, the_same_step_gives_the_same_bits)
{
    g_autofree float *first = NULL;
    double loss;
    Step step;

    step_open(&step);
    loss = step_run(&step, 1);
    first = g_memdup2(lac_net_gradient(step.net), lac_net_size(step.net) * sizeof *first);
    step_run(&step, 2);
    EXPECT_EQ_DOUBLE(step_run(&step, 1), loss);
    EXPECT_TRUE(memcmp(first, lac_net_gradient(step.net), lac_net_size(step.net) * sizeof *first) ==
                0);
    step_close(&step);
}

#ifdef __SANITIZE_ADDRESS__
int __asan_address_is_poisoned(const volatile void *address);

LAC_TEST(nn_tape, a_pointer_that_outlived_its_step_is_seen)
{
    g_autoptr(LacTape) tape = lac_tape_new();
    const LacTensor *x = lac_tape_fill(tape, 1, LAC_SHAPE(3));
    const LacReal *v = x->v;

    EXPECT_FALSE(__asan_address_is_poisoned(v));
    EXPECT_TRUE(__asan_address_is_poisoned(v + 16)); /* beyond the block: it stands alone */
    lac_tape_reset(tape);
    EXPECT_TRUE(__asan_address_is_poisoned(x));
    EXPECT_TRUE(__asan_address_is_poisoned(v));
}
#endif

/* ---- errors ---- */

LAC_TEST(nn_tape, the_first_error_stays_and_names_both_shapes)
{
    g_autoptr(GError) error = NULL, again = NULL, after = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *a = lac_tape_variable(tape, LAC_SHAPE(4, 3)), *b, *loss;

    memset(a->v, 0, a->size * sizeof *a->v);
    b = lac_tape_fill(tape, 1, LAC_SHAPE(4, 2));
    loss = lac_nn_sum(lac_nn_mul(lac_nn_add(a, b), a), 0, FALSE);
    EXPECT_TRUE(loss == NULL);
    EXPECT_TRUE(lac_nn_reshape(a, LAC_SHAPE(5)) == NULL);
    EXPECT_FALSE(lac_tape_check(tape, &error));
    EXPECT_ERROR(error, LAC_ERROR_SHAPE, "add: shapes [4 x 3] and [4 x 2] do not fit");
    EXPECT_FALSE(lac_tape_backward(tape, loss, &again));
    EXPECT_ERROR(again, LAC_ERROR_SHAPE, "add: shapes");
    lac_tape_reset(tape);
    EXPECT_TRUE(lac_tape_check(tape, &after));
}

/* what @made left on @tape as its error */
static void
expect_error(LacTape *tape, const LacTensor *made, int code, const char *part)
{
    g_autoptr(GError) error = NULL;

    EXPECT_TRUE(made == NULL);
    EXPECT_FALSE(lac_tape_check(tape, &error));
    EXPECT_ERROR(error, code, part);
    lac_tape_reset(tape);
}

LAC_TEST(nn_tape, misfits_say_what_would_fit)
{
    g_autoptr(LacTape) tape = lac_tape_new();
    const size_t row = 7;

#define FILL(...) lac_tape_fill(tape, 1, LAC_SHAPE(__VA_ARGS__))
    expect_error(tape, FILL(3, 0), LAC_ERROR_SHAPE, "dimension 1 of a tensor has length 0");
    expect_error(tape, lac_tape_fill(tape, 0, LAC_SHAPE(G_MAXSIZE / 2, 4)), LAC_ERROR_SHAPE,
                 "does not fit in memory");
    expect_error(tape, lac_nn_reshape(FILL(2, 3), LAC_SHAPE(4, 2)), LAC_ERROR_SHAPE,
                 "reshape: [2 x 3] has 6 values, [4 x 2] would have 8");
    expect_error(tape, lac_nn_slice(FILL(2, 3), 1, 2, 2), LAC_ERROR_SHAPE,
                 "slice: 2 entries from 2 on along axis 1 of [2 x 3]");
    expect_error(tape, lac_nn_gather(FILL(2, 3), 1, &row), LAC_ERROR_SHAPE,
                 "gather: row 7 of [2 x 3], expected rows 0 to 1");
    expect_error(tape, lac_nn_concat(2, (LacTensor *[]){FILL(2, 3), FILL(1, 2)}, 0),
                 LAC_ERROR_SHAPE, "concat: shapes [2 x 3] and [1 x 2]");
    expect_error(tape, lac_nn_sum(FILL(2, 3), 1u << 2, FALSE), LAC_ERROR_SHAPE,
                 "sum: axes 0x4 of a tensor [2 x 3]");
    expect_error(tape, lac_nn_broadcast(FILL(2, 3), LAC_SHAPE(2, 4)), LAC_ERROR_SHAPE,
                 "broadcast: [2 x 3] does not stretch to [2 x 4]");
    expect_error(tape, lac_nn_linear(FILL(2, 3), FILL(4, 5), NULL, LAC_ACTIVATION_NONE),
                 LAC_ERROR_SHAPE, "linear: x [2 x 3], W [4 x 5]");
    expect_error(tape, lac_nn_gaussian_rows(FILL(2, 3), FILL(2, 4, 3), FILL(3, 3), NULL),
                 LAC_ERROR_SHAPE, "gaussian_rows: shapes [2 x 3], [2 x 4 x 3], [3 x 3]");
    expect_error(tape, lac_nn_cholesky(FILL(2, 3)), LAC_ERROR_SHAPE, "expected [… x q x q]");
    expect_error(tape, lac_nn_cholesky(lac_nn_neg(FILL(1, 1))), LAC_ERROR_NUMERIC,
                 "cholesky: matrix 0 of [1 x 1] is not positive definite: its pivot 0");
#undef FILL
}

LAC_TEST(nn_tape, a_loss_is_one_value_and_a_function_of_something)
{
    g_autoptr(GError) many = NULL, nothing = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x = lac_tape_variable(tape, LAC_SHAPE(3)), *one = lac_tape_fill(tape, 1, 0, NULL);

    memset(x->v, 0, x->size * sizeof *x->v);
    EXPECT_FALSE(lac_tape_backward(tape, lac_nn_exp(x), &many));
    EXPECT_ERROR(many, LAC_ERROR_SHAPE, "the loss has shape [3], expected one value");
    EXPECT_FALSE(lac_tape_backward(tape, lac_nn_exp(one), &nothing));
    EXPECT_ERROR(nothing, LAC_ERROR_PARAM, "no parameter or variable is behind the loss");
}

LAC_TEST(nn_tape, the_nan_detector_names_operator_number_and_value)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x = lac_tape_fill(tape, 0, LAC_SHAPE(2, 2));

    lac_tape_set_check_numerics(tape, TRUE);
    x->v[3] = -1;
    EXPECT_TRUE(lac_nn_sqrt(lac_nn_affine(x, 2, 0)) == NULL);
    EXPECT_FALSE(lac_tape_check(tape, &error));
    EXPECT_ERROR(error, LAC_ERROR_NUMERIC,
                 "sqrt, operator 2 of this step, of [2 x 2]: value 3 of its result [2 x 2] is");
}

LAC_TEST(nn_tape, the_nan_detector_looks_at_gradients_too)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x = lac_tape_variable(tape, LAC_SHAPE(2));

    lac_tape_set_check_numerics(tape, TRUE);
    x->v[0] = x->v[1] = 0;
    EXPECT_FALSE(lac_tape_backward(tape, lac_nn_sum(lac_nn_sqrt(x), 0, FALSE), &error));
    EXPECT_ERROR(error, LAC_ERROR_NUMERIC, "sqrt: the gradient by its input 1, [2], is not finite");
}

/* ---- recording ---- */

LAC_TEST(nn_tape, nothing_is_recorded_when_nobody_asks)
{
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x = lac_tape_variable(tape, LAC_SHAPE(2));

    x->v[0] = x->v[1] = 1;
    EXPECT_TRUE(lac_nn_exp(x)->wants_grad);
    EXPECT_FALSE(lac_nn_exp(lac_nn_detach(x))->wants_grad);
    lac_tape_set_recording(tape, FALSE);
    EXPECT_FALSE(lac_nn_exp(x)->wants_grad);
}

/* f = x y + x: df/dx = y + 1, df/dy = x, wherever the gradients come together */
LAC_TEST(nn_tape, gradients_of_a_tensor_used_twice_add_up)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    float vx = 3, vy = 5, gx = 0.5f, gy = 0;
    LacTensor *x = lac_tape_leaf(tape, &vx, &gx, 0, NULL);
    LacTensor *y = lac_tape_leaf(tape, &vy, &gy, 0, NULL);

    ASSERT_TRUE(lac_tape_backward(tape, lac_nn_add(lac_nn_mul(x, y), x), &error));
    EXPECT_EQ_DOUBLE(gx, 6.5); /* added to what the leaf held */
    EXPECT_EQ_DOUBLE(gy, 3);
}

/* x^4: first derivative 4 x^3, second 12 x^2, third 24 x */
LAC_TEST(nn_tape, a_step_is_left_between_two_operators_when_cancelled)
{
    LacContext *context = lac_context_new(lac_rng_new(1));
    g_autoptr(GError) backward = NULL, forward = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x = lac_tape_variable(tape, LAC_SHAPE(1)), *loss;

    x->v[0] = 3;
    lac_tape_set_context(tape, context);
    loss = lac_nn_square(x);
    ASSERT_TRUE(loss != NULL);
    lac_context_cancel(context);
    EXPECT_FALSE(lac_tape_backward(tape, loss, &backward));
    EXPECT_ERROR(backward, LAC_ERROR_CANCELLED, "stopped on request");
    EXPECT_EQ_DOUBLE(x->grad[0], 0.0);
    lac_tape_reset(tape);
    EXPECT_TRUE(lac_nn_square(lac_tape_variable(tape, LAC_SHAPE(1))) == NULL);
    EXPECT_FALSE(lac_tape_check(tape, &forward));
    EXPECT_ERROR(forward, LAC_ERROR_CANCELLED, "stopped on request");
    lac_context_free(context);
}

LAC_TEST(nn_tape, derivatives_of_any_order_come_from_recorded_gradients)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x = lac_tape_variable(tape, LAC_SHAPE(1)), *first, *second;

    x->v[0] = 3;
    first = lac_tape_gradient(tape, lac_nn_square(lac_nn_square(x)), x);
    second = lac_tape_gradient(tape, first, x);
    ASSERT_TRUE(second != NULL);
    EXPECT_NEAR_DOUBLE(first->v[0], 108, 1e-6);
    EXPECT_NEAR_DOUBLE(second->v[0], 108, 1e-6);
    ASSERT_TRUE(lac_tape_backward(tape, second, &error));
    EXPECT_NEAR_DOUBLE(x->grad[0], 72, 1e-6);
}

LAC_TEST(nn_tape, an_operator_without_a_second_derivative_is_named)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x = lac_tape_variable(tape, LAC_SHAPE(2, 3));

    memset(x->v, 0, x->size * sizeof *x->v);
    EXPECT_TRUE(lac_tape_gradient(tape, lac_nn_normal_rows(x), x) == NULL);
    EXPECT_FALSE(lac_tape_check(tape, &error));
    EXPECT_ERROR(error, LAC_ERROR_PARAM, "'normal_rows' (sum_j");
}

/* ---- an operator of one's own, as a plugin writes it ---- */

/* cube: y = x^3; dy/dx = 3 x^2. It adds, and leaves first writers to the tape. */
static void
cube_backward(const LacTensor *y)
{
    LacTensor *x = y->in[0];

    for (size_t i = 0; i < x->size; i++)
        x->grad[i] += 3 * x->v[i] * x->v[i] * y->grad[i];
}

static void
cube_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    gx[0] = lac_nn_mul(gy, lac_nn_affine(lac_nn_square(y->in[0]), 3, 0));
}

static const LacOp cube_op = {
    .name = "cube", .formula = "x^3", .backward = cube_backward, .record = cube_record};

static LacTensor *
cube(LacTensor *x)
{
    LacTensor *y = x != NULL ? lac_tape_result(&cube_op, 1, &x, x->dims, x->shape) : NULL;

    for (size_t i = 0; y != NULL && i < y->size; i++)
        y->v[i] = x->v[i] * x->v[i] * x->v[i];
    return y != NULL ? lac_tape_done(y) : NULL;
}

/* d/dx (x^3 + 2 x^3) = 9 x^2 and of the sum of that 18 x; the gradients meet in x */
LAC_TEST(nn_tape, an_operator_from_outside_works_like_those_inside)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x = lac_tape_variable(tape, LAC_SHAPE(2)), *t, *y, *g;

    x->v[0] = 2;
    x->v[1] = -1;
    t = lac_nn_affine(x, 1, 0); /* its gradient has no memory yet when cube comes first */
    y = lac_nn_add(cube(t), lac_nn_affine(cube(t), 2, 0));
    g = lac_tape_gradient(tape, y, x);
    ASSERT_TRUE(g != NULL);
    EXPECT_EQ_DOUBLE(g->v[0], 36);
    ASSERT_TRUE(lac_tape_backward(tape, lac_nn_sum(g, 0, FALSE), &error));
    EXPECT_EQ_DOUBLE(x->grad[0], 36);
    EXPECT_EQ_DOUBLE(x->grad[1], -18);
}

static void
refuse_backward(const LacTensor *y)
{
    lac_tape_fail(y->tape, LAC_ERROR_NUMERIC, "refuse: no gradient today");
}

LAC_TEST(nn_tape, an_operator_may_fail_on_the_way_back)
{
    static const LacOp op = {.name = "refuse", .formula = "x", .backward = refuse_backward};
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x = lac_tape_variable(tape, LAC_SHAPE(1)), *y;

    x->v[0] = 1;
    y = lac_tape_result(&op, 1, &x, x->dims, x->shape);
    y->v[0] = 1;
    EXPECT_FALSE(lac_tape_backward(tape, lac_tape_done(y), &error));
    EXPECT_ERROR(error, LAC_ERROR_NUMERIC, "no gradient today");
}

/* ---- the gradient penalty of a critic, E (|d D(x)/dx| - 1)^2, by its weights ---- */

typedef struct {
    LacNet *net;
    LacMlp critic;
    LacTape *tape;
    LacReal x[6 * 3];
} Critic;

static double
critic_penalty(Critic *c, gboolean backward)
{
    g_autoptr(GError) error = NULL;
    LacTensor *x, *g, *norm, *penalty;

    lac_tape_reset(c->tape);
    x = lac_tape_variable(c->tape, LAC_SHAPE(6, 3));
    memcpy(x->v, c->x, sizeof c->x);
    g = lac_tape_gradient(c->tape, lac_mlp_apply(&c->critic, x), x);
    norm = lac_nn_sqrt(lac_nn_affine(lac_nn_sum(lac_nn_square(g), 1u << 1, FALSE), 1, 1e-12f));
    penalty = lac_nn_mean(lac_nn_square(lac_nn_affine(norm, 1, -1)), 0, FALSE);
    if (backward && !lac_tape_backward(c->tape, penalty, &error))
        g_error("%s", error->message);
    return (double)penalty->v[0];
}

/* Differences of floats: step 1e-2, rounding 1e-7 / 1e-2 and truncation of its square leave about
 * 1e-4. The rows check second derivatives to 1e-6 in double. */
LAC_TEST(nn_tape, the_gradient_penalty_of_a_critic_agrees_with_differences)
{
    const LacRng root = lac_rng_new(11);
    LacRng rng = lac_rng_split(&root, "x");
    Critic c;
    LacReal *v;

    c.net = lac_net_new(&root);
    c.tape = lac_tape_new();
    lac_mlp_init(&c.critic, c.net, "critic", 4, (const size_t[]){3, 5, 4, 1}, LAC_ACTIVATION_TANH,
                 LAC_ACTIVATION_NONE, LAC_INIT_GLOROT);
    for (size_t i = 0; i < G_N_ELEMENTS(c.x); i++)
        c.x[i] = (LacReal)lac_rng_normal(&rng);
    critic_penalty(&c, TRUE);
    v = lac_net_values(c.net);
    for (size_t k = 0; k < lac_net_size(c.net); k++) {
        const LacReal old = v[k], h = 1e-2f;
        double up, down;

        v[k] = old + h;
        up = critic_penalty(&c, FALSE);
        v[k] = old - h;
        down = critic_penalty(&c, FALSE);
        v[k] = old;
        EXPECT_NEAR_DOUBLE(lac_net_gradient(c.net)[k], (up - down) / (2 * (double)h), 1e-3);
    }
    lac_mlp_clear(&c.critic);
    lac_net_free(c.net);
    lac_tape_free(c.tape);
}
