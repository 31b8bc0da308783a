/* Before the first cell: what is left to do, and what is known about this machine. */
#include "config.h"
#include "context-private.h"
#include "plan-private.h"

#include <lacuna/parallel.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/utsname.h>

/* A crash says more about the moment than about the cell; the other failures would come again. */
static gboolean
is_settled(const char *status, gboolean retry_failed)
{
    if (status == NULL)
        return FALSE;
    if (strcmp(status, "ok") == 0)
        return TRUE;
    return !retry_failed && strcmp(status, "crash") != 0;
}

static gboolean
any_in(const GPtrArray *trials, GHashTable *todo)
{
    for (guint i = 0; trials != NULL && i < trials->len; i++)
        if (g_hash_table_contains(todo, trials->pdata[i]))
            return TRUE;
    return FALSE;
}

/* A new score may change the choice, so what was chosen is done again, too. */
GPtrArray *
lac_plan_todo(const LacExperiment *experiment, GHashTable *stored, gboolean retry_failed)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new(NULL, NULL);
    GPtrArray *todo = g_ptr_array_new();

    for (guint i = 0; i < experiment->cells->len; i++) {
        LacCell *cell = experiment->cells->pdata[i];
        const char *status = g_hash_table_lookup(stored, cell->record->id);

        if (is_settled(status, retry_failed) && !any_in(cell->model_trials, wanted) &&
            !any_in(cell->classifier_trials, wanted))
            continue;
        g_ptr_array_add(todo, cell);
        g_hash_table_add(wanted, cell);
    }
    return todo;
}

char **
lac_plan_stale(const LacExperiment *experiment, GHashTable *stored)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *stale = g_ptr_array_new();
    GHashTableIter iterator;
    gpointer id;

    for (guint i = 0; i < experiment->cells->len; i++)
        g_hash_table_add(wanted, ((LacCell *)experiment->cells->pdata[i])->record->id);
    g_hash_table_iter_init(&iterator, stored);
    while (g_hash_table_iter_next(&iterator, &id, NULL))
        if (!g_hash_table_contains(wanted, id))
            g_ptr_array_add(stale, g_strdup(id));
    g_ptr_array_add(stale, NULL);
    return (char **)g_ptr_array_free(stale, FALSE);
}

/* ---- environment ----------------------------------------------------------------------------- */

/* The rest of the first line of @path that starts with @key. Owned; "" when there is none. */
static char *
line_after(const char *path, const char *key)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return g_strdup("");
    lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++)
        if (g_str_has_prefix(lines[i], key))
            return g_strstrip(
                g_strdup(lines[i] + strlen(key) + strspn(lines[i] + strlen(key), " \t:=\"")));
    return g_strdup("");
}

static char *
memory_mib(void)
{
    g_autofree char *kib = line_after("/proc/meminfo", "MemTotal");

    return g_strdup_printf("%" G_GUINT64_FORMAT, g_ascii_strtoull(kib, NULL, 10) / 1024);
}

/* @value is taken. */
static void
note(GPtrArray *pairs, const char *key, char *value)
{
    g_ptr_array_add(pairs, g_strdup(key));
    g_ptr_array_add(pairs, value);
}

static void
note_machine(GPtrArray *pairs)
{
    struct utsname system;
    g_autofree char *os = line_after("/etc/os-release", "PRETTY_NAME");

    uname(&system);
    note(pairs, "host", g_strdup(g_get_host_name()));
    note(pairs, "cpu", line_after("/proc/cpuinfo", "model name"));
    note(pairs, "cores", g_strdup_printf("%u", g_get_num_processors()));
    note(pairs, "memory_mib", memory_mib());
    note(pairs, "kernel", g_strdup_printf("%s %s", system.sysname, system.release));
    note(pairs, "os", g_strdelimit(g_steal_pointer(&os), "\"", '\0'));
}

static void
note_programs(GPtrArray *pairs, size_t workers, unsigned threads)
{
    note(pairs, "blas", g_strdup_printf("OpenBLAS, %s", lac_runtime_blas_core()));
    note(pairs, "workers", g_strdup_printf("%zu", workers));
    note(pairs, "threads", g_strdup_printf("%u", threads));
    note(pairs, "glib",
         g_strdup_printf("%u.%u.%u", glib_major_version, glib_minor_version, glib_micro_version));
    note(pairs, "sqlite", g_strdup(sqlite3_libversion()));
    note(pairs, "version", g_strdup(LAC_VERSION));
    note(pairs, "abi", g_strdup_printf("%u", LAC_ABI));
}

static void
note_plugins(GPtrArray *pairs, const GPtrArray *choices)
{
    const LacPlugin *last = NULL;

    for (guint i = 0; choices != NULL && i < choices->len; i++) {
        const LacPlugin *plugin = ((const LacChoice *)choices->pdata[i])->plugin;
        g_autofree char *key =
            g_strdup_printf("plugin %s/%s", lac_plugin_kind_folder(plugin->kind), plugin->name);

        if (plugin != last) /* a sweep lists one plugin many times in a row */
            note(pairs, key, g_strdup(plugin->version != NULL ? plugin->version : "1"));
        last = plugin;
    }
}

static void
note_experiment(GPtrArray *pairs, const LacExperiment *e)
{
    const GPtrArray *const positions[] = {e->data,   e->masks,      e->initials,
                                          e->models, e->optimizers, e->metrics};

    for (size_t i = 0; i < G_N_ELEMENTS(positions); i++)
        note_plugins(pairs, positions[i]);
    for (guint i = 0; i < e->data->len; i++) {
        const LacChoice *data = e->data->pdata[i];
        g_autofree char *key = g_strdup_printf("sha256 %s", data->label);

        if (data->sha256 != NULL)
            note(pairs, key, g_strdup(data->sha256));
    }
    for (guint i = 0; i < e->splits->len; i++) {
        const LacSplitChoice *split = e->splits->pdata[i];

        if (split->tests != NULL)
            note_plugins(pairs, split->tests);
    }
    if (e->profile != NULL)
        note(pairs, "profile", g_strdup(e->profile));
    if (e->limit_s > 0)
        note(pairs, "limit_time_s", g_strdup_printf("%g", e->limit_s));
    if (e->limit_mib > 0)
        note(pairs, "limit_memory_mib", g_strdup_printf("%g", e->limit_mib));
    if (e->report_json != NULL)
        note(pairs, "report", g_strdup(e->report_json));
}

gboolean
lac_plan_note_environment(LacStore *store, const LacExperiment *experiment, size_t workers,
                          unsigned threads, GError **error)
{
    g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(g_free);

    note_machine(pairs);
    note_programs(pairs, workers, threads);
    note_experiment(pairs, experiment);
    g_ptr_array_add(pairs, NULL);
    return lac_store_set_environment(store, (const char *const *)pairs->pdata, error);
}
