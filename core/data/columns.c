#include <lacuna/data.h>

static LacSchema *
columns_schema(const LacSchema *from, size_t n, const size_t *index)
{
    LacSchema *schema = lac_schema_new(n);

    for (size_t k = 0; k < n; k++) {
        const LacColumn *column = &from->columns[index[k]];

        lac_schema_set_name(schema, k, column->name);
        schema->columns[k].kind = column->kind;
        if (column->n_levels > 0)
            lac_schema_set_levels(schema, k, column->kind, column->n_levels,
                                  (const char *const *)column->levels);
        schema->columns[k].lower = column->lower;
        schema->columns[k].upper = column->upper;
    }
    return schema;
}

LacData *
lac_data_select_cols(const LacData *data, size_t n, const size_t *index, GError **error)
{
    g_autofree double *values = lac_try_alloc(data->rows, n * sizeof(double), "columns", error);

    if (values == NULL)
        return NULL;
    for (size_t i = 0; i < data->rows; i++)
        for (size_t k = 0; k < n; k++)
            values[i * n + k] = lac_data_at(data, i, index[k]);
    return lac_data_new_take(columns_schema(data->schema, n, index), data->rows,
                             g_steal_pointer(&values), data->origin, error);
}
