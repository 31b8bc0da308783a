/* What the core lends to a component while it works: random streams, progress and cancellation,
 * traces, events, the initial imputer, and the memory it may use. */
#ifndef LACUNA_CONTEXT_H
#define LACUNA_CONTEXT_H

#include <lacuna/data.h>
#include <lacuna/rng.h>

G_BEGIN_DECLS

/** LacContext: made and freed by the core; a component finds it in its instance and never frees it.
 * All functions may be called from the thread that called the component. */
typedef struct LacContext LacContext;

struct LacOptimizer; /* <lacuna/optimizer.h> */

/** lac_context_rng: this component's own stream named @purpose, by value; equal purposes give equal
 * streams. Keyed by seed, repeat and cell, never by threads or time. */
LAC_API LacRng lac_context_rng(const LacContext *context, const char *purpose);

/**
 * lac_context_step:
 * @done: share of the work finished, 0 .. 1; not smaller than the last one
 * @error: LAC_ERROR_CANCELLED
 *
 * Call at least every tenth of a second of work, from the thread that called the component. Cheap
 * enough for every row: the user is told at most every 20 ms.
 * Returns: FALSE with LAC_ERROR_CANCELLED when the work should stop: clean up and return.
 */
LAC_API gboolean lac_context_step(LacContext *context, double done, GError **error);

/** lac_context_cancelled: the work should stop; for long pieces between two calls of
 * lac_context_step(), which then says so. Any thread may call. */
LAC_API gboolean lac_context_cancelled(const LacContext *context);

/** lac_context_draws: how many completions will be asked for; >= 1. */
LAC_API size_t lac_context_draws(const LacContext *context);

/** lac_context_memory: bytes a component may allocate for itself; G_MAXSIZE when not limited. */
LAC_API size_t lac_context_memory(const LacContext *context);

/**
 * lac_context_trace: one point of a convergence trace.
 * @series: what is traced ("mean", "sd", "loglik", "loss"...)
 * @column: index of the column it is about, or -1 for the whole table
 * @iteration: from 0; @chain: from 0
 * @value: in the unit of the series; "mean", "sd": in @column's, which the core turns back
 */
LAC_API void lac_context_trace(LacContext *context, const char *series, gssize column,
                               size_t iteration, size_t chain, double value);

/**
 * lac_context_event: tells the user that something was done differently from what was asked.
 * @code: a short constant word: constant collinear aliased ridge df-floor few-donors
 *   not-converged fallback level-unseen capped ...
 * @column: index of the column it is about, or -1
 * @format: a plain sentence: what was seen, what was done
 *
 * Equal (code, column) pairs are counted, their first sentence kept. Any thread may call.
 */
LAC_API void lac_context_event(LacContext *context, const char *code, gssize column,
                               const char *format, ...) G_GNUC_PRINTF(4, 5);

/**
 * lac_context_initial_fill: the experiment's initial imputer (`mean` when none is named), learnt
 * on @train and applied to @in; @out is in->rows x in->cols, complete afterwards.
 * @chain: keys the random draws of imputers that draw, so chains start from different fills
 * @error: what the imputer said, or LAC_ERROR_SHAPE for memory; @out is then not to be used
 */
LAC_API gboolean lac_context_initial_fill(LacContext *context, const LacData *train,
                                          const LacData *in, size_t chain, LacMatrix *out,
                                          GError **error);

/** lac_context_optimizer: the optimizer the user named, lent; NULL when none was: the training loop
 * then takes its usual one. */
LAC_API const struct LacOptimizer *lac_context_optimizer(const LacContext *context);

/**
 * lac_context_truth:
 * @in: the table the component was handed, the same object
 *
 * What was under the holes of @in, in the same units and columns: for methods that by their nature
 * train on clean targets, or compare with an oracle. There is one in experiments only.
 * Returns: owned; NULL with LAC_ERROR_DATA when nobody knows the truth.
 */
LAC_API LacData *lac_context_truth(LacContext *context, const LacData *in, GError **error);

/**
 * lac_context_pass:
 * @train: the table the component was given to learn from, the same object
 * @epoch: from 0
 *
 * @train as that epoch is to see it: the same rows and columns in the same units, but where a
 * classifier learns from one completion after the other, another completion. Of most contexts it is
 * @train itself. Returns: owned; NULL with the error of what made it.
 */
LAC_API LacData *
lac_context_pass(LacContext *context, const LacData *train, size_t epoch, GError **error);

/** lac_context_check_numerics: the user asked for every operator's result to be searched for NaN
 * and Inf (`--check-numerics`). */
LAC_API gboolean lac_context_check_numerics(const LacContext *context);

G_END_DECLS

#endif
