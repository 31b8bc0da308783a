/* Shared by the files of the CSV reader and writer only. */
#ifndef LACUNA_CSV_PRIVATE_H
#define LACUNA_CSV_PRIVATE_H

#include "csv-stops-private.h"
#include "number-private.h"
#include <lacuna/csv.h>
#include <lacuna/file.h>

G_BEGIN_DECLS

/* ---- fields (csv-scan.c) ---- */

/** CsvField: one field inside a text, lent.
 * @begin, @end: its bytes, quotes included, blanks around it not
 * @text, @length: what the quotes hold, or the same as above; doubled quotes are still doubled */
typedef struct {
    const char *begin, *end, *text;
    size_t length;
    gboolean quoted, doubled;
} CsvField;

typedef enum {
    CSV_FIELD_WHOLE,       /* ended by a delimiter or line end */
    CSV_FIELD_AT_LIMIT,    /* ended by the limit: whole only if the text ends there */
    CSV_FIELD_UNCLOSED,    /* the limit came before the closing quote */
    CSV_FIELD_AFTER_QUOTE, /* something else than blanks follows the closing quote, at field->end */
} CsvFieldStatus;

/** csv_scan_field: the field at *@p; *@p moves to the delimiter, line end or @limit behind it. */
CsvFieldStatus csv_scan_field(const char **p, const char *limit, char delimiter, CsvField *field);
/** csv_field_text: what the field says, owned. */
char *csv_field_text(const CsvField *field);
/** csv_skip_line_end: behind the LF, CRLF or CR at @p; @p itself when there is none. */
const char *csv_skip_line_end(const char *p, const char *limit);
/** csv_is_blank_line: nothing but blanks until the line end or @limit. */
gboolean csv_is_blank_line(const char *p, const char *limit, char delimiter);
/** csv_field_is_na: it is one of the texts that mean missing. */
gboolean csv_field_is_na(const CsvField *field, char *const *na);
/** csv_field_number: it is a number from end to end. The text must be padded. */
gboolean csv_field_number(const CsvField *field, char decimal, double *out, gboolean *plain);
/** csv_text_is_infinite: "inf", "-Infinity" and the like. */
gboolean csv_text_is_infinite(const char *text);
/** csv_show: @text cut to a length and cleaned of control characters, for messages; owned. */
char *csv_show(const char *text, size_t length);

/* ---- what the file looks like (csv-sniff.c) ---- */

/** CsvSample: the beginning of a text, padded behind @limit; all of it when @whole. */
typedef struct {
    const char *text, *limit;
    gboolean whole;
} CsvSample;

char csv_sniff_delimiter(const CsvSample *sample);
/** csv_sniff_decimal: @certain_out is FALSE when no field spoke for either mark. */
char csv_sniff_decimal(const CsvSample *sample, char delimiter, gboolean *certain_out);
/** csv_sniff_header: whether the first record holds names; delimiter, decimal and na are known. */
gboolean csv_sniff_header(const CsvSample *sample, const LacCsvFormat *format);

/* ---- columns while they are read (csv-columns.c) ---- */

typedef struct {
    char *text;
    size_t count, line, column; /* the place of the first */
    gboolean number;            /* also infinite ones */
    gboolean infinite;
} CsvLevel;

typedef enum {
    CSV_MODE_NUMBER,
    CSV_MODE_TEXT,
    CSV_MODE_SKIP,
} CsvMode;

enum { /* CsvColumn.seen */
       CSV_SEEN_ZERO = 1,
       CSV_SEEN_ONE = 2,
       CSV_SEEN_OTHER = 4,
       CSV_SEEN_FRACTION = 8, /* written with a mark or exponent */
       CSV_SEEN_TEXT = 16,    /* in a column of numbers, so it has to be read again */
       CSV_SEEN_HOLE = 32,
       CSV_SEEN_PADDED = 64, /* a zero in front of other digits, as in 007 */
       CSV_SEEN_HUGE = 128,  /* a whole number that doubles do not keep apart from its neighbours */
};

/** CsvColumn: a column of the file.
 * @padded: numbers that are taken for codes, because zeros stand in front of them
 * @given: its kind is @kind because the user said so; @order: levels as given, NULL-terminated
 * @na: texts that mean missing here besides those of the file, or NULL
 * @levels: CsvLevel in order of appearance; @index: text to index into it */
