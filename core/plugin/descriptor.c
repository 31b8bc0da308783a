/* Believes nothing a descriptor says before it is checked. Sizes first: they make it safe to read
 * the rest. */
#include "plugin-private.h"

#include <string.h>

#define MOST_PARAMS 256
#define MOST_COMPONENTS 64
#define LARGEST_INSTANCE ((size_t)1 << 20)

/* Members a newer build knows and we do not: harmless as long as they are not used. */
static gboolean
all_zero(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return FALSE;
    return TRUE;
}

static gboolean
check_head(const LacPlugin *plugin, const char *path, GError **error)
{
    if (plugin->magic != LAC_MAGIC)
        return lac_fail(error, LAC_ERROR_PLUGIN,
                        "%s: its lac_plugin is no Lacuna descriptor (magic 0x%08x, expected "
                        "0x%08x); start it with LAC_MODEL(...) or the macro of its kind",
                        path, plugin->magic, LAC_MAGIC);
    if (plugin->abi != LAC_ABI)
        return lac_fail(error, LAC_ERROR_PLUGIN,
                        "%s: was built for plugin ABI %u, this Lacuna has %u; build it again "
                        "with this Lacuna's headers%s",
                        path, plugin->abi, LAC_ABI,
                        plugin->abi > LAC_ABI ? " or update Lacuna" : "");
    if (!lac_plugin_kind_is_known(plugin->kind))
        return lac_fail(error, LAC_ERROR_PLUGIN,
                        "%s: its kind is %d, expected %d (mask) to %d (reader)", path,
                        (int)plugin->kind, LAC_PLUGIN_MASK, LAC_PLUGIN_READER);
    if (plugin->struct_size < sizeof(LacPlugin) || plugin->struct_size > 65536)
        return lac_fail(error, LAC_ERROR_PLUGIN,
                        "%s: its struct_size is %u bytes, expected at least %zu; start the "
                        "descriptor with the macro of its kind",
                        path, plugin->struct_size, sizeof(LacPlugin));
    if (plugin->params != NULL &&
        (plugin->param_size < offsetof(LacParam, unit) || plugin->param_size > 4096))
        return lac_fail(error, LAC_ERROR_PLUGIN, "%s: its param_size is %u bytes, expected %zu",
                        path, plugin->param_size, sizeof(LacParam));
    return TRUE;
}

static gboolean
is_name(const char *text, char also)
{
    if (text == NULL || !g_ascii_islower(*text))
        return FALSE;
    for (const char *c = text; *c != '\0'; c++)
        if (!g_ascii_islower(*c) && !g_ascii_isdigit(*c) && *c != also)
            return FALSE;
    return TRUE;
}

static gboolean
check_texts(const LacPlugin *plugin, const char *path, GError **error)
{
    if (!is_name(plugin->name, '-'))
        return lac_fail(error, LAC_ERROR_PLUGIN,
                        "%s: its name is '%s'; expected lower case letters, digits and dashes, "
                        "a letter first",
                        path, plugin->name != NULL ? plugin->name : "(null)");
    if (plugin->summary == NULL || *plugin->summary == '\0' ||
        strchr(plugin->summary, '\n') != NULL || g_str_has_suffix(plugin->summary, "."))
        return lac_fail(error, LAC_ERROR_PLUGIN,
                        "%s: the summary of '%s' is '%s'; expected one line without a full stop",
                        path, plugin->name, plugin->summary != NULL ? plugin->summary : "(null)");
    return TRUE;
}

static gboolean
declares(const LacPlugin *plugin, const char *name)
{
    for (const LacParam *param = plugin->params; param != NULL && param->name != NULL; param++)
        if (g_str_equal(param->name, name))
            return TRUE;
    return FALSE;
}

