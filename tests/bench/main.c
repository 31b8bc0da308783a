/* lacuna-bench [--list] [--threads N] [--tsv FILE] [--export DIR] [NAME...] */
#include "bench-private.h"
#include "context-private.h"
#include <lacuna/parallel.h>

#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *name, *what;
    void (*body)(void);
} Bench;

static GArray *benches; /* of Bench */

FILE *bench_tsv;

void
lac_bench_register(const char *name, const char *what, void (*body)(void))
{
    const Bench bench = {name, what, body};

    if (benches == NULL)
        benches = g_array_new(FALSE, FALSE, sizeof(Bench));
    g_array_append_val(benches, bench);
}

static int
compare_benches(gconstpointer a, gconstpointer b)
{
    return strcmp(((const Bench *)a)->name, ((const Bench *)b)->name);
}

/* Value of the first line of @path that starts with @key, after the colon; or "unknown". */
static char *
system_fact(const char *path, const char *key)
{
    g_autofree char *text = NULL;

    if (g_file_get_contents(path, &text, NULL, NULL)) {
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

        for (char **line = lines; *line != NULL; line++) {
            const char *colon = strchr(*line, ':');

            if (g_str_has_prefix(*line, key) && colon != NULL)
                return g_strstrip(g_strdup(colon + 1));
        }
    }
    return g_strdup("unknown");
}

static void
print_machine(void)
{
    g_autofree char *model = system_fact("/proc/cpuinfo", "model name");
    g_autofree char *memory = system_fact("/proc/meminfo", "MemTotal");
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *date = g_date_time_format_iso8601(now);

    lac_bench_say("%s; %s; %u cores, %u threads; memory %s; OpenBLAS kernels %s\n", date, model,
                  g_get_num_processors(), lac_threads(), memory, lac_runtime_blas_core());
}

static gboolean
is_wanted(const char *name, char **names)
{
    return names == NULL || g_strv_contains((const char *const *)names, name);
}

static int
run(char **names)
{
    for (char **name = names; name != NULL && *name != NULL; name++) {
        gboolean known = FALSE;

        for (guint i = 0; i < benches->len; i++)
            known |= strcmp(g_array_index(benches, Bench, i).name, *name) == 0;
        if (!known) {
            g_printerr("lacuna-bench: no benchmark '%s'; see lacuna-bench --list\n", *name);
            return 2;
        }
    }
    print_machine();
    for (guint i = 0; i < benches->len; i++) {
        const Bench *bench = &g_array_index(benches, Bench, i);

        if (!is_wanted(bench->name, names))
            continue;
        lac_bench_say("\n%s: %s\n", bench->name, bench->what);
        bench->body();
    }
    return 0;
}

int
main(int argc, char **argv)
{
    gboolean list = FALSE;
    int threads = 0, status = 0;
    g_autofree char *tsv = NULL, *folder = NULL;
    g_auto(GStrv) names = NULL;
    g_autoptr(GError) error = NULL;
    const GOptionEntry entries[] = {
        {"list", 0, 0, G_OPTION_ARG_NONE, &list, "List the benchmarks", NULL},
        {"threads", 0, 0, G_OPTION_ARG_INT, &threads, "Threads (0: all cores)", "N"},
        {"tsv", 0, 0, G_OPTION_ARG_FILENAME, &tsv, "Also write the figures to FILE", "FILE"},
        {"export", 0, 0, G_OPTION_ARG_FILENAME, &folder, "Write the Letter tables, then stop",
         "DIR"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &names, NULL, "[NAME...]"},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) options =
        g_option_context_new("- what Lacuna takes and how it grows");

    lac_runtime_prepare(argc, argv);
    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &error) ||
        (folder != NULL && !bench_data_export(folder, &error))) {
        g_printerr("lacuna-bench: %s\n", error->message);
        return 2;
    }
    if (folder != NULL)
        return 0;
    lac_threads_set((unsigned)MAX(threads, 0));
    g_setenv("LACUNA_PLUGIN_PATH", LAC_BENCH_BINARY_DIR "/plugins", FALSE);
    if (benches == NULL)
        benches = g_array_new(FALSE, FALSE, sizeof(Bench));
    g_array_sort(benches, compare_benches);
    for (guint i = 0; list && i < benches->len; i++)
        g_print("%-12s %s\n", g_array_index(benches, Bench, i).name,
                g_array_index(benches, Bench, i).what);
    bench_tsv = tsv != NULL ? fopen(tsv, "w") : NULL;
    if (!list)
        status = run(names);
    if (bench_tsv != NULL)
        fclose(bench_tsv);
    bench_data_clear();
    g_array_free(benches, TRUE);
    return status;
}
