/* What the core does around a model, with models made up here: one that behaves, and some that do
 * not. Expected values by hand. */
#include "imputer-private.h"
#include "lac_test.h"

#include <glib/gstdio.h>
#include <unistd.h>

/* ---- models ---------------------------------------------------------------------------------- */

typedef struct {
    LacModel base;
    double value; /* what holes are filled with, in the model's units */
    gboolean touch, leave, silent;
    size_t fitted_cols;
} FillModel;

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(FillModel, value, 0.5, LAC_RANGE_ANY, "", "What holes get"),
    LAC_PARAM_BOOL(FillModel, touch, FALSE, "Change an observed cell"),
    LAC_PARAM_BOOL(FillModel, leave, FALSE, "Leave a hole"),
    LAC_PARAM_BOOL(FillModel, silent, FALSE, "Fail without a reason"),
    LAC_PARAM_END,
};

static gboolean
fill_fit(LacModel *model, const LacData *train, GError **error)
{
    LAC_CAST(FillModel, model)->fitted_cols = train->cols;
    return !LAC_CAST(FillModel, model)->silent;
}

static gboolean
fill_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    const FillModel *self = LAC_CAST(const FillModel, model);

    EXPECT_EQ_INT(in->cols, self->fitted_cols);
    for (size_t i = 0; i < in->rows; i++)
        for (size_t j = 0; j < in->cols; j++) {
            double *cell = &lac_matrix_row(out, i)[j];

            *cell = lac_data_at(in, i, j);
            if (lac_data_is_hole(in, i, j))
                *cell = self->leave ? NAN : self->value;
            else if (self->touch && *cell == 0.0)
                *cell = -0.0; /* equal, but not the same bits */
        }
    return TRUE;
}

static const LacModelPlugin fill_plugin = {
    LAC_MODEL("fill", "Fills with one number", FillModel, params),
    .fit = fill_fit,
    .fill = fill_fill,
};

static LacImputer *
imputer_with(const char *yaml, LacScale scale, LacContext *context)
{
    g_autoptr(LacNode) node = lac_yaml_parse(yaml, strlen(yaml), "test", NULL);
    LacModel *model = lac_instance_new(&fill_plugin.plugin, node, NULL, NULL);

    g_assert(model != NULL);
    return lac_imputer_new(model, NULL, scale, context);
}

static LacData *
table(const char *csv, const char *const *kinds)
{
    const LacCsvOptions options = {.header = 1, .kinds = (char **)kinds};
    g_autoptr(GError) error = NULL;
    LacData *data = lac_csv_parse(csv, strlen(csv), "test.csv", &options, NULL, &error);

    if (data == NULL)
        g_error("%s", error->message);
    return data;
}

static const char *const no_kinds[] = {NULL};

/* ---- tests ----------------------------------------------------------------------------------- */

LAC_TEST(experiment_imputer, a_fill_in_model_units_comes_back_in_raw_ones)
{
    /* min-max over the observed cells: a in [1, 5], b in [10, 30]; 0.5 is the middle */
    g_autoptr(LacData) data = table("a,b\n1.0,10.5\n5.0,\n,30.5\n", no_kinds);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = imputer_with("{}", LAC_SCALE_MINMAX, context);
    g_autoptr(LacMatrix) out = lac_matrix_new(3, 2, NULL);
    g_autoptr(GError) error = NULL;

    EXPECT_TRUE(lac_imputer_fit(imputer, data, &error));
    EXPECT_TRUE(lac_imputer_fill(imputer, data, out, &error));
    ASSERT_NO_ERROR(error);
    EXPECT_EQ_DOUBLE(out->v[0], 1.0);
    EXPECT_NEAR_DOUBLE(out->v[3], 20.5, 1e-14);
    EXPECT_NEAR_DOUBLE(out->v[4], 3.0, 1e-14);
    EXPECT_EQ_DOUBLE(out->v[5], 30.5);
}

LAC_TEST(experiment_imputer, integers_are_rounded_unless_a_sweep_scores_them)
{
    g_autoptr(LacData) data = table("a\n1\n4\n\n2\n", (const char *const[]){"a", "integer", NULL});
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = imputer_with("{value: 2.6}", LAC_SCALE_NONE, context);
    g_autoptr(LacMatrix) out = lac_matrix_new(data->rows, 1, NULL);

    ASSERT_TRUE(lac_mask_count(data->holes) == 1);
    ASSERT_TRUE(lac_imputer_fit(imputer, data, NULL));
    ASSERT_TRUE(lac_imputer_fill(imputer, data, out, NULL));
    EXPECT_EQ_DOUBLE(out->v[2], 3.0);
    lac_imputer_set_rounding(imputer, FALSE);
    ASSERT_TRUE(lac_imputer_fill(imputer, data, out, NULL));
    EXPECT_EQ_DOUBLE(out->v[2], 2.6);
}

