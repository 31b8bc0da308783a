/* Trees of lacuna/forest.h against a builder that tries every split. */
#include "forest-table.h"

#include <lac_test.h>

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
