/* One table's rows below another's. */
#include "limits-private.h"
#include "table-private.h"

#include <math.h>
#include <string.h>

static gssize
find_text(char *const *texts, size_t n, const char *wanted)
{
    for (size_t i = 0; texts != NULL && i < n; i++)
        if (strcmp(texts[i], wanted) == 0)
            return (gssize)i;
    return -1;
}

static gboolean
check_columns(const LacData *a, const LacData *b, GError **error)
{
    if (a->cols != b->cols)
        return lac_fail(error, LAC_ERROR_DATA, "%s has %zu columns, %s has %zu; expected the same",
                        b->origin, b->cols, a->origin, a->cols);
    for (size_t j = 0; j < a->cols; j++) {
        const LacColumn *x = lac_data_column(a, j), *y = lac_data_column(b, j);

        if (strcmp(x->name, y->name) != 0)
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: column %zu is '%s', in %s it is '%s'; expected the same columns "
                            "in the same order",
                            b->origin, j + 1, y->name, a->origin, x->name);
        if (lac_kind_is_numeric(x->kind) != lac_kind_is_numeric(y->kind))
            return lac_fail(error, LAC_ERROR_DATA, "%s: column '%s' is %s, in %s it is %s",
                            b->origin, y->name, lac_kind_name(y->kind), a->origin,
                            lac_kind_name(x->kind));
    }
    return TRUE;
}

/* Code of @b's level @value of column @j among @a's. */
static gboolean
translate_level(const LacData *a, const LacData *b, size_t i, size_t j, double *value,
                GError **error)
{
    const LacColumn *to = lac_data_column(a, j), *from = lac_data_column(b, j);
    const size_t code = (size_t)*value;
    gssize level;

    if (from->levels == NULL || to->levels == NULL) { /* levels without names are their codes */
        if (code < to->n_levels)
            return TRUE;
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: row %zu, column '%s' has level %zu, %s has %zu levels", b->origin,
                        i + 1, from->name, code, a->origin, to->n_levels);
    }
    level = find_text(to->levels, to->n_levels, from->levels[code]);
    if (level < 0)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: row %zu, column '%s' holds '%s', which %s never does", b->origin,
                        i + 1, from->name, from->levels[code], a->origin);
    *value = (double)level;
    return TRUE;
}

static gboolean
translate_levels(const LacData *a, const LacData *b, double *values, GError **error)
{
    for (size_t j = 0; j < b->cols; j++)
        for (size_t i = 0; i < b->rows && !lac_kind_is_numeric(lac_data_column(b, j)->kind); i++) {
            double *value = &values[i * b->cols + j];

            if (!isnan(*value) && !translate_level(a, b, i, j, value, error))
                return FALSE;
        }
    return TRUE;
}

/* Classes without names are their codes, and so are those of the table below. */
static gboolean
translate_label(const LacData *a, const LacData *b, size_t i, int32_t *out, GError **error)
{
    const int32_t code = b->labels[i];
    const gboolean named = a->label_names != NULL && b->label_names != NULL && code >= 0;
    const gssize found =
        named ? find_text(a->label_names, a->n_classes, b->label_names[code]) : (gssize)code;

    *out = (int32_t)found;
    if (code < 0 || (found >= 0 && (size_t)found < a->n_classes))
        return TRUE;
    if (named)
        return lac_fail(error, LAC_ERROR_DATA, "%s: row %zu has the label '%s', which %s never has",
                        b->origin, i + 1, b->label_names[code], a->origin);
    return lac_fail(error, LAC_ERROR_DATA, "%s: row %zu has the label %d, %s has %zu classes",
                    b->origin, i + 1, code, a->origin, a->n_classes);
}

static gboolean
append_labels(const LacData *a, const LacData *b, LacData *out, GError **error)
{
    g_autofree int32_t *labels = NULL;

    if (a->labels == NULL)
        return TRUE;
    if (b->labels == NULL)
        return lac_fail(error, LAC_ERROR_DATA, "%s has no labels, %s has", b->origin, a->origin);
    labels = lac_try_alloc(out->rows, sizeof *labels, "labels", error);
    if (labels == NULL)
        return FALSE;
    memcpy(labels, a->labels, a->rows * sizeof *labels);
    for (size_t i = 0; i < b->rows; i++)
        if (!translate_label(a, b, i, &labels[a->rows + i], error))
            return FALSE;
    lac_data_take_labels(out, g_steal_pointer(&labels), a->n_classes, g_strdupv(a->label_names));
    return TRUE;
}

static gboolean
check_limits(const LacData *data, GError **error)
{
    for (size_t j = 0; j < data->cols; j++)
        if (lac_data_has_cell_limits(data, j))
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: column '%s' has limits of single cells; such tables cannot be put "
                            "below another",
                            data->origin, lac_data_name(data, j));
    return TRUE;
}

LacData *
lac_data_append(const LacData *a, const LacData *b, GError **error)
{
    const size_t rows = a->rows + b->rows;
    g_autofree double *values = NULL;
    g_autoptr(LacData) out = NULL;

    if (!check_columns(a, b, error) || !check_limits(a, error) || !check_limits(b, error))
        return NULL;
    values = lac_try_alloc(rows, a->cols * sizeof *values, "both tables", error);
    if (values == NULL)
        return NULL;
    memcpy(values, a->values, a->rows * a->cols * sizeof *values);
    memcpy(values + a->rows * a->cols, b->values, b->rows * b->cols * sizeof *values);
    if (!translate_levels(a, b, values + a->rows * a->cols, error))
        return NULL;
    out = lac_data_new_take(lac_schema_ref(a->schema), rows, g_steal_pointer(&values), a->origin,
                            error);
    if (out == NULL || !append_labels(a, b, out, error))
        return NULL;
    if (a->image.channels > 0)
        lac_data_set_image(out, a->image);
    return g_steal_pointer(&out);
}
