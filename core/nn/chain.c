/* chain: y = h_n, h_k = act_k(h_(k-1) W_k' + b_k), h_0 = x: linear layers, see linear.c, for blocks
 * of rows that go through all layers in one thread, so that what is between them stays in its cache
 * and threads meet once, not once a layer.
 *
 *   dz_k = dh_k act_k'(h_k),  dh_(k-1) = dz_k W_k,  dW_k = dz_k' h_(k-1),  db_k = sum of dz_k
 *
 * Blocks do not depend on the number of threads; gradients by weights are summed in their order. */
#include "activation-private.h"
#include "chain-private.h"
#include "map-private.h"
#include "unary-private.h"

#include <string.h>

/* ---- rows of a chain, in the calling thread ---- */

/* h_k W_k' for @rows from @from on. */
static NnGemm
forward_product(const NnChain *c, size_t k, size_t from, size_t rows)
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
backward_product(const NnChain *c, size_t k, size_t rows)
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

void
nn_chain_forward(const NnChain *c, size_t from, size_t rows)
{
    for (size_t k = 0; k < c->layers; k++) {
        const NnGemm product = forward_product(c, k, from, rows);

        nn_gemm(&product);
    }
}

/* Sums of columns: four rows in float, then in double. */
LAC_CLONES static void
sum_rows(size_t rows, size_t n, const LacReal *v, gboolean add, LacReal *sums)
{
    enum { COLUMNS = 64, TOGETHER = 4 };

    for (size_t begin = 0; begin < n; begin += COLUMNS) {
        const size_t cols = MIN(COLUMNS, n - begin);
        const LacReal *from = v + begin;
        double own[COLUMNS] = {0};
        size_t i = 0;

        for (; i + TOGETHER <= rows; i += TOGETHER, from += TOGETHER * n)
            for (size_t j = 0; j < cols; j++)
                own[j] += (double)((from[j] + from[n + j]) + (from[2 * n + j] + from[3 * n + j]));
        for (; i < rows; i++, from += n)
            for (size_t j = 0; j < cols; j++)
                own[j] += (double)from[j];
        for (size_t j = 0; j < cols; j++)
            sums[begin + j] = (LacReal)(own[j] + (add ? (double)sums[begin + j] : 0.0));
    }
}

/* dW of layer @k from rows [from, from + rows), whose dz is @gz. */
static void
backward_weights(const NnChain *c, const NnChainBack *to, size_t k, size_t from, size_t rows,
                 const LacReal *gz)
{
    nn_gemm(&(NnGemm){.ta = TRUE,
                      .m = c->widths[k + 1],
                      .n = c->widths[k],
                      .k = rows,
                      .a = gz,
                      .lda = c->widths[k + 1],
                      .b = c->h[k] + from * c->widths[k],
                      .ldb = c->widths[k],
                      .c = to->gw[k],
                      .ldc = c->widths[k],
                      .add = to->add_w[k],
                      .precision = c->precision});
}

/* dh of the layer before @k. */
static void
backward_rows(const NnChain *c, size_t k, size_t rows, const LacReal *gz, gboolean add, LacReal *gh)
{
    NnGemm product = backward_product(c, k, rows);

    product.a = gz;
    product.c = gh;
    product.add = add;
    nn_gemm(&product);
}

void
nn_chain_backward(const NnChain *c, size_t from, size_t rows, const NnChainBack *to)
{
    LacReal *gz = to->gy;

    for (size_t k = c->layers; k-- > 0;) {
        const size_t out = c->widths[k + 1];
        LacReal *next = to->spare[k % 2];

        if (c->activations[k] != LAC_ACTIVATION_NONE)
            nn_activation_slope(c->activations[k], rows * out, c->h[k + 1] + from * out, gz, gz);
        if (to->gb[k] != NULL)
            sum_rows(rows, out, gz, to->add_b[k], to->gb[k]);
        if (to->gw[k] != NULL)
            backward_weights(c, to, k, from, rows, gz);
        if (k > 0)
            backward_rows(c, k, rows, gz, FALSE, next);
        else if (to->gx != NULL)
            backward_rows(c, k, rows, gz, to->add_x, to->gx);
        gz = next;
    }
}

/* ---- weights laid out once for all blocks ---- */

