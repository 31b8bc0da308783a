/* Parallel loops over OpenMP, and the one thread setting they share with OpenBLAS. */
#include "context-private.h"
#include "parallel-private.h"

#include <cblas.h>
#include <omp.h>

/* more would only cost memory per worker; also OpenBLAS's own limit in Debian is 64 */
#define MOST_THREADS 256

static gint threads_now; /* 0: not decided yet */
static _Thread_local gint nested;
static _Thread_local unsigned worker_now;

/* LACUNA_THREADS where it holds a sensible number, else all cores allowed */
static unsigned
threads_wanted(void)
{
    const char *text = g_getenv("LACUNA_THREADS");
    guint64 n;

    if (text != NULL && g_ascii_string_to_unsigned(text, 10, 1, MOST_THREADS, &n, NULL))
        return (unsigned)n;
    /* the cores this process may run on: taskset, containers and batch systems narrow them */
    return (unsigned)CLAMP(omp_get_num_procs(), 1, MOST_THREADS);
}

void
lac_threads_set(unsigned n)
{
    const unsigned wanted = n == 0 ? threads_wanted() : MIN(n, MOST_THREADS);

    g_atomic_int_set(&threads_now, (gint)wanted);
    omp_set_num_threads((int)wanted);
    openblas_set_num_threads((int)wanted);
}

unsigned
lac_threads(void)
{
    const gint n = g_atomic_int_get(&threads_now);

    if (n > 0)
        return (unsigned)n;
    /* two threads that meet here decide the same */
    lac_threads_set(0);
    return (unsigned)g_atomic_int_get(&threads_now);
}

/* Runs the blocks in order in the calling thread. OpenBLAS asks OpenMP for the number of threads
 * of the calling thread at every call, so that is where it is held to one. */
static void
run_serially(size_t n, size_t grain, LacLoopBody body, void *user)
{
    const int before = omp_get_max_threads();

    omp_set_num_threads(1);
    for (size_t begin = 0; begin < n; begin += MIN(grain, n - begin))
        body(begin, begin + MIN(grain, n - begin), worker_now, user);
    omp_set_num_threads(before);
}

static void
run_in_parallel(size_t n, size_t grain, size_t blocks, int team, LacLoopBody body, void *user)
{
#pragma omp parallel num_threads(team)
    {
        worker_now = (unsigned)omp_get_thread_num();
        nested++;
        if (blocks ==
            (size_t)team) { /* one each, so that loops alike find their data in the cache */
            const size_t begin = worker_now * grain;

            body(begin, begin + MIN(grain, n - begin), worker_now, user);
        } else {
#pragma omp for schedule(dynamic, 1)
            for (size_t block = 0; block < blocks; block++)
                body(block * grain, block * grain + MIN(grain, n - block * grain), worker_now,
                     user);
        }
        nested--;
        worker_now = 0;
    }
}

void
lac_parallel_for(size_t n, size_t grain, LacLoopBody body, void *user)
{
    g_assert(grain >= 1);

    const size_t blocks = n / grain + (n % grain != 0);
    const size_t team = MIN((size_t)lac_threads(), blocks);
    /* a BLAS with threads of its own does not know that it is called from a parallel loop */
    const gboolean own_threads = openblas_get_parallel() == OPENBLAS_THREAD && nested == 0;
    const int blas_threads = own_threads ? openblas_get_num_threads() : 0;

    if (own_threads)
        openblas_set_num_threads(1);
    if (team <= 1 || nested > 0)
        run_serially(n, grain, body, user);
    else
        run_in_parallel(n, grain, blocks, (int)team, body, user);
    if (own_threads)
        openblas_set_num_threads(blas_threads);
}

/* ---- short loops ---- */

enum {
    LATE = 300,          /* microseconds beyond the loop's own that no free core takes to start */
    SHORTEST_REST = 10,  /* milliseconds in one thread after the first late start */
    LONGEST_REST = 1000, /* and after many */
};

static gint64 rest_end;           /* monotonic microseconds */
static gint rest = SHORTEST_REST; /* the next one, milliseconds */

void
lac_parallel_for_short(double seconds, size_t n, size_t grain, LacLoopBody body, void *user)
{
    gint64 begin, end, now_rest_end;

    if (lac_threads() == 1 || nested > 0 || n <= grain) {
        lac_parallel_for(n, grain, body, user);
        return;
    }
    begin = g_get_monotonic_time();
    __atomic_load(&rest_end, &now_rest_end, __ATOMIC_RELAXED);
    if (begin < now_rest_end) {
        run_serially(n, grain, body, user);
        return;
    }
    lac_parallel_for(n, grain, body, user);
    end = g_get_monotonic_time();
    if ((double)(end - begin) <= 2e6 * seconds + LATE) {
        g_atomic_int_set(&rest, SHORTEST_REST);
        return;
    }
    now_rest_end = end + 1000 * (gint64)g_atomic_int_get(&rest);
    __atomic_store(&rest_end, &now_rest_end, __ATOMIC_RELAXED);
    g_atomic_int_set(&rest, MIN(2 * g_atomic_int_get(&rest), LONGEST_REST));
}
