/* Any bytes as a regression formula, and as an expression over columns. */
#include "formula-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const columns[] = {"y", "a", "b", NULL};
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) of_formula = NULL, of_expression = NULL;
    g_autoptr(LacFormula) formula = lac_formula_parse(text, columns, &of_formula);
    g_autoptr(LacExpression) expression = lac_expression_parse(text, &of_expression);
    size_t n = 0;

    g_assert((formula == NULL) == (of_formula != NULL));
    g_assert((expression == NULL) == (of_expression != NULL));
    for (size_t t = 0; formula != NULL && t < formula->n_terms; t++)
        g_assert(formula->terms[t] != 0);
    if (expression == NULL)
        return 0;
    lac_expression_names(expression, &n);
    g_autofree double *values = g_new0(double, n + 1);

    lac_expression_value(expression, values);
    return 0;
}
