#include "analysis-private.h"
#include "formula-private.h"
#include "lac_test.h"

#include <lacuna/csv.h>
#include <math.h>
#include <string.h>

#define DATA LAC_TEST_SOURCE_DIR "/tests/unit/analysis/data/"

static LacData *
read_table(const char *name, char **kinds)
{
    g_autofree char *path = g_strconcat(DATA, name, ".csv", NULL);
    const LacCsvOptions options = {.kinds = kinds};
    g_autoptr(GError) error = NULL;
    LacData *data = lac_csv_read(path, &options, NULL, &error);

    LAC_CHECK_OR(return NULL, data != NULL, "%s", error->message);
    return data;
}

static const char *
text_at(const LacData *data, size_t i, const char *name)
{
    const size_t j = (size_t)lac_schema_find(data->schema, name);

    return lac_data_column(data, j)->levels[(size_t)lac_data_at(data, i, j)];
}

static double
number_at(const LacData *data, size_t i, const char *name)
{
    return lac_data_at(data, i, (size_t)lac_schema_find(data->schema, name));
}

/* To 1e-8 of the number, or of what it is made of: a difference near 0 has no more digits. */
static void
expect_close(const char *what, const char *term, double got, double expected, double scale)
{
    LAC_CHECK_OR((void)0, fabs(got - expected) <= 1e-8 * MAX(fabs(expected), scale),
                 "%s of '%s' is %.17g, expected %.17g", what, term, got, expected);
}

static void
expect_term(const LacPooledTerm *got, const LacData *expected, size_t i)
{
    const struct {
        const char *name;
        double value, scale;
    } numbers[] = {{"estimate", got->pooled.estimate, got->std_error},
                   {"std.error", got->std_error, 0},
                   {"statistic", got->statistic, 1},
                   {"df", got->pooled.df, 0},
                   {"p.value", got->p, 0},
                   {"low", got->low, got->std_error},
                   {"high", got->high, got->std_error},
                   {"fmi", got->pooled.fmi, 0},
                   {"lambda", got->pooled.lambda, 0},
                   {"riv", got->pooled.riv, 0},
                   {"ubar", got->pooled.within, 0},
                   {"b", got->pooled.between, 0},
                   {"t", got->pooled.total, 0},
                   {"dfcom", got->df_complete, 0}};

    EXPECT_STR(got->term, text_at(expected, i, "term"));
    for (size_t k = 0; k < G_N_ELEMENTS(numbers); k++)
        expect_close(numbers[k].name, got->term, numbers[k].value,
                     number_at(expected, i, numbers[k].name), numbers[k].scale);
}

/* Rows @begin .. @end of @expected are one regression. */
static void
expect_case(const LacData *expected, size_t begin, size_t end)
{
    const char *formula = text_at(expected, begin, "formula");
    const gboolean gaussian = g_str_equal(text_at(expected, begin, "family"), "gaussian");
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) table = read_table(text_at(expected, begin, "table"), NULL);
    g_autoptr(LacTidy) tidy = lac_tidy_regress(
        table, formula, gaussian ? LAC_FAMILY_GAUSSIAN : LAC_FAMILY_BINOMIAL, &error);

    LAC_CHECK_OR(return, tidy != NULL, "%s: %s", formula, error->message);
    g_autofree LacPooledTerm *terms = lac_pool(tidy, 0.95, NAN, &error);

    ASSERT_NO_ERROR(error);
    LAC_CHECK_OR(return, tidy->n_terms == end - begin, "%s: %zu terms, expected %zu", formula,
                       tidy->n_terms, end - begin);
    for (size_t t = 0; t < tidy->n_terms; t++)
        expect_term(&terms[t], expected, begin + t);
}

