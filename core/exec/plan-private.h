/* Before the first cell: what is left to do, and what is known about this machine. */
#ifndef LACUNA_PLAN_PRIVATE_H
#define LACUNA_PLAN_PRIVATE_H

#include "exec-private.h"

G_BEGIN_DECLS

/** lac_plan_todo: cells that have no result yet, or only a crash; with @retry_failed also those
 * that failed. @stored: of lac_store_cells(). Array of lent LacCell, owned. */
LAC_PRIVATE_API GPtrArray *
lac_plan_todo(const LacExperiment *experiment, GHashTable *stored, gboolean retry_failed);
/** lac_plan_stale: ids that are stored but not part of @experiment. Owned strv. */
LAC_PRIVATE_API char **lac_plan_stale(const LacExperiment *experiment, GHashTable *stored);
/** lac_plan_note_environment: machine, programs, plugins and data behind the results. */
LAC_PRIVATE_API gboolean lac_plan_note_environment(LacStore *store, const LacExperiment *experiment,
                                                   size_t workers, unsigned threads,
                                                   GError **error);

G_END_DECLS

#endif
