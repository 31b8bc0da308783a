/* Rows filled: interval scores are brought to their means (or drawn) in turn, missing ones follow.
 */
#include "gcopula.h"

#include <lacuna/parallel.h>
#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

enum { MOST_SWEEPS = 50 };

typedef struct {
    const GcModel *self;
    const LacData *in;
    GcRows *rows;
    const LacRng *draw;
    LacMatrix *out;
} GcTask;

/* Each interval score given all other observed ones: its mean, or a draw when @rng is given. How
 * far the furthest moved. */
static double
sweep(const GcTask *task, const GcPattern *pattern, const uint32_t *code, LacRng *rng, double *z)
{
    const size_t o = pattern->o, *observed = pattern->column + pattern->m;
    double moved = 0.0;

    for (size_t a = 0; a < o; a++) {
        const size_t c = observed[a];
        double pull = 0.0, mean, variance;

        if (code[c] == GC_POINT)
            continue;
        for (size_t b = 0; b < o; b++)
            pull += pattern->q[a * o + b] * z[observed[b]];
        const double s2 = 1.0 / pattern->q[a * (o + 1)], s = sqrt(s2), mu = z[c] - s2 * pull;
        const GcInterval in = gc_rows_interval(task->rows, task->self, c, code[c]);
        const double from = (in.lower - mu) / s, to = (in.upper - mu) / s;

        if (rng != NULL)
            mean = lac_truncated_normal_quantile(0.0, 1.0, from, to, lac_rng_open(rng));
        else
            lac_truncated_normal_moments(0.0, 1.0, from, to, &mean, &variance);
        moved = MAX(moved, fabs(mu + s * mean - z[c]));
        z[c] = mu + s * mean;
    }
    return moved;
}

static void
settle_row(const GcTask *task, const GcPattern *pattern, const uint32_t *code, LacRng *rng,
           double *z)
{
    const size_t sweeps = rng != NULL ? (size_t)task->self->passes : MOST_SWEEPS;

    for (size_t t = 0; t < sweeps; t++)
        if (sweep(task, pattern, code, rng, z) < 1e-6 && rng == NULL)
            break;
    gc_pattern_fill(pattern, z);
    for (size_t a = 0; rng != NULL && a < pattern->m; a++)
        pattern->work[a] = lac_rng_normal(rng);
    for (size_t a = 0; rng != NULL && a < pattern->m; a++)
        for (size_t b = 0; b <= a; b++)
            z[pattern->column[a]] += pattern->root[a * pattern->m + b] * pattern->work[b];
}

/* Standard deviation of missing score @c given the observed ones. */
static double
score_sd(const GcPattern *pattern, size_t c)
{
    for (size_t a = 0; a < pattern->m; a++)
        if (pattern->column[a] == c)
            return sqrt(MAX(pattern->cov[a * (pattern->m + 1)], 0.0));
    return 0.0;
}

/* The level of a nominal hole: the most probable one; in a draw the one whose score is furthest
 * above its cut, or the base when none is. */
static double
decode_nominal(const GcModel *self, const GcColumn *column, const GcPattern *pattern,
               gboolean drawn, const double *z)
{
    double best = column->base, most = 0.0, rest = 1.0;

    for (size_t k = 0; k < column->width; k++) {
        const size_t c = column->first + k;
        const double above = z[c] - self->marginal[c].upper[0];
        const double sd = drawn ? 1.0 : score_sd(pattern, c);
        const double chance = sd > 0.0 ? lac_normal_cdf(above / sd) : (double)(above > 0.0);

        rest -= chance;
        if (drawn ? above > most : chance > most) {
            most = drawn ? above : chance;
            best = column->level[k];
        }
    }
    return !drawn && rest >= most ? column->base : best;
}

static double
decode(const GcModel *self, const GcColumn *column, const GcPattern *pattern, gboolean drawn,
       const double *z)
{
    if (column->width == 0)
        return column->base;
    if (column->kind == LAC_KIND_NOMINAL)
        return decode_nominal(self, column, pattern, drawn, z);
    return gc_marginal_decode(&self->marginal[column->first], z[column->first]);
}

static void
complete_pattern(const GcTask *task, GcPattern *pattern, size_t k)
{
    const GcModel *self = task->self;
    const LacPatterns *patterns = task->rows->patterns;

    gc_pattern_set(pattern, patterns->missing[k], patterns->column + k * self->q);
    for (size_t r = patterns->start[k]; r < patterns->start[k + 1]; r++) {
        const size_t i = patterns->row[r];
        double *z = lac_matrix_row(task->rows->z, r), *out = lac_matrix_row(task->out, i);
        LacRng rng = task->draw != NULL ? lac_rng_at(task->draw, i) : (LacRng){0};

        memcpy(out, lac_data_row(task->in, i), self->cols * sizeof(double));
        if (lac_mask_count_row(task->in->holes, i) == 0)
            continue;
        settle_row(task, pattern, task->rows->code + r * self->q, task->draw != NULL ? &rng : NULL,
                   z);
        for (size_t j = 0; j < self->cols; j++)
            if (lac_data_is_hole(task->in, i, j))
                out[j] = decode(self, &self->column[j], pattern, task->draw != NULL, z);
    }
}

static void
complete_patterns(size_t begin, size_t end, unsigned worker, void *user)
{
    const GcTask *task = user;
    GcPattern *pattern = gc_pattern_new(task->self->gaussian);

    for (size_t k = begin; k < end; k++)
        complete_pattern(task, pattern, k);
    gc_pattern_free(pattern);
}

gboolean
gc_complete(const GcModel *self, const LacData *in, const LacRng *draw, LacMatrix *out,
            GError **error)
{
    enum { GRAIN = 32 };
    g_autoptr(GcRows) rows = NULL;
    GcTask task = {.self = self, .in = in, .draw = draw, .out = out};

    if (!lac_context_step(self->base.instance.context, 0.0, error))
        return FALSE;
    task.rows = rows = gc_rows_new(self, in, FALSE, error);
    if (rows == NULL)
        return FALSE;
    lac_parallel_for(rows->patterns->n, GRAIN, complete_patterns, &task);
    return TRUE;
}
