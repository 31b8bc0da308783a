/* What the processor could do at best, beside which bench_nn.c holds the networks. */
#include "nn-limits.h"

#include "bench.h"
#include <time.h>

double
nn_now(void)
{
    const gboolean cpu = g_strcmp0(g_getenv("LACUNA_BENCH_CLOCK"), "cpu") == 0;
    struct timespec t;

    clock_gettime(cpu ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef LacTensor *(*Operation)(LacTensor *x, LacTensor *w);

static LacTensor *
peak_product(LacTensor *x, LacTensor *w)
{
    return lac_nn_matmul(FALSE, FALSE, x, w);
}

static LacTensor *
peak_convolution(LacTensor *x, LacTensor *w)
{
    return lac_nn_conv2d(x, w, NULL, (LacConv){1, 1, 1, 1, 1}, LAC_ACTIVATION_NONE);
}

/* The best rate of ten, in FLOP/s. */
static double
peak_of(Operation operation, LacPrecision precision, double flops, unsigned dims,
        const size_t *x_shape, const size_t *w_shape)
{
    g_autoptr(LacTape) tape = lac_tape_new();
    double best = INFINITY;

    lac_tape_set_precision(tape, precision);
    for (size_t k = 0; k < 10; k++) {
        LacTensor *x = lac_tape_fill(tape, 0.5f, dims, x_shape);
        LacTensor *w = lac_tape_fill(tape, 0.25f, dims, w_shape);
        const double begin = nn_now();

        operation(x, w);
        best = MIN(best, nn_now() - begin);
        lac_tape_reset(tape);
    }
    return flops / best;
}

double
nn_print_peaks(const char *name, LacPrecision precision)
{
    const size_t matrix[] = {1024, 1024}, images[] = {64, 64, 28, 28}, filters[] = {64, 64, 3, 3};
    const double product =
        peak_of(peak_product, precision, 2.0 * 1024.0 * 1024.0 * 1024.0, 2, matrix, matrix);
    const double convolution =
        peak_of(peak_convolution, precision, 2.0 * 64.0 * 784.0 * 64.0 * 576.0, 4, images, filters);

    lac_bench_say(
        "  %s peak: matmul 1024 x 1024 x 1024 %.0f, convolution 64 x 64 x 28 x 28, 3 x 3, "
        "%.0f GFLOP/s\n",
        name, product / 1e9, convolution / 1e9);
    return MAX(product, convolution);
}

void
nn_print_tape_overhead(void)
{
    enum { OPERATORS = 1000, REPEATS = 200 };
    g_autoptr(LacTape) tape = lac_tape_new();
    double forward = INFINITY, backward = INFINITY;

    for (size_t k = 0; k < REPEATS; k++) {
        LacTensor *x = lac_tape_variable(tape, LAC_SHAPE(1, 1)), *y = x;
        double begin = nn_now();

        x->v[0] = 1;
        for (size_t i = 0; i < OPERATORS; i++)
            y = lac_nn_add(y, x);
        forward = MIN(forward, nn_now() - begin);
        y = lac_nn_sum(y, 0, FALSE);
        begin = nn_now();
        lac_tape_backward(tape, y, NULL);
        backward = MIN(backward, nn_now() - begin);
        lac_tape_reset(tape);
    }
    lac_bench_say("  tape: %.3f us an operator on 1 x 1 tensors, %.3f us its backward\n",
                  1e6 * forward / OPERATORS, 1e6 * backward / OPERATORS);
}