static gboolean
check_slots(const LacPlugin *plugin, const char *path, GError **error)
{
    const char *missing = NULL;

    switch (plugin->kind) {
    case LAC_PLUGIN_MASK: {
        const LacMaskPlugin *mask = (const LacMaskPlugin *)plugin;

        missing = mask->draw == NULL ? "draw" : NULL;
        if (mask->mechanism < LAC_MCAR || mask->mechanism > LAC_MNAR)
            missing = "mechanism (LAC_MCAR, LAC_MAR or LAC_MNAR)";
        break;
    }
    case LAC_PLUGIN_INITIAL:
        missing = ((const LacInitialPlugin *)plugin)->fill == NULL ? "fill" : NULL;
        break;
    case LAC_PLUGIN_MODEL: {
        const LacModelPlugin *model = (const LacModelPlugin *)plugin;

        missing = model->fit == NULL ? "fit" : NULL;
        if (model->fill == NULL && model->predict == NULL)
            missing = "fill (or predict, for a classifier)";
        if (model->fill == NULL && (model->sample != NULL || model->log_density != NULL ||
                                    model->reconstruct != NULL || model->elbo != NULL))
            missing = "fill (there is a sample, log_density, reconstruct or elbo)";
        if (model->save != NULL && model->load == NULL)
            missing = "load (there is a save)";
        if (model->load != NULL && model->save == NULL)
            missing = "save (there is a load)";
        break;
    }
    case LAC_PLUGIN_OPTIMIZER:
        missing = ((const LacOptimizerPlugin *)plugin)->step == NULL ? "step"
                  : !declares(plugin, "rate") ? "a parameter `rate` (LAC_OPTIMIZER_RATE)"
                                              : NULL;
        break;
    case LAC_PLUGIN_METRIC: {
        const LacMetricPlugin *metric = (const LacMetricPlugin *)plugin;

        missing = metric->score == NULL   ? "score"
                  : metric->unit == NULL  ? "unit"
                  : metric->scope == NULL ? "scope"
                                          : NULL;
        if (metric->judges < LAC_JUDGES_DRAWS || metric->judges > LAC_JUDGES_TASK)
            missing = "judges (LAC_JUDGES_DRAWS, LAC_JUDGES_TABLE, LAC_JUDGES_POINT or "
                      "LAC_JUDGES_TASK)";
        if ((metric->valid & LAC_VALID_ALWAYS) == 0)
            missing = "valid (LAC_VALID_MCAR, LAC_VALID_MAR and LAC_VALID_MNAR joined by |)";
        if (metric->direction < LAC_MINIMISE || metric->direction > LAC_TARGET)
            missing = "direction (LAC_MINIMISE, LAC_MAXIMISE or LAC_TARGET)";
        break;
    }
    case LAC_PLUGIN_READER:
        missing = ((const LacReaderPlugin *)plugin)->read == NULL ? "read" : NULL;
        break;
    }
    return missing == NULL || lac_fail(error, LAC_ERROR_PLUGIN, "%s: %s '%s' lacks %s", path,
                                       lac_plugin_kind_word(plugin->kind), plugin->name, missing);
}

static gboolean
check_param(const LacPlugin *plugin, const LacParam *param, const char *path, GError **error)
{
    const LacKindInfo *info = lac_plugin_kind_info(plugin->kind);
    const size_t size = lac_param_size(param->type);

    if (!is_name(param->name, '_'))
        return lac_fail(error, LAC_ERROR_PLUGIN,
                        "%s: '%s' has a parameter called '%s'; expected lower case letters, "
                        "digits and underscores",
                        path, plugin->name, param->name != NULL ? param->name : "(null)");
    if (size == 0)
        return lac_fail(error, LAC_ERROR_PLUGIN, "%s: parameter %s.%s has the unknown type %d",
                        path, plugin->name, param->name, (int)param->type);
    if (param->offset < info->own_from || param->offset + size > plugin->instance_size)
        return lac_fail(error, LAC_ERROR_PLUGIN,
                        "%s: parameter %s.%s lies at offset %zu, outside the %zu bytes of its "
                        "struct behind the base",
                        path, plugin->name, param->name, param->offset, plugin->instance_size);
    if (param->unit == NULL || param->help == NULL || *param->help == '\0')
        return lac_fail(error, LAC_ERROR_PLUGIN, "%s: parameter %s.%s lacks its %s", path,
                        plugin->name, param->name, param->unit == NULL ? "unit" : "help");
    if (param->type == LAC_PARAM_TYPE_CHOICE) {
        const size_t n = param->choices != NULL ? g_strv_length((char **)param->choices) : 0;

        if (!(param->number >= 0.0 && param->number < (double)n))
            return lac_fail(error, LAC_ERROR_PLUGIN,
                            "%s: parameter %s.%s has %zu choices and its default is number %g",
                            path, plugin->name, param->name, n, param->number);
    }
    return TRUE;
}

/* Two parameters may share neither their name nor a byte of the struct. */
static gboolean
check_unique(const LacPlugin *plugin, const LacParam *param, const char *path, GError **error)
{
    for (const LacParam *other = plugin->params; other != param; other++) {
        if (strcmp(other->name, param->name) == 0)
            return lac_fail(error, LAC_ERROR_PLUGIN, "%s: parameter %s.%s is declared twice", path,
                            plugin->name, param->name);
        if (param->offset < other->offset + lac_param_size(other->type) &&
            other->offset < param->offset + lac_param_size(param->type))
            return lac_fail(error, LAC_ERROR_PLUGIN,
                            "%s: parameters %s.%s and %s share a field of the struct", path,
                            plugin->name, param->name, other->name);
    }
    for (const LacParam *p = lac_plugin_kind_info(plugin->kind)->params;
         p->type != LAC_PARAM_TYPE_END; p++)
        if (strcmp(p->name, param->name) == 0)
            return lac_fail(error, LAC_ERROR_PLUGIN,
                            "%s: parameter %s.%s is one that every %s has; remove it", path,
                            plugin->name, param->name, lac_plugin_kind_word(plugin->kind));
    return TRUE;
}

