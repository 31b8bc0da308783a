/* The parts of start-up that tests look at one by one. */
#ifndef LACUNA_RUNTIME_PRIVATE_H
#define LACUNA_RUNTIME_PRIVATE_H

#include "context-private.h"

G_BEGIN_DECLS

/** lac_runtime_better_core: value of OPENBLAS_CORETYPE for a processor with these instruction sets
 * on which OpenBLAS chose the kernels called @in_use; NULL when its choice is good. Static. */
LAC_PRIVATE_API const char *
lac_runtime_better_core(const char *in_use, gboolean has_avx2, gboolean has_avx512);
/** lac_runtime_restart: this program again, with the environment as it is now. Returns only when
 * that is impossible. */
LAC_PRIVATE_API void lac_runtime_restart(char **argv);

G_END_DECLS

#endif
