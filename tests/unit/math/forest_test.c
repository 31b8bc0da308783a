/* lacuna/forest.h. Expected numbers of ranger are those of R's ranger 0.14.1, of the calls given
 * beside them. */
#include "forest-table.h"

#include <lac_test.h>

static const double six_x[] = {1, 2, 3, 4, 5, 6, .9, .1, .4, .8, .2, .6};
static const double six_y[] = {1, 1.2, 3.1, 2.9, 5.2, 4.8};

/* ranger(y ~ u + v, num.trees = 1, mtry = 2, replace = FALSE, sample.fraction = 1,
 * min.node.size = 2): u <= 4.5, then u <= 2.5 */
LAC_TEST(math_forest, one_tree_splits_where_ranger_does)
{
    const double fresh_u[] = {4.4, 4.6, 2.4, 2.6, -10, 10}, fresh_v[6] = {0};
    const double expected[] = {3, 5, 1.1, 3, 1.1, 5};
    const LacForestOptions options = {.trees = 1, .mtry = 2, .min_split = 2, .no_bootstrap = TRUE};
    g_auto(Table) table;
    double out[6];

    table_init(&table, 6, 2, six_x, 0, six_y, 0);
    g_autoptr(LacForest) forest = NEW_FOREST(table.bins, &table.task, &options, NULL);
    g_autoptr(LacBins) fresh = lac_bins_like(table.bins, 6, NULL);

    lac_bins_put(fresh, 0, 6, NULL, fresh_u);
    lac_bins_put(fresh, 1, 6, NULL, fresh_v);
    lac_forest_predict(forest, fresh, 6, NULL, out);
    for (size_t i = 0; i < 6; i++)
        EXPECT_NEAR_DOUBLE(out[i], expected[i], 1e-15);
}

/* ranger, the same call for a factor (a, a, b, b, b, a): u <= 2.5 is a; else u <= 5.5 is b, else a
 */
LAC_TEST(math_forest, one_tree_of_classes_splits_where_ranger_does)
{
    const double y[] = {0, 0, 1, 1, 1, 0}, three[] = {2, 2, 1, 1, 1, 2};
    const LacForestOptions options = {.trees = 1, .mtry = 2, .min_split = 2, .no_bootstrap = TRUE};
    g_auto(Table) two_classes, three_classes;
    double out[6];

    table_init(&two_classes, 6, 2, six_x, 0, y, 2);
    table_init(&three_classes, 6, 2, six_x, 0, three, 3); /* one of them has no row */
    g_autoptr(LacForest) a = NEW_FOREST(two_classes.bins, &two_classes.task, &options, NULL);
    g_autoptr(LacForest) b = NEW_FOREST(three_classes.bins, &three_classes.task, &options, NULL);

    lac_forest_predict(a, two_classes.bins, 6, NULL, out);
    for (size_t i = 0; i < 6; i++)
        EXPECT_EQ_DOUBLE(out[i], y[i]);
    lac_forest_predict(b, three_classes.bins, 6, NULL, out);
    for (size_t i = 0; i < 6; i++)
        EXPECT_EQ_DOUBLE(out[i], three[i]);
}

/* n <- 40
 * d <- data.frame(a = ((1:n) * sqrt(2)) %% 1, b = ((1:n) * sqrt(3)) %% 1, c = ((1:n) * sqrt(5)) %%
 * 1) d$y <- sin(6 * d$a) + d$b^2 + .3 * d$c bags <- lapply(0:4, function(t) ((1:n) * 7 + t * 5 +
 * ((1:n) %/% 4) * t) %% 3) r <- ranger(y ~ a + b + c, d, num.trees = 5, mtry = 3, min.node.size =
 * 8, inbag = bags) r$predictions; r$prediction.error; predict(r, d)$predictions */
