#include "filled-private.h"
#include "lac_test.h"

#include <lacuna/csv.h>

static LacData *
table_of(const char *text)
{
    return lac_csv_parse(text, strlen(text), "table.csv", NULL, NULL, NULL);
}

LAC_TEST(data_filled, cells_are_taken_from_each_completion_column_by_column)
{
    static const size_t start[4] = {0, 1, 3, 3}, row[3] = {1, 0, 2};
    static const double first[3] = {3, 1, 7}, second[3] = {13, 11, 17};
    g_autoptr(LacData) data = table_of("a,b,c\n1,,3\n,5,6\n7,,9\n");
    g_autoptr(LacFilledCells) cells = lac_filled_cells_new(data->holes, 2, NULL);
    g_autoptr(LacMatrix) completed = lac_matrix_new(3, 3, NULL);

    for (size_t draw = 0; draw < 2; draw++) {
        for (size_t c = 0; c < 9; c++)
            completed->v[c] = (double)(c + 10 * draw);
        lac_filled_cells_put(cells, draw, completed);
    }
    ASSERT_EQ_INT(cells->n, 3);
    for (size_t k = 0; k < 3; k++) {
        EXPECT_EQ_INT(cells->start[k + 1], start[k + 1]);
        EXPECT_EQ_INT(cells->row[k], row[k]);
        EXPECT_EQ_DOUBLE(cells->value[k], first[k]);
        EXPECT_EQ_DOUBLE(cells->value[3 + k], second[k]);
    }
}

/* by hand: draws 1 .. 19 shifted; quantiles of type 6 at .05, .5, .95 are then 1, 10, 19 */
LAC_TEST(data_filled, numbers_that_were_hidden_are_scored_by_interval_and_median)
{
    g_autoptr(LacData) data = table_of("a,b\n12.5,1\n30,2\n,3\n");
    g_autoptr(LacMask) hidden = lac_mask_new(3, 2, NULL);
    g_autoptr(LacMatrix) completed = lac_matrix_new(3, 2, NULL);
    g_autoptr(LacFilledCells) cells = NULL;
    LacOverimputed score;

    lac_mask_set(hidden, 0, 0, TRUE);
    lac_mask_set(hidden, 1, 0, TRUE);
    cells = lac_filled_cells_new(hidden, 19, NULL);
    for (size_t draw = 0; draw < 19; draw++) {
        completed->v[0] = (double)((draw * 7) % 19 + 1);
        completed->v[2] = 2.0 * completed->v[0];
        lac_filled_cells_put(cells, draw, completed);
    }
    score = lac_overimpute_score(data, cells, 0);
    EXPECT_EQ_INT(score.cells, 2);
    EXPECT_NEAR_DOUBLE(score.mae, (2.5 + 10.0) / 2, 1e-15);
    EXPECT_NEAR_DOUBLE(score.bias, (-2.5 - 10.0) / 2, 1e-15);
    EXPECT_EQ_DOUBLE(score.coverage, 1.0); /* 12.5 in [1, 19], 30 in [2, 38] */
    EXPECT_NEAR_DOUBLE(score.width, (18.0 + 36.0) / 2, 1e-14);
    EXPECT_TRUE(isnan(score.correct));
    EXPECT_EQ_INT(lac_overimpute_score(data, cells, 1).cells, 0);
}

LAC_TEST(data_filled, levels_that_were_hidden_are_scored_by_share)
{
    g_autoptr(LacData) data = table_of("g,b\nx,1\ny,2\nz,3\nx,4\n,5\n");
    g_autoptr(LacMask) hidden = lac_mask_new(5, 2, NULL);
    g_autoptr(LacMatrix) completed = lac_matrix_new(5, 2, NULL);
    g_autoptr(LacFilledCells) cells = NULL;
    LacOverimputed score;

    lac_mask_set(hidden, 0, 0, TRUE);
    lac_mask_set(hidden, 1, 0, TRUE);
    cells = lac_filled_cells_new(hidden, 4, NULL);
    for (size_t draw = 0; draw < 4; draw++) {
        completed->v[0] = draw == 0 ? 1.0 : 0.0; /* x three times of four: right */
        completed->v[2] = draw < 2 ? 2.0 : 1.0; /* y twice of four; of equals the smallest: right */
        lac_filled_cells_put(cells, draw, completed);
    }
    score = lac_overimpute_score(data, cells, 0);
    EXPECT_NEAR_DOUBLE(score.chance, 0.625, 1e-15);
    EXPECT_EQ_DOUBLE(score.correct, 1.0);
    EXPECT_TRUE(isnan(score.mae) && isnan(score.coverage));
}

LAC_TEST(data_filled, hidden_cells_leave_every_row_something)
{
    g_autoptr(GString) text = g_string_new("a,b,c\n");
    g_autoptr(LacData) data = NULL;
    g_autoptr(LacMask) hidden = NULL;

    for (int i = 0; i < 200; i++)
        g_string_append_printf(text, "%d,%s,%d.5\n", i, i % 4 == 0 ? "" : "7.5", i);
    g_string_append(text, "1,,\n");
    data = table_of(text->str);
    hidden = lac_overimpute_choose(data, 0.05, 5, 500, lac_rng_new(1), NULL);
    EXPECT_EQ_INT(lac_mask_count_col(hidden, 0), 0); /* no holes: never filled */
    EXPECT_EQ_INT(lac_mask_count_col(hidden, 1), 8); /* ceil(.05 x 150) */
    EXPECT_EQ_INT(lac_mask_count_col(hidden, 2), 10);
    for (size_t i = 0; i < data->rows; i++) {
        size_t left = 0;

        for (size_t j = 0; j < 3; j++) {
            const gboolean hole = lac_data_is_hole(data, i, j);

            EXPECT_FALSE(hole && lac_mask_get(hidden, i, j));
            left += !hole && !lac_mask_get(hidden, i, j) ? 1 : 0;
        }
        EXPECT_TRUE(left > 0);
    }
}
