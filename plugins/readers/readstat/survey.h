/* Files of SPSS, Stata and SAS. One file a concern:
 *   readstat.c  parameters, the core's slots
 *   file.c      which of the formats it is; its bytes for libreadstat, from memory
 *   parse.c     what libreadstat tells, cell by cell
 *   columns.c   what each variable becomes: numbers, levels, days, or text that is passed through
 *   text.c      the table as delimited text
 *   child.c     all of it in a process of its own */
#ifndef LACUNA_READSTAT_SURVEY_H
#define LACUNA_READSTAT_SURVEY_H

#include <lacuna/csv.h>
#include <lacuna/reader.h>
#include <readstat.h>

typedef enum {
    FORMAT_UNKNOWN,
    FORMAT_SAV,
    FORMAT_POR,
    FORMAT_DTA,
    FORMAT_SAS7BDAT,
    FORMAT_XPORT,
} FileFormat;

/** A value label: @value, or @text of a string variable, or (tagged) @tag of a missing code. */
typedef struct {
    double value;
    char *text, tag, *label;
} ValueLabel;

/**
 * Variable: what the file says of a column.
 * @labels: name of its set of value labels, or NULL
 * @values: [rows] of numbers, NaN where missing; @texts: [rows] of strings, NULL where missing
 * @codes: how many cells were missing by which code ("-9", ".a"); of char *, size_t
 */
typedef struct {
    char *name, *label, *format, *labels;
    gboolean is_text;
    readstat_measure_t measure;
    size_t n, capacity;
    double *values;
    char **texts;
    GHashTable *codes;
    size_t system_missing;
} Variable;

/** Survey: a whole file. @label_sets: name to GArray of ValueLabel; @trouble: what libreadstat said
 * when it gave up */
typedef struct {
    const char *name;
    FileFormat format;
    size_t rows;
    GPtrArray *variables; /* of Variable */
    GHashTable *label_sets;
    char *trouble;
} Survey;

/** What a variable becomes. */
typedef enum {
    ROLE_NUMBER,
    ROLE_LEVELS,  /* value labels, unordered */
    ROLE_ORDERED, /* value labels in the order of their values */
    ROLE_CODES,   /* ordered values whose labels cannot be written as an order */
    ROLE_DATE,    /* days since 1970-01-01 */
    ROLE_TIME,    /* seconds since 1970-01-01 */
    ROLE_WORDS,   /* strings that repeat */
    ROLE_PASSED,  /* strings that hardly repeat */
} Role;

/* file.c */
/** survey_format: by suffix of @path, else by its first bytes. */
FileFormat survey_format(const char *path, const uint8_t *bytes, size_t n);
/** survey_format_name: "SPSS", "Stata", "SAS". Static. */
const char *survey_format_name(FileFormat format);
/** survey_parse_bytes: hands @bytes to libreadstat's parser for @format. */
readstat_error_t survey_parse_bytes(readstat_parser_t *parser, FileFormat format,
                                    const uint8_t *bytes, size_t n, void *user);

/** survey_parse_catalog: the same for a SAS catalogue. */
readstat_error_t
survey_parse_catalog(readstat_parser_t *parser, const uint8_t *bytes, size_t n, void *user);

/* parse.c */
/**
 * SurveyFile:
 * @bytes: the file, after gunzip; @catalog: a SAS file of value labels, or NULL
 * @encoding: of texts where the file does not say, or NULL
 * @labels: value labels become levels
 */
typedef struct {
    const char *name, *encoding;
    FileFormat format;
    GBytes *bytes, *catalog;
    gboolean labels;
} SurveyFile;

/** survey_read: @error: LAC_ERROR_DATA with what libreadstat found */
Survey *survey_read(const SurveyFile *file, GError **error);
void survey_free(Survey *survey);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Survey, survey_free)
/** survey_label: of @value of @variable, lent, or NULL. */
const char *survey_label(const Survey *survey, const Variable *variable, double value);

/* columns.c */
/** survey_role: @use_labels: value labels become levels. */
Role survey_role(const Survey *survey, const Variable *variable, gboolean use_labels);
/** survey_kind: for the reader of delimited text; owned, NULL: as it looks. */
char *survey_kind(const Survey *survey, const Variable *variable, Role role);
/** survey_since_1970: @value of a ROLE_DATE or ROLE_TIME variable in days, or seconds, since 1970.
 */
double survey_since_1970(const Survey *survey, const Variable *variable, Role role, double value);

/* text.c */
/** survey_text: the table as text, with kinds and notes. Owned. */
LacReaderText *survey_text(const Survey *survey, gboolean use_labels);

/* child.c */
/** survey_text_of_file: survey_read() and survey_text() where a crash is an error message. Owned.
 */
LacReaderText *survey_text_of_file(const SurveyFile *file, GError **error);

#endif
