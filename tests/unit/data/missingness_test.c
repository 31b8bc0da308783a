#include "lac_test.h"
#include "missingness-private.h"

#include <lacuna/csv.h>

/* nhanes of R's mice: age, bmi, hyp, chl */
static const char nhanes[] =
    "age,bmi,hyp,chl\n1,,,\n2,22.7,1,187\n1,,1,187\n3,,,\n1,20.4,1,113\n3,,,184\n1,22.5,1,118\n"
    "1,30.1,1,187\n2,22,1,238\n2,,,\n1,,,\n2,,,\n3,21.7,1,206\n2,28.7,2,204\n1,29.6,1,\n1,,,\n"
    "3,27.2,2,284\n2,26.3,2,199\n1,35.3,1,218\n3,25.5,2,\n1,,,\n1,33.2,1,229\n1,27.5,1,131\n"
    "3,24.9,1,\n2,27.4,1,186\n";

static LacData *
table_of(const char *text)
{
    return lac_csv_parse(text, strlen(text), "table.csv", NULL, NULL, NULL);
}

static LacMissingness *
missingness_of(const char *text)
{
    g_autoptr(LacData) data = table_of(text);

    return data == NULL ? NULL : lac_missingness_new(data->holes, NULL);
}

/* expected: mice::flux(nhanes), mice 3.15.0, by little_reference.R */
LAC_TEST(data_missingness, flux_of_nhanes_is_that_of_mice)
{
    static const double expected[4][6] = {
        {1, 0, 1, 0, 0.36, 0.48},
        {0.64, 0.164383561643836, 0.111111111111111, 0.444444444444444, 0.0625, 0.1875},
        {0.68, 0.123287671232877, 0.148148148148148, 0.375, 0.0784313725490196, 0.235294117647059},
        {0.6, 0.219178082191781, 0.111111111111111, 0.533333333333333, 0.0666666666666667,
         0.133333333333333}};
    g_autoptr(LacMissingness) m = missingness_of(nhanes);

    ASSERT_TRUE(m != NULL);
    for (size_t j = 0; j < 4; j++) {
        const LacFlux *f = &m->flux[j];
        const double seen[6] = {f->observed, f->influx, f->outflux, f->ainb, f->aout, f->fico};

        for (size_t k = 0; k < 6; k++)
            EXPECT_NEAR_DOUBLE(seen[k], expected[j][k], 1e-13);
    }
}

/* expected: mice::md.pattern(nhanes) */
LAC_TEST(data_missingness, patterns_of_nhanes_are_those_of_mice)
{
    static const size_t order[4] = {0, 2, 1, 3}, missing[4] = {0, 9, 8, 10};
    static const size_t count[5] = {13, 3, 1, 1, 7};
    static const guint8 pattern[5][4] = {
        {0, 0, 0, 0}, {0, 0, 0, 1}, {0, 1, 0, 0}, {0, 1, 1, 0}, {0, 1, 1, 1}};
    g_autoptr(LacMissingness) m = missingness_of(nhanes);

    ASSERT_TRUE(m != NULL);
    ASSERT_EQ_INT(m->n, 5);
    EXPECT_EQ_INT(m->holes, 27);
    EXPECT_EQ_INT(m->complete, 13);
    EXPECT_EQ_INT(m->empty, 0);
    for (size_t j = 0; j < 4; j++) {
        EXPECT_EQ_INT(m->order[j], order[j]);
        EXPECT_EQ_INT(m->missing[j], missing[j]);
    }
    for (size_t k = 0; k < 5; k++) {
        EXPECT_EQ_INT(m->count[k], count[k]);
        EXPECT_EQ_INT(memcmp(m->pattern + 4 * k, pattern[k], 4), 0);
    }
    EXPECT_EQ_INT(m->together[1 * 4 + 3], 7); /* bmi and chl: md.pairs(nhanes)$mm */
    EXPECT_EQ_INT(m->together[2 * 4 + 1], 8);
}