/* Every regression of @file, which R wrote. */
static void
expect_cases(const char *file, size_t wanted)
{
    char *kinds[] = {"formula", "nominal", "term", "nominal", NULL};
    g_autoptr(LacData) expected = read_table(file, kinds);
    size_t cases = 0;

    ASSERT_TRUE(expected != NULL);
    for (size_t begin = 0, end; begin < expected->rows; begin = end) {
        for (end = begin + 1; end < expected->rows; end++) {
            if (strcmp(text_at(expected, begin, "formula"), text_at(expected, end, "formula")) != 0)
                break;
        }
        expect_case(expected, begin, end);
        cases++;
    }
    EXPECT_EQ_INT(cases, wanted);
}

/* data/pool.R: mice 3.15.0's pool() of lm() and glm() on the same completed tables */
LAC_TEST(analysis_pool, regressions_pool_as_mice_pools_them)
{
    expect_cases("expected", 13);
}

/* data/functions.R: the same of glm() with functions of whole columns and offsets */
LAC_TEST(analysis_pool, poly_scale_and_offset_pool_as_mice_pools_them)
{
    expect_cases("functions", 12);
}

static void
expect_test(const LacPooledTest *got, const LacData *expected, size_t i)
{
    EXPECT_STR(got->name, text_at(expected, i, "test"));
    expect_close("statistic", got->name, got->statistic, number_at(expected, i, "statistic"), 0);
    expect_close("df1", got->name, got->df1, number_at(expected, i, "df1"), 0);
    expect_close("df2", got->name, got->df2, number_at(expected, i, "df2"), 0);
    expect_close("p", got->name, got->p, number_at(expected, i, "p.value"), 0);
    expect_close("riv", got->name, got->riv, number_at(expected, i, "riv"), 0);
}

/* data/wald.R: mice 3.15.0's D1(), D2() and D3() of the same completed tables. Where k (m - 1) is 4
 * (one coefficient, five draws) mitml divides by 0 in D1: not compared. */
LAC_TEST(analysis_pool, several_coefficients_are_tested_as_mice_tests_them)
{
    char *kinds[] = {"formula", "nominal", "against", "nominal", NULL};
    g_autoptr(LacData) expected = read_table("wald", kinds);

    ASSERT_TRUE(expected != NULL);
    ASSERT_EQ_INT(expected->rows % LAC_POOLED_TESTS, 0);
    for (size_t i = 0; i < expected->rows; i += LAC_POOLED_TESTS) {
        const LacFamily family = g_str_equal(text_at(expected, i, "family"), "gaussian")
                                     ? LAC_FAMILY_GAUSSIAN
                                     : LAC_FAMILY_BINOMIAL;
        g_autoptr(GError) error = NULL;
        g_autoptr(LacData) table = read_table(text_at(expected, i, "table"), NULL);
        g_autoptr(LacTidy) large =
            lac_tidy_regress(table, text_at(expected, i, "formula"), family, &error);
        g_autoptr(LacTidy) small =
            lac_tidy_regress(table, text_at(expected, i, "against"), family, &error);
        LacPooledTest tests[LAC_POOLED_TESTS];
        size_t n;

        ASSERT_NO_ERROR(error);
        g_autofree size_t *terms = lac_tidy_beyond(large, small, &n, &error);

        ASSERT_NO_ERROR(error);
        const char *const formulas[] = {text_at(expected, i, "formula"),
                                        text_at(expected, i, "against")};
        const LacTidy *const tidy[] = {large, small};

        EXPECT_TRUE(lac_pool_wald(large, n, terms, NAN, tests, &error));
        EXPECT_TRUE(
            lac_pool_likelihood(table, family, formulas, tidy, n, &tests[LAC_POOLED_WALD], &error));
        ASSERT_NO_ERROR(error);
        for (size_t t = 0; t < LAC_POOLED_TESTS; t++)
            if (n * (large->m - 1) > 4 || t > 0)
                expect_test(&tests[t], expected, i + t);
        /* one coefficient: the square of Rubin's t, with other degrees of freedom */
        if (n == 1) {
            g_autofree LacPooledTerm *term = lac_pool(large, 0.95, NAN, NULL);

            expect_close("t squared", "D1", tests[0].statistic,
                         term[terms[0]].statistic * term[terms[0]].statistic, 0);
        }
    }
}