LAC_TEST(experiment_imputer, bounds_hold_and_are_reported)
{
    LacSchema *schema = lac_schema_new(1);
    double *values = g_new(double, 3);
    g_autoptr(LacData) data = NULL;
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = imputer_with("{value: -7}", LAC_SCALE_NONE, context);
    g_autoptr(LacMatrix) out = lac_matrix_new(3, 1, NULL);
    const LacEvent *event;

    schema->columns[0].lower = 0.0;
    values[0] = 2.0;
    values[1] = values[2] = NAN;
    data = lac_data_new_take(schema, 3, values, "test", NULL);
    ASSERT_TRUE(lac_imputer_fit(imputer, data, NULL));
    ASSERT_TRUE(lac_imputer_fill(imputer, data, out, NULL));
    EXPECT_EQ_DOUBLE(out->v[1], 0.0);
    ASSERT_EQ_INT(lac_context_events(context)->len, 1);
    event = lac_context_events(context)->pdata[0];
    EXPECT_STR(event->code, "capped");
    EXPECT_CONTAINS(event->detail, "2 imputed values of 'x1'");
}

LAC_TEST(experiment_imputer, categories_are_encoded_for_models_that_want_numbers)
{
    /* three levels become three columns; equal scores: the first level wins */
    g_autoptr(LacData) data = table("a,n\nred,1.5\ngreen,2.5\nblue,\n,4.5\n",
                                    (const char *const[]){"a", "nominal", NULL});
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = imputer_with("{}", LAC_SCALE_NONE, context);
    g_autoptr(LacMatrix) out = lac_matrix_new(4, 2, NULL);

    ASSERT_TRUE(lac_imputer_fit(imputer, data, NULL));
    EXPECT_EQ_INT(lac_imputer_model_schema(imputer)->cols, 4);
    ASSERT_TRUE(lac_imputer_fill(imputer, data, out, NULL));
    EXPECT_EQ_DOUBLE(out->v[6], 0.0);
    EXPECT_EQ_DOUBLE(out->v[5], 0.5);
    EXPECT_EQ_DOUBLE(out->v[4], lac_data_at(data, 2, 0));
}

LAC_TEST(experiment_imputer, a_changed_observed_cell_is_caught_to_the_bit)
{
    g_autoptr(LacData) data = table("a\n0.0\n1.5\n\n2.5\n", no_kinds);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = imputer_with("{touch: true}", LAC_SCALE_NONE, context);
    g_autoptr(LacMatrix) out = lac_matrix_new(data->rows, 1, NULL);
    g_autoptr(GError) error = NULL;

    ASSERT_TRUE(lac_imputer_fit(imputer, data, NULL));
    EXPECT_FALSE(lac_imputer_fill(imputer, data, out, &error));
    EXPECT_ERROR(error, LAC_ERROR_NUMERIC,
                 "fill: changed the observed cell in row 1, column 'a' from 0 to -0");
    EXPECT_FALSE(lac_imputer_was_not_finite(imputer));
}

LAC_TEST(experiment_imputer, an_open_hole_is_caught_and_named)
{
    g_autoptr(LacData) data = table("a,b\n0.5,1\n1.5,\n2.5,3\n", no_kinds);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = imputer_with("{leave: true}", LAC_SCALE_STANDARD, context);
    g_autoptr(LacMatrix) out = lac_matrix_new(3, 2, NULL);
    g_autoptr(GError) error = NULL;

    ASSERT_TRUE(lac_imputer_fit(imputer, data, NULL));
    EXPECT_FALSE(lac_imputer_fill(imputer, data, out, &error));
    EXPECT_ERROR(error, LAC_ERROR_NUMERIC, "fill: filled the hole in row 2, column 'b' with nan");
    EXPECT_TRUE(lac_imputer_was_not_finite(imputer));
}

LAC_TEST(experiment_imputer, a_model_that_fails_in_silence_still_gives_a_sentence)
{
    g_autoptr(LacData) data = table("a\n0.5\n\n1\n", no_kinds);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = imputer_with("{silent: true}", LAC_SCALE_NONE, context);
    g_autoptr(GError) error = NULL;

    EXPECT_FALSE(lac_imputer_fit(imputer, data, &error));
    EXPECT_ERROR(error, LAC_ERROR_PLUGIN, "fill: fit failed without saying why");
}

