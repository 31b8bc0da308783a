/* What the files of this family share: deep latent variable models of incomplete rows,
 *   z ~ N(0, I_d),  x_j | z ~ one likelihood a column,  q(z | x^o) = N(mu(iota), diag s(iota)^2),
 * where iota is the row with its holes filled by a constant. */
#ifndef MISSIWAE_H
#define MISSIWAE_H

#include <lacuna/model.h>
#include <lacuna/train.h>

/** Likelihood of numeric columns; binary ones are Bernoulli, others categorical. */
typedef enum { AUTO, GAUSSIAN, SHARED, STUDENT, BERNOULLI, LOGISTIC } Likelihood;
/** What the encoder sees in a hole (section 1.2 of the paper). */
typedef enum { FILL_ZERO, FILL_MEAN, FILL_LEARNED, FILL_ORACLE } Fill;
/** Networks; NET_LINEAR has a dense encoder and a linear decoder: factor analysis, by other means.
 */
typedef enum { NET_DENSE, NET_LINEAR, NET_CONV } Shape;
typedef enum { GRADIENT_AUTO, GRADIENT_REPARAM, GRADIENT_DREG } Gradient;

/** What not-miwae takes the probability of a hole to depend on; see missing.c. */
typedef enum { AGNOSTIC, NONLINEAR, SELF, SELF_KNOWN } Mechanism;
/** Estimate: of a hole under not-miwae: weighted decoder means (as its tables) or weighted draws.
 */
typedef enum { ESTIMATE_MEANS, ESTIMATE_SAMPLES } Estimate;

typedef struct {
    size_t column, levels, offset; /* @offset: of its indicators in the encoder's input */
} Category;

/**
 * Layout: how columns enter the encoder and leave the decoder. A row is reordered: numeric columns,
 * then binary ones, then codes of categories.
 * @centre, @sd: [numeric] numeric columns are standardised by them; 0 and 1 where the likelihood
 *   is about the values themselves (Bernoulli, discretised logistic)
 * @width: of the encoder's input: numeric, binary, then indicators of each category
 * @mean: [width] of the observed inputs
 * @half, @lower, @upper: half a level and the end levels of the discretised logistic
 */
typedef struct {
    Likelihood likelihood;
    LacImageShape image;
    size_t cols, numeric, binary, categories, width;
    size_t *order; /* [cols]: table column of each reordered one */
    double *centre, *sd;
    Category *category;
    float *mean;
    double half, lower, upper;
} Layout;

/** Rows: a table reordered, standardised, 0 under holes; @o: 1 where observed. Both [rows][cols] */
typedef struct {
    size_t rows, cols;
    float *v;
    uint8_t *o;
} Rows;

/** Batch: some rows as tensors. Groups without columns are NULL. @input, @hidden: [n x width], what
 * the encoder sees (0 in holes) and 1 where it sees a hole; the others [n x columns] */
typedef struct {
    size_t n;
    LacTensor *input, *hidden;
    LacTensor *numeric, *numeric_o, *binary, *binary_o;
    LacTensor **code, **code_o; /* [categories], each [n] */
} Batch;

/** Net: encoder and decoder. @features: the decoder's, behind its hidden layers. */
typedef struct {
    LacNet *net;
    Shape shape;
    LacMlp encoder, decoder;
    LacConvLayer down[3], up[3];
    LacDense flat, unflat[2];
    size_t map[3]; /* channels, height, width of the smallest feature map */
    LacDense mu, s;
    LacDense numeric, scale, freedom, binary, *category;
    LacNetParam *log_sigma;         /* of all numeric columns, when shared */
    LacNetParam *fill;              /* learned iota */
    LacDense missing[2];            /* of not-miwae: agnostic and nonlinear */
    LacNetParam *slope, *threshold; /* [numeric]: self and self-known */
    size_t categories;
} Net;

/** Heads: parameters of the likelihoods, [n x columns of the group]; NULL where there are none. */
typedef struct {
    LacTensor *mu, *s, *nu, *binary, **category;
} Heads;

