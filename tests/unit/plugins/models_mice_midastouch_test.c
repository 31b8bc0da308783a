/* The method midastouch against R's mice: how often which donor gives its value to whom. */
#include "fitted.h"

#include "golden/mice_midastouch.h"
#include <math.h>

enum { DONORS = 9, RECIPIENTS = 3, ROWS = DONORS + RECIPIENTS, CHAINS = 4000, R_DRAWS = 40000 };

/* x and y of rows @from to ROWS; y is missing behind the donors. */
static LacData *
table_from(size_t from)
{
    double cells[2 * ROWS];

    for (size_t i = from; i < ROWS; i++) {
        cells[2 * (i - from)] = midastouch_x[i];
        cells[2 * (i - from) + 1] = i < DONORS ? midastouch_y[i] : NAN;
    }
    return fitted_table(ROWS - from, 2, cells, NULL);
}

/* Shares over the chains' completions of @data, whose last rows are the recipients, within 4.5
 * standard errors of those of R, which come from draws, too. */
static void
expect_shares(Fitted *mice, const LacData *data, const double *expected)
{
    double share[RECIPIENTS * DONORS] = {0};
    size_t strange = 0;

    for (size_t chain = 0; chain < CHAINS; chain++) {
        const double *out = fitted_sample(mice, data, chain);

        ASSERT_TRUE(out != NULL);
        for (size_t r = 0; r < RECIPIENTS; r++) {
            const double y = out[2 * (data->rows - RECIPIENTS + r) + 1];
            size_t donor = 0;

            while (donor < DONORS && y != midastouch_y[donor])
                donor++;
            strange += donor == DONORS ? 1 : 0;
            share[r * DONORS + MIN(donor, DONORS - 1)] += 1.0 / CHAINS;
        }
    }
    EXPECT_EQ_INT(strange, 0);
    for (size_t k = 0; k < RECIPIENTS * DONORS; k++) {
        const double p = expected[k];

        EXPECT_NEAR_DOUBLE(share[k], p,
                           4.5 * sqrt((p + 1e-4) * (1 - p) * (1.0 / CHAINS + 1.0 / R_DRAWS)));
    }
}

static Fitted *
fitted_chains(const LacData *data)
{
    return fitted_new("mice", "{method: midastouch, imputations: 4000, iterations: 1}", data,
                      CHAINS, 3, NULL);
}

/* A row far out and off the line: left out of its own regression it is no near donor any more. */
LAC_TEST(models_mice_midastouch, each_donor_is_left_out_of_its_own_regression)
{
    g_autoptr(LacData) data = table_from(0);
    g_autoptr(Fitted) mice = fitted_chains(data);

    ASSERT_TRUE(mice != NULL);
    expect_shares(mice, data, midastouch_left_out);
}

/* as R's outout = FALSE */
LAC_TEST(models_mice_midastouch, new_rows_meet_the_regression_of_all_donors)
{
    g_autoptr(LacData) data = table_from(0), later = table_from(DONORS);
    g_autoptr(Fitted) mice = fitted_chains(data);

    ASSERT_TRUE(mice != NULL);
    expect_shares(mice, later, midastouch_shared);
}
