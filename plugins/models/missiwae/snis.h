/* One pass of importance sampling over a table, for snis.c, snis-quantile.c and fill.c. */
#ifndef SNIS_H
#define SNIS_H

#include "missiwae.h"
#include "tail.h"

/** Job: what one pass reads and writes; outputs that are NULL are not wanted. */
typedef struct {
    const Dlvm *self, *encoder; /* decoder and encoder are theirs */
    const Rows *rows, *oracle;
    size_t n;
    const size_t *index; /* [n] rows that are worked on */
    size_t first;        /* block the slice at hand begins with */
    size_t draws;
    LacRng noise, cells, picks;
    LacTape **tapes;  /* [threads] */
    double *expected; /* [rows][cols] settled values */
    float *winners;   /* [rows][draws][width] what was resampled */
    size_t width;
    size_t parts;       /* samples kept of a row for quantiles, 0: none are wanted */
    double *likelihood; /* [rows] ln p(x^o) */
    double *effective;  /* [rows] effective sample size */
    double *shape;      /* [rows] k-hat of the weights' tail */
    GMutex lock;        /* of error */
    GError *error;
} Job;

/** Row: on its way through L samples. Weights are relative to e^max, which rises as it goes. */
typedef struct {
    double max, sum, squares;
    double *expected; /* [width] */
    LacReal *mu, *s;  /* [d] */
    double *class;    /* [components] log shares of hivae's classes */
    const uint8_t *o; /* [cols] */
    LacRng noise, cells, *pick, skip;
    float *winners; /* [draws][width] or NULL */
    size_t met;     /* samples so far */
    float *part;    /* [parts][width] samples kept for quantiles */
    double *part_log_weight;
    Tail tail;
} Row;

/** row_quantiles: @out: [cols] of the numbers of one row: not-miwae's are weighted draws of the
 * cells, others mixtures of their heads, decoded once more. Shares of discrete columns are at hand
 * already. */
void row_quantiles(const Job *job, LacTape *tape, Row *row, double *out);
/** job_run: all rows of @job; it sets streams and tapes itself. FALSE with the first error. */
gboolean job_run(Job *job, GError **error);
/** inference_tape: values only. */
LacTape *inference_tape(const Dlvm *self);

#endif
