/* The `search:` block of an experiment file. */
#ifndef LACUNA_SEARCH_H
#define LACUNA_SEARCH_H

#include "experiment-private.h"

/** lac_search_parse: draws and shares, before any component is read. */
gboolean lac_search_parse(LacExperiment *experiment, GError **error);
/** lac_search_check: once all components are known: something is drawn, and each stage has a metric
 * it can be judged by. */
gboolean lac_search_check(LacExperiment *experiment, GError **error);
/** lac_search_metric_of: by what trials of @stage are judged. */
const LacChoice *lac_search_metric_of(const LacExperiment *experiment, LacStage stage);

#endif
