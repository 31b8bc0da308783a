/* Recursive descent to a list of operations on a stack, which a loop over rows runs. */
#include <lacuna/expression.h>

#include <math.h>
#include <string.h>

enum { MOST_DEPTH = 64 };

typedef enum {
    OP_NUMBER,
    OP_NAME,
    OP_CALL, /* one argument */
    OP_NEGATE,
    OP_ADD, /* from here on two */
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_POWER,
    OP_MIN,
    OP_MAX,
    OP_LESS,
    OP_AT_MOST,
    OP_MORE,
    OP_AT_LEAST,
    OP_EQUAL,
    OP_DIFFERENT,
} OpCode;

typedef struct {
    OpCode code;
    double number;
    size_t name;
    double (*call)(double x);
} Op;

struct LacExpression {
    GArray *ops;      /* Op, operands first */
    GPtrArray *names; /* NULL-terminated at the end */
};

static double
same(double x)
{
    return x;
}

static const struct {
    const char *name;
    double (*call)(double x);
} functions[] = {
    {"log", log},     {"log2", log2},    {"log10", log10}, {"log1p", log1p},
    {"exp", exp},     {"expm1", expm1},  {"sqrt", sqrt},   {"abs", fabs},
    {"floor", floor}, {"ceiling", ceil}, {"round", rint},  {"I", same},
};

typedef struct {
    const char *text, *at;
    LacExpression *to;
    size_t depth, stack; /* brackets open; operands on the stack at run time */
    GError **error;
} Parser;

static gboolean parse_comparison(Parser *p);

static gboolean
parse_fail(const Parser *p, const char *expected)
{
    return lac_fail(p->error, LAC_ERROR_PARAM, "'%.60s': at '%.20s' (byte %zu): expected %s",
                    p->text, p->at, (size_t)(p->at - p->text) + 1, expected);
}

static void
parse_blanks(Parser *p)
{
    while (*p->at == ' ' || *p->at == '\t' || *p->at == '\n')
        p->at++;
}

static gboolean
parse_take(Parser *p, const char *mark)
{
    const size_t n = strlen(mark);

    parse_blanks(p);
    if (strncmp(p->at, mark, n) != 0)
        return FALSE;
    p->at += n;
    return TRUE;
}

/* Appends an operation; the stack of the evaluation has a fixed size. */
static gboolean
parse_emit(Parser *p, Op op)
{
    const size_t takes = op.code >= OP_ADD ? 2 : op.code >= OP_CALL ? 1 : 0;

    p->stack = p->stack - takes + 1;
    g_array_append_val(p->to->ops, op);
    return p->stack <= MOST_DEPTH || parse_fail(p, "less nesting");
}

static gboolean
is_name_byte(char c, gboolean first)
{
    return g_ascii_isalpha(c) || c == '.' || c == '_' || (unsigned char)c > 127 ||
           (!first && g_ascii_isdigit(c));
}

/* The name at the place, or NULL. Owned. */
static char *
parse_name(Parser *p)
{
    const char *begin = p->at;

    if (*begin == '`') {
        const char *end = strchr(begin + 1, '`');

        if (end == NULL || end == begin + 1)
            return NULL;
        p->at = end + 1;
        return g_strndup(begin + 1, (gsize)(end - begin - 1));
    }
    if (!is_name_byte(*p->at, TRUE))
        return NULL;
    while (is_name_byte(*p->at, p->at == begin))
        p->at++;
    return g_strndup(begin, (gsize)(p->at - begin));
}

static size_t
expression_name(LacExpression *to, const char *name)
{
    for (guint k = 0; k < to->names->len; k++) {
        if (g_str_equal(to->names->pdata[k], name))
            return k;
    }
    g_ptr_array_add(to->names, g_strdup(name));
    return to->names->len - 1;
}

/* Behind `min(` or `max(`: two or more arguments. */
static gboolean
parse_extreme(Parser *p, OpCode code)
{
    size_t n = 0;

    do {
        if (!parse_comparison(p) || (n++ > 0 && !parse_emit(p, (Op){.code = code})))
            return FALSE;
    } while (parse_take(p, ","));
    if (n < 2)
        return parse_fail(p, "a second argument");
    return parse_take(p, ")") || parse_fail(p, "')'");
}

static gboolean
parse_call(Parser *p, const char *name)
{
    if (g_str_equal(name, "min") || g_str_equal(name, "max"))
        return parse_extreme(p, g_str_equal(name, "min") ? OP_MIN : OP_MAX);
    for (size_t k = 0; k < G_N_ELEMENTS(functions); k++) {
        if (!g_str_equal(functions[k].name, name))
            continue;
        if (!parse_comparison(p))
            return FALSE;
        if (!parse_take(p, ")"))
            return parse_fail(p, "')'");
        return parse_emit(p, (Op){.code = OP_CALL, .call = functions[k].call});
    }
    return lac_fail(p->error, LAC_ERROR_PARAM,
                    "'%.60s': there is no function '%s'; there are log, log2, log10, log1p, exp, "
                    "expm1, sqrt, abs, floor, ceiling, round, min and max",
                    p->text, name);
}

