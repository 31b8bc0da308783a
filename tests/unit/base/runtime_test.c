#include "lac_test.h"
#include "runtime-private.h"

#include <cblas.h>

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

/* Three lives of this test: it starts a copy of this program, which restarts itself with other
 * kernels named in the environment, and then sees whether it got them. */
LAC_TEST(base_runtime, a_restarted_program_gets_the_kernels_it_asked_for)
{
    char *argv[] = {(char *)"test_base",
                    (char *)"--gtest_filter=base_runtime.a_restarted_program_gets_*", NULL};
    const char *life = g_getenv("LAC_TEST_LIFE");
    g_autoptr(GError) error = NULL;
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    int status = -1;

    if (life == NULL) {
        g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "LAC_TEST_LIFE", "2", TRUE);

        environment = g_environ_unsetenv(environment, "OPENBLAS_CORETYPE");
        argv[0] = program;
        EXPECT_TRUE(g_spawn_sync(NULL, argv, environment,
                                 G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                                 NULL, NULL, NULL, &status, &error));
        ASSERT_NO_ERROR(error);
        EXPECT_EQ_INT(status, 0);
        return;
    }
    if (strcmp(life, "2") == 0) {
        g_setenv("LAC_TEST_LIFE", "3", TRUE);
        g_setenv("OPENBLAS_CORETYPE", "PRESCOTT", TRUE);
        lac_runtime_restart(argv);
        lac_test_fail(__FILE__, __LINE__, "the program was not restarted");
    }
#ifdef __x86_64__
    if (strstr(openblas_get_config(), "DYNAMIC_ARCH") != NULL)
        EXPECT_STR(lac_runtime_blas_core(), "Prescott");
#endif
}
