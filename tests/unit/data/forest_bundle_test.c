/* Saving and loading of lacuna/forest.h. */
#include <glib/gstdio.h>
#include <lac_test.h>
#include <lacuna/forest.h>

#include "table-private.h"

enum { N = 200, COLS = 3 };

/** Grown: a forest over two numbers and a nominal column of 7 levels, and its bins. */
typedef struct {
    LacBins *bins;
    LacForest *forest;
    double y[N];
} Grown;

static void
grown_clear(Grown *self)
{
    lac_bins_free(self->bins);
    lac_forest_free(self->forest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Grown, grown_clear)

static void
grown_init(Grown *self, size_t classes)
{
    const uint32_t features[COLS] = {0, 1, 2};
    const LacForestOptions options = {.trees = 5, .mtry = 2, .keep_donors = TRUE};
    LacRng rng = lac_rng_new(5);
    double x[COLS][N], seen[N];
    uint32_t rows[N];

    self->bins = lac_bins_new(N, COLS, NULL);
    for (size_t i = 0; i < N; i++) {
        rows[i] = (uint32_t)i;
        x[0][i] = lac_rng_uniform(&rng);
        x[1][i] = lac_rng_uniform(&rng);
        x[2][i] = (double)lac_rng_below(&rng, 7);
        self->y[i] = classes > 0 ? fmod(x[2][i] + floor(2 * x[0][i]), (double)classes)
                                 : x[0][i] + sin(x[2][i]);
    }
    for (size_t j = 0; j < COLS; j++) {
        memcpy(seen, x[j], sizeof seen);
        if (j == 2)
            lac_bins_learn_nominal(self->bins, j, N, seen, 7);
        else
            lac_bins_learn_ordered(self->bins, j, N, seen, 0);
        lac_bins_put(self->bins, j, N, NULL, x[j]);
    }
    const LacForestTask task = {.n = N,
                                .rows = rows,
                                .y = self->y,
                                .classes = classes,
                                .n_features = COLS,
                                .features = features};
    self->forest = lac_forest_grow(self->bins, &task, &options, &rng, NULL, NULL, NULL);
}

static void
expect_same(const Grown *grown, const LacForest *back, const LacBins *rules)
{
    const LacRng rng = lac_rng_new(9);
    g_autoptr(LacBins) bins = lac_bins_like(rules, N, NULL);
    double a[N], b[N];
    uint32_t donor_a[N], donor_b[N];

    for (size_t j = 0; j < COLS; j++) {
        for (uint32_t i = 0; i < N; i++) {
            const double value = j == 2 ? i % 7 : (i % 100) / 100.0;

            lac_bins_put(bins, j, 1, &i, &value);
            lac_bins_put(grown->bins, j, 1, &i, &value);
        }
    }
    lac_forest_predict(grown->forest, grown->bins, N, NULL, a);
    lac_forest_predict(back, bins, N, NULL, b);
    lac_forest_draw(grown->forest, grown->bins, N, NULL, &rng, donor_a);
    lac_forest_draw(back, bins, N, NULL, &rng, donor_b);
    EXPECT_TRUE(memcmp(a, b, sizeof a) == 0);
    EXPECT_TRUE(memcmp(donor_a, donor_b, sizeof donor_a) == 0);
}

LAC_TEST(data_forest_bundle, forests_come_back_from_disk_and_say_the_same)
{
    for (size_t classes = 0; classes < 5; classes += 2) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = g_build_filename(g_get_tmp_dir(), "lacuna-forest-XXXXXX", NULL);
        g_autoptr(LacBundle) out = lac_bundle_new(), in = NULL;
        g_auto(Grown) grown;

        grown_init(&grown, classes);
        g_close(g_mkstemp(path), NULL);
        lac_bins_save(grown.bins, out, "bins");
        lac_forest_save(grown.forest, out, "forest.0");
        ASSERT_TRUE(lac_bundle_write(out, path, &error));
        in = lac_bundle_read(path, &error);
        g_unlink(path);
        ASSERT_NO_ERROR(error);
        g_autoptr(LacBins) rules = lac_bins_load(in, "bins", &error);
        ASSERT_NO_ERROR(error);
        g_autoptr(LacForest) back = lac_forest_load(in, "forest.0", rules, &error);
        ASSERT_NO_ERROR(error);
        EXPECT_EQ_INT(lac_forest_trees(back), 5);
        EXPECT_EQ_INT(lac_forest_classes(back), classes);
        EXPECT_EQ_INT(lac_forest_bytes(back), lac_forest_bytes(grown.forest));
        expect_same(&grown, back, rules);
    }
}

/* Every word of the blocks that hold trees is changed in several ways: each copy is refused, or
 * gives a forest whose walks and draws end (the sanitizers watch). */
LAC_TEST(data_forest_bundle, a_forest_that_was_tampered_with_is_refused_or_harmless)
{
    static const char *const blocks[] = {"f.trees", "f.nodes"};
    static const uint64_t masks[] = {1, 1u << 31, (uint64_t)1 << 33, (uint64_t)1 << 63, 0xffff};
    const LacRng rng = lac_rng_new(9);
    g_autoptr(LacBundle) out = lac_bundle_new();
    g_auto(Grown) grown;
    double a[N];
    uint32_t donor[N];
    size_t refused = 0;

    grown_init(&grown, 4);
    lac_forest_save(grown.forest, out, "f");
    for (size_t b = 0; b < G_N_ELEMENTS(blocks); b++) {
        size_t rows, cols;
        uint64_t *words =
            (uint64_t *)(b == 0 ? (const void *)lac_bundle_get_i64(out, blocks[b], G_MAXSIZE,
                                                                   G_MAXSIZE, &rows, &cols, NULL)
                                : (const void *)lac_bundle_get_u64(out, blocks[b], G_MAXSIZE,
                                                                   G_MAXSIZE, &rows, &cols, NULL));

        for (size_t w = 0; w < rows * cols * G_N_ELEMENTS(masks); w++) {
            const uint64_t before = words[w / G_N_ELEMENTS(masks)];

            words[w / G_N_ELEMENTS(masks)] ^= masks[w % G_N_ELEMENTS(masks)];
            g_autoptr(GError) error = NULL;
            g_autoptr(LacForest) back = lac_forest_load(out, "f", grown.bins, &error);
            words[w / G_N_ELEMENTS(masks)] = before;
            if (back == NULL) {
                refused++;
                EXPECT_EQ_INT(error->code, LAC_ERROR_DATA);
                continue;
            }
            lac_forest_predict(back, grown.bins, N, NULL, a);
            if (w % 7 == 0 && b == 1)
                lac_forest_draw(back, grown.bins, N, NULL, &rng, donor);
        }
    }
    EXPECT_TRUE(refused > 100);
}
