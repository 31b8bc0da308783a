/* What a file is, found out in a child process and remembered in a cache file, so that each
 * version of each plugin is tried once. */
#include "config.h"
#include "plugin-private.h"

#include <string.h>
#include <sys/stat.h>

/* The fields of a record; STAMP changes when the file does. */
enum { PATH, STAMP, KIND, NAME, SUMMARY, VERSION, LICENCE, ERROR, N_FIELDS };

/* First line: this, then the SHA-256 of the rest. Another Lacuna may find other things in a file.
 */
#define CACHE_HEAD "lacuna-plugin-cache 1 " LAC_VERSION " "

struct LacProbeCache {
    char *file;
    GHashTable *records; /* path -> char *[N_FIELDS + 1] */
    gboolean changed;
};

void
lac_record_write(GString *out, size_t n, const char *const *fields)
{
    for (size_t i = 0; i < n; i++) {
        g_autofree char *escaped = g_strescape(fields[i] != NULL ? fields[i] : "", NULL);

        g_string_append(out, escaped);
        g_string_append_c(out, i + 1 < n ? '\t' : '\n');
    }
}

char **
lac_record_read(const char *line, size_t n)
{
    g_autofree char *text = g_strndup(line, strcspn(line, "\n"));
    g_auto(GStrv) fields = g_strsplit(text, "\t", -1);

    if (g_strv_length(fields) != n)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        char *plain = g_strcompress(fields[i]);

        g_free(fields[i]);
        fields[i] = plain;
    }
    return g_steal_pointer(&fields);
}

void
lac_plugin_info_free(gpointer data)
{
    LacPluginInfo *info = data;

    if (info == NULL)
        return;
    g_free(info->name);
    g_free(info->path);
    g_free(info->summary);
    g_free(info->version);
    g_free(info->licence);
    g_free(info->error);
    g_free(info);
}

/* What changes when the file does. Owned; NULL when there is no such file. */
static char *
file_stamp(const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return NULL;
    return g_strdup_printf("%lld.%09ld %lld %llu", (long long)info.st_mtim.tv_sec,
                           info.st_mtim.tv_nsec, (long long)info.st_size,
                           (unsigned long long)info.st_ino);
}

static char *
stem_of(const char *path)
{
    g_autofree char *base = g_path_get_basename(path);

    if (g_str_has_suffix(base, ".so"))
        base[strlen(base) - 3] = '\0';
    return g_steal_pointer(&base);
}

static GHashTable *
records_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_strfreev);
}

/* A cache is worth nothing: whatever is wrong with it, it is as good as empty. */
static GHashTable *
records_read(const char *file)
{
    GHashTable *records = records_new();
    g_autofree char *text = NULL, *sum = NULL;
    g_auto(GStrv) lines = NULL;
    char *body;

    if (!g_file_get_contents(file, &text, NULL, NULL) || !g_str_has_prefix(text, CACHE_HEAD) ||
        (body = strchr(text, '\n')) == NULL)
        return records;
    *body++ = '\0';
    sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, body, -1);
    if (strcmp(text + strlen(CACHE_HEAD), sum) != 0)
        return records;
    lines = g_strsplit(body, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        char **fields = lac_record_read(*line, N_FIELDS);

        if (fields != NULL)
            g_hash_table_replace(records, g_strdup(fields[PATH]), fields);
    }
    return records;
}

LacProbeCache *
lac_probe_cache_open(void)
{
    const char *set = g_getenv("XDG_CACHE_HOME");
    const char *folder = set != NULL && g_path_is_absolute(set) ? set : g_get_user_cache_dir();
    LacProbeCache *cache = g_new0(LacProbeCache, 1);

    cache->file = g_build_filename(folder, "lacuna", "plugins", NULL);
    cache->records = records_read(cache->file);
    return cache;
}

static char *
records_text(GHashTable *records)
{
    g_autoptr(GString) body = g_string_new(NULL);
    g_autofree char *sum = NULL;
    GHashTableIter iter;
    gpointer path, fields;

    g_hash_table_iter_init(&iter, records);
    while (g_hash_table_iter_next(&iter, &path, &fields))
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            lac_record_write(body, N_FIELDS, fields);
    sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, body->str, -1);
    return g_strconcat(CACHE_HEAD, sum, "\n", body->str, NULL);
}

void
lac_probe_cache_close(LacProbeCache *cache)
{
    if (cache->changed) {
        g_autofree char *folder = g_path_get_dirname(cache->file);
        g_autofree char *text = records_text(cache->records);

        /* a folder that cannot be written costs time, nothing else */
        if (g_mkdir_with_parents(folder, 0700) == 0)
            g_file_set_contents(cache->file, text, -1, NULL);
    }
    g_hash_table_unref(cache->records);
    g_free(cache->file);
    g_free(cache);
}

