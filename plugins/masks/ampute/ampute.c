/* ampute: rows get one of a few patterns of holes, with a chance that depends on a weighted sum of
 * the row's values (MCAR, MAR or MNAR).
 * Source: Schouten, Lugtig and Vink, Generating missing values for simulation purposes (2018).
 * Patterns here say 1 = becomes missing; theirs say 0. */
#include <lacuna/calibrate.h>
#include <lacuna/hiding.h>
#include <lacuna/mask_generator.h>
#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

enum { MECH_MCAR, MECH_MAR, MECH_MNAR };
enum { BY_CASES, BY_CELLS };
enum { CALIBRATE_NORMAL, CALIBRATE_SAMPLE };

typedef struct {
    LacMaskGenerator base;
    double rate;
    LacTable patterns, weights, odds;
    LacDoubles freq;
    int mech, by, calibrate;
    char **type;
    gboolean std, cont;
} Ampute;

static const char *const mech_choices[] = {"mcar", "mar", "mnar", NULL};
static const char *const by_choices[] = {"cases", "cells", NULL};
static const char *const calibrate_choices[] = {"normal", "sample", NULL};

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(Ampute, rate, 0.5, LAC_RANGE(0, 1), "share",
                     "Share of the rows that get holes, or of all cells; see by"),
    LAC_PARAM_CHOICE(Ampute, by, BY_CASES, by_choices, "What rate is a share of: rows or cells"),
    LAC_PARAM_TABLE(Ampute, patterns, NULL, LAC_RANGE(0, 1), "",
                    "One row a pattern, one entry a column, 1 = becomes missing; default: each "
                    "column alone"),
    LAC_PARAM_DOUBLES(Ampute, freq, NULL, LAC_RANGE(0, 1), "share",
                      "Share of the rows that are candidates of each pattern, adding up to 1; "
                      "default: equal"),
    LAC_PARAM_CHOICE(Ampute, mech, MECH_MAR, mech_choices,
                     "What going missing depends on: nothing, values that stay, or hidden values"),
    LAC_PARAM_TABLE(Ampute, weights, NULL, LAC_RANGE_ANY, "",
                    "One row a pattern, one weight a column; default: 1 for columns that stay "
                    "(mar) or go (mnar), else 0"),
    LAC_PARAM_STRINGS(Ampute, type, "[right]",
                      "Which weighted sums go missing: right (large), left, mid or tail; one for "
                      "all patterns or one each"),
    LAC_PARAM_BOOL(Ampute, std, TRUE, "Standardise columns before they are weighted"),
    LAC_PARAM_BOOL(Ampute, cont, TRUE,
                   "Chance by a logistic function of the sum; otherwise by groups and their odds"),
    LAC_PARAM_TABLE(Ampute, odds, "[[1, 2, 3, 4]]", LAC_RANGE_FROM(0), "",
                    "Odds of going missing of equally large groups of growing weighted sums, for "
                    "cont: false; one row for all patterns or one each"),
    LAC_PARAM_CHOICE(Ampute, calibrate, CALIBRATE_NORMAL, calibrate_choices,
                     "Reach the rate for normally distributed sums, or for those of this table"),
    LAC_PARAM_END,
};

/* shapes of the chance, before the logistic function (section 2.3 of the paper) */
static double
shape_right(double z)
{
    return z;
}

static double
shape_left(double z)
{
    return -z;
}

static double
shape_mid(double z)
{
    return 0.75 - fabs(z);
}

static double
shape_tail(double z)
{
    return fabs(z) - 0.75;
}

typedef double (*Shape)(double z);

static const struct {
    const char *name;
    Shape shape;
} shapes[] = {
    {"right", shape_right}, {"left", shape_left}, {"mid", shape_mid}, {"tail", shape_tail}};

/* What the parameters say, checked and with the defaults filled in. */
typedef struct {
    size_t n, cols;
    gboolean *goes; /* [n][cols] becomes missing */
    double *weight; /* [n][cols] */
    double *freq;   /* [n] */
    Shape *shape;   /* [n] */
    double share;   /* of the candidates that get their holes */
} Plan;

static void
plan_clear(Plan *plan)
{
    g_free(plan->goes);
    g_free(plan->weight);
    g_free(plan->freq);
    g_free(plan->shape);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Plan, plan_clear)

