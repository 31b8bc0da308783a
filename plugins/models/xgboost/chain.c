/* Columns are learnt and filled one after the other, fewest holes first. In the first round holes
 * that no column has filled yet are missing features, which trees take; afterwards every feature is
 * known. Rows to complete go the same way through the same learners, so training rows get exactly
 * what the fit gave them. */
#include "boost.h"

#include <lacuna/match.h>
#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

/** BoostTable: a table on its way: @z: [rows][q] design, NaN where not known yet. */
typedef struct {
    const BoostModel *self;
    const LacData *data;
    float *z;
    size_t *index;     /* [rows] rows in question */
    float *x;          /* [rows][q] their features */
    double *predicted; /* [rows * most classes] */
} BoostTable;

static void
table_clear(BoostTable *table)
{
    g_free(table->z);
    g_free(table->index);
    g_free(table->x);
    g_free(table->predicted);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BoostTable, table_clear)

static void
encode(const BoostModel *self, size_t j, double x, float *z)
{
    const BoostColumn *column = &self->column[j];

    for (size_t k = 0; k < column->width; k++)
        z[column->first + k] = column->width > 1 ? (float)(x == (double)k)
                                                 : (float)((x - column->centre) / column->sd);
}

static gboolean
table_init(const BoostModel *self, const LacData *data, BoostTable *table, GError **error)
{
    size_t most = 1;

    for (size_t j = 0; j < self->cols; j++)
        most = MAX(most, self->column[j].classes);
    table->self = self;
    table->data = data;
    table->z = lac_try_alloc(data->rows * self->q + 1, sizeof(float), "features", error);
    table->x =
        table->z ? lac_try_alloc(data->rows * self->q + 1, sizeof(float), "features", error) : NULL;
    table->index = table->x ? lac_try_alloc(data->rows + 1, sizeof(size_t), "rows", error) : NULL;
    table->predicted =
        table->index ? lac_try_alloc(data->rows * most + 1, sizeof(double), "predictions", error)
                     : NULL;
    if (table->predicted == NULL)
        return FALSE;
    for (size_t i = 0; i < data->rows; i++) {
        for (size_t j = 0; j < self->cols; j++) {
            if (!lac_data_is_hole(data, i, j))
                encode(self, j, lac_data_at(data, i, j), table->z + i * self->q);
            for (size_t k = 0; lac_data_is_hole(data, i, j) && k < self->column[j].width; k++)
                table->z[i * self->q + self->column[j].first + k] = NAN;
        }
    }
    return TRUE;
}

/* Features of @n rows for column @j: all but its own; one of zeros when there is no other. */
static BoostSet
features(BoostTable *table, size_t j, size_t n, const size_t *index, float *x)
{
    const BoostModel *self = table->self;
    const BoostColumn *column = &self->column[j];
    const size_t cols = self->q - column->width, after = column->first + column->width;

    for (size_t r = 0; r < n; r++) {
        const float *z = table->z + index[r] * self->q;
        float *to = x + r * MAX(cols, 1);

        memcpy(to, z, column->first * sizeof *z);
        memcpy(to + column->first, z + after, (self->q - after) * sizeof *z);
        if (cols == 0)
            to[0] = 0.0f;
    }
    return (BoostSet){n, MAX(cols, 1), x, NULL};
}

static size_t
list_rows(BoostTable *table, size_t j, gboolean holes)
{
    size_t n = 0;

    for (size_t i = 0; i < table->data->rows; i++)
        if (lac_data_is_hole(table->data, i, j) == holes)
            table->index[n++] = i;
    return n;
}

/* ---- filling ----------------------------------------------------------------------------------
 */

/* The value of a hole from its predictions @p; @u: NULL for the best one, or uniform numbers. */
static double
choose(const BoostModel *self, const BoostColumn *column, const BoostLearner *learner,
       const double *p, LacRng *rng)
{
    double sum = 0.0, u;
    size_t best = 0;

    if (column->classes == 0) {
        if (rng != NULL && learner->n_donors > 0)
            return learner->value[lac_match_pick(learner->n_donors, learner->score, p[0],
                                                 (size_t)self->donors, lac_rng_uniform(rng))];
        return column->centre + column->sd * p[0];
    }
    if (column->classes == 2)
        return rng != NULL ? lac_rng_uniform(rng) < p[0] : p[0] > 0.5;
    u = rng != NULL ? lac_rng_uniform(rng) : 0.0;
    for (size_t k = 0; k < column->classes; k++) {
        sum += p[k];
        if (rng != NULL && u < sum)
            return (double)k;
        best = p[k] > p[best] ? k : best;
    }
    return (double)best;
}

