/* The model external, with a program of ours (external/worker.c) at the other end, and with the
 * wrappers of docs/examples where what they need is installed. */
#include "fitted.h"
#include "lac_sanitized.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* 3 x 2; the means of what is seen: 2 and 20. */
static LacData *
small(void)
{
    const double x[] = {1.0, NAN, 3.0, 10.0, NAN, 30.0};

    return fitted_table(3, 2, x, NULL);
}

/* A folder with imputers.yaml that registers the worker in @mode as `w`; a second argument for it
 * is the file "note" there. */
typedef struct {
    char *folder, *note;
} Registered;

static void
registered_clear(Registered *r)
{
    g_autofree char *list = NULL;

    if (r->folder == NULL)
        return;
    list = g_build_filename(r->folder, "imputers.yaml", NULL);
    g_unlink(list);
    g_unlink(r->note);
    g_rmdir(r->folder);
    g_free(r->folder);
    g_free(r->note);
    g_unsetenv("LACUNA_IMPUTERS");
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Registered, registered_clear)

static Registered
registered_text(const char *text)
{
    Registered r = {g_dir_make_tmp("lacuna-external-XXXXXX", NULL), NULL};
    g_autofree char *list = g_build_filename(r.folder, "imputers.yaml", NULL);

    r.note = g_build_filename(r.folder, "note", NULL);
    g_file_set_contents(list, text, -1, NULL);
    g_setenv("LACUNA_IMPUTERS", list, TRUE);
    return r;
}

static Registered
registered(const char *mode)
{
    Registered r = registered_text("");
    g_autofree char *list = g_build_filename(r.folder, "imputers.yaml", NULL);
    g_autofree char *text = g_strdup_printf("w: [%s/tests/external/external_worker, %s, %s]\n",
                                            LAC_TEST_BINARY_DIR, mode, r.note);

    g_file_set_contents(list, text, -1, NULL);
    return r;
}

static Fitted *
fit(const char *yaml, const LacData *train, GError **error)
{
    return fitted_new("external", yaml, train, 2, 1, error);
}

/* The worker in @mode fails at fit or fill; the message holds @words. */
static void
expect_failure(const char *mode, const char *yaml, const LacData *data, int code, const char *words)
{
    g_auto(Registered) r G_GNUC_UNUSED = registered(mode);
    g_autoptr(GError) error = NULL;
    g_autoptr(Fitted) fitted = fit(yaml, data, &error);
    g_autoptr(LacMatrix) out = lac_matrix_new(data->rows, data->cols, NULL);

    if (fitted != NULL)
        fitted->plugin->fill(fitted->model, data, out, &error);
    if (!g_error_matches(error, LAC_ERROR, code) || strstr(error->message, words) == NULL)
        lac_test_fail(__FILE__, __LINE__, "%s: '%s' (%d), expected '%s' (%d)", mode,
                      error != NULL ? error->message : "no error", error != NULL ? error->code : 0,
                      words, code);
}

static void
expect_io(const char *mode, const char *words)
{
    g_autoptr(LacData) data = small();

    expect_failure(mode, "{command: w}", data, LAC_ERROR_IO, words);
}

LAC_TEST(models_external, a_programs_completion_comes_back)
{
    g_auto(Registered) r G_GNUC_UNUSED = registered("mean");
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = small();
    g_autoptr(Fitted) fitted = fit("{command: w}", data, &error);

    ASSERT_TRUE(fitted != NULL);
    for (int again = 0; again < 3; again++) {
        const double *out = fitted_fill(fitted, data);

        ASSERT_TRUE(out != NULL);
        EXPECT_TRUE(out[1] == 20.0 && out[4] == 2.0);
    }
    EXPECT_TRUE(fitted_events(fitted, "external", -1) == 3);
}

LAC_TEST(models_external, draws_differ_and_follow_the_seed)
{
    g_auto(Registered) r G_GNUC_UNUSED = registered("mean");
    g_autoptr(LacData) data = small();
    g_autoptr(Fitted) a = fit("{command: w, draws: true}", data, NULL),
                      b = fit("{command: w, draws: true}", data, NULL);

    ASSERT_TRUE(a != NULL && b != NULL);
    g_autofree double *zero = g_memdup2(fitted_sample(a, data, 0), 6 * sizeof(double));
    g_autofree double *one = g_memdup2(fitted_sample(a, data, 1), 6 * sizeof(double));
    const double *again = fitted_sample(b, data, 1);

    EXPECT_TRUE(zero[1] != one[1]);
    EXPECT_TRUE(again[1] == one[1] && again[4] == one[4]);
}

