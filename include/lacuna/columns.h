/* Columns that people name: found, or met with the nearest name. */
#ifndef LACUNA_COLUMNS_H
#define LACUNA_COLUMNS_H

#include <lacuna/data.h>

G_BEGIN_DECLS

/** lac_columns_near: the column of @data whose name is a slip of the finger away from @name, or
 * NULL. Lent by @data. */
LAC_API const char *lac_columns_near(const LacData *data, const char *name);

/**
 * lac_columns_find:
 * @who: who names it, in what: "mice: sequence"
 * @error: LAC_ERROR_PARAM, "mice: sequence names column 'ag', which nhanes.csv does not have; did
 * you mean 'age'?"
 *
 * Returns: the index of the column called @name, or -1 with @error.
 */
LAC_API gssize lac_columns_find(const LacData *data, const char *name, const char *who,
                                GError **error);

G_END_DECLS

#endif
