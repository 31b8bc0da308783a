/* Columns to tensors and back. */
#include "missiwae.h"

#include <math.h>
#include <string.h>

void
layout_free(Layout *layout)
{
    if (layout == NULL)
        return;
    g_free(layout->order);
    g_free(layout->logarithm);
    lac_moments_clear(&layout->moments);
    g_free(layout->category);
    g_free(layout->mean);
    g_free(layout);
}

/* The smallest observed value of column @j; NaN when there is none. */
static double
smallest(const LacData *train, size_t j)
{
    double least = NAN;

    for (size_t i = 0; i < train->rows; i++)
        if (!lac_data_is_hole(train, i, j))
            least = fmin(least, lac_data_at(train, i, j));
    return least;
}

/* Which group column @j belongs to. Whole numbers that are never negative are counts under the
 * likelihood `mixed`, which sees them in their own unit. */
static int
group_of(const LacData *train, size_t j, Likelihood likelihood, gboolean numbers)
{
    const LacColumn *column = lac_data_column(train, j);

    if (!numbers && !lac_kind_is_numeric(column->kind))
        return column->n_levels <= 2 ? 2 : 3;
    return likelihood == MIXED && column->kind == LAC_KIND_INTEGER && smallest(train, j) >= 0.0;
}

/* Widths and offsets of the categories' indicators, from their levels. */
static void
place_categories(Layout *self)
{
    self->width = layout_dense(self);
    for (size_t c = 0; c < self->categories; c++) {
        self->category[c].offset = self->width;
        self->width += self->category[c].levels;
    }
}

static void
order_columns(Layout *self, const LacData *train, gboolean numbers)
{
    size_t at = 0, *sizes[] = {&self->numeric, &self->counts, &self->binary, &self->categories};

    self->order = g_new(size_t, self->cols + 1);
    for (int group = 0; group < 4; group++)
        for (size_t j = 0; j < self->cols; j++)
            if (group_of(train, j, self->likelihood, numbers) == group) {
                self->order[at++] = j;
                ++*sizes[group];
            }
    self->category = g_new0(Category, self->categories + 1);
    for (size_t c = 0; c < self->categories; c++) {
        const LacColumn *column = lac_data_column(train, self->order[layout_dense(self) + c]);

        self->category[c].levels = column->n_levels;
        self->category[c].ordered = column->kind == LAC_KIND_ORDINAL;
    }
    place_categories(self);
    self->logarithm = g_new0(size_t, self->numeric + 1);
    for (size_t k = 0; self->likelihood == MIXED && k < self->numeric; k++)
        self->logarithm[k] = smallest(train, self->order[k]) > 0.0 ? 1 : 0;
}

static Likelihood
choose_likelihood(const LacData *train, double lower, double upper)
{
    const LacImageShape s = train->image;

    return s.height > 0 && lower >= 0.0 && upper <= 1.0 ? BERNOULLI : STUDENT;
}

/* Smallest and largest observed numeric value; 0 and 0 when there is none. */
static void
observed_range(const Layout *self, const LacData *train, double *lower, double *upper)
{
    *lower = INFINITY;
    *upper = -INFINITY;
    for (size_t i = 0; i < train->rows; i++)
        for (size_t k = 0; k < self->numeric; k++)
            if (!lac_data_is_hole(train, i, self->order[k])) {
                *lower = fmin(*lower, lac_data_at(train, i, self->order[k]));
                *upper = fmax(*upper, lac_data_at(train, i, self->order[k]));
            }
    if (*lower > *upper)
        *lower = *upper = 0.0;
}

/* What is standardised: the values, or ln(1 + value); NaN stays NaN, what is below 0 counts as 0.
 */
static double
seen_value(const Layout *self, size_t k, double v)
{
    if (k < self->numeric && !self->logarithm[k])
        return v;
    return v < 0.0 ? 0.0 : log1p(v);
}

