/* Building the donor table: scale, order by pattern of holes, lay out in panels. */
#include "donors-private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEDIAN_SAMPLE = 1023, /* values looked at for a column's rough median */
    LINE_FLOATS = 16,     /* panels start at a cache line */
};

/** DonorsOrder: rows sorted by @key, descending, then by row. */
typedef struct {
    uint64_t key;
    size_t row;
} DonorsOrder;

static int
donors_compare_doubles(gconstpointer a, gconstpointer b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int
donors_compare_order(gconstpointer a, gconstpointer b)
{
    const DonorsOrder *x = a, *y = b;

    if (x->key != y->key)
        return x->key > y->key ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* A rough median: what column @j is centred on. Any centre is correct; a robust one keeps the
 * rounding errors of single precision small when a few values are huge. */
static double
donors_median(const LacData *train, size_t j)
{
    double sample[MEDIAN_SAMPLE];
    const size_t step = train->rows / MEDIAN_SAMPLE + 1;
    size_t n = 0;

    for (size_t i = 0; i < train->rows; i += step) {
        if (!lac_data_is_hole(train, i, j))
            sample[n++] = lac_data_at(train, i, j);
    }
    if (n == 0)
        return 0.0;
    qsort(sample, n, sizeof *sample, donors_compare_doubles);
    return sample[n / 2];
}

/* The largest power of two (within reach of doubles) that keeps all |x - centre| * unit <= 1. */
static double
donors_unit(const LacData *train, const double *centre)
{
    double largest = 0.0;
    int exponent;

    for (size_t i = 0; i < train->rows; i++) {
        const double *x = lac_data_row(train, i);

        for (size_t j = 0; j < train->cols; j++) {
            if (!lac_data_is_hole(train, i, j)) /* halves, so that the difference cannot overflow */
                largest = fmax(largest, fabs(0.5 * x[j] - 0.5 * centre[j]));
        }
    }
    if (largest == 0.0)
        return 1.0;
    frexp(largest, &exponent);
    return ldexp(1.0, CLAMP(-exponent - 1, -1000, 1000));
}

static double
donors_gower_weight(const LacData *train, size_t j)
{
    const LacColumn *column = lac_data_column(train, j);
    double lower = INFINITY, upper = -INFINITY;

    if (column->kind == LAC_KIND_ORDINAL)
        return column->n_levels > 2 ? 1.0 / (double)(column->n_levels - 1) : 1.0;
    if (!lac_kind_is_numeric(column->kind))
        return 1.0;
    for (size_t i = 0; i < train->rows; i++) {
        if (!lac_data_is_hole(train, i, j)) {
            lower = fmin(lower, lac_data_at(train, i, j));
            upper = fmax(upper, lac_data_at(train, i, j));
        }
    }
    const double range = upper - lower;
    return range > 0.0 && isfinite(1.0 / range) ? 1.0 / range : 1.0;
}

static void
donors_scale(LacDonors *self, const LacData *train)
{
    const gboolean gower = self->distance == LAC_DISTANCE_GOWER;
    g_autofree double *centre = g_new(double, self->cols);

    for (size_t j = 0; j < self->cols; j++) {
        const gboolean numeric = !gower || lac_kind_is_numeric(lac_data_column(train, j)->kind);

        /* level codes stay whole numbers, which single precision holds exactly */
        centre[j] = numeric ? donors_median(train, j) : 0.0;
        self->weight[j] = gower ? donors_gower_weight(train, j) : 1.0;
    }
    self->unit = gower ? 1.0 : donors_unit(train, centre);
    for (size_t j = 0; j < self->cols; j++) {
        self->weight[j] *= self->unit;
        if (gower)
            self->shift[j] = centre[j];
        else
            self->centre[j] = centre[j] * self->unit;
    }
}

/* Columns by falling number of holes; the first 64 of them make a row's sort key. */
static void
donors_key_columns(const LacData *train, size_t n, size_t *columns)
{
    g_autofree DonorsOrder *order = g_new(DonorsOrder, train->cols);

    for (size_t j = 0; j < train->cols; j++)
        order[j] = (DonorsOrder){lac_mask_count_col(train->holes, j), j};
    qsort(order, train->cols, sizeof *order, donors_compare_order);
    for (size_t q = 0; q < n; q++)
        columns[q] = order[q].row;
}

/* Rows with like patterns share a panel: its cover then bounds the number of common columns well,
 * and donors for columns that are rarely observed stand together. */
static gboolean
donors_order(LacDonors *self, const LacData *train, GError **error)
{
    size_t columns[64];
    const size_t n = MIN(self->cols, 64);
    g_autofree DonorsOrder *order =
        lac_try_alloc(self->rows, sizeof *order, "order of the donors", error);

    if (order == NULL)
        return FALSE;
    donors_key_columns(train, n, columns);
    for (size_t i = 0; i < self->rows; i++) {
        order[i].row = i;
        for (size_t q = 0; q < n; q++) {
            if (!lac_data_is_hole(train, i, columns[q]))
                order[i].key |= (uint64_t)1 << (63 - q);
        }
    }
    qsort(order, self->rows, sizeof *order, donors_compare_order);
    for (size_t i = 0; i < self->rows; i++)
        self->row_of[i] = order[i].row;
    return TRUE;
}

static void
donors_place(LacDonors *self, const LacData *train, size_t position)
{
    const size_t row = self->row_of[position];
    const size_t panel = position / DONORS_LANES, lane = position % DONORS_LANES;
    float *lanes = self->panels + panel * self->cols * 2 * DONORS_LANES + lane;
    uint64_t *observed = self->observed + position * self->words;
    double *exact = self->exact + row * self->padded;
    double norm = 0.0;

    for (size_t j = 0; j < self->cols; j++, lanes += 2 * DONORS_LANES) {
        if (lac_data_is_hole(train, row, j)) {
            exact[j] = NAN;
            continue;
        }
        exact[j] = donors_scaled(self, j, lac_data_at(train, row, j));
        const double centred = exact[j] - self->centre[j];
        lanes[0] = (float)centred;
        lanes[DONORS_LANES] = 1.0f;
        norm += self->distance == LAC_DISTANCE_GOWER ? fabs(centred) : centred * centred;
        observed[j / 64] |= (uint64_t)1 << (j % 64);
    }
    for (size_t w = 0; w < self->words; w++)
        self->covers[panel * self->words + w] |= observed[w];
    if (self->distance == LAC_DISTANCE_NAN_EUCLIDEAN)
        norm = sqrt(norm);
    self->norms[panel] = fmax(self->norms[panel], norm);
}

static gboolean
donors_alloc(LacDonors *self, GError **error)
{
    static const char what[] = "table of donors";
    const size_t lanes = self->n_panels * DONORS_LANES;

    self->shift = g_new0(double, self->cols);
    self->centre = g_new0(double, self->cols);
    self->weight = g_new0(double, self->cols);
    self->panels_memory =
        lac_try_alloc(lanes * self->cols * 2 + LINE_FLOATS, sizeof(float), what, error);
    if (self->panels_memory == NULL)
        return FALSE;
    const size_t off = ((uintptr_t)self->panels_memory / sizeof(float)) % LINE_FLOATS;
    self->panels = self->panels_memory + (LINE_FLOATS - off) % LINE_FLOATS;
    return (self->exact = lac_try_alloc(self->rows * self->padded, sizeof(double), what, error)) &&
           (self->observed = lac_try_alloc(lanes * self->words, sizeof(uint64_t), what, error)) &&
           (self->row_of = lac_try_alloc(lanes, sizeof(size_t), what, error)) &&
           (self->norms = lac_try_alloc(self->n_panels, sizeof(double), what, error)) &&
           (self->covers =
                lac_try_alloc(self->n_panels * self->words, sizeof(uint64_t), what, error));
}

LacDonors *
lac_donors_new(LacDistance distance, const LacData *train, GError **error)
{
    g_autoptr(LacDonors) self = g_new0(LacDonors, 1);

    self->distance = distance;
    self->rows = train->rows;
    self->cols = train->cols;
    self->words = train->holes->words;
    self->padded = (train->cols + DONORS_PAD - 1) / DONORS_PAD * DONORS_PAD;
    self->n_panels = (train->rows + DONORS_LANES - 1) / DONORS_LANES;
    if (!donors_alloc(self, error))
        return NULL;
    donors_scale(self, train);
    if (!donors_order(self, train, error))
        return NULL;
    for (size_t i = 0; i < self->rows; i++)
        donors_place(self, train, i);
    return g_steal_pointer(&self);
}

void
lac_donors_free(LacDonors *donors)
{
    if (donors == NULL)
        return;
    g_free(donors->panels_memory);
    g_free(donors->exact);
    g_free(donors->observed);
    g_free(donors->row_of);
    g_free(donors->norms);
    g_free(donors->covers);
    g_free(donors->shift);
    g_free(donors->centre);
    g_free(donors->weight);
    g_free(donors);
}