typedef struct {
    char *name;
    CsvMode mode;
    gboolean given, label, padded;
    LacKind kind;
    char **order, **na;
    unsigned seen;
    GArray *levels;
    GHashTable *index;
} CsvColumn;

void csv_column_clear(CsvColumn *column);
/** csv_column_forget: what was seen so far, before another pass. */
void csv_column_forget(CsvColumn *column);
/** csv_column_level: the code of @text; *@fresh_out: where to note facts about it when it is new,
 * else NULL. */
size_t csv_column_level(CsvColumn *column, const char *text, CsvLevel **fresh_out);
/** csv_columns_configure: kinds and label of @options onto the columns. */
gboolean csv_columns_configure(CsvColumn *columns, size_t n, const LacCsvOptions *options,
                               const char *name, GError **error);
/** csv_column_settle: decides the kind. Levels are sorted; @codes_out: [levels] from order of
 * appearance to final code, owned, NULL for numbers. An identifier turns into CSV_MODE_SKIP. */
gboolean csv_column_settle(CsvColumn *column, const char *name, size_t **codes_out, GError **error);
/** csv_column_is_padded: whether what was seen are whole numbers, some with zeros in front, of
 * which nobody has said that they are numbers. */
gboolean csv_column_is_padded(const CsvColumn *column);
/** csv_column_describe: onto column @j of @schema. */
void csv_column_describe(const CsvColumn *column, LacSchema *schema, size_t j);

/* ---- the reader at work (csv-block.c, csv-records.c, csv.c) ---- */

#ifndef CSV_BLOCK /* bytes read at once; fuzzing makes it small, to meet many block borders */
#define CSV_BLOCK (1 << 20)
#endif

enum { CSV_PADDING = CSV_STOPS }; /* bytes of zero behind the block */
G_STATIC_ASSERT((size_t)CSV_PADDING >= LAC_NUMBER_PADDING);

typedef struct {
    LacFile *file;
    const LacCsvOptions *options;
    LacCsvFormat format;
    gboolean mark_certain; /* the decimal mark was given or seen */
    gboolean number_is_na; /* a text that means missing is a number, as -9 or 999 */
    /* the block: [begin, end) is still to be parsed, padded behind; [begin, checked) is UTF-8 */
    char *buffer, *begin, *end, *checked;
    size_t capacity;
    CsvStops stops; /* of what is to be parsed */
    gboolean at_end, first_block;
    gboolean quoted; /* the record at @begin has a quoted field */
    size_t line;     /* of @begin, from 1 */
    /* the table, with a column for every field */
    CsvColumn *columns;
    size_t cols, rows, rows_capacity;
    double *values;
} CsvReader;

typedef enum {
    CSV_RECORD_DONE,
    CSV_RECORD_CUT, /* the block ends inside */
    CSV_RECORD_BAD, /* error set */
} CsvRecord;

/** csv_start: to the first byte behind a byte-order mark, with a full block. */
gboolean csv_start(CsvReader *reader, GError **error);
/** csv_fill_block: moves what is left to the front and reads more behind it; the block grows when
 * it is full already. */
gboolean csv_fill_block(CsvReader *reader, GError **error);
/** csv_find_record: is there a record at reader->begin? With @skip_blank steps over blank lines; a
 * table of one column takes them as missing cells instead. */
gboolean csv_find_record(CsvReader *reader, gboolean skip_blank, gboolean *found, GError **error);
/** csv_advance: steps over the record that ends before @behind. */
void csv_advance(CsvReader *reader, const char *behind);
/** csv_place: of @at, somewhere in the record at reader->begin: lines and characters, from 1. */
void csv_place(const CsvReader *reader, const char *at, size_t *line, size_t *column);
/** csv_fail: LAC_ERROR_DATA with the place of @at in front. Always FALSE. */
gboolean csv_fail(const CsvReader *reader, const char *at, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/** csv_judge_field: a field that is not whole inside the block: cut off, wrong, or the last. */
CsvRecord
csv_judge_field(CsvReader *reader, CsvFieldStatus status, const CsvField *field, GError **error);
/** csv_read_records: all records from reader->begin on. Ends early, with the table incomplete, when
 * the first block already shows that a column of numbers holds texts. */
gboolean csv_read_records(CsvReader *reader, GError **error);

G_END_DECLS

#endif
