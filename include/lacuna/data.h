/* The table: n x p doubles with column descriptions and a missing mask. */
#ifndef LACUNA_DATA_H
#define LACUNA_DATA_H

#include <lacuna/mask.h>
#include <lacuna/matrix.h>

G_BEGIN_DECLS

/**
 * LacKind: what a column's numbers mean.
 * @LAC_KIND_CONTINUOUS: real numbers
 * @LAC_KIND_INTEGER: whole numbers, ordered, with distances (counts)
 * @LAC_KIND_BINARY: two levels, codes 0 and 1
 * @LAC_KIND_NOMINAL: levels without order, codes 0 .. n_levels-1
 * @LAC_KIND_ORDINAL: levels in the order of their codes
 */
typedef enum {
    LAC_KIND_CONTINUOUS,
    LAC_KIND_INTEGER,
    LAC_KIND_BINARY,
    LAC_KIND_NOMINAL,
    LAC_KIND_ORDINAL,
} LacKind;

/** LacColumn: owned by its schema. @name is unique in it, not empty; @lower and @upper bound the
 * plausible values, in the column's unit (-inf, +inf when not known). */
typedef struct {
    char *name;
    LacKind kind;
    size_t n_levels; /* 0 for continuous and integer columns */
    char **levels;   /* [n_levels] labels as found in the source, NULL-terminated; or NULL */
    double lower, upper;
} LacColumn;

/** lac_kind_is_numeric: the column holds numbers, not level codes. */
static inline gboolean
lac_kind_is_numeric(LacKind kind)
{
    return kind == LAC_KIND_CONTINUOUS || kind == LAC_KIND_INTEGER;
}

/** lac_kind_name: "continuous", "integer", "binary", "nominal" or "ordinal". Static. */
LAC_API const char *lac_kind_name(LacKind kind);
/** lac_kind_parse: the kind called @name; FALSE, @out untouched, when there is none. */
LAC_API gboolean lac_kind_parse(const char *name, LacKind *out);

/** LacSchema: descriptions of @cols columns; immutable and shared once built. */
typedef struct {
    size_t cols;
    LacColumn *columns;
    gint ref_count;
} LacSchema;

/** lac_schema_new: @cols continuous columns named "x1", "x2"...; change them before sharing. Owned,
 * one reference; lac_schema_unref() of the last one frees it. lac_schema_dup() copies deeply. */
LAC_API LacSchema *lac_schema_new(size_t cols);
LAC_API LacSchema *lac_schema_dup(const LacSchema *schema);
LAC_API LacSchema *lac_schema_ref(LacSchema *schema);
LAC_API void lac_schema_unref(LacSchema *schema);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacSchema, lac_schema_unref)
/** lac_schema_set_name, lac_schema_set_levels: of column @j < cols; copy what they are given
 * (@levels: [n] labels, or NULL where only codes are known); only before the schema is shared.
 * Setting levels sets kind and n_levels too. */
LAC_API void lac_schema_set_name(LacSchema *schema, size_t j, const char *name);
LAC_API void lac_schema_set_levels(LacSchema *schema, size_t j, LacKind kind, size_t n,
                                   const char *const *levels);
/** lac_schema_find: column called @name, or -1. */
LAC_API gssize lac_schema_find(const LacSchema *schema, const char *name);

/** LacImageShape: channels x height x width of each row; all 0 when rows are not images.
 * Column index of pixel (c, y, x) is (c * height + y) * width + x. */
typedef struct {
    size_t channels, height, width;
} LacImageShape;

/** LacLimits: what people said of the values under holes: bounds of columns, and of single cells (a
 * measurement below its detection limit). Immutable and shared; made by the core. */
typedef struct LacLimits LacLimits;

/**
 * LacData: an immutable, shared table. Read the members, never write them.
 * @values: [rows][cols] row-major; NaN under every hole
 * @holes: rows x cols, 1 = missing
 * @labels: [rows] class codes, -1 where unknown; NULL when the table has none
 * @label_names: [n_classes], NULL-terminated, or NULL
 * @origin: where it came from, for messages ("letter.csv"); never NULL
 * @limits: what a hole's value must lie in, asked by lac_data_limits(); NULL when nobody said
 */
typedef struct {
    size_t rows, cols;
    const double *values;
    const LacMask *holes;
    LacSchema *schema;
    LacImageShape image;
    const int32_t *labels;
    size_t n_classes;
    char **label_names;
    char *origin;
    gint ref_count;
    LacLimits *limits;
} LacData;

