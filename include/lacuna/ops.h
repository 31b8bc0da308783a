/* The operators. Each reads tensors of one tape and returns a new one, lent by it. Shapes that do
 * not fit set the tape's error, with the operator and both shapes, and give NULL (see
 * lac_tape_check()). [a x b] is a shape; "…" stands for any leading dimensions. Operators with a
 * star can be differentiated twice. */
#ifndef LACUNA_OPS_H
#define LACUNA_OPS_H

#include <lacuna/tensor.h>

G_BEGIN_DECLS

/* ---- element-wise, with broadcasting: shapes are aligned at the right; a length of 1 and a
 * missing dimension stretch, as in NumPy ---- */

LAC_API LacTensor *lac_nn_add(LacTensor *a, LacTensor *b);     /* a + b * */
LAC_API LacTensor *lac_nn_sub(LacTensor *a, LacTensor *b);     /* a - b * */
LAC_API LacTensor *lac_nn_mul(LacTensor *a, LacTensor *b);     /* a b   * */
LAC_API LacTensor *lac_nn_div(LacTensor *a, LacTensor *b);     /* a / b * */
LAC_API LacTensor *lac_nn_maximum(LacTensor *a, LacTensor *b); /* max(a, b); ties: half each * */
LAC_API LacTensor *lac_nn_affine(LacTensor *x, LacReal a, LacReal b); /* a x + b * */
LAC_API LacTensor *lac_nn_neg(LacTensor *x);                          /* -x * */
LAC_API LacTensor *lac_nn_square(LacTensor *x);                       /* x^2 * */
LAC_API LacTensor *lac_nn_sqrt(LacTensor *x);                         /* x^(1/2) * */
LAC_API LacTensor *lac_nn_abs(LacTensor *x);                          /* |x|; slope 0 at 0 * */
LAC_API LacTensor *lac_nn_exp(LacTensor *x);                          /* e^x * */
LAC_API LacTensor *lac_nn_log(LacTensor *x);                          /* ln x * */
LAC_API LacTensor *lac_nn_relu(LacTensor *x);                         /* max(x, 0) * */
LAC_API LacTensor *lac_nn_leaky_relu(LacTensor *x, LacReal slope);    /* x > 0 ? x : slope x * */
LAC_API LacTensor *lac_nn_elu(LacTensor *x, LacReal alpha); /* x > 0 ? x : alpha (e^x - 1) * */
LAC_API LacTensor *lac_nn_tanh(LacTensor *x);               /* tanh x * */
LAC_API LacTensor *lac_nn_sigmoid(LacTensor *x);            /* 1 / (1 + e^-x) * */
LAC_API LacTensor *lac_nn_softplus(LacTensor *x);           /* ln(1 + e^x) * */
LAC_API LacTensor *lac_nn_normal_cdf(LacTensor *x);         /* Phi(x), to 2e-7 * */
LAC_API LacTensor *lac_nn_clip(LacTensor *x, LacReal lower, LacReal upper); /* slope 0 outside * */
/** lac_nn_expected_relu: E max(u, 0) of u normal with mean @m and variance @v >= 0, to 2e-7 of the
 * larger of |m| and v^(1/2); where v = 0 exactly max(m, 0). */
LAC_API LacTensor *lac_nn_expected_relu(LacTensor *m, LacTensor *v);
LAC_API LacTensor *lac_nn_detach(LacTensor *x); /* x, a constant */
/** lac_nn_select: where @m (a constant of 0 and 1, broadcast) is 1 then @a else @b. What is not
 * chosen is never computed with, so NaN under a hole does no harm. */
LAC_API LacTensor *lac_nn_select(LacTensor *m, LacTensor *a, LacTensor *b);

/* ---- shape ---- */

/** lac_nn_reshape: the same values under another shape; a view, costs nothing. * */
LAC_API LacTensor *lac_nn_reshape(LacTensor *x, unsigned dims, const size_t *shape);
/** lac_nn_transpose: dimensions in the order @axes [dims]; copies. * */
LAC_API LacTensor *lac_nn_transpose(LacTensor *x, const unsigned *axes);
/** lac_nn_concat: @n tensors, n <= LAC_OP_INPUTS, one after another along @axis. * */
LAC_API LacTensor *lac_nn_concat(unsigned n, LacTensor *const *x, unsigned axis);
/** lac_nn_slice: @length entries from @begin on along @axis; a view along axis 0. * */
LAC_API LacTensor *lac_nn_slice(LacTensor *x, unsigned axis, size_t begin, size_t length);
/** lac_nn_gather: rows @index [n] (0-based, repeats allowed) along axis 0; index is copied. * */
LAC_API LacTensor *lac_nn_gather(LacTensor *x, size_t n, const size_t *index);
/** lac_nn_scatter: the adjoint of gather: a tensor of @rows rows, zeros but for row i of x added to
 * row @index [rows of x] number i. * */
