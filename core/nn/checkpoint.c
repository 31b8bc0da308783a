/* Parameters and states of a net in a bundle and back, each with its own shape. */
#include "net-private.h"

#include <math.h>
#include <string.h>

/* ---- saving ---- */

static void
checkpoint_put(LacBundle *out, const char *prefix, const char *name, unsigned dims,
               const size_t *shape, size_t size, const LacReal *v)
{
    g_autofree char *full = g_strconcat(prefix, name, NULL);
    g_autofree float *single = g_new(float, size);

    for (size_t k = 0; k < size; k++)
        single[k] = (float)v[k];
    lac_bundle_put_floats(out, full, dims, shape, single);
}

void
lac_net_save(const LacNet *net, const char *prefix, LacBundle *out)
{
    for (guint k = 0; k < net->params->len; k++) {
        const LacNetParam *param = net->params->pdata[k];

        checkpoint_put(out, prefix, param->name, param->dims, param->shape, param->size,
                       net->values + param->offset);
    }
    for (guint k = 0; k < net->states->len; k++) {
        const NnState *state = net->states->pdata[k];

        checkpoint_put(out, prefix, state->name, LAC_SHAPE(state->size), state->size,
                       state->values);
    }
}

/* ---- loading: everything is looked at before anything is changed ---- */

static const float *
checkpoint_find(const LacBundle *in, const char *prefix, const char *name, unsigned dims,
                const size_t *shape, size_t size, GError **error)
{
    g_autofree char *full = g_strconcat(prefix, name, NULL);
    const float *v = lac_bundle_get_floats(in, full, dims, shape, error);

    for (size_t k = 0; v != NULL && k < size; k++) {
        if (!isfinite(v[k]))
            return lac_fail_null(error, LAC_ERROR_DATA,
                                 "checkpoint: value %zu of '%s' is %g, expected finite numbers; "
                                 "the file is damaged or the training had failed",
                                 k, full, (double)v[k]);
    }
    return v;
}

static void
checkpoint_copy(size_t n, const float *from, LacReal *to)
{
    for (size_t k = 0; k < n; k++)
        to[k] = (LacReal)from[k];
}

gboolean
lac_net_load(LacNet *net, const char *prefix, const LacBundle *in, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    guint next = 0;

    for (guint k = 0; k < net->params->len; k++) {
        const LacNetParam *param = net->params->pdata[k];
        const float *v =
            checkpoint_find(in, prefix, param->name, param->dims, param->shape, param->size, error);

        if (v == NULL)
            return FALSE;
        g_ptr_array_add(found, (gpointer)v);
    }
    for (guint k = 0; k < net->states->len; k++) {
        const NnState *state = net->states->pdata[k];
        const float *v =
            checkpoint_find(in, prefix, state->name, LAC_SHAPE(state->size), state->size, error);

        if (v == NULL)
            return FALSE;
        g_ptr_array_add(found, (gpointer)v);
    }
    for (guint k = 0; k < net->params->len; k++) {
        const LacNetParam *param = net->params->pdata[k];

        checkpoint_copy(param->size, found->pdata[next++], net->values + param->offset);
    }
    for (guint k = 0; k < net->states->len; k++) {
        const NnState *state = net->states->pdata[k];

        checkpoint_copy(state->size, found->pdata[next++], state->values);
    }
    return TRUE;
}
