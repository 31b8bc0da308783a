/* knn: fill each hole from the k nearest rows in which its column is observed.
 * Source: Troyanskaya et al., "Missing value estimation methods for DNA microarrays",
 * Bioinformatics 17 (2001) 520-525; distances over the columns observed in both rows. */
#include <lacuna/donors.h>
#include <lacuna/model.h>
#include <lacuna/stats.h>

#include <string.h>

#include "combine.h"

enum {
    WEIGHTS_UNIFORM,
    WEIGHTS_DISTANCE,
};
enum {
    DRAWS_DONOR,
    DRAWS_MEAN,
};

typedef struct {
    LacModel base;
    int64_t k;
    int weights, distance, draws;
    LacData *train;    /* owned reference; NULL until fit */
    LacDonors *donors; /* owned */
    double *fallback;  /* [cols], owned: for holes without a donor */
} KnnModel;

/** KnnFill: one pass over a table. @u_of: stream of a draw's rows, or NULL for the best value. */
typedef struct {
    const KnnModel *self;
    LacMatrix *out;
    const LacRng *u_of;
} KnnFill;

static const char *const weights_names[] = {"uniform", "distance", NULL};
static const char *const distance_names[] = {"nan-euclidean", "gower", NULL};
static const char *const draws_names[] = {"donor", "mean", NULL};

static const LacParam params[] = {
    LAC_PARAM_INT(KnnModel, k, 5, LAC_RANGE(1, 1000000), "rows",
                  "Donors a hole; fewer where fewer rows observe its column"),
    LAC_PARAM_CHOICE(KnnModel, weights, WEIGHTS_UNIFORM, weights_names,
                     "Donors count alike, or by 1 / distance (all of it to donors at distance 0)"),
    LAC_PARAM_CHOICE(KnnModel, distance, LAC_DISTANCE_NAN_EUCLIDEAN, distance_names,
                     "nan-euclidean takes numbers (categories one-hot encoded); gower takes mixed "
                     "kinds as they are"),
    LAC_PARAM_CHOICE(KnnModel, draws, DRAWS_DONOR, draws_names,
                     "What a draw is: the value of one of the k donors at random, or the point "
                     "completion again"),
    LAC_PARAM_END,
};

static gboolean
knn_is_gower(const KnnModel *self)
{
    return self->distance == LAC_DISTANCE_GOWER;
}

static unsigned
knn_traits_of(const LacModel *model)
{
    const KnnModel *self = LAC_CAST(const KnnModel, model);

    return (knn_is_gower(self) ? (unsigned)(LAC_MODEL_KINDS | LAC_MODEL_SCALE_FREE) : 0u) |
           (self->draws == DRAWS_MEAN ? (unsigned)LAC_MODEL_DETERMINISTIC : 0u);
}

/* One value from @votes in the way that suits column @j. */
static double
knn_combine(const KnnModel *self, size_t j, size_t n, KnnVote *votes)
{
    const LacKind kind = lac_data_column(self->train, j)->kind;

    if (!knn_is_gower(self))
        return knn_mean(n, votes);
    if (lac_kind_is_numeric(kind))
        return knn_median(n, votes, FALSE);
    return kind == LAC_KIND_ORDINAL ? knn_median(n, votes, TRUE) : knn_mode(n, votes);
}

/* What a hole without donors gets: its column's mean (median or mode for Gower). */
static gboolean
knn_learn_fallback(KnnModel *self, GError **error)
{
    const LacData *train = self->train;
    g_autofree double *seen = lac_try_alloc(train->rows, sizeof *seen, "knn: a column", error);
    g_autofree KnnVote *votes = lac_try_alloc(train->rows, sizeof *votes, "knn: a column", error);

    if (seen == NULL || votes == NULL)
        return FALSE;
    self->fallback = g_new0(double, train->cols);
    for (size_t j = 0; j < train->cols; j++) {
        const size_t n = lac_data_copy_seen(train, j, seen);

        for (size_t i = 0; i < n; i++)
            votes[i] = (KnnVote){seen[i], 1.0, i};
        if (n > 0)
            self->fallback[j] =
                knn_is_gower(self) ? knn_combine(self, j, n, votes) : lac_stats_mean(n, seen);
        else
            lac_context_event(self->base.instance.context, "empty-column", (gssize)j,
                              "no observed value in %zu training rows: holes get 0", train->rows);
    }
    return TRUE;
}

static gboolean
knn_learn(KnnModel *self, const LacData *train, GError **error)
{
    self->train = lac_data_ref(train);
    self->donors = lac_donors_new((LacDistance)self->distance, train, error);
    return self->donors != NULL && knn_learn_fallback(self, error);
}

static gboolean
knn_fit(LacModel *model, const LacData *train, GError **error)
{
    return knn_learn(LAC_CAST(KnnModel, model), train, error);
}

static void
knn_visit(size_t row, size_t column, size_t n, const LacNeighbour *nearest, void *user)
{
    KnnFill *fill = user;
    const KnnModel *self = fill->self;
    double *hole = lac_matrix_row(fill->out, row) + column;
    KnnVote few[64];
    g_autofree KnnVote *many = n > G_N_ELEMENTS(few) ? g_new(KnnVote, n) : NULL;
    KnnVote *votes = many != NULL ? many : few;

    if (n == 0) {
        *hole = self->fallback[column];
        lac_context_event(self->base.instance.context, "fallback", (gssize)column,
                          "a row shares no observed column with any row that observes '%s': the "
                          "column's %s was used",
                          lac_data_name(self->train, column),
                          knn_is_gower(self) ? "median or mode" : "mean");
        return;
    }
    knn_weigh(n, nearest, self->weights == WEIGHTS_DISTANCE, votes);
    for (size_t i = 0; i < n; i++)
        votes[i].value = lac_data_at(self->train, nearest[i].row, column);
    if (fill->u_of == NULL) {
        *hole = knn_combine(self, column, n, votes);
        return;
    }
    /* one number a row: its holes that have the same donors take the same one, which keeps
     * correlations within the row */
    LacRng stream = lac_rng_at(fill->u_of, row);
    *hole = knn_pick(n, votes, lac_rng_uniform(&stream));
}

