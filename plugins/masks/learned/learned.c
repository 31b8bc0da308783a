/* learned: hides observed cells the way the table's own holes are distributed. A row is given the
 * pattern r of holes of some row of the table with probability
 *
 *     P(r | x) proportional to f(r) exp(sum over j in r of a_j + w_j . x_without_r)
 *
 * f: how often the pattern occurs; w_j: logistic weights of column j's missingness, of which those
 * on columns that the pattern itself hides are left out, so that what is hidden depends on values
 * that stay (MAR); a_j: make every column lose its share. Only patterns that occur are drawn, so
 * that columns which go missing together, or one after the other, keep doing so. */
#include "learned.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

enum {
    MOST_PATTERNS = 512,
    CALIBRATION_ROWS = 2000, /* fewer of tables with many patterns over many columns */
    LEAST_ROWS = 100,
    ROUNDS = 40,
    LOGISTIC = 0,
    NONE,
};

static const double most_score = 20;  /* log odds of a pattern, at most */
static const double most_steps = 2e7; /* of a round of calibration */

typedef struct {
    LacMaskGenerator base;
    double rate, ridge;
    int weights;
    int64_t predictors;
    gboolean exact;
} Learned;

static const char *const weights_choices[] = {"logistic", "none", NULL};

static const LacParam params[] = {
    LAC_PARAM_DOUBLE(Learned, rate, 0, LAC_RANGE(0, 1), "share",
                     "Expected share of the observed cells to hide; 0: the share of the table's "
                     "cells that is missing"),
    LAC_PARAM_CHOICE(Learned, weights, LOGISTIC, weights_choices,
                     "Whether patterns depend on observed values, by logistic regression, or on "
                     "nothing"),
    LAC_PARAM_DOUBLE(Learned, ridge, 1, LAC_RANGE_FROM(0), "",
                     "Penalty of the logistic regressions, on standardised columns"),
    LAC_PARAM_INT(Learned, predictors, 16, LAC_RANGE_FROM(1), "columns",
                  "Values that a column's missingness may depend on, at most; the most correlated"),
    LAC_PARAM_BOOL(Learned, exact, TRUE,
                   "Refuse a rate that the table's patterns cannot reach; false: hide as much as "
                   "they allow"),
    LAC_PARAM_END,
};

/* The patterns a row may be given. Number 0 hides nothing. */
typedef struct {
    size_t n, cols, width;
    size_t *row;      /* [n] a row of the table that has it */
    double *log_freq; /* [n] */
    double *weight;   /* [n][width] of the predictors */
} Patterns;

static void
patterns_clear(Patterns *self)
{
    g_free(self->row);
    g_free(self->log_freq);
    g_free(self->weight);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Patterns, patterns_clear)

/* All that was learnt from one table. */
typedef struct {
    const LacData *data;
    Design design;
    Blocks blocks;
    Patterns patterns;
    gboolean keeps; /* no row loses everything */
} Law;

static void
law_clear(Law *law)
{
    design_clear(&law->design);
    blocks_clear(&law->blocks);
    patterns_clear(&law->patterns);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Law, law_clear)

/* ---- patterns ----------------------------------------------------------------------------------
 */

static gboolean
pattern_hides(const Law *law, size_t c, size_t j)
{
    return c > 0 && law->blocks.of[j] >= 0 &&
           lac_mask_get(law->data->holes, law->patterns.row[c], j);
}

static void
patterns_add(Patterns *self, size_t row, double count)
{
    self->row[self->n] = row;
    self->log_freq[self->n++] = log(count);
}

