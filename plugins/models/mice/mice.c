/* mice: every incomplete column is regressed on the others in turn, its holes drawn anew, round
 * after round, in several independent chains: one completed table each.
 * Source: van Buuren and Groothuis-Oudshoorn, "mice: Multivariate Imputation by Chained Equations
 * in R", J. Stat. Softw. 45(3) (2011); van Buuren, Flexible Imputation of Missing Data (2018). */
#include "mice.h"

#include <math.h>
#include <string.h>

static const char *const visit_names[] = {"left-right", "right-left", "monotone", "revmonotone",
                                          NULL};
static const char *const match_names[] = {"0", "1", "2", NULL};
static const char *const predictor_names[] = {"all", "quick", NULL};
static const char *const start_names[] = {"initial", "sample", NULL};

static const LacParam params[] = {
    LAC_PARAM_STRING(
        MiceModel, method, "auto",
        "Method of every column that it suits (pmm, midastouch, two-stage, norm, norm.predict, "
        "norm.nob, norm.boot, ridge, mean, sample, logreg, polyreg, polr, cart, rf); auto: pmm for "
        "numbers, "
        "logreg for two levels, polyreg for more, polr for ordered ones"),
    LAC_PARAM_MAP(MiceModel, methods, NULL, "Exceptions: column name to method"),
    LAC_PARAM_INT(MiceModel, iterations, 5, LAC_RANGE(1, 100000), "rounds", "Rounds in each chain"),
    LAC_PARAM_INT(MiceModel, imputations, 5, LAC_RANGE(1, 100000), "chains",
                  "Independent chains; more when more draws are asked for, one when no method "
                  "draws random numbers"),
    LAC_PARAM_INT(MiceModel, donors, 5, LAC_RANGE(1, 1000000), "rows",
                  "pmm: nearest rows to draw from"),
    LAC_PARAM_INT(MiceModel, levels, 100, LAC_RANGE(2, 10000), "levels",
                  "Columns with more predict nothing, or by their codes if ordered, and are filled "
                  "by cart, or pmm if ordered, in place of polyreg and polr"),
    LAC_PARAM_INT(MiceModel, trees, 10, LAC_RANGE(1, 100000), "trees", "rf: trees of a forest"),
    LAC_PARAM_CHOICE(MiceModel, match, MICE_MATCH_1, match_names,
                     "pmm: predictions from estimates for all (0), from estimates for donors and "
                     "drawn coefficients for holes (1), from drawn ones for all (2)"),
    LAC_PARAM_DOUBLE(MiceModel, ridge, 1e-5, LAC_RANGE_FROM(0.0), "share of variance",
                     "Added to the diagonal by method ridge, and by all where a column has fewer "
                     "observed rows than predictors"),
    LAC_PARAM_CHOICE(MiceModel, visit, MICE_LEFT_RIGHT, visit_names,
                     "Order of the columns in a round; monotone: fewest holes first"),
    LAC_PARAM_CHOICE(MiceModel, predictors, MICE_PREDICTORS_ALL, predictor_names,
                     "Predict a column from all others, or from those correlated with it or with "
                     "its being missing"),
    LAC_PARAM_DOUBLE(MiceModel, mincor, 0.1, LAC_RANGE(0.0, 1.0), "correlation",
                     "predictors: quick keeps absolute correlations above this"),
    LAC_PARAM_DOUBLE(MiceModel, minpuc, 0.0, LAC_RANGE(0.0, 1.0), "share",
                     "predictors: quick keeps columns observed in at least this share of the rows "
                     "with a hole"),
    LAC_PARAM_STRINGS(MiceModel, include, NULL, "Columns that predict all others in any case"),
    LAC_PARAM_STRINGS(MiceModel, exclude, NULL, "Columns that predict no other"),
    LAC_PARAM_MAP(MiceModel, predict, NULL,
                  "Predictors of single columns: 'age, chl' for these alone, '-chl' for all the "
                  "others, none"),
    LAC_PARAM_MAP(MiceModel, passive, NULL,
                  "Columns computed from others: name to expression, such as 'wgt / (hgt/100)^2'; "
                  "they predict nothing they are computed from"),
    LAC_PARAM_STRINGS(MiceModel, sequence, NULL,
                      "Columns to visit first in a round, in this order"),
    LAC_PARAM_CHOICE(MiceModel, start, MICE_START_INITIAL, start_names,
                     "First values: the initial imputer's, or random observed ones"),
    LAC_PARAM_END,
};

