/* The pieces of `lacuna impute`: what was asked, what was read, what goes out. */
#ifndef LACUNA_IMPUTE_PRIVATE_H
#define LACUNA_IMPUTE_PRIVATE_H

#include "column-rules-private.h"
#include "filled-private.h"
#include "imputer-private.h"
#include "text-options-private.h"

G_BEGIN_DECLS

/** LacImputeOptions: the command line; see cmd-impute.c for what each means. */
typedef struct {
    char *output, *model, *initial, *optimizer, *scale, *save, *load, *flags, *report;
    char *delimiter, *decimal, *header, *seed, *max_memory;
    char **set, **na, **kinds, **ignore, *columns, *budget;
    int64_t draws;
    gboolean force, original, check_numerics;
} LacImputeOptions;

/* clang-format off */
/** LAC_TABLE_OPTIONS: how a table is read, the same for every subcommand that reads one. @in: what
 * stands before the fields of a LacImputeOptions inside @Type ("table."), or nothing. */
#define LAC_TABLE_OPTIONS(Type, in)                                                                \
    LAC_OPTION(Type, in columns, "columns", 0, PATH, "FILE",                                       \
               "Rules of columns (YAML): kind, levels, order, min, max, integer, log, unit, "      \
               "missing, below, above, derived; 'lacuna inspect --format yaml' writes a first one"), \
    LAC_OPTION(Type, in kinds, "kind", 0, STRINGS, "COLUMN=KIND",                                  \
               "continuous, integer, binary, nominal, ordinal or an order of levels 'low < mid < " \
               "high' instead of what was sniffed; may be repeated"),                              \
    LAC_TEXT_OPTIONS(Type, in),                                                                    \
    LAC_OPTION(Type, in header, "header", 0, STRING, "WHETHER",                                    \
               "Whether the first line names the columns: yes, no or auto (default)")
/* clang-format on */

/** lac_impute_is_auto: whether --model asks for a choice. */
gboolean lac_impute_is_auto(const LacImputeOptions *options);
/** lac_impute_check_options: FALSE for options that do not go together, and for files that cannot
 * be written. @argc: how many tables were named. */
gboolean lac_impute_check_options(const LacImputeOptions *options, int argc, GError **error);

/**
 * LacImputeTable: the person's file.
 * @source: its bytes after gunzip, or the text that a reader made of it; @format: how they were
 *   read; @notes: what the reader has to tell, NULL for a file that is delimited text
 * @data: its variables; columns passed through are in the source only
 * @rules: of --columns, or NULL
 * @adapted: for a loaded model: @data in the columns of the model; NULL otherwise
 * @model_column: [data->cols] of @adapted, -1 where the model does not know the column
 */
typedef struct {
    GBytes *source;
    LacCsvFormat format;
    char **notes;
    LacColumnRules *rules;
    LacData *data, *adapted;
    gssize *model_column;
} LacImputeTable;

/** lac_impute_table_read: @schema: of a loaded model, whose columns are read as what they are
 * there; NULL: kinds are sniffed. @table->rules may be set before, instead of --columns. */
gboolean
lac_impute_table_read(LacImputeTable *table, const char *path, const LacImputeOptions *options,
                      const LacSchema *schema, GError **error);
/** lac_impute_check_names: FALSE when the table has a name that the long table of -m adds. */
gboolean lac_impute_check_names(const LacImputeOptions *options, const LacImputeTable *table,
                                GError **error);
/** lac_impute_can_draw: FALSE when -m asks for what the model cannot give. */
gboolean
lac_impute_can_draw(const LacImputeOptions *options, const LacImputer *imputer, GError **error);
/** lac_impute_read_text: @out: (out): the text of a file that some reader takes, NULL (and TRUE)
 * for delimited text. lac_impute_can_write: FALSE for names of other than delimited text. */
gboolean lac_impute_read_text(const char *path, LacReaderText **out, GError **error);
gboolean lac_impute_can_write(const char *path, GError **error);
void lac_impute_table_clear(LacImputeTable *table);
/** lac_impute_reading: "60 rows, 4 columns (@kinds, unless NULL); 12 of 240 cells missing ...;
 * delimiter ','". Owned. lac_impute_say_set_aside: what the reader has to tell, and which columns
 * were taken for identifiers, if any. */
