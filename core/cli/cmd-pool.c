/* lacuna pool: one answer from several completed tables. */
#include "analysis-private.h"
#include "json-private.h"
#include "registry-private.h"
#include "text-options-private.h"

#include <lacuna/csv.h>
#include <math.h>
#include <string.h>

static const char *const formats[] = {"table", "csv", "json", NULL};
static const char *const families[] = {"gaussian", "binomial", NULL};

typedef struct {
    char *formula, *against, *family, *format, *delimiter, *decimal, *df, *level, *precision;
    char **na, **kinds;
} PoolState;

static const LacOption options[] = {
    LAC_OPTION(PoolState, formula, "formula", 0, STRING, "FORMULA",
               "Run this regression on every completed table: \"y ~ x1 + log(x2) + factor(g)\""),
    LAC_OPTION(
        PoolState, against, "against", 0, STRING, "FORMULA",
        "Test all coefficients at once that this smaller formula does not have (D1, D2, D3)"),
    LAC_OPTION(PoolState, family, "family", 0, STRING, "NAME",
               "Of the regression: gaussian (default) or binomial"),
    LAC_OPTION(PoolState, level, "level", 0, STRING, "SHARE",
               "Of the confidence intervals (default: 0.95)"),
    LAC_OPTION(PoolState, df, "df", 0, STRING, "N",
               "Degrees of freedom the complete data would have, or inf, instead of the table's"),
    LAC_OPTION(PoolState, precision, "precision", 0, STRING, "SHARE",
               "Standard errors should be this well determined when the number of draws that is "
               "enough is told (default: 0.05)"),
    LAC_OPTION(PoolState, format, "format", 0, STRING, "FORMAT",
               "table (default), csv or json; csv and json have every column"),
    LAC_OPTION(PoolState, kinds, "kind", 0, STRINGS, "COLUMN=KIND",
               "Kind of a column instead of what was sniffed (see impute); may be repeated"),
    LAC_TEXT_OPTIONS(PoolState, ),
    LAC_OPTION_END,
};

/* ---- reading --------------------------------------------------------------------------------- */

/* name, kind, name, kind ...: what was given, then what this command knows. */
static char **
pool_kinds(const PoolState *self, GError **error)
{
    g_autoptr(GStrvBuilder) kinds = g_strv_builder_new();

    if (!lac_text_kinds(self->kinds, kinds, error))
        return NULL;
    g_strv_builder_add_many(kinds, ".imp", "continuous", NULL);
    if (self->formula == NULL)
        g_strv_builder_add_many(kinds, "term", "nominal", NULL);
    return g_strv_builder_end(kinds);
}

static LacData *
pool_read(const PoolState *self, const char *path, GError **error)
{
    /* infinite degrees of freedom are no number to the reader; a hole stands for them */
    static const char *const tidy_na[] = {"",     "NA",  "NaN", "nan",  "?", "null",
                                          "NULL", "Inf", "inf", "-Inf", NULL};
    g_auto(GStrv) kinds = pool_kinds(self, error);
    LacCsvOptions csv = {.kinds = kinds, .na = self->na};

    if (kinds == NULL || !lac_text_byte("delimiter", self->delimiter, &csv.delimiter, error) ||
        !lac_text_byte("decimal", self->decimal, &csv.decimal, error))
        return NULL;
    if (self->na == NULL && self->formula == NULL)
        csv.na = (char **)(gpointer)tidy_na;
    return lac_csv_read(path, &csv, NULL, error);
}

static gboolean
pool_number(const char *option, const char *text, double lower, double upper, double *out,
            GError **error)
{
    char *end;
    double value;

    if (text == NULL)
        return TRUE;
    value = g_ascii_strtod(text, &end);
    if (end == text || *end != '\0' || !(value > lower && value <= upper))
        return lac_fail(error, LAC_ERROR_PARAM, "--%s '%s' is not a number above %g%s%.*g", option,
                        text, lower, isinf(upper) ? "" : " and up to ", isinf(upper) ? 0 : 6,
                        isinf(upper) ? 0.0 : upper);
    *out = value;
    return TRUE;
}

/* ---- writing --------------------------------------------------------------------------------- */

enum { N_NUMBERS = 16 };

static const char *const number_names[N_NUMBERS] = {
    "estimate", "std.error", "statistic", "df", "p.value", "conf.low", "conf.high", "fmi",
    "lambda",   "riv",       "ubar",      "b",  "t",       "dfcom",    "m",         "draws"};

