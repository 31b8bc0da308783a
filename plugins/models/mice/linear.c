/* norm, norm.predict, norm.nob, norm.boot and ridge: linear regression on the other columns.
 * Everything is in standard deviations of the observed values. Source: Rubin (1987), example 5.1;
 * van Buuren, Flexible Imputation of Missing Data, 2nd ed. (2018), section 3.2. */
#include "mice.h"

#include <math.h>
#include <string.h>

/* The response's row of the cross-products. Numbers and two-level columns are columns of Z
 * themselves; other categories, regressed on their codes, use the spare last row. */
static size_t
linear_response(MiceTask *task, const double *weight)
{
    const MiceModel *model = task->model;
    const MiceColumn *column = task->column;
    const size_t spare = model->q - 1;
    double *row = task->scratch->cross + spare * model->stride, *y = task->scratch->fitted;
    double squares = 0.0;

    if (column->width == 1)
        return column->first;
    for (size_t i = 0; i < task->n_observed; i++) {
        const double w = weight ? weight[i] : 1.0, z = (task->y[i] - column->centre) / column->sd;

        y[i] = w * z;
        squares += w * z * z;
    }
    lac_gram_cross(task->n_observed, model->stride, task->gram->z, task->observed, y, row);
    row[spare] = squares;
    return spare;
}

/* Where the residual sum of squares has been lost to cancellation, it is summed up. */
static void
linear_exact_rss(MiceTask *task, const double *weight)
{
    LacLinear *fit = task->scratch->linear;
    const MiceColumn *column = task->column;
    double rss = 0.0, *fitted = task->scratch->fitted;

    if (fit->rss > 1e-8 * fit->yty)
        return;
    mice_linear_place(task, fit->beta, task->scratch->beta);
    lac_gram_times(task->n_observed, task->model->stride, task->gram->z, task->observed,
                   task->scratch->beta, fitted);
    for (size_t i = 0; i < task->n_observed; i++) {
        const double d = (task->y[i] - column->centre) / column->sd - fitted[i];

        rss += (weight ? weight[i] : 1.0) * d * d;
    }
    fit->rss = rss;
}

/* Tells of the first predictor that depends on earlier ones. */
static void
linear_tell_aliased(const MiceTask *task, size_t n)
{
    const LacLinear *fit = task->scratch->linear;
    const MiceModel *model = task->model;
    size_t k = 0, owner = 0;

    while (k < fit->rank && fit->kept[k] == k)
        k++;
    for (size_t j = 0; j < model->cols; j++) {
        if (model->columns[j].width > 0 && model->columns[j].first <= task->column->predictors[k])
            owner = j;
    }
    lac_context_event(model->base.instance.context, "aliased", (gssize)task->j,
                      "column '%s', iteration %zu: %zu of %zu predictors depend on the others "
                      "(first '%s'); they got coefficient 0",
                      lac_data_name(task->data, task->j), task->iteration + 1, n,
                      task->column->n_predictors - 1, lac_data_name(task->data, owner));
}

/* The cross-products of the observed rows, then the normal equations. */
static void
linear_solve_by_products(MiceTask *task, const double *weight, double ridge)
{
    const MiceModel *model = task->model;
    const MiceColumn *column = task->column;
    MiceScratch *scratch = task->scratch;

    if (weight != NULL) {
        memset(scratch->cross, 0, model->q * model->stride * sizeof(double));
        lac_gram_add(task->n_observed, model->q, model->stride, task->gram->z, task->observed,
                     weight, 1.0, scratch->cross);
    } else {
        lac_gram_observed(task->gram, task->n_missing, task->missing, task->n_observed,
                          task->observed, scratch->cross);
    }
    const size_t response = linear_response(task, weight);

    lac_linear_solve(scratch->linear, scratch->cross, model->stride, column->n_predictors,
                     column->predictors, response, ridge);
    linear_exact_rss(task, weight);
}

/* Many more predictors than rows: the same through the rows, never q x q. FALSE where it does not
 * pay or cannot be done. */
static gboolean
linear_solve_by_rows(MiceTask *task, const double *weight, double ridge)
{
    const MiceColumn *column = task->column;
    double *y = task->scratch->fitted;

    if (2 * task->n_observed > column->n_predictors || !(ridge > 0.0))
        return FALSE;
    for (size_t i = 0; i < task->n_observed; i++)
        y[i] = (task->y[i] - column->centre) / column->sd;
    return lac_linear_solve_rows(task->scratch->linear, task->n_observed, task->gram->z,
                                 task->observed, task->model->stride, weight, y,
                                 column->n_predictors, column->predictors, ridge);
}

double
mice_linear_solve(MiceTask *task, const double *weight, double ridge)
{
    const MiceModel *model = task->model;
    const MiceColumn *column = task->column;
    MiceScratch *scratch = task->scratch;
    LacContext *context = model->base.instance.context;

    if (task->n_observed <= column->n_predictors && ridge < model->ridge) {
        ridge = model->ridge;
        lac_context_event(context, "ridge", (gssize)task->j,
                          "column '%s' has %zu observed rows for %zu predictors; a ridge of %g "
                          "was used",
                          lac_data_name(task->data, task->j), task->n_observed,
                          column->n_predictors - 1, ridge);
    }
    if (!linear_solve_by_rows(task, weight, ridge))
        linear_solve_by_products(task, weight, ridge);
    if (scratch->linear->rank < scratch->linear->q)
        linear_tell_aliased(task, scratch->linear->q - scratch->linear->rank);
    if (task->n_observed > scratch->linear->rank)
        return (double)(task->n_observed - scratch->linear->rank);
    lac_context_event(context, "df-floor", (gssize)task->j,
                      "column '%s' leaves no degrees of freedom for its residual variance; one "
                      "was used",
                      lac_data_name(task->data, task->j));
    return 1.0;
}