char *lac_impute_reading(const LacImputeTable *table, const char *kinds);
void lac_impute_say_set_aside(const LacImputeTable *table);

/** lac_impute_check_table: FALSE when a column has no value, or is a text rather than a category.
 */
gboolean lac_impute_check_table(const LacImputeOptions *options, const LacImputeTable *table,
                                GError **error);
/** lac_impute_say_table: what was read, in one paragraph: the person should see what was sniffed.
 */
void lac_impute_say_table(const LacImputeOptions *options, const LacImputeTable *table);
/** lac_impute_say_traces: with -v the last value of every series the model traced of the whole
 * table (bound, effective samples and the like). */
void lac_impute_say_traces(const LacContext *context);
/** lac_impute_seed: of --seed, or 1. */
gboolean lac_impute_seed(const LacImputeOptions *options, uint64_t *out, GError **error);

/**
 * lac_model_text_parse: a model of the command line: "knn", or "knn: {k: 10}".
 * @option: whose @text it is, for messages
 * @name_out: (out): owned; untouched on failure
 * @error: LAC_ERROR_PARAM with what was expected
 *
 * Returns: its parameters, a MAP, maybe an empty one; owned.
 */
LacNode *
lac_model_text_parse(const char *option, const char *text, char **name_out, GError **error);
/** lac_impute_scales: what --scale may say. */
extern const char *const lac_impute_scales[];
/** lac_impute_imputer_new: as the options say, not fitted yet, or as loaded. Owned. */
LacImputer *
lac_impute_imputer_new(const LacImputeOptions *options, LacContext *context, GError **error);
/** lac_impute_adapt: fits @table to a loaded @imputer: same kinds and levels, whatever was seen in
 * this file. A missing column and an unseen level are errors. */
gboolean lac_impute_adapt(const LacImputer *imputer, LacImputeTable *table, GError **error);
enum { LAC_IMPUTE_KINDS = LAC_KIND_ORDINAL + 1, LAC_IMPUTE_MODELS = LAC_IMPUTE_KINDS };

/** LacImputeChoice: what --model auto found. @name: [n] different models, owned, the first for all
 * that nothing is said of; @of_kind: [kinds] which of them fills columns of that kind. */
typedef struct {
    size_t n, of_kind[LAC_IMPUTE_KINDS];
    char *name[LAC_IMPUTE_MODELS];
} LacImputeChoice;
void lac_impute_choice_clear(LacImputeChoice *choice);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LacImputeChoice, lac_impute_choice_clear)

/** LacImputeModels: what fills the table. @imputer: [n] the first is the one there is, or what
 * --model auto found best for the first kinds of columns; @of_kind as in LacImputeChoice. Each has
 * a context. */
typedef struct {
    size_t n, of_kind[LAC_IMPUTE_KINDS];
    LacContext *context[LAC_IMPUTE_MODELS];
    LacImputer *imputer[LAC_IMPUTE_MODELS];
} LacImputeModels;

/** lac_impute_models_init: the first as lac_impute_imputer_new(), and the others of @choice (NULL:
 * there are none) by name, with their defaults. Random streams come from @rng. */
gboolean lac_impute_models_init(LacImputeModels *models, const LacImputeOptions *options,
                                const LacImputeChoice *choice, LacRng rng, GError **error);
/** lac_impute_main: the first imputer, lent. */
static inline LacImputer *
lac_impute_main(const LacImputeModels *models)
{
    return models->imputer[0];
}
/** lac_impute_models_choice: which they are, to have them again. Owned. */
void lac_impute_models_choice(const LacImputeModels *models, LacImputeChoice *out);
/** lac_impute_models_rules: the rules of columns that @table came with; before fit. */
void lac_impute_models_rules(LacImputeModels *models, const LacImputeTable *table);
void lac_impute_models_clear(LacImputeModels *models);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LacImputeModels, lac_impute_models_clear)
/** lac_impute_models_fit: on @in. */
gboolean lac_impute_models_fit(LacImputeModels *models, const LacData *in, GError **error);
/** lac_impute_keep_last_good: after a fit that failed because training blew up: the model of its
 * last good epoch goes to the file of --save with ".last-good" behind its name, and @error says so.
 * Returns: FALSE. */
