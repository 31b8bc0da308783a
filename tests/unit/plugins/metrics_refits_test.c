/* energy-i-score: a score that learns the method again. The numbers of single cells are those of
 * the golden examples of CRPS and energy score, worked out by hand here. */
#include "probe.h"
#include <lacuna/metric.h>

enum { MOST = 4 };

/* A method whose draws are known beforehand: those of hidden row i are @draw[i]. */
typedef struct {
    size_t m;
    const double (*draw)[MOST];
    size_t rows, cols, hidden; /* of the table it met last */
} Canned;

static gboolean
canned_learn(void *user, const LacData *table, uint64_t number, size_t n, LacMatrix *const *out,
             size_t *n_out, GError **error)
{
    Canned *canned = user;

    canned->rows = table->rows;
    canned->cols = table->cols;
    canned->hidden = lac_mask_count_col(table->holes, 0);
    *n_out = canned->m;
    for (size_t d = 0; d < canned->m; d++)
        for (size_t i = 0; i < canned->hidden; i++)
            lac_matrix_row(out[d], i)[0] = canned->draw[i][d];
    return TRUE;
}

/* x is seen everywhere; y in rows 1 and 2, as 1 and 2.5; rows 3 to 5 were filled with 7 */
static ProbeScoring *
two_seen(void)
{
    const double truth[] = {0, 1, 1, 2.5, 2, 5, 3, 6, 4, 7};
    const double holes[] = {0, 1, 1, 2.5, 2, NAN, 3, NAN, 4, NAN};
    const double filled[] = {0, 1, 1, 2.5, 2, 7, 3, 7, 4, 7};

    return probe_scoring(probe_table(5, 2, truth), probe_table(5, 2, holes), filled);
}

/* y = 1, draws .5 1.2 2 .9: misses .5 .2 1 .1, mean .45; |differences| .7 1.5 .4 .8 .3 1.1 = 4.8,
 * over 12 = .4: .05. y = 2.5, draws 2 3.5 2.6 1.4: .5 1 .1 1.1, mean .675; 1.5 .6 .6 .9 2.1 1.2 =
 * 6.9, over 12 = .575: .1. */
LAC_TEST(plugins_metrics_energy_i_score, cells_score_as_worked_out_by_hand)
{
    static const double draws[][MOST] = {{.5, 1.2, 2, .9}, {2, 3.5, 2.6, 1.4}};
    Canned canned = {.m = 4, .draw = draws};
    const LacRefit refit = {canned_learn, &canned};
    g_autoptr(ProbeScoring) scoring = two_seen();

    scoring->refit = &refit;
    g_autoptr(LacScores) plain =
        probe_score(scoring, "energy-i-score", "{draws: 4, min_holes: 1, scale: false}", NULL);
    g_autoptr(LacScores) scaled =
        probe_score(scoring, "energy-i-score", "{draws: 4, min_holes: 1}", NULL);
    g_autoptr(LacScores) few = probe_score(scoring, "energy-i-score", "{draws: 4}", NULL);

    EXPECT_NEAR_DOUBLE(probe_value(plain, NULL, 1), .075, 1e-14);
    EXPECT_NEAR_DOUBLE(probe_value(plain, NULL, -1), .075, 1e-14);
    EXPECT_EQ_INT(canned.rows, 5);
    EXPECT_EQ_INT(canned.cols, 2);
    EXPECT_EQ_INT(canned.hidden, 2);
    /* sd(1, 2.5) = 1.5 / sqrt(2) */
    EXPECT_NEAR_DOUBLE(probe_value(scaled, NULL, -1), .075 / (1.5 / sqrt(2)), 1e-14);
    EXPECT_TRUE(strstr(probe_reason(few, NULL, -1), "no column has 10 holes") != NULL);
}

/* 40 rows; a misses 12 and is .3 off wherever it was seen, b misses 20 and is .5 off: weights .21
 * and .25, (.21 * .3 + .25 * .5) / .46 = .408695652174. A single completion: no spread is paid. */
static gboolean
off_learn(void *user, const LacData *table, uint64_t number, size_t n, LacMatrix *const *out,
          size_t *n_out, GError **error)
{
    const double off = strcmp(lac_data_name(table, 0), "x1") == 0 ? .3 : .5;

    lac_data_copy_values(table, out[0]);
    for (size_t i = 0; i < table->rows; i++)
        if (lac_data_is_hole(table, i, 0))
            lac_matrix_row(out[0], i)[0] = 3 + off;
    *n_out = 1;
    return TRUE;
}

