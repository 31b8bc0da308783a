/* What the files of products on the matrix unit share: the plan of a part of a product, and how its
 * factors come into the order of the unit's registers. */
#ifndef LACUNA_GEMM_AMX_PRIVATE_H
#define LACUNA_GEMM_AMX_PRIVATE_H

#include "amx-private.h"
#include "gemm-private.h"

#ifdef NN_AMX

G_BEGIN_DECLS

enum {
    DEPTH = 512,                     /* steps of k laid out at once */
    PANEL = 3 * DEPTH * NN_AMX_EDGE, /* values of a laid out panel, at most */
    GROUP_VALUES = 7 * PANEL,        /* of the panels laid out at once: a third of L2 */
    FINISH_VALUES = 12 * PANEL,      /* at most, where rows are to be whole after each tile */
    SERIAL_FLOPS = 1 << 22,          /* below this a second thread helps little */
};

/** AmxScratch: laid out factors, one a thread, kept for its life. */
typedef struct {
    uint16_t panels[FINISH_VALUES];
    uint16_t a[PANEL];
    float wide[DEPTH * NN_AMX_EDGE + NN_SLACK]; /* a factor that is laid out by its owner first */
    float c[NN_AMX_EDGE * NN_AMX_EDGE];
} __attribute__((aligned(64))) AmxScratch;

/** AmxPart: some steps of k of a product. */
typedef struct {
    const NnGemm *g;
    AmxScratch *scratch;
    unsigned parts;
    size_t k, depth, steps; /* depth values in steps of 32 */
    const uint16_t *panels;
    gboolean finish; /* rows of C are whole after each row of tiles */
} AmxPart;

static inline size_t
nn_amx_panel_size(const AmxPart *part)
{
    return part->steps * part->parts * NN_AMX_PAIR;
}

/** nn_amx_lay_out_a: @rows rows of op(A) from @row on, to the scratch memory. */
void nn_amx_lay_out_a(const AmxPart *part, size_t row, size_t rows);
/** nn_amx_lay_out_b: @n panels of op(B) from @first on, to @panels, one after another. */
void nn_amx_lay_out_b(const AmxPart *part, size_t first, size_t n, uint16_t *panels);

G_END_DECLS

#endif
#endif
