/* Training steps of six networks, the same as in torch_steps.py beside this file: their sizes,
 * batches, losses, optimizer (Adam) and random draws. LACUNA_BENCH_NN=NAME times one of
 * them, "NAME bf16" or "NAME float32" that one in one precision only;
 * LACUNA_BENCH_CLOCK=cpu counts processor seconds instead of those on the wall: with one thread
 * that is a fair figure on a machine that others use, too. */
#include "bench-private.h"
#include "context-private.h"
#include "nn-limits.h"
#include "registry-private.h"
#include <lacuna/nn.h>
#include <lacuna/optimizer.h>
#include <lacuna/train.h>

#include <stdlib.h>
#include <string.h>

enum {
    WINDOWS = 7, /* the figures are those of the median window; the fastest is printed, too */
    COUPLINGS = 6,
    FLOW = 16,
    GAIN = 57,
    LATENT = 50,
    SAMPLES = 20,
    PIXELS = 784,
};

static const double window_seconds = 0.2;

/** Bench: one network under training. What it does not use is zeros. */
typedef struct {
    LacTape *tape;
    LacContext *context;
    LacNet *net, *critic;
    LacTrainer *trainer, *critic_trainer;
    LacInstance *optimizer;
    LacRng rng;
    size_t batch;
    float *x, *m, *h; /* data and masks [batch * columns], owned */
    size_t labels[64];
    LacMlp mlp[2];
    LacFlow flow;
    LacConvLayer conv[4];
    LacBatchNorm norm[4];
    double flops; /* of the matrix products and convolutions of a step */
    GError *error;
} Bench;

/** Network: how to make it and its step, and the learning rate. */
typedef struct {
    const char *name, *rate;
    void (*make)(Bench *b);
    void (*step)(Bench *b);
} Network;

/* ---- pieces ---- */

static float *
made_uniform(Bench *b, size_t n)
{
    float *v = g_new(float, n);

    for (size_t k = 0; k < n; k++)
        v[k] = (float)lac_rng_uniform(&b->rng);
    return v;
}

static void
threshold(size_t n, float *v, float above)
{
    for (size_t k = 0; k < n; k++)
        v[k] = v[k] > above ? 1.0f : 0.0f;
}

/* A chain of linear layers and the work of a step with @rows rows: forward, the gradient by the
 * weights, and that by what goes in, which the first layer of a network does without. */
static void
add_mlp(Bench *b, LacNet *net, LacMlp *mlp, const char *name, size_t rows, gboolean first, size_t n,
        const size_t *widths, LacActivation last)
{
    lac_mlp_init(mlp, net, name, n, widths, LAC_ACTIVATION_RELU, last, LAC_INIT_HE_UNIFORM);
    for (size_t k = 0; k + 1 < n; k++)
        b->flops += 2.0 * (double)rows * (double)widths[k] * (double)widths[k + 1] *
                    (first && k == 0 ? 2.0 : 3.0);
}

#define WIDTHS(...)                                                                                \
    sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t), (const size_t[])                       \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static LacTensor *
input(Bench *b, const float *v, size_t cols)
{
    return lac_tape_input(b->tape, v, LAC_SHAPE(b->batch, cols));
}

static LacTensor *
scalar(Bench *b, float value)
{
    return lac_tape_fill(b->tape, value, 0, NULL);
}

static void
update(Bench *b, LacTrainer *trainer, LacTensor *loss)
{
    if (b->error == NULL)
        lac_trainer_step(trainer, b->tape, loss, NULL, &b->error);
    lac_tape_reset(b->tape);
}

/* ---- tab-ae: 16-128-128-16, mean squared error ---- */

static void
ae_make(Bench *b)
{
    b->batch = 256;
    b->x = made_uniform(b, b->batch * FLOW);
    add_mlp(b, b->net, &b->mlp[0], "ae", b->batch, TRUE, WIDTHS(FLOW, 128, 128, FLOW),
            LAC_ACTIVATION_NONE);
}

static void
ae_step(Bench *b)
{
    LacTensor *x = input(b, b->x, FLOW), *y = lac_mlp_apply(&b->mlp[0], x);

    update(b, b->trainer, lac_nn_mean(lac_nn_square(lac_nn_sub(y, x)), 0, FALSE));
}

/* ---- tab-flow: six affine couplings, each of two networks 16-128-128-16 ---- */