static LacData *
parse(const char *text)
{
    char *kinds[] = {".imp", "continuous", NULL};
    const LacCsvOptions options = {.kinds = kinds};
    g_autoptr(GError) error = NULL;
    LacData *data = lac_csv_parse(text, strlen(text), "t.csv", &options, NULL, &error);

    LAC_CHECK_OR(return NULL, data != NULL, "%s", error->message);
    return data;
}

/* Nothing was missing: both completions are the same table, so D3 is the likelihood-ratio statistic
 * over k, from R 4.2.2:
 *   y <- c(2.1,3.9,6.2,7.8,10.1,12.2,12.9,16.4); x <- 1:8; z <- c(1,0,1,1,0,1,0,1)
 *   2 * (logLik(lm(y ~ x + z)) - logLik(lm(y ~ x)))    # and with glm(z ~ x, binomial) / z ~ 1 */
LAC_TEST(analysis_pool, d3_of_complete_data_is_the_likelihood_ratio)
{
    static const char rows[] = "2.1,1,1\n3.9,2,0\n6.2,3,1\n7.8,4,1\n10.1,5,0\n12.2,6,1\n"
                               "12.9,7,0\n16.4,8,1\n";
    static const struct {
        LacFamily family;
        const char *formulas[2];
        double ratio;
    } cases[] = {{LAC_FAMILY_GAUSSIAN, {"y ~ x + z", "y ~ x"}, 3.08641287929617},
                 {LAC_FAMILY_BINOMIAL, {"z ~ x", "z ~ 1"}, 0.0254227755053602}};
    g_autoptr(GString) text = g_string_new("y,x,z,.imp\n");
    g_auto(GStrv) lines = g_strsplit(rows, "\n", -1);

    for (int imp = 1; imp <= 3; imp++)
        for (size_t i = 0; lines[i][0] != '\0'; i++)
            g_string_append_printf(text, "%s,%d\n", lines[i], imp);
    g_autoptr(LacData) table = parse(text->str);

    for (size_t c = 0; c < G_N_ELEMENTS(cases); c++) {
        g_autoptr(LacTidy) large =
            lac_tidy_regress(table, cases[c].formulas[0], cases[c].family, NULL);
        g_autoptr(LacTidy) small =
            lac_tidy_regress(table, cases[c].formulas[1], cases[c].family, NULL);
        const LacTidy *const tidy[] = {large, small};
        LacPooledTest test;

        ASSERT_TRUE(large != NULL && small != NULL);
        ASSERT_TRUE(
            lac_pool_likelihood(table, cases[c].family, cases[c].formulas, tidy, 1, &test, NULL));
        EXPECT_NEAR_DOUBLE(test.statistic, cases[c].ratio, 1e-9);
        EXPECT_NEAR_DOUBLE(test.riv, 0.0, 1e-9);
    }
}

LAC_TEST(analysis_pool, formulas_that_are_not_nested_are_refused)
{
    g_autoptr(LacData) table = read_table("nhanes2", NULL);
    g_autoptr(LacTidy) a = lac_tidy_regress(table, "bmi ~ age", LAC_FAMILY_GAUSSIAN, NULL);
    g_autoptr(LacTidy) b = lac_tidy_regress(table, "bmi ~ chl", LAC_FAMILY_GAUSSIAN, NULL);
    g_autoptr(GError) alone = NULL, same = NULL;
    size_t n;

    EXPECT_TRUE(lac_tidy_beyond(a, b, &n, &alone) == NULL);
    EXPECT_ERROR(alone, LAC_ERROR_PARAM, "'chl' is in the smaller one alone");
    EXPECT_TRUE(lac_tidy_beyond(a, a, &n, &same) == NULL);
    EXPECT_ERROR(same, LAC_ERROR_PARAM, "nothing to test");
}

