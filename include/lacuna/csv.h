/* Delimited text: reading it into a table, and writing it back with only the holes changed. */
#ifndef LACUNA_CSV_H
#define LACUNA_CSV_H

#include <lacuna/data.h>

G_BEGIN_DECLS

/**
 * LacCsvOptions: how to read; zero-initialised means "sniff all, default NA texts".
 * @delimiter, @decimal: one byte, or 0 to sniff
 * @header: -1 sniff, 0 no, 1 yes
 * @na: NULL-terminated texts that mean missing; NULL: empty, NA, NaN, ?, null. A quoted empty
 *   field is an empty string, an unquoted one is missing
 * @kinds: name, kind, name, kind, ..., NULL overrides ("grade", "ordinal"); may be NULL
 * @label: column that becomes the labels instead of a variable; may be NULL
 */
typedef struct {
    char delimiter, decimal;
    int header;
    char **na;
    char **kinds;
    const char *label;
} LacCsvOptions;

/** LacCsvFormat: what was sniffed or given, for reporting and for writing the file back. */
typedef struct {
    char delimiter, decimal;
    gboolean header, bom, crlf, gzip;
    size_t data_rows;
    char **na; /* NULL-terminated, owned */
} LacCsvFormat;

LAC_API void lac_csv_format_clear(LacCsvFormat *format);

/**
 * lac_csv_read: the table in file @path ("-": standard input); gzip recognised by its magic.
 * @format_out: may be NULL; clear it with lac_csv_format_clear()
 * @error: file:line:column, the text, what was expected
 */
LAC_API LacData *lac_csv_read(const char *path, const LacCsvOptions *options,
                              LacCsvFormat *format_out, GError **error);
/** lac_csv_load: the bytes of @path ("-": standard input) after gunzip; mapped, not copied, where
 * that is possible. @gzip_out: whether the file was compressed. */
LAC_API GBytes *lac_csv_load(const char *path, gboolean *gzip_out, GError **error);
/** lac_csv_parse: the same from memory. @name: for messages. */
LAC_API LacData *
lac_csv_parse(const char *text, gsize length, const char *name, const LacCsvOptions *options,
              LacCsvFormat *format_out, GError **error);

/** LacWriteFunc: takes @n bytes; FALSE with @error set when it cannot. */
typedef gboolean (*LacWriteFunc)(const char *bytes, gsize n, void *user, GError **error);

/**
 * LacCsvExtra: further fields behind each record, for long tables of several completions.
 * @suffix: appends the fields of record @row (-1: the header), without the delimiter before them
 * @skip_header: leave out the header line (and the byte-order mark)
 * @end_last_line: write a line end after the last record even where the source has none
 */
typedef struct {
    void (*suffix)(GString *out, gssize row, const void *user);
    const void *user;
    gboolean skip_header, end_last_line;
} LacCsvExtra;

/**
 * lac_csv_write_filled: the source text with the holes replaced and every other byte as it was.
 * @source, @length: the text @data was parsed from (after gunzip); @format: how it was read
 * @completed: data->rows x data->cols values (level codes for categories); a hole whose value is
 *   NaN keeps its source text
 * @extra: NULL for the table as it is
 * @write, @user: where the text goes
 */
LAC_API gboolean lac_csv_write_filled(const char *source, gsize length, const LacCsvFormat *format,
                                      const LacData *data, const LacMatrix *completed,
                                      const LacCsvExtra *extra, LacWriteFunc write, void *user,
                                      GError **error);

/** lac_csv_format_text: @text as one field, quoted when @delimiter, a quote or a line end is inside
 * or when it would read as missing otherwise (empty). Appends to @out. */
LAC_API void lac_csv_format_text(GString *out, const char *text, char delimiter);
/** lac_csv_format_value: @value of column @column as text: the level's label, a whole number, or
 * the shortest decimal that reads back to the same double, with @decimal as the mark. Quoted when
 * @delimiter, a quote or a line end is inside. Appends to @out. */
LAC_API void lac_csv_format_value(GString *out, const LacColumn *column, double value,
                                  char delimiter, char decimal);

G_END_DECLS

#endif
