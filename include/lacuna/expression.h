/* Arithmetic on columns, as people write it: bmi = wgt / (hgt / 100)^2. */
#ifndef LACUNA_EXPRESSION_H
#define LACUNA_EXPRESSION_H

#include <lacuna/error.h>

G_BEGIN_DECLS

typedef struct LacExpression LacExpression;

/**
 * lac_expression_parse:
 * @text: numbers, names of columns, + - * / ^ and brackets, log, log2, log10, log1p, exp, expm1,
 *   sqrt, abs, floor, ceiling, round (halves to even), I, min and max of two or more, and the
 *   comparisons < <= > >= == !=, which are 1 or 0
 * @error: LAC_ERROR_PARAM with the place
 *
 * Precedence is that of R: ^ binds tightest and to the right, then the sign. A name is made of
 * letters, digits, points and underscores (bytes above 127 count as letters) and does not begin
 * with a digit; any other name is written `in backquotes`. Returns: owned.
 */
LAC_API LacExpression *lac_expression_parse(const char *text, GError **error);
LAC_API void lac_expression_free(LacExpression *expression);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacExpression, lac_expression_free)

/** lac_expression_names: the columns it uses, in the order in which they come first; lent, @n_out
 * may be NULL. */
LAC_API const char *const *lac_expression_names(const LacExpression *expression, size_t *n_out);

/** lac_expression_value: for @values of the names above, in their order; what is not defined (the
 * logarithm of -1) is NaN or infinite, as in C. Allocates nothing; safe from any thread. */
LAC_API double lac_expression_value(const LacExpression *expression, const double *values);

G_END_DECLS

#endif
