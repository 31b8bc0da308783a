/* Have chains forgotten where they started? */
#ifndef LACUNA_CONVERGENCE_H
#define LACUNA_CONVERGENCE_H

#include <lacuna/macros.h>

G_BEGIN_DECLS

/** Convergence of @chains chains of @n draws each, x [chains x n]. NaN when there is too little to
 * say (split: n < 4), infinite when chains are stuck at different values.
 * lac_rhat: Gelman and Rubin's. lac_rhat_split: on half chains. lac_rhat_rank: the larger of bulk
 * and tail, on normal scores of half chains (Vehtari et al. 2021). */
LAC_API double lac_rhat(size_t chains, size_t n, const double *x);
LAC_API double lac_rhat_split(size_t chains, size_t n, const double *x);
LAC_API double lac_rhat_rank(size_t chains, size_t n, const double *x);
/** lac_rhat_rank_parts: the two it is the larger of. */
LAC_API void
lac_rhat_rank_parts(size_t chains, size_t n, const double *x, double *bulk, double *tail);
/** lac_autocorrelation: at @lag, of one chain; NaN for a constant chain. */
LAC_API double lac_autocorrelation(size_t n, const double *x, size_t lag);
/**
 * lac_chains_autocorrelation: do chains that lie high now lie high at the next draw, too?
 *
 * The correlation over chains between one draw and the next (0 where it is not defined), averaged
 * over the @n - 1 pairs of draws; as convergence() of R's mice reports it. NaN when n < 2 or there
 * is one chain.
 */
LAC_API double lac_chains_autocorrelation(size_t chains, size_t n, const double *x);

G_END_DECLS

#endif
