/* The loop: for every iteration, for every column with holes, learn it from the others and draw its
 * holes anew. Chains differ by their random streams only, which are named by (chain, iteration,
 * column), so neither threads nor the number of chains changes any of them. */
#include "mice.h"

#include <lacuna/limits.h>
#include <lacuna/parallel.h>
#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

typedef struct {
    size_t chain;
    double *cells; /* its completion: values of the holes, by column */
    MiceScratch scratch;
    MiceCurrent *current; /* NULL without passive columns */
} MiceChain;

typedef struct {
    MiceModel *model;
    const LacData *data;
    LacRng rng;
    MiceChain *chains; /* of this group */
    size_t begin, end; /* visits to make now, see loop_visit() */
    double *trace;     /* [chains][rounds][cols][2]: mean and sd of the imputed values */
} MiceLoop;

static void
scratch_clear(MiceScratch *scratch)
{
    lac_gram_free(scratch->gram);
    g_free(scratch->observed);
    g_free(scratch->missing);
    g_free(scratch->holes);
    g_free(scratch->y);
    g_free(scratch->fitted);
    g_free(scratch->value);
    g_free(scratch->cross);
    g_free(scratch->beta);
    g_free(scratch->normals);
    lac_linear_free(scratch->linear);
    lac_matcher_free(scratch->matcher);
    lac_bins_free(scratch->bins);
    g_free(scratch->left_out.row);
    g_free(scratch->left_out.shift);
    g_free(scratch->left_out.move);
    g_free(scratch->left_out.length);
    g_clear_error(&scratch->error);
}

/* For the methods that want it. */
static gboolean
scratch_init_left_out(const MiceModel *self, size_t n, MiceLeftOut *out, GError **error)
{
    double **vectors[] = {&out->shift, &out->move, &out->length};
    gboolean wanted = FALSE;

    for (size_t v = 0; v < self->n_ordered; v++)
        wanted |= self->columns[self->order[v]].method->leaves_out;
    if (!wanted)
        return TRUE;
    out->row = lac_try_alloc(n + 1, sizeof(size_t), "a chain's donors", error);
    if (out->row == NULL)
        return FALSE;
    for (size_t k = 0; k < G_N_ELEMENTS(vectors); k++) {
        *vectors[k] = lac_try_alloc((n + 1) * (vectors[k] == &out->move ? self->stride : 1),
                                    sizeof(double), "a chain's donors", error);
        if (*vectors[k] == NULL)
            return FALSE;
    }
    return TRUE;
}

static gboolean
scratch_init(const MiceModel *self, size_t n, MiceScratch *scratch, GError **error)
{
    double **vectors[] = {&scratch->y, &scratch->fitted, &scratch->value};
    size_t **lists[] = {&scratch->observed, &scratch->missing, &scratch->holes};

    scratch->gram = lac_gram_new(n, self->q, error);
    if (scratch->gram == NULL)
        return FALSE;
    for (size_t k = 0; k < G_N_ELEMENTS(vectors); k++) {
        *vectors[k] = lac_try_alloc(n + 1, sizeof(double), "a chain's column", error);
        if (*vectors[k] == NULL)
            return FALSE;
    }
    for (size_t k = 0; k < G_N_ELEMENTS(lists); k++) {
        *lists[k] = lac_try_alloc(n + 1, sizeof(size_t), "a chain's row list", error);
        if (*lists[k] == NULL)
            return FALSE;
    }
    scratch->cross = lac_try_alloc(self->q * self->stride, sizeof(double), "products", error);
    if (scratch->cross == NULL || !scratch_init_left_out(self, n, &scratch->left_out, error))
        return FALSE;
    scratch->beta = g_new0(double, 2 * self->stride);
    scratch->normals = g_new0(double, 2 * self->q); /* of predictors, and of fewer rows */
    scratch->linear = lac_linear_new(self->q);
    scratch->matcher = lac_matcher_new();
    if (self->bins != NULL)
        scratch->bins = lac_bins_like(self->bins, n, error);
    return self->bins == NULL || scratch->bins != NULL;
}

void
mice_write(const MiceModel *self, const MiceColumn *column, const MiceTable *table, gboolean cross,
           size_t n, const size_t *rows, const double *values)
{
    LacGram *gram = table->gram;
    g_autofree double *z = g_new(double, n + 1);
    g_autofree double *code = g_new(double, column->width + 1);

    if (table->bins != NULL)
        mice_put_bins(table->bins, (size_t)(column - self->columns), n, rows, values);
    if (column->constant)
        return;

    for (size_t a = 0; a < column->width; a++) {
        for (size_t i = 0; i < n; i++) {
            mice_encode(self, column, values[i], code);
            z[i] = code[a];
        }
        if (cross) {
            lac_gram_replace(gram, column->first + a, n, rows, z);
            continue;
        }
        for (size_t i = 0; i < n; i++)
            gram->z[rows[i] * gram->stride + column->first + a] = z[i];
    }
}

