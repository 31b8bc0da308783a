/* One-hot encoding for models that want numbers, and its inverse. */
#include "limits-private.h"
#include "table-private.h"

#include <math.h>

/* Column j of the source is columns first[j] .. first[j] + width[j] - 1 of the wide table. */
struct LacEncoder {
    LacSchema *source, *wide;
    size_t *first, *width;
};

/* "column=level", 0 or 1. */
static void
encode_describe_level(LacSchema *wide, size_t to, const LacColumn *column, size_t level)
{
    static const char *const no_yes[] = {"0", "1"};
    g_autofree char *code = g_strdup_printf("%zu", level);
    g_autofree char *name = g_strdup_printf("%s=%s", column->name,
                                            column->levels != NULL ? column->levels[level] : code);

    lac_schema_set_name(wide, to, name);
    lac_schema_set_levels(wide, to, LAC_KIND_BINARY, 2, no_yes);
    wide->columns[to].lower = 0.0;
    wide->columns[to].upper = 1.0;
}

static void
encode_describe_same(LacSchema *wide, size_t to, const LacColumn *column)
{
    lac_schema_set_name(wide, to, column->name);
    lac_schema_set_levels(wide, to, column->kind, column->n_levels,
                          (const char *const *)column->levels);
    wide->columns[to].lower = column->lower;
    wide->columns[to].upper = column->upper;
}

static size_t
encode_width(const LacColumn *column, gboolean one_hot, gboolean left_out)
{
    if (left_out)
        return 0;
    return one_hot && column->kind == LAC_KIND_NOMINAL && column->n_levels > 2 ? column->n_levels
                                                                               : 1;
}

LacEncoder *
lac_encoder_new(const LacSchema *schema)
{
    return lac_encoder_new_for(schema, TRUE, NULL);
}

LacEncoder *
lac_encoder_new_for(const LacSchema *schema, gboolean one_hot, const gboolean *left_out)
{
    LacEncoder *encoder = g_new0(LacEncoder, 1);
    size_t cols = 0;

    encoder->source = lac_schema_dup(schema);
    encoder->first = g_new(size_t, schema->cols);
    encoder->width = g_new(size_t, schema->cols);
    for (size_t j = 0; j < schema->cols; j++) {
        const LacColumn *column = &schema->columns[j];

        encoder->first[j] = cols;
        encoder->width[j] = encode_width(column, one_hot, left_out != NULL && left_out[j]);
        cols += encoder->width[j];
    }
    encoder->wide = lac_schema_new(cols);
    for (size_t j = 0; j < schema->cols; j++) {
        if (encoder->width[j] == 1)
            encode_describe_same(encoder->wide, encoder->first[j], &schema->columns[j]);
        for (size_t l = 0; encoder->width[j] > 1 && l < encoder->width[j]; l++)
            encode_describe_level(encoder->wide, encoder->first[j] + l, &schema->columns[j], l);
    }
    return encoder;
}

void
lac_encoder_free(LacEncoder *encoder)
{
    if (encoder == NULL)
        return;
    lac_schema_unref(encoder->source);
    lac_schema_unref(encoder->wide);
    g_free(encoder->first);
    g_free(encoder->width);
    g_free(encoder);
}

size_t
lac_encoder_cols(const LacEncoder *encoder)
{
    return encoder->wide->cols;
}

gboolean
lac_encoder_is_identity(const LacEncoder *encoder)
{
    for (size_t j = 0; j < encoder->source->cols; j++)
        if (encoder->width[j] != 1)
            return FALSE;
    return TRUE;
}

static void
encode_row(const LacEncoder *encoder, const double *row, double *wide)
{
    for (size_t j = 0; j < encoder->source->cols; j++) {
        double *to = wide + encoder->first[j];

        if (encoder->width[j] == 1) {
            *to = row[j];
            continue;
        }
        for (size_t l = 0; l < encoder->width[j]; l++)
            to[l] = isnan(row[j]) ? NAN : (double)(row[j] == (double)l);
    }
}

/* Only numbers have limits, and they keep one column. */
static gboolean
encode_limits(const LacEncoder *encoder, const LacData *data, LacData *encoded, GError **error)
{
    g_autofree gssize *source = g_new(gssize, MAX(encoded->cols, 1));

    for (size_t j = 0; j < data->cols; j++)
        for (size_t l = 0; l < encoder->width[j]; l++)
            source[encoder->first[j] + l] = encoder->width[j] == 1 ? (gssize)j : -1;
    return lac_limits_map(data->limits, encoded->cols, source, NULL, NULL, &encoded->limits, error);
}

LacData *
lac_encoder_apply(const LacEncoder *encoder, const LacData *data, GError **error)
{
    const size_t wide_cols = encoder->wide->cols;
    g_autofree double *values = NULL;
    g_autoptr(LacData) encoded = NULL;

    g_assert(data->cols == encoder->source->cols);
    if (lac_encoder_is_identity(encoder))
        return lac_data_ref(data);
    values = wide_cols > G_MAXSSIZE / sizeof(double)
                 ? NULL
                 : lac_try_alloc(data->rows, wide_cols * sizeof(double), "encoded table", error);
    if (values == NULL)
        return NULL;
    for (size_t i = 0; i < data->rows; i++)
        encode_row(encoder, lac_data_row(data, i), values + i * wide_cols);
    encoded =
        lac_data_derive_take(data, lac_schema_ref(encoder->wide), g_steal_pointer(&values), error);
    return encoded != NULL && encode_limits(encoder, data, encoded, error)
               ? g_steal_pointer(&encoded)
               : NULL;
}

static double
encode_undo_cell(const LacColumn *column, size_t width, const double *scores)
{
    size_t best = 0;

    if (width == 0)
        return NAN;
    if (lac_kind_is_numeric(column->kind))
        return *scores;
    if (width == 1)
        return CLAMP(nearbyint(*scores), 0.0, (double)MAX(column->n_levels, 1) - 1.0);
    for (size_t l = 1; l < width; l++) {
        if (scores[l] > scores[best])
            best = l;
    }
    return (double)best;
}

void
lac_encoder_undo(const LacEncoder *encoder, const LacMatrix *wide, LacMatrix *out)
{
    g_assert(wide->rows == out->rows && wide->cols == encoder->wide->cols &&
             out->cols == encoder->source->cols);
    for (size_t i = 0; i < out->rows; i++) {
        const double *from = lac_matrix_row(wide, i);
        double *to = lac_matrix_row(out, i);

        for (size_t j = 0; j < out->cols; j++)
            to[j] = encode_undo_cell(&encoder->source->columns[j], encoder->width[j],
                                     from + encoder->first[j]);
    }
}
