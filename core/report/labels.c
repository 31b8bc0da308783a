/* Cells into data sets, conditions and methods; and a short name for each that tells it from the
 * others: "knn k=5", "mcar 20 %". */
#include "model-private.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

/* ---- what sets parameter maps apart ---- */

static JsonObject *
object_parse(const char *json)
{
    g_autoptr(JsonNode) node = json == NULL ? NULL : json_from_string(json, NULL);

    if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node))
        return json_object_new();
    return json_node_dup_object(node);
}

/* "5", "distance", "[1,2]": as a person would write it */
static char *
member_text(JsonObject *object, const char *key)
{
    JsonNode *node = json_object_get_member(object, key);

    if (node == NULL)
        return NULL;
    if (JSON_NODE_HOLDS_VALUE(node)) {
        const GType type = json_node_get_value_type(node);
        if (type == G_TYPE_STRING)
            return g_strdup(json_node_get_string(node));
        if (type == G_TYPE_DOUBLE) {
            char buffer[G_ASCII_DTOSTR_BUF_SIZE];
            return g_strdup(
                g_ascii_formatd(buffer, sizeof buffer, "%.6g", json_node_get_double(node)));
        }
    }
    return json_to_string(node, FALSE);
}

static gboolean
member_varies(size_t n, JsonObject *const *objects, const char *key)
{
    g_autofree char *first = member_text(objects[0], key);

    for (size_t i = 1; i < n; i++) {
        g_autofree char *other = member_text(objects[i], key);
        if (g_strcmp0(first, other) != 0)
            return TRUE;
    }
    return FALSE;
}

/* names of all members in order of first appearance */
static GPtrArray *
members_of(size_t n, JsonObject *const *objects)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);

    for (size_t i = 0; i < n; i++) {
        g_autoptr(GList) members = json_object_get_members(objects[i]);
        for (GList *m = members; m != NULL; m = m->next)
            if (!g_ptr_array_find_with_equal_func(keys, m->data, g_str_equal, NULL))
                g_ptr_array_add(keys, g_strdup(m->data));
    }
    return keys;
}

GPtrArray *
lac_report_differences(size_t n, const char *const *params)
{
    GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
    g_autofree JsonObject **objects = g_new0(JsonObject *, MAX(n, 1));
    g_autoptr(GPtrArray) keys = NULL;

    for (size_t i = 0; i < n; i++)
        objects[i] = object_parse(params[i]);
    keys = members_of(n, objects);
    for (size_t i = 0; i < n; i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (size_t k = 0; k < keys->len; k++) {
            const char *key = g_ptr_array_index(keys, k);
            g_autofree char *value = member_text(objects[i], key);
            if (value != NULL && member_varies(n, objects, key))
                g_string_append_printf(text, "%s%s=%s", text->len ? " " : "", key, value);
        }
        g_ptr_array_add(out, g_string_free(g_steal_pointer(&text), FALSE));
    }
    for (size_t i = 0; i < n; i++)
        json_object_unref(objects[i]);
    return out;
}

/* ---- groups ---- */

/* Groups: distinct keys in order of first appearance; for each a name and the parameters that may
 * have to complete it. */
typedef struct {
    GHashTable *index;
    GPtrArray *name, *params, *first; /* owned text, owned text, lent cell */
} Groups;

static Groups
groups_new(void)
{
    return (Groups){g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                    g_ptr_array_new_with_free_func(g_free), g_ptr_array_new_with_free_func(g_free),
                    g_ptr_array_new()};
}

static void
groups_clear(Groups *groups)
{
    g_hash_table_unref(groups->index);
    g_ptr_array_unref(groups->name);
    g_ptr_array_unref(groups->params);
    g_ptr_array_unref(groups->first);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Groups, groups_clear)

static size_t
groups_place(Groups *groups, const LacReportCell *cell, char *key, const char *name,
             const char *params)
{
    g_autofree char *owned = key;
    gpointer found;

    if (g_hash_table_lookup_extended(groups->index, owned, NULL, &found))
        return GPOINTER_TO_SIZE(found);
    g_hash_table_insert(groups->index, g_steal_pointer(&owned),
                        GSIZE_TO_POINTER((gsize)groups->name->len));
    g_ptr_array_add(groups->name, g_strdup(name == NULL || *name == '\0' ? "(unnamed)" : name));
    g_ptr_array_add(groups->params, g_strdup(params));
    g_ptr_array_add(groups->first, (gpointer)cell);
    return groups->name->len - 1;
}

