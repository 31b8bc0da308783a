/* What a net is made of; for net.c, init.c and checkpoint.c only. */
#ifndef LACUNA_NET_PRIVATE_H
#define LACUNA_NET_PRIVATE_H

#include <lacuna/net.h>

G_BEGIN_DECLS

struct LacNetParam {
    LacNet *net;
    char *name;
    size_t offset, size; /* in the net's block */
    unsigned dims;
    size_t shape[LAC_DIMS];
};

typedef struct {
    char *name;
    size_t size;
    LacReal *values; /* owned; stays where it is */
} NnState;

struct LacNet {
    LacRng rng;
    GPtrArray *params;          /* LacNetParam, in the order they were added */
    GPtrArray *states;          /* NnState */
    LacReal *values, *gradient; /* [size], owned */
    size_t size, room;
    gboolean frozen;
};

/** nn_init: initial values of @param, drawn from @rng where they are random. */
void nn_init(LacNetParam *param, LacInit init, size_t fan_in, size_t fan_out, LacRng *rng);

G_END_DECLS

#endif
