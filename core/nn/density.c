/* The loops of log densities, see density-private.h. */
#include "density-private.h"
#include "shape-private.h"

#include <string.h>

enum { PART = 256 }; /* cells a kernel works on at once: they and their terms stay in L1 */

/* How the rows of the operands meet: row r of the result is sample r % samples of group
 * r / samples; an operand that is shared has one row a group. */
typedef struct {
    NnDensityKernel kernel;
    const LacReal *p;
    size_t groups, samples, width;
    unsigned operands; /* with o */
    gboolean rows;     /* terms are summed */
    gboolean shared[NN_DENSITY_OPERANDS];
    const LacReal *v[NN_DENSITY_OPERANDS]; /* NULL: o of all ones */
    LacReal *slope[NN_DENSITY_OPERANDS];   /* [groups x samples x width] */
    LacReal *y;
} Density;

/* ---- shapes ---- */

gboolean
nn_density_is_shared(const LacTensor *x, const NnShape *full)
{
    return full->dims >= 3 && x->dims == 2 && x->shape[0] == full->n[0] &&
           x->shape[1] == full->n[full->dims - 1];
}

static LacTensor *
density_misfit(const LacOp *op, unsigned operands, LacTensor *const *in)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned k = 0; k < operands; k++)
        g_string_append_printf(text, "%s%s", k == 0 ? "" : ", ",
                               in[k] != NULL ? lac_tensor_shape_text(in[k]) : "-");
    return lac_tape_fail(in[0]->tape, LAC_ERROR_SHAPE,
                         "%s: shapes %s do not fit; expected [B x K x p], [B x p] for what the K "
                         "samples share, or lengths of 1 to be stretched",
                         op->name, text->str);
}

/* The shape all operands are brought to: that of the one with most dimensions, stretched by those
 * that are not shared. */
static gboolean
density_full_shape(unsigned operands, LacTensor *const *in, NnShape *full)
{
    NnShape largest = nn_shape(in[0]);

    for (unsigned k = 1; k < operands; k++) {
        if (in[k] != NULL && in[k]->dims > largest.dims)
            largest = nn_shape(in[k]);
    }
    *full = largest;
    for (unsigned k = 0; k < operands; k++) {
        NnShape shape;

        if (in[k] == NULL || nn_density_is_shared(in[k], &largest))
            continue;
        shape = nn_shape(in[k]);
        if (!nn_shape_broadcast(full, &shape, full))
            return FALSE;
    }
    return full->dims >= 1;
}

/* Stretches the operands that are neither full nor shared. */
static gboolean
density_stretch(unsigned operands, LacTensor **in, const NnShape *full)
{
    for (unsigned k = 0; k < operands; k++) {
        if (in[k] == NULL || nn_density_is_shared(in[k], full))
            continue;
        in[k] = lac_nn_broadcast(in[k], full->dims, full->n);
        if (in[k] == NULL)
            return FALSE;
    }
    return TRUE;
}

/* ---- forward ---- */

static const LacReal *
density_row(const Density *job, unsigned k, size_t row)
{
    return job->v[k] + (job->shared[k] ? row / job->samples : row) * job->width;
}

static void
density_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const Density *job = user;
    LacReal ones[PART], buffer[PART];
    const size_t width = job->width;

    for (size_t i = 0; i < PART; i++)
        ones[i] = 1;
    for (size_t row = begin; row < end; row++) {
        double sum = 0;

        for (size_t done = 0; done < width; done += PART) {
            const size_t n = MIN(width - done, PART);
            const LacReal *in[NN_DENSITY_OPERANDS];
            LacReal *slope[NN_DENSITY_OPERANDS];
            LacReal *terms = job->rows ? buffer : job->y + row * width + done;

            for (unsigned k = 0; k < job->operands; k++) {
                in[k] = job->v[k] != NULL ? density_row(job, k, row) + done : ones;
                slope[k] = job->slope[k] != NULL ? job->slope[k] + row * width + done : NULL;
            }
            job->kernel(n, in, job->p, terms, slope);
            if (job->rows)
                sum += nn_sum(n, terms);
        }
        if (job->rows)
            job->y[row] = (LacReal)sum;
    }
}