/* @train as it is standardised, for lac_moments_learn(); @train itself when nothing is changed. */
static LacData *
transformed(const Layout *self, const LacData *train, GError **error)
{
    const size_t size = train->rows * train->cols;
    double *v = lac_try_alloc(size + 1, sizeof *v, "the table's logarithms", error);

    for (size_t i = 0; v != NULL && i < train->rows; i++)
        for (size_t k = 0; k < train->cols; k++) {
            const size_t j = self->order[k];
            const double x = lac_data_at(train, i, j);

            v[i * train->cols + j] = k < self->numeric + self->counts ? seen_value(self, k, x) : x;
        }
    return v != NULL ? lac_data_new_take(lac_schema_new(train->cols), train->rows, v, train->origin,
                                         error)
                     : NULL;
}

static gboolean
learn_moments(Layout *self, const LacData *train, GError **error)
{
    const size_t n = self->numeric + self->counts;
    g_autoptr(LacData) own = NULL;

    lac_moments_init(&self->moments, n);
    if (self->likelihood == BERNOULLI || self->likelihood == LOGISTIC)
        return TRUE;
    if (self->likelihood == MIXED) {
        own = transformed(self, train, error);
        if (own == NULL)
            return FALSE;
    }
    for (size_t k = 0; k < n; k++)
        lac_moments_learn(&self->moments, k, own != NULL ? own : train, self->order[k]);
    return TRUE;
}

/* One row of the encoder's input: @x is 0 in holes, @hidden is 1 there. Counts are seen by their
 * logarithms, level l of ordered categories as ones up to l. */
static void
input_row(const Layout *layout, const float *v, const uint8_t *o, LacReal *x, LacReal *hidden)
{
    const size_t dense = layout_dense(layout), numbers = layout->numeric + layout->counts;
    const LacMoments *m = &layout->moments;

    for (size_t k = 0; k < dense; k++) {
        x[k] = o[k] ? v[k] : 0;
        if (o[k] && k >= layout->numeric && k < numbers)
            x[k] = (LacReal)((log1p((double)v[k]) - m->centre[k]) / m->sd[k]);
        hidden[k] = (LacReal)!o[k];
    }
    for (size_t c = 0; c < layout->categories; c++) {
        const Category *category = &layout->category[c];
        const size_t code = o[dense + c] ? (size_t)v[dense + c] : category->levels;

        for (size_t l = 0; l < category->levels; l++) {
            x[category->offset + l] =
                o[dense + c] && (category->ordered ? l <= code : l == code) ? 1 : 0;
            hidden[category->offset + l] = (LacReal)!o[dense + c];
        }
    }
}

/* Mean observed input: 0 for standardised columns, shares for indicators. */
static void
learn_input_means(Layout *self, const Rows *rows)
{
    const size_t dense = layout_dense(self);
    g_autofree double *sum = g_new0(double, self->width + 1);
    g_autofree size_t *seen = g_new0(size_t, self->cols + 1);
    g_autofree LacReal *x = g_new(LacReal, 2 * self->width + 1);

    for (size_t i = 0; i < rows->rows; i++) {
        const uint8_t *o = rows->o + i * self->cols;

        input_row(self, rows->v + i * self->cols, o, x, x + self->width);
        for (size_t k = 0; k < self->width; k++)
            sum[k] += (double)x[k];
        for (size_t k = 0; k < self->cols; k++)
            seen[k] += o[k];
    }
    self->mean = g_new0(LacReal, self->width + 1);
    for (size_t k = 0; k < self->cols; k++) {
        const size_t at = k < dense ? k : self->category[k - dense].offset;
        const size_t n = k < dense ? 1 : self->category[k - dense].levels;

        for (size_t c = 0; c < n; c++)
            self->mean[at + c] = (LacReal)(sum[at + c] / (double)MAX(1, seen[k]));
    }
}