static gboolean
mice_any_random(const MiceModel *self)
{
    for (size_t v = 0; v < self->n_ordered; v++) {
        if (self->columns[self->order[v]].method->random)
            return TRUE;
    }
    return self->start == MICE_START_SAMPLE;
}

void
mice_count_cells(MiceModel *self)
{
    self->cell_start = g_new0(size_t, self->cols + 1);
    for (size_t j = 0; j < self->cols; j++)
        self->cell_start[j + 1] = self->cell_start[j] + self->columns[j].n_holes;
    self->n_cells = self->cell_start[self->cols];
}

static gboolean
mice_fit(LacModel *model, const LacData *train, GError **error)
{
    MiceModel *self = LAC_CAST(MiceModel, model);
    const size_t draws = lac_context_draws(model->instance.context);

    if (!mice_learn_columns(self, train, error) || !mice_learn_bins(self, train, error))
        return FALSE;
    mice_count_cells(self);
    self->rounds = (size_t)self->iterations;
    self->chains = mice_any_random(self) ? MAX((size_t)self->imputations, draws) : 1;
    self->fingerprint = lac_data_fingerprint(train);
    self->rules = lac_try_alloc(self->chains * (self->rounds + 1) * self->cols + 1,
                                sizeof(MiceRule), "regressions", error);
    self->cells = self->rules ? lac_try_alloc(self->chains * self->n_cells + 1, sizeof(double),
                                              "draws", error)
                              : NULL;
    return self->cells != NULL && mice_run_chains(self, train, error);
}

/* Middle (numbers: mean; ordered levels: lower median; levels: most frequent, smallest of equals)
 * of @n values that lie @step apart. */
static double
mice_middle(const MiceColumn *column, size_t n, const double *values, size_t step, double *count)
{
    double sum = 0.0, best = 0.0;

    if (column->n_levels == 0) {
        for (size_t c = 0; c < n; c++)
            sum += values[c * step];
        return sum / (double)n;
    }
    memset(count, 0, column->n_levels * sizeof(double));
    for (size_t c = 0; c < n; c++) { /* a loaded file may hold what is no level */
        const double code = values[c * step];

        if (code >= 0.0 && code < (double)column->n_levels)
            count[(size_t)code] += 1.0;
    }
    for (size_t k = 0; k < column->n_levels; k++) {
        sum += count[k];
        if (column->kind == LAC_KIND_ORDINAL && 2.0 * sum >= (double)n)
            return (double)k;
        if (count[k] > count[(size_t)best])
            best = (double)k;
    }
    return best;
}

/* @out = @in with its holes from @cells [chains][holes], by column. */
static void
mice_put(const MiceModel *self, const LacData *in, size_t chains, const double *cells,
         LacMatrix *out)
{
    const size_t holes = lac_mask_count(in->holes);
    size_t k = 0, levels = 1;

    for (size_t j = 0; j < self->cols; j++)
        levels = MAX(levels, self->columns[j].n_levels);
    g_autofree double *count = g_new(double, levels);

    lac_data_copy_values(in, out);
    for (size_t j = 0; j < in->cols; j++) {
        for (size_t i = 0; i < in->rows; i++) {
            if (!lac_data_is_hole(in, i, j))
                continue;
            lac_matrix_row(out, i)[j] =
                chains == 1 ? cells[k]
                            : mice_middle(&self->columns[j], chains, cells + k, holes, count);
            k++;
        }
    }
}

static gboolean
mice_is_training(const MiceModel *self, const LacData *in)
{
    return lac_mask_count(in->holes) == self->n_cells &&
           lac_data_fingerprint(in) == self->fingerprint;
}