static void
flow_make(Bench *b)
{
    b->batch = 256;
    b->x = made_uniform(b, b->batch * FLOW);
    lac_flow_init(&b->flow, b->net, "flow", FLOW, COUPLINGS, 2, (const size_t[]){128, 128},
                  LAC_ACTIVATION_RELU, NULL);
    /* forward, and both gradients, but for that by the data */
    b->flops += 2.0 * (double)b->batch * 2.0 *
                (COUPLINGS * 3.0 * (2.0 * FLOW * 128.0 + 128.0 * 128.0) - FLOW * 128.0);
}

static void
flow_step(Bench *b)
{
    LacTensor *log_det, *z = lac_flow_encode(&b->flow, input(b, b->x, FLOW), &log_det);

    z = lac_nn_affine(lac_nn_sum(lac_nn_square(z), 1u << 1, TRUE), 0.5f, 0);
    update(b, b->trainer, lac_nn_mean(lac_nn_sub(z, log_det), 0, FALSE));
}

/* ---- tab-gan: GAIN on 57 columns, a step of the critic and one of the generator ---- */

static void
gan_make(Bench *b)
{
    const size_t widths[] = {2 * GAIN, GAIN, GAIN, GAIN}, n = 128 * GAIN;
    g_autofree float *hints = NULL;

    b->batch = 128;
    b->x = made_uniform(b, n);
    b->m = made_uniform(b, n);
    threshold(n, b->m, 0.2f);
    b->h = g_new(float, n);
    hints = made_uniform(b, n);
    for (size_t k = 0; k < n; k++)
        b->h[k] = hints[k] < 0.9f ? b->m[k] : 0.5f;
    add_mlp(b, b->net, &b->mlp[0], "generator", b->batch, TRUE, 4, widths, LAC_ACTIVATION_SIGMOID);
    b->critic = lac_net_new(&b->rng);
    add_mlp(b, b->critic, &b->mlp[1], "critic", b->batch, TRUE, 4, widths, LAC_ACTIVATION_SIGMOID);
    /* the critic's step has a generator's forward pass, the generator's a critic's forward pass and
     * the gradient by what went into it */
    b->flops += 2.0 * 128.0 * GAIN * (2.0 * GAIN + GAIN + GAIN) * 3.0;
}

/* The filled table and the hints, side by side: m x + (1 - m) g, h. */
static LacTensor *
gan_judge(Bench *b, LacTensor *kept, LacTensor *holes, LacTensor *g)
{
    LacTensor *filled = lac_nn_add(kept, lac_nn_mul(holes, g));

    return lac_mlp_apply(&b->mlp[1],
                         lac_nn_concat(2, (LacTensor *[]){filled, input(b, b->h, GAIN)}, 1));
}

static LacTensor *
log_of(LacTensor *p)
{
    return lac_nn_log(lac_nn_affine(p, 1, 1e-8f));
}

static void
gan_critic_step(Bench *b, LacTensor *noise)
{
    LacTensor *x = input(b, b->x, GAIN), *m = input(b, b->m, GAIN);
    LacTensor *holes = lac_nn_affine(m, -1, 1), *kept = lac_nn_mul(m, x), *in, *p, *loss;

    lac_net_freeze(b->net, TRUE);
    in = lac_nn_concat(2, (LacTensor *[]){lac_nn_add(kept, lac_nn_mul(holes, noise)), m}, 1);
    p = gan_judge(b, kept, holes, lac_mlp_apply(&b->mlp[0], in));
    lac_net_freeze(b->net, FALSE);
    loss = lac_nn_add(lac_nn_mul(m, log_of(p)), lac_nn_mul(holes, log_of(lac_nn_affine(p, -1, 1))));
    update(b, b->critic_trainer, lac_nn_neg(lac_nn_mean(loss, 0, FALSE)));
}

