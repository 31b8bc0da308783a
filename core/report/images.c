/* Image grids: completed pictures beside the truth, from the artefacts of a run. */
#include "page-private.h"
#include "text-private.h"

#include <math.h>
#include <png.h>
#include <string.h>

#define MOST_IMAGES 8
#define MOST_FILE (64u << 20)

/* ---- npz: a zip file of stored .npy members ---- */

typedef struct {
    const unsigned char *bytes;
    size_t n;
} Span;

static uint64_t
little(const unsigned char *bytes, int n)
{
    uint64_t value = 0;

    for (int i = n; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

/* the stored member @name, walking the local headers; empty when there is none */
static Span
zip_member(Span zip, const char *name)
{
    size_t at = 0;

    while (zip.n - at >= 30 && little(zip.bytes + at, 4) == 0x04034b50) {
        const size_t size = (size_t)little(zip.bytes + at + 18, 4);
        const size_t name_length = (size_t)little(zip.bytes + at + 26, 2);
        const size_t start = at + 30 + name_length + (size_t)little(zip.bytes + at + 28, 2);
        if (start > zip.n || size > zip.n - start || little(zip.bytes + at + 8, 2) != 0)
            break;
        if (name_length == strlen(name) && memcmp(zip.bytes + at + 30, name, name_length) == 0)
            return (Span){zip.bytes + start, size};
        at = start + size;
    }
    return (Span){NULL, 0};
}

/* little-endian float32 of a version-1 .npy; *shape [4] is filled with 1 behind its end. NULL when
 * it is anything else. */
static const unsigned char *
npy_floats(Span npy, size_t shape[4])
{
    g_autofree char *head = NULL;
    size_t header, count = 1;
    char *c;

    if (npy.n < 10 || memcmp(npy.bytes, "\x93NUMPY\x01", 7) != 0)
        return NULL;
    header = (size_t)little(npy.bytes + 8, 2);
    if (header > npy.n - 10)
        return NULL;
    head = g_strndup((const char *)npy.bytes + 10, header);
    if (strstr(head, "'<f4'") == NULL || strstr(head, "'fortran_order': False") == NULL)
        return NULL;
    c = strstr(head, "'shape': (");
    if (c == NULL)
        return NULL;
    c += strlen("'shape': (");
    for (size_t i = 0; i < 4; i++) {
        while (*c == ' ' || *c == ',')
            c++;
        shape[i] = g_ascii_isdigit(*c) ? (size_t)g_ascii_strtoull(c, &c, 10) : 1;
        if (shape[i] == 0 || shape[i] > MOST_FILE || count > MOST_FILE / shape[i])
            return NULL;
        count *= shape[i];
    }
    return (npy.n - 10 - header) / 4 >= count ? npy.bytes + 10 + header : NULL;
}

/* Pictures of one cell: [k x channels x height x width] */
typedef struct {
    size_t k, channels, height, width;
    float *truth, *mask, *completed;
    float low, high;
} Pictures;

static void
pictures_free(Pictures *pictures)
{
    if (pictures == NULL)
        return;
    g_free(pictures->truth);
    g_free(pictures->mask);
    g_free(pictures->completed);
    g_free(pictures);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pictures, pictures_free)

static float *
floats_copy(Span zip, const char *name, size_t shape[4])
{
    const unsigned char *bytes = npy_floats(zip_member(zip, name), shape);
    float *out;

    if (bytes == NULL)
        return NULL;
    /* the machines we build for are little-endian, as the file is; alignment is what copying mends
     */
    out = g_memdup2(bytes, shape[0] * shape[1] * shape[2] * shape[3] * sizeof(float));
    return out;
}

/* Where the pictures of @of are, if there are any; owned. NULL: its id is no name of a folder. */
static char *
pictures_path(const LacReport *report, const LacReportCell *of)
{
    if (strchr(of->id, '/') != NULL)
        return NULL;
    return g_build_filename(report_run(report, of->run)->dir, "artifacts", of->id, "images.npz",
                            NULL);
}

static Pictures *
pictures_load(const LacReport *report, size_t cell)
{
    g_autofree char *path = pictures_path(report, report_cell(report, cell));
    g_autofree char *text = NULL;
    g_autoptr(Pictures) out = g_new0(Pictures, 1);
    g_autofree float *range = NULL;
    size_t shape[4], other[4];
    gsize length = 0;
    Span zip;

    if (path == NULL || !g_file_get_contents(path, &text, &length, NULL) || length > MOST_FILE)
        return NULL;
    zip = (Span){(const unsigned char *)text, length};
    out->truth = floats_copy(zip, "truth.npy", shape);
    if (out->truth == NULL)
        return NULL;
    out->mask = floats_copy(zip, "mask.npy", other);
    if (out->mask == NULL || memcmp(shape, other, sizeof shape) != 0)
        return NULL;
    out->completed = floats_copy(zip, "completed.npy", other);
    if (out->completed == NULL || memcmp(shape, other, sizeof shape) != 0)
        return NULL;
    range = floats_copy(zip, "range.npy", other);
    out->k = MIN(shape[0], MOST_IMAGES);
    out->channels = shape[1];
    out->height = shape[2];
    out->width = shape[3];
    out->low = range != NULL && other[0] >= 2 ? range[0] : 0.0f;
    out->high = range != NULL && other[0] >= 2 && range[1] > range[0] ? range[1] : out->low + 1.0f;
    if (out->channels != 1 && out->channels != 3)
        return NULL;
    return g_steal_pointer(&out);
}

/* ---- png ---- */

static void
png_collect(png_structp png, png_bytep bytes, png_size_t n)
{
    g_byte_array_append(png_get_io_ptr(png), bytes, (guint)n);
}

static void
png_flush_nothing(png_structp png)
{
    (void)png;
}

/* @rgb [height x width x 3] as a PNG file */
static GByteArray *
png_encode(size_t width, size_t height, const unsigned char *rgb)
{
    GByteArray *out = g_byte_array_new();
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);

    if (setjmp(png_jmpbuf(png)) != 0) {
        png_destroy_write_struct(&png, &info);
        g_byte_array_set_size(out, 0);
        return out;
    }
    png_set_write_fn(png, out, png_collect, png_flush_nothing);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (size_t y = 0; y < height; y++)
        png_write_row(png, rgb + 3 * width * y);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return out;
}

/* hidden pixels are hatched in the colour of what is imputed: black would be a value */
static void
pixel_hidden(size_t x, size_t y, unsigned char rgb[3])
{
    static const unsigned char stripe[3] = {0xeb, 0x72, 0x1e}, gap[3] = {0xff, 0xe9, 0xdb};

    memcpy(rgb, (x + y) % 4 < 2 ? stripe : gap, 3);
}

static unsigned char
pixel_level(const Pictures *p, float value)
{
    const float share = (value - p->low) / (p->high - p->low);

    return (unsigned char)lrintf(255.0f * CLAMP(share, 0.0f, 1.0f));
}

/* picture @index of @values, enlarged; @hidden: hatch what the mask hides */
static char *
picture_uri(const Pictures *p, const float *values, size_t index, gboolean hidden)
{
    const size_t scale = MAX(1, MIN(8, 84 / MAX(p->width, 1)));
    const size_t plane = p->width * p->height, width = p->width * scale, height = p->height * scale;
    const float *at = values + index * p->channels * plane;
    const float *mask = p->mask + index * p->channels * plane;
    g_autofree unsigned char *rgb = g_new(unsigned char, 3 * width * height);
    g_autoptr(GByteArray) png = NULL;
    g_autofree char *base64 = NULL;

    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            unsigned char *out = rgb + 3 * (y * width + x);
            const size_t pixel = y / scale * p->width + x / scale;
            if (hidden && mask[pixel] > 0.5f) {
                pixel_hidden(x, y, out);
                continue;
            }
            for (size_t c = 0; c < 3; c++)
                out[c] = pixel_level(p, at[(p->channels == 3 ? c * plane : 0) + pixel]);
        }
    }
    png = png_encode(width, height, rgb);
    base64 = g_base64_encode(png->data, png->len);
    return g_strconcat("data:image/png;base64,", base64, NULL);
}

