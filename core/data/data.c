/* The immutable table. Every derived table shares the schema and copies its cells, so a reference
 * never changes under its holder, in whichever thread. */
#include "limits-private.h"
#include "table-private.h"

#include <math.h>
#include <string.h>

/* A table around @values and @holes, both taken; labels and image are still to be set. */
static LacData *
data_wrap(LacSchema *schema, size_t rows, double *values, LacMask *holes, const char *origin)
{
    LacData *data = g_new0(LacData, 1);

    data->rows = rows;
    data->cols = schema->cols;
    data->values = values;
    data->holes = holes;
    data->schema = schema;
    data->origin = g_strdup(origin);
    data->ref_count = 1;
    return data;
}

/* TRUE when some value is NaN or infinite: all bits of its exponent are set. */
LAC_CLONES static gboolean
data_any_special(const double *values, size_t n)
{
    uint64_t any = 0;

    for (size_t k = 0; k < n; k++) {
        uint64_t bits;

        memcpy(&bits, &values[k], sizeof bits);
        any |= ((bits & 0x7FF0000000000000u) + 0x0010000000000000u);
    }
    return (any >> 63) != 0;
}

/* Sets a bit for every NaN of a row; the first infinite column, or @cols when there is none. */
static size_t
data_scan_row(const double *row, size_t cols, uint64_t *bits)
{
    size_t infinite = cols;

    for (size_t j = 0; j < cols; j++) {
        bits[j / 64] |= (uint64_t)isnan(row[j]) << (j % 64);
        if (isinf(row[j]) && infinite == cols)
            infinite = j;
    }
    return infinite;
}

/* The holes of @values [rows x schema->cols], owned; NULL when there is an infinite value. */
static LacMask *
data_find_holes(const LacSchema *schema, size_t rows, const double *values, const char *origin,
                GError **error)
{
    const size_t cols = schema->cols, block = MAX(4096 / MAX(cols, 1), 1);
    g_autoptr(LacMask) holes = lac_mask_new(rows, cols, error);

    for (size_t begin = 0; holes != NULL && begin < rows; begin += block) {
        const size_t end = MIN(begin + block, rows);

        if (!data_any_special(values + begin * cols, (end - begin) * cols))
            continue;
        for (size_t i = begin; i < end; i++) {
            const size_t j = data_scan_row(values + i * cols, cols, holes->bits + i * holes->words);

            if (j < cols)
                return lac_fail_null(error, LAC_ERROR_DATA,
                                     "%s: row %zu, column '%s' is infinite, expected a finite "
                                     "number or a missing value; remove or recode it",
                                     origin, i + 1, schema->columns[j].name);
        }
    }
    return g_steal_pointer(&holes);
}

LacData *
lac_data_new_take(LacSchema *schema, size_t rows, double *values, const char *origin,
                  GError **error)
{
    g_autoptr(LacSchema) own_schema = schema;
    g_autofree double *own_values = values;
    g_autoptr(LacMask) holes = data_find_holes(schema, rows, values, origin, error);

    if (holes == NULL)
        return NULL;
    return data_wrap(g_steal_pointer(&own_schema), rows, g_steal_pointer(&own_values),
                     g_steal_pointer(&holes), origin);
}

LacData *
lac_data_ref(const LacData *data)
{
    LacData *self = (LacData *)data;

    g_atomic_int_inc(&self->ref_count);
    return self;
}

void
lac_data_unref(LacData *data)
{
    if (data == NULL || !g_atomic_int_dec_and_test(&data->ref_count))
        return;
    g_free((gpointer)data->values);
    lac_mask_free((LacMask *)data->holes);
    lac_schema_unref(data->schema);
    g_free((gpointer)data->labels);
    g_strfreev(data->label_names);
    g_free(data->origin);
    lac_limits_unref(data->limits);
    g_free(data);
}

void
lac_data_take_labels(LacData *data, int32_t *labels, size_t n_classes, char **names)
{
    g_assert(g_atomic_int_get(&data->ref_count) == 1);
    g_free((gpointer)data->labels);
    g_strfreev(data->label_names);
    data->labels = labels;
    data->n_classes = n_classes;
    data->label_names = names;
}

void
lac_data_set_image(LacData *data, LacImageShape image)
{
    g_assert(g_atomic_int_get(&data->ref_count) == 1);
    g_assert(image.channels * image.height * image.width == data->cols);
    data->image = image;
}

/* Gives @to the image shape and the labels of @from's rows @index (all rows when NULL). */
static gboolean
data_inherit(LacData *to, const LacData *from, const size_t *index, GError **error)
{
    g_autofree int32_t *labels = NULL;

    if (to->cols == from->cols)
        to->image = from->image;
    if (from->labels == NULL)
        return TRUE;
    labels = lac_try_alloc(to->rows, sizeof *labels, "labels", error);
    if (labels == NULL)
        return FALSE;
    for (size_t i = 0; i < to->rows; i++)
        labels[i] = from->labels[index != NULL ? index[i] : i];
    lac_data_take_labels(to, g_steal_pointer(&labels), from->n_classes,
                         g_strdupv(from->label_names));
    return TRUE;
}

LacData *
lac_data_derive_take(const LacData *data, LacSchema *schema, double *values, GError **error)
{
    g_autoptr(LacData) copy = lac_data_new_take(schema, data->rows, values, data->origin, error);

    if (copy == NULL || !data_inherit(copy, data, NULL, error))
        return NULL;
    return g_steal_pointer(&copy);
}

LacData *
lac_data_with_values_take(const LacData *data, double *values, GError **error)
{
    LacData *copy = lac_data_derive_take(data, lac_schema_ref(data->schema), values, error);

    if (copy != NULL)
        lac_data_take_limits(copy, lac_limits_ref(data->limits));
    return copy;
}

