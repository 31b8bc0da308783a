/* chain: y = h_n, h_k = act_k(h_(k-1) W_k' + b_k), h_0 = x: linear layers, see linear.c, for blocks
 * of rows that go through all layers in one thread, so that what is between them stays in its cache
 * and threads meet once, not once a layer.
 *
 *   dz_k = dh_k act_k'(h_k),  dh_(k-1) = dz_k W_k,  dW_k = dz_k' h_(k-1),  db_k = sum of dz_k
 *
 * Blocks do not depend on the number of threads; gradients by weights are summed in their order. */
#include "activation-private.h"
#include "chain-private.h"
#include "gemm-private.h"
#include "parallel-private.h"
#include "tape-private.h"
#include "unary-private.h"

#include <string.h>

enum {
    BLOCK_ROWS = 128,
    MOST_BLOCKS = 8,
};

/** Chain: layer k maps widths[k] to widths[k + 1] columns. */
typedef struct {
    size_t rows, layers, widths[NN_CHAIN_LAYERS + 1];
    size_t blocks, block_rows;
    LacActivation activations[NN_CHAIN_LAYERS];
    const LacReal *w[NN_CHAIN_LAYERS], *b[NN_CHAIN_LAYERS];
    LacReal *h[NN_CHAIN_LAYERS + 1]; /* [rows x widths[k]] */
    LacPrecision precision;
    uint16_t *packed[2][NN_CHAIN_LAYERS]; /* W' and W laid out for all blocks; NULL: by each */
} Chain;

/* Of layer @k among the inputs of the operator. */
static unsigned
weight_at(size_t k)
{
    return (unsigned)(1 + 2 * k);
}

static size_t
weight_size(const Chain *c, size_t k)
{
    return c->widths[k] * c->widths[k + 1];
}

/* Some rows of what begins at @v. */
static size_t
block_end(const Chain *c, size_t block)
{
    return MIN((block + 1) * c->block_rows, c->rows);
}

/* ---- forward ---- */

/* h_k W_k' for @rows from @from on. */
static NnGemm
forward_product(const Chain *c, size_t k, size_t from, size_t rows)
{
    return (NnGemm){.tb = TRUE,
                    .m = rows,
                    .n = c->widths[k + 1],
                    .k = c->widths[k],
                    .a = c->h[k] + from * c->widths[k],
                    .lda = c->widths[k],
                    .b = c->w[k],
                    .ldb = c->widths[k],
                    .c = c->h[k + 1] + from * c->widths[k + 1],
                    .ldc = c->widths[k + 1],
                    .bias = c->b[k],
                    .activation = c->activations[k],
                    .precision = c->precision,
                    .packed = c->packed[0][k]};
}

/* dz_k W_k, to what the caller says. */
static NnGemm
backward_product(const Chain *c, size_t k, size_t rows)
{
    return (NnGemm){.m = rows,
                    .n = c->widths[k],
                    .k = c->widths[k + 1],
                    .lda = c->widths[k + 1],
                    .b = c->w[k],
                    .ldb = c->widths[k],
                    .ldc = c->widths[k],
                    .precision = c->precision,
                    .packed = c->packed[1][k]};
}

static void
forward_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    const Chain *c = user;

    for (size_t block = begin; block < end; block++) {
        const size_t from = block * c->block_rows, rows = block_end(c, block) - from;

        for (size_t k = 0; k < c->layers; k++) {
            const NnGemm product = forward_product(c, k, from, rows);

            nn_gemm(&product);
        }
    }
}

/* ---- weights laid out once for all blocks ---- */

/** ChainPack: panels of all layers' weights, one after another. */
typedef struct {
    NnGemm products[NN_CHAIN_LAYERS];
    uint16_t *packed[NN_CHAIN_LAYERS];
    size_t layers;
} ChainPack;

static void
pack_panels(size_t begin, size_t end, unsigned worker, void *user)
{
    const ChainPack *pack = user;
    size_t first = 0;

    for (size_t k = 0; k < pack->layers; k++) {
        const size_t panels = pack->packed[k] != NULL ? nn_gemm_panels(&pack->products[k]) : 0;
        const size_t from = CLAMP(begin, first, first + panels) - first;
        const size_t to = CLAMP(end, first, first + panels) - first;

        if (to > from)
            nn_gemm_pack(&pack->products[k], from, to, pack->packed[k]);
        first += panels;
    }
}

