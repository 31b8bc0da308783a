/* The model gcopula. The table of golden/gcopula.h is estimated there by an independent program. */
#include "bundle-private.h"
#include "fitted.h"
#include "golden/gcopula.h"

#include <lacuna/stats.h>

static Fitted *
fit(const char *name, const char *yaml, const LacData *train)
{
    g_autoptr(GError) error = NULL;
    Fitted *fitted = fitted_new(name, yaml, train, 1, 1, &error);

    if (fitted == NULL)
        lac_test_fail(__FILE__, __LINE__, "%s: %s", name, error->message);
    return fitted;
}

/* The saved correlations of @fitted to @out [p][p]. */
static gboolean
correlations(const Fitted *fitted, size_t p, double *out)
{
    g_autoptr(LacBundle) bundle = lac_bundle_new();

    if (fitted == NULL || !fitted->plugin->save(fitted->model, bundle, NULL))
        return FALSE;
    const double *r = lac_bundle_get_doubles(bundle, "correlation", p, p, NULL, NULL, NULL);

    if (r != NULL)
        memcpy(out, r, p * p * sizeof *r);
    return r != NULL;
}

LAC_TEST(models_gcopula, mixed_table_equals_the_textbook_program)
{
    g_autoptr(LacData) data = fitted_table(GC_ROWS, GC_COLS, gc_in, GC_KINDS);
    g_autoptr(Fitted) one = fit("gcopula", "{iterations: 1}", data);
    g_autoptr(Fitted) all = fit("gcopula", "{iterations: 5000, tol: 1e-12}", data);
    double r[GC_COLS * GC_COLS];
    const double *out;

    ASSERT_TRUE(correlations(one, GC_COLS, r));
    for (size_t k = 0; k < GC_COLS * GC_COLS; k++)
        EXPECT_NEAR_DOUBLE(r[k], gc_first[k], 1e-10);
    ASSERT_TRUE(correlations(all, GC_COLS, r));
    for (size_t k = 0; k < GC_COLS * GC_COLS; k++)
        EXPECT_NEAR_DOUBLE(r[k], gc_correlation[k], 1e-9);
    out = fitted_fill(all, data);
    ASSERT_TRUE(out != NULL);
    for (size_t k = 0; k < GC_ROWS * GC_COLS; k++) /* sweeps in turn, to 1e-6 of a score */
        EXPECT_NEAR_DOUBLE(out[k], gc_out[k], 2e-5);
}

/* ---- simulated tables -------------------------------------------------------------------------
 */

enum { P = 4 };
static const char kinds[] = "cobc";
static const double known[P * P] = {1,   0.6, 0.5, -0.4, 0.6,  1,    0.3,  -0.2,
                                    0.5, 0.3, 1,   -0.3, -0.4, -0.2, -0.3, 1};

/* Columns: exp of a score, four levels, two levels, a score; @rate of the cells hidden. */
static LacData *
mixed(size_t rows, double rate, uint64_t seed, double *truth)
{
    double root[P * P], *x = g_new(double, rows *P);
    LacMatrix l = {P, P, P, root};
    LacRng rng = lac_rng_new(seed);

    memcpy(root, known, sizeof root);
    g_assert(lac_cholesky(&l));
    for (size_t i = 0; i < rows; i++) {
        double e[P], z[P] = {0};

        lac_rng_fill_normal(&rng, P, e);
        for (size_t a = 0; a < P; a++)
            for (size_t b = 0; b <= a; b++)
                z[a] += root[a * P + b] * e[b];
        truth[i * P] = exp(z[0]);
        truth[i * P + 1] = (double)((z[1] > -0.8) + (z[1] > 0.0) + (z[1] > 0.9));
        truth[i * P + 2] = z[2] > 0.4;
        truth[i * P + 3] = z[3];
        for (size_t j = 0; j < P; j++)
            x[i * P + j] = lac_rng_uniform(&rng) < rate ? NAN : truth[i * P + j];
    }
    LacData *data = fitted_table(rows, P, x, kinds);

    g_free(x);
    return data;
}

/* Over replicates the mean estimate lies within 4 standard errors, computed from the replicates'
 * own spread, of the correlation that made the data; 0.02 more is left for the rows' finite number
 * (bias of order 1 / n) and the E-step, which is exact for points and an approximation for levels.
 */
LAC_TEST(models_gcopula, known_correlations_are_recovered)
{
    enum { REPLICATES = 20, N = 400 };
    g_autofree double *truth = g_new(double, N *P);
    double sum[P * P] = {0}, squares[P * P] = {0}, r[P * P];

    for (uint64_t k = 0; k < REPLICATES; k++) {
        g_autoptr(LacData) data = mixed(N, 0.2, 100 + k, truth);
        g_autoptr(Fitted) copula = fit("gcopula", "{tol: 1e-4}", data);

        ASSERT_TRUE(correlations(copula, P, r));
        for (size_t c = 0; c < P * P; c++) {
            sum[c] += r[c] / REPLICATES;
            squares[c] += r[c] * r[c] / REPLICATES;
        }
    }
    for (size_t c = 0; c < P * P; c++) {
        const double sd = sqrt(MAX(squares[c] - sum[c] * sum[c], 0.0) / (REPLICATES - 1));

        EXPECT_NEAR_DOUBLE(sum[c], known[c], 4.0 * sd + 0.02);
    }
}

