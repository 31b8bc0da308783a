/* A formula is a set of terms, a term a set of variables; the empty term is the intercept. Products
 * of sets of terms are unions, pair by pair. Source for the meaning: Wilkinson and Rogers,
 * "Symbolic description of factorial models", Appl. Stat. 22 (1973); R's manual page formula(). */
#include "formula-private.h"

#include <string.h>

enum { MOST_DEPTH = 64, MOST_TERMS = 4096 };

typedef struct {
    const char *text, *at;
    const char *const *columns;
    const char *response;
    GPtrArray *variables, *offsets;
    size_t depth;
    gboolean joined; /* behind an operator that joins variables */
    GError **error;
} Parser;

typedef GArray Terms; /* of uint64_t, each once */

static Terms *parse_sum(Parser *p, gboolean top);

static Terms *
parse_fail(const Parser *p, const char *expected)
{
    lac_fail(p->error, LAC_ERROR_PARAM, "formula '%.80s': at '%.20s' (byte %zu): expected %s",
             p->text, p->at, (size_t)(p->at - p->text) + 1, expected);
    return NULL;
}

static char
parse_peek(Parser *p)
{
    while (g_ascii_isspace(*p->at))
        p->at++;
    return *p->at;
}

static Terms *
terms_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(uint64_t));
}

static gssize
terms_find(const Terms *terms, uint64_t term)
{
    for (guint k = 0; k < terms->len; k++) {
        if (g_array_index(terms, uint64_t, k) == term)
            return (gssize)k;
    }
    return -1;
}

static void
terms_add(Terms *terms, uint64_t term)
{
    if (terms->len <= MOST_TERMS && terms_find(terms, term) < 0)
        g_array_append_val(terms, term);
}

/* Takes @terms; NULL when they are too many. */
static Terms *
terms_limit(const Parser *p, Terms *terms)
{
    if (terms->len <= MOST_TERMS)
        return terms;
    g_array_unref(terms);
    return parse_fail(p, "fewer than 4097 terms");
}

static void
terms_merge(Terms *terms, const Terms *more, gboolean add)
{
    for (guint k = 0; k < more->len; k++) {
        const uint64_t term = g_array_index(more, uint64_t, k);
        const gssize at = terms_find(terms, term);

        if (add)
            terms_add(terms, term);
        else if (at >= 0)
            g_array_remove_index(terms, (guint)at);
    }
}

/* Every term of @a with every one of @b. */
static Terms *
terms_product(const Terms *a, const Terms *b)
{
    Terms *product = terms_new();

    for (guint i = 0; i < a->len; i++) {
        for (guint k = 0; k < b->len; k++)
            terms_add(product, g_array_index(a, uint64_t, i) | g_array_index(b, uint64_t, k));
    }
    return product;
}

/* The set of one variable, which is new or known. */
static gboolean
parser_variable(Parser *p, const char *name, Terms *to)
{
    guint v = 0;

    while (v < p->variables->len && !g_str_equal(p->variables->pdata[v], name))
        v++;
    if (v == p->variables->len) {
        if (v == LAC_FORMULA_VARIABLES) {
            lac_fail(p->error, LAC_ERROR_PARAM, "formula '%.80s' has more than %d variables",
                     p->text, LAC_FORMULA_VARIABLES);
            return FALSE;
        }
        g_ptr_array_add(p->variables, g_strdup(name));
    }
    terms_add(to, UINT64_C(1) << v);
    return TRUE;
}

/* Behind the name and its brackets, which belong to it: log(x + 1). NULL: no name, or a bracket is
 * open. */
static const char *
variable_end(const char *at)
{
    size_t open = 0;

    if (*at == '`') {
        at = strchr(at + 1, '`');
        return at == NULL ? NULL : at + 1;
    }
    if (!g_ascii_isalpha(*at) && *at != '.' && *at != '_' && (unsigned char)*at <= 127)
        return NULL;
    while (g_ascii_isalnum(*at) || *at == '.' || *at == '_' || (unsigned char)*at > 127)
        at++;
    if (*at != '(')
        return at;
    for (; *at != '\0'; at++) {
        open += *at == '(';
        open -= *at == ')';
        if (open == 0)
            return at + 1;
    }
    return NULL;
}