static const size_t table_numbers[] = {0, 1, 2, 3, 4, 5, 6, 7};

/* What is told of all terms together. */
typedef struct {
    const LacTidy *tidy;
    const LacPooledTerm *terms;
    double level, precision;
} Pooled;

static void
term_numbers(const Pooled *all, const LacPooledTerm *term, double *out)
{
    const LacPooled *p = &term->pooled;
    const size_t draws = lac_stats_rubin_draws(p->fmi, all->tidy->m, all->precision);
    const double numbers[N_NUMBERS] = {p->estimate,
                                       term->std_error,
                                       term->statistic,
                                       p->df,
                                       term->p,
                                       term->low,
                                       term->high,
                                       p->fmi,
                                       p->lambda,
                                       p->riv,
                                       p->within,
                                       p->between,
                                       p->total,
                                       term->df_complete,
                                       (double)all->tidy->m,
                                       (double)draws};

    memcpy(out, numbers, sizeof numbers);
}

static void
print_csv(const Pooled *all)
{
    g_autoptr(GString) line = g_string_new("term");

    for (size_t k = 0; k < N_NUMBERS; k++)
        g_string_append_printf(line, ",%s", number_names[k]);
    for (size_t t = 0; t < all->tidy->n_terms; t++) {
        double numbers[N_NUMBERS];

        puts(line->str);
        g_string_truncate(line, 0);
        lac_csv_format_text(line, all->terms[t].term, ',');
        term_numbers(all, &all->terms[t], numbers);
        for (size_t k = 0; k < N_NUMBERS; k++) {
            g_autofree char *text = lac_number_text(numbers[k]);

            g_string_append_printf(line, ",%s",
                                   isnan(numbers[k])   ? "NA"
                                   : isinf(numbers[k]) ? numbers[k] > 0.0 ? "Inf" : "-Inf"
                                                       : text);
        }
    }
    puts(line->str);
}

static void
json_numbers(JsonBuilder *builder, size_t n, const char *const *names, const double *numbers)
{
    for (size_t k = 0; k < n; k++)
        json_add_number(builder, names[k], numbers[k]);
}

static void
print_json(const Pooled *all)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_array(builder);
    for (size_t t = 0; t < all->tidy->n_terms; t++) {
        double numbers[N_NUMBERS];

        term_numbers(all, &all->terms[t], numbers);
        json_builder_begin_object(builder);
        json_add_text(builder, "term", all->terms[t].term);
        json_numbers(builder, N_NUMBERS, number_names, numbers);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    g_autofree char *text = json_pretty(builder);

    puts(text);
}

/* Columns of numbers stand flush right. */
static void
print_table(const Pooled *all)
{
    enum { SHOWN = G_N_ELEMENTS(table_numbers), CELL = 16 };
    const size_t n = all->tidy->n_terms;
    g_autofree char(*cell)[SHOWN][CELL] = g_malloc0((n + 1) * sizeof *cell);
    int term_width = 4, width[SHOWN] = {0};

    for (size_t k = 0; k < SHOWN; k++)
        g_strlcpy(cell[0][k], number_names[table_numbers[k]], CELL);
    for (size_t t = 0; t < n; t++) {
        double numbers[N_NUMBERS];

        term_numbers(all, &all->terms[t], numbers);
        term_width = MAX(term_width, (int)g_utf8_strlen(all->terms[t].term, -1));
        for (size_t k = 0; k < SHOWN; k++)
            g_ascii_formatd(cell[t + 1][k], CELL,
                            k == 4   ? "%.3g"
                            : k == 3 ? "%.4g"
                                     : "%.5g",
                            numbers[table_numbers[k]]);
    }
    for (size_t t = 0; t <= n; t++) {
        for (size_t k = 0; k < SHOWN; k++)
            width[k] = MAX(width[k], (int)strlen(cell[t][k]));
    }
    for (size_t t = 0; t <= n; t++) {
        const char *term = t == 0 ? "term" : all->terms[t - 1].term;

        printf("%s%*s", term, term_width - (int)g_utf8_strlen(term, -1), "");
        for (size_t k = 0; k < SHOWN; k++)
            printf("  %*s", width[k], cell[t][k]);
        putchar('\n');
    }
}