LAC_TEST(plugins_metrics_energy_i_score, columns_weigh_by_what_is_seen_and_missing)
{
    const LacRefit refit = {off_learn, NULL};
    double truth[40 * 3], holes[40 * 3];

    for (size_t i = 0; i < 40; i++) {
        const double row[] = {3, 3, (double)i};

        memcpy(truth + 3 * i, row, sizeof row);
        memcpy(holes + 3 * i, row, sizeof row);
        if (i < 12)
            holes[3 * i] = NAN;
        if (i >= 20)
            holes[3 * i + 1] = NAN;
    }
    g_autoptr(ProbeScoring) scoring =
        probe_scoring(probe_table(40, 3, truth), probe_table(40, 3, holes), truth);

    scoring->refit = &refit;
    g_autoptr(LacScores) scores = probe_score(scoring, "energy-i-score", "{scale: false}", NULL);
    g_autoptr(LacScores) one =
        probe_score(scoring, "energy-i-score", "{scale: false, columns: 1}", NULL);
    g_autoptr(LacScores) scaled = probe_score(scoring, "energy-i-score", NULL, NULL);

    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, 0), .3, 1e-12);
    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, 1), .5, 1e-12);
    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, -1), .408695652174, 1e-11);
    EXPECT_NEAR_DOUBLE(probe_value(one, NULL, -1), .5, 1e-12); /* b has more holes */
    EXPECT_TRUE(strstr(probe_reason(scaled, NULL, -1), "none of 2 columns") != NULL);
}

/* Level 1 of 3, draws 1 2 1 3: half of them miss, sqrt(2) / 2; of 6 pairs 5 differ: 5 sqrt(2) / 12.
 * The V form, 10 / 32 of sqrt(2) in place of 5 / 12, would be .265165042945. */
LAC_TEST(plugins_metrics_energy_i_score, levels_are_root_two_apart)
{
    static const char *const levels[] = {"a", "b", "c", "d", NULL};
    static const double draws[][MOST] = {{1, 2, 1, 3}, {1, 2, 1, 3}};
    const double truth[] = {0, 1, 1, 1, 2, 2, 3, 0}, holes[] = {0, 1, 1, 1, 2, NAN, 3, NAN};
    Canned canned = {.m = 4, .draw = draws};
    const LacRefit refit = {canned_learn, &canned};
    LacData *tables[2];

    for (size_t k = 0; k < 2; k++) {
        LacSchema *schema = lac_schema_new(2);

        lac_schema_set_levels(schema, 1, LAC_KIND_NOMINAL, 4, levels);
        tables[k] =
            lac_data_new_take(schema, 4, g_memdup2(k ? holes : truth, sizeof truth), "test", NULL);
    }
    g_autoptr(ProbeScoring) scoring = probe_scoring(tables[0], tables[1], truth);

    scoring->refit = &refit;
    g_autoptr(LacScores) scores =
        probe_score(scoring, "energy-i-score", "{draws: 4, min_holes: 1}", NULL);

    EXPECT_NEAR_DOUBLE(probe_value(scores, NULL, 1), sqrt(2) * (.5 - 5. / 12), 1e-14);
}

static gboolean
refusing_learn(void *user, const LacData *table, uint64_t number, size_t n, LacMatrix *const *out,
               size_t *n_out, GError **error)
{
    return lac_fail(error, LAC_ERROR_DATA, "not this table");
}

LAC_TEST(plugins_metrics_energy_i_score, a_method_that_refuses_gets_no_number)
{
    const LacRefit refit = {refusing_learn, NULL};
    g_autoptr(ProbeScoring) scoring = two_seen();
    g_autoptr(LacScores) none = probe_score(scoring, "energy-i-score", "{min_holes: 1}", NULL);

    scoring->refit = &refit;
    g_autoptr(LacScores) scores = probe_score(scoring, "energy-i-score", "{min_holes: 1}", NULL);

    EXPECT_TRUE(strstr(probe_reason(none, NULL, -1), "cannot be learnt again") != NULL);
    EXPECT_TRUE(strstr(probe_reason(scores, NULL, 1), "not this table") != NULL);
    EXPECT_TRUE(strstr(probe_reason(scores, NULL, -1), "none of 1 columns") != NULL);
}
