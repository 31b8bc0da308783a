/* What the schema for editors and the page for people are both made of. */
#ifndef LACUNA_SCHEMA_H
#define LACUNA_SCHEMA_H

#include "experiment-private.h"
#include "keys.h"

/** LacPlace: models come in two sorts: those that fill holes, and those that only predict labels.
 */
typedef enum { LAC_PLACE_POSITION, LAC_PLACE_DOWNSTREAM } LacPlace;

/** lac_schema_plugins: every plugin of @kind that can be used at @place, lent, by name. */
GPtrArray *lac_schema_plugins(LacPluginKind kind, LacPlace place, GError **error);
/** lac_schema_params: its parameters, lent, in their order. */
GPtrArray *lac_schema_params(const LacPlugin *plugin);
/** lac_schema_default: the default as a node, owned; NULL when there is none. */
LacNode *lac_schema_default(const LacPlugin *plugin, const LacParam *param);

#endif
