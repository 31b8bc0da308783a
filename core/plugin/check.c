/* lacuna check: every component of a file goes through the cases of its kind, each case in a
 * child process, so that a crash is one failed line among others. */
#include "check-private.h"

#include <string.h>

#define CASE_TIMEOUT_MS 120000u

typedef void (*Say)(gboolean passed, const char *check, const char *detail, void *user);

/* One run of the suite. */
typedef struct {
    const char *path, *sample;
    Say say;
    void *user;
    gboolean all_passed;
} Suite;

/* What a child is asked to do. */
typedef struct {
    const char *path, *name, *sample;
    const LacCheckCase *one;
} Task;

void
lac_check_fail(LacCheck *check, const char *format, ...)
{
    va_list arguments;

    /* the first few say what is wrong; hundreds would hide it */
    if (check->failures->len > 1000)
        return;
    if (check->failures->len > 0)
        g_string_append(check->failures, "; ");
    va_start(arguments, format);
    g_string_append_vprintf(check->failures, format, arguments);
    va_end(arguments);
}

void
lac_check_note(LacCheck *check, const char *format, ...)
{
    va_list arguments;

    if (check->note->len > 0)
        g_string_append(check->note, "; ");
    va_start(arguments, format);
    g_string_append_vprintf(check->note, format, arguments);
    va_end(arguments);
}

void
lac_check_refusal(LacCheck *check, const char *what, const GError *error)
{
    if (error == NULL)
        lac_check_fail(check, "%s: returned failure without setting an error", what);
    else if (error->domain != LAC_ERROR)
        lac_check_fail(check, "%s: failed with an error of another domain (%s)", what,
                       error->message);
    else if (error->code != LAC_ERROR_DATA && error->code != LAC_ERROR_SHAPE &&
             error->code != LAC_ERROR_NUMERIC && error->code != LAC_ERROR_PARAM)
        lac_check_fail(check, "%s: refused with code %d, expected DATA, SHAPE, NUMERIC or PARAM",
                       what, error->code);
    else if (strlen(error->message) < 15)
        lac_check_fail(check, "%s: refused with '%s', which explains nothing", what,
                       error->message);
    else
        lac_check_note(check, "refuses %s: %s", what, error->message);
}

gpointer
lac_check_instance(const LacPlugin *plugin, const char *set, GError **error)
{
    g_autoptr(LacNode) params = NULL;

    if (set == NULL && plugin->kind == LAC_PLUGIN_MODEL)
        set = ((const LacModelPlugin *)plugin)->quick;
    if (set == NULL)
        set = "{}";
    params = lac_yaml_parse(set, strlen(set), "check.yaml", error);
    return params != NULL ? lac_instance_new(plugin, params, NULL, error) : NULL;
}

const LacCheckCase *
lac_check_cases(LacPluginKind kind, gboolean predicts)
{
    switch (kind) {
    case LAC_PLUGIN_MASK:
        return lac_check_mask_cases;
    case LAC_PLUGIN_INITIAL:
        return lac_check_initial_cases;
    case LAC_PLUGIN_MODEL:
        return predicts ? lac_check_classifier_cases : lac_check_model_cases;
    case LAC_PLUGIN_OPTIMIZER:
        return lac_check_optimizer_cases;
    case LAC_PLUGIN_METRIC:
        return lac_check_metric_cases;
    case LAC_PLUGIN_READER:
        return lac_check_reader_cases;
    }
    g_assert_not_reached();
}

/* In a child: one line "kind TAB P or - TAB name" for each component; P is a classifier. */
static void
list_body(GString *report, void *user)
{
    const Task *task = user;

    for (const LacPlugin *p = lac_plugin_open(task->path, NULL); p != NULL; p = p->next)
        g_string_append_printf(report, "%d\t%c\t%s\n", (int)p->kind,
                               lac_check_predicts(p) ? 'P' : '-', p->name);
}

/* A model that stands on something outside (a program, a device) says LAC_ERROR_PLUGIN where it is
 * not there: then there is nothing to judge but that sentence. Owned; NULL when all is there. */
static char *
what_is_absent(const LacPlugin *plugin)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) table = lac_check_table(LAC_TABLE_PLAIN, 1);
    g_autoptr(LacData) data = lac_check_prepare(plugin, table);
    g_autoptr(LacMatrix) out = lac_check_complete(plugin, &LAC_CHECK_RUN_PLAIN, data, data, &error);

    if (out == NULL && g_error_matches(error, LAC_ERROR, LAC_ERROR_PLUGIN))
        return g_strdup_printf("not asked: %s", error->message);
    return NULL;
}

