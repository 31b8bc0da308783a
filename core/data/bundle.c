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

void
bundle_put(LacBundle *bundle, BundleType type, const char *name, size_t rows, size_t cols,
           void *values)
{
    BundleBlock *block = g_new(BundleBlock, 1);

    g_assert(name[0] != '\0' && strcmp(name, "__metadata__") != 0);
    g_assert(bundle_find(bundle, name) == NULL);
    *block = (BundleBlock){g_strdup(name), type, rows, cols, values};
    g_ptr_array_add(bundle->blocks, block);
}

void
lac_bundle_put_doubles(LacBundle *bundle, const char *name, size_t rows, size_t cols,
                       const double *v)
{
    bundle_put(bundle, BUNDLE_F64, name, rows, cols, g_memdup2(v, rows * cols * sizeof *v));
}

void
lac_bundle_put_i64(LacBundle *bundle, const char *name, size_t rows, size_t cols, const int64_t *v)
{
    bundle_put(bundle, BUNDLE_I64, name, rows, cols, g_memdup2(v, rows * cols * sizeof *v));
}

void
lac_bundle_put_u64(LacBundle *bundle, const char *name, size_t rows, size_t cols, const uint64_t *v)
{
    bundle_put(bundle, BUNDLE_U64, name, rows, cols, g_memdup2(v, rows * cols * sizeof *v));
}

void
lac_bundle_put_floats(LacBundle *bundle, const char *name, size_t rows, size_t cols, const float *v)
{
    bundle_put(bundle, BUNDLE_F32, name, rows, cols, g_memdup2(v, rows * cols * sizeof *v));
}

void
lac_bundle_put_text(LacBundle *bundle, const char *name, const char *text)
{
    g_assert(lac_bundle_get_text(bundle, name, NULL) == NULL);
    g_ptr_array_add(bundle->texts, g_strdup(name));
    g_ptr_array_add(bundle->texts, g_strdup(text));
}

/* "16", or "any" for G_MAXSIZE. */
static char *
bundle_size_text(size_t n)
{
    return n == G_MAXSIZE ? g_strdup("any") : g_strdup_printf("%zu", n);
}

static gconstpointer
bundle_get(const LacBundle *bundle, BundleType type, const char *name, size_t rows, size_t cols,
           size_t *rows_out, size_t *cols_out, GError **error)
{
    static const uint64_t empty = 0; /* NULL is kept for failure */
    const BundleBlock *block = bundle_find(bundle, name);
    g_autofree char *want_rows = bundle_size_text(rows), *want_cols = bundle_size_text(cols);

    if (block == NULL)
        return lac_fail_null(error, LAC_ERROR_DATA,
                             "%s: there is no block '%s', expected %s numbers of shape [%s, %s]",
                             bundle->origin, name, type_names[type], want_rows, want_cols);
    if (block->type != type || (rows != G_MAXSIZE && rows != block->rows) ||
        (cols != G_MAXSIZE && cols != block->cols))
        return lac_fail_null(error, LAC_ERROR_DATA,
                             "%s: block '%s' holds %s numbers of shape [%zu, %zu], expected %s of "
                             "shape [%s, %s]",
                             bundle->origin, name, type_names[block->type], block->rows,
                             block->cols, type_names[type], want_rows, want_cols);
    if (rows_out != NULL)
        *rows_out = block->rows;
    if (cols_out != NULL)
        *cols_out = block->cols;
    return block->values != NULL ? block->values : &empty;
}

const double *
lac_bundle_get_doubles(const LacBundle *bundle, const char *name, size_t rows, size_t cols,
                       size_t *rows_out, size_t *cols_out, GError **error)
{
    return bundle_get(bundle, BUNDLE_F64, name, rows, cols, rows_out, cols_out, error);
}

const int64_t *
lac_bundle_get_i64(const LacBundle *bundle, const char *name, size_t rows, size_t cols,
                   size_t *rows_out, size_t *cols_out, GError **error)
{
    return bundle_get(bundle, BUNDLE_I64, name, rows, cols, rows_out, cols_out, error);
}

const uint64_t *
lac_bundle_get_u64(const LacBundle *bundle, const char *name, size_t rows, size_t cols,
                   size_t *rows_out, size_t *cols_out, GError **error)
{
    return bundle_get(bundle, BUNDLE_U64, name, rows, cols, rows_out, cols_out, error);
}

const float *
lac_bundle_get_floats(const LacBundle *bundle, const char *name, size_t rows, size_t cols,
                      size_t *rows_out, size_t *cols_out, GError **error)
{
    return bundle_get(bundle, BUNDLE_F32, name, rows, cols, rows_out, cols_out, error);
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
