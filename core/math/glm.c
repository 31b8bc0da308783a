#include <lacuna/glm.h>

#include <lacuna/gram.h>
#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

#define MOST_ETA 30.0

enum { BLOCK = 1024, MOST_ITERATIONS = 50, MOST_HALVINGS = 12 };

LacGlm *
lac_glm_new(size_t classes, size_t stride, size_t q, const size_t *predictors)
{
    LacGlm *glm = g_new0(LacGlm, 1);

    g_assert(classes >= 2 && q >= 1);
    glm->classes = classes;
    glm->stride = stride;
    glm->q = q;
    glm->predictors = g_memdup2(predictors, q * sizeof(size_t));
    glm->beta = g_new0(double, (classes - 1) * stride);
    glm->hessian = lac_linear_new((classes - 1) * q);
    return glm;
}

void
lac_glm_free(LacGlm *glm)
{
    if (glm == NULL)
        return;
    g_free(glm->predictors);
    g_free(glm->beta);
    lac_linear_free(glm->hessian);
    g_free(glm);
}

/* Class probabilities of one row, the largest exponent taken out. Returns ln sum of exp. */
static double
glm_softmax(size_t classes, size_t stride, const double *beta, const double *z, double *p)
{
    double most = 0.0, sum = 0.0;

    p[0] = 0.0;
    for (size_t k = 1; k < classes; k++) {
        const double *b = beta + (k - 1) * stride;
        double eta = 0.0;

        for (size_t j = 0; j < stride; j++)
            eta += b[j] * z[j];
        p[k] = CLAMP(eta, -MOST_ETA, MOST_ETA);
        most = MAX(most, p[k]);
    }
    for (size_t k = 0; k < classes; k++)
        sum += p[k] = exp(p[k] - most);
    for (size_t k = 0; k < classes; k++)
        p[k] /= sum;
    return most + log(sum);
}

typedef struct {
    const LacGlm *glm;
    const LacGlmRows *rows;
    const double *beta;
    double *p;          /* [n][classes] */
    double *residual;   /* [classes - 1][n]: weight (1[y = k] - p_k) */
    double *likelihood; /* [blocks] */
} GlmPass;

static const double *
glm_row(const LacGlmRows *rows, size_t i)
{
    return rows->z + (rows->index ? rows->index[i] : i) * rows->stride;
}

static void
glm_pass_block(size_t begin, size_t end, unsigned worker, void *user)
{
    const GlmPass *pass = user;
    const LacGlmRows *rows = pass->rows;
    const size_t classes = pass->glm->classes;
    double sum = 0.0;

    for (size_t i = begin; i < end; i++) {
        double *p = pass->p + i * classes;
        const double w = rows->weight ? rows->weight[i] : 1.0;
        const size_t y = (size_t)rows->y[i];

        glm_softmax(classes, pass->glm->stride, pass->beta, glm_row(rows, i), p);
        sum += w * log(MAX(p[y], G_MINDOUBLE));
        for (size_t k = 1; k < classes; k++)
            pass->residual[(k - 1) * rows->n + i] = w * ((y == k) - p[k]);
    }
    pass->likelihood[begin / BLOCK] = sum;
}

/* Scratch of one part's rows. */
typedef struct {
    double *p, *residual, *weight, *likelihood;
} GlmScratch;

static double
glm_pass(const LacGlm *glm, const LacGlmRows *rows, const double *beta, GlmScratch *scratch)
{
    GlmPass pass = {.glm = glm,
                    .rows = rows,
                    .beta = beta,
                    .p = scratch->p,
                    .residual = scratch->residual,
                    .likelihood = scratch->likelihood};
    double sum = 0.0;

    lac_parallel_for(rows->n, BLOCK, glm_pass_block, &pass);
    for (size_t b = 0; b * BLOCK < rows->n; b++)
        sum += scratch->likelihood[b];
    return sum;
}

/* The system of one Newton step: information matrix and, as its last row, the gradient. */
typedef struct {
    size_t size, ld; /* (classes - 1) q, and size + 1 */
    double *m;       /* [ld][ld] */
    double *block;   /* [q of z][stride] */
} GlmSystem;