static gboolean
knn_complete(const KnnModel *self, const LacData *in, const LacRng *u_of, LacMatrix *out,
             GError **error)
{
    KnnFill fill = {.self = self, .out = out, .u_of = u_of};

    lac_data_copy_values(in, out);
    return lac_donors_search(self->donors, in, (size_t)self->k, knn_visit, &fill,
                             self->base.instance.context, error);
}

static gboolean
knn_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    return knn_complete(LAC_CAST(const KnnModel, model), in, NULL, out, error);
}

static gboolean
knn_sample(const LacModel *model, const LacData *in, size_t draw, LacMatrix *out, GError **error)
{
    const KnnModel *self = LAC_CAST(const KnnModel, model);
    const LacRng root = lac_context_rng(model->instance.context, "donors");
    const LacRng rows = lac_rng_at(&root, draw);

    return knn_complete(self, in, self->draws == DRAWS_MEAN ? NULL : &rows, out, error);
}

static gboolean
knn_save(const LacModel *model, LacBundle *out, GError **error)
{
    const LacData *train = LAC_CAST(const KnnModel, model)->train;
    g_autofree int64_t *columns = g_new(int64_t, 2 * train->cols);

    for (size_t j = 0; j < train->cols; j++) {
        columns[j] = lac_data_column(train, j)->kind;
        columns[train->cols + j] = (int64_t)lac_data_column(train, j)->n_levels;
    }
    lac_bundle_put_doubles(out, "values", train->rows, train->cols, train->values);
    lac_bundle_put_i64(out, "kinds_and_levels", 2, train->cols, columns);
    return TRUE;
}

static gboolean
knn_load(LacModel *model, const LacBundle *in, GError **error)
{
    size_t rows, cols;
    const double *values =
        lac_bundle_get_doubles(in, "values", G_MAXSIZE, G_MAXSIZE, &rows, &cols, error);
    const int64_t *columns =
        values == NULL ? NULL
                       : lac_bundle_get_i64(in, "kinds_and_levels", 2, cols, NULL, NULL, error);

    if (columns == NULL)
        return FALSE;
    g_autoptr(LacSchema) schema = lac_schema_new(cols);
    for (size_t j = 0; j < cols; j++) {
        if (columns[j] < LAC_KIND_CONTINUOUS || columns[j] > LAC_KIND_ORDINAL ||
            columns[cols + j] < 0)
            return lac_fail(error, LAC_ERROR_DATA,
                            "knn: model file: column %zu has kind %" G_GINT64_FORMAT
                            " and %" G_GINT64_FORMAT " levels; expected kind 0 to %d",
                            j, columns[j], columns[cols + j], LAC_KIND_ORDINAL);
        schema->columns[j].kind = (LacKind)columns[j];
        schema->columns[j].n_levels = (size_t)columns[cols + j];
    }
    g_autofree double *copy = lac_try_alloc(rows * cols, sizeof *copy, "knn: donors", error);
    if (copy == NULL)
        return FALSE;
    memcpy(copy, values, rows * cols * sizeof *copy);
    g_autoptr(LacData) train = lac_data_new_take(g_steal_pointer(&schema), rows,
                                                 g_steal_pointer(&copy), "model file", error);
    return train != NULL && knn_learn(LAC_CAST(KnnModel, model), train, error);
}

static void
knn_cost(const LacModel *model, const LacWorkload *work, LacCost *out)
{
    enum { ROWS_AT_A_TIME = 64, HEAP_ENTRY = 16 };
    const KnnModel *self = LAC_CAST(const KnnModel, model);
    const double n = (double)work->rows, p = (double)work->cols;
    const double holes = MIN(2.0 * p * work->missing + 1.0, p), k = MIN((double)self->k, n);

    out->seconds =
        LAC_COST_FLOP * n * n * (1.6 * p + 5.2 * p * work->missing) / (double)work->threads +
        LAC_COST_JUMP * lac_workload_holes(work) * k;
    out->bytes = 16.0 * n * (p + 4.0) +
                 (double)work->threads * ROWS_AT_A_TIME * (holes * k * HEAP_ENTRY + 24.0 * p);
}

static void
knn_clear(LacModel *model)
{
    KnnModel *self = LAC_CAST(KnnModel, model);

    g_clear_pointer(&self->train, lac_data_unref);
    g_clear_pointer(&self->donors, lac_donors_free);
    g_clear_pointer(&self->fallback, g_free);
}

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("knn", "Mean of the k nearest rows that observe the column", KnnModel, params),
    .plugin.citation = "Troyanskaya et al., Bioinformatics 17 (2001) 520-525",
    .example = {.in = "a,b,c\n1,2,\n3,4,3\n,6,5\n8,8,7\n2,,1\n,,9\n",
                .out = "a,b,c\n1,2,2\n3,4,3\n5.5,6,5\n8,8,7\n2,3,1\n5.5,7,9\n",
                .params = "{k: 2}"},
    .traits = LAC_MODEL_CANDIDATE,
    .fit = knn_fit,
    .fill = knn_fill,
    .sample = knn_sample,
    .save = knn_save,
    .load = knn_load,
    .clear = knn_clear,
    .traits_of = knn_traits_of,
    .cost = knn_cost,
};
