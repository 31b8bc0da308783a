#include "context-private.h"

#include <math.h>
#include <stdarg.h>

/* progress is reported at most this often; a terminal shows no more, and a pipe costs a call */
#define REPORT_EVERY_US 20000

struct LacContext {
    LacRng rng;
    uint64_t attempt;
    size_t draws, memory;
    LacInitialFill initial;
    void *initial_user;
    const struct LacOptimizer *optimizer;
    LacTruth truth;
    void *truth_user;
    LacPasses passes;
    void *passes_user;
    gboolean check_numerics;
    size_t kept_epoch;
    void (*report)(void *user, double done);
    void *report_user;
    gint64 reported; /* monotonic time of the last report, 0 before the first */
    gint cancelled;  /* atomic; also set from signal handlers */
    GMutex lock;     /* of all below */
    GPtrArray *traces, *events;
    GHashTable *event_index; /* LacEvent, by (code, column) -> itself */
    GStringChunk *words;     /* series names and codes */
    GArray *mark;            /* of size_t: counts of the events there were; NULL: no mark */
    guint marked_traces;
};

static guint
event_hash(gconstpointer event)
{
    const LacEvent *e = event;

    return g_str_hash(e->code) * 31u + (guint)e->column;
}

static gboolean
event_equal(gconstpointer a, gconstpointer b)
{
    const LacEvent *x = a, *y = b;

    return x->column == y->column && g_str_equal(x->code, y->code);
}

static void
event_free(gpointer event)
{
    g_free(((LacEvent *)event)->detail);
    g_free(event);
}

LacContext *
lac_context_new(LacRng rng)
{
    LacContext *context = g_new0(LacContext, 1);

    context->rng = rng;
    context->draws = 1;
    context->memory = G_MAXSIZE;
    g_mutex_init(&context->lock);
    context->traces = g_ptr_array_new_with_free_func(g_free);
    context->events = g_ptr_array_new_with_free_func(event_free);
    context->event_index = g_hash_table_new(event_hash, event_equal);
    context->words = g_string_chunk_new(256);
    return context;
}

void
lac_context_free(LacContext *context)
{
    if (context == NULL)
        return;
    g_hash_table_unref(context->event_index);
    g_ptr_array_unref(context->events);
    g_clear_pointer(&context->mark, g_array_unref);
    g_ptr_array_unref(context->traces);
    g_string_chunk_free(context->words);
    g_mutex_clear(&context->lock);
    g_free(context);
}

void
lac_context_set_draws(LacContext *context, size_t draws)
{
    g_assert(draws >= 1);
    context->draws = draws;
}

void
lac_context_set_memory(LacContext *context, size_t bytes)
{
    context->memory = bytes;
}

void
lac_context_set_initial(LacContext *context, LacInitialFill fill, void *user)
{
    context->initial = fill;
    context->initial_user = user;
}

void
lac_context_set_optimizer(LacContext *context, const struct LacOptimizer *optimizer)
{
    context->optimizer = optimizer;
}

const struct LacOptimizer *
lac_context_optimizer(const LacContext *context)
{
    return context->optimizer;
}

void
lac_context_set_truth(LacContext *context, LacTruth truth, void *user)
{
    context->truth = truth;
    context->truth_user = user;
}

LacData *
lac_context_truth(LacContext *context, const LacData *in, GError **error)
{
    if (context->truth == NULL)
        return lac_fail_null(error, LAC_ERROR_DATA,
                             "the truth under the holes is known in experiments only; choose "
                             "parameters that do not ask for it");
    return context->truth(context->truth_user, in, error);
}

void
lac_context_set_passes(LacContext *context, LacPasses passes, void *user)
{
    context->passes = passes;
    context->passes_user = user;
}

LacData *
lac_context_pass(LacContext *context, const LacData *train, size_t epoch, GError **error)
{
    return context->passes != NULL ? context->passes(context->passes_user, epoch, error)
                                   : lac_data_ref(train);
}

