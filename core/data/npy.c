/* NumPy's npy format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#include <lacuna/npy.h>

#include <math.h>
#include <string.h>

enum {
    DIMS_MAX = 4,
    HEADER_MAX = 1 << 16, /* shape and type fit into a fraction of it */
};

typedef struct {
    char type; /* 'f', 'i', 'u', 'b' */
    size_t size;
    gboolean swap, fortran;
    size_t dims, shape[DIMS_MAX];
    size_t rows, cols;
} NpyHeader;

/* ---- the header, a Python dictionary ---- */

static gboolean
    G_GNUC_PRINTF(3, 4) npy_fail(const LacFile *file, GError **error, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return lac_fail(error, LAC_ERROR_DATA, "%s: byte %" G_GUINT64_FORMAT ": %s",
                    lac_file_name(file), lac_file_offset(file), message);
}

/* What follows 'key': in the dictionary @text, or NULL. */
static const char *
npy_find(const char *text, const char *key)
{
    for (const char *p = strchr(text, '\''); p != NULL; p = strchr(p + 1, '\'')) {
        const size_t n = strlen(key);

        if (strncmp(p + 1, key, n) != 0 || p[n + 1] != '\'')
            continue;
        p += n + 2;
        p += strspn(p, " ");
        return *p == ':' ? p + 1 + strspn(p + 1, " ") : NULL;
    }
    return NULL;
}

/* "'<f8'" and the like. */
static gboolean
npy_parse_type(const char *text, NpyHeader *header)
{
    const char order = text != NULL && text[0] == '\'' ? text[1] : '\0';
    const char *digits = order != '\0' && text[2] != '\0' ? text + 3 : NULL;
    char *end = NULL;

    if (digits == NULL || strchr("<>|=", order) == NULL || strchr("fiub", text[2]) == NULL)
        return FALSE;
    header->type = text[2];
    header->size = (size_t)g_ascii_strtoull(digits, &end, 10);
    header->swap = order == (G_BYTE_ORDER == G_LITTLE_ENDIAN ? '>' : '<');
    if (*end != '\'' || !g_ascii_isdigit(*digits))
        return FALSE;
    if (header->type == 'b')
        return header->size == 1;
    if (header->type == 'f')
        return header->size == 2 || header->size == 4 || header->size == 8;
    return header->size == 1 || header->size == 2 || header->size == 4 || header->size == 8;
}

/* "(3, 4)", "(3,)"; FALSE also when a size or the number of cells is out of reach. */
static gboolean
npy_parse_shape(const char *text, NpyHeader *header)
{
    uint64_t cells = sizeof(double);

    if (text == NULL || *text++ != '(')
        return FALSE;
    for (text += strspn(text, " "); g_ascii_isdigit(*text); text += strspn(text, ", ")) {
        char *end;
        const uint64_t n = g_ascii_strtoull(text, &end, 10);

        if (header->dims == DIMS_MAX || n > G_MAXSSIZE ||
            (n > 0 && cells > (uint64_t)G_MAXSSIZE / n))
            return FALSE;
        cells *= MAX(n, 1);
        header->shape[header->dims++] = (size_t)n;
        text = end;
    }
    return *text == ')';
}

static gboolean
npy_parse_header(LacFile *file, const char *text, NpyHeader *header, GError **error)
{
    const char *order = npy_find(text, "fortran_order"), *type = npy_find(text, "descr");
    const char *shape = npy_find(text, "shape");

    if (!npy_parse_type(type, header))
        return npy_fail(file, error,
                        "the array's type (descr: %.20s) is none of f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 "
                        "u8 b1; save it as numbers",
                        type != NULL ? type : "none");
    if (order == NULL || !npy_parse_shape(shape, header))
        return npy_fail(file, error,
                        "the array's shape (%.40s) is not one to %d sizes within reach",
                        shape != NULL ? shape : "none", DIMS_MAX);
    header->fortran = g_str_has_prefix(order, "True");
    header->cols = 1;
    for (size_t d = 1; d < header->dims; d++)
        header->cols *= header->shape[d];
    header->rows = header->dims > 0 ? header->shape[0] : 0;
    if (header->dims == 0 || header->rows == 0 || header->cols == 0)
        return npy_fail(file, error, "the array has no rows or no columns");
    return TRUE;
}

