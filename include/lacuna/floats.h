/* Tables as nets want them: float32 values and observed flags, row by row. */
#ifndef LACUNA_FLOATS_H
#define LACUNA_FLOATS_H

#include <lacuna/data.h>
#include <lacuna/tensor.h>

G_BEGIN_DECLS

typedef struct LacFloats LacFloats;

/** lac_floats_new: a copy of @data's values, 0 under holes; owned, NULL with the size when there is
 * no memory. */
LAC_API LacFloats *lac_floats_new(const LacData *data, GError **error);
LAC_API void lac_floats_free(LacFloats *floats);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LacFloats, lac_floats_free)
/**
 * lac_floats_rows: rows of the table on a tape.
 * @rows: [n] indices; NULL: rows 0 .. n-1
 * @o_out: (out) (nullable): [n x cols] 1 where observed, 0 under holes
 * Returns: [n x cols] values, 0 under holes; lent by the tape. NULL sets the tape's error.
 */
LAC_API LacTensor *lac_floats_rows(const LacFloats *floats, LacTape *tape, size_t n,
                                   const size_t *rows, LacTensor **o_out);

G_END_DECLS

#endif
