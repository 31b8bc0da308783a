/* What models share that learn one number a column. */
#include <lacuna/columnwise.h>

#include <math.h>

/* What was observed of column @j, in @scratch. */
static LacSeen
see_column(const LacData *train, size_t j, double *scratch)
{
    LacSeen seen = {.column = lac_data_column(train, j),
                    .n = lac_data_copy_seen(train, j, scratch),
                    .values = scratch,
                    .lower = INFINITY,
                    .upper = -INFINITY};

    for (size_t i = 0; i < seen.n; i++) {
        seen.lower = MIN(seen.lower, scratch[i]);
        seen.upper = MAX(seen.upper, scratch[i]);
    }
    return seen;
}

gboolean
lac_columnwise_fit(LacModel *model, const LacData *train, LacColumnwiseValue value, GError **error)
{
    LacColumnwise *self = LAC_CAST(LacColumnwise, model);
    const char *name = model->instance.plugin->name;
    g_autofree double *scratch = lac_try_alloc(train->rows, sizeof *scratch, name, error);

    if (scratch == NULL)
        return FALSE;
    self->cols = train->cols;
    self->values = g_new0(double, train->cols);
    for (size_t j = 0; j < train->cols; j++) {
        const LacSeen seen = see_column(train, j, scratch);

        if (seen.n == 0)
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: column '%s' has no seen cell in %zu training rows; drop the "
                            "column or change the split",
                            name, lac_data_name(train, j), train->rows);
        self->values[j] = value(model, &seen);
        if (!lac_context_step(model->instance.context, (double)(j + 1) / (double)train->cols,
                              error))
            return FALSE;
    }
    return TRUE;
}

gboolean
lac_columnwise_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    lac_data_fill_holes(in, LAC_CAST(const LacColumnwise, model)->values, out);
    return TRUE; /* cannot fail after fit */
}

gboolean
lac_columnwise_save(const LacModel *model, LacBundle *out, GError **error)
{
    const LacColumnwise *self = LAC_CAST(const LacColumnwise, model);

    lac_bundle_put_doubles(out, "values", 1, self->cols, self->values);
    return TRUE;
}

gboolean
lac_columnwise_load(LacModel *model, const LacBundle *in, GError **error)
{
    LacColumnwise *self = LAC_CAST(LacColumnwise, model);
    const double *values =
        lac_bundle_get_doubles(in, "values", 1, G_MAXSIZE, NULL, &self->cols, error);

    if (values == NULL)
        return FALSE;
    self->values = g_memdup2(values, self->cols * sizeof *values);
    return TRUE;
}

void
lac_columnwise_clear(LacModel *model)
{
    g_clear_pointer(&LAC_CAST(LacColumnwise, model)->values, g_free);
}