void
lac_context_set_kept_epoch(LacContext *context, size_t epoch)
{
    context->kept_epoch = epoch;
}

size_t
lac_context_kept_epoch(const LacContext *context)
{
    return context->kept_epoch;
}

void
lac_context_set_check_numerics(LacContext *context, gboolean check)
{
    context->check_numerics = check;
}

gboolean
lac_context_check_numerics(const LacContext *context)
{
    return context->check_numerics;
}

void
lac_context_set_progress(LacContext *context, void (*report)(void *user, double done), void *user)
{
    context->report = report;
    context->report_user = user;
}

void
lac_context_cancel(LacContext *context)
{
    g_atomic_int_set(&context->cancelled, 1);
}

gboolean
lac_context_cancelled(const LacContext *context)
{
    return g_atomic_int_get(&context->cancelled) != 0;
}

LacRng
lac_context_rng(const LacContext *context, const char *purpose)
{
    const LacRng stream = lac_rng_split(&context->rng, purpose);

    return context->attempt == 0 ? stream : lac_rng_at(&stream, G_MAXUINT64 - context->attempt);
}

void
lac_context_set_attempt(LacContext *context, uint64_t attempt)
{
    context->attempt = attempt;
}

static void
context_report(LacContext *context, double done)
{
    const gint64 now = g_get_monotonic_time();

    if (context->reported != 0 && done < 1.0 && now - context->reported < REPORT_EVERY_US)
        return;
    context->reported = now;
    context->report(context->report_user, CLAMP(done, 0.0, 1.0));
}

gboolean
lac_context_step(LacContext *context, double done, GError **error)
{
    if (g_atomic_int_get(&context->cancelled))
        return lac_fail(error, LAC_ERROR_CANCELLED, "stopped on request, %.0f %% done",
                        100.0 * CLAMP(done, 0.0, 1.0));
    if (context->report != NULL)
        context_report(context, done);
    return TRUE;
}

size_t
lac_context_draws(const LacContext *context)
{
    return context->draws;
}

size_t
lac_context_memory(const LacContext *context)
{
    return context->memory;
}

void
lac_context_trace(LacContext *context, const char *series, gssize column, size_t iteration,
                  size_t chain, double value)
{
    LacTracePoint *point = g_new(LacTracePoint, 1);

    g_mutex_lock(&context->lock);
    *point = (LacTracePoint){
        .series = g_string_chunk_insert_const(context->words, series),
        .column = column,
        .iteration = iteration,
        .chain = chain,
        .value = value,
    };
    g_ptr_array_add(context->traces, point);
    g_mutex_unlock(&context->lock);
}

void
lac_context_trace_units(LacContext *context, guint from, gssize column, double shift, double factor)
{
    for (guint i = from; i < context->traces->len; i++) {
        LacTracePoint *point = context->traces->pdata[i];

        if (point->column != column)
            continue;
        if (strcmp(point->series, "mean") == 0)
            point->value = shift + factor * point->value;
        else if (strcmp(point->series, "sd") == 0)
            point->value *= factor;
    }
}

/* under the lock */
static void
event_add(LacContext *context, const char *code, gssize column, char *detail)
{
    LacEvent *event = g_new(LacEvent, 1);

    *event = (LacEvent){
        .code = g_string_chunk_insert_const(context->words, code),
        .column = column,
        .detail = detail,
        .count = 1,
    };
    g_ptr_array_add(context->events, event);
    g_hash_table_add(context->event_index, event);
}

void
lac_context_event(LacContext *context, const char *code, gssize column, const char *format, ...)
{
    const LacEvent key = {.code = (char *)code, .column = column};
    va_list arguments;

    va_start(arguments, format);
    g_mutex_lock(&context->lock);

    LacEvent *known = g_hash_table_lookup(context->event_index, &key);

    if (known != NULL)
        known->count++;
    else
        event_add(context, code, column, g_strdup_vprintf(format, arguments));
    g_mutex_unlock(&context->lock);
    va_end(arguments);
}