/* mice's test POOL-VECTOR-001: pooling the tidy rows is pooling the fits */
LAC_TEST(analysis_pool, pool_vector_001_tidy_rows_pool_as_the_fits_do)
{
    g_autoptr(LacData) table = read_table("nhanes2", NULL);
    g_autoptr(LacTidy) fits =
        lac_tidy_regress(table, "bmi ~ age + hyp + chl", LAC_FAMILY_GAUSSIAN, NULL);
    g_autoptr(GString) csv = g_string_new("std.error,df,term,.imp,estimate,p\n");

    ASSERT_TRUE(fits != NULL);
    for (size_t d = fits->m; d-- > 0;) { /* in no special order */
        for (size_t t = 0; t < fits->n_terms; t++)
            g_string_append_printf(csv, "%.17g,%g,%s,%g,%.17g,0.5\n", fits->error[t * fits->m + d],
                                   fits->df[t], fits->terms[t], fits->draws[d],
                                   fits->estimate[t * fits->m + d]);
    }
    g_autoptr(LacData) rows = parse(csv->str);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTidy) tidy = lac_tidy_read(rows, &error);

    ASSERT_NO_ERROR(error);
    g_autofree LacPooledTerm *a = lac_pool(fits, 0.9, NAN, NULL),
                             *b = lac_pool(tidy, 0.9, NAN, NULL);

    ASSERT_EQ_INT(tidy->n_terms, fits->n_terms);
    for (size_t t = 0; t < fits->n_terms; t++) {
        EXPECT_STR(a[t].term, b[t].term);
        EXPECT_TRUE(memcmp(&a[t].pooled, &b[t].pooled, sizeof a[t].pooled) == 0);
        EXPECT_EQ_DOUBLE(a[t].low, b[t].low);
    }
}

/* classical.md section 3.1 (mice::pool.scalar): the same numbers through a tidy table */
LAC_TEST(analysis_pool, degrees_of_freedom_are_infinite_unless_given)
{
    g_autoptr(LacData) rows =
        parse("term,estimate,std.error,.imp\nx,1.10,0.2,1\nx,1.25,0.223606797749979,2\n"
              "x,.95,0.21213203435596426,3\nx,1.05,0.20493901531919196,4\n"
              "x,1.30,0.21908902300206645,5\ny,1,1,1\ny,1,1,2\ny,1,1,3\ny,1,1,4\ny,1,1,5\n");
    g_autoptr(LacTidy) tidy = lac_tidy_read(rows, NULL);

    ASSERT_TRUE(tidy != NULL);
    g_autofree LacPooledTerm *free_df = lac_pool(tidy, 0.95, NAN, NULL);
    g_autofree LacPooledTerm *few_df = lac_pool(tidy, 0.95, 28.0, NULL);

    EXPECT_NEAR_DOUBLE(free_df[0].pooled.df, 31.5221367397, 1e-9);
    EXPECT_NEAR_DOUBLE(few_df[0].pooled.df, 10.9858875659, 1e-9);
    EXPECT_NEAR_DOUBLE(few_df[0].low, 0.547998943481, 1e-11);
    EXPECT_NEAR_DOUBLE(few_df[0].p, 0.00131551432298, 1e-12);
    EXPECT_EQ_DOUBLE(free_df[1].pooled.df, INFINITY); /* draws that do not differ: y */
    EXPECT_NEAR_DOUBLE(free_df[1].high, 1.0 + 1.959963984540054, 1e-12);
}

static void
expect_tidy_error(const char *csv, const char *part)
{
    g_autoptr(LacData) rows = parse(csv);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTidy) tidy = rows ? lac_tidy_read(rows, &error) : NULL;

    EXPECT_TRUE(tidy == NULL);
    EXPECT_ERROR(error, LAC_ERROR_DATA, part);
}

