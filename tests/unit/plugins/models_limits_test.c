/* Models that know of limits themselves. x and y are normal with correlation 0.6, and x is not seen
 * below a limit; what is drawn there must follow the cut law, and the law itself must be found in
 * spite of it. */
#include "bundle-private.h"
#include "column-rules-private.h"
#include "fitted.h"
#include "imputer-private.h"
#include "limits-private.h"
#include "probe.h"

#include <lacuna/stats.h>
#include <lacuna/truncated.h>

enum { ROWS = 4000 };

/* x: mean 2, sd 1, missing below @limit and known to be; y complete. @rho: correlation.
 * @told: whether the limits are given */
static LacData *
censored(double limit, double rho, gboolean told, double *mean_of_all, double *sd_of_all)
{
    LacRng rng = lac_rng_new(11);
    double *cells = g_new(double, 2 * ROWS);
    g_autofree double *all = g_new(double, ROWS);
    LacLimits *limits = lac_limits_new(ROWS, 2);
    LacData *data;

    for (size_t i = 0; i < ROWS; i++) {
        const double x = lac_rng_normal(&rng), y = lac_rng_normal(&rng);

        all[i] = 2.0 + x;
        cells[2 * i] = all[i] < limit ? NAN : all[i];
        cells[2 * i + 1] = 10.0 * (rho * x + sqrt(1.0 - rho * rho) * y);
        if (told && all[i] < limit)
            EXPECT_TRUE(lac_limits_set(limits, i, 0, TRUE, limit, NULL));
    }
    if (mean_of_all != NULL)
        lac_stats_mean_sd(ROWS, all, mean_of_all, sd_of_all);
    data = lac_data_new_take(lac_schema_new(2), ROWS, cells, "test", NULL);
    lac_data_take_limits(data, limits);
    return data;
}

static LacImputer *
imputer_of(const char *name, const char *yaml, const LacData *data, size_t draws,
           LacContext *context)
{
    g_autoptr(GError) error = NULL;
    LacModel *model = probe_new(LAC_PLUGIN_MODEL, name, yaml, &error);
    LacImputer *imputer;

    g_assert_no_error(error);
    imputer = lac_imputer_new(model, NULL, LAC_SCALE_MINMAX, context);
    lac_context_set_draws(context, draws);
    if (!lac_imputer_fit(imputer, data, &error))
        lac_test_fail(__FILE__, __LINE__, "%s: %s", name, error->message);
    return imputer;
}

static gboolean
was_told(const LacContext *context, const char *code)
{
    const GPtrArray *events = lac_context_events(context);

    for (guint i = 0; i < events->len; i++)
        if (g_str_equal(((const LacEvent *)events->pdata[i])->code, code))
            return TRUE;
    return FALSE;
}

/* Mean and sd of completed x, over the draws, against those before anything was censored. The
 * sampling error of the mean of 1240 censored cells given the others is sd_cut / sqrt(1240) = 0.016
 * of their mean, 0.005 of the mean of all; the parameters are uncertain by about 0.02. The mean of
 * the seen is 0.51 too high (phi(0.5) / Phi(0.5)). */
static void
expect_recovered(const char *name, const char *yaml)
{
    enum { DRAWS = 5 };
    double mean_of_all, sd_of_all, sum_mean = 0.0, sum_sd = 0.0;
    g_autoptr(LacData) data = censored(1.5, 0.6, TRUE, &mean_of_all, &sd_of_all);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = imputer_of(name, yaml, data, DRAWS, context);
    g_autoptr(LacMatrix) out = lac_matrix_new(ROWS, 2, NULL);
    g_autofree double *x = g_new(double, ROWS);

    for (size_t d = 0; d < DRAWS; d++) {
        double mean, sd;

        ASSERT_TRUE(lac_imputer_sample(imputer, data, d, out, NULL));
        for (size_t i = 0; i < ROWS; i++) {
            x[i] = lac_matrix_row(out, i)[0];
            EXPECT_TRUE(!lac_data_is_hole(data, i, 0) || x[i] < 1.5);
        }
        lac_stats_mean_sd(ROWS, x, &mean, &sd);
        sum_mean += mean / DRAWS;
        sum_sd += sd / DRAWS;
    }
    if (!(fabs(sum_mean - mean_of_all) < 0.04 && fabs(sum_sd - sd_of_all) < 0.05))
        lac_test_fail(__FILE__, __LINE__, "%s: mean %g, sd %g, expected %g, %g", name, sum_mean,
                      sum_sd, mean_of_all, sd_of_all);
    EXPECT_FALSE(was_told(context, "truncated") || was_told(context, "capped"));
}