/* For the products of the forward or the @backward pass. FALSE: no memory. */
static gboolean
chain_pack(LacTape *tape, Chain *c, gboolean backward)
{
    ChainPack pack = {.layers = c->layers};
    size_t panels = 0;

    /* what another core wrote comes as slowly as it is laid out anew: with a block or so a thread,
     * each does that for itself */
    for (size_t k = 0; c->blocks >= 2 * lac_threads() && k < c->layers; k++) {
        const NnGemm product = backward ? backward_product(c, k, c->block_rows)
                                        : forward_product(c, k, 0, c->block_rows);
        const size_t size = nn_gemm_packed_size(&product);

        pack.products[k] = product;
        if (size == 0)
            continue;
        pack.packed[k] = lac_tape_alloc(tape, size * sizeof *pack.packed[k]);
        if (pack.packed[k] == NULL)
            return FALSE;
        panels += nn_gemm_panels(&product);
    }
    if (panels > 0)
        lac_parallel_for_short(2e-6 * (double)panels, panels,
                               (panels + lac_threads() - 1) / lac_threads(), pack_panels, &pack);
    memcpy(c->packed[backward ? 1 : 0], pack.packed, sizeof pack.packed);
    return TRUE;
}

/* Roughly, in one thread; 1: forward, 2: backward. */
static double
chain_seconds(const Chain *c, double passes)
{
    double products = 0.0;

    for (size_t k = 0; k < c->layers; k++)
        products += (double)c->rows * (double)weight_size(c, k);
    return passes * 2.0 * products / 1e11;
}

/* ---- backward ---- */

/** ChainBackward:
 * @gy: [rows x last width], made gz in place
 * @g: [2][rows x widest], gradients of what is between the layers
 * @gx: NULL: not wanted
 * @gw: [layers][blocks][weights], @gb: [layers][blocks][width]; NULL: not wanted */
typedef struct {
    const Chain *chain;
    LacReal *gy, *g[2], *gx;
    gboolean add_x;
    LacReal *gw[NN_CHAIN_LAYERS];
    double *gb[NN_CHAIN_LAYERS];
} ChainBackward;

LAC_CLONES static void
sum_rows(size_t rows, size_t n, const LacReal *v, double *sums)
{
    for (size_t j = 0; j < n; j++)
        sums[j] = 0.0;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < n; j++)
            sums[j] += (double)v[i * n + j];
}

/* dW of layer @k from rows [from, from + rows), whose dz is @gz. */
static void
backward_weights(const ChainBackward *b, size_t k, size_t block, size_t from, size_t rows,
                 const LacReal *gz)
{
    const Chain *c = b->chain;

    nn_gemm(&(NnGemm){.ta = TRUE,
                      .m = c->widths[k + 1],
                      .n = c->widths[k],
                      .k = rows,
                      .a = gz,
                      .lda = c->widths[k + 1],
                      .b = c->h[k] + from * c->widths[k],
                      .ldb = c->widths[k],
                      .c = b->gw[k] + block * weight_size(c, k),
                      .ldc = c->widths[k],
                      .precision = c->precision});
}

/* dh of the layer before @k. */
static void
backward_rows(const ChainBackward *b, size_t k, size_t rows, const LacReal *gz, gboolean add,
              LacReal *gh)
{
    NnGemm product = backward_product(b->chain, k, rows);

    product.a = gz;
    product.c = gh;
    product.add = add;
    nn_gemm(&product);
}

static void
backward_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    const ChainBackward *b = user;
    const Chain *c = b->chain;

    for (size_t block = begin; block < end; block++) {
        const size_t from = block * c->block_rows, rows = block_end(c, block) - from;
        LacReal *gz = b->gy + from * c->widths[c->layers];

        for (size_t k = c->layers; k-- > 0;) {
            const size_t in = c->widths[k], out = c->widths[k + 1];
            LacReal *next = b->g[k % 2] + from * in;

            if (c->activations[k] != LAC_ACTIVATION_NONE)
                nn_activation_slope(c->activations[k], rows * out, c->h[k + 1] + from * out, gz,
                                    gz);
            if (b->gb[k] != NULL)
                sum_rows(rows, out, gz, b->gb[k] + block * out);
            if (b->gw[k] != NULL)
                backward_weights(b, k, block, from, rows, gz);
            if (k > 0)
                backward_rows(b, k, rows, gz, FALSE, next);
            else if (b->gx != NULL)
                backward_rows(b, k, rows, gz, b->add_x, b->gx + from * in);
            gz = next;
        }
    }
}

