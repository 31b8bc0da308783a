/* Little's test: do the means of the patterns differ by more than chance? */
#include "missingness-private.h"

#include <lacuna/gaussian.h>
#include <lacuna/stats.h>
#include <math.h>
#include <string.h>

enum { MOST_COLUMNS = 200, MOST_ITERATIONS = 10000 };
#define TOLERANCE 1e-10
#define DEPENDS 1e-6  /* share of its variance that other columns leave a column */
#define MOST_WORK 3e9 /* of one step: patterns x columns^3, some seconds */

void
lac_little_free(LacLittle *little)
{
    if (little == NULL)
        return;
    g_free(little->undefined);
    g_free(little);
}

/* Columns with an order and more than one value, standardised; rows with something in them. */
typedef struct {
    size_t *use; /* their numbers in the table */
    LacMatrix *x;
    LacMask *holes;
    LacPatterns *patterns;
    LacMatrix *sorted;
    LacGaussian *g;
} Little;

static void
little_clear(Little *self)
{
    g_free(self->use);
    lac_matrix_free(self->x);
    lac_mask_free(self->holes);
    lac_patterns_free(self->patterns);
    lac_matrix_free(self->sorted);
    lac_gaussian_free(self->g);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Little, little_clear)

static size_t
little_columns(const LacData *data, size_t *use, double *centre, double *spread, LacLittle *out)
{
    g_autofree double *seen = g_new(double, MAX(data->rows, 1));
    size_t p = 0;

    for (size_t j = 0; j < data->cols; j++) {
        const LacKind kind = lac_data_column(data, j)->kind;
        const size_t n = lac_data_copy_seen(data, j, seen);
        double low = n > 0 ? seen[0] : 0.0, high = low;

        for (size_t i = 1; i < n; i++) {
            low = fmin(low, seen[i]);
            high = fmax(high, seen[i]);
        }
        if (kind == LAC_KIND_NOMINAL) {
            out->nominal++;
        } else if (!(high > low) || !lac_stats_mean_sd(n, seen, &centre[p], &spread[p])) {
            out->constant++;
        } else {
            out->coded += kind == LAC_KIND_BINARY || kind == LAC_KIND_ORDINAL ? 1 : 0;
            use[p++] = j;
        }
    }
    return p;
}

static gboolean
little_rows(Little *self, const LacData *data, LacLittle *out, GError **error)
{
    size_t *use = self->use = g_new(size_t, MAX(data->cols, 1));
    g_autofree double *centre = g_new(double, MAX(data->cols, 1));
    g_autofree double *spread = g_new(double, MAX(data->cols, 1));
    const size_t p = out->cols = little_columns(data, use, centre, spread, out);
    size_t at = 0;

    if (p < 2)
        return TRUE;
    for (size_t i = 0; i < data->rows; i++)
        for (size_t j = 0; j < p; j++)
            if (!lac_data_is_hole(data, i, use[j])) {
                out->rows++;
                break;
            }
    self->x = lac_matrix_new(out->rows, p, error);
    self->holes = self->x != NULL ? lac_mask_new(out->rows, p, error) : NULL;
    if (self->holes == NULL)
        return FALSE;
    for (size_t i = 0; i < data->rows && at < out->rows; i++) {
        double *row = lac_matrix_row(self->x, at);
        size_t missing = 0;

        for (size_t j = 0; j < p; j++) {
            const gboolean hole = lac_data_is_hole(data, i, use[j]);

            row[j] = hole ? NAN : (lac_data_at(data, i, use[j]) - centre[j]) / spread[j];
            lac_mask_set(self->holes, at, j, hole);
            missing += hole ? 1 : 0;
        }
        at += missing < p; /* else the next row takes its place */
    }
    return TRUE;
}

static double
little_change(const LacGaussian *g, const double *mean, const double *cov)
{
    double change = 0.0;

    for (size_t a = 0; a < g->p; a++)
        change = fmax(change, fabs(g->mean[a] - mean[a]));
    for (size_t a = 0; a < g->p * g->p; a++)
        change = fmax(change, fabs(g->cov[a] - cov[a]));
    return change;
}

/* FALSE without @error: the covariance is singular. */
static gboolean
little_em(Little *self, LacLittle *out, GError **error)
{
    const size_t p = out->cols;
    g_autoptr(LacGaussianSums) sums = lac_gaussian_sums_new(p);
    g_autofree double *mean = g_new(double, p), *cov = g_new(double, p *p);

    while (!out->converged && out->iterations < MOST_ITERATIONS) {
        memcpy(mean, self->g->mean, p * sizeof *mean);
        memcpy(cov, self->g->cov, p * p * sizeof *cov);
        if (!lac_gaussian_e_step(self->g, self->patterns, self->sorted, NULL, sums, error))
            return FALSE;
        if (lac_gaussian_m_step(sums, 0.0, self->g) != 0.0)
            return FALSE; /* singular, and a ridge would test something else */
        out->iterations++;
        out->converged = little_change(self->g, mean, cov) < TOLERANCE;
    }
    return TRUE;
}