/* `x` and x are the same variable; blanks do not matter. */
static char *
variable_text(const char *begin, const char *end)
{
    GString *text = g_string_new(NULL);

    if (*begin == '`')
        return g_string_free(g_string_append_len(text, begin + 1, end - begin - 2), FALSE);
    for (gboolean quoted = FALSE; begin < end; begin++) {
        quoted ^= *begin == '`';
        if (quoted || !g_ascii_isspace(*begin))
            g_string_append_c(text, *begin);
    }
    return g_string_free(text, FALSE);
}

static gboolean
parse_point(Parser *p, Terms *to)
{
    for (size_t k = 0; p->columns[k] != NULL; k++) {
        if (!g_str_equal(p->columns[k], p->response) && !parser_variable(p, p->columns[k], to))
            return FALSE;
    }
    p->at++;
    return TRUE;
}

/* offset(z) is no term: it makes none. */
static Terms *
parse_offset(Parser *p, const char *end)
{
    const char *begin = p->at + strlen("offset(");
    g_autofree char *inside = variable_text(begin, end - 1);

    if (p->joined || *inside == '\0')
        return parse_fail(p, "offset(...) of an expression, and added with '+' only");
    p->at = end;
    if (parse_peek(p) != '\0' && strchr(":*^", *p->at) != NULL)
        return parse_fail(p, "'+' or the end behind offset(...), which joins nothing");
    g_ptr_array_add(p->offsets, g_steal_pointer(&inside));
    return terms_new();
}

static Terms *
parse_atom(Parser *p)
{
    g_autoptr(GArray) terms = terms_new();
    const char c = parse_peek(p), *end = variable_end(p->at);

    if (c == '(') {
        Terms *inner;

        p->at++;
        if (p->depth++ == MOST_DEPTH)
            return parse_fail(p, "fewer brackets");
        inner = parse_sum(p, FALSE);
        p->depth--;
        if (inner != NULL && parse_peek(p) != ')') {
            g_array_unref(inner);
            return parse_fail(p, "')'");
        }
        p->at += inner != NULL;
        return inner;
    }
    if (c == '1' && !g_ascii_isalnum(p->at[1]) && p->at[1] != '.') {
        p->at++;
        terms_add(terms, 0);
        return g_steal_pointer(&terms);
    }
    if (end == NULL)
        return parse_fail(p, g_ascii_isalpha(c) ? "a bracket that is closed again"
                                                : "a variable, 0, 1 or '('");
    if (end == p->at + 1 && c == '.')
        return parse_point(p, terms) ? g_steal_pointer(&terms) : NULL;
    if (g_str_has_prefix(p->at, "offset("))
        return parse_offset(p, end);
    g_autofree char *name = variable_text(p->at, end);

    p->at = end;
    return parser_variable(p, name, terms) ? g_steal_pointer(&terms) : NULL;
}

/* @terms with itself, @power times: all interactions of up to that order. Takes @terms. */
static Terms *
terms_power(Terms *terms, guint64 power)
{
    Terms *out = g_array_copy(terms);

    for (guint64 k = 1; k < power; k++) {
        g_autoptr(GArray) before = out;

        out = terms_product(before, terms);
    }
    g_array_unref(terms);
    return out;
}

static Terms *
parse_power(Parser *p)
{
    Terms *terms = parse_atom(p);
    guint64 power;
    char *end;

    if (terms == NULL || parse_peek(p) != '^')
        return terms;
    p->at++;
    parse_peek(p);
    power = g_ascii_strtoull(p->at, &end, 10);
    if (end == p->at || power < 1 || power > 8) {
        g_array_unref(terms);
        return parse_fail(p, "a whole number from 1 to 8; powers of a column are written I(x^2)");
    }
    p->at = end;
    return terms_limit(p, terms_power(terms, power));
}

/* a:b */
static Terms *
parse_interaction(Parser *p)
{
    g_autoptr(GArray) terms = parse_power(p);

    while (terms != NULL && parse_peek(p) == ':') {
        g_autoptr(GArray) left = g_steal_pointer(&terms);

        p->at++;
        p->joined = TRUE;
        g_autoptr(GArray) right = parse_power(p);

        if (right == NULL)
            return NULL;
        terms = terms_limit(p, terms_product(left, right));
    }
    return g_steal_pointer(&terms);
}

/* a*b */
static Terms *
parse_cross(Parser *p)
{
    g_autoptr(GArray) terms = parse_interaction(p);

    while (terms != NULL && parse_peek(p) == '*') {
        p->at++;
        p->joined = TRUE;
        g_autoptr(GArray) right = parse_interaction(p);

        if (right == NULL)
            return NULL;
        g_autoptr(GArray) both = terms_product(terms, right);

        terms_merge(terms, right, TRUE);
        terms_merge(terms, both, TRUE);
        terms = terms_limit(p, terms);
    }
    return g_steal_pointer(&terms);
}

