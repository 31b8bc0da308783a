/* lacuna/bins.h, lacuna/forest.h. Expected numbers of ranger are those of R's ranger 0.14.1, of the
 * calls given beside them; trees are compared with a builder that tries every split. */
#include <lac_test.h>
#include <lacuna/forest.h>
#include <lacuna/parallel.h>
#include <lacuna/stats.h>

#include "context-private.h"
#include "forest-private.h"
#include <math.h>

#define NEW_FOREST(bins, task, options, outcome)                                                   \
    lac_forest_grow((bins), (task), (options), &(const LacRng){.key = 7}, (outcome), NULL, NULL)

/** Table: columns as they are, their bins, and lists of all rows and features. */
typedef struct {
    LacBins *bins;
    uint32_t rows[4096], features[16];
    LacForestTask task;
} Table;

static void
table_clear(Table *self)
{
    lac_bins_free(self->bins);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Table, table_clear)

/* @x: [p][n]; the first @nominal columns hold codes below 8. */
static void
table_init(Table *self, size_t n, size_t p, const double *x, size_t nominal, const double *y,
           size_t classes)
{
    g_autofree double *sorted = g_new(double, n);

    self->bins = lac_bins_new(n, p, NULL);
    for (size_t j = 0; j < p; j++) {
        memcpy(sorted, x + j * n, n * sizeof *x);
        if (j < nominal)
            lac_bins_learn_nominal(self->bins, j, n, sorted, 8);
        else
            lac_bins_learn_ordered(self->bins, j, n, sorted, 0);
        lac_bins_put(self->bins, j, n, NULL, x + j * n);
        self->features[j] = (uint32_t)j;
    }
    for (size_t i = 0; i < n; i++)
        self->rows[i] = (uint32_t)i;
    self->task = (LacForestTask){.n = n,
                                 .rows = self->rows,
                                 .y = y,
                                 .classes = classes,
                                 .n_features = p,
                                 .features = self->features};
}

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

