/* The model softimpute. The table of golden/softimpute.h is completed there by the published
 * algorithm in its plainest form. */
#include "bundle-private.h"
#include "fitted.h"
#include "golden/softimpute.h"

#include <lacuna/parallel.h>

static Fitted *
fit(const char *yaml, const LacData *train)
{
    g_autoptr(GError) error = NULL;
    Fitted *fitted = fitted_new("softimpute", yaml, train, 1, 1, &error);

    if (fitted == NULL)
        lac_test_fail(__FILE__, __LINE__, "softimpute: %s", error->message);
    return fitted;
}

/* The golden table at its lambda. */
static Fitted *
fit_golden(const char *variant, const char *path, const LacData *data)
{
    g_autofree char *yaml = g_strdup_printf("{variant: %s, path: %s, lambda_share: %.17g, scale: "
                                            "none, tol: 0, iterations: 300}",
                                            variant, path, SI_LAMBDA_SHARE);

    return fit(yaml, data);
}

LAC_TEST(models_softimpute, all_variants_equal_the_published_algorithm)
{
    static const char *const variants[] = {"als", "svd", "als", "auto", "auto"};
    static const char *const paths[] = {"1", "1", "8", "1", "8"};
    g_autoptr(LacData) data = fitted_table(SI_ROWS, SI_COLS, si_in, NULL);

    for (size_t k = 0; k < G_N_ELEMENTS(variants); k++) {
        g_autoptr(Fitted) soft = fit_golden(variants[k], paths[k], data);
        const double *out = soft ? fitted_fill(soft, data) : NULL;

        ASSERT_TRUE(out != NULL);
        EXPECT_NEAR_DOUBLE(fitted_trace(soft, "lambda", -1, 0, 0), SI_LAMBDA, 1e-12);
        EXPECT_EQ_DOUBLE(fitted_trace(soft, "rank", -1, 0, 0), SI_RANK);
        for (size_t c = 0; c < SI_ROWS * SI_COLS; c++)
            EXPECT_NEAR_DOUBLE(out[c], si_out[c], 1e-6);
    }
}

/* Iteration by iteration: same start (zeros), same steps, so the same objective to rounding. */
LAC_TEST(models_softimpute, svd_takes_the_steps_of_the_published_algorithm)
{
    g_autoptr(LacData) data = fitted_table(SI_ROWS, SI_COLS, si_in, NULL);
    g_autoptr(Fitted) soft = fit_golden("svd", "1", data);

    ASSERT_TRUE(soft != NULL);
    for (size_t t = 0; t < SI_FIRST; t++)
        EXPECT_NEAR_DOUBLE(fitted_trace(soft, "objective", -1, t, 0), si_objectives[t], 1e-9);
}

LAC_TEST(models_softimpute, objective_never_rises_and_ends_at_the_minimum)
{
    static const char *const variants[] = {"als", "svd", "auto"};
    g_autoptr(LacData) data = fitted_table(SI_ROWS, SI_COLS, si_in, NULL);

    for (size_t k = 0; k < G_N_ELEMENTS(variants); k++) {
        g_autoptr(Fitted) soft = fit_golden(variants[k], "1", data);
        double before = INFINITY, now;
        size_t t = 0;

        ASSERT_TRUE(soft != NULL);
        for (; !isnan(now = fitted_trace(soft, "objective", -1, t, 0)); t++, before = now)
            EXPECT_TRUE(now <= before + 1e-12 * before);
        EXPECT_TRUE(t > SI_FIRST);
        EXPECT_NEAR_DOUBLE(before, SI_OBJECTIVE, 1e-8);
    }
}

/* ---- the condition of a minimum ---------------------------------------------------------------
 */

/* From the saved loading B = V sqrt(s) the scores of every row (ridge regression, plain code), so
 * that M = A B'. */
