/* softimpute: the table as a matrix of low rank plus noise: the one with the smallest sum of
 * singular values that fits the observed cells.
 * Source: Mazumder, Hastie and Tibshirani, JMLR 11 (2010) 2287-2322; Hastie, Mazumder, Lee and
 * Zadeh, "Matrix completion and low-rank SVD via fast alternating least squares", JMLR 16 (2015)
 * 3367-3402. */
#include "softimpute.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

static const char *const variant_names[] = {"auto", "als", "svd", "svt", NULL};
static const char *const scale_names[] = {"none", "centre", "columns", "both", NULL};

static const LacParam params[] = {
    LAC_PARAM_CHOICE(
        SoftModel, variant, SOFT_AUTO, variant_names,
        "How the minimum is found, the same for all but svt: alternating least squares; "
        "thresholded singular values; auto: these, accelerated, where columns (or rows) are up to "
        "128 and a quarter of the cells is observed, otherwise als. svt: observed cells are "
        "reproduced exactly, noise included (Cai, Candes and Shen)"),
    LAC_PARAM_CHOICE(SoftModel, scale, SOFT_SCALE_COLUMNS, scale_names,
                     "Nothing, column means taken out, also divided by their standard deviations, "
                     "or rows and columns both centred and scaled"),
    LAC_PARAM_DOUBLE(SoftModel, lambda_share, 0.0, LAC_RANGE(0.0, 1.0), "share",
                     "Penalty, as a share of the smallest one that leaves nothing (the largest "
                     "singular value of the observed cells); 0: chosen on held-out cells"),
    LAC_PARAM_INT(SoftModel, most_rank, 0, LAC_RANGE(0, 100000), "",
                  "Most rank of the completed matrix; 0: as many as it takes, up to 64"),
    LAC_PARAM_INT(SoftModel, path, 20, LAC_RANGE(1, 1000), "penalties",
                  "Penalties tried from the largest down, each fit started from the one before; 1: "
                  "straight to lambda_share"),
    LAC_PARAM_DOUBLE(SoftModel, hold_out, 0.1, LAC_RANGE_OPEN(0.0, 1.0), "share",
                     "Observed cells held out to choose the penalty"),
    LAC_PARAM_INT(SoftModel, iterations, 100, LAC_RANGE(1, 1e6), "iterations",
                  "Most iterations for one penalty"),
    LAC_PARAM_DOUBLE(SoftModel, tol, 1e-5, LAC_RANGE_FROM(0.0), "share",
                     "Stop when the squared change of the completed matrix (svt: what it leaves of "
                     "the observed cells, squared) is this share of its (their) squares"),
    LAC_PARAM_DOUBLE(SoftModel, svt_threshold, 0.0, LAC_RANGE_FROM(0.0), "",
                     "tau of svt, what singular values are reduced by, in scaled units; 0: 5 "
                     "sqrt(rows columns)"),
    LAC_PARAM_DOUBLE(SoftModel, svt_step, 0.0, LAC_RANGE_FROM(0.0), "",
                     "delta of svt, the length of its steps; 0: 1.2 rows columns / observed cells"),
    LAC_PARAM_END,
};

static gboolean
soft_fit(LacModel *model, const LacData *train, GError **error)
{
    SoftModel *self = LAC_CAST(SoftModel, model);

    return soft_scale_learn(self, train, error) && soft_path_fit(self, train, error);
}

/* ---- completing rows --------------------------------------------------------------------------
 * A row's scores a minimise |z - B a|^2 / 2 over its observed cells + lambda |a|^2 / 2, B the
 * loading; its holes are B a. At the minimum that is what training rows have, too. */

/** SoftRoom: one worker's. */
typedef struct {
    double *z, *a;
    LacMatrix *gram;
} SoftRoom;

typedef struct {
    const SoftModel *self;
    const LacData *in;
    LacMatrix *out;
    SoftRoom *rooms;
} SoftRows;

LAC_CLONES static void
row_normal_equations(const SoftModel *self, const double *x, const double *z, SoftRoom *room)
{
    const size_t k = self->rank;

    memset(room->a, 0, k * sizeof(double));
    memset(room->gram->v, 0, k * k * sizeof(double));
    for (size_t j = 0; j < self->cols; j++) {
        const double *b = self->loading + j * k;

        if (isnan(x[j]))
            continue;
        for (size_t c = 0; c < k; c++) {
            double *row = room->gram->v + c * k;

            room->a[c] += b[c] * z[j];
            for (size_t e = 0; e <= c; e++)
                row[e] += b[c] * b[e];
        }
    }
    for (size_t c = 0; c < k; c++)
        room->gram->v[c * (k + 1)] += self->lambda;
}