/* Holes of column @j, by the learner of @round. @draw: NULL, or the stream of this draw. @out: may
 * be NULL. */
static gboolean
fill_column(BoostTable *table, size_t round, size_t j, const LacRng *draw, LacMatrix *out,
            GError **error)
{
    const BoostModel *self = table->self;
    const BoostColumn *column = &self->column[j];
    const BoostLearner *learner = boost_learner(self, round, j);
    const size_t n = list_rows(table, j, TRUE);
    const size_t wide = column->classes > 2 ? column->classes : 1;
    const LacRng stream = draw != NULL ? lac_rng_at(draw, j) : (LacRng){0};

    if (n == 0 || (learner->handle == NULL && !column->constant))
        return TRUE;
    if (!column->constant) {
        const BoostSet set = features(table, j, n, table->index, table->x);

        if (!boost_predict(learner, &set, n * wide, table->predicted, error))
            return FALSE;
    }
    for (size_t r = 0; r < n; r++) {
        const size_t i = table->index[r];
        LacRng rng = draw != NULL ? lac_rng_at(&stream, i) : (LacRng){0};
        double x = column->centre;

        if (!column->constant)
            x = choose(self, column, learner, table->predicted + r * wide,
                       draw != NULL ? &rng : NULL);
        if (column->kind == LAC_KIND_ORDINAL && !column->constant)
            x = CLAMP(rint(x), 0.0, (double)lac_data_column(table->data, j)->n_levels - 1.0);
        encode(self, j, x, table->z + i * self->q);
        if (out != NULL)
            lac_matrix_row(out, i)[j] = x;
    }
    return TRUE;
}

gboolean
boost_complete(const BoostModel *self, const LacData *in, const LacRng *draw, LacMatrix *out,
               GError **error)
{
    g_auto(BoostTable) table = {0};
    const size_t rounds = (size_t)self->iterations;

    lac_data_copy_values(in, out);
    if (!table_init(self, in, &table, error))
        return FALSE;
    for (size_t t = 0; t < rounds; t++) {
        const gboolean last = t + 1 == rounds;

        for (size_t k = 0; k < self->cols; k++) {
            const double done = (double)(t * self->cols + k) / (double)(rounds * self->cols);

            if (!lac_context_step(self->base.instance.context, done, error) ||
                !fill_column(&table, t, self->order[k], last ? draw : NULL, last ? out : NULL,
                             error))
                return FALSE;
        }
    }
    return TRUE;
}

/* ---- learning ---------------------------------------------------------------------------------
 */

static gboolean
learn_column(BoostModel *self, const LacData *train, size_t j, double *seen, GError **error)
{
    const LacColumn *described = lac_data_column(train, j);
    BoostColumn *column = &self->column[j];
    const size_t n = lac_data_copy_seen(train, j, seen);

    if (n == 0)
        return lac_fail(error, LAC_ERROR_DATA,
                        "xgboost: column '%s' has no observed cell in %zu training rows; drop the "
                        "column or change the split",
                        lac_data_name(train, j), train->rows);
    column->kind = described->kind;
    column->first = self->q;
    column->width = described->kind == LAC_KIND_NOMINAL ? described->n_levels : 1;
    self->q += column->width;
    if (described->kind == LAC_KIND_BINARY || described->kind == LAC_KIND_NOMINAL)
        column->classes = described->n_levels;
    if (!lac_stats_mean_sd(n, seen, &column->centre, &column->sd))
        return lac_fail(error, LAC_ERROR_DATA,
                        "xgboost: column '%s' spans more than the largest number, 1.8e308; "
                        "rescale it",
                        lac_data_name(train, j));
    if (column->sd > 1e-12 * fabs(column->centre))
        return TRUE;
    column->constant = TRUE;
    column->centre = seen[0];
    column->sd = 1.0;
    lac_context_event(self->base.instance.context, "constant", (gssize)j,
                      "column '%s' has one value only; its holes get that value",
                      lac_data_name(train, j));
    return TRUE;
}

static gboolean
learn_columns(BoostModel *self, const LacData *train, GError **error)
{
    g_autofree double *seen = lac_try_alloc(train->rows + 1, sizeof(double), "a column", error);
    g_autofree double *holes = g_new(double, train->cols + 1);

    if (seen == NULL)
        return FALSE;
    self->cols = train->cols;
    self->column = g_new0(BoostColumn, train->cols + 1);
    self->order = g_new(size_t, train->cols + 1);
    for (size_t j = 0; j < train->cols; j++) {
        if (!learn_column(self, train, j, seen, error))
            return FALSE;
        holes[j] = (double)lac_mask_count_col(train->holes, j);
    }
    lac_stats_order(train->cols, holes, self->order);
    return TRUE;
}