/* Defaults take the way a user's values take, so a default outside its range cannot be shipped. */
static gboolean
check_default(const LacPlugin *plugin, const LacParam *param, const char *path, GError **error)
{
    gpointer scratch = g_malloc0(plugin->instance_size);
    const gboolean ok = lac_param_set_default(plugin, param, scratch, error);

    lac_param_clear(param, scratch);
    g_free(scratch);
    if (!ok)
        g_prefix_error(error, "%s: ", path);
    if (!ok && error != NULL && *error != NULL)
        (*error)->code = LAC_ERROR_PLUGIN; /* the author's mistake, not the user's */
    return ok;
}

static gboolean
check_params(const LacPlugin *plugin, const char *path, GError **error)
{
    const size_t base = lac_plugin_kind_info(plugin->kind)->base_size;

    if (plugin->instance_size < base || plugin->instance_size > LARGEST_INSTANCE)
        return lac_fail(error, LAC_ERROR_PLUGIN,
                        "%s: the struct of '%s' has %zu bytes, expected %zu to %zu", path,
                        plugin->name, plugin->instance_size, base, LARGEST_INSTANCE);
    for (const LacParam *p = plugin->params; p != NULL && p->type != LAC_PARAM_TYPE_END; p++)
        if (!check_param(plugin, p, path, error) || !check_unique(plugin, p, path, error) ||
            !check_default(plugin, p, path, error))
            return FALSE;
    return TRUE;
}

/* @from, @from_size bytes long, in @to_size bytes at @to. FALSE when it uses what we do not know.
 */
static gboolean
fit_struct(void *to, size_t to_size, const void *from, size_t from_size)
{
    memcpy(to, from, MIN(to_size, from_size));
    return from_size <= to_size || all_zero((const char *)from + to_size, from_size - to_size);
}

static gboolean
fail_newer(const char *path, const char *name, GError **error)
{
    return lac_fail(error, LAC_ERROR_PLUGIN,
                    "%s: '%s' uses members that a newer Lacuna has and this one does not know; "
                    "update Lacuna or build the plugin with these headers",
                    path, name);
}

/* The parameter table in entries of today's size; the old one itself when that is its size. */
static gboolean
fit_params(LacPlugin *plugin, const char *path, GError **error)
{
    const char *from = (const char *)plugin->params;
    g_autofree LacParam *to = g_new0(LacParam, MOST_PARAMS + 1);
    size_t n = 0;

    for (;; n++) {
        if (n == MOST_PARAMS)
            return lac_fail(error, LAC_ERROR_PLUGIN,
                            "%s: the parameters of '%s' have no LAC_PARAM_END among the first %d",
                            path, plugin->name, MOST_PARAMS);
        if (!fit_struct(&to[n], sizeof *to, from + n * plugin->param_size, plugin->param_size))
            return fail_newer(path, plugin->name, error);
        if (to[n].type == LAC_PARAM_TYPE_END)
            break;
    }
    if (plugin->param_size != sizeof(LacParam))
        plugin->params = g_steal_pointer(&to);
    return TRUE;
}

/* A copy of @plugin in today's sizes, or @plugin itself when they are today's. */
static const LacPlugin *
fit_sizes(const LacPlugin *plugin, const char *path, GError **error)
{
    const size_t size = lac_plugin_kind_info(plugin->kind)->descriptor_size;
    g_autofree LacPlugin *copy = g_malloc0(size);

    if (!fit_struct(copy, size, plugin, plugin->struct_size)) {
        fail_newer(path, plugin->name, error);
        return NULL;
    }
    if (copy->params != NULL && !fit_params(copy, path, error))
        return NULL;
    if (plugin->struct_size == size && copy->params == plugin->params)
        return plugin;
    return g_steal_pointer(&copy);
}

const LacPlugin *
lac_descriptor_accept(const LacPlugin *head, const char *path, GError **error)
{
    const LacPlugin *accepted[MOST_COMPONENTS];
    size_t n = 0;

    for (const LacPlugin *p = head; p != NULL; p = p->next) {
        if (n == MOST_COMPONENTS)
            return lac_fail_null(error, LAC_ERROR_PLUGIN,
                                 "%s: its list of components has no end within %d", path,
                                 MOST_COMPONENTS);
        if (!check_head(p, path, error) || !check_texts(p, path, error))
            return NULL;
        accepted[n] = fit_sizes(p, path, error);
        if (accepted[n] == NULL || !check_slots(accepted[n], path, error) ||
            !check_params(accepted[n], path, error))
            return NULL;
        n++;
    }
    /* link the copies, from the last one; an original whose successor was copied is copied too */
    for (size_t i = n - 1; i-- > 0;) {
        if (accepted[i]->next != accepted[i + 1]) {
            const size_t size = lac_plugin_kind_info(accepted[i]->kind)->descriptor_size;
            LacPlugin *copy = g_memdup2(accepted[i], size);

            copy->next = accepted[i + 1];
            accepted[i] = copy;
        }
    }
    return accepted[0];
}

const LacPlugin *
lac_descriptor_named(const LacPlugin *head, const char *name)
{
    for (const LacPlugin *p = head; p != NULL; p = p->next)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}
