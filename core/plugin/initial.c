/* What initial imputers that work column by column share: the loop over columns and holes. */
#include <lacuna/initial.h>
#include <lacuna/parallel.h>
#include <lacuna/stats.h>

#include <math.h>

/** InitialPass: one fill. Either @value or @draw is set. @scratch: [lac_threads()][train->rows] */
typedef struct {
    const LacInitial *initial;
    const LacData *train, *in;
    LacInitialValue value;
    LacInitialDraw draw;
    LacMatrix *out;
    double *scratch;
} InitialPass;

static LacSeen
initial_see(const InitialPass *pass, size_t j, double *scratch)
{
    LacSeen seen = {.column = lac_data_column(pass->train, j),
                    .n = lac_data_copy_seen(pass->train, j, scratch),
                    .values = scratch,
                    .lower = INFINITY,
                    .upper = -INFINITY};

    for (size_t i = 0; i < seen.n; i++) {
        seen.lower = MIN(seen.lower, scratch[i]);
        seen.upper = MAX(seen.upper, scratch[i]);
    }
    return seen;
}

static void
initial_fill_column(const InitialPass *pass, size_t j, double *scratch)
{
    const LacSeen seen = initial_see(pass, j, scratch);
    const LacRng column = lac_rng_at(&pass->initial->rng, j);
    double fill = 0.0;

    if (seen.n == 0)
        lac_context_event(pass->initial->instance.context, "empty-column", (gssize)j,
                          "no observed value in %zu training rows: holes start from 0",
                          pass->train->rows);
    else if (pass->value != NULL)
        fill = pass->value(pass->initial, &seen);
    for (size_t i = 0; i < pass->in->rows; i++) {
        if (!lac_data_is_hole(pass->in, i, j))
            continue;
        if (seen.n > 0 && pass->draw != NULL) {
            LacRng cell = lac_rng_at(&column, i);
            fill = pass->draw(pass->initial, &seen, &cell);
        }
        lac_matrix_row(pass->out, i)[j] = fill;
    }
}

static void
initial_body(size_t begin, size_t end, unsigned worker, void *user)
{
    const InitialPass *pass = user;

    for (size_t j = begin; j < end; j++)
        initial_fill_column(pass, j, pass->scratch + worker * pass->train->rows);
}

static gboolean
initial_run(InitialPass *pass, GError **error)
{
    g_autofree double *scratch =
        lac_try_alloc(lac_threads() * pass->train->rows, sizeof *scratch, "initial fill", error);

    if (scratch == NULL)
        return FALSE;
    pass->scratch = scratch;
    lac_data_copy_values(pass->in, pass->out);
    lac_parallel_for(pass->in->cols, 4, initial_body, pass);
    return TRUE;
}

gboolean
lac_initial_fill_columns(const LacInitial *initial, const LacData *train, const LacData *in,
                         LacInitialValue value, LacMatrix *out, GError **error)
{
    InitialPass pass = {initial, train, in, value, NULL, out, NULL};

    return initial_run(&pass, error);
}

gboolean
lac_initial_draw_columns(const LacInitial *initial, const LacData *train, const LacData *in,
                         LacInitialDraw draw, LacMatrix *out, GError **error)
{
    InitialPass pass = {initial, train, in, NULL, draw, out, NULL};

    return initial_run(&pass, error);
}

double
lac_initial_mode(const LacSeen *seen)
{
    double mode = seen->values[0];
    size_t most = 0;

    lac_stats_sort(seen->n, seen->values);
    for (size_t i = 0, end; i < seen->n; i = end) {
        for (end = i + 1; end < seen->n && seen->values[end] == seen->values[i];)
            end++;
        if (end - i > most) {
            most = end - i;
            mode = seen->values[i];
        }
    }
    return mode;
}

double
lac_initial_median(const LacSeen *seen)
{
    if (lac_kind_is_numeric(seen->column->kind))
        return lac_stats_trimmed_mean(seen->n, seen->values, 0.5);
    if (seen->column->kind != LAC_KIND_ORDINAL)
        return lac_initial_mode(seen);
    lac_stats_sort(seen->n, seen->values);
    return seen->values[(seen->n - 1) / 2];
}