static float
response(const BoostColumn *column, double y)
{
    return column->classes > 0 ? (float)y : (float)((y - column->centre) / column->sd);
}

/* Rows that observe column @j, split at random; the held-out ones come last. Returns how many are
 * kept, all when too few could be held out to say anything. */
static size_t
split_rows(const BoostModel *self, BoostTable *table, size_t n, const LacRng *rng)
{
    enum { FEWEST = 10 };
    const size_t held = (size_t)(self->hold_out * (double)n);
    LacRng stream = *rng;

    if (self->patience == 0 || held < FEWEST)
        return n;
    lac_rng_shuffle(&stream, n, table->index);
    return n - held;
}

/* Predictions and values of the rows that observe column @j, for draws. */
static gboolean
keep_donors(BoostTable *table, size_t j, BoostLearner *learner, GError **error)
{
    const BoostColumn *column = &table->self->column[j];
    const size_t n = list_rows(table, j, FALSE), kept = MIN(n, (size_t)BOOST_MOST_DONORS);
    const BoostSet set = features(table, j, n, table->index, table->x);
    g_autofree size_t *order = lac_try_alloc(n + 1, sizeof(size_t), "order of donors", error);

    if (order == NULL || !boost_predict(learner, &set, n, table->predicted, error))
        return FALSE;
    lac_stats_order(n, table->predicted, order);
    learner->n_donors = kept;
    learner->score = g_new(double, kept + 1);
    learner->value = g_new(double, kept + 1);
    for (size_t d = 0; d < kept; d++) {
        const size_t from = order[d * n / kept];

        learner->score[d] = table->predicted[from];
        learner->value[d] = lac_data_at(table->data, table->index[from], j);
    }
    return column->classes == 0;
}

static gboolean
train_column(BoostModel *self, BoostTable *table, size_t round, size_t j, GError **error)
{
    const BoostColumn *column = &self->column[j];
    const LacRng root = lac_context_rng(self->base.instance.context, "boost");
    const LacRng round_rng = lac_rng_at(&root, round), rng = lac_rng_at(&round_rng, j);
    const LacRng split = lac_rng_split(&rng, "held-out");
    LacRng seed = lac_rng_split(&rng, "seed");
    BoostLearner *learner = boost_learner(self, round, j);
    const size_t n = list_rows(table, j, FALSE), kept = split_rows(self, table, n, &split);
    g_autofree float *y = lac_try_alloc(n + 1, sizeof(float), "responses", error);

    if (y == NULL)
        return FALSE;
    for (size_t r = 0; r < n; r++)
        y[r] = response(column, lac_data_at(table->data, table->index[r], j));
    const BoostSet all = features(table, j, n, table->index, table->x);
    const BoostSet train = {kept, all.cols, all.x, y};
    const BoostSet held = {n - kept, all.cols, all.x + kept * all.cols, y + kept};

    if (!boost_train(self, &train, &held, column->classes, lac_rng_u64(&seed), learner, error))
        return FALSE;
    return column->classes > 0 || round + 1 < (size_t)self->iterations ||
           keep_donors(table, j, learner, error);
}

gboolean
boost_fit(BoostModel *self, const LacData *train, GError **error)
{
    g_auto(BoostTable) table = {0};
    const size_t rounds = (size_t)self->iterations;

    if (!learn_columns(self, train, error))
        return FALSE;
    self->learner = g_new0(BoostLearner, rounds * train->cols + 1);
    if (!table_init(self, train, &table, error))
        return FALSE;
    for (size_t t = 0; t < rounds; t++) {
        for (size_t k = 0; k < self->cols; k++) {
            const size_t j = self->order[k];
            /* columns without holes are learnt once, for new rows */
            const gboolean wanted = t + 1 == rounds || lac_mask_count_col(train->holes, j) > 0;
            const double done = (double)(t * self->cols + k) / (double)(rounds * self->cols);

            if (!lac_context_step(self->base.instance.context, done, error))
                return FALSE;
            if (wanted && !self->column[j].constant && !train_column(self, &table, t, j, error))
                return FALSE;
            if (!fill_column(&table, t, j, NULL, NULL, error))
                return FALSE;
        }
    }
    return TRUE;
}
