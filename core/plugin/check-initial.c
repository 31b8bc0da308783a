/* What every initial imputer must keep to. */
#include "check-private.h"

static gboolean
has_event(const LacContext *context, const char *code)
{
    const GPtrArray *events = lac_context_events(context);

    for (size_t i = 0; i < events->len; i++)
        if (g_strcmp0(((const LacEvent *)g_ptr_array_index(events, i))->code, code) == 0)
            return TRUE;
    return FALSE;
}

/* TRUE when every hole got the same value: nothing was learnt that a column could lack. */
static gboolean
learns_nothing(const LacData *data, const LacMatrix *out)
{
    const double first = lac_matrix_row(out, 0)[4]; /* column 4 is all holes */

    for (size_t i = 0; i < data->rows; i++)
        for (size_t j = 0; j < data->cols; j++)
            if (lac_data_is_hole(data, i, j) && lac_matrix_row(out, i)[j] != first)
                return FALSE;
    return TRUE;
}

/* Models rely on a complete start: nothing seen in a column is 0 and an event, not a refusal. */
static void
check_empty_column(LacCheck *check)
{
    const LacInitialPlugin *plugin = (const LacInitialPlugin *)check->plugin;
    g_autoptr(GError) error = NULL;
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacData) base = lac_check_base(check, 1);
    g_autoptr(LacData) data = NULL;
    g_autoptr(LacMatrix) out = NULL;
    LacInitial *initial;

    if (base == NULL || base->image.channels > 0)
        return;
    data = lac_check_table(LAC_TABLE_EMPTY_COLUMN, 1);
    out = lac_matrix_new(data->rows, data->cols, NULL);
    initial = lac_check_instance(check->plugin, NULL, NULL);
    initial->instance.context = context;
    initial->rng = lac_rng_new(1);
    if (!plugin->fill(initial, data, data, out, &error))
        lac_check_fail(check, "refused: %s", error != NULL ? error->message : "(no error set)");
    else if (lac_check_completed(check, "a column with nothing seen", data, out) &&
             !learns_nothing(data, out) && !has_event(context, "empty-column"))
        lac_check_fail(check, "no event 'empty-column' tells about column 4");
    lac_instance_free(initial);
}

const LacCheckCase lac_check_initial_cases[] = {
    {"takes its defaults and gives them back", lac_check_params_round_trip, 0},
    {"refuses bad parameters by name", lac_check_params_refused, 0},
    {"reproduces its example", lac_check_example, 0},
    {"fills every hole and leaves observed cells alone", lac_check_completes, 0},
    {"gives the same bytes for the same seed", lac_check_same_seed, 0},
    {"agrees on 1 and 2 threads", lac_check_threads, 0},
    {"completes rows it was not fitted on", lac_check_new_rows, 0},
    {"returns a table without holes as it is", lac_check_no_holes, 0},
    {"fills a column with nothing seen and says so", check_empty_column, 0},
    LAC_CHECK_ODD_TABLES(lac_check_odd_table),
    {NULL, NULL, 0},
};
