#include "lac_test.h"
#include "scores-private.h"

LAC_TEST(plugin_scores, values_columns_and_reasons_come_back_in_order)
{
    g_autoptr(LacScores) scores = lac_scores_new();

    lac_scores_add(scores, "0.8", 0.75, 12);
    lac_scores_add_column(scores, NULL, 3, -1.5, 4);
    lac_scores_undefined(scores, NULL, -1, "no scored cell in %d rows", 7);
    ASSERT_EQ_INT(lac_scores_count(scores), 3);
    EXPECT_STR(lac_scores_get(scores, 0)->part, "0.8");
    EXPECT_EQ_INT(lac_scores_get(scores, 0)->column, -1);
    EXPECT_EQ_INT(lac_scores_get(scores, 0)->n_cells, 12);
    EXPECT_EQ_INT(lac_scores_get(scores, 1)->column, 3);
    EXPECT_EQ_DOUBLE(lac_scores_find(scores, NULL, 3)->value, -1.5);
    EXPECT_EQ_INT(lac_scores_get(scores, 2)->status, LAC_SCORE_UNDEFINED);
    EXPECT_STR(lac_scores_get(scores, 2)->reason, "no scored cell in 7 rows");
    EXPECT_TRUE(lac_scores_find(scores, "0.9", -1) == NULL);
}

LAC_TEST(plugin_scores, a_value_that_is_not_finite_is_refused)
{
    g_autoptr(LacScores) scores = lac_scores_new();

    lac_scores_add(scores, NULL, NAN, 5);
    lac_scores_add(scores, "x", INFINITY, 5);
    EXPECT_EQ_INT(lac_scores_get(scores, 0)->status, LAC_SCORE_REFUSED);
    EXPECT_EQ_INT(lac_scores_get(scores, 1)->status, LAC_SCORE_REFUSED);
    EXPECT_CONTAINS(lac_scores_get(scores, 1)->reason, "inf");
    EXPECT_TRUE(isnan(lac_scores_get(scores, 1)->value));
}
