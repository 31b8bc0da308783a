/* Limits hold by truncation, not by clipping: what a model draws outside of them is drawn again,
 * so that nothing piles up at a bound. Models that know of limits never come here. */
#include "imputer-struct.h"

#include <lacuna/truncated.h>
#include <math.h>
#include <string.h>

enum {
    ATTEMPTS = 32, /* of a draw, before its law is approximated */
    HOPELESS = 6,  /* attempts without a single success, after which no more are made */
};

/* A cell outside by rounding is moved onto its limit without a word. */
#define SLACK 1e-9

/**
 * Redraw: rows of a completion that are outside their limits.
 * @rows: [n] of @in that are still bad; @slot: [n] their positions among those bad at first
 * @sum, @squares: [first bad][cols] over the @count [first bad] draws that were refused
 * @attempt: streams used so far
 */
typedef struct {
    LacImputer *imputer;
    const LacData *in, *prepared;
    size_t draw, n, *rows, *slot;
    LacMatrix *out;
    double *count, *sum, *squares;
    uint64_t attempt;
} Redraw;

static void
redraw_clear(Redraw *self)
{
    g_free(self->rows);
    g_free(self->slot);
    g_free(self->count);
    g_free(self->sum);
    g_free(self->squares);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Redraw, redraw_clear)

static gboolean
is_log(const LacImputer *imputer, size_t j)
{
    return imputer->plan != NULL && imputer->plan->log[j];
}

/* The distance from the interval, or 0; @value is moved inside when that is only rounding. */
static gboolean
is_outside(const LacData *in, size_t i, size_t j, double *value)
{
    double lower, upper, slack;

    if (!lac_data_is_limited(in, j) || !lac_data_is_hole(in, i, j))
        return FALSE;
    lac_data_limits(in, i, j, &lower, &upper);
    if (*value >= lower && *value <= upper)
        return FALSE;
    slack = SLACK * fmax(fabs(*value), isfinite(upper - lower) ? upper - lower : 1.0);
    if (*value < lower - slack || *value > upper + slack)
        return TRUE;
    *value = CLAMP(*value, lower, upper);
    return FALSE;
}

static gboolean
row_is_bad(const LacData *in, size_t i, double *row)
{
    gboolean bad = FALSE;

    for (size_t j = 0; j < in->cols; j++)
        bad |= is_outside(in, i, j, &row[j]);
    return bad;
}

/* Rows of @out outside their limits; owned, NULL when there is none. */
static size_t *
find_bad_rows(const LacData *in, LacMatrix *out, size_t *n_out)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(size_t));

    for (size_t i = 0; i < in->rows; i++)
        if (row_is_bad(in, i, lac_matrix_row(out, i)))
            g_array_append_val(rows, i);
    *n_out = rows->len;
    return rows->len > 0 ? (size_t *)g_array_free(g_steal_pointer(&rows), FALSE) : NULL;
}

static void
note_refused(Redraw *self, size_t slot, const double *row)
{
    const size_t cols = self->in->cols;

    self->count[slot] += 1.0;
    for (size_t j = 0; j < cols; j++) {
        const double x = is_log(self->imputer, j) ? log(row[j]) : row[j];

        self->sum[slot * cols + j] += x;
        self->squares[slot * cols + j] += x * x;
    }
}

/* One more draw of the bad rows; those that are inside now are done, unless @keep says that all
 * are to be noted and none used. */
static gboolean
redraw_once(Redraw *self, gboolean keep, GError **error)
{
    LacImputer *imputer = self->imputer;
    const gboolean whole = (lac_model_traits(imputer->model) & LAC_MODEL_TRANSDUCTIVE) != 0;
    g_autoptr(LacData) some =
        whole ? lac_data_ref(self->in) : lac_data_select_rows(self->in, self->n, self->rows, error);
    g_autoptr(LacData) prepared = NULL;
    g_autoptr(LacMatrix) out = some != NULL ? lac_matrix_new(some->rows, some->cols, error) : NULL;
    size_t left = 0;
    gboolean good;

    if (out == NULL)
        return FALSE;
    prepared = whole ? lac_data_ref(self->prepared) : lac_imputer_prepare(imputer, some, error);
    if (prepared == NULL)
        return FALSE;
    lac_context_set_attempt(imputer->context, ++self->attempt);
    good = lac_imputer_complete(imputer, some, prepared, TRUE, self->draw, out, error);
    lac_context_set_attempt(imputer->context, 0);
    for (size_t k = 0; good && k < self->n; k++) {
        const size_t i = self->rows[k];
        double *row = lac_matrix_row(out, whole ? i : k);

        if (keep || row_is_bad(self->in, i, row)) {
            note_refused(self, self->slot[k], row);
            self->slot[left] = self->slot[k];
            self->rows[left++] = i;
        } else {
            memcpy(lac_matrix_row(self->out, i), row, self->in->cols * sizeof *row);
        }
    }
    self->n = good ? left : self->n;
    return good;
}

/* The law of cell @column of the @k-th bad row as a normal one with the mean and spread of what was
 * drawn, on its interval: a draw of it, or (NULL @rng) its mean. FALSE when it has no spread: then
 * the value is at the limit. */