LacData *
lac_data_with_holes(const LacData *data, const LacMask *more, GError **error)
{
    g_autofree double *values = NULL;

    g_assert(more->rows == data->rows && more->cols == data->cols);
    values = lac_try_alloc(data->rows * data->cols, sizeof(double), "incomplete table", error);
    if (values == NULL)
        return NULL;
    memcpy(values, data->values, data->rows * data->cols * sizeof(double));
    for (size_t i = 0; i < data->rows; i++) {
        const uint64_t *bits = lac_mask_row(more, i);

        for (size_t w = 0; w < more->words; w++) {
            for (uint64_t word = bits[w]; word != 0; word &= word - 1)
                values[i * data->cols + w * 64 + (size_t)__builtin_ctzll(word)] = NAN;
        }
    }
    return lac_data_with_values_take(data, g_steal_pointer(&values), error);
}

LacData *
lac_data_select_rows(const LacData *data, size_t n, const size_t *index, GError **error)
{
    g_autoptr(LacMask) holes = lac_mask_new(n, data->cols, error);
    g_autofree double *values = NULL;
    g_autoptr(LacData) copy = NULL;

    if (holes == NULL)
        return NULL;
    values = lac_try_alloc(n, data->cols * sizeof(double), "selected rows", error);
    if (values == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        g_assert(index[i] < data->rows);
        memcpy(values + i * data->cols, lac_data_row(data, index[i]), data->cols * sizeof(double));
        memcpy(holes->bits + i * holes->words, lac_mask_row(data->holes, index[i]),
               holes->words * sizeof(uint64_t));
    }
    copy = data_wrap(lac_schema_ref(data->schema), n, g_steal_pointer(&values),
                     g_steal_pointer(&holes), data->origin);
    if (!data_inherit(copy, data, index, error) ||
        !lac_limits_select_rows(data->limits, n, index, &copy->limits, error))
        return NULL;
    return g_steal_pointer(&copy);
}

/* One 64-bit word into the hash @h: multiply, rotate, multiply with odd constants. Words enter as
 * numbers, never as bytes, so byte order does not matter. */
static inline uint64_t
data_mix(uint64_t h, uint64_t word)
{
    h ^= word * 0x9E3779B97F4A7C15u;
    h = (h << 29) | (h >> 35);
    return h * 0xBF58476D1CE4E5B9u + 0x94D049BB133111EBu;
}

static uint64_t
data_hash_cells(uint64_t h, const LacData *data)
{
    for (size_t i = 0; i < data->rows; i++) {
        const uint64_t *bits = lac_mask_row(data->holes, i);
        const double *row = lac_data_row(data, i);

        for (size_t w = 0; w < data->holes->words; w++)
            h = data_mix(h, bits[w]);
        for (size_t j = 0; j < data->cols; j++) {
            uint64_t word = 0; /* whichever NaN lies under a hole must not matter */

            if (row[j] == row[j])
                memcpy(&word, &row[j], sizeof word);
            h = data_mix(h, word);
        }
    }
    return h;
}

/* A table without limits keeps the hash it always had. */
static uint64_t
data_hash_limits(uint64_t h, const LacData *data)
{
    for (size_t j = 0; j < data->cols; j++) {
        for (size_t i = 0; lac_data_is_limited(data, j) && i < data->rows; i++) {
            double ends[2];
            uint64_t words[2];

            lac_data_limits(data, i, j, &ends[0], &ends[1]);
            memcpy(words, ends, sizeof words);
            h = data_mix(data_mix(h, words[0]), words[1]);
        }
    }
    return h;
}

uint64_t
lac_data_fingerprint(const LacData *data)
{
    uint64_t h = data_mix(data_mix(0x4C4143554E41u, data->rows), data->cols);

    for (size_t j = 0; j < data->cols; j++) {
        h = data_mix(h, (uint64_t)lac_data_column(data, j)->kind);
        h = data_mix(h, lac_data_column(data, j)->n_levels);
    }
    h = data_hash_cells(h, data);
    h = data_hash_limits(h, data);
    for (size_t i = 0; data->labels != NULL && i < data->rows; i++)
        h = data_mix(h, (uint64_t)(uint32_t)data->labels[i]);
    h ^= h >> 32;
    h *= 0x94D049BB133111EBu;
    return h ^ (h >> 29);
}

size_t
lac_data_copy_seen(const LacData *data, size_t j, double *out)
{
    size_t n = 0;

    g_assert(j < data->cols);
    for (size_t i = 0; i < data->rows; i++) {
        out[n] = lac_data_at(data, i, j);
        n += (size_t)(out[n] == out[n]);
    }
    return n;
}

void
lac_data_copy_values(const LacData *data, LacMatrix *out)
{
    g_assert(out->rows == data->rows && out->cols == data->cols);
    for (size_t i = 0; i < data->rows; i++)
        memcpy(lac_matrix_row(out, i), lac_data_row(data, i), data->cols * sizeof(double));
}

void
lac_data_fill_holes(const LacData *data, const double *fill, LacMatrix *out)
{
    lac_data_copy_values(data, out);
    for (size_t i = 0; i < data->rows; i++) {
        const uint64_t *bits = lac_mask_row(data->holes, i);
        double *row = lac_matrix_row(out, i);

        for (size_t w = 0; w < data->holes->words; w++) {
            for (uint64_t word = bits[w]; word != 0; word &= word - 1) {
                const size_t j = w * 64 + (size_t)__builtin_ctzll(word);

                row[j] = fill[j];
            }
        }
    }
}
