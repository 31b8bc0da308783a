/* lacuna-bench: times what Lacuna does and prints figures; it judges nothing and fails nothing.
 *
 *   LAC_BENCH(knn, "kNN imputation, k = 5")
 *   {
 *       lac_bench_model("k = 5", "knn", "{k: 5}", lac_bench_letter(), 3);
 *       lac_bench_growth("knn", "{k: 5}");
 *   }
 *
 * A file tests/bench/bench_<name>.c that holds such a body is built in and found by itself. */
#ifndef LAC_BENCH_H
#define LAC_BENCH_H

#include <glib.h>
#include <lacuna/data.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

G_BEGIN_DECLS

void lac_bench_register(const char *name, const char *what, void (*body)(void));

#define LAC_BENCH(name, what)                                                                      \
    static void bench_##name(void);                                                                \
    __attribute__((constructor)) static void bench_register_##name(void)                           \
    {                                                                                              \
        lac_bench_register(#name, what, bench_##name);                                             \
    }                                                                                              \
    static void bench_##name(void)

/** LacBenchTime: wall seconds of the repeats; the least processor seconds of one, all threads; and
 * the largest resident set seen beyond what was resident before, in bytes (0 where the system
 * cannot tell). */
typedef struct {
    unsigned repeats;
    double median, min, max, cpu;
    double peak;
} LacBenchTime;

/** lac_bench_time: runs @work once to warm up when it is short, then @repeats times. */
LacBenchTime lac_bench_time(unsigned repeats, void (*work)(void *user), void *user);

/** lac_bench_line: one row of output: label, times, peak memory, and a further text (may be ""). */
void lac_bench_line(const char *label, const LacBenchTime *time, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/** lac_bench_say: any other line. */
void lac_bench_say(const char *format, ...) G_GNUC_PRINTF(1, 2);

/** LacBenchData: a table with holes and the values under them. */
typedef struct {
    LacData *truth, *holey;
} LacBenchData;

/** lac_bench_letter: UCI Letter, 20000 x 16, min-max scaled, 20 % of the cells hidden completely
 * at random. Lent; NULL, after a line that says why, where the file is not found. */
const LacBenchData *lac_bench_letter(void);
/** lac_bench_concrete: UCI Concrete with its strength, 1030 x 9, alike. */
const LacBenchData *lac_bench_concrete(void);
/** lac_bench_made: @rows x @cols equally correlated (0.5) standard normal columns, the share @rate
 * hidden completely at random. Lent until the next call. */
const LacBenchData *lac_bench_made(size_t rows, size_t cols, double rate);
/** lac_bench_grey: the same through the logistic function, values in 0 .. 1. */
const LacBenchData *lac_bench_grey(size_t rows, size_t cols, double rate);
/** lac_bench_rmse: root mean squared error of @completed [rows * cols] over the hidden cells. */
double lac_bench_rmse(const LacBenchData *data, const double *completed);

/**
 * lac_bench_model: times fit and fill of a model plugin on @data (no scaling) and prints a line
 * with time, peak memory and RMSE.
 * @params: YAML flow map, or NULL for the defaults
 * @data: may be NULL: prints nothing
 */
LacBenchTime lac_bench_model(const char *label, const char *plugin, const char *params,
                             const LacBenchData *data, unsigned repeats);
/** lac_bench_seeds: as above with seeds 1 .. @seeds, one after the other; prints the means of one.
 */
LacBenchTime lac_bench_seeds(const char *label, const char *plugin, const char *params,
                             const LacBenchData *data, unsigned seeds, unsigned repeats);
/** lac_bench_draws: as lac_bench_model() for @m completions by sample; the RMSE is the mean of
 * theirs. */
LacBenchTime lac_bench_draws(const char *label, const char *plugin, const char *params,
                             const LacBenchData *data, size_t m, unsigned repeats);
/** lac_bench_growth: times over rows 1k .. 100k (16 columns) and columns 8 .. 512 (2000 rows) with
 * the log-log slopes. Sizes after one that took longer than a few seconds are left out. */
void lac_bench_growth(const char *plugin, const char *params);

G_END_DECLS

#endif
