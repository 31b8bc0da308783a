/* Images with their padding, see frame-private.h. */
#include "frame-private.h"
#include "gemm-private.h"
#include "tape-private.h"

#include <string.h>

size_t
nn_frame_size(const NnFrame *f)
{
    return f->channels * f->stride * f->stride * f->phase_height * f->phase_width + NN_SLACK;
}

gboolean
nn_frame_init(LacTape *tape, NnFrame *f)
{
    const size_t s = f->stride;
    size_t *tap;

    f->phase_height = ((f->out_height - 1) * s + f->kernel_height + s - 1) / s;
    f->phase_width = ((f->out_width - 1) * s + f->kernel_width + s - 1) / s;
    f->taps = tap =
        lac_tape_alloc(tape, f->channels * f->kernel_height * f->kernel_width * sizeof *tap);
    if (tap == NULL)
        return FALSE;
    for (size_t c = 0; c < f->channels; c++)
        for (size_t ky = 0; ky < f->kernel_height; ky++)
            for (size_t kx = 0; kx < f->kernel_width; kx++)
                *tap++ =
                    (((c * s + ky % s) * s + kx % s) * f->phase_height + ky / s) * f->phase_width +
                    kx / s;
    return TRUE;
}

/* A few values, by vectors whose length the compiler knows; the last one overlaps the others. */
static inline void
copy_values(size_t n, const LacReal *from, LacReal *to)
{
    enum { WHOLE = NN_SLACK, HALF = NN_SLACK / 2 };

    if (n >= WHOLE) {
        for (size_t i = 0; i < n - WHOLE; i += WHOLE)
            memcpy(to + i, from + i, WHOLE * sizeof *to);
        memcpy(to + n - WHOLE, from + n - WHOLE, WHOLE * sizeof *to);
    } else if (n >= HALF) {
        memcpy(to, from, HALF * sizeof *to);
        memcpy(to + n - HALF, from + n - HALF, HALF * sizeof *to);
    } else {
        for (size_t i = 0; i < n; i++)
            to[i] = from[i];
    }
}

/* Every second value. */
static inline void
copy_every_second(size_t n, const LacReal *from, LacReal *to)
{
    enum { PART = 8 };
    typedef LacReal Part
        __attribute__((vector_size(PART * sizeof(LacReal)), aligned(sizeof(LacReal)), may_alias));
    size_t i = 0;

    for (; i + PART < n; i += PART) /* the last value read is not beyond the last one wanted */
        *(Part *)(to + i) = __builtin_shufflevector(*(const Part *)(from + 2 * i),
                                                    *(const Part *)(from + 2 * i + PART), 0, 2, 4,
                                                    6, 8, 10, 12, 14);
    for (; i < n; i++)
        to[i] = from[2 * i];
}

NnColumns
nn_frame_columns(const NnFrame *f, ptrdiff_t phase)
{
    const ptrdiff_t s = (ptrdiff_t)f->stride, width = (ptrdiff_t)f->width;
    const ptrdiff_t n = (ptrdiff_t)f->phase_width, begin = phase - f->left;
    /* columns j with 0 <= begin + s j < width */
    const ptrdiff_t first = CLAMP(begin < 0 ? (-begin + s - 1) / s : 0, 0, n);
    const ptrdiff_t end = CLAMP(width > begin ? (width - begin + s - 1) / s : 0, first, n);

    return (NnColumns){(size_t)first, (size_t)(end - first), (size_t)(begin + s * first)};
}

static inline void
frame_row(const NnFrame *f, const NnColumns *columns, const LacReal *x, LacReal *out)
{
    x += columns->from;
    out += columns->first;
    if (f->stride == 1)
        copy_values(columns->n, x, out);
    else if (f->stride == 2)
        copy_every_second(columns->n, x, out);
    else
        for (size_t j = 0; j < columns->n; j++)
            out[j] = x[f->stride * j];
}

/* The frame of the input of a convolution. */
NnFrame
nn_frame_of_input(const NnConv *v)
{
    return (NnFrame){.channels = v->channels,
                     .height = v->height,
                     .width = v->width,
                     .stride = v->geometry.stride,
                     .top = (ptrdiff_t)v->geometry.top,
                     .left = (ptrdiff_t)v->geometry.left,
                     .kernel_height = v->kernel_height,
                     .kernel_width = v->kernel_width,
                     .out_height = v->out_height,
                     .out_width = v->out_width};
}

LAC_CLONES void
nn_frame_fill(const NnFrame *f, const LacReal *x, LacReal *frame)
{
    const ptrdiff_t s = (ptrdiff_t)f->stride;
    const size_t size = f->phase_height * f->phase_width;

    for (ptrdiff_t phase = 0; phase < s * s; phase++) {
        const NnColumns columns = nn_frame_columns(f, phase % s);

        for (size_t c = 0; columns.n > 0 && c < f->channels; c++) {
            LacReal *out = frame + (c * (size_t)(s * s) + (size_t)phase) * size;
            ptrdiff_t row = phase / s - f->top;

            for (size_t i = 0; i < f->phase_height; i++, row += s, out += f->phase_width)
                if (row >= 0 && row < (ptrdiff_t)f->height)
                    frame_row(f, &columns, x + (c * f->height + (size_t)row) * f->width, out);
        }
    }
}
