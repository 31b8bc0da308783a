/* Convolutions and matrix products of oneDNN beside our own, on the same values: built where
 * libdnnl is found. oneDNN computes on memory in an order it chooses for each shape; `own order`
 * has the factors there already and leaves the result there, `plain` begins and ends with float in
 * plain order, which is how tensors come and what our figures are for, so that its reorders count.
 */
#include "bench-private.h"
#include "kernels-private.h"
#include "tape-private.h"
#include <lacuna/nn.h>

#include <oneapi/dnnl/dnnl.h>

#include <math.h>
#include <time.h>

/* ---- versions 2 and 3: how a description of memory is held, how primitives are described ---- */

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t Desc;
#else
typedef const dnnl_memory_desc_t *Desc;
#endif

enum { DESCS = 3, REPEATS = 12 };

/** Kind: what is computed: a convolution's result, its gradient by the image or by the filters, or
 * a matrix product. */
typedef enum { FORWARD, BY_IMAGE, BY_FILTERS, MATMUL } Kind;

static const char *const kind_names[] = {"forward", "by image", "by filters", "product"};

/** Shape: of a convolution with a border of one pixel, or [n x channels] [channels x filters]. */
typedef struct {
    const char *name;
    dnnl_dim_t n, channels, size, filters, stride;
} Shape;

static const Shape convolutions[] = {
    {"64 x 1 x 28 x 28 to 32", 64, 1, 28, 32, 1},
    {"64 x 32 x 28 x 28 to 64, stride 2", 64, 32, 28, 64, 2},
    {"64 x 64 x 14 x 14 to 64", 64, 64, 14, 64, 1},
    {"64 x 64 x 28 x 28 to 64", 64, 64, 28, 64, 1},
};

static const Shape products[] = {
    {"1024 x 1024 x 1024", 1024, 1024, 0, 1024, 0},
    {"128 x 784 x 512", 128, 784, 0, 512, 0},
    {"1280 x 200 x 784", 1280, 200, 0, 784, 0},
};

static void
check(dnnl_status_t status)
{
    if (status != dnnl_success)
        g_error("oneDNN: status %d", (int)status);
}

static Desc
desc_new(int dims, const dnnl_dim_t *n, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
#if DNNL_VERSION_MAJOR >= 3
    dnnl_memory_desc_t desc;

    check(dnnl_memory_desc_create_with_tag(&desc, dims, n, type, tag));
#else
    dnnl_memory_desc_t *desc = g_new0(dnnl_memory_desc_t, 1);

    check(dnnl_memory_desc_init_by_tag(desc, dims, n, type, tag));
#endif
    return desc;
}

static void
desc_free(Desc desc)
{
#if DNNL_VERSION_MAJOR >= 3
    dnnl_memory_desc_destroy((dnnl_memory_desc_t)desc);
#else
    g_free((gpointer)desc);
#endif
}

#if DNNL_VERSION_MAJOR < 3
static dnnl_primitive_desc_t
described(const void *operation, dnnl_engine_t engine, const_dnnl_primitive_desc_t hint)
{
    dnnl_primitive_desc_t made;

    check(dnnl_primitive_desc_create(&made, operation, NULL, engine, hint));
    return made;
}
#endif

/* @d: image or left factor, filters or right factor, result; or their gradients */
static dnnl_primitive_desc_t
describe(dnnl_engine_t engine, Kind kind, const Shape *s, const Desc d[DESCS])
{
    const dnnl_dims_t strides = {s->stride, s->stride}, border = {1, 1};
#if DNNL_VERSION_MAJOR >= 3
    const dnnl_dims_t dilates = {0, 0};
    dnnl_primitive_desc_t made, hint;

    if (kind == MATMUL) {
        check(dnnl_matmul_primitive_desc_create(&made, engine, d[0], d[1], NULL, d[2], NULL));
        return made;
    }
    check(dnnl_convolution_forward_primitive_desc_create(
        &hint, engine, dnnl_forward_training, dnnl_convolution_direct, d[0], d[1], NULL, d[2],
        strides, dilates, border, border, NULL));
    if (kind == FORWARD)
        return hint;
    if (kind == BY_IMAGE)
        check(dnnl_convolution_backward_data_primitive_desc_create(
            &made, engine, dnnl_convolution_direct, d[0], d[1], d[2], strides, dilates, border,
            border, hint, NULL));
    else
        check(dnnl_convolution_backward_weights_primitive_desc_create(
            &made, engine, dnnl_convolution_direct, d[0], d[1], NULL, d[2], strides, dilates,
            border, border, hint, NULL));
    dnnl_primitive_desc_destroy(hint);
    return made;
#else
    dnnl_convolution_desc_t convolution;
    dnnl_matmul_desc_t product;
    dnnl_primitive_desc_t made, hint;

    if (kind == MATMUL) {
        check(dnnl_matmul_desc_init(&product, d[0], d[1], NULL, d[2]));
        return described(&product, engine, NULL);
    }
    check(dnnl_convolution_forward_desc_init(&convolution, dnnl_forward_training,
                                             dnnl_convolution_direct, d[0], d[1], NULL, d[2],
                                             strides, border, border));
    hint = described(&convolution, engine, NULL);
    if (kind == FORWARD)
        return hint;
    if (kind == BY_IMAGE)
        check(dnnl_convolution_backward_data_desc_init(&convolution, dnnl_convolution_direct, d[0],
                                                       d[1], d[2], strides, border, border));
    else
        check(dnnl_convolution_backward_weights_desc_init(&convolution, dnnl_convolution_direct,
                                                          d[0], d[1], NULL, d[2], strides, border,
                                                          border));
    made = described(&convolution, engine, hint);
    dnnl_primitive_desc_destroy(hint);
    return made;
#endif
}