static void
gan_generator_step(Bench *b, LacTensor *noise)
{
    LacTensor *x = input(b, b->x, GAIN), *m = input(b, b->m, GAIN);
    LacTensor *holes = lac_nn_affine(m, -1, 1), *kept = lac_nn_mul(m, x), *in, *g, *p, *fool, *fit;

    in = lac_nn_concat(2, (LacTensor *[]){lac_nn_add(kept, lac_nn_mul(holes, noise)), m}, 1);
    g = lac_mlp_apply(&b->mlp[0], in);
    lac_net_freeze(b->critic, TRUE);
    p = gan_judge(b, kept, holes, g);
    lac_net_freeze(b->critic, FALSE);
    fool = lac_nn_mean(lac_nn_mul(holes, log_of(p)), 0, FALSE);
    fit = lac_nn_mean(lac_nn_square(lac_nn_sub(kept, lac_nn_mul(m, g))), 0, FALSE);
    fit = lac_nn_div(lac_nn_mul(scalar(b, 100), fit), lac_nn_mean(m, 0, FALSE));
    update(b, b->trainer, lac_nn_sub(fit, fool));
}

static void
gan_step(Bench *b)
{
    float noise[128 * GAIN];

    for (size_t k = 0; k < G_N_ELEMENTS(noise); k++)
        noise[k] = 0.01f * (float)lac_rng_uniform(&b->rng);
    gan_critic_step(b, input(b, noise, GAIN));
    gan_generator_step(b, input(b, noise, GAIN));
}

/* ---- img-vae: 784-512-256-(2 x 50)-256-512-784, one sample ---- */

static void
vae_make(Bench *b)
{
    b->batch = 128;
    b->x = made_uniform(b, b->batch * PIXELS);
    add_mlp(b, b->net, &b->mlp[0], "encoder", b->batch, TRUE, WIDTHS(PIXELS, 512, 256, 2 * LATENT),
            LAC_ACTIVATION_NONE);
    add_mlp(b, b->net, &b->mlp[1], "decoder", b->batch, FALSE, WIDTHS(LATENT, 256, 512, PIXELS),
            LAC_ACTIVATION_NONE);
}

static void
vae_step(Bench *b)
{
    LacTensor *x = input(b, b->x, PIXELS), *code = lac_mlp_apply(&b->mlp[0], x);
    LacTensor *mu = lac_nn_slice(code, 1, 0, LATENT), *lv = lac_nn_slice(code, 1, LATENT, LATENT);
    LacTensor *sd = lac_nn_exp(lac_nn_affine(lv, 0.5f, 0));
    LacTensor *eps = lac_tape_normal(b->tape, &b->rng, LAC_SHAPE(b->batch, LATENT));
    LacTensor *z = lac_nn_add(mu, lac_nn_mul(sd, eps));
    LacTensor *fit = lac_mlp_bernoulli_rows(&b->mlp[1], z, x, NULL);
    LacTensor *spread = lac_nn_add(lac_nn_square(mu), lac_nn_exp(lv));
    LacTensor *kl = lac_nn_sub(spread, lac_nn_affine(lv, 1, 1));

    kl = lac_nn_affine(lac_nn_sum(kl, 1u << 1, FALSE), 0.5f, 0);
    update(b, b->trainer, lac_nn_mean(lac_nn_sub(kl, fit), 0, FALSE));
}

/* ---- img-iwae: 784-200-200-(2 x 50), decoder 50-200-200-784, 20 importance samples ---- */

static void
iwae_make(Bench *b)
{
    b->batch = 64;
    b->x = made_uniform(b, b->batch * PIXELS);
    b->m = made_uniform(b, b->batch * PIXELS);
    b->h = g_new(float, b->batch *PIXELS);
    threshold(b->batch * PIXELS, b->x, 0.5f);
    threshold(b->batch * PIXELS, b->m, 0.5f);
    add_mlp(b, b->net, &b->mlp[0], "encoder", b->batch, TRUE, WIDTHS(PIXELS, 200, 200, 2 * LATENT),
            LAC_ACTIVATION_NONE);
    add_mlp(b, b->net, &b->mlp[1], "decoder", b->batch * SAMPLES, FALSE,
            WIDTHS(LATENT, 200, 200, PIXELS), LAC_ACTIVATION_NONE);
}

