/* flow: affine couplings, see flow-private.h. With o = 1 - m, s and t the networks of a coupling,
 *
 *   encode  h = m x, a = o s(h):  y = h + o (x e^a + t(h));    decode  x = h + o (y - t(h)) e^-a
 *
 * and l = sum of a over columns and couplings, ln |dz/dx| of encoding, either way. Back, on the
 * columns that are transformed, from dy, dx and dl:
 *
 *   encode  dt = dy, da = dy x e^a + dl, dx = dy e^a;   decode  dt = -dy, da = -dx x + dl, dy = dx
 * e^-a
 *
 * and through both networks to the others. The two networks of a coupling are the two halves of
 * the work, and all parameters of one kind follow one another: so a thread's weights, their
 * gradients and what an optimizer keeps of them stay in its cache. Only with more than two threads
 * is each half split into blocks of rows.
 * Source: Dinh, Sohl-Dickstein and Bengio, Density estimation using Real NVP (ICLR 2017). */
#include "flow-private.h"
#include "tape-private.h"
#include "vmath-private.h"

#include <string.h>

enum { X, THETA };

/** FlowJob: coupling i in the order they are passed has the state z[i] before and z[i + 1] after
 * it, the factors e[i], what its networks are given, kept[i], all [rows x columns], and the
 * networks chains[2 i] and chains[2 i + 1]. */
typedef struct {
    NnFlow flow;
    gboolean decode;
    size_t rows;
    NnBlocks blocks;
    NnChain *chains;
    LacReal **z, **e, **kept;
} FlowJob;

size_t
nn_flow_network(const NnFlow *flow, size_t coupling, size_t which)
{
    return (which * flow->couplings + coupling) * nn_flow_values(flow);
}

LacActivation
nn_flow_activation(const NnFlow *flow, size_t which, size_t layer)
{
    if (layer + 1 < flow->layers)
        return flow->activation;
    return which == 0 ? LAC_ACTIVATION_TANH : LAC_ACTIVATION_NONE;
}

size_t
nn_flow_values(const NnFlow *flow)
{
    size_t values = 0;

    for (size_t k = 0; k < flow->layers; k++)
        values += (flow->widths[k] + 1) * flow->widths[k + 1];
    return values;
}

gboolean
nn_flow_suits(const NnFlow *flow, const LacTensor *x)
{
    return flow->layers <= NN_CHAIN_MOST && nn_flow_values(flow) <= NN_CHAIN_VALUES &&
           !x->tape->check;
}

/* The number of the coupling that is passed @i-th. */
static size_t
coupling_at(const FlowJob *job, size_t i)
{
    return job->decode ? job->flow.couplings - 1 - i : i;
}

/* ---- both networks of a coupling ---- */

/** Networks: a job for both, see coupling_networks(). @i: the coupling is passed @i-th. */
typedef struct {
    const FlowJob *job;
    size_t i;
    const struct FlowBack *back;
} Networks;

/* Half of the blocks are the one network's. */
static void
over_networks(const FlowJob *job, double passes, LacLoopBody body, Networks *networks)
{
    const size_t n = 2 * job->blocks.n;
    const double seconds = 2.0 * nn_chain_seconds(&job->chains[0], job->rows, passes);

    lac_parallel_for_short(seconds, n, (n + lac_threads() - 1) / lac_threads(), body, networks);
}

/* ---- forward ---- */

/** Couple: a coupling of some rows: mask [columns], the others [rows x columns]; @sums of its
 * scales are added to every @step-th value. */
typedef struct {
    size_t rows, columns;
    gboolean decode;
    const LacReal *mask, *before, *s, *t;
    LacReal *e, *after, *sums;
    size_t step;
} Couple;

LAC_CLONES static void
keep_columns(size_t rows, size_t columns, const LacReal *restrict mask, const LacReal *restrict z,
             LacReal *restrict kept)
{
    for (size_t i = 0; i < rows; i++, z += columns, kept += columns)
        for (size_t j = 0; j < columns; j++)
            kept[j] = mask[j] != 0 ? z[j] : 0;
}

LAC_CLONES static void
couple(const Couple *c)
{
    for (size_t i = 0; i < c->rows; i++) {
        const size_t at = i * c->columns;
        const LacReal *restrict z = c->before + at, *restrict s = c->s + at,
                                *restrict t = c->t + at;
        const LacReal *restrict mask = c->mask;
        LacReal *restrict e = c->e + at, *restrict to = c->after + at, sum = 0;

        if (c->decode)
            for (size_t j = 0; j < c->columns; j++) {
                const LacReal a = mask[j] != 0 ? 0 : s[j];

                e[j] = lac_real_exp(-a);
                to[j] = mask[j] != 0 ? z[j] : (z[j] - t[j]) * e[j];
            }
        else
            for (size_t j = 0; j < c->columns; j++) {
                const LacReal a = mask[j] != 0 ? 0 : s[j];

                e[j] = lac_real_exp(a);
                to[j] = mask[j] != 0 ? z[j] : z[j] * e[j] + t[j];
            }
#pragma omp simd reduction(+ : sum)
        for (size_t j = 0; j < c->columns; j++)
            sum += mask[j] != 0 ? 0 : s[j];
        c->sums[i * c->step] += sum;
    }
}

