/* What a comparison makes of values: directions, failures, families, metrics out of reach. The
 * store is filled by hand with the table of inference_test.c, whose results are known. */
#include "compare-private.h"
#include "lac_test.h"
#include "report_fixture.h"

static const double table[6][4] = {{.10, .12, .11, .20}, {.30, .28, .28, .35},
                                   {.05, .06, .07, .07}, {.42, .40, .45, .50},
                                   {.21, .25, .22, .24}, {.15, .18, .16, .19}};

/**
 * Given: one value per data set and method, twice (repeats @spread below and above it).
 * @direction, @offset, @sign: stored value = offset + sign * table
 * @fail: bits of data sets on which method 0 fails
 * @families: data sets 0 and 1 are of one family
 */
typedef struct {
    const char *direction, *yaml;
    double target, offset, sign;
    unsigned fail;
    gboolean families, partial;
} Given;

static void
given_cell(sqlite3 *db, const Given *given, int d, int m, int repeat)
{
    g_autofree char *id = g_strdup_printf("d%dm%dr%d", d, m, repeat);
    const gboolean fails = m == 0 && (given->fail >> d & 1) != 0;
    const double spread = repeat == 1 ? -0.001 : 0.001;
    g_autofree char *family =
        given->families && d < 2 ? g_strdup("twins") : g_strdup_printf("f%d", d);

    if (given->partial && d == 5 && m == 3)
        return;
    fixture_sql(
        db,
        "INSERT INTO cells(id,position,data,family,mask,model,model_label,repeat,seed,status,"
        "reason) VALUES(%Q,%d,'d%d',%Q,'mcar','m%d','m%d',%d,1,%Q,%Q)",
        id, d * 100 + m * 10 + repeat, d, family, m, m, repeat, fails ? "crash" : "ok",
        fails ? "signal 11" : NULL);
    if (!fails)
        fixture_sql(db,
                    "INSERT INTO metrics VALUES(%Q,'score',NULL,NULL,%.17g,'ok',NULL,1,0),"
                    "(%Q,'draws',NULL,NULL,%s,%Q,NULL,1,0)",
                    id, given->offset + given->sign * (table[d][m] + spread), id,
                    m < 2 ? "1.0" : "NULL", m < 2 ? "ok" : "not-applicable");
}

static LacReport *
given_report(const Given *given)
{
    g_autofree char *dir = fixture_folder();
    g_autofree char *path = g_build_filename(dir, "results.sqlite", NULL);
    const char *dirs[] = {dir, NULL};
    g_autoptr(GError) error = NULL;
    LacReport *report;
    sqlite3 *db = NULL;

    sqlite3_open(path, &db);
    fixture_sql(db, "PRAGMA synchronous = OFF");
    fixture_sql(db, "%s", lac_store_schema());
    fixture_sql(db, "INSERT INTO run VALUES('t',1,'s','f',%Q,'c','0',1)",
                given->yaml ? given->yaml : "lacuna: 1\n");
    fixture_sql(
        db, "INSERT INTO metric_info VALUES('score',NULL,%Q,%.17g,'u','s','truth',NULL,NULL,NULL)",
        given->direction, given->target);
    for (int d = 0; d < 6; d++)
        for (int m = 0; m < 4; m++)
            for (int repeat = 1; repeat <= 2; repeat++)
                given_cell(db, given, d, m, repeat);
    sqlite3_close(db);
    report = lac_report_load(dirs, &error);
    if (report == NULL)
        lac_test_fail(__FILE__, __LINE__, "%s", error->message);
    fixture_remove(dir);
    return report;
}

static LacComparison *
compare(const LacReport *report)
{
    return lac_report_compare(report, 0, 0, FALSE);
}

static const Given plain = {.direction = "min", .sign = 1.0};

