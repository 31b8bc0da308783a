/* Logistic weights of each block of columns, by pseudo-likelihood: the chance that a block is
 * missing given the values beside it and what else is missing in the row. Conditioning on the other
 * holes is what lets the weights of several blocks be added up for a whole pattern without counting
 * a shared cause twice. Source: Besag, Statistical analysis of non-lattice data (1975). */
#include "learned.h"

#include <lacuna/glm.h>
#include <math.h>
#include <string.h>

static const double most_steps = 2e9;

enum {
    FIT_ROWS = 5000,  /* a random subset of that many when there are more ... */
    LEAST_ROWS = 500, /* ... or fewer of a wide table, for which correlations would take too long */
    MOST_OTHERS = 8,  /* other blocks that a block's fit looks at */
    FEWEST_HOLES = 5, /* nothing can be learnt from fewer */
};

/* A predictor and how far its mean differs between rows where the block is and is not missing. */
typedef struct {
    size_t index;
    double strength;
} Choice;

static int
choice_compare(const void *a, const void *b)
{
    const Choice *x = a, *y = b;

    if (x->strength != y->strength)
        return x->strength < y->strength ? 1 : -1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* The fit of one block: its rows, and the predictors taking part. */
typedef struct {
    const LacData *data;
    const Design *design;
    const Blocks *blocks;
    const Learning *how;
    size_t n, *row; /* rows fitted on */
} Fit;

static gboolean
fit_missing(const Fit *fit, size_t block, size_t k)
{
    return lac_mask_get(fit->data->holes, fit->row[k], fit->blocks->first[block]);
}

/* Correlation with block @b's holes of value predictor @index, or of the holes of block @index. */
static double
fit_strength(const Fit *fit, size_t b, gboolean of_value, size_t index)
{
    double x = 0, xx = 0, y = 0, xy = 0;
    const double n = (double)fit->n;

    for (size_t k = 0; k < fit->n; k++) {
        const double value = of_value ? fit->design->z[fit->row[k] * fit->design->n + index]
                                      : fit_missing(fit, index, k),
                     gone = fit_missing(fit, b, k);

        x += value;
        xx += value * value;
        y += gone;
        xy += value * gone;
    }
    const double spread = (xx - x * x / n) * (y - y * y / n);

    return spread > 1e-12 ? fabs(xy - x * y / n) / sqrt(spread) : 0;
}

/* The @most strongest of @n, those without any left out. Returns how many. */
static size_t
choices_best(Choice *choices, size_t n, size_t most)
{
    size_t kept = 0;

    qsort(choices, n, sizeof *choices, choice_compare);
    while (kept < MIN(n, most) && choices[kept].strength > 0)
        kept++;
    return kept;
}

static size_t
fit_values(const Fit *fit, size_t b, Choice *out)
{
    size_t n = 0;

    for (size_t k = 0; k < fit->design->n; k++)
        if (fit->blocks->of[fit->design->source[k]] != (gssize)b)
            out[n++] = (Choice){k, fit_strength(fit, b, TRUE, k)};
    return choices_best(out, n, fit->how->most);
}

static size_t
fit_others(const Fit *fit, size_t b, Choice *out)
{
    size_t n = 0;

    for (size_t k = 0; k < fit->blocks->n; k++)
        if (k != b)
            out[n++] = (Choice){k, fit_strength(fit, b, FALSE, k)};
    return choices_best(out, n, MOST_OTHERS);
}

/* Columns of the regression: 1, values, holes of other blocks. */
static void
fit_fill(const Fit *fit, size_t stride, size_t values, const Choice *value, size_t others,
         const Choice *other, double *z)
{
    memset(z, 0, fit->n * stride * sizeof *z);
    for (size_t k = 0; k < fit->n; k++) {
        double *row = z + k * stride;

        *row++ = 1;
        for (size_t v = 0; v < values; v++)
            *row++ = fit->design->z[fit->row[k] * fit->design->n + value[v].index];
        for (size_t o = 0; o < others; o++)
            *row++ = fit_missing(fit, other[o].index, k);
    }
}

static void
fit_block(const Fit *fit, size_t b, double *weight)
{
    g_autofree Choice *value = g_new(Choice, fit->design->n + 1);
    g_autofree Choice *other = g_new(Choice, fit->blocks->n + 1);
    const size_t values = fit_values(fit, b, value), others = fit_others(fit, b, other);
    const size_t q = 1 + values + others, stride = (q + 7) & ~(size_t)7;
    g_autofree double *z = g_new(double, fit->n *stride + 1);
    g_autofree double *y = g_new(double, fit->n + 1);
    g_autofree size_t *predictors = g_new(size_t, q);
    double missing = 0;

    for (size_t k = 0; k < fit->n; k++)
        missing += y[k] = fit_missing(fit, b, k);
    if (values == 0 || missing < FEWEST_HOLES || missing > (double)fit->n - FEWEST_HOLES)
        return;
    for (size_t k = 0; k < q; k++)
        predictors[k] = k;
    fit_fill(fit, stride, values, value, others, other, z);

    const LacGlmRows rows = {.n = fit->n, .stride = stride, .z = z, .y = y};
    g_autoptr(LacGlm) glm = lac_glm_new(2, stride, q, predictors);

    glm->ridge = fit->how->ridge;
    lac_glm_fit(glm, 1, &rows); /* a ridge away from its optimum is a ridge all the same */
    for (size_t v = 0; v < values; v++)
        weight[value[v].index] = glm->beta[1 + v];
}

void
weights_learn(const LacData *data, const Design *design, const Blocks *blocks, const Learning *how,
              double *out)
{
    Fit fit = {.data = data, .design = design, .blocks = blocks, .how = how};
    g_autofree size_t *row = NULL;
    LacRng rng = how->rng;

    const double pairs = (double)blocks->n * (double)(design->n + blocks->n);

    fit.n = MIN(data->rows, (size_t)CLAMP(most_steps / pairs, LEAST_ROWS, FIT_ROWS));
    fit.row = row = g_new(size_t, fit.n + 1);
    lac_rng_sample(&rng, data->rows, fit.n, fit.row);
    memset(out, 0, blocks->n * design->n * sizeof *out);
    for (size_t b = 0; b < blocks->n; b++)
        fit_block(&fit, b, out + b * design->n);
}