static void
scores_of(const double *b, size_t k, double lambda, const double *x, double *a)
{
    g_autoptr(LacMatrix) g = lac_matrix_new(k, k, NULL);
    LacMatrix rhs = {k, 1, 1, a};

    memset(a, 0, k * sizeof *a);
    for (size_t c = 0; c < k; c++)
        g->v[c * (k + 1)] = lambda;
    for (size_t j = 0; j < SI_COLS; j++) {
        for (size_t c = 0; c < k && !isnan(x[j]); c++) {
            a[c] += b[j * k + c] * x[j];
            for (size_t e = 0; e < k; e++)
                g->v[c * k + e] += b[j * k + c] * b[j * k + e];
        }
    }
    ASSERT_TRUE(lac_cholesky(g));
    lac_cholesky_solve(g, &rhs);
}

static double
dot(size_t n, const double *a, size_t a_step, const double *b, size_t b_step)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += a[i * a_step] * b[i * b_step];
    return sum;
}

/* M = U diag(s) V' minimises |X - M|^2 / 2 over the observed cells + lambda |M|_* if and only if
 * R = the observed cells of X - M is lambda times a subgradient of |.|_* at M: R V = lambda U,
 * R'U = lambda V, and no singular value of R is above lambda. */
static void
check_minimum(const char *variant)
{
    g_autoptr(LacData) data = fitted_table(SI_ROWS, SI_COLS, si_in, NULL);
    g_autoptr(Fitted) soft = fit_golden(variant, "1", data);
    g_autoptr(LacBundle) bundle = lac_bundle_new();
    double a[SI_ROWS * SI_COLS], r[SI_ROWS * SI_COLS] = {0}, w[SI_COLS];
    size_t k = 0;

    ASSERT_TRUE(soft != NULL && soft->plugin->save(soft->model, bundle, NULL));
    const double *b = lac_bundle_get_doubles(bundle, "loading", SI_COLS, G_MAXSIZE, NULL, &k, NULL);

    ASSERT_TRUE(b != NULL && k == SI_RANK);
    for (size_t i = 0; i < SI_ROWS; i++) {
        scores_of(b, k, SI_LAMBDA, si_in + i * SI_COLS, a + i * k);
        for (size_t j = 0; j < SI_COLS; j++)
            if (!isnan(si_in[i * SI_COLS + j]))
                r[i * SI_COLS + j] = si_in[i * SI_COLS + j] - dot(k, a + i * k, 1, b + j * k, 1);
    }
    for (size_t c = 0; c < k; c++) {
        const double s = dot(SI_COLS, b + c, k, b + c, k);

        for (size_t e = 0; e < k; e++) /* A and B are balanced: A'A = B'B = diag(s) */
            EXPECT_NEAR_DOUBLE(dot(SI_ROWS, a + c, k, a + e, k), c == e ? s : 0.0, 1e-5);
        for (size_t i = 0; i < SI_ROWS; i++)
            EXPECT_NEAR_DOUBLE(dot(SI_COLS, r + i * SI_COLS, 1, b + c, k), SI_LAMBDA * a[i * k + c],
                               1e-5);
        for (size_t j = 0; j < SI_COLS; j++)
            EXPECT_NEAR_DOUBLE(dot(SI_ROWS, r + j, SI_COLS, a + c, k), SI_LAMBDA * b[j * k + c],
                               1e-5);
    }
    LacMatrix residual = {SI_ROWS, SI_COLS, SI_COLS, r};
    g_autoptr(LacMatrix) gram = lac_matrix_new(SI_COLS, SI_COLS, NULL);

    lac_syrk(1.0, &residual, 0.0, gram);
    ASSERT_TRUE(lac_eigen_symmetric(gram, w, NULL));
    EXPECT_TRUE(sqrt(w[SI_COLS - 1]) <= SI_LAMBDA * (1.0 + 1e-6));
    EXPECT_NEAR_DOUBLE(sqrt(w[SI_COLS - k]), SI_LAMBDA, 1e-5); /* k of them reach it */
}

LAC_TEST(models_softimpute, residuals_are_a_subgradient_of_the_nuclear_norm)
{
    check_minimum("als");
    check_minimum("svd");
    check_minimum("auto");
}

