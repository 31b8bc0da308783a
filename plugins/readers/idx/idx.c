/* idx: the format of the MNIST files: four bytes of magic that tell type and dimensions, the sizes
 * as big-endian 32-bit numbers, the numbers.
 * Source: LeCun, Cortes & Burges, "The MNIST database of handwritten digits". */
#include <lacuna/file.h>
#include <lacuna/reader.h>

#include <math.h>
#include <string.h>

typedef struct {
    LacReader base;
    char *labels;
    int64_t rows;
    gboolean unit, binarise;
} IdxPlugin;

static const LacParam params[] = {
    LAC_PARAM_PATH(IdxPlugin, labels, NULL, "idx file with the class of each row"),
    LAC_PARAM_INT(IdxPlugin, rows, 0, LAC_RANGE_FROM(0), "rows",
                  "Only so many rows from the beginning; 0 reads all"),
    LAC_PARAM_BOOL(IdxPlugin, unit, FALSE, "Divide bytes by 255, so that they lie in [0, 1]"),
    LAC_PARAM_BOOL(IdxPlugin, binarise, FALSE,
                   "Draw each pixel once and for all: 1 with probability byte / 255, else 0"),
    LAC_PARAM_END,
};

enum {
    DIMS_MAX = 4,
    TYPE_U8 = 0x08,
    TYPE_I8 = 0x09,
    TYPE_I16 = 0x0B,
    TYPE_I32 = 0x0C,
    TYPE_F32 = 0x0D,
    TYPE_F64 = 0x0E,
};

typedef struct {
    unsigned type;
    size_t size; /* bytes of a number */
    size_t dims, shape[DIMS_MAX];
    size_t rows, cols;
} IdxHeader;

/* Bytes of a number of @type; 0 when there is no such type. */
static size_t
idx_size(unsigned type)
{
    static const uint8_t sizes[] = {[TYPE_U8] = 1,  [TYPE_I8] = 1,  [TYPE_I16] = 2,
                                    [TYPE_I32] = 4, [TYPE_F32] = 4, [TYPE_F64] = 8};

    return type < sizeof sizes ? sizes[type] : 0;
}

/* The big-endian number of @size bytes at @p. */
static uint64_t
idx_bits(const uint8_t *p, size_t size)
{
    uint64_t bits = 0;

    for (size_t k = 0; k < size; k++)
        bits = bits << 8 | p[k];
    return bits;
}

static double
idx_value(const IdxHeader *header, const uint8_t *p)
{
    const uint64_t bits = idx_bits(p, header->size);
    const uint32_t word = (uint32_t)bits;
    float single;
    double wide;

    switch (header->type) {
    case TYPE_I8:
        return (int8_t)bits;
    case TYPE_I16:
        return (int16_t)bits;
    case TYPE_I32:
        return (int32_t)word;
    case TYPE_F32:
        memcpy(&single, &word, sizeof single);
        return (double)single;
    case TYPE_F64:
        memcpy(&wide, &bits, sizeof wide);
        return wide;
    default:
        return (double)bits;
    }
}

static gboolean
idx_read_header(LacFile *file, IdxHeader *header, GError **error)
{
    const char *name = lac_file_name(file);
    uint8_t head[4 + 4 * DIMS_MAX] = {0};

    if (!lac_file_read_exactly(file, head, 4, "the idx magic", error))
        return FALSE;
    header->type = head[2];
    header->size = idx_size(header->type);
    header->dims = head[3];
    if (head[0] != 0 || head[1] != 0 || header->size == 0 || header->dims < 1 ||
        header->dims > DIMS_MAX)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: byte 0: no idx file: it starts with %02x %02x %02x %02x, expected 00 "
                        "00, a type of 08 to 0e and 1 to %d dimensions",
                        name, head[0], head[1], head[2], head[3], DIMS_MAX);
    if (!lac_file_read_exactly(file, head + 4, 4 * header->dims, "the sizes", error))
        return FALSE;
    header->cols = 1;
    for (size_t d = 0; d < header->dims; d++) {
        header->shape[d] = (size_t)idx_bits(head + 4 + 4 * d, 4);
        if (d > 0 && header->shape[d] > 0 &&
            header->cols > G_MAXSSIZE / sizeof(double) / header->shape[d])
            return lac_fail(error, LAC_ERROR_DATA, "%s: byte 4: sizes out of reach", name);
        header->cols *= d > 0 ? header->shape[d] : 1;
    }
    header->rows = header->shape[0];
    if (header->rows == 0 || header->cols == 0)
        return lac_fail(error, LAC_ERROR_DATA, "%s: byte 4: there are no rows or no columns", name);
    if (lac_file_most_left(file) / header->size / header->cols < header->rows)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: byte 4: the header promises %zu rows of %zu numbers, more than the "
                        "file can hold; is it cut off?",
                        name, header->rows, header->cols);
    return TRUE;
}

