/* What every mask generator must keep to. */
#include "check-private.h"

#include <math.h>
#include <string.h>

/* Masks drawn to see whether a wanted rate is reached. */
#define RATE_DRAWS 40

static LacTableShape
base_shape(const LacCheck *check)
{
    return ((const LacMaskPlugin *)check->plugin)->images_only ? LAC_TABLE_PICTURES
                                                               : LAC_TABLE_TALL;
}

/* How to draw: @set is a parameter ("rate: 0.3") or NULL. */
typedef struct {
    const char *set;
    uint64_t seed;
    unsigned threads;
    gboolean allow_empty;
} How;

static LacMask *
draw(const LacCheck *check, const How *how, const LacData *truth, GError **error)
{
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(how->seed));
    g_autoptr(LacMask) out = lac_mask_new(truth->rows, truth->cols, NULL);
    LacMaskGenerator *generator = lac_check_instance(check->plugin, how->set, error);
    gboolean ok;

    if (generator == NULL)
        return NULL;
    lac_threads_set(how->threads);
    generator->instance.context = context;
    generator->rng = lac_rng_new(how->seed);
    generator->allow_empty = how->allow_empty;
    ok = lac_mask_generate(generator, truth, out, error);
    lac_instance_free(generator);
    return ok ? g_steal_pointer(&out) : NULL;
}

static gboolean
same_mask(const LacMask *a, const LacMask *b)
{
    return memcmp(a->bits, b->bits, a->rows * a->words * sizeof *a->bits) == 0;
}

/* Hidden cells were known; rows and columns that had something keep something. */
static void
judge_mask(LacCheck *check, const char *what, const LacData *truth, const LacMask *m,
           gboolean allow_empty)
{
    for (size_t i = 0; i < m->rows; i++) {
        const size_t holes = lac_mask_count_row(truth->holes, i);

        if (!allow_empty && holes < m->cols && holes + lac_mask_count_row(m, i) == m->cols)
            lac_check_fail(check, "%s: row %zu lost everything", what, i);
        for (size_t j = 0; j < m->cols; j++)
            if (lac_mask_get(m, i, j) && lac_data_is_hole(truth, i, j))
                lac_check_fail(check, "%s: cell (%zu, %zu) was not known before", what, i, j);
    }
    for (size_t j = 0; j < m->cols; j++) {
        const size_t holes = lac_mask_count_col(truth->holes, j);

        if (!allow_empty && holes < m->rows && holes + lac_mask_count_col(m, j) == m->rows)
            lac_check_fail(check, "%s: column %zu lost everything", what, j);
    }
}

static void
check_draw(LacCheck *check)
{
    for (int allow = 0; allow <= 1; allow++) {
        const How how = {NULL, 1, 1, allow};
        g_autoptr(GError) error = NULL;
        g_autoptr(LacData) truth = lac_check_table(base_shape(check), 1);
        g_autoptr(LacMask) m = draw(check, &how, truth, &error);
        const char *what = allow ? "with allow_empty" : "without allow_empty";

        if (m == NULL) {
            lac_check_fail(check, "%s: %s", what,
                           error != NULL ? error->message : "(no error set)");
            return;
        }
        judge_mask(check, what, truth, m, allow);
        if (lac_mask_count(m) == 0)
            lac_check_fail(check, "%s: its defaults hide nothing in %zu x %zu cells", what, m->rows,
                           m->cols);
    }
}

/* The raw draw: no bit behind the last column, the truth as it was. */
static void
check_raw(LacCheck *check)
{
    const LacMaskPlugin *plugin = (const LacMaskPlugin *)check->plugin;
    g_autoptr(GError) error = NULL;
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacData) truth =
        lac_check_table(plugin->images_only ? LAC_TABLE_PICTURES : LAC_TABLE_TWO_WORDS, 1);
    g_autoptr(LacMask) out = lac_mask_new(truth->rows, truth->cols, NULL);
    const uint64_t before = lac_data_fingerprint(truth);
    LacMaskGenerator *generator = lac_check_instance(check->plugin, NULL, &error);

    if (generator == NULL) {
        lac_check_fail(check, "%s", error->message);
        return;
    }
    generator->instance.context = context;
    generator->rng = lac_rng_new(1);
    if (!plugin->draw(generator, truth, out, &error))
        lac_check_refusal(check, lac_check_table_name(LAC_TABLE_TWO_WORDS), error);
    for (size_t i = 0; i < out->rows && out->cols % 64 != 0; i++)
        if (lac_mask_row(out, i)[out->words - 1] >> (out->cols % 64) != 0)
            lac_check_fail(check, "row %zu has bits behind its %zu columns", i, out->cols);
    if (lac_data_fingerprint(truth) != before)
        lac_check_fail(check, "it changed the table it was shown");
    lac_instance_free(generator);
}

static void
compare(LacCheck *check, const How *first, const How *second, const char *what)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) truth = lac_check_table(base_shape(check), 1);
    g_autoptr(LacMask) a = draw(check, first, truth, &error);
    g_autoptr(LacMask) b = a != NULL ? draw(check, second, truth, &error) : NULL;

    if (b == NULL)
        lac_check_fail(check, "%s: %s", what, error != NULL ? error->message : "(no error set)");
    else if (!same_mask(a, b))
        lac_check_fail(check, "%s: the masks differ", what);
}