/**
 * lac_data_new_take:
 * @schema: (transfer full)
 * @values: (transfer full): [rows][schema->cols], g_malloc'ed; a NaN is a hole
 * @origin: copied
 *
 * Holes are where @values is NaN. Returns: owned; NULL, with @schema and @values freed, when the
 * mask cannot be allocated or a value is infinite (LAC_ERROR_DATA naming row and column).
 */
LAC_API LacData *lac_data_new_take(LacSchema *schema, size_t rows, double *values,
                                   const char *origin, GError **error);
LAC_API LacData *lac_data_ref(const LacData *data);
LAC_API void lac_data_unref(LacData *data);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacData, lac_data_unref)

/** lac_data_take_labels: (transfer full) @labels [rows], codes 0 .. n_classes-1 or -1 where
 * unknown, g_malloc'ed, and @names [n_classes], NULL-terminated, or NULL; only before @data is
 * shared. */
LAC_API void lac_data_take_labels(LacData *data, int32_t *labels, size_t n_classes, char **names);
/** lac_data_label_by_values: one class for each distinct number of @values [rows], in increasing
 * order and called by its number; NaN is unknown. Only before @data is shared.
 * @error: LAC_ERROR_SHAPE when there is no memory for it */
LAC_API gboolean lac_data_label_by_values(LacData *data, const double *values, GError **error);
/** lac_data_set_image: only before @data is shared; channels*height*width must equal cols. */
LAC_API void lac_data_set_image(LacData *data, LacImageShape image);

/** lac_data_with_holes: a copy in which also the cells of @more (same shape) are missing. Owned;
 * NULL with LAC_ERROR_SHAPE when there is no memory for it. */
LAC_API LacData *lac_data_with_holes(const LacData *data, const LacMask *more, GError **error);
/** lac_data_with_values_take: same columns, labels and image, other @values [rows][cols] (transfer
 * full, freed on failure too; NaN is a hole). Owned; NULL as lac_data_new_take(). */
LAC_API LacData *lac_data_with_values_take(const LacData *data, double *values, GError **error);
/** lac_data_select_rows: the @n rows listed in @index [n], in that order; may repeat. Labels
 * follow. Owned; NULL with LAC_ERROR_SHAPE when there is no memory for it. */
LAC_API LacData *
lac_data_select_rows(const LacData *data, size_t n, const size_t *index, GError **error);
/** lac_data_fingerprint: 64-bit hash of shape, column kinds, values, holes and labels, the same on
 * every machine. */
LAC_API uint64_t lac_data_fingerprint(const LacData *data);

/** lac_data_at: NaN in a hole; lac_data_row: [cols], lent. Indices are not checked. */
static inline double
lac_data_at(const LacData *data, size_t i, size_t j)
{
    return data->values[i * data->cols + j];
}

static inline const double *
lac_data_row(const LacData *data, size_t i)
{
    return data->values + i * data->cols;
}

/** lac_data_is_hole: the cell is missing; lac_data_column, lac_data_name: of column @j, lent as
 * long as
 * @data. */
static inline gboolean
lac_data_is_hole(const LacData *data, size_t i, size_t j)
{
    return lac_mask_get(data->holes, i, j);
}

static inline const LacColumn *
lac_data_column(const LacData *data, size_t j)
{
    return &data->schema->columns[j];
}

static inline const char *
lac_data_name(const LacData *data, size_t j)
{
    return data->schema->columns[j].name;
}

/**
 * lac_data_limits: hole (@i, @j) is known to hold a value in [@lower, @upper], in the table's
 * units; -inf and +inf where nothing was said.
 *
 * Models that can should draw from their law truncated to it; what lies outside is drawn again by
 * the core. An integer column's value counts after rounding: there the interval is wider by 1/2.
 */
LAC_API void lac_data_limits(const LacData *data, size_t i, size_t j, double *lower, double *upper);
/** lac_data_is_limited: whether column @j has limits at all; lac_data_has_cell_limits: whether some
 * of its holes have limits of their own, so that they are not missing but censored. */
LAC_API gboolean lac_data_is_limited(const LacData *data, size_t j);
LAC_API gboolean lac_data_has_cell_limits(const LacData *data, size_t j);

/** lac_data_copy_seen: observed values of column @j in row order to @out [rows]; their number. */
LAC_API size_t lac_data_copy_seen(const LacData *data, size_t j, double *out);
/** lac_data_copy_values: the whole table to @out (same shape), NaN in the holes. */
LAC_API void lac_data_copy_values(const LacData *data, LacMatrix *out);
/** lac_data_fill_holes: @out (same shape) = the table with value @fill[j] of [cols] in every hole
 * of column j; observed cells bit for bit. */
LAC_API void lac_data_fill_holes(const LacData *data, const double *fill, LacMatrix *out);

G_END_DECLS

#endif