LAC_TEST(models_external, a_table_larger_than_any_pipe_goes_through)
{
    g_auto(Registered) r G_GNUC_UNUSED = registered("mean");
    g_autoptr(LacData) data = fitted_made(20000, 20, 0.5, 0.2, 3); /* 3 MiB; pipes hold 64 KiB */
    g_autoptr(Fitted) fitted = fit("{command: w}", data, NULL);

    ASSERT_TRUE(fitted != NULL);
    EXPECT_TRUE(fitted_fill(fitted, data) != NULL);
}

LAC_TEST(models_external, traits_follow_the_parameters)
{
    g_auto(Registered) r G_GNUC_UNUSED = registered("mean");
    g_autoptr(LacData) data = small();
    g_autoptr(Fitted) plain = fit("{command: w}", data, NULL),
                      both = fit("{command: w, draws: true, kinds: true}", data, NULL);

    ASSERT_TRUE(plain != NULL && both != NULL);
    EXPECT_TRUE(lac_model_traits(plain->model) == LAC_MODEL_NO_DRAWS);
    EXPECT_TRUE(lac_model_traits(both->model) == LAC_MODEL_KINDS);
}

LAC_TEST(models_external, the_question_says_all_about_the_table)
{
    g_auto(Registered) r G_GNUC_UNUSED = registered("echo");
    const double x[] = {1.0, 0.0, NAN, 2.0, 3.0, NAN};
    g_autoptr(LacData) data = fitted_table(3, 2, x, "cn");
    g_autoptr(Fitted) fitted =
        fit("{command: w, kinds: true, options: {k: 7, \"a\\\"b\": \"x\\ny\"}}", data, NULL);
    g_autofree char *line = NULL;

    ASSERT_TRUE(fitted != NULL);
    ASSERT_TRUE(g_file_get_contents(r.note, &line, NULL, NULL));
    EXPECT_TRUE(strchr(line, '\n')[1] == '\0'); /* one line */
    EXPECT_TRUE(strstr(line, "\"ask\":\"fit\",\"rows\":3,\"cols\":2,\"bytes\":176,\"seed\":") !=
                NULL);
    EXPECT_TRUE(strstr(line, "\"protocol\":1,\"threads\":") != NULL);
    EXPECT_TRUE(strstr(line, "\"draws\":2,\"options\":{\"k\":\"7\",\"a\\\"b\":\"x\\ny\"}") != NULL);
    EXPECT_TRUE(strstr(line,
                       "{\"name\":\"x2\",\"kind\":\"nominal\",\"levels\":3,\"labels\":[\"L0\","
                       "\"L1\",\"L2\"]}") != NULL);
}

LAC_TEST(models_external, a_program_that_dies_is_quoted)
{
    expect_io("die", "external: w, asked to fit, ended with status 3 before it answered; it last "
                     "said 'first words there is no package called 'mice''");
    expect_io("crash", "asked to fill, was ended by signal 11");
    expect_io("deaf", "ended with status 0 before it answered");
    expect_io("short", "asked to fill, ended with status 0 before it answered");
}

LAC_TEST(models_external, garbage_is_refused)
{
    expect_io("garbage", "answered 'Loading required package: lattice', expected one line of JSON");
    expect_io("deep", "expected one line of JSON");
    expect_io("list", "answered '{\"ready\": ', expected one line of JSON");
    expect_io("zeros", "expected one line of JSON");
    expect_io("unready", "without \"ready\": true");
    expect_io("huge", "announces an array of 1000000000000000 bytes, expected at most 4144");
    expect_io("negative", "announces an array of -1 bytes");
    expect_io("empty", "answered without an array");
    expect_io("no-npy", "no npy file");
    expect_io("long", "sent 4 bytes more than the 176 it announced");
    expect_io("shape", "a table of 2 x 2, expected 3 x 2");
    expect_io("inf", "answered no table");
}

LAC_TEST(models_external, holes_must_be_filled_with_values_of_their_column)
{
    const double x[] = {1.0, 0.0, 2.0, 1.0, 3.0, 1.0, 4.0, NAN};
    g_autoptr(LacData) holes = small(), levels = fitted_table(4, 2, x, "cn");

    expect_failure("nan", "{command: w}", holes, LAC_ERROR_NUMERIC,
                   "put nan into row 1, column 'x2': it is not finite");
    expect_failure("mean", "{command: w, kinds: true}", levels, LAC_ERROR_NUMERIC,
                   "into row 4, column 'x2': it is not the code of a level");
}

