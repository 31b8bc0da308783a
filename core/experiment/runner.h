/* A runner and the first half of its way: data, holes, rows. Shared by tables.c and runner.c. */
#ifndef LACUNA_RUNNER_H
#define LACUNA_RUNNER_H

#include "work.h"

/** LacFitted: what a cell has once its model is fitted, up to its classifier. */
typedef struct {
    LacSplit *split;
    LacData *train, *test_truth, *test;
    LacContext *context;
    LacImputer *imputer;
    LacMatrix *completed;
    double fit_s, apply_s, cpu_s, peak_rss_mib;
    char *classifier_key;
    LacContext *classifier_context;
    LacImputer *classifier;
} LacFitted;

struct LacCellRunner {
    const LacExperiment *experiment;
    void (*report)(void *user, double done);
    void *user;
    gboolean check_numerics;
    /* what was made last, and for what */
    const LacChoice *data, *tests, *mask;
    size_t mask_repeat, n_tests;
    LacData *truth, *incomplete;
    LacContext *reading; /* what the readers had to tell of the table */
    /* a model with its completion of the test rows, for the next classifier behind it */
    char *fitted_key;
    LacFitted fitted;
};

/** lac_runner_data_stream: below @purpose: repeat and data; every model and every mask meets the
 * same. lac_runner_mask_stream: and mask parameters; every model meets the same. */
LacRng
lac_runner_data_stream(const LacExperiment *experiment, const LacCell *cell, const char *purpose);
LacRng
lac_runner_mask_stream(const LacExperiment *experiment, const LacCell *cell, const char *purpose);

/** lac_runner_tables: read and hide, and say in the outcome what came of it. */
gboolean lac_runner_tables(LacCellRunner *runner, LacWork *work, GError **error);
/** lac_runner_split: training and test rows; of a trial, both are training rows of its cell. */
gboolean lac_runner_split(const LacCellRunner *runner, LacWork *work, GError **error);

#endif