static double
picture_rmse(const Pictures *p, size_t index)
{
    const size_t n = p->channels * p->height * p->width;
    double sum = 0.0;
    size_t hidden = 0;

    for (size_t i = index * n; i < (index + 1) * n; i++) {
        if (p->mask[i] <= 0.5f)
            continue;
        sum += ((double)p->completed[i] - p->truth[i]) * ((double)p->completed[i] - p->truth[i]);
        hidden++;
    }
    return hidden == 0 ? 0.0 : sqrt(sum / (double)hidden);
}

/* ---- the grid ---- */

static void
grid_image(Page *page, const char *uri, const char *alt)
{
    g_string_append(page->out, "<td><img src=\"");
    g_string_append(page->out, uri);
    g_string_append(page->out, "\" alt=\"");
    lac_report_put_html(page->out, alt);
    g_string_append(page->out, "\"></td>");
}

static void
grid_row(Page *page, const GPtrArray *pictures, const GArray *methods, size_t index)
{
    const Pictures *first = g_ptr_array_index(pictures, 0);
    g_autofree char *truth = picture_uri(first, first->truth, index, FALSE);
    g_autofree char *masked = picture_uri(first, first->truth, index, TRUE);
    g_autofree char *truth_alt = g_strdup_printf("image %zu, truth", index + 1);
    g_autofree char *masked_alt =
        g_strdup_printf("image %zu, incomplete; hidden pixels hatched", index + 1);

    g_string_append_printf(page->out, "<tr><th scope=\"row\">%zu</th>", index + 1);
    grid_image(page, truth, truth_alt);
    grid_image(page, masked, masked_alt);
    for (size_t m = 0; m < pictures->len; m++) {
        const Pictures *p = g_ptr_array_index(pictures, m);
        const size_t method = g_array_index(methods, size_t, m);
        g_autofree char *uri = picture_uri(p, p->completed, index, FALSE);
        g_autofree char *rmse = lac_report_fixed(picture_rmse(p, index), 4);
        g_autofree char *alt =
            g_strdup_printf("image %zu completed by %s, root mean squared error %s", index + 1,
                            report_method(page->report, method)->label, rmse);
        grid_image(page, uri, alt);
    }
    g_string_append(page->out, "</tr>\n");
}

