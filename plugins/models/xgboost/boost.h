/* Chained boosting. One file a concern:
 *   xgboost.c  parameters, the core's slots, saving
 *   booster.c  XGBoost's C library: one boosted model, its errors as ours
 *   chain.c    column after column, round after round; the same again for rows to complete */
#ifndef LACUNA_BOOST_H
#define LACUNA_BOOST_H

#include <lacuna/model.h>

/** A learner keeps no more donors than this; they are thinned evenly along their predictions. */
#define BOOST_MOST_DONORS 4096

/**
 * BoostColumn: a column of the table.
 * @first, @width: its columns of the design: one, or one for each level of a nominal column
 * @centre, @sd: of its observed numbers or codes; @constant: one value only, which is @centre
 * @classes: 0: a regression; otherwise levels of a classification
 */
typedef struct {
    LacKind kind;
    size_t first, width, classes;
    double centre, sd;
    gboolean constant;
} BoostColumn;

/**
 * BoostLearner: what predicts a column in one round.
 * @handle: of XGBoost; NULL: none in this round
 * @rounds: trees (of each class) that early stopping kept
 * @score, @value: [n_donors] predictions, ascending, of rows that observe the column, and their
 *   values; last round of regressions only
 */
typedef struct {
    void *handle;
    int64_t rounds;
    size_t n_donors;
    double *score, *value;
} BoostLearner;

typedef struct {
    LacModel base;
    int64_t iterations, trees, depth, patience, donors; /* parameters */
    double rate, subsample, child_weight, hold_out;
    gboolean bootstrap;
    LacData *train; /* for bootstrap; NULL when loaded */

    size_t cols, q;
    BoostColumn *column;   /* [cols] */
    size_t *order;         /* [cols] visiting order: fewest holes first */
    BoostLearner *learner; /* [iterations][cols] */
} BoostModel;

static inline BoostLearner *
boost_learner(const BoostModel *self, size_t round, size_t j)
{
    return &self->learner[round * self->cols + j];
}

/** BoostSet: @rows x @cols features, NaN where not known; @y: [rows] or NULL. */
typedef struct {
    size_t rows, cols;
    float *x, *y;
} BoostSet;

/* booster.c */
/**
 * boost_train:
 * @held: rows to stop early by; rows may be 0
 * @classes: 0: squared error; 2: logistic; more: one column of probabilities each
 */
gboolean boost_train(const BoostModel *self, const BoostSet *train, const BoostSet *held,
                     size_t classes, uint64_t seed, BoostLearner *out, GError **error);
/** boost_predict: @out [rows * MAX(classes, 1)], for two classes [rows] of the second. */
gboolean boost_predict(const BoostLearner *learner, const BoostSet *set, size_t n_out, double *out,
                       GError **error);
gboolean boost_save(const BoostLearner *learner, char **bytes, gsize *n, GError **error);
gboolean boost_load(BoostLearner *learner, const void *bytes, gsize n, GError **error);
void boost_learner_clear(BoostLearner *learner);

/* chain.c */
gboolean boost_fit(BoostModel *self, const LacData *train, GError **error);
/** boost_complete: draws when @draw is given. */
gboolean boost_complete(const BoostModel *self, const LacData *in, const LacRng *draw,
                        LacMatrix *out, GError **error);

#endif
