/* The images a cell leaves for the report. */
#ifndef LACUNA_IMAGES_H
#define LACUNA_IMAGES_H

#include "experiment-private.h"

/** lac_images_add: images.npz to @outcome when the rows of @truth are images. @rows: numbers of its
 * rows in the data set; which of them are shown depends on @rng and their number only. */
void lac_images_add(LacOutcome *outcome, const LacData *truth, const LacData *incomplete,
                    const LacMatrix *completed, const size_t *rows, LacRng rng);

#endif