static gboolean
alike(const Pictures *a, const Pictures *b)
{
    return a->k == b->k && a->channels == b->channels && a->height == b->height &&
           a->width == b->width;
}

gboolean
page_has_images(const LacReport *report, size_t data)
{
    for (size_t k = 0; k < report->cells->len; k++) {
        const LacReportCell *cell = report_cell(report, k);
        g_autofree char *path = cell->data == data ? pictures_path(report, cell) : NULL;

        if (path != NULL && g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return TRUE;
    }
    return FALSE;
}

gboolean
page_image_grid(Page *page, size_t condition, size_t data)
{
    const LacReport *report = page->report;
    g_autoptr(GPtrArray) pictures = g_ptr_array_new_with_free_func((GDestroyNotify)pictures_free);
    g_autoptr(GArray) methods = g_array_new(FALSE, FALSE, sizeof(size_t));
    const Pictures *first;

    for (size_t j = 0; j < report->methods->len; j++) {
        size_t n;
        const size_t *cells = report_cells(report, condition, data, report->order[j], &n);
        for (size_t i = 0; i < n; i++) {
            Pictures *p = pictures_load(report, cells[i]);
            if (p == NULL)
                continue;
            if (pictures->len > 0 && !alike(g_ptr_array_index(pictures, 0), p)) {
                pictures_free(p);
                continue;
            }
            g_ptr_array_add(pictures, p);
            g_array_append_val(methods, report->order[j]);
            break;
        }
    }
    if (pictures->len == 0)
        return FALSE;
    first = g_ptr_array_index(pictures, 0);
    page_heading(page, 3, "%s, %s", report_data(report, data)->label,
                 report_condition(report, condition)->label);
    g_string_append(page->out,
                    "<div class=\"panel\"><div class=\"scroll\" tabindex=\"0\" role=\"group\""
                    " aria-label=\"Image grid\"><table class=\"grid\"><thead><tr>"
                    "<th scope=\"col\"></th><th scope=\"col\">truth</th>"
                    "<th scope=\"col\">incomplete</th>");
    for (size_t m = 0; m < methods->len; m++) {
        g_string_append(page->out, "<th scope=\"col\">");
        lac_report_put_html(page->out,
                            report_method(report, g_array_index(methods, size_t, m))->label);
        g_string_append(page->out, "</th>");
    }
    g_string_append(page->out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < first->k; i++)
        grid_row(page, pictures, methods, i);
    g_string_append(page->out, "</tbody></table></div></div>\n");
    return TRUE;
}
