/* Rules of columns met by the cells of a table: codes for missing become holes, texts levels or
 * numbers. */
#include "column-apply-private.h"

#include "table-private.h"
#include <math.h>
#include <string.h>

static double
text_number(const char *text)
{
    char *end;
    const double value = g_ascii_strtod(text, &end);

    return end == text || *end != '\0' ? NAN : value;
}

static gssize
find_text(char *const *texts, size_t n, const char *text)
{
    for (size_t l = 0; l < n; l++)
        if (g_str_equal(texts[l], text))
            return (gssize)l;
    return -1;
}

/* Cells of column @k whose value is @value become @to (NaN: a hole). */
static void
replace_value(LacColumnApply *self, size_t k, double value, double to)
{
    for (size_t i = 0; i < self->data->rows; i++)
        if (self->values[i * self->n_kept + k] == value)
            self->values[i * self->n_kept + k] = to;
}

/* Codes for missing that the reader has left in. */
static void
apply_missing(LacColumnApply *self, const LacColumnRule *rule, size_t k)
{
    LacColumn *column = &self->schema->columns[k];

    for (char **text = rule->na; text != NULL && *text != NULL; text++) {
        if (lac_kind_is_numeric(column->kind)) {
            replace_value(self, k, text_number(*text), NAN);
            continue;
        }
        const gssize code = column->levels != NULL
                                ? find_text(column->levels, column->n_levels, *text)
                                : (gssize)text_number(*text);

        if (code >= 0)
            replace_value(self, k, (double)code, NAN);
    }
}

static int
compare_doubles(gconstpointer a, gconstpointer b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* What is observed in column @k, ascending, each once; owned. */
static double *
distinct_values(const LacColumnApply *self, size_t k, size_t *n_out)
{
    double *seen = g_new(double, self->data->rows + 1);
    size_t n = 0, distinct = 0;

    for (size_t i = 0; i < self->data->rows; i++)
        if (!isnan(self->values[i * self->n_kept + k]))
            seen[n++] = self->values[i * self->n_kept + k];
    qsort(seen, n, sizeof *seen, compare_doubles);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || seen[i] != seen[distinct - 1])
            seen[distinct++] = seen[i];
    *n_out = distinct;
    return seen;
}

static char *
number_label(double value)
{
    const LacColumn plain = {.kind = LAC_KIND_CONTINUOUS};
    g_autoptr(GString) text = g_string_new(NULL);

    lac_csv_format_value(text, &plain, value, ',', '.');
    return g_strdup(text->str);
}

/* Labels of what is observed now, in the order of its values. */
static char **
observed_labels(const LacColumnApply *self, size_t k, const double *value, size_t n)
{
    const LacColumn *column = &self->schema->columns[k];
    char **labels = g_new0(char *, n + 1);

    for (size_t l = 0; l < n; l++)
        labels[l] = !lac_kind_is_numeric(column->kind) && column->levels != NULL
                        ? g_strdup(column->levels[(size_t)value[l]])
                        : number_label(value[l]);
    return labels;
}

/* Levels in the order of @order, or (NULL) as their values or old codes are ordered. */
static gboolean
to_levels(LacColumnApply *self, const LacColumnRule *rule, size_t k, LacKind kind,
          char *const *order, GError **error)
{
    const size_t n_order = order != NULL ? g_strv_length((char **)order) : 0;
    size_t n;
    g_autofree double *value = distinct_values(self, k, &n);
    g_auto(GStrv) labels = observed_labels(self, k, value, n);
    g_autofree gssize *code = g_new(gssize, n + 1);

    for (size_t l = 0; l < n; l++) {
        code[l] = order != NULL ? find_text(order, n_order, labels[l]) : (gssize)l;
        if (code[l] < 0)
            return lac_node_fail(error, &rule->place,
                                 "columns.%s: %s holds '%s', which is none of its levels",
                                 rule->name, self->data->origin, labels[l]);
    }
    if (kind == LAC_KIND_BINARY && (order != NULL ? n_order : n) > 2)
        return lac_node_fail(error, &rule->place,
                             "columns.%s: %zu different values were seen, expected 2 of a binary "
                             "column",
                             rule->name, n);
    for (size_t i = 0; i < self->data->rows; i++) {
        double *cell = &self->values[i * self->n_kept + k];
        const double *at =
            isnan(*cell) ? NULL : bsearch(cell, value, n, sizeof *value, compare_doubles);

        if (at != NULL)
            *cell = (double)code[at - value];
    }
    lac_schema_set_levels(self->schema, k, kind, order != NULL ? n_order : n,
                          (const char *const *)(order != NULL ? order : labels));
    return TRUE;
}

