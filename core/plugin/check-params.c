/* Parameters: each takes its default, and refuses what it cannot mean, by name. */
#include "check-private.h"

#include <math.h>
#include <string.h>

/* A reader of files cannot be made without one. */
static LacNode *
least_params(const LacPlugin *plugin)
{
    const char *text = plugin->kind == LAC_PLUGIN_READER ? "{path: '-'}" : "{}";

    return lac_yaml_parse(text, strlen(text), "check.yaml", NULL);
}

/* Something of the wrong type. */
static const char *
wrong_type(const LacParam *param)
{
    switch (param->type) {
    case LAC_PARAM_TYPE_BOOL:
        return "7";
    case LAC_PARAM_TYPE_CHOICE:
        return "no-such-choice-anywhere";
    case LAC_PARAM_TYPE_STRING:
    case LAC_PARAM_TYPE_PATH:
    case LAC_PARAM_TYPE_MAP:
        return "[1, 2]";
    case LAC_PARAM_TYPE_STRINGS:
        return "{a: b}";
    default:
        return "word";
    }
}

/* A number beyond the range, or NULL when there is none. Owned. */
static char *
out_of_range(const LacParam *param)
{
    const LacRange *range = &param->range;
    g_autofree char *number = NULL;

    if (param->type != LAC_PARAM_TYPE_INT && param->type != LAC_PARAM_TYPE_DOUBLE &&
        param->type != LAC_PARAM_TYPE_DOUBLES && param->type != LAC_PARAM_TYPE_TABLE)
        return NULL;
    if (range->lower > -1e300)
        number = lac_number_text(range->lower - fmax(1.0, fabs(range->lower)));
    else if (range->upper < 1e300)
        number = lac_number_text(range->upper + fmax(1.0, fabs(range->upper)));
    else
        return NULL;
    if (param->type == LAC_PARAM_TYPE_DOUBLES)
        return g_strdup_printf("[%s]", number);
    if (param->type == LAC_PARAM_TYPE_TABLE)
        return g_strdup_printf("[[%s]]", number);
    return g_steal_pointer(&number);
}

static void
expect_refused(LacCheck *check, const char *name, const char *value)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacNode) params = least_params(check->plugin);
    gpointer instance;

    if (!lac_node_set_path(params, name, value, &error)) {
        lac_check_fail(check, "%s: %s", name, error->message);
        return;
    }
    instance = lac_instance_new(check->plugin, params, NULL, &error);
    lac_instance_free(instance);
    if (instance != NULL)
        lac_check_fail(check, "%s: %s was accepted", name, value);
    else if (error->code != LAC_ERROR_PARAM || strstr(error->message, name) == NULL)
        lac_check_fail(check, "%s: %s was refused without naming the parameter: %s", name, value,
                       error->message);
}

static void
refuse_param(const LacParam *param, void *user)
{
    g_autofree char *beyond = out_of_range(param);

    expect_refused(user, param->name, wrong_type(param));
    if (beyond != NULL)
        expect_refused(user, param->name, beyond);
}

void
lac_check_params_refused(LacCheck *check)
{
    lac_plugin_foreach_param(check->plugin, refuse_param, check);
    expect_refused(check, "no_such_parameter", "1");
}

void
lac_check_params_round_trip(LacCheck *check)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacNode) least = least_params(check->plugin), first = NULL, second = NULL;
    g_autofree char *a = NULL, *b = NULL;
    gpointer instance = lac_instance_new(check->plugin, least, NULL, &error), again = NULL;

    if (instance == NULL) {
        lac_check_fail(check, "the defaults are refused: %s", error->message);
        return;
    }
    first = lac_instance_params(instance);
    again = lac_instance_new(check->plugin, first, NULL, &error);
    if (again == NULL) {
        lac_check_fail(check, "its own parameters are refused: %s", error->message);
    } else {
        second = lac_instance_params(again);
        a = lac_node_to_json(first);
        b = lac_node_to_json(second);
        if (strcmp(a, b) != 0)
            lac_check_fail(check, "parameters change on their way: %s became %s", a, b);
    }
    lac_instance_free(instance);
    lac_instance_free(again);
}