LAC_TEST(report_compare, repeats_are_averaged_before_ranking)
{
    const double mean[] = {1.5, 2.333333333, 2.416666667, 3.75};
    const size_t method[] = {0, 2, 1, 3};
    g_autoptr(LacReport) report = given_report(&plain);
    g_autoptr(LacComparison) c = compare(report);

    ASSERT_EQ_INT(c->n, 6); /* data sets, not data sets x repeats */
    ASSERT_EQ_INT(c->k, 4);
    for (size_t j = 0; j < 4; j++) {
        EXPECT_NEAR_DOUBLE(c->mean_rank[j], mean[j], 1e-9);
        EXPECT_EQ_INT(c->method[j], method[j]);
    }
    EXPECT_NEAR_DOUBLE(c->friedman.chi2, 9.672413793, 1e-9);
    EXPECT_NEAR_DOUBLE(c->difference, 1.914843227, 1e-9);
    EXPECT_EQ_INT(c->n_cliques, 2);
    EXPECT_EQ_INT(c->pairs, 6);
    EXPECT_EQ_INT(c->duel[3].win, 6);
}

LAC_TEST(report_compare, flipping_the_direction_of_a_metric_keeps_all_ranks)
{
    const Given flipped = {.direction = "max", .offset = 1.0, .sign = -1.0};
    g_autoptr(LacReport) a = given_report(&plain), b = given_report(&flipped);
    g_autoptr(LacComparison) x = compare(a), y = compare(b);

    for (size_t j = 0; j < 4; j++) {
        EXPECT_EQ_INT(x->method[j], y->method[j]);
        EXPECT_EQ_DOUBLE(x->mean_rank[j], y->mean_rank[j]);
    }
}

LAC_TEST(report_compare, a_target_is_ranked_by_distance)
{
    /* all values lie below 0.8 by as much as the table says, so ranks are the table's */
    const Given below = {.direction = "target", .target = 0.8, .offset = 0.8, .sign = -1.0};
    g_autoptr(LacReport) report = given_report(&below);
    g_autoptr(LacComparison) c = compare(report);

    EXPECT_NEAR_DOUBLE(c->mean_rank[0], 1.5, 1e-9);
    EXPECT_EQ_INT(c->method[3], 3);
    EXPECT_FALSE(c->log_ratio);
}

LAC_TEST(report_compare, failures_share_the_last_ranks)
{
    const Given failing = {.direction = "min", .sign = 1.0, .fail = 1};
    g_autoptr(LacReport) report = given_report(&failing);
    g_autoptr(LacComparison) c = compare(report);
    size_t at = 0;

    while (c->method[at] != 0)
        at++;
    /* ranks of method 0: 4 instead of 1 on data set 0; (9 + 3) / 6 */
    EXPECT_NEAR_DOUBLE(c->mean_rank[at], 2.0, 1e-9);
    EXPECT_EQ_INT(c->n, 6);
    EXPECT_EQ_INT(c->failures, 1);
    EXPECT_EQ_INT(c->failed[at], 1);
}

LAC_TEST(report_compare, the_policy_for_failures_is_the_users)
{
    static const struct {
        const char *yaml;
        size_t n, k;
        double rank; /* of method 0 */
    } policies[] = {
        {"report: {compare: {failures: exclude-dataset}}\n", 5, 4, 8.0 / 5.0},
        {"report: {compare: {failures: exclude-method}}\n", 6, 3, NAN},
        /* takes the value, and shares the rank, of method 3 on data set 0: (3.5 + 8) / 6 */
        {"report: {compare: {failures: {fill: m3}}}\n", 6, 4, 11.5 / 6.0},
        {"report: {compare: {max_failed_repeats: 2}}\n", 6, 4, 2.0}, /* but nothing is left of it */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(policies); i++) {
        const Given given = {.direction = "min", .sign = 1.0, .fail = 1, .yaml = policies[i].yaml};
        g_autoptr(LacReport) report = given_report(&given);
        g_autoptr(LacComparison) c = compare(report);
        double rank = NAN;
        EXPECT_EQ_INT(c->n, policies[i].n);
        EXPECT_EQ_INT(c->k, policies[i].k);
        for (size_t j = 0; j < c->k; j++)
            if (c->method[j] == 0)
                rank = c->mean_rank[j];
        EXPECT_NEAR_DOUBLE(rank, policies[i].rank, 1e-9);
    }
}

