/* Chained boosting on Letter; nothing where XGBoost is not installed. */
#include "bench.h"

LAC_BENCH(xgboost, "chained boosting on Letter, 20000 x 16, 20 % of the cells hidden")
{
    lac_bench_model("one round of 50 trees", "xgboost", "{iterations: 1, trees: 50}",
                    lac_bench_letter(), 1);
    lac_bench_growth("xgboost", "{iterations: 1, trees: 10}");
}
