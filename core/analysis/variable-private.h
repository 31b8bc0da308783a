/* Variables of a formula, found in a table. */
#ifndef LACUNA_VARIABLE_PRIVATE_H
#define LACUNA_VARIABLE_PRIVATE_H

#include "formula-private.h"

G_BEGIN_DECLS

/** LacVariable: @text and what it is made of; @call around the expression; @expression of numbers,
 * NULL for a factor; @columns: [n_columns] of the table; of a factor @levels, ascending, that
 * @columns[0] takes, and their @labels. */
typedef struct {
    const char *text;
    LacCall call;
    LacExpression *expression;
    size_t n_columns, *columns;
    double *levels;
    char **labels;
    size_t n_levels;
} LacVariable;

/** LacBinding: @number: [cols] value of each code, NULL where cells are numbers, filled by
 * lac_binding_init(); all but that lent. */
typedef struct {
    const LacFormula *formula;
    const LacData *data;
    double **number;
    LacVariable *variables;
    LacVariable response;
} LacBinding;

void lac_binding_init(LacBinding *binding);

/** lac_variable_bind: @rows: [n] that decide which levels there are; @text is lent. */
gboolean lac_variable_bind(LacVariable *variable, const char *text, LacBinding *binding, size_t n,
                           const size_t *rows, GError **error);
void lac_variable_clear(LacVariable *variable);
/** lac_variable_width: columns it makes; of a factor levels, or (not @full) one less. */
size_t lac_variable_width(const LacVariable *variable, gboolean full);
/** lac_variable_columns: to @out [width][n] its columns in @rows, of a factor the codes.
 * @error: LAC_ERROR_DATA naming a hole, or what is not finite. */
gboolean lac_variable_columns(const LacVariable *variable, const LacBinding *binding, size_t n,
                              const size_t *rows, double *out, GError **error);

G_END_DECLS

#endif
