#include "node-private.h"

#include <lacuna/columns.h>

const char *
lac_columns_near(const LacData *data, const char *name)
{
    g_autofree const char **names = g_new0(const char *, data->cols + 1);

    for (size_t j = 0; j < data->cols; j++)
        names[j] = lac_data_name(data, j);
    return lac_suggest(name, names);
}

gssize
lac_columns_find(const LacData *data, const char *name, const char *who, GError **error)
{
    const gssize j = lac_schema_find(data->schema, name);
    const char *near = j < 0 ? lac_columns_near(data, name) : NULL;

    if (j < 0)
        lac_fail(error, LAC_ERROR_PARAM, "%s names column '%s', which %s does not have; %s%s%s",
                 who, name, data->origin, near != NULL ? "did you mean '" : "see its header",
                 near != NULL ? near : "", near != NULL ? "'?" : "");
    return j;
}