/* softImpute 1.4-3: simpute.svd(X, J = 2, lambda = 1, thresh = 1e-16, maxit = 5000); lambda 1 is
 * this share of the largest singular value, 15.355354944246 */
LAC_TEST(models_softimpute, six_rows_equal_the_package)
{
    static const double x[18] = {1, 2, NAN, 2, NAN, 1, 3, 6, 2, NAN, 8, 2.5, 5, 10, NAN, .5, 1, .2};
    g_autoptr(LacData) data = fitted_table(6, 3, x, NULL);
    g_autoptr(Fitted) soft = fit("{lambda_share: 0.06512386093522, scale: none, path: 1, tol: 0, "
                                 "iterations: 5000, most_rank: 2}",
                                 data);
    const double *out = soft ? fitted_fill(soft, data) : NULL;

    ASSERT_TRUE(out != NULL);
    EXPECT_EQ_DOUBLE(fitted_trace(soft, "rank", -1, 0, 0), 1.0);
    EXPECT_NEAR_DOUBLE(fitted_trace(soft, "objective", -1, 4999, 0), 16.5975234472, 1e-8);
    EXPECT_NEAR_DOUBLE(out[2], 0.56700807, 1e-6);
    EXPECT_NEAR_DOUBLE(out[4], 3.07304888, 1e-6);
    EXPECT_NEAR_DOUBLE(out[9], 3.69324018, 1e-6);
    EXPECT_NEAR_DOUBLE(out[14], 2.83504035, 1e-6);
}

/* ---- choosing, scaling, shapes ----------------------------------------------------------------
 */

/* A table of rank @k and noise of sd @noise; @truth [rows * cols] without holes. */
static LacData *
made(size_t rows, size_t cols, size_t k, double noise, double rate, uint64_t seed, double *truth)
{
    g_autofree double *u = g_new(double, rows *k + 1);
    g_autofree double *v = g_new(double, cols *k + 1);
    double *x = g_new(double, rows *cols);
    LacRng rng = lac_rng_new(seed);

    lac_rng_fill_normal(&rng, rows * k, u);
    lac_rng_fill_normal(&rng, cols * k, v);
    for (size_t c = 0; c < rows * cols; c++) {
        truth[c] = dot(k, u + c / cols * k, 1, v + c % cols * k, 1) + noise * lac_rng_normal(&rng);
        x[c] = lac_rng_uniform(&rng) < rate ? NAN : truth[c];
    }
    return lac_data_new_take(lac_schema_new(cols), rows, x, "made", NULL);
}

static double
rmse(const LacData *data, const double *out, const double *truth)
{
    double sum = 0.0, n = 0.0;

    for (size_t c = 0; c < data->rows * data->cols; c++) {
        if (isnan(data->values[c])) {
            sum += (out[c] - truth[c]) * (out[c] - truth[c]);
            n += 1.0;
        }
    }
    return sqrt(sum / n);
}

/* Iterations until the objective is within 1e-6 of @least. */
static size_t
iterations_to(const Fitted *soft, double least)
{
    size_t t = 0;

    while (fitted_trace(soft, "objective", -1, t, 0) > least * (1.0 + 1e-6))
        t++;
    return t;
}

LAC_TEST(models_softimpute, momentum_halves_the_iterations_of_a_small_penalty)
{
    enum { N = 400, P = 12 };
    g_autofree double *truth = g_new(double, N *P);
    g_autoptr(LacData) data = made(N, P, 3, 0.3, 0.6, 17, truth);
    g_autoptr(Fitted) fast = fit("{lambda_share: 0.01, path: 1, tol: 0, iterations: 1000}", data);
    g_autoptr(Fitted) slow =
        fit("{variant: svd, lambda_share: 0.01, path: 1, tol: 0, iterations: 1000}", data);

    ASSERT_TRUE(fast != NULL && slow != NULL);
    const double least = fitted_trace(fast, "objective", -1, 999, 0);

    EXPECT_TRUE(least <= fitted_trace(slow, "objective", -1, 999, 0) * (1.0 + 1e-9));
    EXPECT_TRUE(2 * iterations_to(fast, least) < iterations_to(slow, least));
}

