/* Rows drawn with replacement: for models that are fitted anew for each draw, so that draws carry
 * the uncertainty of what was learnt. */
#ifndef LACUNA_RESAMPLE_H
#define LACUNA_RESAMPLE_H

#include <lacuna/data.h>
#include <lacuna/rng.h>

G_BEGIN_DECLS

/**
 * lac_data_resample:
 * @error: LAC_ERROR_DATA when a hundred samples all miss the observed cells of some column
 *
 * As many rows as @data has, drawn with replacement, again until every column with an observed cell
 * in
 * @data has one in the sample, too. Source: Efron, "Missing data, imputation, and the bootstrap",
 * J. Am. Stat. Assoc. 89 (1994), 463. Returns: owned; NULL on failure.
 */
LAC_API LacData *lac_data_resample(const LacData *data, const LacRng *rng, GError **error);

G_END_DECLS

#endif