/* What backward needs, and memory for the slopes of the operands that want a gradient. */
static Density *
density_job(LacTensor *y, NnDensityKernel kernel, unsigned operands, LacTensor *const *in,
            const NnShape *full, gboolean rows)
{
    Density *job = lac_tape_alloc(y->tape, sizeof *job);
    const size_t size = nn_shape_size(full);

    if (job == NULL)
        return NULL;
    *job = (Density){.kernel = kernel, .operands = operands, .rows = rows, .y = y->v};
    job->width = full->n[full->dims - 1];
    job->groups = full->dims >= 2 ? full->n[0] : 1;
    job->samples = size / job->width / job->groups;
    for (unsigned k = 0; k < operands; k++) {
        if (in[k] == NULL)
            continue;
        job->v[k] = in[k]->v;
        job->shared[k] = nn_density_is_shared(in[k], full);
        if (!y->wants_grad || !in[k]->wants_grad)
            continue;
        job->slope[k] = lac_tape_alloc(y->tape, size * sizeof(LacReal));
        if (job->slope[k] == NULL)
            return NULL;
    }
    return job;
}

LacTensor *
nn_density(const LacOp *op, NnDensityKernel kernel, unsigned operands, LacTensor *const *in,
           unsigned constants, const LacReal *p, gboolean rows)
{
    LacTensor *fitted[NN_DENSITY_OPERANDS], *y;
    LacReal *saved;
    NnShape full;
    Density *job;

    g_assert(operands <= NN_DENSITY_OPERANDS);
    for (unsigned k = 0; k + 1 < operands; k++) {
        if (in[k] == NULL)
            return NULL;
    }
    memcpy(fitted, in, operands * sizeof *in);
    if (!density_full_shape(operands, in, &full))
        return density_misfit(op, operands, in);
    if (!density_stretch(operands, fitted, &full))
        return NULL;
    y = lac_tape_result(op, fitted[operands - 1] != NULL ? operands : operands - 1, fitted,
                        rows ? full.dims - 1 : full.dims, full.n);
    job = y != NULL ? density_job(y, kernel, operands, fitted, &full, rows) : NULL;
    saved = job != NULL ? lac_tape_alloc(y->tape, constants * sizeof *p) : NULL;
    if (saved == NULL)
        return NULL;
    if (constants > 0)
        job->p = memcpy(saved, p, constants * sizeof *p);
    y->saved = job;
    nn_for(job->groups * job->samples, MAX(1, NN_GRAIN / 4 / job->width), density_rows, job);
    return lac_tape_done(y);
}

/* ---- backward ---- */

LAC_CLONES static void
density_scale(size_t n, const LacReal *slope, LacReal gy, LacReal *y, gboolean add)
{
    NN_EACH(gy * slope[i]);
}

LAC_CLONES static void
density_product(size_t n, const LacReal *slope, const LacReal *gy, LacReal *y, gboolean add)
{
    NN_EACH(gy[i] * slope[i]);
}

typedef struct {
    const Density *job;
    const LacReal *gy;
    LacReal *gx;
    unsigned k;
    gboolean add;
} DensityBack;

/* The rows of a shared operand collect from all samples of their group, one group one thread. */
static void
density_back(size_t begin, size_t end, unsigned worker, void *user)
{
    const DensityBack *back = user;
    const Density *job = back->job;
    const size_t width = job->width;
    const gboolean shared = job->shared[back->k];

    for (size_t row = begin * job->samples; row < end * job->samples; row++) {
        const LacReal *slope = job->slope[back->k] + row * width;
        LacReal *gx = back->gx + (shared ? row / job->samples : row) * width;
        const gboolean add = back->add || (shared && row % job->samples > 0);

        if (job->rows)
            density_scale(width, slope, back->gy[row], gx, add);
        else
            density_product(width, slope, back->gy + row * width, gx, add);
    }
}

void
nn_density_backward(const LacTensor *y)
{
    const Density *job = y->saved;

    for (unsigned k = 0; k < y->inputs; k++) {
        DensityBack back = {.job = job, .gy = y->grad, .gx = y->in[k]->grad, .k = k};

        if (!lac_tensor_wants(y, k))
            continue;
        back.add = !lac_tensor_first(y->in[k]);
        nn_for(job->groups, MAX(1, NN_GRAIN / (job->samples * job->width)), density_back, &back);
    }
}