LAC_TEST(models_softimpute, threads_do_not_change_the_result)
{
    enum { N = 3000, P = 20 };
    const unsigned usual = lac_threads();
    g_autofree double *truth = g_new(double, N *P);
    g_autoptr(LacData) data = made(N, P, 3, 0.5, 0.3, 19, truth);

    lac_threads_set(1);
    g_autoptr(Fitted) one = fit(NULL, data);
    lac_threads_set(3);
    g_autoptr(Fitted) three = fit(NULL, data);

    lac_threads_set(usual);
    const double *a = one ? fitted_fill(one, data) : NULL;
    const double *b = three ? fitted_fill(three, data) : NULL;

    ASSERT_TRUE(a != NULL && b != NULL);
    for (size_t c = 0; c < N * P; c++)
        EXPECT_NEAR_DOUBLE(b[c], a[c], 1e-9);
}

LAC_TEST(models_softimpute, held_out_cells_choose_nearly_the_best_penalty)
{
    enum { N = 120, P = 25 };
    static const char *const fixed[] = {"0.5", "0.2", "0.1", "0.05", "0.01"};
    g_autofree double *truth = g_new(double, N *P);
    g_autoptr(LacData) data = made(N, P, 3, 1.0, 0.4, 5, truth);
    g_autoptr(Fitted) chosen = fit(NULL, data);
    const double *out = chosen ? fitted_fill(chosen, data) : NULL;
    double best = INFINITY, worst = 0.0;

    ASSERT_TRUE(out != NULL);
    const double own = rmse(data, out, truth);

    for (size_t k = 0; k < G_N_ELEMENTS(fixed); k++) {
        g_autofree char *yaml = g_strdup_printf("{lambda_share: %s}", fixed[k]);
        g_autoptr(Fitted) other = fit(yaml, data);
        const double *there = other ? fitted_fill(other, data) : NULL;

        ASSERT_TRUE(there != NULL);
        best = MIN(best, rmse(data, there, truth));
        worst = MAX(worst, rmse(data, there, truth));
    }
    EXPECT_TRUE(own < 1.03 * best);
    EXPECT_TRUE(worst > 1.2 * best); /* it could have gone wrong */
}

LAC_TEST(models_softimpute, transposed_table_gives_the_transposed_result)
{
    enum { N = 50, P = 12 };
    g_autofree double *truth = g_new(double, N *P);
    g_autoptr(LacData) data = made(N, P, 2, 0.3, 0.3, 7, truth);
    double turned[N * P];

    for (size_t c = 0; c < N * P; c++)
        turned[c % P * N + c / P] = data->values[c];
    g_autoptr(LacData) wide = fitted_table(P, N, turned, NULL);
    static const char *const variants[] = {"auto", "als", "svd"};

    for (size_t k = 0; k < G_N_ELEMENTS(variants); k++) {
        g_autofree char *yaml = g_strdup_printf("{variant: %s, scale: none, lambda_share: 0.2, "
                                                "tol: 0, iterations: 200}",
                                                variants[k]);
        g_autoptr(Fitted) a = fit(yaml, data), b = fit(yaml, wide);
        const double *x = a ? fitted_fill(a, data) : NULL, *y = b ? fitted_fill(b, wide) : NULL;

        ASSERT_TRUE(x != NULL && y != NULL);
        for (size_t c = 0; c < N * P; c++)
            EXPECT_NEAR_DOUBLE(y[c % P * N + c / P], x[c], 1e-7);
    }
}