/* each group's name, completed by what sets it apart from groups of the same name; a number where
 * nothing does. Array of owned strings. */
static GPtrArray *
groups_labels(const Groups *groups)
{
    GPtrArray *labels = g_ptr_array_new_with_free_func(g_free);
    const size_t n = groups->name->len;

    g_ptr_array_set_size(labels, (gint)n);
    for (size_t i = 0; i < n; i++) {
        const char *name = g_ptr_array_index(groups->name, i);
        g_autoptr(GArray) same = g_array_new(FALSE, FALSE, sizeof(size_t));
        g_autoptr(GPtrArray) params = g_ptr_array_new();
        g_autoptr(GPtrArray) apart = NULL;
        if (g_ptr_array_index(labels, i) != NULL)
            continue;
        for (size_t j = i; j < n; j++) {
            if (!g_str_equal(name, g_ptr_array_index(groups->name, j)))
                continue;
            g_array_append_val(same, j);
            g_ptr_array_add(params, g_ptr_array_index(groups->params, j));
        }
        apart = lac_report_differences(params->len, (const char *const *)params->pdata);
        for (size_t j = 0; j < same->len; j++) {
            const char *text = g_ptr_array_index(apart, j);
            g_ptr_array_index(labels, g_array_index(same, size_t, j)) =
                *text ? g_strdup_printf("%s %s", name, text) : g_strdup(name);
        }
    }
    return labels;
}

/* two groups must not look the same: number the later ones */
static void
labels_make_unique(GPtrArray *labels)
{
    for (size_t i = 1; i < labels->len; i++) {
        unsigned copies = 1;
        for (size_t j = 0; j < i; j++)
            copies += g_str_equal(g_ptr_array_index(labels, i), g_ptr_array_index(labels, j));
        if (copies > 1) {
            char *old = g_ptr_array_index(labels, i);
            g_ptr_array_index(labels, i) = g_strdup_printf("%s (%u)", old, copies);
            g_free(old);
        }
    }
}

static LacReportCell *
cell_at(LacReport *report, size_t i)
{
    return g_ptr_array_index(report->cells, i);
}

/* TRUE when not all cells agree on the text at @offset of LacReportCell */
static gboolean
cells_vary(const LacReport *report, size_t offset)
{
    const char *first = NULL;

    for (size_t i = 0; i < report->cells->len; i++) {
        const char *text = *(char *const *)((const char *)report_cell(report, i) + offset);
        if (first == NULL)
            first = text; /* what a cell does not have does not tell it from others */
        else if (text != NULL && !g_str_equal(first, text))
            return TRUE;
    }
    return FALSE;
}
#define VARIES(report, field) cells_vary((report), offsetof(LacReportCell, field))

static void
group_data(LacReport *report)
{
    g_auto(Groups) groups = groups_new();
    g_autoptr(GPtrArray) labels = NULL;

    for (size_t i = 0; i < report->cells->len; i++) {
        LacReportCell *cell = cell_at(report, i);
        char *key = g_strjoin("\x1f", cell->data_name ? cell->data_name : "",
                              cell->data_params ? cell->data_params : "",
                              cell->data_sha ? cell->data_sha : "", NULL);
        cell->data = groups_place(&groups, cell, key, cell->data_name, cell->data_params);
    }
    labels = groups_labels(&groups);
    labels_make_unique(labels);
    for (size_t i = 0; i < labels->len; i++) {
        const LacReportCell *cell = g_ptr_array_index(groups.first, i);
        LacReportData *data = g_new0(LacReportData, 1);
        data->label = g_strdup(g_ptr_array_index(labels, i));
        data->family = g_strdup(cell->family && *cell->family ? cell->family : data->label);
        data->rows = cell->rows;
        data->cols = cell->cols;
        g_ptr_array_add(report->data, data);
    }
}