static void
forward_networks(size_t begin, size_t end, unsigned worker, void *user)
{
    const Networks *networks = user;
    const FlowJob *job = networks->job;

    for (size_t k = begin; k < end; k++) {
        const size_t from = k % job->blocks.n * job->blocks.rows;

        nn_chain_forward(&job->chains[2 * networks->i + k / job->blocks.n], from,
                         MIN(job->blocks.rows, job->rows - from));
    }
}

static void
forward(const FlowJob *job, LacReal *y)
{
    const NnFlow *flow = &job->flow;
    const size_t p = flow->columns;

    for (size_t r = 0; r < job->rows; r++)
        y[r * (p + 1) + p] = 0;
    for (size_t i = 0; i < flow->couplings; i++) {
        const NnChain *scale = &job->chains[2 * i], *shift = scale + 1;
        const LacReal *mask = flow->masks + coupling_at(job, i) * p;

        keep_columns(job->rows, p, mask, job->z[i], job->kept[i]);
        over_networks(job, 1.0, forward_networks, &(Networks){.job = job, .i = i});
        couple(&(Couple){job->rows, p, job->decode, mask, job->z[i], scale->h[flow->layers],
                         shift->h[flow->layers], job->e[i], job->z[i + 1], y + p, p + 1});
    }
    for (size_t r = 0; r < job->rows; r++)
        memcpy(y + r * (p + 1), job->z[flow->couplings] + r * p, p * sizeof *y);
}

/* ---- backward ---- */

/** FlowBack: of the two networks, [rows x columns] @g what they gave, @gh what they were given
 * @spare: [2][rows x widest] each
 * @more: [blocks - 1][size of theta]; NULL: its gradient is not wanted
 * @inside: whether anybody wants @gh */
typedef struct FlowBack {
    const FlowJob *job;
    const LacTensor *theta;
    LacReal *g[2], *gh[2], *spare[2], *more;
    size_t widest;
    gboolean inside;
} FlowBack;

/** Uncouple: what couple() was given, gradients by what it gave, @g, which becomes that by what it
 * was given but for the networks' part, and those by what the networks gave. */
typedef struct {
    size_t rows, columns;
    gboolean decode;
    const LacReal *mask, *before, *after, *e, *gl;
    size_t step; /* of gl */
    LacReal *g, *gs, *gt;
} Uncouple;

LAC_CLONES static void
uncouple(const Uncouple *c)
{
    for (size_t i = 0; i < c->rows; i++) {
        const size_t at = i * c->columns;
        const LacReal *restrict mask = c->mask, *restrict e = c->e + at;
        const LacReal *restrict x = (c->decode ? c->after : c->before) + at;
        LacReal *restrict g = c->g + at, *restrict gs = c->gs + at, *restrict gt = c->gt + at;
        const LacReal gl = c->gl[i * c->step];

        if (c->decode)
            for (size_t j = 0; j < c->columns; j++) {
                const LacReal moved = mask[j] != 0 ? 0 : g[j] * e[j];

                gs[j] = mask[j] != 0 ? 0 : gl - g[j] * x[j];
                gt[j] = -moved;
                g[j] = mask[j] != 0 ? g[j] : moved;
            }
        else
            for (size_t j = 0; j < c->columns; j++) {
                const LacReal moved = mask[j] != 0 ? 0 : g[j] * e[j];

                gs[j] = mask[j] != 0 ? 0 : moved * x[j] + gl;
                gt[j] = mask[j] != 0 ? 0 : g[j];
                g[j] = mask[j] != 0 ? g[j] : moved;
            }
    }
}

/* What the networks were given are the columns that passed. */
LAC_CLONES static void
add_kept(size_t rows, size_t columns, const LacReal *restrict mask, const LacReal *restrict gs,
         const LacReal *restrict gt, LacReal *restrict g)
{
    for (size_t i = 0; i < rows; i++, g += columns, gs += columns, gt += columns)
        for (size_t j = 0; j < columns; j++)
            g[j] += mask[j] != 0 ? gs[j] + gt[j] : 0;
}

