/* Passive columns: computed from others, not drawn. bmi = wgt / (hgt / 100)^2 is computed anew
 * whenever wgt or hgt got new values, so that completed rows never contradict themselves. Source:
 * van Buuren, Flexible Imputation of Missing Data, 2nd ed. (2018), section 6.4. */
#include "mice.h"

#include <lacuna/columns.h>
#include <math.h>
#include <string.h>

void
mice_passives_free(MicePassive *passives, size_t n)
{
    for (size_t p = 0; p < n; p++) {
        lac_expression_free(passives[p].expression);
        g_free(passives[p].text);
        g_free(passives[p].parents);
        g_free(passives[p].depends);
    }
    g_free(passives);
}

gboolean
mice_passive_parse(MicePassive *passive, const char *text, GError **error)
{
    passive->text = g_strdup(text);
    passive->expression = lac_expression_parse(text, error);
    if (passive->expression == NULL)
        return FALSE;
    lac_expression_names(passive->expression, &passive->n_parents);
    return TRUE;
}

/* A number or a two-level code, which is 0 or 1. */
static gboolean
passive_is_number(const LacData *train, size_t j)
{
    const LacKind kind = lac_data_column(train, j)->kind;

    return lac_kind_is_numeric(kind) || kind == LAC_KIND_BINARY;
}

static gboolean
passive_bind(MicePassive *passive, const LacData *train, const char *name, GError **error)
{
    const gssize target = lac_schema_find(train->schema, name);
    g_autofree char *who = g_strdup_printf("mice: passive: what '%s' is computed from", name);
    const char *const *parents = lac_expression_names(passive->expression, NULL);

    if (target < 0 || !lac_kind_is_numeric(lac_data_column(train, (size_t)target)->kind))
        return lac_fail(error, LAC_ERROR_PARAM, "mice: passive names column '%s', which %s", name,
                        target < 0 ? "the table does not have; add it with empty cells"
                                   : "holds levels, expected numbers");
    passive->target = (size_t)target;
    passive->parents = g_new(size_t, passive->n_parents + 1);
    passive->depends = g_new0(gboolean, train->cols);
    for (size_t k = 0; k < passive->n_parents; k++) {
        const gssize j = lac_columns_find(train, parents[k], who, error);

        if (j < 0)
            return FALSE;
        if (!passive_is_number(train, (size_t)j))
            return lac_fail(error, LAC_ERROR_PARAM,
                            "mice: passive column '%s' is computed from '%s', which holds levels, "
                            "expected numbers",
                            name, parents[k]);
        passive->parents[k] = (size_t)j;
        passive->depends[j] = TRUE;
    }
    return TRUE;
}

/* Depth first: what a column depends on comes before it. @state: 0 new, 1 open, 2 done. */
static gboolean
passive_place(MiceModel *self, const LacData *train, MicePassive *all, size_t n, size_t p,
              int *state, GError **error)
{
    if (state[p] == 2)
        return TRUE;
    if (state[p] == 1)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "mice: passive column '%s' is computed from itself by way of others; break "
                        "the loop",
                        lac_data_name(train, all[p].target));
    state[p] = 1;
    for (size_t other = 0; other < n; other++) {
        gboolean parent = FALSE;

        for (size_t k = 0; k < all[p].n_parents; k++)
            parent |= all[p].parents[k] == all[other].target;
        if (!parent)
            continue;
        if (!passive_place(self, train, all, n, other, state, error))
            return FALSE;
        for (size_t j = 0; j < train->cols; j++)
            all[p].depends[j] |= all[other].depends[j];
    }
    state[p] = 2;
    self->passives[self->n_passive++] = all[p];
    return TRUE;
}

gboolean
mice_learn_passive(MiceModel *self, const LacData *train, GError **error)
{
    const size_t n = self->passive != NULL ? g_strv_length(self->passive) / 2 : 0;
    g_autofree int *state = g_new0(int, n + 1);
    MicePassive *all = g_new0(MicePassive, n + 1);
    gboolean done = TRUE;

    self->passives = g_new0(MicePassive, n + 1);
    for (size_t p = 0; p < n && done; p++)
        done = mice_passive_parse(&all[p], self->passive[2 * p + 1], error) &&
               passive_bind(&all[p], train, self->passive[2 * p], error);
    for (size_t p = 0; p < n && done; p++)
        done = passive_place(self, train, all, n, p, state, error);
    for (size_t p = 0; p < n; p++) { /* those that were placed live on there */
        if (state[p] == 2)
            memset(&all[p], 0, sizeof all[p]);
    }
    mice_passives_free(all, n);
    for (size_t p = 0; p < self->n_passive; p++)
        self->columns[self->passives[p].target].passive = TRUE;
    return done;
}

