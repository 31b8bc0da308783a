/* What a person says about the columns of a table: the `columns:` block. */
#ifndef LACUNA_COLUMN_RULES_PRIVATE_H
#define LACUNA_COLUMN_RULES_PRIVATE_H

#include "node-private.h"
#include <lacuna/data.h>
#include <lacuna/expression.h>

G_BEGIN_DECLS

/**
 * LacCellLimit: on which side of what the values under holes lie, cell by cell (a measurement below
 * its detection limit).
 * @column: whose value in the same row it is, or NULL; @number: for all rows, NaN when there is
 * none
 */
typedef struct {
    char *column;
    double number;
} LacCellLimit;

/**
 * LacColumnRule:
 * @kind: as LacCsvOptions.kinds has it ("ordinal", "low < mid < high", "skip"), or NULL: sniffed
 * @lower, @upper: bounds of what is imputed, and of what may have been observed; -inf, +inf
 * @log: the model sees the logarithm
 * @unit: for people; or NULL. @na: texts that mean missing in this column, NULL-terminated, or NULL
 * @levels: the only ones there may be, NULL-terminated, or NULL
 * @below, @above: of its holes
 * @derived: how it is computed from other columns, or NULL; @formula: the same as a text
 * @place: where it was written; a node without a value
 */
typedef struct {
    char *name, *kind, *unit, *formula;
    double lower, upper;
    gboolean log;
    char **na, **levels;
    LacCellLimit below, above;
    LacExpression *derived;
    LacNode place;
} LacColumnRule;

/** LacColumnRules: @text: all of them as the value of a `columns` key, in JSON */
typedef struct {
    size_t n;
    LacColumnRule *rules;
    char *text;
} LacColumnRules;

/**
 * lac_column_rules_load: from YAML file @path, a map with the one key `columns`: a map of column
 * names to maps of kind, levels, order, min, max, integer, log, unit, missing, below, above,
 * derived.
 * @error: LAC_ERROR_PARAM with the place
 *
 * Owned.
 */
LAC_PRIVATE_API LacColumnRules *lac_column_rules_load(const char *path, GError **error);
/** lac_column_rules_parse: from the value of a `columns` key. Columns that are computed from each
 * other in a circle are refused. Owned. */
LAC_PRIVATE_API LacColumnRules *lac_column_rules_parse(const LacNode *columns, GError **error);
LAC_PRIVATE_API void lac_column_rules_free(LacColumnRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacColumnRules, lac_column_rules_free)

/**
 * lac_column_rules_apply: @data as the rules have it: columns that are skipped or only hold limits
 * left out, codes for missing made holes, kinds changed, levels ordered, limits set. What a reader
 * has done already is not done again.
 * @elsewhere: NULL-terminated names that the rules may speak of although @data does not have them
 *   (columns the reader left out), or NULL
 * @source: (out) (optional): [columns of the result] which column of @data each is; owned
 * @error: LAC_ERROR_DATA with the place of the rule when a column does not exist, when a value is
 *   none of its kind, outside its bounds, or not positive where its logarithm is wanted, naming the
 *   row
 *
 * Owned.
 */
LAC_PRIVATE_API LacData *
lac_column_rules_apply(const LacColumnRules *rules, const LacData *data,
                       const char *const *elsewhere, size_t **source, GError **error);
/** lac_column_rules_from_text: from the text of others. Owned. */
LAC_PRIVATE_API LacColumnRules *lac_column_rules_from_text(const char *text, GError **error);
/** lac_column_rules_differ: the first column of which the two (NULL: none) do not say the same but
 * for its unit, lent by one of them; NULL when they agree. */
LAC_PRIVATE_API const char *
lac_column_rules_differ(const LacColumnRules *a, const LacColumnRules *b);
/** lac_column_rules_kinds, _missing: what a reader of texts needs to know, as LacCsvOptions.kinds
 * and .column_na: pairs, NULL-terminated. Owned; NULL @rules give an empty list. */
LAC_PRIVATE_API char **lac_column_rules_kinds(const LacColumnRules *rules);
LAC_PRIVATE_API char **lac_column_rules_missing(const LacColumnRules *rules);
/** lac_column_rules_find: of the column called @name, lent, or NULL; also for NULL @rules. */
LAC_PRIVATE_API const LacColumnRule *
lac_column_rules_find(const LacColumnRules *rules, const char *name);

/** lac_column_rules_write: a `columns:` block that says what @schema is, with what else @rules
 * (or NULL) say of its columns, to be edited. Owned. */
LAC_PRIVATE_API char *lac_column_rules_write(const LacSchema *schema, const LacColumnRules *rules);

G_END_DECLS

#endif
