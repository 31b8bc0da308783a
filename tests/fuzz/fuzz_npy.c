/* Any bytes as an npy file: a table or an error. */
#include <lacuna/npy.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    g_autoptr(GError) error = NULL, label_error = NULL;
    g_autoptr(LacFile) file = lac_file_open_memory(bytes, n, "fuzz");
    g_autoptr(LacData) data = lac_npy_read(file, &error);

    g_assert((data == NULL) == (error != NULL));
    if (data != NULL && lac_file_rewind(file, NULL))
        lac_npy_read_labels(file, data, &label_error);
    return 0;
}
