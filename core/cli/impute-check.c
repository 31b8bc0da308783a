/* What every subcommand that learns from a person's table does after reading it: refuse what cannot
 * be learnt from, and say what was seen. */
#include "impute-private.h"

#include <string.h>

enum { MAX_LEVELS = 256 };

/* A model cannot know what a column without a single value is about. */
static gboolean
impute_check_empty(const LacImputeTable *table, GError **error)
{
    g_autoptr(GString) ways = g_string_new(NULL);
    g_autoptr(GString) names = g_string_new(NULL);
    const LacData *data = table->data;
    size_t empty = 0;

    for (size_t j = 0; data->rows > 0 && j < data->cols; j++) {
        const LacColumnRule *rule = lac_column_rules_find(table->rules, lac_data_name(data, j));

        if (rule != NULL && rule->derived != NULL)
            continue;
        if (lac_mask_count_col(data->holes, j) < data->rows || empty++ >= 5)
            continue;
        g_string_append_printf(names, "%s'%s'", names->len > 0 ? ", " : "", lac_data_name(data, j));
        g_string_append_printf(ways, " --ignore=%s", lac_data_name(data, j));
    }
    if (empty == 0)
        return TRUE;
    return lac_fail(error, LAC_ERROR_DATA,
                    "%s: %s %s%s no value in %zu row%s, so there is nothing to learn from; pass "
                    "%s through with%s%s, or give at least one value",
                    data->origin, empty == 1 ? "column" : "columns", names->str,
                    empty == 1  ? " has"
                    : empty > 5 ? " and more have"
                                : " have",
                    data->rows, data->rows == 1 ? "" : "s", empty == 1 ? "it" : "them", ways->str,
                    empty > 5 ? " ..." : "");
}

static gboolean
impute_kind_was_given(const LacImputeOptions *o, const char *name)
{
    const size_t n = strlen(name);

    for (size_t i = 0; o->kinds != NULL && o->kinds[i] != NULL; i++)
        if (strncmp(o->kinds[i], name, n) == 0 && o->kinds[i][n] == '=')
            return TRUE;
    return FALSE;
}

/* Every level of a category becomes a column of its own inside most models: thousands of them take
 * hours and gigabytes, and are more often a free text than a category. */
static gboolean
impute_check_levels(const LacImputeOptions *o, const LacImputeTable *table, GError **error)
{
    for (size_t j = 0; j < table->data->cols; j++) {
        const LacColumn *column = lac_data_column(table->data, j);

        if (column->n_levels > MAX_LEVELS && !impute_kind_was_given(o, column->name) &&
            lac_column_rules_find(table->rules, column->name) == NULL)
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: column '%s' has %zu different texts, expected at most %d in a "
                            "category; pass it through with --ignore=%s, or insist with "
                            "--kind=%s=nominal",
                            table->data->origin, column->name, column->n_levels, MAX_LEVELS,
                            column->name, column->name);
    }
    return TRUE;
}

gboolean
lac_impute_check_table(const LacImputeOptions *o, const LacImputeTable *table, GError **error)
{
    return impute_check_empty(table, error) && impute_check_levels(o, table, error);
}

enum { NAMED_COLUMNS = 12 }; /* of wider tables -v names them all */

/* "1 integer: age; 2 nominal: sex, town": a wrong guess should be seen. */
static char *
impute_kinds_text(const LacData *data)
{
    const gboolean named = data->cols <= NAMED_COLUMNS || lac_cli_verbose();
    GString *kinds = g_string_new(NULL);

    for (int kind = 0; kind < 5; kind++) {
        g_autoptr(GString) names = g_string_new(NULL);
        size_t n = 0;

        for (size_t j = 0; j < data->cols; j++)
            if ((int)lac_data_column(data, j)->kind == kind)
                g_string_append_printf(names, "%s%s", n++ > 0 ? ", " : ": ",
                                       lac_data_name(data, j));
        if (n > 0)
            g_string_append_printf(kinds, "%s%zu %s%s",
                                   kinds->len == 0 ? ""
                                   : named         ? "; "
                                                   : ", ",
                                   n, lac_kind_name((LacKind)kind), named ? names->str : "");
    }
    return g_string_free(kinds, FALSE);
}

/* What was read, in one paragraph: the person should see what was sniffed. */
void
lac_impute_say_table(const LacImputeOptions *o, const LacImputeTable *table)
{
    const LacData *data = table->data;
    g_autofree char *kinds = impute_kinds_text(data), *reading = lac_impute_reading(table, kinds);

    lac_cli_say("%s: %s", data->origin, reading);
    lac_impute_say_set_aside(table);
    if (o->ignore != NULL) {
        g_autofree char *names = g_strjoinv(", ", o->ignore);

        lac_cli_say("passed through as they are, holes too: %s", names);
    }
    for (size_t k = 0; table->model_column != NULL && k < data->cols; k++)
        if (table->model_column[k] < 0)
            lac_cli_warn("column '%s' is not in the model; it is passed through and not used",
                         lac_data_name(data, k));
}

gboolean
lac_impute_seed(const LacImputeOptions *o, uint64_t *out, GError **error)
{
    *out = 1;
    return o->seed == NULL || g_ascii_string_to_unsigned(o->seed, 10, 0, G_MAXUINT64, out, NULL) ||
           lac_fail(error, LAC_ERROR_PARAM, "--seed=%s: expected a whole number from 0 on",
                    o->seed);
}
