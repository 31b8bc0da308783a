#include "context-private.h"
#include "lac_test.h"
#include <lacuna/donors.h>
#include <lacuna/parallel.h>

#include <stdlib.h>

/* The first table and its distances: scikit-learn 1.2.1, nan_euclidean_distances(X); its
 * neighbours follow from them by hand. Larger tables are compared with the plain double loop
 * below, which shares nothing with the search but the definition. */

#define HOLE NAN

static LacData *
table(size_t rows, size_t cols, const double *values)
{
    return lac_data_new_take(lac_schema_new(cols), rows,
                             g_memdup2(values, rows * cols * sizeof *values), "test", NULL);
}

/* Found: what a search said, [rows][cols][k], row G_MAXSIZE where there was no further donor. */
typedef struct {
    size_t cols, k;
    LacNeighbour *nearest;
} Found;

static void
found_visit(size_t row, size_t column, size_t n, const LacNeighbour *nearest, void *user)
{
    const Found *found = user;
    LacNeighbour *to = found->nearest + (row * found->cols + column) * found->k;

    for (size_t i = 0; i < found->k; i++)
        to[i] = i < n ? nearest[i] : (LacNeighbour){G_MAXSIZE, NAN};
}

static LacNeighbour *
search(LacDistance distance, const LacData *train, const LacData *in, size_t k)
{
    g_autoptr(LacDonors) donors = lac_donors_new(distance, train, NULL);
    Found found = {in->cols, k, g_new0(LacNeighbour, in->rows * in->cols * k)};

    g_assert_true(lac_donors_search(donors, in, k, found_visit, &found, NULL, NULL));
    return found.nearest;
}

static double
plain_range(const LacData *train, size_t j)
{
    const LacColumn *column = lac_data_column(train, j);
    double low = INFINITY, high = -INFINITY;

    if (column->n_levels > 0)
        return (double)column->n_levels - 1.0;
    for (size_t i = 0; i < train->rows; i++) {
        low = fmin(low, lac_data_at(train, i, j)); /* fmin and fmax pass NaN over */
        high = fmax(high, lac_data_at(train, i, j));
    }
    return high > low ? high - low : 1.0;
}

/* The definition, column by column. */
static double
plain_distance(LacDistance distance, const LacData *train, const double *ranges, const double *x,
               const double *y)
{
    double sum = 0.0;
    size_t common = 0;

    for (size_t j = 0; j < train->cols; j++) {
        const LacKind kind = lac_data_column(train, j)->kind;

        if (isnan(x[j]) || isnan(y[j]))
            continue;
        common++;
        if (distance == LAC_DISTANCE_NAN_EUCLIDEAN)
            sum += (x[j] - y[j]) * (x[j] - y[j]);
        else if (kind == LAC_KIND_NOMINAL || kind == LAC_KIND_BINARY)
            sum += x[j] != y[j];
        else
            sum += fmin(fabs(x[j] - y[j]) / ranges[j], 1.0);
    }
    if (common == 0)
        return NAN;
    return distance == LAC_DISTANCE_GOWER ? sum / (double)common
                                          : sqrt(sum * (double)train->cols / (double)common);
}