/* Gradients of layer @k from those of the blocks. */
static void
backward_end(const ChainBackward *b, size_t k, LacTensor *w, LacTensor *bias)
{
    const size_t blocks = b->chain->blocks;

    if (b->gw[k] != NULL) {
        const gboolean add = !lac_tensor_first(w);

        for (size_t block = 0; block < blocks; block++) {
            const LacReal *in[] = {b->gw[k] + block * w->size};

            nn_copy(w->size, in, NULL, w->grad, add || block > 0);
        }
    }
    if (b->gb[k] != NULL) {
        const gboolean add = !lac_tensor_first(bias);

        for (size_t j = 0; j < bias->size; j++) {
            double sum = add ? (double)bias->grad[j] : 0.0;

            for (size_t block = 0; block < blocks; block++)
                sum += b->gb[k][block * bias->size + j];
            bias->grad[j] = (LacReal)sum;
        }
    }
}

/* FALSE: no memory. */
static gboolean
backward_init(const LacTensor *y, ChainBackward *b)
{
    const Chain *c = b->chain;
    size_t widest = 0;

    for (size_t k = 0; k < c->layers; k++) {
        widest = MAX(widest, c->widths[k]);
        if (lac_tensor_wants(y, weight_at(k))) {
            b->gw[k] = lac_tape_alloc(y->tape, c->blocks * weight_size(c, k) * sizeof(LacReal));
            if (b->gw[k] == NULL)
                return FALSE;
        }
        if (lac_tensor_wants(y, weight_at(k) + 1)) {
            b->gb[k] = lac_tape_alloc(y->tape, c->blocks * c->widths[k + 1] * sizeof(double));
            if (b->gb[k] == NULL)
                return FALSE;
        }
    }
    b->g[0] = lac_tape_alloc(y->tape, 2 * c->rows * widest * sizeof(LacReal));
    b->g[1] = b->g[0] != NULL ? b->g[0] + c->rows * widest : NULL;
    return b->g[0] != NULL;
}

static void
chain_backward(const LacTensor *y)
{
    Chain *c = y->saved;
    LacTensor *x = y->in[0];
    ChainBackward b = {.chain = c, .gy = y->grad};
    const NnArenaMark mark = nn_arena_mark(&y->tape->arena);

    if (!backward_init(y, &b) || !chain_pack(y->tape, c, TRUE))
        return;
    if (lac_tensor_wants(y, 0))
        b.gx = x->grad, b.add_x = !lac_tensor_first(x);
    if (c->blocks == 1)
        backward_blocks(0, 1, 0, &b);
    else
        lac_parallel_for_short(chain_seconds(c, 2.0), c->blocks, 1, backward_blocks, &b);
    for (size_t k = 0; k < c->layers; k++)
        backward_end(&b, k, y->in[weight_at(k)], y->in[weight_at(k) + 1]);
    nn_arena_release(&y->tape->arena, mark);
}

/* The layers once more, one by one, and their gradients from those. */
static void
chain_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    const Chain *c = y->saved;
    LacTensor *h[NN_CHAIN_LAYERS + 1] = {
        lac_nn_reshape(y->in[0], LAC_SHAPE(c->rows, c->widths[0]))};
    LacTensor *gh = lac_nn_reshape(gy, LAC_SHAPE(c->rows, c->widths[c->layers]));

    for (size_t k = 0; k < c->layers; k++)
        h[k + 1] =
            lac_nn_linear(h[k], y->in[weight_at(k)], y->in[weight_at(k) + 1], c->activations[k]);
    for (size_t k = c->layers; k-- > 0;) {
        LacTensor *gz = nn_activation_record(h[k + 1], gh, c->activations[k]);

        if (lac_tensor_wants(y, weight_at(k)))
            gx[weight_at(k)] = lac_nn_matmul(TRUE, FALSE, gz, h[k]);
        if (lac_tensor_wants(y, weight_at(k) + 1))
            gx[weight_at(k) + 1] = lac_nn_sum(gz, 1u << 0, FALSE);
        if (k > 0 || lac_tensor_wants(y, 0))
            gh = lac_nn_matmul(FALSE, FALSE, gz, y->in[weight_at(k)]);
    }
    if (lac_tensor_wants(y, 0))
        gx[0] = lac_nn_reshape(gh, y->in[0]->dims, y->in[0]->shape);
}