LAC_API LacTensor *lac_nn_scatter(LacTensor *x, size_t rows, const size_t *index);
/** lac_nn_broadcast: stretched to @shape by the rule above. * */
LAC_API LacTensor *lac_nn_broadcast(LacTensor *x, unsigned dims, const size_t *shape);

/* ---- sums. @axes is a set of bits, 1u << axis; the lengths summed over are dropped (@keep
 * FALSE) or become 1; 0 stands for all axes. Accumulated in double, in fixed blocks ---- */

LAC_API LacTensor *lac_nn_sum(LacTensor *x, unsigned axes, gboolean keep);       /* * */
LAC_API LacTensor *lac_nn_mean(LacTensor *x, unsigned axes, gboolean keep);      /* * */
LAC_API LacTensor *lac_nn_logsumexp(LacTensor *x, unsigned axes, gboolean keep); /* ln sum e^x * */
LAC_API LacTensor *lac_nn_softmax(LacTensor *x);     /* over the last axis * */
LAC_API LacTensor *lac_nn_log_softmax(LacTensor *x); /* over the last axis * */

/* ---- products ---- */

/** lac_nn_matmul: op(A) op(B), [a x k] [k x b] -> [a x b]; with leading dimensions, batched: those
 * of A and B agree or one has none. * */
LAC_API LacTensor *lac_nn_matmul(gboolean ta, gboolean tb, LacTensor *a, LacTensor *b);

/** LacActivation: what linear, convolution and the module helpers apply to their result. */
typedef enum {
    LAC_ACTIVATION_NONE,
    LAC_ACTIVATION_RELU,
    LAC_ACTIVATION_LEAKY_RELU, /* slope 0.01, as PyTorch's default */
    LAC_ACTIVATION_ELU,        /* alpha 1 */
    LAC_ACTIVATION_TANH,
    LAC_ACTIVATION_SIGMOID,
    LAC_ACTIVATION_SOFTPLUS,
} LacActivation;

/** lac_nn_activate: the operator of that name. * */
LAC_API LacTensor *lac_nn_activate(LacTensor *x, LacActivation activation);
/** lac_nn_linear: act(x W' + b): x [… x in], W [out x in], b [out] or NULL -> [… x out], one
 * fused pass. Softplus and ELU derivatives are computed from the result. * */
LAC_API LacTensor *
lac_nn_linear(LacTensor *x, LacTensor *w, LacTensor *b, LacActivation activation);

/** LacConv: geometry of a convolution. Rows and columns of padding may differ before and after
 * (TensorFlow's SAME with stride 2 does). */
typedef struct {
    size_t stride;                   /* >= 1, both directions */
    size_t top, left, bottom, right; /* zero padding, pixels */
} LacConv;

/** lac_nn_conv2d: x [N x C x H x W], W [O x C x kh x kw], b [O] or NULL -> [N x O x H' x W'],
 * H' = (H + top + bottom - kh) / stride + 1, rounded down; correlation, as everywhere. * */
LAC_API LacTensor *
lac_nn_conv2d(LacTensor *x, LacTensor *w, LacTensor *b, LacConv geometry, LacActivation activation);
/** lac_nn_conv_transpose2d: the adjoint of the convolution with the same W [C x O x kh x kw] and
 * geometry that takes [N x O x @height x @width] to x's shape: x [N x C x H x W] -> [N x O x
 * height x width]. * */
LAC_API LacTensor *
lac_nn_conv_transpose2d(LacTensor *x, LacTensor *w, LacTensor *b, LacConv geometry, size_t height,
                        size_t width, LacActivation activation);
/** lac_nn_max_pool, lac_nn_avg_pool: over @size x @size windows @stride apart, no padding;
 * windows that do not fit are left out. Ties: the first. */
LAC_API LacTensor *lac_nn_max_pool(LacTensor *x, size_t size, size_t stride);
LAC_API LacTensor *lac_nn_avg_pool(LacTensor *x, size_t size, size_t stride);
/** lac_nn_upsample: each pixel @factor x @factor times (nearest neighbour). * */
LAC_API LacTensor *lac_nn_upsample(LacTensor *x, size_t factor);

/**
 * lac_nn_batch_norm: gamma (x - mean) / sqrt(var + eps) + beta, per column of [N x C] or per
 * channel of [N x C x H x W]; gamma, beta [C].
 * @running: [2 x C] running mean and variance, memory of the caller. Training: batch moments (var
 *   with divisor n) normalise, and running <- (1 - momentum) running + momentum batch (var with
 *   divisor n - 1, as PyTorch; a batch of no numbers is left out); otherwise running normalises
 * Source: Ioffe & Szegedy (2015).
 */
LAC_API LacTensor *lac_nn_batch_norm(LacTensor *x, LacTensor *gamma, LacTensor *beta,
                                     LacReal *running, LacReal momentum, LacReal eps);