static void
check_same_seed(LacCheck *check)
{
    const How how = {NULL, 1, 1, FALSE};

    compare(check, &how, &how, "two draws of seed 1");
}

static void
check_threads(LacCheck *check)
{
    const How one = {NULL, 1, 1, FALSE}, two = {NULL, 1, 2, FALSE};

    compare(check, &one, &two, "1 and 2 threads");
}

/* Mean and standard deviation of a share over the draws. */
typedef struct {
    double sum, squares;
} Shares;

static void
shares_add(Shares *s, double x)
{
    s->sum += x;
    s->squares += x * x;
}

/* Whether the mean of the draws is @wanted, within four of its standard errors and @slack. */
static gboolean
shares_reach(const Shares *s, double wanted, double slack)
{
    const double mean = s->sum / RATE_DRAWS;
    const double variance = fmax(s->squares / RATE_DRAWS - mean * mean, 0.0);

    return fabs(mean - wanted) <= 4.0 * sqrt(variance / (RATE_DRAWS - 1)) + slack;
}

/* What a rate may be a share of. */
typedef struct {
    Shares cells;    /* of all known cells */
    Shares affected; /* of the known cells in columns that lost any */
    Shares rows;     /* of the rows */
} Measured;

static void
measure(const LacData *truth, const LacMask *m, Measured *out)
{
    const size_t known = truth->rows * truth->cols - lac_mask_count(truth->holes);
    size_t incomplete = 0, affected = 0;

    for (size_t j = 0; j < m->cols; j++)
        if (lac_mask_count_col(m, j) > 0)
            affected += m->rows - lac_mask_count_col(truth->holes, j);

    for (size_t i = 0; i < m->rows; i++)
        incomplete += lac_mask_count_row(m, i) > 0;
    shares_add(&out->cells, (double)lac_mask_count(m) / (double)known);
    shares_add(&out->affected, (double)lac_mask_count(m) / (double)MAX(affected, 1));
    shares_add(&out->rows, (double)incomplete / (double)m->rows);
}

static const char *
rate_param(const LacPlugin *plugin)
{
    static const char *const names[] = {"rate", "level", "prop", "share"};

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const LacParam *param = lac_plugin_find_param(plugin, names[i]);

        if (param != NULL && param->type == LAC_PARAM_TYPE_DOUBLE && param->range.lower < 0.25 &&
            param->range.upper > 0.3)
            return names[i];
    }
    return NULL;
}

static void
check_rate(LacCheck *check)
{
    const char *name = rate_param(check->plugin);
    const double wanted = 0.25;
    g_autofree char *set = g_strdup_printf("%s: %g", name != NULL ? name : "", wanted);
    g_autoptr(LacData) truth = lac_check_table(base_shape(check), 1);
    /* lines and blocks come in whole numbers: a column of the image, or a cell's share of a row */
    const double slack = truth->image.channels > 0 ? 1.0 / 16.0 : 0.01;
    Measured got = {{0, 0}, {0, 0}, {0, 0}};

    if (name == NULL) {
        lac_check_note(check, "it has no rate to reach");
        return;
    }
    for (uint64_t seed = 1; seed <= RATE_DRAWS; seed++) {
        const How how = {set, seed, 1, TRUE};
        g_autoptr(GError) error = NULL;
        g_autoptr(LacMask) m = draw(check, &how, truth, &error);

        if (m == NULL) {
            if (g_error_matches(error, LAC_ERROR, LAC_ERROR_PARAM))
                lac_check_note(check, "refuses %s: %s", set, error->message);
            else
                lac_check_fail(check, "%s: %s", set,
                               error != NULL ? error->message : "(no error set)");
            return;
        }
        measure(truth, m, &got);
    }
    if (!shares_reach(&got.cells, wanted, slack) && !shares_reach(&got.affected, wanted, slack) &&
        !shares_reach(&got.rows, wanted, slack))
        lac_check_fail(check,
                       "%s: over %d draws it hid %.4f of the known cells, %.4f of those in "
                       "columns that lost any, in %.4f of the rows; none is what was asked for",
                       set, RATE_DRAWS, got.cells.sum / RATE_DRAWS, got.affected.sum / RATE_DRAWS,
                       got.rows.sum / RATE_DRAWS);
}

static void
check_odd(LacCheck *check)
{
    const How how = {NULL, 1, 1, FALSE};
    const char *what = lac_check_table_name(check->shape);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) truth = lac_check_table(check->shape, 1);
    g_autoptr(LacMask) m = draw(check, &how, truth, &error);

    if (m != NULL)
        judge_mask(check, what, truth, m, FALSE);
    else
        lac_check_refusal(check, what, error);
}

const LacCheckCase lac_check_mask_cases[] = {
    {"takes its defaults and gives them back", lac_check_params_round_trip, 0},
    {"refuses bad parameters by name", lac_check_params_refused, 0},
    {"hides only known cells and honours allow_empty", check_draw, 0},
    {"writes inside the mask and leaves the truth alone", check_raw, 0},
    {"draws the same mask for the same seed", check_same_seed, 0},
    {"draws the same mask on 1 and 2 threads", check_threads, 0},
    {"reaches the rate it is asked for", check_rate, 0},
    LAC_CHECK_ODD_TABLES(check_odd),
    {NULL, NULL, 0},
};