LAC_TEST(math_forest, trees_of_given_bags_agree_with_ranger_in_and_out_of_bag)
{
    enum { N = 40, TREES = 5 };
    const double oob[N] = {0.253989166018,
                           -0.502457752574,
                           1.524481518453,
                           NAN,
                           NAN,
                           0.253638808438,
                           NAN,
                           1.650290970970,
                           0.062150570202,
                           1.392623183518,
                           -0.439354054038,
                           -0.135532666389,
                           1.204009265010,
                           -0.502457752574,
                           1.524481518453,
                           NAN,
                           NAN,
                           0.115535674072,
                           NAN,
                           1.204009265010,
                           0.062150570202,
                           0.965575719498,
                           0.253989166018,
                           -0.767983599062,
                           1.204009265010,
                           -0.502457752574,
                           0.998464310424,
                           NAN,
                           NAN,
                           0.904369021061,
                           NAN,
                           1.204009265010,
                           0.062150570202,
                           2.016938152423,
                           -0.784611889953,
                           -0.767983599062,
                           1.204009265010,
                           0.276346518837,
                           0.998464310424,
                           NAN};
    const double all[N] = {
        0.739612113191,  -0.583426611755, 1.369920950089,  0.181725198255,  0.934184568345,
        0.253638808438,  -0.583426611755, 1.673296626254,  -0.389476078415, 1.019594061149,
        -0.155462688265, 0.102651903619,  1.074104574073,  -0.721529746121, 1.673296626254,
        0.181725198255,  0.414294267225,  0.115535674072,  0.102651903619,  1.369920950089,
        -0.251372944049, 0.934184568345,  0.530976096460,  -0.372480263724, 1.330027036000,
        -0.721529746121, 1.338026749261,  -0.030881913203, 0.414294267225,  0.904369021061,
        -0.179200079581, 1.369920950089,  -0.251372944049, 1.462889743042,  0.115535674072,
        -0.583426611755, 1.330027036000,  0.181725198255,  1.159514066877,  -0.155462688265};
    const LacForestOptions options = {.trees = TREES, .mtry = 3, .min_split = 8};
    double x[3 * N], y[N], fill[N], out[N], seen[N];
    uint32_t bags[TREES * N];
    g_auto(Table) table;

    for (size_t i = 0; i < N; i++) {
        x[i] = weyl(i, 2);
        x[N + i] = weyl(i, 3);
        x[2 * N + i] = weyl(i, 5);
        y[i] = sin(6 * x[i]) + x[N + i] * x[N + i] + .3 * x[2 * N + i];
        for (size_t t = 0; t < TREES; t++)
            bags[t * N + i] = (uint32_t)(((i + 1) * 7 + t * 5 + (i + 1) / 4 * t) % 3);
    }
    table_init(&table, N, 3, x, 0, y, 0);
    table.task.bags = bags;
    LacForestOutcome outcome = {.n_fill = N, .fill_rows = table.rows, .fill = fill, .oob = seen};
    g_autoptr(LacForest) forest = NEW_FOREST(table.bins, &table.task, &options, &outcome);

    lac_forest_predict(forest, table.bins, N, table.rows, out);
    for (size_t i = 0; i < N; i++) {
        EXPECT_NEAR_DOUBLE(out[i], all[i], 1e-11);
        EXPECT_NEAR_DOUBLE(seen[i], oob[i], 1e-11);
    }
    EXPECT_NEAR_DOUBLE(outcome.oob_error, 0.270356113682, 1e-11);
}

/* By hand, from the leaves of these two trees: the row u = 2.2, v = 0.5 falls with rows 2, 3 (of
 * which row 3 is out of bag) and with rows 1, 2: donors 1, 2, 3 with 1/4, 1/2, 1/4. The tolerance
 * is five standard errors. */
