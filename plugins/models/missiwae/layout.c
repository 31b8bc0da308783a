/* Columns to tensors and back. */
#include "missiwae.h"

#include <math.h>
#include <string.h>

/* a column that never varies keeps its scale */
#define SMALLEST_SD 1e-12

void
layout_free(Layout *layout)
{
    if (layout == NULL)
        return;
    g_free(layout->order);
    g_free(layout->centre);
    g_free(layout->sd);
    g_free(layout->category);
    g_free(layout->mean);
    g_free(layout);
}

/* 0 numeric, 1 binary, 2 category: the order of the groups. */
static int
group_of(const LacColumn *column, gboolean numbers)
{
    if (numbers || lac_kind_is_numeric(column->kind))
        return 0;
    return column->n_levels <= 2 ? 1 : 2;
}

static void
order_columns(Layout *self, const LacData *train, gboolean numbers)
{
    size_t at = 0, *sizes[] = {&self->numeric, &self->binary, &self->categories};

    self->order = g_new(size_t, self->cols + 1);
    for (int group = 0; group < 3; group++)
        for (size_t j = 0; j < self->cols; j++)
            if (group_of(lac_data_column(train, j), numbers) == group) {
                self->order[at++] = j;
                ++*sizes[group];
            }
    self->category = g_new0(Category, self->categories + 1);
    self->width = self->numeric + self->binary;
    for (size_t c = 0; c < self->categories; c++) {
        const size_t j = self->order[self->numeric + self->binary + c];

        self->category[c] = (Category){j, lac_data_column(train, j)->n_levels, self->width};
        self->width += self->category[c].levels;
    }
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

/* Sums of observed cells in two passes, so that a large mean costs no digits of the sd. */
static void
learn_moments(Layout *self, const LacData *train)
{
    self->centre = g_new0(double, self->numeric + 1);
    self->sd = g_new0(double, self->numeric + 1);
    for (size_t k = 0; k < self->numeric; k++) {
        const size_t j = self->order[k];
        double sum = 0.0, squares = 0.0;
        size_t n = 0;

        self->sd[k] = 1.0;
        if (self->likelihood == BERNOULLI || self->likelihood == LOGISTIC)
            continue;
        for (size_t i = 0; i < train->rows; i++)
            if (!lac_data_is_hole(train, i, j)) {
                sum += lac_data_at(train, i, j);
                n++;
            }
        self->centre[k] = sum / (double)MAX(1, n);
        for (size_t i = 0; i < train->rows; i++)
            if (!lac_data_is_hole(train, i, j))
                squares += pow(lac_data_at(train, i, j) - self->centre[k], 2.0);
        squares = sqrt(squares / (double)MAX(1, n));
        self->sd[k] = squares > SMALLEST_SD * (1.0 + fabs(self->centre[k])) ? squares : 1.0;
    }
}

/* Mean observed input: 0 for standardised columns, shares for indicators. */
static void
learn_input_means(Layout *self, const Rows *rows)
{
    const size_t dense = self->numeric + self->binary;
    g_autofree double *sum = g_new0(double, self->width + 1);
    g_autofree size_t *seen = g_new0(size_t, self->cols + 1);

    for (size_t i = 0; i < rows->rows; i++)
        for (size_t k = 0; k < self->cols; k++) {
            const float v = rows->v[i * self->cols + k];

            if (!rows->o[i * self->cols + k])
                continue;
            seen[k]++;
            if (k < dense)
                sum[k] += (double)v;
            else
                sum[self->category[k - dense].offset + (size_t)v] += 1.0;
        }
    self->mean = g_new0(float, self->width + 1);
    for (size_t k = 0; k < self->cols; k++) {
        const size_t at = k < dense ? k : self->category[k - dense].offset;
        const size_t n = k < dense ? 1 : self->category[k - dense].levels;

        for (size_t c = 0; c < n; c++)
            self->mean[at + c] = (float)(sum[at + c] / (double)MAX(1, seen[k]));
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
    order_columns(self, train, numbers);
    observed_range(self, train, &self->lower, &self->upper);
    self->likelihood =
        likelihood == AUTO ? choose_likelihood(train, self->lower, self->upper) : likelihood;
    /* 256 levels between 0 and 1, or whole numbers */
    self->half = self->upper <= 1.0 ? 0.5 / 255.0 : 0.5;
    if (!check_range(self, train, error))
        return NULL;
    learn_moments(self, train);
    rows = rows_new(self, train, error);
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
                v = (v - layout->centre[k]) / layout->sd[k];
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

        memcpy((*x)->v + r * n_cols, rows->v + from, n_cols * sizeof *rows->v);
        for (size_t k = 0; k < n_cols; k++)
            (*o)->v[r * n_cols + k] = (LacReal)rows->o[from + k];
    }
    return TRUE;
}

/* One row of the encoder's input: @x is 0 in holes, @hidden is 1 there. */
static void
input_row(const Layout *layout, const float *v, const uint8_t *o, LacReal *x, LacReal *hidden)
{
    const size_t dense = layout->numeric + layout->binary;

    for (size_t k = 0; k < dense; k++) {
        x[k] = o[k] ? v[k] : 0;
        hidden[k] = (LacReal)!o[k];
    }
    for (size_t c = 0; c < layout->categories; c++) {
        const Category *category = &layout->category[c];

        for (size_t l = 0; l < category->levels; l++) {
            x[category->offset + l] = o[dense + c] && (size_t)v[dense + c] == l ? 1 : 0;
            hidden[category->offset + l] = (LacReal)!o[dense + c];
        }
    }
}

gboolean
batch_make(const Layout *layout, const Rows *rows, const Rows *oracle, LacTape *tape, size_t n,
           const size_t *index, Batch *out)
{
    const Rows *seen = oracle != NULL ? oracle : rows;
    size_t at = layout->numeric + layout->binary;

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
    if (!group(rows, tape, n, index, 0, layout->numeric, FALSE, &out->numeric, &out->numeric_o) ||
        !group(rows, tape, n, index, layout->numeric, layout->binary, FALSE, &out->binary,
               &out->binary_o))
        return FALSE;
    for (size_t c = 0; c < layout->categories; c++, at++)
        if (!group(rows, tape, n, index, at, 1, TRUE, &out->code[c], &out->code_o[c]))
            return FALSE;
    return TRUE;
}

void
layout_put(const Layout *layout, size_t k, double v, double *row)
{
    row[layout->order[k]] = k < layout->numeric ? layout->centre[k] + layout->sd[k] * v : v;
}

/* ---- on disk --------------------------------------------------------------------------------- */

void
layout_save(const Layout *layout, LacBundle *out)
{
    const int64_t sizes[] = {(int64_t)layout->likelihood,     (int64_t)layout->numeric,
                             (int64_t)layout->binary,         (int64_t)layout->categories,
                             (int64_t)layout->image.channels, (int64_t)layout->image.height,
                             (int64_t)layout->image.width};
    const double ends[] = {layout->half, layout->lower, layout->upper};
    g_autofree int64_t *order = g_new(int64_t, layout->cols + 1);
    g_autofree int64_t *levels = g_new(int64_t, layout->categories + 1);
    g_autofree double *mean = g_new(double, layout->width + 1);

    for (size_t k = 0; k < layout->cols; k++)
        order[k] = (int64_t)layout->order[k];
    for (size_t c = 0; c < layout->categories; c++)
        levels[c] = (int64_t)layout->category[c].levels;
    for (size_t k = 0; k < layout->width; k++)
        mean[k] = (double)layout->mean[k];
    lac_bundle_put_i64(out, "layout.sizes", 1, G_N_ELEMENTS(sizes), sizes);
    lac_bundle_put_doubles(out, "layout.ends", 1, G_N_ELEMENTS(ends), ends);
    lac_bundle_put_i64(out, "layout.order", 1, layout->cols, order);
    lac_bundle_put_i64(out, "layout.levels", 1, layout->categories, levels);
    lac_bundle_put_doubles(out, "layout.centre", 1, layout->numeric, layout->centre);
    lac_bundle_put_doubles(out, "layout.sd", 1, layout->numeric, layout->sd);
    lac_bundle_put_doubles(out, "layout.mean", 1, layout->width, mean);
}

static gboolean
load_sizes(Layout *self, const int64_t *sizes, GError **error)
{
    enum { MOST = 1 << 24 };

    for (size_t i = 0; i < 7; i++)
        if (sizes[i] < 0 || sizes[i] > MOST)
            return lac_fail(error, LAC_ERROR_DATA,
                            "layout.sizes: number %zu is %" G_GINT64_FORMAT ", expected 0 .. %d",
                            i + 1, sizes[i], MOST);
    if (sizes[0] < GAUSSIAN || sizes[0] > LOGISTIC)
        return lac_fail(error, LAC_ERROR_DATA, "layout.sizes: there is no likelihood number %d",
                        (int)sizes[0]);
    self->likelihood = (Likelihood)sizes[0];
    self->numeric = (size_t)sizes[1];
    self->binary = (size_t)sizes[2];
    self->categories = (size_t)sizes[3];
    self->image = (LacImageShape){(size_t)sizes[4], (size_t)sizes[5], (size_t)sizes[6]};
    self->cols = self->numeric + self->binary + self->categories;
    return TRUE;
}

/* Every column once, every category with some levels. */
static gboolean
load_order(Layout *self, const int64_t *order, const int64_t *levels, GError **error)
{
    enum { MOST_LEVELS = 1 << 20 };
    const size_t dense = self->numeric + self->binary;
    g_autofree gboolean *met = g_new0(gboolean, self->cols + 1);

    self->order = g_new0(size_t, self->cols + 1);
    self->category = g_new0(Category, self->categories + 1);
    self->width = dense;
    for (size_t k = 0; k < self->cols; k++) {
        if (order[k] < 0 || (size_t)order[k] >= self->cols || met[order[k]])
            return lac_fail(error, LAC_ERROR_DATA,
                            "layout.order: entry %zu is %" G_GINT64_FORMAT
                            ", expected each of 0 .. %zu once",
                            k + 1, order[k], self->cols - 1);
        met[order[k]] = TRUE;
        self->order[k] = (size_t)order[k];
    }
    for (size_t c = 0; c < self->categories; c++) {
        if (levels[c] < 1 || levels[c] > MOST_LEVELS)
            return lac_fail(error, LAC_ERROR_DATA,
                            "layout.levels: entry %zu is %" G_GINT64_FORMAT ", expected 1 .. %d",
                            c + 1, levels[c], MOST_LEVELS);
        self->category[c] = (Category){self->order[dense + c], (size_t)levels[c], self->width};
        self->width += (size_t)levels[c];
    }
    return TRUE;
}

Layout *
layout_load(const LacBundle *in, GError **error)
{
    g_autoptr(Layout) self = g_new0(Layout, 1);
    const int64_t *sizes = lac_bundle_get_i64(in, "layout.sizes", 1, 7, NULL, NULL, error);
    const double *ends =
        sizes ? lac_bundle_get_doubles(in, "layout.ends", 1, 3, NULL, NULL, error) : NULL;
    const int64_t *order, *levels;
    const double *centre, *sd, *mean;

    if (ends == NULL || !load_sizes(self, sizes, error))
        return NULL;
    order = lac_bundle_get_i64(in, "layout.order", 1, self->cols, NULL, NULL, error);
    levels = order ? lac_bundle_get_i64(in, "layout.levels", 1, self->categories, NULL, NULL, error)
                   : NULL;
    if (levels == NULL || !load_order(self, order, levels, error))
        return NULL;
    centre = lac_bundle_get_doubles(in, "layout.centre", 1, self->numeric, NULL, NULL, error);
    sd = centre ? lac_bundle_get_doubles(in, "layout.sd", 1, self->numeric, NULL, NULL, error)
                : NULL;
    mean = sd ? lac_bundle_get_doubles(in, "layout.mean", 1, self->width, NULL, NULL, error) : NULL;
    if (mean == NULL)
        return NULL;
    self->half = ends[0];
    self->lower = ends[1];
    self->upper = ends[2];
    self->centre = g_memdup2(centre, self->numeric * sizeof *centre);
    self->sd = g_memdup2(sd, self->numeric * sizeof *sd);
    self->mean = g_new0(float, self->width + 1);
    for (size_t k = 0; k < self->width; k++)
        self->mean[k] = (float)mean[k];
    return g_steal_pointer(&self);
}
