/* npy: one NumPy array. The format itself is in the core (lacuna/npy.h), shared with npz. */
#include <lacuna/npy.h>
#include <lacuna/reader.h>

#include <string.h>

typedef struct {
    LacReader base;
    char *labels;
} NpyPlugin;

static const LacParam params[] = {
    LAC_PARAM_PATH(NpyPlugin, labels, NULL,
                   "Another npy file with the class of each row, as numbers"),
    LAC_PARAM_END,
};

static LacData *
npy_read(const LacReader *reader, GError **error)
{
    const NpyPlugin *self = LAC_CAST(const NpyPlugin, reader);
    g_autoptr(LacFile) file = lac_file_open(reader->path, error);
    g_autoptr(LacData) data = file != NULL ? lac_npy_read(file, error) : NULL;
    g_autoptr(LacFile) labels = NULL;

    if (data == NULL || self->labels == NULL)
        return g_steal_pointer(&data);
    labels = lac_file_open(self->labels, error);
    if (labels == NULL || !lac_npy_read_labels(labels, data, error))
        return NULL;
    return g_steal_pointer(&data);
}

static gboolean
npy_sniff(const uint8_t *head, size_t n)
{
    return n >= 6 && memcmp(head, "\x93NUMPY", 6) == 0;
}

static const char *const suffixes[] = {".npy", NULL};

LAC_PLUGIN_EXPORT const LacReaderPlugin lac_plugin = {
    LAC_READER("npy", "One NumPy array", NpyPlugin, params),
    .suffixes = suffixes,
    .sniff = npy_sniff,
    .read = npy_read,
};
