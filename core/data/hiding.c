/* What mask generators share. */
#include <lacuna/calibrate.h>
#include <lacuna/columns.h>
#include <lacuna/hiding.h>
#include <lacuna/parallel.h>
#include <lacuna/score.h>
#include <lacuna/stats.h>

size_t *
lac_hiding_columns(const LacData *truth, char *const *names, const char *who, size_t *n_out,
                   GError **error)
{
    g_autofree gboolean *chosen = g_new0(gboolean, truth->cols);
    g_autofree char *list = g_strdup_printf("%s: columns", who);
    size_t n = 0;

    for (size_t k = 0; names && names[k]; k++) {
        const gssize j = lac_columns_find(truth, names[k], list, error);

        if (j < 0)
            return NULL;
        chosen[j] = TRUE;
    }
    size_t *cols = g_new(size_t, truth->cols + 1);

    for (size_t j = 0; j < truth->cols; j++) {
        if (!names || chosen[j])
            cols[n++] = j;
    }
    *n_out = n;
    return cols;
}

gboolean
lac_hiding_standardise(const LacData *truth, size_t j, double *out, size_t stride)
{
    LacSum sum = {0}, square = {0};
    size_t n = 0;

    for (size_t i = 0; i < truth->rows; i++) {
        if (!lac_data_is_hole(truth, i, j)) {
            lac_sum_add(&sum, lac_data_at(truth, i, j));
            n++;
        }
    }
    const double mean = n ? lac_sum_value(&sum) / (double)n : 0;

    for (size_t i = 0; i < truth->rows; i++) {
        if (!lac_data_is_hole(truth, i, j)) {
            const double d = lac_data_at(truth, i, j) - mean;

            lac_sum_add(&square, d * d);
        }
    }
    const double sd = n > 1 ? sqrt(lac_sum_value(&square) / (double)(n - 1)) : 0;
    const gboolean varies = sd > 1e-14 * fabs(mean) && isfinite(sd);

    for (size_t i = 0; i < truth->rows; i++) {
        const gboolean known = varies && !lac_data_is_hole(truth, i, j);

        out[i * stride] = known ? (lac_data_at(truth, i, j) - mean) / sd : 0;
    }
    return varies;
}

typedef struct {
    const LacData *truth;
    const LacRng *rng;
    size_t n;
    const size_t *cols;
    LacHidingChance chance;
    const void *user;
    double *uniform; /* [threads][last column + 1] */
    size_t width;
    LacMask *out;
} HidingLoop;

static void
hiding_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const HidingLoop *loop = user;
    double *uniform = loop->uniform + worker * loop->width;

    for (size_t i = begin; i < end; i++) {
        LacRng row = lac_rng_at(loop->rng, i);

        lac_rng_fill_uniform(&row, loop->width, uniform);
        for (size_t k = 0; k < loop->n; k++) {
            const size_t j = loop->cols[k];

            if (!lac_data_is_hole(loop->truth, i, j) && uniform[j] < loop->chance(i, j, loop->user))
                lac_mask_set(loop->out, i, j, TRUE);
        }
    }
}

void
lac_hiding_draw(const LacData *truth, const LacRng *rng, size_t n, const size_t *cols,
                LacHidingChance chance, const void *user, LacMask *out)
{
    if (n == 0)
        return;
    const size_t width = cols[n - 1] + 1;
    g_autofree double *uniform = g_new(double, width *lac_threads());
    HidingLoop loop = {truth, rng, n, cols, chance, user, uniform, width, out};

    lac_parallel_for(truth->rows, 256, hiding_rows, &loop);
}

typedef struct {
    const LacMatrix *score;
    const size_t *place;     /* [cols] which column of score */
    const double *intercept; /* [score->cols] */
} HidingLogistic;

static double
hiding_logistic_chance(size_t i, size_t j, const void *user)
{
    const HidingLogistic *self = user;
    const size_t k = self->place[j];

    return lac_sigmoid(lac_matrix_row(self->score, i)[k] + self->intercept[k]);
}

void
lac_hiding_draw_logistic(const LacData *truth, const LacRng *rng, size_t n, const size_t *cols,
                         const LacMatrix *score, double rate, LacMask *out)
{
    g_autofree size_t *place = g_new0(size_t, truth->cols + 1);
    g_autofree double *intercept = g_new(double, n + 1);
    g_autofree double *column = g_new(double, truth->rows + 1);

    for (size_t k = 0; k < n; k++) {
        size_t observed = 0;

        place[cols[k]] = k;
        for (size_t i = 0; i < truth->rows; i++) {
            if (!lac_data_is_hole(truth, i, cols[k]))
                column[observed++] = lac_matrix_row(score, i)[k];
        }
        intercept[k] = lac_calibrate_logistic(observed, column, NULL, rate);
    }
    const HidingLogistic chance = {score, place, intercept};

    lac_hiding_draw(truth, rng, n, cols, hiding_logistic_chance, &chance, out);
}
