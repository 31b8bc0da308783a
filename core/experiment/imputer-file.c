/* A fitted imputer on disk: waits for the model files of the data room. */
#include "imputer-struct.h"

gboolean
lac_imputer_save(const LacImputer *imputer, const char *path, GError **error)
{
    return lac_fail(error, LAC_ERROR_IO, "%s: models cannot be saved yet", path);
}

LacImputer *
lac_imputer_load(const char *path, LacContext *context, GError **error)
{
    return lac_fail_null(error, LAC_ERROR_IO, "%s: models cannot be loaded yet", path);
}
