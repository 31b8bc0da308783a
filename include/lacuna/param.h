/* Parameters, declared once: YAML and --set parsing, range checks, `lacuna describe`, the JSON
 * Schema, the README tables and a cell's hash all come from this one table. */
#ifndef LACUNA_PARAM_H
#define LACUNA_PARAM_H

#include <lacuna/macros.h>

G_BEGIN_DECLS

/** LacParamType: the C type of the field is in brackets. */
typedef enum {
    LAC_PARAM_TYPE_END,     /* ends a table */
    LAC_PARAM_TYPE_BOOL,    /* [gboolean] */
    LAC_PARAM_TYPE_INT,     /* [int64_t] */
    LAC_PARAM_TYPE_DOUBLE,  /* [double] */
    LAC_PARAM_TYPE_STRING,  /* [char *], NULL when the default is NULL */
    LAC_PARAM_TYPE_CHOICE,  /* [int]: index into choices */
    LAC_PARAM_TYPE_PATH,    /* [char *], made absolute by the core */
    LAC_PARAM_TYPE_DOUBLES, /* [LacDoubles] */
    LAC_PARAM_TYPE_STRINGS, /* [char **], NULL-terminated; NULL when empty */
    LAC_PARAM_TYPE_TABLE,   /* [LacTable]: list of equally long lists of numbers */
    LAC_PARAM_TYPE_MAP,     /* [char **]: key, value, key, value, ..., NULL */
} LacParamType;

/** LacDoubles: @n numbers @v, owned by the core. */
typedef struct {
    size_t n;
    double *v;
} LacDoubles;

/** LacTable: @rows x @cols numbers @v, row-major, owned by the core. */
typedef struct {
    size_t rows, cols;
    double *v; /* [rows][cols] */
} LacTable;

/** LacRange: allowed numbers; list types check every entry. An open end excludes itself. */
typedef struct {
    double lower, upper;
    gboolean lower_open, upper_open;
} LacRange;

/* clang-format off */
#define LAC_RANGE(lo, hi)      { (lo), (hi), FALSE, FALSE } /* lo <= x <= hi */
#define LAC_RANGE_OPEN(lo, hi) { (lo), (hi), TRUE, TRUE }   /* lo <  x <  hi */
#define LAC_RANGE_ABOVE(lo)    { (lo), G_MAXDOUBLE, TRUE, FALSE }
#define LAC_RANGE_FROM(lo)     { (lo), G_MAXDOUBLE, FALSE, FALSE }
#define LAC_RANGE_ANY          { -G_MAXDOUBLE, G_MAXDOUBLE, FALSE, FALSE }
/* clang-format on */

/**
 * LacParam:
 * @offset: of the field in the component's struct
 * @number: default of BOOL, INT, DOUBLE and CHOICE (an index)
 * @text: default of the other types, written as in YAML ("[0.5, 0.8]"); NULL: none
 * @choices: NULL-terminated names, for CHOICE
 * @unit: "share", "rows", "s"... or "" ; shown by describe
 * @help: one sentence
 */
typedef struct {
    const char *name;
    LacParamType type;
    size_t offset;
    double number;
    const char *text;
    LacRange range;
    const char *const *choices;
    const char *unit;
    const char *help;
} LacParam;

/* The offset of @field, and a compile error when the field has another type than @ctype. */
#define LAC_FIELD(Type, field, ctype)                                                              \
    (offsetof(Type, field) + 0 * sizeof(_Generic(((Type *)0)->field, ctype : (char)0)))

#define LAC_PARAM_BOOL(Type, field, fallback, help_)                                               \
    {                                                                                              \
        .name = #field, .type = LAC_PARAM_TYPE_BOOL, .offset = LAC_FIELD(Type, field, gboolean),   \
        .number = (fallback), .range = LAC_RANGE(0, 1), .unit = "", .help = (help_)                \
    }
