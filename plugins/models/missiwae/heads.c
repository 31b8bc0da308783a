/* Likelihoods of the columns: densities for training, expectations and draws for filling. */
#include "missiwae.h"

#include <math.h>

/* ---- density --------------------------------------------------------------------------------- */

/* [B*K x p] as [B x K x p]. */
static LacTensor *
by_sample(LacTensor *x, size_t samples)
{
    if (x == NULL)
        return NULL;
    return lac_nn_reshape(x, LAC_SHAPE(x->shape[0] / samples, samples, x->shape[1]));
}

static LacTensor *
numeric_rows(const Heads *heads, const Layout *layout, const Batch *batch, size_t samples)
{
    LacTensor *mu = by_sample(heads->mu, samples), *s = by_sample(heads->s, samples);
    LacTensor *x = batch->numeric, *o = batch->numeric_o;

    switch (layout->likelihood) {
    case BERNOULLI:
        return lac_nn_bernoulli_rows(x, mu, o);
    case STUDENT:
        return lac_nn_student_rows(x, mu, s, by_sample(heads->nu, samples), o);
    case LOGISTIC:
        return lac_nn_logistic_rows(x, mu, s, o, (LacReal)layout->half, (LacReal)layout->lower,
                                    (LacReal)layout->upper);
    default:
        return lac_nn_gaussian_rows(x, mu, s, o);
    }
}

LacTensor *
heads_log_likelihood(const Heads *heads, const Layout *layout, const Batch *batch, size_t samples)
{
    LacTensor *sum = NULL;

    if (heads->category == NULL) /* the decoder failed; the tape says why */
        return NULL;
    if (layout->numeric > 0)
        sum = numeric_rows(heads, layout, batch, samples);
    if (layout->binary > 0) {
        LacTensor *rows = lac_nn_bernoulli_rows(batch->binary, by_sample(heads->binary, samples),
                                                batch->binary_o);

        sum = sum != NULL ? lac_nn_add(sum, rows) : rows;
    }
    for (size_t c = 0; c < layout->categories; c++) {
        LacTensor *rows = lac_nn_categorical_rows(
            batch->code[c], by_sample(heads->category[c], samples), batch->code_o[c]);

        sum = sum != NULL ? lac_nn_add(sum, rows) : rows;
    }
    return sum;
}

/* ---- expectation ----------------------------------------------------------------------------- */

static double
sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

/* ln sum e^logit: level l has the share exp(logit_l - this). */
static double
log_total(size_t n, const LacReal *logit)
{
    double largest = -INFINITY, sum = 0.0;

    for (size_t c = 0; c < n; c++)
        largest = fmax(largest, (double)logit[c]);
    for (size_t c = 0; c < n; c++)
        sum += exp((double)logit[c] - largest);
    return largest + log(sum);
}

void
heads_expect(const Heads *heads, const Layout *layout, size_t r, const uint8_t *o, double weight,
             double *sum)
{
    const gboolean bernoulli = layout->likelihood == BERNOULLI;

    for (size_t k = 0; k < layout->numeric; k++) {
        const double mu = (double)heads->mu->v[r * layout->numeric + k];

        if (o[k])
            continue;
        sum[k] += weight * (bernoulli ? sigmoid(mu) : mu);
    }
    for (size_t k = 0; k < layout->binary; k++)
        if (!o[layout->numeric + k])
            sum[layout->numeric + k] +=
                weight * sigmoid((double)heads->binary->v[r * layout->binary + k]);
    for (size_t c = 0; c < layout->categories; c++) {
        const Category *category = &layout->category[c];
        const LacReal *logit = heads->category[c]->v + r * category->levels;
        double total;

        if (o[layout->numeric + layout->binary + c])
            continue;
        total = log_total(category->levels, logit);
        for (size_t l = 0; l < category->levels; l++)
            sum[category->offset + l] += weight * exp((double)logit[l] - total);
    }
}

void
heads_settle(const Layout *layout, const double *expected, double *out)
{
    const size_t dense = layout->numeric + layout->binary;

    for (size_t k = 0; k < layout->numeric; k++)
        out[k] = layout->likelihood == LOGISTIC ? CLAMP(expected[k], layout->lower, layout->upper)
                                                : expected[k];
    for (size_t k = layout->numeric; k < dense; k++)
        out[k] = expected[k] > 0.5 ? 1.0 : 0.0;
    for (size_t c = 0; c < layout->categories; c++) {
        const double *share = expected + layout->category[c].offset;
        size_t best = 0;

        for (size_t l = 1; l < layout->category[c].levels; l++)
            if (share[l] > share[best])
                best = l;
        out[dense + c] = (double)best;
    }
}

/* ---- draws ----------------------------------------------------------------------------------- */

/* Student-t: a normal over the root of a chi-squared. */
static double
draw_student(LacRng *rng, double nu)
{
    const double normal = lac_rng_normal(rng);

    return normal / sqrt(lac_rng_chi2(rng, nu) / nu);
}

/* The logistic's quantile of a uniform, rounded to a level. */
static double
draw_logistic(const Layout *layout, LacRng *rng, double mu, double log_s)
{
    const double u = lac_rng_open(rng), step = 2.0 * layout->half;
    const double x = mu + exp(log_s) * (log(u) - log1p(-u));

    return CLAMP(layout->lower + step * rint((x - layout->lower) / step), layout->lower,
                 layout->upper);
}

static double
draw_numeric(const Heads *heads, const Layout *layout, size_t at, LacRng *rng)
{
    const double mu = (double)heads->mu->v[at];

    switch (layout->likelihood) {
    case BERNOULLI:
        return lac_rng_uniform(rng) < sigmoid(mu) ? 1.0 : 0.0;
    case STUDENT:
        return mu + (double)heads->s->v[at] * draw_student(rng, (double)heads->nu->v[at]);
    case LOGISTIC:
        return draw_logistic(layout, rng, mu, (double)heads->s->v[at]);
    default:
        return mu + (double)heads->s->v[at] * lac_rng_normal(rng);
    }
}

static size_t
draw_category(size_t levels, const LacReal *logit, LacRng *rng)
{
    const double total = log_total(levels, logit);
    double left = lac_rng_uniform(rng);

    for (size_t l = 0; l + 1 < levels; l++) {
        const double share = exp((double)logit[l] - total);

        if (left < share)
            return l;
        left -= share;
    }
    return levels - 1;
}

void
heads_draw(const Heads *heads, const Layout *layout, size_t r, LacRng *rng, double *out)
{
    const size_t dense = layout->numeric + layout->binary;

    for (size_t k = 0; k < layout->numeric; k++)
        out[k] = draw_numeric(heads, layout, r * layout->numeric + k, rng);
    for (size_t k = 0; k < layout->binary; k++) {
        const double share = sigmoid((double)heads->binary->v[r * layout->binary + k]);

        out[layout->numeric + k] = lac_rng_uniform(rng) < share ? 1.0 : 0.0;
    }
    for (size_t c = 0; c < layout->categories; c++) {
        const size_t levels = layout->category[c].levels;

        out[dense + c] = (double)draw_category(levels, heads->category[c]->v + r * levels, rng);
    }
}