static char *
dup_unless_empty(const char *text)
{
    return *text != '\0' ? g_strdup(text) : NULL;
}

static LacPluginInfo *
info_from_record(const char *path, char **fields)
{
    LacPluginInfo *info = g_new0(LacPluginInfo, 1);

    info->path = g_strdup(path);
    info->kind = (LacPluginKind)g_ascii_strtoull(fields[KIND], NULL, 10);
    info->name = *fields[NAME] != '\0' ? g_strdup(fields[NAME]) : stem_of(path);
    info->summary = g_strdup(fields[SUMMARY]);
    info->version = g_strdup(fields[VERSION]);
    info->licence = g_strdup(fields[LICENCE]);
    info->error = dup_unless_empty(fields[ERROR]);
    return info;
}

/* In the child. */
static void
probe_body(GString *report, void *user)
{
    const char *path = user;
    g_autoptr(GError) error = NULL;
    g_autofree char *name = stem_of(path);
    const LacPlugin *plugin = lac_plugin_open(path, &error);
    const char *fields[N_FIELDS] = {NULL};
    char kind[8] = "0";

    if (plugin == NULL) {
        fields[ERROR] = error->message;
    } else {
        plugin = lac_descriptor_named(plugin, name);
        g_snprintf(kind, sizeof kind, "%d", (int)plugin->kind);
        fields[NAME] = plugin->name;
        fields[SUMMARY] = plugin->summary;
        fields[VERSION] = plugin->version != NULL ? plugin->version : "1";
        fields[LICENCE] = plugin->licence != NULL ? plugin->licence : "MIT";
    }
    fields[KIND] = kind;
    lac_record_write(report, N_FIELDS, fields);
}

static char *
probe_error(const char *path, const LacChild *child)
{
    if (child->outcome == NULL)
        return g_strdup_printf("%s: gave no account of itself while it was being loaded", path);
    return g_strdup_printf("%s: %s while it was being loaded%s%s; what runs at load time "
                           "(constructors, linked libraries) must be harmless",
                           path, child->outcome, child->complaint != NULL ? ": " : "",
                           child->complaint != NULL ? child->complaint : "");
}

static LacPluginInfo *
probe_now(const char *path)
{
    LacChild child;
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) fields = NULL;
    LacPluginInfo *info;

    if (lac_child_run(probe_body, (void *)path, lac_child_timeout(), &child, &error) &&
        child.outcome == NULL)
        fields = lac_record_read(child.report->str, N_FIELDS);
    if (fields != NULL) {
        info = info_from_record(path, fields);
    } else {
        info = g_new0(LacPluginInfo, 1);
        info->path = g_strdup(path);
        info->name = stem_of(path);
        info->error = error != NULL ? g_strdup_printf("%s: %s", path, error->message)
                                    : probe_error(path, &child);
    }
    lac_child_clear(&child);
    return info;
}

static void
remember(LacProbeCache *cache, const LacPluginInfo *info, const char *stamp)
{
    g_autofree char *kind = g_strdup_printf("%d", (int)info->kind);
    const char *fields[N_FIELDS + 1] = {
        [PATH] = info->path,
        [STAMP] = stamp,
        [KIND] = kind,
        [NAME] = info->name,
        [SUMMARY] = info->summary,
        [VERSION] = info->version,
        [LICENCE] = info->licence,
        [ERROR] = "",
    };
    g_autoptr(GString) line = g_string_new(NULL);
    char **record;

    /* through a line and back, so that it is whole and owned */
    lac_record_write(line, N_FIELDS, fields);
    record = lac_record_read(line->str, N_FIELDS);
    g_hash_table_replace(cache->records, g_strdup(info->path), record);
    cache->changed = TRUE;
}

LacPluginInfo *
lac_probe_cache_get(LacProbeCache *cache, const char *path)
{
    g_autofree char *stamp = file_stamp(path);
    char **record = g_hash_table_lookup(cache->records, path);
    LacPluginInfo *info;

    if (record != NULL && g_strcmp0(record[STAMP], stamp) == 0)
        return info_from_record(path, record);
    info = probe_now(path);
    /* failures are not kept: a missing library may be installed the next minute */
    if (info->error == NULL && stamp != NULL)
        remember(cache, info, stamp);
    return info;
}

LacPluginInfo *
lac_plugin_probe(const char *path)
{
    LacProbeCache *cache = lac_probe_cache_open();
    LacPluginInfo *info = lac_probe_cache_get(cache, path);

    lac_probe_cache_close(cache);
    return info;
}