/* ---- one operation of oneDNN ---- */

/** Side: a factor or the result: plain float, and in oneDNN's order with the reorder between both.
 */
typedef struct {
    dnnl_memory_t plain, own;
    dnnl_primitive_t reorder;
    gboolean result;
} Side;

/** Operation: @side: image, filters, result. */
typedef struct {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t primitive;
    Side side[DESCS];
    Kind kind;
} Operation;

static dnnl_primitive_t
reorder_new(dnnl_engine_t engine, Desc from, Desc to)
{
    dnnl_primitive_desc_t desc;
    dnnl_primitive_t made;

    check(dnnl_reorder_primitive_desc_create(&desc, from, engine, to, engine, NULL));
    check(dnnl_primitive_create(&made, desc));
    dnnl_primitive_desc_destroy(desc);
    return made;
}

static void
sizes_of(const Shape *s, Kind kind, int *dims, dnnl_dims_t n[DESCS])
{
    const dnnl_dim_t out = s->size > 0 ? (s->size - 1) / s->stride + 1 : 0;
    const dnnl_dims_t convolution[] = {{s->n, s->channels, s->size, s->size},
                                       {s->filters, s->channels, 3, 3},
                                       {s->n, s->filters, out, out}};
    const dnnl_dims_t product[] = {
        {s->n, s->channels}, {s->channels, s->filters}, {s->n, s->filters}};

    *dims = kind == MATMUL ? 2 : 4;
    for (int k = 0; k < DESCS; k++)
        for (int d = 0; d < *dims; d++)
            n[k][d] = kind == MATMUL ? product[k][d] : convolution[k][d];
}

/* Which of the three is computed, and where oneDNN keeps its description. */
static int
result_of(Kind kind)
{
    return kind == BY_IMAGE ? 0 : kind == BY_FILTERS ? 1 : 2;
}

static Desc
own_order(const_dnnl_primitive_desc_t desc, Kind kind, int k)
{
    const dnnl_query_t image = kind == BY_IMAGE ? dnnl_query_diff_src_md : dnnl_query_src_md;
    const dnnl_query_t filters =
        kind == BY_FILTERS ? dnnl_query_diff_weights_md : dnnl_query_weights_md;
    const dnnl_query_t result =
        kind == BY_IMAGE || kind == BY_FILTERS ? dnnl_query_diff_dst_md : dnnl_query_dst_md;

    return dnnl_primitive_desc_query_md(desc, k == 0 ? image : k == 1 ? filters : result, 0);
}

static void
operation_open(Operation *o, Kind kind, const Shape *s, gboolean bf16, float *const v[DESCS])
{
    dnnl_dims_t n[DESCS];
    Desc any[DESCS];
    dnnl_primitive_desc_t desc;
    int dims;

    *o = (Operation){.kind = kind};
    check(dnnl_engine_create(&o->engine, dnnl_cpu, 0));
    check(dnnl_stream_create(&o->stream, o->engine, dnnl_stream_default_flags));
    sizes_of(s, kind, &dims, n);
    for (int k = 0; k < DESCS; k++)
        any[k] = desc_new(dims, n[k], bf16 ? dnnl_bf16 : dnnl_f32, dnnl_format_tag_any);
    desc = describe(o->engine, kind, s, any);
    check(dnnl_primitive_create(&o->primitive, desc));
    for (int k = 0; k < DESCS; k++) {
        const Desc plain = desc_new(dims, n[k], dnnl_f32, dims == 2 ? dnnl_ab : dnnl_abcd);
        const Desc own = own_order(desc, kind, k);
        Side *side = &o->side[k];

        side->result = k == result_of(kind);
        check(dnnl_memory_create(&side->plain, plain, o->engine, v[k]));
        check(dnnl_memory_create(&side->own, own, o->engine, DNNL_MEMORY_ALLOCATE));
        side->reorder =
            side->result ? reorder_new(o->engine, own, plain) : reorder_new(o->engine, plain, own);
        desc_free(plain);
        desc_free(any[k]);
    }
    dnnl_primitive_desc_destroy(desc);
}

