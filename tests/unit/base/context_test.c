#include "context-private.h"
#include "lac_test.h"
#include <lacuna/parallel.h>

#include <signal.h>

LAC_TEST(base_context, a_fresh_context_sets_no_limits)
{
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(GError) error = NULL;

    EXPECT_EQ_INT(lac_context_draws(context), 1);
    EXPECT_TRUE(lac_context_memory(context) == G_MAXSIZE);
    EXPECT_TRUE(lac_context_step(context, 0.5, &error));
    ASSERT_NO_ERROR(error);
    lac_context_set_draws(context, 5);
    lac_context_set_memory(context, 1000);
    EXPECT_EQ_INT(lac_context_draws(context), 5);
    EXPECT_EQ_INT(lac_context_memory(context), 1000);
}

LAC_TEST(base_context, streams_are_named_by_purpose)
{
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    LacRng a = lac_context_rng(context, "a"), again = lac_context_rng(context, "a"),
           b = lac_context_rng(context, "b");
    const uint64_t first = lac_rng_u64(&a);

    EXPECT_TRUE(first == lac_rng_u64(&again));
    EXPECT_TRUE(first != lac_rng_u64(&b));
}

static LacContext *cancelled_by_signal;

static void
on_signal(int number)
{
    lac_context_cancel(cancelled_by_signal);
}

LAC_TEST(base_context, a_signal_handler_can_cancel)
{
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(GError) error = NULL;
    void (*before)(int) = signal(SIGUSR1, on_signal);

    cancelled_by_signal = context;
    EXPECT_TRUE(lac_context_step(context, 0.1, NULL));
    raise(SIGUSR1);
    EXPECT_FALSE(lac_context_step(context, 0.25, &error));
    EXPECT_ERROR(error, LAC_ERROR_CANCELLED, "25 % done");
    signal(SIGUSR1, before);
}

static void
report(void *user, double done)
{
    g_array_append_val((GArray *)user, done);
}

LAC_TEST(base_context, progress_is_thinned_but_the_ends_arrive)
{
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(GArray) seen = g_array_new(FALSE, FALSE, sizeof(double));

    lac_context_set_progress(context, report, seen);
    for (int i = 0; i <= 100000; i++)
        EXPECT_TRUE(lac_context_step(context, i / 100000.0, NULL));
    ASSERT_TRUE(seen->len >= 2);
    EXPECT_TRUE(seen->len < 50000);
    EXPECT_EQ_DOUBLE(g_array_index(seen, double, 0), 0.0);
    EXPECT_EQ_DOUBLE(g_array_index(seen, double, seen->len - 1), 1.0);
}

static void
tell(size_t begin, size_t end, unsigned worker, void *user)
{
    for (size_t i = begin; i < end; i++) {
        lac_context_event(user, "ridge", (gssize)(i % 3), "row %zu", i);
        lac_context_trace(user, "loss", -1, i, 0, (double)i);
    }
}

LAC_TEST(base_context, events_are_counted_by_code_and_column_from_any_thread)
{
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    size_t total = 0;

    lac_context_event(context, "ridge", 0, "first");
    lac_threads_set(4);
    lac_parallel_for(999, 10, tell, context);
    lac_threads_set(0);
    lac_context_event(context, "capped", 0, "last");

    const GPtrArray *events = lac_context_events(context);

    ASSERT_EQ_INT(events->len, 4);
    for (guint i = 0; i < 3; i++)
        total += ((LacEvent *)events->pdata[i])->count;
    EXPECT_EQ_INT(total, 1000);

    const LacEvent *first = events->pdata[0], *last = events->pdata[3];

    EXPECT_STR(first->code, "ridge");
    EXPECT_STR(first->detail, "first");
    EXPECT_EQ_INT(first->count, 334);
    EXPECT_STR(last->code, "capped");
    EXPECT_EQ_INT(lac_context_traces(context)->len, 999);
}

LAC_TEST(base_context, traces_keep_what_they_were_given)
{
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));

    lac_context_trace(context, "mean", 2, 3, 4, 5.5);

    const LacTracePoint *point = lac_context_traces(context)->pdata[0];

    EXPECT_STR(point->series, "mean");
    EXPECT_EQ_INT(point->column, 2);
    EXPECT_EQ_INT(point->iteration, 3);
    EXPECT_EQ_INT(point->chain, 4);
    EXPECT_EQ_DOUBLE(point->value, 5.5);
}

/* A table without the data room: only what the fill reads. */
static LacData
table(size_t rows, size_t cols, const double *values, LacSchema *schema, LacColumn *columns)
{
    static const LacColumn plain = {
        .name = (char *)"x", .kind = LAC_KIND_CONTINUOUS, .lower = -INFINITY, .upper = INFINITY};

    for (size_t j = 0; j < cols; j++)
        columns[j] = plain;
    *schema = (LacSchema){.cols = cols, .columns = columns, .ref_count = 1};
    return (LacData){.rows = rows, .cols = cols, .values = values, .schema = schema};
}

LAC_TEST(base_context, the_default_initial_fill_is_means_and_modes_of_the_training_rows)
{
    static const double train_v[] = {1, 0, NAN, 1e308, 3, 2, NAN, 1e308, NAN, 2, NAN, NAN};
    static const double in_v[] = {NAN, NAN, NAN, NAN, 9, 1, 4, 5};
    static const double expected[] = {2, 2, 15, 1e308, 9, 1, 4, 5};
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(GError) error = NULL;
    LacSchema schema;
    LacColumn columns[4];
    double filled[8];
    LacMatrix out = {.rows = 2, .cols = 4, .stride = 4, .v = filled};
    LacData train = table(3, 4, train_v, &schema, columns);
    LacData in = train;

    in.rows = 2;
    in.values = in_v;
    columns[1].kind = LAC_KIND_NOMINAL;
    columns[1].n_levels = 3;
    columns[2].lower = 10.0;
    columns[2].upper = 20.0;
    ASSERT_TRUE(lac_context_initial_fill(context, &train, &in, 0, &out, &error));
    for (int i = 0; i < 8; i++)
        EXPECT_EQ_DOUBLE(filled[i], expected[i]);
    ASSERT_EQ_INT(lac_context_events(context)->len, 1);
    EXPECT_STR(((LacEvent *)lac_context_events(context)->pdata[0])->code, "fallback");
}

static gboolean
fill_with_chain(void *user, LacContext *context, const LacData *train, const LacData *in,
                size_t chain, LacMatrix *out, GError **error)
{
    out->v[0] = *(double *)user + (double)chain;
    return TRUE;
}

LAC_TEST(base_context, a_named_initial_imputer_takes_the_place_of_the_means)
{
    static const double v[] = {NAN};
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    double base = 40.0, cell = 0.0;
    LacMatrix out = {.rows = 1, .cols = 1, .stride = 1, .v = &cell};
    LacSchema schema;
    LacColumn columns[1];
    LacData data = table(1, 1, v, &schema, columns);

    lac_context_set_initial(context, fill_with_chain, &base);
    EXPECT_TRUE(lac_context_initial_fill(context, &data, &data, 2, &out, NULL));
    EXPECT_EQ_DOUBLE(cell, 42.0);
}
