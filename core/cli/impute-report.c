/* The page of `lacuna impute --report`: cells gathered from the completions, and some observed
 * cells hidden, filled and compared. */
#include "impute-private.h"
#include "inspect-private.h"

#include <string.h>

enum { HIDDEN_DRAWS = 20, HIDDEN_LEAST = 5, HIDDEN_MOST = 300 };
#define HIDDEN_SHARE 0.05

/* Fits the model of the options anew on @hidden and fills it; FALSE with @error. */
static gboolean
report_refit(const LacImputeOptions *o, const LacImputeTable *table, const LacData *hidden,
             LacContext *context, LacFilledCells *cells, gboolean *drawn, GError **error)
{
    g_autoptr(LacImputer) imputer = lac_impute_imputer_new(o, context, error);
    g_autoptr(LacMatrix) out =
        imputer != NULL ? lac_matrix_new(hidden->rows, hidden->cols, error) : NULL;

    if (out == NULL)
        return FALSE;
    lac_imputer_set_rules(imputer, table->rules);
    *drawn = lac_imputer_can_sample(imputer);
    lac_context_set_draws(context, *drawn ? HIDDEN_DRAWS : 1);
    if (!lac_imputer_fit(imputer, hidden, error))
        return FALSE;
    cells->draws = *drawn ? HIDDEN_DRAWS : 1;
    for (size_t d = 0; d < cells->draws; d++) {
        if (*drawn ? !lac_imputer_sample(imputer, hidden, d, out, error)
                   : !lac_imputer_fill(imputer, hidden, out, error))
            return FALSE;
        lac_filled_cells_put(cells, d, out);
    }
    return TRUE;
}

/* NULL with a reason in @error. */
static LacFilledCells *
report_overimpute(const LacImputeOptions *o, const LacImputeTable *table, const LacRng *rng,
                  LacContext *context, gboolean *drawn, GError **error)
{
    g_autoptr(LacMask) mask =
        lac_overimpute_choose(table->data, HIDDEN_SHARE, HIDDEN_LEAST, HIDDEN_MOST,
                              lac_rng_split(rng, "overimpute"), error);
    g_autoptr(LacData) hidden = mask != NULL ? lac_data_with_holes(table->data, mask, error) : NULL;
    g_autoptr(LacFilledCells) cells =
        hidden != NULL ? lac_filled_cells_new(mask, HIDDEN_DRAWS, error) : NULL;

    if (cells == NULL || cells->n == 0)
        return g_steal_pointer(&cells);
    return report_refit(o, table, hidden, context, cells, drawn, error) ? g_steal_pointer(&cells)
                                                                        : NULL;
}

gboolean
lac_impute_write_report(const LacImputeOptions *o, const LacImputeReport *of, LacImputeOutput *out,
                        GError **error)
{
    g_autoptr(LacContext) again = lac_context_new(lac_rng_split(&of->rng, "impute"));
    g_autofree char *title = g_path_get_basename(of->table->data->origin);
    g_autofree char *reading = lac_impute_reading(of->table, NULL), *why = NULL, *html = NULL;
    g_auto(GStrv) notes = NULL;
    g_autoptr(LacFilledCells) hidden = NULL;
    g_autoptr(GError) reason = NULL;
    gboolean hidden_drawn = FALSE;

    lac_context_set_memory(again, lac_context_memory(of->context));
    if (o->load != NULL)
        why = g_strdup("the model was loaded, and may have learnt from the cells to be hidden");
    else if (of->cells->n > 0)
        hidden = report_overimpute(o, of->table, &of->rng, again, &hidden_drawn, &reason);
    if (reason != NULL)
        why = g_strdup(reason->message);
    const LacFilled filled = {.title = title,
                              .reading = reading,
                              .model = lac_imputer_model_name(of->imputer),
                              .data = of->table->data,
                              .imputed = of->cells,
                              .hidden = hidden,
                              .drawn = o->draws > 0,
                              .hidden_drawn = hidden_drawn,
                              .why_not = why,
                              .traces = lac_context_traces(of->context),
                              .events = lac_context_events(of->context),
                              .modelled = lac_imputer_model_schema(of->imputer)};

    html = lac_filled_html(&filled, &notes);
    for (size_t i = 0; notes[i] != NULL; i++)
        lac_cli_warn("%s", notes[i]);
    return lac_impute_output_write(html, strlen(html), out, error);
}
