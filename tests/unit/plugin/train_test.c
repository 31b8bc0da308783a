/* The training loop: schedules, clipping, early stopping, what happens to a loss that is no number.
 * Expected numbers are by hand. */
#include "context-private.h"
#include "lac_test.h"
#include "registry-private.h"

#include <lacuna/train.h>
#include <math.h>

#define ROUNDING 1e-6 /* float32 */

static LacOptimizer *
optimizer_new(const char *name, const char *yaml)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacNode) params = lac_yaml_parse(yaml, strlen(yaml), "t.yaml", &error);
    LacOptimizer *optimizer =
        lac_instance_new(lac_plugin_find(LAC_PLUGIN_OPTIMIZER, name, &error), params, NULL, &error);

    g_assert_no_error(error);
    return optimizer;
}

/* ---- schedules ------------------------------------------------------------------------------- */

static void
expect_rates(const char *yaml, size_t n, const size_t *step, const double *rate)
{
    LacOptimizer *optimizer = optimizer_new("sgd", yaml);

    for (size_t k = 0; k < n; k++) /* 100 steps, 10 an epoch */
        EXPECT_NEAR_DOUBLE(lac_optimizer_rate(optimizer, step[k], 100, 10), rate[k], 1e-12);
    lac_instance_free(optimizer);
}

LAC_TEST(plugin_train, rates_follow_their_schedule)
{
    expect_rates("{rate: 2}", 2, (const size_t[]){1, 100}, (const double[]){2.0, 2.0});
    expect_rates("{rate: 2, schedule: step, every: 3, factor: 0.5}", 4,
                 (const size_t[]){30, 31, 60, 61}, (const double[]){2.0, 1.0, 1.0, 0.5});
    expect_rates("{rate: 2, schedule: linear, final: 0.5}", 3, (const size_t[]){1, 51, 100},
                 (const double[]){2.0, 1.5, 2.0 * (1.0 - 0.5 * 0.99)});
    expect_rates("{rate: 2, schedule: exponential, hold: 0.6, final: 0.1}", 3,
                 (const size_t[]){60, 61, 81}, (const double[]){2.0, 2.0, 2.0 * sqrt(0.1)});
    expect_rates("{rate: 2, schedule: cosine, final: 1e-9}", 2, (const size_t[]){1, 51},
                 (const double[]){2.0, 1.0 + 1e-9});
    expect_rates("{rate: 2, warmup: 0.1}", 3, (const size_t[]){1, 5, 10},
                 (const double[]){0.2, 1.0, 2.0});
}

/* ---- one parameter vector and a loss --------------------------------------------------------- */

/* Loss of row i: sum_j (w_j - target_ij)^2 / 2, infinite once @fine calls are used up. */
typedef struct {
    LacContext *context;
    LacNet *net;
    LacNetParam *w;
    LacOptimizer *optimizer;
    const float *target; /* [rows][2] */
    size_t calls, fine;  /* calls that stay fine; then the loss is infinite */
    size_t steep;        /* from this call on the loss has no slope; 0: never */
    gboolean mute;       /* it cannot be saved */
} Problem;

static void
problem_begin(Problem *problem, const char *optimizer, const float *target)
{
    const LacRng rng = lac_rng_new(1);

    *problem = (Problem){.context = lac_context_new(rng), .target = target, .fine = G_MAXSIZE};
    problem->net = lac_net_new(&rng);
    problem->w = lac_net_add(problem->net, "w", LAC_INIT_ZEROS, 1, 1, LAC_SHAPE(2));
    problem->optimizer = optimizer_new("sgd", optimizer);
    lac_context_set_optimizer(problem->context, problem->optimizer);
}

static void
problem_end(Problem *problem)
{
    lac_net_free(problem->net);
    lac_instance_free(problem->optimizer);
    lac_context_free(problem->context);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Problem, problem_end)

static LacTensor *
problem_loss(LacTape *tape, size_t n, const size_t *rows, LacRng *rng, void *user)
{
    Problem *problem = user;
    LacTensor *t = lac_tape_constant(tape, LAC_SHAPE(n, 2));
    LacTensor *d;

    for (size_t i = 0; i < n; i++)
        memcpy(t->v + 2 * i, problem->target + 2 * rows[i], 2 * sizeof *t->v);
    d = lac_nn_square(lac_nn_sub(lac_net_use(tape, problem->w), t));
    d = lac_nn_mean(lac_nn_sum(d, 1u << 1, FALSE), 0, FALSE);
    if (problem->steep > 0 && problem->calls + 1 >= problem->steep)
        d = lac_nn_add(
            d,
            lac_nn_sum(lac_nn_sqrt(lac_nn_affine(lac_net_use(tape, problem->w), 0, 0)), 0, FALSE));
    return lac_nn_affine(d, problem->calls++ < problem->fine ? 0.5f : INFINITY, 0);
}