static void
operation_close(Operation *o)
{
    for (int k = 0; k < DESCS; k++) {
        dnnl_primitive_destroy(o->side[k].reorder);
        dnnl_memory_destroy(o->side[k].plain);
        dnnl_memory_destroy(o->side[k].own);
    }
    dnnl_primitive_destroy(o->primitive);
    dnnl_stream_destroy(o->stream);
    dnnl_engine_destroy(o->engine);
}

static void
side_turn(const Operation *o, const Side *side)
{
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_FROM, side->result ? side->own : side->plain},
        {DNNL_ARG_TO, side->result ? side->plain : side->own},
    };

    check(dnnl_primitive_execute(side->reorder, o->stream, 2, args));
}

static void
operation_run(const Operation *o, gboolean turning)
{
    const gboolean back = o->kind == BY_IMAGE || o->kind == BY_FILTERS;
    const dnnl_exec_arg_t args[] = {
        {o->kind == BY_IMAGE ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, o->side[0].own},
        {o->kind == BY_FILTERS ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, o->side[1].own},
        {back ? DNNL_ARG_DIFF_DST : DNNL_ARG_DST, o->side[2].own},
    };

    for (int k = 0; k < DESCS && turning; k++)
        if (!o->side[k].result)
            side_turn(o, &o->side[k]);
    check(dnnl_primitive_execute(o->primitive, o->stream, DESCS, args));
    if (turning)
        side_turn(o, &o->side[result_of(o->kind)]);
    check(dnnl_stream_wait(o->stream));
}

/* ---- ours ---- */

static void
ours_run(LacTape *tape, Kind kind, const Shape *s, float *const v[DESCS])
{
    const size_t size = (size_t)s->size, out = size > 0 ? (size - 1) / (size_t)s->stride + 1 : 0;
    const NnConv conv = {(size_t)s->n,
                         (size_t)s->channels,
                         size,
                         size,
                         (size_t)s->filters,
                         3,
                         3,
                         out,
                         out,
                         {(size_t)s->stride, 1, 1, 1, 1}};

    if (kind == FORWARD)
        lac_nn_kernels()->conv_forward(tape, &conv, v[0], v[1], NULL, LAC_ACTIVATION_NONE, FALSE,
                                       v[2]);
    else if (kind == BY_IMAGE)
        lac_nn_kernels()->conv_adjoint(tape, &conv, v[2], v[1], NULL, LAC_ACTIVATION_NONE, FALSE,
                                       v[0]);
    else if (kind == BY_FILTERS)
        lac_nn_kernels()->conv_weights(tape, &conv, v[0], v[2], FALSE, v[1]);
    else
        lac_nn_kernels()->gemm(&(NnGemm){.m = (size_t)s->n,
                                         .n = (size_t)s->filters,
                                         .k = (size_t)s->channels,
                                         .a = v[0],
                                         .lda = (size_t)s->channels,
                                         .b = v[1],
                                         .ldb = (size_t)s->filters,
                                         .c = v[2],
                                         .ldc = (size_t)s->filters,
                                         .precision = lac_tape_precision(tape)});
    lac_tape_reset(tape);
}

/* ---- the table ---- */

static double
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double
work_of(const Shape *s, Kind kind)
{
    const dnnl_dim_t out = s->size > 0 ? (s->size - 1) / s->stride + 1 : 1;

    return 2.0 * (double)(s->n * out * out * s->channels * s->filters) *
           (kind == MATMUL ? 1.0 : 9.0);
}

