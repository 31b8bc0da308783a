/* Matrix products, see gemm-private.h. */
#include "activation-private.h"
#include "gemm-private.h"
#include "parallel-private.h"

#include <cblas.h>
#include <string.h>

enum { EPILOGUE_VALUES = 1 << 14 }; /* values a block of the second pass holds */

#define FLOPS_PER_SECOND 5e10 /* of one core, rather too few */

static void
gemm_product(const NnGemm *g)
{
    const CBLAS_TRANSPOSE ta = g->ta ? CblasTrans : CblasNoTrans;
    const CBLAS_TRANSPOSE tb = g->tb ? CblasTrans : CblasNoTrans;
    const blasint m = (blasint)g->m, n = (blasint)g->n, k = (blasint)g->k;
    const blasint lda = (blasint)g->lda, ldb = (blasint)g->ldb, ldc = (blasint)g->ldc;

#ifdef LAC_NN_DOUBLE
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1.0, g->a, lda, g->b, ldb, g->add ? 1.0 : 0.0, g->c,
                ldc);
#else
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1.0f, g->a, lda, g->b, ldb, g->add ? 1.0f : 0.0f,
                g->c, ldc);
#endif
}

static void
gemm_finish_rows(size_t begin, size_t end, unsigned worker, void *user)
{
    const NnGemm *g = user;

    for (size_t i = begin; i < end; i++) {
        if (g->bias_of_rows)
            nn_activation_apply(g->activation, g->n, g->bias != NULL ? g->bias[i] : 0,
                                g->c + i * g->ldc);
        else
            nn_activation_apply_row(g->activation, g->n, g->bias, g->c + i * g->ldc);
    }
}

/** GemmSpare: memory of a thread that grows to what it was asked for and is kept. */
typedef struct {
    size_t size;
    LacReal *v;
} GemmSpare;

static void
gemm_spare_free(gpointer data)
{
    g_free(((GemmSpare *)data)->v);
    g_free(data);
}

static LacReal *
gemm_spare(size_t size)
{
    static GPrivate key = G_PRIVATE_INIT(gemm_spare_free);
    GemmSpare *spare = g_private_get(&key);

    if (spare == NULL) {
        spare = g_new0(GemmSpare, 1);
        g_private_set(&key, spare);
    }
    if (spare->size < size) {
        spare->v = g_renew(LacReal, spare->v, size);
        spare->size = size;
    }
    return spare->v;
}

/* B as a matrix [k x n], from panels; lent until the thread's next call. */
static const LacReal *
gemm_spell_out(const NnGemm *g)
{
    const size_t panel_size = g->k * NN_WIDEST + NN_SLACK;
    LacReal *panel = gemm_spare(panel_size + g->k * g->n), *b = panel + panel_size;

    for (size_t column = 0; column < g->n; column += NN_WIDEST) {
        const size_t cols = MIN(NN_WIDEST, g->n - column);

        g->lay_out(g->lay_out_user, column, cols, 0, g->k, panel, NN_WIDEST);
        for (size_t p = 0; p < g->k; p++)
            memcpy(b + p * g->n + column, panel + p * NN_WIDEST, cols * sizeof *b);
    }
    return b;
}

void
nn_gemm_blas(const NnGemm *g)
{
    NnGemm plain = *g;

    if (g->lay_out != NULL)
        plain.b = gemm_spell_out(g), plain.ldb = g->n, plain.tb = FALSE;
    lac_threads(); /* the first question sets the number of threads of OpenBLAS, too */
    gemm_product(&plain);
    if (g->bias != NULL || g->activation != LAC_ACTIVATION_NONE)
        lac_parallel_for(g->m, MAX(1, EPILOGUE_VALUES / g->n), gemm_finish_rows, &plain);
}

/* ---- C in blocks ---- */

typedef struct {
    const NnGemm *g;
    NnGemmBlock block;
    size_t panels, groups, group_panels; /* of C's columns */
    size_t row_blocks, block_rows;
} GemmJob;

static void
gemm_blocks(size_t begin, size_t end, unsigned worker, void *user)
{
    const GemmJob *job = user;

    for (size_t block = begin; block < end; block++) {
        const size_t row = block / job->groups * job->block_rows;
        const size_t panel = block % job->groups * job->group_panels;

        if (row < job->g->m)
            job->block(job->g, panel, MIN(job->group_panels, job->panels - panel), row,
                       MIN(row + job->block_rows, job->g->m));
    }
}

/* Some blocks a thread, to even out what other programs take of the processor: along the columns,
 * where no two threads lay out the same panel, then along the rows. */
void
nn_gemm_in_blocks(const NnGemm *g, size_t panel_cols, size_t most, double least_flops,
                  NnGemmBlock block)
{
    enum { SHARES = 3, LEAST_ROWS = 64 }; /* rows that make up for laying out a panel */
    const double flops = 2.0 * (double)g->m * (double)g->n * (double)g->k;
    const gboolean small = flops < least_flops;
    const size_t threads = small ? 1 : lac_threads(), wanted = threads > 1 ? SHARES * threads : 1;
    GemmJob job = {.g = g, .block = block, .panels = (g->n + panel_cols - 1) / panel_cols};

    job.group_panels = CLAMP(job.panels / wanted, 1, most);
    job.groups = (job.panels + job.group_panels - 1) / job.group_panels;
    job.row_blocks = CLAMP(wanted / job.groups, 1, MAX(1, g->m / LEAST_ROWS));
    job.block_rows = (g->m + job.row_blocks - 1) / job.row_blocks;
    if (small)
        gemm_blocks(0, job.groups * job.row_blocks, 0, &job);
    else
        lac_parallel_for_short(flops / FLOPS_PER_SECOND, job.groups * job.row_blocks, 1,
                               gemm_blocks, &job);
}

gboolean
nn_gemm_suits_amx(const NnGemm *g)
{
    return g->m >= 16 && g->n >= 16 && g->k >= 16 && g->m * g->n * g->k >= 1 << 16;
}

static void
gemm_finish(size_t begin, size_t end, unsigned worker, void *user)
{
    const NnGemm *g = user;

    for (size_t row = begin; row < end; row += NN_FINISH_ROWS)
        g->finish(g->finish_user, row, MIN(row + NN_FINISH_ROWS, end));
}

void
nn_gemm_finish(const NnGemm *g)
{
    const double seconds = 1e-9 * (double)g->m * (double)g->n;

    lac_parallel_for_short(seconds, g->m,
                           MAX(1, EPILOGUE_VALUES / g->n / NN_FINISH_ROWS) * NN_FINISH_ROWS,
                           gemm_finish, (void *)g);
}

void
nn_gemm(const NnGemm *g)
{
    g_assert(!g->add || (g->bias == NULL && g->activation == LAC_ACTIVATION_NONE));
    if ((g->packed != NULL || g->precision == LAC_PRECISION_BFLOAT16 || nn_gemm_suits_amx(g)) &&
        nn_gemm_amx(g))
        return;
    if (!nn_gemm_own(g))
        nn_gemm_blas(g);
    if (g->finish != NULL)
        nn_gemm_finish(g);
}