static size_t
plan_holes(const Plan *plan, size_t r)
{
    size_t holes = 0;

    for (size_t j = 0; j < plan->cols; j++)
        holes += plan->goes[r * plan->cols + j] ? 1 : 0;
    return holes;
}

static gboolean
plan_patterns(const Ampute *self, const LacData *truth, Plan *plan, GError **error)
{
    const LacTable *given = &self->patterns;

    plan->cols = truth->cols;
    plan->n = given->rows ? given->rows : truth->cols;
    plan->goes = g_new0(gboolean, plan->n * plan->cols + 1);
    if (given->rows && given->cols != truth->cols)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "ampute: patterns have %zu entries, expected one for each of the %zu "
                        "columns of %s",
                        given->cols, truth->cols, truth->origin);
    for (size_t k = 0; k < plan->n * plan->cols; k++) {
        const double entry = given->rows ? given->v[k] : k / plan->cols == k % plan->cols;

        if (entry != 0 && entry != 1)
            return lac_fail(error, LAC_ERROR_PARAM,
                            "ampute: pattern %zu holds %g, expected 1 (becomes missing) or 0",
                            k / plan->cols + 1, entry);
        plan->goes[k] = entry == 1;
    }
    return TRUE;
}

static gboolean
plan_freq(const Ampute *self, Plan *plan, GError **error)
{
    double total = 0;

    plan->freq = g_new(double, plan->n + 1);
    if (self->freq.n && self->freq.n != plan->n)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "ampute: freq has %zu entries, expected one for each of %zu patterns",
                        self->freq.n, plan->n);
    for (size_t r = 0; r < plan->n; r++) {
        plan->freq[r] = self->freq.n ? self->freq.v[r] : 1.0 / (double)plan->n;
        total += plan->freq[r];
    }
    if (fabs(total - 1) > 1e-6)
        return lac_fail(error, LAC_ERROR_PARAM, "ampute: freq adds up to %g, expected 1", total);
    return TRUE;
}

static gboolean
plan_weights(const Ampute *self, const LacData *truth, Plan *plan, GError **error)
{
    const LacTable *given = &self->weights;

    plan->weight = g_new(double, plan->n * plan->cols + 1);
    if (given->rows && (given->rows != plan->n || given->cols != plan->cols))
        return lac_fail(error, LAC_ERROR_PARAM,
                        "ampute: weights are %zu x %zu, expected %zu patterns x %zu columns",
                        given->rows, given->cols, plan->n, plan->cols);
    for (size_t k = 0; k < plan->n * plan->cols; k++) {
        const gboolean looks_at = (self->mech == MECH_MNAR) == plan->goes[k];

        plan->weight[k] = given->rows ? given->v[k] : looks_at;
        if (self->mech == MECH_MAR && plan->goes[k] && plan->weight[k] != 0)
            return lac_fail(error, LAC_ERROR_PARAM,
                            "ampute: pattern %zu hides '%s' and weights it by %g, expected 0 with "
                            "mech: mar; use mech: mnar",
                            k / plan->cols + 1, lac_data_name(truth, k % plan->cols),
                            plan->weight[k]);
    }
    for (size_t r = 0; self->mech == MECH_MAR && r < plan->n; r++) {
        if (plan_holes(plan, r) == plan->cols && plan->freq[r] > 0)
            return lac_fail(error, LAC_ERROR_PARAM,
                            "ampute: pattern %zu hides all %zu columns, so nothing is left that "
                            "mech: mar could depend on; use mcar or mnar",
                            r + 1, plan->cols);
    }
    return TRUE;
}

static gboolean
plan_shapes(const Ampute *self, Plan *plan, GError **error)
{
    const size_t given = self->type ? g_strv_length(self->type) : 0;

    plan->shape = g_new0(Shape, plan->n + 1);
    if (given != 1 && given != plan->n)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "ampute: type has %zu entries, expected one, or one for each of %zu "
                        "patterns",
                        given, plan->n);
    for (size_t r = 0; r < plan->n; r++) {
        const char *name = self->type[given == 1 ? 0 : r];

        for (size_t k = 0; k < G_N_ELEMENTS(shapes); k++) {
            if (g_ascii_strcasecmp(name, shapes[k].name) == 0)
                plan->shape[r] = shapes[k].shape;
        }
        if (!plan->shape[r])
            return lac_fail(error, LAC_ERROR_PARAM,
                            "ampute: type '%s' is not known, expected right, left, mid or tail",
                            name);
    }
    return TRUE;
}