static void
iwae_step(Bench *b)
{
    LacTensor *x = input(b, b->x, PIXELS), *o = input(b, b->m, PIXELS);
    LacTensor *code = lac_mlp_apply(&b->mlp[0], lac_nn_mul(x, o));
    LacTensor *mu = lac_nn_slice(code, 1, 0, LATENT), *lv = lac_nn_slice(code, 1, LATENT, LATENT);
    LacTensor *sd = lac_nn_exp(lac_nn_affine(lv, 0.5f, 0));
    LacTensor *eps = lac_tape_normal(b->tape, &b->rng, LAC_SHAPE(b->batch, SAMPLES, LATENT));
    LacTensor *z = lac_nn_mul(lac_nn_reshape(sd, LAC_SHAPE(b->batch, 1, LATENT)), eps), *w;

    z = lac_nn_add(lac_nn_reshape(mu, LAC_SHAPE(b->batch, 1, LATENT)), z);
    w = lac_mlp_bernoulli_rows(&b->mlp[1], z, x, o);
    w = lac_nn_sub(lac_nn_add(w, lac_nn_normal_rows(z)), lac_nn_normal_rows(eps));
    w = lac_nn_add(w, lac_nn_affine(lac_nn_sum(lv, 1u << 1, TRUE), 0.5f, 0));
    update(b, b->trainer, lac_nn_neg(lac_nn_iwae_bound(w)));
}

/* ---- img-cnn: four convolutions with ReLU and batch norm, two linear layers ---- */

static void
cnn_make(Bench *b)
{
    const size_t channels[] = {1, 32, 64, 64, 64}, pixels[] = {PIXELS, 196, 196, 196};

    b->batch = 64;
    b->x = made_uniform(b, b->batch * PIXELS);
    for (size_t k = 0; k < b->batch; k++)
        b->labels[k] = (size_t)lac_rng_below(&b->rng, 10);
    for (size_t k = 0; k < 4; k++) {
        g_autofree char *conv = g_strdup_printf("conv%zu", k),
                        *norm = g_strdup_printf("norm%zu", k);
        const LacConv geometry = {k == 1 ? 2 : 1, 1, 1, 1, 1};

        lac_conv_init(&b->conv[k], b->net, conv, channels[k], channels[k + 1], 3, geometry,
                      LAC_ACTIVATION_RELU, LAC_INIT_HE_UNIFORM);
        lac_batch_norm_init(&b->norm[k], b->net, norm, channels[k + 1]);
        b->flops += 2.0 * (double)(b->batch * pixels[k] * channels[k] * 9 * channels[k + 1]) *
                    (k == 0 ? 2.0 : 3.0);
    }
    add_mlp(b, b->net, &b->mlp[0], "head", b->batch, FALSE, WIDTHS((size_t)64 * 14 * 14, 20, 10),
            LAC_ACTIVATION_NONE);
}

static void
cnn_step(Bench *b)
{
    LacTensor *y = lac_tape_input(b->tape, b->x, LAC_SHAPE(b->batch, 1, 28, 28));

    y = lac_conv_stack_apply(4, b->conv, b->norm, y);
    y = lac_mlp_apply(&b->mlp[0], lac_nn_reshape(y, LAC_SHAPE(b->batch, (size_t)64 * 14 * 14)));
    update(b, b->trainer, lac_nn_cross_entropy(y, b->labels));
}

static const Network networks[] = {
    {"tab-ae", "{rate: 1e-3}", ae_make, ae_step},
    {"tab-flow", "{rate: 1e-4}", flow_make, flow_step},
    {"tab-gan", "{rate: 1e-3}", gan_make, gan_step},
    {"img-vae", "{rate: 1e-3}", vae_make, vae_step},
    {"img-iwae", "{rate: 1e-3}", iwae_make, iwae_step},
    {"img-cnn", "{rate: 1e-3}", cnn_make, cnn_step},
};

/* ---- life and timing of a network ---- */

static gboolean
bench_open(Bench *b, const Network *network, LacPrecision precision)
{
    const LacPlugin *adam = lac_plugin_find(LAC_PLUGIN_OPTIMIZER, "adam", &b->error);
    g_autoptr(LacNode) params =
        lac_yaml_parse(network->rate, strlen(network->rate), "benchmark", NULL);

    b->rng = lac_rng_new(1);
    b->tape = lac_tape_new();
    b->context = lac_context_new(b->rng);
    b->net = lac_net_new(&b->rng);
    network->make(b);
    lac_tape_set_precision(b->tape, precision);
    if (adam == NULL)
        return FALSE;
    b->optimizer = lac_instance_new(adam, params, NULL, &b->error);
    if (b->optimizer == NULL)
        return FALSE;
    lac_context_set_optimizer(b->context, (const LacOptimizer *)b->optimizer);
    b->trainer = lac_trainer_new(b->context, b->net, 1000000, 1000, &b->error);
    if (b->critic != NULL && b->error == NULL)
        b->critic_trainer = lac_trainer_new(b->context, b->critic, 1000000, 1000, &b->error);
    return b->error == NULL;
}