struct MiceCurrent {
    size_t cols;
    double **column; /* [cols] of n, completed; NULL where no passive column needs it */
    size_t **holes;  /* [cols] rows of a passive column's holes */
    size_t *n_holes;
    gboolean *changed;
    double *values; /* [n] */
};

void
mice_current_free(MiceCurrent *current)
{
    if (current == NULL)
        return;
    for (size_t j = 0; j < current->cols; j++) {
        g_free(current->column[j]);
        g_free(current->holes[j]);
    }
    g_free(current->column);
    g_free(current->holes);
    g_free(current->n_holes);
    g_free(current->changed);
    g_free(current->values);
    g_free(current);
}

static gboolean
current_add(MiceCurrent *current, const LacData *in, size_t j, gboolean target, GError **error)
{
    if (current->column[j] == NULL) {
        current->column[j] = lac_try_alloc(in->rows + 1, sizeof(double), "a column", error);
        if (current->column[j] == NULL)
            return FALSE;
        for (size_t i = 0; i < in->rows; i++)
            current->column[j][i] = lac_data_at(in, i, j);
    }
    if (!target)
        return TRUE;
    current->holes[j] = lac_try_alloc(in->rows + 1, sizeof(size_t), "a row list", error);
    for (size_t i = 0; current->holes[j] != NULL && i < in->rows; i++) {
        if (lac_data_is_hole(in, i, j))
            current->holes[j][current->n_holes[j]++] = i;
    }
    return current->holes[j] != NULL;
}

MiceCurrent *
mice_current_new(const MiceModel *self, const LacData *in, GError **error)
{
    MiceCurrent *current = g_new0(MiceCurrent, 1);
    gboolean done;

    current->cols = self->cols;
    current->column = g_new0(double *, self->cols);
    current->holes = g_new0(size_t *, self->cols);
    current->n_holes = g_new0(size_t, self->cols);
    current->changed = g_new0(gboolean, self->cols);
    current->values = lac_try_alloc(in->rows + 1, sizeof(double), "a column", error);
    done = current->values != NULL;
    for (size_t p = 0; p < self->n_passive && done; p++) {
        const MicePassive *passive = &self->passives[p];

        done = current_add(current, in, passive->target, TRUE, error);
        for (size_t k = 0; k < passive->n_parents && done; k++)
            done = current_add(current, in, passive->parents[k], FALSE, error);
    }
    if (!done)
        g_clear_pointer(&current, mice_current_free);
    return current;
}

void
mice_current_put(MiceCurrent *current, size_t j, size_t n, const size_t *rows, const double *values)
{
    current->changed[j] = TRUE;
    if (current->column[j] == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        current->column[j][rows[i]] = values[i];
}

static double
passive_value(const MiceModel *self, const MicePassive *passive, const MiceCurrent *current,
              double *parents, size_t i)
{
    for (size_t k = 0; k < passive->n_parents; k++)
        parents[k] = current->column[passive->parents[k]][i];
    const double value = lac_expression_value(passive->expression, parents);

    return self->columns[passive->target].kind == LAC_KIND_INTEGER ? rint(value) : value;
}

/* One passive column, whose parents changed. */
static void
passive_compute(const MiceModel *self, const MicePassive *passive, const LacData *in,
                MiceCurrent *current, double *cells)
{
    const size_t j = passive->target, n = current->n_holes[j];
    g_autofree double *parents = g_new(double, passive->n_parents + 1);
    size_t undefined = 0;

    for (size_t i = 0; i < n; i++) {
        const double value = passive_value(self, passive, current, parents, current->holes[j][i]);

        undefined += isfinite(value) ? 0 : 1;
        cells[i] = isfinite(value) ? value : cells[i];
    }
    if (undefined > 0)
        lac_context_event(self->base.instance.context, "undefined", (gssize)j,
                          "column '%s': %s is not defined in %zu rows, which keep what they had",
                          lac_data_name(in, j), passive->text, undefined);
    mice_current_put(current, j, n, current->holes[j], cells);
}

void
mice_passive_update(const MiceModel *self, const LacData *in, MiceCurrent *current,
                    const MiceTable *table, gboolean cross, const size_t *cell_start, double *cells)
{
    for (size_t p = 0; p < self->n_passive; p++) {
        const MicePassive *passive = &self->passives[p];
        const size_t j = passive->target;
        gboolean stale = FALSE;

        for (size_t k = 0; k < passive->n_parents; k++)
            stale |= current->changed[passive->parents[k]];
        if (!stale)
            continue;
        passive_compute(self, passive, in, current, cells + cell_start[j]);
        mice_write(self, &self->columns[j], table, cross, current->n_holes[j], current->holes[j],
                   cells + cell_start[j]);
    }
    memset(current->changed, 0, current->cols * sizeof(gboolean));
}