#define LAC_PARAM_INT(Type, field, fallback, range_, unit_, help_)                                 \
    {                                                                                              \
        .name = #field, .type = LAC_PARAM_TYPE_INT, .offset = LAC_FIELD(Type, field, int64_t),     \
        .number = (double)(fallback), .range = range_, .unit = (unit_), .help = (help_)            \
    }
#define LAC_PARAM_DOUBLE(Type, field, fallback, range_, unit_, help_)                              \
    {                                                                                              \
        .name = #field, .type = LAC_PARAM_TYPE_DOUBLE, .offset = LAC_FIELD(Type, field, double),   \
        .number = (fallback), .range = range_, .unit = (unit_), .help = (help_)                    \
    }
#define LAC_PARAM_CHOICE(Type, field, fallback, choices_, help_)                                   \
    {                                                                                              \
        .name = #field, .type = LAC_PARAM_TYPE_CHOICE, .offset = LAC_FIELD(Type, field, int),      \
        .number = (fallback), .range = LAC_RANGE_ANY, .choices = (choices_), .unit = "",           \
        .help = (help_)                                                                            \
    }
#define LAC_PARAM_STRING(Type, field, fallback, help_)                                             \
    {                                                                                              \
        .name = #field, .type = LAC_PARAM_TYPE_STRING, .offset = LAC_FIELD(Type, field, char *),   \
        .text = (fallback), .range = LAC_RANGE_ANY, .unit = "", .help = (help_)                    \
    }
/** LAC_PARAM_PROGRAM: a text: the name of a program the user has registered, see program.h; that
 * there is such a program can be told without running the component. */
#define LAC_PARAM_PROGRAM(Type, field, help_)                                                      \
    {                                                                                              \
        .name = #field, .type = LAC_PARAM_TYPE_STRING, .offset = LAC_FIELD(Type, field, char *),   \
        .range = LAC_RANGE_ANY, .unit = LAC_UNIT_PROGRAM, .help = (help_)                          \
    }
#define LAC_UNIT_PROGRAM "program"
#define LAC_PARAM_PATH(Type, field, fallback, help_)                                               \
    {                                                                                              \
        .name = #field, .type = LAC_PARAM_TYPE_PATH, .offset = LAC_FIELD(Type, field, char *),     \
        .text = (fallback), .range = LAC_RANGE_ANY, .unit = "path", .help = (help_)                \
    }
#define LAC_PARAM_DOUBLES(Type, field, fallback, range_, unit_, help_)                             \
    {                                                                                              \
        .name = #field, .type = LAC_PARAM_TYPE_DOUBLES,                                            \
        .offset = LAC_FIELD(Type, field, LacDoubles), .text = (fallback), .range = range_,         \
        .unit = (unit_), .help = (help_)                                                           \
    }
#define LAC_PARAM_STRINGS(Type, field, fallback, help_)                                            \
    {                                                                                              \
        .name = #field, .type = LAC_PARAM_TYPE_STRINGS, .offset = LAC_FIELD(Type, field, char **), \
        .text = (fallback), .range = LAC_RANGE_ANY, .unit = "", .help = (help_)                    \
    }
#define LAC_PARAM_TABLE(Type, field, fallback, range_, unit_, help_)                               \
    {                                                                                              \
        .name = #field, .type = LAC_PARAM_TYPE_TABLE, .offset = LAC_FIELD(Type, field, LacTable),  \
        .text = (fallback), .range = range_, .unit = (unit_), .help = (help_)                      \
    }
#define LAC_PARAM_MAP(Type, field, fallback, help_)                                                \
    {                                                                                              \
        .name = #field, .type = LAC_PARAM_TYPE_MAP, .offset = LAC_FIELD(Type, field, char **),     \
        .text = (fallback), .range = LAC_RANGE_ANY, .unit = "", .help = (help_)                    \
    }
/* clang-format off */
#define LAC_PARAM_END {.name = NULL, .type = LAC_PARAM_TYPE_END}
/* clang-format on */

G_END_DECLS

#endif
