/* The product of all axes. */
#ifndef LACUNA_CELLS_H
#define LACUNA_CELLS_H

#include "experiment-private.h"

/** lac_cells_expand: fill @experiment->cells from its alternatives, `exclude` taken out. */
gboolean lac_cells_expand(LacExperiment *experiment, GError **error);

/** lac_cell_record: what @cell is, at @position of the experiment; its trials have theirs already.
 * Owned. */
LacCellRecord *
lac_cell_record(const LacExperiment *experiment, const LacCell *cell, size_t position);
/** lac_choices_families: how many @choices there are when all draws of one search count as one; 0
 * for NULL. */
guint lac_choices_families(const GPtrArray *choices);

/** lac_choice_key: of a component that need not be there. Lent. */
static inline const char *
lac_choice_key(const LacChoice *choice)
{
    return choice != NULL ? choice->key : "";
}

#endif