gboolean
lac_impute_keep_last_good(const LacImputeOptions *o, const LacImputer *imputer, GError **error);
gboolean lac_impute_models_draw(const LacImputeModels *models);
/** lac_impute_models_name: "em", or "em, knn and missforest". Owned. lac_impute_models_of: the one
 * that fills columns like @column. */
char *lac_impute_models_name(const LacImputeModels *models);
const LacImputer *lac_impute_models_of(const LacImputeModels *models, const LacColumn *column);
/** lac_impute_models_fill: @out: one completion of @in: draw @draw, or the point completion when
 * @drawn is FALSE. */
gboolean lac_impute_models_fill(const LacImputeModels *models, const LacData *in, gboolean drawn,
                                size_t draw, LacMatrix *out, GError **error);
/** lac_impute_complete: the same of @table->data, also of new rows for a loaded model. Owned. */
LacMatrix *lac_impute_complete(const LacImputeModels *models, const LacImputeTable *table,
                               gboolean drawn, size_t draw, GError **error);

/** LacImputeOutput: a file that appears whole or not at all, or standard output. */
typedef struct LacImputeOutput LacImputeOutput;
/** lac_impute_output_check: FALSE when @path is a folder, or a file and not @force. */
gboolean lac_impute_output_check(const char *path, gboolean force, GError **error);
/** lac_impute_output_open: @path "-" is standard output; what ends in .gz is compressed; pipes and
 * devices are written to as they are; an existing file is refused unless @force. */
LacImputeOutput *lac_impute_output_open(const char *path, gboolean force, GError **error);
/** lac_impute_output_write: a LacWriteFunc. */
gboolean lac_impute_output_write(const char *bytes, gsize n, void *output, GError **error);
/** lac_impute_output_close: flushes, syncs, renames into place. Frees @output in any case. */
gboolean lac_impute_output_close(LacImputeOutput *output, GError **error);
/** lac_impute_output_abandon: removes what was written so far. NULL is fine. */
void lac_impute_output_abandon(LacImputeOutput *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacImputeOutput, lac_impute_output_abandon)

/** lac_impute_write_filled: the source with its holes filled from @completed [rows x data->cols].
 */
gboolean lac_impute_write_filled(const LacImputeTable *table, const LacMatrix *completed,
                                 LacImputeOutput *out, GError **error);
/** lac_impute_write_draw: the same as records @draw of a long table, with .imp and .id behind;
 * @header: whether the header line is written first. */
gboolean lac_impute_write_draw(const LacImputeTable *table, const LacMatrix *completed, size_t draw,
                               gboolean header, LacImputeOutput *out, GError **error);
/** lac_impute_write_flags: one line an imputed cell: .id, column, model, and value unless
 * @completed is NULL (of several completions there is no one value). */
gboolean
lac_impute_write_flags(const LacImputeTable *table, const LacMatrix *completed,
                       const LacImputeModels *models, LacImputeOutput *out, GError **error);

/** lac_impute_auto: which models suit @table best, by `lacuna rank`: @out: one for each kind of its
 * columns with holes; @why: owned sentences. FALSE with an error when none could. */
gboolean lac_impute_auto(const LacImputeOptions *options, const LacImputeTable *table,
                         uint64_t seed, LacImputeChoice *out, char ***why, GError **error);

/** LacImputeReport: what the page is about; all lent. @cells: the holes in each completion. */
typedef struct {
    const LacImputeTable *table;
    const LacImputeModels *models;
    const LacFilledCells *cells;
    LacRng rng;
} LacImputeReport;

/** lac_impute_write_report: hides some observed cells and fills them with the model of @options,
 * fitted anew, then writes the page. That this cannot be done is told on the page. */
gboolean lac_impute_write_report(const LacImputeOptions *options, const LacImputeReport *of,
                                 LacImputeOutput *out, GError **error);

G_END_DECLS

#endif