/* What a reader of the numbers should know besides them. */
static void
tell(const Pooled *all)
{
    const LacTidy *tidy = all->tidy;
    size_t worst = 0, still = 0;

    for (size_t t = 0; t < tidy->n_terms; t++) {
        if (all->terms[t].pooled.fmi > all->terms[worst].pooled.fmi)
            worst = t;
        still += all->terms[t].pooled.between == 0.0;
    }
    for (size_t k = 0; tidy->aliased[k] != NULL; k++)
        lac_cli_warn("'%s' depends on the other terms and was left out", tidy->aliased[k]);
    if (still == tidy->n_terms)
        lac_cli_warn("all %zu draws give the same estimates: nothing was missing, or the model "
                     "that filled the holes does not draw; the standard errors then leave the "
                     "uncertainty of the filled cells out",
                     tidy->m);
    const double fmi = all->terms[worst].pooled.fmi;
    const size_t draws = lac_stats_rubin_draws(fmi, tidy->m, all->precision);

    lac_cli_say(
        "%zu draws; most missing information: %.2g ('%s'); %zu draws %s for standard errors "
        "that change by %g %% when drawn anew",
        tidy->m, fmi, all->terms[worst].term, draws,
        draws <= tidy->m ? "are enough" : "would be needed", 100.0 * all->precision);
}

/* ---- the command ----------------------------------------------------------------------------- */

static LacTidy *
pool_estimates(const PoolState *self, const LacData *table, LacFamily family, GError **error)
{
    return self->formula == NULL ? lac_tidy_read(table, error)
                                 : lac_tidy_regress(table, self->formula, family, error);
}

/* ---- several coefficients at once ------------------------------------------------------------ */

static const char *const test_names[] = {"statistic", "df1", "df2", "p.value", "riv", "m"};

enum { N_TEST_NUMBERS = G_N_ELEMENTS(test_names) };

static void
test_numbers(const LacPooledTest *test, size_t m, double *out)
{
    const double numbers[N_TEST_NUMBERS] = {test->statistic, test->df1, test->df2,
                                            test->p,         test->riv, (double)m};

    memcpy(out, numbers, sizeof numbers);
}

static void
print_tests_csv(const LacPooledTest *tests, size_t m)
{
    printf("test");
    for (size_t k = 0; k < N_TEST_NUMBERS; k++)
        printf(",%s", test_names[k]);
    for (size_t t = 0; t < LAC_POOLED_TESTS; t++) {
        double numbers[N_TEST_NUMBERS];

        test_numbers(&tests[t], m, numbers);
        printf("\n%s", tests[t].name);
        for (size_t k = 0; k < N_TEST_NUMBERS; k++) {
            g_autofree char *text = lac_number_text(numbers[k]);

            printf(",%s", isinf(numbers[k]) ? "Inf" : text);
        }
    }
    puts("");
}

static void
print_tests_json(const LacPooledTest *tests, size_t m)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_array(builder);
    for (size_t t = 0; t < LAC_POOLED_TESTS; t++) {
        double numbers[N_TEST_NUMBERS];

        test_numbers(&tests[t], m, numbers);
        json_builder_begin_object(builder);
        json_add_text(builder, "test", tests[t].name);
        json_numbers(builder, N_TEST_NUMBERS, test_names, numbers);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    g_autofree char *text = json_pretty(builder);

    puts(text);
}

static void
print_tests_table(const LacPooledTest *tests)
{
    printf("test  statistic  df1        df2   p.value        riv\n");
    for (size_t t = 0; t < LAC_POOLED_TESTS; t++)
        printf("%-4s  %9.5g  %3g  %9.4g  %8.3g  %9.4g\n", tests[t].name, tests[t].statistic,
               tests[t].df1, tests[t].df2, tests[t].p, tests[t].riv);
}

