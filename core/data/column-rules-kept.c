/* Rules of columns kept with a model, and met again. */
#include "column-rules-private.h"

#include <math.h>
#include <string.h>

LacColumnRules *
lac_column_rules_from_text(const char *text, GError **error)
{
    g_autoptr(LacNode) node = lac_yaml_parse(text, strlen(text), "columns", error);

    return node != NULL ? lac_column_rules_parse(node, error) : NULL;
}

static gboolean
same_texts(char *const *a, char *const *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return g_strv_equal((const char *const *)a, (const char *const *)b);
}

static gboolean
same_limit(const LacCellLimit *a, const LacCellLimit *b)
{
    return g_strcmp0(a->column, b->column) == 0 &&
           (a->number == b->number || (isnan(a->number) && isnan(b->number)));
}

static gboolean
same_rule(const LacColumnRule *a, const LacColumnRule *b)
{
    return g_strcmp0(a->kind, b->kind) == 0 && g_strcmp0(a->formula, b->formula) == 0 &&
           a->lower == b->lower && a->upper == b->upper && a->log == b->log &&
           same_texts(a->na, b->na) && same_texts(a->levels, b->levels) &&
           same_limit(&a->below, &b->below) && same_limit(&a->above, &b->above);
}

/* The first column of @a of which @b says something else, or nothing. */
static const char *
first_apart(const LacColumnRules *a, const LacColumnRules *b)
{
    for (size_t k = 0; a != NULL && k < a->n; k++) {
        const LacColumnRule *other = lac_column_rules_find(b, a->rules[k].name);

        if (other == NULL || !same_rule(&a->rules[k], other))
            return a->rules[k].name;
    }
    return NULL;
}

const char *
lac_column_rules_differ(const LacColumnRules *a, const LacColumnRules *b)
{
    const char *apart = first_apart(a, b);

    return apart != NULL ? apart : first_apart(b, a);
}