LAC_TEST(models_external, a_refusal_is_passed_on)
{
    g_autoptr(LacData) data = small();

    expect_failure("refuse", "{command: w}", data, LAC_ERROR_DATA, "refused: three rows at least");
}

static gboolean
lives(int pid)
{
    return kill(pid, 0) == 0 || errno != ESRCH;
}

/* The program and the one it started, noted in @file, are gone, soon. */
static void
expect_gone(const char *file)
{
    g_autofree char *text = NULL;
    int program = 0, helper = 0, waits = 0;

    ASSERT_TRUE(g_file_get_contents(file, &text, NULL, NULL));
    ASSERT_TRUE(sscanf(text, "%d %d", &program, &helper) == 2);
    while ((lives(program) || lives(helper)) && waits++ < 500)
        g_usleep(10000); /* whoever inherited them has to reap them */
    EXPECT_TRUE(waits < 500);
}

static gpointer
cancel_when_noted(gpointer user)
{
    gpointer *both = user;

    while (!g_file_test(both[0], G_FILE_TEST_EXISTS))
        g_usleep(5000);
    g_usleep(20000);
    lac_context_cancel(both[1]);
    return NULL;
}

LAC_TEST(models_external, cancelling_ends_a_program_that_hangs_and_all_it_started)
{
    g_auto(Registered) r G_GNUC_UNUSED = registered("hang");
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = small();
    g_autoptr(Fitted) fitted = fit("{command: w}", data, NULL);
    g_autoptr(LacMatrix) out = lac_matrix_new(3, 2, NULL);

    ASSERT_TRUE(fitted != NULL);
    gpointer both[] = {r.note, fitted->context};
    GThread *thread = g_thread_new("cancel", cancel_when_noted, both);

    EXPECT_TRUE(!fitted->plugin->fill(fitted->model, data, out, &error));
    g_thread_join(thread);
    EXPECT_TRUE(g_error_matches(error, LAC_ERROR, LAC_ERROR_CANCELLED));
    expect_gone(r.note);
}

LAC_TEST(models_external, a_program_is_not_waited_for_longer_than_the_timeout)
{
    g_auto(Registered) r G_GNUC_UNUSED = registered("hang-fit");
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = small(), large = fitted_made(20000, 20, 0.5, 0.2, 3);
    g_autoptr(Fitted) fitted = fit("{command: w, timeout: 0.3}", data, &error);

    EXPECT_TRUE(fitted == NULL);
    EXPECT_TRUE(strstr(error->message, "did not answer within 0.3 s") != NULL);
    expect_gone(r.note);
    expect_failure("hasty", "{command: w}", large, LAC_ERROR_IO, "answered before it had read");
}

LAC_TEST(models_external, memory_is_limited)
{
    g_auto(Registered) r G_GNUC_UNUSED = registered("fat");
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = small();
    g_autoptr(Fitted) fitted = fit("{command: w}", data, NULL);
    g_autoptr(LacMatrix) out = lac_matrix_new(3, 2, NULL);

    ASSERT_TRUE(fitted != NULL);
    lac_context_set_memory(fitted->context, 100u << 20);
    EXPECT_TRUE(!fitted->plugin->fill(fitted->model, data, out, &error));
    EXPECT_TRUE(g_error_matches(error, LAC_ERROR, LAC_ERROR_SHAPE));
    EXPECT_TRUE(strstr(error->message, "more than the 100 MiB it may") != NULL);
}

LAC_TEST(models_external, nothing_is_left_when_we_are_killed)
{
    g_auto(Registered) r G_GNUC_UNUSED = registered("hang");
    g_autoptr(LacData) data = small();
    const pid_t pid = fork();

    if (pid == 0) {
        g_autoptr(Fitted) fitted = fit("{command: w}", data, NULL);
        g_autoptr(LacMatrix) out = lac_matrix_new(3, 2, NULL);

        if (fitted != NULL)
            fitted->plugin->fill(fitted->model, data, out, NULL);
        _exit(0);
    }
    ASSERT_TRUE(pid > 0);
    while (!g_file_test(r.note, G_FILE_TEST_EXISTS))
        g_usleep(5000);
    g_usleep(20000);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    expect_gone(r.note);
}

