/* Shapes of holes in images. */
#include <lacuna/image_mask.h>
#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

typedef struct {
    const LacData *truth;
    const LacRng *rng;
    LacImagePainter paint;
    const void *user;
    uint8_t *pixels; /* [threads][height * width] */
    LacMask *out;
} ImageLoop;

static void
image_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const ImageLoop *loop = user;
    const LacImageShape shape = loop->truth->image;
    const size_t area = shape.height * shape.width;
    uint8_t *pixels = loop->pixels + worker * area;

    for (size_t i = begin; i < end; i++) {
        LacRng rng = lac_rng_at(loop->rng, i);

        memset(pixels, 0, area);
        loop->paint(shape, &rng, loop->user, pixels);
        for (size_t j = 0; j < shape.channels * area; j++) {
            if (pixels[j % area] && !lac_data_is_hole(loop->truth, i, j))
                lac_mask_set(loop->out, i, j, TRUE);
        }
    }
}

void
lac_image_mask_draw(const LacData *truth, const LacRng *rng, LacImagePainter paint,
                    const void *user, LacMask *out)
{
    const size_t area = truth->image.height * truth->image.width;
    g_autofree uint8_t *pixels = g_new(uint8_t, area * lac_threads());
    ImageLoop loop = {truth, rng, paint, user, pixels, out};

    g_assert(truth->image.channels * area == truth->cols);
    lac_parallel_for(truth->rows, 64, image_rows, &loop);
}

size_t
lac_image_draws(size_t items, double rate)
{
    g_assert(rate >= 0 && rate < 1);
    return (size_t)llround(-(double)items * log1p(-rate));
}

void
lac_image_hit_draws(size_t items, double rate, LacRng *rng, uint8_t *hit)
{
    for (size_t left = lac_image_draws(items, rate); left > 0; left--)
        hit[lac_rng_below(rng, items)] = 1;
}

void
lac_image_hit_exact(size_t items, double rate, LacRng *rng, uint8_t *hit)
{
    const size_t n = (size_t)llround(rate * (double)items);
    g_autofree size_t *chosen = g_new(size_t, n + 1);

    lac_rng_sample(rng, items, n, chosen);
    for (size_t k = 0; k < n; k++)
        hit[chosen[k]] = 1;
}

void
lac_image_square(LacImageShape shape, double side, LacRng *rng, uint8_t *pixels)
{
    const size_t height = (size_t)llround(side * (double)shape.height);
    const size_t width = (size_t)llround(side * (double)shape.width);
    const size_t top = (size_t)lac_rng_below(rng, shape.height - height + 1);
    const size_t left = (size_t)lac_rng_below(rng, shape.width - width + 1);

    for (size_t y = top; y < top + height; y++)
        memset(pixels + y * shape.width + left, 1, width);
}

/* The trapezoid on a canvas of @across pixels along its parallel sides and @along pixels between
 * them. Lines of the second half are mirrored complements of the first, so that rounding cannot
 * cost a pixel. @set(line, position) is told by strides and directions of the quarter turn. */
typedef struct {
    size_t across, along;
    size_t line_stride, step_stride;
    gboolean flip; /* half a turn */
    uint8_t *pixels;
} TrapezoidCanvas;

static void
trapezoid_line(const TrapezoidCanvas *canvas, size_t line, size_t begin, size_t end)
{
    for (size_t x = begin; x < end; x++) {
        const size_t at_line = canvas->flip ? canvas->along - 1 - line : line;
        const size_t at = canvas->flip ? canvas->across - 1 - x : x;

        canvas->pixels[at_line * canvas->line_stride + at * canvas->step_stride] = 1;
    }
}

static void
trapezoid_paint(const TrapezoidCanvas *canvas, double p)
{
    const size_t along = canvas->along, across = canvas->across;
    const double near = p * (double)across, far = (double)across - near;

    for (size_t line = 0; 2 * line < along; line++) {
        const double edge = near + (far - near) * ((double)line + 0.5) / (double)along;
        const gboolean middle = 2 * line + 1 == along;
        /* pixel x is inside when x + 1/2 < edge; the middle line's edge is across/2, exactly */
        const size_t inside = middle ? across / 2 : (size_t)ceil(fmax(edge - 0.5, 0));

        trapezoid_line(canvas, line, 0, inside);
        if (!middle)
            trapezoid_line(canvas, along - 1 - line, 0, across - inside);
    }
}

void
lac_image_trapezoid(LacImageShape shape, LacRng *rng, uint8_t *pixels)
{
    const double p = 0.25 + 0.5 * lac_rng_uniform(rng);
    const uint64_t turn = lac_rng_below(rng, 4);
    const gboolean upright = turn % 2 == 0;
    const TrapezoidCanvas canvas = {
        .across = upright ? shape.width : shape.height,
        .along = upright ? shape.height : shape.width,
        .line_stride = upright ? shape.width : 1,
        .step_stride = upright ? 1 : shape.width,
        .flip = turn >= 2,
        .pixels = pixels,
    };

    trapezoid_paint(&canvas, p);
}
