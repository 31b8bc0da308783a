/* A fitted model as named blocks of numbers and short texts, in memory. */
#include "bundle-private.h"

#include <string.h>

static const char *const type_names[BUNDLE_TYPES] = {"F64", "I64", "U64", "F32"};

const char *
bundle_type_name(BundleType type)
{
    return type_names[type];
}

size_t
bundle_type_size(BundleType type)
{
    return type == BUNDLE_F32 ? sizeof(float) : sizeof(double);
}

static void
bundle_block_free(gpointer data)
{
    BundleBlock *block = data;

    g_free(block->name);
    g_free(block->values);
    g_free(block);
}

LacBundle *
lac_bundle_new(void)
{
    LacBundle *bundle = g_new0(LacBundle, 1);

    bundle->origin = g_strdup("model");
    bundle->blocks = g_ptr_array_new_with_free_func(bundle_block_free);
    bundle->texts = g_ptr_array_new_with_free_func(g_free);
    return bundle;
}

void
lac_bundle_free(LacBundle *bundle)
{
    if (bundle == NULL)
        return;
    g_free(bundle->origin);
    g_ptr_array_unref(bundle->blocks);
    g_ptr_array_unref(bundle->texts);
    g_free(bundle);
}

BundleBlock *
bundle_find(const LacBundle *bundle, const char *name)
{
    for (guint k = 0; k < bundle->blocks->len; k++) {
        BundleBlock *block = bundle->blocks->pdata[k];

        if (strcmp(block->name, name) == 0)
            return block;
    }
    return NULL;
}

static size_t
bundle_shape_size(unsigned dims, const size_t *shape)
{
    size_t size = 1;

    for (unsigned k = 0; k < dims; k++)
        size *= shape[k];
    return size;
}

size_t
lac_bundle_block_size(const BundleBlock *block)
{
    return bundle_shape_size(block->dims, block->shape);
}

void
bundle_put(LacBundle *bundle, BundleType type, const char *name, unsigned dims, const size_t *shape,
           void *values)
{
    BundleBlock *block = g_new0(BundleBlock, 1);

    g_assert(name[0] != '\0' && strcmp(name, "__metadata__") != 0);
    g_assert(bundle_find(bundle, name) == NULL && dims <= LAC_DIMS);
    *block = (BundleBlock){g_strdup(name), .type = type, .dims = dims, .values = values};
    for (unsigned k = 0; k < dims; k++)
        block->shape[k] = shape[k];
    g_ptr_array_add(bundle->blocks, block);
}

static void
bundle_put_copy(LacBundle *bundle, BundleType type, const char *name, unsigned dims,
                const size_t *shape, const void *v)
{
    const size_t bytes = bundle_shape_size(dims, shape) * bundle_type_size(type);

    bundle_put(bundle, type, name, dims, shape, g_memdup2(v, bytes));
}

void
lac_bundle_put_doubles(LacBundle *bundle, const char *name, size_t rows, size_t cols,
                       const double *v)
{
    bundle_put_copy(bundle, BUNDLE_F64, name, LAC_SHAPE(rows, cols), v);
}

void
lac_bundle_put_i64(LacBundle *bundle, const char *name, size_t rows, size_t cols, const int64_t *v)
{
    bundle_put_copy(bundle, BUNDLE_I64, name, LAC_SHAPE(rows, cols), v);
}

void
lac_bundle_put_u64(LacBundle *bundle, const char *name, size_t rows, size_t cols, const uint64_t *v)
{
    bundle_put_copy(bundle, BUNDLE_U64, name, LAC_SHAPE(rows, cols), v);
}

void
lac_bundle_put_floats(LacBundle *bundle, const char *name, unsigned dims, const size_t *shape,
                      const float *v)
{
    bundle_put_copy(bundle, BUNDLE_F32, name, dims, shape, v);
}

void
lac_bundle_put_text(LacBundle *bundle, const char *name, const char *text)
{
    g_assert(lac_bundle_get_text(bundle, name, NULL) == NULL);
    g_ptr_array_add(bundle->texts, g_strdup(name));
    g_ptr_array_add(bundle->texts, g_strdup(text));
}