/* Adds the cross-products of one part for the pair of classes (a, b) of the probabilities in
 * @scratch: weight p_a (1[a = b] - p_b). */
static void
glm_add_pair(const LacGlm *glm, const LacGlmRows *rows, size_t a, size_t b, GlmScratch *scratch,
             size_t width, GlmSystem *system)
{
    const size_t classes = glm->classes, q = glm->q;

    for (size_t i = 0; i < rows->n; i++) {
        const double *p = scratch->p + i * classes;
        const double w = rows->weight ? rows->weight[i] : 1.0;

        scratch->weight[i] = w * p[a] * (a == b ? 1.0 - p[a] : p[b]);
    }
    memset(system->block, 0, width * glm->stride * sizeof(double));
    lac_gram_add(rows->n, width, glm->stride, rows->z, rows->index, scratch->weight,
                 a == b ? 1.0 : -1.0, system->block);
    for (size_t i = 0; i < q; i++) {
        double *row = system->m + ((a - 1) * q + i) * system->ld + (b - 1) * q;
        const double *from = system->block + glm->predictors[i] * glm->stride;

        for (size_t j = 0; j < q; j++)
            row[j] += from[glm->predictors[j]];
    }
}

static void
glm_add_part(const LacGlm *glm, const LacGlmRows *rows, GlmScratch *scratch, size_t width,
             GlmSystem *system)
{
    const size_t q = glm->q;
    double *gradient = system->m + system->size * system->ld;
    g_autofree double *cross = g_new(double, glm->stride);

    for (size_t a = 1; a < glm->classes; a++) {
        lac_gram_cross(rows->n, glm->stride, rows->z, rows->index,
                       scratch->residual + (a - 1) * rows->n, cross);
        for (size_t i = 0; i < q; i++)
            gradient[(a - 1) * q + i] += cross[glm->predictors[i]];
        for (size_t b = 1; b <= a; b++)
            glm_add_pair(glm, rows, a, b, scratch, width, system);
    }
}

/* The factorisation reads whole rows: fill what lies above the diagonal blocks. */
static void
glm_mirror(GlmSystem *system)
{
    for (size_t i = 0; i < system->size; i++) {
        for (size_t j = 0; j < i; j++)
            system->m[j * system->ld + i] = system->m[i * system->ld + j];
    }
}

static void
glm_move(const LacGlm *glm, const double *from, const double *step, double share, double *to)
{
    memcpy(to, from, (glm->classes - 1) * glm->stride * sizeof(double));
    for (size_t k = 0; k < (glm->classes - 1) * glm->q; k++)
        to[k / glm->q * glm->stride + glm->predictors[k % glm->q]] += share * step[k];
}

typedef struct {
    LacGlm *glm;
    size_t n_parts, width;
    const LacGlmRows *parts;
    GlmScratch *scratch;
    GlmSystem system;
    size_t *order; /* [size]: 0, 1, 2 ... */
    double *trial;
} GlmFit;

static double
glm_penalty(const LacGlm *glm, const double *beta)
{
    double squares = 0.0;

    for (size_t k = 0; glm->ridge > 0.0 && k + 1 < glm->classes; k++)
        for (size_t i = 1; i < glm->q; i++)
            squares += pow(beta[k * glm->stride + glm->predictors[i]], 2);
    return 0.5 * glm->ridge * squares;
}

/* What is maximised: the log-likelihood less the penalty. */
static double
glm_likelihood(GlmFit *fit, const double *beta)
{
    double sum = -glm_penalty(fit->glm, beta);

    for (size_t k = 0; k < fit->n_parts; k++)
        sum += glm_pass(fit->glm, &fit->parts[k], beta, &fit->scratch[k]);
    return sum;
}

static void
glm_add_ridge(const LacGlm *glm, GlmSystem *system)
{
    double *gradient = system->m + system->size * system->ld;

    for (size_t k = 0; k < system->size; k++) {
        if (k % glm->q == 0) /* the intercept is free */
            continue;
        system->m[k * system->ld + k] += glm->ridge;
        gradient[k] -=
            glm->ridge * glm->beta[k / glm->q * glm->stride + glm->predictors[k % glm->q]];
    }
}

