/* Completed tables below each other. */
#include "draws-private.h"

#include <lacuna/stats.h>
#include <math.h>

void
lac_draws_clear(LacDraws *draws)
{
    g_free(draws->draws);
    g_free(draws->rows);
    g_free(draws->start);
}

gboolean
lac_draws_split(const LacData *table, LacDraws *draws, GError **error)
{
    const gssize imp = lac_schema_find(table->schema, ".imp");
    g_autofree double *key = lac_try_alloc(table->rows + 1, sizeof(double), "draw numbers", error);

    if (key == NULL)
        return FALSE;
    if (imp < 0)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s has no column '.imp', expected completed tables below each other, as "
                        "`lacuna impute -m` writes them",
                        table->origin);
    draws->rows = lac_try_alloc(table->rows + 1, sizeof(size_t), "list of rows", error);
    if (draws->rows == NULL)
        return FALSE;
    for (size_t i = 0; i < table->rows; i++) {
        key[i] = lac_data_at(table, i, (size_t)imp);
        if (isnan(key[i]))
            return lac_fail(error, LAC_ERROR_DATA, "%s: data row %zu has no .imp", table->origin,
                            i + 1);
    }
    lac_stats_order(table->rows, key, draws->rows);
    draws->draws = g_new(double, table->rows + 1);
    draws->start = g_new(size_t, table->rows + 2);
    size_t kept = 0;

    for (size_t k = 0; k < table->rows; k++) {
        const size_t i = draws->rows[k];

        if (key[i] == 0.0) /* the table with its holes */
            continue;
        if (draws->m == 0 || key[i] != draws->draws[draws->m - 1]) {
            draws->start[draws->m] = kept;
            draws->draws[draws->m++] = key[i];
        }
        draws->rows[kept++] = i;
    }
    draws->start[draws->m] = kept;
    return draws->m >= 2 || lac_fail(error, LAC_ERROR_DATA,
                                     "%s has %s completion, expected at least two to tell how far "
                                     "they differ",
                                     table->origin, draws->m == 1 ? "one" : "no");
}

char **
lac_draws_columns(const LacData *table)
{
    GPtrArray *names = g_ptr_array_new();

    for (size_t j = 0; j < table->cols; j++) {
        const char *name = lac_data_name(table, j);

        if (!g_str_equal(name, ".imp") && !g_str_equal(name, ".id"))
            g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}
