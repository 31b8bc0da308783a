/* What the files of this family share: networks that read a complete row and give the chances of
 * its class. They differ in the network alone. */
#ifndef CLASSIFY_H
#define CLASSIFY_H

#include <lacuna/model.h>
#include <lacuna/moments.h>
#include <lacuna/train.h>

/** Shape: dense layers, two plain convolutions, or two convolutions with a pool behind each. */
typedef enum { NET_MLP, NET_CNN, NET_LENET } Shape;

/** Layout: what the network was made for. @moments: of the columns; pixels of images are taken as
 * they are */
typedef struct {
    size_t cols, classes;
    LacImageShape image; /* all 0 for tables */
    LacMoments moments;
} Layout;

/** Net: @hidden: the layers before the last, for NET_MLP; else the one behind the convolutions. */
typedef struct {
    LacNet *net;
    Shape shape;
    LacConvLayer conv[2];
    size_t flat; /* values of the last feature map */
    size_t layers;
    LacDense *hidden, last;
} Net;

typedef struct {
    LacModel base;
    /* parameters */
    LacDoubles hidden;
    int64_t units;
    double l2, dropout, map_dropout;
    LacTrainParams train;
    /* state */
    Layout *layout;
    Net *net;
} Classifier;

/* layout.c */
Layout *layout_new(const LacData *train, GError **error);
void layout_free(Layout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layout, layout_free)
/** layout_check: @in is complete and has the columns learnt from. */
gboolean layout_check(const Layout *layout, const LacData *in, GError **error);
/** layout_rows: rows @index [n] (NULL: from row @begin on) as a constant [n x cols], standardised;
 * NULL when the tape has an error. */
LacTensor *layout_rows(const Layout *layout, const LacData *data, LacTape *tape, size_t n,
                       const size_t *index, size_t begin);
void layout_save(const Layout *layout, LacBundle *out);
Layout *layout_load(const LacBundle *in, GError **error);

/* net.c */
/** net_shape: which network @self is, by its plugin. */
Shape net_shape(const Classifier *self);
Net *net_new(const Classifier *self, const Layout *layout, const LacRng *rng, GError **error);
void net_free(Net *net);
/** net_logits: [n x cols] to [n x classes]. @penalty: (out) (nullable): the sum of squared weights
 */
LacTensor *net_logits(const Classifier *self, LacTensor *x, LacTensor **penalty);
/** net_products: multiply-adds of one row through the network, about. */
double net_products(const Classifier *self, double cols);

#endif
