/* Tests in C, run by GoogleTest:
 *
 *   LAC_TEST(math_stats, mean_of_one_value_is_that_value)
 *   {
 *       EXPECT_EQ_DOUBLE(lac_stats_mean(1, &x), x);
 *   }
 *
 * Every EXPECT_ goes on after a failure; every ASSERT_ returns from the test. Both print the two
 * sides. Extra context can be given with LAC_NOTE(format, ...). */
#ifndef LAC_TEST_H
#define LAC_TEST_H

#include <glib.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

G_BEGIN_DECLS

void lac_test_register(const char *suite, const char *name, const char *file, int line,
                       void (*body)(void));
void lac_test_fail(const char *file, int line, const char *format, ...) G_GNUC_PRINTF(3, 4);
void lac_test_skip(const char *file, int line, const char *reason);
/* TRUE when |a - b| <= tolerance * max(1, |b|), or both are NaN, or both the same infinity */
int lac_test_near(double a, double b, double tolerance);

G_END_DECLS

#define LAC_TEST(suite, name)                                                                      \
    static void test_##suite##_##name(void);                                                       \
    __attribute__((constructor)) static void register_##suite##_##name(void)                       \
    {                                                                                              \
        lac_test_register(#suite, #name, __FILE__, __LINE__, test_##suite##_##name);               \
    }                                                                                              \
    static void test_##suite##_##name(void)

#define LAC_CHECK_OR(otherwise, condition, ...)                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            lac_test_fail(__FILE__, __LINE__, __VA_ARGS__);                                        \
            otherwise;                                                                             \
        }                                                                                          \
    } while (0)

#define EXPECT_TRUE(c) LAC_CHECK_OR((void)0, (c), "expected %s", #c)
#define ASSERT_TRUE(c) LAC_CHECK_OR(return, (c), "expected %s", #c)
#define EXPECT_FALSE(c) LAC_CHECK_OR((void)0, !(c), "expected not %s", #c)

#define LAC_CHECK_INT(otherwise, a, b)                                                             \
    do {                                                                                           \
        const long long a_ = (long long)(a), b_ = (long long)(b);                                  \
        LAC_CHECK_OR(otherwise, a_ == b_, "%s is %lld, expected %lld", #a, a_, b_);                \
    } while (0)
#define EXPECT_EQ_INT(a, b) LAC_CHECK_INT((void)0, a, b)
#define ASSERT_EQ_INT(a, b) LAC_CHECK_INT(return, a, b)

#define LAC_CHECK_DOUBLE(otherwise, a, b, tolerance)                                               \
    do {                                                                                           \
        const double a_ = (a), b_ = (b);                                                           \
        LAC_CHECK_OR(otherwise, lac_test_near(a_, b_, (tolerance)),                                \
                     "%s is %.17g, expected %.17g within %g", #a, a_, b_, (double)(tolerance));    \
    } while (0)
/* relative to max(1, |b|) */
#define EXPECT_NEAR_DOUBLE(a, b, tolerance) LAC_CHECK_DOUBLE((void)0, a, b, tolerance)
#define ASSERT_NEAR_DOUBLE(a, b, tolerance) LAC_CHECK_DOUBLE(return, a, b, tolerance)
/* the same bits (or both NaN) */
#define EXPECT_EQ_DOUBLE(a, b) LAC_CHECK_DOUBLE((void)0, a, b, 0.0)

#define LAC_CHECK_STR(otherwise, a, b)                                                             \
    do {                                                                                           \
        const char *a_ = (a), *b_ = (b);                                                           \
        LAC_CHECK_OR(otherwise, g_strcmp0(a_, b_) == 0, "%s is\n  \"%s\", expected\n  \"%s\"", #a, \
                     a_ ? a_ : "(null)", b_ ? b_ : "(null)");                                      \
    } while (0)
#define EXPECT_STR(a, b) LAC_CHECK_STR((void)0, a, b)
#define ASSERT_STR(a, b) LAC_CHECK_STR(return, a, b)

#define EXPECT_CONTAINS(text, part)                                                                \
    do {                                                                                           \
        const char *text_ = (text), *part_ = (part);                                               \
        LAC_CHECK_OR((void)0, text_ != NULL && strstr(text_, part_) != NULL,                       \
                     "\"%s\"\n  does not contain \"%s\"", text_ ? text_ : "(null)", part_);        \
    } while (0)

/* no error may be set; prints its message */
#define ASSERT_NO_ERROR(e)                                                                         \
    LAC_CHECK_OR(return, (e) == NULL, "unexpected error: %s", (e) ? (e)->message : "")
/* an error of this code whose message contains part */
#define EXPECT_ERROR(e, code_, part)                                                               \
    do {                                                                                           \
        LAC_CHECK_OR(break, (e) != NULL, "expected an error saying \"%s\"", (part));               \
        EXPECT_EQ_INT((e)->code, (code_));                                                         \
        EXPECT_CONTAINS((e)->message, (part));                                                     \
    } while (0)

#define LAC_SKIP(reason)                                                                           \
    do {                                                                                           \
        lac_test_skip(__FILE__, __LINE__, (reason));                                               \
        return;                                                                                    \
    } while (0)

#endif
