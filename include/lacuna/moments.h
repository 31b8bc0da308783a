/* What networks keep of the table they learnt from: how its columns are standardised, and counts,
 * both read back from model files with care. */
#ifndef LACUNA_MOMENTS_H
#define LACUNA_MOMENTS_H

#include <lacuna/bundle.h>
#include <lacuna/data.h>

G_BEGIN_DECLS

/** LacMoments: x is seen as (x - centre) / sd; @centre, @sd: [n], sd > 0. */
typedef struct {
    size_t n;
    double *centre, *sd;
} LacMoments;

/** lac_moments_init: @n columns taken as they are: centre 0, sd 1. lac_moments_clear: frees the two
 * blocks; also of a zeroed struct. */
LAC_API void lac_moments_init(LacMoments *moments, size_t n);
LAC_API void lac_moments_clear(LacMoments *moments);
/** lac_moments_learn: number @k becomes mean and sd (divisor n) of the observed cells of column @j,
 * in two passes. A column that never varies, or is never observed, keeps sd 1. */
LAC_API void lac_moments_learn(LacMoments *moments, size_t k, const LacData *train, size_t j);

/** lac_moments_save, lac_moments_load: under @prefix "centre" and @prefix "sd". Load makes @moments
 * anew; one that is not finite, or an sd that is not above 0, is LAC_ERROR_DATA that names the
 * column, and @moments is then empty. */
LAC_API void lac_moments_save(const LacMoments *moments, const char *prefix, LacBundle *out);
LAC_API gboolean lac_moments_load(LacMoments *moments, size_t n, const char *prefix,
                                  const LacBundle *in, GError **error);

/** lac_bundle_put_sizes: counts v [n] under @name. */
LAC_API void lac_bundle_put_sizes(LacBundle *bundle, const char *name, size_t n, const size_t *v);
/**
 * lac_bundle_get_sizes:
 * @least: [n] smallest value of each, NULL: 0; @most: largest value of all
 * @out: (out): [n], untouched on failure
 *
 * Returns: FALSE with LAC_ERROR_DATA that names the block and the number that is out of range.
 */
LAC_API gboolean lac_bundle_get_sizes(const LacBundle *bundle, const char *name, size_t n,
                                      const size_t *least, size_t most, size_t *out,
                                      GError **error);

G_END_DECLS

#endif
