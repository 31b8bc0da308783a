/* Column descriptions: built once, then shared by every table derived from the same source. */
#include "schema-private.h"
#include <lacuna/data.h>

#include <math.h>
#include <string.h>

static const char *const kind_names[] = {"continuous", "integer", "binary", "nominal", "ordinal"};

const char *
lac_kind_name(LacKind kind)
{
    g_assert((size_t)kind < G_N_ELEMENTS(kind_names));
    return kind_names[kind];
}

gboolean
lac_kind_parse(const char *name, LacKind *out)
{
    for (size_t k = 0; k < G_N_ELEMENTS(kind_names); k++) {
        if (strcmp(name, kind_names[k]) == 0) {
            *out = (LacKind)k;
            return TRUE;
        }
    }
    return FALSE;
}

LacSchema *
lac_schema_new(size_t cols)
{
    LacSchema *schema = g_new0(LacSchema, 1);

    schema->cols = cols;
    schema->columns = g_new0(LacColumn, cols);
    schema->ref_count = 1;
    for (size_t j = 0; j < cols; j++) {
        schema->columns[j].name = g_strdup_printf("x%zu", j + 1);
        schema->columns[j].lower = -INFINITY;
        schema->columns[j].upper = INFINITY;
    }
    return schema;
}

LacSchema *
lac_schema_dup(const LacSchema *schema)
{
    LacSchema *copy = g_new0(LacSchema, 1);

    copy->cols = schema->cols;
    copy->columns = g_new0(LacColumn, schema->cols);
    copy->ref_count = 1;
    for (size_t j = 0; j < schema->cols; j++) {
        copy->columns[j] = schema->columns[j];
        copy->columns[j].name = g_strdup(schema->columns[j].name);
        copy->columns[j].levels = g_strdupv(schema->columns[j].levels);
    }
    return copy;
}

LacSchema *
lac_schema_ref(LacSchema *schema)
{
    g_atomic_int_inc(&schema->ref_count);
    return schema;
}

void
lac_schema_unref(LacSchema *schema)
{
    if (schema == NULL || !g_atomic_int_dec_and_test(&schema->ref_count))
        return;
    for (size_t j = 0; j < schema->cols; j++) {
        g_free(schema->columns[j].name);
        g_strfreev(schema->columns[j].levels);
    }
    g_free(schema->columns);
    g_free(schema);
}

void
lac_schema_set_name(LacSchema *schema, size_t j, const char *name)
{
    g_assert(j < schema->cols && g_atomic_int_get(&schema->ref_count) == 1);
    g_free(schema->columns[j].name);
    schema->columns[j].name = g_strdup(name);
}

void
lac_schema_set_levels(LacSchema *schema, size_t j, LacKind kind, size_t n,
                      const char *const *levels)
{
    LacColumn *column = &schema->columns[j];
    char **copy = NULL;

    g_assert(j < schema->cols && g_atomic_int_get(&schema->ref_count) == 1);
    if (levels != NULL) {
        copy = g_new0(char *, n + 1);
        for (size_t l = 0; l < n; l++)
            copy[l] = g_strdup(levels[l]);
    }
    g_strfreev(column->levels);
    column->kind = kind;
    column->n_levels = n;
    column->levels = copy;
}

gssize
lac_schema_find(const LacSchema *schema, const char *name)
{
    return lac_schema_find_from(schema, 0, name);
}

gssize
lac_schema_find_from(const LacSchema *schema, size_t start, const char *name)
{
    for (size_t k = 0; k < schema->cols; k++) {
        const size_t j = start + k < schema->cols ? start + k : (start + k) % schema->cols;

        if (strcmp(schema->columns[j].name, name) == 0)
            return (gssize)j;
    }
    return -1;
}
