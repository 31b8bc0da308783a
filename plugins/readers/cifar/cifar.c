/* cifar: records of one or two label bytes and 3072 pixel bytes: 1024 red, 1024 green, 1024 blue,
 * each 32 rows of 32. The file has no header, so its length must be a whole number of records.
 * Source: Krizhevsky, "Learning multiple layers of features from tiny images" (2009). */
#include <lacuna/file.h>
#include <lacuna/reader.h>

#include <string.h>

typedef struct {
    LacReader base;
    int variant;
    int64_t rows;
    gboolean unit;
} CifarPlugin;

enum {
    VARIANT_10,
    VARIANT_100,
    VARIANT_100_COARSE,
    PIXELS = 3072,
};

static const char *const variants[] = {"cifar10", "cifar100", "cifar100-coarse", NULL};

static const LacParam params[] = {
    LAC_PARAM_CHOICE(CifarPlugin, variant, VARIANT_10, variants,
                     "One label byte a record (cifar10), or two, coarse and fine, of which one is "
                     "used"),
    LAC_PARAM_INT(CifarPlugin, rows, 0, LAC_RANGE_FROM(0), "rows",
                  "Only so many rows from the beginning; 0 reads all"),
    LAC_PARAM_BOOL(CifarPlugin, unit, FALSE, "Divide pixels by 255, so that they lie in [0, 1]"),
    LAC_PARAM_END,
};

typedef struct {
    double *values;
    int32_t *labels;
    size_t rows, capacity;
} CifarTable;

static gboolean
cifar_reserve(CifarTable *table, const char *name, GError **error)
{
    const size_t capacity = MAX(table->capacity + table->capacity / 2, 1024);
    double *values = g_try_realloc_n(table->values, capacity, PIXELS * sizeof(double));
    int32_t *labels;

    table->values = values != NULL ? values : table->values;
    labels = values == NULL ? NULL : g_try_realloc_n(table->labels, capacity, sizeof(int32_t));
    table->labels = labels != NULL ? labels : table->labels;
    if (labels == NULL)
        return lac_fail(error, LAC_ERROR_SHAPE, "%s: cannot allocate %.0f MiB for the table", name,
                        (double)capacity * PIXELS * 8.0 / (1024.0 * 1024.0));
    table->capacity = capacity;
    return TRUE;
}

static gboolean
cifar_read_records(const CifarPlugin *self, LacFile *file, CifarTable *table, GError **error)
{
    const size_t label_bytes = self->variant == VARIANT_10 ? 1 : 2;
    const size_t label_at = self->variant == VARIANT_100 ? 1 : 0;
    const double divisor = self->unit ? 255.0 : 1.0;
    const char *name = lac_file_name(file);
    uint8_t record[2 + PIXELS];
    size_t got = 0;

    while (self->rows == 0 || table->rows < (size_t)self->rows) {
        const uint64_t at = lac_file_offset(file);
        double *row;

        if (!lac_file_read(file, record, label_bytes + PIXELS, &got, error))
            return FALSE;
        if (got == 0)
            break;
        if (got < label_bytes + PIXELS)
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: byte %" G_GUINT64_FORMAT ": the last record has %zu of %zu bytes; "
                            "the file is cut off or of another variant",
                            name, at, got, label_bytes + PIXELS);
        if (table->rows == table->capacity && !cifar_reserve(table, name, error))
            return FALSE;
        if (record[label_at] >= (self->variant == VARIANT_10           ? 10
                                 : self->variant == VARIANT_100_COARSE ? 20
                                                                       : 100))
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: byte %" G_GUINT64_FORMAT ": %u is no label of %s; is the file of "
                            "another variant?",
                            name, at + label_at, record[label_at], variants[self->variant]);
        row = table->values + table->rows * PIXELS;
        for (size_t k = 0; k < PIXELS; k++)
            row[k] = record[label_bytes + k] / divisor;
        table->labels[table->rows++] = record[label_at];
    }
    if (table->rows == 0)
        return lac_fail(error, LAC_ERROR_DATA, "%s: is empty, expected records of %zu bytes", name,
                        label_bytes + PIXELS);
    return TRUE;
}

/* Names as published for CIFAR-10; numbers for the hundred. */
static char **
cifar_names(int variant, size_t *n_classes)
{
    static const char *const ten[] = {"airplane", "automobile", "bird", "cat",   "deer", "dog",
                                      "frog",     "horse",      "ship", "truck", NULL};
    char **names;

    *n_classes = variant == VARIANT_10 ? 10 : variant == VARIANT_100 ? 100 : 20;
    if (variant == VARIANT_10)
        return g_strdupv((char **)ten);
    names = g_new0(char *, *n_classes + 1);
    for (size_t c = 0; c < *n_classes; c++)
        names[c] = g_strdup_printf("%zu", c);
    return names;
}

static LacData *
cifar_make_data(const CifarPlugin *self, CifarTable *table, GError **error)
{
    LacSchema *schema = lac_schema_new(PIXELS);
    LacData *data;
    size_t n_classes;
    char **names;

    for (size_t j = 0; j < PIXELS; j++) {
        schema->columns[j].lower = 0.0;
        schema->columns[j].upper = self->unit ? 1.0 : 255.0;
    }
    data = lac_data_new_take(schema, table->rows, g_steal_pointer(&table->values), self->base.path,
                             error);
    if (data == NULL)
        return NULL;
    names = cifar_names(self->variant, &n_classes);
    lac_data_take_labels(data, g_steal_pointer(&table->labels), n_classes, names);
    lac_data_set_image(data, (LacImageShape){3, 32, 32});
    return data;
}

static LacData *
cifar_read(const LacReader *reader, GError **error)
{
    const CifarPlugin *self = LAC_CAST(const CifarPlugin, reader);
    g_autoptr(LacFile) file = lac_file_open(reader->path, error);
    CifarTable table = {0};
    LacData *data = NULL;

    if (file != NULL && cifar_read_records(self, file, &table, error)) {
        table.values = g_realloc_n(table.values, table.rows, PIXELS * sizeof(double));
        data = cifar_make_data(self, &table, error);
    }
    g_free(table.values);
    g_free(table.labels);
    return data;
}

static const char *const suffixes[] = {".bin", NULL};

LAC_PLUGIN_EXPORT const LacReaderPlugin lac_plugin = {
    LAC_READER("cifar", "Images of the CIFAR-10 and CIFAR-100 binary files", CifarPlugin, params),
    .suffixes = suffixes,
    .read = cifar_read,
};