static gboolean
problem_train(Problem *problem, const LacTrainParams *params, size_t rows, LacTrained *out,
              GError **error)
{
    const LacTraining training = {
        .net = problem->net,
        .rows = rows,
        .params = params,
        .loss = problem_loss,
        .user = problem,
        .saves = !problem->mute,
    };

    return lac_train(problem->context, &training, out, error);
}

LAC_TEST(plugin_train, long_gradients_are_shortened)
{
    static const float target[] = {-3.0f, -4.0f}; /* gradient at 0: (3, 4) */
    const LacTrainParams params = {.epochs = 1};
    g_auto(Problem) norm = {0}, value = {0};

    problem_begin(&norm, "{rate: 1, momentum: 0, clip_norm: 1}", target);
    ASSERT_TRUE(problem_train(&norm, &params, 1, NULL, NULL));
    EXPECT_NEAR_DOUBLE((double)lac_net_values(norm.net)[0], -0.6, ROUNDING);
    EXPECT_NEAR_DOUBLE((double)lac_net_values(norm.net)[1], -0.8, ROUNDING);
    problem_begin(&value, "{rate: 1, momentum: 0, clip_value: 3.5}", target);
    ASSERT_TRUE(problem_train(&value, &params, 1, NULL, NULL));
    EXPECT_NEAR_DOUBLE((double)lac_net_values(value.net)[0], -3.0, ROUNDING);
    EXPECT_NEAR_DOUBLE((double)lac_net_values(value.net)[1], -3.5, ROUNDING);
}

LAC_TEST(plugin_train, the_best_epoch_is_kept_and_patience_ends)
{
    /* nine rows pull w to 1 and the held-out one, whichever it is, pulls nowhere else: rows are
     * alike but for the share of validation, so the best epoch is the last. With a rate of 2.5 each
     * step overshoots further, and the best is the first */
    float target[20];
    const LacTrainParams params = {.epochs = 50, .batch = 9, .validation = 0.1, .patience = 3};
    g_auto(Problem) good = {0}, bad = {0};
    LacTrained trained;

    for (size_t k = 0; k < 20; k++)
        target[k] = 1.0f;
    problem_begin(&good, "{rate: 0.5, momentum: 0}", target);
    ASSERT_TRUE(problem_train(&good, &params, 10, &trained, NULL));
    EXPECT_NEAR_DOUBLE((double)lac_net_values(good.net)[0], 1.0, 1e-6);
    problem_begin(&bad, "{rate: 2.5, momentum: 0}", target);
    ASSERT_TRUE(problem_train(&bad, &params, 10, &trained, NULL));
    EXPECT_EQ_INT(trained.best_epoch, 1);
    EXPECT_EQ_INT(trained.epochs, 4);
    EXPECT_NEAR_DOUBLE((double)lac_net_values(bad.net)[0], 2.5, ROUNDING);
    EXPECT_NEAR_DOUBLE(trained.validation, 1.5 * 1.5, 1e-5); /* two values of (2.5 - 1)^2 / 2 */
}

/* what an epoch has led to is good when the next loss is a number: 0.5 was, 0.75 was not any more
 */
LAC_TEST(plugin_train, a_loss_that_is_not_finite_ends_where_the_last_good_epoch_was)
{
    static const float target[] = {1.0f, 1.0f};
    const LacTrainParams params = {.epochs = 30};
    g_auto(Problem) problem = {0};
    g_autoptr(GError) error = NULL;

    problem_begin(&problem, "{rate: 0.5, momentum: 0}", target);
    problem.fine = 2; /* w: 0, .5, .75 */
    EXPECT_FALSE(problem_train(&problem, &params, 1, NULL, &error));
    EXPECT_ERROR(error, LAC_ERROR_NUMERIC, "step 3: the loss was inf, 10 times in a row");
    EXPECT_CONTAINS(error->message, " in w");
    EXPECT_NEAR_DOUBLE((double)lac_net_values(problem.net)[0], 0.5, ROUNDING);
    EXPECT_EQ_INT(problem.calls, 12);
    EXPECT_EQ_INT(lac_context_kept_epoch(problem.context), 1);
}

LAC_TEST(plugin_train, nothing_is_kept_of_a_model_that_cannot_be_saved_or_had_no_good_epoch)
{
    static const float target[] = {1.0f, 1.0f};
    const LacTrainParams params = {.epochs = 30};
    g_auto(Problem) mute = {0}, early = {0};

    problem_begin(&mute, "{rate: 0.5, momentum: 0}", target);
    mute.fine = 2;
    mute.mute = TRUE;
    EXPECT_FALSE(problem_train(&mute, &params, 1, NULL, NULL));
    EXPECT_EQ_INT(lac_context_kept_epoch(mute.context), 0);
    problem_begin(&early, "{rate: 0.5, momentum: 0}", target);
    early.fine = 1;
    EXPECT_FALSE(problem_train(&early, &params, 1, NULL, NULL));
    EXPECT_EQ_INT(lac_context_kept_epoch(early.context), 0);
}

