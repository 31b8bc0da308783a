/* Nominal columns of very many levels, for methods that spend a column, a class or an output on
 * each. */
#ifndef LACUNA_LEVELS_H
#define LACUNA_LEVELS_H

#include <lacuna/data.h>
#include <lacuna/error.h>

G_BEGIN_DECLS

/** LAC_LEVELS_MOST: beyond this a column of numbers a level is no way to treat a column. */
#define LAC_LEVELS_MOST 1000

/**
 * lac_levels_check:
 * @table: with its columns as people know them
 * @who: the method, for the message
 * @error: LAC_ERROR_DATA: a nominal column has more than LAC_LEVELS_MOST levels; names it
 */
LAC_API gboolean lac_levels_check(const LacSchema *table, const char *who, GError **error);

G_END_DECLS

#endif
