#include "lac_test.h"
#include "store-private.h"

#include <glib/gstdio.h>
#include <sqlite3.h>

static const LacRunInfo info = {.name = "try",
                                .seed = 7,
                                .yaml = "lacuna: 1\n",
                                .command = "lacuna run try.yaml",
                                .version = "0.0.1",
                                .abi = 1};

static char *
scratch(void)
{
    char *dir = g_dir_make_tmp("lacuna-store-XXXXXX", NULL);

    g_assert(dir != NULL);
    return dir;
}

static void
remove_tree(char *dir)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", dir);

    g_assert(system(command) == 0);
    g_free(dir);
}

static LacCellRecord *
cell(const char *id)
{
    LacCellRecord *record = lac_cell_record_new();

    record->id = g_strdup(id);
    record->position = 3;
    record->data = g_strdup("letter");
    record->mask = g_strdup("mcar");
    record->rate_asked = 0.2;
    record->model = g_strdup("knn");
    record->model_label = g_strdup("knn k=5");
    record->repeat = 1;
    record->seed = 7;
    record->axes = g_strsplit("model knn mask.mcar.rate 0.2", " ", -1);
    return record;
}

static LacOutcome *
outcome(void)
{
    LacOutcome *o = lac_outcome_new("ok", NULL);

    o->n_rows = 20000;
    o->n_cols = 16;
    o->fit_s = 0.1 + 0.2; /* not 0.3: all digits must survive */
    o->threads = 2;
    lac_outcome_add_metric(o, "rmse", NULL, NULL, 1.0 / 3.0, "ok", NULL, 1234, -1);
    lac_outcome_add_metric(o, "coverage", "0.8", "age", NAN, "undefined", "no scored cell", 0, 20);
    lac_outcome_add_info(o, "rmse", NULL, "min", NAN, "column unit", "scored cells", "truth",
                         "point", "MCAR,MAR,MNAR", "conditional means win it");
    lac_outcome_add_trace(o, "loglik", NULL, 0, 4, -12.5);
    lac_outcome_add_event(o, "capped", "age", 3, "three were capped");
    lac_outcome_take_artifact(o, "note.bin", g_bytes_new("\0\1\2", 3));
    return o;
}

/* One value as text; "NULL" for NULL. */
static char *
ask(const LacStore *store, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    char *text;

    g_assert(sqlite3_prepare_v2(lac_store_db(store), sql, -1, &statement, NULL) == SQLITE_OK);
    g_assert(sqlite3_step(statement) == SQLITE_ROW);
    text = sqlite3_column_type(statement, 0) == SQLITE_NULL
               ? g_strdup("NULL")
               : g_strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return text;
}

