/* What the bound in one piece and in several share. */
#ifndef BOUND_H
#define BOUND_H

#include "missiwae.h"

/** Task: a training. @encoder: whose encoder learns; @self itself but for a refit, where the
 * decoder of @self stays as it is. @inner: the tape of pieces; @seen: rows trained on so far, over
 * all epochs */
typedef struct {
    const Dlvm *self, *encoder;
    Rows *rows, *oracle;
    size_t n;
    size_t *index; /* [n] rows with something observed */
    LacTape *inner;
    size_t seen;
} Task;

/** bound_loss: a LacTrainLoss, @user a Task: minus the bound of some of its rows. */
LacTensor *bound_loss(LacTape *tape, size_t n, const size_t *rows, LacRng *rng, void *user);
/** bound_uses_dreg: whether the encoder's gradient is doubly reparameterised. */
gboolean bound_uses_dreg(const Dlvm *self);
/** bound_log_weights: ln p(x^o, z) - ln q(z | x) [B x K] of z = mu + s eps; mu, s [B x 1 x d], eps
 * [B x K x d]. @share: [B][K] normalised weights of these samples when more than K take part, NULL:
 * these are all */
LacTensor *bound_log_weights(const Dlvm *self, const Batch *batch, LacTensor *mu, LacTensor *s,
                             LacTensor *eps, const LacReal *share, LacRng *rng);
/** pieces_bound: the bound, @piece samples a row at a time, and its gradient likewise; see
 * pieces.c.
 * @rows: [B], lent by the tape */
LacTensor *pieces_bound(Task *task, LacTensor *mu, LacTensor *s, LacTensor *eps, const size_t *rows,
                        size_t piece, const LacRng *rng);

#endif