/* Every distinct pattern with its count, or, of very many, those of random rows. */
static gboolean
patterns_collect(Law *law, LacRng rng, GError **error)
{
    const LacMask *holes = law->data->holes;
    Patterns *self = &law->patterns;
    g_autoptr(LacPatterns) distinct = lac_patterns_new(holes, error);
    size_t complete = 0;

    if (distinct == NULL)
        return FALSE;
    self->cols = law->data->cols;
    self->row = g_new(size_t, MOST_PATTERNS + 2);
    self->log_freq = g_new(double, MOST_PATTERNS + 2);
    self->n = 1;
    for (size_t i = 0; i < holes->rows; i++)
        complete += lac_mask_count_row(holes, i) == 0;
    if (distinct->n <= MOST_PATTERNS) {
        for (size_t g = 0; g < distinct->n; g++)
            if (distinct->missing[g] > 0)
                patterns_add(self, distinct->row[distinct->start[g]],
                             (double)(distinct->start[g + 1] - distinct->start[g]));
    } else {
        g_autofree size_t *some = g_new(size_t, MOST_PATTERNS);
        const double each = (double)(holes->rows - complete) / MOST_PATTERNS;

        lac_rng_sample(&rng, holes->rows - complete, MOST_PATTERNS, some);
        for (size_t i = 0, incomplete = 0, k = 0; i < holes->rows && k < MOST_PATTERNS; i++)
            if (lac_mask_count_row(holes, i) > 0 && incomplete++ == some[k]) {
                patterns_add(self, i, each);
                k++;
            }
    }
    /* where no row is complete, rates below the table's own still need rows that lose nothing */
    self->row[0] = 0;
    self->log_freq[0] = log(MAX((double)complete, 0.5));
    return TRUE;
}

/* Adds up the weights of the blocks of each pattern, without those on columns it hides. */
static void
patterns_weigh(Law *law, const double *weight)
{
    Patterns *self = &law->patterns;

    self->width = law->design.n;
    self->weight = g_new0(double, self->n * self->width + 1);
    for (size_t c = 1; c < self->n; c++) {
        double *sum = self->weight + c * self->width;

        for (size_t b = 0; b < law->blocks.n; b++) {
            if (!pattern_hides(law, c, law->blocks.first[b]))
                continue;
            for (size_t k = 0; k < self->width; k++)
                if (!pattern_hides(law, c, law->design.source[k]))
                    sum[k] += weight[b * self->width + k];
        }
    }
}

/* ---- chances -----------------------------------------------------------------------------------
 */

/* Cells that pattern @c would take from row @i; G_MAXSIZE when that would be all it has. */
static size_t
law_takes(const Law *law, size_t i, size_t c)
{
    const LacMask *holes = law->data->holes;
    const uint64_t *had = lac_mask_row(holes, i),
                   *pattern = lac_mask_row(holes, law->patterns.row[c]);
    size_t takes = 0, own = 0;

    if (c == 0)
        return 0;
    for (size_t w = 0; w < holes->words; w++) {
        takes += (size_t)__builtin_popcountll(pattern[w] & ~had[w]);
        own += (size_t)__builtin_popcountll(had[w]);
    }
    return law->keeps && takes > 0 && takes + own >= holes->cols ? G_MAXSIZE : takes;
}

/* Chances of all patterns for row @i, adding up to 1, and the cells that each would take. */
static void
law_chances(const Law *law, size_t i, double *chance, size_t *takes)
{
    const Patterns *patterns = &law->patterns;
    const double *z = law->design.z + i * law->design.n;
    double total = 0;

    for (size_t c = 0; c < patterns->n; c++) {
        const double *weight = patterns->weight + c * patterns->width;
        double score = 0;

        takes[c] = law_takes(law, i, c);
        for (size_t k = 0; c > 0 && k < patterns->width; k++)
            score += weight[k] * z[k];
        chance[c] = takes[c] == G_MAXSIZE
                        ? 0
                        : exp(patterns->log_freq[c] + CLAMP(score, -most_score, most_score));
        total += chance[c];
    }
    for (size_t c = 0; c < patterns->n; c++)
        chance[c] /= total;
}

/* ---- reaching the rate -------------------------------------------------------------------------
 */

/* Expected losses over some rows. */
typedef struct {
    size_t n, *row;
    double seen;    /* observed cells in these rows */
    double nothing; /* chance of pattern 0, summed over the rows */
    double hidden;
    double *lost;   /* [blocks] */
    double *wanted; /* [blocks] */
} Balance;

