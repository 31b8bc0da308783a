/* lacuna/gaussian.h. T6 and E2 numbers: an EM in numpy that follows the textbook formulas through
 * cov_oo, and Amelia 1.8.1 `amelia(X, m = 1, boot.type = "none", tolerance = 1e-13, incheck =
 * FALSE, empri = 1)` for the ridge. */
#include <lac_test.h>
#include <lacuna/gaussian.h>

static const double t6[18] = {1, 2, 3.5, 2, NAN, 1, 3, 1, NAN, 4, 5, 2.5, NAN, 3, 4, 6, NAN, NAN};
static const double e2[12] = {1, 2.1, 2, 2.9, 3, NAN, 4, 3.6, NAN, 5.2, 6, 5};

typedef struct {
    LacMask *holes;
    LacPatterns *patterns;
    LacMatrix x, *sorted;
    LacGaussianSums *sums;
} Rows;

static Rows
rows_new(size_t n, size_t p, const double *x)
{
    Rows rows = {.holes = lac_mask_new(n, p, NULL), .sums = lac_gaussian_sums_new(p)};

    rows.x =
        (LacMatrix){.rows = n, .cols = p, .stride = p, .v = g_memdup2(x, n * p * sizeof(double))};
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < p; j++)
            lac_mask_set(rows.holes, i, j, isnan(x[i * p + j]));
    }
    rows.patterns = lac_patterns_new(rows.holes, NULL);
    rows.sorted = lac_patterns_gather(rows.patterns, &rows.x, NULL);
    return rows;
}

static void
rows_clear(Rows *rows)
{
    lac_mask_free(rows->holes);
    lac_patterns_free(rows->patterns);
    lac_matrix_free(rows->sorted);
    lac_gaussian_sums_free(rows->sums);
    g_free(rows->x.v);
}

/* observed means, variances with divisor n_observed - ddof, no covariances */
static LacGaussian *
observed_start(const Rows *rows, double ddof)
{
    const size_t p = rows->x.cols;
    LacGaussian *g = lac_gaussian_new(p);

    for (size_t j = 0; j < p; j++) {
        double n = 0.0, sum = 0.0, squares = 0.0;

        for (size_t i = 0; i < rows->x.rows; i++) {
            const double x = rows->x.v[i * p + j];

            if (!isnan(x)) {
                n += 1.0;
                sum += x;
                squares += x * x;
            }
        }
        g->mean[j] = sum / n;
        g->cov[j * (p + 1)] = (squares - sum * sum / n) / (n - ddof);
    }
    lac_gaussian_prepare(g);
    return g;
}

static double
em_once(Rows *rows, double ridge, LacGaussian *g)
{
    lac_gaussian_e_step(g, rows->patterns, rows->sorted, NULL, rows->sums, NULL);
    lac_gaussian_m_step(rows->sums, ridge, g);
    return rows->sums->log_likelihood;
}

LAC_TEST(math_gaussian, first_em_steps_on_t6_equal_the_textbook_formulas)
{
    Rows rows = rows_new(6, 3, t6);
    g_autoptr(LacGaussian) g = observed_start(&rows, 0.0);

    EXPECT_NEAR_DOUBLE(em_once(&rows, 0.0, g), -23.26856021196722, 1e-12);
    EXPECT_NEAR_DOUBLE(g->mean[0], 3.2, 1e-12);
    EXPECT_NEAR_DOUBLE(g->mean[2], 2.75, 1e-12);
    EXPECT_NEAR_DOUBLE(g->cov[0], 2.96, 1e-12);
    EXPECT_NEAR_DOUBLE(g->cov[1], .633333333333, 1e-11);
    EXPECT_NEAR_DOUBLE(g->cov[2], .041666666667, 1e-11);
    EXPECT_NEAR_DOUBLE(g->cov[4], 2.1875, 1e-12);
    EXPECT_NEAR_DOUBLE(g->cov[5], -.135416666667, 1e-11);
    EXPECT_NEAR_DOUBLE(g->cov[8], 1.3125, 1e-12);
    EXPECT_NEAR_DOUBLE(em_once(&rows, 0.0, g), -22.943937203685657, 1e-12);
    EXPECT_NEAR_DOUBLE(g->mean[0], 3.225142951327, 1e-11);
    EXPECT_NEAR_DOUBLE(g->mean[1], 2.838835406339, 1e-11);
    EXPECT_NEAR_DOUBLE(g->mean[2], 2.776113300601, 1e-11);
    EXPECT_NEAR_DOUBLE(g->cov[0], 2.931764122077, 1e-11);
    EXPECT_NEAR_DOUBLE(g->cov[1], .93018239866, 1e-11);
    EXPECT_NEAR_DOUBLE(g->cov[2], .086923337466, 1e-11);
    EXPECT_NEAR_DOUBLE(g->cov[4], 2.192339488247, 1e-11);
    EXPECT_NEAR_DOUBLE(g->cov[5], -.172783363317, 1e-11);
    EXPECT_NEAR_DOUBLE(g->cov[8], 1.312481375167, 1e-11);
    EXPECT_NEAR_DOUBLE(em_once(&rows, 0.0, g), -22.814083388102198, 1e-12);
    rows_clear(&rows);
}

