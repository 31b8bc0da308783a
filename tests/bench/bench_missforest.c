#include "bench.h"

LAC_BENCH(missforest, "chained random forests: Concrete, Letter, and growth")
{
    lac_bench_model("Letter, 100 trees, 3 rounds", "missforest", "{iterations: 3}",
                    lac_bench_letter(), 1);
}