/* The loss stays a number while its slope at one parameter is none: w sqrt(0 w) has 0 * inf. */
LAC_TEST(plugin_train, a_gradient_that_is_not_finite_moves_nothing)
{
    static const float target[] = {1.0f, 1.0f};
    const LacTrainParams params = {.epochs = 30};
    g_auto(Problem) problem = {0};
    g_autoptr(GError) error = NULL;

    problem_begin(&problem, "{rate: 0.5, momentum: 0}", target);
    problem.steep = 3; /* from this call on */
    EXPECT_FALSE(problem_train(&problem, &params, 1, NULL, &error));
    EXPECT_ERROR(error, LAC_ERROR_NUMERIC, "step 3: the loss had no finite gradient and was");
    EXPECT_CONTAINS(error->message, "the gradient is not a number in w");
    EXPECT_NEAR_DOUBLE((double)lac_net_values(problem.net)[0], 0.75, ROUNDING);
    EXPECT_EQ_INT(lac_context_kept_epoch(problem.context), 11);
    EXPECT_EQ_INT(problem.calls, 12);
}

/* Clipping must not make a number of what is none: it would be the largest gradient of all. */
LAC_TEST(plugin_train, nor_does_it_when_gradients_are_clipped)
{
    static const float target[] = {1.0f, 1.0f};
    static const char *const clipped[] = {"{rate: 0.5, momentum: 0, clip_norm: 10}",
                                          "{rate: 0.5, momentum: 0, clip_value: 10}"};
    const LacTrainParams params = {.epochs = 30};

    for (size_t k = 0; k < G_N_ELEMENTS(clipped); k++) {
        g_auto(Problem) problem = {0};
        g_autoptr(GError) error = NULL;

        problem_begin(&problem, clipped[k], target);
        problem.steep = 3; /* from this call on */
        EXPECT_FALSE(problem_train(&problem, &params, 1, NULL, &error));
        EXPECT_ERROR(error, LAC_ERROR_NUMERIC, "step 3: the loss had no finite gradient and was");
        EXPECT_CONTAINS(error->message, "the gradient is not a number in w");
        EXPECT_NEAR_DOUBLE((double)lac_net_values(problem.net)[0], 0.75, ROUNDING);
    }
}

LAC_TEST(plugin_train, parameters_that_end_beyond_all_numbers_are_an_error)
{
    static const float target[] = {1.0f, 1.0f};
    const LacTrainParams params = {.epochs = 1};
    g_auto(Problem) problem = {0};
    g_autoptr(GError) error = NULL;

    problem_begin(&problem, "{rate: 1e39, momentum: 0}", target);
    EXPECT_FALSE(problem_train(&problem, &params, 1, NULL, &error));
    EXPECT_ERROR(error, LAC_ERROR_NUMERIC, "a parameter is not finite after the last of 1 epochs");
    EXPECT_EQ_DOUBLE((double)lac_net_values(problem.net)[0], 0.0);
}

LAC_TEST(plugin_train, the_nan_detector_says_in_which_step)
{
    static const float target[] = {1.0f, 1.0f};
    const LacTrainParams params = {.epochs = 30};
    g_auto(Problem) problem = {0};
    g_autoptr(GError) error = NULL;

    problem_begin(&problem, "{rate: 0.5, momentum: 0}", target);
    lac_context_set_check_numerics(problem.context, TRUE);
    problem.fine = 4;
    EXPECT_FALSE(problem_train(&problem, &params, 1, NULL, &error));
    EXPECT_ERROR(error, LAC_ERROR_NUMERIC, "step 5: affine, operator ");
}

LAC_TEST(plugin_train, training_stops_when_cancelled)
{
    static const float target[] = {1.0f, 1.0f};
    const LacTrainParams params = {.epochs = 1000};
    g_auto(Problem) problem = {0};
    g_autoptr(GError) error = NULL;

    problem_begin(&problem, "{rate: 0.5}", target);
    lac_context_cancel(problem.context);
    EXPECT_FALSE(problem_train(&problem, &params, 1, NULL, &error));
    EXPECT_ERROR(error, LAC_ERROR_CANCELLED, "stopped on request");
    EXPECT_EQ_INT(problem.calls, 1);
}

LAC_TEST(plugin_train, validation_leaves_rows_to_train_on)
{
    static const float target[] = {1.0f, 1.0f};
    const LacTrainParams params = {.epochs = 1, .validation = 0.5};
    g_auto(Problem) problem = {0};
    g_autoptr(GError) error = NULL;

    problem_begin(&problem, "{}", target);
    EXPECT_FALSE(problem_train(&problem, &params, 1, NULL, &error));
    EXPECT_ERROR(error, LAC_ERROR_PARAM, "leave none to train on");
}