/* One Newton step from the probabilities in the scratch. TRUE when there is nothing left to gain.
 */
static gboolean
glm_step(GlmFit *fit)
{
    LacGlm *glm = fit->glm;
    GlmSystem *system = &fit->system;
    const double *gradient = system->m + system->size * system->ld;
    double decrement = 0.0, share = 1.0;

    memset(system->m, 0, system->ld * system->ld * sizeof(double));
    for (size_t k = 0; k < fit->n_parts; k++)
        glm_add_part(glm, &fit->parts[k], &fit->scratch[k], fit->width, system);
    glm_add_ridge(glm, system);
    glm_mirror(system);
    lac_linear_solve(glm->hessian, system->m, system->ld, system->size, fit->order, system->size,
                     0.0);
    for (size_t k = 0; k < system->size; k++)
        decrement += glm->hessian->beta[k] * gradient[k];
    if (decrement <= 1e-12 * (1.0 + fabs(glm->log_likelihood))) {
        /* the error after a step is of the order of its square: take this one and be done */
        glm_move(glm, glm->beta, glm->hessian->beta, 1.0, fit->trial);
        memcpy(glm->beta, fit->trial, (glm->classes - 1) * glm->stride * sizeof(double));
        return TRUE;
    }
    for (size_t h = 0; h < MOST_HALVINGS; h++, share *= 0.5) {
        glm_move(glm, glm->beta, glm->hessian->beta, share, fit->trial);
        const double likelihood = glm_likelihood(fit, fit->trial);

        if (likelihood >= glm->log_likelihood) {
            glm->log_likelihood = likelihood;
            memcpy(glm->beta, fit->trial, (glm->classes - 1) * glm->stride * sizeof(double));
            return FALSE;
        }
    }
    glm_likelihood(fit, glm->beta); /* rounding is all that is left */
    return TRUE;
}

static void
glm_scratch_init(const LacGlm *glm, const LacGlmRows *rows, GlmScratch *scratch)
{
    scratch->p = g_new(double, rows->n * glm->classes + 1);
    scratch->residual = g_new(double, rows->n *(glm->classes - 1) + 1);
    scratch->weight = g_new(double, rows->n + 1);
    scratch->likelihood = g_new0(double, rows->n / BLOCK + 1);
}

static void
glm_scratch_clear(GlmScratch *scratch)
{
    g_free(scratch->p);
    g_free(scratch->residual);
    g_free(scratch->weight);
    g_free(scratch->likelihood);
}

static void
glm_iterate(GlmFit *fit)
{
    LacGlm *glm = fit->glm;

    glm->converged = FALSE;
    glm->log_likelihood = glm_likelihood(fit, glm->beta);
    for (glm->iterations = 0; !glm->converged && glm->iterations < MOST_ITERATIONS;
         glm->iterations++)
        glm->converged = glm_step(fit);
    for (size_t k = 0; k < fit->system.size; k++) /* where draws are centred */
        glm->hessian->beta[k] = glm->beta[k / glm->q * glm->stride + glm->predictors[k % glm->q]];
    glm->log_likelihood += glm_penalty(glm, glm->beta);
}

gboolean
lac_glm_fit(LacGlm *glm, size_t n_parts, const LacGlmRows *parts)
{
    const size_t size = (glm->classes - 1) * glm->q;
    size_t width = 0;

    for (size_t k = 0; k < glm->q; k++)
        width = MAX(width, glm->predictors[k] + 1);
    g_autofree GlmScratch *scratch = g_new0(GlmScratch, n_parts);
    g_autofree double *m = g_new(double, (size + 1) * (size + 1));
    g_autofree double *block = g_new(double, width * glm->stride);
    g_autofree double *trial = g_new(double, (glm->classes - 1) * glm->stride);
    g_autofree size_t *order = g_new(size_t, size);
    GlmFit fit = {.glm = glm,
                  .n_parts = n_parts,
                  .width = width,
                  .parts = parts,
                  .scratch = scratch,
                  .system = {.size = size, .ld = size + 1, .m = m, .block = block},
                  .order = order,
                  .trial = trial};

    for (size_t k = 0; k < size; k++)
        order[k] = k;
    for (size_t k = 0; k < n_parts; k++)
        glm_scratch_init(glm, &parts[k], &scratch[k]);
    glm_iterate(&fit);
    for (size_t k = 0; k < n_parts; k++)
        glm_scratch_clear(&scratch[k]);
    return glm->converged;
}

