/* Three ways from digits w and exponent q to the double nearest to w 10^q, from fast to slow:
 * one exact multiplication or division (Clinger 1990) while w and 10^|q| are exact doubles; a
 * 128-bit product that nearly always settles the rounding (Eisel and Lemire); strtod. */
#include "number-private.h"

#include <math.h>
#include <string.h>

enum {
    POWER_MIN = -342, /* 2^64 10^-343 is below half the smallest double */
    POWER_MAX = 308,
    BIG_WORDS = 31, /* 2^960, enough for 128 bits of 2^k / 5^342 */
};

/* The first 128 bits of 5^q: truncated for q >= 0, rounded up for q < 0. */
typedef struct {
    uint64_t high, low;
} NumberPower;

const double lac_number_tens[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* The first 128 bits of the number whose little-endian 32-bit words are @words. */
static NumberPower
number_top_bits(const uint32_t *words)
{
    unsigned __int128 top = 0;
    int k = BIG_WORDS - 1, shift;

    while (words[k] == 0)
        k--;
    shift = __builtin_clz(words[k]);
    for (int taken = 0; taken < 4; taken++)
        top = top << 32 | (k - taken >= 0 ? words[k - taken] : 0u);
    if (shift > 0)
        top = top << shift | (k >= 4 ? words[k - 4] >> (32 - shift) : 0u);
    return (NumberPower){(uint64_t)(top >> 64), (uint64_t)top};
}

static void
number_make_powers(NumberPower *powers)
{
    uint32_t big[BIG_WORDS] = {1};

    for (int q = 0; q <= POWER_MAX; q++) {
        uint64_t carry = 0;

        powers[q - POWER_MIN] = number_top_bits(big);
        for (int k = 0; k < BIG_WORDS; k++) {
            carry += (uint64_t)big[k] * 5;
            big[k] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    memset(big, 0, sizeof big);
    big[BIG_WORDS - 1] = 1;
    for (int q = -1; q >= POWER_MIN; q--) { /* floor(floor(x / 5) / 5) = floor(x / 25) */
        NumberPower *power = &powers[q - POWER_MIN];
        uint64_t rest = 0;

        for (int k = BIG_WORDS - 1; k >= 0; k--) {
            rest = rest << 32 | big[k];
            big[k] = (uint32_t)(rest / 5);
            rest %= 5;
        }
        *power = number_top_bits(big);
        power->low++; /* never exact, so the ceiling is one more */
        power->high += power->low == 0;
    }
}

static const NumberPower *
number_powers(void)
{
    static NumberPower powers[POWER_MAX - POWER_MIN + 1];
    static gsize ready = 0;

    if (g_once_init_enter(&ready)) {
        number_make_powers(powers);
        g_once_init_leave(&ready, 1);
    }
    return powers;
}

/* w 10^q, w > 0; FALSE when 128 bits do not settle the rounding, or the result is no normal
 * double. Steps as in section 5 and 6 of the paper. */
static gboolean
number_round(uint64_t w, int64_t q, double *out)
{
    const int zeros = __builtin_clzll(w);
    unsigned __int128 product;
    uint64_t high, low, mantissa, bits;
    int64_t exponent;
    int upper;

    if (q < POWER_MIN || q > POWER_MAX)
        return FALSE;
    const NumberPower power = number_powers()[q - POWER_MIN];

    w <<= zeros;
    product = (unsigned __int128)w * power.high;
    high = (uint64_t)(product >> 64);
    low = (uint64_t)product;
    if ((high & 0x1FF) == 0x1FF) { /* the bits that decide could still change */
        const uint64_t more = (uint64_t)((unsigned __int128)w * power.low >> 64);

        low += more;
        high += low < more;
        if (low == UINT64_MAX && (q < -27 || q > 55))
            return FALSE;
    }
    upper = (int)(high >> 63);
    mantissa = high >> (upper + 9);                              /* 54 bits: one more than stays */
    exponent = ((217706 * q) >> 16) + 63 + upper - zeros + 1023; /* 217706 / 2^16 = log2(10) */
    if (exponent <= 0 || exponent >= 0x7FE)
        return FALSE;
    /* exactly half-way, possible only where 5^|q| fits: to even */
    if (low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && mantissa << (upper + 9) == high)
        mantissa &= ~(uint64_t)1;
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    if (mantissa >> 53) {
        mantissa >>= 1;
        exponent++;
    }
    bits = (uint64_t)exponent << 52 | (mantissa & (((uint64_t)1 << 52) - 1));
    memcpy(out, &bits, sizeof bits);
    return TRUE;
}

/* The text from @begin to @end, an unsigned number, by strtod. */
static double
number_slow(const char *begin, const char *end, char decimal)
{
    g_autofree char *copy = g_strndup(begin, (gsize)(end - begin));
    char *mark = decimal == '.' ? NULL : strchr(copy, decimal);

    if (mark != NULL)
        *mark = '.';
    return g_ascii_strtod(copy, NULL);
}

static inline gboolean
number_is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* Appends the digits at @p to *@w (which overflows beyond 19) and returns what follows them. Eight
 * at a time. */
static inline const char *
number_take_digits(const char *p, uint64_t *w)
{
    uint64_t eight;

    for (;; p += 8) {
        memcpy(&eight, p, sizeof eight);
        eight = GUINT64_FROM_LE(eight);
        if (((eight & 0xF0F0F0F0F0F0F0F0u) |
             (((eight + 0x0606060606060606u) & 0xF0F0F0F0F0F0F0F0u) >> 4)) != 0x3333333333333333u)
            break;
        *w = *w * 100000000 + lac_number_join_digits(eight - 0x3030303030303030u);
    }
    for (; number_is_digit(*p); p++)
        *w = *w * 10 + (uint64_t)(*p - '0');
    return p;
}

/* An exponent at @p, or @p itself when it has no digits. Huge ones stay huge without overflow. */
static const char *
number_take_exponent(const char *p, int64_t *exponent)
{
    const char *digits = p + 1 + (p[1] == '-' || p[1] == '+');
    int64_t value = 0;

    if (!number_is_digit(*digits))
        return p;
    for (; number_is_digit(*digits); digits++)
        value = value < 100000000 ? value * 10 + (*digits - '0') : value;
    *exponent += p[1] == '-' ? -value : value;
    return digits;
}

/* More than 19 digits from @begin to @end, exponent included: the first 19 significant ones and
 * their successor enclose the number; when both round to the same double, so does it. */
static double
number_long(const char *begin, const char *end, char decimal, uint64_t w, int64_t q)
{
    const char *p = begin;
    size_t significant = 0, dropped = 0;
    uint64_t first = 0;
    double below, above;

    for (; p < end && (number_is_digit(*p) || *p == decimal); p++) {
        if (*p == decimal || (significant == 0 && *p == '0'))
            continue;
        significant++;
        if (significant <= 19)
            first = first * 10 + (uint64_t)(*p - '0');
        else
            dropped++;
    }
    if (dropped == 0 && w == 0)
        return 0.0;
    if (dropped == 0 && number_round(w, q, &below))
        return below;
    if (dropped > 0 && number_round(first, q + (int64_t)dropped, &below) &&
        number_round(first + 1, q + (int64_t)dropped, &above) && below == above)
        return below;
    return number_slow(begin, end, decimal);
}

const char *
lac_number_scan(const char *text, char decimal, double *out, gboolean *plain)
{
    const gboolean negative = *text == '-';
    const char *begin = text + (negative || *text == '+'), *p = begin, *mantissa_end;
    uint64_t w = 0;
    int64_t q = 0;
    size_t digits;
    double value;

    for (; number_is_digit(*p); p++)
        w = w * 10 + (uint64_t)(*p - '0');
    digits = (size_t)(p - begin);
    *plain = *p != decimal;
    if (!*plain) {
        const char *fraction = p + 1;

        p = number_take_digits(fraction, &w);
        q = fraction - p;
        digits += (size_t)(p - fraction);
    }
    if (digits == 0)
        return NULL;
    mantissa_end = p;
    if ((*p | 0x20) == 'e')
        p = number_take_exponent(p, &q);
    *plain = *plain && p == mantissa_end;
    if (digits > 19)
        value = number_long(begin, p, decimal, w, q);
    else if (w <= (uint64_t)1 << 53 && q >= -22 && q <= 22)
        value = q < 0 ? (double)w / lac_number_tens[-q] : (double)w * lac_number_tens[q];
    else if (w == 0)
        value = 0.0;
    else if (!number_round(w, q, &value))
        value = number_slow(begin, p, decimal);
    *out = negative ? -value : value;
    return p;
}