/* FALSE when the row says nothing: scores are 0. */
static gboolean
row_scores(const SoftModel *self, const double *x, const double *z, SoftRoom *room)
{
    LacMatrix a = {self->rank, 1, 1, room->a};

    if (self->rank == 0)
        return FALSE;
    row_normal_equations(self, x, z, room);
    if (!lac_cholesky(room->gram))
        return FALSE;
    lac_cholesky_solve(room->gram, &a);
    return TRUE;
}

static void
complete_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const SoftRows *rows = user;
    const SoftModel *self = rows->self;
    SoftRoom *room = &rows->rooms[worker];

    for (size_t i = begin; i < end; i++) {
        const double *x = lac_data_row(rows->in, i);
        double *to = lac_matrix_row(rows->out, i), centre, gauge;

        memcpy(to, x, self->cols * sizeof(double));
        if (lac_mask_count_row(rows->in->holes, i) == 0)
            continue;
        soft_scale_row(self, x, room->z, &centre, &gauge);
        const gboolean known = row_scores(self, x, room->z, room);

        for (size_t j = 0; j < self->cols; j++) {
            double m = 0.0;

            for (size_t c = 0; known && c < self->rank; c++)
                m += self->loading[j * self->rank + c] * room->a[c];
            if (isnan(x[j]))
                to[j] = centre + self->centre[j] + gauge * self->gauge[j] * m;
        }
    }
}

static gboolean
soft_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    enum { GRAIN = 64 };
    const SoftModel *self = LAC_CAST(const SoftModel, model);
    const unsigned n = lac_threads();
    g_autofree SoftRoom *rooms = g_new0(SoftRoom, n);
    SoftRows rows = {self, in, out, rooms};

    gboolean ready = TRUE;

    if (!lac_context_step(model->instance.context, 0.0, error))
        return FALSE;
    for (unsigned w = 0; w < n && ready; w++) {
        rooms[w].z = g_new(double, self->cols + 1);
        rooms[w].a = g_new(double, self->rank + 1);
        rooms[w].gram = lac_matrix_new(MAX(self->rank, 1), MAX(self->rank, 1), error);
        ready = rooms[w].gram != NULL;
    }
    if (ready)
        lac_parallel_for(in->rows, GRAIN, complete_rows, &rows);
    for (unsigned w = 0; w < n; w++) {
        g_free(rooms[w].z);
        g_free(rooms[w].a);
        lac_matrix_free(rooms[w].gram);
    }
    return ready;
}

/* ---- saving -----------------------------------------------------------------------------------
 */

static gboolean
soft_save(const LacModel *model, LacBundle *out, GError **error)
{
    const SoftModel *self = LAC_CAST(const SoftModel, model);

    lac_bundle_put_doubles(out, "centre", 1, self->cols, self->centre);
    lac_bundle_put_doubles(out, "gauge", 1, self->cols, self->gauge);
    lac_bundle_put_doubles(out, "lambda", 1, 1, &self->lambda);
    lac_bundle_put_doubles(out, "loading", self->cols, self->rank, self->loading);
    return TRUE;
}

static gboolean
soft_load(LacModel *model, const LacBundle *in, GError **error)
{
    SoftModel *self = LAC_CAST(SoftModel, model);
    const double *centre =
        lac_bundle_get_doubles(in, "centre", 1, G_MAXSIZE, NULL, &self->cols, error);
    const double *gauge =
        centre ? lac_bundle_get_doubles(in, "gauge", 1, self->cols, NULL, NULL, error) : NULL;
    const double *lambda =
        gauge ? lac_bundle_get_doubles(in, "lambda", 1, 1, NULL, NULL, error) : NULL;
    const double *loading = lambda ? lac_bundle_get_doubles(in, "loading", self->cols, G_MAXSIZE,
                                                            NULL, &self->rank, error)
                                   : NULL;

    if (loading == NULL)
        return FALSE;
    self->centre = g_memdup2(centre, self->cols * sizeof(double));
    self->gauge = g_memdup2(gauge, self->cols * sizeof(double));
    self->loading = g_new(double, self->cols * self->rank + 1);
    memcpy(self->loading, loading, self->cols * self->rank * sizeof(double));
    self->lambda = *lambda;
    return TRUE;
}

static void
soft_clear(LacModel *model)
{
    SoftModel *self = LAC_CAST(SoftModel, model);

    g_clear_pointer(&self->centre, g_free);
    g_clear_pointer(&self->gauge, g_free);
    g_clear_pointer(&self->loading, g_free);
    self->rank = self->cols = 0;
}