/* n (mean - mu)' cov_oo^-1 (mean - mu) of one pattern; the Gaussian's log density knows the form:
 * ln p(x) = ln p(mu) - form / 2. */
static double
little_pattern(const Little *self, size_t k, double *row)
{
    const LacPatterns *patterns = self->patterns;
    const size_t p = patterns->cols, q = patterns->missing[k];
    const size_t *column = patterns->column + k * p;
    const double n = (double)(patterns->start[k + 1] - patterns->start[k]);
    g_autofree double *mean = g_new(double, p);
    double at_mean, at_centre;

    memset(row, 0, p * sizeof *row);
    for (size_t a = q; a < p; a++) {
        double sum = 0.0;

        for (size_t i = patterns->start[k]; i < patterns->start[k + 1]; i++)
            sum += lac_matrix_row(self->sorted, i)[column[a]];
        row[column[a]] = sum / n;
    }
    at_mean = lac_gaussian_conditional(self->g, q, column, row, mean, NULL);
    at_centre = lac_gaussian_conditional(self->g, q, column, self->g->mean, mean, NULL);
    return 2.0 * n * (at_centre - at_mean);
}

static void
little_statistic(const Little *self, LacLittle *out)
{
    const size_t p = out->cols;
    g_autofree double *row = g_new(double, p);
    double sum = 0.0, df = -(double)p;

    for (size_t k = 0; k < self->patterns->n; k++) {
        sum += little_pattern(self, k, row);
        df += (double)(p - self->patterns->missing[k]);
    }
    out->statistic = sum;
    out->df = df;
    out->p = lac_chi2_cdf(sum, df, TRUE);
}

/* Columns of which those before them leave less than DEPENDS of the variance, quoted, three at
 * most; empty where none stands out. Cholesky's algorithm, such columns left out. */
static GString *
little_dependent(const Little *self, const LacData *data)
{
    const size_t p = self->g->p;
    g_autofree double *factor = g_new0(double, p *p);
    GString *names = g_string_new(NULL);
    size_t n = 0;

    for (size_t j = 0; j < p; j++) {
        double *own = factor + j * p, left = self->g->cov[j * p + j];
        const double all = left;

        for (size_t k = 0; k < j; k++) {
            double sum = self->g->cov[j * p + k];

            for (size_t i = 0; i < k; i++)
                sum -= own[i] * factor[k * p + i];
            own[k] = factor[k * p + k] > 0.0 ? sum / factor[k * p + k] : 0.0;
            left -= own[k] * own[k];
        }
        own[j] = left > DEPENDS * all ? sqrt(left) : 0.0;
        if (own[j] == 0.0 && n++ < 3)
            g_string_append_printf(names, "%s'%s'", names->len > 0 ? ", " : "",
                                   lac_data_name(data, self->use[j]));
    }
    if (n > 3)
        g_string_append_printf(names, " and %zu more", n - 3);
    return names;
}

static char *
little_singular(const Little *self, const LacData *data)
{
    g_autoptr(GString) names = little_dependent(self, data);

    if (data->rows <= self->g->p)
        return g_strdup_printf("the columns' covariance is singular: %zu rows are too few for %zu "
                               "columns; leave columns out",
                               data->rows, self->g->p);
    if (names->len == 0)
        return g_strdup("the columns' covariance is singular: some column follows from the others, "
                        "or rows are too few; leave such columns out");
    return g_strdup_printf("the columns' covariance is singular: %s can be computed from the "
                           "columns before; leave out what repeats another column",
                           names->str);
}

LacLittle *
lac_little_test(const LacData *data, GError **error)
{
    g_autoptr(LacLittle) out = g_new0(LacLittle, 1);
    g_auto(Little) self = {0};
    GError *local = NULL;

    out->statistic = out->df = out->p = NAN;
    if (!little_rows(&self, data, out, error))
        return NULL;
    if (out->cols < 2) {
        out->undefined = g_strdup("fewer than two columns have an order and more than one value");
        return g_steal_pointer(&out);
    }
    self.patterns = lac_patterns_new(self.holes, error);
    self.sorted = self.patterns ? lac_patterns_gather(self.patterns, self.x, error) : NULL;
    if (self.sorted == NULL)
        return NULL;
    out->patterns = self.patterns->n;
    if (out->patterns < 2)
        out->undefined = g_strdup("all rows have the same holes, so there is nothing to compare");
    else if (out->cols > MOST_COLUMNS)
        out->undefined = g_strdup_printf("%zu columns are more than the %d it is made for",
                                         out->cols, MOST_COLUMNS);
    else if ((double)out->patterns * pow((double)out->cols, 3.0) > MOST_WORK)
        out->undefined =
            g_strdup_printf("%zu patterns of holes in %zu columns would take too long; leave "
                            "columns out",
                            out->patterns, out->cols);
    if (out->undefined != NULL)
        return g_steal_pointer(&out);
    self.g = lac_gaussian_new(out->cols);
    if (little_em(&self, out, &local)) {
        little_statistic(&self, out);
    } else if (local != NULL) {
        g_propagate_error(error, local);
        return NULL;
    } else {
        out->undefined = little_singular(&self, data);
    }
    return g_steal_pointer(&out);
}
