/* The works with a stated goal; tests/bench/peers.py sets them beside other programs. */
#include "bench.h"

#include <glib/gstdio.h>

/** Command: `lacuna impute` of a small file, the whole process. */
typedef struct {
    char *argv[8];
    GError *error;
} Command;

static void
command_run(void *user)
{
    Command *command = user;
    gint status = 0;

    if (command->error != NULL)
        return;
    if (g_spawn_sync(NULL, command->argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                     &status, &command->error))
        g_spawn_check_wait_status(status, &command->error);
}

static char *
command_write_table(const char *folder)
{
    const LacBenchData *data = lac_bench_made(150, 5, 0.1);
    g_autoptr(GString) text = g_string_new("a,b,c,d,e\n");
    char *path = g_build_filename(folder, "in.csv", NULL);

    for (size_t i = 0; data != NULL && i < data->holey->rows; i++) {
        for (size_t j = 0; j < data->holey->cols; j++) {
            g_string_append(text, j > 0 ? "," : "");
            if (!lac_data_is_hole(data->holey, i, j))
                g_string_append_printf(text, "%.3f", lac_data_at(data->holey, i, j));
        }
        g_string_append_c(text, '\n');
    }
    g_file_set_contents(path, text->str, (gssize)text->len, NULL);
    return path;
}

static void
bench_impute(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("lacuna-bench-XXXXXX", &error);

    if (folder == NULL) {
        lac_bench_say("  impute-150 skipped: %s\n", error->message);
        return;
    }
    g_autofree char *in = command_write_table(folder);
    g_autofree char *out = g_build_filename(folder, "out.csv", NULL);
    Command command = {
        .argv = {LAC_BENCH_BINARY_DIR "/bin/lacuna", "impute", in, "-o", out, "--force", NULL}};
    const LacBenchTime time = lac_bench_time(21, command_run, &command);

    if (command.error != NULL)
        lac_bench_say("  impute-150 skipped: %s\n", command.error->message);
    else
        lac_bench_line("impute-150", &time, "lacuna impute, 150 rows, whole process");
    g_clear_error(&command.error);
    g_remove(in);
    g_remove(out);
    g_rmdir(folder);
}

LAC_BENCH(goals, "works with a stated goal, on Letter (20000 x 16, 20 % hidden) and one small file")
{
    const LacBenchData *letter = lac_bench_letter();

    lac_bench_model("knn", "knn", "{k: 5}", letter, 5);
    lac_bench_model("mice-norm-predict", "mice", "{method: norm.predict, iterations: 5}", letter,
                    5);
    lac_bench_draws("mice-pmm", "mice", "{method: pmm, iterations: 5}", letter, 5, 3);
    lac_bench_model("em", "em", "{tol: 1e-6}", letter, 5);
    /* rounds until the changes grow depend on the seed */
    lac_bench_seeds("missforest-concrete", "missforest", NULL, lac_bench_concrete(), 5, 3);
    lac_bench_model("missforest-letter", "missforest", "{iterations: 3}", letter, 1);
    bench_impute();
}
