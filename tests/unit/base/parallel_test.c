#include "context-private.h"
#include "lac_test.h"
#include "parallel-private.h"

#include <cblas.h>
#include <omp.h>

enum { N = 1003, GRAIN = 10, BLOCKS = 101 };

typedef struct {
    gint visits[N];
    double sums[BLOCKS];
    gint running[64];
    gint faults;
} Record;

static void
record(size_t begin, size_t end, unsigned worker, void *user)
{
    Record *r = user;

    if (worker >= lac_threads() || g_atomic_int_add(&r->running[worker], 1) != 0)
        g_atomic_int_inc(&r->faults);
    if (begin % GRAIN != 0 || end > N || (end - begin != GRAIN && end != N))
        g_atomic_int_inc(&r->faults);
    for (size_t i = begin; i < end; i++) {
        g_atomic_int_inc(&r->visits[i]);
        r->sums[begin / GRAIN] += 1.0 / (double)(i + 1);
    }
    g_atomic_int_add(&r->running[worker], -1);
}

static double
harmonic(unsigned threads)
{
    Record r = {0};
    double sum = 0.0;

    lac_threads_set(threads);
    lac_parallel_for(N, GRAIN, record, &r);
    EXPECT_EQ_INT(r.faults, 0);
    for (int i = 0; i < N; i++)
        EXPECT_EQ_INT(r.visits[i], 1);
    for (int block = 0; block < BLOCKS; block++)
        sum += r.sums[block];
    lac_threads_set(0);
    return sum;
}

LAC_TEST(base_parallel, every_index_is_visited_once_and_block_sums_ignore_the_threads)
{
    const double one = harmonic(1);

    EXPECT_EQ_DOUBLE(harmonic(2), one);
    EXPECT_EQ_DOUBLE(harmonic(7), one);
}

typedef struct {
    unsigned outer;
    gint *faults;
} Inner;

static void
inner_body(size_t begin, size_t end, unsigned worker, void *user)
{
    const Inner *inner = user;

    if (worker != inner->outer || omp_get_max_threads() > 1)
        g_atomic_int_inc(inner->faults);
}

static void
outer_body(size_t begin, size_t end, unsigned worker, void *user)
{
    Inner inner = {.outer = worker, .faults = user};

    lac_parallel_for(50, 1, inner_body, &inner);
}

LAC_TEST(base_parallel, nested_loops_stay_in_their_thread_and_keep_its_number)
{
    gint faults = 0;

    lac_threads_set(3);
    lac_parallel_for(40, 1, outer_body, &faults);
    EXPECT_EQ_INT(faults, 0);
    EXPECT_EQ_INT(omp_get_max_threads(), 3);
    lac_threads_set(0);
}

static void
see_blas(size_t begin, size_t end, unsigned worker, void *user)
{
    if (!omp_in_parallel() && omp_get_max_threads() != 1)
        g_atomic_int_inc((gint *)user);
}

LAC_TEST(base_parallel, a_loop_of_one_block_holds_blas_to_one_thread_too)
{
    gint faults = 0;

    lac_threads_set(2);
    lac_parallel_for(5, 10, see_blas, &faults);
    lac_parallel_for(0, 10, see_blas, &faults);
    EXPECT_EQ_INT(faults, 0);
    EXPECT_EQ_INT(omp_get_max_threads(), 2);
    lac_threads_set(0);
}

LAC_TEST(base_parallel, one_setting_reaches_openmp_openblas_and_the_environment)
{
    lac_threads_set(2);
    EXPECT_EQ_INT(lac_threads(), 2);
    EXPECT_EQ_INT(omp_get_max_threads(), 2);
    EXPECT_EQ_INT(openblas_get_num_threads(), 2);
    g_setenv("LACUNA_THREADS", "3", TRUE);
    lac_threads_set(0);
    EXPECT_EQ_INT(lac_threads(), 3);
    g_setenv("LACUNA_THREADS", "many", TRUE);
    lac_threads_set(0);
    EXPECT_TRUE(lac_threads() >= 1);
    g_unsetenv("LACUNA_THREADS");
    lac_threads_set(0);
}

static void
count_short(size_t begin, size_t end, unsigned worker, void *user)
{
    for (size_t i = begin; i < end; i++)
        g_atomic_int_inc((gint *)user + i);
}

/* also after loops that were said to take no time at all, each of which is late on a busy machine
 */
LAC_TEST(base_parallel, short_loops_visit_every_index_once_whoever_runs_them)
{
    gint visits[N] = {0};

    lac_threads_set(2);
    for (int round = 0; round < 50; round++)
        lac_parallel_for_short(0.0, N, GRAIN, count_short, visits);
    for (size_t i = 0; i < N; i++)
        EXPECT_EQ_INT(visits[i], 50);
    EXPECT_EQ_INT(omp_get_max_threads(), 2);
    lac_threads_set(0);
}
