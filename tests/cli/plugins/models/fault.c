/* fault: a model that does one thing wrong, or only takes its time. For the tests of lacuna run. */
#include <lacuna/model.h>

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef enum {
    HOW_NONE,
    HOW_SEGV,
    HOW_ABORT,
    HOW_EXIT,
    HOW_KILL,
    HOW_HANG,
    HOW_HOG,
    HOW_NAN,
    HOW_TOUCH,
    HOW_FAIL,
    HOW_SILENT,
    HOW_CHATTER,
} How;

static const char *const hows[] = {"none", "segv",  "abort", "exit",   "kill",    "hang", "hog",
                                   "nan",  "touch", "fail",  "silent", "chatter", NULL};

typedef struct {
    LacModel base;
    int how;
    double seconds, off;
    int64_t which;
} FaultModel;

static const LacParam params[] = {
    LAC_PARAM_CHOICE(FaultModel, how, HOW_NONE, hows, "What goes wrong"),
    LAC_PARAM_DOUBLE(FaultModel, seconds, 0.0, LAC_RANGE(0.0, 60.0), "s", "How long fit takes"),
    LAC_PARAM_DOUBLE(FaultModel, off, 0.0, LAC_RANGE_ANY, "",
                     "How far every fill is from what it would be"),
    LAC_PARAM_INT(FaultModel, which, 0, LAC_RANGE(0, 1000), "",
                  "Tells otherwise equal cells apart"),
    LAC_PARAM_END,
};

static void
hang(void)
{
    for (;;)
        usleep(1000);
}

/* Touches every page, so that the memory is really taken. */
static void
hog(void)
{
    const size_t chunk = (size_t)16 << 20;

    for (;;) {
        char *memory = malloc(chunk);

        if (memory == NULL)
            abort();
        memset(memory, 1, chunk);
        usleep(2000);
    }
}

/* With FAULT_GATE a cell whose `which` is above FAULT_FREE waits until that file is there: tests
 * that kill or interrupt a run know how far it has come. */
static gboolean
wait_at_gate(const FaultModel *self, GError **error)
{
    const char *gate = getenv("FAULT_GATE"), *without = getenv("FAULT_FREE");

    if (gate == NULL || without == NULL || self->which <= atoi(without))
        return TRUE;
    while (access(gate, F_OK) != 0) {
        usleep(20000);
        if (!lac_context_step(self->base.instance.context, 0.5, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
fault_fit(LacModel *model, const LacData *train, GError **error)
{
    const FaultModel *self = LAC_CAST(FaultModel, model);

    for (double t = 0; t < self->seconds; t += 0.02) {
        usleep(20000);
        if (!lac_context_step(model->instance.context, t / self->seconds, error))
            return FALSE;
    }
    if (!wait_at_gate(self, error))
        return FALSE;
    switch (self->how) {
    case HOW_SEGV:
        signal(SIGSEGV, SIG_DFL); /* a sanitizer has its own */
        raise(SIGSEGV);
        break;
    case HOW_ABORT:
        fprintf(stderr, "the model lost its mind\n");
        abort();
    case HOW_EXIT:
        _exit(5); /* not exit(): what a sanitizer does at the end of a process is not our case */
    case HOW_KILL:
        raise(SIGKILL);
        break;
    case HOW_HANG:
        hang();
        break;
    case HOW_HOG:
        hog();
        break;
    case HOW_FAIL:
        return lac_fail(error, LAC_ERROR_NUMERIC, "fault: asked to fail on %zu rows", train->rows);
    case HOW_SILENT:
        return FALSE;
    case HOW_CHATTER: /* a plugin that prints must not disturb anything */
        for (int i = 0; i < 100000; i++) {
            puts("chatter on standard output");
            fputs("chatter on standard error\n", stderr);
        }
        break;
    default:
        break;
    }
    return TRUE;
}

static gboolean
fault_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    const FaultModel *self = LAC_CAST(FaultModel, model);

    for (size_t i = 0; i < in->rows; i++)
        for (size_t j = 0; j < in->cols; j++)
            lac_matrix_row(out, i)[j] = !lac_data_is_hole(in, i, j)
                                            ? lac_data_at(in, i, j) + (self->how == HOW_TOUCH)
                                            : (self->how == HOW_NAN ? NAN : 0.5 + self->off);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("fault", "Fails in the way it is asked to", FaultModel, params),
    .traits = LAC_MODEL_DETERMINISTIC,
    .fit = fault_fit,
    .fill = fault_fill,
};
