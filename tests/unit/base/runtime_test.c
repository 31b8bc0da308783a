#include "lac_test.h"
#include "runtime-private.h"

LAC_TEST(base_runtime, kernels_older_than_the_processor_are_replaced)
{
    EXPECT_STR(lac_runtime_better_core("Haswell", TRUE, TRUE), "SKYLAKEX");
    EXPECT_STR(lac_runtime_better_core("Zen", TRUE, TRUE), "SKYLAKEX");
    EXPECT_STR(lac_runtime_better_core("Prescott", TRUE, TRUE), "SKYLAKEX");
    EXPECT_STR(lac_runtime_better_core("Prescott", TRUE, FALSE), "HASWELL");
}

LAC_TEST(base_runtime, a_good_choice_of_kernels_is_left_alone)
{
    EXPECT_TRUE(lac_runtime_better_core("SkylakeX", TRUE, TRUE) == NULL);
    EXPECT_TRUE(lac_runtime_better_core("Cooperlake", TRUE, TRUE) == NULL);
    EXPECT_TRUE(lac_runtime_better_core("Haswell", TRUE, FALSE) == NULL);
    EXPECT_TRUE(lac_runtime_better_core("Zen", TRUE, FALSE) == NULL);
    EXPECT_TRUE(lac_runtime_better_core("Nehalem", FALSE, FALSE) == NULL);
}

LAC_TEST(base_runtime, the_kernels_in_use_have_a_name)
{
    EXPECT_TRUE(lac_runtime_blas_core()[0] != '\0');
}

/* A value the user set is the user's: prepare() returns, and in this same process. */
LAC_TEST(base_runtime, prepare_respects_the_users_choice)
{
    char *argv[] = {(char *)"unused", NULL};
    g_autofree char *before = g_strdup(g_getenv("OPENBLAS_CORETYPE"));

    g_setenv("OPENBLAS_CORETYPE", "Nehalem", TRUE);
    lac_runtime_prepare(1, argv);
    EXPECT_STR(g_getenv("OPENBLAS_CORETYPE"), "Nehalem");
    if (before != NULL)
        g_setenv("OPENBLAS_CORETYPE", before, TRUE);
    else
        g_unsetenv("OPENBLAS_CORETYPE");
}