/* Normal columns: the copula knows less (it learns the marginals, too), so the conditional means
 * agree up to the error of n observed quantiles, 1 / sqrt(n) = 0.03 of a standard deviation in the
 * middle and more in the tails. */
LAC_TEST(models_gcopula, normal_columns_are_completed_as_em_does)
{
    enum { N = 1500, COLS = 5 };
    g_autoptr(LacData) data = fitted_made(N, COLS, 0.6, 0.2, 3);
    g_autoptr(Fitted) copula = fit("gcopula", NULL, data), em = fit("em", NULL, data);
    const double *a = copula ? fitted_fill(copula, data) : NULL,
                 *b = em ? fitted_fill(em, data) : NULL;
    double sum = 0.0, n = 0.0;

    ASSERT_TRUE(a != NULL && b != NULL);
    for (size_t k = 0; k < N * COLS; k++) {
        if (isnan(data->values[k])) {
            sum += (a[k] - b[k]) * (a[k] - b[k]);
            n += 1.0;
        }
    }
    EXPECT_TRUE(sqrt(sum / n) < 0.06);
}

/* Share of holes of column @j that @out fills with the truth. */
static double
accuracy(const LacData *data, const double *out, const double *truth, size_t j)
{
    double right = 0.0, n = 0.0;

    for (size_t i = 0; i < data->rows; i++) {
        if (lac_data_is_hole(data, i, j)) {
            right += out[i * data->cols + j] == truth[i * data->cols + j];
            n += 1.0;
        }
    }
    return right / n;
}

LAC_TEST(models_gcopula, levels_are_guessed_better_than_by_the_median)
{
    enum { N = 5000 };
    g_autofree double *truth = g_new(double, N *P);
    g_autoptr(LacData) data = mixed(N, 0.2, 7, truth);
    g_autoptr(Fitted) copula = fit("gcopula", NULL, data), median = fit("median", NULL, data);
    g_autofree double *a = g_memdup2(fitted_fill(copula, data), N * P * sizeof(double));
    const double *b = fitted_fill(median, data);

    ASSERT_TRUE(a != NULL && b != NULL);
    EXPECT_TRUE(accuracy(data, a, truth, 1) > accuracy(data, b, truth, 1) + 0.03);
    EXPECT_TRUE(accuracy(data, a, truth, 2) > accuracy(data, b, truth, 2) + 0.01);
}

/* 60 draws a hole: the interval between the 4th and the 57th holds the next value with probability
 * 53/61 = 0.869. With 300 holes a share has a standard error of 0.02. */
LAC_TEST(models_gcopula, intervals_of_draws_cover_as_they_should)
{
    enum { N = 750, DRAWS = 60, HELD = 3 };
    g_autofree double *truth = g_new(double, N *P);
    g_autoptr(LacData) data = mixed(N, 0.2, 9, truth);
    g_autoptr(Fitted) copula = fit("gcopula", NULL, data);
    g_autofree double *draws = g_new(double, (size_t)DRAWS *N *P);
    double covered = 0.0, n = 0.0, one[DRAWS];

    ASSERT_TRUE(copula != NULL);
    for (size_t d = 0; d < DRAWS; d++) {
        const double *out = fitted_sample(copula, data, d);

        ASSERT_TRUE(out != NULL);
        memcpy(draws + d * N * P, out, N * P * sizeof(double));
    }
    for (size_t k = 0; k < N * P; k++) {
        if ((k % P != 0 && k % P != 3) || !isnan(data->values[k]))
            continue;
        for (size_t d = 0; d < DRAWS; d++)
            one[d] = draws[d * N * P + k];
        lac_stats_sort(DRAWS, one);
        covered += truth[k] >= one[HELD] && truth[k] <= one[DRAWS - 1 - HELD];
        n += 1.0;
    }
    EXPECT_NEAR_DOUBLE(covered / n, 53.0 / 61.0, 4.0 * sqrt(0.869 * 0.131 / n) + 0.01);
}

/* Share of zeros among draws in the holes of a column cut off at 0 below: that of the column. */
LAC_TEST(models_gcopula, draws_of_a_cut_off_column_pile_up_where_it_is_cut)
{
    enum { N = 1000 };
    g_autofree double *x = g_new(double, 2 * N);
    LacRng rng = lac_rng_new(11);
    double zeros = 0.0, n = 0.0;

    for (size_t i = 0; i < N; i++) {
        const double z = lac_rng_normal(&rng);

        x[2 * i] = z + 0.5 * lac_rng_normal(&rng);
        x[2 * i + 1] = i % 4 == 0 ? NAN : MAX(z, -0.25); /* 40 % are cut off */
    }
    g_autoptr(LacData) data = fitted_table(N, 2, x, NULL);
    g_autoptr(Fitted) copula = fit("gcopula", NULL, data);

    ASSERT_TRUE(copula != NULL);
    for (size_t d = 0; d < 4; d++) {
        const double *out = fitted_sample(copula, data, d);

        ASSERT_TRUE(out != NULL);
        for (size_t i = 0; i < N; i += 4) {
            EXPECT_TRUE(out[2 * i + 1] >= -0.25);
            zeros += out[2 * i + 1] == -0.25;
            n += 1.0;
        }
    }
    EXPECT_NEAR_DOUBLE(zeros / n, lac_normal_cdf(-0.25), 4.0 * sqrt(0.24 / (n / 4.0)));
}

