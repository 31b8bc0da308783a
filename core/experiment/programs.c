/* Programs that the components of an experiment name: whether they are there, before anything runs.
 */
#include "experiment-private.h"
#include "registry-private.h"

#include <lacuna/program.h>
#include <string.h>

typedef struct {
    const LacChoice *choice;
    const char *position;
    gboolean good;
    GError **error;
} Asked;

static void
check_param(const LacParam *param, void *user)
{
    Asked *asked = user;
    const LacChoice *choice = asked->choice;
    const LacNode *value;
    g_autoptr(GError) why = NULL;

    if (!asked->good || param->type != LAC_PARAM_TYPE_STRING ||
        g_strcmp0(param->unit, LAC_UNIT_PROGRAM) != 0)
        return;
    value = choice->params != NULL ? lac_node_get(choice->params, param->name) : NULL;
    if (value == NULL || value->text == NULL || *value->text == '\0')
        asked->good = lac_node_fail(asked->error, choice->place,
                                    "%s.%s: no program is named; set its parameter %s to a name "
                                    "registered in imputers.yaml",
                                    asked->position, choice->plugin->name, param->name);
    else if (!lac_program_check(value->text, &why))
        asked->good = lac_node_fail(asked->error, value, "%s.%s.%s: %s", asked->position,
                                    choice->plugin->name, param->name, why->message);
}

static gboolean
check_choices(GPtrArray *choices, const char *position, GError **error)
{
    Asked asked = {NULL, position, TRUE, error};

    for (guint i = 0; choices != NULL && i < choices->len && asked.good; i++) {
        asked.choice = choices->pdata[i];
        lac_plugin_foreach_param(asked.choice->plugin, check_param, &asked);
    }
    return asked.good;
}

gboolean
lac_experiment_check_programs(const LacExperiment *e, GError **error)
{
    return check_choices(e->data, "data", error) && check_choices(e->masks, "mask", error) &&
           check_choices(e->initials, "initial", error) &&
           check_choices(e->models, "model", error) &&
           check_choices(e->optimizers, "optimizer", error) &&
           check_choices(e->metrics, "metrics", error) &&
           check_choices(e->downstream.models, "downstream.model", error);
}
