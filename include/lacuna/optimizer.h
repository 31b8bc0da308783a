/* Optimizers update the parameters of gradient-trained models. */
#ifndef LACUNA_OPTIMIZER_H
#define LACUNA_OPTIMIZER_H

#include <lacuna/plugin.h>

G_BEGIN_DECLS

/** LacOptimizer: base of every optimizer's struct; first member, called `base`. */
typedef struct {
    LacInstance instance;
} LacOptimizer;

/**
 * LacOptimizerPlugin:
 * @slots: how many values of state each parameter value needs (0 for plain gradient descent)
 */
typedef struct {
    LacPlugin plugin;
    size_t slots;
    /** one update of @n values @x by their gradient; @state is [slots][n], zero before the first
     * step; @step counts from 1; @rate is the learning rate of this step */
    void (*step)(const LacOptimizer *optimizer, size_t step, double rate, size_t n,
                 const float *gradient, float *state, float *x);
    void (*clear)(LacOptimizer *optimizer);
} LacOptimizerPlugin;

#define LAC_OPTIMIZER(name_, summary_, Type, params_)                                              \
    LAC_PLUGIN_HEAD(LacOptimizerPlugin, LAC_PLUGIN_OPTIMIZER, name_, summary_, Type, params_)

G_END_DECLS

#endif