/* Back through network @which of the coupling that is passed @i-th, with one block of rows. */
static void
backward_network(const FlowBack *b, size_t i, size_t which, size_t block)
{
    const FlowJob *job = b->job;
    const NnFlow *flow = &job->flow;
    const size_t from = block * job->blocks.rows, at = from * flow->columns;
    LacReal *gradient = block == 0 ? b->theta->grad : b->more + (block - 1) * b->theta->size;
    NnChainBack to = {.gy = b->g[which] + at, .gx = b->inside ? b->gh[which] + at : NULL};

    for (size_t k = 0; k < 2; k++)
        to.spare[k] = b->spare[k] + (which * job->rows + from) * b->widest;
    gradient += nn_flow_network(flow, coupling_at(job, i), which);
    for (size_t k = 0; b->more != NULL && k < flow->layers; k++) {
        to.add_w[k] = to.add_b[k] = block == 0;
        to.gw[k] = gradient;
        to.gb[k] = gradient + flow->widths[k] * flow->widths[k + 1];
        gradient = to.gb[k] + flow->widths[k + 1];
    }
    nn_chain_backward(&job->chains[2 * i + which], from, MIN(job->blocks.rows, job->rows - from),
                      &to);
}

static void
backward_networks(size_t begin, size_t end, unsigned worker, void *user)
{
    const Networks *networks = user;
    const size_t blocks = networks->job->blocks.n;

    for (size_t k = begin; k < end; k++)
        backward_network(networks->back, networks->i, k / blocks, k % blocks);
}

/* From the gradient @gy by the result to @g, that by x where it is wanted. */
static void
backward(FlowBack *b, const LacReal *gy, gboolean wanted, LacReal *g)
{
    const FlowJob *job = b->job;
    const size_t p = job->flow.columns;

    for (size_t r = 0; r < job->rows; r++)
        memcpy(g + r * p, gy + r * (p + 1), p * sizeof *g);
    for (size_t i = job->flow.couplings; i-- > 0;) {
        const LacReal *mask = job->flow.masks + coupling_at(job, i) * p;

        b->inside = i > 0 || wanted;
        uncouple(&(Uncouple){job->rows, p, job->decode, mask, job->z[i], job->z[i + 1], job->e[i],
                             gy + p, p + 1, g, b->g[0], b->g[1]});
        over_networks(job, 2.0, backward_networks, &(Networks){.job = job, .i = i, .back = b});
        if (b->inside)
            add_kept(job->rows, p, mask, b->gh[0], b->gh[1], g);
    }
}

/* Adds what the other blocks have to theta's gradient, in their order. */
LAC_CLONES static void
sum_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    const FlowBack *b = user;
    LacReal *restrict grad = b->theta->grad;

    for (size_t block = 1; block < b->job->blocks.n; block++) {
        const LacReal *restrict more = b->more + (block - 1) * b->theta->size;

        for (size_t k = begin; k < end; k++)
            grad[k] += more[k];
    }
}

/* FALSE: no memory. */
static gboolean
backward_init(FlowBack *b, const LacTensor *y)
{
    const FlowJob *job = b->job;
    LacTensor *theta = y->in[THETA];
    const size_t size = job->rows * job->flow.columns;

    b->theta = theta;
    if (lac_tensor_wants(y, THETA)) {
        if (lac_tensor_first(theta))
            memset(theta->grad, 0, theta->size * sizeof *theta->grad);
        b->more = lac_tape_alloc(y->tape, (job->blocks.n - 1) * theta->size * sizeof *b->more + 1);
        if (b->more == NULL)
            return FALSE;
    }
    for (size_t k = 0; k < job->flow.layers; k++)
        b->widest = MAX(b->widest, job->flow.widths[k]);
    b->g[0] = lac_tape_alloc(y->tape, (4 * size + 4 * job->rows * b->widest) * sizeof *b->g[0]);
    if (b->g[0] == NULL)
        return FALSE;
    b->g[1] = b->g[0] + size;
    b->gh[0] = b->g[1] + size;
    b->gh[1] = b->gh[0] + size;
    b->spare[0] = b->gh[1] + size;
    b->spare[1] = b->spare[0] + 2 * job->rows * b->widest;
    return TRUE;
}

