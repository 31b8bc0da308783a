/* The page of `lacuna impute --report`: cells gathered from the completions, and some observed
 * cells hidden, filled and compared. */
#include "impute-private.h"
#include "inspect-private.h"

#include <string.h>

enum { HIDDEN_DRAWS = 20, HIDDEN_LEAST = 5, HIDDEN_MOST = 300 };
#define HIDDEN_SHARE 0.05

/* Fits the models of the page anew on @hidden and fills it; FALSE with @error. */
static gboolean
report_refit(LacImputeModels *models, const LacData *hidden, LacFilledCells *cells, gboolean *drawn,
             GError **error)
{
    g_autoptr(LacMatrix) out = lac_matrix_new(hidden->rows, hidden->cols, error);

    if (out == NULL)
        return FALSE;
    *drawn = lac_impute_models_draw(models);
    cells->draws = *drawn ? HIDDEN_DRAWS : 1;
    for (size_t k = 0; k < models->n; k++)
        lac_context_set_draws(models->context[k], cells->draws);
    if (!lac_impute_models_fit(models, hidden, error))
        return FALSE;
    for (size_t d = 0; d < cells->draws; d++) {
        if (!lac_impute_models_fill(models, hidden, *drawn, d, out, error))
            return FALSE;
        lac_filled_cells_put(cells, d, out);
    }
    return TRUE;
}

/* NULL with a reason in @error. */
static LacFilledCells *
report_overimpute(LacImputeModels *models, const LacImputeTable *table, const LacRng *rng,
                  gboolean *drawn, GError **error)
{
    g_autoptr(LacMask) mask =
        lac_overimpute_choose(table->data, HIDDEN_SHARE, HIDDEN_LEAST, HIDDEN_MOST,
                              lac_rng_split(rng, "overimpute"), error);
    g_autoptr(LacData) hidden = mask != NULL ? lac_data_with_holes(table->data, mask, error) : NULL;
    g_autoptr(LacFilledCells) cells =
        hidden != NULL ? lac_filled_cells_new(mask, HIDDEN_DRAWS, error) : NULL;

    if (cells == NULL || cells->n == 0)
        return g_steal_pointer(&cells);
    return report_refit(models, hidden, cells, drawn, error) ? g_steal_pointer(&cells) : NULL;
}

gboolean
lac_impute_write_report(const LacImputeOptions *o, const LacImputeReport *of, LacImputeOutput *out,
                        GError **error)
{
    g_auto(LacImputeModels) again = {0};
    g_autofree char *title = g_path_get_basename(of->table->data->origin);
    g_autofree char *reading = lac_impute_reading(of->table, NULL), *why = NULL, *html = NULL;
    g_autofree char *name = lac_impute_models_name(of->models);
    g_auto(LacImputeChoice) choice = {0};
    g_auto(GStrv) notes = NULL;
    g_autoptr(LacFilledCells) hidden = NULL;
    g_autoptr(GError) reason = NULL;
    gboolean hidden_drawn = FALSE;

    lac_impute_models_choice(of->models, &choice);
    if (o->load != NULL)
        why = g_strdup("the model was loaded, and may have learnt from the cells to be hidden");
    else if (of->cells->n > 0 && lac_impute_models_init(&again, o, &choice, of->rng, &reason)) {
        lac_impute_models_rules(&again, of->table);
        for (size_t k = 0; k < again.n; k++)
            lac_context_set_memory(again.context[k], lac_context_memory(of->models->context[k]));
        hidden = report_overimpute(&again, of->table, &of->rng, &hidden_drawn, &reason);
    }
    if (reason != NULL)
        why = g_strdup(reason->message);
    const LacFilled filled = {.title = title,
                              .reading = reading,
                              .model = name,
                              .data = of->table->data,
                              .rules = of->table->rules,
                              .imputed = of->cells,
                              .hidden = hidden,
                              .drawn = o->draws > 0,
                              .hidden_drawn = hidden_drawn,
                              .why_not = why,
                              .traces = lac_context_traces(of->models->context[0]),
                              .events = lac_context_events(of->models->context[0]),
                              .modelled = lac_imputer_model_schema(lac_impute_main(of->models))};

    html = lac_filled_html(&filled, &notes);
    for (size_t i = 0; notes[i] != NULL; i++)
        lac_cli_warn("%s", notes[i]);
    return lac_impute_output_write(html, strlen(html), out, error);
}