LAC_TEST(models_gcopula, nominal_levels_follow_the_other_columns)
{
    enum { N = 600 };
    g_autofree double *x = g_new(double, 2 * N), *truth = g_new(double, 2 * N);
    LacRng rng = lac_rng_new(13);

    for (size_t i = 0; i < N; i++) {
        const double z = lac_rng_normal(&rng);

        truth[2 * i] = x[2 * i] = z;
        /* not in the order of z: the copula may not take codes for an order */
        truth[2 * i + 1] = z < -0.6 ? 2.0 : z < 0.6 ? 0.0 : 1.0;
        x[2 * i + 1] = lac_rng_uniform(&rng) < 0.3 ? NAN : truth[2 * i + 1];
    }
    g_autoptr(LacData) data = fitted_table(N, 2, x, "cn");
    g_autoptr(Fitted) copula = fit("gcopula", NULL, data), mode = fit("mode", NULL, data);
    const double *a = copula ? fitted_fill(copula, data) : NULL;
    const double *b = mode ? fitted_fill(mode, data) : NULL;

    ASSERT_TRUE(a != NULL && b != NULL);
    EXPECT_TRUE(accuracy(data, a, truth, 1) > 0.8);
    EXPECT_TRUE(accuracy(data, b, truth, 1) < 0.6);
}

LAC_TEST(models_gcopula, rescaling_and_monotone_curves_change_no_score)
{
    enum { N = 200 };
    g_autofree double *truth = g_new(double, N *P);
    g_autoptr(LacData) data = mixed(N, 0.2, 15, truth);
    g_autofree double *curved = g_memdup2(data->values, N * P * sizeof(double));

    for (size_t k = 0; k < N * P; k += P)
        curved[k] = log(curved[k]);
    g_autoptr(LacData) other = fitted_table(N, P, curved, kinds);
    g_autoptr(Fitted) a = fit("gcopula", NULL, data), b = fit("gcopula", NULL, other);
    double r[P * P], s[P * P];

    ASSERT_TRUE(correlations(a, P, r) && correlations(b, P, s));
    EXPECT_TRUE(memcmp(r, s, sizeof r) == 0);
}

LAC_TEST(models_gcopula, hard_tables_are_finite_and_told)
{
    enum { N = 60, COLS = 5 };
    g_autoptr(LacData) made = fitted_made(N, COLS, 0.5, 0.2, 17);
    g_autoptr(LacData) gaps = fitted_made(N, COLS, 0.5, 0.9, 19);
    g_autoptr(LacData) wide = fitted_made(12, 30, 0.5, 0.2, 21);
    double x[N * COLS];

    memcpy(x, made->values, sizeof x);
    for (size_t i = 0; i < N; i++) {
        x[i * COLS + 3] = i % 4 == 0 ? NAN : 7.5;
        x[i * COLS + 4] = 2.0 * x[i * COLS]; /* twice the first, and missing with it */
    }
    g_autoptr(LacData) flat = fitted_table(N, COLS, x, NULL);
    g_autoptr(Fitted) copula = fit("gcopula", NULL, flat);
    const LacData *const tables[] = {gaps, wide};
    const double *out = copula ? fitted_fill(copula, flat) : NULL;

    ASSERT_TRUE(out != NULL);
    EXPECT_EQ_INT(fitted_events(copula, "constant", 3), 1);
    EXPECT_EQ_INT(fitted_events(copula, "ridge", -1), 1);
    for (size_t i = 0; i < N; i++)
        EXPECT_EQ_DOUBLE(out[i * COLS + 3], 7.5);
    for (size_t k = 0; k < G_N_ELEMENTS(tables); k++) {
        g_autoptr(Fitted) hard = fit("gcopula", NULL, tables[k]);

        EXPECT_TRUE(hard != NULL && fitted_fill(hard, tables[k]) != NULL &&
                    fitted_sample(hard, tables[k], 1) != NULL);
    }
}

LAC_TEST(models_gcopula, bootstrapped_draws_know_that_what_was_learnt_is_uncertain)
{
    /* the mean of 20 imputed values strays around that of 20 observed ones, which strays as much:
     * draws that know it vary 2^(1/2) times as much; sds of 200 draws stray by a twentieth */
    const double plain = fitted_spread_of_means("gcopula", "{bootstrap: false}", 200);
    const double proper = fitted_spread_of_means("gcopula", "{bootstrap: true}", 200);

    EXPECT_TRUE(proper / plain > 1.2);
    EXPECT_TRUE(proper / plain < 1.65);
}