static gboolean
check_range(const Layout *self, const LacData *train, GError **error)
{
    if (self->likelihood != BERNOULLI)
        return TRUE;
    if (self->lower >= 0.0 && self->upper <= 1.0)
        return TRUE;
    return lac_fail(
        error, LAC_ERROR_DATA,
        "%s: likelihood bernoulli needs values between 0 and 1, the table has %g .. %g; "
        "use `scale: minmax` or another likelihood",
        train->origin, self->lower, self->upper);
}

Layout *
layout_new(const LacData *train, Likelihood likelihood, gboolean numbers, GError **error)
{
    g_autoptr(Layout) self = g_new0(Layout, 1);
    g_autoptr(Rows) rows = NULL;

    self->cols = train->cols;
    self->image = train->image;
    self->likelihood = likelihood;
    order_columns(self, train, numbers);
    observed_range(self, train, &self->lower, &self->upper);
    if (likelihood == AUTO)
        self->likelihood = choose_likelihood(train, self->lower, self->upper);
    /* 256 levels between 0 and 1, or whole numbers */
    self->half = self->upper <= 1.0 ? 0.5 / 255.0 : 0.5;
    if (!check_range(self, train, error))
        return NULL;
    rows = learn_moments(self, train, error) ? rows_new(self, train, error) : NULL;
    if (rows == NULL)
        return NULL;
    learn_input_means(self, rows);
    return g_steal_pointer(&self);
}

/* ---- rows ------------------------------------------------------------------------------------ */

Rows *
rows_new(const Layout *layout, const LacData *data, GError **error)
{
    g_autoptr(Rows) self = g_new0(Rows, 1);
    const size_t size = data->rows * data->cols;

    self->rows = data->rows;
    self->cols = data->cols;
    self->v = lac_try_alloc(size + 1, sizeof *self->v, "the table as float32", error);
    self->o = self->v != NULL ? lac_try_alloc(size + 1, 1, "the table's holes", error) : NULL;
    if (self->o == NULL)
        return NULL;
    for (size_t i = 0; i < data->rows; i++)
        for (size_t k = 0; k < data->cols; k++) {
            const size_t at = i * data->cols + k;
            double v = lac_data_at(data, i, layout->order[k]);

            self->o[at] = !lac_data_is_hole(data, i, layout->order[k]);
            if (k < layout->numeric)
                v = (seen_value(layout, k, v) - layout->moments.centre[k]) / layout->moments.sd[k];
            else if (k < layout->numeric + layout->counts)
                v = fmax(v, 0.0);
            self->v[at] = self->o[at] ? (float)v : 0.0f;
        }
    return g_steal_pointer(&self);
}

void
rows_free(Rows *rows)
{
    if (rows == NULL)
        return;
    g_free(rows->v);
    g_free(rows->o);
    g_free(rows);
}

/* Columns first .. first+n_cols-1 of the rows and their observed flags. */
static gboolean
group(const Rows *rows, LacTape *tape, size_t n, const size_t *index, size_t first, size_t n_cols,
      gboolean vector, LacTensor **x, LacTensor **o)
{
    const size_t shape[] = {n, n_cols};

    *x = *o = NULL;
    if (n_cols == 0)
        return TRUE;
    *x = lac_tape_constant(tape, vector ? 1 : 2, shape);
    *o = lac_tape_constant(tape, vector ? 1 : 2, shape);
    if (*x == NULL || *o == NULL)
        return FALSE;
    for (size_t r = 0; r < n; r++) {
        const size_t from = index[r] * rows->cols + first;

        for (size_t k = 0; k < n_cols; k++) {
            (*x)->v[r * n_cols + k] = (LacReal)rows->v[from + k];
            (*o)->v[r * n_cols + k] = (LacReal)rows->o[from + k];
        }
    }
    return TRUE;
}