LAC_TEST(math_forest, donors_are_drawn_from_all_rows_of_the_leaves)
{
    enum { DRAWS = 20000 };
    const uint32_t bags[] = {2, 1, 0, 1, 1, 1, 0, 1, 2, 1, 0, 2};
    const double expected[] = {.25, .5, .25, 0, 0, 0}, u = 2.2, v = .5;
    const LacForestOptions options = {.trees = 2, .mtry = 2, .min_split = 1, .keep_donors = TRUE};
    const LacRng rng = lac_rng_new(3);
    g_auto(Table) table;
    size_t count[6] = {0};

    table_init(&table, 6, 2, six_x, 0, six_y, 0);
    table.task.bags = bags;
    g_autoptr(LacForest) forest = NEW_FOREST(table.bins, &table.task, &options, NULL);
    g_autoptr(LacBins) fresh = lac_bins_like(table.bins, 1, NULL);

    lac_bins_put(fresh, 0, 1, NULL, &u);
    lac_bins_put(fresh, 1, 1, NULL, &v);
    for (size_t d = 0; d < DRAWS; d++) {
        const LacRng of_draw = lac_rng_at(&rng, d);
        uint32_t donor;

        lac_forest_draw(forest, fresh, 1, NULL, &of_draw, &donor);
        count[donor]++;
    }
    for (size_t i = 0; i < 6; i++)
        EXPECT_NEAR_DOUBLE((double)count[i] / DRAWS, expected[i], 5 * .5 / sqrt(DRAWS));
}

/* By hand: squares about the mean 15.333; u <= 4.5 removes 11.603 of them (0.757), then u <= 2.5
 * another 3.61 (0.235). */
LAC_TEST(math_forest, splits_that_gain_too_little_are_not_made)
{
    static const struct {
        double least, first, last;
    } cases[] = {{0.8, 18.2 / 6, 18.2 / 6}, {0.5, 2.05, 5.0}, {0.2, 1.1, 5.0}};

    for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
        const LacForestOptions options = {.trees = 1,
                                          .mtry = 2,
                                          .min_split = 1,
                                          .min_gain = cases[k].least,
                                          .no_bootstrap = TRUE};
        g_auto(Table) table;
        double out[6];

        table_init(&table, 6, 2, six_x, 0, six_y, 0);
        g_autoptr(LacForest) forest = NEW_FOREST(table.bins, &table.task, &options, NULL);
        lac_forest_predict(forest, table.bins, 6, NULL, out);
        EXPECT_NEAR_DOUBLE(out[0], cases[k].first, 1e-14);
        EXPECT_NEAR_DOUBLE(out[5], cases[k].last, 1e-14);
    }
}

static double
friedman_oob(size_t classes, const double *x, const double *y)
{
    const LacForestOptions options = {.trees = 500, .mtry = 3};
    g_auto(Table) table;
    LacForestOutcome outcome = {.discard = TRUE};

    table_init(&table, FRIEDMAN_ROWS, FRIEDMAN_COLS, x, 0, y, classes);
    g_autoptr(LacForest) forest = NEW_FOREST(table.bins, &table.task, &options, &outcome);

    return forest != NULL ? outcome.oob_error : (double)NAN;
}

/* Five standard deviations of one forest's figure over ranger's seeds: 0.035, 0.009, 0.003. */
LAC_TEST(math_forest, out_of_bag_errors_of_friedmans_benchmark_are_those_of_ranger)
{
    g_autofree double *x = g_new(double, FRIEDMAN_ROWS *FRIEDMAN_COLS);
    double y[FRIEDMAN_ROWS], sorted[FRIEDMAN_ROWS], k[FRIEDMAN_ROWS];

    friedman(x, y);
    memcpy(sorted, y, sizeof y);
    lac_stats_sort(FRIEDMAN_ROWS, sorted);
    EXPECT_NEAR_DOUBLE(friedman_oob(0, x, y), 4.00807, 5 * 0.0355 / 4.008);
    for (size_t i = 0; i < FRIEDMAN_ROWS; i++)
        k[i] = y[i] > lac_stats_quantile(FRIEDMAN_ROWS, sorted, 0.5, 7);
    EXPECT_NEAR_DOUBLE(friedman_oob(2, x, k), 0.12090, 5 * 0.0031);
    for (size_t i = 0; i < FRIEDMAN_ROWS; i++) {
        k[i] = 0.0;
        for (int q = 1; q < 5; q++)
            k[i] += y[i] > lac_stats_quantile(FRIEDMAN_ROWS, sorted, .2 * q, 7);
    }
    EXPECT_NEAR_DOUBLE(friedman_oob(5, x, k), 0.44230, 5 * 0.0093);
}