char *
bundle_shape_text(unsigned dims, const size_t *shape)
{
    GString *text = g_string_new("[");

    for (unsigned k = 0; k < dims; k++) {
        g_string_append(text, k > 0 ? ", " : "");
        if (shape[k] == G_MAXSIZE)
            g_string_append(text, "any");
        else
            g_string_append_printf(text, "%zu", shape[k]);
    }
    g_string_append_c(text, ']');
    return g_string_free(text, FALSE);
}

/* The length of dimension @k, counted from the last; in front of a shape stand lengths of 1. */
static size_t
bundle_length(unsigned dims, const size_t *shape, unsigned k)
{
    return k < dims ? shape[dims - 1 - k] : 1;
}

static gboolean
bundle_fits(const BundleBlock *block, unsigned dims, const size_t *shape)
{
    for (unsigned k = 0; k < MAX(dims, block->dims); k++) {
        const size_t want = bundle_length(dims, shape, k);

        if (want != G_MAXSIZE && want != bundle_length(block->dims, block->shape, k))
            return FALSE;
    }
    return TRUE;
}

static const BundleBlock *
bundle_get(const LacBundle *bundle, BundleType type, const char *name, unsigned dims,
           const size_t *shape, GError **error)
{
    const BundleBlock *block = bundle_find(bundle, name);
    g_autofree char *want = NULL, *have = NULL;

    if (block != NULL && block->type == type && bundle_fits(block, dims, shape))
        return block;
    want = bundle_shape_text(dims, shape);
    if (block == NULL)
        return lac_fail_null(error, LAC_ERROR_DATA,
                             "%s: there is no block '%s', expected %s numbers of shape %s",
                             bundle->origin, name, type_names[type], want);
    have = bundle_shape_text(block->dims, block->shape);
    return lac_fail_null(error, LAC_ERROR_DATA,
                         "%s: block '%s' holds %s numbers of shape %s, expected %s of shape %s",
                         bundle->origin, name, type_names[block->type], have, type_names[type],
                         want);
}

/* NULL is kept for failure. */
static gconstpointer
bundle_values(const BundleBlock *block)
{
    static const uint64_t empty = 0;

    return block->values != NULL ? block->values : &empty;
}

static gconstpointer
bundle_get_matrix(const LacBundle *bundle, BundleType type, const char *name, size_t rows,
                  size_t cols, size_t *rows_out, size_t *cols_out, GError **error)
{
    const BundleBlock *block = bundle_get(bundle, type, name, LAC_SHAPE(rows, cols), error);

    if (block == NULL)
        return NULL;
    if (rows_out != NULL)
        *rows_out = bundle_length(block->dims, block->shape, 1);
    if (cols_out != NULL)
        *cols_out = bundle_length(block->dims, block->shape, 0);
    return bundle_values(block);
}

const double *
lac_bundle_get_doubles(const LacBundle *bundle, const char *name, size_t rows, size_t cols,
                       size_t *rows_out, size_t *cols_out, GError **error)
{
    return bundle_get_matrix(bundle, BUNDLE_F64, name, rows, cols, rows_out, cols_out, error);
}

const int64_t *
lac_bundle_get_i64(const LacBundle *bundle, const char *name, size_t rows, size_t cols,
                   size_t *rows_out, size_t *cols_out, GError **error)
{
    return bundle_get_matrix(bundle, BUNDLE_I64, name, rows, cols, rows_out, cols_out, error);
}

const uint64_t *
lac_bundle_get_u64(const LacBundle *bundle, const char *name, size_t rows, size_t cols,
                   size_t *rows_out, size_t *cols_out, GError **error)
{
    return bundle_get_matrix(bundle, BUNDLE_U64, name, rows, cols, rows_out, cols_out, error);
}

const float *
lac_bundle_get_floats(const LacBundle *bundle, const char *name, unsigned dims, const size_t *shape,
                      GError **error)
{
    const BundleBlock *block = bundle_get(bundle, BUNDLE_F32, name, dims, shape, error);

    return block != NULL ? bundle_values(block) : NULL;
}

const char *
lac_bundle_get_text(const LacBundle *bundle, const char *name, GError **error)
{
    for (guint k = 0; k < bundle->texts->len; k += 2) {
        if (strcmp(bundle->texts->pdata[k], name) == 0)
            return bundle->texts->pdata[k + 1];
    }
    return lac_fail_null(error, LAC_ERROR_DATA, "%s: there is no text '%s'", bundle->origin, name);
}
