/* Regression formulas: y ~ x1 + log(x2) + factor(g) * poly(x3, 2) + offset(z) - 1. */
#ifndef LACUNA_FORMULA_PRIVATE_H
#define LACUNA_FORMULA_PRIVATE_H

#include "base-private.h"
#include <lacuna/data.h>
#include <lacuna/expression.h>

G_BEGIN_DECLS

/** More variables than a formula may have: one bit each. */
#define LAC_FORMULA_VARIABLES 64

/**
 * LacFormula:
 * @response: text of the left side
 * @variables: [n_variables] texts of the right side's variables: "x", "log(x)", "factor(g)"
 * @offsets: NULL-terminated texts inside offset(...), added to the linear predictor as they are
 * @terms: [n_terms] sets of variables (bit v), main effects before pairs before triples; the
 *   intercept is not among them
 */
typedef struct {
    char *response;
    char **variables, **offsets;
    uint64_t *terms;
    size_t n_variables, n_terms;
    gboolean intercept;
} LacFormula;

/**
 * lac_formula_parse:
 * @text: as R reads it: + adds terms, - takes them away, a:b is an interaction, a*b is a + b + a:b,
 *   (a + b)^2 all pairs, 0 and -1 take the intercept away, . is every name of @columns
 * @columns: NULL-terminated names for the point; a response called so is left out
 * @error: LAC_ERROR_PARAM with the place
 *
 * Returns: owned.
 */
LAC_PRIVATE_API LacFormula *
lac_formula_parse(const char *text, const char *const *columns, GError **error);
LAC_PRIVATE_API void lac_formula_free(LacFormula *formula);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacFormula, lac_formula_free)

/** LacCallKind, LacCall: poly(...) or scale(...), made of a whole column. @inside: the column or
 * expression in it; @width: columns it makes; @label: as R writes it. */
typedef enum {
    LAC_CALL_NONE,
    LAC_CALL_POLY,
    LAC_CALL_SCALE,
} LacCallKind;

typedef struct {
    LacCallKind kind;
    char *inside, *label;
    size_t width;
    gboolean raw, scaled;
} LacCall;

/** lac_call_parse: @out->kind is LAC_CALL_NONE for a text that is neither. @error: LAC_ERROR_PARAM
 * naming the argument. lac_call_clear: what it holds. */
gboolean lac_call_parse(const char *text, LacCall *out, GError **error);
void lac_call_clear(LacCall *call);
/** lac_call_columns: @out: [width][n] of @x [n]: orthonormal polynomials (or powers), or @x centred
 * and divided by its standard deviation (divisor n - 1), as R's poly() and scale(). */
gboolean
lac_call_columns(const LacCall *call, size_t n, const double *x, double *out, GError **error);

/**
 * LacDesign: the model matrix of a formula on the rows of one table.
 * @names: [q] of the coefficients, as R names them ("(Intercept)", "x", "gb", "x:gb")
 * @x: [n][stride], rows a multiple of 8 doubles apart; @y: [n]
 * @offset: [n] what is added to the linear predictor, or NULL
 * @intercept: whether column 0 of @x is it
 * @n_classes: 2 when @y is 0 or 1 everywhere, else 0
 * @factor: the response is a factor of two levels, coded so
 */
typedef struct {
    size_t n, q, stride;
    char **names;
    double *x, *y, *offset;
    gboolean intercept, factor;
    size_t n_classes;
    char *response;
} LacDesign;

/**
 * lac_design_new:
 * @rows: [n] rows of @data to use
 * @levels_of: [n_levels_of] rows that decide which levels of factors there are, so that the designs
 *   of several completions agree
 * @error: LAC_ERROR_PARAM for an unknown column; LAC_ERROR_DATA where a column has a hole, a
 *   transformation is not defined or a factor has one level
 *
 * Nominal columns and factor(x) become treatment contrasts against their first level, or indicators
 * of all levels where their margin is not in the model, as in R. Returns: owned.
 */
LAC_PRIVATE_API LacDesign *
lac_design_new(const LacFormula *formula, const LacData *data, size_t n, const size_t *rows,
               size_t n_levels_of, const size_t *levels_of, GError **error);
LAC_PRIVATE_API void lac_design_free(LacDesign *design);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacDesign, lac_design_free)

G_END_DECLS

#endif