static gboolean
take_approximately(const Redraw *self, size_t k, size_t column, LacRng *rng, double *value)
{
    const size_t at = self->slot[k] * self->in->cols + column;
    const gboolean logs = is_log(self->imputer, column);
    const double n = self->count[self->slot[k]], mean = self->sum[at] / n;
    const double variance = fmax(self->squares[at] / n - mean * mean, 0.0);
    const double sd = sqrt(variance * n / fmax(n - 1.0, 1.0));
    double lower, upper, from, to, x;

    lac_data_limits(self->in, self->rows[k], column, &lower, &upper);
    from = logs ? (lower > 0.0 ? log(lower) : -INFINITY) : lower;
    to = logs ? log(upper) : upper;
    if (!(sd > 1e-7 * fabs(mean))) /* what rounding leaves of equal numbers */
        x = CLAMP(mean, from, to);
    else if (rng != NULL)
        x = lac_rng_truncated_normal(rng, mean, sd, from, to);
    else
        lac_truncated_normal_moments(mean, sd, from, to, &x, NULL);
    *value = logs ? exp(x) : x;
    if (lac_data_column(self->in, column)->kind == LAC_KIND_INTEGER && self->imputer->rounds)
        *value = CLAMP(rint(*value), ceil(lower), floor(upper));
    return sd > 1e-7 * fabs(mean);
}

static void
tell(const Redraw *self, gboolean drawn, const size_t *approximated, const size_t *capped)
{
    for (size_t j = 0; j < self->in->cols; j++) {
        const gssize column = lac_imputer_event_column(self->imputer, self->in, j);
        const char *name = lac_data_name(self->in, j);

        if (approximated[j] > 0)
            lac_context_event(self->imputer->context, "truncated", column,
                              "%zu value%s of '%s' came out outside the limits in each of %d "
                              "draws; instead, %s a normal law with the mean and spread of those "
                              "draws, cut at the limits",
                              approximated[j], approximated[j] == 1 ? "" : "s", name,
                              (int)self->attempt, drawn ? "drawn from" : "the mean of");
        if (capped[j] > 0)
            lac_context_event(self->imputer->context, "capped", column,
                              "%zu imputed value%s of '%s' fell outside the limits and got the "
                              "nearer one, because the model gives no other",
                              capped[j], capped[j] == 1 ? "" : "s", name);
    }
}

/* Rows that no attempt brought inside: cell by cell. */
static void
settle_rest(Redraw *self, gboolean drawn)
{
    const LacRng streams = lac_context_rng(self->imputer->context, "limits");
    const LacRng of_draw = lac_rng_at(&streams, self->draw);
    g_autofree size_t *approximated = g_new0(size_t, self->in->cols + 1);
    g_autofree size_t *capped = g_new0(size_t, self->in->cols + 1);

    for (size_t k = 0; k < self->n; k++) {
        const size_t i = self->rows[k];
        const LacRng of_row = lac_rng_at(&of_draw, i);
        double *row = lac_matrix_row(self->out, i);

        for (size_t j = 0; j < self->in->cols; j++) {
            LacRng rng = lac_rng_at(&of_row, j);

            if (!is_outside(self->in, i, j, &row[j]))
                continue;
            ++*(take_approximately(self, k, j, drawn ? &rng : NULL, &row[j]) ? &approximated[j]
                                                                             : &capped[j]);
        }
    }
    tell(self, drawn, approximated, capped);
}

/* Draws of the bad rows until they are inside; some never are. */
static gboolean
redraw(Redraw *self, GError **error)
{
    const size_t begin = self->n;

    for (int a = 0; self->n > 0 && a < ATTEMPTS; a++) {
        if (a == HOPELESS && self->n == begin)
            break;
        if (!redraw_once(self, FALSE, error))
            return FALSE;
    }
    return TRUE;
}

/* How the bad rows are spread, from draws that are not used themselves. */
static gboolean
spread_of_draws(Redraw *self, GError **error)
{
    memset(self->count, 0, self->n * sizeof *self->count);
    memset(self->sum, 0, self->n * self->in->cols * sizeof *self->sum);
    memset(self->squares, 0, self->n * self->in->cols * sizeof *self->squares);
    for (int a = 0; a < ATTEMPTS; a++)
        if (!redraw_once(self, TRUE, error))
            return FALSE;
    return TRUE;
}

static gboolean
redraw_start(Redraw *self, GError **error)
{
    const size_t cells = self->n * self->in->cols;

    self->slot = g_new(size_t, self->n);
    self->count = g_new0(double, self->n);
    self->sum = lac_try_alloc(cells, sizeof(double), "refused draws", error);
    self->squares =
        self->sum != NULL ? lac_try_alloc(cells, sizeof(double), "refused draws", error) : NULL;
    if (self->squares == NULL)
        return FALSE;
    memset(self->sum, 0, cells * sizeof(double));
    memset(self->squares, 0, cells * sizeof(double));
    for (size_t k = 0; k < self->n; k++) {
        self->slot[k] = k;
        note_refused(self, k, lac_matrix_row(self->out, self->rows[k]));
    }
    return TRUE;
}

gboolean
lac_imputer_hold_limits(LacImputer *imputer, const LacData *in, const LacData *prepared,
                        gboolean drawn, size_t draw, LacMatrix *out, GError **error)
{
    g_auto(Redraw)
        self = {.imputer = imputer, .in = in, .prepared = prepared, .draw = draw, .out = out};

    if (in->limits != NULL)
        self.rows = find_bad_rows(in, out, &self.n);
    if (self.rows == NULL)
        return TRUE;
    if (!redraw_start(&self, error))
        return FALSE;
    if (drawn ? !redraw(&self, error)
              : lac_imputer_can_sample(imputer) && !spread_of_draws(&self, error))
        return FALSE;
    settle_rest(&self, drawn);
    return TRUE;
}
