/* A tidy table of estimates, and its pooling. */
#include "analysis-private.h"

#include <math.h>
#include <string.h>

void
lac_tidy_free(LacTidy *tidy)
{
    if (tidy == NULL)
        return;
    g_strfreev(tidy->terms);
    g_strfreev(tidy->aliased);
    g_free(tidy->draws);
    g_free(tidy->estimate);
    g_free(tidy->error);
    g_free(tidy->df);
    g_free(tidy->covariance);
    g_free(tidy);
}

static int
compare_doubles(gconstpointer a, gconstpointer b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Where the columns are. */
typedef struct {
    const LacData *table;
    size_t term, estimate, error, imp;
    gssize df;
} TidyColumns;

static gboolean
tidy_find(const LacData *table, const char *name, size_t *out, GError **error)
{
    const gssize j = lac_schema_find(table->schema, name);

    if (j < 0)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s has no column '%s', expected a tidy table with term, estimate, "
                        "std.error and .imp; for a table of completed data give --formula",
                        table->origin, name);
    *out = (size_t)j;
    return TRUE;
}

static gboolean
tidy_columns(const LacData *table, TidyColumns *at, GError **error)
{
    at->df = lac_schema_find(table->schema, "df");
    if (at->df < 0)
        at->df = lac_schema_find(table->schema, "df.residual");
    if (!tidy_find(table, "term", &at->term, error) ||
        !tidy_find(table, "estimate", &at->estimate, error) ||
        !tidy_find(table, "std.error", &at->error, error) ||
        !tidy_find(table, ".imp", &at->imp, error))
        return FALSE;
    const size_t all[] = {at->term, at->estimate, at->error, at->imp};

    for (size_t k = 0; k < G_N_ELEMENTS(all); k++) {
        for (size_t i = 0; i < table->rows; i++) {
            if (lac_data_is_hole(table, i, all[k]))
                return lac_fail(error, LAC_ERROR_DATA,
                                "%s: data row %zu has no '%s'; a term that one completion cannot "
                                "estimate cannot be pooled",
                                table->origin, i + 1, lac_data_name(table, all[k]));
        }
    }
    return TRUE;
}

/* The distinct draws, ascending. */
static gboolean
tidy_draws(LacTidy *tidy, const TidyColumns *at, GError **error)
{
    const LacData *table = at->table;
    g_autofree double *draws = g_new(double, table->rows + 1);

    for (size_t i = 0; i < table->rows; i++)
        draws[i] = lac_data_at(table, i, at->imp);
    qsort(draws, table->rows, sizeof(double), compare_doubles);
    for (size_t i = 0; i < table->rows; i++) {
        if (i == 0 || draws[i] != draws[i - 1])
            draws[tidy->m++] = draws[i];
    }
    if (tidy->m < 2)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s has %s completion, expected at least two to tell how far they differ",
                        table->origin, tidy->m == 1 ? "one" : "no");
    tidy->draws = g_steal_pointer(&draws);
    return TRUE;
}

/* The names in order of first appearance; @index: [levels] of the column to positions. */
static void
tidy_terms(LacTidy *tidy, const TidyColumns *at, size_t *index)
{
    const LacColumn *column = lac_data_column(at->table, at->term);

    tidy->terms = g_new0(char *, column->n_levels + 1);
    for (size_t k = 0; k < column->n_levels; k++)
        index[k] = G_MAXSIZE;
    for (size_t i = 0; i < at->table->rows; i++) {
        const size_t code = (size_t)lac_data_at(at->table, i, at->term);

        if (index[code] == G_MAXSIZE) {
            index[code] = tidy->n_terms;
            tidy->terms[tidy->n_terms++] = g_strdup(column->levels[code]);
        }
    }
}

static size_t
tidy_draw_index(const LacTidy *tidy, double draw)
{
    const double *found = bsearch(&draw, tidy->draws, tidy->m, sizeof(double), compare_doubles);

    return (size_t)(found - tidy->draws);
}

