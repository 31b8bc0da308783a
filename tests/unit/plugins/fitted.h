/* What the tests of model plugins share: a fitted model with its context and results. */
#ifndef LAC_PLUGINS_FITTED_H
#define LAC_PLUGINS_FITTED_H

#include "context-private.h"
#include "lac_test.h"
#include "registry-private.h"

G_BEGIN_DECLS

/** Fitted: @out is the last completion, rows x cols of the table it was asked for. */
typedef struct {
    LacContext *context;
    LacModel *model;
    const LacModelPlugin *plugin;
    LacMatrix *out;
} Fitted;

/** fitted_table: @values [rows][cols] are copied, NaN is a hole; @kinds: one letter a column,
 * c(ontinuous) i(nteger) b(inary) n(ominal) o(rdinal), NULL for all continuous. Levels of
 * categories are as many as the largest code says, at least two. */
LacData *fitted_table(size_t rows, size_t cols, const double *values, const char *kinds);
/** fitted_made: rows x cols normal columns, all correlated by @r, the share @rate hidden. */
LacData *fitted_made(size_t rows, size_t cols, double r, double rate, uint64_t seed);

/** fitted_new: model @name with parameters @yaml (NULL: defaults), fitted on @train, which stays
 * the caller's. @draws: that will be asked for. NULL with @error. */
Fitted *fitted_new(const char *name, const char *yaml, const LacData *train, size_t draws,
                   uint64_t seed, GError **error);
void fitted_free(Fitted *fitted);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fitted, fitted_free)

/** fitted_fill, _sample: completed @in, lent until the next call; a failed test and NULL when the
 * model fails, leaves a hole or changes an observed cell. */
const double *fitted_fill(Fitted *fitted, const LacData *in);
const double *fitted_sample(Fitted *fitted, const LacData *in, size_t draw);

/** fitted_spread_of_means: one normal column of 40 rows, every other one a hole: the sd, over
 * @draws completions by model @name, of the mean of what was imputed. That mean strays by
 * s / 20^(1/2) around what was learnt, and what was learnt by as much around the truth. NaN and a
 * failed test when the model fails. */
double fitted_spread_of_means(const char *name, const char *yaml, size_t draws);

/** fitted_events: how many events of @code there were, for @column (-2: any). */
size_t fitted_events(const Fitted *fitted, const char *code, gssize column);
/** fitted_trace: value of a trace point; NaN when there is none. */
double fitted_trace(const Fitted *fitted, const char *series, gssize column, size_t iteration,
                    size_t chain);

G_END_DECLS

#endif