static gboolean
npy_read_header(LacFile *file, NpyHeader *header, GError **error)
{
    uint8_t head[12] = {0};
    g_autofree char *text = NULL;
    size_t length;

    if (!lac_file_read_exactly(file, head, 8, "the npy magic", error))
        return FALSE;
    if (memcmp(head, "\x93NUMPY", 6) != 0)
        return npy_fail(file, error, "no npy file: it does not start with \\x93NUMPY");
    if (head[6] < 1 || head[6] > 3)
        return npy_fail(file, error, "npy version %u.%u, expected 1.0 to 3.0", head[6], head[7]);
    if (!lac_file_read_exactly(file, head + 8, head[6] == 1 ? 2 : 4, "the header's length", error))
        return FALSE;
    length =
        (size_t)head[8] | (size_t)head[9] << 8 | (size_t)head[10] << 16 | (size_t)head[11] << 24;
    if (length > HEADER_MAX)
        return npy_fail(file, error, "a header of %zu bytes, expected at most %d", length,
                        HEADER_MAX);
    text = g_malloc0(length + 1);
    if (!lac_file_read_exactly(file, text, length, "the header", error))
        return FALSE;
    if (!g_utf8_validate(text, -1, NULL))
        return npy_fail(file, error, "the header is no text");
    if (!npy_parse_header(file, text, header, error))
        return FALSE;
    if (lac_file_most_left(file) / header->size / header->cols < header->rows)
        return npy_fail(file, error,
                        "the header promises %zu x %zu numbers of %zu bytes, more than the file "
                        "can hold; is it cut off?",
                        header->rows, header->cols, header->size);
    return TRUE;
}

/* ---- the numbers ---- */

/* IEEE half precision: sign, 5 bits of exponent, 10 of mantissa. */
static double
npy_half(uint16_t bits)
{
    const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
    const double sign = bits >> 15 ? -1.0 : 1.0;

    if (exponent == 31)
        return mantissa != 0 ? NAN : sign * INFINITY;
    return sign * (exponent == 0 ? ldexp(mantissa, -24) : ldexp(1024 + mantissa, exponent - 25));
}

/* The element at @p as an unsigned number of its size, in this machine's byte order. */
static uint64_t
npy_bits(const NpyHeader *header, const uint8_t *p)
{
    uint64_t bits = 0;

    for (size_t k = 0; k < header->size; k++) {
        const size_t from = header->swap == (G_BYTE_ORDER == G_LITTLE_ENDIAN)
                                ? k
                                : header->size - 1 - k; /* most significant first */

        bits = bits << 8 | p[from];
    }
    return bits;
}

static double
npy_value(const NpyHeader *header, const uint8_t *p)
{
    const uint64_t bits = npy_bits(header, p);
    const unsigned unused = 64 - 8 * (unsigned)header->size;

    if (header->type == 'f' && header->size == 8) {
        double value;

        memcpy(&value, &bits, sizeof value);
        return value;
    }
    if (header->type == 'f' && header->size == 4) {
        const uint32_t word = (uint32_t)bits;
        float value;

        memcpy(&value, &word, sizeof value);
        return (double)value;
    }
    if (header->type == 'f')
        return npy_half((uint16_t)bits);
    if (header->type == 'i')
        return (double)((int64_t)(bits << unused) >> unused);
    return header->type == 'b' ? (double)(bits != 0) : (double)bits;
}

/* @n elements at @bytes to every @stride-th double from @to on. */
static void
npy_convert(const NpyHeader *header, size_t n, const uint8_t *bytes, double *to, size_t stride)
{
    if (header->type == 'f' && header->size == sizeof(double) && !header->swap && stride == 1) {
        memcpy(to, bytes, n * sizeof(double));
        return;
    }
    for (size_t k = 0; k < n; k++)
        to[k * stride] = npy_value(header, bytes + k * header->size);
}

/* The column of the @f-th run of rows in Fortran order: there the first index runs fastest, here
 * the last. */
static size_t
npy_fortran_column(const NpyHeader *header, size_t f)
{
    size_t column = 0;

    for (size_t d = 1; d < header->dims; d++) {
        size_t behind = 1;

        for (size_t e = d + 1; e < header->dims; e++)
            behind *= header->shape[e];
        column += f % header->shape[d] * behind;
        f /= header->shape[d];
    }
    return column;
}

