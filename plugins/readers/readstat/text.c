#include "survey.h"

#include <math.h>
#include <string.h>

static const LacColumn number = {.kind = LAC_KIND_CONTINUOUS};

static void
append_cell(const Survey *survey, const Variable *variable, Role role, size_t i, GString *out)
{
    double value;

    if (variable->is_text) {
        if (variable->texts[i] != NULL)
            lac_csv_format_text(out, variable->texts[i], ',');
        return;
    }
    value = variable->values[i];
    if (isnan(value))
        return;
    if (role == ROLE_LEVELS || role == ROLE_ORDERED)
        lac_csv_format_text(out, survey_label(survey, variable, value), ',');
    else if (role == ROLE_DATE || role == ROLE_TIME)
        lac_csv_format_value(out, &number, survey_since_1970(survey, variable, role, value), ',',
                             '.');
    else
        lac_csv_format_value(out, &number, value, ',', '.');
}

/* ---- what is told -----------------------------------------------------------------------------
 */

/* Label of missing code @code of @variable, or NULL. */
static const char *
code_label(const Survey *survey, const Variable *variable, const char *code)
{
    const GArray *set =
        variable->labels != NULL ? g_hash_table_lookup(survey->label_sets, variable->labels) : NULL;
    char *end;
    const double value = g_ascii_strtod(code, &end);

    for (guint k = 0; set != NULL && k < set->len; k++) {
        const ValueLabel *label = &g_array_index(set, ValueLabel, k);

        if ((code[0] == '.' && label->tag == code[1]) ||
            (end != code && *end == '\0' && label->value == value) ||
            g_strcmp0(label->text, code) == 0)
            return label->label;
    }
    return NULL;
}

static int
compare_codes(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b);
}

/* "q7: cells missing: 12 as -9 (refused), 3 as -8 (do not know), 4 without a code" */
static void
note_codes(const Survey *survey, const Variable *variable, GStrvBuilder *notes)
{
    g_autoptr(GList) codes = g_list_sort(g_hash_table_get_keys(variable->codes), compare_codes);
    g_autoptr(GString) note = g_string_new(NULL);

    if (codes == NULL)
        return;
    g_string_printf(note, "%s: cells missing:", variable->name);
    for (const GList *at = codes; at != NULL; at = at->next) {
        const char *label = code_label(survey, variable, at->data);

        g_string_append_printf(note, "%s %zu as %s", at == codes ? "" : ",",
                               GPOINTER_TO_SIZE(g_hash_table_lookup(variable->codes, at->data)),
                               (const char *)at->data);
        if (label != NULL)
            g_string_append_printf(note, " (%s)", label);
    }
    if (variable->system_missing > 0)
        g_string_append_printf(note, ", %zu without a code", variable->system_missing);
    g_strv_builder_add(notes, note->str);
}

static void
note_role(const Variable *variable, Role role, GStrvBuilder *notes)
{
    g_autofree char *note = NULL;

    if (role == ROLE_DATE)
        note = g_strdup_printf("%s: a date, read as days since 1970-01-01", variable->name);
    else if (role == ROLE_TIME)
        note =
            g_strdup_printf("%s: a time, read as seconds since 1970-01-01 00:00", variable->name);
    else if (role == ROLE_PASSED)
        note = g_strdup_printf("%s: texts that hardly repeat, passed through", variable->name);
    else if (role == ROLE_CODES)
        note = g_strdup_printf("%s: ordered, but its value labels cannot be written as an order; "
                               "its codes are used",
                               variable->name);
    if (note != NULL)
        g_strv_builder_add(notes, note);
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static GBytes *
table_text(const Survey *survey, const Role *roles)
{
    const guint cols = survey->variables->len;
    GString *out = g_string_new(NULL);

    for (guint j = 0; j < cols; j++) {
        const Variable *variable = survey->variables->pdata[j];

        lac_csv_format_text(out, variable->name, ',');
        g_string_append_c(out, j + 1 < cols ? ',' : '\n');
    }
    for (size_t i = 0; i < survey->rows; i++)
        for (guint j = 0; j < cols; j++) {
            append_cell(survey, survey->variables->pdata[j], roles[j], i, out);
            g_string_append_c(out, j + 1 < cols ? ',' : '\n');
        }
    return g_string_free_to_bytes(out);
}

LacReaderText *
survey_text(const Survey *survey, gboolean use_labels)
{
    g_autofree Role *roles = g_new(Role, survey->variables->len);
    g_autoptr(GStrvBuilder) kinds = g_strv_builder_new();
    g_autoptr(GStrvBuilder) notes = g_strv_builder_new();
    LacReaderText *text = g_new0(LacReaderText, 1);

    for (guint j = 0; j < survey->variables->len; j++) {
        const Variable *variable = survey->variables->pdata[j];
        g_autofree char *kind = NULL;

        roles[j] = survey_role(survey, variable, use_labels);
        kind = survey_kind(survey, variable, roles[j]);
        if (kind != NULL) {
            g_strv_builder_add(kinds, variable->name);
            g_strv_builder_add(kinds, kind);
        }
        note_codes(survey, variable, notes);
        note_role(variable, roles[j], notes);
    }
    text->csv = table_text(survey, roles);
    text->kinds = g_strv_builder_end(kinds);
    text->notes = g_strv_builder_end(notes);
    return text;
}