LAC_TEST(math_gaussian, maximum_likelihood_of_e2)
{
    Rows rows = rows_new(6, 2, e2);
    g_autoptr(LacGaussian) g = observed_start(&rows, 0.0);
    double log_likelihood = 0.0;

    for (size_t t = 0; t < 2000; t++)
        log_likelihood = em_once(&rows, 0.0, g);
    EXPECT_NEAR_DOUBLE(log_likelihood, -10.187927195027, 1e-11);
    EXPECT_NEAR_DOUBLE(g->mean[0], 3.740396898078, 1e-10);
    EXPECT_NEAR_DOUBLE(g->mean[1], 3.678173324842, 1e-10);
    EXPECT_NEAR_DOUBLE(g->cov[0], 3.939212247943, 1e-10);
    EXPECT_NEAR_DOUBLE(g->cov[1], 2.176755749699, 1e-10);
    EXPECT_NEAR_DOUBLE(g->cov[3], 1.22600443377, 1e-10);

    const size_t second_missing[] = {1, 0}, first_missing[] = {0, 1};
    double mean, variance;

    lac_gaussian_conditional(g, 1, second_missing, e2 + 4, &mean, &variance);
    EXPECT_NEAR_DOUBLE(mean, 3.269039949053, 1e-9);
    EXPECT_NEAR_DOUBLE(variance, .023158459598, 1e-9);
    lac_gaussian_conditional(g, 1, first_missing, e2 + 8, &mean, &variance);
    EXPECT_NEAR_DOUBLE(mean, 6.442381388468, 1e-9);
    EXPECT_NEAR_DOUBLE(variance, .074409264093, 1e-9);
    lac_gaussian_complete(g, rows.patterns, NULL, &rows.x, NULL);
    EXPECT_NEAR_DOUBLE(rows.x.v[5], 3.269039949053, 1e-9);
    EXPECT_NEAR_DOUBLE(rows.x.v[8], 6.442381388468, 1e-9);
    EXPECT_EQ_DOUBLE(rows.x.v[11], 5.0);
    rows_clear(&rows);
}

/* columns as (x - mean) / sd(n - 1) of the observed cells */
static void
standardise(size_t n, size_t p, const double *from, double *to)
{
    Rows rows = rows_new(n, p, from);
    g_autoptr(LacGaussian) g = observed_start(&rows, 1.0);

    for (size_t i = 0; i < n * p; i++)
        to[i] = (from[i] - g->mean[i % p]) / sqrt(g->cov[(i % p) * (p + 1)]);
    rows_clear(&rows);
}

LAC_TEST(math_gaussian, ridge_of_one_row_equals_amelia)
{
    static const double e2_expected[] = {.188533332078, -.041014107399, .57281695173, .401588082588,
                                         .476892103799};
    static const double t6_expected[] = {.0466041321767, .265146707797,  .2440517216532,
                                         .4522552415947, .123606127377,  .0731851202404,
                                         .4660747248335, -.247455269781, .4660865209365};
    double x[18];

    standardise(6, 2, e2, x);
    Rows small = rows_new(6, 2, x);
    g_autoptr(LacGaussian) two = observed_start(&small, 1.0);

    for (size_t t = 0; t < 500; t++)
        em_once(&small, 1.0, two);
    const double got[] = {two->mean[0], two->mean[1], two->cov[0], two->cov[1], two->cov[3]};

    for (size_t k = 0; k < 5; k++)
        EXPECT_NEAR_DOUBLE(got[k], e2_expected[k], 1e-10);
    rows_clear(&small);

    standardise(6, 3, t6, x);
    Rows rows = rows_new(6, 3, x);
    g_autoptr(LacGaussian) g = observed_start(&rows, 1.0);

    for (size_t t = 0; t < 500; t++)
        em_once(&rows, 1.0, g);
    const double three[] = {g->mean[0], g->mean[1], g->mean[2], g->cov[0], g->cov[1],
                            g->cov[2],  g->cov[4],  g->cov[5],  g->cov[8]};

    for (size_t k = 0; k < 9; k++)
        EXPECT_NEAR_DOUBLE(three[k], t6_expected[k], 1e-10);
    rows_clear(&rows);
}

