/* What every model must keep to. */
#include "check-private.h"

#include <glib/gstdio.h>
#include <malloc.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

/* A model that never looks at the context may take this much processor time for 2000 x 20. */
#define DEAF_SECONDS 0.5

/* A fitted model on @train; NULL after a failure that is told. */
LacModel *
lac_check_fitted(LacCheck *check, LacContext *context, const LacData *train)
{
    g_autoptr(GError) error = NULL;
    LacModel *model = lac_check_instance(check->plugin, NULL, &error);

    if (model != NULL) {
        model->instance.context = context;
        if (lac_check_model(check)->fit(model, train, &error))
            return model;
    }
    lac_check_fail(check, "a fit failed: %s", error != NULL ? error->message : "(no error set)");
    lac_instance_free(model);
    return NULL;
}

static double
cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A cancelled step fails with CANCELLED; one that is over in no time need not notice. */
static void
judge_cancelled(LacCheck *check, const char *step, gboolean ok, double seconds, const GError *error)
{
    if (ok && seconds > DEAF_SECONDS)
        lac_check_fail(check,
                       "%s went on for %.2f s after it was cancelled; call lac_context_step() "
                       "every tenth of a second and return when it says FALSE",
                       step, seconds);
    if (!ok && !g_error_matches(error, LAC_ERROR, LAC_ERROR_CANCELLED))
        lac_check_fail(check,
                       "%s was cancelled and failed with '%s', not with the error of "
                       "lac_context_step()",
                       step, error != NULL ? error->message : "(no error set)");
}

/* The large table, or the base one for models of images. */
static LacData *
large_table(LacCheck *check)
{
    g_autoptr(LacData) base = lac_check_base(check, 1);
    g_autoptr(LacData) raw = NULL;

    if (base == NULL || base->image.channels > 0)
        return g_steal_pointer(&base);
    raw = lac_check_predicts(check->plugin) ? lac_check_truth(LAC_TABLE_LARGE, 1)
                                            : lac_check_table(LAC_TABLE_LARGE, 1);
    if (lac_check_predicts(check->plugin))
        lac_check_label(raw);
    return lac_check_prepare(check->plugin, raw);
}

void
lac_check_cancelled_fit(LacCheck *check)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacData) data = large_table(check);
    LacModel *model = lac_check_instance(check->plugin, NULL, NULL);
    double before;
    gboolean ok;

    if (data != NULL && model != NULL) {
        lac_threads_set(1);
        model->instance.context = context;
        lac_context_cancel(context);
        before = cpu_seconds();
        ok = lac_check_model(check)->fit(model, data, &error);
        judge_cancelled(check, "fit", ok, cpu_seconds() - before, error);
    }
    lac_instance_free(model); /* also after a fit that failed half way */
}

static void
check_cancelled_fill(LacCheck *check)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacData) data = lac_check_base(check, 1);
    g_autoptr(LacMatrix) out = NULL;
    LacModel *model = data != NULL ? lac_check_fitted(check, context, data) : NULL;
    double before;
    gboolean ok;

    if (model == NULL)
        return;
    out = lac_matrix_new(data->rows, data->cols, NULL);
    lac_context_cancel(context);
    before = cpu_seconds();
    ok = lac_check_model(check)->fill(model, data, out, &error);
    judge_cancelled(check, "fill", ok, cpu_seconds() - before, error);
    lac_instance_free(model);
}

/* @model through a file into a new instance; NULL after a failure that is told. */
static LacModel *
through_file(LacCheck *check, const LacModel *model, LacContext *context)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacBundle) out = lac_bundle_new(), in = NULL;
    g_autofree char *path = NULL;
    LacModel *copy = lac_check_instance(check->plugin, NULL, NULL);
    const int fd = g_file_open_tmp("lacuna-check-XXXXXX", &path, &error);

    if (fd >= 0)
        close(fd);
    copy->instance.context = context;
    if (fd >= 0 && lac_check_model(check)->save(model, out, &error) &&
        lac_bundle_write(out, path, &error))
        in = lac_bundle_read(path, &error);
    if (in == NULL || !lac_check_model(check)->load(copy, in, &error)) {
        lac_check_fail(check, "%s", error != NULL ? error->message : "(no error set)");
        g_clear_pointer((gpointer *)&copy, lac_instance_free);
    }
    if (path != NULL)
        g_remove(path);
    return copy;
}

static LacMatrix *
apply(LacCheck *check, const LacModel *model, const LacData *in, gssize draw)
{
    g_autoptr(GError) error = NULL;
    const LacModelPlugin *plugin = lac_check_model(check);
    const gboolean predicts = plugin->fill == NULL;
    g_autoptr(LacMatrix) out = lac_matrix_new(in->rows, predicts ? in->n_classes : in->cols, NULL);
    const gboolean ok = draw >= 0  ? plugin->sample(model, in, (size_t)draw, out, &error)
                        : predicts ? plugin->predict(model, in, out, &error)
                                   : plugin->fill(model, in, out, &error);

    if (ok)
        return g_steal_pointer(&out);
    lac_check_fail(check, "%s failed: %s",
                   draw >= 0  ? "sample"
                   : predicts ? "predict"
                              : "fill",
                   error != NULL ? error->message : "(no error set)");
    return NULL;
}

