/* What is known of the values under holes. */
#ifndef LACUNA_LIMITS_PRIVATE_H
#define LACUNA_LIMITS_PRIVATE_H

#include "base-private.h"
#include <lacuna/data.h>

G_BEGIN_DECLS

/**
 * LacColumnLimits:
 * @lower, @upper: of every hole of the column; -inf, +inf
 * @above, @below: [rows] of single cells, -inf and +inf where nothing is known; or NULL
 * @rounds: values are rounded before they are compared
 */
typedef struct {
    double lower, upper;
    double *above, *below;
    gboolean rounds;
} LacColumnLimits;

struct LacLimits {
    gint ref_count;
    size_t rows, cols;
    LacColumnLimits *column; /* [cols] */
};

/** lac_limits_new: nothing is known. Owned, one reference; to be changed before it is shared. */
LAC_PRIVATE_API LacLimits *lac_limits_new(size_t rows, size_t cols);
LAC_PRIVATE_API LacLimits *lac_limits_ref(LacLimits *limits);
LAC_PRIVATE_API void lac_limits_unref(LacLimits *limits);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacLimits, lac_limits_unref)

/** lac_limits_set: cell limit @value of hole (@i, @j) from above (@below) or from below. FALSE with
 * LAC_ERROR_SHAPE when there is no memory for the column's. */
LAC_PRIVATE_API gboolean lac_limits_set(LacLimits *limits, size_t i, size_t j, gboolean below,
                                        double value, GError **error);
/** lac_limits_select_rows: those of rows @index [n]. NULL in, NULL out. */
LAC_PRIVATE_API gboolean lac_limits_select_rows(const LacLimits *limits, size_t n,
                                                const size_t *index, LacLimits **out,
                                                GError **error);

/** LacLimitsMap: @x of column @j in other units; increasing. */
typedef double (*LacLimitsMap)(const void *user, size_t j, double x);
/**
 * lac_limits_map: of a table whose column k is column @source[k] of this one (-1: a new one, of
 * which nothing is known), in the units of @map (NULL: the same). Rounded columns are no longer
 * rounded in other units; the map sees their limits wider by 1/2.
 */
LAC_PRIVATE_API gboolean lac_limits_map(const LacLimits *limits, size_t cols, const gssize *source,
                                        LacLimitsMap map, const void *user, LacLimits **out,
                                        GError **error);

/** lac_limits_map_some: the same columns, of which those of @which [cols] are in other units. */
LAC_PRIVATE_API gboolean lac_limits_map_some(const LacLimits *limits, const gboolean *which,
                                             LacLimitsMap map, const void *user, LacLimits **out,
                                             GError **error);

/** lac_data_take_limits: (transfer full), NULL is fine; only before @data is shared. */
LAC_PRIVATE_API void lac_data_take_limits(LacData *data, LacLimits *limits);

G_END_DECLS

#endif
