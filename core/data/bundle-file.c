/* Bundles as safetensors files: eight bytes with the length of a JSON header, the header, then the
 * blocks without gaps. https://github.com/huggingface/safetensors describes the format. */
#include "atomic-private.h"
#include "bundle-private.h"
#include "json-private.h"
#include <lacuna/file.h>

#include <string.h>

enum {
    HEADER_MAX = 100000000, /* as the format's own library */
    WORD = 8,
    MOST_IN_MEMORY = 1 << 30,
};

/* ---- writing ---- */

static uint64_t
bundle_block_bytes(const BundleBlock *block)
{
    return lac_bundle_block_size(block) * bundle_type_size(block->type);
}

static void
bundle_describe_block(JsonBuilder *builder, const BundleBlock *block, uint64_t offset)
{
    json_begin_object(builder, block->name);
    json_add_text(builder, "dtype", bundle_type_name(block->type));
    json_begin_array(builder, "shape");
    for (unsigned k = 0; k < block->dims; k++)
        json_builder_add_int_value(builder, (gint64)block->shape[k]);
    json_builder_end_array(builder);
    json_begin_array(builder, "data_offsets");
    json_builder_add_int_value(builder, (gint64)offset);
    json_builder_add_int_value(builder, (gint64)(offset + bundle_block_bytes(block)));
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

/* Blocks as they follow one another: wide numbers first, so that every block begins at a multiple
 * of its numbers' size, which readers that map the file rely on. Lends its blocks. */
static GPtrArray *
bundle_order(const LacBundle *bundle)
{
    GPtrArray *order = g_ptr_array_new();

    for (size_t size = WORD; size > 0; size /= 2)
        for (guint k = 0; k < bundle->blocks->len; k++) {
            BundleBlock *block = bundle->blocks->pdata[k];

            if (bundle_type_size(block->type) == size)
                g_ptr_array_add(order, block);
        }
    return order;
}

static char *
bundle_header(const LacBundle *bundle, const GPtrArray *order)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    uint64_t offset = 0;

    json_builder_begin_object(builder);
    json_begin_object(builder, "__metadata__");
    for (guint k = 0; k < bundle->texts->len; k += 2)
        json_add_text(builder, bundle->texts->pdata[k], bundle->texts->pdata[k + 1]);
    json_builder_end_object(builder);
    for (guint k = 0; k < order->len; k++) {
        const BundleBlock *block = order->pdata[k];

        bundle_describe_block(builder, block, offset);
        offset += bundle_block_bytes(block);
    }
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    return json_write_tree(root);
}

/* Turns @n numbers of @size bytes from this machine's byte order to little-endian, or back. */
static void
bundle_swap(void *values, size_t n, size_t size)
{
    uint64_t *wide = values;
    uint32_t *narrow = values;

    if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
        return;
    for (size_t k = 0; k < n; k++) {
        if (size == sizeof *wide)
            wide[k] = GUINT64_SWAP_LE_BE(wide[k]);
        else
            narrow[k] = GUINT32_SWAP_LE_BE(narrow[k]);
    }
}

/** Sink: where bytes go; a file or memory. */
typedef struct {
    gboolean (*put)(void *to, const void *bytes, size_t n, GError **error);
    void *to;
} Sink;

