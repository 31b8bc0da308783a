/* The bound of more samples than fit into memory, in two passes over pieces of them: the first only
 * computes the log weights; the second records one piece after another and sends back through it
 * the gradient of the bound, whose seeds (the normalised weights) the first has made known. The
 * decoder runs once more than in one piece; what it keeps is bounded by the piece.
 *   y = mean_b ln mean_k e^w_bk,  dy/dw_bk = softmax_k(w_b) / B */
#include "bound.h"

#include <math.h>
#include <string.h>

/** Pieces: in the arena of the outer tape, as all it points to. @eps: [B][K][d]; @share: [B][K] log
 * weights first, then their softmax. */
typedef struct {
    Task *task;
    const size_t *rows;
    size_t n, samples, piece, d;
    const LacReal *eps;
    LacReal *share;
    LacRng rng;
} Pieces;

/* Samples first .. first+count-1 of each row of @from [n][samples][width], together. */
static void
cut_out(const Pieces *self, const LacReal *from, size_t width, size_t first, size_t count,
        LacReal *out)
{
    for (size_t b = 0; b < self->n; b++)
        memcpy(out + b * count * width, from + (b * self->samples + first) * width,
               count * width * sizeof *out);
}

/* Log weights of a piece on the inner tape; mu and s there hold the values of the outer ones. */
static LacTensor *
piece_weights(const Pieces *self, LacTensor *mu, LacTensor *s, size_t first, size_t count,
              const LacReal *share)
{
    const Dlvm *model = self->task->self;
    LacTape *tape = self->task->inner;
    LacTensor *eps = lac_tape_constant(tape, LAC_SHAPE(self->n, count, self->d));
    LacRng rng = lac_rng_at(&self->rng, first);
    Batch batch;

    if (eps == NULL || mu == NULL || s == NULL ||
        !batch_make(model->layout, self->task->rows, NULL, tape, self->n, self->rows, &batch))
        return NULL;
    cut_out(self, self->eps, self->d, first, count, eps->v);
    return bound_log_weights(model, &batch, mu, s, eps, share, &rng);
}

/* The encoder's moments on the inner tape, as variables while it records. */
static LacTensor *
moments(const Pieces *self, const LacTensor *outer, gboolean recording)
{
    LacTape *tape = self->task->inner;
    LacTensor *x = recording ? lac_tape_variable(tape, LAC_SHAPE(self->n, 1, self->d))
                             : lac_tape_constant(tape, LAC_SHAPE(self->n, 1, self->d));

    if (x != NULL)
        memcpy(x->v, outer->v, x->size * sizeof *x->v);
    return x;
}

static void
begin(const Pieces *self, gboolean recording)
{
    lac_tape_reset(self->task->inner);
    lac_tape_set_recording(self->task->inner, recording);
}

/* ---- forward --------------------------------------------------------------------------------- */

/* All log weights into self->share. FALSE with the reason as the outer tape's error. */
static gboolean
weights(Pieces *self, const LacTensor *mu, const LacTensor *s)
{
    g_autoptr(GError) error = NULL;

    for (size_t first = 0; first < self->samples; first += self->piece) {
        const size_t count = MIN(self->piece, self->samples - first);
        LacTensor *w;

        begin(self, FALSE);
        w = piece_weights(self, moments(self, mu, FALSE), moments(self, s, FALSE), first, count,
                          NULL);
        if (!lac_tape_check(self->task->inner, &error)) {
            lac_tape_fail(mu->tape, error->code, "%s", error->message);
            return FALSE;
        }
        for (size_t b = 0; b < self->n; b++)
            memcpy(self->share + b * self->samples + first, w->v + b * count, count * sizeof *w->v);
    }
    return TRUE;
}

/* The bound of one row; its log weights become shares. */
static double
settle(size_t n, LacReal *w)
{
    double most = -INFINITY, sum = 0.0;

    for (size_t k = 0; k < n; k++)
        most = (double)w[k] > most || isnan(w[k]) ? (double)w[k] : most;
    if (!isfinite(most)) { /* the gradient is no number either */
        for (size_t k = 0; k < n; k++)
            w[k] = (LacReal)NAN;
        return most;
    }
    for (size_t k = 0; k < n; k++)
        sum += exp((double)w[k] - most);
    for (size_t k = 0; k < n; k++)
        w[k] = (LacReal)(exp((double)w[k] - most) / sum);
    return most + log(sum) - log((double)n);
}

/* ---- backward -------------------------------------------------------------------------------- */

static void
add_gradient(const LacTensor *inner, LacTensor *outer)
{
    for (size_t k = 0; k < outer->size; k++)
        outer->grad[k] += inner->grad[k];
}

/* One piece: sum of seeds times log weights, whose gradient is the bound's. */
static gboolean
piece_backward(const Pieces *self, const LacTensor *y, size_t first, size_t count, GError **error)
{
    LacTape *tape = self->task->inner;
    LacTensor *mu, *s, *w, *seed;

    begin(self, TRUE);
    mu = moments(self, y->in[0], TRUE);
    s = moments(self, y->in[1], TRUE);
    seed = lac_tape_constant(tape, LAC_SHAPE(self->n, count));
    if (!lac_tape_check(tape, error))
        return FALSE;
    cut_out(self, self->share, 1, first, count, seed->v);
    w = piece_weights(self, mu, s, first, count, seed->v);
    w = lac_nn_affine(lac_nn_sum(lac_nn_mul(seed, w), 0, FALSE), y->grad[0] / (LacReal)self->n, 0);
    if (!lac_tape_backward(tape, w, error))
        return FALSE;
    add_gradient(mu, y->in[0]);
    add_gradient(s, y->in[1]);
    return TRUE;
}

static void
pieces_backward(const LacTensor *y)
{
    const Pieces *self = y->saved;

    for (size_t first = 0; first < self->samples; first += self->piece) {
        g_autoptr(GError) error = NULL;

        if (!piece_backward(self, y, first, MIN(self->piece, self->samples - first), &error)) {
            lac_tape_fail(y->tape, error->code, "%s", error->message);
            return;
        }
    }
}

static const LacOp pieces_op = {
    .name = "iwae_pieces", .formula = "mean_b ln mean_k e^w", .backward = pieces_backward};

LacTensor *
pieces_bound(Task *task, LacTensor *mu, LacTensor *s, LacTensor *eps, const size_t *rows,
             size_t piece, const LacRng *rng)
{
    LacTensor *y = lac_tape_result(&pieces_op, 2, (LacTensor *[]){mu, s}, 0, NULL);
    double sum = 0.0;
    Pieces *self;

    if (y == NULL || eps == NULL)
        return NULL;
    y->saved = self = lac_tape_alloc(y->tape, sizeof *self);
    if (self == NULL)
        return NULL;
    *self = (Pieces){.task = task,
                     .rows = rows,
                     .n = eps->shape[0],
                     .samples = eps->shape[1],
                     .piece = piece,
                     .d = eps->shape[2],
                     .eps = eps->v,
                     .rng = *rng};
    self->share = lac_tape_alloc(y->tape, self->n * self->samples * sizeof *self->share);
    if (self->share == NULL || !weights(self, mu, s))
        return NULL;
    for (size_t b = 0; b < self->n; b++)
        sum += settle(self->samples, self->share + b * self->samples);
    y->v[0] = (LacReal)(sum / (double)self->n);
    return lac_tape_done(y);
}
