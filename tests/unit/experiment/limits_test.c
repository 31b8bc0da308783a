#include "column-rules-private.h"
#include "imputer-private.h"
#include "lac_test.h"
#include "limits-private.h"

#include <lacuna/stats.h>
#include <lacuna/truncated.h>

/* ---- a model that knows nothing of limits ------------------------------------------------------
 */

typedef struct {
    LacModel base;
    double shift, spread; /* of draws, against what was observed; in the model's units */
    gboolean fill_only;
} NormalModel;

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(NormalModel, shift, 0.0, LAC_RANGE_ANY, "", "Added to every draw"),
    LAC_PARAM_DOUBLE(NormalModel, spread, 1.0, LAC_RANGE_ANY, "", "Standard deviation of draws"),
    LAC_PARAM_BOOL(NormalModel, fill_only, FALSE, "Gives no draws"),
    LAC_PARAM_END,
};

static gboolean
normal_fit(LacModel *model, const LacData *train, GError **error)
{
    return TRUE;
}

static gboolean
normal_sample(const LacModel *model, const LacData *in, size_t draw, LacMatrix *out, GError **error)
{
    const NormalModel *self = LAC_CAST(const NormalModel, model);
    const LacRng stream = lac_context_rng(model->instance.context, "draw");
    LacRng rng = lac_rng_at(&stream, draw);

    lac_data_copy_values(in, out);
    for (size_t i = 0; i < in->rows; i++)
        for (size_t j = 0; j < in->cols; j++)
            if (lac_data_is_hole(in, i, j))
                lac_matrix_row(out, i)[j] = self->shift + self->spread * lac_rng_normal(&rng);
    return TRUE;
}

static gboolean
normal_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    const double fill[] = {LAC_CAST(const NormalModel, model)->shift, 0.0};

    lac_data_fill_holes(in, fill, out);
    return TRUE;
}

static unsigned
normal_traits(const LacModel *model)
{
    return LAC_CAST(const NormalModel, model)->fill_only ? LAC_MODEL_NO_DRAWS : 0;
}

static const LacModelPlugin normal_plugin = {
    LAC_MODEL("normal", "Independent normal draws", NormalModel, params),
    .fit = normal_fit,
    .fill = normal_fill,
    .sample = normal_sample,
    .traits_of = normal_traits,
};

static LacImputer *
imputer_with(const char *yaml, const LacData *data, LacContext *context)
{
    g_autoptr(LacNode) node = lac_yaml_parse(yaml, strlen(yaml), "test", NULL);
    LacModel *model = lac_instance_new(&normal_plugin.plugin, node, NULL, NULL);
    LacImputer *imputer = lac_imputer_new(model, NULL, LAC_SCALE_STANDARD, context);

    EXPECT_TRUE(lac_imputer_fit(imputer, data, NULL));
    return imputer;
}

/* ---- tables -----------------------------------------------------------------------------------
 */

/* @n rows: x holes in every second one, observed x around @mean; y a noisy copy. */
static LacData *
table(size_t n, double mean, double upper)
{
    LacRng rng = lac_rng_new(3);
    double *cells = g_new(double, 2 * n);
    LacLimits *limits = lac_limits_new(n, 2);
    LacData *data;

    for (size_t i = 0; i < n; i++) {
        cells[2 * i] = i % 2 == 0 ? NAN : mean + lac_rng_normal(&rng);
        cells[2 * i + 1] = lac_rng_normal(&rng);
        if (i % 2 == 0)
            EXPECT_TRUE(lac_limits_set(limits, i, 0, TRUE, upper, NULL));
    }
    data = lac_data_new_take(lac_schema_new(2), n, cells, "test", NULL);
    lac_data_take_limits(data, limits);
    return data;
}

static const LacEvent *
event_of(const LacContext *context, const char *code)
{
    const GPtrArray *events = lac_context_events(context);

    for (guint i = 0; i < events->len; i++)
        if (g_str_equal(((const LacEvent *)events->pdata[i])->code, code))
            return events->pdata[i];
    return NULL;
}

/* Largest distance between the share of @x [n] below a value and what a normal law cut at @upper
 * has there. Sorts @x. */
static double
kolmogorov(size_t n, double *x, double mean, double sd, double upper)
{
    const double mass = lac_normal_cdf((upper - mean) / sd);
    double most = 0.0;

    lac_stats_sort(n, x);
    for (size_t i = 0; i < n; i++) {
        const double p = lac_normal_cdf((x[i] - mean) / sd) / mass;

        most = fmax(most, fabs(p - (double)i / (double)n));
        most = fmax(most, fabs(p - (double)(i + 1) / (double)n));
    }
    return most;
}

