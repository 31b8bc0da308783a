/* Every operator's gradient against differences, first and second, and float against double. */
#include "lac_test.h"
#include "nn-operators.h"
#include "rows.h"

LAC_TEST(nn_gradient, every_operator_has_a_row)
{
    for (size_t k = 0; k < G_N_ELEMENTS(nn_operators); k++) {
        gboolean found = FALSE;

        for (size_t r = 0; r < nn_float_count(); r++)
            found = found || g_str_equal(nn_float_row(r)->op, nn_operators[k]);
        LAC_CHECK_OR((void)0, found,
                     "operator '%s' (lac_op_%s in core/nn) has no row; add one to a "
                     "tests/unit/nn/rows-*.c",
                     nn_operators[k], nn_operators[k]);
    }
}

/* Whether the batch of a row is one: its first input has more dimensions and begins with 1. */
static gboolean
row_is_of_one(const Row *row)
{
    return row->in[0].dims > 1 && row->in[0].shape[0] == 1;
}

/* Whether its first input has an odd length that is not 1. */
static gboolean
row_is_odd(const Row *row)
{
    gboolean odd = FALSE;

    for (unsigned d = 0; d < row->in[0].dims; d++)
        odd = odd || (row->in[0].shape[d] % 2 == 1 && row->in[0].shape[d] > 1);
    return odd;
}

LAC_TEST(nn_gradient, every_operator_meets_a_batch_of_one_and_odd_lengths)
{
    for (size_t k = 0; k < G_N_ELEMENTS(nn_operators); k++) {
        gboolean of_one = FALSE, odd = FALSE;

        for (size_t r = 0; r < nn_float_count(); r++) {
            if (g_str_equal(nn_float_row(r)->op, nn_operators[k])) {
                of_one = of_one || row_is_of_one(nn_float_row(r));
                odd = odd || row_is_odd(nn_float_row(r));
            }
        }
        LAC_CHECK_OR((void)0, of_one, "operator '%s' has no row [1 x ...]", nn_operators[k]);
        LAC_CHECK_OR((void)0, odd, "operator '%s' has no row of odd length", nn_operators[k]);
    }
}

LAC_TEST(nn_gradient, both_builds_have_the_same_rows)
{
    ASSERT_EQ_INT(nn_float_count(), nn_double_count());
    EXPECT_TRUE(nn_float_count() > 0);
}

LAC_TEST(nn_gradient, first_gradients_agree_with_differences)
{
    for (size_t k = 0; k < nn_double_count(); k++) {
        g_autofree char *wrong = nn_double_check_gradient(k);

        LAC_CHECK_OR((void)0, wrong == NULL, "%s", wrong);
    }
}

LAC_TEST(nn_gradient, second_gradients_agree_with_differences)
{
    for (size_t k = 0; k < nn_double_count(); k++) {
        g_autofree char *wrong = nn_double_check_second_gradient(k);

        LAC_CHECK_OR((void)0, wrong == NULL, "%s", wrong);
    }
}

/* Rows are small sums of small numbers: a few roundings of 6e-8 of the largest. */
LAC_TEST(nn_gradient, float_agrees_with_double_to_rounding)
{
    for (size_t k = 0; k < nn_float_count(); k++) {
        const Row *row = nn_float_row(k);
        RowValues single = nn_float_values(k), wide = nn_double_values(k);
        double largest = 1.0;

        LAC_CHECK_OR(continue, single.n == wide.n, "%s (%s): %zu values, expected %zu", row->op,
                     row->label, single.n, wide.n);
        for (size_t i = 0; i < wide.n; i++)
            largest = MAX(largest, fabs(wide.v[i]));
        for (size_t i = 0; i < wide.n; i++)
            LAC_CHECK_OR((void)0,
                         fabs(single.v[i] - wide.v[i]) <= MAX(1.0, row->loose) * 1e-6 * largest,
                         "%s (%s): value %zu is %.9g in float and %.17g in double", row->op,
                         row->label, i, single.v[i], wide.v[i]);
        g_free(single.v);
        g_free(wide.v);
    }
}
