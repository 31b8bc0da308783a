/* Which columns a model chose to predict which from: the matrix that mice prints. */
#include "context-private.h"
#include "page-private.h"
#include "report-private.h"

#include <lacuna/event.h>
#include <string.h>

enum { MOST_ACROSS = 60 };

static gboolean
is_predictors(const LacEvent *event)
{
    return strcmp(event->code, LAC_EVENT_PREDICTORS) == 0;
}

guint
page_predictor_events(const GPtrArray *events)
{
    guint n = 0;

    for (guint i = 0; i < events->len; i++)
        n += is_predictors(events->pdata[i]) ? 1 : 0;
    return n;
}

/* Whether "a ~ b + c" has @name on its right side. */
static gboolean
event_names(const LacEvent *event, const char *name)
{
    const char *right = strstr(event->detail, " ~ ");
    g_autofree char *all = right != NULL ? g_strdup_printf(" + %s + ", right + 3) : NULL;
    g_autofree char *wanted = g_strdup_printf(" + %s + ", name);

    return all != NULL && strstr(all, wanted) != NULL;
}

static void
matrix_row(Page *page, const LacEvent *event, const LacSchema *schema)
{
    page_row(page);
    page_row_head(page, schema->columns[event->column].name);
    for (size_t k = 0; k < MIN(schema->cols, (size_t)MOST_ACROSS); k++) {
        if ((gssize)k != event->column && event_names(event, schema->columns[k].name))
            g_string_append(page->out, "<td class=\"slim\" data-v=\"1\" title=\"predicts\">1</td>");
        else
            g_string_append(page->out, "<td class=\"seen slim\" data-v=\"0\">0</td>");
    }
    page_row_end(page);
}

void
page_predictors(Page *page, const GPtrArray *events, const LacSchema *schema)
{
    if (schema == NULL || page_predictor_events(events) == 0)
        return;
    page_section(page, "predictors", "Predictors");
    page_text(page,
              "Which columns (above) the model chose to predict each column with holes (left) "
              "from: 1 where it does, as in mice's predictorMatrix.");
    page_table(page, "Predictors");
    page_head_text(page, "filled");
    for (size_t k = 0; k < MIN(schema->cols, (size_t)MOST_ACROSS); k++)
        page_head_tall(page, schema->columns[k].name, NULL);
    page_body(page);
    for (guint i = 0; i < events->len; i++) {
        const LacEvent *event = events->pdata[i];

        if (is_predictors(event) && event->column >= 0 && (size_t)event->column < schema->cols)
            matrix_row(page, event, schema);
    }
    page_table_end(page);
    if (schema->cols > MOST_ACROSS)
        page_note(page, "Only the first %d columns are shown; standard error names them all.",
                  MOST_ACROSS);
    page_section_end(page);
}
