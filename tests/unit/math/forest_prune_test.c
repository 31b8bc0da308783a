/* Pruned trees of lacuna/forest.h. */
#include "forest-table.h"

#include <lac_test.h>

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