/* A p x p covariance with correlations, and n rows with about the given share of holes. */
static void
random_problem(size_t n, size_t p, double rate, uint64_t seed, LacGaussian *g, double *x)
{
    LacRng rng = lac_rng_new(seed);
    g_autofree double *root = g_new(double, p *p);

    for (size_t k = 0; k < p * p; k++)
        root[k] = lac_rng_normal(&rng);
    for (size_t i = 0; i < p; i++) {
        g->mean[i] = lac_rng_normal(&rng);
        for (size_t j = 0; j < p; j++) {
            g->cov[i * p + j] = i == j ? 0.5 : 0.0;
            for (size_t k = 0; k < p; k++)
                g->cov[i * p + j] += root[i * p + k] * root[j * p + k] / (double)p;
        }
    }
    lac_gaussian_prepare(g);
    for (size_t i = 0; i < n * p; i++)
        x[i] = lac_rng_uniform(&rng) < rate ? NAN : g->mean[i % p] + 1.5 * lac_rng_normal(&rng);
}

/* The sums of one E-step from conditionals row by row; the one-row routine is checked above. */
static void
check_e_step(size_t n, size_t p, double rate, uint64_t seed)
{
    g_autoptr(LacGaussian) g = lac_gaussian_new(p);
    g_autofree double *x = g_new(double, n *p);
    g_autofree double *second = g_new0(double, p *p);
    g_autofree double *mean = g_new(double, p);
    g_autofree double *cov = g_new(double, p *p);
    g_autofree double *full = g_new(double, p);
    double log_likelihood = 0.0, used = 0.0;

    random_problem(n, p, rate, seed, g, x);
    Rows rows = rows_new(n, p, x);

    for (size_t k = 0; k < rows.patterns->n; k++) {
        const size_t q = rows.patterns->missing[k];
        const size_t *column = rows.patterns->column + k * p;

        for (size_t i = rows.patterns->start[k]; q < p && i < rows.patterns->start[k + 1]; i++) {
            const double *row = x + rows.patterns->row[i] * p;

            log_likelihood += lac_gaussian_conditional(g, q, column, row, mean, cov);
            used += 1.0;
            for (size_t a = 0; a < p; a++)
                full[column[a]] = (a < q ? mean[a] : row[column[a]]) - g->mean[column[a]];
            for (size_t a = 0; a < p; a++) {
                for (size_t b = 0; b < p; b++)
                    second[column[a] * p + column[b]] +=
                        full[column[a]] * full[column[b]] + (a < q && b < q ? cov[a * q + b] : 0);
            }
        }
    }
    lac_gaussian_e_step(g, rows.patterns, rows.sorted, NULL, rows.sums, NULL);
    EXPECT_NEAR_DOUBLE(rows.sums->log_likelihood, log_likelihood, 1e-10);
    EXPECT_EQ_DOUBLE(rows.sums->n, used);
    for (size_t k = 0; k < p * p; k++)
        EXPECT_NEAR_DOUBLE(rows.sums->second[k], second[k], 1e-9);
    rows_clear(&rows);
}

LAC_TEST(math_gaussian, blocked_e_step_equals_row_by_row_conditionals)
{
    check_e_step(5, 1, 0.3, 1);
    check_e_step(700, 5, 0.2, 2);  /* both forms, repeated patterns */
    check_e_step(300, 9, 0.8, 3);  /* mostly holes, some rows empty */
    check_e_step(200, 20, 0.3, 6); /* two vectors of columns and one */
    check_e_step(150, 70, 0.3, 4); /* BLAS for the products */
    check_e_step(60, 120, 0.45, 5);
}

/* The precision form and the covariance form are independent ways to the same law: forcing rcond
 * down selects the second. */
