/* Pages about one table, as read and as filled. */
#ifndef LACUNA_REPORT_INSPECT_PRIVATE_H
#define LACUNA_REPORT_INSPECT_PRIVATE_H

#include "column-rules-private.h"
#include "context-private.h"
#include "filled-private.h"
#include "missingness-private.h"

G_BEGIN_DECLS

/**
 * LacInspection: a table as it was read; all lent.
 * @reading: how the file was read, for the line below the title; NULL: nothing
 * @rules: what was said of the columns, or NULL
 * @set_aside: columns of the file that are no variables, NULL-terminated; may be NULL
 */
typedef struct {
    const char *title, *reading;
    const LacColumnRules *rules;
    const char *const *set_aside;
    const LacData *data;
    const LacMissingness *missingness;
    const LacLittle *little;
} LacInspection;

/**
 * lac_inspection_html: the page of `lacuna inspect`.
 * @notes_out: sentences about what could not be drawn, NULL-terminated, g_strfreev()
 *
 * One file that needs nothing else; the same table gives the same bytes. Owned.
 */
LAC_PRIVATE_API char *lac_inspection_html(const LacInspection *inspection, char ***notes_out);

/**
 * LacFilled: a table that was filled; all lent.
 * @model: its name
 * @imputed: the cells that were missing, in each completion
 * @drawn: completions are draws of the model, not its best guess
 * @hidden: observed cells that were hidden and filled in the same way; NULL: there are none, for
 *   @why_not; @hidden_drawn: as @drawn
 * @traces, @events: [LacTracePoint], [LacEvent] of the fit, about columns of @modelled (may be
 * NULL)
 * @rules: what was said of the columns, or NULL
 */
typedef struct {
    const char *title, *reading, *model;
    const LacData *data;
    const LacColumnRules *rules;
    const LacFilledCells *imputed, *hidden;
    gboolean drawn, hidden_drawn;
    const char *why_not;
    const GPtrArray *traces, *events;
    const LacSchema *modelled;
} LacFilled;

/** lac_filled_html: the page of `lacuna impute --report`; as lac_inspection_html(). */
LAC_PRIVATE_API char *lac_filled_html(const LacFilled *filled, char ***notes_out);

/** lac_little_verdict: what the test says in one sentence, p value included. Owned. */
LAC_PRIVATE_API char *lac_little_verdict(const LacLittle *little);

G_END_DECLS

#endif