static void
compare_copy(LacCheck *check, const LacModel *model, const LacModel *copy, const LacData *data,
             gssize draw)
{
    g_autoptr(LacMatrix) a = apply(check, model, data, draw);
    g_autoptr(LacMatrix) b = apply(check, copy, data, draw);
    size_t i, j;

    if (a != NULL && b != NULL && !lac_check_same(a, b, 0.0, &i, &j))
        lac_check_fail(check, "%s of cell (%zu, %zu) was %.17g and is %.17g after loading",
                       draw < 0 ? "fill" : "sample", i, j, lac_matrix_row(a, i)[j],
                       lac_matrix_row(b, i)[j]);
}

/* What the draws need may be saved only when they are announced: @draws of them, the last is asked
 * for. */
static void
check_saved_draws(LacCheck *check, size_t draws)
{
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacContext) later = lac_context_new(lac_rng_new(1));
    g_autoptr(LacData) data = NULL;
    LacModel *model, *copy;

    lac_context_set_draws(context, draws);
    lac_context_set_draws(later, draws);
    data = lac_check_base(check, 1);
    model = data != NULL ? lac_check_fitted(check, context, data) : NULL;
    copy = model != NULL ? through_file(check, model, later) : NULL;
    if (copy != NULL) {
        compare_copy(check, model, copy, data, -1);
        if (lac_check_model(check)->sample != NULL)
            compare_copy(check, model, copy, data, (gssize)draws - 1);
    }
    lac_instance_free(model);
    lac_instance_free(copy);
}

/* The cost of @model for @rows x @cols with 20 % holes; FALSE after a failure that is told. */
static gboolean
estimate(LacCheck *check, const LacModel *model, size_t rows, size_t cols, LacCost *out)
{
    const LacWorkload work = {rows, cols, 0.2, 1, 1};

    *out = (LacCost){NAN, NAN};
    lac_check_model(check)->cost(model, &work, out);
    if (isfinite(out->seconds) && isfinite(out->bytes) && out->seconds >= 0.0 && out->bytes >= 0.0)
        return TRUE;
    lac_check_fail(check, "for %zu rows and %zu columns it expects %g s and %g bytes", rows, cols,
                   out->seconds, out->bytes);
    return FALSE;
}

void
lac_check_cost(LacCheck *check)
{
    static const size_t sizes[][2] = {{1, 1}, {100, 5}, {100, 50}, {10000, 50}, {1000000, 2000}};
    LacCost before = {0}, now;
    LacModel *model;

    if (lac_check_model(check)->cost == NULL) {
        lac_check_note(check, "it does not estimate its cost");
        return;
    }
    model = lac_check_instance(check->plugin, NULL, NULL);
    for (size_t k = 0; k < G_N_ELEMENTS(sizes); k++, before = now) {
        if (!estimate(check, model, sizes[k][0], sizes[k][1], &now))
            break;
        if (now.seconds < before.seconds || now.bytes < before.bytes)
            lac_check_fail(check,
                           "%zu rows and %zu columns are expected to take %g s and %g bytes, less "
                           "than a smaller table (%g s, %g bytes)",
                           sizes[k][0], sizes[k][1], now.seconds, now.bytes, before.seconds,
                           before.bytes);
    }
    lac_instance_free(model);
}

void
lac_check_save_load(LacCheck *check)
{
    if (lac_check_model(check)->save == NULL) {
        lac_check_note(check, "it cannot be saved");
        return;
    }
    check_saved_draws(check, 1);
    check_saved_draws(check, 2);
}

static LacMatrix *
draw_of(LacCheck *check, const LacData *data, size_t draws, gssize draw)
{
    g_autoptr(GError) error = NULL;
    LacCheckRun run = LAC_CHECK_RUN_PLAIN;
    LacMatrix *out;

    run.draws = draws;
    run.draw = draw;
    out = lac_check_complete(check->plugin, &run, data, data, &error);
    if (out == NULL)
        lac_check_fail(check, "draw %zd of %zu failed: %s", draw, draws,
                       error != NULL ? error->message : "(no error set)");
    return out;
}

