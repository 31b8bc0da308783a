/* Standardisation and counts of networks. */
#include <lacuna/moments.h>

#include <math.h>
#include <string.h>

/* relative to the centre: below it a column does not vary but for rounding */
#define SMALLEST_SD 1e-12

void
lac_moments_init(LacMoments *moments, size_t n)
{
    moments->n = n;
    moments->centre = g_new0(double, n + 1);
    moments->sd = g_new(double, n + 1);
    for (size_t k = 0; k < n; k++)
        moments->sd[k] = 1.0;
}

void
lac_moments_clear(LacMoments *moments)
{
    g_clear_pointer(&moments->centre, g_free);
    g_clear_pointer(&moments->sd, g_free);
    moments->n = 0;
}

/* Two passes, so that a large mean costs no digits of the sd. */
void
lac_moments_learn(LacMoments *moments, size_t k, const LacData *train, size_t j)
{
    double sum = 0.0, squares = 0.0, sd;
    size_t n = 0;

    g_assert(k < moments->n && j < train->cols);
    for (size_t i = 0; i < train->rows; i++)
        if (!lac_data_is_hole(train, i, j)) {
            sum += lac_data_at(train, i, j);
            n++;
        }
    moments->centre[k] = sum / (double)MAX(1, n);
    for (size_t i = 0; i < train->rows; i++)
        if (!lac_data_is_hole(train, i, j))
            squares += pow(lac_data_at(train, i, j) - moments->centre[k], 2.0);
    sd = sqrt(squares / (double)MAX(1, n));
    moments->sd[k] = isfinite(sd) && sd > SMALLEST_SD * (1.0 + fabs(moments->centre[k])) ? sd : 1.0;
}

/* ---- on disk --------------------------------------------------------------------------------- */

void
lac_moments_save(const LacMoments *moments, const char *prefix, LacBundle *out)
{
    g_autofree char *centre = g_strconcat(prefix, "centre", NULL);
    g_autofree char *sd = g_strconcat(prefix, "sd", NULL);

    lac_bundle_put_doubles(out, centre, 1, moments->n, moments->centre);
    lac_bundle_put_doubles(out, sd, 1, moments->n, moments->sd);
}

gboolean
lac_moments_load(LacMoments *moments, size_t n, const char *prefix, const LacBundle *in,
                 GError **error)
{
    g_autofree char *centre_name = g_strconcat(prefix, "centre", NULL);
    g_autofree char *sd_name = g_strconcat(prefix, "sd", NULL);
    const double *centre = lac_bundle_get_doubles(in, centre_name, 1, n, NULL, NULL, error), *sd;

    *moments = (LacMoments){0};
    sd = centre != NULL ? lac_bundle_get_doubles(in, sd_name, 1, n, NULL, NULL, error) : NULL;
    if (sd == NULL)
        return FALSE;
    for (size_t k = 0; k < n; k++)
        if (!isfinite(centre[k]) || !(sd[k] > 0.0) || !isfinite(sd[k]))
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s, %s: column %zu has mean %g and sd %g; expected finite ones, sd "
                            "above 0",
                            centre_name, sd_name, k + 1, centre[k], sd[k]);
    lac_moments_init(moments, n);
    memcpy(moments->centre, centre, n * sizeof *centre);
    memcpy(moments->sd, sd, n * sizeof *sd);
    return TRUE;
}

void
lac_bundle_put_sizes(LacBundle *bundle, const char *name, size_t n, const size_t *v)
{
    g_autofree int64_t *wide = g_new(int64_t, n + 1);

    for (size_t k = 0; k < n; k++)
        wide[k] = (int64_t)v[k];
    lac_bundle_put_i64(bundle, name, 1, n, wide);
}

gboolean
lac_bundle_get_sizes(const LacBundle *bundle, const char *name, size_t n, const size_t *least,
                     size_t most, size_t *out, GError **error)
{
    const int64_t *v = lac_bundle_get_i64(bundle, name, 1, n, NULL, NULL, error);

    for (size_t k = 0; v != NULL && k < n; k++) {
        const size_t low = least != NULL ? least[k] : 0;

        if (v[k] < 0 || (uint64_t)v[k] < low || (uint64_t)v[k] > most)
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: number %zu is %" G_GINT64_FORMAT ", expected %zu .. %zu", name,
                            k + 1, v[k], low, most);
    }
    for (size_t k = 0; v != NULL && k < n; k++)
        out[k] = (size_t)v[k];
    return v != NULL;
}