LAC_TEST(plugins_models_limits, em_finds_the_law_below_the_limit_of_detection)
{
    expect_recovered("em", "{}");
}

/* What goes wrong when nobody says that the holes are below the limit. */
LAC_TEST(plugins_models_limits, untold_limits_leave_the_mean_too_high)
{
    double mean_of_all, sd_of_all, mean, sd;
    g_autoptr(LacData) data = censored(1.5, 0.6, FALSE, &mean_of_all, &sd_of_all);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = imputer_of("em", "{}", data, 1, context);
    g_autoptr(LacMatrix) out = lac_matrix_new(ROWS, 2, NULL);
    g_autofree double *x = g_new(double, ROWS);

    ASSERT_TRUE(lac_imputer_sample(imputer, data, 0, out, NULL));
    for (size_t i = 0; i < ROWS; i++)
        x[i] = lac_matrix_row(out, i)[0];
    lac_stats_mean_sd(ROWS, x, &mean, &sd);
    EXPECT_TRUE(mean > mean_of_all + 0.2);
}

LAC_TEST(plugins_models_limits, mice_finds_the_law_below_the_limit_of_detection)
{
    expect_recovered("mice", "{iterations: 20}");
}

LAC_TEST(plugins_models_limits, gcopula_finds_the_law_below_the_limit_of_detection)
{
    expect_recovered("gcopula", "{}");
}

LAC_TEST(plugins_models_limits, mice_norm_variants_draw_inside_limits)
{
    expect_recovered("mice", "{method: norm.nob, iterations: 20}");
    expect_recovered("mice", "{method: norm.boot, iterations: 20}");
}

/* Share of x below a value against the normal law cut at the limit. */
static double
kolmogorov(size_t n, double *x, double mean, double sd, double upper)
{
    const double mass = lac_normal_cdf((upper - mean) / sd);
    double most = 0.0;

    lac_stats_sort(n, x);
    for (size_t i = 0; i < n; i++) {
        const double p = lac_normal_cdf((x[i] - mean) / sd) / mass;

        most = fmax(most,
                    fmax(fabs(p - (double)i / (double)n), fabs(p - (double)(i + 1) / (double)n)));
    }
    return most;
}

/* A bound of the whole column: no cell is censored, so the estimate is the plain one; x does not
 * depend on y. 1.95 / sqrt(n) is passed with probability 0.001; the fitted parameters are those of
 * the seen cells to within 0.02 sd, which moves the shares by less than 0.02. */
static void
expect_cut(const char *name, const char *yaml)
{
    LacRng rng = lac_rng_new(5);
    double *cells = g_new(double, 2 * ROWS);
    LacLimits *limits = lac_limits_new(ROWS, 2);
    g_autoptr(LacData) data = NULL;
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(2));
    g_autoptr(LacImputer) imputer = NULL;
    g_autoptr(LacMatrix) out = lac_matrix_new(ROWS, 2, NULL);
    g_autofree double *seen = g_new(double, ROWS), *x = g_new(double, ROWS);
    double mean, sd;
    size_t n = 0, at = 0;

    for (size_t i = 0; i < ROWS; i++) {
        double v = lac_rng_normal(&rng);

        while (v > 0.5)
            v = lac_rng_normal(&rng);
        cells[2 * i] = i % 3 == 0 ? NAN : v;
        cells[2 * i + 1] = lac_rng_normal(&rng);
    }
    data = lac_data_new_take(lac_schema_new(2), ROWS, cells, "test", NULL);
    limits->column[0].upper = 0.5;
    lac_data_take_limits(data, limits);
    imputer = imputer_of(name, yaml, data, 1, context);
    ASSERT_TRUE(lac_imputer_sample(imputer, data, 0, out, NULL));
    lac_stats_mean_sd(lac_data_copy_seen(data, 0, seen), seen, &mean, &sd);
    for (size_t i = 0; i < ROWS; i += 3) {
        x[n] = lac_matrix_row(out, i)[0];
        EXPECT_TRUE(x[n] <= 0.5);
        at += x[n++] > 0.5 - 1e-6;
    }
    EXPECT_TRUE(at <= 1);
    if (!(kolmogorov(n, x, mean, sd, 0.5) < 0.02 + 1.95 / sqrt((double)n)))
        lac_test_fail(__FILE__, __LINE__, "%s: distance %g", name, kolmogorov(n, x, mean, sd, 0.5));
    EXPECT_FALSE(was_told(context, "truncated") || was_told(context, "capped"));
}

