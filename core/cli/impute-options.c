/* What was asked of `lacuna impute`: what does not go together is refused before anything is read
 * or learnt. */
#include "impute-private.h"
#include "rank-private.h"

#include <string.h>

static gboolean
options_check_outputs(const LacImputeOptions *o, GError **error)
{
    const struct {
        const char *option, *path;
    } files[] = {{"--output", o->output != NULL ? o->output : "-"},
                 {"--flags", o->flags},
                 {"--report", o->report},
                 {"--save", o->save}};

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        if (files[i].path == NULL)
            continue;
        for (size_t k = 0; k < i; k++)
            if (g_strcmp0(files[i].path, files[k].path) == 0)
                return lac_fail(error, LAC_ERROR_PARAM,
                                "%s and %s both say '%s'; expected two files", files[k].option,
                                files[i].option, files[i].path);
        if (!lac_impute_output_check(files[i].path, o->force, error))
            return FALSE;
    }
    if (o->output != NULL && !lac_impute_can_write(o->output, error))
        return FALSE;
    return o->save == NULL || strcmp(o->save, "-") != 0 ||
           lac_fail(error, LAC_ERROR_PARAM, "--save=-: a model goes to a file of its own");
}

gboolean
lac_impute_is_auto(const LacImputeOptions *o)
{
    return o->model != NULL &&
           (strcmp(o->model, LAC_AUTO) == 0 || g_str_has_prefix(o->model, LAC_AUTO ":"));
}

gboolean
lac_impute_check_options(const LacImputeOptions *o, int argc, GError **error)
{
    if (argc != 1)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "impute: expected one table, got %d; see 'lacuna impute --help'", argc);
    if (o->draws < 0 || o->draws > 10000)
        return lac_fail(error, LAC_ERROR_PARAM, "-m %" G_GINT64_FORMAT " is outside [1, 10000]",
                        o->draws);
    if (o->original && o->draws == 0)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "--include-original goes with -m only; one completion keeps its rows");
    if (o->load != NULL && (o->model != NULL || o->set != NULL || o->save != NULL ||
                            o->initial != NULL || o->optimizer != NULL || o->scale != NULL))
        return lac_fail(error, LAC_ERROR_PARAM,
                        "--load brings its own model; --model, --set, --initial, --optimizer, "
                        "--scale and --save "
                        "do not go with it");
    if (lac_impute_is_auto(o) && (o->set != NULL || o->optimizer != NULL))
        return lac_fail(error, LAC_ERROR_PARAM,
                        "--%s goes with a model of your choice, not with --model auto, which "
                        "compares models with their defaults",
                        o->set != NULL ? "set" : "optimizer");
    if (o->budget != NULL && !lac_impute_is_auto(o))
        return lac_fail(error, LAC_ERROR_PARAM, "--time-budget goes with --model auto only");
    return options_check_outputs(o, error);
}

gboolean
lac_impute_check_names(const LacImputeOptions *o, const LacImputeTable *table, GError **error)
{
    static const char *const added[] = {".imp", ".id"};
    char *const *set_aside = table->format.set_aside;

    for (size_t i = 0; o->draws > 0 && i < G_N_ELEMENTS(added); i++)
        if (lac_schema_find(table->data->schema, added[i]) >= 0 ||
            (set_aside != NULL && g_strv_contains((const char *const *)set_aside, added[i])) ||
            (o->ignore != NULL && g_strv_contains((const char *const *)o->ignore, added[i])))
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s: has a column '%s' already, which -m adds for each completion; "
                            "rename it in the file",
                            table->data->origin, added[i]);
    return TRUE;
}

gboolean
lac_impute_can_draw(const LacImputeOptions *o, const LacImputer *imputer, GError **error)
{
    return o->draws == 0 || lac_imputer_can_sample(imputer) ||
           lac_fail(error, LAC_ERROR_PARAM,
                    "-m %" G_GINT64_FORMAT ": model '%s' cannot draw completions; leave out -m, or "
                    "use a model that can ('lacuna describe MODEL' says so)",
                    o->draws, lac_imputer_model_name(imputer));
}
