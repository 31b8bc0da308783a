// Turns the C tests that registered themselves into GoogleTest cases.
#include "lac_test.h"

#include <cmath>
#include <cstdarg>
#include <gtest/gtest.h>

namespace
{

class CTest : public testing::Test
{
  public:
    explicit CTest(void (*body)()) : body_(body)
    {
    }
    void TestBody() override
    {
        body_();
    }

  private:
    void (*body_)();
};

} // namespace

extern "C" void
lac_test_register(const char *suite, const char *name, const char *file, int line, void (*body)())
{
    testing::RegisterTest(suite, name, nullptr, nullptr, file, line,
                          [body]() -> testing::Test * { return new CTest(body); });
}

extern "C" void
lac_test_fail(const char *file, int line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    GTEST_MESSAGE_AT_(file, line, message, testing::TestPartResult::kNonFatalFailure);
    g_free(message);
}

extern "C" void
lac_test_skip(const char *file, int line, const char *reason)
{
    GTEST_MESSAGE_AT_(file, line, reason, testing::TestPartResult::kSkip);
}

extern "C" int
lac_test_near(double a, double b, double tolerance)
{
    if (std::isnan(a) || std::isnan(b))
        return std::isnan(a) && std::isnan(b);
    if (std::isinf(a) || std::isinf(b) || tolerance == 0.0)
        return a == b;
    return std::fabs(a - b) <= tolerance * std::fmax(1.0, std::fabs(b));
}

// Tests ask for impossible amounts of memory on purpose; the sanitizer is to refuse as malloc does.
extern "C" __attribute__((visibility("default"))) const char *
__asan_default_options()
{
    return "allocator_may_return_null=1";
}

int
main(int argc, char **argv)
{
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