static void
compare(LacTape *tape, Kind kind, const Shape *s, gboolean bf16)
{
    double best[3] = {INFINITY, INFINITY, INFINITY};
    float *v[DESCS];
    dnnl_dims_t n[DESCS];
    Operation o;
    int dims;

    sizes_of(s, kind, &dims, n);
    for (int k = 0; k < DESCS; k++) {
        dnnl_dim_t size = 1;

        for (int d = 0; d < dims; d++)
            size *= n[k][d];
        v[k] = g_new(float, (size_t)size);
        for (dnnl_dim_t i = 0; i < size; i++)
            v[k][i] = (float)(i * 7 % 11) / 11.0f - 0.4f;
    }
    operation_open(&o, kind, s, bf16, v);
    operation_run(&o, TRUE);
    for (int k = 0; k < REPEATS; k++) {
        const double begin = now();
        double middle, end;

        ours_run(tape, kind, s, v);
        middle = now();
        operation_run(&o, FALSE);
        end = now();
        best[0] = MIN(best[0], middle - begin);
        best[1] = MIN(best[1], end - middle);
        operation_run(&o, TRUE);
        best[2] = MIN(best[2], now() - end);
    }
    lac_bench_say("  %-8s %-34s %-11s %9.0f %9.0f %9.0f\n", bf16 ? "bf16" : "float32", s->name,
                  kind_names[kind], work_of(s, kind) / best[0] / 1e9,
                  work_of(s, kind) / best[2] / 1e9, work_of(s, kind) / best[1] / 1e9);
    operation_close(&o);
    for (int k = 0; k < DESCS; k++)
        g_free(v[k]);
}

/* ---- a layer of a chain, where tensors need not be plain ---- */

enum { LAYERS = 4 };

/* The best times of a forward pass and of a backward pass. */
static void
time_chain(LacTape *tape, const LacConvLayer *conv, const LacBatchNorm *norm, double best[2])
{
    best[0] = best[1] = INFINITY;
    for (int k = 0; k < 2 * REPEATS; k++) {
        LacTensor *x = lac_tape_fill(tape, 0.25f, LAC_SHAPE(64, 64, 14, 14)), *loss;
        double begin = now();

        loss = lac_conv_stack_apply(LAYERS, conv, norm, x);
        best[0] = MIN(best[0], now() - begin);
        loss = lac_nn_mean(loss, 0, FALSE);
        begin = now();
        lac_tape_backward(tape, loss, NULL);
        best[1] = MIN(best[1], now() - begin);
        lac_tape_reset(tape);
    }
}

/* ReLU and batch norm, and turning what goes in and comes out, are part of it. */
static void
chain_layer(LacTape *tape, gboolean bf16)
{
    const LacRng rng = lac_rng_new(1);
    LacNet *net = lac_net_new(&rng);
    const double work = LAYERS * work_of(&convolutions[2], FORWARD);
    double best[2];
    LacConvLayer conv[LAYERS];
    LacBatchNorm norm[LAYERS];

    for (size_t k = 0; k < LAYERS; k++) {
        g_autofree char *name = g_strdup_printf("conv%zu", k);
        g_autofree char *norm_name = g_strdup_printf("norm%zu", k);

        lac_conv_init(&conv[k], net, name, 64, 64, 3, (LacConv){1, 1, 1, 1, 1}, LAC_ACTIVATION_RELU,
                      LAC_INIT_HE_UNIFORM);
        lac_batch_norm_init(&norm[k], net, norm_name, 64);
    }
    time_chain(tape, conv, norm, best);
    lac_bench_say("  %-8s our chain of %d x (%s, ReLU, batch norm): forward %.0f, gradients %.0f\n",
                  bf16 ? "bf16" : "float32", LAYERS, convolutions[2].name, work / best[0] / 1e9,
                  (2.0 - 1.0 / LAYERS) * work / best[1] / 1e9);
    lac_net_free(net);
}

LAC_BENCH(onednn, "convolutions and matrix products of oneDNN beside our own")
{
    const dnnl_version_t *version = dnnl_version();

    lac_bench_say("  oneDNN %d.%d.%d; GFLOP/s, best of %d\n", version->major, version->minor,
                  version->patch, REPEATS);
    lac_bench_say("  %-8s %-34s %-11s %9s %9s %9s\n", "", "", "", "ours", "its plain", "own order");
    for (int bf16 = 0; bf16 < 2; bf16++) {
        g_autoptr(LacTape) tape = lac_tape_new();

        lac_tape_set_precision(tape, bf16 ? LAC_PRECISION_BFLOAT16 : LAC_PRECISION_FLOAT32);
        if (bf16 && lac_tape_precision(tape) != LAC_PRECISION_BFLOAT16)
            return;
        for (size_t k = 0; k < G_N_ELEMENTS(products); k++)
            compare(tape, MATMUL, &products[k], bf16 != 0);
        for (size_t k = 0; k < G_N_ELEMENTS(convolutions); k++)
            for (Kind kind = FORWARD; kind <= BY_FILTERS; kind++)
                compare(tape, kind, &convolutions[k], bf16 != 0);
        chain_layer(tape, bf16 != 0);
    }
}
