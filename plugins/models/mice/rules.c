#include "mice.h"

#include <string.h>

MiceRule *
mice_rule(const MiceModel *self, size_t chain, size_t round, size_t j)
{
    return self->rules + (chain * (self->rounds + 1) + round) * self->cols + j;
}

size_t
mice_rule_round(const MiceModel *self, const MiceColumn *column, size_t t)
{
    if (column->n_holes == 0)
        return self->rounds;
    return column->method->needs_forest ? self->rounds - 1 : t;
}

void
mice_rule_clear(MiceRule *rule)
{
    lac_forest_free(rule->forest);
    g_free(rule->beta);
    g_free(rule->score);
    g_free(rule->value);
    memset(rule, 0, sizeof *rule);
}

/* Entries at even distances, the middle of each stretch. */
static double *
rule_thin(const double *from, size_t n, size_t kept)
{
    double *to = g_new(double, kept + 1);

    for (size_t i = 0; i < kept; i++)
        to[i] = from[(2 * i + 1) * n / (2 * kept)];
    return to;
}

void
mice_rule_keep(const MiceModel *self, const MiceRule *from, MiceRule *to)
{
    const size_t kept =
        from->forest ? from->n_donors : MIN(from->n_donors, (size_t)MICE_MOST_DONORS);

    *to = (MiceRule){
        .rows = from->rows, .n_donors = kept, .sigma = from->sigma, .forest = from->forest};
    if (from->rows > 0)
        to->beta = g_memdup2(from->beta, from->rows * self->stride * sizeof(double));
    if (from->score != NULL)
        to->score = rule_thin(from->score, from->n_donors, kept);
    if (from->value != NULL)
        to->value = rule_thin(from->value, from->n_donors, kept);
}

enum { SHAPE = 5 }; /* rows, donors, has scores, has values, has a forest */

static size_t
rule_length(const MiceModel *self, const int64_t *shape)
{
    return (size_t)shape[0] * self->stride + (size_t)(shape[1] * (shape[2] + shape[3]));
}

static double *
rule_put(double *to, size_t n, const double *from)
{
    if (n > 0)
        memcpy(to, from, n * sizeof(double));
    return to + n;
}

static void
rules_save_forests(const MiceModel *self, size_t n, LacBundle *out)
{
    if (self->bins != NULL)
        lac_bins_save(self->bins, out, "bins");
    for (size_t r = 0; r < n; r++) {
        g_autofree char *prefix = g_strdup_printf("rules.forest.%zu", r);

        if (self->rules[r].forest != NULL)
            lac_forest_save(self->rules[r].forest, out, prefix);
    }
}

void
mice_rules_save(const MiceModel *self, LacBundle *out)
{
    const size_t n = self->chains * (self->rounds + 1) * self->cols;
    g_autofree int64_t *shape = g_new0(int64_t, SHAPE * n + 1);
    g_autofree double *sigma = g_new0(double, n + 1);
    size_t total = 0;

    for (size_t r = 0; r < n; r++) {
        const MiceRule *rule = self->rules + r;

        shape[SHAPE * r] = (int64_t)rule->rows;
        shape[SHAPE * r + 1] = (int64_t)rule->n_donors;
        shape[SHAPE * r + 2] = rule->score != NULL;
        shape[SHAPE * r + 3] = rule->value != NULL;
        shape[SHAPE * r + 4] = rule->forest != NULL;
        sigma[r] = rule->sigma;
        total += rule_length(self, shape + SHAPE * r);
    }
    g_autofree double *all = g_new(double, total + 1);
    double *to = all;

    for (size_t r = 0; r < n; r++) {
        const MiceRule *rule = self->rules + r;

        to = rule_put(to, rule->rows * self->stride, rule->beta);
        to = rule_put(to, rule->score ? rule->n_donors : 0, rule->score);
        to = rule_put(to, rule->value ? rule->n_donors : 0, rule->value);
    }
    rules_save_forests(self, n, out);
    lac_bundle_put_i64(out, "rules.shape", n, SHAPE, shape);
    lac_bundle_put_doubles(out, "rules.sigma", 1, n, sigma);
    lac_bundle_put_doubles(out, "rules.data", 1, total, all);
}

