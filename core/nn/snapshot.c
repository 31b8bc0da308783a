/* Snapshots of a net: what training goes back to. */
#include "net-private.h"

#include <string.h>

size_t
lac_net_copy_size(const LacNet *net)
{
    size_t size = net->size;

    for (guint k = 0; k < net->states->len; k++)
        size += ((const NnState *)net->states->pdata[k])->size;
    return size;
}

void
lac_net_copy_out(const LacNet *net, LacReal *out)
{
    memcpy(out, net->values, net->size * sizeof *out);
    out += net->size;
    for (guint k = 0; k < net->states->len; k++) {
        const NnState *state = net->states->pdata[k];

        memcpy(out, state->values, state->size * sizeof *out);
        out += state->size;
    }
}

void
lac_net_copy_in(LacNet *net, const LacReal *in)
{
    memcpy(net->values, in, net->size * sizeof *in);
    in += net->size;
    for (guint k = 0; k < net->states->len; k++) {
        NnState *state = net->states->pdata[k];

        memcpy(state->values, in, state->size * sizeof *in);
        in += state->size;
    }
}
