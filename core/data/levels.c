/* Columns of more levels than a method can spend a column on each. */
#include <lacuna/levels.h>

gboolean
lac_levels_check(const LacSchema *table, const char *who, GError **error)
{
    for (size_t j = 0; j < table->cols; j++) {
        const LacColumn *column = &table->columns[j];

        if (column->kind == LAC_KIND_NOMINAL && column->n_levels > LAC_LEVELS_MOST)
            return lac_fail(
                error, LAC_ERROR_DATA,
                "%s: column '%s' has %zu different levels, expected at most %d, because "
                "each becomes a column of its own here; leave the column out, join rare "
                "levels, or take a model that keeps levels as they are (trees, chained "
                "equations)",
                who, column->name, column->n_levels, LAC_LEVELS_MOST);
    }
    return TRUE;
}