LAC_TEST(math_gaussian, precision_form_equals_covariance_form)
{
    enum { P = 12 };
    g_autoptr(LacGaussian) g = lac_gaussian_new(P);
    size_t columns[P];
    double x[P], mean[2][P], cov[2][P * P], density[2];

    random_problem(1, P, 0.0, 8, g, x);
    for (size_t j = 0; j < P; j++)
        columns[j] = (5 * j + 2) % P;
    for (size_t q = 0; q < P / 2; q++) {
        const double rcond = g->rcond;

        density[0] = lac_gaussian_conditional(g, q, columns, x, mean[0], cov[0]);
        g->rcond = 1e-9;
        density[1] = lac_gaussian_conditional(g, q, columns, x, mean[1], cov[1]);
        g->rcond = rcond;
        EXPECT_NEAR_DOUBLE(density[0], density[1], 1e-11);
        for (size_t k = 0; k < q; k++)
            EXPECT_NEAR_DOUBLE(mean[0][k], mean[1][k], 1e-11);
        for (size_t k = 0; k < q * q; k++)
            EXPECT_NEAR_DOUBLE(cov[0][k], cov[1][k], 1e-11);
    }
}

LAC_TEST(math_gaussian, whole_weights_equal_repeated_rows)
{
    enum { N = 40, P = 4 };
    double x[N * P], twice[2 * N * P], weight[N];
    g_autoptr(LacGaussian) g = lac_gaussian_new(P);
    size_t n = 0;

    random_problem(N, P, 0.3, 11, g, x);
    Rows rows = rows_new(N, P, x);

    for (size_t i = 0; i < N; i++) {
        weight[i] = (double)(rows.patterns->row[i] % 3); /* 0, 1 or 2, in the sorted order */
        for (size_t k = 0; k < rows.patterns->row[i] % 3; k++)
            memcpy(twice + P * n++, x + P * rows.patterns->row[i], P * sizeof(double));
    }
    Rows repeated = rows_new(n, P, twice);

    lac_gaussian_e_step(g, rows.patterns, rows.sorted, weight, rows.sums, NULL);
    lac_gaussian_e_step(g, repeated.patterns, repeated.sorted, NULL, repeated.sums, NULL);
    EXPECT_NEAR_DOUBLE(rows.sums->n, repeated.sums->n, 0.0);
    EXPECT_NEAR_DOUBLE(rows.sums->log_likelihood, repeated.sums->log_likelihood, 1e-12);
    for (size_t k = 0; k < P * P; k++)
        EXPECT_NEAR_DOUBLE(rows.sums->second[k], repeated.sums->second[k], 1e-12);
    rows_clear(&rows);
    rows_clear(&repeated);
}

LAC_TEST(math_gaussian, log_likelihood_never_falls)
{
    enum { N = 200, P = 6 };
    double x[N * P];
    g_autoptr(LacGaussian) truth = lac_gaussian_new(P);

    random_problem(N, P, 0.4, 21, truth, x);
    Rows rows = rows_new(N, P, x);
    g_autoptr(LacGaussian) g = observed_start(&rows, 0.0);
    double before = -INFINITY;

    for (size_t t = 0; t < 100; t++) {
        const double now = em_once(&rows, 0.0, g);

        EXPECT_TRUE(now >= before - 1e-9 * fabs(now));
        before = now;
    }
    rows_clear(&rows);
}

/* T6 has no maximum: the smallest eigenvalue runs to zero and the likelihood to infinity. */
LAC_TEST(math_gaussian, singular_covariance_is_mended_and_reported)
{
    Rows rows = rows_new(6, 3, t6);
    g_autoptr(LacGaussian) g = observed_start(&rows, 0.0);
    double added = 0.0;

    for (size_t t = 0; t < 20000 && added == 0.0; t++) {
        lac_gaussian_e_step(g, rows.patterns, rows.sorted, NULL, rows.sums, NULL);
        added = lac_gaussian_m_step(rows.sums, 0.0, g);
    }
    EXPECT_TRUE(added > 0.0);
    EXPECT_TRUE(g->rcond >= LAC_GAUSSIAN_RCOND);
    rows_clear(&rows);

    const double twins[] = {1, 1, 0, 1, 1, 0, 0, 0, 1};
    g_autoptr(LacGaussian) copy = lac_gaussian_new(3);

    memcpy(copy->cov, twins, sizeof twins);
    EXPECT_TRUE(lac_gaussian_prepare(copy) > 0.0);
    EXPECT_TRUE(copy->cov[0] < 1.0 + 1e-6);
    copy->cov[4] = NAN;
    EXPECT_TRUE(lac_gaussian_prepare(copy) < 0.0);
}