LAC_TEST(math_forest, the_class_with_the_largest_share_of_votes_is_predicted)
{
    enum { CLASSES = 4 };
    const LacForestOptions options = {.trees = 25};
    g_autofree double *x = g_new(double, FRIEDMAN_ROWS *FRIEDMAN_COLS);
    g_autofree double *shares = g_new(double, FRIEDMAN_ROWS *CLASSES);
    double y[FRIEDMAN_ROWS], out[FRIEDMAN_ROWS];
    g_auto(Table) table;
    size_t split = 0;

    friedman(x, y);
    for (size_t i = 0; i < FRIEDMAN_ROWS; i++)
        y[i] = CLAMP(floor(y[i] / 6), 0, CLASSES - 1);
    table_init(&table, FRIEDMAN_ROWS, FRIEDMAN_COLS, x, 0, y, CLASSES);
    table.task.n = FRIEDMAN_ROWS / 2;
    g_autoptr(LacForest) forest = NEW_FOREST(table.bins, &table.task, &options, NULL);
    lac_forest_predict(forest, table.bins, FRIEDMAN_ROWS, NULL, out);
    lac_forest_shares(forest, table.bins, FRIEDMAN_ROWS, NULL, shares);
    for (size_t i = 0; i < FRIEDMAN_ROWS; i++) {
        const double *share = shares + i * CLASSES;
        double sum = 0.0;

        for (size_t k = 0; k < CLASSES; k++) {
            sum += share[k];
            EXPECT_TRUE(share[k] <= share[(size_t)out[i]]);
            EXPECT_TRUE(share[k] < share[(size_t)out[i]] || k >= (size_t)out[i]);
        }
        EXPECT_NEAR_DOUBLE(sum, 1.0, 1e-12);
        split += share[(size_t)out[i]] < 1.0;
    }
    EXPECT_TRUE(split > 100); /* the trees do not all say the same */
}

LAC_TEST(math_forest, one_row_no_feature_and_one_class_make_a_leaf)
{
    const double x[] = {1, 1, 1}, y[] = {5, 6, 7}, same[] = {3, 3, 3};
    const LacForestOptions options = {.trees = 3, .no_bootstrap = TRUE};
    g_auto(Table) table, classes;
    double out[3];

    table_init(&table, 3, 1, x, 0, y, 0);
    g_autoptr(LacForest) constant = NEW_FOREST(table.bins, &table.task, &options, NULL);
    lac_forest_predict(constant, table.bins, 3, NULL, out);
    EXPECT_EQ_DOUBLE(out[1], 6.0);
    table.task.n = 1;
    table.task.n_features = 0;
    g_autoptr(LacForest) single = NEW_FOREST(table.bins, &table.task, &options, NULL);
    lac_forest_predict(single, table.bins, 3, NULL, out);
    EXPECT_EQ_DOUBLE(out[2], 5.0);
    table_init(&classes, 3, 1, x, 0, same, 10000);
    g_autoptr(LacForest) level = NEW_FOREST(classes.bins, &classes.task, &options, NULL);
    lac_forest_predict(level, classes.bins, 3, NULL, out);
    EXPECT_EQ_DOUBLE(out[0], 3.0);
}

static gboolean
refuse_after_some(double done, gpointer user, GError **error)
{
    return done < 0.5 || lac_fail(error, LAC_ERROR_CANCELLED, "stopped at %g", done);
}

LAC_TEST(math_forest, growing_stops_when_told_to)
{
    const LacForestOptions options = {.trees = 100000};
    const LacForestStep step = {.step = refuse_after_some};
    const LacRng rng = lac_rng_new(1);
    g_autofree double *x = g_new(double, FRIEDMAN_ROWS *FRIEDMAN_COLS);
    double y[FRIEDMAN_ROWS];
    g_autoptr(GError) error = NULL;
    g_auto(Table) table;

    friedman(x, y);
    table_init(&table, 20, FRIEDMAN_COLS, x, 0, y, 0);
    EXPECT_TRUE(lac_forest_grow(table.bins, &table.task, &options, &rng, NULL, &step, &error) ==
                NULL);
    EXPECT_ERROR(error, LAC_ERROR_CANCELLED, "stopped at");
}
