/* Tables that are easy, and tables that are not. */
#include "check-private.h"

#include <math.h>

typedef struct {
    LacTableShape shape;
    const char *name;
    size_t rows, cols;
    double rate;
} Recipe;

static const Recipe recipes[] = {
    {LAC_TABLE_PLAIN, "a plain table", 60, 6, 0.2},
    {LAC_TABLE_IMAGES, "images", 40, 64, 0.2},
    {LAC_TABLE_MIXED, "columns of all kinds", 60, 6, 0.2},
    {LAC_TABLE_COMPLETE, "a table without holes", 60, 6, 0.0},
    {LAC_TABLE_CONSTANT, "a constant column", 60, 6, 0.2},
    {LAC_TABLE_DUPLICATED, "a duplicated column", 60, 6, 0.2},
    {LAC_TABLE_EMPTY_COLUMN, "a column with nothing seen", 60, 6, 0.2},
    {LAC_TABLE_EMPTY_ROW, "a row with nothing seen", 60, 6, 0.2},
    {LAC_TABLE_ONE_ROW, "one row", 1, 6, 0.2},
    {LAC_TABLE_ONE_COLUMN, "one column", 60, 1, 0.2},
    {LAC_TABLE_WIDE, "more columns than rows", 8, 40, 0.2},
    {LAC_TABLE_SPARSE, "90 % holes", 120, 6, 0.9},
    {LAC_TABLE_SCALES, "columns of very different scales", 60, 6, 0.2},
    {LAC_TABLE_LARGE, "2000 rows", 2000, 20, 0.2},
    {LAC_TABLE_TALL, "400 rows", 400, 12, 0.1},
    {LAC_TABLE_PICTURES, "images of 16 x 16", 60, 256, 0.0},
    {LAC_TABLE_TWO_WORDS, "70 columns", 40, 70, 0.1},
};

const char *
lac_check_table_name(LacTableShape shape)
{
    g_assert(recipes[shape].shape == shape);
    return recipes[shape].name;
}

/* Equicorrelated normals around a common factor; seeds other than 1 are new rows. */
static double *
draw_values(const Recipe *recipe, uint64_t seed)
{
    const LacRng root = lac_rng_new(seed);
    const LacRng rows = lac_rng_split(&root, "check rows");
    double *v = g_new(double, recipe->rows * recipe->cols);

    for (size_t i = 0; i < recipe->rows; i++) {
        LacRng row = lac_rng_at(&rows, i);
        const double common = lac_rng_normal(&row);

        for (size_t j = 0; j < recipe->cols; j++)
            v[i * recipe->cols + j] = 0.1 * (double)j + 0.8 * common + 0.6 * lac_rng_normal(&row);
    }
    return v;
}

/* Numbers to codes: whole numbers, and level codes by cutting at fixed points. */
static void
set_kinds(const Recipe *recipe, double *v)
{
    for (size_t i = 0; i < recipe->rows; i++) {
        double *row = v + i * recipe->cols;

        row[2] = round(3.0 * row[2]);
        row[3] = row[3] > 0.0 ? 1.0 : 0.0;
        row[4] = row[4] > 0.7 ? 2.0 : row[4] > -0.2 ? 1.0 : 0.0;
        row[5] = row[5] > 1.0 ? 3.0 : row[5] > 0.3 ? 2.0 : row[5] > -0.4 ? 1.0 : 0.0;
    }
    /* each level is seen, whatever the seed drew */
    for (size_t i = 0; i < 4; i++) {
        v[i * recipe->cols + 3] = (double)(i % 2);
        v[i * recipe->cols + 4] = (double)(i % 3);
        v[i * recipe->cols + 5] = (double)i;
    }
}

static gboolean
is_images(const Recipe *recipe)
{
    return recipe->shape == LAC_TABLE_IMAGES || recipe->shape == LAC_TABLE_PICTURES;
}

static void
set_values(const Recipe *recipe, double *v)
{
    if (recipe->shape == LAC_TABLE_MIXED)
        set_kinds(recipe, v);
    for (size_t i = 0; i < recipe->rows; i++) {
        double *row = v + i * recipe->cols;

        if (recipe->shape == LAC_TABLE_CONSTANT)
            row[2] = 4.25;
        if (recipe->shape == LAC_TABLE_DUPLICATED)
            row[3] = row[1];
        for (size_t j = 0; j < recipe->cols && recipe->shape == LAC_TABLE_SCALES; j++)
            row[j] *= pow(10.0, 3.6 * (double)j - 9.0);
        /* grey values */
        for (size_t j = 0; j < recipe->cols && is_images(recipe); j++)
            row[j] = 1.0 / (1.0 + exp(-row[j]));
    }
}

/* Independent holes; the first four rows and each row's cell (i mod cols) stay, so that ordinary
 * tables have no empty row or column. */
static void
set_holes(const Recipe *recipe, uint64_t seed, double *v)
{
    const LacRng root = lac_rng_new(seed);
    const LacRng rows = lac_rng_split(&root, "check holes");
    const size_t p = recipe->cols;

    for (size_t i = 0; i < recipe->rows; i++) {
        LacRng row = lac_rng_at(&rows, i);

        for (size_t j = 0; j < p; j++) {
            const gboolean keep = i < 4 || (p > 1 && j == i % p);

            if (lac_rng_uniform(&row) < recipe->rate && !keep)
                v[i * p + j] = NAN;
            if ((recipe->shape == LAC_TABLE_EMPTY_COLUMN && j == 4) ||
                (recipe->shape == LAC_TABLE_EMPTY_ROW && i == 7))
                v[i * p + j] = NAN;
        }
    }
    if (recipe->rows == 1)
        v[3] = NAN;
}

static LacSchema *
make_schema(const Recipe *recipe)
{
    static const char *const two[] = {"no", "yes", NULL};
    static const char *const three[] = {"red", "green", "blue", NULL};
    static const char *const four[] = {"low", "middle", "high", "top", NULL};
    LacSchema *schema = lac_schema_new(recipe->cols);

    if (recipe->shape == LAC_TABLE_MIXED) {
        schema->columns[2].kind = LAC_KIND_INTEGER;
        lac_schema_set_levels(schema, 3, LAC_KIND_BINARY, 2, two);
        lac_schema_set_levels(schema, 4, LAC_KIND_NOMINAL, 3, three);
        lac_schema_set_levels(schema, 5, LAC_KIND_ORDINAL, 4, four);
    }
    return schema;
}

static LacData *
make_table(const Recipe *recipe, double *values)
{
    g_autoptr(GError) error = NULL;
    LacData *data =
        lac_data_new_take(make_schema(recipe), recipe->rows, values, recipe->name, &error);

    g_assert_no_error(error);
    if (is_images(recipe)) {
        const size_t side = recipe->cols == 64 ? 8 : 16;

        lac_data_set_image(data, (LacImageShape){1, side, side});
    }
    return data;
}

LacData *
lac_check_table(LacTableShape shape, uint64_t seed)
{
    const Recipe *recipe = &recipes[shape];
    double *values = draw_values(recipe, seed);

    set_values(recipe, values);
    set_holes(recipe, seed, values);
    return make_table(recipe, values);
}

LacData *
lac_check_truth(LacTableShape shape, uint64_t seed)
{
    const Recipe *recipe = &recipes[shape];
    double *values = draw_values(recipe, seed);

    set_values(recipe, values);
    return make_table(recipe, values);
}
