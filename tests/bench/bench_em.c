#include "bench.h"

LAC_BENCH(em, "Gaussian EM on Letter, 20000 x 16, 20 % of the cells hidden")
{
    const LacBenchData *letter = lac_bench_letter();

    lac_bench_model("to 1e-4 (Amelia's tolerance)", "em", "{tol: 1e-4}", letter, 5);
    lac_bench_model("to 1e-6", "em", "{tol: 1e-6}", letter, 5);
    lac_bench_model("to 1e-6, plain EM", "em", "{tol: 1e-6, accelerate: false}", letter, 5);
    lac_bench_draws("5 bootstrap draws", "em", "{tol: 1e-4}", letter, 5, 1);
    lac_bench_growth("em", "{tol: 1e-4, iterations: 10}");
}
