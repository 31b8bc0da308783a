/* What a person says about the columns of a table: the `columns:` block. */
#ifndef LACUNA_COLUMN_RULES_PRIVATE_H
#define LACUNA_COLUMN_RULES_PRIVATE_H

#include "node-private.h"
#include <lacuna/data.h>

G_BEGIN_DECLS

/**
 * LacColumnRule:
 * @kind: as LacCsvOptions.kinds has it ("ordinal", "low < mid < high", "skip"), or NULL: sniffed
 * @lower, @upper: bounds of what is imputed, and of what may have been observed; -inf, +inf
 * @log: the model sees the logarithm
 * @unit: for people; or NULL. @na: texts that mean missing in this column, NULL-terminated, or NULL
 */
typedef struct {
    char *name, *kind, *unit;
    double lower, upper;
    gboolean log;
    char **na;
} LacColumnRule;

typedef struct {
    size_t n;
    LacColumnRule *rules;
} LacColumnRules;

/**
 * lac_column_rules_load: from YAML file @path, a map with the one key `columns`: a map of column
 * names to maps of kind, levels, order, min, max, integer, log, unit, missing.
 * @error: LAC_ERROR_PARAM with the place
 *
 * Owned.
 */
LAC_PRIVATE_API LacColumnRules *lac_column_rules_load(const char *path, GError **error);
/** lac_column_rules_parse: from the value of a `columns` key. Owned. */
LAC_PRIVATE_API LacColumnRules *lac_column_rules_parse(const LacNode *columns, GError **error);
LAC_PRIVATE_API void lac_column_rules_free(LacColumnRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacColumnRules, lac_column_rules_free)

/** lac_column_rules_bound: @data with the bounds of @rules in its columns. @error: LAC_ERROR_DATA
 * when a column does not exist, holds no numbers, or an observed value is outside (or not positive
 * where its logarithm is wanted), naming the row. Columns that were skipped are none of @data and
 * are let be. Owned. */
LAC_PRIVATE_API LacData *
lac_column_rules_bound(const LacColumnRules *rules, const LacData *data, GError **error);
/** lac_column_rules_find: of the column called @name, lent, or NULL; also for NULL @rules. */
LAC_PRIVATE_API const LacColumnRule *
lac_column_rules_find(const LacColumnRules *rules, const char *name);

/** lac_column_rules_write: a `columns:` block that says what @schema is, to be edited. Owned. */
LAC_PRIVATE_API char *lac_column_rules_write(const LacSchema *schema);

G_END_DECLS

#endif
