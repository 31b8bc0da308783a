/* What the files of this family share: deep latent variable models of incomplete rows,
 *   z ~ N(0, I_d),  x_j | z ~ one likelihood a column,  q(z | x^o) = N(mu(iota), diag s(iota)^2),
 * where iota is the row with its holes filled by a constant. */
#ifndef MISSIWAE_H
#define MISSIWAE_H

#include <lacuna/model.h>
#include <lacuna/moments.h>
#include <lacuna/train.h>

/** Likelihood of numeric columns; binary ones are Bernoulli, ordered ones cumulative logits, others
 * categorical. MIXED goes by each column: Gaussian, log-normal where all is above 0, Poisson
 * for whole numbers that are not. */
typedef enum { AUTO, GAUSSIAN, SHARED, STUDENT, BERNOULLI, LOGISTIC, MIXED } Likelihood;
/** What the encoder sees in a hole (section 1.2 of the paper). */
typedef enum { IOTA_ZERO, IOTA_MEAN, IOTA_LEARNED, IOTA_ORACLE } Iota;
/** What a hole is filled with: a summary of its predictive distribution. */
typedef enum { FILL_MEAN, FILL_MEDIAN, FILL_QUANTILE } Fill;
typedef enum { POSTERIOR_GAUSSIAN, POSTERIOR_STUDENT } Posterior;
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
    size_t levels, offset; /* @offset: of its indicators in the encoder's input */
    gboolean ordered;
} Category;

/**
 * Layout: how columns enter the encoder and leave the decoder. A row is reordered: numeric columns,
 * counts, binary ones, codes of categories.
 * @logarithm: [numeric] 1 where ln(1 + x) is standardised, not x
 * @moments: of numeric columns and of ln(1 + counts); 0 and 1 where the likelihood is about the
 *   values themselves (Bernoulli, discretised logistic)
 * @width: of the encoder's input: numeric, counts, binary, then indicators of each category
 * @mean: [width] of the observed inputs
 * @half, @lower, @upper: half a level and the end levels of the discretised logistic
 */
typedef struct {
    Likelihood likelihood;
    LacImageShape image;
    size_t cols, numeric, counts, binary, categories, width;
    size_t *order; /* [cols]: table column of each reordered one */
    size_t *logarithm;
    LacMoments moments;
    Category *category;
    LacReal *mean;
    double half, lower, upper;
} Layout;

/** layout_dense: columns that are one number in the encoder's input: all but categories. */
static inline size_t
layout_dense(const Layout *layout)
{
    return layout->numeric + layout->counts + layout->binary;
}

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
    LacTensor *numeric, *numeric_o, *counts, *counts_o, *binary, *binary_o;
    LacTensor **code, **code_o; /* [categories], each [n] */
} Batch;

/** Category heads: @dense: logits, or one score; @cut: [levels - 1] of ordered ones: the first
 * threshold, then what softplus makes the gaps between them. */
typedef struct {
    LacDense dense;
    LacNetParam *cut;
} CategoryHead;

/** Mixture: what hivae has instead of hidden layers; see hivae.c. Maps of the class s have no bias;
 * @location and @scale: of columns with one number a head, [columns x units] and [columns x S]. */
typedef struct {
    LacDense class, mu_class, s_class, prior, unit;
    LacNetParam *location;
    LacDense location_class, scale_class, *category, *category_class, *cut_class;
} Mixture;

/** Net: encoder and decoder. */
typedef struct {
    LacNet *net;
    Shape shape;
    LacMlp encoder, decoder;
    LacConvLayer down[3], up[3];
    LacDense flat, unflat[2];
    size_t map[3]; /* channels, height, width of the smallest feature map */
    LacDense mu, s;
    LacDense numeric, scale, freedom, counts, binary;
    CategoryHead *category;
    LacNetParam *log_sigma;         /* of all numeric columns, when shared */
    LacNetParam *fill;              /* learned iota */
    LacDense missing[2];            /* of not-miwae: agnostic and nonlinear */
    LacNetParam *slope, *threshold; /* [numeric]: self and self-known */
    Mixture mixture;
} Net;

/** Heads: parameters of the likelihoods, [n x columns of the group]; NULL where there are none.
 * @category: logits, [n x levels] each */
typedef struct {
    LacTensor *mu, *s, *nu, *rate, *binary, **category;
} Heads;

/** Encoded: q(z | x) of some rows: @mu, @s: [n x d]. Of hivae @s are log variances, both still
 * without what the class adds, and @class its logits [n x S]; NULL elsewhere. */
typedef struct {
    LacTensor *mu, *s, *class;
} Encoded;

typedef struct {
    LacModel base;
    /* parameters */
    int64_t latent, train_samples, impute_samples;
    int likelihood, iota, shape, gradient, activation, init, posterior, fill;
    double freedom, level;
    int64_t step_memory, refit;
    gboolean truth; /* of vae */
    LacDoubles hidden;
    gboolean mask_input;
    int mechanism, estimate;   /* of not-miwae */
    int64_t components, units; /* of hivae: classes, units a column */
    LacTrainParams train;
    /* state */
    gboolean mnar; /* the mask is modelled too: not-miwae */
    Layout *layout;
    Net *net, *refitted; /* @refitted: of which only the encoder is used; NULL without refit */
    struct Kept *kept;   /* draws of the table completed last; made with the layout */
} Dlvm;

