/* The array forms of vmath-private.h: one loop each, compiled for several instruction sets. */
#include "vmath-private.h"

#define VMATH_LOOP(name)                                                                           \
    LAC_CLONES void lac_v##name(size_t n, const LacReal *x, LacReal *y)                            \
    {                                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            y[i] = lac_real_##name(x[i]);                                                          \
    }

VMATH_LOOP(exp)
VMATH_LOOP(log)
VMATH_LOOP(log1p)
VMATH_LOOP(tanh)
VMATH_LOOP(sigmoid)
VMATH_LOOP(softplus)
