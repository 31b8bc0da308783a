/* Candidates ranked from stores made by hand: every rank below can be worked out on paper. */
#include "lac_test.h"
#include "ranking-private.h"
#include "store-private.h"

#include <glib/gstdio.h>
#include <math.h>
#include <sqlite3.h>
#include <string.h>

#define MASKS 4
#define CELLS 25 /* hidden in a column: enough to be judged alone */

/* 20 rows of x, y (numbers) and g (a category); y has 4 holes, g has 10 */
static LacData *
table_new(void)
{
    static const char *const levels[] = {"a", "b", NULL};
    LacSchema *schema = lac_schema_new(3);
    double *values = g_new(double, 60);

    lac_schema_set_name(schema, 0, "x");
    lac_schema_set_name(schema, 1, "y");
    lac_schema_set_name(schema, 2, "g");
    lac_schema_set_levels(schema, 2, LAC_KIND_BINARY, 2, levels);
    for (size_t i = 0; i < 20; i++) {
        values[3 * i] = (double)i;
        values[3 * i + 1] = i < 4 ? NAN : (double)i;
        values[3 * i + 2] = i % 2 ? NAN : 1.0;
    }
    return lac_data_new_take(schema, 20, values, "hand.csv", NULL);
}

typedef struct {
    char *dir;
    sqlite3 *db;
} Folder;