static gboolean
to_numbers(LacColumnApply *self, const LacColumnRule *rule, size_t k, LacKind kind, GError **error)
{
    LacColumn *column = &self->schema->columns[k];
    const gboolean coded = !lac_kind_is_numeric(column->kind) && column->levels != NULL;

    for (size_t i = 0; i < self->data->rows; i++) {
        double *cell = &self->values[i * self->n_kept + k];
        const char *label = coded && !isnan(*cell) ? column->levels[(size_t)*cell] : NULL;

        if (label != NULL)
            *cell = text_number(label);
        if (label != NULL && isnan(*cell))
            return lac_node_fail(error, &rule->place,
                                 "columns.%s: row %zu of %s holds '%s', "
                                 "expected a number; list it under missing, or leave out the kind",
                                 rule->name, i + 1, self->data->origin, label);
        if (kind == LAC_KIND_INTEGER && !isnan(*cell) && *cell != rint(*cell))
            return lac_node_fail(error, &rule->place,
                                 "columns.%s: row %zu of %s holds %g, expected a whole number",
                                 rule->name, i + 1, self->data->origin, *cell);
    }
    if (!lac_kind_is_numeric(column->kind))
        lac_schema_set_levels(self->schema, k, LAC_KIND_CONTINUOUS, 0, NULL);
    column->kind = kind;
    return TRUE;
}

/* Nothing to do where the reader has heard of it. */
static gboolean
apply_kind(LacColumnApply *self, const LacColumnRule *rule, size_t k, GError **error)
{
    LacColumn *column = &self->schema->columns[k];
    g_auto(GStrv) order = NULL;
    LacKind kind;

    if (rule->kind == NULL)
        return TRUE;
    if (strchr(rule->kind, '<') != NULL) {
        order = g_strsplit(rule->kind, "<", -1);
        for (size_t l = 0; order[l] != NULL; l++)
            g_strstrip(order[l]);
        return to_levels(self, rule, k, LAC_KIND_ORDINAL, order, error);
    }
    if (!lac_kind_parse(rule->kind, &kind) || kind == column->kind)
        return TRUE;
    return lac_kind_is_numeric(kind) ? to_numbers(self, rule, k, kind, error)
                                     : to_levels(self, rule, k, kind, NULL, error);
}

/* Of an unordered column; the levels that were not seen are not made ones. */
static gboolean
check_levels(const LacColumnApply *self, const LacColumnRule *rule, size_t k, GError **error)
{
    const LacColumn *column = &self->schema->columns[k];
    const char *near;

    for (size_t l = 0; rule->levels != NULL && column->levels != NULL && l < column->n_levels; l++)
        if (find_text(rule->levels, g_strv_length(rule->levels), column->levels[l]) < 0) {
            near = lac_suggest(column->levels[l], (const char *const *)rule->levels);
            return lac_node_fail(
                error, &rule->place, "columns.%s: %s holds '%s', which is none of its levels%s%s%s",
                rule->name, self->data->origin, column->levels[l], near ? "; did you mean '" : "",
                near ? near : "", near ? "'?" : "");
        }
    return TRUE;
}

gboolean
lac_column_apply_cells(LacColumnApply *self, const LacColumnRule *rule, size_t k, GError **error)
{
    apply_missing(self, rule, k);
    return apply_kind(self, rule, k, error) && check_levels(self, rule, k, error);
}
