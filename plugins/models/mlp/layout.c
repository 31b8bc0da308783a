/* From tables to the network's input. */
#include "classify.h"

#include <math.h>

enum { MOST = 1 << 24 };

static gboolean
fail_hole(const LacData *data, GError **error)
{
    for (size_t i = 0; i < data->rows; i++)
        for (size_t j = 0; j < data->cols; j++)
            if (lac_data_is_hole(data, i, j))
                return lac_fail(error, LAC_ERROR_DATA,
                                "%s: row %zu, column '%s' is missing and a classifier wants "
                                "complete rows; impute first, as the `downstream:` block of an "
                                "experiment does",
                                data->origin, i + 1, lac_data_name(data, j));
    return TRUE;
}

static gboolean
check_labels(const LacData *train, GError **error)
{
    size_t known = 0;

    for (size_t i = 0; train->labels != NULL && i < train->rows; i++)
        known += train->labels[i] >= 0;
    if (known > 0 && train->n_classes > 0)
        return TRUE;
    return lac_fail(error, LAC_ERROR_DATA,
                    "%s: no row has a label, so there is nothing to learn to predict; name the "
                    "labels in the reader, as in `csv: {path: ..., label: species}`",
                    train->origin);
}

/* Mean and sd (divisor n) of each column; a constant one keeps its distance of 0. */
static void
measure(Layout *self, const LacData *train)
{
    for (size_t j = 0; j < train->cols; j++) {
        double mean = 0.0, square = 0.0;

        self->sd[j] = 1.0;
        if (self->image.channels > 0)
            continue;
        for (size_t i = 0; i < train->rows; i++)
            mean += (lac_data_at(train, i, j) - mean) / (double)(i + 1);
        for (size_t i = 0; i < train->rows; i++) {
            const double gap = lac_data_at(train, i, j) - mean;

            square += gap * gap / (double)train->rows;
        }
        self->centre[j] = mean;
        if (square > 0.0 && isfinite(square))
            self->sd[j] = sqrt(square);
    }
}

Layout *
layout_new(const LacData *train, GError **error)
{
    g_autoptr(Layout) self = NULL;

    if (!check_labels(train, error))
        return NULL;
    if (lac_mask_count(train->holes) > 0) {
        fail_hole(train, error);
        return NULL;
    }
    self = g_new0(Layout, 1);
    self->cols = train->cols;
    self->classes = train->n_classes;
    self->image = train->image;
    self->centre = g_new0(double, self->cols + 1);
    self->sd = g_new0(double, self->cols + 1);
    measure(self, train);
    return g_steal_pointer(&self);
}

void
layout_free(Layout *layout)
{
    if (layout == NULL)
        return;
    g_free(layout->centre);
    g_free(layout->sd);
    g_free(layout);
}

gboolean
layout_check(const Layout *layout, const LacData *in, GError **error)
{
    if (in->cols != layout->cols)
        return lac_fail(error, LAC_ERROR_SHAPE,
                        "%s: the table has %zu columns, the classifier learnt from %zu", in->origin,
                        in->cols, layout->cols);
    return lac_mask_count(in->holes) == 0 || fail_hole(in, error);
}

LacTensor *
layout_rows(const Layout *layout, const LacData *data, LacTape *tape, size_t n, const size_t *index,
            size_t begin)
{
    LacTensor *x = lac_tape_constant(tape, LAC_SHAPE(n, layout->cols));

    for (size_t i = 0; x != NULL && i < n; i++) {
        const double *row = lac_data_row(data, index != NULL ? index[i] : begin + i);
        LacReal *to = x->v + i * layout->cols;

        for (size_t j = 0; j < layout->cols; j++)
            to[j] = (LacReal)((row[j] - layout->centre[j]) / layout->sd[j]);
    }
    return x;
}

void
layout_save(const Layout *layout, LacBundle *out)
{
    const int64_t sizes[] = {(int64_t)layout->cols, (int64_t)layout->classes,
                             (int64_t)layout->image.channels, (int64_t)layout->image.height,
                             (int64_t)layout->image.width};

    lac_bundle_put_i64(out, "layout.sizes", 1, G_N_ELEMENTS(sizes), sizes);
    lac_bundle_put_doubles(out, "layout.centre", 1, layout->cols, layout->centre);
    lac_bundle_put_doubles(out, "layout.sd", 1, layout->cols, layout->sd);
}

static gboolean
load_sizes(Layout *self, const int64_t *sizes, GError **error)
{
    for (size_t k = 0; k < 5; k++)
        if (sizes[k] < (k < 2 ? 1 : 0) || sizes[k] > MOST)
            return lac_fail(error, LAC_ERROR_DATA,
                            "layout.sizes: number %zu is %" G_GINT64_FORMAT ", expected %d .. %d",
                            k + 1, sizes[k], k < 2 ? 1 : 0, MOST);
    self->cols = (size_t)sizes[0];
    self->classes = (size_t)sizes[1];
    self->image = (LacImageShape){(size_t)sizes[2], (size_t)sizes[3], (size_t)sizes[4]};
    if (sizes[2] > 0 && sizes[2] * sizes[3] * sizes[4] != sizes[0])
        return lac_fail(error, LAC_ERROR_DATA,
                        "layout.sizes: images of %zu x %zu x %zu have not %zu pixels",
                        self->image.channels, self->image.height, self->image.width, self->cols);
    return TRUE;
}

Layout *
layout_load(const LacBundle *in, GError **error)
{
    g_autoptr(Layout) self = g_new0(Layout, 1);
    const int64_t *sizes = lac_bundle_get_i64(in, "layout.sizes", 1, 5, NULL, NULL, error);
    const double *centre, *sd;

    if (sizes == NULL || !load_sizes(self, sizes, error))
        return NULL;
    centre = lac_bundle_get_doubles(in, "layout.centre", 1, self->cols, NULL, NULL, error);
    sd = centre != NULL ? lac_bundle_get_doubles(in, "layout.sd", 1, self->cols, NULL, NULL, error)
                        : NULL;
    if (sd == NULL)
        return NULL;
    for (size_t j = 0; j < self->cols; j++)
        if (!isfinite(centre[j]) || !(sd[j] > 0.0) || !isfinite(sd[j])) {
            lac_fail(error, LAC_ERROR_DATA,
                     "layout: column %zu has mean %g and sd %g; expected finite ones, sd above 0",
                     j + 1, centre[j], sd[j]);
            return NULL;
        }
    self->centre = g_memdup2(centre, self->cols * sizeof *centre);
    self->sd = g_memdup2(sd, self->cols * sizeof *sd);
    return g_steal_pointer(&self);
}