void
lac_glm_draw(const LacGlm *glm, const double *normals, double *beta)
{
    const size_t size = (glm->classes - 1) * glm->q;
    g_autofree double *drawn = g_new(double, size);

    lac_linear_draw(glm->hessian, 1.0, normals, drawn);
    memset(beta, 0, (glm->classes - 1) * glm->stride * sizeof(double));
    for (size_t k = 0; k < size; k++)
        beta[k / glm->q * glm->stride + glm->predictors[k % glm->q]] = drawn[k];
}

void
lac_glm_probabilities(size_t classes, size_t stride, const double *beta, size_t n, const double *z,
                      const size_t *index, double *out)
{
    const LacGlmRows rows = {.n = n, .stride = stride, .z = z, .index = index};

    for (size_t i = 0; i < n; i++)
        glm_softmax(classes, stride, beta, glm_row(&rows, i), out + i * classes);
}

void
lac_glm_pseudo_free(LacGlmPseudo *pseudo)
{
    if (pseudo == NULL)
        return;
    g_free(pseudo->z);
    g_free(pseudo->y);
    g_free(pseudo->weight);
    g_free(pseudo);
}

typedef struct {
    double mean, sd, least, most;
} GlmSpread;

static GlmSpread
glm_spread(size_t n, size_t stride, const double *z, size_t column)
{
    GlmSpread s = {.least = INFINITY, .most = -INFINITY};
    double squares = 0.0;

    for (size_t i = 0; i < n; i++) {
        const double x = z[i * stride + column];

        s.mean += x / (double)n;
        s.least = MIN(s.least, x);
        s.most = MAX(s.most, x);
    }
    for (size_t i = 0; i < n; i++) {
        const double d = z[i * stride + column] - s.mean;

        squares += d * d;
    }
    s.sd = n > 1 ? sqrt(squares / (double)(n - 1)) : 0.0;
    return s;
}

LacGlmPseudo *
lac_glm_augment(size_t n, size_t stride, const double *z, size_t q, const size_t *predictors,
                size_t classes)
{
    const size_t p = q - 1, rows = 2 * p * classes;
    LacGlmPseudo *pseudo = g_new0(LacGlmPseudo, 1);
    g_autofree GlmSpread *spread = g_new(GlmSpread, p + 1);

    pseudo->z = g_new0(double, rows *stride + 1);
    pseudo->y = g_new(double, rows + 1);
    pseudo->weight = g_new(double, rows + 1);
    for (size_t c = 0; c < p; c++)
        spread[c] = glm_spread(n, stride, z, predictors[c + 1]);
    for (size_t r = 0; r < rows; r++) { /* predictor by predictor, class by class, up and down */
        const size_t c = r / (2 * classes);
        const double half = r % 2 == 0 ? 0.5 : -0.5;
        double *row = pseudo->z + r * stride;

        pseudo->y[r] = (double)(r / 2 % classes);
        pseudo->weight[r] = (double)(p + 1) / (double)rows;
        row[predictors[0]] = 1.0;
        for (size_t k = 0; k < p; k++)
            row[predictors[k + 1]] = spread[k].mean;
        row[predictors[c + 1]] =
            CLAMP(spread[c].mean + half * spread[c].sd, spread[c].least, spread[c].most);
    }
    pseudo->rows = (LacGlmRows){
        .n = rows, .stride = stride, .z = pseudo->z, .y = pseudo->y, .weight = pseudo->weight};
    return pseudo;
}