static gboolean
pool_test(const PoolState *self, const LacData *table, const LacTidy *tidy, LacFamily family,
          double df, GError **error)
{
    g_autoptr(LacTidy) small = lac_tidy_regress(table, self->against, family, error);
    size_t n;
    g_autofree size_t *terms = small ? lac_tidy_beyond(tidy, small, &n, error) : NULL;
    const char *const formulas[] = {self->formula, self->against};
    const LacTidy *const tidies[] = {tidy, small};
    LacPooledTest tests[LAC_POOLED_TESTS];

    if (terms == NULL || !lac_pool_wald(tidy, n, terms, df, tests, error) ||
        !lac_pool_likelihood(table, family, formulas, tidies, n, &tests[LAC_POOLED_WALD], error))
        return FALSE;
    if (g_strcmp0(self->format, "csv") == 0)
        print_tests_csv(tests, tidy->m);
    else if (g_strcmp0(self->format, "json") == 0)
        print_tests_json(tests, tidy->m);
    else
        print_tests_table(tests);
    lac_cli_say("%zu coefficients that '%s' does not have, together against 0, over %zu draws; D1 "
                "pools estimates and their covariances, D2 only the tests of single draws, D3 "
                "likelihood ratios: prefer D1, or D3 for odds",
                n, self->against, tidy->m);
    return TRUE;
}

static gboolean
pool_do(const PoolState *self, const char *path, LacFamily family, GError **error)
{
    Pooled all = {.level = 0.95, .precision = 0.05};
    double df = NAN;

    if (!pool_number("level", self->level, 0.0, 1.0 - 1e-12, &all.level, error) ||
        !pool_number("precision", self->precision, 0.0, 1.0, &all.precision, error) ||
        !pool_number("df", self->df, 0.0, INFINITY, &df, error))
        return FALSE;
    g_autoptr(LacData) table = pool_read(self, path, error);
    g_autoptr(LacTidy) tidy = table ? pool_estimates(self, table, family, error) : NULL;

    if (tidy != NULL && self->against != NULL)
        return pool_test(self, table, tidy, family, df, error);
    g_autofree LacPooledTerm *terms = tidy ? lac_pool(tidy, all.level, df, error) : NULL;

    if (terms == NULL)
        return FALSE;
    all.tidy = tidy;
    all.terms = terms;
    if (g_strcmp0(self->format, "csv") == 0)
        print_csv(&all);
    else if (g_strcmp0(self->format, "json") == 0)
        print_json(&all);
    else
        print_table(&all);
    tell(&all);
    return TRUE;
}

static int
pool_run(void *state, int argc, char **argv)
{
    const PoolState *self = state;
    const char *family = self->family != NULL ? self->family : "gaussian";
    const gboolean binomial = g_str_equal(family, "binomial");
    g_autoptr(GError) error = NULL;

    if (argc != 1)
        return lac_cli_usage("pool: expected one table, got %d", argc);
    if (!lac_cli_one_of("--format", self->format, formats, &error) ||
        !lac_cli_one_of("--family", self->family, families, &error))
        return lac_cli_error(error);
    if (self->family != NULL && self->formula == NULL)
        return lac_cli_usage("pool: --family goes with --formula only");
    if (self->against != NULL && self->formula == NULL)
        return lac_cli_usage("pool: --against goes with --formula only");
    return pool_do(self, argv[0], binomial ? LAC_FAMILY_BINOMIAL : LAC_FAMILY_GAUSSIAN, &error)
               ? LAC_EXIT_OK
               : lac_cli_error(error);
}

const LacCommand lac_command_pool = {
    .name = "pool",
    .arguments = "TABLE.csv",
    .summary = "One answer from several completions: Rubin's rules",
    .details =
        "With --formula, TABLE holds completed tables below each other, told apart by .imp, as "
        "`lacuna impute -m` writes them. The regression is run on each and the results are pooled. "
        "Formulas are written as in R: + and - terms, a:b and a*b interactions, factor(x), log(x), "
        "I(x^2), 0 or -1 for no intercept, . for all other columns. Texts become treatment "
        "contrasts against their first level.\n"
        "\n"
        "Without it, TABLE is tidy: one line per term and draw with the columns term, estimate, "
        "std.error, .imp and perhaps df, from any program.\n"
        "\n"
        "With --against, the coefficients that the smaller formula does not have are tested "
        "together, by D1, D2 and D3 as in mice.\n"
        "\n"
        "Degrees of freedom are those of Barnard and Rubin. fmi is the share of the information "
        "about a term that is missing; draws is the number of completions that would be enough "
        "(von Hippel's two-stage rule).\n"
        "\n"
        "  lacuna impute patients.csv -m 20 --model mice -o filled.csv\n"
        "  lacuna pool --formula \"bmi ~ age + factor(hyp)\" filled.csv\n"
        "  lacuna pool estimates.csv --format csv",
    .options = options,
    .state_size = sizeof(PoolState),
    .run = pool_run,
};