static void
bench_close(Bench *b)
{
    lac_trainer_free(b->trainer);
    lac_trainer_free(b->critic_trainer);
    lac_instance_free(b->optimizer);
    for (size_t k = 0; k < G_N_ELEMENTS(b->mlp); k++)
        lac_mlp_clear(&b->mlp[k]);
    lac_flow_clear(&b->flow);
    lac_net_free(b->net);
    lac_net_free(b->critic);
    lac_context_free(b->context);
    lac_tape_free(b->tape);
    g_free(b->x);
    g_free(b->m);
    g_free(b->h);
    g_clear_error(&b->error);
}

static int
compare_doubles(gconstpointer a, gconstpointer b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* seconds a step takes, of all windows */
static LacBenchTime
time_steps(Bench *b, const Network *network)
{
    LacBenchTime time = {.repeats = WINDOWS};
    double seconds[WINDOWS];

    for (size_t k = 0; k < 3; k++)
        network->step(b);
    for (size_t k = 0; k < WINDOWS; k++) {
        const double begin = nn_now();
        size_t steps = 0;

        do {
            network->step(b);
            steps++;
        } while (nn_now() - begin < window_seconds);
        seconds[k] = (nn_now() - begin) / (double)steps;
    }
    qsort(seconds, WINDOWS, sizeof *seconds, compare_doubles);
    time.min = seconds[0];
    time.median = seconds[WINDOWS / 2];
    time.max = seconds[WINDOWS - 1];
    return time;
}

static void
run_network(const Network *network, LacPrecision precision, double peak)
{
    Bench b = {0};
    double begin, first;
    LacBenchTime time;
    const char *suffix = precision == LAC_PRECISION_BFLOAT16 ? " bf16" : "";

    if (!bench_open(&b, network, precision)) {
        lac_bench_say("  %s%s skipped: %s\n", network->name, suffix, b.error->message);
        bench_close(&b);
        return;
    }
    begin = nn_now();
    network->step(&b);
    first = nn_now() - begin;
    time = time_steps(&b, network);
    if (b.error != NULL) {
        lac_bench_say("  %s%s failed: %s\n", network->name, suffix, b.error->message);
    } else {
        lac_bench_say("  %-8s%-5s %9.1f steps/s (best %.1f) %10.0f examples/s %7.1f GFLOP/s, %3.0f "
                      "%% of the peak; first step %.1f ms\n",
                      network->name, suffix, 1.0 / time.median, 1.0 / time.min,
                      (double)b.batch / time.median, b.flops / time.median / 1e9,
                      100.0 * b.flops / time.min / peak, 1e3 * first);
        if (bench_tsv != NULL)
            fprintf(bench_tsv, "%s%s\t%.9f\t%.9f\t%.9f\t0\t%zu\n", network->name, suffix,
                    time.median, time.min, time.max, b.batch);
    }
    bench_close(&b);
}

/* Times the networks @only names (NULL: all) in one precision. */
static void
run_all(LacPrecision precision, const char *only)
{
    const gboolean bf16 = precision == LAC_PRECISION_BFLOAT16;
    const double peak = nn_print_peaks(bf16 ? "bf16" : "float32", precision);

    for (size_t k = 0; k < G_N_ELEMENTS(networks); k++) {
        g_autofree char *both = g_strconcat(networks[k].name, bf16 ? " bf16" : " float32", NULL);

        if (only == NULL || g_str_equal(only, networks[k].name) || g_str_equal(only, both))
            run_network(&networks[k], precision, peak);
    }
}

LAC_BENCH(nn, "training steps of six networks; torch_steps.py times the same in PyTorch")
{
    const char *only = g_getenv("LACUNA_BENCH_NN");
    g_autoptr(LacTape) tape = lac_tape_new();

    nn_print_tape_overhead();
    run_all(LAC_PRECISION_FLOAT32, only);
    lac_tape_set_precision(tape, LAC_PRECISION_BFLOAT16);
    if (lac_tape_precision(tape) == LAC_PRECISION_BFLOAT16)
        run_all(LAC_PRECISION_BFLOAT16, only);
    else
        lac_bench_say("  bf16: this processor has no such products\n");
}
