#include "lac_test.h"
#include "number-private.h"

#include <float.h>

/* Scans @text, of which every byte must be taken, in a buffer with the padding that is asked for.
 */
static double
scan(const char *text, char decimal, gboolean *plain)
{
    g_autofree char *padded = g_strdup_printf("%s%*s", text, (int)LAC_NUMBER_PADDING + 1, "");
    double value = NAN, inline_value = NAN;
    gboolean inline_plain;
    const char *end, *inline_end;

    memset(padded + strlen(text), ';', LAC_NUMBER_PADDING);
    end = lac_number_scan(padded, decimal, &value, plain);
    inline_end = lac_number_scan_inline(padded, decimal, &inline_value, &inline_plain);
    if (inline_end != end || memcmp(&inline_value, &value, sizeof value) != 0 ||
        inline_plain != *plain)
        lac_test_fail(__FILE__, __LINE__, "the inline scanner reads '%s' differently", text);
    if (end == NULL || end != padded + strlen(text))
        lac_test_fail(__FILE__, __LINE__, "'%s' is not taken whole", text);
    return value;
}

/* The same bits as the C library's strtod, which rounds correctly. */
static gboolean
same_as_strtod(const char *text)
{
    gboolean plain;
    const double seen = scan(text, '.', &plain), expected = g_ascii_strtod(text, NULL);

    if (memcmp(&seen, &expected, sizeof seen) == 0)
        return TRUE;
    lac_test_fail(__FILE__, __LINE__, "'%s' reads as %.17g, strtod says %.17g", text, seen,
                  expected);
    return FALSE;
}

static void
random_digits(GString *text, GRand *rand, int n)
{
    for (int k = 0; k < n; k++)
        g_string_append_c(text, (char)('0' + g_rand_int_range(rand, 0, 10)));
}

LAC_TEST(data_number, a_million_random_texts_round_as_strtod_does)
{
    g_autoptr(GString) text = g_string_new(NULL);
    GRand *rand = g_rand_new_with_seed(20261121);

    for (int k = 0; k < 1000000; k++) {
        g_string_assign(text, g_rand_boolean(rand) ? "-" : "");
        random_digits(text, rand, g_rand_int_range(rand, 1, 12));
        if (g_rand_int_range(rand, 0, 4) > 0) {
            g_string_append_c(text, '.');
            random_digits(text, rand, g_rand_int_range(rand, 0, 15));
        }
        if (g_rand_boolean(rand))
            g_string_append_printf(text, "e%d", g_rand_int_range(rand, -345, 310));
        if (!same_as_strtod(text->str))
            break;
    }
    g_rand_free(rand);
}

LAC_TEST(data_number, random_doubles_come_back_from_seventeen_digits)
{
    GRand *rand = g_rand_new_with_seed(7);

    for (int k = 0; k < 200000; k++) {
        const uint64_t bits = (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);
        char text[64];
        double value;
        gboolean plain;

        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        g_ascii_formatd(text, sizeof text, "%.17g", value);
        if (scan(text, '.', &plain) != value) {
            lac_test_fail(__FILE__, __LINE__, "%s does not come back", text);
            break;
        }
    }
    g_rand_free(rand);
}

LAC_TEST(data_number, hard_cases_round_as_strtod_does)
{
    /* half-way points between doubles and their neighbours, the ends of the range, long tails */
    static const char *const hard[] = {
        "9007199254740993",
        "9007199254740993.0",
        "9007199254740992.9999999999999999999",
        "9007199254740993.00000000000000000000000000001",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "179769313486231580793e288",
        "0.000000000000000000000000000000000000000000000000123456789012345678901234567890",
        "1e23",
        "8.5e22",
        "3.0e-44",
        "6.02214076e23",
        "7.2057594037927933e16",
        "104110013277974872254e-225",
        "36028797018963978e-1",
        "0e999999999999",
        "-0",
        "-0.0e5",
        "000000000000000000000000000000000000001",
        "1.00000000000000011102230246251565404",
        "1.00000000000000011102230246251565",
        "1.000000000000000111022302462515654042363167",
        "123456789012345678901234567890e-40",
        "5e-324",
        "1e-400",
        "18446744073709551615",
        "18446744073709551616",
        "0.1e-5",
        "12345678.12345678",
        "1e400",
        "-1e400",
    };

    for (size_t k = 0; k < G_N_ELEMENTS(hard); k++)
        same_as_strtod(hard[k]);
}

LAC_TEST(data_number, plain_means_written_as_a_whole_number)
{
    gboolean plain;

    EXPECT_EQ_DOUBLE(scan("+12", '.', &plain), 12.0);
    EXPECT_TRUE(plain);
    EXPECT_EQ_DOUBLE(scan("12.", '.', &plain), 12.0);
    EXPECT_FALSE(plain);
    EXPECT_EQ_DOUBLE(scan("1E2", '.', &plain), 100.0);
    EXPECT_FALSE(plain);
    EXPECT_EQ_DOUBLE(scan("-1234,5e-1", ',', &plain), -123.45);
    EXPECT_FALSE(plain);
    EXPECT_EQ_DOUBLE(scan(",25", ',', &plain), 0.25);
}

LAC_TEST(data_number, what_is_no_number_is_left_alone)
{
    static const char *const not [] = {"-         ",  ".         ",   "+.e5         ",
                                       "e5         ", "inf         ", "nan         ",
                                       " 1         "};
    gboolean plain;

    for (size_t k = 0; k < G_N_ELEMENTS(not ); k++) {
        double value = 7;

        EXPECT_TRUE(lac_number_scan(not [k], '.', &value, &plain) == NULL);
        EXPECT_EQ_DOUBLE(value, 7.0);
    }
}

LAC_TEST(data_number, an_exponent_without_digits_is_not_part_of_the_number)
{
    static const char text[] = "12e+        ";
    double value;
    gboolean plain;

    EXPECT_TRUE(lac_number_scan(text, '.', &value, &plain) == text + 2);
    EXPECT_EQ_DOUBLE(value, 12.0);
    EXPECT_TRUE(plain);
}