/* Which share of the candidates must get their holes to reach the rate. Rows that are candidates of
 * a pattern without holes stay complete and, as in the source, lower the share of rows. */
static gboolean
plan_share(const Ampute *self, Plan *plan, GError **error)
{
    double holes = 0;

    for (size_t r = 0; r < plan->n; r++)
        holes += plan->freq[r] * (double)plan_holes(plan, r);
    const double most = holes / (double)plan->cols;

    plan->share = self->rate;
    if (self->by == BY_CASES)
        return TRUE;
    if (self->rate > most * (1 + 1e-12))
        return lac_fail(error, LAC_ERROR_PARAM,
                        "ampute: rate = %g of the cells cannot be reached with these patterns and "
                        "freq, at most %.6g; lower rate or hide more in the patterns",
                        self->rate, most);
    plan->share = most > 0 ? fmin(1, self->rate / most) : 0;
    return TRUE;
}

static gboolean
plan_make(const Ampute *self, const LacData *truth, Plan *plan, GError **error)
{
    return plan_patterns(self, truth, plan, error) && plan_freq(self, plan, error) &&
           plan_weights(self, truth, plan, error) && plan_shapes(self, plan, error) &&
           plan_share(self, plan, error);
}

/* x - mean, divided by the standard deviation when @scale, of the @n values; 0 where x is NaN.
 * FALSE, all 0, for constant values. */
static gboolean
ampute_centre(size_t n, gboolean scale, double *x)
{
    g_autofree double *seen = g_new(double, n + 1);
    size_t known = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isnan(x[i]))
            seen[known++] = x[i];
    }
    const double mean = known ? lac_stats_mean(known, seen) : 0;
    const double sd = known > 1 ? sqrt(lac_stats_variance(known, seen, 1)) : 0;
    const gboolean varies = sd > 1e-14 * fabs(mean);

    for (size_t i = 0; i < n; i++)
        x[i] = isnan(x[i]) || !varies ? 0 : (x[i] - mean) / (scale ? sd : 1);
    return varies;
}

/* weighted sums of the @n candidates of pattern @r, standardised; FALSE when they do not differ */
static gboolean
ampute_scores(const Ampute *self, const LacData *truth, const Plan *plan, size_t r, size_t n,
              const size_t *rows, double *score)
{
    g_autofree double *column = g_new(double, n + 1);

    memset(score, 0, n * sizeof *score);
    for (size_t j = 0; j < plan->cols; j++) {
        const double w = plan->weight[r * plan->cols + j];

        if (w == 0)
            continue;
        for (size_t i = 0; i < n; i++)
            column[i] = lac_data_at(truth, rows[i], j);
        ampute_centre(n, self->std, column);
        for (size_t i = 0; i < n; i++)
            score[i] += w * column[i];
    }
    return ampute_centre(n, TRUE, score);
}

/* chances of the source's discrete variant: groups between quantiles of the scores, odds each */
static gboolean
ampute_discrete(const Ampute *self, const Plan *plan, size_t r, size_t n, const double *score,
                double *chance, GError **error)
{
    const size_t row = self->odds.rows == 1 ? 0 : r, groups = self->odds.cols;
    g_autofree double *sorted = g_memdup2(score, n * sizeof *score);
    g_autofree double *odds = g_new(double, n + 1), *cut = g_new(double, groups + 1);
    double total = 0, largest = 0;

    if (self->odds.rows != 1 && self->odds.rows != plan->n)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "ampute: odds have %zu rows, expected one, or one for each of %zu patterns",
                        self->odds.rows, plan->n);
    lac_stats_sort(n, sorted);
    for (size_t g = 1; g < groups; g++)
        cut[g] = lac_stats_quantile(n, sorted, (double)g / (double)groups, 7);
    for (size_t i = 0; i < n; i++) {
        size_t group = 0;

        while (group + 1 < groups && score[i] >= cut[group + 1])
            group++;
        odds[i] = self->odds.v[row * groups + group];
        total += odds[i];
        largest = fmax(largest, odds[i]);
    }
    const double most = largest > 0 ? total / (largest * (double)n) : 0;

    if (plan->share > most * (1 + 1e-12))
        return lac_fail(error, LAC_ERROR_PARAM,
                        "ampute: a share of %g of the candidates of pattern %zu cannot be reached "
                        "with these odds, at most %.6g; lower rate or level the odds",
                        plan->share, r + 1, most);
    for (size_t i = 0; i < n; i++)
        chance[i] = total > 0 ? plan->share * (double)n * odds[i] / total : 0;
    return TRUE;
}

