/* Parts of an experiment file's top level, each read by a file of its own. */
#ifndef LACUNA_PARSE_H
#define LACUNA_PARSE_H

#include "experiment-private.h"

/** lac_parse_integer: @map's @key in [@lower, @upper]; @out stays as it is when it is absent. */
gboolean lac_parse_integer(const LacNode *map, const char *key, int64_t lower, int64_t upper,
                           int64_t *out, GError **error);
/** lac_parse_scale_and_split: both keys of @e, or their defaults. */
gboolean lac_parse_scale_and_split(LacExperiment *e, GError **error);

#endif
