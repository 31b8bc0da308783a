/* Looking columns up where there are many. */
#ifndef LACUNA_SCHEMA_PRIVATE_H
#define LACUNA_SCHEMA_PRIVATE_H

#include "base-private.h"
#include <lacuna/data.h>

G_BEGIN_DECLS

/** lac_schema_find_from: lac_schema_find() that looks at @start first, then at what comes after it,
 * then at the rest: two tables of the same columns are matched without a search. */
LAC_PRIVATE_API gssize lac_schema_find_from(const LacSchema *schema, size_t start,
                                            const char *name);

G_END_DECLS

#endif
