#include "text-options-private.h"

#include <string.h>

gboolean
lac_text_byte(const char *option, const char *text, char *out, GError **error)
{
    if (text == NULL)
        return TRUE;
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
        *out = '\t';
    else if (strlen(text) == 1)
        *out = text[0];
    else
        return lac_fail(error, LAC_ERROR_PARAM, "--%s=%s: expected one character%s", option, text,
                        strcmp(option, "delimiter") == 0 ? ", or 'tab'" : "");
    return TRUE;
}

gboolean
lac_text_kinds(char **words, GStrvBuilder *out, GError **error)
{
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        const char *split = strrchr(words[i], '='); /* the name may have one itself */
        g_autofree char *name = NULL;

        if (split == NULL)
            return lac_fail(error, LAC_ERROR_PARAM, "--kind=%s: expected COLUMN=KIND", words[i]);
        name = g_strndup(words[i], (gsize)(split - words[i]));
        g_strv_builder_add(out, name);
        g_strv_builder_add(out, split + 1);
    }
    return TRUE;
}
