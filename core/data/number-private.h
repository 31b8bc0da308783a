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

/** lac_number_tens: 10^0 .. 10^22, all exact. */
LAC_PRIVATE_API extern const double lac_number_tens[23];

/** lac_number_join_digits: the number whose eight digits, as values 0 to 9, are the bytes of
 * @eight, first digit in the lowest byte: pairs, then fours, are joined within the word. */
static inline uint64_t
lac_number_join_digits(uint64_t eight)
{
    eight = eight * 10 + (eight >> 8);
    return ((eight & 0x000000FF000000FFu) * 0x000F424000000064u +
            ((eight >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u) >>
           32;
}

/**
 * lac_number_scan_inline: as lac_number_scan(), for loops over many numbers: those of up to 14
 * digits without plus sign and exponent, the usual ones, are read here and now.
 */
static inline const char *
lac_number_scan_inline(const char *text, char decimal, double *out, gboolean *plain)
{
    const gboolean negative = *text == '-';
    const char *p = text + negative, *begin = p, *mark;
    uint64_t w = 0;
    double value;

    for (; (unsigned char)(*p - '0') < 10; p++)
        w = w * 10 + (uint64_t)(*p - '0');
    mark = p;
    if (*p == decimal) {
        for (p++; (unsigned char)(*p - '0') < 10; p++)
            w = w * 10 + (uint64_t)(*p - '0');
    }
    if (p - begin > 15 || p - begin <= (p != mark) || (*p | 0x20) == 'e')
        return lac_number_scan(text, decimal, out, plain);
    *plain = p == mark;
    value = p - mark < 2 ? (double)w : (double)w / lac_number_tens[p - mark - 1];
    *out = negative ? -value : value;
    return p;
}

G_END_DECLS

#endif