static int
compare_neighbours(gconstpointer a, gconstpointer b)
{
    const LacNeighbour *x = a, *y = b;

    /* distances are square roots of sums here: leave rounding aside as the header says */
    if (fabs(x->distance - y->distance) > 1e-10 * (x->distance + y->distance))
        return x->distance < y->distance ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Returns: the number of holes of @in whose donors differ from those of the double loop. */
static size_t
count_wrong(LacDistance distance, const LacData *train, const LacData *in, size_t k)
{
    g_autofree LacNeighbour *nearest = search(distance, train, in, k);
    g_autofree LacNeighbour *all = g_new0(LacNeighbour, train->rows);
    g_autofree double *ranges = g_new(double, train->cols);
    size_t wrong = 0;

    for (size_t j = 0; j < train->cols; j++)
        ranges[j] = plain_range(train, j);
    for (size_t i = 0; i < in->rows; i++) {
        for (size_t j = 0; j < in->cols; j++) {
            const LacNeighbour *got = nearest + (i * in->cols + j) * k;
            gboolean same = TRUE;
            size_t n = 0;

            if (!lac_data_is_hole(in, i, j))
                continue;
            for (size_t d = 0; d < train->rows; d++) {
                const double far = plain_distance(distance, train, ranges, lac_data_row(in, i),
                                                  lac_data_row(train, d));
                if (!lac_data_is_hole(train, d, j) && !isnan(far))
                    all[n++] = (LacNeighbour){d, far};
            }
            qsort(all, n, sizeof *all, compare_neighbours);
            for (size_t q = 0; q < k; q++) {
                if (q < n)
                    same &= got[q].row == all[q].row &&
                            fabs(got[q].distance - all[q].distance) <= 1e-12 * all[q].distance;
                else
                    same &= got[q].row == G_MAXSIZE;
            }
            wrong += !same;
        }
    }
    return wrong;
}

/* Numbers 0 .. levels-1 (many ties), or normals when @levels is 0; each cell a hole at @rate. */
static double *
make_values(uint64_t seed, size_t rows, size_t cols, unsigned levels, double rate)
{
    LacRng rng = lac_rng_new(seed);
    double *v = g_new(double, rows *cols);

    for (size_t i = 0; i < rows * cols; i++) {
        v[i] = levels > 0 ? (double)lac_rng_below(&rng, levels) : lac_rng_normal(&rng);
        if (lac_rng_uniform(&rng) < rate)
            v[i] = HOLE;
    }
    return v;
}

static LacData *
make_table(uint64_t seed, size_t rows, size_t cols, unsigned levels, double rate)
{
    return lac_data_new_take(lac_schema_new(cols), rows,
                             make_values(seed, rows, cols, levels, rate), "test", NULL);
}

static const double golden[] = {1, 2, HOLE, 3, 4,    3, HOLE, 6,    5,
                                8, 8, 7,    2, HOLE, 1, HOLE, HOLE, 9};

LAC_TEST(data_donors, distances_are_those_of_scikit_learn)
{
    g_autoptr(LacData) t = table(6, 3, golden);
    g_autoptr(LacDonors) d = lac_donors_new(LAC_DISTANCE_NAN_EUCLIDEAN, t, NULL);
    const double *first = lac_data_row(t, 0), *second = lac_data_row(t, 1);

    EXPECT_NEAR_DOUBLE(lac_donors_distance(d, first, 1), 3.4641016151377544, 1e-14);
    EXPECT_NEAR_DOUBLE(lac_donors_distance(d, first, 3), 11.291589790636214, 1e-14);
    EXPECT_NEAR_DOUBLE(lac_donors_distance(d, first, 4), 1.7320508075688772, 1e-14);
    EXPECT_NEAR_DOUBLE(lac_donors_distance(d, second, 3), 7.54983443527075, 1e-14);
    EXPECT_NEAR_DOUBLE(lac_donors_distance(d, second, 4), 2.7386127875258306, 1e-14);
    EXPECT_TRUE(isnan(lac_donors_distance(d, first, 5)));
}

LAC_TEST(data_donors, donors_come_by_distance_and_ties_by_row)
{
    g_autoptr(LacData) t = table(6, 3, golden);
    g_autofree LacNeighbour *nearest = search(LAC_DISTANCE_NAN_EUCLIDEAN, t, t, 4);
    const LacNeighbour *hole = nearest + (2 * 3 + 0) * 4; /* (3,1): two pairs of ties */
    const LacNeighbour *lonely = nearest + (5 * 3 + 1) * 4;

    EXPECT_EQ_INT(hole[0].row, 1);
    EXPECT_EQ_INT(hole[1].row, 3);
    EXPECT_EQ_INT(hole[2].row, 0);
    EXPECT_EQ_INT(hole[3].row, 4);
    EXPECT_NEAR_DOUBLE(hole[0].distance, 3.4641016151377544, 1e-14);
    EXPECT_NEAR_DOUBLE(hole[3].distance, 6.928203230275509, 1e-14);
    /* row 1 has nothing in common with row 6, row 5 no value */
    EXPECT_EQ_INT(lonely[0].row, 3);
    EXPECT_EQ_INT(lonely[1].row, 2);
    EXPECT_EQ_INT(lonely[2].row, 1);
    EXPECT_EQ_INT(lonely[3].row, G_MAXSIZE);
}

LAC_TEST(data_donors, agrees_with_the_double_loop_around_panel_and_block_sizes)
{
    const size_t sizes[] = {1, 2, 63, 64, 65, 127, 129};

    for (size_t s = 0; s < G_N_ELEMENTS(sizes); s++) {
        g_autoptr(LacData) ties = make_table(s, sizes[s], 5, 3, 0.3);
        g_autoptr(LacData) normal = make_table(s + 50, sizes[s], 5, 0, 0.3);

        EXPECT_EQ_INT(count_wrong(LAC_DISTANCE_NAN_EUCLIDEAN, ties, ties, 3), 0);
        EXPECT_EQ_INT(count_wrong(LAC_DISTANCE_NAN_EUCLIDEAN, normal, normal, 3), 0);
        EXPECT_EQ_INT(count_wrong(LAC_DISTANCE_GOWER, normal, normal, 3), 0);
    }
}

LAC_TEST(data_donors, agrees_with_the_double_loop_around_chunk_and_word_sizes)
{
    const size_t cols[] = {1, 31, 32, 33, 63, 64, 65, 130};

    for (size_t c = 0; c < G_N_ELEMENTS(cols); c++) {
        g_autoptr(LacData) train = make_table(c, 90, cols[c], 0, 0.4);
        g_autoptr(LacData) in = make_table(c + 90, 7, cols[c], 0, 0.4);

        EXPECT_EQ_INT(count_wrong(LAC_DISTANCE_NAN_EUCLIDEAN, train, in, 5), 0);
        EXPECT_EQ_INT(count_wrong(LAC_DISTANCE_GOWER, train, in, 5), 0);
    }
}

LAC_TEST(data_donors, agrees_with_the_double_loop_when_most_cells_are_holes)
{
    g_autoptr(LacData) sparse = make_table(7, 200, 12, 4, 0.9);
    g_autoptr(LacData) wide = make_table(8, 200, 80, 4, 0.97);

    EXPECT_EQ_INT(count_wrong(LAC_DISTANCE_NAN_EUCLIDEAN, sparse, sparse, 5), 0);
    EXPECT_EQ_INT(count_wrong(LAC_DISTANCE_NAN_EUCLIDEAN, wide, wide, 2), 0);
}

LAC_TEST(data_donors, agrees_with_the_double_loop_when_k_exceeds_the_donors)
{
    g_autoptr(LacData) t = make_table(9, 70, 4, 0, 0.3);

    EXPECT_EQ_INT(count_wrong(LAC_DISTANCE_NAN_EUCLIDEAN, t, t, 100), 0);
}

LAC_TEST(data_donors, gower_agrees_with_the_double_loop_on_mixed_kinds)
{
    g_autoptr(LacSchema) schema = lac_schema_new(4);
    g_autofree double *v = make_values(10, 150, 4, 4, 0.25);

    lac_schema_set_levels(schema, 1, LAC_KIND_NOMINAL, 4,
                          (const char *const[]){"a", "b", "c", "d"});
    lac_schema_set_levels(schema, 2, LAC_KIND_ORDINAL, 4,
                          (const char *const[]){"1", "2", "3", "4"});
    for (size_t i = 0; i < 150; i++)
        v[i * 4] *= 0.37 + (double)i; /* numeric, no ties */
    g_autoptr(LacData) t =
        lac_data_new_take(g_steal_pointer(&schema), 150, g_steal_pointer(&v), "test", NULL);
    EXPECT_EQ_INT(count_wrong(LAC_DISTANCE_GOWER, t, t, 6), 0);
}

/* VIM 6.2.2, gowerD(d, numerical = "n", factors = "f", orders = "o", levOrders = 3), the pairs
 * without holes; the last by hand: (|1 - 10| / 9 + 0) / 2 with the hole left out. */
LAC_TEST(data_donors, gower_distances_are_those_of_vim)
{
    const double v[] = {1, 0, 0, 2, 1, 1, 4, 0, 2, 7, 2, 1, HOLE, 1, HOLE, 10, HOLE, 0};
    LacSchema *schema = lac_schema_new(3);

    lac_schema_set_levels(schema, 1, LAC_KIND_NOMINAL, 3, (const char *const[]){"r", "g", "b"});
    lac_schema_set_levels(schema, 2, LAC_KIND_ORDINAL, 3, (const char *const[]){"lo", "mid", "hi"});
    g_autoptr(LacData) t = lac_data_new_take(schema, 6, g_memdup2(v, sizeof v), "test", NULL);
    g_autoptr(LacDonors) d = lac_donors_new(LAC_DISTANCE_GOWER, t, NULL);

    EXPECT_NEAR_DOUBLE(lac_donors_distance(d, v, 1), 0.537037037037, 1e-12);
    /* VIM's 0.4444 has |lo - hi| = 1 and 3/9 of the range */
    EXPECT_NEAR_DOUBLE(lac_donors_distance(d, v, 2), 0.444444444444, 1e-12);
    EXPECT_NEAR_DOUBLE(lac_donors_distance(d, v, 3), 0.722222222222, 1e-12);
    EXPECT_NEAR_DOUBLE(lac_donors_distance(d, v, 5), 0.5, 1e-12);
}

/* Powers of two are exact, so huge and tiny units must find the very same donors. */
LAC_TEST(data_donors, units_near_the_ends_of_double_precision_change_nothing)
{
    const int exponents[] = {1000, 300, -300, -1000};
    g_autofree double *v = make_values(11, 130, 6, 0, 0.3);
    g_autoptr(LacData) t = table(130, 6, v);
    g_autofree LacNeighbour *expected = search(LAC_DISTANCE_NAN_EUCLIDEAN, t, t, 4);

    for (size_t e = 0; e < G_N_ELEMENTS(exponents); e++) {
        g_autofree double *scaled = g_new(double, (size_t)130 * 6);
        size_t wrong = 0;

        for (size_t i = 0; i < (size_t)130 * 6; i++)
            scaled[i] = ldexp(v[i], exponents[e]);
        g_autoptr(LacData) u = table(130, 6, scaled);
        g_autofree LacNeighbour *got = search(LAC_DISTANCE_NAN_EUCLIDEAN, u, u, 4);
        for (size_t i = 0; i < (size_t)130 * 6 * 4; i++)
            wrong += got[i].row != expected[i].row;
        EXPECT_EQ_INT(wrong, 0);
    }
}

LAC_TEST(data_donors, outliers_do_not_blind_the_single_precision_scan)
{
    g_autofree double *v = make_values(12, 200, 5, 0, 0.2);
    g_autofree double *far = make_values(13, 5, 5, 0, 0.4);

    v[0] = 1e14;
    v[5 * 130 + 3] = -3e9;
    v[5 * 50 + 1] = 1e-12;
    far[0] = 1e18; /* beyond all training values */
    far[1] = HOLE;
    far[6] = -1e5;
    g_autoptr(LacData) t = table(200, 5, v);
    g_autoptr(LacData) in = table(5, 5, far);
    EXPECT_EQ_INT(count_wrong(LAC_DISTANCE_NAN_EUCLIDEAN, t, t, 3), 0);
    EXPECT_EQ_INT(count_wrong(LAC_DISTANCE_NAN_EUCLIDEAN, t, in, 3), 0);
    EXPECT_EQ_INT(count_wrong(LAC_DISTANCE_GOWER, t, in, 3), 0);
}

LAC_TEST(data_donors, a_column_offset_of_a_million_is_no_trouble)
{
    g_autofree double *v = make_values(14, 150, 4, 0, 0.2);

    for (size_t i = 0; i < (size_t)150 * 4; i++)
        v[i] = v[i] + 1e6;
    g_autoptr(LacData) t = table(150, 4, v);
    EXPECT_EQ_INT(count_wrong(LAC_DISTANCE_NAN_EUCLIDEAN, t, t, 3), 0);
}

/* Sevenths are not exact, so sums in another order round differently; ties must not mind. */
LAC_TEST(data_donors, column_order_does_not_matter_even_where_distances_tie)
{
    enum { ROWS = 150, COLS = 9 };
    g_autofree double *v = make_values(15, ROWS, COLS, 4, 0.2);
    g_autofree double *w = g_new(double, (size_t)ROWS *COLS);
    size_t wrong = 0;

    for (size_t i = 0; i < (size_t)ROWS * COLS; i++) {
        v[i] /= 7.0;
        w[i / COLS * COLS + (i % COLS * 2 + 3) % COLS] = v[i]; /* 2 and 9 are coprime */
    }
    g_autoptr(LacData) t = table(ROWS, COLS, v);
    g_autoptr(LacData) u = table(ROWS, COLS, w);
    g_autofree LacNeighbour *a = search(LAC_DISTANCE_NAN_EUCLIDEAN, t, t, 5);
    g_autofree LacNeighbour *b = search(LAC_DISTANCE_NAN_EUCLIDEAN, u, u, 5);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < COLS; j++) {
            for (size_t q = 0; q < 5; q++)
                wrong +=
                    a[(i * COLS + j) * 5 + q].row != b[(i * COLS + (j * 2 + 3) % COLS) * 5 + q].row;
        }
    }
    EXPECT_EQ_INT(wrong, 0);
}

