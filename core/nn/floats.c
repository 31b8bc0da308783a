/* A table as float32, and rows of it on a tape. */
#include <lacuna/data.h>
#include <lacuna/floats.h>
#include <string.h>

struct LacFloats {
    size_t rows, cols;
    LacReal *v; /* [rows][cols], 0 under holes */
    uint8_t *o; /* [rows][cols], 1 where observed */
};

LacFloats *
lac_floats_new(const LacData *data, GError **error)
{
    g_autoptr(LacFloats) self = g_new0(LacFloats, 1);
    const size_t size = data->rows * data->cols;

    self->rows = data->rows;
    self->cols = data->cols;
    self->v = lac_try_alloc(size + 1, sizeof *self->v, "the table as float32", error);
    self->o = self->v != NULL ? lac_try_alloc(size + 1, 1, "the table's holes", error) : NULL;
    if (self->o == NULL)
        return NULL;
    for (size_t i = 0; i < data->rows; i++) {
        const double *row = lac_data_row(data, i);

        for (size_t j = 0; j < data->cols; j++) {
            const gboolean hole = lac_data_is_hole(data, i, j);

            self->v[i * data->cols + j] = hole ? 0 : (LacReal)row[j];
            self->o[i * data->cols + j] = !hole;
        }
    }
    return g_steal_pointer(&self);
}

void
lac_floats_free(LacFloats *floats)
{
    if (floats == NULL)
        return;
    g_free(floats->v);
    g_free(floats->o);
    g_free(floats);
}

LacTensor *
lac_floats_rows(const LacFloats *floats, LacTape *tape, size_t n, const size_t *rows,
                LacTensor **o_out)
{
    const size_t p = floats->cols;
    LacTensor *x = lac_tape_constant(tape, LAC_SHAPE(n, p));
    LacTensor *o = o_out != NULL ? lac_tape_constant(tape, LAC_SHAPE(n, p)) : NULL;

    if (x == NULL || (o_out != NULL && o == NULL))
        return NULL;
    for (size_t k = 0; k < n; k++) {
        const size_t i = rows != NULL ? rows[k] : k;

        g_assert(i < floats->rows);
        memcpy(x->v + k * p, floats->v + i * p, p * sizeof *x->v);
        for (size_t j = 0; o != NULL && j < p; j++)
            o->v[k * p + j] = (LacReal)floats->o[i * p + j];
    }
    if (o_out != NULL)
        *o_out = o;
    return x;
}
