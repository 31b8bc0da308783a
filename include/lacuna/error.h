/* One error domain for everything that can go wrong outside a programmer's control. */
#ifndef LACUNA_ERROR_H
#define LACUNA_ERROR_H

#include <lacuna/macros.h>

G_BEGIN_DECLS

/**
 * LacErrorCode:
 * @LAC_ERROR_PARAM: a parameter, option or experiment file says something we cannot do
 * @LAC_ERROR_DATA: the data do not allow it (no observed cell, unseen level, ragged row ...)
 * @LAC_ERROR_SHAPE: sizes do not fit each other, or do not fit in memory
 * @LAC_ERROR_NUMERIC: a computation broke down (singular, overflow, not finite)
 * @LAC_ERROR_IO: reading or writing failed
 * @LAC_ERROR_PLUGIN: a plugin could not be found, loaded or trusted
 * @LAC_ERROR_CANCELLED: the user or a time limit stopped the work
 */
typedef enum {
    LAC_ERROR_PARAM = 1,
    LAC_ERROR_DATA,
    LAC_ERROR_SHAPE,
    LAC_ERROR_NUMERIC,
    LAC_ERROR_IO,
    LAC_ERROR_PLUGIN,
    LAC_ERROR_CANCELLED,
} LacErrorCode;

#define LAC_ERROR (lac_error_quark())
/** lac_error_quark: the domain of all errors here; written LAC_ERROR. */
LAC_API GQuark lac_error_quark(void);

/**
 * lac_fail:
 * @error: where to put the error; may be NULL
 * @code: a LacErrorCode
 * @format: "where: what was seen and what was expected; how to mend"
 *
 * Sets @error and returns FALSE, so that a failing function ends in `return lac_fail(...)`.
 */
LAC_API gboolean lac_fail(GError **error, LacErrorCode code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/**
 * lac_fail_null: as lac_fail(), for functions that return a pointer. Always NULL.
 */
LAC_API gpointer lac_fail_null(GError **error, LacErrorCode code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/**
 * lac_try_alloc:
 * @count, @size: as for calloc; the memory is zeroed
 * @what: names the thing in the message ("completed table")
 * @error: LAC_ERROR_SHAPE with the size in MiB when there is no such memory
 *
 * For anything the size of a data matrix. Returns: owned, free with g_free(); NULL on failure.
 */
LAC_API gpointer lac_try_alloc(size_t count, size_t size, const char *what, GError **error);

G_END_DECLS

#endif