enum { ROWS = 4000 };

/* Holes of x in @draw of a model with @yaml, whose law of x is normal about the observed mean. */
static double *
holes_of(const char *yaml, const LacData *data, gboolean drawn, LacContext *context,
         LacScaler *units)
{
    g_autoptr(LacImputer) imputer = imputer_with(yaml, data, context);
    g_autoptr(LacMatrix) out = lac_matrix_new(data->rows, data->cols, NULL);
    g_autoptr(GError) error = NULL;
    double *x = g_new(double, data->rows / 2);

    EXPECT_TRUE(drawn ? lac_imputer_sample(imputer, data, 0, out, &error)
                      : lac_imputer_fill(imputer, data, out, &error));
    EXPECT_TRUE(error == NULL);
    units->shift[0] = lac_imputer_units(imputer)->shift[0];
    units->factor[0] = lac_imputer_units(imputer)->factor[0];
    for (size_t i = 0; i < data->rows; i += 2)
        x[i / 2] = lac_matrix_row(out, i)[0];
    return x;
}

/* 1.95 / sqrt(n): Kolmogorov's distance is larger with probability 0.001. */
static void
expect_cut_normal(const char *yaml, double shift, double spread, double upper, const char *event,
                  double tolerance)
{
    g_autoptr(LacData) data = table(ROWS, 10.0, upper);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacScaler) units = lac_scaler_learn(LAC_SCALE_STANDARD, data);
    g_autofree double *x = holes_of(yaml, data, TRUE, context, units);
    size_t at = 0;

    for (size_t i = 0; i < ROWS / 2; i++) {
        EXPECT_TRUE(x[i] <= upper);
        at += x[i] > upper - 1e-6;
    }
    EXPECT_EQ_INT(at, 0); /* nothing has piled up at the limit */
    EXPECT_TRUE(kolmogorov(ROWS / 2, x, units->shift[0] + shift * units->factor[0],
                           spread * units->factor[0], upper) < tolerance);
    EXPECT_TRUE(event_of(context, "capped") == NULL);
    EXPECT_TRUE((event_of(context, "truncated") != NULL) == (event != NULL));
}

LAC_TEST(experiment_limits, draws_outside_are_drawn_again_until_they_follow_the_cut_law)
{
    expect_cut_normal("{}", 0.0, 1.0, 9.5, NULL, 1.95 / sqrt(ROWS / 2));
}

/* Three sd away one draw in 740 would do: the law is estimated from 33 draws of each cell, so its
 * shape is right and its scale is off by sqrt(1 / 66) = 0.12 in a single cell, less on average. */
LAC_TEST(experiment_limits, far_limits_get_the_law_of_the_refused_draws_and_are_told)
{
    expect_cut_normal("{}", 0.0, 1.0, 7.0, "truncated", 0.12);
}

LAC_TEST(experiment_limits, a_model_without_spread_ends_at_the_limit_and_says_so)
{
    g_autoptr(LacData) data = table(20, 10.0, 7.0);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacScaler) units = lac_scaler_learn(LAC_SCALE_STANDARD, data);
    g_autofree double *x = holes_of("{spread: 0}", data, TRUE, context, units);

    for (size_t i = 0; i < 10; i++)
        EXPECT_EQ_DOUBLE(x[i], 7.0);
    ASSERT_TRUE(event_of(context, "capped") != NULL);
    EXPECT_CONTAINS(event_of(context, "capped")->detail, "10 imputed values of 'x1'");
}

/* The mean of a normal law below -1 sd is -1.525 sd (phi(1) / Phi(-1)); 33 draws a cell give it to
 * 1 / sqrt(33 * 10) sd on average. */
LAC_TEST(experiment_limits, point_completions_outside_become_means_of_the_cut_law)
{
    g_autoptr(LacData) data = table(ROWS, 10.0, 9.0);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacScaler) units = lac_scaler_learn(LAC_SCALE_STANDARD, data);
    g_autofree double *x = holes_of("{}", data, FALSE, context, units);
    double mean;

    lac_truncated_normal_moments(units->shift[0], units->factor[0], -INFINITY, 9.0, &mean, NULL);
    for (size_t i = 0; i < ROWS / 2; i++)
        EXPECT_TRUE(x[i] < 9.0);
    EXPECT_NEAR_DOUBLE(lac_stats_mean(ROWS / 2, x), mean, 0.005);
    EXPECT_TRUE(event_of(context, "truncated") != NULL);
}