LAC_TEST(plugins_models_limits, draws_of_em_and_mice_follow_the_cut_law)
{
    expect_cut("em", "{bootstrap: false}");
    expect_cut("mice", "{method: norm.nob}");
}

/* The point completion of a limited cell is the mean of its cut conditional law: x given y has mean
 * 2 + 0.6 y / 10 and sd 0.8, when the parameters are known; they are to about 0.03. */
LAC_TEST(plugins_models_limits, em_fills_with_the_mean_of_the_cut_law)
{
    g_autoptr(LacData) data = censored(1.5, 0.6, TRUE, NULL, NULL);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = imputer_of("em", "{}", data, 1, context);
    g_autoptr(LacMatrix) out = lac_matrix_new(ROWS, 2, NULL);

    ASSERT_TRUE(lac_imputer_fill(imputer, data, out, NULL));
    for (size_t i = 0; i < ROWS; i++) {
        double expected;

        if (!lac_data_is_hole(data, i, 0))
            continue;
        lac_truncated_normal_moments(2.0 + 0.06 * lac_data_at(data, i, 1), 0.8, -INFINITY, 1.5,
                                     &expected, NULL);
        EXPECT_NEAR_DOUBLE(lac_matrix_row(out, i)[0], expected, 0.08);
    }
}

/* The copula learns the column's own curve, too: below 1.5 it goes on straight with the slope over
 * the next standard deviation of scores, which holds 38 % of the cells: its standard error is about
 * (0.38 * 0.62 / 4000)^(1/2) / phi(0) = 0.02, twice that where y's own score is uncertain, too.
 * Fills are values of a mean score, for a straight line the mean of the cut law; their distance
 * from the limit is that slope times a distance of scores. */
LAC_TEST(plugins_models_limits, gcopula_fills_with_the_mean_of_the_cut_law)
{
    g_autoptr(LacData) data = censored(1.5, 0.6, TRUE, NULL, NULL);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = imputer_of("gcopula", "{tol: 1e-6}", data, 1, context);
    g_autoptr(LacMatrix) out = lac_matrix_new(ROWS, 2, NULL);

    ASSERT_TRUE(lac_imputer_fill(imputer, data, out, NULL));
    for (size_t i = 0; i < ROWS; i++) {
        double expected;

        if (!lac_data_is_hole(data, i, 0))
            continue;
        lac_truncated_normal_moments(2.0 + 0.06 * lac_data_at(data, i, 1), 0.8, -INFINITY, 1.5,
                                     &expected, NULL);
        EXPECT_NEAR_DOUBLE(lac_matrix_row(out, i)[0], expected, 0.12 * (1.5 - expected));
    }
    EXPECT_TRUE(was_told(context, "extrapolated"));
}

/* Of a table of two columns, x below a limit of its row not seen: the correlation found over 12
 * tables against the one that made them. Where the limits are not told it is that of the seen part,
 * 0.37. */