gboolean
batch_make(const Layout *layout, const Rows *rows, const Rows *oracle, LacTape *tape, size_t n,
           const size_t *index, Batch *out)
{
    const Rows *seen = oracle != NULL ? oracle : rows;
    size_t at = layout->numeric;

    out->n = n;
    out->input = lac_tape_constant(tape, LAC_SHAPE(n, layout->width));
    out->hidden = lac_tape_constant(tape, LAC_SHAPE(n, layout->width));
    out->code = lac_tape_alloc(tape, (layout->categories + 1) * sizeof *out->code);
    out->code_o = lac_tape_alloc(tape, (layout->categories + 1) * sizeof *out->code_o);
    if (out->input == NULL || out->hidden == NULL || out->code == NULL || out->code_o == NULL)
        return FALSE;
    for (size_t r = 0; r < n; r++) {
        const size_t from = index[r] * layout->cols;

        input_row(layout, seen->v + from, seen->o + from, out->input->v + r * layout->width,
                  out->hidden->v + r * layout->width);
    }
    if (!group(rows, tape, n, index, 0, at, FALSE, &out->numeric, &out->numeric_o) ||
        !group(rows, tape, n, index, at, layout->counts, FALSE, &out->counts, &out->counts_o))
        return FALSE;
    at += layout->counts;
    if (!group(rows, tape, n, index, at, layout->binary, FALSE, &out->binary, &out->binary_o))
        return FALSE;
    at += layout->binary;
    for (size_t c = 0; c < layout->categories; c++, at++)
        if (!group(rows, tape, n, index, at, 1, TRUE, &out->code[c], &out->code_o[c]))
            return FALSE;
    return TRUE;
}

void
layout_put(const Layout *layout, size_t k, double v, double *row)
{
    if (k < layout->numeric) {
        v = layout->moments.centre[k] + layout->moments.sd[k] * v;
        if (layout->logarithm[k])
            v = fmax(expm1(v), 0.0);
    }
    row[layout->order[k]] = v;
}

double
layout_log_unit(const Layout *layout, size_t k, double v)
{
    double unit;

    if (k >= layout->numeric)
        return 0.0;
    unit = log(layout->moments.sd[k]);
    if (layout->logarithm[k]) /* d log1p(x) / dx = 1 / (1 + x) */
        unit += layout->moments.centre[k] + layout->moments.sd[k] * v;
    return unit;
}

/* ---- on disk --------------------------------------------------------------------------------- */

enum { N_SIZES = 8, MOST = 1 << 24, MOST_LEVELS = 1 << 20 };

void
layout_save(const Layout *layout, LacBundle *out)
{
    const size_t sizes[N_SIZES] = {(size_t)layout->likelihood,
                                   layout->numeric,
                                   layout->counts,
                                   layout->binary,
                                   layout->categories,
                                   layout->image.channels,
                                   layout->image.height,
                                   layout->image.width};
    const double ends[] = {layout->half, layout->lower, layout->upper};
    g_autofree size_t *levels = g_new(size_t, 2 * layout->categories + 1);
    g_autofree double *mean = g_new(double, layout->width + 1);

    for (size_t c = 0; c < layout->categories; c++) {
        levels[2 * c] = layout->category[c].levels;
        levels[2 * c + 1] = layout->category[c].ordered ? 1 : 0;
    }
    for (size_t k = 0; k < layout->width; k++)
        mean[k] = (double)layout->mean[k];
    lac_bundle_put_sizes(out, "layout.sizes", N_SIZES, sizes);
    lac_bundle_put_doubles(out, "layout.ends", 1, G_N_ELEMENTS(ends), ends);
    lac_bundle_put_sizes(out, "layout.order", layout->cols, layout->order);
    lac_bundle_put_sizes(out, "layout.logarithm", layout->numeric, layout->logarithm);
    lac_bundle_put_sizes(out, "layout.levels", 2 * layout->categories, levels);
    lac_moments_save(&layout->moments, "layout.", out);
    lac_bundle_put_doubles(out, "layout.mean", 1, layout->width, mean);
}