static void
folder_sql(Folder *folder, const char *format, ...)
{
    va_list arguments;
    char *sql;

    va_start(arguments, format);
    sql = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    g_assert(sqlite3_exec(folder->db, sql, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_free(sql);
}

static void
folder_open(Folder *folder)
{
    g_autofree char *path = NULL;

    folder->dir = g_dir_make_tmp("lacuna-ranking-XXXXXX", NULL);
    path = g_build_filename(folder->dir, "results.sqlite", NULL);
    g_assert(sqlite3_open(path, &folder->db) == SQLITE_OK);
    g_assert(sqlite3_exec(folder->db, "PRAGMA synchronous = OFF", NULL, NULL, NULL) == SQLITE_OK);
    g_assert(sqlite3_exec(folder->db, lac_store_schema(), NULL, NULL, NULL) == SQLITE_OK);
}

static void
folder_close(Folder *folder)
{
    g_autofree char *path = g_build_filename(folder->dir, "results.sqlite", NULL);

    sqlite3_close(folder->db);
    g_unlink(path);
    g_rmdir(folder->dir);
    g_free(folder->dir);
}

static void
folder_cell(Folder *folder, const char *model, int mask, const char *status, double seconds)
{
    folder_sql(folder,
               "INSERT INTO cells(id, position, data, model, model_label, repeat, seed, status, "
               "reason, fit_s, apply_s) VALUES('%q-%d', 0, 'd', '%q', '%q', %d, 1, '%q', '%q', %f, "
               "0)",
               model, mask, model, model, mask, status, strcmp(status, "ok") ? "broke" : "",
               seconds);
}

static void
folder_cells(Folder *folder, const char *model, int mask, const char *metric, const char *column,
             double value, int cells)
{
    const gboolean drawn = strcmp(metric, "crps") == 0 || g_str_has_prefix(metric, "brier");

    folder_sql(folder,
               "INSERT INTO metrics(cell, metric, column_name, value, status, n_cells, draws) "
               "VALUES('%q-%d', '%q', '%q', %f, 'ok', %d, %d)",
               model, mask, metric, column, value, cells, drawn ? 9 : -1);
}

static void
folder_value(Folder *folder, const char *model, int mask, const char *metric, const char *column,
             double value)
{
    folder_cells(folder, model, mask, metric, column, value, CELLS);
}

/* A candidate with the same values under every mask, but for what a mask adds to all alike and a
 * little of its own; @crps NaN: it does not draw. */
static void
folder_model(Folder *folder, const char *model, double crps, double mae, double rmse, double pfc)
{
    static const double all[MASKS] = {.00, .03, .01, .02}, own[MASKS] = {.001, -.001, .002, 0};

    for (int mask = 1; mask <= MASKS; mask++) {
        const double add = all[mask - 1] + own[mask - 1] * rmse;

        folder_cell(folder, model, mask, "ok", mask);
        if (!isnan(crps))
            folder_value(folder, model, mask, "crps", "y", crps + add);
        if (!isnan(crps))
            folder_value(folder, model, mask, "brier ranked=false", "g", 0.5 * pfc + add);
        folder_value(folder, model, mask, "mae", "y", mae + add);
        folder_value(folder, model, mask, "rmse", "y", rmse + add);
        folder_value(folder, model, mask, "pfc ranked=false", "g", pfc + add);
    }
}

static const LacRankModel *
model_called(const LacRanking *ranking, const char *name)
{
    for (size_t i = 0; i < ranking->n; i++)
        if (strcmp(ranking->model[i].name, name) == 0)
            return &ranking->model[i];
    return NULL;
}

/* CRPS: draws .10, point (its MAE) .15, bad .50. RMSE: point .20, draws .22, bad .90. PFC: bad .1,
 * then draws .2 and point .3. Numbers: draws 1 and 2, mean 1.5; point 2 and 1, 1.5; bad 3 and 3.
 * The tie goes to CRPS, the first score. One column of each kind has holes: overall the mean of
 * both: draws (1.5 + 2) / 2, point (1.5 + 3) / 2, bad (3 + 1) / 2. */
LAC_TEST(report_ranking, ranks_are_means_over_scores_within_each_kind_of_columns)
{
    const LacRankSkipped skipped = {"dear", "takes a day"};
    g_autoptr(LacData) table = table_new();
    g_autoptr(GError) error = NULL;
    Folder folder;

    folder_open(&folder);
    folder_model(&folder, "point", NAN, .15, .20, .3);
    folder_model(&folder, "draws", .10, .16, .22, .2);
    folder_model(&folder, "bad", .50, .70, .90, .1);
    g_autoptr(LacRanking) ranking = lac_ranking_new(table, folder.dir, NULL, 1, &skipped, &error);

    ASSERT_TRUE(ranking != NULL);
    EXPECT_EQ_INT(ranking->n, 4);
    EXPECT_EQ_INT(ranking->ranked, 3);
    EXPECT_EQ_INT(ranking->repeats, MASKS);
    const LacRankModel *draws = model_called(ranking, "draws");
    const LacRankModel *point = model_called(ranking, "point"), *bad = model_called(ranking, "bad");

    EXPECT_TRUE(draws->draws);
    EXPECT_FALSE(point->draws);
    EXPECT_NEAR_DOUBLE(draws->part[LAC_RANK_NUMBERS].rank[LAC_RANK_CRPS], 1, 0);
    EXPECT_NEAR_DOUBLE(point->part[LAC_RANK_NUMBERS].rank[LAC_RANK_CRPS], 2, 0);
    EXPECT_NEAR_DOUBLE(point->part[LAC_RANK_NUMBERS].rank[LAC_RANK_POINT], 1, 0);
    EXPECT_NEAR_DOUBLE(point->part[LAC_RANK_NUMBERS].mean_rank, 1.5, 1e-15);
    EXPECT_NEAR_DOUBLE(draws->part[LAC_RANK_NUMBERS].mean_rank, 1.5, 1e-15);
    /* half of PFC here; who does not draw pays all of it. The masks add .015 and .0005 rmse */
    EXPECT_NEAR_DOUBLE(draws->part[LAC_RANK_LEVELS].value[LAC_RANK_CRPS], .11511, 1e-12);
    EXPECT_NEAR_DOUBLE(point->part[LAC_RANK_LEVELS].value[LAC_RANK_CRPS], .3151, 1e-12);
    EXPECT_NEAR_DOUBLE(bad->part[LAC_RANK_LEVELS].rank[LAC_RANK_CRPS], 1, 0);
    EXPECT_NEAR_DOUBLE(draws->overall, 1.75, 1e-15);
    EXPECT_NEAR_DOUBLE(point->overall, 2.25, 1e-15);
    EXPECT_NEAR_DOUBLE(bad->overall, 2, 1e-15);
    EXPECT_NEAR_DOUBLE(draws->seconds, 2.5, 1e-12); /* median of 1, 2, 3, 4 */
    EXPECT_TRUE(&ranking->model[ranking->winner[LAC_RANK_NUMBERS]] == draws);
    EXPECT_TRUE(&ranking->model[ranking->winner[LAC_RANK_LEVELS]] == bad);
    EXPECT_TRUE(&ranking->model[0] == draws);
    EXPECT_EQ_INT(model_called(ranking, "dear")->status, LAC_RANK_SKIPPED);
    EXPECT_TRUE(&ranking->model[3] == model_called(ranking, "dear"));
    folder_close(&folder);
}

/* Differences hardly vary over masks, so everybody is told from everybody; a twin of the winner,
 * better and worse by turns, is not. */
LAC_TEST(report_ranking, only_what_the_masks_tell_apart_is_called_worse)
{
    static const double turn[MASKS] = {.02, -.02, .015, -.016};
    g_autoptr(LacData) table = table_new();
    g_autoptr(GError) error = NULL;
    Folder folder;

    folder_open(&folder);
    folder_model(&folder, "best", .10, .1, .20, .1);
    folder_model(&folder, "bad", .50, .5, .90, .5);
    for (int mask = 1; mask <= MASKS; mask++) {
        folder_cell(&folder, "twin", mask, "ok", 1);
        folder_value(&folder, "twin", mask, "crps", "y", .116 + turn[mask - 1]);
        folder_value(&folder, "twin", mask, "rmse", "y", .216 + turn[mask - 1]);
        folder_value(&folder, "twin", mask, "mae", "y", .216);
        folder_value(&folder, "twin", mask, "pfc ranked=false", "g", .12 + turn[mask - 1]);
        folder_value(&folder, "twin", mask, "brier ranked=false", "g", .07 + turn[mask - 1]);
    }
    g_autoptr(LacRanking) ranking = lac_ranking_new(table, folder.dir, NULL, 0, NULL, &error);

    ASSERT_TRUE(ranking != NULL);
    for (LacRankGroup g = 0; g < LAC_RANK_GROUPS; g++) {
        if (g == LAC_RANK_COUNTS || g == LAC_RANK_ORDERED) {
            EXPECT_FALSE(ranking->scored[g]); /* no such columns */
            continue;
        }
        EXPECT_TRUE(strcmp(ranking->model[ranking->winner[g]].name, "best") == 0);
        EXPECT_TRUE(model_called(ranking, "bad")->part[g].apart);
        EXPECT_FALSE(model_called(ranking, "twin")->part[g].apart);
    }
    g_autofree char *verdict = lac_ranking_verdict(ranking, LAC_RANK_NUMBERS);

    EXPECT_CONTAINS(verdict, "Numbers: best");
    EXPECT_CONTAINS(verdict, "twin cannot be told from it (paired t over 4 masks");
    folder_close(&folder);
}

/* The energy-I-score counts in the columns that all were scored on, weighted by seen times missing:
 * 16 * 4 for y and 10 * 10 for g, but those are of different kinds; a candidate without any takes
 * the score out of the ranks. */
LAC_TEST(report_ranking, a_score_that_somebody_lacks_is_not_used)
{
    g_autoptr(LacData) table = table_new();
    g_autoptr(GError) error = NULL;
    Folder folder, own;

    folder_open(&folder);
    folder_open(&own);
    folder_model(&folder, "one", .10, .1, .20, .1);
    folder_model(&folder, "two", .11, .1, .21, .2);
    for (int k = 0; k < 2; k++) {
        const char *name = k ? "two" : "one";

        folder_cell(&own, name, 1, "ok", 1);
        folder_value(&own, name, 1, "energy-i-score", "y", k ? .3 : .4);
        folder_value(&own, name, 1, "energy-i-score", "g", k ? .6 : .5);
    }
    g_autoptr(LacRanking) both = lac_ranking_new(table, folder.dir, own.dir, 0, NULL, &error);

    ASSERT_TRUE(both != NULL);
    EXPECT_TRUE(both->used[LAC_RANK_NUMBERS][LAC_RANK_I_SCORE]);
    EXPECT_NEAR_DOUBLE(model_called(both, "two")->part[LAC_RANK_NUMBERS].value[LAC_RANK_I_SCORE],
                       .3, 1e-15);
    EXPECT_NEAR_DOUBLE(model_called(both, "two")->part[LAC_RANK_NUMBERS].rank[LAC_RANK_I_SCORE], 1,
                       0);
    EXPECT_NEAR_DOUBLE(model_called(both, "two")->part[LAC_RANK_LEVELS].rank[LAC_RANK_I_SCORE], 2,
                       0);
    EXPECT_NEAR_DOUBLE(model_called(both, "two")->part[LAC_RANK_NUMBERS].mean_rank, 5. / 3, 1e-15);
    EXPECT_EQ_INT(both->notes->len, 0);

    folder_model(&folder, "three", .09, .1, .22, .3);
    g_autoptr(LacRanking) three = lac_ranking_new(table, folder.dir, own.dir, 0, NULL, &error);

    EXPECT_FALSE(three->used[LAC_RANK_NUMBERS][LAC_RANK_I_SCORE]);
    EXPECT_TRUE(isnan(model_called(three, "two")->part[LAC_RANK_NUMBERS].rank[LAC_RANK_I_SCORE]));
    ASSERT_EQ_INT(three->notes->len, 1);
    EXPECT_CONTAINS((const char *)three->notes->pdata[0], "there is none of three");
    folder_close(&folder);
    folder_close(&own);
}

/* An error takes a candidate out; a time-out under a later mask only takes that mask away. */
LAC_TEST(report_ranking, failures_are_told_and_later_timeouts_cost_a_mask)
{
    g_autoptr(LacData) table = table_new();
    g_autoptr(GError) error = NULL;
    Folder folder;

    folder_open(&folder);
    folder_model(&folder, "good", .10, .1, .20, .1);
    folder_model(&folder, "late", .12, .1, .21, .2);
    folder_model(&folder, "wrong", .01, .1, .01, .01);
    folder_sql(&folder, "UPDATE cells SET status = 'timeout', reason = 'slow' WHERE id = 'late-4'");
    folder_sql(&folder,
               "UPDATE cells SET status = 'failed', reason = 'broke' WHERE id = 'wrong-2'");
    g_autoptr(LacRanking) ranking = lac_ranking_new(table, folder.dir, NULL, 0, NULL, &error);

    ASSERT_TRUE(ranking != NULL);
    EXPECT_EQ_INT(ranking->repeats, 3);
    EXPECT_EQ_INT(ranking->ranked, 2);
    EXPECT_EQ_INT(model_called(ranking, "wrong")->status, LAC_RANK_FAILED);
    EXPECT_TRUE(strcmp(model_called(ranking, "wrong")->reason, "broke") == 0);
    g_autofree char *text = lac_ranking_table(ranking, FALSE);

    EXPECT_CONTAINS(text, "wrong      failed: broke\n");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++)
        EXPECT_TRUE(g_utf8_strlen(*line, -1) <= 80);
    folder_close(&folder);
}

LAC_TEST(report_ranking, nothing_readable_is_an_error_and_nobody_ranked_is_none)
{
    g_autoptr(LacData) table = table_new();
    g_autoptr(GError) error = NULL;
    Folder folder;

    EXPECT_TRUE(lac_ranking_new(table, "/nonexistent", NULL, 0, NULL, &error) == NULL);
    EXPECT_TRUE(g_error_matches(error, LAC_ERROR, LAC_ERROR_IO));
    folder_open(&folder);
    folder_cell(&folder, "wrong", 1, "failed", 1);
    g_autoptr(LacRanking) ranking = lac_ranking_new(table, folder.dir, NULL, 0, NULL, NULL);

    ASSERT_TRUE(ranking != NULL);
    EXPECT_EQ_INT(ranking->ranked, 0);
    EXPECT_FALSE(ranking->scored[LAC_RANK_NUMBERS]);
    g_autofree char *verdict = lac_ranking_verdict(ranking, LAC_RANK_NUMBERS);
    g_autofree char *json = lac_ranking_json(ranking, "hand.csv", "none");

    EXPECT_CONTAINS(verdict, "no candidate could be scored");
    EXPECT_CONTAINS(json, "\"numbers\" : null");
    folder_close(&folder);
}

/* 20 rows of x (numbers), k (whole numbers), o (ordered) and g (categories), all with holes */
static LacData *
kinds_table(void)
{
    static const char *const sizes[] = {"s", "m", "l", NULL}, *const levels[] = {"a", "b", NULL};
    LacSchema *schema = lac_schema_new(4);
    double *values = g_new(double, 80);

    lac_schema_set_name(schema, 0, "x");
    lac_schema_set_name(schema, 1, "k");
    schema->columns[1].kind = LAC_KIND_INTEGER;
    lac_schema_set_name(schema, 2, "o");
    lac_schema_set_levels(schema, 2, LAC_KIND_ORDINAL, 3, sizes);
    lac_schema_set_name(schema, 3, "g");
    lac_schema_set_levels(schema, 3, LAC_KIND_BINARY, 2, levels);
    for (size_t i = 0; i < 20; i++)
        for (size_t j = 0; j < 4; j++)
            values[4 * i + j] = i == j ? NAN : (double)(i % 2);
    return lac_data_new_take(schema, 20, values, "kinds.csv", NULL);
}

/* Four models, each best at one kind: by .1 where the others have .3. @few: hidden cells of k */
static void
folder_kinds(Folder *folder, int few)
{
    static const char *const names[] = {"forx", "fork", "foro", "forg"}, *const columns[] = {
                                                                             "x", "k", "o", "g"};

    for (int m = 0; m < 4; m++)
        for (int mask = 1; mask <= MASKS; mask++) {
            folder_cell(folder, names[m], mask, "ok", 1);
            for (int j = 0; j < 4; j++) {
                const double value = m == j ? .1 : .3;
                const int cells = j == 1 ? few : 30;

                if (j < 2) {
                    folder_cells(folder, names[m], mask, "crps", columns[j], value, cells);
                    folder_cells(folder, names[m], mask, "rmse", columns[j], 2 * value, cells);
                    folder_cells(folder, names[m], mask, "mae", columns[j], value, cells);
                    continue;
                }
                folder_cells(folder, names[m], mask, "brier ranked=false", columns[j], value, 30);
                folder_cells(folder, names[m], mask, "brier ranked=true", columns[j],
                             j == 2 ? value / 2 : value, 30);
                folder_cells(folder, names[m], mask, "pfc ranked=false", columns[j], value, 30);
                folder_cells(folder, names[m], mask, "pfc ranked=true", columns[j],
                             j == 2 ? value / 2 : value, 30);
            }
        }
}

static const char *
winner_of(const LacRanking *ranking, LacKind kind)
{
    return ranking->model[ranking->winner[lac_ranking_group(ranking, kind)]].name;
}

LAC_TEST(report_ranking, every_kind_of_columns_has_its_winner_by_a_score_that_suits_it)
{
    g_autoptr(LacData) table = kinds_table();
    g_autoptr(GError) error = NULL;
    Folder folder;

    folder_open(&folder);
    folder_kinds(&folder, 30);
    g_autoptr(LacRanking) ranking = lac_ranking_new(table, folder.dir, NULL, 0, NULL, &error);

    ASSERT_TRUE(ranking != NULL);
    EXPECT_TRUE(strcmp(winner_of(ranking, LAC_KIND_CONTINUOUS), "forx") == 0);
    EXPECT_TRUE(strcmp(winner_of(ranking, LAC_KIND_INTEGER), "fork") == 0);
    EXPECT_TRUE(strcmp(winner_of(ranking, LAC_KIND_ORDINAL), "foro") == 0);
    EXPECT_TRUE(strcmp(winner_of(ranking, LAC_KIND_BINARY), "forg") == 0);
    EXPECT_TRUE(strcmp(winner_of(ranking, LAC_KIND_NOMINAL), "forg") == 0);
    EXPECT_EQ_INT(ranking->few->len, 0);
    const LacRankModel *fork = model_called(ranking, "fork"), *foro = model_called(ranking, "foro");

    /* RMSE of numbers, MAE of whole numbers; ranked scores of ordered levels */
    EXPECT_NEAR_DOUBLE(fork->part[LAC_RANK_NUMBERS].value[LAC_RANK_POINT], .6, 1e-12);
    EXPECT_NEAR_DOUBLE(fork->part[LAC_RANK_COUNTS].value[LAC_RANK_POINT], .1, 1e-12);
    EXPECT_NEAR_DOUBLE(foro->part[LAC_RANK_ORDERED].value[LAC_RANK_CRPS], .05, 1e-12);
    EXPECT_NEAR_DOUBLE(foro->part[LAC_RANK_LEVELS].value[LAC_RANK_CRPS], .3, 1e-12);
    g_autofree char *text = lac_ranking_table(ranking, FALSE);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++)
        EXPECT_TRUE(g_utf8_strlen(*line, -1) <= 80);
    EXPECT_CONTAINS(text, "ordered levels");
    g_autofree char *json = lac_ranking_json(ranking, "kinds.csv", "none");

    EXPECT_CONTAINS(json, "\"whole numbers\" : \"fork\"");
    folder_close(&folder);
}