/* the chance of each of the @n candidates of pattern @r */
static gboolean
ampute_chances(const Ampute *self, const LacData *truth, const Plan *plan, size_t r, size_t n,
               const size_t *rows, double *chance, GError **error)
{
    g_autofree double *score = g_new(double, n + 1);
    const gboolean differ =
        self->mech != MECH_MCAR && n > 1 && ampute_scores(self, truth, plan, r, n, rows, score);

    for (size_t i = 0; i < n; i++)
        chance[i] = plan->share;
    if (!differ)
        return TRUE;
    if (!self->cont)
        return ampute_discrete(self, plan, r, n, score, chance, error);
    for (size_t i = 0; i < n; i++)
        score[i] = plan->shape[r](score[i]);

    const double intercept = self->calibrate == CALIBRATE_SAMPLE
                                 ? lac_calibrate_logistic(n, score, NULL, plan->share)
                                 : lac_calibrate_normal(plan->shape[r], plan->share);

    for (size_t i = 0; i < n; i++)
        chance[i] = lac_sigmoid(score[i] + intercept);
    return TRUE;
}

/* the pattern whose candidate a row is, from a uniform number */
static size_t
ampute_pick(const Plan *plan, double u)
{
    size_t r = 0;

    for (double reached = plan->freq[0]; r + 1 < plan->n && u >= reached; reached += plan->freq[r])
        r++;
    return r;
}

static gboolean
ampute_draw(const LacMaskGenerator *generator, const LacData *truth, LacMask *out, GError **error)
{
    const Ampute *self = LAC_CAST(const Ampute, generator);
    g_autofree size_t *pattern = g_new(size_t, truth->rows + 1);
    g_autofree size_t *rows = g_new(size_t, truth->rows + 1);
    g_autofree double *luck = g_new(double, truth->rows + 1);
    g_autofree double *chance = g_new(double, truth->rows + 1);
    g_auto(Plan) plan = {0};

    if (!plan_make(self, truth, &plan, error))
        return FALSE;
    for (size_t i = 0; i < truth->rows; i++) {
        LacRng rng = lac_rng_at(&generator->rng, i);

        pattern[i] = ampute_pick(&plan, lac_rng_uniform(&rng));
        luck[i] = lac_rng_uniform(&rng);
    }
    for (size_t r = 0; r < plan.n; r++) {
        size_t n = 0;

        for (size_t i = 0; i < truth->rows; i++) {
            if (pattern[i] == r)
                rows[n++] = i;
        }
        if (n == 0 || plan_holes(&plan, r) == 0)
            continue;
        if (!ampute_chances(self, truth, &plan, r, n, rows, chance, error))
            return FALSE;
        for (size_t k = 0; k < n; k++) {
            for (size_t j = 0; luck[rows[k]] < chance[k] && j < plan.cols; j++) {
                if (plan.goes[r * plan.cols + j] && !lac_data_is_hole(truth, rows[k], j))
                    lac_mask_set(out, rows[k], j, TRUE);
            }
        }
    }
    return TRUE;
}

static LacMechanism
ampute_mechanism(const LacMaskGenerator *generator)
{
    static const LacMechanism mechanisms[] = {LAC_MCAR, LAC_MAR, LAC_MNAR};

    return mechanisms[LAC_CAST(const Ampute, generator)->mech];
}

LAC_PLUGIN_EXPORT const LacMaskPlugin lac_plugin = {
    LAC_MASK_GENERATOR("ampute", "Patterns of holes by weighted sums of the row's values", Ampute,
                       params),
    .plugin.citation = "Schouten, Lugtig and Vink, Generating missing values for simulation "
                       "purposes: a multivariate amputation procedure, JSCS 88 (2018)",
    .mechanism = LAC_MAR,
    .mechanism_of = ampute_mechanism,
    .draw = ampute_draw,
};