/* 4000 draws of one row: mean and covariance within 5 standard errors of the conditional law */
LAC_TEST(math_gaussian, draws_have_the_conditional_mean_and_covariance)
{
    enum { P = 5, DRAWS = 4000 };
    g_autoptr(LacGaussian) g = lac_gaussian_new(P);
    g_autofree double *many = g_new(double, DRAWS *P);
    const size_t columns[P] = {1, 3, 0, 2, 4};
    const LacRng rng = lac_rng_new(77);
    double x[P], mean[2], cov[4], sum[2] = {0}, products[4] = {0};

    random_problem(1, P, 0.0, 31, g, x);
    x[1] = x[3] = NAN;
    for (size_t i = 0; i < DRAWS; i++)
        memcpy(many + i * P, x, sizeof x);
    Rows rows = rows_new(DRAWS, P, many);

    lac_gaussian_conditional(g, 2, columns, x, mean, cov);
    lac_gaussian_complete(g, rows.patterns, &rng, &rows.x, NULL);
    for (size_t i = 0; i < DRAWS; i++) {
        for (size_t a = 0; a < 2; a++) {
            const double d = rows.x.v[i * P + columns[a]] - mean[a];

            sum[a] += d / DRAWS;
            for (size_t b = 0; b < 2; b++)
                products[2 * a + b] += d * (rows.x.v[i * P + columns[b]] - mean[b]) / DRAWS;
        }
    }
    for (size_t a = 0; a < 2; a++) {
        EXPECT_TRUE(fabs(sum[a]) < 5.0 * sqrt(cov[3 * a] / DRAWS));
        for (size_t b = 0; b < 2; b++) {
            const double se =
                sqrt((cov[3 * a] * cov[3 * b] + cov[2 * a + b] * cov[2 * a + b]) / DRAWS);

            EXPECT_TRUE(fabs(products[2 * a + b] - cov[2 * a + b]) < 5.0 * se);
        }
    }
    rows_clear(&rows);
}

/* ln p(m | o) = ln p(m, o) - ln p(o): joint and marginal come from rows without and with holes */
LAC_TEST(math_gaussian, log_density_of_the_holes_is_joint_minus_marginal)
{
    enum { N = 50, P = 6 };
    double x[N * P], full[N * P], out[N];
    const size_t all[P] = {0, 1, 2, 3, 4, 5};
    g_autoptr(LacGaussian) g = lac_gaussian_new(P);
    LacRng rng = lac_rng_new(5);

    random_problem(N, P, 0.5, 41, g, x);
    for (size_t k = 0; k < N * P; k++)
        full[k] = isnan(x[k]) ? lac_rng_normal(&rng) : x[k];
    Rows rows = rows_new(N, P, x);
    const LacMatrix truth = {.rows = N, .cols = P, .stride = P, .v = full};

    lac_gaussian_log_density(g, rows.patterns, &truth, out, NULL);
    for (size_t k = 0; k < rows.patterns->n; k++) {
        for (size_t i = rows.patterns->start[k]; i < rows.patterns->start[k + 1]; i++) {
            const size_t row = rows.patterns->row[i];
            const double joint = lac_gaussian_conditional(g, 0, all, full + row * P, NULL, NULL);
            const double marginal =
                lac_gaussian_conditional(g, rows.patterns->missing[k],
                                         rows.patterns->column + k * P, full + row * P, NULL, NULL);

            EXPECT_NEAR_DOUBLE(out[row], joint - marginal, 1e-10);
        }
    }
    rows_clear(&rows);
}

LAC_TEST(math_gaussian, patterns_group_rows_with_the_same_holes)
{
    enum { N = 400, P = 130 };
    g_autoptr(LacMask) holes = lac_mask_new(N, P, NULL);
    LacRng rng = lac_rng_new(6);
    size_t rows = 0;

    for (size_t i = 0; i < N; i++) {
        const size_t kind = lac_rng_below(&rng, 7);

        lac_mask_set(holes, i, 3 + 20 * kind, TRUE); /* seven patterns over three words */
        lac_mask_set(holes, i, 100, TRUE);
    }
    g_autoptr(LacPatterns) patterns = lac_patterns_new(holes, NULL);

    EXPECT_EQ_INT(patterns->n, 7);
    for (size_t k = 0; k < patterns->n; k++) {
        for (size_t i = patterns->start[k]; i < patterns->start[k + 1]; i++, rows++) {
            EXPECT_TRUE(i == patterns->start[k] || patterns->row[i - 1] < patterns->row[i]);
            for (size_t j = 0; j < P; j++)
                EXPECT_EQ_INT(lac_mask_get(holes, patterns->row[i], patterns->column[k * P + j]),
                              j < patterns->missing[k]);
        }
    }
    EXPECT_EQ_INT(rows, N);
}
