/* mnar-quantile: only the largest, smallest or both kinds of values of a column go missing, each
 * with the same chance (MNAR).
 * Source: produce_NA of the R-miss-tastic platform (Mayer et al. 2019), self-masking. */
#include <lacuna/hiding.h>
#include <lacuna/mask_generator.h>
#include <math.h>
#include <stdlib.h>

enum { UPPER, LOWER, SYM };

typedef struct {
    LacMaskGenerator base;
    double rate, margin;
    int side;
    char **columns;
} MnarQuantile;

static const char *const sides[] = {"upper", "lower", "sym", NULL};

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(MnarQuantile, rate, 0.2, LAC_RANGE(0, 1), "share",
                     "Expected share of the observed cells of each listed column"),
    LAC_PARAM_CHOICE(MnarQuantile, side, UPPER, sides,
                     "Which values can go missing: the largest, the smallest, or both"),
    LAC_PARAM_DOUBLE(
        MnarQuantile, margin, 0.1, LAC_RANGE(0, 1), "share",
        "How much larger than rate the share of values is that can go missing; on each side "
        "with sym"),
    LAC_PARAM_STRINGS(MnarQuantile, columns, NULL, "Columns that may lose cells; default: all"),
    LAC_PARAM_END,
};

/* an observed value, its row, and a random number that orders equal values */
typedef struct {
    double value, tie;
    size_t row;
} Ranked;

static int
ranked_compare(const void *a, const void *b)
{
    const Ranked *x = a, *y = b;

    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->tie > y->tie) - (x->tie < y->tie);
}

/* which cells can go missing, and with which chance in each column */
typedef struct {
    LacMask *zone;
    double *chance; /* [cols] */
} Zones;

/* The share of the values in each tail that can lose cells. The source stops short of all values;
 * beyond its limits the tail is what the rate needs at least. */
static double
mnar_quantile_tail(const MnarQuantile *self)
{
    if (self->side == SYM)
        return fmax(self->rate / 2, fmin(0.495, self->rate + self->margin));
    return fmax(self->rate, fmin(0.99, self->rate + self->margin));
}

/* marks the zone of column @j, whose @n observed cells are sorted */
static void
mnar_quantile_mark(const MnarQuantile *self, size_t j, size_t n, const Ranked *sorted, Zones *zones)
{
    const size_t tail = (size_t)ceil(mnar_quantile_tail(self) * (double)n - 1e-9);
    const size_t low = self->side == UPPER ? 0 : tail;
    const size_t high = self->side == LOWER ? 0 : MIN(tail, n - low);

    for (size_t k = 0; k < n; k++) {
        if (k < low || k >= n - high)
            lac_mask_set(zones->zone, sorted[k].row, j, TRUE);
    }
    zones->chance[j] = low + high ? self->rate * (double)n / (double)(low + high) : 0;
}

static double
mnar_quantile_chance(size_t i, size_t j, const void *user)
{
    const Zones *zones = user;

    return lac_mask_get(zones->zone, i, j) ? zones->chance[j] : 0;
}

static gboolean
mnar_quantile_draw(const LacMaskGenerator *generator, const LacData *truth, LacMask *out,
                   GError **error)
{
    const MnarQuantile *self = LAC_CAST(const MnarQuantile, generator);
    const LacRng ties = lac_rng_split(&generator->rng, "ties");
    size_t n_cols;
    g_autofree size_t *cols =
        lac_hiding_columns(truth, self->columns, "mnar-quantile", &n_cols, error);
    g_autoptr(LacMask) zone = cols ? lac_mask_new(truth->rows, truth->cols, error) : NULL;
    g_autofree double *chance = g_new0(double, truth->cols + 1);
    g_autofree Ranked *ranked = g_new(Ranked, truth->rows + 1);
    Zones zones = {zone, chance};

    if (!zone)
        return FALSE;
    for (size_t k = 0; k < n_cols; k++) {
        LacRng column = lac_rng_at(&ties, cols[k]);
        size_t n = 0;

        for (size_t i = 0; i < truth->rows; i++) {
            const double tie = lac_rng_uniform(&column);

            if (!lac_data_is_hole(truth, i, cols[k]))
                ranked[n++] = (Ranked){lac_data_at(truth, i, cols[k]), tie, i};
        }
        qsort(ranked, n, sizeof *ranked, ranked_compare);
        mnar_quantile_mark(self, cols[k], n, ranked, &zones);
    }
    lac_hiding_draw(truth, &generator->rng, n_cols, cols, mnar_quantile_chance, &zones, out);
    return TRUE;
}

LAC_PLUGIN_EXPORT const LacMaskPlugin lac_plugin = {
    LAC_MASK_GENERATOR("mnar-quantile", "Only extreme values of a column go missing", MnarQuantile,
                       params),
    .plugin.citation = "Mayer et al., R-miss-tastic: a unified platform for missing values methods "
                       "and workflows (2019)",
    .mechanism = LAC_MNAR,
    .draw = mnar_quantile_draw,
};
