/* Values of log densities against scipy 1.10.1 (density_golden.py wrote them), and what holes mean.
 * Their gradients are rows. Tolerances are a few roundings of float. */
#include "lac_test.h"

#include <lacuna/nn.h>

static const float x[] = {0.5f, -1.25f, 3, 0}, mu[] = {0.25f, 0.5f, -1, 2};
static const float s[] = {0.5f, 1.5f, 0.75f, 2}, nu[] = {3, 0.7f, 45, 5000};
static const float logit[] = {-30, 0.4f, 3, 95}, grey[] = {0, 0.3f, 1, 0.75f};
static const float level[] = {0, 1, 3, 2}, log_s[] = {-1.5f, 0, 1, -3};

static LacTensor *
four(LacTape *tape, const float *v)
{
    return lac_tape_input(tape, v, LAC_SHAPE(1, 4));
}

LAC_TEST(nn_density, values_agree_with_scipy)
{
    static const double each[] = {-0.3507913526, -2.004959197, -14.85347868, -2.112085714};
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *tx = four(tape, x), *tmu = four(tape, mu), *ts = four(tape, s);
    LacTensor *terms = lac_nn_gaussian_logpdf(tx, tmu, ts, NULL);

    for (size_t i = 0; i < 4; i++)
        EXPECT_NEAR_DOUBLE(terms->v[i], each[i], 5e-7);
    EXPECT_NEAR_DOUBLE(lac_nn_gaussian_rows(tx, tmu, ts, NULL)->v[0], -19.32131495, 5e-7);
    EXPECT_NEAR_DOUBLE(lac_nn_normal_rows(tx)->v[0], -9.082004133, 5e-7);
    EXPECT_NEAR_DOUBLE(lac_nn_student_rows(tx, tmu, ts, four(tape, nu), NULL)->v[0], -17.02917095,
                       5e-7);
    EXPECT_NEAR_DOUBLE(lac_nn_bernoulli_rows(four(tape, grey), four(tape, logit), NULL)->v[0],
                       -24.5916026, 5e-7);
    EXPECT_NEAR_DOUBLE(
        lac_nn_logistic_rows(four(tape, level), tmu, four(tape, log_s), NULL, 0.5f, 0, 3)->v[0],
        -3.278704883, 5e-7);
}

LAC_TEST(nn_density, sums_of_exponentials_agree_with_scipy)
{
    static const float w[] = {-800, -801.5f, -799.25f, -3, -90, -4};
    static const double each[] = {-125, -94.6, -92, 0};
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *t = four(tape, logit), *ln_p = lac_nn_log_softmax(t);

    for (size_t i = 0; i < 4; i++) {
        const float code = (float)i;

        EXPECT_NEAR_DOUBLE(ln_p->v[i], each[i], 5e-7);
        EXPECT_NEAR_DOUBLE(
            lac_nn_categorical_rows(lac_tape_input(tape, &code, LAC_SHAPE(1)), t, NULL)->v[0],
            each[i], 5e-7);
        EXPECT_NEAR_DOUBLE(lac_nn_cross_entropy(t, &i)->v[0], -each[i], 5e-7);
    }
    EXPECT_NEAR_DOUBLE(lac_nn_logsumexp(t, 0, FALSE)->v[0], 95, 5e-7);
    EXPECT_NEAR_DOUBLE(lac_nn_iwae_bound(lac_tape_input(tape, w, LAC_SHAPE(2, 3)))->v[0],
                       -401.8389766, 5e-7);
}

/* every density of @n columns under a mask, against the sum over the cells that count */
LAC_TEST(nn_density, what_lies_under_a_hole_is_never_computed_with)
{
    static const float holes[] = {0.5f, NAN, INFINITY, 0}, o[] = {1, 0, 0, 1};
    static const double seen = -0.3507913526 - 2.112085714;
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *location = lac_tape_variable(tape, LAC_SHAPE(1, 4)), *rows;

    memcpy(location->v, mu, sizeof mu);
    rows = lac_nn_gaussian_rows(four(tape, holes), location, four(tape, s), four(tape, o));
    EXPECT_NEAR_DOUBLE(rows->v[0], seen, 5e-7);
    ASSERT_TRUE(lac_tape_backward(tape, lac_nn_sum(rows, 0, FALSE), &error));
    EXPECT_NEAR_DOUBLE(location->grad[0], 1.0, 1e-6); /* (0.5 - 0.25) / 0.5^2 */
    EXPECT_EQ_DOUBLE(location->grad[1], 0);
    EXPECT_EQ_DOUBLE(location->grad[2], 0);
    EXPECT_NEAR_DOUBLE(location->grad[3], -0.5, 1e-6); /* (0 - 2) / 2^2 */
}

LAC_TEST(nn_density, a_row_of_data_serves_all_its_samples)
{
    static const float both[] = {0.25f, 0.5f, -1, 2, 0, 0, 0, 0};
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *location = lac_tape_input(tape, both, LAC_SHAPE(1, 2, 4));
    LacTensor *rows = lac_nn_gaussian_rows(four(tape, x), location, four(tape, s), NULL);

    ASSERT_TRUE(rows != NULL);
    EXPECT_EQ_INT(rows->dims, 2);
    EXPECT_EQ_INT(rows->shape[1], 2);
    EXPECT_NEAR_DOUBLE(rows->v[0], -19.32131495, 5e-7);
    EXPECT_NEAR_DOUBLE(
        rows->v[1],
        lac_nn_gaussian_rows(four(tape, x), lac_tape_fill(tape, 0, 0, NULL), four(tape, s), NULL)
            ->v[0],
        1e-7);
}

LAC_TEST(nn_density, codes_that_are_no_level_are_named)
{
    static const float codes[] = {1, 4}, o[] = {1, 0};
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *x2 = lac_tape_input(tape, codes, LAC_SHAPE(2));
    LacTensor *logits = lac_tape_fill(tape, 0, LAC_SHAPE(2, 3));
    LacTensor *seen = lac_nn_categorical_rows(x2, logits, lac_tape_input(tape, o, LAC_SHAPE(2)));

    ASSERT_TRUE(seen != NULL);
    EXPECT_NEAR_DOUBLE(seen->v[0], -log(3), 1e-7);
    EXPECT_EQ_DOUBLE(seen->v[1], 0);
    EXPECT_TRUE(lac_nn_categorical_rows(x2, logits, NULL) == NULL);
    EXPECT_FALSE(lac_tape_check(tape, &error));
    EXPECT_ERROR(error, LAC_ERROR_DATA, "row 1 holds code 4, expected 0 to 2");
}