/* The first @rows rows, each number divided by @divisor. Owned. */
static double *
idx_read_values(LacFile *file, const IdxHeader *header, size_t rows, double divisor, GError **error)
{
    enum { BLOCK = 1 << 16 };
    const size_t n = rows * header->cols, part_max = BLOCK / header->size;
    g_autofree uint8_t *bytes = g_malloc(part_max * header->size);
    g_autofree double *values =
        lac_try_alloc(rows, header->cols * sizeof(double), "idx array", error);

    for (size_t done = 0; values != NULL && done < n;) {
        const size_t part = MIN(n - done, part_max);

        if (!lac_file_read_exactly(file, bytes, part * header->size, "the numbers", error))
            return NULL;
        for (size_t k = 0; k < part; k++)
            values[done + k] = idx_value(header, bytes + k * header->size) / divisor;
        done += part;
    }
    if (values != NULL && rows == header->rows && !lac_file_expect_end(file, "the numbers", error))
        return NULL;
    return g_steal_pointer(&values);
}

/* Static binarisation (Salakhutdinov & Murray 2008): the same draw on every machine and in every
 * run, whatever the experiment's seed, since it makes a data set. */
static void
idx_binarise(size_t rows, size_t cols, double *values)
{
    const LacRng root = lac_rng_new(0), all = lac_rng_split(&root, "idx binarise");

    for (size_t i = 0; i < rows; i++) {
        LacRng rng = lac_rng_at(&all, i);

        for (size_t j = 0; j < cols; j++)
            values[i * cols + j] = lac_rng_uniform(&rng) < values[i * cols + j] ? 1.0 : 0.0;
    }
}

static LacSchema *
idx_schema(const IdxHeader *header, gboolean unit)
{
    LacSchema *schema = lac_schema_new(header->cols);

    for (size_t j = 0; header->type == TYPE_U8 && j < header->cols; j++) {
        schema->columns[j].lower = 0.0;
        schema->columns[j].upper = unit ? 1.0 : 255.0;
    }
    return schema;
}

static gboolean
idx_read_labels(const IdxPlugin *self, LacData *data, GError **error)
{
    g_autoptr(LacFile) file = lac_file_open(self->labels, error);
    g_autofree double *values = NULL;
    IdxHeader header = {0};

    if (file == NULL || !idx_read_header(file, &header, error))
        return FALSE;
    if (header.cols != 1 || header.rows < data->rows ||
        (self->rows == 0 && header.rows != data->rows))
        return lac_fail(error, LAC_ERROR_SHAPE,
                        "%s: %zu x %zu labels, expected one for each of the %zu rows of %s",
                        self->labels, header.rows, header.cols, data->rows, data->origin);
    values = idx_read_values(file, &header, data->rows, 1.0, error);
    return values != NULL && lac_data_label_by_values(data, values, error);
}

static LacData *
idx_read_table(const IdxPlugin *self, LacFile *file, GError **error)
{
    g_autoptr(LacData) data = NULL;
    IdxHeader header = {0};
    gboolean unit;
    size_t rows;
    double *values;

    if (!idx_read_header(file, &header, error))
        return NULL;
    if (self->binarise && header.type != TYPE_U8)
        return lac_fail_null(error, LAC_ERROR_DATA,
                             "%s: byte 2: binarise needs bytes (type 08), these are of type %02x",
                             lac_file_name(file), header.type);
    unit = (self->unit || self->binarise) && header.type == TYPE_U8;
    rows = self->rows > 0 ? MIN(header.rows, (size_t)self->rows) : header.rows;
    values = idx_read_values(file, &header, rows, unit ? 255.0 : 1.0, error);
    if (values == NULL)
        return NULL;
    if (self->binarise)
        idx_binarise(rows, header.cols, values);
    data = lac_data_new_take(idx_schema(&header, unit), rows, values, lac_file_name(file), error);
    if (data == NULL)
        return NULL;
    if (header.dims > 2)
        lac_data_set_image(data, (LacImageShape){header.dims == 4 ? header.shape[1] : 1,
                                                 header.shape[header.dims - 2],
                                                 header.shape[header.dims - 1]});
    if (self->labels != NULL && !idx_read_labels(self, data, error))
        return NULL;
    return g_steal_pointer(&data);
}

static LacData *
idx_read(const LacReader *reader, GError **error)
{
    g_autoptr(LacFile) file = lac_file_open(reader->path, error);

    return file != NULL ? idx_read_table(LAC_CAST(const IdxPlugin, reader), file, error) : NULL;
}

static gboolean
idx_sniff(const uint8_t *head, size_t n)
{
    return n >= 4 && head[0] == 0 && head[1] == 0 && idx_size(head[2]) > 0 && head[3] >= 1 &&
           head[3] <= DIMS_MAX;
}

static const char *const suffixes[] = {"-ubyte", ".idx", NULL};

LAC_PLUGIN_EXPORT const LacReaderPlugin lac_plugin = {
    LAC_READER("idx", "Images and numbers in the format of the MNIST files", IdxPlugin, params),
    .suffixes = suffixes,
    .sniff = idx_sniff,
    .read = idx_read,
};