LAC_TEST(data_donors, the_number_of_threads_does_not_matter)
{
    const unsigned before = lac_threads();
    g_autoptr(LacData) t = make_table(16, 300, 7, 5, 0.3);
    const size_t bytes = t->rows * t->cols * 4 * sizeof(LacNeighbour);

    lac_threads_set(1);
    g_autofree LacNeighbour *one = search(LAC_DISTANCE_NAN_EUCLIDEAN, t, t, 4);
    lac_threads_set(3);
    g_autofree LacNeighbour *three = search(LAC_DISTANCE_NAN_EUCLIDEAN, t, t, 4);
    lac_threads_set(before);
    EXPECT_TRUE(memcmp(one, three, bytes) == 0);
}

LAC_TEST(data_donors, a_row_without_observed_cells_has_no_donors)
{
    const double v[] = {1, 2, 3, 4, HOLE, HOLE};
    g_autoptr(LacData) t = table(3, 2, v);
    g_autofree LacNeighbour *nearest = search(LAC_DISTANCE_NAN_EUCLIDEAN, t, t, 1);

    EXPECT_EQ_INT(nearest[4].row, G_MAXSIZE);
    EXPECT_EQ_INT(nearest[5].row, G_MAXSIZE);
}

LAC_TEST(data_donors, cancellation_stops_the_search)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) t = make_table(17, 40, 4, 0, 0.3);
    g_autoptr(LacDonors) donors = lac_donors_new(LAC_DISTANCE_NAN_EUCLIDEAN, t, NULL);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autofree LacNeighbour *nearest = g_new0(LacNeighbour, (size_t)40 * 4);
    Found found = {4, 1, nearest};

    lac_context_cancel(context);
    EXPECT_FALSE(lac_donors_search(donors, t, 1, found_visit, &found, context, &error));
    EXPECT_ERROR(error, LAC_ERROR_CANCELLED, "");
}