LAC_TEST(experiment_imputer, a_column_without_any_value_is_refused)
{
    LacSchema *schema = lac_schema_new(2);
    double *values = g_new(double, 4);
    g_autoptr(LacData) data = NULL;
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = imputer_with("{}", LAC_SCALE_NONE, context);
    g_autoptr(GError) error = NULL;

    values[0] = values[2] = 1.0;
    values[1] = values[3] = NAN;
    data = lac_data_new_take(schema, 2, values, "test", NULL);
    EXPECT_FALSE(lac_imputer_fit(imputer, data, &error));
    EXPECT_ERROR(error, LAC_ERROR_DATA, "column 'x2' has no observed cell in 2 rows");
}

LAC_TEST(experiment_imputer, a_complete_table_needs_no_model)
{
    g_autoptr(LacData) data = table("a\n0.5\n1.5\n", no_kinds);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = imputer_with("{}", LAC_SCALE_NONE, context);
    g_autoptr(LacMatrix) out = lac_matrix_new(2, 1, NULL);

    ASSERT_TRUE(lac_imputer_fill(imputer, data, out, NULL));
    EXPECT_EQ_DOUBLE(out->v[1], 1.5);
}

LAC_TEST(experiment_imputer, new_rows_are_brought_into_the_fitted_shape)
{
    const char *const kinds[] = {"c", "nominal", NULL};
    g_autoptr(LacData) train = table("a,c\n1.5,red\n2.5,green\n,blue\n", kinds);
    g_autoptr(LacData) rows = table("c,extra,a\nblue,1,\n,2,7.5\nred,3,8.5\n", kinds);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = imputer_with("{}", LAC_SCALE_NONE, context);
    g_autoptr(LacData) adapted = NULL;
    g_autoptr(GError) error = NULL;

    ASSERT_TRUE(lac_imputer_fit(imputer, train, NULL));
    adapted = lac_imputer_adapt(imputer, rows, &error);
    ASSERT_NO_ERROR(error);
    ASSERT_EQ_INT(adapted->cols, 2);
    EXPECT_STR(lac_data_name(adapted, 0), "a");
    EXPECT_TRUE(lac_data_is_hole(adapted, 0, 0));
    EXPECT_EQ_DOUBLE(lac_data_at(adapted, 2, 0), 8.5);
    EXPECT_EQ_DOUBLE(lac_data_at(adapted, 0, 1), lac_data_at(train, 2, 1));
    EXPECT_TRUE(lac_data_is_hole(adapted, 1, 1));
}

LAC_TEST(experiment_imputer, what_new_rows_may_not_be_is_said)
{
    const char *const kinds[] = {"c", "nominal", NULL};
    g_autoptr(LacData) train = table("a,c\n1.5,red\n2.5,green\n,blue\n", kinds);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = imputer_with("{}", LAC_SCALE_NONE, context);
    static const struct {
        const char *csv, *said;
    } cases[] = {
        {"a,c\n1.5,pink\n2.5,red\n1.5,blue\n", "holds 'pink', a level the model has not seen"},
        {"c\nred\nblue\ngreen\n", "column 'a' is missing"},
        {"a,c,z\n1.5,red,1\n2.5,blue,\n3.5,green,2\n", "column 'z' has holes"},
        {"a,c\nhigh,red\nlow,blue\nmid,green\n", "the model was fitted on numbers there"},
    };

    ASSERT_TRUE(lac_imputer_fit(imputer, train, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(LacData) rows = table(cases[i].csv, kinds);
        g_autoptr(GError) error = NULL;

        EXPECT_TRUE(lac_imputer_adapt(imputer, rows, &error) == NULL);
        EXPECT_ERROR(error, LAC_ERROR_DATA, cases[i].said);
    }
}

LAC_TEST(experiment_imputer, a_saved_imputer_fills_new_rows_as_the_fitted_one_does)
{
    const char *const kinds[] = {"c", "nominal", NULL};
    const LacPlugin *plugin = lac_plugin_find(LAC_PLUGIN_MODEL, "mean", NULL);
    g_autoptr(LacData) train = table("a,c\n1.5,red\n2.75,green\n,blue\n3.0,red\n", kinds);
    g_autoptr(LacData) rows = table("a,c\n,\n2.5,red\n,blue\n1,green\n", kinds);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1)),
                          other = lac_context_new(lac_rng_new(2));
    g_autoptr(LacImputer) fitted = NULL, loaded = NULL;
    g_autoptr(LacMatrix) a = lac_matrix_new(4, 2, NULL), b = lac_matrix_new(4, 2, NULL);
    g_autoptr(LacData) for_a = NULL, for_b = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_strdup_printf("%s/lacuna-imputer-%d", g_get_tmp_dir(), getpid());

    if (plugin == NULL)
        LAC_SKIP("the mean plugin is not built");
    fitted = lac_imputer_new(lac_instance_new(plugin, NULL, NULL, NULL), NULL, LAC_SCALE_STANDARD,
                             context);
    ASSERT_TRUE(lac_imputer_fit(fitted, train, &error));
    EXPECT_TRUE(lac_imputer_save(fitted, path, &error));
    ASSERT_NO_ERROR(error);
    loaded = lac_imputer_load(path, other, &error);
    g_unlink(path);
    ASSERT_NO_ERROR(error);
    for_a = lac_imputer_adapt(fitted, rows, &error);
    for_b = lac_imputer_adapt(loaded, rows, &error);
    ASSERT_NO_ERROR(error);
    EXPECT_TRUE(lac_imputer_fill(fitted, for_a, a, &error));
    EXPECT_TRUE(lac_imputer_fill(loaded, for_b, b, &error));
    ASSERT_NO_ERROR(error);
    for (size_t i = 0; i < 8; i++)
        EXPECT_EQ_DOUBLE(a->v[i], b->v[i]);
}

