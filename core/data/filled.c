#include "filled-private.h"

#include <lacuna/stats.h>
#include <math.h>

LacFilledCells *
lac_filled_cells_new(const LacMask *mask, size_t draws, GError **error)
{
    g_autoptr(LacFilledCells) cells = g_new0(LacFilledCells, 1);
    size_t at = 0;

    cells->cols = mask->cols;
    cells->draws = draws;
    cells->n = lac_mask_count(mask);
    cells->start = g_new0(size_t, mask->cols + 1);
    cells->row = lac_try_alloc(MAX(cells->n, 1), sizeof *cells->row, "filled cells", error);
    if (cells->row == NULL)
        return NULL;
    cells->value =
        lac_try_alloc(MAX(cells->n * draws, 1), sizeof *cells->value, "filled cells", error);
    if (cells->value == NULL)
        return NULL;
    for (size_t j = 0; j < mask->cols; j++) {
        for (size_t i = 0; i < mask->rows; i++)
            if (lac_mask_get(mask, i, j))
                cells->row[at++] = i;
        cells->start[j + 1] = at;
    }
    return g_steal_pointer(&cells);
}

void
lac_filled_cells_free(LacFilledCells *cells)
{
    if (cells == NULL)
        return;
    g_free(cells->start);
    g_free(cells->row);
    g_free(cells->value);
    g_free(cells);
}

void
lac_filled_cells_put(LacFilledCells *cells, size_t draw, const LacMatrix *completed)
{
    double *to = cells->value + draw * cells->n;

    for (size_t j = 0; j < cells->cols; j++)
        for (size_t k = cells->start[j]; k < cells->start[j + 1]; k++)
            to[k] = lac_matrix_row(completed, cells->row[k])[j];
}

LacMask *
lac_overimpute_choose(const LacData *data, double share, size_t least, size_t most, LacRng rng,
                      GError **error)
{
    g_autoptr(LacMask) mask = lac_mask_new(data->rows, data->cols, error);
    g_autofree size_t *left = g_new(size_t, MAX(data->rows, 1));
    g_autofree size_t *row = g_new(size_t, MAX(data->rows, 1));

    if (mask == NULL)
        return NULL;
    for (size_t i = 0; i < data->rows; i++)
        left[i] = data->cols - lac_mask_count_row(data->holes, i);
    for (size_t j = 0; j < data->cols; j++) {
        size_t seen = 0, wanted;

        if (lac_mask_count_col(data->holes, j) == 0)
            continue;
        for (size_t i = 0; i < data->rows; i++)
            if (!lac_data_is_hole(data, i, j))
                row[seen++] = i;
        wanted = CLAMP((size_t)ceil(share * (double)seen), least, most);
        wanted = MIN(wanted, seen / 2);
        lac_rng_shuffle(&rng, seen, row);
        for (size_t k = 0; k < seen && wanted > 0; k++) {
            if (left[row[k]] < 2)
                continue;
            left[row[k]]--;
            wanted--;
            lac_mask_set(mask, row[k], j, TRUE);
        }
    }
    return g_steal_pointer(&mask);
}

void
lac_filled_interval(const LacFilledCells *cells, size_t k, double level, double *scratch,
                    double *low, double *middle, double *high)
{
    for (size_t d = 0; d < cells->draws; d++)
        scratch[d] = cells->value[d * cells->n + k];
    lac_stats_sort(cells->draws, scratch);
    *middle = lac_stats_quantile(cells->draws, scratch, 0.5, 6);
    *low = *high = NAN;
    if (cells->draws < LAC_INTERVAL_DRAWS)
        return;
    *low = lac_stats_quantile(cells->draws, scratch, 0.5 * (1.0 - level), 6);
    *high = lac_stats_quantile(cells->draws, scratch, 0.5 * (1.0 + level), 6);
}

static void
score_number(const LacFilledCells *cells, size_t k, double truth, double *scratch,
             LacOverimputed *out)
{
    double low, middle, high;

    lac_filled_interval(cells, k, LAC_OVERIMPUTE_LEVEL, scratch, &low, &middle, &high);
    out->mae += fabs(middle - truth);
    out->bias += middle - truth;
    out->coverage += isnan(low) ? NAN : truth >= low && truth <= high ? 1.0 : 0.0;
    out->width += high - low;
}

static void
score_level(const LacFilledCells *cells, size_t k, double truth, size_t n_levels, double *scratch,
            LacOverimputed *out)
{
    size_t same = 0;

    for (size_t d = 0; d < cells->draws; d++) {
        scratch[d] = cells->value[d * cells->n + k];
        same += scratch[d] == truth ? 1 : 0;
    }
    out->chance += (double)same / (double)cells->draws;
    out->correct += (double)lac_stats_mode(cells->draws, scratch, n_levels) == truth ? 1.0 : 0.0;
}

LacOverimputed
lac_overimpute_score(const LacData *data, const LacFilledCells *cells, size_t j)
{
    const LacColumn *column = lac_data_column(data, j);
    const gboolean numeric = lac_kind_is_numeric(column->kind);
    const size_t n = cells->start[j + 1] - cells->start[j];
    const double none = n > 0 ? 0.0 : NAN, number = numeric ? none : NAN,
                 level = numeric ? NAN : none;
    LacOverimputed out = {n, number, number, number, number, level, level};
    g_autofree double *scratch = g_new(double, MAX(cells->draws, 1));
    double *parts[] = {&out.mae, &out.bias, &out.coverage, &out.width, &out.correct, &out.chance};

    for (size_t k = cells->start[j]; k < cells->start[j + 1]; k++) {
        const double truth = lac_data_at(data, cells->row[k], j);

        if (numeric)
            score_number(cells, k, truth, scratch, &out);
        else
            score_level(cells, k, truth, column->n_levels, scratch, &out);
    }
    for (size_t p = 0; n > 0 && p < G_N_ELEMENTS(parts); p++)
        *parts[p] /= (double)n;
    return out;
}
