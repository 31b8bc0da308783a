/* Readers: what they hand over, and which of them reads a file. */
#include "reader-private.h"

#include <string.h>

void
lac_reader_text_free(LacReaderText *text)
{
    if (text == NULL)
        return;
    g_clear_pointer(&text->csv, g_bytes_unref);
    g_strfreev(text->kinds);
    g_strfreev(text->notes);
    g_free(text);
}

/* "data.csv.gz" ends in ".csv". */
static gboolean
has_suffix(const char *path, const char *suffix)
{
    g_autofree char *name = g_ascii_strdown(path, -1);

    if (g_str_has_suffix(name, ".gz"))
        name[strlen(name) - 3] = '\0';
    return g_str_has_suffix(name, suffix);
}

const LacReaderPlugin *
lac_reader_for_path(const char *path)
{
    g_auto(GStrv) names = lac_plugin_names(LAC_PLUGIN_READER);

    for (size_t i = 0; names[i] != NULL; i++) {
        const LacReaderPlugin *reader =
            (const LacReaderPlugin *)lac_plugin_find(LAC_PLUGIN_READER, names[i], NULL);

        for (size_t k = 0; reader != NULL && reader->suffixes != NULL && reader->suffixes[k]; k++)
            if (has_suffix(path, reader->suffixes[k]))
                return reader;
    }
    return NULL;
}