LAC_TEST(experiment_limits, without_draws_a_point_completion_ends_at_the_limit_and_says_so)
{
    g_autoptr(LacData) data = table(20, 10.0, 9.0);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacScaler) units = lac_scaler_learn(LAC_SCALE_STANDARD, data);
    g_autofree double *x = holes_of("{fill_only: true}", data, FALSE, context, units);

    EXPECT_EQ_DOUBLE(x[3], 9.0);
    EXPECT_TRUE(event_of(context, "capped") != NULL);
}

/* ---- rules --------------------------------------------------------------------------------------
 */

static LacColumnRules *
rules_of(const char *yaml)
{
    g_autoptr(LacNode) node = lac_yaml_parse(yaml, strlen(yaml), "rules.yaml", NULL);

    return lac_column_rules_parse(lac_node_get(node, "columns"), NULL);
}

static LacData *
read_with(const char *csv, const LacColumnRules *rules)
{
    g_autoptr(LacData) raw = lac_csv_parse(csv, strlen(csv), "t.csv", NULL, NULL, NULL);
    g_autoptr(GError) error = NULL;
    LacData *data = lac_column_rules_apply(rules, raw, NULL, NULL, &error);

    EXPECT_TRUE(error == NULL);
    return data;
}

LAC_TEST(experiment_limits, derived_columns_are_no_business_of_the_model)
{
    g_autoptr(LacColumnRules) rules = rules_of("columns: {s: {derived: a + b}}");
    g_autoptr(LacData) data =
        read_with("a,b,s\n1.5,2,3.5\n,4,9\n3,6,\n5,,99\n2,7,\n2,1,4\n", rules);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    LacModel *model = lac_instance_new(&normal_plugin.plugin, NULL, NULL, NULL);
    g_autoptr(LacImputer) imputer = lac_imputer_new(model, NULL, LAC_SCALE_NONE, context);
    g_autoptr(LacMatrix) out = lac_matrix_new(6, 3, NULL);

    lac_imputer_set_rules(imputer, rules);
    ASSERT_TRUE(lac_imputer_fit(imputer, data, NULL));
    EXPECT_EQ_INT(lac_imputer_model_schema(imputer)->cols, 2);
    ASSERT_TRUE(lac_imputer_sample(imputer, data, 0, out, NULL));
    EXPECT_EQ_DOUBLE(lac_matrix_row(out, 2)[2], 9.0);
    EXPECT_EQ_DOUBLE(lac_matrix_row(out, 4)[2], 9.0);
    EXPECT_EQ_DOUBLE(lac_matrix_row(out, 1)[2], 9.0); /* observed */
    ASSERT_TRUE(event_of(context, "derived-disagrees") != NULL);
    EXPECT_CONTAINS(event_of(context, "derived-disagrees")->detail,
                    "1 observed value of 's' is not what a + b gives (the first in row 6)");
}

/* A count modelled by its logarithm comes back as a count, at least 1. */
LAC_TEST(experiment_limits, integers_stay_integers_inside_their_bounds)
{
    g_autoptr(LacColumnRules) rules =
        rules_of("columns: {n: {log: true, max: 6}, k: {min: 2, max: 3}}");
    g_autoptr(LacData) data =
        read_with("n,k\n1,2\n,\n6,3\n,\n2,2\n,\n3,3\n,\n5,\n4,\n6,3\n,2\n", rules);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    LacModel *model = lac_instance_new(&normal_plugin.plugin, NULL, NULL, NULL);
    g_autoptr(LacImputer) imputer = lac_imputer_new(model, NULL, LAC_SCALE_STANDARD, context);
    g_autoptr(LacMatrix) out = lac_matrix_new(12, 2, NULL);

    lac_imputer_set_rules(imputer, rules);
    ASSERT_TRUE(lac_imputer_fit(imputer, data, NULL));
    for (size_t d = 0; d < 50; d++) {
        ASSERT_TRUE(lac_imputer_sample(imputer, data, d, out, NULL));
        for (size_t i = 0; i < 12; i++) {
            const double n = lac_matrix_row(out, i)[0], k = lac_matrix_row(out, i)[1];

            EXPECT_TRUE(n == rint(n) && n >= 1 && n <= 6 && (k == 2 || k == 3));
        }
    }
}