static void
balance_take(const Law *law, Balance *b, double *chance, size_t *takes)
{
    const LacMask *holes = law->data->holes;

    b->nothing = b->hidden = 0;
    memset(b->lost, 0, law->blocks.n * sizeof *b->lost);
    for (size_t k = 0; k < b->n; k++) {
        const size_t i = b->row[k];

        law_chances(law, i, chance, takes);
        b->nothing += chance[0];
        for (size_t c = 1; c < law->patterns.n; c++) {
            if (chance[c] == 0)
                continue;
            b->hidden += chance[c] * (double)takes[c];
            for (size_t block = 0; block < law->blocks.n; block++) {
                const size_t j = law->blocks.first[block];

                if (pattern_hides(law, c, j) && !lac_mask_get(holes, i, j))
                    b->lost[block] += chance[c];
            }
        }
    }
}

/* Moves the odds of losing nothing and the columns' offsets towards what is wanted. Returns how far
 * off the hidden share was, relatively. */
static double
balance_move(Law *law, const Balance *b, double wanted)
{
    const double n = (double)b->n, some = n - b->nothing, each = b->hidden / MAX(some, 1e-12);
    const double need = CLAMP(wanted / each / n, 1e-9, 1 - 1e-9),
                 have = CLAMP(some / n, 1e-9, 1 - 1e-9);
    const double shift = log(need / (1 - need)) - log(have / (1 - have));
    double lost = 0, target = 0;

    law->patterns.log_freq[0] -= shift;
    for (size_t k = 0; k < law->blocks.n; k++) {
        lost += b->lost[k];
        target += b->wanted[k];
    }
    for (size_t k = 0; k < law->blocks.n; k++) {
        const double ratio = (b->wanted[k] / target) / MAX(b->lost[k] / MAX(lost, 1e-12), 1e-12);
        const double move = 0.7 * CLAMP(log(ratio), -1, 1);

        for (size_t c = 1; c < law->patterns.n; c++)
            if (pattern_hides(law, c, law->blocks.first[k]))
                law->patterns.log_freq[c] += move;
    }
    return fabs(b->hidden / wanted - 1);
}

static void
balance_init(const Law *law, LacRng rng, Balance *b)
{
    const LacMask *holes = law->data->holes;

    const double cost = (double)law->patterns.n * (double)law->blocks.n; /* of a row */

    b->n = MIN(law->data->rows, (size_t)CLAMP(most_steps / cost, LEAST_ROWS, CALIBRATION_ROWS));
    b->row = g_new(size_t, b->n + 1);
    b->lost = g_new(double, law->blocks.n + 1);
    b->wanted = g_new0(double, law->blocks.n + 1);
    lac_rng_sample(&rng, law->data->rows, b->n, b->row);
    for (size_t k = 0; k < b->n; k++)
        b->seen += (double)(law->data->cols - lac_mask_count_row(holes, b->row[k]));
    for (size_t k = 0; k < law->blocks.n; k++) {
        const double missing = (double)lac_mask_count_col(holes, law->blocks.first[k]);

        b->wanted[k] = missing * (1 - missing / (double)law->data->rows);
    }
}

static void
balance_clear(Balance *b)
{
    g_free(b->row);
    g_free(b->lost);
    g_free(b->wanted);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Balance, balance_clear)

/* @rate of the observed cells; @exact: or refuse. */
static gboolean
law_calibrate(Law *law, double rate, gboolean exact, LacRng rng, GError **error)
{
    g_autofree double *chance = g_new(double, law->patterns.n);
    g_autofree size_t *takes = g_new(size_t, law->patterns.n);
    g_auto(Balance) b = {0};
    double off = 1;

    balance_init(law, rng, &b);
    for (size_t round = 0; round < ROUNDS && off > 1e-6; round++) {
        balance_take(law, &b, chance, takes);
        if (b.hidden <= 0)
            return lac_fail(error, LAC_ERROR_DATA,
                            "learned: every pattern of holes of %s would take all that a row has; "
                            "set allow_empty, or use mcar",
                            law->data->origin);
        off = balance_move(law, &b, rate * b.seen);
    }
    if (!exact || b.hidden >= 0.98 * rate * b.seen)
        return TRUE;
    return lac_fail(error, LAC_ERROR_PARAM,
                    "learned: rate = %g cannot be reached with the patterns of holes of %s, at "
                    "most %.4g; lower rate, say exact: false, or use mcar",
                    rate, law->data->origin, b.hidden / b.seen);
}

