/* Likelihoods of the columns: densities for training, expectations and draws for filling. */
#include "missiwae.h"

#include <lacuna/stats.h>
#include <math.h>

/* beyond it a log-normal mean is no double */
#define MOST_EXPONENT 700.0

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

/* x ln lambda - lambda - ln x! of the counts that are observed, summed. */
static LacTensor *
count_rows(const Heads *heads, const Batch *batch, size_t samples)
{
    const size_t n = batch->n, p = batch->counts->shape[1];
    LacTensor *rate = by_sample(heads->rate, samples), *factorial, *x, *terms;

    factorial = lac_tape_constant(batch->counts->tape, LAC_SHAPE(n, 1, p));
    for (size_t i = 0; factorial != NULL && i < n * p; i++) {
        int sign;

        factorial->v[i] = (LacReal)lgamma_r((double)batch->counts->v[i] + 1.0, &sign);
    }
    x = lac_nn_reshape(batch->counts, LAC_SHAPE(n, 1, p));
    terms = lac_nn_sub(lac_nn_sub(lac_nn_mul(lac_nn_log(rate), x), rate), factorial);
    terms = lac_nn_select(lac_nn_reshape(batch->counts_o, LAC_SHAPE(n, 1, p)), terms,
                          lac_tape_fill(batch->counts->tape, 0, LAC_SHAPE(1)));
    return lac_nn_sum(terms, 1u << 2, FALSE);
}

static LacTensor *
plus(LacTensor *sum, LacTensor *rows)
{
    return sum != NULL ? lac_nn_add(sum, rows) : rows;
}

LacTensor *
heads_log_likelihood(const Heads *heads, const Layout *layout, const Batch *batch, size_t samples)
{
    LacTensor *sum = NULL;

    if (heads->category == NULL) /* the decoder failed; the tape says why */
        return NULL;
    if (layout->numeric > 0)
        sum = numeric_rows(heads, layout, batch, samples);
    if (layout->counts > 0 && heads->rate != NULL)
        sum = plus(sum, count_rows(heads, batch, samples));
    if (layout->binary > 0)
        sum = plus(sum, lac_nn_bernoulli_rows(batch->binary, by_sample(heads->binary, samples),
                                              batch->binary_o));
    for (size_t c = 0; c < layout->categories; c++)
        sum = plus(sum,
                   lac_nn_categorical_rows(batch->code[c], by_sample(heads->category[c], samples),
                                           batch->code_o[c]));
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

/* E[x] of a numeric column: in standardised units, or of 1 + x where its logarithm is normal. */
static double
numeric_mean(const Heads *heads, const Layout *layout, size_t r, size_t k)
{
    const size_t at = r * layout->numeric + k;
    const double mu = (double)heads->mu->v[at], sd = layout->moments.sd[k];

    if (layout->likelihood == BERNOULLI)
        return sigmoid(mu);
    if (!layout->logarithm[k])
        return mu;
    return exp(
        fmin(layout->moments.centre[k] + sd * mu + 0.5 * pow(sd * (double)heads->s->v[at], 2.0),
             MOST_EXPONENT));
}

void
heads_expect(const Heads *heads, const Layout *layout, size_t r, const uint8_t *o, double weight,
             double *sum)
{
    const size_t counts = layout->numeric, binary = counts + layout->counts;

    for (size_t k = 0; k < layout->numeric; k++)
        if (!o[k])
            sum[k] += weight * numeric_mean(heads, layout, r, k);
    for (size_t k = 0; k < layout->counts; k++)
        if (!o[counts + k])
            sum[counts + k] += weight * (double)heads->rate->v[r * layout->counts + k];
    for (size_t k = 0; k < layout->binary; k++)
        if (!o[binary + k])
            sum[binary + k] += weight * sigmoid((double)heads->binary->v[r * layout->binary + k]);
    for (size_t c = 0; c < layout->categories; c++) {
        const Category *category = &layout->category[c];
        const LacReal *logit = heads->category[c]->v + r * category->levels;
        double total;

        if (o[layout_dense(layout) + c])
            continue;
        total = log_total(category->levels, logit);
        for (size_t l = 0; l < category->levels; l++)
            sum[category->offset + l] += weight * exp((double)logit[l] - total);
    }
}

void
heads_settle(const Layout *layout, const double *expected, double *out)
{
    const size_t dense = layout_dense(layout), numbers = layout->numeric + layout->counts;

    for (size_t k = 0; k < numbers; k++)
        out[k] = layout->likelihood == LOGISTIC ? CLAMP(expected[k], layout->lower, layout->upper)
                                                : expected[k];
    for (size_t k = 0; k < layout->numeric; k++)
        if (layout->logarithm[k]) /* back to what layout_put() expects */
            out[k] =
                (log(fmax(expected[k], 1.0)) - layout->moments.centre[k]) / layout->moments.sd[k];
    for (size_t k = numbers; k < dense; k++)
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

/* Numbers that are 0 or 1, and levels with an order: the smallest whose distribution function
 * reaches @level. Levels without an order have no quantile and stay as they are. */
void
heads_quantile(const Layout *layout, const double *expected, double level, double *out)
{
    const size_t dense = layout_dense(layout), binary = dense - layout->binary;

    for (size_t k = 0; layout->likelihood == BERNOULLI && k < layout->numeric; k++)
        out[k] = 1.0 - expected[k] >= level ? 0.0 : 1.0;
    for (size_t k = binary; k < dense; k++)
        out[k] = 1.0 - expected[k] >= level ? 0.0 : 1.0;
    for (size_t c = 0; c < layout->categories; c++) {
        const Category *category = &layout->category[c];
        double sum = 0.0;
        size_t l = 0;

        for (; category->ordered && l + 1 < category->levels; l++) {
            sum += expected[category->offset + l];
            if (sum >= level)
                break;
        }
        if (category->ordered)
            out[dense + c] = (double)l;
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

/* The Poisson quantile of a uniform: a normal guess, then steps of the exact law. */
static double
draw_count(LacRng *rng, double rate)
{
    const double u = lac_rng_open(rng);
    double k = fmax(0.0, floor(rate + sqrt(rate) * lac_normal_quantile(u)));

    while (k > 0.0 && lac_gamma_inc(k, rate, TRUE) >= u) /* P(x <= k - 1) */
        k -= 1.0;
    while (lac_gamma_inc(k + 1.0, rate, TRUE) < u)
        k += 1.0;
    return k;
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
    const size_t dense = layout_dense(layout), binary = dense - layout->binary;

    for (size_t k = 0; k < layout->numeric; k++)
        out[k] = draw_numeric(heads, layout, r * layout->numeric + k, rng);
    for (size_t k = 0; k < layout->counts; k++)
        out[layout->numeric + k] = draw_count(rng, (double)heads->rate->v[r * layout->counts + k]);
    for (size_t k = 0; k < layout->binary; k++) {
        const double share = sigmoid((double)heads->binary->v[r * layout->binary + k]);

        out[binary + k] = lac_rng_uniform(rng) < share ? 1.0 : 0.0;
    }
    for (size_t c = 0; c < layout->categories; c++) {
        const size_t levels = layout->category[c].levels;

        out[dense + c] = (double)draw_category(levels, heads->category[c]->v + r * levels, rng);
    }
}