static guint
open_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    guint n = 0;

    while (g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

LAC_TEST(models_external, no_descriptor_and_no_child_is_left)
{
    static const char *const modes[] = {"mean", "die", "garbage", "short", "crash"};
    g_autoptr(LacData) data = small();
    const guint before = open_descriptors();

    for (size_t k = 0; k < G_N_ELEMENTS(modes); k++) {
        g_auto(Registered) r G_GNUC_UNUSED = registered(modes[k]);
        g_autoptr(Fitted) fitted = fit("{command: w}", data, NULL);
        g_autoptr(LacMatrix) out = lac_matrix_new(3, 2, NULL);

        if (fitted != NULL)
            fitted->plugin->fill(fitted->model, data, out, NULL);
    }
    EXPECT_TRUE(open_descriptors() == before);
    g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", (int)getpid());
    g_autofree char *children = NULL;

    if (g_file_get_contents(path, &children, NULL, NULL)) /* where the kernel keeps it */
        EXPECT_TRUE(*children == '\0');
}

static void
expect_unregistered(const char *list, const char *yaml, int code, const char *words)
{
    g_auto(Registered) r G_GNUC_UNUSED = registered_text(list);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = small();
    g_autoptr(Fitted) fitted = fit(yaml, data, &error);

    if (fitted != NULL || !g_error_matches(error, LAC_ERROR, code) ||
        strstr(error->message, words) == NULL)
        lac_test_fail(__FILE__, __LINE__, "'%s', expected '%s'",
                      error != NULL ? error->message : "no error", words);
}

LAC_TEST(models_external, only_registered_programs_are_run)
{
    expect_unregistered("", "{}", LAC_ERROR_PLUGIN, "no program is named");
    expect_unregistered("", "{command: knn}", LAC_ERROR_PLUGIN, "which names none");
    expect_unregistered("knn5: [a]\nmice: [b]\n", "{command: knn}", LAC_ERROR_PLUGIN,
                        "which names knn5, mice");
    expect_unregistered("k: [/bin/true]", "{command: /bin/true}", LAC_ERROR_PLUGIN,
                        "'/bin/true' is a path, and files of experiments run no programs by path");
    expect_unregistered("/bin/true: [/bin/true]", "{command: /bin/true}", LAC_ERROR_PLUGIN,
                        "is a path");
    expect_unregistered("k: [./here]", "{command: k}", LAC_ERROR_PARAM,
                        "'./here' is neither the name of a program on PATH nor an absolute path");
    expect_unregistered("k: prog", "{command: k}", LAC_ERROR_PARAM, "expected a list");
    expect_unregistered("k: []", "{command: k}", LAC_ERROR_PARAM, "an empty list");
    expect_unregistered("k: [[a]]", "{command: k}", LAC_ERROR_PARAM, "word 1");
    expect_unregistered("[a, b]", "{command: k}", LAC_ERROR_PARAM, "expected a map");
    expect_unregistered("k: [no-such-program-anywhere]", "{command: k}", LAC_ERROR_IO,
                        "could not be started: No such file");
}

/* ---- the wrappers of docs/examples ---- */

/* Registers @program with the wrapper @script; FALSE, with a sentence, where @needs fails. */
static gboolean
wrapped(Registered *r, const char *program, const char *needs, const char *script, const char *word)
{
    g_autofree char *try = g_strdup_printf("%s %s > /dev/null 2>&1", program, needs);
    g_autofree char *text = g_strdup_printf("w: [%s, \"%s/docs/examples/%s\", \"%s\"]\n", program,
                                            LAC_TEST_SOURCE_DIR, script, word);

    if (system(try) != 0) {
        printf("passed over: '%s %s' fails here\n", program, needs);
        return FALSE;
    }
    *r = registered_text(text);
    return TRUE;
}

#define SKLEARN "/usr/bin/python3", "-c 'import sklearn.impute'", "sklearn_imputers.py"

/* Distances of row 5 to rows 1 to 4 in the first column alone are 0.5, 0.5, 8, 9: the two nearest
 * have 10 and 30, so 20 by hand. */
LAC_TEST(models_external, scikit_learns_knn_imputer_fills)
{
    const double x[] = {1.0, 10.0, 2.0, 30.0, 9.5, 100.0, 10.5, 200.0, 1.5, NAN};
    g_autoptr(LacData) data = fitted_table(5, 2, x, NULL);
    g_auto(Registered) r = {NULL, NULL};

    LAC_SKIP_SANITIZED();
    if (!wrapped(&r, SKLEARN, "knn"))
        return;
    g_autoptr(Fitted) fitted = fit("{command: w, options: {n_neighbors: 2}}", data, NULL);
    ASSERT_TRUE(fitted != NULL);
    const double *out = fitted_fill(fitted, data);

    ASSERT_TRUE(out != NULL);
    EXPECT_TRUE(fabs(out[9] - 20.0) < 1e-12);
}

LAC_TEST(models_external, scikit_learns_iterative_imputer_fills_and_draws)
{
    enum { N = 200 };
    g_autofree double *x = g_new(double, 2 * N);
    LacRng rng = lac_rng_new(4);
    g_auto(Registered) r = {NULL, NULL};

    for (size_t i = 0; i < N; i++) {
        x[2 * i] = lac_rng_normal(&rng);
        x[2 * i + 1] = i % 4 == 0 ? NAN : 3.0 * x[2 * i] + 1.0 + 0.01 * lac_rng_normal(&rng);
    }
    g_autoptr(LacData) data = fitted_table(N, 2, x, NULL);

    LAC_SKIP_SANITIZED();
    if (!wrapped(&r, SKLEARN, "iterative"))
        return;
    g_autoptr(Fitted) fitted = fit("{command: w, draws: true}", data, NULL);
    ASSERT_TRUE(fitted != NULL);
    const double *out = fitted_fill(fitted, data);

    for (size_t i = 0; i < N; i += 4) /* the line; slope and level are known to 0.01 / sqrt(150) */
        EXPECT_TRUE(fabs(out[2 * i + 1] - (3.0 * x[2 * i] + 1.0)) < 0.02);
    g_autofree double *zero = g_memdup2(fitted_sample(fitted, data, 0), sizeof(double) * 2 * N);
    const double *one = fitted_sample(fitted, data, 1);

    EXPECT_TRUE(zero[1] != one[1]);
    EXPECT_TRUE(fabs(zero[1] - one[1]) < 0.1); /* 7 standard deviations of the difference */
}

/* The classes follow the number: below 0 always 0, above always 1. Without that, half are right. */
LAC_TEST(models_external, rs_mice_fills_and_draws_levels)
{
    enum { N = 120 };
    g_autofree double *x = g_new(double, 3 * N);
    LacRng rng = lac_rng_new(5);
    g_auto(Registered) r = {NULL, NULL};
    size_t right = 0, holes = 0, differ = 0;

    for (size_t i = 0; i < N; i++) {
        const double u = lac_rng_normal(&rng);

        x[3 * i] = u;
        x[3 * i + 1] = i % 5 == 0 ? NAN : 2.0 * u + 0.1 * lac_rng_normal(&rng);
        x[3 * i + 2] = i % 5 == 1 ? NAN : u + 0.3 * lac_rng_normal(&rng) > 0.0 ? 1.0 : 0.0;
    }
    g_autoptr(LacData) data = fitted_table(N, 3, x, "ccb");

    LAC_SKIP_SANITIZED();
    if (!wrapped(&r, "Rscript", "-e 'library(mice); library(jsonlite)'", "mice.R", ""))
        return;
    g_autoptr(Fitted) fitted =
        fit("{command: w, kinds: true, draws: true, options: {maxit: 2}}", data, NULL);
    ASSERT_TRUE(fitted != NULL);
    g_autofree double *zero = g_memdup2(fitted_sample(fitted, data, 0), sizeof(double) * 3 * N);
    g_autofree double *again = g_memdup2(fitted_sample(fitted, data, 0), sizeof(double) * 3 * N);
    const double *one = fitted_sample(fitted, data, 1);

    EXPECT_TRUE(memcmp(zero, again, sizeof(double) * 3 * N) == 0);
    for (size_t k = 0; k < 3 * N; k++)
        differ += zero[k] != one[k];
    EXPECT_TRUE(differ > 5);
    const double *out = fitted_fill(fitted, data);

    for (size_t i = 1; i < N; i += 5, holes++)
        right += out[3 * i + 2] == (x[3 * i] > 0.0 ? 1.0 : 0.0);
    EXPECT_TRUE(right * 4 > holes * 3);
}