static unsigned
soft_traits_of(const LacModel *model)
{
    const SoftModel *self = LAC_CAST(const SoftModel, model);

    return self->scale == SOFT_SCALE_COLUMNS ? LAC_MODEL_SCALE_FREE : 0u;
}

static gboolean
cost_is_exact(const SoftModel *self, double n, double p, double seen)
{
    const SoftCells cells = {.rows = (size_t)n, .cols = (size_t)p, .n = (size_t)seen};

    return soft_fit_is_exact(self, &cells);
}

/* One run whose every step looks at the cells anew; the more is missing the later they agree. */
static void
cost_svt(const SoftModel *self, const LacWorkload *work, LacCost *out)
{
    const double n = (double)MAX(work->rows, work->cols), p = (double)MIN(work->rows, work->cols);
    const double rank = MIN(p, self->most_rank > 0 ? (double)self->most_rank : 64.0);
    const double seen = lac_workload_seen(work);
    const double usual = 20.0 + 480.0 * work->missing * work->missing;
    const double sweeps = soft_svt_is_small(work->cols) ? 1.0 : 10.0;
    const double step = LAC_COST_STEP * seen * (20.0 + 0.5 * rank) * sweeps;

    out->bytes = 28.0 * seen + 8.0 * (n + p) * rank * 2.5;
    out->seconds = MIN((double)self->iterations, usual) * step / (double)work->threads;
}

static void
soft_cost(const LacModel *model, const LacWorkload *work, LacCost *out)
{
    enum { USUAL_RANK = 8, ROW = 8 };
    const SoftModel *self = LAC_CAST(const SoftModel, model);
    const double n = (double)MAX(work->rows, work->cols), p = (double)MIN(work->rows, work->cols);
    const double most = MIN(p, self->most_rank > 0 ? (double)self->most_rank : 64.0);
    const double rank = MIN(most, USUAL_RANK), seen = lac_workload_seen(work);
    const double runs = (self->lambda_share > 0.0 ? 1.0 : 1.7) * (double)self->path;
    const double usual = 5.3 * (1.0 + 2.5 * work->missing);
    const double steps = MIN((double)self->iterations, usual);
    double step = LAC_COST_STEP * seen * (4.0 + rank) + 8.0 * LAC_COST_FLOP * n * rank * rank;

    if (self->variant == SOFT_SVT) {
        cost_svt(self, work, out);
        return;
    }
    out->bytes = 20.0 * seen + 8.0 * (n + p) * most * 4.0;
    if (cost_is_exact(self, n, p, seen)) {
        step = LAC_COST_STEP * (n * (p + ROW) + 2.5 * (n * p - seen)) + LAC_COST_FLOP * n * p * p;
        out->bytes += 8.0 * n * p + 20.0 * (n * p - seen);
    } else if (self->variant == SOFT_SVD) {
        step += LAC_COST_FLOP * (n * p * p + 10.0 * p * p * p);
        out->bytes += 8.0 * (3.0 * p * p + 1024.0 * p);
    }
    out->seconds = runs * steps * step / (double)work->threads +
                   LAC_COST_STEP * seen * (20.0 + rank * rank) / (double)work->threads;
}

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("softimpute", "Low-rank matrix with a nuclear-norm penalty", SoftModel, params),
    .plugin.citation =
        "Hastie, Mazumder, Lee and Zadeh, JMLR 16 (2015) 3367-3402; Mazumder, "
        "Hastie and Tibshirani, JMLR 11 (2010) 2287-2322; Cai, Candes and Shen, SIAM J. "
        "Optim. 20 (2010) 1956-1982",
    /* lambda = 1 of 15.355354944246; softImpute's simpute.svd(X, J = 2, lambda = 1) */
    .example = {.in = "a,b,c\n1,2,\n2,,1\n3,6,2\n,8,2.5\n5,10,\n0.5,1,0.2\n",
                .out = "a,b,c\n1,2,0.56700807\n2,3.07304888,1\n3,6,2\n3.69324018,8,2.5\n"
                       "5,10,2.83504035\n0.5,1,0.2\n",
                .params = "{lambda_share: 0.06512386093522, scale: none, path: 1, tol: 1e-15, "
                          "iterations: 5000}"},
    .traits = LAC_MODEL_CANDIDATE,
    .fit = soft_fit,
    .fill = soft_fill,
    .save = soft_save,
    .load = soft_load,
    .clear = soft_clear,
    .traits_of = soft_traits_of,
    .cost = soft_cost,
};
