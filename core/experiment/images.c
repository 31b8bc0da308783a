/* Truth, mask and completion of a few rows that are images, the same for every model. */
#include "images.h"
#include "npz.h"

#include <math.h>

enum {
    SHOWN = 8,
};

typedef float (*PixelOf)(const LacData *truth, const LacData *incomplete,
                         const LacMatrix *completed, size_t i, size_t j);

static float
pixel_truth(const LacData *truth, const LacData *incomplete, const LacMatrix *completed, size_t i,
            size_t j)
{
    return (float)lac_data_at(truth, i, j);
}

static float
pixel_mask(const LacData *truth, const LacData *incomplete, const LacMatrix *completed, size_t i,
           size_t j)
{
    return lac_data_is_hole(incomplete, i, j) ? 1.0f : 0.0f;
}

static float
pixel_completed(const LacData *truth, const LacData *incomplete, const LacMatrix *completed,
                size_t i, size_t j)
{
    return (float)lac_matrix_row(completed, i)[j];
}

static void
find_range(const LacData *truth, float range[2])
{
    double lower = INFINITY, upper = -INFINITY;

    for (size_t j = 0; j < truth->cols; j++) {
        lower = fmin(lower, lac_data_column(truth, j)->lower);
        upper = fmax(upper, lac_data_column(truth, j)->upper);
    }
    if (!isfinite(lower) || !isfinite(upper)) {
        lower = INFINITY;
        upper = -INFINITY;
        for (size_t i = 0; i < truth->rows * truth->cols; i++) { /* fmin, fmax step over NaN */
            lower = fmin(lower, truth->values[i]);
            upper = fmax(upper, truth->values[i]);
        }
    }
    range[0] = (float)lower;
    range[1] = (float)upper;
}

void
lac_images_add(LacOutcome *outcome, const LacData *truth, const LacData *incomplete,
               const LacMatrix *completed, const size_t *rows, LacRng rng)
{
    static const struct {
        const char *name;
        PixelOf pixel;
    } arrays[] = {{"truth", pixel_truth}, {"mask", pixel_mask}, {"completed", pixel_completed}};
    const size_t k = MIN(SHOWN, truth->rows);
    const size_t shape[] = {k, truth->image.channels, truth->image.height, truth->image.width};
    const size_t one = 1, two = 2;
    size_t chosen[SHOWN];
    gint64 numbers[SHOWN];
    float range[2];
    g_autofree float *pixels = NULL;
    LacNpz *npz;

    if (truth->image.channels == 0 || k == 0)
        return;
    pixels = g_new(float, k * truth->cols);
    npz = lac_npz_new();
    lac_rng_sample(&rng, truth->rows, k, chosen);
    for (size_t a = 0; a < G_N_ELEMENTS(arrays); a++) {
        for (size_t i = 0; i < k; i++)
            for (size_t j = 0; j < truth->cols; j++)
                pixels[i * truth->cols + j] =
                    arrays[a].pixel(truth, incomplete, completed, chosen[i], j);
        lac_npz_add(npz, arrays[a].name, "<f4", G_N_ELEMENTS(shape), shape, pixels,
                    k * truth->cols * sizeof *pixels);
    }
    for (size_t i = 0; i < k; i++)
        numbers[i] = (gint64)rows[chosen[i]];
    find_range(truth, range);
    lac_npz_add(npz, "range", "<f4", one, &two, range, sizeof range);
    lac_npz_add(npz, "rows", "<i8", one, &k, numbers, k * sizeof *numbers);
    lac_outcome_take_artifact(outcome, "images.npz", lac_npz_finish(npz));
}
