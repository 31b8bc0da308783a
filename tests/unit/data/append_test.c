/* One table's rows below another's. */
#include "lac_test.h"
#include "table-private.h"

#include <math.h>
#include <string.h>

/* Columns a (number) and b (nominal, @levels), @n rows of each. */
static LacData *
make(const char *name, size_t n, const double *values, const char *const *levels, const char *first)
{
    LacSchema *schema = lac_schema_new(2);

    lac_schema_set_name(schema, 0, first);
    lac_schema_set_name(schema, 1, "b");
    lac_schema_set_levels(schema, 1, LAC_KIND_NOMINAL, 2, levels);
    return lac_data_new_take(schema, n, g_memdup2(values, 2 * n * sizeof *values), name, NULL);
}

static void
label(LacData *data, const int32_t *codes, const char *x, const char *y)
{
    char *names[] = {(char *)x, (char *)y, NULL};

    lac_data_take_labels(data, g_memdup2(codes, data->rows * sizeof *codes), 2, g_strdupv(names));
}

static const char *const red_blue[] = {"red", "blue"};
static const char *const blue_red[] = {"blue", "red"};
static const char *const blue_pink[] = {"blue", "pink"};

LAC_TEST(data_append, levels_and_labels_are_those_of_the_first_table)
{
    const double above[] = {1, 0, 2, 1}, below[] = {3, 0, NAN, 1};
    const int32_t codes_a[] = {0, 1}, codes_b[] = {0, -1};
    g_autoptr(LacData) a = make("a", 2, above, red_blue, "a");
    g_autoptr(LacData) b = make("b", 2, below, blue_red, "a");
    g_autoptr(LacData) both = NULL;

    label(a, codes_a, "yes", "no");
    label(b, codes_b, "no", "yes");
    both = lac_data_append(a, b, NULL);
    ASSERT_TRUE(both != NULL);
    ASSERT_EQ_INT(both->rows, 4);
    EXPECT_EQ_DOUBLE(lac_data_at(both, 1, 0), 2.0);
    EXPECT_EQ_DOUBLE(lac_data_at(both, 2, 0), 3.0);
    EXPECT_EQ_DOUBLE(lac_data_at(both, 2, 1), 1.0); /* blue */
    EXPECT_EQ_DOUBLE(lac_data_at(both, 3, 1), 0.0); /* red */
    EXPECT_TRUE(lac_data_is_hole(both, 3, 0));
    EXPECT_EQ_INT(both->labels[1], 1);
    EXPECT_EQ_INT(both->labels[2], 1); /* no */
    EXPECT_EQ_INT(both->labels[3], -1);
    EXPECT_EQ_INT(both->n_classes, 2);
}

static void
expect_refused(LacData *a, LacData *b, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) both = lac_data_append(a, b, &error);

    EXPECT_TRUE(both == NULL);
    EXPECT_ERROR(error, LAC_ERROR_DATA, message);
    lac_data_unref(a);
    lac_data_unref(b);
}

LAC_TEST(data_append, what_does_not_fit_is_refused_by_name)
{
    const double values[] = {1, 0, 2, 1};
    const int32_t codes[] = {0, 1};
    LacData *named = make("a", 2, values, red_blue, "a"),
            *other = make("b", 2, values, red_blue, "a");

    expect_refused(make("a", 2, values, red_blue, "a"), make("b", 2, values, red_blue, "x"),
                   "b: column 1 is 'x', in a it is 'a'");
    expect_refused(make("a", 2, values, red_blue, "a"), make("b", 2, values, blue_pink, "a"),
                   "b: row 2, column 'b' holds 'pink', which a never does");
    label(named, codes, "yes", "no");
    label(other, codes, "yes", "perhaps");
    expect_refused(named, other, "b: row 2 has the label 'perhaps', which a never has");
    named = make("a", 2, values, red_blue, "a");
    label(named, codes, "yes", "no");
    expect_refused(named, make("b", 2, values, red_blue, "a"), "b has no labels, a has");
}

LAC_TEST(data_append, a_split_of_the_tail_tests_the_last_rows)
{
    const double values[] = {1, 0, 2, 1, 3, 0};
    const LacSplitSpec spec = {.kind = LAC_SPLIT_TAIL, .folds = 1, .tail = 2};
    const LacSplitSpec all = {.kind = LAC_SPLIT_TAIL, .folds = 1, .tail = 3};
    const LacRng rng = lac_rng_new(1);
    g_autoptr(LacData) data = make("a", 3, values, red_blue, "a");
    g_autoptr(LacSplit) split = lac_split_make(&spec, data, 0, &rng, NULL);
    g_autoptr(GError) error = NULL;

    ASSERT_TRUE(split != NULL);
    EXPECT_EQ_INT(split->n_train, 1);
    EXPECT_EQ_INT(split->test[0], 1);
    EXPECT_EQ_INT(split->test[1], 2);
    EXPECT_TRUE(lac_split_make(&all, data, 0, &rng, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, "leave 0 to train on");
}
