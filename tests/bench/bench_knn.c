#include "bench.h"

LAC_BENCH(knn, "kNN imputation of Letter, 20000 x 16, 20 % of the cells hidden")
{
    const LacBenchData *letter = lac_bench_letter();

    lac_bench_model("knn k = 5", "knn", "{k: 5}", letter, 5);
    lac_bench_model("knn k = 50", "knn", "{k: 50}", letter, 3);
    lac_bench_model("knn k = 5, weights by distance", "knn", "{k: 5, weights: distance}", letter,
                    3);
    lac_bench_model("knn k = 5, gower", "knn", "{k: 5, distance: gower}", letter, 3);
    lac_bench_draws("knn 5 draws", "knn", "{k: 5}", letter, 5, 1);
    lac_bench_growth("knn", "{k: 5}");
}
