/* Variant svt of softimpute beside golden/svt.h: algorithm 1 of Cai, Candes and Shen (2010) in
 * numpy, with a full SVD each iteration, on tables made here and there by one formula. */
#include "fitted.h"
#include "golden/svt.h"

#include <math.h>

static double
truth_at(size_t row, size_t col)
{
    const double i = (double)row + 1, j = (double)col + 1;

    return 3 * sin(0.7 * i) * cos(0.3 * j) + 2 * cos(1.3 * i) * sin(0.9 * j) +
           sin(2.9 * i * i) * cos(1.7 * j * j);
}

/* @turned: rows and columns change places. */
static LacData *
made_table(size_t n, size_t p, gboolean turned)
{
    g_autofree double *x = g_new(double, n *p);

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < p; j++)
            x[turned ? j * n + i : i * p + j] =
                (i * 37 + j * j * 101) % 13 < 3 ? NAN : truth_at(i, j);
    return turned ? fitted_table(p, n, x, NULL) : fitted_table(n, p, x, NULL);
}

static Fitted *
fit(const char *yaml, const LacData *train, GError **error)
{
    return fitted_new("softimpute", yaml, train, 1, 1, error);
}

#define EXACTLY "{variant: svt, scale: none, tol: 1e-22, iterations: 20000}"

static void
expect_golden(size_t n, size_t p, gboolean turned, double rank, size_t steps,
              const double *residuals, const int *at, const double *out)
{
    g_autoptr(LacData) data = made_table(n, p, turned);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) soft = fit(EXACTLY, data, &error);
    const double *got = soft ? fitted_fill(soft, data) : NULL;

    LAC_CHECK_OR(return, got != NULL, "svt: %s", error ? error->message : "no completion");
    for (size_t t = 0; t < SVT_FIRST; t++)
        EXPECT_NEAR_DOUBLE(fitted_trace(soft, "residual", -1, t, 0), residuals[t], 1e-9);
    EXPECT_EQ_DOUBLE(fitted_trace(soft, "rank", -1, 0, 0), rank);
    /* both stop at the same step, give or take rounding in a residual of 1e-11 */
    EXPECT_FALSE(isnan(fitted_trace(soft, "residual", -1, steps - 3, 0)));
    EXPECT_TRUE(isnan(fitted_trace(soft, "residual", -1, steps + 3, 0)));
    for (size_t k = 0; k < 40; k++) {
        const size_t i = (size_t)at[k] / p, j = (size_t)at[k] % p;

        EXPECT_NEAR_DOUBLE(got[turned ? j * n + i : i * p + j], out[k], 1e-6);
    }
}

LAC_TEST(models_softimpute_svt, equals_the_published_algorithm_step_by_step_and_at_the_end)
{
    expect_golden(SVT_TALL_ROWS, SVT_TALL_COLS, FALSE, SVT_TALL_RANK, SVT_TALL_STEPS,
                  svt_tall_residuals, svt_tall_at, svt_tall_out);
}

LAC_TEST(models_softimpute_svt, equals_it_on_a_table_wider_than_long)
{
    expect_golden(SVT_TALL_ROWS, SVT_TALL_COLS, TRUE, SVT_TALL_RANK, SVT_TALL_STEPS,
                  svt_tall_residuals, svt_tall_at, svt_tall_out);
}

/* 80 columns are too many for an eigenvalue problem of them all: subspace iteration. */
LAC_TEST(models_softimpute_svt, equals_it_where_only_some_singular_vectors_are_computed)
{
    expect_golden(SVT_WIDE_ROWS, SVT_WIDE_COLS, FALSE, SVT_WIDE_RANK, SVT_WIDE_STEPS,
                  svt_wide_residuals, svt_wide_at, svt_wide_out);
}

LAC_TEST(models_softimpute_svt, observed_cells_are_reproduced_and_the_truth_of_low_rank_is_near)
{
    g_autoptr(LacData) data = made_table(200, 40, FALSE);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) soft = fit("{variant: svt, tol: 1e-10, iterations: 3000}", data, &error);
    const double *got = soft ? fitted_fill(soft, data) : NULL;
    double squares = 0.0, all = 0.0;

    ASSERT_TRUE(got != NULL);
    for (size_t i = 0; i < 200; i++)
        for (size_t j = 0; j < 40; j++)
            if (lac_data_is_hole(data, i, j)) {
                squares += pow(got[i * 40 + j] - truth_at(i, j), 2);
                all += pow(truth_at(i, j), 2);
            }
    EXPECT_TRUE(squares < 1e-3 * all); /* rank 3, seven cells of ten: exact but for tau */
}

LAC_TEST(models_softimpute_svt, too_long_steps_are_refused_and_short_runs_told)
{
    g_autoptr(LacData) data = made_table(SVT_TALL_ROWS, SVT_TALL_COLS, FALSE);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) wild =
        fit("{variant: svt, scale: none, svt_step: 50, iterations: 500}", data, &error);
    g_autoptr(Fitted) brief = fit("{variant: svt, scale: none, iterations: 3}", data, NULL);
    g_autoptr(Fitted) narrow =
        fit("{variant: svt, scale: none, iterations: 30, most_rank: 1}", data, NULL);

    EXPECT_TRUE(wild == NULL);
    EXPECT_ERROR(error, LAC_ERROR_NUMERIC, "lower svt_step");
    ASSERT_TRUE(brief != NULL && narrow != NULL);
    EXPECT_TRUE(fitted_events(brief, "not-converged", -2) > 0);
    EXPECT_TRUE(fitted_events(narrow, "capped", -2) > 0);
}