/* Nothing but row and column effects: rows and columns both centred explain all of it. */
LAC_TEST(models_softimpute, row_and_column_effects_are_taken_out)
{
    enum { N = 30, P = 8 };
    double x[N * P], truth[N * P];
    LacRng rng = lac_rng_new(9);

    for (size_t c = 0; c < N * P; c++) {
        const size_t i = c / P, j = c % P;

        truth[c] = 3.0 * sin((double)i) + 5.0 * cos(2.0 * (double)j) + 1e-3 * lac_rng_normal(&rng);
        x[c] = lac_rng_uniform(&rng) < 0.2 ? NAN : truth[c];
    }
    g_autoptr(LacData) data = fitted_table(N, P, x, NULL);
    g_autoptr(Fitted) both = fit("{scale: both, lambda_share: 1}", data);
    g_autoptr(Fitted) columns = fit("{scale: columns, lambda_share: 1}", data);
    const double *a = both ? fitted_fill(both, data) : NULL;

    ASSERT_TRUE(a != NULL);
    EXPECT_TRUE(rmse(data, a, truth) < 3e-3);
    const double *b = columns ? fitted_fill(columns, data) : NULL; /* column means only */

    ASSERT_TRUE(b != NULL);
    EXPECT_TRUE(rmse(data, b, truth) > 1.0);
}

LAC_TEST(models_softimpute, new_rows_are_completed_as_training_rows_are)
{
    enum { N = 200, P = 10 };
    g_autofree double *truth = g_new(double, N *P);
    g_autoptr(LacData) data = made(N, P, 2, 0.1, 0.3, 11, truth);
    g_autoptr(Fitted) soft = fit(NULL, data);
    const size_t index[3] = {150, 3, 77};
    g_autoptr(LacData) some = lac_data_select_rows(data, 3, index, NULL);
    const double *out = soft ? fitted_fill(soft, data) : NULL;
    double want[3 * P];

    ASSERT_TRUE(out != NULL);
    for (size_t i = 0; i < 3; i++)
        memcpy(want + i * P, out + index[i] * P, P * sizeof(double));
    out = fitted_fill(soft, some);
    ASSERT_TRUE(out != NULL);
    EXPECT_TRUE(memcmp(out, want, sizeof want) == 0);
}

LAC_TEST(models_softimpute, hard_tables_are_finite)
{
    enum { N = 40, P = 6 };
    g_autofree double *truth = g_new(double, N *P);
    g_autoptr(LacData) plain = made(N, P, 2, 0.0, 0.3, 13, truth); /* exact rank 2 */
    g_autoptr(LacData) gaps = made(N, P, 2, 0.5, 0.9, 15, truth);
    double constant[N * P];
    static const char *const yaml[] = {NULL,
                                       "{variant: als}",
                                       "{variant: svd}",
                                       "{scale: both}",
                                       "{scale: none}",
                                       "{most_rank: 1}"};

    for (size_t c = 0; c < N * P; c++)
        constant[c] = c % 5 == 0 ? NAN : c % P == 1 ? 7.0 : truth[c];
    g_autoptr(LacData) flat = fitted_table(N, P, constant, NULL);
    const LacData *const tables[] = {plain, gaps, flat};

    for (size_t y = 0; y < G_N_ELEMENTS(yaml); y++) {
        for (size_t k = 0; k < G_N_ELEMENTS(tables); k++) {
            g_autoptr(Fitted) soft = fit(yaml[y], tables[k]);

            EXPECT_TRUE(soft != NULL && fitted_fill(soft, tables[k]) != NULL);
        }
    }
    g_autoptr(Fitted) soft = fit(NULL, flat);

    EXPECT_EQ_INT(fitted_events(soft, "constant", 1), 1);
    for (size_t i = 0; i < N; i++)
        EXPECT_EQ_DOUBLE(fitted_fill(soft, flat)[i * P + 1], 7.0);
}

LAC_TEST(models_softimpute, svd_of_too_many_columns_is_refused)
{
    enum { N = 3001 };
    g_autofree double *x = g_new(double, N *N);
    g_autoptr(GError) error = NULL;

    for (size_t c = 0; c < N * N; c++)
        x[c] = (double)(c % 7);
    g_autoptr(LacData) data = fitted_table(N, N, x, NULL);
    g_autoptr(Fitted) soft =
        fitted_new("softimpute", "{variant: svd, lambda_share: 0.5}", data, 1, 1, &error);

    EXPECT_TRUE(soft == NULL);
    ASSERT_TRUE(error != NULL);
    EXPECT_CONTAINS(error->message, "3001 x 3001; use variant auto");
}
