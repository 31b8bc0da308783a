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
    lac_moments_init(&self->moments, self->cols);
    for (size_t j = 0; j < self->cols && self->image.channels == 0; j++)
        lac_moments_learn(&self->moments, j, train, j);
    return g_steal_pointer(&self);
}

void
layout_free(Layout *layout)
{
    if (layout == NULL)
        return;
    lac_moments_clear(&layout->moments);
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
            to[j] = (LacReal)((row[j] - layout->moments.centre[j]) / layout->moments.sd[j]);
    }
    return x;
}

void
layout_save(const Layout *layout, LacBundle *out)
{
    const size_t sizes[] = {layout->cols, layout->classes, layout->image.channels,
                            layout->image.height, layout->image.width};

    lac_bundle_put_sizes(out, "layout.sizes", G_N_ELEMENTS(sizes), sizes);
    lac_moments_save(&layout->moments, "layout.", out);
}

Layout *
layout_load(const LacBundle *in, GError **error)
{
    static const size_t least[] = {1, 1, 0, 0, 0};
    g_autoptr(Layout) self = g_new0(Layout, 1);
    size_t n[5];

    if (!lac_bundle_get_sizes(in, "layout.sizes", G_N_ELEMENTS(n), least, MOST, n, error))
        return NULL;
    self->cols = n[0];
    self->classes = n[1];
    self->image = (LacImageShape){n[2], n[3], n[4]};
    if (n[2] > 0 && n[2] * n[3] * n[4] != n[0]) {
        lac_fail(error, LAC_ERROR_DATA,
                 "layout.sizes: images of %zu x %zu x %zu have not %zu pixels", n[2], n[3], n[4],
                 n[0]);
        return NULL;
    }
    if (!lac_moments_load(&self->moments, self->cols, "layout.", in, error))
        return NULL;
    return g_steal_pointer(&self);
}
