/* Any bytes as an idx file: a table or an error. */
#include "../../plugins/readers/idx/idx.c"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacFile) file = lac_file_open_memory(bytes, n, "fuzz");
    const IdxPlugin all = {.unit = TRUE};
    g_autoptr(LacData) data = idx_read_table(&all, file, &error);

    g_assert((data == NULL) == (error != NULL));
    return 0;
}
