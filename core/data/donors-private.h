/* How the training rows of a donor search lie in memory; shared by its three files only. */
#ifndef LACUNA_DONORS_PRIVATE_H
#define LACUNA_DONORS_PRIVATE_H

#include "base-private.h"
#include <lacuna/donors.h>

G_BEGIN_DECLS

enum {
    DONORS_LANES = 64, /* donors in a panel: four vectors of 16 floats */
    DONORS_CHUNK = 32, /* columns scanned at a time: 16 KiB of a panel, so it stays in L1 */
    DONORS_BLOCK = 64, /* receivers a panel serves before the next one is loaded */
    DONORS_PAD = 8,    /* rows of `exact` are padded to this many doubles */
};

/**
 * LacDonors:
 * @panels: [n_panels][cols][2][DONORS_LANES]: for each column the scaled and centred values of 64
 *   donors, 0 in holes, then 1 where observed and 0 where not
 * @norms: [n_panels] largest norm of a donor's scaled row in the panel (2-norm, or 1-norm for
 *   Gower), for the error bound
 * @covers: [n_panels][words] columns that at least one donor of the panel observes
 * @row_of: [n_panels * DONORS_LANES] training row behind each lane; padding lanes say 0
 * @observed: [n_panels * DONORS_LANES][words] observed columns of each lane; padding: none
 * @exact: [rows][padded] scaled rows in double precision, NaN in holes, 0 in the padding
 * @shift, @weight, @centre: [cols] exact value = (x - shift) * weight, lane value = exact value -
 *   centre. Gower shifts, because a column's range may be small beside its values; Euclidean
 *   does not, so that differences are those of the values as given
 * @unit: distances of scaled rows are this many times the true ones (a power of two)
 */
struct LacDonors {
    LacDistance distance;
    size_t rows, cols, words, padded, n_panels;
    float *panels, *panels_memory;
    double *norms;
    uint64_t *covers, *observed;
    size_t *row_of;
    double *exact;
    double *shift, *weight, *centre;
    double unit;
};

/** DonorsTerm: one observed column of a receiver: its value, scaled and centred. */
typedef struct {
    uint32_t column;
    float value;
} DonorsTerm;

/**
 * DonorsReceiver: a row that looks for donors.
 * @terms: observed columns, ascending; those of chunk c are terms[chunk[c] .. chunk[c + 1])
 * @reach: the receiver's part of the bound: root of the loosest threshold plus its own rounding
 *   error (for Gower without the root); INFINITY while some hole still lacks donors
 */
typedef struct {
    const DonorsTerm *terms;
    const uint32_t *chunk;
    const uint64_t *observed;
    double reach;
} DonorsReceiver;

/**
 * DonorsScan: one panel against one block of receivers.
 * @sums: [n][DONORS_LANES] sums of squares (or capped absolute differences) so far
 * @hits: [n] out: bit j set when lane j may be near enough; only from the last chunk
 * @slack: relative, >= 1: rounding of the sums; @panel_error: the panel's part of the bound
 */
typedef struct {
    size_t n, words, chunk, n_chunks;
    const DonorsReceiver *receivers;
    const float *panel;
    const uint64_t *covers;
    double slack, panel_error;
    float *sums;
    uint64_t *hits;
} DonorsScan;

G_GNUC_INTERNAL void donors_scan_squares(const DonorsScan *scan);
G_GNUC_INTERNAL void donors_scan_capped(const DonorsScan *scan);

/** donors_limit: a single-precision sum at or above the limit is proven too large for a donor with
 * @common columns in common. `reach` and `panel_error` are norms, so they add (Minkowski). */
static inline float
donors_limit(LacDistance distance, double reach, double panel_error, double slack, size_t common)
{
    const double norm = reach + panel_error;
    const double per_column = distance == LAC_DISTANCE_GOWER ? norm : norm * norm;

    /* the last term covers sums of numbers too small for single precision */
    return (float)(per_column * slack * (double)common + 1e-36);
}

static inline double
donors_scaled(const LacDonors *donors, size_t j, double x)
{
    return (x - donors->shift[j]) * donors->weight[j];
}

G_END_DECLS

#endif
