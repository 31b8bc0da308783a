/* New rows brought into the shape an imputer was fitted on. */
#include "imputer-struct.h"
#include "limits-private.h"
#include "schema-private.h"

#include <math.h>
#include <string.h>

static gssize
find_level(const LacColumn *column, const char *label)
{
    for (size_t l = 0; l < column->n_levels; l++)
        if (column->levels != NULL && strcmp(column->levels[l], label) == 0)
            return (gssize)l;
    return -1;
}

/* The level that means the number @value, however it is written: 1, 1.0 and 01 are one. */
static gssize
find_number(const LacColumn *column, double value)
{
    for (size_t l = 0; l < column->n_levels && column->levels != NULL; l++) {
        char *end;
        const double number = g_ascii_strtod(column->levels[l], &end);

        if (end != column->levels[l] && *end == '\0' && number == value)
            return (gssize)l;
    }
    return -1;
}

/* @value of @from as a text, the way a level's label is written. */
static char *
value_label(const LacColumn *from, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    if (!lac_kind_is_numeric(from->kind) && from->levels != NULL)
        return g_strdup(from->levels[(size_t)value]);
    for (int digits = 1; digits <= 17; digits++) { /* the shortest that reads back the same */
        g_autofree char *format = g_strdup_printf("%%.%dg", digits);

        g_ascii_formatd(text, sizeof text, format, value);
        if (g_ascii_strtod(text, NULL) == value)
            break;
    }
    return g_strdup(text);
}

static gboolean
to_number(const LacData *in, const LacColumn *from, size_t row, double value, double *out,
          GError **error)
{
    g_autofree char *label = NULL;
    char *end;

    if (lac_kind_is_numeric(from->kind)) {
        *out = value;
        return TRUE;
    }
    label = value_label(from, value);
    *out = g_ascii_strtod(label, &end);
    if (end == label || *end != '\0' || !isfinite(*out))
        return lac_fail(
            error, LAC_ERROR_DATA,
            "%s: row %zu, column '%s' holds '%s'; the model was fitted on numbers there",
            in->origin, row + 1, from->name, label);
    return TRUE;
}

static gboolean
to_level(const LacData *in, const LacColumn *from, const LacColumn *to, size_t row, double value,
         double *out, GError **error)
{
    g_autofree char *label = value_label(from, value);
    g_autofree char *known = NULL;
    gssize level = find_level(to, label);

    if (level < 0 && lac_kind_is_numeric(from->kind))
        level = find_number(to, value);
    if (level < 0 && to->levels == NULL && value >= 0 && value < (double)to->n_levels) {
        *out = value; /* levels without labels are their codes */
        return TRUE;
    }
    if (level < 0) {
        known = to->levels != NULL ? g_strjoinv(", ", to->levels) : g_strdup("level codes");
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: row %zu, column '%s' holds '%s', a level the model has not seen; it "
                        "knows %s",
                        in->origin, row + 1, from->name, label, known);
    }
    *out = (double)level;
    return TRUE;
}

static gboolean
adapt_column(const LacData *in, size_t source, const LacColumn *to, size_t target, size_t cols,
             double *values, GError **error)
{
    const LacColumn *from = lac_data_column(in, source);

    for (size_t i = 0; i < in->rows; i++) {
        const double value = lac_data_at(in, i, source);
        double *out = &values[i * cols + target];

        if (isnan(value))
            *out = NAN;
        else if (lac_kind_is_numeric(to->kind) ? !to_number(in, from, i, value, out, error)
                                               : !to_level(in, from, to, i, value, out, error))
            return FALSE;
    }
    return TRUE;
}

/* A column the model has never seen may come along only when nothing in it wants filling. */
static gboolean
check_extra_columns(const LacSchema *schema, const LacData *in, GError **error)
{
    for (size_t j = 0; j < in->cols; j++) {
        const char *name = lac_data_name(in, j);

        if (lac_schema_find_from(schema, j, name) < 0 && lac_mask_count_col(in->holes, j) > 0)
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: column '%s' has holes, but the model was fitted without it; drop "
                            "the column or fit a model that includes it",
                            in->origin, name);
    }
    return TRUE;
}

/* Limits of @in are those of the same columns of @out; what counts as rounded is up to the model's
 * columns. */
static gboolean
adapt_limits(const LacData *in, const gssize *source, LacData *out, GError **error)
{
    LacLimits *limits = NULL;

    if (!lac_limits_map(in->limits, out->cols, source, NULL, NULL, &limits, error))
        return FALSE;
    for (size_t j = 0; limits != NULL && j < out->cols; j++)
        limits->column[j].rounds = lac_data_column(out, j)->kind == LAC_KIND_INTEGER;
    lac_data_take_limits(out, limits);
    return TRUE;
}

LacData *
lac_imputer_adapt(const LacImputer *imputer, const LacData *in, GError **error)
{
    LacSchema *schema = imputer->schema;
    g_autofree double *values = NULL;
    g_autofree gssize *from = g_new(gssize, schema->cols + 1);
    g_autoptr(LacData) adapted = NULL;

    if (!check_extra_columns(schema, in, error))
        return NULL;
    values = lac_try_alloc(in->rows * MAX(schema->cols, 1), sizeof *values, in->origin, error);
    if (values == NULL)
        return NULL;
    for (size_t j = 0; j < schema->cols; j++) {
        const LacColumn *to = &schema->columns[j];
        const gssize source = lac_schema_find_from(in->schema, j, to->name);

        if (source < 0)
            return lac_fail_null(error, LAC_ERROR_DATA,
                                 "%s: column '%s' is missing; the model was fitted on it",
                                 in->origin, to->name);
        from[j] = source;
        if (!adapt_column(in, (size_t)source, to, j, schema->cols, values, error))
            return NULL;
    }
    adapted = lac_data_new_take(lac_schema_ref(schema), in->rows, g_steal_pointer(&values),
                                in->origin, error);
    if (adapted == NULL || !adapt_limits(in, from, adapted, error))
        return NULL;
    return g_steal_pointer(&adapted);
}