static gboolean
load_sizes(Layout *self, const LacBundle *in, GError **error)
{
    size_t n[N_SIZES];

    if (!lac_bundle_get_sizes(in, "layout.sizes", N_SIZES, NULL, MOST, n, error))
        return FALSE;
    if (n[0] < GAUSSIAN || n[0] > MIXED)
        return lac_fail(error, LAC_ERROR_DATA, "layout.sizes: there is no likelihood number %zu",
                        n[0]);
    self->likelihood = (Likelihood)n[0];
    self->numeric = n[1];
    self->counts = n[2];
    self->binary = n[3];
    self->categories = n[4];
    self->image = (LacImageShape){n[5], n[6], n[7]};
    self->cols = layout_dense(self) + self->categories;
    if (n[5] > 0 && n[5] * n[6] * n[7] != self->cols)
        return lac_fail(error, LAC_ERROR_DATA,
                        "layout.sizes: images of %zu x %zu x %zu have not %zu pixels", n[5], n[6],
                        n[7], self->cols);
    return TRUE;
}

/* Every column once, every category with some levels. */
static gboolean
load_columns(Layout *self, const LacBundle *in, GError **error)
{
    g_autofree gboolean *met = g_new0(gboolean, self->cols + 1);
    g_autofree size_t *levels = g_new0(size_t, 2 * self->categories + 1);

    self->order = g_new0(size_t, self->cols + 1);
    self->logarithm = g_new0(size_t, self->numeric + 1);
    self->category = g_new0(Category, self->categories + 1);
    if (!lac_bundle_get_sizes(in, "layout.order", self->cols, NULL, MAX(1, self->cols) - 1,
                              self->order, error) ||
        !lac_bundle_get_sizes(in, "layout.logarithm", self->numeric, NULL, 1, self->logarithm,
                              error) ||
        !lac_bundle_get_sizes(in, "layout.levels", 2 * self->categories, NULL, MOST_LEVELS, levels,
                              error))
        return FALSE;
    for (size_t k = 0; k < self->cols; k++) {
        if (met[self->order[k]])
            return lac_fail(error, LAC_ERROR_DATA,
                            "layout.order: column %zu is there twice, expected each once",
                            self->order[k] + 1);
        met[self->order[k]] = TRUE;
    }
    for (size_t c = 0; c < self->categories; c++) {
        if (levels[2 * c] < 3)
            return lac_fail(error, LAC_ERROR_DATA,
                            "layout.levels: category %zu has %zu levels, expected 3 or more", c + 1,
                            levels[2 * c]);
        self->category[c] = (Category){levels[2 * c], 0, levels[2 * c + 1] != 0};
    }
    place_categories(self);
    return TRUE;
}

Layout *
layout_load(const LacBundle *in, GError **error)
{
    g_autoptr(Layout) self = g_new0(Layout, 1);
    const double *ends, *mean;

    if (!load_sizes(self, in, error) || !load_columns(self, in, error) ||
        !lac_moments_load(&self->moments, self->numeric + self->counts, "layout.", in, error))
        return NULL;
    ends = lac_bundle_get_doubles(in, "layout.ends", 1, 3, NULL, NULL, error);
    mean = ends != NULL
               ? lac_bundle_get_doubles(in, "layout.mean", 1, self->width, NULL, NULL, error)
               : NULL;
    if (mean == NULL)
        return NULL;
    if (!isfinite(ends[0]) || !isfinite(ends[1]) || !isfinite(ends[2]) || !(ends[0] > 0.0)) {
        lac_fail(error, LAC_ERROR_DATA,
                 "layout.ends: half a level is %g between %g and %g; expected finite numbers, the "
                 "first above 0",
                 ends[0], ends[1], ends[2]);
        return NULL;
    }
    self->half = ends[0];
    self->lower = ends[1];
    self->upper = ends[2];
    self->mean = g_new0(LacReal, self->width + 1);
    for (size_t k = 0; k < self->width; k++) {
        if (!isfinite(mean[k])) {
            lac_fail(error, LAC_ERROR_DATA,
                     "layout.mean: input %zu is %g, expected a finite number", k + 1, mean[k]);
            return NULL;
        }
        self->mean[k] = (LacReal)mean[k];
    }
    return g_steal_pointer(&self);
}