typedef struct {
    LacModel base;
    /* parameters */
    int64_t latent, train_samples, impute_samples;
    int likelihood, iota, shape, gradient, activation, init;
    LacDoubles hidden;
    gboolean mask_input;
    int mechanism, estimate; /* of not-miwae */
    LacTrainParams train;
    /* state */
    gboolean mnar; /* the mask is modelled too: not-miwae */
    Layout *layout;
    Net *net;
    struct Pass *pass; /* draws kept of the table completed last */
} Dlvm;

/* layout.c */
/** layout_new: @numbers: all columns are taken as numbers, whatever their kind. */
Layout *layout_new(const LacData *train, Likelihood likelihood, gboolean numbers, GError **error);
void layout_free(Layout *layout);
Rows *rows_new(const Layout *layout, const LacData *data, GError **error);
void rows_free(Rows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layout, layout_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rows, rows_free)
/** batch_make: rows @index [n] of @rows; FALSE when the tape has an error. @oracle: rows whose
 * values fill the encoder's holes, or NULL */
gboolean batch_make(const Layout *layout, const Rows *rows, const Rows *oracle, LacTape *tape,
                    size_t n, const size_t *index, Batch *out);
/** layout_put: value @v (in the layout's units; a code for categories) of reordered column @k into
 * a completed row of the table. */
void layout_put(const Layout *layout, size_t k, double v, double *row);
void layout_save(const Layout *layout, LacBundle *out);
Layout *layout_load(const LacBundle *in, GError **error);

/* net.c */
Net *net_new(const Dlvm *self, const Layout *layout, const LacRng *rng, GError **error);
void net_free(Net *net);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Net, net_free)
/** net_encode: posterior moments [n x d]. */
void net_encode(const Dlvm *self, const Batch *batch, LacTape *tape, LacTensor **mu, LacTensor **s);
/** net_decode: @z [n x d]. */
void net_decode(const Net *net, const Layout *layout, LacTensor *z, Heads *out);

/* heads.c */
/** heads_log_likelihood: ln p(observed cells | z), [B x K], from heads of B*K rows, those of one
 * row of the batch together. */
LacTensor *
heads_log_likelihood(const Heads *heads, const Layout *layout, const Batch *batch, size_t samples);
/** heads_expect: adds @weight times E[x | z] of row @r of the heads to @sum [width], in the layout
 * of the encoder's input; columns with a 1 in @o [cols], which are observed, are left out. */
void heads_expect(const Heads *heads, const Layout *layout, size_t r, const uint8_t *o,
                  double weight, double *sum);
/** heads_draw: a value of each reordered column from row @r of the heads, @out [cols]. */
void heads_draw(const Heads *heads, const Layout *layout, size_t r, LacRng *rng, double *out);
/** layout_settle: from expectations in the encoder's layout to one value (or code) a column. */
void heads_settle(const Layout *layout, const double *expected, double *out);

/* missing.c */
gboolean missing_check(const Layout *layout, GError **error);
void missing_add(Net *net, const Dlvm *self, const Layout *layout);
/** missing_complete: [B x K x p] the batch where observed, else @drawn [B*K x p]. */
LacTensor *missing_complete(const Batch *batch, LacTensor *drawn, size_t samples);
/** missing_log_likelihood: ln p(mask | @x), [B x K], for x [B x K x p]. */
LacTensor *missing_log_likelihood(const Dlvm *self, const Batch *batch, LacTensor *x);

/* bound.c */
gboolean dlvm_train(Dlvm *self, const LacData *train, GError **error);

/* snis.c */
gboolean dlvm_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error);
gboolean
dlvm_sample(const LacModel *model, const LacData *in, size_t draw, LacMatrix *out, GError **error);
gboolean dlvm_log_density(const LacModel *model, const LacData *in, const LacData *truth,
                          double *out, GError **error);
void pass_free(struct Pass *pass);

#endif