/* Rows in which the column is observed and missing; the observed values. @current: [holes] values
 * of the moment when censored cells are to take part, else NULL. */
static void
chain_split_rows(const LacData *data, size_t j, const double *current, MiceScratch *scratch,
                 MiceTask *task)
{
    const gboolean augments = current != NULL && lac_data_has_cell_limits(data, j);
    size_t n_observed = 0, n_missing = 0, n_holes = 0;

    for (size_t i = 0; i < data->rows; i++) {
        const gboolean hole = lac_data_is_hole(data, i, j);

        if (hole)
            scratch->holes[n_holes++] = i;
        if (hole && !(augments && lac_data_is_censored(data, i, j))) {
            scratch->missing[n_missing++] = i;
            continue;
        }
        scratch->y[n_observed] = hole ? current[n_holes - 1] : lac_data_at(data, i, j);
        scratch->observed[n_observed++] = i;
    }
    task->n_observed = n_observed;
    task->n_missing = n_missing;
    task->n_holes = n_holes;
    task->observed = scratch->observed;
    task->missing = scratch->missing;
    task->holes = scratch->holes;
    task->y = scratch->y;
}

static LacRng
chain_stream(const LacRng *rng, size_t chain, size_t iteration, size_t j)
{
    const LacRng of_chain = lac_rng_at(rng, chain);
    const LacRng of_iteration = lac_rng_at(&of_chain, iteration);

    return lac_rng_at(&of_iteration, j);
}

static void
chain_trace(const MiceLoop *loop, const MiceTask *task, const double *values)
{
    const MiceModel *self = loop->model;
    const size_t round = task->chain * self->rounds + task->iteration;
    double *to = loop->trace + 2 * (round * self->cols + task->j);

    lac_stats_mean_sd(task->n_holes, values, &to[0], &to[1]);
}

/* One donor that serves more than a fifth of the holes carries too much of the result. */
static void
chain_tell_few_donors(const MiceTask *task, const MiceRule *rule, const double *values)
{
    enum { ENOUGH_HOLES = 20 };
    size_t in_a_row = 0, most = 0;

    if (!task->column->method->matches || task->n_holes < ENOUGH_HOLES)
        return;
    if (rule->n_donors >= (size_t)(5 * task->model->donors))
        return; /* with many donors one can only dominate when predictions are all alike */
    for (size_t i = 0; i < task->n_holes; i++) {
        size_t same = 0;

        for (size_t k = 0; k < task->n_holes; k++)
            same += values[k] == values[i];
        most = MAX(most, same);
        in_a_row = MAX(in_a_row, same);
    }
    if (5 * most > task->n_holes)
        lac_context_event(task->model->base.instance.context, "few-donors", (gssize)task->j,
                          "column '%s': one of %zu donors filled %zu of %zu holes",
                          lac_data_name(task->data, task->j), rule->n_donors, most, task->n_holes);
}

/* Draws the holes and writes them back. */
static void
chain_draw(const MiceLoop *loop, MiceChain *chain, const MiceTask *task, const MiceRule *rule,
           LacRng rng)
{
    const MiceModel *self = loop->model;
    const MiceTable table = {.gram = chain->scratch.gram, .bins = chain->scratch.bins};
    const MiceRows rows = {.n = task->n_holes,
                           .stride = self->stride,
                           .index = task->holes,
                           .z = table.gram->z,
                           .bins = table.bins,
                           .data = loop->data,
                           .column = task->j};
    double *values = chain->cells + self->cell_start[task->j];

    if (rows.n == 0)
        return;
    task->column->method->draw(self, task->column, rule, &rows, rng, values);
    chain_tell_few_donors(task, rule, values);
    mice_write(self, task->column, &table, TRUE, rows.n, rows.index, values);
    if (chain->current != NULL) {
        mice_current_put(chain->current, task->j, rows.n, rows.index, values);
        mice_passive_update(self, loop->data, chain->current, &table, TRUE, self->cell_start,
                            chain->cells);
    }
    chain_trace(loop, task, values);
}

