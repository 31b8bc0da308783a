/* Optimizers update the parameters of gradient-trained models. */
#ifndef LACUNA_OPTIMIZER_H
#define LACUNA_OPTIMIZER_H

#include <lacuna/plugin.h>

G_BEGIN_DECLS

/** LacSchedule: how the learning rate changes over a training; see the field comments of
 * LacOptimizer. */
typedef enum {
    LAC_SCHEDULE_CONSTANT,
    LAC_SCHEDULE_STEP,        /* times `factor` after every `every` epochs */
    LAC_SCHEDULE_EXPONENTIAL, /* geometrically down to `final` of itself */
    LAC_SCHEDULE_LINEAR,      /* along a line down to `final` of itself */
    LAC_SCHEDULE_COSINE,      /* along half a cosine down to `final` of itself */
} LacSchedule;

/**
 * LacOptimizer: base of every optimizer's struct; first member, called `base`. All optimizers have
 * these parameters; each declares its own default of `rate` with LAC_OPTIMIZER_RATE.
 * @rate: learning rate after warm-up, > 0
 * @schedule: a LacSchedule
 * @factor, @every: of the step schedule; @every counts epochs
 * @hold: share of the training before an exponential, linear or cosine fall begins
 * @final: where such a fall ends, as a share of @rate
 * @warmup: share of the training over which the rate first climbs from 0 along a line
 * @clip_norm: the whole gradient is shortened to this Euclidean length; 0: not
 * @clip_value: each entry of the gradient is held within +- this; 0: not. Comes before @clip_norm
 */
typedef struct LacOptimizer {
    LacInstance instance;
    double rate;
    int schedule;
    double factor;
    int64_t every;
    double hold, final, warmup;
    double clip_norm, clip_value;
} LacOptimizer;

/**
 * LacOptimizerPlugin:
 * @slots: how many values of state each parameter value needs (0 for plain gradient descent)
 */
typedef struct {
    LacPlugin plugin;
    size_t slots;
    /** one update of @n values @x by their gradient; @state is [slots][n], zero before the first
     * step; @step counts from 1; @rate is the learning rate of this step. The values of a net come
     * in blocks, from several threads at once, so each value is updated by its own gradient and
     * state alone */
    void (*step)(const LacOptimizer *optimizer, size_t step, double rate, size_t n,
                 const float *gradient, float *state, float *x);
    void (*clear)(LacOptimizer *optimizer);
} LacOptimizerPlugin;

/** LAC_OPTIMIZER_DEFAULT: what gradient-trained models get when nobody names an optimizer. */
#define LAC_OPTIMIZER_DEFAULT "adam"

/** LAC_OPTIMIZER_RATE: the parameter row of the learning rate, with this optimizer's default. */
#define LAC_OPTIMIZER_RATE(Type, rate_)                                                            \
    {                                                                                              \
        .name = "rate", .type = LAC_PARAM_TYPE_DOUBLE,                                             \
        .offset = LAC_FIELD(Type, base.rate, double), .number = (rate_),                           \
        .range = LAC_RANGE_ABOVE(0.0), .unit = "per step",                                         \
        .help = "Learning rate, before any schedule"                                               \
    }

#define LAC_OPTIMIZER(name_, summary_, Type, params_)                                              \
    LAC_PLUGIN_HEAD(LacOptimizerPlugin, LAC_PLUGIN_OPTIMIZER, name_, summary_, Type, params_)

/** lac_optimizer_rate: learning rate of step number @step (from 1) of @steps, @per_epoch of them
 * an epoch, by the optimizer's schedule. */
LAC_API double
lac_optimizer_rate(const LacOptimizer *optimizer, size_t step, size_t steps, size_t per_epoch);

G_END_DECLS

#endif
