/* McNemar's z and exact p; rows of two classifiers counted from files. */
#include "inference-private.h"
#include "lac_test.h"
#include "predictions-private.h"

#include <glib/gstdio.h>
#include <math.h>

/* Zethraeus (2019), table 5, vertical lines 0.5: accuracies .9314 and .9337 of 10 000 images leave
 * 53 with exactly one right, printed z = 3.16. The second by scipy.stats: 2 * norm.sf(z) and
 * binomtest(61, 104).pvalue. */
LAC_TEST(report_mcnemar, published_and_computed_cases)
{
    const LacMcNemar thesis = lac_mcnemar(38, 15), scipy = lac_mcnemar(61, 43);

    EXPECT_NEAR_DOUBLE(thesis.z, 3.159, 5e-4);
    EXPECT_NEAR_DOUBLE(scipy.z, 1.765045216, 1e-9);
    EXPECT_NEAR_DOUBLE(scipy.p, 0.07755616674, 1e-10);
    EXPECT_NEAR_DOUBLE(scipy.p_exact, 0.0950436748, 1e-9);
}

LAC_TEST(report_mcnemar, is_antisymmetric_and_0_where_nothing_differs)
{
    EXPECT_EQ_DOUBLE(lac_mcnemar(15, 38).z, -lac_mcnemar(38, 15).z);
    EXPECT_EQ_DOUBLE(lac_mcnemar(15, 38).p_exact, lac_mcnemar(38, 15).p_exact);
    EXPECT_EQ_DOUBLE(lac_mcnemar(7, 7).z, 0.0);
    EXPECT_EQ_DOUBLE(lac_mcnemar(7, 7).p_exact, 1.0);
    EXPECT_EQ_DOUBLE(lac_mcnemar(0, 0).z, 0.0);
    EXPECT_EQ_DOUBLE(lac_mcnemar(0, 0).p, 1.0);
    EXPECT_NEAR_DOUBLE(lac_mcnemar(5, 0).p_exact, 0.0625, 1e-15); /* 2 / 2^5 */
}

/* By hand; without rows that both have wrong it is McNemar's. */
LAC_TEST(report_mcnemar, all_differing_rows_count_against_the_first)
{
    EXPECT_NEAR_DOUBLE(lac_differing_z(38, 53), lac_mcnemar(38, 15).z, 1e-12);
    EXPECT_NEAR_DOUBLE(lac_differing_z(38, 100), -2.4, 1e-12);
    EXPECT_EQ_DOUBLE(lac_differing_z(0, 0), 0.0);
}

/* The predictions of a cell called "cell" whose file holds @text. */
static GArray *
parsed(const char *text)
{
    g_autofree char *dir = g_dir_make_tmp("lacuna-predictions-XXXXXX", NULL);
    g_autofree char *folder = g_build_filename(dir, "artifacts", "cell", NULL);
    g_autofree char *above = g_build_filename(dir, "artifacts", NULL);
    g_autofree char *path = g_build_filename(folder, "predictions.csv", NULL);
    LacReportRun run = {.dir = dir};
    LacReportCell cell = {.id = (char *)"cell", .ok = TRUE};
    g_autoptr(GPtrArray) runs = g_ptr_array_new(), cells = g_ptr_array_new();
    LacReport report = {.runs = runs, .cells = cells};
    GArray *out;

    g_ptr_array_add(runs, &run);
    g_ptr_array_add(cells, &cell);
    g_mkdir_with_parents(folder, 0755);
    g_file_set_contents(path, text, -1, NULL);
    out = lac_report_predictions(&report, 0);
    g_remove(path);
    g_rmdir(folder);
    g_rmdir(above);
    g_rmdir(dir);
    return out;
}

LAC_TEST(report_predictions, rows_that_one_has_right_are_counted)
{
    g_autoptr(GArray) a = parsed("row,label,predicted\n2,0,0\n5,1,1\n9,2,0\n12,1,0\n13,3,0\n");
    g_autoptr(GArray) b = parsed("row,label,predicted\n2,0,0\n5,1,2\n9,2,2\n12,1,1\n13,3,1\n");
    ReportDiffering count = {10, 20, 30};

    EXPECT_EQ_INT(a->len, 5);
    EXPECT_TRUE(lac_report_predictions_differ(a, b, &count));
    EXPECT_EQ_INT(count.only_a, 11); /* added to what was there: row 5; rows 9 and 12; row 13 */
    EXPECT_EQ_INT(count.only_b, 22);
    EXPECT_EQ_INT(count.both_wrong, 31);
}

LAC_TEST(report_predictions, other_rows_and_broken_files_are_not_compared)
{
    g_autoptr(GArray) a = parsed("row,label,predicted\n2,0,0\n5,1,1\n");
    g_autoptr(GArray) other = parsed("row,label,predicted\n2,0,0\n6,1,1\n");
    g_autoptr(GArray) shorter = parsed("row,label,predicted\n2,0,0\n");
    ReportDiffering count = {0, 0, 0};

    EXPECT_FALSE(lac_report_predictions_differ(a, other, &count));
    EXPECT_FALSE(lac_report_predictions_differ(a, shorter, &count));
    EXPECT_FALSE(lac_report_predictions_differ(a, NULL, &count));
    EXPECT_EQ_INT(count.only_a + count.only_b + count.both_wrong, 0);
    EXPECT_TRUE(parsed("row,label,predicted\n2,0\n") == NULL);
    EXPECT_TRUE(parsed("row,label,predicted\n2,0,x\n") == NULL);
    EXPECT_TRUE(parsed("") == NULL);
}