/* ---- all of it ---------------------------------------------------------------------------------
 */

static gboolean
law_learn(const Learned *self, const LacData *data, Law *law, GError **error)
{
    const LacRng *rng = &self->base.rng;
    const Learning how = {self->ridge, (size_t)self->predictors, lac_rng_split(rng, "fit")};
    const double missing = (double)lac_mask_count(data->holes);
    const double own = missing / MAX((double)data->rows * (double)data->cols, 1);
    g_autofree double *weight = NULL;

    law->data = data;
    law->keeps = !self->base.allow_empty;
    if (missing == 0)
        return lac_fail(error, LAC_ERROR_DATA,
                        "learned: %s has no holes to learn from; use mcar, or another mask",
                        data->origin);
    blocks_make(data, &law->blocks);
    if (law->blocks.n == 0)
        return lac_fail(error, LAC_ERROR_DATA,
                        "learned: in %s a column is either complete or empty, so there is nothing "
                        "to learn when it goes missing; use mcar, or another mask",
                        data->origin);
    if (!design_make(data, &law->design, error) ||
        !patterns_collect(law, lac_rng_split(rng, "patterns"), error))
        return FALSE;
    weight = g_new0(double, law->blocks.n * law->design.n + 1);
    if (self->weights == LOGISTIC)
        weights_learn(data, &law->design, &law->blocks, &how, weight);
    patterns_weigh(law, weight);
    return law_calibrate(law, self->rate > 0 ? self->rate : own, self->exact && self->rate > 0,
                         lac_rng_split(rng, "calibrate"), error);
}

typedef struct {
    const Law *law;
    LacRng rows;
    double *chance;
    size_t *takes;
    LacMask *out;
} Drawing;

static void
learned_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const Drawing *d = user;
    const size_t n = d->law->patterns.n;
    double *chance = d->chance + worker * n;
    size_t *takes = d->takes + worker * n;

    for (size_t i = begin; i < end; i++) {
        LacRng rng = lac_rng_at(&d->rows, i);
        double left = lac_rng_uniform(&rng);
        size_t c = 0;

        law_chances(d->law, i, chance, takes);
        while (c + 1 < n && left >= chance[c])
            left -= chance[c++];
        for (size_t j = 0; chance[c] > 0 && j < d->out->cols; j++)
            if (pattern_hides(d->law, c, j) && !lac_data_is_hole(d->law->data, i, j))
                lac_mask_set(d->out, i, j, TRUE);
    }
}

static gboolean
learned_draw(const LacMaskGenerator *generator, const LacData *truth, LacMask *out, GError **error)
{
    const Learned *self = LAC_CAST(const Learned, generator);
    g_auto(Law) law = {0};

    if (!law_learn(self, truth, &law, error))
        return FALSE;
    g_autofree double *chance = g_new(double, law.patterns.n *lac_threads());
    g_autofree size_t *takes = g_new(size_t, law.patterns.n * lac_threads());
    Drawing drawing = {&law, lac_rng_split(&generator->rng, "rows"), chance, takes, out};

    lac_parallel_for(truth->rows, 64, learned_rows, &drawing);
    return TRUE;
}

static LacMechanism
learned_mechanism(const LacMaskGenerator *generator)
{
    return LAC_CAST(const Learned, generator)->weights == NONE ? LAC_MCAR : LAC_MAR;
}

LAC_PLUGIN_EXPORT const LacMaskPlugin lac_plugin = {
    LAC_MASK_GENERATOR("learned", "Holes distributed as the table's own", Learned, params),
    .plugin.citation = "Besag, Statistical analysis of non-lattice data, The Statistician 24 "
                       "(1975), for the weights",
    .mechanism = LAC_MAR,
    .mechanism_of = learned_mechanism,
    .draw = learned_draw,
};
