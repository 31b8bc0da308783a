/* The clock of bench_nn.c, and the limits of the machine. */
#ifndef LAC_BENCH_NN_LIMITS_H
#define LAC_BENCH_NN_LIMITS_H

#include <lacuna/nn.h>

/** nn_now: seconds, on the wall or, with LACUNA_BENCH_CLOCK=cpu, of the processor. */
double nn_now(void);
/** nn_print_peaks: prints the rates of a large product and a large convolution. Returns: the higher
 * one, FLOP/s. */
double nn_print_peaks(const char *name, LacPrecision precision);
/** nn_print_tape_overhead: prints what recording an operator costs beside its arithmetic. */
void nn_print_tape_overhead(void);

#endif
