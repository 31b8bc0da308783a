#include "lac_test.h"
#include "table-private.h"
#include "tables.h"

/* @n rows; labels 0 for the first @n0, 1 for the others, -1 for the very last. */
static LacData *
labelled(size_t n, size_t n0)
{
    g_autofree double *cells = g_new0(double, n);
    int32_t *labels = g_new(int32_t, n);
    LacData *data = test_table(lac_schema_new(1), n, cells);

    for (size_t i = 0; i < n; i++)
        labels[i] = i + 1 == n ? -1 : i >= n0;
    lac_data_take_labels(data, labels, 2, NULL);
    return data;
}

LAC_TEST(data_split, folds_are_disjoint_cover_all_rows_and_differ_by_at_most_one)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = labelled(103, 50);
    const LacRng rng = lac_rng_new(1);
    const LacSplitSpec spec = {.kind = LAC_SPLIT_KFOLD, .folds = 5};
    int tested[103] = {0};

    for (size_t f = 0; f < 5; f++) {
        g_autoptr(LacSplit) split = lac_split_make(&spec, data, f, &rng, &error);

        ASSERT_NO_ERROR(error);
        EXPECT_EQ_INT(split->n_train + split->n_test, 103);
        EXPECT_TRUE(split->n_test == 20 || split->n_test == 21);
        for (size_t k = 0; k < split->n_test; k++)
            tested[split->test[k]]++;
        for (size_t k = 1; k < split->n_train; k++)
            EXPECT_TRUE(split->train[k - 1] < split->train[k]);
    }
    for (size_t i = 0; i < 103; i++)
        EXPECT_EQ_INT(tested[i], 1);
}

LAC_TEST(data_split, stratified_folds_share_each_class_evenly)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = labelled(104, 13); /* 13 of class 0, 90 of class 1, one unknown */
    const LacRng rng = lac_rng_new(2);
    const LacSplitSpec spec = {.kind = LAC_SPLIT_KFOLD, .folds = 4, .stratify = TRUE};

    for (size_t f = 0; f < 4; f++) {
        g_autoptr(LacSplit) split = lac_split_make(&spec, data, f, &rng, &error);
        size_t zeros = 0;

        ASSERT_NO_ERROR(error);
        EXPECT_EQ_INT(split->n_test, 26);
        for (size_t k = 0; k < split->n_test; k++)
            zeros += data->labels[split->test[k]] == 0;
        EXPECT_TRUE(zeros == 3 || zeros == 4); /* 13 / 4 */
    }
}

LAC_TEST(data_split, holdout_tests_the_asked_share_of_every_class)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = labelled(201, 40); /* 40, 160 and one unknown */
    const LacRng rng = lac_rng_new(3);
    const LacSplitSpec spec = {.kind = LAC_SPLIT_HOLDOUT, .share = 0.2, .stratify = TRUE};
    g_autoptr(LacSplit) split = lac_split_make(&spec, data, 0, &rng, &error);
    size_t zeros = 0;

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(split->n_test, 40); /* 40.2 rounded */
    for (size_t k = 0; k < split->n_test; k++)
        zeros += data->labels[split->test[k]] == 0;
    EXPECT_TRUE(zeros >= 7 && zeros <= 9);
}

LAC_TEST(data_split, the_same_stream_gives_the_same_rows_and_another_other_rows)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = labelled(100, 50);
    const LacRng rng = lac_rng_new(4), other = lac_rng_new(5);
    const LacSplitSpec spec = {.kind = LAC_SPLIT_HOLDOUT, .share = 0.3};
    g_autoptr(LacSplit) a = lac_split_make(&spec, data, 0, &rng, &error);
    g_autoptr(LacSplit) b = lac_split_make(&spec, data, 0, &rng, &error);
    g_autoptr(LacSplit) c = lac_split_make(&spec, data, 0, &other, &error);

    ASSERT_NO_ERROR(error);
    ASSERT_EQ_INT(a->n_test, 30);
    EXPECT_TRUE(memcmp(a->test, b->test, 30 * sizeof(size_t)) == 0);
    EXPECT_TRUE(memcmp(a->test, c->test, 30 * sizeof(size_t)) != 0);
}

LAC_TEST(data_split, none_trains_and_tests_on_all_rows)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = labelled(7, 3);
    const LacRng rng = lac_rng_new(6);
    const LacSplitSpec spec = {.kind = LAC_SPLIT_NONE, .folds = 1};
    g_autoptr(LacSplit) split = lac_split_make(&spec, data, 0, &rng, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(split->n_train, 7);
    EXPECT_EQ_INT(split->n_test, 7);
    EXPECT_EQ_INT(split->test[6], 6);
}

LAC_TEST(data_split, impossible_splits_say_why)
{
    g_autoptr(LacData) data = test_table(lac_schema_new(1), 3, (double[]){1, 2, 3});
    const LacRng rng = lac_rng_new(7);
    const struct {
        LacSplitSpec spec;
        const char *message;
    } cases[] = {
        {{.kind = LAC_SPLIT_KFOLD, .folds = 4}, "kfold = 4, but the 3 rows of test allow 2 to 3"},
        {{.kind = LAC_SPLIT_KFOLD, .folds = 1}, "kfold = 1"},
        {{.kind = LAC_SPLIT_HOLDOUT, .share = 1.0}, "holdout = 1 is outside (0, 1)"},
        {{.kind = LAC_SPLIT_HOLDOUT, .share = 0.1}, "leave 3 to train on and 0 to test"},
        {{.kind = LAC_SPLIT_KFOLD, .folds = 3, .stratify = TRUE}, "stratify needs labels"},
    };

    for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(LacSplit) split = lac_split_make(&cases[k].spec, data, 0, &rng, &error);

        EXPECT_TRUE(split == NULL);
        EXPECT_ERROR(error, LAC_ERROR_PARAM, cases[k].message);
    }
}
