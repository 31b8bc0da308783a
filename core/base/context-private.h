/* The core's side of a LacContext: who builds it decides what the component may use. */
#ifndef LACUNA_CONTEXT_PRIVATE_H
#define LACUNA_CONTEXT_PRIVATE_H

#include "base-private.h"
#include <lacuna/context.h>

G_BEGIN_DECLS

typedef gboolean (*LacInitialFill)(void *user, LacContext *context, const LacData *train,
                                   const LacData *in, size_t chain, LacMatrix *out, GError **error);

typedef LacData *(*LacTruth)(void *user, const LacData *in, GError **error);

typedef struct {
    char *series;
    gssize column;
    size_t iteration, chain;
    double value;
} LacTracePoint;

typedef struct {
    char *code;
    gssize column;
    char *detail; /* of the first of them */
    size_t count;
} LacEvent;

/** lac_context_new: no limits, one draw, mean as initial fill, no progress. Owned. */
LAC_PRIVATE_API LacContext *lac_context_new(LacRng rng);
LAC_PRIVATE_API void lac_context_free(LacContext *context);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacContext, lac_context_free)

LAC_PRIVATE_API void lac_context_set_draws(LacContext *context, size_t draws);
LAC_PRIVATE_API void lac_context_set_memory(LacContext *context, size_t bytes);
LAC_PRIVATE_API void lac_context_set_initial(LacContext *context, LacInitialFill fill, void *user);
/** lac_context_set_optimizer: lent, must outlive its use. */
LAC_PRIVATE_API void
lac_context_set_optimizer(LacContext *context, const struct LacOptimizer *optimizer);
/** lac_context_set_truth: who answers lac_context_truth(); NULL: nobody. */
LAC_PRIVATE_API void lac_context_set_truth(LacContext *context, LacTruth truth, void *user);
/** lac_context_set_passes: who answers lac_context_pass(); NULL: the table itself. */
typedef LacData *(*LacPasses)(void *user, size_t epoch, GError **error);
LAC_PRIVATE_API void lac_context_set_passes(LacContext *context, LacPasses passes, void *user);
LAC_PRIVATE_API void lac_context_set_check_numerics(LacContext *context, gboolean check);
/** lac_context_set_progress: @report gets the share done, at most every 20 ms, but always the first
 * time and when it reaches 1; in the thread that steps. */
LAC_PRIVATE_API void
lac_context_set_progress(LacContext *context, void (*report)(void *user, double done), void *user);
/** lac_context_set_kept_epoch: a training that failed left the parameters of its epoch number
 * @epoch, from 1, and the component can be saved with them; lac_context_kept_epoch(): 0: nothing
 * was left.
 */
LAC_PRIVATE_API void lac_context_set_kept_epoch(LacContext *context, size_t epoch);
LAC_PRIVATE_API size_t lac_context_kept_epoch(const LacContext *context);
/** lac_context_set_attempt: from now on the component's streams are those of its attempt number
 * @attempt; 0, where it starts, is the usual one. For draws that had to be refused. */
LAC_PRIVATE_API void lac_context_set_attempt(LacContext *context, uint64_t attempt);
/** lac_context_cancel: async-signal-safe; the next step fails. */
LAC_PRIVATE_API void lac_context_cancel(LacContext *context);

/** lac_context_mark: remember which traces and events there are; _rewind: forget those that came
 * later. Any number of times; not while a component works. */
LAC_PRIVATE_API void lac_context_mark(LacContext *context);
LAC_PRIVATE_API void lac_context_rewind(LacContext *context);
/** lac_context_trace_units: from number @from on, the points of series "mean" of @column become
 * @shift + @factor value, and those of series "sd" @factor value. */
LAC_PRIVATE_API void lac_context_trace_units(LacContext *context, guint from, gssize column,
                                             double shift, double factor);
/** lac_context_traces, _events: what was collected; arrays of pointers lent until free. */
LAC_PRIVATE_API const GPtrArray *lac_context_traces(const LacContext *context);
LAC_PRIVATE_API const GPtrArray *lac_context_events(const LacContext *context);

/** lac_threads_set: the one thread setting (0: all cores allowed to this process). Sets OpenMP and
 * OpenBLAS alike. */
LAC_PRIVATE_API void lac_threads_set(unsigned n);

/** lac_runtime_blas_core: name of OpenBLAS's kernels in use. Static. */
LAC_PRIVATE_API const char *lac_runtime_blas_core(void);
/** lac_runtime_prepare: first thing in main. When OpenBLAS chose kernels older than this processor,
 * sets OPENBLAS_CORETYPE and re-executes the program once. */
LAC_PRIVATE_API void lac_runtime_prepare(int argc, char **argv);

G_END_DECLS

#endif