/* @n numbers, little-endian whatever this machine is. */
static gboolean
bundle_write_numbers(Sink sink, const void *values, size_t n, size_t size, GError **error)
{
    uint64_t part[512];

    if (G_BYTE_ORDER == G_LITTLE_ENDIAN)
        return sink.put(sink.to, values, n * size, error);
    for (size_t done = 0; done < n; done += G_N_ELEMENTS(part)) {
        const size_t m = MIN(n - done, G_N_ELEMENTS(part));

        memcpy(part, (const uint8_t *)values + done * size, m * size);
        bundle_swap(part, m, size);
        if (!sink.put(sink.to, part, m * size, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
bundle_put_out(const LacBundle *bundle, Sink sink, GError **error)
{
    g_autoptr(GPtrArray) order = bundle_order(bundle);
    g_autofree char *json = bundle_header(bundle, order);
    const size_t n = strlen(json), padded = (n + WORD - 1) / WORD * WORD; /* blocks stay aligned */
    const uint64_t length = padded;

    if (!bundle_write_numbers(sink, &length, 1, WORD, error) ||
        !sink.put(sink.to, json, n, error) || !sink.put(sink.to, "        ", padded - n, error))
        return FALSE;
    for (guint k = 0; k < order->len; k++) {
        const BundleBlock *block = order->pdata[k];

        if (!bundle_write_numbers(sink, block->values, lac_bundle_block_size(block),
                                  bundle_type_size(block->type), error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
put_into_file(void *to, const void *bytes, size_t n, GError **error)
{
    return lac_atomic_write(to, bytes, n, error);
}

gboolean
lac_bundle_write(const LacBundle *bundle, const char *path, GError **error)
{
    g_autoptr(LacAtomic) file = lac_atomic_open(path, error);

    return file != NULL && bundle_put_out(bundle, (Sink){put_into_file, file}, error) &&
           lac_atomic_commit(file, error);
}

static gboolean
put_into_memory(void *to, const void *bytes, size_t n, GError **error)
{
    GByteArray *memory = to;

    if (n > MOST_IN_MEMORY - memory->len)
        return lac_fail(error, LAC_ERROR_DATA, "the model takes more than %u MiB",
                        MOST_IN_MEMORY >> 20);
    g_byte_array_append(memory, bytes, (guint)n);
    return TRUE;
}

GBytes *
lac_bundle_to_bytes(const LacBundle *bundle, GError **error)
{
    g_autoptr(GByteArray) memory = g_byte_array_new();

    if (!bundle_put_out(bundle, (Sink){put_into_memory, memory}, error))
        return NULL;
    return g_byte_array_free_to_bytes(g_steal_pointer(&memory));
}

/* ---- reading ---- */

typedef struct {
    LacBundle *bundle;
    const uint8_t *data; /* behind the header */
    uint64_t n_data;
    uint64_t covered; /* bytes of blocks seen so far */
} BundleParser;

/* Entry @k of array @array as a whole number from 0 on; FALSE when it is none. */
static gboolean
bundle_json_size(JsonArray *array, guint k, uint64_t *out)
{
    JsonNode *node = json_array_get_element(array, k);

    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64 ||
        json_node_get_int(node) < 0)
        return FALSE;
    *out = (uint64_t)json_node_get_int(node);
    return TRUE;
}

static JsonArray *
bundle_json_array(JsonObject *object, const char *member)
{
    JsonNode *node = json_object_get_member(object, member);

    return node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

/* Into @block, and how many numbers that are. */
static gboolean
bundle_parse_shape(JsonObject *entry, BundleBlock *block, uint64_t *size)
{
    JsonArray *shape = bundle_json_array(entry, "shape");
    const guint dims = shape != NULL ? json_array_get_length(shape) : LAC_DIMS + 1;

    *size = 1;
    for (guint k = 0; k < dims && dims <= LAC_DIMS; k++) {
        uint64_t length;

        if (!bundle_json_size(shape, k, &length) ||
            (length > 0 && *size > G_MAXSSIZE / WORD / length))
            return FALSE;
        block->shape[k] = length;
        *size *= length;
    }
    block->dims = dims;
    return dims <= LAC_DIMS;
}

static gboolean
bundle_parse_type(JsonObject *entry, BundleType *out)
{
    JsonNode *node = json_object_get_member(entry, "dtype");
    const char *name =
        node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;

    for (*out = 0; *out < BUNDLE_TYPES; (*out)++) {
        if (g_strcmp0(name, bundle_type_name(*out)) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
bundle_parse_block(BundleParser *parser, const char *name, JsonNode *node, GError **error)
{
    JsonObject *entry = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonArray *offsets = entry != NULL ? bundle_json_array(entry, "data_offsets") : NULL;
    BundleBlock block;
    uint64_t begin, end, n;
    size_t size;
    void *values;

    if (offsets == NULL || json_array_get_length(offsets) != 2 ||
        !bundle_json_size(offsets, 0, &begin) || !bundle_json_size(offsets, 1, &end) ||
        !bundle_parse_shape(entry, &block, &n) || !bundle_parse_type(entry, &block.type) ||
        name[0] == '\0')
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: block '%s': expected dtype F64, I64, U64 or F32, a shape of at most "
                        "four sizes and two data_offsets",
                        parser->bundle->origin, name);
    size = bundle_type_size(block.type);
    if (begin > end || end > parser->n_data || end - begin != n * size ||
        end - begin > parser->n_data - parser->covered) { /* blocks share no bytes */
        g_autofree char *shape = bundle_shape_text(block.dims, block.shape);

        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: block '%s': bytes %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                        " of %" G_GUINT64_FORMAT " cannot hold its shape %s of %zu byte numbers",
                        parser->bundle->origin, name, begin, end, parser->n_data, shape, size);
    }
    values = lac_try_alloc(n, size, name, error);
    if (values == NULL)
        return FALSE;
    memcpy(values, parser->data + begin, n * size);
    bundle_swap(values, n, size);
    bundle_put(parser->bundle, block.type, name, block.dims, block.shape, values);
    parser->covered += end - begin;
    return TRUE;
}

static gboolean
bundle_parse_texts(BundleParser *parser, JsonNode *node, GError **error)
{
    g_autoptr(GList) names = NULL;

    if (!JSON_NODE_HOLDS_OBJECT(node))
        return lac_fail(error, LAC_ERROR_DATA, "%s: __metadata__ is no map of texts",
                        parser->bundle->origin);
    names = json_object_get_members(json_node_get_object(node));
    for (GList *name = names; name != NULL; name = name->next) {
        JsonNode *text = json_object_get_member(json_node_get_object(node), name->data);

        if (!JSON_NODE_HOLDS_VALUE(text) || json_node_get_string(text) == NULL)
            return lac_fail(error, LAC_ERROR_DATA, "%s: __metadata__: '%s' is no text",
                            parser->bundle->origin, (const char *)name->data);
        lac_bundle_put_text(parser->bundle, name->data, json_node_get_string(text));
    }
    return TRUE;
}

static gboolean
bundle_parse_header(BundleParser *parser, JsonNode *root, GError **error)
{
    g_autoptr(GList) names = NULL;

    if (!JSON_NODE_HOLDS_OBJECT(root))
        return lac_fail(error, LAC_ERROR_DATA, "%s: the header is no map", parser->bundle->origin);
    names = json_object_get_members(json_node_get_object(root));
    for (GList *name = names; name != NULL; name = name->next) {
        JsonNode *node = json_object_get_member(json_node_get_object(root), name->data);

        if (g_str_equal(name->data, "__metadata__")
                ? !bundle_parse_texts(parser, node, error)
                : !bundle_parse_block(parser, name->data, node, error))
            return FALSE;
    }
    if (parser->covered != parser->n_data)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: the blocks hold %" G_GUINT64_FORMAT " bytes, but %" G_GUINT64_FORMAT
                        " follow the header",
                        parser->bundle->origin, parser->covered, parser->n_data);
    return TRUE;
}

LacBundle *
lac_bundle_parse(const uint8_t *bytes, gsize n, const char *name, GError **error)
{
    g_autoptr(LacBundle) bundle = lac_bundle_new();
    g_autoptr(JsonParser) json = NULL;
    BundleParser parser = {.bundle = bundle};
    uint64_t length = 0;

    g_free(bundle->origin);
    bundle->origin = g_strdup(name);
    if (n >= WORD)
        memcpy(&length, bytes, WORD);
    length = GUINT64_FROM_LE(length);
    if (n < WORD + 2 || length > HEADER_MAX || length > n - WORD || bytes[WORD] != '{')
        return lac_fail_null(error, LAC_ERROR_DATA,
                             "%s: no model file: its %zu bytes do not start with a safetensors "
                             "header, or are cut off inside it",
                             name, n);
    json = json_parse_tree((const char *)bytes + WORD, length, name, error);
    parser.data = bytes + WORD + length;
    parser.n_data = n - WORD - length;
    if (json == NULL || !bundle_parse_header(&parser, json_parser_get_root(json), error))
        return NULL;
    return g_steal_pointer(&bundle);
}

LacBundle *
lac_bundle_read(const char *path, GError **error)
{
    g_autoptr(LacFile) file = lac_file_open(path, error);
    g_autoptr(GBytes) bytes = file != NULL ? lac_file_read_rest(file, error) : NULL;
    gconstpointer data;
    gsize n;

    if (bytes == NULL)
        return NULL;
    data = g_bytes_get_data(bytes, &n);
    return lac_bundle_parse(data, n, path, error);
}
