/* Candidates ranked from stores made by hand: every rank below can be worked out on paper. */
#include "lac_test.h"
#include "ranking-private.h"
#include "store-private.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#define MASKS 4

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
folder_value(Folder *folder, const char *model, int mask, const char *metric, const char *column,
             double value)
{
    if (column == NULL)
        folder_sql(folder,
                   "INSERT INTO metrics(cell, metric, value, status, draws) "
                   "VALUES('%q-%d', '%q', %f, 'ok', %d)",
                   model, mask, metric, value,
                   strcmp(metric, "crps") == 0 || strcmp(metric, "brier") == 0 ? 9 : -1);
    else
        folder_sql(folder,
                   "INSERT INTO metrics(cell, metric, column_name, value, status) "
                   "VALUES('%q-%d', '%q', '%q', %f, 'ok')",
                   model, mask, metric, column, value);
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
            folder_value(folder, model, mask, "crps", NULL, crps + add);
        if (!isnan(crps))
            folder_value(folder, model, mask, "brier", NULL, 0.5 * pfc + add);
        folder_value(folder, model, mask, "mae", NULL, mae + add);
        folder_value(folder, model, mask, "rmse", NULL, rmse + add);
        folder_value(folder, model, mask, "pfc", NULL, pfc + add);
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
        folder_value(&folder, "twin", mask, "crps", NULL, .116 + turn[mask - 1]);
        folder_value(&folder, "twin", mask, "rmse", NULL, .216 + turn[mask - 1]);
        folder_value(&folder, "twin", mask, "mae", NULL, .216);
        folder_value(&folder, "twin", mask, "pfc", NULL, .12 + turn[mask - 1]);
        folder_value(&folder, "twin", mask, "brier", NULL, .07 + turn[mask - 1]);
    }
    g_autoptr(LacRanking) ranking = lac_ranking_new(table, folder.dir, NULL, 0, NULL, &error);

    ASSERT_TRUE(ranking != NULL);
    for (int g = 0; g < LAC_RANK_GROUPS; g++) {
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