/* ---- cost ------------------------------------------------------------------------------------ */

static void
hungry_cost(const LacModel *model, const LacWorkload *work, LacCost *out)
{
    (void)model;
    out->bytes = 1e9 * (double)work->rows * (double)work->cols * (1.0 + work->missing);
    out->seconds = (double)work->draws;
}

static const LacModelPlugin hungry_plugin = {
    LAC_MODEL("hungry", "Takes a gigabyte a cell", FillModel, params),
    .fit = fill_fit,
    .fill = fill_fill,
    .cost = hungry_cost,
};

static LacImputer *
hungry(LacContext *context)
{
    LacModel *model = lac_instance_new(&hungry_plugin.plugin, NULL, NULL, NULL);

    g_assert(model != NULL);
    return lac_imputer_new(model, NULL, LAC_SCALE_NONE, context);
}

LAC_TEST(experiment_imputer, a_fit_beyond_the_memory_is_refused_before_it_starts)
{
    g_autoptr(LacData) data = table("a,b\n1.5,2.5\n3.5,\n", no_kinds);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = hungry(context);
    g_autoptr(GError) error = NULL;

    lac_context_set_memory(context, (size_t)4 << 30);
    EXPECT_FALSE(lac_imputer_fit(imputer, data, &error));
    ASSERT_TRUE(error != NULL);
    EXPECT_TRUE(g_error_matches(error, LAC_ERROR, LAC_ERROR_SHAPE));
    EXPECT_TRUE(lac_imputer_was_too_large(imputer));
    /* 4 cells, a quarter missing: 5e9 bytes = 4768 MiB */
    EXPECT_CONTAINS(error->message, "hungry needs about 4768 MiB for 2 rows and 2 columns");
    EXPECT_CONTAINS(error->message, "more than 4096 MiB, the limit (limits.memory, --max-memory)");
}

LAC_TEST(experiment_imputer, a_fit_within_the_memory_or_without_a_limit_goes_on)
{
    g_autoptr(LacData) data = table("a,b\n1.5,2.5\n3.5,\n", no_kinds);
    g_autoptr(LacContext) enough = lac_context_new(lac_rng_new(1));
    g_autoptr(LacContext) endless = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) one = hungry(enough), two = hungry(endless);
    LacCost cost;

    lac_context_set_memory(enough, (size_t)64 << 30);
    lac_context_set_draws(enough, 3);
    EXPECT_TRUE(lac_imputer_fit(one, data, NULL));
    EXPECT_FALSE(lac_imputer_was_too_large(one));
    EXPECT_TRUE(lac_imputer_cost(one, data, &cost));
    EXPECT_EQ_DOUBLE(cost.seconds, 3.0);
    EXPECT_EQ_DOUBLE(cost.bytes, 5e9 + 4 * 8); /* and the completed table */
    EXPECT_TRUE(lac_imputer_fit(two, data, NULL));
}

LAC_TEST(experiment_imputer, cost_counts_encoded_columns)
{
    g_autoptr(LacData) data = table("a,g\n1.5,x\n3.5,y\n,z\n2.5,x\n", no_kinds);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = hungry(context);
    LacCost cost;

    ASSERT_TRUE(lac_imputer_fit(imputer, data, NULL));
    EXPECT_TRUE(lac_imputer_cost(imputer, data, &cost));
    /* a, g=x, g=y, g=z; one of eight raw cells missing; raw completed, wide in and out, its mask */
    EXPECT_NEAR_DOUBLE(cost.bytes, 1e9 * 16 * 1.125 + 64 + 16 * 16 + 2, 1e-3);
}
