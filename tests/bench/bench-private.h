/* Shared by the files of lacuna-bench, not by the benchmarks. */
#ifndef LAC_BENCH_PRIVATE_H
#define LAC_BENCH_PRIVATE_H

#include "bench.h"
#include <stdio.h>

/** bench_tsv: where --tsv writes (label, median, min, max, rmse, peak MiB), or NULL. */
extern FILE *bench_tsv;
/** bench_data_export: letter_truth.csv, letter_holes.csv and the same of concrete into @folder. */
gboolean bench_data_export(const char *folder, GError **error);
void bench_data_clear(void);

#endif