/* @json without its member "rate", which is shown as a share of its own */
static char *
without_rate(const char *json)
{
    JsonObject *object = object_parse(json);
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

    if (json_object_has_member(object, "rate"))
        json_object_remove_member(object, "rate");
    json_node_take_object(node, object);
    return json_to_string(node, FALSE);
}

static char *
rate_text(double rate)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_formatd(buffer, sizeof buffer, "%.3g", 100.0 * rate);
    return g_strconcat(buffer, " %", NULL);
}

/* mean realised rate, and test by training rows, over a condition's cells */
static void
condition_measure(LacReport *report)
{
    const size_t n = report->conditions->len;
    g_autofree double *sum = g_new0(double, n);
    g_autofree size_t *count = g_new0(size_t, n);

    for (size_t i = 0; i < report->cells->len; i++) {
        const LacReportCell *cell = report_cell(report, i);
        if (isfinite(cell->rate_realised)) {
            sum[cell->condition] += cell->rate_realised;
            count[cell->condition]++;
        }
    }
    for (size_t i = 0; i < n; i++) {
        LacReportCondition *condition = g_ptr_array_index(report->conditions, i);
        condition->realised = count[i] == 0 ? NAN : sum[i] / (double)count[i];
    }
}

/* test rows by training rows of "kfold 5" and "holdout 0.2"; 0 without a split */
static double
split_ratio(const char *split)
{
    double share;

    if (split == NULL)
        return 0.0;
    if (g_str_has_prefix(split, "kfold ")) {
        const double folds = g_ascii_strtod(split + strlen("kfold "), NULL);
        return folds > 1.0 ? 1.0 / (folds - 1.0) : 0.0;
    }
    share = g_str_has_prefix(split, "holdout ") ? g_ascii_strtod(split + strlen("holdout "), NULL)
                                                : 0.0;
    return share > 0.0 && share < 1.0 ? share / (1.0 - share) : 0.0;
}

static void
condition_add(LacReport *report, const LacReportCell *cell, const char *label,
              gboolean scale_varies, gboolean split_varies)
{
    LacReportCondition *condition = g_new0(LacReportCondition, 1);
    g_autoptr(GString) rest = g_string_new(label);

    if (scale_varies)
        g_string_append_printf(rest, ", scale %s", cell->scale ? cell->scale : "none");
    if (split_varies)
        g_string_append_printf(rest, ", split %s", cell->split ? cell->split : "none");
    condition->rate = cell->rate_asked;
    if (isfinite(cell->rate_asked)) {
        g_autofree char *share = rate_text(cell->rate_asked);
        const char *after = rest->str + strlen(cell->mask ? cell->mask : label);
        condition->label =
            g_strdup_printf("%.*s %s%s", (int)(after - rest->str), rest->str, share, after);
    } else {
        condition->label = g_strdup(rest->str);
    }
    condition->curve = g_strdup(rest->str);
    condition->split = g_strdup(cell->split);
    condition->scale = g_strdup(cell->scale);
    condition->mechanism = g_strdup(cell->mechanism);
    condition->ratio = split_ratio(cell->split);
    g_ptr_array_add(report->conditions, condition);
}

static void
group_conditions(LacReport *report)
{
    const gboolean scale = VARIES(report, scale), split = VARIES(report, split);
    g_auto(Groups) groups = groups_new();
    g_autoptr(GPtrArray) labels = NULL;

    for (size_t i = 0; i < report->cells->len; i++) {
        LacReportCell *cell = cell_at(report, i);
        g_autofree char *rest = without_rate(cell->mask_params);
        char *key = g_strdup_printf("%s\x1f%s\x1f%.17g\x1f%s\x1f%s", cell->mask ? cell->mask : "",
                                    cell->mask_params ? cell->mask_params : "", cell->rate_asked,
                                    cell->scale ? cell->scale : "", cell->split ? cell->split : "");
        cell->condition = groups_place(&groups, cell, key, cell->mask, rest);
    }
    labels = groups_labels(&groups);
    for (size_t i = 0; i < labels->len; i++)
        condition_add(report, g_ptr_array_index(groups.first, i), g_ptr_array_index(labels, i),
                      scale, split);
    condition_measure(report);
}