static double
copula_correlation(uint64_t seed, gboolean told)
{
    enum { N = 1500 };
    LacRng rng = lac_rng_new(seed);
    double *cells = g_new(double, 2 * N);
    LacLimits *limits = lac_limits_new(N, 2);
    g_autoptr(LacBundle) bundle = lac_bundle_new();
    g_autoptr(LacData) data = NULL;
    g_autoptr(Fitted) copula = NULL;

    for (size_t i = 0; i < N; i++) {
        const double x = lac_rng_normal(&rng), y = lac_rng_normal(&rng);
        const double limit = i % 3 == 0 ? -0.5 : i % 3 == 1 ? 0.0 : 0.5;

        cells[2 * i] = x < limit ? NAN : x;
        cells[2 * i + 1] = exp(0.6 * x + 0.8 * y); /* only ranks matter */
        if (told && x < limit)
            EXPECT_TRUE(lac_limits_set(limits, i, 0, TRUE, limit, NULL));
    }
    data = lac_data_new_take(lac_schema_new(2), N, cells, "test", NULL);
    lac_data_take_limits(data, limits);
    copula = fitted_new("gcopula", "{tol: 1e-5}", data, 1, 1, NULL);
    if (copula == NULL || !copula->plugin->save(copula->model, bundle, NULL))
        return NAN;
    return lac_bundle_get_doubles(bundle, "correlation", 2, 2, NULL, NULL, NULL)[1];
}

LAC_TEST(plugins_models_limits, gcopula_recovers_a_correlation_through_limits_of_rows)
{
    enum { TABLES = 12 };
    double told[TABLES], untold[TABLES], mean, sd;

    for (size_t k = 0; k < TABLES; k++) {
        told[k] = copula_correlation(100 + k, TRUE);
        untold[k] = copula_correlation(100 + k, FALSE);
    }
    lac_stats_mean_sd(TABLES, told, &mean, &sd);
    EXPECT_NEAR_DOUBLE(mean, 0.6, 4.0 * sd / sqrt(TABLES) + 0.005);
    lac_stats_mean_sd(TABLES, untold, &mean, &sd);
    EXPECT_TRUE(mean < 0.53);
}

/* 60 draws a cell: the interval between the 4th and the 57th holds what was there with probability
 * 53/61 = 0.869, in the cells below the limit, too; 1240 of them: standard error 0.01. */
LAC_TEST(plugins_models_limits, gcopula_intervals_of_censored_cells_cover_as_they_should)
{
    enum { DRAWS = 60, HELD = 3 };
    LacRng rng = lac_rng_new(11); /* as censored() draws x */
    g_autoptr(LacData) data = censored(1.5, 0.6, TRUE, NULL, NULL);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = imputer_of("gcopula", "{}", data, DRAWS, context);
    g_autoptr(LacMatrix) out = lac_matrix_new(ROWS, 2, NULL);
    g_autofree double *draws = g_new(double, (size_t)ROWS *DRAWS);
    double covered = 0.0, n = 0.0;

    for (size_t d = 0; d < DRAWS; d++) {
        ASSERT_TRUE(lac_imputer_sample(imputer, data, d, out, NULL));
        for (size_t i = 0; i < ROWS; i++)
            draws[i * DRAWS + d] = lac_matrix_row(out, i)[0];
    }
    for (size_t i = 0; i < ROWS; i++) {
        const double truth = 2.0 + lac_rng_normal(&rng);
        double *own = draws + i * DRAWS;

        lac_rng_normal(&rng);
        if (!lac_data_is_hole(data, i, 0))
            continue;
        lac_stats_sort(DRAWS, own);
        covered += truth >= own[HELD] && truth <= own[DRAWS - 1 - HELD];
        n += 1.0;
    }
    EXPECT_NEAR_DOUBLE(covered / n, 53.0 / 61.0, 4.0 * sqrt(0.869 * 0.131 / n));
}

/* The shares a column is given, times the number of cells: block upto0 of the saved model. @limit:
 * [n] of holes, known from above (@up FALSE) or from below. */
static void
expect_shares(size_t n, const double *x, const double *limit, const gboolean *up, size_t k,
              const double *upto, double tolerance)
{
    double *cells = g_new(double, 2 * n);
    LacLimits *limits = lac_limits_new(n, 2);
    g_autoptr(LacBundle) bundle = lac_bundle_new();
    g_autoptr(LacData) data = NULL;
    g_autoptr(Fitted) copula = NULL;
    const double *found;

    for (size_t i = 0; i < n; i++) {
        cells[2 * i] = x[i];
        cells[2 * i + 1] = (double)((i * 7) % n);
        if (isnan(x[i]))
            EXPECT_TRUE(lac_limits_set(limits, i, 0, !up[i], limit[i], NULL));
    }
    data = lac_data_new_take(lac_schema_new(2), n, cells, "test", NULL);
    lac_data_take_limits(data, limits);
    copula = fitted_new("gcopula", "{spike: 1}", data, 1, 1, NULL);
    ASSERT_TRUE(copula != NULL && copula->plugin->save(copula->model, bundle, NULL));
    found = lac_bundle_get_doubles(bundle, "upto0", 1, k, NULL, NULL, NULL);
    ASSERT_TRUE(found != NULL);
    for (size_t v = 0; v < k; v++)
        EXPECT_NEAR_DOUBLE(found[v], upto[v], tolerance);
}