/* A visit: learn, draw, keep the rule. */
static void
chain_visit(const MiceLoop *loop, MiceChain *chain, size_t iteration, size_t j)
{
    MiceModel *self = loop->model;
    MiceScratch *scratch = &chain->scratch;
    const MiceColumn *column = &self->columns[j];
    const LacRng rng = chain_stream(&loop->rng, chain->chain, iteration, j);
    MiceTask task = {.model = self,
                     .data = loop->data,
                     .j = j,
                     .chain = chain->chain,
                     .iteration = iteration,
                     .column = column,
                     .gram = scratch->gram,
                     .rng = lac_rng_split(&rng, "learn"),
                     .scratch = scratch};
    MiceRule rule;

    if (scratch->error != NULL)
        return;
    chain_split_rows(loop->data, j,
                     column->method->truncates ? chain->cells + self->cell_start[j] : NULL, scratch,
                     &task);
    column->method->learn(&task, &rule);
    chain_draw(loop, chain, &task, &rule, lac_rng_split(&rng, "draw"));
    if (rule.forest != NULL && iteration + 1 < self->rounds)
        lac_forest_free(rule.forest);
    else
        mice_rule_keep(self, &rule, mice_rule(self, chain->chain, iteration, j));
}

/* All visits of a chain in one row: the rounds over the columns with holes, then, for the sake of
 * new rows, one over the columns without. */
static size_t
loop_visits(const MiceModel *self)
{
    return self->rounds * self->n_visited + self->n_ordered - self->n_visited;
}

static void
loop_visit(const MiceLoop *loop, MiceChain *chain, size_t s)
{
    const MiceModel *self = loop->model;
    const gboolean last = s >= self->rounds * self->n_visited;
    const size_t iteration = last ? self->rounds : s / self->n_visited;
    const size_t v = last ? s - (self->rounds - 1) * self->n_visited : s % self->n_visited;

    if (v == (last ? self->n_visited : 0))
        lac_gram_refresh(chain->scratch.gram); /* once a round: rounding does not add up */
    chain_visit(loop, chain, iteration, self->order[v]);
}

static void
loop_visit_some(size_t begin, size_t end, unsigned worker, void *user)
{
    const MiceLoop *loop = user;

    for (size_t k = begin; k < end; k++) {
        for (size_t s = loop->begin; s < loop->end; s++)
            loop_visit(loop, &loop->chains[k], s);
    }
}

/* First values of the holes: the initial imputer's, or random observed ones. */
static gboolean
chain_start_values(const MiceLoop *loop, MiceChain *chain, GError **error)
{
    const MiceModel *self = loop->model;
    const LacData *data = loop->data;
    const LacRng root = lac_context_rng(self->base.instance.context, "start");
    const gboolean sampled = self->start == MICE_START_SAMPLE;
    g_autoptr(LacMatrix) fill = sampled ? NULL : lac_matrix_new(data->rows, data->cols, error);

    if (!sampled && (fill == NULL || !lac_context_initial_fill(self->base.instance.context, data,
                                                               data, chain->chain, fill, error)))
        return FALSE;
    for (size_t j = 0; j < self->cols; j++) {
        const MiceColumn *column = &self->columns[j];
        double *to = chain->cells + self->cell_start[j];
        LacRng rng = chain_stream(&root, chain->chain, 0, j);
        MiceTask task;

        if (chain->current != NULL)
            mice_current_put(chain->current, j, 0, NULL, NULL); /* all is to be computed once */
        if (column->n_holes == 0)
            continue;
        chain_split_rows(data, j, NULL, &chain->scratch, &task);
        for (size_t i = 0; i < task.n_missing; i++) {
            double lower, upper,
                value = sampled ? task.y[lac_rng_below(&rng, task.n_observed)]
                                : lac_matrix_row(fill, task.missing[i])[j];

            if (column->n_levels > 0)
                value = CLAMP(round(value), 0.0, (double)column->n_levels - 1.0);
            lac_data_limits(data, task.missing[i], j, &lower, &upper);
            value = CLAMP(value, lower, upper);
            to[i] = column->constant ? column->start : value;
        }
        if (chain->current != NULL)
            mice_current_put(chain->current, j, task.n_missing, task.missing, to);
    }
    return TRUE;
}

/* Z of the completed table. */
static void
chain_fill_design(const MiceLoop *loop, MiceChain *chain)
{
    const MiceModel *self = loop->model;
    const LacData *data = loop->data;
    LacGram *gram = chain->scratch.gram;

    for (size_t i = 0; i < data->rows; i++)
        gram->z[i * gram->stride] = 1.0;
    for (size_t j = 0; j < self->cols; j++) {
        const MiceColumn *column = &self->columns[j];
        const double *hole = chain->cells + self->cell_start[j];

        for (size_t i = 0; i < data->rows && !column->constant; i++) {
            const double value = lac_data_is_hole(data, i, j) ? *hole++ : lac_data_at(data, i, j);

            mice_encode(self, column, value, gram->z + i * gram->stride + column->first);
        }
    }
}

/* The same as codes. */
static void
chain_fill_bins(const MiceLoop *loop, MiceChain *chain)
{
    const LacData *data = loop->data;
    LacBins *bins = chain->scratch.bins;
    double *values = chain->scratch.value;

    for (size_t j = 0; bins != NULL && j < data->cols; j++) {
        const double *hole = chain->cells + loop->model->cell_start[j];

        for (size_t i = 0; i < data->rows; i++)
            values[i] = lac_data_is_hole(data, i, j) ? *hole++ : lac_data_at(data, i, j);
        mice_put_bins(bins, j, data->rows, NULL, values);
    }
}