static double
ask_number(const LacStore *store, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    double value;

    g_assert(sqlite3_prepare_v2(lac_store_db(store), sql, -1, &statement, NULL) == SQLITE_OK);
    g_assert(sqlite3_step(statement) == SQLITE_ROW);
    value = sqlite3_column_double(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

#define EXPECT_ANSWER(store, sql, wanted)                                                          \
    do {                                                                                           \
        g_autofree char *answer_ = ask(store, sql);                                                \
        EXPECT_STR(answer_, wanted);                                                               \
    } while (0)

LAC_TEST(store, an_outcome_survives_the_way_between_processes)
{
    g_autoptr(LacOutcome) before = outcome(), after = NULL;
    g_autoptr(GBytes) bytes = lac_outcome_pack(before);
    g_autoptr(GError) error = NULL;
    const LacMetricRow *metric;
    const LacArtifact *artifact;

    after = lac_outcome_unpack(bytes, &error);
    ASSERT_NO_ERROR(error);
    EXPECT_STR(after->status, "ok");
    EXPECT_TRUE(after->reason == NULL);
    EXPECT_EQ_INT(after->n_rows, 20000);
    EXPECT_EQ_DOUBLE(after->fit_s, before->fit_s);
    EXPECT_TRUE(isnan(after->apply_s));
    ASSERT_EQ_INT(after->metrics->len, 2);
    metric = after->metrics->pdata[0];
    EXPECT_EQ_DOUBLE(metric->value, 1.0 / 3.0);
    EXPECT_TRUE(metric->part == NULL);
    metric = after->metrics->pdata[1];
    EXPECT_STR(metric->column_name, "age");
    EXPECT_STR(metric->reason, "no scored cell");
    ASSERT_EQ_INT(after->artifacts->len, 1);
    artifact = after->artifacts->pdata[0];
    EXPECT_EQ_INT(g_bytes_get_size(artifact->bytes), 3);
    EXPECT_EQ_INT(after->traces->len, 1);
    EXPECT_EQ_INT(after->events->len, 1);
    EXPECT_EQ_INT(after->infos->len, 1);
}

LAC_TEST(store, garbled_bytes_are_no_outcome)
{
    g_autoptr(LacOutcome) whole = outcome();
    g_autoptr(GBytes) bytes = lac_outcome_pack(whole);
    const gsize n = g_bytes_get_size(bytes);

    for (gsize cut = 0; cut < n; cut += 7) {
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(bytes, 0, cut);
        g_autoptr(GError) error = NULL;
        g_autoptr(LacOutcome) got = lac_outcome_unpack(part, &error);

        EXPECT_TRUE(got == NULL && error != NULL && error->code == LAC_ERROR_IO);
    }
}

LAC_TEST(store, text_that_is_not_utf8_is_made_so)
{
    g_autoptr(LacOutcome) before = lac_outcome_new("failed", "bad \xff byte"), after = NULL;
    g_autoptr(GBytes) bytes = lac_outcome_pack(before);

    after = lac_outcome_unpack(bytes, NULL);
    ASSERT_TRUE(after != NULL);
    EXPECT_STR(after->reason, "bad \xEF\xBF\xBD byte");
}

LAC_TEST(store, a_recorded_cell_is_all_there)
{
    char *dir = scratch();
    g_autoptr(GError) error = NULL;
    g_autoptr(LacCellRecord) record = cell("c1");
    g_autoptr(LacOutcome) o = outcome();
    g_autoptr(GHashTable) cells = NULL;
    LacStore *store = lac_store_begin(dir, LAC_STORE_NEW, &info, &error);
    g_autofree char *artifact = g_build_filename(dir, "artifacts", "c1", "note.bin", NULL);

    ASSERT_NO_ERROR(error);
    EXPECT_TRUE(lac_store_record(store, record, o, "0.0.1", &error));
    ASSERT_NO_ERROR(error);
    EXPECT_EQ_DOUBLE(ask_number(store, "SELECT value FROM metrics WHERE metric = 'rmse'"),
                     1.0 / 3.0);
    EXPECT_EQ_DOUBLE(ask_number(store, "SELECT fit_s FROM cells"), 0.1 + 0.2);
    EXPECT_ANSWER(store, "SELECT value FROM metrics WHERE metric = 'coverage'", "NULL");
    EXPECT_ANSWER(store, "SELECT apply_s FROM cells", "NULL");
    EXPECT_ANSWER(store, "SELECT fold FROM cells", "NULL");
    EXPECT_ANSWER(store, "SELECT draws FROM metrics WHERE metric = 'coverage'", "20");
    EXPECT_ANSWER(store, "SELECT value FROM axes WHERE axis = 'mask.mcar.rate'", "0.2");
    EXPECT_ANSWER(store, "SELECT detail FROM events", "three were capped");
    EXPECT_ANSWER(store, "PRAGMA journal_mode", "wal");
    EXPECT_TRUE(g_file_test(artifact, G_FILE_TEST_EXISTS));
    cells = lac_store_cells(store, &error);
    EXPECT_STR(g_hash_table_lookup(cells, "c1"), "ok");
    lac_store_free(store);
    remove_tree(dir);
}

LAC_TEST(store, recording_again_replaces)
{
    char *dir = scratch();
    g_autoptr(LacCellRecord) record = cell("c1");
    g_autoptr(LacOutcome) crash = lac_outcome_new("crash", "signal 11"), o = outcome();
    LacStore *store = lac_store_begin(dir, LAC_STORE_NEW, &info, NULL);

    ASSERT_TRUE(store != NULL);
    EXPECT_TRUE(lac_store_record(store, record, crash, "1", NULL));
    EXPECT_TRUE(lac_store_record(store, record, o, "1", NULL));
    EXPECT_TRUE(lac_store_record(store, record, o, "1", NULL));
    EXPECT_ANSWER(store, "SELECT count(*) FROM cells", "1");
    EXPECT_ANSWER(store, "SELECT count(*) FROM metrics", "2");
    EXPECT_ANSWER(store, "SELECT count(*) FROM axes", "2");
    EXPECT_ANSWER(store, "SELECT count(*) FROM metric_info", "1");
    EXPECT_TRUE(lac_store_delete(store, (const char *const[]){"c1", NULL}, NULL));
    EXPECT_ANSWER(store, "SELECT count(*) FROM cells", "0");
    EXPECT_ANSWER(store, "SELECT count(*) FROM metrics", "0");
    lac_store_free(store);
    remove_tree(dir);
}

LAC_TEST(store, a_cell_that_cannot_be_stored_whole_is_not_stored_at_all)
{
    char *dir = scratch();
    g_autoptr(GError) error = NULL;
    g_autoptr(LacCellRecord) record = cell("c1");
    g_autoptr(LacOutcome) o = outcome();
    LacStore *store = lac_store_begin(dir, LAC_STORE_NEW, &info, NULL);

    ASSERT_TRUE(store != NULL);
    /* the last table of the transaction refuses */
    g_assert(sqlite3_exec(lac_store_db(store),
                          "CREATE TRIGGER no BEFORE INSERT ON axes BEGIN SELECT RAISE(FAIL, 'no "
                          "room'); END",
                          NULL, NULL, NULL) == SQLITE_OK);
    EXPECT_FALSE(lac_store_record(store, record, o, "1", &error));
    EXPECT_ERROR(error, LAC_ERROR_IO, "no room");
    EXPECT_ANSWER(store, "SELECT count(*) FROM cells", "0");
    EXPECT_ANSWER(store, "SELECT count(*) FROM metrics", "0");
    EXPECT_ANSWER(store, "SELECT count(*) FROM traces", "0");
    lac_store_free(store);
    remove_tree(dir);
}

LAC_TEST(store, a_second_writer_is_refused)
{
    char *dir = scratch();
    g_autoptr(GError) error = NULL;
    LacStore *first = lac_store_begin(dir, LAC_STORE_NEW, &info, NULL);

    ASSERT_TRUE(first != NULL);
    EXPECT_TRUE(lac_store_begin(dir, LAC_STORE_RESUME, &info, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_IO, "another run is writing into this folder");
    lac_store_free(first);
    remove_tree(dir);
}

LAC_TEST(store, results_are_kept_or_replaced_as_asked)
{
    char *dir = scratch();
    g_autoptr(GError) error = NULL;
    g_autoptr(LacCellRecord) record = cell("c1");
    g_autoptr(LacOutcome) o = outcome();
    LacStore *store = lac_store_begin(dir, LAC_STORE_NEW, &info, NULL);

    ASSERT_TRUE(store != NULL && lac_store_record(store, record, o, "1", NULL));
    lac_store_free(store);
    EXPECT_TRUE(lac_store_begin(dir, LAC_STORE_NEW, &info, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_IO, "holds results already");
    store = lac_store_begin(dir, LAC_STORE_RESUME, &info, NULL);
    ASSERT_TRUE(store != NULL);
    EXPECT_ANSWER(store, "SELECT count(*) FROM cells", "1");
    lac_store_free(store);
    store = lac_store_begin(dir, LAC_STORE_REPLACE, &info, NULL);
    ASSERT_TRUE(store != NULL);
    EXPECT_ANSWER(store, "SELECT count(*) FROM cells", "0");
    EXPECT_ANSWER(store, "SELECT count(*) FROM run", "1");
    lac_store_free(store);
    remove_tree(dir);
}

/* Tables may change as long as nobody has been told of them; their number says which they are. */
LAC_TEST(store, other_tables_have_another_number)
{
    char *dir = scratch();
    LacStore *store = lac_store_begin(dir, LAC_STORE_NEW, &info, NULL);
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, lac_store_schema(), -1);

    /* the schema's own sum when its number was given; after a change: a new number in store.c and
     * in the CHANGELOG, and here the new pair */
    ASSERT_TRUE(store != NULL);
    EXPECT_ANSWER(store, "PRAGMA user_version", "3");
    EXPECT_STR(sum, "f88b4962e4bcd4a00039d9792d8dee6e85d32099ab3a7c77cf1b4960626cec6c");
    lac_store_free(store);
    remove_tree(dir);
}

LAC_TEST(store, a_folder_of_other_tables_is_refused_in_a_sentence)
{
    static const struct {
        const char *version, *says;
    } others[] = {{"PRAGMA user_version = 2",
                   "was written by an older Lacuna (table layout 2, this one "
                   "reads 3); read it with that one, or run the experiment "
                   "again into another folder"},
                  {"PRAGMA user_version = 4", "was written by a newer Lacuna (table layout 4"}};
    char *dir = scratch();
    g_autofree char *path = g_build_filename(dir, "results.sqlite", NULL);
    LacStore *store = lac_store_begin(dir, LAC_STORE_NEW, &info, NULL);

    lac_store_free(store);
    store = lac_store_open(dir, NULL); /* as it was written it is read */
    ASSERT_TRUE(store != NULL);
    lac_store_free(store);
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(GError) read = NULL, resumed = NULL;
        sqlite3 *db = NULL;

        g_assert(sqlite3_open(path, &db) == SQLITE_OK);
        g_assert(sqlite3_exec(db, others[i].version, NULL, NULL, NULL) == SQLITE_OK);
        sqlite3_close(db);
        EXPECT_TRUE(lac_store_open(dir, &read) == NULL);
        EXPECT_ERROR(read, LAC_ERROR_IO, others[i].says);
        EXPECT_TRUE(lac_store_begin(dir, LAC_STORE_RESUME, &info, &resumed) == NULL);
        EXPECT_ERROR(resumed, LAC_ERROR_IO, others[i].says);
    }
    remove_tree(dir);
}

LAC_TEST(store, foreign_and_damaged_files_are_named)
{
    char *dir = scratch();
    g_autofree char *path = g_build_filename(dir, "results.sqlite", NULL);
    g_autoptr(GError) none = NULL, noise = NULL, foreign = NULL;
    sqlite3 *db = NULL;

    EXPECT_TRUE(lac_store_open(dir, &none) == NULL);
    EXPECT_ERROR(none, LAC_ERROR_IO, "there is no results.sqlite in it");
    g_assert(g_file_set_contents(path, "not a database, only a few words of text", -1, NULL));
    EXPECT_TRUE(lac_store_open(dir, &noise) == NULL);
    EXPECT_ERROR(noise, LAC_ERROR_IO, "damaged or not a result file");
    g_unlink(path);
    g_assert(sqlite3_open(path, &db) == SQLITE_OK);
    g_assert(sqlite3_exec(db, "CREATE TABLE cells(x)", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
    EXPECT_TRUE(lac_store_open(dir, &foreign) == NULL);
    EXPECT_ERROR(foreign, LAC_ERROR_IO, "is not a result file of Lacuna");
    remove_tree(dir);
}
