/* brier: draws of categories. */
#include "probe.h"

#include <lacuna/rng.h>

static const char *const levels[] = {"a", "b", "c", "d"};

/* One column of @n rows of @kind with @k levels, all hidden; @truth: codes. */
static ProbeScoring *
scoring_of(LacKind kind, size_t k, size_t n, const double *truth)
{
    LacSchema *schema = lac_schema_new(1);
    g_autofree double *holes = g_new(double, n);

    lac_schema_set_levels(schema, 0, kind, k, levels);
    for (size_t i = 0; i < n; i++)
        holes[i] = NAN;
    LacData *data =
        lac_data_new_take(schema, n, g_memdup2(truth, n * sizeof *truth), "probe", NULL);

    return probe_scoring(
        data, lac_data_with_values_take(data, g_memdup2(holes, n * sizeof *holes), NULL), truth);
}

/* By hand: shares .75, .25, 0 with the first level true have Brier score .0625 + .0625 = .125; the
 * fair form takes sum p (1 - p) / (m - 1) = .375 / 3 = .125 off. Half of each. */
LAC_TEST(plugins_metrics_brier, counts_by_hand)
{
    const double truth[] = {0}, drawn[] = {0, 0, 1, 0};
    g_autoptr(ProbeScoring) scoring = scoring_of(LAC_KIND_NOMINAL, 3, 1, truth);

    for (size_t d = 0; d < 4; d++)
        probe_scoring_add_draw(scoring, &drawn[d]);
    g_autoptr(LacScores) fair = probe_score(scoring, "brier", NULL, NULL);
    g_autoptr(LacScores) v = probe_score(scoring, "brier", "{estimator: V}", NULL);

    EXPECT_NEAR_DOUBLE(probe_value(fair, NULL, -1), 0.0, 1e-15);
    EXPECT_NEAR_DOUBLE(probe_value(v, NULL, -1), 0.0625, 1e-15);
}

LAC_TEST(plugins_metrics_brier, equal_draws_score_their_share_of_wrong_levels)
{
    const double truth[] = {0, 1, 2, 2}, drawn[] = {0, 2, 2, 0};
    g_autoptr(ProbeScoring) scoring = scoring_of(LAC_KIND_NOMINAL, 3, 4, truth);

    for (size_t d = 0; d < 3; d++)
        probe_scoring_add_draw(scoring, drawn);
    g_autoptr(LacScores) fair = probe_score(scoring, "brier", NULL, NULL);

    EXPECT_NEAR_DOUBLE(probe_value(fair, NULL, -1), 0.5, 1e-15);
}

/* Ordered levels as numbers 0, 1, 2, 3 over 3: the same kernel score as crps, fair and V. Draws 3,
 * 1, 0 and truth 1: distances 2, 0, 1 (mean 1); pairs 2, 3, 1 (6): fair 1 - 6 / 6 = 0, V 1 - 6 / 9.
 */
LAC_TEST(plugins_metrics_brier, ordered_levels_are_ranked_on_request)
{
    const double truth[] = {1}, drawn[] = {3, 1, 0};
    g_autoptr(ProbeScoring) scoring = scoring_of(LAC_KIND_ORDINAL, 4, 1, truth);
    g_autoptr(ProbeScoring) unordered = scoring_of(LAC_KIND_NOMINAL, 4, 1, truth);

    for (size_t d = 0; d < 3; d++) {
        probe_scoring_add_draw(scoring, &drawn[d]);
        probe_scoring_add_draw(unordered, &drawn[d]);
    }
    g_autoptr(LacScores) ranked = probe_score(scoring, "brier", "{ranked: true}", NULL);
    g_autoptr(LacScores) v = probe_score(scoring, "brier", "{ranked: true, estimator: V}", NULL);
    g_autoptr(LacScores) plain = probe_score(scoring, "brier", NULL, NULL);
    g_autoptr(LacScores) nominal = probe_score(unordered, "brier", "{ranked: true}", NULL);

    EXPECT_NEAR_DOUBLE(probe_value(ranked, NULL, -1), 0.0, 1e-15);
    EXPECT_NEAR_DOUBLE(probe_value(v, NULL, -1), (1.0 - 2.0 / 3.0) / 3.0, 1e-15);
    /* two of three wrong, all three pairs apart: 2/3 - 3/6 */
    EXPECT_NEAR_DOUBLE(probe_value(plain, NULL, -1), 1.0 / 6.0, 1e-15);
    EXPECT_NEAR_DOUBLE(probe_value(nominal, NULL, -1), 1.0 / 6.0, 1e-15);
}

/* Truth and draws from .5, .3, .2: half the Brier score is 1 - sum p^2 - (1 - sum p^2) / 2 = .31 in
 * expectation, whatever the number of draws. One cell's score lies in [-1, 1]: with 20 000 cells
 * four standard errors are below 4 / 20000^(1/2) = .028; half of that is left. */
LAC_TEST(plugins_metrics_brier, fair_form_does_not_depend_on_the_number_of_draws)
{
    enum { N = 20000 };
    static const size_t counts[] = {2, 5, 20};
    g_autofree double *truth = g_new(double, N), *drawn = g_new(double, N);
    LacRng rng = lac_rng_new(3);

    for (size_t k = 0; k < G_N_ELEMENTS(counts); k++) {
        for (size_t i = 0; i < N; i++) {
            const double u = lac_rng_uniform(&rng);

            truth[i] = (double)((u > 0.5) + (u > 0.8));
        }
        g_autoptr(ProbeScoring) scoring = scoring_of(LAC_KIND_NOMINAL, 3, N, truth);

        for (size_t d = 0; d < counts[k]; d++) {
            for (size_t i = 0; i < N; i++) {
                const double u = lac_rng_uniform(&rng);

                drawn[i] = (double)((u > 0.5) + (u > 0.8));
            }
            probe_scoring_add_draw(scoring, drawn);
        }
        g_autoptr(LacScores) fair = probe_score(scoring, "brier", NULL, NULL);

        EXPECT_NEAR_DOUBLE(probe_value(fair, NULL, -1), 0.31, 0.014);
    }
}

LAC_TEST(plugins_metrics_brier, one_draw_is_too_few_for_the_fair_form)
{
    const double truth[] = {1}, drawn[] = {0};
    g_autoptr(ProbeScoring) scoring = scoring_of(LAC_KIND_BINARY, 2, 1, truth);

    probe_scoring_add_draw(scoring, drawn);
    g_autoptr(LacScores) fair = probe_score(scoring, "brier", NULL, NULL);
    g_autoptr(LacScores) v = probe_score(scoring, "brier", "{estimator: V}", NULL);

    EXPECT_CONTAINS(probe_reason(fair, NULL, -1), "needs at least 2");
    EXPECT_NEAR_DOUBLE(probe_value(v, NULL, -1), 1.0, 1e-15);
}