/* A chain before its first visit. */
static gboolean
chain_start(const MiceLoop *loop, MiceChain *chain, GError **error)
{
    const MiceModel *self = loop->model;
    const MiceTable table = {.gram = chain->scratch.gram, .bins = chain->scratch.bins};

    if (!chain_start_values(loop, chain, error))
        return FALSE;
    chain_fill_design(loop, chain);
    chain_fill_bins(loop, chain);
    if (chain->current != NULL)
        mice_passive_update(self, loop->data, chain->current, &table, FALSE, self->cell_start,
                            chain->cells);
    return TRUE;
}

/* Visits between two looks at progress: about a hundredth of a second of work. The result does not
 * depend on it. */
static size_t
group_stretch(const MiceLoop *loop)
{
    const MiceModel *self = loop->model;
    const double n = (double)loop->data->rows, q = (double)self->q;
    const double solve = 2.0 * n < q ? 2.0 * n * n * q : n * q * q / 4.0 + q * q * q;
    const double trees = self->bins != NULL ? 500.0 * n * (double)self->trees : 0.0;
    const double visit = 50.0 * n + 20.0 * q + solve + trees;

    return (size_t)CLAMP(2e7 / visit, 1.0, 1e6);
}

/* FALSE when a chain had to end. */
static gboolean
group_check(const MiceLoop *loop, size_t n, GError **error)
{
    for (size_t k = 0; k < n; k++) {
        if (loop->chains[k].scratch.error == NULL)
            continue;
        g_propagate_error(error, g_steal_pointer(&loop->chains[k].scratch.error));
        return FALSE;
    }
    return TRUE;
}

/* One chain alone leaves its threads to the sums over rows; so does a table too small for any. */
static gboolean
group_run(MiceLoop *loop, size_t first, size_t n, GError **error)
{
    const MiceModel *self = loop->model;
    const size_t visits = loop_visits(self), stretch = group_stretch(loop);
    /* trees would start all threads for each of many small loops */
    const gboolean alone = n == 1 || (self->bins == NULL && stretch > 20 * visits);

    for (size_t k = 0; k < n; k++) {
        if (!chain_start(loop, &loop->chains[k], error))
            return FALSE;
    }
    for (loop->begin = 0; loop->begin < visits; loop->begin = loop->end) {
        const double done = (double)first + (double)n * (double)loop->begin / (double)visits;

        loop->end = MIN(visits, loop->begin + stretch);
        if (alone)
            loop_visit_some(0, n, 0, loop);
        else
            lac_parallel_for(n, 1, loop_visit_some, loop);
        if (!group_check(loop, n, error))
            return FALSE;
        if (!lac_context_step(self->base.instance.context, done / (double)self->chains, error))
            return FALSE;
    }
    return TRUE;
}

/* As many chains at a time as there are threads: more would only need more memory. */
static gboolean
loop_run(MiceLoop *loop, size_t group, GError **error)
{
    MiceModel *self = loop->model;

    for (size_t k = 0; k < group; k++) {
        if (!scratch_init(self, loop->data->rows, &loop->chains[k].scratch, error))
            return FALSE;
        if (self->n_passive == 0)
            continue;
        loop->chains[k].current = mice_current_new(self, loop->data, error);
        if (loop->chains[k].current == NULL)
            return FALSE;
    }
    for (size_t first = 0; first < self->chains; first += group) {
        const size_t n = MIN(group, self->chains - first);

        for (size_t k = 0; k < n; k++) {
            loop->chains[k].chain = first + k;
            loop->chains[k].cells = self->cells + (first + k) * self->n_cells;
        }
        if (!group_run(loop, first, n, error))
            return FALSE;
    }
    mice_emit_traces(self, loop->data, loop->trace);
    return TRUE;
}

gboolean
mice_run_chains(MiceModel *self, const LacData *train, GError **error)
{
    const size_t group = MIN((size_t)lac_threads(), self->chains);
    g_autofree MiceChain *chains = g_new0(MiceChain, group);
    g_autofree double *trace = g_new0(double, 2 * self->chains * self->rounds * self->cols + 1);
    MiceLoop loop = {.model = self,
                     .data = train,
                     .rng = lac_context_rng(self->base.instance.context, "chains"),
                     .chains = chains,
                     .trace = trace};
    const gboolean done = loop_run(&loop, group, error);

    for (size_t k = 0; k < group; k++) {
        scratch_clear(&chains[k].scratch);
        mice_current_free(chains[k].current);
    }
    return done;
}