/* Numbers that any program can make again: fractional parts of i sqrt(prime), i from 1. */
static double
weyl(size_t i, double prime)
{
    const double x = (double)(i + 1) * sqrt(prime);

    return x - floor(x);
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

/* R 4.2.2, rpart 4.1.19:
 *   i <- 0:79; x1 <- sin(1.7*i); x2 <- cos(2.3*i); s <- x1 + 0.5*x2 + 0.6*sin(11*i)
 *   y <- factor(if (k == 3) (s > -0.4) + (s > 0.5) else (s > 0.3))    # k = 0: s itself
 *   f <- rpart(y ~ x1 + x2, method = "class", control = rpart.control(minsplit = 2, minbucket = 1,
 *              cp = cp, xval = 0, usesurrogate = 0, maxcompete = 0))
 *   sum(f$frame$var == "<leaf>"); as.integer(predict(f, type = "class")) - 1
 * and of k = 0 predict(f)[c(1, 8, 20, 33, 47, 60)] */
typedef struct {
    size_t classes;
    double prune;
    size_t leaves;
    const char *said;
    double values[6];
} Pruned;

static void
expect_pruned(const Pruned *expected)
{
    enum { N = 80 };
    static const size_t shown[] = {0, 7, 19, 32, 46, 59};
    const LacForestOptions options = {.trees = 1,
                                      .mtry = 2,
                                      .min_split = 1,
                                      .prune = expected->prune,
                                      .no_bootstrap = TRUE,
                                      .keep_donors = TRUE};
    double x[2 * N], y[N], out[N];
    uint32_t leaf[N];
    g_auto(Table) table;

    for (size_t i = 0; i < N; i++) {
        const double t = (double)i, s = sin(1.7 * t) + 0.5 * cos(2.3 * t) + 0.6 * sin(11.0 * t);

        x[i] = sin(1.7 * t);
        x[N + i] = cos(2.3 * t);
        y[i] = expected->classes == 0   ? s
               : expected->classes == 2 ? (double)(s > 0.3)
                                        : (double)((s > -0.4) + (s > 0.5));
    }
    table_init(&table, N, 2, x, 0, y, expected->classes);
    g_autoptr(LacForest) forest = NEW_FOREST(table.bins, &table.task, &options, NULL);

    EXPECT_EQ_INT(lac_forest_leaf(forest, 0, table.bins, N, NULL, leaf), expected->leaves);
    lac_forest_predict(forest, table.bins, N, NULL, out);
    for (size_t i = 0; i < N && expected->said != NULL; i++)
        EXPECT_EQ_INT((int)out[i], expected->said[i] - '0');

    for (size_t k = 0; k < G_N_ELEMENTS(shown) && expected->said == NULL; k++)
        EXPECT_NEAR_DOUBLE(out[shown[k]], expected->values[k], 1e-11);
}

LAC_TEST(math_forest, trees_are_pruned_as_rpart_prunes_them)
{
    static const Pruned cases[] = {
        {3,
         0.01,
         28,
         "11111100210220012002101210121022001200210111111102002101110120022002200210121012",
         {0}},
        {3,
         0.03,
         6,
         "12101100210121012002101210120021002100210210021002002100110020022001200210221012",
         {0}},
        {3,
         0.1,
         3,
         "01001100210010011002100100120021001100200210011002002100110020021001200210210012",
         {0}},
        {2,
         0.01,
         13,
         "10000100100110011001100100010011001100100100001001001000100010011001100100110001",
         {0}},
        {2,
         0.05,
         3,
         "11001100110110011001100100110011001100100110011001001100110010011001100100110011",
         {0}},
        {2,
         0.1,
         2,
         "01001100110010011001100100110011001100100110011001001100110010011001100100110011",
         {0}},
        {0,
         0.01,
         10,
         NULL,
         {0.5208660622833, -0.4222574859900, 1.5816107083664, -1.2781002121593, 0.0973870949042,
          -0.4222574859900}},
        {0,
         0.05,
         4,
         NULL,
         {-0.304367042456, -0.304367042456, 1.292958087189, -0.995910706978, 0.413893628304,
          -0.304367042456}}};

    for (size_t k = 0; k < G_N_ELEMENTS(cases); k++)
        expect_pruned(&cases[k]);
}

/** Naive: a tree that tries every split of every feature, for comparison. */
typedef struct {
    size_t n, p, nominal, classes, min_split, min_leaf;
    const double *x, *y;
    double *out;
} Naive;

/* Sum of squared errors, or weight times Gini impurity. */
static double
naive_impurity(const Naive *self, size_t n, const size_t *rows)
{
    double sum = 0.0, squares = 0.0, count[8] = {0};

    for (size_t i = 0; i < n; i++) {
        sum += self->y[rows[i]] / (double)n;
        count[self->classes > 0 ? (size_t)self->y[rows[i]] : 0]++;
    }
    for (size_t i = 0; i < n; i++)
        squares += pow(self->y[rows[i]] - sum, 2);
    if (self->classes == 0)
        return squares;
    squares = (double)n;
    for (size_t k = 0; k < 8; k++)
        squares -= count[k] * count[k] / (double)n;
    return squares;
}

/* Splits are numbered: for a number, the rows whose values give the threshold; for a nominal
 * column, the sets of levels. */
static gboolean
naive_goes_left(const Naive *self, size_t j, size_t split, size_t row)
{
    const double *x = self->x + j * self->n;

    if (j < self->nominal)
        return (gboolean)(split >> (size_t)x[row] & 1);
    return x[row] <= x[split];
}

static void
naive_grow(const Naive *self, size_t n, size_t *rows)
{
    const double before = naive_impurity(self, n, rows);
    double best = -1.0;
    size_t best_j = 0, best_split = 0;
    g_autofree size_t *left = g_new(size_t, n), *right = g_new(size_t, n);

    for (size_t j = 0; n > self->min_split && before > 1e-12 && j < self->p; j++) {
        for (size_t s = 0; s < (j < self->nominal ? 256 : n); s++) {
            const size_t split = j < self->nominal ? s : rows[s];
            size_t l = 0, r = 0;

            for (size_t i = 0; i < n; i++) {
                if (naive_goes_left(self, j, split, rows[i]))
                    left[l++] = rows[i];
                else
                    right[r++] = rows[i];
            }
            if (MIN(l, r) < MAX(self->min_leaf, 1))
                continue;
            const double gain =
                before - naive_impurity(self, l, left) - naive_impurity(self, r, right);

            if (gain > best + 1e-9) {
                best = gain;
                best_j = j;
                best_split = split;
            }
        }
    }
    if (best < 0.0) {
        double sum = 0.0, count[8] = {0};
        size_t most = 0;

        for (size_t i = 0; i < n; i++) {
            sum += self->y[rows[i]] / (double)n;
            count[self->classes > 0 ? (size_t)self->y[rows[i]] : 0]++;
        }
        for (size_t k = 0; k < 8; k++)
            most = count[k] > count[most] ? k : most;
        for (size_t i = 0; i < n; i++)
            self->out[rows[i]] = self->classes > 0 ? (double)most : sum;
        return;
    }
    size_t l = 0, r = 0;
    for (size_t i = 0; i < n; i++) {
        if (naive_goes_left(self, best_j, best_split, rows[i]))
            left[l++] = rows[i];
        else
            right[r++] = rows[i];
    }
    naive_grow(self, l, left);
    naive_grow(self, r, right);
}

/* Random tables of @n rows, @p columns of which the first @nominal have 5 levels. Rows on which the
 * two trees differ. */
static size_t
count_differences(uint64_t seed, size_t n, size_t p, size_t nominal, size_t classes,
                  const LacForestOptions *options)
{
    LacRng rng = lac_rng_new(seed);
    g_autofree double *x = g_new(double, n *p), *y = g_new(double, n), *out = g_new(double, n);
    g_autofree double *expected = g_new(double, n);
    g_autofree size_t *rows = g_new(size_t, n);
    g_auto(Table) table;
    size_t differ = 0;

    for (size_t k = 0; k < n * p; k++)
        x[k] = k < nominal * n ? (double)lac_rng_below(&rng, 5) : lac_rng_uniform(&rng);
    for (size_t i = 0; i < n; i++) {
        const double mean = sin(5 * x[i]) + (p > 1 ? x[(p - 1) * n + i] : 0.0);

        y[i] = mean + .3 * lac_rng_normal(&rng);
        if (classes > 0)
            y[i] = floor(CLAMP(.5 + .2 * y[i], 0.0, .999) * (double)classes);
        rows[i] = i;
    }
    table_init(&table, n, p, x, nominal, y, classes);
    g_autoptr(LacForest) forest = NEW_FOREST(table.bins, &table.task, options, NULL);
    const Naive naive = {.n = n,
                         .p = p,
                         .nominal = nominal,
                         .classes = classes,
                         .min_split = options->min_split,
                         .min_leaf = options->min_leaf,
                         .x = x,
                         .y = y,
                         .out = expected};

    naive_grow(&naive, n, rows);
    lac_forest_predict(forest, table.bins, n, NULL, out);
    for (size_t i = 0; i < n; i++)
        differ += !lac_test_near(out[i], expected[i], 1e-12);
    return differ;
}

LAC_TEST(math_forest, trees_of_numbers_equal_an_exhaustive_search)
{
    const LacForestOptions options = {.trees = 1, .mtry = 3, .min_split = 5, .no_bootstrap = TRUE};
    const LacForestOptions wide = {
        .trees = 1, .mtry = 3, .min_split = 9, .min_leaf = 4, .no_bootstrap = TRUE};

    for (uint64_t seed = 0; seed < 10; seed++) {
        EXPECT_EQ_INT(count_differences(seed, 150, 3, 0, 0, &options), 0);
        EXPECT_EQ_INT(count_differences(seed, 255, 3, 0, 0, &options), 0); /* all bits of counts */
        EXPECT_EQ_INT(count_differences(seed, 50, 3, 0, 0, &wide), 0);
    }
}

LAC_TEST(math_forest, trees_over_nominal_columns_equal_a_search_over_all_sets_of_levels)
{
    const LacForestOptions options = {.trees = 1, .mtry = 3, .min_split = 8, .no_bootstrap = TRUE};

    for (uint64_t seed = 0; seed < 10; seed++)
        EXPECT_EQ_INT(count_differences(seed, 60, 3, 2, 0, &options), 0);
}

/* Where several splits are equally good the two may choose differently, with equal impurity; so
 * with classes the rows that both classify right are counted. */
LAC_TEST(math_forest, trees_of_classes_equal_an_exhaustive_search)
{
    const LacForestOptions options = {.trees = 1, .mtry = 2, .min_split = 1, .no_bootstrap = TRUE};

    for (uint64_t seed = 0; seed < 10; seed++) {
        EXPECT_EQ_INT(count_differences(seed, 120, 2, 0, 2, &options), 0);
        EXPECT_EQ_INT(count_differences(seed, 120, 2, 0, 5, &options), 0);
    }
}

/** Friedman: his first benchmark on Weyl sequences; the mean is that of ten forests of ranger with
 * 500 trees and mtry = 3:
 * x <- sapply(c(2, 3, 5, 7, 11, 13, 17, 19), function(p) ((1:1000) * sqrt(p)) %% 1)
 * y <- 10 * sin(pi * x[,1] * x[,2]) + 20 * (x[,3] - .5)^2 + 10 * x[,4] + 5 * x[,5] +
 *      qnorm(((1:1000) * sqrt(31)) %% 1)
 * mean(sapply(1:10, function(s) ranger(y ~ ., data.frame(y, x), num.trees = 500, mtry = 3,
 *                                      seed = s)$prediction.error)) */
enum { FRIEDMAN_ROWS = 1000, FRIEDMAN_COLS = 8 };

static void
friedman(double *x, double *y)
{
    static const double primes[] = {2, 3, 5, 7, 11, 13, 17, 19};
    const size_t n = FRIEDMAN_ROWS;

    for (size_t j = 0; j < FRIEDMAN_COLS; j++) {
        for (size_t i = 0; i < n; i++)
            x[j * n + i] = weyl(i, primes[j]);
    }
    for (size_t i = 0; i < n; i++)
        y[i] = 10 * sin(G_PI * x[i] * x[n + i]) + 20 * pow(x[2 * n + i] - .5, 2) +
               10 * x[3 * n + i] + 5 * x[4 * n + i] + lac_normal_quantile(weyl(i, 31));
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

LAC_TEST(math_forest, the_number_of_threads_changes_no_bit)
{
    const unsigned before = lac_threads(), threads[] = {1, 2, 7};
    g_autofree double *x = g_new(double, FRIEDMAN_ROWS *FRIEDMAN_COLS);
    double y[FRIEDMAN_ROWS], fill[3][FRIEDMAN_ROWS], error[3];

    friedman(x, y);
    for (size_t k = 0; k < G_N_ELEMENTS(threads); k++) {
        const LacForestOptions options = {.trees = 30};
        g_auto(Table) table;

        lac_threads_set(threads[k]);
        table_init(&table, FRIEDMAN_ROWS, FRIEDMAN_COLS, x, 0, y, 0);
        table.task.n = 600;
        LacForestOutcome outcome = {.n_fill = 400, .fill_rows = table.rows + 600, .fill = fill[k]};
        g_autoptr(LacForest) forest = NEW_FOREST(table.bins, &table.task, &options, &outcome);

        ASSERT_TRUE(forest != NULL);
        error[k] = outcome.oob_error;
        EXPECT_TRUE(memcmp(fill[k], fill[0], 400 * sizeof(double)) == 0);
        EXPECT_EQ_DOUBLE(error[k], error[0]);
    }
    lac_threads_set(before);
}

/* Whole targets have exact sums, so that not even ties may come out otherwise. Nominal columns,
 * many values and few, leaves of one row and of five. */
LAC_TEST(math_forest, vectors_change_no_bit_where_sums_are_exact)
{
    g_autofree double *x = g_new(double, FRIEDMAN_ROWS *FRIEDMAN_COLS);
    double y[FRIEDMAN_ROWS];

    friedman(x, y);
    for (size_t i = 0; i < FRIEDMAN_ROWS; i++) {
        x[i] = floor(8.0 * x[i]); /* a nominal column */
        x[FRIEDMAN_ROWS + i] = floor(20.0 * x[FRIEDMAN_ROWS + i]);
        y[i] = round(y[i]);
    }
    for (size_t least = 1; least <= 5; least += 4) {
        const LacForestOptions options = {.trees = 30, .mtry = 6, .min_leaf = least};
        double fill[2][FRIEDMAN_ROWS], error[2];

        for (int forbid = 0; forbid < 2; forbid++) {
            g_auto(Table) table;

            lac_forest_forbid_vectors(forbid);
            table_init(&table, FRIEDMAN_ROWS, FRIEDMAN_COLS, x, 1, y, 0);
            table.task.n = 600;
            LacForestOutcome outcome = {
                .n_fill = 400, .fill_rows = table.rows + 600, .fill = fill[forbid]};
            g_autoptr(LacForest) forest = NEW_FOREST(table.bins, &table.task, &options, &outcome);

            error[forbid] = outcome.oob_error;
        }
        EXPECT_TRUE(memcmp(fill[0], fill[1], 400 * sizeof(double)) == 0);
        EXPECT_EQ_DOUBLE(error[0], error[1]);
    }
    lac_forest_forbid_vectors(FALSE);
}

/* Nodes of a few rows lie before what earlier trees left behind. */
LAC_TEST(math_forest, vectors_change_no_bit_of_forests_of_few_rows)
{
    g_autofree double *x = g_new(double, FRIEDMAN_ROWS *FRIEDMAN_COLS);
    double y[FRIEDMAN_ROWS], error[2];

    friedman(x, y);
    for (size_t i = 0; i < FRIEDMAN_ROWS; i++)
        y[i] = round(y[i]);
    for (size_t n = 6; n < 40; n++) {
        const LacForestOptions options = {.trees = 200, .min_split = 2};

        for (int forbid = 0; forbid < 2; forbid++) {
            g_auto(Table) table;
            LacForestOutcome outcome = {.discard = TRUE};

            lac_forest_forbid_vectors(forbid);
            table_init(&table, FRIEDMAN_ROWS, FRIEDMAN_COLS, x, 0, y, 0);
            table.task.n = n;
            g_autoptr(LacForest) forest = NEW_FOREST(table.bins, &table.task, &options, &outcome);

            error[forbid] = outcome.oob_error;
        }
        EXPECT_EQ_DOUBLE(error[0], error[1]);
    }
    lac_forest_forbid_vectors(FALSE);
}

LAC_TEST(math_forest, few_values_have_a_bin_each_and_room_between_them)
{
    double seen[] = {3, 1, 2, 2, 1, 4};
    g_autoptr(LacBins) bins = lac_bins_new(1, 1, NULL);

    lac_bins_learn_ordered(bins, 0, 6, seen, 1); /* 1, 1.5, 2, 2.5, 3, 3.5, 4 */
    EXPECT_EQ_INT(bins->columns[0].n_bins, 7);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, -1e300), 0);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 1.2), 0);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 1.3), 1);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 2), 2);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 3.6), 5);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 1e300), 6);
}

