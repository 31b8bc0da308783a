/* The formulas of batch norm, one channel at a time. */
#ifndef LACUNA_NORM_PRIVATE_H
#define LACUNA_NORM_PRIVATE_H

#include "base-private.h"
#include <lacuna/tensor.h>

G_BEGIN_DECLS

/** NnNormChannel: what normalises a channel: h = (x - mean) scale. */
typedef struct {
    double mean, scale; /* scale = 1 / sqrt(var + eps) */
} NnNormChannel;

/** nn_norm_moments: from @sums [2] of x - @shift and its square over @n values; takes the running
 * moments @momentum of the way. */
NnNormChannel nn_norm_moments(double n, double shift, const double *sums, LacReal momentum,
                              LacReal eps, LacReal *running_mean, LacReal *running_var);
/** nn_norm_running: by the running moments. */
NnNormChannel nn_norm_running(LacReal mean, LacReal var, LacReal eps);
/** nn_norm_slope: @k: gx = k[0] gy + k[1] x + k[2]; @n: values of the channel, INFINITY where
 * running moments normalised; @sums [2] of gy and of gy (x - mean). Returns: the gradient by gamma;
 * that by beta is sums[0]. */
double nn_norm_slope(const NnNormChannel *channel, double n, double gamma, const double *sums,
                     LacReal k[3]);

G_END_DECLS

#endif
