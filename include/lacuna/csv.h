/* Delimited text: reading it into a table, and writing it back with only the holes changed. */
#ifndef LACUNA_CSV_H
#define LACUNA_CSV_H

#include <lacuna/data.h>

G_BEGIN_DECLS

/** LacCsvHeader: whether the first record holds the column names. */
typedef enum {
    LAC_CSV_HEADER_SNIFF,
    LAC_CSV_HEADER_YES,
    LAC_CSV_HEADER_NO, /* the columns are then x1, x2 ... */
} LacCsvHeader;

/**
 * LacCsvOptions: how to read; zero-initialised means "sniff all, default NA texts".
 * @delimiter, @decimal: one byte, or 0 to sniff (, ; tab | and . ,)
 * @na: NULL-terminated texts that mean missing; NULL: empty, NA, NaN, nan, ?, null, NULL. They are
 *   compared without the blanks around a field. A quoted empty field is an empty string in a column
 *   of texts and missing in a column of numbers
 * @kinds: name, kind, name, kind, ..., NULL overrides; may be NULL. A kind is "continuous",
 *   "integer", "binary", "nominal", "ordinal" (levels that are numbers, in their order), an order
 *   of levels "low < mid < high", or "skip": no variable of the table, copied as it is when written
 * @column_na: name, text, name, text, ..., NULL: further texts that mean missing in one column; may
 *   be NULL
 * @label: column that becomes the labels instead of a variable; may be NULL
 */
typedef struct {
    char delimiter, decimal;
    LacCsvHeader header;
    char **na;
    char **kinds;
    char **column_na;
    const char *label;
} LacCsvOptions;

/**
 * LacCsvFormat: what was sniffed or given, for reporting and for writing the file back.
 * @na: NULL-terminated, owned
 * @set_aside: names of the columns that were taken for identifiers (texts without holes, of which
 *   more than half differ; whole numbers beyond 2^53; a first column without a name, called "(row
 * names)") and are no variables of the table; NULL-terminated, owned
 * @fields: columns of the file; @variable: [fields] their columns in the table, -1 for the label
 *   and for what was skipped or set aside; owned
 * @padded: names of the columns of numbers that were taken for categories, because zeros stand in
 *   front of some (007); NULL-terminated, owned
 */
typedef struct {
    char delimiter, decimal;
    gboolean header, bom, crlf, gzip;
    size_t data_rows;
    char **na;
    char **set_aside;
    size_t fields;
    gssize *variable;
    char **padded;
} LacCsvFormat;

LAC_API void lac_csv_format_clear(LacCsvFormat *format);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LacCsvFormat, lac_csv_format_clear)

/**
 * lac_csv_read: the table in file @path ("-": standard input); gzip recognised by its magic.
 * @options: NULL: sniff all
 * @format_out: may be NULL; clear it with lac_csv_format_clear(); untouched on failure
 * @error: file:line:column, the text, what was expected
 *
 * RFC 4180, with these freedoms: any of LF, CRLF and CR ends a line; a byte-order mark is skipped;
 * blanks around a field do not belong to it; blank lines are skipped when there are at least two
 * columns. Column kinds: numbers written without mark and exponent are integer, other numbers
 * continuous, both 0 and 1 and nothing else binary; whole numbers of which some begin with a zero
 * that they do not need (007) count as texts; two texts are binary, others nominal with
 * sorted levels. A column of which more than half, but not all, is numbers is an error unless its
 * kind is given, and so is an identifier with holes. Infinite numbers are errors.
 * One to three passes over the file; memory: the table and blocks of 1 MiB.
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
 * What is filled in stands in quotes where the seen cells of its column (of the first 1000 rows)
 * all do.
 * @source, @length: the text @data was parsed from (after gunzip)
 * @format: how it was read, as lac_csv_read() or lac_csv_parse() told
 * @completed: data->rows x data->cols values (level codes for categories); a hole whose value is
 *   NaN keeps its source text
 * @extra: NULL for the table as it is
 * @write, @user: where the text goes, in pieces of some 100 kB
 * @error: what @write said, or LAC_ERROR_DATA when @source is not the text of @data
 */
LAC_API gboolean lac_csv_write_filled(const char *source, gsize length, const LacCsvFormat *format,
                                      const LacData *data, const LacMatrix *completed,
                                      const LacCsvExtra *extra, LacWriteFunc write, void *user,
                                      GError **error);

/** lac_csv_format_text: @text as one field, quoted when @delimiter, a quote or a line end is inside
 * or when it would read as missing otherwise (empty). Appends to @out. */
LAC_API void lac_csv_format_text(GString *out, const char *text, char delimiter);
/** lac_csv_format_value: @value of column @column as text: the label of the nearest level, a whole
 * number, or the shortest decimal that reads back to the same double, with @decimal as the mark.
 * Quoted as by lac_csv_format_text(). Appends to @out. */
LAC_API void lac_csv_format_value(GString *out, const LacColumn *column, double value,
                                  char delimiter, char decimal);

G_END_DECLS

#endif
