#include "lac_test.h"
#include <lacuna/convergence.h>
#include <math.h>

/* R 4.2.2, P = matrix of 6 draws x 3 chains: rstan::Rhat(P[1:t,]) for t = 4, 5, 6; for the
 * autocorrelation the running mean of cor(P[t-1,], P[t,]). rstan takes normal scores of (rank -
 * 1/2)/S, here they are (rank - 3/8)/(S + 1/4) as in posterior: 2e-2 for so few draws */
LAC_TEST(math_rhat, chains_of_imputations_as_in_mice)
{
    static const double p[3][6] = {{1, 1.3, 0.9, 1.1, 1.2, 1.05},
                                   {0.8, 1, 1.2, 1.15, 0.95, 1.1},
                                   {1.4, 1.2, 1.1, 1, 1.3, 1.15}};
    static const double rhat[] = {1.29261942424, 1.10356781226, 1.02328076055};
    static const double ac[] = {0.5, -0.214285714286, -0.095238095238, -0.298388896179,
                                -0.183241097321};

    for (size_t n = 2; n <= 6; n++) {
        double x[18];

        for (size_t k = 0; k < 3 * n; k++)
            x[k] = p[k / n][k % n];
        EXPECT_NEAR_DOUBLE(lac_chains_autocorrelation(3, n, x), ac[n - 2], 1e-11);
        if (n >= 4)
            EXPECT_NEAR_DOUBLE(lac_rhat_rank(3, n, x), rhat[n - 4], 2e-2);
        else
            EXPECT_TRUE(isnan(lac_rhat_rank(3, n, x)));
    }
    EXPECT_TRUE(isnan(lac_chains_autocorrelation(1, 6, p[0])));
    EXPECT_TRUE(isnan(lac_chains_autocorrelation(3, 1, p[0])));
}
