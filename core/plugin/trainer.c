/* One gradient step: backward, clip, update. The update walks the parameters in blocks that stay in
 * cache while they are clipped, stepped and their gradients zeroed. */
#include "registry-private.h"
#include "train-private.h"

#include "parallel-private.h"
#include <math.h>
#include <string.h>

enum {
    BLOCK = 8192,       /* values: gradient, two slots and the values are 128 KiB */
    BLOCKS_ALONE = 4,   /* so few are not worth waking other threads for */
    SKIPS_ALLOWED = 10, /* non-finite steps in a row */
};

struct LacTrainer {
    LacContext *context;
    const LacOptimizer *optimizer;
    LacOptimizer *own; /* when the context has none */
    const LacOptimizerPlugin *plugin;
    LacNet *net;
    size_t n, blocks, steps, per_epoch;
    size_t step;        /* of the optimizer, counts from 1; skipped steps do not count */
    size_t skipped;     /* in a row */
    float *state;       /* [blocks][slots][BLOCK] */
    double *squares;    /* [blocks]: sum of squares of the gradient */
    float *kept;        /* a snapshot of the net */
    double rate, scale; /* of the step at hand */
    int broken;         /* blocks of its gradient that are not finite; atomic */
};

/* The context's optimizer; where it has none, or where it is not asked, one of our own. */
static gboolean
find_optimizer(LacTrainer *self, const char *name, const char *params, GError **error)
{
    if (name == NULL)
        self->optimizer = lac_context_optimizer(self->context);
    if (self->optimizer == NULL) {
        const LacPlugin *plugin = lac_plugin_find(
            LAC_PLUGIN_OPTIMIZER, name != NULL ? name : LAC_OPTIMIZER_DEFAULT, error);
        g_autoptr(LacNode) node = NULL;

        if (plugin == NULL)
            return FALSE;
        if (params != NULL) {
            node = lac_yaml_parse(params, strlen(params), name, error);
            if (node == NULL)
                return FALSE;
        }
        self->own = lac_instance_new(plugin, node, NULL, error);
        self->optimizer = self->own;
    }
    if (self->optimizer != NULL)
        self->plugin = (const LacOptimizerPlugin *)self->optimizer->instance.plugin;
    return self->optimizer != NULL;
}

LacTrainer *
lac_trainer_new(LacContext *context, LacNet *net, size_t steps, size_t per_epoch, GError **error)
{
    return lac_trainer_new_with(context, net, NULL, NULL, steps, per_epoch, error);
}

LacTrainer *
lac_trainer_new_with(LacContext *context, LacNet *net, const char *name, const char *params,
                     size_t steps, size_t per_epoch, GError **error)
{
    g_autoptr(LacTrainer) self = g_new0(LacTrainer, 1);
    size_t state_size;

    self->context = context;
    if (!find_optimizer(self, name, params, error))
        return NULL;
    self->net = net;
    self->n = lac_net_size(net);
    self->blocks = (self->n + BLOCK - 1) / BLOCK;
    self->steps = steps;
    self->per_epoch = per_epoch;
    state_size = self->blocks * self->plugin->slots * BLOCK;
    self->squares = g_new0(double, self->blocks + 1);
    self->state = lac_try_alloc(state_size + 1, sizeof *self->state, "optimizer state", error);
    if (self->state == NULL)
        return NULL;
    memset(self->state, 0, state_size * sizeof *self->state);
    self->kept =
        lac_try_alloc(lac_net_copy_size(net) + 1, sizeof *self->kept, "kept parameters", error);
    if (self->kept == NULL)
        return NULL;
    lac_trainer_keep(self);
    lac_net_zero_gradient(net);
    return g_steal_pointer(&self);
}

void
lac_trainer_free(LacTrainer *trainer)
{
    if (trainer == NULL)
        return;
    lac_instance_free(trainer->own);
    g_free(trainer->squares);
    g_free(trainer->state);
    g_free(trainer->kept);
    g_free(trainer);
}

static gboolean
are_finite(size_t n, const float *v)
{
    float sum = 0.0f; /* NaN as soon as one is not finite */

#pragma omp simd reduction(+ : sum)
    for (size_t k = 0; k < n; k++)
        sum += 0.0f * v[k];
    return sum == 0.0f;
}

gboolean
lac_trainer_keep(LacTrainer *trainer)
{
    if (!are_finite(trainer->n, lac_net_values(trainer->net)))
        return FALSE;
    lac_net_copy_out(trainer->net, trainer->kept);
    return TRUE;
}

void
lac_trainer_restore(LacTrainer *trainer)
{
    lac_net_copy_in(trainer->net, trainer->kept);
}

/* ---- over the blocks of parameters ----------------------------------------------------------- */

/* What is not finite stays so, in the gradient and in the sum: clipped, it would pass for the
 * largest gradient of all. */
LAC_CLONES static double
clip_values_and_square(size_t n, float limit, float *gradient)
{
    double sum = 0.0;

#pragma omp simd reduction(+ : sum)
    for (size_t k = 0; k < n; k++) {
        const float raw = gradient[k], most = fabsf(raw) <= G_MAXFLOAT ? limit : INFINITY;
        const float g = raw > most ? most : raw < -most ? -most : raw;

        gradient[k] = g;
        sum += (double)g * (double)g;
    }
    return sum;
}

LAC_CLONES static void
scale_values(size_t n, float scale, float *gradient)
{
    for (size_t k = 0; k < n; k++)
        gradient[k] *= scale;
}