/* In a child: "P" or "F", then what there is to say. */
static void
case_body(GString *report, void *user)
{
    const Task *task = user;
    g_autoptr(GString) failures = g_string_new(NULL), note = g_string_new(NULL);
    LacCheck check = {NULL, task->one->shape, task->sample, failures, note};
    g_autofree char *absent = NULL;

    check.plugin = lac_descriptor_named(lac_plugin_open(task->path, NULL), task->name);
    g_assert(check.plugin != NULL); /* it could be opened a moment ago */
    task->one->run(&check);
    if (failures->len > 0 && check.plugin->kind == LAC_PLUGIN_MODEL)
        absent = what_is_absent(check.plugin);
    g_string_append_c(report, failures->len == 0 || absent != NULL ? 'P' : 'F');
    g_string_append(report, absent != NULL       ? absent
                            : failures->len == 0 ? note->str
                                                 : failures->str);
}

static void
tell(Suite *suite, gboolean passed, const char *component, const char *check, const char *detail)
{
    g_autofree char *name =
        component != NULL ? g_strdup_printf("%s: %s", component, check) : g_strdup(check);

    suite->all_passed = suite->all_passed && passed;
    suite->say(passed, name, detail != NULL ? detail : "", suite->user);
}

static unsigned
case_timeout(void)
{
    const char *text = g_getenv("LACUNA_CHECK_TIMEOUT");
    const double seconds = text != NULL ? g_ascii_strtod(text, NULL) : 0.0;

    return seconds > 0.0 && seconds < 1e6 ? (unsigned)(seconds * 1000.0) : CASE_TIMEOUT_MS;
}

static gboolean
run_case(Suite *suite, const char *component, const LacCheckCase *one, GError **error)
{
    Task task = {suite->path, component, suite->sample, one};
    LacChild child;

    if (!lac_child_run(case_body, &task, case_timeout(), &child, error)) {
        lac_child_clear(&child);
        return FALSE;
    }
    if (child.outcome != NULL) {
        g_autofree char *detail =
            g_strdup_printf("%s%s%s", child.outcome, child.complaint != NULL ? ": " : "",
                            child.complaint != NULL ? child.complaint : "");

        tell(suite, FALSE, component, one->name, detail);
    } else {
        tell(suite, child.report->str[0] == 'P', component, one->name, child.report->str + 1);
    }
    lac_child_clear(&child);
    return TRUE;
}

static gboolean
run_component(Suite *suite, LacPluginKind kind, gboolean predicts, const char *name, GError **error)
{
    for (const LacCheckCase *one = lac_check_cases(kind, predicts); one->name != NULL; one++)
        if (!run_case(suite, name, one, error))
            return FALSE;
    return TRUE;
}

static void
check_exports(Suite *suite)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) names = lac_elf_exports(suite->path, &error);
    g_autofree char *all = names != NULL ? g_strjoinv(", ", names) : g_strdup(error->message);
    const gboolean alone = strcmp(all, "lac_plugin") == 0;
    g_autofree char *detail =
        alone
            ? NULL
            : g_strdup_printf("it exports %s; make everything but lac_plugin static or build with "
                              "-fvisibility=hidden",
                              all);

    tell(suite, alone, NULL, "exports lac_plugin and nothing else", detail);
}

gboolean
lac_check_file(const char *path, const char *sample,
               void (*say)(gboolean passed, const char *check, const char *detail, void *user),
               void *user, GError **error)
{
    g_autofree char *whole = g_canonicalize_filename(path, NULL);
    LacPluginInfo *info = lac_plugin_probe(whole);
    Suite suite = {whole, sample, say, user, TRUE};
    const Task task = {whole, NULL, NULL, NULL};
    g_auto(GStrv) lines = NULL;
    LacChild child;
    gboolean ok;

    tell(&suite, info->error == NULL, NULL, "loads, and its descriptor is well formed",
         info->error);
    ok = info->error == NULL;
    lac_plugin_info_free(info);
    if (!ok)
        return FALSE;
    check_exports(&suite);
    ok = lac_child_run(list_body, (void *)&task, lac_child_timeout(), &child, error);
    lines = g_strsplit(child.report->str, "\n", -1);
    lac_child_clear(&child);
    for (char **line = lines; ok && *line != NULL && **line != '\0'; line++) {
        char *name;
        const LacPluginKind kind = (LacPluginKind)g_ascii_strtoull(*line, &name, 10);

        ok = run_component(&suite, kind, name[1] == 'P', name + 3, error);
    }
    return ok && suite.all_passed;
}
