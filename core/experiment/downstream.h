/* The `downstream:` block of an experiment file. */
#ifndef LACUNA_DOWNSTREAM_H
#define LACUNA_DOWNSTREAM_H

#include "experiment-private.h"

/** lac_downstream_parse: fill @experiment->downstream from the file; models and splits are known.
 */
gboolean lac_downstream_parse(LacExperiment *experiment, GError **error);
/** lac_downstream_table_name: as the file writes it. */
const char *lac_downstream_table_name(LacDownstreamTable table);

#endif