LAC_TEST(report_compare, a_family_counts_once)
{
    const Given twins = {.direction = "min", .sign = 1.0, .families = TRUE};
    g_autoptr(LacReport) report = given_report(&twins);
    g_autoptr(LacComparison) c = compare(report);

    ASSERT_EQ_INT(c->n, 5);
    EXPECT_EQ_INT(c->data_sets, 6);
    /* geometric mean of two data sets: sqrt(.10 * .30) of method 0 */
    EXPECT_NEAR_DOUBLE(c->loss[0], sqrt(.10 * .30), 1e-12);
    EXPECT_STR(c->block[0], "twins");
}

LAC_TEST(report_compare, data_sets_some_method_was_not_run_on_are_left_out)
{
    const Given partial = {.direction = "min", .sign = 1.0, .partial = TRUE};
    g_autoptr(LacReport) report = given_report(&partial);
    g_autoptr(LacComparison) c = compare(report);

    EXPECT_EQ_INT(c->n, 5);
    EXPECT_EQ_INT(c->left_out, 1);
}

LAC_TEST(report_compare, methods_a_metric_does_not_apply_to_do_not_take_part)
{
    g_autoptr(LacReport) report = given_report(&plain);
    g_autoptr(LacComparison) c = lac_report_compare(report, 0, 1, FALSE);

    ASSERT_EQ_INT(c->k, 2);
    EXPECT_EQ_INT(c->failures, 0);
}

LAC_TEST(report_compare, inside_a_data_set_repeats_with_the_same_holes_are_paired)
{
    g_autoptr(LacReport) report = given_report(&plain);
    g_autoptr(LacInside) inside = lac_report_inside(report, 0, 0, 0);

    EXPECT_EQ_INT(inside->method[inside->best], 0);
    for (size_t j = 0; j < inside->k; j++) {
        if (j == inside->best)
            continue;
        EXPECT_EQ_INT(inside->n_pairs[j], 2);
        /* the spread of repeats is common to all methods and cancels */
        EXPECT_NEAR_DOUBLE(inside->difference[j].mean, table[0][inside->method[j]] - .10, 1e-12);
    }
}

LAC_TEST(report_settings, what_cannot_be_read_is_noted_and_defaults_hold)
{
    const Given given = {.direction = "min",
                         .sign = 1.0,
                         .yaml = "report: {primary: nonsense, compare: {alpha: 7, failures: x}}\n"};
    g_autoptr(LacReport) report = given_report(&given);

    EXPECT_EQ_DOUBLE(report->settings.alpha, 0.05);
    EXPECT_EQ_INT(report->settings.failures, LAC_FAILURES_WORST);
    EXPECT_EQ_INT(report->primary, 0);
    EXPECT_EQ_INT(report->notes->len, 3);
}

LAC_TEST(report_settings, the_primary_metric_and_alpha_are_taken)
{
    const Given given = {.direction = "min",
                         .sign = 1.0,
                         .yaml =
                             "report: {primary: draws, compare: {alpha: 0.1, zeros: wilcox}}\n"};
    g_autoptr(LacReport) report = given_report(&given);

    EXPECT_EQ_INT(report->primary, 1);
    EXPECT_EQ_DOUBLE(report->settings.alpha, 0.1);
    EXPECT_TRUE(report->settings.drop_zeros);
    EXPECT_EQ_INT(report->notes->len, 0);
}

LAC_TEST(report_labels, only_what_differs_is_named)
{
    const char *params[] = {"{\"k\":5,\"weights\":\"uniform\",\"s\":1}",
                            "{\"k\":10,\"weights\":\"uniform\",\"s\":1}",
                            "{\"k\":10,\"weights\":\"distance\",\"s\":1}"};
    g_autoptr(GPtrArray) apart = lac_report_differences(3, params);

    EXPECT_STR(g_ptr_array_index(apart, 0), "k=5 weights=uniform");
    EXPECT_STR(g_ptr_array_index(apart, 2), "k=10 weights=distance");
}

LAC_TEST(report_labels, broken_parameters_are_nothing_to_tell_apart)
{
    const char *params[] = {"{not json", NULL, "[1]"};
    g_autoptr(GPtrArray) apart = lac_report_differences(3, params);

    for (guint i = 0; i < apart->len; i++)
        EXPECT_STR(g_ptr_array_index(apart, i), "");
}