/* A lone 0: the intercept the other way round. */
static gboolean
parse_zero(Parser *p)
{
    if (parse_peek(p) != '0' || g_ascii_isalnum(p->at[1]) || p->at[1] == '.')
        return FALSE;
    p->at++;
    return TRUE;
}

static Terms *
parse_sum(Parser *p, gboolean top)
{
    static const uint64_t intercept = 0;
    g_autoptr(GArray) terms = terms_new();
    gboolean first = TRUE;

    if (top)
        terms_add(terms, intercept);
    for (;; first = FALSE) {
        const char c = parse_peek(p);
        const gboolean minus = c == '-';

        if (c == '+' || c == '-')
            p->at++;
        else if (!first)
            return g_steal_pointer(&terms);
        p->joined = minus; /* nor does anything take an offset away */
        g_autoptr(GArray) more = parse_zero(p) ? NULL : parse_cross(p);

        if (more != NULL) {
            terms_merge(terms, more, !minus);
        } else if (p->error != NULL && *p->error != NULL) {
            return NULL;
        } else if (minus) {
            terms_add(terms, intercept);
        } else if (terms_find(terms, intercept) >= 0) {
            g_array_remove_index(terms, (guint)terms_find(terms, intercept));
        }
    }
}

static int
popcount(uint64_t bits)
{
    return __builtin_popcountll(bits);
}

/* Main effects first; equal orders as they came. */
static LacFormula *
formula_finish(Parser *p, const Terms *terms)
{
    LacFormula *formula = g_new0(LacFormula, 1);

    formula->response = g_strdup(p->response);
    formula->n_variables = p->variables->len;
    g_ptr_array_add(p->variables, NULL);
    formula->variables = g_strdupv((char **)p->variables->pdata);
    g_ptr_array_add(p->offsets, NULL);
    formula->offsets = g_strdupv((char **)p->offsets->pdata);
    formula->intercept = terms_find(terms, 0) >= 0;
    formula->terms = g_new(uint64_t, terms->len + 1);
    for (int order = 1; order <= LAC_FORMULA_VARIABLES; order++) {
        for (guint k = 0; k < terms->len; k++) {
            if (popcount(g_array_index(terms, uint64_t, k)) == order)
                formula->terms[formula->n_terms++] = g_array_index(terms, uint64_t, k);
        }
    }
    return formula;
}

LacFormula *
lac_formula_parse(const char *text, const char *const *columns, GError **error)
{
    const char *tilde = strchr(text, '~');
    g_autoptr(GPtrArray) variables = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) offsets = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) own = NULL;
    g_autofree char *response = NULL, *left = NULL;

    if (tilde == NULL || strchr(tilde + 1, '~') != NULL)
        return lac_fail_null(error, LAC_ERROR_PARAM,
                             "formula '%.80s' has %s '~', expected one: \"y ~ x1 + x2\"", text,
                             tilde == NULL ? "no" : "more than one");
    left = g_strstrip(g_strndup(text, (gsize)(tilde - text)));
    response = variable_text(left, left + strlen(left));
    Parser p = {.text = text,
                .at = tilde + 1,
                .columns = columns,
                .response = response,
                .variables = variables,
                .offsets = offsets,
                .error = &own};

    if (response[0] == '\0')
        return lac_fail_null(error, LAC_ERROR_PARAM,
                             "formula '%.80s' has nothing before '~', expected the outcome", text);
    g_autoptr(GArray) terms = parse_sum(&p, TRUE);

    if (terms != NULL && *p.at != '\0') {
        parse_fail(&p, "an operator or the end");
        g_clear_pointer(&terms, g_array_unref);
    }
    if (terms == NULL) {
        g_propagate_error(error, g_steal_pointer(&own));
        return NULL;
    }
    if (terms->len == 0 && offsets->len == 0)
        return lac_fail_null(error, LAC_ERROR_PARAM, "formula '%.80s' has no term", text);
    return formula_finish(&p, terms);
}

void
lac_formula_free(LacFormula *formula)
{
    if (formula == NULL)
        return;
    g_free(formula->response);
    g_strfreev(formula->variables);
    g_strfreev(formula->offsets);
    g_free(formula->terms);
    g_free(formula);
}
