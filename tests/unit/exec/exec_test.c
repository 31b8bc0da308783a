/* The loop of a run, on a back end that only pretends. (Processes: below, and tests/cli.) */
#include "exec-private.h"
#include "lac_test.h"

/* Finishes every cell at the next wait, with the status its script says. */
typedef struct {
    LacBackend backend;
    const LacCell *busy;
    const char *const *script; /* one a submission: a status, or "lost" */
    size_t submissions, stops;
} Fake;

static gboolean
fake_submit(LacBackend *backend, size_t slot, const LacCell *cell, GError **error)
{
    Fake *fake = (Fake *)backend;

    EXPECT_TRUE(fake->busy == NULL);
    fake->busy = cell;
    fake->submissions++;
    return TRUE;
}

static gboolean
fake_wait(LacBackend *backend, int timeout_ms, LacBackendEvent *out, GError **error)
{
    Fake *fake = (Fake *)backend;
    const char *status = fake->script[fake->submissions - 1];

    *out = (LacBackendEvent){.type = LAC_BACKEND_DONE};
    out->lost = strcmp(status, "lost") == 0;
    out->outcome = lac_outcome_new(out->lost ? "crash" : status, out->lost ? "killed" : NULL);
    fake->busy = NULL;
    return TRUE;
}

static void
fake_stop(LacBackend *backend)
{
    ((Fake *)backend)->stops++;
    ((Fake *)backend)->busy = NULL;
}

static Fake
fake_new(const char *const *script)
{
    return (Fake){.backend = {1, fake_submit, fake_wait, fake_stop, NULL}, .script = script};
}

typedef struct {
    char *dir;
    LacStore *store;
    GPtrArray *todo;
    LacCell cells[3];
} Stage;

static void
stage_set(Stage *stage)
{
    static const LacRunInfo info = {.name = "x", .yaml = "", .version = "1"};

    stage->dir = g_dir_make_tmp("lacuna-exec-XXXXXX", NULL);
    stage->store = lac_store_begin(stage->dir, LAC_STORE_NEW, &info, NULL);
    g_assert(stage->store != NULL);
    stage->todo = g_ptr_array_new();
    for (int i = 0; i < 3; i++) {
        LacCellRecord *record = lac_cell_record_new();

        record->id = g_strdup_printf("cell %d", i);
        record->data = g_strdup("d");
        record->model = g_strdup("m");
        record->model_label = g_strdup("m");
        stage->cells[i] = (LacCell){.record = record};
        g_ptr_array_add(stage->todo, &stage->cells[i]);
    }
}

static void
stage_clear(Stage *stage)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", stage->dir);

    lac_store_free(stage->store);
    g_ptr_array_unref(stage->todo);
    for (int i = 0; i < 3; i++)
        lac_cell_record_free(stage->cells[i].record);
    g_assert(system(command) == 0);
    g_free(stage->dir);
}

static int interrupts_after_first;

static int
interrupts(void)
{
    return interrupts_after_first++ >= 1 ? 1 : 0;
}

static LacExecSummary
run(Stage *stage, Fake *fake, gboolean fail_fast, int (*ask)(void))
{
    const LacExec exec = {.todo = stage->todo,
                          .backend = &fake->backend,
                          .store = stage->store,
                          .version = "1",
                          .fail_fast = fail_fast,
                          .interrupts = ask};
    LacExecSummary summary = {0};
    g_autoptr(GError) error = NULL;

    EXPECT_TRUE(lac_exec_run(&exec, &summary, &error));
    return summary;
}

static guint
stored(const Stage *stage)
{
    g_autoptr(GHashTable) cells = lac_store_cells(stage->store, NULL);

    return g_hash_table_size(cells);
}

LAC_TEST(exec, failures_are_stored_and_the_sweep_goes_on)
{
    static const char *const script[] = {"ok", "timeout", "ok"};
    Fake fake = fake_new(script);
    Stage stage;
    LacExecSummary summary;

    stage_set(&stage);
    summary = run(&stage, &fake, FALSE, NULL);
    EXPECT_EQ_INT(summary.done, 3);
    EXPECT_EQ_INT(summary.failed, 1);
    EXPECT_EQ_INT(summary.left, 0);
    EXPECT_EQ_INT(stored(&stage), 3);
    stage_clear(&stage);
}

