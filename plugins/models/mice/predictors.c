/* Who predicts whom: all, those correlated, what the user listed; and never a column by what is
 * computed from it. */
#include "mice.h"

#include <lacuna/columns.h>
#include <lacuna/event.h>
#include <string.h>

#define PREDICT "mice: predict"

/* Column @k of the matrix, in all rows. */
static gboolean
predictors_everywhere(const LacData *train, const char *parameter, char **names, gboolean value,
                      gboolean *predicts, GError **error)
{
    for (; names != NULL && *names != NULL; names++) {
        const gssize k = lac_columns_find(train, *names, parameter, error);

        if (k < 0)
            return FALSE;
        for (size_t j = 0; j < train->cols; j++)
            predicts[j * train->cols + (size_t)k] = value && j != (size_t)k;
    }
    return TRUE;
}

/* "age, chl": these and no others; "-chl": all that were there but this one; "none". */
static gboolean
predictors_listed(const LacData *train, size_t j, const char *list, gboolean *row, GError **error)
{
    g_auto(GStrv) names = g_strsplit(list, ",", -1);

    for (size_t n = 0; names[n] != NULL; n++) {
        const char *name = g_strstrip(names[n]);
        const gboolean minus = name[0] == '-' && lac_schema_find(train->schema, name) < 0;
        gssize k;

        if (n == 0 && !minus)
            memset(row, 0, train->cols * sizeof(gboolean));
        if (name[0] == '\0' || (g_str_equal(name, "none") && names[1] == NULL))
            continue;
        if (minus)
            name = g_strstrip(names[n] + 1);
        k = lac_columns_find(train, name, PREDICT, error);
        if (k < 0)
            return FALSE;
        if ((size_t)k == j)
            return lac_fail(error, LAC_ERROR_PARAM, "mice: predict lets column '%s' predict itself",
                            name);
        row[k] = !minus;
    }
    return TRUE;
}

/* What is computed from a column would give its own value back to it. */
static gboolean
predictors_passive(const MiceModel *self, const LacData *train, const gboolean *listed,
                   gboolean *predicts, GError **error)
{
    for (size_t p = 0; p < self->n_passive; p++) {
        const MicePassive *passive = &self->passives[p];

        for (size_t j = 0; j < train->cols; j++) {
            if (!passive->depends[j])
                continue;
            if (listed[j] && predicts[j * train->cols + passive->target])
                return lac_fail(error, LAC_ERROR_PARAM,
                                "mice: predict lets column '%s' be predicted from '%s', which is "
                                "computed from it: a loop; take it out of the list",
                                lac_data_name(train, j), lac_data_name(train, passive->target));
            predicts[j * train->cols + passive->target] = FALSE;
        }
    }
    return TRUE;
}

static gboolean
predictors_fill(const MiceModel *self, const LacData *train, gboolean *predicts, GError **error)
{
    g_autofree gboolean *listed = g_new0(gboolean, train->cols + 1);

    if (!predictors_everywhere(train, "mice: exclude", self->exclude, FALSE, predicts, error) ||
        !predictors_everywhere(train, "mice: include", self->include, TRUE, predicts, error))
        return FALSE;
    for (char **pair = self->predict; pair != NULL && pair[0] != NULL; pair += 2) {
        const gssize j = lac_columns_find(train, pair[0], PREDICT, error);

        if (j < 0 || !predictors_listed(train, (size_t)j, pair[1],
                                        predicts + (size_t)j * train->cols, error))
            return FALSE;
        listed[j] = TRUE;
    }
    return predictors_passive(self, train, listed, predicts, error);
}

/* The chosen ones as a formula a column with holes: "bmi ~ age + hyp + chl". */
static void
predictors_tell(const MiceModel *self, const LacData *train, const gboolean *predicts)
{
    const size_t p = train->cols;

    for (size_t j = 0; j < p; j++) {
        g_autoptr(GString) names = g_string_new(NULL);

        if (lac_mask_count_col(train->holes, j) == 0)
            continue;
        for (size_t k = 0; k < p; k++)
            if (predicts[j * p + k])
                g_string_append_printf(names, "%s%s", names->len > 0 ? " + " : "",
                                       lac_data_name(train, k));
        lac_context_event(self->base.instance.context, LAC_EVENT_PREDICTORS, (gssize)j, "%s ~ %s",
                          lac_data_name(train, j), names->len > 0 ? names->str : "1");
    }
}

gboolean
mice_predictors(const MiceModel *self, const LacData *train, gboolean **out, GError **error)
{
    const size_t p = train->cols;
    g_autofree gboolean *predicts = NULL;

    *out = NULL;
    if (self->predictors == MICE_PREDICTORS_ALL && self->predict == NULL && self->include == NULL &&
        self->exclude == NULL && self->n_passive == 0)
        return TRUE;
    if (self->predictors == MICE_PREDICTORS_QUICK) {
        predicts = mice_quickpred(train, self->mincor, self->minpuc, error);
    } else {
        predicts = lac_try_alloc(p * p + 1, sizeof(gboolean), "matrix of predictors", error);
        for (size_t k = 0; predicts != NULL && k < p * p; k++)
            predicts[k] = k / p != k % p;
    }
    if (predicts == NULL || !predictors_fill(self, train, predicts, error))
        return FALSE;
    if (self->predictors == MICE_PREDICTORS_QUICK)
        predictors_tell(self, train, predicts);
    *out = g_steal_pointer(&predicts);
    return TRUE;
}
