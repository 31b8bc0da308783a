/* What a fit said of itself, for people who ask to hear more (-v). */
#include "impute-private.h"

#include <string.h>

/* Whether @point belongs to the whole table and comes last in its series. */
static gboolean
is_last(const GPtrArray *traces, guint at)
{
    const LacTracePoint *point = g_ptr_array_index(traces, at);

    if (point->column >= 0 || point->chain > 0)
        return FALSE;
    for (guint i = at + 1; i < traces->len; i++) {
        const LacTracePoint *other = g_ptr_array_index(traces, i);

        if (other->column < 0 && other->chain == 0 && strcmp(other->series, point->series) == 0)
            return FALSE;
    }
    return TRUE;
}

void
lac_impute_say_traces(const LacContext *context)
{
    const GPtrArray *traces = lac_context_traces(context);
    g_autoptr(GString) all = g_string_new(NULL);

    if (!lac_cli_verbose())
        return;
    for (guint i = 0; i < traces->len; i++) {
        const LacTracePoint *point = g_ptr_array_index(traces, i);

        if (is_last(traces, i))
            g_string_append_printf(all, "%s%s %.5g", all->len > 0 ? ", " : "", point->series,
                                   point->value);
    }
    if (all->len > 0)
        lac_cli_say("at the end: %s", all->str);
}
