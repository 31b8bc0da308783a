/* Convolutions against sums written out pixel by pixel, in double. */
#include "kernels-private.h"
#include "lac_test.h"
#include <lacuna/nn.h>

/** Case: a shape. Odd sizes, strides, uneven padding, one image, kernels beyond the stride and not.
 */
typedef struct {
    size_t n, channels, height, width, filters, kernel_height, kernel_width;
    LacConv geometry;
} Case;

static const Case cases[] = {
    {2, 3, 7, 5, 4, 3, 3, {1, 1, 1, 1, 1}},     {1, 1, 28, 28, 32, 3, 3, {1, 1, 1, 1, 1}},
    {3, 5, 9, 11, 6, 3, 3, {2, 0, 0, 1, 1}},    {2, 4, 8, 6, 3, 5, 3, {2, 2, 1, 2, 0}},
    {2, 16, 14, 14, 20, 3, 3, {1, 1, 1, 1, 1}}, {1, 2, 6, 6, 3, 1, 1, {1, 0, 0, 0, 0}},
    {4, 3, 8, 8, 5, 1, 1, {2, 0, 0, 0, 0}},     {1, 2, 5, 4, 2, 5, 4, {1, 0, 0, 0, 0}},
    {2, 2, 10, 10, 3, 2, 2, {3, 0, 0, 0, 0}},   {5, 1, 40, 37, 2, 4, 4, {2, 1, 1, 1, 1}},
    {9, 40, 5, 5, 33, 3, 3, {1, 1, 1, 1, 1}},   {2, 3, 6, 7, 4, 3, 3, {1, 4, 0, 3, 5}},
    {3, 32, 9, 12, 17, 3, 3, {2, 1, 1, 1, 1}},  {2, 20, 7, 38, 70, 3, 2, {1, 1, 0, 0, 1}},
    {2, 17, 10, 11, 16, 4, 4, {3, 1, 2, 0, 1}}, {1, 16, 1, 1, 16, 1, 1, {1, 0, 0, 0, 0}},
    {2, 33, 6, 5, 18, 1, 1, {2, 0, 0, 0, 0}},
};

static LacReal *
made_values(LacRng *rng, size_t n)
{
    LacReal *v = g_new(LacReal, n);

    for (size_t k = 0; k < n; k++)
        v[k] = (LacReal)(lac_rng_uniform(rng) - 0.5);
    return v;
}

static NnConv
conv_of_case(const Case *c)
{
    NnConv v = {.n = c->n,
                .channels = c->channels,
                .height = c->height,
                .width = c->width,
                .filters = c->filters,
                .kernel_height = c->kernel_height,
                .kernel_width = c->kernel_width,
                .geometry = c->geometry};

    v.out_height =
        (c->height + c->geometry.top + c->geometry.bottom - c->kernel_height) / c->geometry.stride +
        1;
    v.out_width =
        (c->width + c->geometry.left + c->geometry.right - c->kernel_width) / c->geometry.stride +
        1;
    return v;
}

/* For each product x[at_x] y[at_y] w[at_w] of <x * W, y>: adds two of the three to the sum of the
 * third. */
static void
spell_out(const NnConv *v, const LacReal *x, const LacReal *y, const LacReal *w, double *gx,
          double *gy, double *gw)
{
    for (size_t i = 0; i < v->n * v->filters * v->out_height * v->out_width; i++) {
        const size_t ox = i % v->out_width, oy = i / v->out_width % v->out_height;
        const size_t f = i / v->out_width / v->out_height % v->filters;
        const size_t image = i / v->out_width / v->out_height / v->filters;

        for (size_t k = 0; k < v->channels * v->kernel_height * v->kernel_width; k++) {
            const size_t kx = k % v->kernel_width, ky = k / v->kernel_width % v->kernel_height;
            const size_t c = k / v->kernel_width / v->kernel_height;
            const size_t row = oy * v->geometry.stride + ky - v->geometry.top;
            const size_t col = ox * v->geometry.stride + kx - v->geometry.left;
            const size_t in = ((image * v->channels + c) * v->height + row) * v->width + col;
            const size_t tap = f * v->channels * v->kernel_height * v->kernel_width + k;

            if (row >= v->height || col >= v->width) /* also below 0 */
                continue;
            gx[in] += (double)y[i] * (double)w[tap];
            gy[i] += (double)x[in] * (double)w[tap];
            gw[tap] += (double)x[in] * (double)y[i];
        }
    }
}

static void
expect_same(const char *what, size_t which, size_t n, const LacReal *seen, const double *expected)
{
    for (size_t k = 0; k < n; k++) {
        /* sums of at most some thousand products below 1/4 */
        if (!lac_test_near((double)seen[k], expected[k], 2e-5)) {
            lac_test_fail(__FILE__, __LINE__, "%s of case %zu: value %zu of %zu is %g, expected %g",
                          what, which, k, n, (double)seen[k], expected[k]);
            return;
        }
    }
}

LAC_TEST(nn_conv, products_are_those_of_the_sums_written_out)
{
    g_autoptr(LacTape) tape = lac_tape_new();
    LacRng rng = lac_rng_new(3);

    for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
        const NnConv v = conv_of_case(&cases[k]);
        const size_t nx = v.n * v.channels * v.height * v.width;
        const size_t ny = v.n * v.filters * v.out_height * v.out_width;
        const size_t nw = v.filters * v.channels * v.kernel_height * v.kernel_width;
        g_autofree LacReal *x = made_values(&rng, nx), *y = made_values(&rng, ny);
        g_autofree LacReal *w = made_values(&rng, nw), *got = g_new(LacReal, nx + ny + nw);
        g_autofree double *gx = g_new0(double, nx), *gy = g_new0(double, ny);
        g_autofree double *gw = g_new0(double, nw);

        spell_out(&v, x, y, w, gx, gy, gw);
        ASSERT_TRUE(
            lac_nn_kernels()->conv_forward(tape, &v, x, w, NULL, LAC_ACTIVATION_NONE, FALSE, got));
        expect_same("forward", k, ny, got, gy);
        ASSERT_TRUE(
            lac_nn_kernels()->conv_adjoint(tape, &v, y, w, NULL, LAC_ACTIVATION_NONE, FALSE, got));
        expect_same("adjoint", k, nx, got, gx);
        ASSERT_TRUE(lac_nn_kernels()->conv_weights(tape, &v, x, y, FALSE, got));
        expect_same("weights", k, nw, got, gw);
        lac_tape_reset(tape);
    }
}
