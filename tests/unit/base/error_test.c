#include "lac_test.h"
#include <lacuna/error.h>

LAC_TEST(base_error, fail_sets_domain_code_and_message)
{
    g_autoptr(GError) error = NULL;

    EXPECT_FALSE(lac_fail(&error, LAC_ERROR_DATA, "row %d: %s", 3, "ragged"));
    EXPECT_ERROR(error, LAC_ERROR_DATA, "row 3: ragged");
    EXPECT_TRUE(error->domain == LAC_ERROR);
}

LAC_TEST(base_error, an_impossible_allocation_names_its_size)
{
    g_autoptr(GError) error = NULL;

    EXPECT_TRUE(lac_try_alloc((size_t)1 << 40, 1 << 20, "completed table", &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_SHAPE, "completed table: cannot allocate 1099511627776 MiB");
}
