/* Small tables for the tests of the data room. */
#ifndef LACUNA_TEST_TABLES_H
#define LACUNA_TEST_TABLES_H

#include <lacuna/data.h>

/* @rows x schema->cols cells; NAN is a hole. Takes @schema. */
static inline LacData *
test_table(LacSchema *schema, size_t rows, const double *cells)
{
    GError *error = NULL;
    LacData *data = lac_data_new_take(
        schema, rows, g_memdup2(cells, rows * schema->cols * sizeof(double)), "test", &error);

    g_assert_no_error(error);
    return data;
}

#endif
