/* The product of all axes. */
#ifndef LACUNA_CELLS_H
#define LACUNA_CELLS_H

#include "experiment-private.h"

/** lac_cells_expand: fill @experiment->cells from its alternatives, `exclude` taken out. */
gboolean lac_cells_expand(LacExperiment *experiment, GError **error);

#endif
