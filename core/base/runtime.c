/* What a Lacuna process sees to before it does anything else: OpenBLAS's choice of kernels. */
#include "runtime-private.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Older than AVX-512 and AVX2, and the Zens, for which OpenBLAS up to 0.3.2x uses AVX2 kernels
 * although Zen 4 and later have AVX-512. */
static const char *const avx2_cores[] = {"Haswell", "Zen", "Excavator", NULL};
static const char *const newer_cores[] = {"SkylakeX", "Cooperlake", "SapphireRapids", NULL};

const char *
lac_runtime_better_core(const char *in_use, gboolean has_avx2, gboolean has_avx512)
{
    if (g_strv_contains(newer_cores, in_use))
        return NULL;
    if (has_avx512)
        return "SKYLAKEX";
    if (has_avx2 && !g_strv_contains(avx2_cores, in_use))
        return "HASWELL";
    return NULL;
}

const char *
lac_runtime_blas_core(void)
{
    return openblas_get_corename();
}

#ifdef __x86_64__

/* The compiler's check includes whether the system saves the wide registers. The five subsets are
 * those the SkylakeX kernels are compiled for. */
static const char *
better_core_here(void)
{
    __builtin_cpu_init();

    const gboolean avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const gboolean avx512 =
        avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl");

    return lac_runtime_better_core(lac_runtime_blas_core(), avx2, avx512);
}

#else

/* elsewhere OpenBLAS asks the system, which knows its processor */
static const char *
better_core_here(void)
{
    return NULL;
}

#endif

void
lac_runtime_restart(char **argv)
{
    /* by its own path where it has one, so that ps and crash reports show the right name */
    g_autofree char *path = g_file_read_link("/proc/self/exe", NULL);

    if (path != NULL)
        execv(path, argv);
    execv("/proc/self/exe", argv);
}

/* Idle threads of GNU OpenMP turn in circles for some 300,000 pauses (14 ms) before they sleep.
 * When another program wants the processor, they keep it from the thread they wait for: mice on
 * 2000 x 40 took 655 ms instead of 246 ms at a load of 4 on two cores (161 ms either way when they
 * are free). A thirtieth still bridges the gap between two loops. The runtime reads this when it is
 * loaded, so it takes a restart. */
static void
calm_idle_threads(void)
{
    if (g_getenv("OMP_WAIT_POLICY") == NULL)
        g_setenv("GOMP_SPINCOUNT", "10000", FALSE);
}

/* OPENBLAS_CORETYPE is also the guard: whoever set it, the user or we before a restart, has
 * decided, and worker processes inherit the choice. */
void
lac_runtime_prepare(int argc, char **argv)
{
    if (g_getenv("OPENBLAS_CORETYPE") == NULL &&
        strstr(openblas_get_config(), "DYNAMIC_ARCH") != NULL) {
        const char *better = better_core_here();

        if (better != NULL && g_setenv("OPENBLAS_CORETYPE", better, FALSE)) {
            calm_idle_threads();
            lac_runtime_restart(argv);
            /* no restart, no harm: the slower kernels compute the same */
            g_unsetenv("OPENBLAS_CORETYPE");
        }
    }
    lac_threads_set(0);
}