LAC_TEST(exec, fail_fast_starts_nothing_after_a_failure)
{
    static const char *const script[] = {"ok", "failed", "ok"};
    Fake fake = fake_new(script);
    Stage stage;
    LacExecSummary summary;

    stage_set(&stage);
    summary = run(&stage, &fake, TRUE, NULL);
    EXPECT_EQ_INT(summary.done, 2);
    EXPECT_EQ_INT(summary.left, 1);
    EXPECT_EQ_INT(fake.submissions, 2);
    stage_clear(&stage);
}

LAC_TEST(exec, a_cell_whose_worker_was_killed_gets_one_more_chance)
{
    static const char *const script[] = {"lost", "ok", "lost", "lost", "ok"};
    Fake fake = fake_new(script);
    Stage stage;
    LacExecSummary summary;
    g_autoptr(GHashTable) cells = NULL;

    stage_set(&stage);
    summary = run(&stage, &fake, FALSE, NULL);
    EXPECT_EQ_INT(fake.submissions, 5);
    EXPECT_EQ_INT(summary.done, 3);
    EXPECT_EQ_INT(summary.failed, 1);
    cells = lac_store_cells(stage.store, NULL);
    EXPECT_STR(g_hash_table_lookup(cells, "cell 0"), "ok");
    EXPECT_STR(g_hash_table_lookup(cells, "cell 1"), "crash");
    EXPECT_STR(g_hash_table_lookup(cells, "cell 2"), "ok");
    stage_clear(&stage);
}

LAC_TEST(exec, an_interrupt_keeps_what_runs_and_starts_nothing_more)
{
    static const char *const script[] = {"ok", "ok", "ok"};
    Fake fake = fake_new(script);
    Stage stage;
    LacExecSummary summary;

    interrupts_after_first = 0;
    stage_set(&stage);
    summary = run(&stage, &fake, FALSE, interrupts);
    EXPECT_TRUE(summary.interrupted);
    EXPECT_EQ_INT(summary.done, 2);
    EXPECT_EQ_INT(summary.left, 1);
    EXPECT_EQ_INT(stored(&stage), 2);
    EXPECT_EQ_INT(fake.stops, 0);
    stage_clear(&stage);
}

LAC_TEST(exec, results_that_cannot_be_stored_stop_the_run)
{
    static const char *const script[] = {"ok", "ok", "ok"};
    Fake fake = fake_new(script);
    Stage stage;
    LacExecSummary summary = {0};
    g_autoptr(GError) error = NULL;
    LacExec exec;

    stage_set(&stage);
    exec = (LacExec){
        .todo = stage.todo, .backend = &fake.backend, .store = stage.store, .version = "1"};
    g_free(stage.cells[1].record->model); /* NOT NULL in the tables */
    stage.cells[1].record->model = NULL;
    EXPECT_FALSE(lac_exec_run(&exec, &summary, &error));
    EXPECT_ERROR(error, LAC_ERROR_IO, "NOT NULL");
    EXPECT_EQ_INT(summary.done, 1);
    EXPECT_EQ_INT(summary.left, 2);
    EXPECT_EQ_INT(fake.stops, 1);
    stage_clear(&stage);
}

/* The experiment is longer than a socket takes at once, so that telling it fails before the end of
 * the worker is noticed otherwise. */
LAC_TEST(exec, a_worker_that_ends_at_once_is_a_failed_cell_and_not_the_end_of_the_run)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *yaml = g_strnfill(4 << 20, ' ');
    LacExperiment experiment = {.yaml = yaml, .file = (char *)"x", .base_dir = (char *)"."};
    const LacLocalOptions options = {.workers = 1, .threads = 1, .program = "/bin/false"};
    LacBackend *backend = lac_local_new(&experiment, &options, &error);
    LacCellRecord *record = lac_cell_record_new();
    const LacCell cell = {.record = record};
    LacBackendEvent event = {0};

    ASSERT_TRUE(backend != NULL);
    record->id = g_strdup("cell");
    EXPECT_TRUE(backend->submit(backend, 0, &cell, &error));
    EXPECT_TRUE(error == NULL);
    for (int look = 0; look < 100 && event.type != LAC_BACKEND_DONE; look++)
        ASSERT_TRUE(backend->wait(backend, 100, &event, &error));
    ASSERT_TRUE(event.type == LAC_BACKEND_DONE);
    EXPECT_STR(event.outcome->status, "crash");
    EXPECT_CONTAINS(event.outcome->reason, "ended itself with status 1");
    EXPECT_FALSE(event.lost);
    lac_outcome_free(event.outcome);
    backend->free(backend);
    lac_cell_record_free(record);
}
