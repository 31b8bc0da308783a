#include "lac_test.h"
#include <lacuna/expression.h>
#include <math.h>

/* With a = 2, b = 3, c = -0.5 by the order of their names' first appearance. */
static double
value(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacExpression) e = lac_expression_parse(text, &error);
    double values[3] = {0};
    size_t n;

    LAC_CHECK_OR(return NAN, e != NULL, "%s", error->message);
    const char *const *names = lac_expression_names(e, &n);

    for (size_t k = 0; k < n && k < 3; k++)
        values[k] = names[k][0] == 'a' ? 2.0 : names[k][0] == 'b' ? 3.0 : -0.5;
    return lac_expression_value(e, values);
}

/* expected values: the same lines typed into R 4.2 */
LAC_TEST(math_expression, arithmetic_has_the_precedence_of_r)
{
    EXPECT_EQ_DOUBLE(value("1 + 2 * 3"), 7.0);
    EXPECT_EQ_DOUBLE(value("-a^2"), -4.0);
    EXPECT_EQ_DOUBLE(value("2^-1"), 0.5);
    EXPECT_EQ_DOUBLE(value("2^3^2"), 512.0);
    EXPECT_EQ_DOUBLE(value("a - b - 1"), -2.0);
    EXPECT_EQ_DOUBLE(value("12 / b / a"), 2.0);
    EXPECT_EQ_DOUBLE(value("--a * -(b + 1)"), -8.0);
    EXPECT_EQ_DOUBLE(value("b / (a / 100)^2"), 7500.0);
    EXPECT_EQ_DOUBLE(value("1e3 + .5"), 1000.5);
    EXPECT_EQ_DOUBLE(value("a < b"), 1.0);
    EXPECT_EQ_DOUBLE(value("(a >= b) + 10 * (a != b)"), 10.0);
}

LAC_TEST(math_expression, functions_and_odd_names)
{
    EXPECT_NEAR_DOUBLE(value("log(a) + exp(c) + sqrt(b)"),
                       0.6931471805599453 + 0.6065306597126334 + 1.7320508075688772, 1e-15);
    EXPECT_EQ_DOUBLE(value("max(a, b, 1) + min(c, a)"), 2.5);
    EXPECT_EQ_DOUBLE(value("round(2.5) + floor(-0.5) + abs(c)"), 1.5);
    EXPECT_EQ_DOUBLE(value("I(b^2)"), 9.0);
    EXPECT_EQ_DOUBLE(value("`a name, with $%&` + 1"), 3.0);
    EXPECT_EQ_DOUBLE(value("a.b_1 * c"), -1.0);
    EXPECT_TRUE(isnan(value("log(c)")));
    EXPECT_TRUE(isnan(value("max(log(c), 1)")) && isnan(value("max(1, log(c))")));
}

LAC_TEST(math_expression, names_come_once_in_order)
{
    g_autoptr(LacExpression) e = lac_expression_parse("z + a * z - b", NULL);
    size_t n;
    const char *const *names = lac_expression_names(e, &n);

    ASSERT_EQ_INT(n, 3);
    EXPECT_STR(names[0], "z");
    EXPECT_STR(names[1], "a");
    EXPECT_STR(names[2], "b");
    EXPECT_TRUE(names[3] == NULL);
}

static void
expect_error(const char *text, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacExpression) e = lac_expression_parse(text, &error);

    EXPECT_TRUE(e == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, part);
}

LAC_TEST(math_expression, slips_are_told_with_their_place)
{
    g_autofree char *deep = g_strnfill(5000, '(');
    g_autofree char *powers = g_malloc(20002);

    for (size_t k = 0; k < 10000; k++)
        memcpy(powers + 2 * k, "2^", 2);
    memcpy(powers + 20000, "2", 2);
    expect_error("", "byte 1");
    expect_error("a +", "a number, a column or '('");
    expect_error("(a", "')'");
    expect_error("a b", "at 'b' (byte 3): expected an operator");
    expect_error("sin(a)", "no function 'sin'");
    expect_error("min(a)", "a second argument");
    expect_error("`a", "a number, a column");
    expect_error(deep, "fewer brackets");
    expect_error(powers, "less nesting");
}