static gboolean
tidy_fill(LacTidy *tidy, const TidyColumns *at, const size_t *index, GError **error)
{
    const LacData *table = at->table;

    for (size_t k = 0; k < tidy->n_terms * tidy->m; k++)
        tidy->estimate[k] = NAN;
    for (size_t i = 0; i < table->rows; i++) {
        const size_t t = index[(size_t)lac_data_at(table, i, at->term)];
        const double draw = lac_data_at(table, i, at->imp);
        const size_t k = t * tidy->m + tidy_draw_index(tidy, draw);
        const double df = at->df < 0 ? NAN : lac_data_at(table, i, (size_t)at->df);

        if (!isnan(tidy->estimate[k]))
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: term '%s' comes twice in draw %g (data row %zu)", table->origin,
                            tidy->terms[t], draw, i + 1);
        tidy->estimate[k] = lac_data_at(table, i, at->estimate);
        tidy->error[k] = lac_data_at(table, i, at->error);
        tidy->df[t] = isnan(df) ? tidy->df[t] : MIN(df, tidy->df[t]);
        if (!(tidy->error[k] >= 0.0) || !(tidy->df[t] > 0.0))
            return lac_fail(error, LAC_ERROR_DATA, "%s: data row %zu: %s is %g, expected %s",
                            table->origin, i + 1, tidy->df[t] > 0.0 ? "std.error" : "df",
                            tidy->df[t] > 0.0 ? tidy->error[k] : df,
                            tidy->df[t] > 0.0 ? "0 or more" : "more than 0");
    }
    for (size_t k = 0; k < tidy->n_terms * tidy->m; k++) {
        if (isnan(tidy->estimate[k]))
            return lac_fail(error, LAC_ERROR_DATA, "%s: term '%s' is missing from draw %g",
                            table->origin, tidy->terms[k / tidy->m], tidy->draws[k % tidy->m]);
    }
    return TRUE;
}

LacTidy *
lac_tidy_read(const LacData *table, GError **error)
{
    g_autoptr(LacTidy) tidy = g_new0(LacTidy, 1);
    TidyColumns at = {.table = table};

    if (!tidy_columns(table, &at, error) || !tidy_draws(tidy, &at, error))
        return NULL;
    if (lac_data_column(table, at.term)->levels == NULL)
        return lac_fail_null(error, LAC_ERROR_DATA,
                             "%s: column 'term' holds numbers, expected names", table->origin);
    g_autofree size_t *index = g_new(size_t, lac_data_column(table, at.term)->n_levels + 1);

    tidy_terms(tidy, &at, index);
    tidy->estimate = g_new(double, tidy->n_terms * tidy->m);
    tidy->error = g_new(double, tidy->n_terms * tidy->m);
    tidy->df = g_new(double, tidy->n_terms);
    tidy->aliased = g_new0(char *, 1);
    for (size_t t = 0; t < tidy->n_terms; t++)
        tidy->df[t] = INFINITY;
    return tidy_fill(tidy, &at, index, error) ? g_steal_pointer(&tidy) : NULL;
}

LacPooledTerm *
lac_pool(const LacTidy *tidy, double level, double df, GError **error)
{
    static const double least_df = 1e-3; /* all of the variance between draws: as wide as it gets */
    g_autofree LacPooledTerm *out = g_new0(LacPooledTerm, tidy->n_terms + 1);
    g_autofree double *variance = g_new(double, tidy->m);

    for (size_t t = 0; t < tidy->n_terms; t++) {
        LacPooledTerm *term = &out[t];

        for (size_t d = 0; d < tidy->m; d++)
            variance[d] = tidy->error[t * tidy->m + d] * tidy->error[t * tidy->m + d];
        term->term = tidy->terms[t];
        term->df_complete = isnan(df) ? tidy->df[t] : df;
        if (!lac_stats_rubin_pool(tidy->m, tidy->estimate + t * tidy->m, variance,
                                  term->df_complete, &term->pooled, error)) {
            g_prefix_error(error, "term '%s': ", term->term);
            return NULL;
        }
        const double at_df = MAX(term->pooled.df, least_df);
        const double half = lac_t_quantile(0.5 + 0.5 * level, at_df);

        term->std_error = sqrt(term->pooled.total);
        term->statistic = term->pooled.estimate / term->std_error;
        term->p = 2.0 * lac_t_cdf(fabs(term->statistic), at_df, TRUE);
        term->low = term->pooled.estimate - half * term->std_error;
        term->high = term->pooled.estimate + half * term->std_error;
    }
    return g_steal_pointer(&out);
}
