#include <lacuna/error.h>

#include <stdarg.h>
#include <string.h>

G_DEFINE_QUARK(lac - error - quark, lac_error)

static void
error_set(GError **error, LacErrorCode code, const char *format, va_list arguments)
{
    if (error != NULL) {
        g_assert(*error == NULL);
        *error = g_error_new_valist(LAC_ERROR, (gint)code, format, arguments);
    }
}

gboolean
lac_fail(GError **error, LacErrorCode code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    error_set(error, code, format, arguments);
    va_end(arguments);
    return FALSE;
}

gpointer
lac_fail_null(GError **error, LacErrorCode code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    error_set(error, code, format, arguments);
    va_end(arguments);
    return NULL;
}

gpointer
lac_try_alloc(size_t count, size_t size, const char *what, GError **error)
{
    /* one element more than nothing, so that NULL always means failure */
    gpointer memory = g_try_malloc0_n(MAX(count, 1), MAX(size, 1));

    if (memory == NULL)
        lac_fail(error, LAC_ERROR_SHAPE, "%s: cannot allocate %.0f MiB", what,
                 (double)count * (double)size / (1024.0 * 1024.0));
    return memory;
}