/* Limits from above only: Kaplan and Meier's estimate on the reversed axis; R 4.2.2, survival:
 *   l <- c(1,2,2,3,5,NA,NA,NA); r <- c(1,2,2,3,5,2.5,0.5,2.8)
 *   f <- survfit(Surv(-r, is.finite(l)) ~ 1); 8 * f$surv
 * which is the share below -f$time. Limits from both sides: Turnbull's, which survfit stops at
 * about 1e-6: l <- c(1,2,2,3,5,NA,NA,NA,4,2.5); r <- c(1,2,2,3,5,2.5,0.5,2.8,NA,NA) f <-
 * survfit(Surv(l, r, type = "interval2") ~ 1); 10 * (1 - f$surv) */
LAC_TEST(plugins_models_limits, gcopula_shares_are_those_of_kaplan_and_meier_and_of_turnbull)
{
    const double x[] = {1, 2, 2, 3, 5, NAN, NAN, NAN, NAN, NAN};
    const double limit[] = {0, 0, 0, 0, 0, 2.5, 0.5, 2.8, 4, 2.5};
    const gboolean up[] = {0, 0, 0, 0, 0, FALSE, FALSE, FALSE, TRUE, TRUE};
    const double below[] = {3, 6, 7, 8};
    const double both[] = {3, 6, 22.0 / 3.0, 10};

    expect_shares(8, x, limit, up, 4, below, 1e-8);
    expect_shares(10, x, limit, up, 4, both, 1e-6);
}

/* Censored regression by maximum likelihood, R 4.2.2 with survival 3.5-3, on the same 400 rows:
 *   i <- 0:399; y <- 10 * cos(i)
 *   x <- 2 + 0.06 * y + 0.8 * qnorm(((i * 89) %% 400 + 0.5) / 400); s <- x >= 1.5
 *   f <- survreg(Surv(pmax(x, 1.5), s, type = "left") ~ y, dist = "gaussian"); c(coef(f), f$scale)
 * The regression of the seen rows alone has 2.372 + 0.0326 y. Stochastic EM is off by the noise of
 * the 20 estimates it averages: 0.79 sqrt(0.28 / (400 * 20)) = 0.005 for the mean, a few times that
 * where y is far out. */
LAC_TEST(plugins_models_limits, em_agrees_with_the_censored_regression_of_r)
{
    enum { N = 400 };
    const double intercept = 2.00529954475, slope = 0.05883414006, scale = 0.79215291018;
    double *cells = g_new(double, 2 * N);
    LacLimits *limits = lac_limits_new(N, 2);
    g_autoptr(LacData) data = NULL;
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = NULL;
    g_autoptr(LacMatrix) out = lac_matrix_new(N, 2, NULL);

    for (size_t i = 0; i < N; i++) {
        const double y = 10.0 * cos((double)i), u = ((double)((i * 89) % N) + 0.5) / N;
        const double x = 2.0 + 0.06 * y + 0.8 * lac_normal_quantile(u);

        cells[2 * i] = x < 1.5 ? NAN : x;
        cells[2 * i + 1] = y;
        if (x < 1.5)
            EXPECT_TRUE(lac_limits_set(limits, i, 0, TRUE, 1.5, NULL));
    }
    data = lac_data_new_take(lac_schema_new(2), N, cells, "test", NULL);
    lac_data_take_limits(data, limits);
    imputer = imputer_of("em", "{tol: 1e-8}", data, 1, context);
    ASSERT_TRUE(lac_imputer_fill(imputer, data, out, NULL));
    for (size_t i = 0; i < N; i++) {
        double expected;

        if (!lac_data_is_hole(data, i, 0))
            continue;
        lac_truncated_normal_moments(intercept + slope * lac_data_at(data, i, 1), scale, -INFINITY,
                                     1.5, &expected, NULL);
        EXPECT_NEAR_DOUBLE(lac_matrix_row(out, i)[0], expected, 0.015);
    }
}