/** dlvm_code: numbers that the decoder reads: z, then indicators of hivae's class. */
static inline size_t
dlvm_code(const Dlvm *self)
{
    return (size_t)self->latent + (size_t)self->components;
}

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
/** layout_log_unit: ln of the table's units in one unit of the layout at value @v of column @k. */
double layout_log_unit(const Layout *layout, size_t k, double v);
void layout_save(const Layout *layout, LacBundle *out);
Layout *layout_load(const LacBundle *in, GError **error);

/* net.c */
Net *net_new(const Dlvm *self, const Layout *layout, const LacRng *rng, GError **error);
void net_free(Net *net);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Net, net_free)
void net_encode(const Dlvm *self, const Batch *batch, LacTape *tape, Encoded *out);
/** net_decode: @code [n x dlvm_code()]. */
void net_decode(const Dlvm *self, LacTensor *code, Heads *out);
/** net_scales: scales of numeric columns from raw numbers, or from variances @square; never 0, and
 * of logarithms at most 1, so that their means stay finite. */
LacTensor *net_scales(const Layout *layout, LacTensor *raw, gboolean square);
/** net_rates: Poisson rates of counts, softplus of @raw in units of each column's size. */
LacTensor *net_rates(const Layout *layout, LacTensor *raw);
/** net_ordered: log probabilities [n x C] of ordered levels: P(x <= r) = sigmoid(t_r - @score), the
 * thresholds t from the @first [. x 1] and @gaps > 0 [. x C-2]. */
LacTensor *net_ordered(LacTensor *score, LacTensor *first, LacTensor *gaps);
/** net_bytes: memory of one sample of one row in a training step, about. */
double net_bytes(const Dlvm *self, const Layout *layout);

/* hivae.c */
void hivae_add(Net *net, const Dlvm *self, const Layout *layout);
void hivae_decode(const Dlvm *self, LacTensor *code, Heads *out);
void hivae_free(Net *net);
/** hivae_loss: minus the bound at temperature @tau of the relaxed class. */
LacTensor *hivae_loss(const Dlvm *self, const Batch *batch, LacTape *tape, double tau, LacRng *rng);
/** hivae_class_moments: mean @mu and scale @s [d] of z in class @c, from what the encoder says of a
 * row before it knows the class. */
void hivae_class_moments(const Dlvm *self, size_t c, const LacReal *mu_x,
                         const LacReal *log_variance_x, double *mu, double *s);
/** hivae_prior: mean of number @k of z in class @c. */
double hivae_prior(const Dlvm *self, size_t c, size_t k);

/* heads.c */
/** heads_log_likelihood: ln p(observed cells | z), [B x K], from heads of B*K rows, those of one
 * row of the batch together. */
LacTensor *
heads_log_likelihood(const Heads *heads, const Layout *layout, const Batch *batch, size_t samples);
/** heads_expect: adds @weight times E[x | z] of row @r of the heads to @sum [width], in the layout
 * of the encoder's input; columns with a 1 in @o [cols], which are observed, are left out. */
void heads_expect(const Heads *heads, const Layout *layout, size_t r, const uint8_t *o,
                  double weight, double *sum);
/** heads_quantile: from expectations in the encoder's layout, @level of the discrete columns' laws:
 * @expected of binary columns and categories are shares; others are left to heads_settle(). */
void heads_quantile(const Layout *layout, const double *expected, double level, double *out);
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
/** posterior_log_density: of q's noise @t, without the normal density's constant -ln(2 pi)/2. */
double posterior_log_density(const Dlvm *self, double t);
gboolean dlvm_train(Dlvm *self, const LacData *train, GError **error);

/* quantile.c */
/** Parts: [n] weighted parts of one cell's predictive distribution: location, scale, degrees of
 * freedom (NULL: normal) and weight, which sum to 1. */
typedef struct {
    size_t n;
    const double *weight, *mu, *s, *nu;
} Parts;
/** quantile_mixture: x with sum w F((x - mu)/s) = @level, 0 < level < 1, to 1e-6 of the spread. */
double quantile_mixture(const Parts *parts, double level);
/** quantile_levels: the smallest level of @layout's discretised logistic (scales are logarithms)
 * with distribution function >= @level. */
double quantile_levels(const Layout *layout, const Parts *parts, double level);
/** quantile_counts: the same of a mixture of Poisson laws with rates @mu. */
double quantile_counts(const Parts *parts, double level);
/** quantile_atoms: the smallest of weighted values @mu [n], n >= 1, that has @level below or at it.
 */
double quantile_atoms(size_t n, const double *mu, const double *weight, double level);

/* snis.c */
/** kept_new: an empty place for draws, so that m of them cost one pass. */
struct Kept *kept_new(void);
void kept_free(struct Kept *kept);
gboolean dlvm_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error);
gboolean
dlvm_sample(const LacModel *model, const LacData *in, size_t draw, LacMatrix *out, GError **error);
gboolean dlvm_log_density(const LacModel *model, const LacData *in, const LacData *truth,
                          double *out, GError **error);

#endif
