/* Readers bring a data set in. */
#ifndef LACUNA_READER_H
#define LACUNA_READER_H

#include <lacuna/plugin.h>

G_BEGIN_DECLS

/** LacReader: base of every reader's struct; first member, called `base`.
 * @path: parameter of every reader, declared by the core: absolute, owned by the core */
typedef struct {
    LacInstance instance;
    char *path;
} LacReader;

/** LacReaderText: a table as delimited text.
 * @csv: commas between fields, decimal points, one header line, empty fields for holes
 * @kinds: as LacCsvOptions.kinds, or NULL: what the text cannot say
 * @notes: sentences for the user (codes for missing, units of dates), or NULL
 * All owned by the struct; both lists NULL-terminated. */
typedef struct {
    GBytes *csv;
    char **kinds, **notes;
} LacReaderText;

LAC_API void lac_reader_text_free(LacReaderText *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacReaderText, lac_reader_text_free)

/** LacReaderPlugin: what a reader exports; `read` is required. The table it returns is owned by the
 * caller. */
typedef struct {
    LacPlugin plugin;
    const char *const *suffixes; /* ".csv", ".tsv"..., NULL-terminated; a ".gz" behind is ignored */
    /** TRUE when the first @n bytes (after gunzip) look like this format; may be NULL */
    gboolean (*sniff)(const uint8_t *head, size_t n);
    /** read the table; errors say file:line:column (or byte offset) and show the text */
    LacData *(*read)(const LacReader *reader, GError **error);
    void (*clear)(LacReader *reader);
    /** NULL, or the file as text, from which `read` makes its table: then commands that write a
     * table back keep the columns that are no variables. Owned by the caller. */
    LacReaderText *(*text)(const LacReader *reader, GError **error);
    /** NULL, or hears before `read` what a `columns` block says of texts: @kinds and @missing as
     * LacCsvOptions.kinds and .column_na, lent as long as the reader lives */
    void (*tell)(LacReader *reader, char **kinds, char **missing);
} LacReaderPlugin;

#define LAC_READER(name_, summary_, Type, params_)                                                 \
    LAC_PLUGIN_HEAD(LacReaderPlugin, LAC_PLUGIN_READER, name_, summary_, Type, params_)

G_END_DECLS

#endif