/** ChainPack: panels of all layers' weights, one after another. */
typedef struct {
    NnGemm products[NN_CHAIN_MOST];
    uint16_t *packed[NN_CHAIN_MOST];
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

gboolean
nn_chain_pack(LacTape *tape, NnChain *c, NnBlocks blocks, gboolean backward)
{
    ChainPack pack = {.layers = c->layers};
    size_t panels = 0;

    /* what another core wrote comes as slowly as it is laid out anew: with a block or so a thread,
     * each does that for itself */
    for (size_t k = 0; blocks.n >= 2 * lac_threads() && k < c->layers; k++) {
        const NnGemm product =
            backward ? backward_product(c, k, blocks.rows) : forward_product(c, k, 0, blocks.rows);
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

double
nn_chain_seconds(const NnChain *c, size_t rows, double passes)
{
    double products = 0.0;

    for (size_t k = 0; k < c->layers; k++)
        products += (double)rows * (double)(c->widths[k] * c->widths[k + 1]);
    return passes * 2.0 * products / 1e11;
}

NnBlocks
nn_blocks(size_t rows)
{
    enum { BLOCK_ROWS = 128, MOST_BLOCKS = 8 };
    NnBlocks blocks = {.n = CLAMP(rows / BLOCK_ROWS, 1, MOST_BLOCKS)};

    blocks.rows = (rows + blocks.n - 1) / blocks.n;
    blocks.n = (rows + blocks.rows - 1) / blocks.rows;
    return blocks;
}

void
nn_blocks_for(NnBlocks blocks, double seconds, LacLoopBody body, void *user)
{
    if (blocks.n == 1)
        body(0, 1, 0, user);
    else
        lac_parallel_for_short(seconds, blocks.n, 1, body, user);
}

/* ---- forward ---- */

/** ChainJob: what the operator saves. */
typedef struct {
    NnChain chain;
    size_t rows;
    NnBlocks blocks;
} ChainJob;

/* Of layer @k among the inputs of the operator. */
static unsigned
weight_at(size_t k)
{
    return (unsigned)(1 + 2 * k);
}

static void
forward_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    const ChainJob *job = user;

    for (size_t block = begin; block < end; block++) {
        const size_t from = block * job->blocks.rows;

        nn_chain_forward(&job->chain, from, MIN(job->blocks.rows, job->rows - from));
    }
}

/* ---- backward ---- */

/** ChainBackward: the first block writes to the inputs' gradients.
 * @to: for the first block
 * @more: [blocks - 1][values] those of weights and biases of the others, layer after layer
 * @widest: values of a row of @to.spare */
typedef struct {
    const ChainJob *job;
    NnChainBack to;
    LacReal *more;
    size_t values, widest;
} ChainBackward;

/* The same for block @block. */
static NnChainBack
block_back(const ChainBackward *b, size_t block)
{
    const NnChain *c = &b->job->chain;
    const size_t from = block * b->job->blocks.rows;
    NnChainBack to = b->to;
    LacReal *more = block > 0 ? b->more + (block - 1) * b->values : NULL;

    to.gy += from * c->widths[c->layers];
    to.gx = to.gx != NULL ? to.gx + from * c->widths[0] : NULL;
    for (size_t k = 0; k < 2; k++)
        to.spare[k] += from * b->widest;
    for (size_t k = 0; block > 0 && k < c->layers; k++) {
        to.add_w[k] = to.add_b[k] = FALSE;
        to.gw[k] = to.gw[k] != NULL ? more : NULL;
        more += c->widths[k] * c->widths[k + 1];
        to.gb[k] = to.gb[k] != NULL ? more : NULL;
        more += c->widths[k + 1];
    }
    return to;
}

static void
backward_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    const ChainBackward *b = user;

    for (size_t block = begin; block < end; block++) {
        const size_t from = block * b->job->blocks.rows;
        const NnChainBack to = block_back(b, block);

        nn_chain_backward(&b->job->chain, from, MIN(b->job->blocks.rows, b->job->rows - from), &to);
    }
}

/* What the other blocks have, in their order. */
static void
backward_end(const ChainBackward *b, const LacTensor *y)
{
    for (size_t block = 1; block < b->job->blocks.n; block++) {
        const LacReal *more = b->more + (block - 1) * b->values;

        for (unsigned k = weight_at(0); k < y->inputs; more += y->in[k++]->size)
            if (lac_tensor_wants(y, k))
                nn_copy(y->in[k]->size, &more, NULL, y->in[k]->grad, TRUE);
    }
}

/* FALSE: no memory. */
static gboolean
backward_init(const LacTensor *y, ChainBackward *b)
{
    const NnChain *c = &b->job->chain;

    for (size_t k = 0; k < c->layers; k++) {
        LacTensor *w = y->in[weight_at(k)], *bias = y->in[weight_at(k) + 1];

        b->widest = MAX(b->widest, c->widths[k]);
        b->values += w->size + bias->size;
        if (lac_tensor_wants(y, weight_at(k)))
            b->to.gw[k] = w->grad, b->to.add_w[k] = !lac_tensor_first(w);
        if (lac_tensor_wants(y, weight_at(k) + 1))
            b->to.gb[k] = bias->grad, b->to.add_b[k] = !lac_tensor_first(bias);
    }
    b->more = lac_tape_alloc(y->tape, (b->job->blocks.n - 1) * b->values * sizeof *b->more + 1);
    b->to.spare[0] = lac_tape_alloc(y->tape, 2 * b->job->rows * b->widest * sizeof *b->to.spare[0]);
    if (b->more == NULL || b->to.spare[0] == NULL)
        return FALSE;
    b->to.spare[1] = b->to.spare[0] + b->job->rows * b->widest;
    if (lac_tensor_wants(y, 0))
        b->to.gx = y->in[0]->grad, b->to.add_x = !lac_tensor_first(y->in[0]);
    return TRUE;
}

static void
chain_backward(const LacTensor *y)
{
    ChainJob *job = y->saved;
    ChainBackward b = {.job = job, .to.gy = y->grad};
    const NnArenaMark mark = nn_arena_mark(&y->tape->arena);

    if (!backward_init(y, &b) || !nn_chain_pack(y->tape, &job->chain, job->blocks, TRUE))
        return;
    nn_blocks_for(job->blocks, nn_chain_seconds(&job->chain, job->rows, 2.0), backward_blocks, &b);
    backward_end(&b, y);
    nn_arena_release(&y->tape->arena, mark);
}

/* The layers once more, one by one, and their gradients from those. */
static void
chain_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    const ChainJob *job = y->saved;
    const NnChain *c = &job->chain;
    LacTensor *h[NN_CHAIN_LAYERS + 1] = {
        lac_nn_reshape(y->in[0], LAC_SHAPE(job->rows, c->widths[0]))};
    LacTensor *gh = lac_nn_reshape(gy, LAC_SHAPE(job->rows, c->widths[c->layers]));

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
static ChainJob *
chain_plan(LacTensor *y, size_t n, const LacActivation *activations)
{
    const LacTensor *x = y->in[0];
    ChainJob *job = lac_tape_alloc(y->tape, sizeof *job);
    NnChain *c;

    if (job == NULL)
        return NULL;
    *job = (ChainJob){.chain = {.layers = n, .precision = lac_tape_precision(y->tape)}};
    c = &job->chain;
    c->widths[0] = x->shape[x->dims - 1];
    c->h[0] = x->v;
    job->rows = x->size / c->widths[0];
    job->blocks = nn_blocks(job->rows);
    for (size_t k = 0; k < n; k++) {
        c->activations[k] = activations[k];
        c->w[k] = y->in[weight_at(k)]->v;
        c->b[k] = y->in[weight_at(k) + 1]->v;
        c->widths[k + 1] = y->in[weight_at(k)]->shape[0];
        c->h[k + 1] =
            k + 1 == n
                ? y->v
                : lac_tape_alloc(y->tape, job->rows * c->widths[k + 1] * sizeof *c->h[k + 1]);
        if (c->h[k + 1] == NULL)
            return NULL;
    }
    return job;
}

LacTensor *
nn_chain(LacTensor *x, size_t n, LacTensor *const *w, LacTensor *const *b,
         const LacActivation *activations)
{
    LacTensor *in[2 * NN_CHAIN_LAYERS + 1] = {x}, *y;
    size_t shape[LAC_DIMS];
    NnArenaMark mark;
    ChainJob *job;

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
    job = y != NULL ? chain_plan(y, n, activations) : NULL;
    if (job == NULL)
        return NULL;
    y->saved = job;
    mark = nn_arena_mark(&y->tape->arena);
    if (!nn_chain_pack(y->tape, &job->chain, job->blocks, FALSE))
        return NULL;
    nn_blocks_for(job->blocks, nn_chain_seconds(&job->chain, job->rows, 1.0), forward_blocks, job);
    nn_arena_release(&y->tape->arena, mark);
    return lac_tape_done(y);
}
