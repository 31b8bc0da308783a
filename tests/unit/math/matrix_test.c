#include "lac_test.h"
#include <lacuna/matrix.h>
#include <lacuna/rng.h>

/* a view with some room behind each row, so that a stride mixed up with cols is noticed */
static LacMatrix
random_view(size_t rows, size_t cols, uint64_t seed)
{
    LacRng rng = lac_rng_new(seed);
    LacMatrix m = {.rows = rows, .cols = cols, .stride = cols + 3};

    m.v = g_new(double, rows *m.stride);
    lac_rng_fill_normal(&rng, rows * m.stride, m.v);
    return m;
}

static double
at(const LacMatrix *m, gboolean transposed, size_t i, size_t j)
{
    return transposed ? lac_matrix_row(m, j)[i] : lac_matrix_row(m, i)[j];
}

LAC_TEST(math_matrix, new_is_zero_and_too_large_is_an_error)
{
    g_autoptr(GError) error = NULL, columns = NULL;
    g_autoptr(LacMatrix) m = lac_matrix_new(3, 4, &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(m->stride, 4);
    for (int i = 0; i < 12; i++)
        EXPECT_EQ_DOUBLE(m->v[i], 0.0);
    EXPECT_TRUE(lac_matrix_new((size_t)1 << 40, 1 << 20, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_SHAPE, "MiB");
    EXPECT_TRUE(lac_matrix_new(1, SIZE_MAX / 4, &columns) == NULL);
    EXPECT_ERROR(columns, LAC_ERROR_SHAPE, "too many");
}

static void
check_gemm(gboolean ta, gboolean tb)
{
    enum { M = 4, N = 5, K = 7 };
    LacMatrix a = random_view(ta ? K : M, ta ? M : K, 1),
              b = random_view(tb ? N : K, tb ? K : N, 2), c = random_view(M, N, 3),
              before = random_view(M, N, 3);

    lac_gemm(ta, tb, 1.5, &a, &b, -0.5, &c);
    for (size_t i = 0; i < M; i++) {
        for (size_t j = 0; j < N; j++) {
            double sum = 0.0;

            for (size_t k = 0; k < K; k++)
                sum += at(&a, ta, i, k) * at(&b, tb, k, j);
            EXPECT_NEAR_DOUBLE(at(&c, FALSE, i, j), 1.5 * sum - 0.5 * at(&before, FALSE, i, j),
                               1e-14);
        }
        for (size_t j = N; j < N + 3; j++)
            EXPECT_EQ_DOUBLE(lac_matrix_row(&c, i)[j], lac_matrix_row(&before, i)[j]);
    }
    g_free(a.v);
    g_free(b.v);
    g_free(c.v);
    g_free(before.v);
}

LAC_TEST(math_matrix, gemm_equals_the_sums_written_out)
{
    for (int which = 0; which < 4; which++)
        check_gemm(which & 1, which >> 1);
}

LAC_TEST(math_matrix, syrk_equals_gemm_and_is_symmetric)
{
    enum { N = 50, Q = 70 };
    LacMatrix a = random_view(N, Q, 1), c = random_view(Q, Q, 2), d = random_view(Q, Q, 2);

    for (size_t i = 0; i < Q; i++) /* what is added to must be symmetric too */
        for (size_t j = 0; j < Q; j++)
            lac_matrix_row(&c, i)[j] = lac_matrix_row(&d, i)[j] = (double)(i + j);
    lac_syrk(2.0, &a, 0.25, &c);
    lac_gemm(TRUE, FALSE, 2.0, &a, &a, 0.25, &d);
    for (size_t i = 0; i < Q; i++)
        for (size_t j = 0; j < Q; j++) {
            EXPECT_NEAR_DOUBLE(lac_matrix_row(&c, i)[j], lac_matrix_row(&d, i)[j], 1e-12);
            EXPECT_EQ_DOUBLE(lac_matrix_row(&c, i)[j], lac_matrix_row(&c, j)[i]);
        }
    g_free(a.v);
    g_free(c.v);
    g_free(d.v);
}

LAC_TEST(math_matrix, gemv_equals_the_sums_written_out_also_for_nothing)
{
    enum { M = 6, N = 4 };
    LacMatrix a = random_view(M, N, 1);
    const double x[] = {1, -2, 3, 0.5, 7, 1};

    for (int t = 0; t < 2; t++) {
        double y[M] = {1, 2, 3, 4, 5, 6};

        lac_gemv(t, 2.0, &a, x, 3.0, y);
        for (size_t i = 0; i < (t ? N : M); i++) {
            double sum = 0.0;

            for (size_t j = 0; j < (t ? M : N); j++)
                sum += at(&a, t, i, j) * x[j];
            EXPECT_NEAR_DOUBLE(y[i], 2.0 * sum + 3.0 * (double)(i + 1), 1e-14);
        }
    }

    LacMatrix empty = {.rows = 2, .cols = 0, .stride = 0, .v = a.v};
    double y[2] = {4, NAN};

    lac_gemv(FALSE, 1.0, &empty, NULL, 0.5, y);
    EXPECT_EQ_DOUBLE(y[0], 2.0);
    lac_gemv(FALSE, 1.0, &empty, NULL, 0.0, y);
    EXPECT_EQ_DOUBLE(y[1], 0.0);
    g_free(a.v);
}

/* B'B + I for a random B: positive definite, condition number modest */
static LacMatrix
definite(size_t q)
{
    LacMatrix b = random_view(q + 5, q, 4), a = random_view(q, q, 5);

    lac_syrk(1.0, &b, 0.0, &a);
    for (size_t i = 0; i < q; i++)
        lac_matrix_row(&a, i)[i] += 1.0;
    g_free(b.v);
    return a;
}

LAC_TEST(math_matrix, cholesky_multiplies_back_and_reads_the_lower_triangle_only)
{
    for (size_t q = 1; q <= 100; q += 33) {
        LacMatrix a = definite(q), l = definite(q), product = random_view(q, q, 6);

        for (size_t i = 0; i < q; i++)
            for (size_t j = i + 1; j < q; j++)
                lac_matrix_row(&l, i)[j] = NAN;
        ASSERT_TRUE(lac_cholesky(&l));
        lac_gemm(FALSE, TRUE, 1.0, &l, &l, 0.0, &product);
        for (size_t i = 0; i < q; i++)
            for (size_t j = 0; j < q; j++)
                EXPECT_NEAR_DOUBLE(lac_matrix_row(&product, i)[j], lac_matrix_row(&a, i)[j], 1e-13);
        g_free(a.v);
        g_free(l.v);
        g_free(product.v);
    }
}

LAC_TEST(math_matrix, cholesky_refuses_what_is_not_positive_definite)
{
    double indefinite[] = {1, 2, 2, 1}, zero[] = {0}, nan_last[] = {1, 0, NAN, 1},
           inf[] = {INFINITY};
    LacMatrix m = {.rows = 2, .cols = 2, .stride = 2, .v = indefinite};

    EXPECT_FALSE(lac_cholesky(&m));
    m.v = nan_last;
    EXPECT_FALSE(lac_cholesky(&m));
    m = (LacMatrix){.rows = 1, .cols = 1, .stride = 1, .v = zero};
    EXPECT_FALSE(lac_cholesky(&m));
    m.v = inf;
    EXPECT_FALSE(lac_cholesky(&m));
}

LAC_TEST(math_matrix, solves_undo_the_products)
{
    enum { Q = 37, R = 4 };
    LacMatrix a = definite(Q), l = definite(Q), x = random_view(Q, R, 7), b = random_view(Q, R, 8);
    double y[Q], z[Q];

    ASSERT_TRUE(lac_cholesky(&l));
    lac_gemm(FALSE, FALSE, 1.0, &a, &x, 0.0, &b);
    lac_cholesky_solve(&l, &b);
    for (size_t i = 0; i < Q; i++)
        for (size_t j = 0; j < R; j++)
            EXPECT_NEAR_DOUBLE(lac_matrix_row(&b, i)[j], lac_matrix_row(&x, i)[j], 1e-12);
    for (int t = 0; t < 2; t++) {
        for (size_t i = 0; i < Q; i++)
            z[i] = sin((double)i);
        lac_gemv(t, 1.0, &l, z, 0.0, y);
        lac_solve_lower(t, &l, y);
        for (size_t i = 0; i < Q; i++)
            EXPECT_NEAR_DOUBLE(y[i], z[i], 1e-12);
    }
    g_free(a.v);
    g_free(l.v);
    g_free(x.v);
    g_free(b.v);
}

LAC_TEST(math_matrix, eigenvectors_stand_in_the_columns_and_values_ascend)
{
    enum { Q = 45 };
    g_autoptr(GError) error = NULL;
    LacMatrix a = definite(Q), v = definite(Q), av = random_view(Q, Q, 9),
              vv = random_view(Q, Q, 9);
    double w[Q];

    ASSERT_TRUE(lac_eigen_symmetric(&v, w, &error));
    lac_gemm(FALSE, FALSE, 1.0, &a, &v, 0.0, &av);
    lac_gemm(TRUE, FALSE, 1.0, &v, &v, 0.0, &vv);
    for (size_t i = 0; i < Q; i++) {
        EXPECT_TRUE(i == 0 || w[i] >= w[i - 1]);
        for (size_t j = 0; j < Q; j++) {
            EXPECT_NEAR_DOUBLE(lac_matrix_row(&av, i)[j], w[j] * lac_matrix_row(&v, i)[j], 1e-12);
            EXPECT_NEAR_DOUBLE(lac_matrix_row(&vv, i)[j], i == j ? 1.0 : 0.0, 1e-13);
        }
    }
    g_free(a.v);
    g_free(v.v);
    g_free(av.v);
    g_free(vv.v);
}

/* [[2, 1], [1, 2]]: by hand 1 and 3 */
LAC_TEST(math_matrix, eigenvalues_of_a_hand_case_and_of_nan)
{
    g_autoptr(GError) error = NULL;
    double v[] = {2, 1, 1, 2}, w[2], bad[] = {1, NAN, NAN, 1};
    LacMatrix m = {.rows = 2, .cols = 2, .stride = 2, .v = v};

    ASSERT_TRUE(lac_eigen_symmetric(&m, w, &error));
    EXPECT_NEAR_DOUBLE(w[0], 1.0, 1e-15);
    EXPECT_NEAR_DOUBLE(w[1], 3.0, 1e-15);
    EXPECT_NEAR_DOUBLE(fabs(v[0]), sqrt(0.5), 1e-15);
    m.v = bad;
    EXPECT_FALSE(lac_eigen_symmetric(&m, w, &error));
    EXPECT_ERROR(error, LAC_ERROR_NUMERIC, "not finite");
}
