/* Decimal text to the nearest double, fast. */
#ifndef LACUNA_NUMBER_PRIVATE_H
#define LACUNA_NUMBER_PRIVATE_H

#include "base-private.h"

G_BEGIN_DECLS

/** LAC_NUMBER_PADDING: bytes that must be readable behind a text given to lac_number_scan(). */
#define LAC_NUMBER_PADDING 8u

/**
 * lac_number_scan:
 * @text: ends with a byte that belongs to no number, and LAC_NUMBER_PADDING readable bytes
 * @decimal: the decimal mark
 * @out: the double nearest to the number (ties to even); infinite when it is too large
 * @plain: TRUE when it is written as a whole number, without mark or exponent
 *
 * Takes the longest [+-] digits [mark digits] [(e|E) [+-] digits] with a digit before the exponent;
 * no blanks, no hexadecimal, no "inf". Independent of the locale.
 * Returns: the byte behind the number; NULL, with @out as it was, when there is none.
 *
 * Source: Lemire, "Number parsing at a gigabyte per second", Software: Practice and Experience
 * 51(8), 2021 (up to 19 digits); strtod for the few that it leaves open.
 */
LAC_PRIVATE_API const char *
lac_number_scan(const char *text, char decimal, double *out, gboolean *plain);

G_END_DECLS

#endif