static const LacOp lac_op_chain = {
    "chain", "act(... act(x W1' + b1) ... Wn' + bn)", chain_backward, chain_record, .assigns = TRUE,
};

/* ---- the operator ---- */

gboolean
nn_chain_suits(const LacTensor *x, size_t n, LacTensor *const *w, LacTensor *const *b)
{
    size_t values = 0;

    if (x == NULL || x->dims < 1 || n < 2)
        return FALSE;
    for (size_t k = 0; k < n; k++) {
        if (w[k] == NULL || b[k] == NULL)
            return FALSE;
        values += w[k]->size;
    }
    return values <= NN_CHAIN_VALUES && x->shape[x->dims - 1] == w[0]->shape[1];
}

/* The plan of @n layers that fit; memory for what is between them. NULL: there is none. */
static Chain *
chain_plan(LacTensor *y, size_t n, const LacActivation *activations)
{
    const LacTensor *x = y->in[0];
    Chain *c = lac_tape_alloc(y->tape, sizeof *c);

    if (c == NULL)
        return NULL;
    *c = (Chain){.layers = n, .precision = lac_tape_precision(y->tape)};
    c->widths[0] = x->shape[x->dims - 1];
    c->rows = x->size / c->widths[0];
    c->blocks = CLAMP(c->rows / BLOCK_ROWS, 1, MOST_BLOCKS);
    c->block_rows = (c->rows + c->blocks - 1) / c->blocks;
    c->blocks = (c->rows + c->block_rows - 1) / c->block_rows;
    c->h[0] = x->v;
    for (size_t k = 0; k < n; k++) {
        c->activations[k] = activations[k];
        c->w[k] = y->in[weight_at(k)]->v;
        c->b[k] = y->in[weight_at(k) + 1]->v;
        c->widths[k + 1] = y->in[weight_at(k)]->shape[0];
        c->h[k + 1] =
            k + 1 == n ? y->v
                       : lac_tape_alloc(y->tape, c->rows * c->widths[k + 1] * sizeof *c->h[k + 1]);
        if (c->h[k + 1] == NULL)
            return NULL;
    }
    return c;
}

LacTensor *
nn_chain(LacTensor *x, size_t n, LacTensor *const *w, LacTensor *const *b,
         const LacActivation *activations)
{
    LacTensor *in[2 * NN_CHAIN_LAYERS + 1] = {x}, *y;
    size_t shape[LAC_DIMS];
    NnArenaMark mark;
    Chain *c;

    g_assert(n >= 1 && n <= NN_CHAIN_LAYERS);
    if (x == NULL)
        return NULL;
    for (size_t k = 0; k < n; k++) {
        in[weight_at(k)] = w[k];
        in[weight_at(k) + 1] = b[k];
    }
    memcpy(shape, x->shape, x->dims * sizeof *shape);
    shape[x->dims - 1] = w[n - 1]->shape[0];
    y = lac_tape_result(&lac_op_chain, (unsigned)(2 * n + 1), in, x->dims, shape);
    c = y != NULL ? chain_plan(y, n, activations) : NULL;
    if (c == NULL)
        return NULL;
    y->saved = c;
    mark = nn_arena_mark(&y->tape->arena);
    if (!chain_pack(y->tape, c, FALSE))
        return NULL;
    if (c->blocks == 1)
        forward_blocks(0, 1, 0, c);
    else
        lac_parallel_for_short(chain_seconds(c, 1.0), c->blocks, 1, forward_blocks, c);
    nn_arena_release(&y->tape->arena, mark);
    return lac_tape_done(y);
}
