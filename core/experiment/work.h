/* A cell being worked on, shared by the way to its completion (runner.c) and its scores (score.c).
 */
#ifndef LACUNA_WORK_H
#define LACUNA_WORK_H

#include "experiment-private.h"
#include "imputer-private.h"

/** LacShare: the part of a cell's progress that one of its two trainings is; report is NULL when
 * nobody listens. @reached: what was told of the cell, shared by both: a model that completes rows
 * while its classifier learns counts from 0 again, and the cell does not. */
typedef struct {
    void (*report)(void *user, double done);
    void *user;
    double begin, end, *reached;
} LacShare;

/** LacWork: freed when the cell is done.
 * @draws: of LacMatrix, in model units; @log_density, @elbo: [rows] or NULL
 * @classifier: the downstream one with its scaling and encoding, or NULL; one that is there before
 *   lac_work_downstream() is trained already; @prediction: [rows of the
 *   test table x classes], or NULL */
typedef struct {
    const LacExperiment *experiment;
    const LacCell *cell;
    LacOutcome *outcome;
    LacSplit *split;
    LacData *train, *test_truth, *test;
    LacContext *context;
    LacImputer *imputer;
    LacMatrix *completed;
    GPtrArray *draws;
    double *log_density, *elbo;
    LacContext *classifier_context;
    LacImputer *classifier;
    size_t learns_from; /* completions of the training rows; set before the classifier is trained */
    LacMatrix *prediction;
    LacShare model_share, classifier_share;
    double reached; /* of the cell, told to who listens */
} LacWork;

/** lac_work_stream: the experiment's random stream called @purpose. */
LacRng lac_work_stream(const LacExperiment *experiment, const char *purpose);
/** lac_work_instance: a fresh instance of @choice; free with lac_instance_free(). */
LAC_PRIVATE_API gpointer lac_work_instance(const LacExperiment *experiment, const LacChoice *choice,
                                           GError **error);
/** lac_share_report: told @done of a LacShare @user, tells the listener. */
void lac_share_report(void *user, double done);
/** lac_work_draws: how many completions to draw from the cell's model. */
size_t lac_work_draws(const LacWork *work);
/** lac_work_downstream: train the cell's classifier, if it has one, and predict the test rows.
 * @truth: the whole table before masking; @rng: the classifier's stream */
LAC_PRIVATE_API gboolean lac_work_downstream(LacWork *work, const LacData *truth, const LacRng *rng,
                                             GError **error);
/** lac_work_refit: a LacRefit's learn() of the cell's method, @user its LacWork. What it meets, its
 * events and traces, stays out of the cell's. */
LAC_PRIVATE_API gboolean lac_work_refit(void *user, const LacData *table, uint64_t number, size_t n,
                                        LacMatrix *const *out, size_t *n_out, GError **error);
/** lac_work_score: draw, score by every metric, add the rows to the outcome. */
gboolean lac_work_score(LacWork *work, GError **error);

#endif
