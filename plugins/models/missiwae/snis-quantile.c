/* Quantiles of a row from the samples that were kept of it. */
#include "snis.h"

#include <math.h>
#include <string.h>

/* Weights of the kept samples, which sum to 1; samples without any are left out. Returns their
 * number. */
static size_t
part_weights(const Job *job, Row *row, double *weight)
{
    const size_t most = MIN(job->parts, (size_t)job->self->impute_samples);
    double sum = 0.0;
    size_t n = 0;

    for (size_t m = 0; m < most; m++) {
        const double w = exp(row->part_log_weight[m] -
                             ((size_t)job->self->impute_samples <= job->parts ? row->max : 0.0));

        if (!(w > 0.0))
            continue;
        if (n != m)
            memcpy(row->part + n * job->width, row->part + m * job->width,
                   job->width * sizeof *row->part);
        weight[n++] = w;
        sum += w;
    }
    for (size_t m = 0; m < n; m++)
        weight[m] /= sum;
    return n;
}

/* One column of @heads of @n rows as doubles. */
static void
column_of(const LacTensor *x, size_t n, size_t k, double *out)
{
    for (size_t l = 0; l < n; l++)
        out[l] = (double)x->v[l * x->shape[1] + k];
}

/* Number @k of the layout: the quantile of its mixture. @scratch: [3 n] */
static double
number_quantile(const Job *job, const Heads *heads, size_t n, const double *weight, size_t k,
                double *scratch)
{
    const Layout *layout = job->self->layout;
    double *mu = scratch, *s = scratch + n, *nu = scratch + 2 * n;
    const Parts parts = {n, weight, mu, s, heads->nu != NULL ? nu : NULL};

    if (k >= layout->numeric) {
        column_of(heads->rate, n, k - layout->numeric, mu);
        return quantile_counts(&parts, job->self->level);
    }
    column_of(heads->mu, n, k, mu);
    column_of(heads->s, n, k, s);
    if (heads->nu != NULL)
        column_of(heads->nu, n, k, nu);
    return layout->likelihood == LOGISTIC ? quantile_levels(layout, &parts, job->self->level)
                                          : quantile_mixture(&parts, job->self->level);
}

void
row_quantiles(const Job *job, LacTape *tape, Row *row, double *out)
{
    const Dlvm *self = job->self;
    const Layout *layout = self->layout;
    const size_t numbers = layout->likelihood == BERNOULLI ? 0 : layout->numeric + layout->counts;
    g_autofree double *weight = g_new(double, 4 * job->parts + 1);
    const size_t n = part_weights(job, row, weight);
    double *scratch = weight + job->parts;
    LacTensor *code;
    Heads heads;

    heads_quantile(layout, row->expected, self->level, out);
    if (n == 0 || numbers == 0)
        return;
    for (size_t k = 0; self->mnar && k < numbers; k++) {
        for (size_t l = 0; l < n; l++)
            scratch[l] = (double)row->part[l * job->width + k];
        out[k] = quantile_atoms(n, scratch, weight, self->level);
    }
    if (self->mnar)
        return;
    lac_tape_reset(tape);
    code = lac_tape_constant(tape, LAC_SHAPE(n, job->width));
    for (size_t l = 0; code != NULL && l < n * job->width; l++)
        code->v[l] = (LacReal)row->part[l];
    net_decode(self, code, &heads);
    if (!lac_tape_check(tape, NULL))
        return;
    for (size_t k = 0; k < numbers; k++)
        if (!row->o[k])
            out[k] = number_quantile(job, &heads, n, weight, k, scratch);
}