/* 6 cells of k are too few: with the 30 of x, forx has (30 * .1 + 6 * .3) / 36 = .13333, fork
 * (30 * .3 + 6 * .1) / 36 = .26667; and RMSE is the root of the mean of squares. */
LAC_TEST(report_ranking, a_kind_with_few_hidden_cells_is_judged_with_the_kind_beside_it)
{
    g_autoptr(LacData) table = kinds_table();
    g_autoptr(GError) error = NULL;
    Folder folder;

    folder_open(&folder);
    folder_kinds(&folder, 6);
    g_autoptr(LacRanking) ranking = lac_ranking_new(table, folder.dir, NULL, 0, NULL, &error);

    ASSERT_TRUE(ranking != NULL);
    EXPECT_TRUE(strcmp(winner_of(ranking, LAC_KIND_INTEGER), "forx") == 0);
    EXPECT_FALSE(ranking->scored[LAC_RANK_COUNTS]);
    EXPECT_EQ_INT(ranking->columns[LAC_RANK_NUMBERS], 2);
    ASSERT_EQ_INT(ranking->few->len, 1);
    EXPECT_CONTAINS((const char *)ranking->few->pdata[0],
                    "Whole numbers: a mask hides 6 cells of them, fewer than 20, so they are "
                    "judged, and won, with numbers");
    const LacRankPart *forx = &model_called(ranking, "forx")->part[LAC_RANK_NUMBERS],
                      *fork = &model_called(ranking, "fork")->part[LAC_RANK_NUMBERS];

    EXPECT_NEAR_DOUBLE(forx->value[LAC_RANK_CRPS], 4.8 / 36, 1e-12);
    EXPECT_NEAR_DOUBLE(fork->value[LAC_RANK_CRPS], 9.6 / 36, 1e-12);
    EXPECT_NEAR_DOUBLE(forx->value[LAC_RANK_POINT], sqrt((30 * .04 + 6 * .36) / 36), 1e-12);
    folder_close(&folder);
}

/* 5 categories, and no ordered levels to judge them with. */
LAC_TEST(report_ranking, a_kind_with_few_hidden_cells_and_none_beside_it_is_told)
{
    g_autoptr(LacData) table = table_new();
    g_autoptr(GError) error = NULL;
    Folder folder;

    folder_open(&folder);
    for (int mask = 1; mask <= MASKS; mask++) {
        folder_cell(&folder, "one", mask, "ok", 1);
        folder_cells(&folder, "one", mask, "mae", "y", .1, 25);
        folder_cells(&folder, "one", mask, "rmse", "y", .1, 25);
        folder_cells(&folder, "one", mask, "pfc ranked=false", "g", .1, 5);
    }
    g_autoptr(LacRanking) ranking = lac_ranking_new(table, folder.dir, NULL, 0, NULL, &error);

    ASSERT_TRUE(ranking != NULL);
    EXPECT_TRUE(strcmp(winner_of(ranking, LAC_KIND_BINARY), "one") == 0);
    ASSERT_EQ_INT(ranking->few->len, 1);
    EXPECT_CONTAINS((const char *)ranking->few->pdata[0],
                    "Categories: a mask hides 5 cells of them, fewer than 20: their winner stands "
                    "on little");
    folder_close(&folder);
}
