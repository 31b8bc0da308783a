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

GPtrArray *
lac_plan_todo(const LacExperiment *experiment, GHashTable *stored, gboolean retry_failed)
{
    GPtrArray *todo = g_ptr_array_new();

    for (guint i = 0; i < experiment->cells->len; i++) {
        LacCell *cell = experiment->cells->pdata[i];
        const char *status = g_hash_table_lookup(stored, cell->record->id);

        if (!is_settled(status, retry_failed))
            g_ptr_array_add(todo, cell);
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

/* ---- environment ------------------------------------------------------------------------------
 */

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

static gboolean
note(LacStore *store, const char *key, char *value, GError **error)
{
    const gboolean good = lac_store_set_environment(store, key, value, error);

    g_free(value);
    return good;
}

static gboolean
note_machine(LacStore *store, GError **error)
{
    struct utsname system;
    g_autofree char *os = line_after("/etc/os-release", "PRETTY_NAME");

    uname(&system);
    return note(store, "host", g_strdup(g_get_host_name()), error) &&
           note(store, "cpu", line_after("/proc/cpuinfo", "model name"), error) &&
           note(store, "cores", g_strdup_printf("%u", g_get_num_processors()), error) &&
           note(store, "memory_mib", memory_mib(), error) &&
           note(store, "kernel", g_strdup_printf("%s %s", system.sysname, system.release), error) &&
           note(store, "os", g_strdelimit(g_steal_pointer(&os), "\"", '\0'), error);
}

static gboolean
note_programs(LacStore *store, size_t workers, unsigned threads, GError **error)
{
    return note(store, "blas", g_strdup_printf("OpenBLAS, %s", lac_runtime_blas_core()), error) &&
           note(store, "workers", g_strdup_printf("%zu", workers), error) &&
           note(store, "threads", g_strdup_printf("%u", threads), error) &&
           note(store, "glib",
                g_strdup_printf("%u.%u.%u", glib_major_version, glib_minor_version,
                                glib_micro_version),
                error) &&
           note(store, "sqlite", g_strdup(sqlite3_libversion()), error) &&
           note(store, "version", g_strdup(LAC_VERSION), error) &&
           note(store, "abi", g_strdup_printf("%u", LAC_ABI), error);
}

static gboolean
note_plugins(LacStore *store, const GPtrArray *choices, GError **error)
{
    for (guint i = 0; choices != NULL && i < choices->len; i++) {
        const LacChoice *choice = choices->pdata[i];
        g_autofree char *key = g_strdup_printf(
            "plugin %s/%s", lac_plugin_kind_folder(choice->plugin->kind), choice->plugin->name);

        if (!lac_store_set_environment(
                store, key, choice->plugin->version != NULL ? choice->plugin->version : "1", error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
note_experiment(LacStore *store, const LacExperiment *e, GError **error)
{
    const GPtrArray *const positions[] = {e->data,   e->masks,      e->initials,
                                          e->models, e->optimizers, e->metrics};

    for (size_t i = 0; i < G_N_ELEMENTS(positions); i++)
        if (!note_plugins(store, positions[i], error))
            return FALSE;
    for (guint i = 0; i < e->data->len; i++) {
        const LacChoice *data = e->data->pdata[i];
        g_autofree char *key = g_strdup_printf("sha256 %s", data->label);

        if (data->sha256 != NULL && !lac_store_set_environment(store, key, data->sha256, error))
            return FALSE;
    }
    if (e->limit_s > 0 && !note(store, "limit_time_s", g_strdup_printf("%g", e->limit_s), error))
        return FALSE;
    if (e->limit_mib > 0 &&
        !note(store, "limit_memory_mib", g_strdup_printf("%g", e->limit_mib), error))
        return FALSE;
    return e->report_json == NULL ||
           lac_store_set_environment(store, "report", e->report_json, error);
}

gboolean
lac_plan_note_environment(LacStore *store, const LacExperiment *experiment, size_t workers,
                          unsigned threads, GError **error)
{
    return note_machine(store, error) && note_programs(store, workers, threads, error) &&
           note_experiment(store, experiment, error);
}