/* by hand from the definitions: rows 111, 11., 1.1, 1.., 111, .11 */
LAC_TEST(data_missingness, flux_by_hand)
{
    g_autoptr(LacMissingness) m =
        missingness_of("a,b,c\n1.5,2.5,3\n2.5,1.5,\n3.5,,1\n4.5,,\n5.5,3.5,2\n,4.5,4\n");
    static const double in[3] = {2. / 13, 3. / 13, 3. / 13}, out[3] = {0.8, 0.4, 0.4};
    static const double fico[3] = {0.6, 0.5, 0.5};

    ASSERT_TRUE(m != NULL);
    for (size_t j = 0; j < 3; j++) {
        EXPECT_NEAR_DOUBLE(m->flux[j].influx, in[j], 1e-15);
        EXPECT_NEAR_DOUBLE(m->flux[j].outflux, out[j], 1e-15);
        EXPECT_NEAR_DOUBLE(m->flux[j].fico, fico[j], 1e-15);
    }
}

LAC_TEST(data_missingness, a_table_without_holes_has_no_outflux)
{
    g_autoptr(LacMissingness) m = missingness_of("a,b\n1,2\n2,3\n");

    ASSERT_TRUE(m != NULL);
    EXPECT_EQ_INT(m->n, 1);
    EXPECT_EQ_DOUBLE(m->flux[0].influx, 0.0);
    EXPECT_TRUE(isnan(m->flux[0].outflux));
}

static LacLittle *
little_of(const char *text)
{
    g_autoptr(LacData) data = table_of(text);

    return data == NULL ? NULL : lac_little_test(data, NULL);
}

/* expected: little_reference.R, an EM in R run until nothing moves; ours stops at 1e-10 */
LAC_TEST(data_little, nhanes_as_computed_in_r)
{
    g_autoptr(LacLittle) little = little_of(nhanes);

    ASSERT_TRUE(little != NULL && little->undefined == NULL);
    EXPECT_NEAR_DOUBLE(little->statistic, 7.99950593669, 1e-7);
    EXPECT_EQ_DOUBLE(little->df, 9);
    EXPECT_NEAR_DOUBLE(little->p, 0.53419600748, 1e-7);
    EXPECT_EQ_INT(little->patterns, 5);
    EXPECT_EQ_INT(little->coded, 0);
    EXPECT_TRUE(little->converged);
}

/* R's airquality; naniar's mcar_test() documents 35.1, 14, 0.00142, 4 patterns */
LAC_TEST(data_little, airquality_as_computed_in_r)
{
    g_autofree char *path =
        g_build_filename(LAC_TEST_SOURCE_DIR, "tests/unit/data/airquality.csv", NULL);
    g_autoptr(LacData) data = lac_csv_read(path, NULL, NULL, NULL);
    g_autoptr(LacLittle) little = data != NULL ? lac_little_test(data, NULL) : NULL;

    ASSERT_TRUE(little != NULL && little->undefined == NULL);
    EXPECT_NEAR_DOUBLE(little->statistic, 35.10617490715517, 1e-7);
    EXPECT_EQ_DOUBLE(little->df, 14);
    EXPECT_NEAR_DOUBLE(little->p, 0.00141775887109, 1e-9);
    EXPECT_EQ_INT(little->patterns, 4);
}

LAC_TEST(data_little, what_cannot_be_tested_says_why)
{
    g_autoptr(LacLittle) one = little_of("a,b\n1.5,2\n2.5,3.5\n4,1\n");
    g_autoptr(LacLittle) doubled =
        little_of("a,b,c\n1,2,.5\n2,4,\n3,6,.7\n5,10,.1\n,14,.9\n4,,2\n");
    g_autoptr(LacLittle) few = little_of("a,b,c,d\n1,2,,4\n,1,5,2\n3,,1,1\n");
    g_autoptr(LacLittle) lonely = little_of("a,b\n1.5,x\n2.5,y\n,z\n4,x\n");

    ASSERT_TRUE(one != NULL && doubled != NULL && lonely != NULL && few != NULL);
    EXPECT_CONTAINS(one->undefined, "the same holes");
    EXPECT_CONTAINS(doubled->undefined, "singular: 'b' can be computed from the columns before");
    EXPECT_CONTAINS(few->undefined, "3 rows are too few for 4 columns");
    EXPECT_CONTAINS(lonely->undefined, "fewer than two columns");
    EXPECT_EQ_INT(lonely->nominal, 1);
    EXPECT_TRUE(isnan(one->p) && isnan(doubled->p) && isnan(lonely->p));
}
