/* dropout: y = x k / (1 - rate), where k is 0 with probability rate, else 1; dx = dy k / (1 -
 * rate). Outside training y = x. */
#include "base-private.h"
#include <lacuna/ops.h>
#include <lacuna/parallel.h>

enum { BLOCK = 1 << 13 }; /* values that draw from one stream, whatever the number of threads */

typedef struct {
    LacRng rng;
    uint32_t least; /* of 32 random bits that keep a value */
    LacReal scale;
    uint8_t *kept; /* [x] */
} Dropout;

typedef struct {
    Dropout *dropout;
    size_t n;
    const LacReal *from;
    LacReal *to;
    gboolean add;
} DropoutJob;

static void
dropout_draw(const Dropout *d, size_t begin, size_t end)
{
    LacRng rng = lac_rng_at(&d->rng, begin / BLOCK);
    uint64_t bits = 0;

    for (size_t i = begin; i < end; i++) {
        bits = i % 2 == 0 ? lac_rng_u64(&rng) : bits >> 32;
        d->kept[i] = (uint32_t)bits >= d->least;
    }
}

LAC_CLONES static void
dropout_scale(size_t n, const LacReal *from, const uint8_t *kept, LacReal scale, gboolean add,
              LacReal *to)
{
    if (add)
        for (size_t i = 0; i < n; i++)
            to[i] += kept[i] ? scale * from[i] : 0;
    else
        for (size_t i = 0; i < n; i++)
            to[i] = kept[i] ? scale * from[i] : 0;
}

static void
dropout_forward_values(size_t begin, size_t end, unsigned worker, void *user)
{
    const DropoutJob *job = user;
    const Dropout *d = job->dropout;

    dropout_draw(d, begin, end);
    dropout_scale(end - begin, job->from + begin, d->kept + begin, d->scale, FALSE,
                  job->to + begin);
}

static void
dropout_backward_values(size_t begin, size_t end, unsigned worker, void *user)
{
    const DropoutJob *job = user;
    const Dropout *d = job->dropout;

    dropout_scale(end - begin, job->from + begin, d->kept + begin, d->scale, job->add,
                  job->to + begin);
}

static void
dropout_backward(const LacTensor *y)
{
    LacTensor *x = y->in[0];
    DropoutJob job = {y->saved, x->size, y->grad, x->grad, !lac_tensor_first(x)};

    lac_parallel_for(x->size, BLOCK, dropout_backward_values, &job);
}

static const LacOp lac_op_dropout = {
    "dropout", "x k / (1 - rate)", dropout_backward, NULL, .assigns = TRUE,
};

LacTensor *
lac_nn_dropout(LacTensor *x, LacReal rate)
{
    Dropout *d;
    LacTensor *y;

    g_assert(rate >= 0 && rate < 1);
    if (x == NULL || rate == 0 || !lac_tape_is_training(x->tape))
        return x;
    y = lac_tape_result(&lac_op_dropout, 1, &x, x->dims, x->shape);
    d = y != NULL ? lac_tape_alloc(x->tape, sizeof *d + x->size) : NULL;
    if (d == NULL)
        return NULL;
    *d = (Dropout){lac_tape_rng(x->tape), (uint32_t)((double)rate * 0x1p32), 1 / (1 - rate),
                   (uint8_t *)(d + 1)};
    y->saved = d;
    lac_parallel_for(x->size, BLOCK, dropout_forward_values,
                     &(DropoutJob){d, x->size, x->v, y->v, FALSE});
    return lac_tape_done(y);
}