LAC_TEST(analysis_pool, tidy_tables_with_flaws_are_refused)
{
    expect_tidy_error("a,.imp\n1,1\n2,2\n", "no column 'term'");
    expect_tidy_error("term,estimate,std.error,.imp\na,1,1,1\nb,1,1,1\n", "has one completion");
    expect_tidy_error("term,estimate,std.error,.imp\na,1,1,1\nb,1,1,1\na,1,1,2\n",
                      "term 'b' is missing from draw 2");
    expect_tidy_error("term,estimate,std.error,.imp\na,1,1,1\na,1,1,2\na,2,1,2\n",
                      "term 'a' comes twice in draw 2");
    expect_tidy_error("term,estimate,std.error,.imp\na,1,1,1\na,NA,1,2\n",
                      "data row 2 has no 'estimate'");
    expect_tidy_error("term,estimate,std.error,.imp\na,1,1,1\na,2,-1,2\n", "std.error is -1");
    expect_tidy_error("term,estimate,std.error,df,.imp\na,1,1,0,1\na,2,1,5,2\n", "df is 0");
    expect_tidy_error("term,estimate,std.error,.imp\n1,1,1,1\n1,2,1,2\n", "holds numbers");
}

static const char flawed[] = "y,x,g,t,h,one,s,.imp\n"
                             "1,1,a,u,1,7,0,0\n1,2,b,v,,7,0,0\n"
                             "1,1,a,u,1,7,0,1\n3,2,b,v,2,7,0,1\n2,4,b,u,,7,1,1\n5,5,a,v,1,7,1,1\n"
                             "1,1,a,u,1,7,0,2\n3,2,b,v,2,7,0,2\n2,4,c,u,3,7,1,2\n5,5,a,v,1,7,1,2\n";

static void
expect_formula_error(const char *formula, LacFamily family, const char *part)
{
    g_autoptr(LacData) table = parse(flawed);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacTidy) tidy = table ? lac_tidy_regress(table, formula, family, &error) : NULL;

    EXPECT_TRUE(tidy == NULL);
    ASSERT_TRUE(error != NULL);
    EXPECT_CONTAINS(error->message, part);
}

LAC_TEST(analysis_pool, regressions_that_cannot_be_are_refused_by_name)
{
    const LacFamily normal = LAC_FAMILY_GAUSSIAN, odds = LAC_FAMILY_BINOMIAL;

    expect_formula_error("y ~ x + q", normal, "column 'q'");
    expect_formula_error("y ~ h", normal, "column 'h' has a hole in data row 5");
    expect_formula_error("y ~ g", normal, "'gc' can be estimated in draw 2 but not in draw 1");
    expect_formula_error("t ~ x", normal, "'t' is a category");
    expect_formula_error("g ~ x", odds, "'g' has 3 levels");
    expect_formula_error("y ~ xx", normal, "does not have; did you mean 'x'?");
    expect_formula_error("y ~ x", odds, "'y' is not two-valued");
    expect_formula_error("s ~ x", odds, "predicted perfectly (separation), foremost by 'x'");
    expect_formula_error("y ~ factor(one)", normal, "one level only, '7'");
    expect_formula_error("y ~ x + g + t + I(x^2)", normal, "not enough for");
    expect_formula_error("y ~ log(x - 1)", normal,
                         "'log(x-1)' is not a finite number in data row 3");
    expect_formula_error("y ~ log(g)", normal, "column 'g' holds texts");
    expect_formula_error("y ~ poly(x)", normal,
                         "'poly(x)': at 'x': expected a column, then a degree");
    expect_formula_error("y ~ poly(x, 2.5)", normal, "'poly(x,2.5)': at '2.5'");
    expect_formula_error("y ~ poly(x, 2, row = TRUE)", normal, "at 'row=TRUE'");
    expect_formula_error("y ~ poly(one, 2)", normal,
                         "'poly(one, 2)': the column takes 1 value only");
    expect_formula_error("y ~ scale(one)", normal, "'scale(one)': the column does not vary");
    expect_formula_error("y ~ scale(x, 3)", normal, "'scale(x,3)': at '3': expected a column and");
    expect_formula_error("y ~ poly(g, 2)", normal, "column 'g' holds texts");
    expect_formula_error("poly(y, 2) ~ x", normal, "outcome 'poly(y,2)' is several columns");
    expect_formula_error("y ~ x * offset(x)", normal, "offset(...) of an expression, and added");
    expect_formula_error("y ~ offset(x):t", normal, "behind offset(...), which joins nothing");
    expect_formula_error("y ~ x - offset(x)", normal, "added with '+' only");
    expect_formula_error("y ~ offset(g)", normal, "'offset(g)': expected one column of numbers");
    expect_formula_error("y ~ bs(x, 3)", normal, "formula: 'bs(x,3)': there is no function 'bs'");
    expect_formula_error("y ~ ploy(x, 2)", normal, "did you mean 'poly'?");
    expect_formula_error("y ~ scale(x", normal, "at 'scale(x' (byte 5): expected a bracket that");
    expect_formula_error("y ~ x +", normal, "expected a variable");
    expect_formula_error("y x", normal, "no '~'");
    expect_formula_error("~ x", normal, "nothing before '~'");
}

