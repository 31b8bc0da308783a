/* Any bytes as an npz archive: a table or an error. */
#include "../../plugins/readers/npz/npz.c"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    g_autoptr(GError) error = NULL;
    const NpzArchive zip = {.path = "fuzz", .bytes = bytes, .size = n};
    g_autoptr(LacData) data = npz_read_array(&zip, NULL, NULL, NULL, &error);

    g_assert((data == NULL) == (error != NULL));
    return 0;
}
