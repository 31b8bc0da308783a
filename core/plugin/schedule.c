/* The learning rate over a training. */
#include <lacuna/optimizer.h>
#include <math.h>

/* What is left of the rate after @done of the fall, 0 .. 1. */
static double
fallen(const LacOptimizer *optimizer, double done)
{
    const double end = optimizer->final;

    switch (optimizer->schedule) {
    case LAC_SCHEDULE_EXPONENTIAL:
        return pow(end, done);
    case LAC_SCHEDULE_LINEAR:
        return 1.0 + (end - 1.0) * done;
    case LAC_SCHEDULE_COSINE:
        return end + (1.0 - end) * 0.5 * (1.0 + cos(G_PI * done));
    default:
        return 1.0;
    }
}

double
lac_optimizer_rate(const LacOptimizer *optimizer, size_t step, size_t steps, size_t per_epoch)
{
    /* share of the training done before this step and after it */
    const double before = (double)(step - 1) / (double)MAX(1, steps);
    const double after = (double)step / (double)MAX(1, steps);
    const double hold = optimizer->hold;

    if (after < optimizer->warmup)
        return optimizer->rate * after / optimizer->warmup;
    if (optimizer->schedule == LAC_SCHEDULE_STEP) {
        const size_t epoch = (step - 1) / MAX(1, per_epoch);

        return optimizer->rate * pow(optimizer->factor, (double)(epoch / (size_t)optimizer->every));
    }
    return optimizer->rate *
           fallen(optimizer, before <= hold ? 0.0 : (before - hold) / (1.0 - hold));
}