static gboolean
parse_atom(Parser *p)
{
    g_autofree char *name = NULL;
    const gboolean quoted = (parse_blanks(p), *p->at == '`');

    if (g_ascii_isdigit(*p->at) || (*p->at == '.' && g_ascii_isdigit(p->at[1]))) {
        char *end;
        const double number = g_ascii_strtod(p->at, &end);

        p->at = end;
        return parse_emit(p, (Op){.code = OP_NUMBER, .number = number});
    }
    if (parse_take(p, "(")) {
        if (p->depth++ == MOST_DEPTH)
            return parse_fail(p, "fewer brackets");
        if (!parse_comparison(p))
            return FALSE;
        p->depth--;
        return parse_take(p, ")") || parse_fail(p, "')'");
    }
    name = parse_name(p);
    if (name == NULL)
        return parse_fail(p, "a number, a column or '('");
    if (!quoted && parse_take(p, "(")) {
        if (p->depth++ == MOST_DEPTH)
            return parse_fail(p, "fewer brackets");
        if (!parse_call(p, name))
            return FALSE;
        p->depth--;
        return TRUE;
    }
    return parse_emit(p, (Op){.code = OP_NAME, .name = expression_name(p->to, name)});
}

static gboolean parse_sign(Parser *p);

static gboolean
parse_power(Parser *p)
{
    if (!parse_atom(p))
        return FALSE;
    if (!parse_take(p, "^"))
        return TRUE;
    if (p->depth++ == MOST_DEPTH)
        return parse_fail(p, "fewer powers");
    if (!parse_sign(p)) /* 2^-1 and 2^3^2 */
        return FALSE;
    p->depth--;
    return parse_emit(p, (Op){.code = OP_POWER});
}

static gboolean
parse_sign(Parser *p)
{
    gboolean minus = FALSE;

    for (parse_blanks(p); *p->at == '+' || *p->at == '-'; parse_blanks(p))
        minus ^= *p->at++ == '-';
    return parse_power(p) && (!minus || parse_emit(p, (Op){.code = OP_NEGATE}));
}

typedef struct {
    const char *mark;
    OpCode code;
} Mark;

/* A chain of operands joined by @marks, from left to right. */
static gboolean
parse_chain(Parser *p, const Mark *marks, size_t n, gboolean (*operand)(Parser *p))
{
    if (!operand(p))
        return FALSE;
    for (size_t k = 0; k < n;) {
        if (!parse_take(p, marks[k].mark)) {
            k++;
            continue;
        }
        if (!operand(p) || !parse_emit(p, (Op){.code = marks[k].code}))
            return FALSE;
        k = 0;
    }
    return TRUE;
}

static gboolean
parse_product(Parser *p)
{
    static const Mark marks[] = {{"*", OP_MULTIPLY}, {"/", OP_DIVIDE}};

    return parse_chain(p, marks, G_N_ELEMENTS(marks), parse_sign);
}

static gboolean
parse_sum(Parser *p)
{
    static const Mark marks[] = {{"+", OP_ADD}, {"-", OP_SUBTRACT}};

    return parse_chain(p, marks, G_N_ELEMENTS(marks), parse_product);
}

static gboolean
parse_comparison(Parser *p)
{
    static const Mark marks[] = {{"<=", OP_AT_MOST},   {">=", OP_AT_LEAST}, {"==", OP_EQUAL},
                                 {"!=", OP_DIFFERENT}, {"<", OP_LESS},      {">", OP_MORE}};

    return parse_chain(p, marks, G_N_ELEMENTS(marks), parse_sum);
}

LacExpression *
lac_expression_parse(const char *text, GError **error)
{
    g_autoptr(LacExpression) to = g_new0(LacExpression, 1);
    Parser p = {.text = text, .at = text, .to = to, .error = error};

    to->ops = g_array_new(FALSE, FALSE, sizeof(Op));
    to->names = g_ptr_array_new_with_free_func(g_free);
    if (!parse_comparison(&p))
        return NULL;
    parse_blanks(&p);
    if (*p.at != '\0') {
        parse_fail(&p, "an operator or the end");
        return NULL;
    }
    g_ptr_array_add(to->names, NULL);
    return g_steal_pointer(&to);
}

void
lac_expression_free(LacExpression *expression)
{
    if (expression == NULL)
        return;
    g_array_unref(expression->ops);
    g_ptr_array_unref(expression->names);
    g_free(expression);
}

const char *const *
lac_expression_names(const LacExpression *expression, size_t *n_out)
{
    if (n_out != NULL)
        *n_out = expression->names->len - 1;
    return (const char *const *)expression->names->pdata;
}

static double
apply(OpCode code, double a, double b)
{
    switch (code) {
    case OP_ADD:
        return a + b;
    case OP_SUBTRACT:
        return a - b;
    case OP_MULTIPLY:
        return a * b;
    case OP_DIVIDE:
        return a / b;
    case OP_POWER:
        return b == 2.0 ? a * a : pow(a, b);
    case OP_MIN:
        return isnan(a) || a < b ? a : b;
    case OP_MAX:
        return isnan(a) || a > b ? a : b;
    case OP_LESS:
        return a < b;
    case OP_AT_MOST:
        return a <= b;
    case OP_MORE:
        return a > b;
    case OP_AT_LEAST:
        return a >= b;
    case OP_EQUAL:
        return a == b;
    case OP_DIFFERENT:
        return a != b;
    case OP_NUMBER:
    case OP_NAME:
    case OP_CALL:
    case OP_NEGATE:
        break;
    }
    g_assert_not_reached();
}

double
lac_expression_value(const LacExpression *expression, const double *values)
{
    double stack[MOST_DEPTH + 1];
    size_t n = 0;

    for (guint k = 0; k < expression->ops->len; k++) {
        const Op *op = &g_array_index(expression->ops, Op, k);

        if (op->code == OP_NUMBER || op->code == OP_NAME) {
            stack[n++] = op->code == OP_NUMBER ? op->number : values[op->name];
        } else if (op->code == OP_CALL || op->code == OP_NEGATE) {
            stack[n - 1] = op->code == OP_CALL ? op->call(stack[n - 1]) : -stack[n - 1];
        } else {
            stack[n - 2] = apply(op->code, stack[n - 2], stack[n - 1]);
            n--;
        }
    }
    return stack[0];
}
