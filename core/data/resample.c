/* Rows drawn with replacement. */
#include <lacuna/resample.h>

#include <lacuna/error.h>

enum { TRIES = 100 };

/* The first column that has observed cells in @data and none in the rows of @index; -1: no such. */
static gssize
resample_lost(const LacData *data, const size_t *index)
{
    for (size_t j = 0; j < data->cols; j++) {
        gboolean had = FALSE, has = FALSE;

        for (size_t i = 0; i < data->rows && !has; i++) {
            had |= !lac_data_is_hole(data, i, j);
            has = !lac_data_is_hole(data, index[i], j);
        }
        if (had && !has)
            return (gssize)j;
    }
    return -1;
}

LacData *
lac_data_resample(const LacData *data, const LacRng *rng, GError **error)
{
    g_autofree size_t *index = g_new(size_t, data->rows + 1);
    gssize lost = -1;

    for (uint64_t try = 0; try < TRIES; try++) {
        LacRng own = lac_rng_at(rng, try);

        for (size_t i = 0; i < data->rows; i++)
            index[i] = (size_t)(lac_rng_uniform(&own) * (double)data->rows);
        lost = resample_lost(data, index);
        if (lost < 0)
            return lac_data_select_rows(data, data->rows, index, error);
    }
    return lac_fail_null(error, LAC_ERROR_DATA,
                         "column '%s' has so few observed cells that %d samples of rows had none",
                         lac_data_name(data, (size_t)lost), TRIES);
}