static void
check_sample(LacCheck *check)
{
    g_autoptr(LacData) data = NULL;
    g_autoptr(LacMatrix) zero = NULL, one = NULL, again = NULL;
    size_t i, j;

    if (lac_check_model(check)->sample == NULL) {
        lac_check_note(check, "it does not draw");
        return;
    }
    data = lac_check_base(check, 1);
    if (data == NULL)
        return;
    zero = draw_of(check, data, 2, 0);
    one = draw_of(check, data, 2, 1);
    again = draw_of(check, data, 5, 1);
    if (zero == NULL || one == NULL || again == NULL)
        return;
    if (!lac_check_completed(check, "draw 0", data, zero) ||
        !lac_check_completed(check, "draw 1", data, one))
        return;
    if (lac_check_same(zero, one, 0.0, &i, &j)) {
        if (lac_check_is(check->plugin, LAC_MODEL_DETERMINISTIC))
            lac_check_note(check, "its draws are all the same; it says LAC_MODEL_DETERMINISTIC");
        else
            lac_check_fail(check, "draws 0 and 1 are the same");
    }
    if (!lac_check_same(one, again, 0.0, &i, &j))
        lac_check_fail(check,
                       "draw 1 depends on how many are asked for: cell (%zu, %zu) is %.17g "
                       "of 2 and %.17g of 5",
                       i, j, lac_matrix_row(one, i)[j], lac_matrix_row(again, i)[j]);
}

/* Some lives of a model: made, fitted, asked, freed. */
typedef struct {
    LacCheck *check;
    const LacData *data;
    size_t cycles;
} Lives;

static gpointer
live(gpointer user)
{
    const Lives *lives = user;

    for (size_t k = 0; k < lives->cycles; k++)
        lac_matrix_free(lac_check_complete(lives->check->plugin, &LAC_CHECK_RUN_PLAIN, lives->data,
                                           lives->data, NULL));
    return NULL;
}

/* Lives run in a thread of their own, whose allocator caches go back to the heap when it ends. */
static void
run_lives(const Lives *lives)
{
    g_thread_join(g_thread_new("lives", live, (gpointer)lives));
}

#ifdef __SANITIZE_ADDRESS__

/* The sanitizer keeps the books, and sees a loss at once. */
static void
watch_lives(Lives *lives)
{
    lives->cycles = 1;
    run_lives(lives);
    if (__lsan_do_recoverable_leak_check() != 0)
        lac_check_fail(lives->check,
                       "each life of a model loses memory, LeakSanitizer says; free in `clear` "
                       "what fit and load allocate");
}

#else

/* Memory in use after some lives: what is then still in use was not freed. */
static size_t
in_use_after(const Lives *lives)
{
    run_lives(lives);
    return mallinfo2().uordblks + mallinfo2().hblkhd;
}

/* A leak is there in every window, whatever else comes and goes: the first window in which less is
 * lost than an allocation takes (16 bytes) for every life clears the model. */
static void
watch_lives(Lives *lives)
{
    const double start = cpu_seconds();
    size_t before, least = G_MAXSIZE;
    double life;

    mallopt(M_ARENA_MAX, 1); /* one heap, so that one number says it all */
    before = in_use_after(lives);
    life = (cpu_seconds() - start) / (double)lives->cycles;
    if (life > 2.0) {
        lac_check_note(lives->check, "not asked: one life takes %.1f s", life);
        return;
    }
    lives->cycles = life > 0.3 ? 3 : life > 0.05 ? 6 : 20;
    for (int window = 0; window < 8 && least >= 16 * lives->cycles; window++) {
        const size_t after = in_use_after(lives);

        least = MIN(least, after > before ? after - before : 0);
        before = after;
    }
    if (least >= 16 * lives->cycles)
        lac_check_fail(lives->check,
                       "each life of a model loses at least %zu bytes; free in `clear` what fit "
                       "and load allocate",
                       least / lives->cycles);
    else
        lac_check_note(lives->check, "least growth of %zu lives: %zu bytes", lives->cycles, least);
}

#endif

void
lac_check_leak(LacCheck *check)
{
    g_autoptr(LacData) data = lac_check_base(check, 1);
    Lives lives = {check, data, 2};

    if (data != NULL)
        watch_lives(&lives);
}

const LacCheckCase lac_check_model_cases[] = {
    {"takes its defaults and gives them back", lac_check_params_round_trip, 0},
    {"refuses bad parameters by name", lac_check_params_refused, 0},
    {"reproduces its example", lac_check_example, 0},
    {"fills every hole and leaves observed cells alone", lac_check_completes, 0},
    {"gives the same bytes for the same seed", lac_check_same_seed, 0},
    {"agrees on 1 and 2 threads", lac_check_threads, 0},
    {"completes rows it was not fitted on", lac_check_new_rows, 0},
    {"returns a table without holes as it is", lac_check_no_holes, 0},
    LAC_CHECK_ODD_TABLES(lac_check_odd_table),
    {"stops fitting when cancelled", lac_check_cancelled_fit, 0},
    {"stops filling when cancelled", check_cancelled_fill, 0},
    {"fills the same after save and load", lac_check_save_load, 0},
    {"draws completions that differ and do not depend on their number", check_sample, 0},
    {"gives whole rows back as numbers", lac_check_reconstruct, 0},
    {"gives log densities that are numbers", lac_check_log_density, 0},
    {"gives bounds that are numbers", lac_check_elbo, 0},
    {"predicts probabilities", lac_check_predict, 0},
    {"estimates costs that grow with the table", lac_check_cost, 0},
    {"frees what it allocates", lac_check_leak, 0},
    {NULL, NULL, 0},
};