void
lac_context_mark(LacContext *context)
{
    g_clear_pointer(&context->mark, g_array_unref);
    context->mark = g_array_new(FALSE, FALSE, sizeof(size_t));
    for (guint i = 0; i < context->events->len; i++)
        g_array_append_val(context->mark, ((const LacEvent *)context->events->pdata[i])->count);
    context->marked_traces = context->traces->len;
}

void
lac_context_rewind(LacContext *context)
{
    g_assert(context->mark != NULL);
    while (context->events->len > context->mark->len) {
        const guint last = context->events->len - 1;

        g_hash_table_remove(context->event_index, context->events->pdata[last]);
        g_ptr_array_set_size(context->events, (gint)last);
    }
    for (guint i = 0; i < context->mark->len; i++)
        ((LacEvent *)context->events->pdata[i])->count = g_array_index(context->mark, size_t, i);
    g_ptr_array_set_size(context->traces, (gint)context->marked_traces);
}

const GPtrArray *
lac_context_traces(const LacContext *context)
{
    return context->traces;
}

const GPtrArray *
lac_context_events(const LacContext *context)
{
    return context->events;
}

/* Mean of the cells seen in column j of @train; NaN when there is none. The wide type keeps the sum
 * of values near 1e308 finite. */
static double
column_mean(const LacData *train, size_t j)
{
    long double sum = 0.0L;
    size_t n = 0;

    for (size_t i = 0; i < train->rows; i++) {
        const double x = lac_data_at(train, i, j);

        if (!isnan(x)) {
            sum += x;
            n++;
        }
    }
    return n == 0 ? NAN : (double)(sum / (long double)n);
}

/* Smallest among the most frequent codes of column j; NaN when none was seen. */
static double
column_mode(const LacData *train, size_t j)
{
    const size_t levels = lac_data_column(train, j)->n_levels;
    g_autofree size_t *count = g_new0(size_t, levels);
    size_t best = 0;

    for (size_t i = 0; i < train->rows; i++) {
        const double x = lac_data_at(train, i, j);

        if (!isnan(x) && x >= 0.0 && x < (double)levels)
            count[(size_t)x]++;
    }
    for (size_t level = 1; level < levels; level++)
        if (count[level] > count[best])
            best = level;
    return levels == 0 || count[best] == 0 ? NAN : (double)best;
}

/* For a column of which nothing is known but its bounds. */
static double
column_guess(const LacColumn *column)
{
    if (lac_kind_is_numeric(column->kind) && isfinite(column->lower) && isfinite(column->upper))
        return 0.5 * column->lower + 0.5 * column->upper;
    return 0.0;
}

static void
fill_with_means(LacContext *context, const LacData *train, const LacData *in, LacMatrix *out)
{
    for (size_t j = 0; j < in->cols; j++) {
        const LacColumn *column = lac_data_column(train, j);
        double centre = column->n_levels > 0 ? column_mode(train, j) : column_mean(train, j);

        if (isnan(centre)) {
            centre = column_guess(column);
            lac_context_event(context, "fallback", (gssize)j,
                              "column '%s' has no seen cell; its holes start from %g", column->name,
                              centre);
        }
        for (size_t i = 0; i < in->rows; i++) {
            const double x = lac_data_at(in, i, j);

            lac_matrix_row(out, i)[j] = isnan(x) ? centre : x;
        }
    }
}

gboolean
lac_context_initial_fill(LacContext *context, const LacData *train, const LacData *in, size_t chain,
                         LacMatrix *out, GError **error)
{
    g_assert(train->cols == in->cols && out->rows == in->rows && out->cols == in->cols);

    if (context->initial != NULL)
        return context->initial(context->initial_user, context, train, in, chain, out, error);
    fill_with_means(context, train, in, out);
    return TRUE;
}
