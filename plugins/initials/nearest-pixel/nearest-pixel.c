/* nearest-pixel: fill each missing pixel of an image with one of its nearest observed pixels.
 * Rings of growing Chebyshev distance are searched; of the first that holds an observed pixel of
 * the same channel one is taken at random. Filled pixels are never taken.
 * Source: Richardson et al., "MCFlow: Monte Carlo Flow Models for Data Imputation" (CVPR 2020) and
 * its published code. */
#include <lacuna/initial.h>
#include <lacuna/parallel.h>

#include <stdlib.h>

enum {
    RING_CLEAN,
    RING_MCFLOW,
};

typedef struct {
    LacInitial base;
    int ring;
} NearestPixelInitial;

/** NearestPixel: one fill. @fallback: [cols], training means, for channels without any pixel. */
typedef struct {
    const NearestPixelInitial *self;
    const LacData *in;
    const double *fallback;
    LacMatrix *out;
} NearestPixel;

static const char *const ring_names[] = {"clean", "mcflow", NULL};

static const LacParam params[] = {
    LAC_PARAM_CHOICE(NearestPixelInitial, ring, RING_CLEAN, ring_names,
                     "clean gives every pixel of a ring the same chance; mcflow walks it as the "
                     "published code does: one corner twice, the opposite one never, columns "
                     "beyond the image's height never"),
    LAC_PARAM_END,
};

/* How often pixel (y, x) stands in the ring around the centre it is (dy, dx) away from. */
static unsigned
nearest_pixel_weight(const NearestPixel *pass, size_t row, size_t plane, long y, long x, long dy,
                     long dx, long radius)
{
    const long height = (long)pass->in->image.height, width = (long)pass->in->image.width;
    const gboolean mcflow = pass->self->ring == RING_MCFLOW;

    if (y < 0 || x < 0 || y >= height || x >= width || (mcflow && x >= height))
        return 0;
    if (lac_data_is_hole(pass->in, row, plane + (size_t)(y * width + x)))
        return 0;
    if (mcflow && dy == dx && labs(dy) == radius)
        return dy < 0 ? 2 : 0;
    return 1;
}

/* The value of the @pick-th candidate of the ring, and with @pick = G_MAXUINT their number. */
static unsigned
nearest_pixel_walk(const NearestPixel *pass, size_t row, size_t plane, long y, long x, long radius,
                   unsigned pick, double *value)
{
    unsigned count = 0;

    for (long dy = -radius; dy <= radius; dy++) {
        const long step = labs(dy) == radius ? 1 : 2 * radius;

        for (long dx = -radius; dx <= radius; dx += step) {
            count += nearest_pixel_weight(pass, row, plane, y + dy, x + dx, dy, dx, radius);
            if (count > pick) {
                *value =
                    lac_data_at(pass->in, row,
                                plane + (size_t)((y + dy) * (long)pass->in->image.width + x + dx));
                return count;
            }
        }
    }
    return count;
}

static double
nearest_pixel_find(const NearestPixel *pass, size_t row, size_t plane, size_t pixel)
{
    const LacImageShape image = pass->in->image;
    const long y = (long)(pixel / image.width), x = (long)(pixel % image.width);
    const LacRng image_stream = lac_rng_at(&pass->self->base.rng, row);
    /* keyed by place, not channel: channels with the same holes take the same neighbour */
    LacRng stream = lac_rng_at(&image_stream, pixel);
    double value = pass->fallback[plane + pixel];

    for (long radius = 1; radius < (long)MAX(image.height, image.width); radius++) {
        const unsigned n = nearest_pixel_walk(pass, row, plane, y, x, radius, G_MAXUINT, &value);

        if (n > 0) {
            nearest_pixel_walk(pass, row, plane, y, x, radius, (unsigned)lac_rng_below(&stream, n),
                               &value);
            break;
        }
    }
    return value;
}

static void
nearest_pixel_body(size_t begin, size_t end, unsigned worker, void *user)
{
    const NearestPixel *pass = user;
    const size_t pixels = pass->in->image.height * pass->in->image.width;

    for (size_t row = begin; row < end; row++) {
        for (size_t j = 0; j < pass->in->cols; j++) {
            if (lac_data_is_hole(pass->in, row, j))
                lac_matrix_row(pass->out, row)[j] =
                    nearest_pixel_find(pass, row, j - j % pixels, j % pixels);
        }
    }
}

/* Training means, pixel by pixel; 0 and an event where a pixel is never observed. */
static void
nearest_pixel_learn(const LacInitial *initial, const LacData *train, double *mean)
{
    g_autofree size_t *n = g_new0(size_t, train->cols);

    for (size_t i = 0; i < train->rows; i++) {
        for (size_t j = 0; j < train->cols; j++) {
            if (lac_data_is_hole(train, i, j))
                continue;
            n[j]++;
            mean[j] += (lac_data_at(train, i, j) - mean[j]) / (double)n[j];
        }
    }
    for (size_t j = 0; j < train->cols; j++) {
        if (n[j] == 0)
            lac_context_event(initial->instance.context, "empty-column", (gssize)j,
                              "no observed value in %zu training rows: counts as 0", train->rows);
    }
}

static gboolean
nearest_pixel_fill(const LacInitial *initial, const LacData *train, const LacData *in,
                   LacMatrix *out, GError **error)
{
    g_autofree double *fallback = g_new0(double, in->cols);
    NearestPixel pass = {LAC_CAST(const NearestPixelInitial, initial), in, fallback, out};

    if (in->image.height == 0)
        return lac_fail(error, LAC_ERROR_DATA,
                        "nearest-pixel: the rows of '%s' are not images; choose mean or "
                        "random-observed for tables",
                        in->origin);
    nearest_pixel_learn(initial, train, fallback);
    lac_data_copy_values(in, out);
    lac_parallel_for(in->rows, 16, nearest_pixel_body, &pass);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacInitialPlugin lac_plugin = {
    LAC_INITIAL("nearest-pixel", "A nearest observed pixel of the same image and channel",
                NearestPixelInitial, params),
    .plugin.citation = "Richardson et al., MCFlow, CVPR 2020",
    .example = {.in = "a,b,c,d\n5,,5,5\n,7,,\n",
                .out = "a,b,c,d\n5,5,5,5\n7,7,7,7\n",
                .image = {1, 2, 2}},
    .fill = nearest_pixel_fill,
};