static void
flow_backward(const LacTensor *y)
{
    const FlowJob *job = y->saved;
    LacTensor *x = y->in[X], *theta = y->in[THETA];
    const gboolean wanted = lac_tensor_wants(y, X), add = wanted && !lac_tensor_first(x);
    FlowBack b = {.job = job};
    const NnArenaMark mark = nn_arena_mark(&y->tape->arena);
    LacReal *g = wanted && !add ? x->grad : lac_tape_alloc(y->tape, x->size * sizeof *g);

    if (g == NULL || !backward_init(&b, y))
        return;
    backward(&b, y->grad, wanted, g);
    for (size_t k = 0; add && k < x->size; k++)
        x->grad[k] += g[k];
    if (b.more != NULL && job->blocks.n > 1)
        lac_parallel_for_short(1e-9 * (double)theta->size, theta->size,
                               (theta->size + lac_threads() - 1) / lac_threads(), sum_blocks, &b);
    nn_arena_release(&y->tape->arena, mark);
}

static void
flow_record(LacTensor *y, LacTensor *gy, LacTensor **gx)
{
    const FlowJob *job = y->saved;

    nn_flow_record(y, gy, gx, &job->flow, job->decode);
}

static const LacOp lac_op_flow = {
    "flow", "m x + (1 - m) (x e^s(m x) + t(m x)), ...", flow_backward, flow_record, .assigns = TRUE,
};

/* ---- the operator ---- */

/* Network @which of the coupling that is passed @i-th, its values in @memory. */
static void
plan_network(FlowJob *job, const LacTensor *y, size_t i, size_t which, LacReal *memory)
{
    const NnFlow *flow = &job->flow;
    const LacReal *theta = y->in[THETA]->v + nn_flow_network(flow, coupling_at(job, i), which);
    NnChain *c = &job->chains[2 * i + which];

    *c = (NnChain){.layers = flow->layers, .precision = lac_tape_precision(y->tape)};
    memcpy(c->widths, flow->widths, sizeof c->widths);
    c->h[0] = job->kept[i];
    for (size_t k = 0; k < flow->layers; k++) {
        c->activations[k] = nn_flow_activation(flow, which, k);
        c->w[k] = theta;
        c->b[k] = theta + flow->widths[k] * flow->widths[k + 1];
        theta = c->b[k] + flow->widths[k + 1];
        c->h[k + 1] = memory;
        memory += job->rows * flow->widths[k + 1];
    }
}

/* Memory of all that is between: of each coupling, or one for all of them where nothing goes back.
 * FALSE: there is none. */
static gboolean
plan(FlowJob *job, const LacTensor *y)
{
    const NnFlow *flow = &job->flow;
    const size_t n = flow->couplings, size = job->rows * flow->columns;
    size_t values = 3 * size, network = 0;
    LacReal *memory;

    for (size_t k = 1; k <= flow->layers; k++)
        network += job->rows * flow->widths[k];
    values += 2 * network;
    job->chains = lac_tape_alloc(y->tape, 2 * n * sizeof *job->chains);
    job->z = lac_tape_alloc(y->tape, (3 * n + 1) * sizeof *job->z);
    memory = lac_tape_alloc(y->tape, (y->wants_grad ? n : 2) * values * sizeof *memory);
    if (job->chains == NULL || job->z == NULL || memory == NULL)
        return FALSE;
    job->e = job->z + n + 1;
    job->kept = job->e + n;
    job->z[0] = y->in[X]->v;
    for (size_t i = 0; i < n; i++) {
        LacReal *own = memory + (y->wants_grad ? i : i % 2) * values;

        job->z[i + 1] = own;
        job->e[i] = own + size;
        job->kept[i] = own + 2 * size;
        plan_network(job, y, i, 0, own + 3 * size);
        plan_network(job, y, i, 1, own + 3 * size + network);
    }
    return TRUE;
}

/* A block of all rows for each of two threads; more where there are more. */
static NnBlocks
blocks_of(size_t rows)
{
    enum { LEAST_ROWS = 64 };
    NnBlocks blocks = {.n = CLAMP(lac_threads() / 2, 1, MAX(1, rows / LEAST_ROWS))};

    blocks.rows = (rows + blocks.n - 1) / blocks.n;
    blocks.n = (rows + blocks.rows - 1) / blocks.rows;
    return blocks;
}

LacTensor *
nn_flow(LacTensor *x, LacTensor *theta, const NnFlow *flow, gboolean decode)
{
    LacTensor *in[] = {x, theta}, *y;
    FlowJob *job;

    if (x == NULL || theta == NULL)
        return NULL;
    y = lac_tape_result(&lac_op_flow, 2, in, 2, (const size_t[]){x->shape[0], flow->columns + 1});
    job = y != NULL ? lac_tape_alloc(y->tape, sizeof *job) : NULL;
    if (job == NULL)
        return NULL;
    *job = (FlowJob){.flow = *flow, .decode = decode, .rows = x->shape[0]};
    job->blocks = blocks_of(job->rows);
    if (!plan(job, y))
        return NULL;
    y->saved = job;
    forward(job, y->v);
    return lac_tape_done(y);
}
