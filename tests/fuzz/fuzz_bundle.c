/* Any bytes as a model file: a bundle or an error; its blocks can be read to their last number, and
 * its text "schema" is a schema or an error. */
#include "bundle-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    g_autoptr(GError) error = NULL, schema_error = NULL;
    g_autoptr(LacBundle) bundle = lac_bundle_parse(bytes, n, "fuzz", &error);
    g_autoptr(LacSchema) schema = NULL;
    volatile uint64_t sum = 0;
    const char *text;

    g_assert((bundle == NULL) == (error != NULL));
    for (guint b = 0; bundle != NULL && b < bundle->blocks->len; b++) {
        const BundleBlock *block = bundle->blocks->pdata[b];

        for (size_t k = 0; k < lac_bundle_block_size(block) * bundle_type_size(block->type); k++)
            sum += ((const uint8_t *)block->values)[k];
    }
    text = bundle != NULL ? lac_bundle_get_text(bundle, "schema", NULL) : NULL;
    schema = text != NULL ? lac_schema_from_json(text, &schema_error) : NULL;
    return 0;
}
