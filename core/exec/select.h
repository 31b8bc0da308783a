/* What the searches of a cell have chosen. */
#ifndef LACUNA_SELECT_H
#define LACUNA_SELECT_H

#include "exec-private.h"

/** lac_select_is_ready: none of the trials @cell waits for is in @pending (a set of ids). */
gboolean lac_select_is_ready(const LacCell *cell, GHashTable *pending);

/**
 * lac_select: choose among the stored trials of @cell and write the choice into it and its record.
 * @refusal: (out): owned; why there is nothing to choose from (every trial failed), or NULL
 * @error: LAC_ERROR_IO when the results cannot be read
 */
gboolean lac_select(const LacExperiment *experiment, LacStore *store, LacCell *cell, char **refusal,
                    GError **error);

#endif