/* Terms and their order, as R's terms() lists them for the same formulas. */
static void
expect_terms(const char *text, gboolean intercept, const char *expected)
{
    static const char *const columns[] = {"y", "a", "b", "c", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(LacFormula) formula = lac_formula_parse(text, columns, &error);
    g_autoptr(GString) got = g_string_new(NULL);

    LAC_CHECK_OR(return, formula != NULL, "%s: %s", text, error->message);
    EXPECT_EQ_INT(formula->intercept, intercept);
    for (size_t t = 0; t < formula->n_terms; t++) {
        g_string_append(got, t > 0 ? " " : "");
        for (size_t v = 0, n = 0; v < formula->n_variables; v++) {
            if (formula->terms[t] >> v & 1)
                g_string_append_printf(got, "%s%s", n++ > 0 ? ":" : "", formula->variables[v]);
        }
    }
    EXPECT_STR(got->str, expected);
}

LAC_TEST(analysis_pool, formulas_expand_as_in_r)
{
    expect_terms("y ~ a*b*c", TRUE, "a b c a:b a:c b:c a:b:c");
    expect_terms("y ~ (a + b + c)^2 - b:c", TRUE, "a b c a:b a:c");
    expect_terms("y~b:a+c", TRUE, "c b:a");
    expect_terms("y ~ . - a", TRUE, "b c");
    expect_terms("y ~ 0 + a", FALSE, "a");
    expect_terms("y ~ a - 1", FALSE, "a");
    expect_terms("y ~ a - 1 + 1", TRUE, "a");
    expect_terms("y ~ 1", TRUE, "");
    expect_terms("y ~ a:(b + log( c ))", TRUE, "a:b a:log(c)");
    expect_terms("y ~ `a` + a + a:a", TRUE, "a");
    expect_terms("log(y) ~ a + I(a^2)", TRUE, "a I(a^2)");
}

LAC_TEST(analysis_pool, endless_formulas_are_refused_soon)
{
    static const char *const columns[] = {NULL};
    g_autoptr(GString) many = g_string_new("y ~ (x0");
    g_autofree char *deep = g_strnfill(3000, '(');
    g_autofree char *text = g_strconcat("y ~ ", deep, NULL);
    g_autoptr(GError) first = NULL, second = NULL, third = NULL;

    for (int k = 1; k < 64; k++)
        g_string_append_printf(many, "+x%d", k);
    g_autofree char *wide = g_strconcat(many->str, "+one.more)", NULL);

    g_string_append(many, ")^8");
    EXPECT_TRUE(lac_formula_parse(many->str, columns, &first) == NULL);
    EXPECT_ERROR(first, LAC_ERROR_PARAM, "fewer than 4097 terms");
    EXPECT_TRUE(lac_formula_parse(text, columns, &second) == NULL);
    EXPECT_ERROR(second, LAC_ERROR_PARAM, "fewer brackets");
    EXPECT_TRUE(lac_formula_parse(wide, columns, &third) == NULL);
    EXPECT_ERROR(third, LAC_ERROR_PARAM, "more than 64 variables");
}