/* Runs of @n numbers: rows of a C array, columns of a Fortran one. Owned. */
static double *
npy_read_values(LacFile *file, const NpyHeader *header, GError **error)
{
    enum { BLOCK = 1 << 16 };
    const size_t n = header->fortran ? header->rows : header->cols;
    const size_t stride = header->fortran ? header->cols : 1;
    const size_t part_max = MAX(BLOCK / header->size, 1);
    g_autofree uint8_t *bytes = g_malloc(MIN(n, part_max) * header->size);
    g_autofree double *values =
        lac_try_alloc(header->rows, header->cols * sizeof(double), "npy array", error);

    for (size_t run = 0; values != NULL && run < header->rows * header->cols / n; run++) {
        double *to =
            values + (header->fortran ? npy_fortran_column(header, run) : run * header->cols);

        for (size_t done = 0; done < n;) {
            const size_t part = MIN(n - done, part_max);

            if (!lac_file_read_exactly(file, bytes, part * header->size, "the array", error))
                return NULL;
            npy_convert(header, part, bytes, to + done * stride, stride);
            done += part;
        }
    }
    if (values != NULL && !lac_file_expect_end(file, "the array", error))
        return NULL;
    return g_steal_pointer(&values);
}

LacData *
lac_npy_read(LacFile *file, GError **error)
{
    static const char *const no_yes[] = {"0", "1"};
    NpyHeader header = {0};
    g_autoptr(LacSchema) schema = NULL;
    double *values;
    LacData *data;

    if (!npy_read_header(file, &header, error))
        return NULL;
    values = npy_read_values(file, &header, error);
    if (values == NULL)
        return NULL;
    schema = lac_schema_new(header.cols);
    for (size_t j = 0; j < header.cols; j++) {
        if (header.type == 'b')
            lac_schema_set_levels(schema, j, LAC_KIND_BINARY, 2, no_yes);
        else
            schema->columns[j].kind = header.type == 'f' ? LAC_KIND_CONTINUOUS : LAC_KIND_INTEGER;
    }
    data = lac_data_new_take(g_steal_pointer(&schema), header.rows, values, lac_file_name(file),
                             error);
    if (data != NULL && header.dims > 2)
        lac_data_set_image(data, (LacImageShape){header.dims == 4 ? header.shape[1] : 1,
                                                 header.shape[header.dims - 2],
                                                 header.shape[header.dims - 1]});
    return data;
}

gboolean
lac_npy_read_labels(LacFile *file, LacData *data, GError **error)
{
    NpyHeader header = {0};
    g_autofree double *values = NULL;

    if (!npy_read_header(file, &header, error))
        return FALSE;
    if (header.rows != data->rows || header.cols != 1)
        return lac_fail(error, LAC_ERROR_SHAPE,
                        "%s: %zu x %zu labels, expected one for each of the %zu rows of %s",
                        lac_file_name(file), header.rows, header.cols, data->rows, data->origin);
    values = npy_read_values(file, &header, error);
    return values != NULL && lac_data_label_by_values(data, values, error);
}

GByteArray *
lac_npy_head(const char *dtype, size_t dims, const size_t *shape)
{
    enum { PREAMBLE = 10, ALIGNMENT = 64 };
    GByteArray *npy = g_byte_array_new();
    g_autoptr(GString) header = g_string_new(NULL);

    g_string_printf(header, "{'descr': '%s', 'fortran_order': False, 'shape': (", dtype);
    for (size_t i = 0; i < dims; i++)
        g_string_append_printf(header, "%zu,", shape[i]);
    g_string_append(header, "), }");
    while ((PREAMBLE + header->len + 1) % ALIGNMENT != 0)
        g_string_append_c(header, ' ');
    g_string_append_c(header, '\n');
    g_byte_array_append(npy, (const guint8 *)"\x93NUMPY\x01\x00", 8);
    g_byte_array_append(
        npy, (const guint8[2]){(guint8)(header->len & 0xFF), (guint8)(header->len >> 8)}, 2);
    g_byte_array_append(npy, (const guint8 *)header->str, (guint)header->len);
    return npy;
}
