#include "bench.h"

LAC_BENCH(missforest, "chained random forests; peer: ranger, see missforest_peer.R")
{
    const LacBenchData *letter = lac_bench_letter();

    lac_bench_model("Concrete", "missforest", NULL, lac_bench_concrete(), 3);
    lac_bench_model("Letter, 3 rounds", "missforest", "{iterations: 3}", letter, 1);
    lac_bench_model("Letter, 3 rounds, 10 trees", "missforest", "{iterations: 3, trees: 10}",
                    letter, 1);
    lac_bench_draws("Letter, 10 trees, 5 draws", "missforest", "{iterations: 3, trees: 10}", letter,
                    5, 1);
    lac_bench_growth("missforest", "{iterations: 1, trees: 10}");
}

LAC_BENCH(missforest_large, "chained random forests on 100 000 x 20, 20 % hidden (goal: 8 GiB)")
{
    lac_bench_model("100 trees, 2 rounds", "missforest", "{iterations: 2}",
                    lac_bench_made(100000, 20, 0.2), 1);
    lac_bench_model("100 trees, 2 rounds, keep: false", "missforest",
                    "{iterations: 2, keep: false}", lac_bench_made(100000, 20, 0.2), 1);
}

LAC_BENCH(missforest_concrete, "chained random forests on Concrete alone (1030 x 9, 20 % hidden)")
{
    lac_bench_seeds("Concrete, seeds 1 to 5", "missforest", NULL, lac_bench_concrete(), 5, 3);
    lac_bench_model("Concrete, 5 rounds", "missforest", "{iterations: 5}", lac_bench_concrete(),
                    15);
}
