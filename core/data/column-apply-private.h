/* A table on which rules of columns are being applied, shared by the files that do so. */
#ifndef LACUNA_COLUMN_APPLY_PRIVATE_H
#define LACUNA_COLUMN_APPLY_PRIVATE_H

#include "column-rules-private.h"
#include "limits-private.h"

/**
 * LacColumnApply: a table under way.
 * @kept: [n_kept] columns of @data that stay
 * @values: [rows][n_kept]; @schema: of them
 */
typedef struct {
    const LacColumnRules *rules;
    const LacData *data;
    size_t n_kept, *kept;
    double *values;
    LacSchema *schema;
    LacLimits *limits;
} LacColumnApply;

/** lac_column_apply_cells: the rule's codes for missing, kind and levels, on column @k. */
gboolean
lac_column_apply_cells(LacColumnApply *self, const LacColumnRule *rule, size_t k, GError **error);

#endif
