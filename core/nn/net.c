/* Networks: the block of parameters, their names and states. */
#include "net-private.h"

#include <math.h>
#include <string.h>

static void
net_param_free(gpointer data)
{
    LacNetParam *param = data;

    g_free(param->name);
    g_free(param);
}

static void
net_state_free(gpointer data)
{
    NnState *state = data;

    g_free(state->name);
    g_free(state->values);
    g_free(state);
}

LacNet *
lac_net_new(const LacRng *rng)
{
    LacNet *net = g_new0(LacNet, 1);

    net->rng = *rng;
    net->params = g_ptr_array_new_with_free_func(net_param_free);
    net->states = g_ptr_array_new_with_free_func(net_state_free);
    return net;
}

void
lac_net_free(LacNet *net)
{
    if (net == NULL)
        return;
    g_ptr_array_unref(net->params);
    g_ptr_array_unref(net->states);
    g_free(net->values);
    g_free(net->gradient);
    g_free(net);
}

/* ---- parameters and states ---- */

static gboolean
net_has(const LacNet *net, const char *name)
{
    for (guint k = 0; k < net->params->len; k++) {
        if (strcmp(((const LacNetParam *)net->params->pdata[k])->name, name) == 0)
            return TRUE;
    }
    for (guint k = 0; k < net->states->len; k++) {
        if (strcmp(((const NnState *)net->states->pdata[k])->name, name) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
net_grow(LacNet *net, size_t more)
{
    if (net->size + more > net->room) {
        net->room = MAX(net->size + more, 2 * net->room);
        net->values = g_renew(LacReal, net->values, net->room);
        net->gradient = g_renew(LacReal, net->gradient, net->room);
    }
    memset(net->gradient + net->size, 0, more * sizeof *net->gradient);
    net->size += more;
}

LacNetParam *
lac_net_add(LacNet *net, const char *name, LacInit init, size_t fan_in, size_t fan_out,
            unsigned dims, const size_t *shape)
{
    LacNetParam *param = g_new0(LacNetParam, 1);
    LacRng rng = lac_rng_split(&net->rng, name);

    g_assert(dims >= 1 && dims <= LAC_DIMS && !net_has(net, name));
    *param = (LacNetParam){.net = net, .name = g_strdup(name), .offset = net->size, .dims = dims};
    param->size = 1;
    for (unsigned d = 0; d < dims; d++) {
        g_assert(shape[d] >= 1);
        param->shape[d] = shape[d];
        param->size *= shape[d];
    }
    net_grow(net, param->size);
    g_ptr_array_add(net->params, param);
    nn_init(param, init, fan_in, fan_out, &rng);
    return param;
}

LacReal *
lac_net_add_state(LacNet *net, const char *name, size_t n)
{
    NnState *state = g_new(NnState, 1);

    g_assert(n >= 1 && !net_has(net, name));
    *state = (NnState){g_strdup(name), n, g_new0(LacReal, n)};
    g_ptr_array_add(net->states, state);
    return state->values;
}

LacTensor *
lac_net_use(LacTape *tape, const LacNetParam *param)
{
    LacNet *net = param->net;

    return lac_tape_leaf(tape, net->values + param->offset,
                         net->frozen ? NULL : net->gradient + param->offset, param->dims,
                         param->shape);
}

LacReal *
lac_net_param_values(const LacNetParam *param)
{
    return param->net->values + param->offset;
}

/* ---- the whole ---- */

size_t
lac_net_size(const LacNet *net)
{
    return net->size;
}

LacReal *
lac_net_values(LacNet *net)
{
    return net->values;
}

LacReal *
lac_net_gradient(LacNet *net)
{
    return net->gradient;
}

/* The parameter that owns value @k: the last that does not begin behind it. */
static const LacNetParam *
net_owner(const LacNet *net, size_t k)
{
    guint low = 0, high = net->params->len;

    g_assert(k < net->size);
    while (high - low > 1) {
        const guint middle = low + (high - low) / 2;

        if (((const LacNetParam *)net->params->pdata[middle])->offset <= k)
            low = middle;
        else
            high = middle;
    }
    return net->params->pdata[low];
}

gboolean
lac_net_is_weight(const LacNet *net, size_t k)
{
    return net_owner(net, k)->dims >= 2;
}

void
lac_net_zero_gradient(LacNet *net)
{
    if (net->size > 0)
        memset(net->gradient, 0, net->size * sizeof *net->gradient);
}

void
lac_net_freeze(LacNet *net, gboolean frozen)
{
    net->frozen = frozen;
}

const char *
lac_net_largest_gradient(const LacNet *net, double *value_out)
{
    size_t largest = 0;

    g_assert(net->size > 0);
    /* a NaN is larger than any number here: it is what one looks for */
    for (size_t k = 1; k < net->size && !isnan(net->gradient[largest]); k++) {
        if (!(fabs((double)net->gradient[k]) <= fabs((double)net->gradient[largest])))
            largest = k;
    }
    *value_out = (double)net->gradient[largest];
    return net_owner(net, largest)->name;
}

/* ---- for people ---- */

static void
net_describe_row(GString *text, const char *name, unsigned dims, const size_t *shape, size_t size)
{
    g_autoptr(GString) lengths = g_string_new(NULL);

    for (unsigned d = 0; d < dims; d++)
        g_string_append_printf(lengths, d == 0 ? "%zu" : " x %zu", shape[d]);
    g_string_append_printf(text, "%-32s %-20s %10zu\n", name, lengths->str, size);
}

char *
lac_net_describe(const LacNet *net)
{
    GString *text = g_string_new(NULL);
    size_t states = 0;

    g_string_append_printf(text, "%-32s %-20s %10s\n", "parameter", "shape", "values");
    for (guint k = 0; k < net->params->len; k++) {
        const LacNetParam *param = net->params->pdata[k];

        net_describe_row(text, param->name, param->dims, param->shape, param->size);
    }
    for (guint k = 0; k < net->states->len; k++) {
        const NnState *state = net->states->pdata[k];

        net_describe_row(text, state->name, 1, &state->size, state->size);
        states += state->size;
    }
    g_string_append_printf(text, "%zu values are trained, %zu are kept beside them\n", net->size,
                           states);
    return g_string_free(text, FALSE);
}