/* Completions of chains first .. first + n - 1, kept or made. */
static gboolean
mice_complete(const MiceModel *self, const LacData *in, size_t first, size_t n, LacMatrix *out,
              GError **error)
{
    const size_t holes = lac_mask_count(in->holes);

    if (mice_is_training(self, in)) {
        mice_put(self, in, n, self->cells + first * self->n_cells, out);
        return TRUE;
    }
    g_autofree double *cells = lac_try_alloc(n * holes + 1, sizeof(double), "draws", error);

    if (cells == NULL)
        return FALSE;
    for (size_t c = 0; c < n; c++) {
        if (!mice_replay(self, in, first + c, cells + c * holes, error) ||
            !lac_context_step(self->base.instance.context, (double)(c + 1) / (double)n, error))
            return FALSE;
    }
    mice_put(self, in, n, cells, out);
    return TRUE;
}

static gboolean
mice_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    const MiceModel *self = LAC_CAST(const MiceModel, model);

    return mice_complete(self, in, 0, self->chains, out, error);
}

static gboolean
mice_sample(const LacModel *model, const LacData *in, size_t draw, LacMatrix *out, GError **error)
{
    const MiceModel *self = LAC_CAST(const MiceModel, model);

    if (self->chains > 1 && draw >= self->chains)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "mice: draw %zu was asked for, but the model holds %zu chains; fit it with "
                        "imputations: %zu",
                        draw + 1, self->chains, draw + 1);
    return mice_complete(self, in, self->chains > 1 ? draw : 0, 1, out, error);
}

static void
mice_clear(LacModel *model)
{
    MiceModel *self = LAC_CAST(MiceModel, model);
    const size_t n_rules = self->rules ? self->chains * (self->rounds + 1) * self->cols : 0;

    for (size_t r = 0; r < n_rules; r++)
        mice_rule_clear(&self->rules[r]);
    for (size_t j = 0; self->columns != NULL && j < self->cols; j++)
        g_free(self->columns[j].predictors);
    g_clear_pointer(&self->rules, g_free);
    g_clear_pointer(&self->columns, g_free);
    g_clear_pointer(&self->centre, g_free);
    g_clear_pointer(&self->scale, g_free);
    g_clear_pointer(&self->order, g_free);
    g_clear_pointer(&self->cell_start, g_free);
    g_clear_pointer(&self->cells, g_free);
    g_clear_pointer(&self->bins, lac_bins_free);
    mice_passives_free(self->passives, self->n_passive);
    self->passives = NULL;
    self->n_passive = 0;
    self->cols = self->n_visited = self->n_ordered = self->chains = self->rounds = 0;
}

/* Expressions mean the columns' own units. */
static unsigned
mice_traits(const LacModel *model)
{
    const MiceModel *self = LAC_CAST(const MiceModel, model);

    return (unsigned)(LAC_MODEL_KINDS | LAC_MODEL_SCALE_FREE) |
           (self->passive != NULL ? (unsigned)LAC_MODEL_RAW : 0u);
}

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("mice", "Chained equations: each column from the others, in several chains",
              MiceModel, params),
    .plugin.citation = "van Buuren and Groothuis-Oudshoorn (2011), J. Stat. Softw. 45(3); "
                       "van Buuren (2018), Flexible Imputation of Missing Data",
    .example = {.in = "a,b,c\n1,2,3.5\n2,,1\n3,1,\n4,5,2.5\n,3,4\n6,,\n",
                .out = "a,b,c\n1,2,3.5\n2,2.57485749633,1\n3,1,4.55436184574\n4,5,2.5\n"
                       "3.70087746349,3,4\n6,4.96106477887,3.75120369255\n",
                .params = "{method: norm.predict, iterations: 1}"},
    .traits = LAC_MODEL_KINDS | LAC_MODEL_SCALE_FREE | LAC_MODEL_CANDIDATE,
    .fit = mice_fit,
    .fill = mice_fill,
    .sample = mice_sample,
    .save = mice_save,
    .load = mice_load,
    .clear = mice_clear,
    .cost = mice_cost,
    .traits_of = mice_traits,
};
