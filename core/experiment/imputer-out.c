/* The way out of a model: its output checked cell by cell, decoded, turned back to the table's own
 * units, and every observed cell restored. */
#include "imputer-struct.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

enum {
    CHECK_ROWS = 1024, /* rows a thread checks at a time */
};

/* What the threads share while they check; the first offending cell in reading order wins, so the
 * message does not depend on their number. */
typedef struct {
    const LacImputer *imputer;
    const LacData *in;
    const LacMatrix *out;
    gint64 *bad; /* [blocks]: first bad cell of each block, or -1 */
} OutputCheck;

static gboolean
cell_is_good(const LacData *in, size_t i, size_t j, double value)
{
    if (lac_data_is_hole(in, i, j))
        return isfinite(value);
    return memcmp(&value, &lac_data_row(in, i)[j], sizeof value) == 0;
}

static void
check_block(size_t begin, size_t end, unsigned worker, void *user)
{
    OutputCheck *check = user;

    for (size_t block = begin; block < end; block++) {
        const size_t last = MIN(check->in->rows, (block + 1) * CHECK_ROWS);

        check->bad[block] = -1;
        for (size_t i = block * CHECK_ROWS; i < last && check->bad[block] < 0; i++)
            for (size_t j = 0; j < check->in->cols; j++)
                if (!cell_is_good(check->in, i, j, lac_matrix_row(check->out, i)[j])) {
                    check->bad[block] = (gint64)(i * check->in->cols + j);
                    break;
                }
    }
}

static gboolean
fail_bad_cell(const OutputCheck *check, size_t cell, GError **error)
{
    const LacData *in = check->in;
    const size_t i = cell / in->cols, j = cell % in->cols;
    const double value = lac_matrix_row(check->out, i)[j];

    if (!lac_data_is_hole(in, i, j))
        return lac_fail(error, LAC_ERROR_NUMERIC,
                        "%s: changed the observed cell in row %zu, column '%s' from %.17g to %.17g",
                        lac_imputer_model_name(check->imputer), i + 1, lac_data_name(in, j),
                        lac_data_row(in, i)[j], value);
    return lac_fail(
        error, LAC_ERROR_NUMERIC,
        "%s: filled the hole in row %zu, column '%s' with %g, which is not finite; scale the "
        "columns (minmax or standard) or use another model",
        lac_imputer_model_name(check->imputer), i + 1, lac_data_name(in, j), value);
}

/* The model's own output, in the model's own columns: observed cells bit for bit, holes finite. */
static gboolean
check_output(LacImputer *imputer, const LacData *in, const LacMatrix *out, GError **error)
{
    const size_t blocks = (in->rows + CHECK_ROWS - 1) / CHECK_ROWS;
    g_autofree gint64 *bad = g_new(gint64, blocks + 1);
    OutputCheck check = {imputer, in, out, bad};

    lac_parallel_for(blocks, 1, check_block, &check);
    for (size_t block = 0; block < blocks; block++)
        if (bad[block] >= 0) {
            const size_t cell = (size_t)bad[block];

            imputer->not_finite = lac_data_is_hole(in, cell / in->cols, cell % in->cols);
            return fail_bad_cell(&check, cell, error);
        }
    return TRUE;
}

/* @value of a hole of @column as it may stand in a table; counts what had to be capped. Columns
 * that somebody set limits to are looked at later. */
static double
settle(const LacImputer *imputer, const LacColumn *column, gboolean limited, double value,
       size_t *capped)
{
    if (!lac_kind_is_numeric(column->kind))
        return CLAMP(rint(value), 0.0, (double)column->n_levels - 1.0);
    if (!imputer->rounds)
        return value;
    if (!limited && (value < column->lower || value > column->upper)) {
        value = CLAMP(value, column->lower, column->upper);
        ++*capped;
    }
    return column->kind == LAC_KIND_INTEGER ? rint(value) : value;
}

static gboolean
settle_row(LacImputer *imputer, const LacData *in, size_t i, double *row, size_t *capped,
           GError **error)
{
    const double *source = lac_data_row(in, i);

    for (size_t j = 0; j < in->cols; j++) {
        if (!lac_data_is_hole(in, i, j)) {
            row[j] = source[j];
            continue;
        }
        if (lac_imputer_is_derived(imputer, j))
            continue;
        row[j] =
            settle(imputer, lac_data_column(in, j), lac_data_is_limited(in, j), row[j], &capped[j]);
        imputer->not_finite = !isfinite(row[j]);
        if (imputer->not_finite)
            return lac_fail(error, LAC_ERROR_NUMERIC,
                            "%s: row %zu, column '%s' overflowed when it was turned back to the "
                            "table's own units; use `scale: standard`",
                            lac_imputer_model_name(imputer), i + 1, lac_data_name(in, j));
    }
    return TRUE;
}

static void
report_capped(LacImputer *imputer, const LacData *in, const size_t *capped)
{
    for (size_t j = 0; j < in->cols; j++) {
        const LacColumn *column = lac_data_column(in, j);

        if (capped[j] > 0)
            lac_context_event(
                imputer->context, "capped", lac_imputer_event_column(imputer, in, j),
                "%zu imputed value%s of '%s' fell outside its bounds [%g, %g] and got the nearer "
                "bound",
                capped[j], capped[j] == 1 ? "" : "s", column->name, column->lower, column->upper);
    }
}

void
lac_imputer_undo(const LacImputer *imputer, const LacMatrix *modelled, LacMatrix *out)
{
    if (imputer->encoder != NULL)
        lac_encoder_undo(imputer->encoder, modelled, out);
    if (imputer->scaler->scale != LAC_SCALE_NONE)
        lac_scaler_undo(imputer->scaler, out);
    lac_column_plan_exp_values(imputer->plan, out);
}

/* From the model's columns to raw ones: decode, unscale, then restore every observed cell. */
static gboolean
finish(LacImputer *imputer, const LacData *in, const LacMatrix *modelled, LacMatrix *out,
       GError **error)
{
    g_autofree size_t *capped = g_new0(size_t, in->cols + 1);

    lac_imputer_undo(imputer, modelled, out);
    for (size_t i = 0; i < in->rows; i++)
        if (!settle_row(imputer, in, i, lac_matrix_row(out, i), capped, error))
            return FALSE;
    report_capped(imputer, in, capped);
    return TRUE;
}

static gboolean
run_model(LacImputer *imputer, const LacData *prepared, gboolean drawn, size_t draw,
          LacMatrix *modelled, GError **error)
{
    const gboolean done =
        drawn ? imputer->plugin->sample(imputer->model, prepared, draw, modelled, error)
              : imputer->plugin->fill(imputer->model, prepared, modelled, error);

    if (!done && error != NULL && *error == NULL)
        lac_fail(error, LAC_ERROR_PLUGIN, "%s: %s failed without saying why",
                 lac_imputer_model_name(imputer), drawn ? "sample" : "fill");
    return done && check_output(imputer, prepared, modelled, error);
}

gboolean
lac_imputer_complete(LacImputer *imputer, const LacData *in, const LacData *prepared,
                     gboolean drawn, size_t draw, LacMatrix *out, GError **error)
{
    g_autoptr(LacMatrix) wide = NULL;

    if (imputer->encoder != NULL) {
        wide = lac_matrix_new(prepared->rows, prepared->cols, error);
        if (wide == NULL)
            return FALSE;
    }
    return run_model(imputer, prepared, drawn, draw, wide != NULL ? wide : out, error) &&
           finish(imputer, in, wide != NULL ? wide : out, out, error);
}
