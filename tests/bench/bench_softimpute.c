/* Matrix completion on Letter and on growing tables. Peers: none packaged for Debian. */
#include "bench.h"

LAC_BENCH(softimpute, "nuclear-norm matrix completion")
{
    const LacBenchData *letter = lac_bench_letter();

    lac_bench_model("Letter, penalty chosen", "softimpute", NULL, letter, 3);
    lac_bench_model("Letter, als, penalty chosen", "softimpute", "{variant: als}", letter, 1);
    lac_bench_model("Letter, svd, penalty chosen", "softimpute", "{variant: svd}", letter, 1);
    lac_bench_model("Letter, as GAIN's Matrix row", "softimpute",
                    "{variant: svd, scale: none, path: 1, lambda_share: 0.02}", letter, 1);
    lac_bench_growth("softimpute", NULL);
}
