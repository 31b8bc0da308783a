#include "bench.h"

LAC_BENCH(mice, "chained equations on Letter, 20000 x 16, 20 % of the cells hidden")
{
    const LacBenchData *letter = lac_bench_letter();

    lac_bench_model("norm.predict, 5 rounds", "mice", "{method: norm.predict, iterations: 5}",
                    letter, 5);
    lac_bench_model("norm.predict, 50 rounds", "mice", "{method: norm.predict, iterations: 50}",
                    letter, 1);
    lac_bench_draws("norm, 5 chains, 5 rounds", "mice", "{method: norm}", letter, 5, 3);
    lac_bench_draws("norm.boot, 5 chains, 5 rounds", "mice", "{method: norm.boot}", letter, 5, 1);
    lac_bench_draws("pmm, 5 chains, 5 rounds", "mice", "{method: pmm}", letter, 5, 3);
    lac_bench_draws("rf, 1 chain, 1 round", "mice", "{method: rf, iterations: 1}", letter, 1, 1);
    lac_bench_growth("mice", "{method: norm.predict, iterations: 5}");
    lac_bench_growth("mice", "{method: pmm, imputations: 1, iterations: 1}");
}

LAC_BENCH(mice_large, "chained equations on 1 000 000 x 20, 20 % of the cells hidden")
{
    lac_bench_draws("pmm, 5 chains, 5 rounds", "mice", "{method: pmm}",
                    lac_bench_made(1000000, 20, 0.2), 5, 1);
}
