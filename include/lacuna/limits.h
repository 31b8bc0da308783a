/* Cells that are not missing but censored. */
#ifndef LACUNA_LIMITS_H
#define LACUNA_LIMITS_H

#include <lacuna/data.h>

G_BEGIN_DECLS

/** lac_data_is_censored: whether cell (@i, @j) is a hole with limits of its own, beside its
 * column's: a measurement below its detection limit, of which a model may learn. O(1). */
LAC_API gboolean lac_data_is_censored(const LacData *data, size_t i, size_t j);

G_END_DECLS

#endif