/** lac_nn_dropout: training: each value is 0 with probability @rate, else x / (1 - rate). */
LAC_API LacTensor *lac_nn_dropout(LacTensor *x, LacReal rate);

/* ---- small dense algebra, [… x q x q], batched, inside in double. A stands for (A + A')/2, which
 * is positive definite or the tape's error; of L the lower triangle is read. B has the same leading
 * lengths ---- */

LAC_API LacTensor *lac_nn_cholesky(LacTensor *a); /* L with L L' = A */
LAC_API LacTensor *lac_nn_solve_lower(LacTensor *l, LacTensor *b, gboolean transpose); /* L^-1 b */
LAC_API LacTensor *lac_nn_cholesky_solve(LacTensor *a, LacTensor *b); /* A^-1 b, [… x q x r] */
LAC_API LacTensor *lac_nn_logdet(LacTensor *a);                       /* ln |A|, [… ] */

/* ---- log densities, nats, element by element, stable. x is a constant (data) unless said
 * otherwise and may hold anything where @o is 0; @o (0 or 1; NULL: all ones) says which cells
 * count: the result there is 0 and so is the gradient. Parameters are [B x K x p] or [B x p]
 * against x, o [B x p] (then every row of x serves its K samples), or broadcast.
 * *_rows: summed over the last axis, accumulated in double ---- */

/** lac_nn_gaussian_logpdf, lac_nn_gaussian_rows: -ln(2 pi)/2 - ln s - ((x - mu)/s)^2/2; x may be a
 * variable (posterior densities of reparameterised draws). */
LAC_API LacTensor *lac_nn_gaussian_logpdf(LacTensor *x, LacTensor *mu, LacTensor *s, LacTensor *o);
LAC_API LacTensor *lac_nn_gaussian_rows(LacTensor *x, LacTensor *mu, LacTensor *s, LacTensor *o);
/** lac_nn_normal_rows: sum of -(z^2 + ln 2 pi)/2 over the last axis: the standard normal prior. */
LAC_API LacTensor *lac_nn_normal_rows(LacTensor *z);
/** lac_nn_bernoulli_rows: x l - softplus(l) from logits; x in [0, 1], grey values allowed. */
LAC_API LacTensor *lac_nn_bernoulli_rows(LacTensor *x, LacTensor *logit, LacTensor *o);
/** lac_nn_linear_bernoulli_rows: the same of the logits h W' + b (see lac_nn_linear()), which are
 * not kept: faster where there are many. */
LAC_API LacTensor *
lac_nn_linear_bernoulli_rows(LacTensor *x, LacTensor *h, LacTensor *w, LacTensor *b, LacTensor *o);
/** lac_nn_student_rows: Student-t with location, scale and degrees of freedom. */
LAC_API LacTensor *
lac_nn_student_rows(LacTensor *x, LacTensor *mu, LacTensor *s, LacTensor *nu, LacTensor *o);
/** lac_nn_logistic_rows: logistic discretised to steps of 2 @half within [lower, upper], the end
 * levels holding the tails (Salimans et al. 2017, PixelCNN++, eq. 2). */
LAC_API LacTensor *lac_nn_logistic_rows(LacTensor *x, LacTensor *mu, LacTensor *log_s, LacTensor *o,
                                        LacReal half, LacReal lower, LacReal upper);
/** lac_nn_categorical_rows: ln softmax(logits)[x] of codes 0 .. C-1 (x, a constant) under logits
 * [… x C]: [… ]. x and @o have the leading lengths of the logits or fewer: [B] serves the K samples
 * of [B x K x C]. A code that counts and is no level is the tape's error. */
LAC_API LacTensor *lac_nn_categorical_rows(LacTensor *x, LacTensor *logits, LacTensor *o);
/** lac_nn_factor_rows: normal with mean @m [… x p] and covariance A A' + D of few factors: @a [… x
 * l x p], variances @d [… x p], D's diagonal: [… ]. x and @o have m's shape, or [B x p] that serves
 * the K rows of [B x K x p]; of a row only the cells that count are looked at. x may be a variable.
 */
LAC_API LacTensor *
lac_nn_factor_rows(LacTensor *x, LacTensor *m, LacTensor *a, LacTensor *d, LacTensor *o);
/** lac_nn_cross_entropy: mean over the batch of -ln softmax(logits)[label]; logits [B x C],
 * @label [B] in 0 .. C-1, copied. */
LAC_API LacTensor *lac_nn_cross_entropy(LacTensor *logits, const size_t *label);
/** lac_nn_iwae_bound: mean over rows of ln mean_k e^w, w [B x K]: eq. 3 of Mattei & Frellsen
 * (2018); the gradient of w_bk is softmax_k(w_b)/B. Log-sum-exp in double. */
LAC_API LacTensor *lac_nn_iwae_bound(LacTensor *w);

G_END_DECLS

#endif
