/* How delimited text is read: the same options for every subcommand that reads some. */
#ifndef LACUNA_TEXT_OPTIONS_PRIVATE_H
#define LACUNA_TEXT_OPTIONS_PRIVATE_H

#include "cli-private.h"

G_BEGIN_DECLS

/* clang-format off */
/** LAC_TEXT_OPTIONS: @in: what stands before the fields na, delimiter and decimal inside @Type
 * ("table."), or nothing. */
#define LAC_TEXT_OPTIONS(Type, in)                                                                 \
    LAC_OPTION(Type, in na, "na", 0, STRINGS, "TEXT",                                              \
               "Text that means missing, instead of: empty, NA, NaN, ?, null; may be repeated"),   \
    LAC_OPTION(Type, in delimiter, "delimiter", 0, STRING, "CHAR",                                 \
               "Field delimiter instead of the sniffed one; 'tab' for a tab"),                     \
    LAC_OPTION(Type, in decimal, "decimal", 0, STRING, "CHAR",                                     \
               "Decimal mark instead of the sniffed one")
/* clang-format on */

/** lac_text_byte: the one character of --@option=@text into @out, which is left alone when @text is
 * NULL. */
gboolean lac_text_byte(const char *option, const char *text, char *out, GError **error);
/** lac_text_kinds: --kind grade=ordinal becomes the pair "grade", "ordinal". @words may be NULL. */
gboolean lac_text_kinds(char **words, GStrvBuilder *out, GError **error);

G_END_DECLS

#endif