static void
group_methods(LacReport *report)
{
    const gboolean initial = VARIES(report, initial) || VARIES(report, initial_params);
    const gboolean optimizer = VARIES(report, optimizer) || VARIES(report, optimizer_params);
    const gboolean classifier = VARIES(report, classifier);
    g_auto(Groups) groups = groups_new();
    g_autoptr(GPtrArray) labels = NULL;

    for (size_t i = 0; i < report->cells->len; i++) {
        LacReportCell *cell = cell_at(report, i);
        const char *base =
            cell->model_label && *cell->model_label ? cell->model_label : cell->model;
        g_autoptr(GString) name = g_string_new(base ? base : "(unnamed)");
        char *key;
        if (initial && cell->initial != NULL)
            g_string_append_printf(name, " from %s", cell->initial);
        if (optimizer && cell->optimizer != NULL)
            g_string_append_printf(name, " by %s", cell->optimizer);
        /* runs pooled: within one the labels say it already */
        if (classifier && cell->classifier != NULL && strstr(name->str, " then ") == NULL)
            g_string_append_printf(name, " then %s", cell->classifier);
        key = g_strjoin("\x1f", name->str, cell->model ? cell->model : "",
                        cell->model_params ? cell->model_params : "",
                        cell->initial_params ? cell->initial_params : "",
                        cell->optimizer_params ? cell->optimizer_params : "", NULL);
        cell->method = groups_place(&groups, cell, key, name->str, cell->model_params);
    }
    labels = groups_labels(&groups);
    labels_make_unique(labels);
    for (size_t i = 0; i < labels->len; i++) {
        LacReportMethod *method = g_new0(LacReportMethod, 1);
        method->label = g_strdup(g_ptr_array_index(labels, i));
        g_ptr_array_add(report->methods, method);
    }
}

/* cells sorted by (condition, data set, method), the order of the run kept inside */
static void
grid_build(LacReport *report)
{
    const size_t places =
        (size_t)report->conditions->len * report->data->len * report->methods->len;
    g_autofree size_t *next = NULL;

    report->grid_start = g_new0(size_t, places + 2);
    report->grid_cell = g_new0(size_t, MAX(report->cells->len, 1));
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < report->cells->len; i++) {
            const LacReportCell *c = report_cell(report, i);
            const size_t at =
                (c->condition * report->data->len + c->data) * report->methods->len + c->method;
            if (pass == 0)
                report->grid_start[at + 1]++;
            else
                report->grid_cell[next[at]++] = i;
        }
        if (pass == 1)
            break;
        for (size_t at = 0; at < places; at++)
            report->grid_start[at + 1] += report->grid_start[at];
        next = g_memdup2(report->grid_start, (places + 1) * sizeof *next);
    }
}

gboolean
report_has_values(const LacReport *report, size_t metric)
{
    for (size_t c = 0; c < report->cells->len; c++)
        if (report_value_status(report, c, metric) == LAC_VALUE_OK)
            return TRUE;
    return FALSE;
}

/* of the metrics of that name that have values the one listed first; of any name when @name is NULL
 */
static gboolean
find_primary(LacReport *report, const char *name)
{
    size_t first = report->metrics->len;

    for (size_t i = 0; i < report->metrics->len; i++) {
        const LacReportMetric *metric = report_metric(report, i);
        if (name != NULL && !g_str_equal(metric->name, name) && !g_str_equal(metric->label, name))
            continue;
        if (report_has_values(report, i) && (first == report->metrics->len ||
                                             metric->listed < report_metric(report, first)->listed))
            first = i;
    }
    if (first == report->metrics->len)
        return FALSE;
    report->primary = first;
    return TRUE;
}

static void
choose_primary(LacReport *report)
{
    const char *wanted = report->settings.primary;

    if (wanted != NULL && find_primary(report, wanted))
        return;
    if (find_primary(report, NULL) && wanted != NULL)
        report_note(report,
                    "report.primary: no values of a metric '%s' in the results; '%s' was used",
                    wanted, report_metric(report, report->primary)->label);
}

void
report_group(LacReport *report)
{
    group_data(report);
    group_conditions(report);
    group_methods(report);
    grid_build(report);
    choose_primary(report);
}