/* 60 rows: a below -0.2 or -0.6, in turn, is not seen; b never above 1.5, with holes. */
static LacData *
small_table(void)
{
    LacRng rng = lac_rng_new(9);
    double *cells = g_new(double, 120);
    LacLimits *limits = lac_limits_new(60, 2);
    LacData *data;

    for (size_t i = 0; i < 60; i++) {
        const double a = lac_rng_normal(&rng), limit = i % 2 ? -0.2 : -0.6;

        cells[2 * i] = a < limit ? NAN : a;
        cells[2 * i + 1] = i % 7 == 3 ? NAN : MIN(a + lac_rng_normal(&rng), 1.5);
        if (a < limit)
            EXPECT_TRUE(lac_limits_set(limits, i, 0, TRUE, limit, NULL));
    }
    limits->column[1].upper = 1.5;
    data = lac_data_new_take(lac_schema_new(2), 60, cells, "test", NULL);
    lac_data_take_limits(data, limits);
    return data;
}

LAC_TEST(plugins_models_limits, gcopula_saved_with_its_curve_draws_the_same)
{
    g_autoptr(LacData) data = small_table();
    g_autoptr(LacBundle) bundle = lac_bundle_new();
    g_autoptr(Fitted) copula = fitted_new("gcopula", NULL, data, 1, 1, NULL);
    g_autoptr(Fitted) copy = fitted_new("gcopula", NULL, data, 1, 1, NULL);
    g_autofree double *before = NULL;
    const double *after;

    ASSERT_TRUE(copula != NULL && copula->plugin->save(copula->model, bundle, NULL));
    ASSERT_TRUE(lac_bundle_get_doubles(bundle, "curve0", 1, G_MAXSIZE, NULL, NULL, NULL) != NULL);
    copy->plugin->clear(copy->model);
    ASSERT_TRUE(copy->plugin->load(copy->model, bundle, NULL));
    before = g_memdup2(fitted_sample(copula, data, 3), 120 * sizeof(double));
    after = fitted_sample(copy, data, 3);
    ASSERT_TRUE(before != NULL && after != NULL);
    EXPECT_TRUE(memcmp(before, after, 120 * sizeof(double)) == 0);
}

static void
expect_inside(const char *name, const LacData *data, const LacMatrix *out)
{
    for (size_t i = 0; i < data->rows; i++)
        for (size_t j = 0; j < data->cols; j++) {
            double lower, upper;

            lac_data_limits(data, i, j, &lower, &upper);
            if (lac_data_is_hole(data, i, j) && !(lac_matrix_row(out, i)[j] <= upper))
                lac_test_fail(__FILE__, __LINE__, "%s: row %zu, column %zu: %g above %g", name, i,
                              j, lac_matrix_row(out, i)[j], upper);
        }
}

LAC_TEST(plugins_models_limits, no_model_fills_or_draws_outside_limits)
{
    static const char *const models[][2] = {
        {"em", "{}"},
        {"mice", "{method: pmm}"},
        {"mice", "{method: cart}"},
        {"gcopula", "{}"},
        {"knn", "{}"},
        {"missforest", "{trees: 20}"},
        {"softimpute", "{}"},
        {"missiwae", "{epochs: 2, hidden: [8], impute_samples: 100}"},
        {"mean", "{}"},
        {"median", "{}"},
        {"mice", "{method: norm.predict}"}};
    g_autoptr(LacData) data = small_table();

    for (size_t m = 0; m < G_N_ELEMENTS(models); m++) {
        g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
        g_autoptr(LacImputer) imputer = imputer_of(models[m][0], models[m][1], data, 3, context);
        g_autoptr(LacMatrix) out = lac_matrix_new(60, 2, NULL);

        ASSERT_TRUE(lac_imputer_fill(imputer, data, out, NULL));
        expect_inside(models[m][0], data, out);
        for (size_t d = 0; d < 3 && lac_imputer_can_sample(imputer); d++) {
            ASSERT_TRUE(lac_imputer_sample(imputer, data, d, out, NULL));
            expect_inside(models[m][0], data, out);
        }
    }
}