LAC_TEST(math_forest, many_values_are_shared_out_evenly_and_frequent_ones_stand_alone)
{
    enum { N = 10000 };
    g_autofree double *seen = g_new(double, N), *values = g_new(double, N);
    size_t count[LAC_BINS_MOST] = {0};
    g_autoptr(LacBins) bins = lac_bins_new(1, 1, NULL);

    for (size_t i = 0; i < N; i++)
        values[i] = seen[i] = i % 2 ? 0.5 : weyl(i, 2);
    lac_bins_learn_ordered(bins, 0, N, seen, 3);
    for (size_t i = 0; i < N; i++)
        count[lac_bins_code(bins, 0, values[i])]++;
    EXPECT_EQ_INT(bins->columns[0].n_bins, LAC_BINS_MOST);
    const size_t frequent = lac_bins_code(bins, 0, 0.5);

    EXPECT_EQ_INT(count[frequent], N / 2);
    for (size_t b = 0; b < LAC_BINS_MOST; b++) { /* 5000 others in 255 bins: 19.6 */
        if (b != frequent)
            LAC_CHECK_OR((void)0, count[b] >= 10 && count[b] <= 30, "bin %zu holds %zu", b,
                         count[b]);
    }
}

LAC_TEST(math_forest, of_ten_thousand_levels_the_frequent_ones_keep_their_own_bin)
{
    enum { LEVELS = 10000 };
    g_autofree double *levels = g_new(double, LEVELS + 2);
    g_autoptr(LacBins) bins = lac_bins_new(1, 1, NULL);

    for (size_t i = 0; i < LEVELS; i++)
        levels[i] = (double)i;
    levels[LEVELS] = levels[LEVELS + 1] = 9000;
    EXPECT_EQ_INT(lac_bins_learn_nominal(bins, 0, LEVELS + 2, levels, LEVELS), LEVELS - 255);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 9000), 0);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 0), 1);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 253), 254);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 5000), 255);
    EXPECT_EQ_INT(lac_bins_code(bins, 0, 12345), 255); /* no such level */
}

/* With an outlier at 1e12 whole numbers of 64 bits that can still be summed would not tell the
 * others apart. */
LAC_TEST(math_forest, targets_of_any_size_and_far_outliers_are_predicted)
{
    enum { N = 200 };
    const LacForestOptions options = {.trees = 50, .mtry = 1};
    const double units[] = {1, 1e300, 1e-300, 1};
    double x[N], y[N], out[N];

    for (size_t u = 0; u < G_N_ELEMENTS(units); u++) {
        g_auto(Table) table;

        for (size_t i = 0; i < N; i++) {
            x[i] = (double)i;
            y[i] = (i < N / 2 ? 1.0 : 2.0) * units[u];
        }
        y[0] = (u == 3 ? 1e12 : 1e9) * units[u];
        if (u == 1)
            y[0] = -1e308;
        table_init(&table, N, 1, x, 0, y, 0);
        g_autoptr(LacForest) forest = NEW_FOREST(table.bins, &table.task, &options, NULL);

        lac_forest_predict(forest, table.bins, N, NULL, out);
        EXPECT_NEAR_DOUBLE(out[50] / units[u], 1.0, 1e-6);
        EXPECT_NEAR_DOUBLE(out[150] / units[u], 2.0, 1e-6);
    }
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