void
mice_linear_place(const MiceTask *task, const double *coefficients, double *beta)
{
    memset(beta, 0, task->model->stride * sizeof(double));
    for (size_t k = 0; k < task->column->n_predictors; k++)
        beta[task->column->predictors[k]] = coefficients[k];
}

double
mice_linear_draw_beta(MiceTask *task, double df, double *beta)
{
    MiceScratch *scratch = task->scratch;
    const LacLinear *fit = scratch->linear;
    const double sigma = lac_linear_sigma(fit->rss, lac_rng_chi2(&task->rng, df));
    g_autofree double *drawn = g_new(double, fit->q + 1);

    lac_rng_fill_normal(&task->rng, lac_linear_normals(fit), scratch->normals);
    lac_linear_draw(fit, sigma, scratch->normals, drawn);
    mice_linear_place(task, drawn, beta);
    return sigma;
}

static void
linear_rule(MiceTask *task, double sigma, MiceRule *rule)
{
    *rule = (MiceRule){.rows = 1, .beta = task->scratch->beta, .sigma = sigma};
}

static void
norm_predict_learn(MiceTask *task, MiceRule *rule)
{
    mice_linear_solve(task, NULL, 0.0);
    mice_linear_place(task, task->scratch->linear->beta, task->scratch->beta);
    linear_rule(task, 0.0, rule);
}

static void
ridge_learn(MiceTask *task, MiceRule *rule)
{
    mice_linear_solve(task, NULL, task->model->ridge);
    mice_linear_place(task, task->scratch->linear->beta, task->scratch->beta);
    linear_rule(task, 0.0, rule);
}

static void
norm_learn(MiceTask *task, MiceRule *rule)
{
    const double df = mice_linear_solve(task, NULL, 0.0);
    const double sigma = mice_linear_draw_beta(task, df, task->scratch->beta);

    linear_rule(task, sigma, rule);
}

static void
norm_nob_learn(MiceTask *task, MiceRule *rule)
{
    const double df = mice_linear_solve(task, NULL, 0.0);

    mice_linear_place(task, task->scratch->linear->beta, task->scratch->beta);
    linear_rule(task, sqrt(task->scratch->linear->rss / df), rule);
}

static void
norm_boot_learn(MiceTask *task, MiceRule *rule)
{
    double *count = task->scratch->value;

    memset(count, 0, task->n_observed * sizeof(double));
    for (size_t i = 0; i < task->n_observed; i++)
        count[lac_rng_below(&task->rng, task->n_observed)] += 1.0;
    const double df = mice_linear_solve(task, count, 0.0);

    mice_linear_place(task, task->scratch->linear->beta, task->scratch->beta);
    linear_rule(task, sqrt(task->scratch->linear->rss / df), rule);
}

/* One draw (or, without noise, the prediction) of a cell that has limits, in sd's of its column. */
static double
linear_truncated(const MiceColumn *column, const MiceRule *rule, const MiceRows *rows, size_t i,
                 double mean, LacRng *rng)
{
    double lower, upper;

    lac_data_limits(rows->data, rows->index[i], rows->column, &lower, &upper);
    return lac_rng_truncated_normal(rng, mean, rule->sigma, (lower - column->centre) / column->sd,
                                    (upper - column->centre) / column->sd);
}

static void
linear_draw(const MiceModel *model, const MiceColumn *column, const MiceRule *rule,
            const MiceRows *rows, LacRng rng, double *out)
{
    const gboolean limited = rule->sigma > 0.0 && lac_data_is_limited(rows->data, rows->column);

    lac_gram_times(rows->n, rows->stride, rows->z, rows->index, rule->beta, out);
    for (size_t i = 0; i < rows->n; i++) {
        if (limited) {
            out[i] =
                column->centre + column->sd * linear_truncated(column, rule, rows, i, out[i], &rng);
            continue;
        }
        const double noise = rule->sigma > 0.0 ? rule->sigma * lac_rng_normal(&rng) : 0.0;

        out[i] = column->centre + column->sd * (out[i] + noise);
    }
}

const MiceMethod mice_method_norm = {.name = "norm",
                                     .kinds = MICE_NUMBERS,
                                     .needs_beta = TRUE,
                                     .random = TRUE,
                                     .truncates = TRUE,
                                     .learn = norm_learn,
                                     .draw = linear_draw};
const MiceMethod mice_method_norm_predict = {.name = "norm.predict",
                                             .kinds = MICE_NUMBERS,
                                             .needs_beta = TRUE,
                                             .learn = norm_predict_learn,
                                             .draw = linear_draw};
const MiceMethod mice_method_norm_nob = {.name = "norm.nob",
                                         .kinds = MICE_NUMBERS,
                                         .needs_beta = TRUE,
                                         .random = TRUE,
                                         .truncates = TRUE,
                                         .learn = norm_nob_learn,
                                         .draw = linear_draw};
const MiceMethod mice_method_norm_boot = {.name = "norm.boot",
                                          .kinds = MICE_NUMBERS,
                                          .needs_beta = TRUE,
                                          .random = TRUE,
                                          .truncates = TRUE,
                                          .learn = norm_boot_learn,
                                          .draw = linear_draw};
const MiceMethod mice_method_ridge = {.name = "ridge",
                                      .kinds = MICE_NUMBERS,
                                      .needs_beta = TRUE,
                                      .learn = ridge_learn,
                                      .draw = linear_draw};
