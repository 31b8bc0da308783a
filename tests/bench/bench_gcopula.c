/* The copula on Letter and on growing tables. Peers: none packaged for Debian. */
#include "bench.h"

LAC_BENCH(gcopula, "Gaussian copula on Letter, 20000 x 16, 20 % of the cells hidden")
{
    const LacBenchData *letter = lac_bench_letter();

    lac_bench_model("numbers with up to 16 values", "gcopula", NULL, letter, 1);
    lac_bench_model("all of them points", "gcopula", "{spike: 1}", letter, 1);
    lac_bench_growth("gcopula", NULL);
}
