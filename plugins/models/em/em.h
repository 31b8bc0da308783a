/* The parts of em: em.c meets the core, fit.c does the estimation, censored.c what is known of
 * values under holes. */
#ifndef LACUNA_EM_H
#define LACUNA_EM_H

#include <lacuna/gaussian.h>
#include <lacuna/model.h>

typedef struct {
    LacModel base;
    int64_t iterations; /* parameters */
    double tol, ridge;
    gboolean accelerate, bootstrap;

    size_t cols, p;
    size_t *used;          /* [p] columns that vary: the others are not part of the Gaussian */
    double *centre, *sd;   /* [cols] of the observed cells; sd is 1 for constant columns */
    LacGaussian *gaussian; /* of the standardised used columns */
    const LacData *train;  /* for bootstrap fits; NULL in a loaded model */
    LacGaussian **boot;    /* [n_boot] stored bootstrap fits of a loaded model */
    size_t n_boot;
} EmModel;

/** EmRows: the used columns of a table, standardised. */
typedef struct {
    LacMask *holes; /* rows x p */
    LacMatrix *x;   /* rows x p, NaN in the holes */
    LacPatterns *patterns;
} EmRows;

void em_rows_free(EmRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EmRows, em_rows_free)
EmRows *em_rows_new(const EmModel *self, const LacData *data, GError **error);

/** em_learn_columns: centre, sd and used; refuses a column without observed cells. */
gboolean em_learn_columns(EmModel *self, const LacData *train, GError **error);

/**
 * em_estimate: maximum likelihood, or the mode under the ridge.
 * @weight: [rows] in the table's order, or NULL
 * @start: copied
 * @loud: trace the log-likelihood, report progress and events
 */
LacGaussian *em_estimate(const EmModel *self, const EmRows *rows, const double *weight,
                         const LacGaussian *start, gboolean loud, GError **error);

/* censored.c */
/** em_complete_rows: @rows of @in completed inside its limits: means, or draws when @rng is given.
 */
gboolean em_complete_rows(const EmModel *self, const LacGaussian *gaussian, const LacData *in,
                          EmRows *rows, const LacRng *rng, GError **error);
/** em_learn_censored: where cells of @train are censored, the estimate is made again from tables in
 * which they are drawn inside their limits (stochastic EM). */
gboolean em_learn_censored(EmModel *self, const LacData *train, GError **error);
/** em_take_censored: the censored cells of @train drawn into @rows, as if they were observed. */
gboolean em_take_censored(const EmModel *self, const LacData *train, size_t draw, EmRows *rows,
                          GError **error);

/** em_bootstrap: estimate from rows of the training table drawn with replacement. */
LacGaussian *em_bootstrap(const EmModel *self, const EmRows *rows, size_t draw, GError **error);

#endif