static double *
rule_take(const double **from, size_t n)
{
    double *copy = n > 0 ? g_memdup2(*from, n * sizeof(double)) : NULL;

    *from += n;
    return copy;
}

/* A file may lie: every shape is checked against what is there before it is used. */
static gboolean
rule_shape_valid(const MiceModel *self, const MiceMethod *method, const int64_t *shape, size_t left)
{
    const int64_t most = 1 << 24;
    const gboolean empty = shape[0] == 0 && shape[1] == 0;
    const gboolean donors = shape[1] > 0;

    for (size_t k = 0; k < SHAPE; k++) {
        if (shape[k] < 0 || shape[k] > (k < 2 ? most : 1))
            return FALSE;
    }
    if (!empty &&
        ((method->needs_beta && shape[0] == 0) || (method->needs_scores && !(donors && shape[2])) ||
         (method->needs_values && !(donors && shape[3])) ||
         method->needs_forest != (shape[4] != 0)))
        return FALSE;
    return (size_t)shape[0] * self->stride <= left && rule_length(self, shape) <= left;
}

/* Every rule that replaying will ask for is there. */
static gboolean
rules_complete(const MiceModel *self, GError **error)
{
    for (size_t chain = 0; chain < self->chains; chain++) {
        for (size_t v = 0; v < self->n_ordered; v++) {
            const size_t j = self->order[v];

            for (size_t t = 0; t < self->rounds; t++) {
                const size_t round = mice_rule_round(self, &self->columns[j], t);
                const MiceRule *rule = mice_rule(self, chain, round, j);

                if (rule->rows == 0 && rule->n_donors == 0)
                    return lac_fail(error, LAC_ERROR_DATA,
                                    "mice: the model file lacks the rule of column %zu, round %zu",
                                    j, round);
            }
        }
    }
    return TRUE;
}

static gboolean
rule_load_forest(const MiceModel *self, const LacBundle *in, size_t r, MiceRule *rule,
                 GError **error)
{
    g_autofree char *prefix = g_strdup_printf("rules.forest.%zu", r);

    if (self->bins == NULL)
        return lac_fail(error, LAC_ERROR_DATA, "mice: the model file has trees, but no bins");
    rule->forest = lac_forest_load(in, prefix, self->bins, error);
    return rule->forest != NULL;
}

gboolean
mice_rules_load(MiceModel *self, const LacBundle *in, GError **error)
{
    const size_t n = self->chains * (self->rounds + 1) * self->cols;
    const int64_t *shape = lac_bundle_get_i64(in, "rules.shape", n, SHAPE, NULL, NULL, error);
    const double *sigma =
        shape ? lac_bundle_get_doubles(in, "rules.sigma", 1, n, NULL, NULL, error) : NULL;
    size_t left;
    const double *from =
        sigma ? lac_bundle_get_doubles(in, "rules.data", 1, G_MAXSIZE, NULL, &left, error) : NULL;

    if (from == NULL)
        return FALSE;
    if (mice_needs_bins(self)) {
        self->bins = lac_bins_load(in, "bins", error);
        if (self->bins == NULL)
            return FALSE;
        if (self->bins->cols != self->cols)
            return lac_fail(error, LAC_ERROR_DATA, "mice: the model file has bins of %zu columns",
                            self->bins->cols);
    }
    self->rules = g_new0(MiceRule, n + 1);
    for (size_t r = 0; r < n; r++, shape += SHAPE) {
        MiceRule *rule = self->rules + r;

        if (!rule_shape_valid(self, self->columns[r % self->cols].method, shape, left))
            return lac_fail(error, LAC_ERROR_DATA,
                            "mice: rule %zu of the model file does not fit its data", r);
        left -= rule_length(self, shape);
        rule->rows = (size_t)shape[0];
        rule->n_donors = (size_t)shape[1];
        rule->sigma = sigma[r];
        rule->beta = rule_take(&from, rule->rows * self->stride);
        rule->score = rule_take(&from, shape[2] ? rule->n_donors : 0);
        rule->value = rule_take(&from, shape[3] ? rule->n_donors : 0);
        if (shape[4] && !rule_load_forest(self, in, r, rule, error))
            return FALSE;
    }
    return rules_complete(self, error);
}