static void
measure_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    LacTrainer *self = user;
    const double limit = self->optimizer->clip_value;

    for (size_t b = begin; b < end; b++)
        self->squares[b] = clip_values_and_square(MIN(BLOCK, self->n - b * BLOCK),
                                                  limit > 0.0 ? (float)limit : G_MAXFLOAT,
                                                  lac_net_gradient(self->net) + b * BLOCK);
}

static void
update_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    LacTrainer *self = user;

    for (size_t b = begin; b < end; b++) {
        const size_t n = MIN(BLOCK, self->n - b * BLOCK);
        float *gradient = lac_net_gradient(self->net) + b * BLOCK;

        if (!are_finite(n, gradient)) { /* while it is in the cache anyway */
            g_atomic_int_inc(&self->broken);
            continue;
        }
        if (self->scale < 1.0)
            scale_values(n, (float)self->scale, gradient);
        /* a short last block still has slots n apart, as the optimizer expects them */
        self->plugin->step(self->optimizer, self->step, self->rate, n, gradient,
                           self->state + b * self->plugin->slots * BLOCK,
                           lac_net_values(self->net) + b * BLOCK);
        memset(gradient, 0, n * sizeof *gradient);
    }
}

/* Each thread takes one share, the same in every step: what it wrote is still in its cache. */
static void
over_blocks(LacTrainer *self, LacLoopBody body)
{
    if (self->blocks <= BLOCKS_ALONE)
        body(0, self->blocks, 0, self);
    else
        lac_parallel_for_short(2e-9 * (double)self->n, self->blocks,
                               (self->blocks + lac_threads() - 1) / lac_threads(), body, self);
}

/* ---- the step -------------------------------------------------------------------------------- */

/* FALSE when the gradient is not finite; only looked at when something is clipped. */
static gboolean
clip(LacTrainer *self)
{
    double squares = 0.0, norm;

    self->scale = 1.0;
    if (self->optimizer->clip_norm <= 0.0 && self->optimizer->clip_value <= 0.0)
        return TRUE;
    over_blocks(self, measure_blocks);
    for (size_t b = 0; b < self->blocks; b++)
        squares += self->squares[b];
    norm = sqrt(squares);
    if (!isfinite(norm))
        return FALSE;
    if (self->optimizer->clip_norm > 0.0 && norm > self->optimizer->clip_norm)
        self->scale = self->optimizer->clip_norm / norm;
    return TRUE;
}

/* Which gradient blew up; that of a loss that is not finite has not been asked for yet. */
static char *
largest_gradient(LacTrainer *self, LacTape *tape, LacTensor *loss)
{
    double value = 0.0;
    const char *name;

    if (!isfinite((double)loss->v[0]))
        lac_tape_backward(tape, loss, NULL);
    name = lac_net_largest_gradient(self->net, &value);
    if (name == NULL)
        return g_strdup("there is no gradient");
    if (isnan(value))
        return g_strdup_printf("the gradient is not a number in %s", name);
    return g_strdup_printf("the largest gradient is %g in %s", value, name);
}

static gboolean
skip(LacTrainer *self, LacTape *tape, LacTensor *loss, GError **error)
{
    const double value = isnan(loss->v[0]) ? NAN : (double)loss->v[0]; /* never "-nan" */
    g_autofree char *gradient = NULL;

    self->skipped++;
    lac_context_event(self->context, "non-finite", -1,
                      "the loss was %g%s before step %zu; the step was left out", value,
                      isfinite(value) ? ", its gradient not finite," : "", self->step + 1);
    if (self->skipped < SKIPS_ALLOWED) {
        lac_net_zero_gradient(self->net);
        return TRUE;
    }
    gradient = largest_gradient(self, tape, loss);
    lac_trainer_restore(self);
    lac_net_zero_gradient(self->net);
    return lac_fail(error, LAC_ERROR_NUMERIC,
                    "step %zu: the loss %s%g, %d times in a row; %s. Lower the optimizer's rate, "
                    "set clip_norm, or scale the columns",
                    self->step + 1, isfinite(value) ? "had no finite gradient and was " : "was ",
                    value, SKIPS_ALLOWED, gradient);
}

/* Which operator, is in the message; in which step of the training, it cannot know. */
static gboolean
say_step(const LacTrainer *self, GError **error)
{
    if (error != NULL && g_error_matches(*error, LAC_ERROR, LAC_ERROR_NUMERIC))
        g_prefix_error(error, "step %zu: ", self->step + 1);
    return FALSE;
}

gboolean
lac_trainer_step(LacTrainer *trainer, LacTape *tape, LacTensor *loss, double *loss_out,
                 GError **error)
{
    double value;

    if (!lac_tape_check(tape, error))
        return say_step(trainer, error);
    g_assert(loss != NULL && loss->size == 1);
    value = (double)loss->v[0];
    if (loss_out != NULL)
        *loss_out = value;
    if (!isfinite(value))
        return skip(trainer, tape, loss, error);
    if (!lac_tape_backward(tape, loss, error))
        return say_step(trainer, error);
    if (!clip(trainer))
        return skip(trainer, tape, loss, error);
    trainer->step++;
    trainer->rate =
        lac_optimizer_rate(trainer->optimizer, trainer->step, trainer->steps, trainer->per_epoch);
    trainer->broken = 0;
    over_blocks(trainer, update_blocks);
    if (trainer->broken > 0) {
        trainer->step--;
        return skip(trainer, tape, loss, error);
    }
    trainer->skipped = 0;
    return TRUE;
}
