#include "survey.h"

#include <math.h>
#include <string.h>

/* ---- storage ----------------------------------------------------------------------------------
 */

static void
value_label_clear(gpointer data)
{
    ValueLabel *label = data;

    g_free(label->text);
    g_free(label->label);
}

static void
label_set_free(gpointer set)
{
    g_array_unref(set);
}

static void
variable_free(gpointer data)
{
    Variable *variable = data;

    for (size_t i = 0; variable->texts != NULL && i < variable->n; i++)
        g_free(variable->texts[i]);
    g_free(variable->texts);
    g_free(variable->values);
    g_free(variable->name);
    g_free(variable->label);
    g_free(variable->format);
    g_free(variable->labels);
    g_hash_table_unref(variable->codes);
    g_free(variable);
}

void
survey_free(Survey *survey)
{
    if (survey == NULL)
        return;
    g_ptr_array_unref(survey->variables);
    g_hash_table_unref(survey->label_sets);
    g_free(survey->trouble);
    g_free(survey);
}

/* Rows may come without their number having been told, or with a false one. */
static gboolean
variable_grow(Variable *variable, size_t rows)
{
    const size_t capacity = MAX(rows, 2 * variable->capacity), cell = sizeof(double);
    void *column = variable->is_text ? (void *)variable->texts : (void *)variable->values;

    G_STATIC_ASSERT(sizeof(double) == sizeof(char *));
    if (rows > variable->capacity) {
        column = capacity > G_MAXSSIZE / cell ? NULL : g_try_realloc(column, capacity * cell);
        if (column == NULL)
            return FALSE;
        variable->capacity = capacity;
        if (variable->is_text)
            variable->texts = column;
        else
            variable->values = column;
    }
    for (; variable->n < rows; variable->n++) {
        if (variable->is_text)
            variable->texts[variable->n] = NULL;
        else
            variable->values[variable->n] = NAN;
    }
    return TRUE;
}

/* ---- what libreadstat calls -------------------------------------------------------------------
 */

static char *
valid_text(const char *text)
{
    return text != NULL && *text != '\0' ? g_utf8_make_valid(text, -1) : NULL;
}

/* Of a damaged Stata file the name may have no end. */
static char *
labels_name(const char *labels)
{
    enum { LONGEST = 129 };
    g_autofree char *name = labels != NULL ? g_strndup(labels, LONGEST) : NULL;

    return valid_text(name);
}

static int
take_variable(int index, readstat_variable_t *from, const char *labels, void *user)
{
    Survey *survey = user;
    Variable *variable = g_new0(Variable, 1);
    const char *name = readstat_variable_get_name(from);

    variable->codes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    variable->name = valid_text(name);
    if (variable->name == NULL)
        variable->name = g_strdup_printf("x%u", survey->variables->len + 1);
    variable->label = valid_text(readstat_variable_get_label(from));
    variable->format = valid_text(readstat_variable_get_format(from));
    variable->labels = labels_name(labels);
    variable->measure = readstat_variable_get_measure(from);
    variable->is_text = readstat_variable_get_type_class(from) == READSTAT_TYPE_CLASS_STRING;
    g_ptr_array_add(survey->variables, variable);
    return READSTAT_HANDLER_OK;
}

static int
take_label(const char *set_name, readstat_value_t value, const char *text, void *user)
{
    Survey *survey = user;
    GArray *set = g_hash_table_lookup(survey->label_sets, set_name);
    ValueLabel label = {.value = NAN, .label = valid_text(text)};

    if (label.label == NULL)
        return READSTAT_HANDLER_OK;
    if (readstat_value_is_tagged_missing(value))
        label.tag = readstat_value_tag(value);
    else if (readstat_value_type_class(value) == READSTAT_TYPE_CLASS_STRING)
        label.text = valid_text(readstat_string_value(value));
    else
        label.value = readstat_double_value(value);
    if (set == NULL) {
        set = g_array_new(FALSE, FALSE, sizeof label);
        g_array_set_clear_func(set, value_label_clear);
        g_hash_table_insert(survey->label_sets, g_strdup(set_name), set);
    }
    g_array_append_val(set, label);
    return READSTAT_HANDLER_OK;
}

static void
count_code(Variable *variable, char *code)
{
    const size_t n = GPOINTER_TO_SIZE(g_hash_table_lookup(variable->codes, code));

    g_hash_table_replace(variable->codes, code, GSIZE_TO_POINTER(n + 1));
}

/* ".a" of Stata and SAS, "-9" of SPSS; a plain blank has no code. */
static void
note_missing(Variable *variable, readstat_variable_t *of, readstat_value_t value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    if (readstat_value_is_tagged_missing(value))
        count_code(variable, g_strdup_printf(".%c", readstat_value_tag(value)));
    else if (readstat_value_is_system_missing(value))
        variable->system_missing++;
    else if (readstat_value_type_class(value) == READSTAT_TYPE_CLASS_STRING)
        count_code(variable, g_utf8_make_valid(readstat_string_value(value), -1));
    else
        count_code(variable, g_strdup(g_ascii_formatd(text, sizeof text, "%.15g",
                                                      readstat_double_value(value))));
}

/* Strings are padded with blanks; nothing but blanks is nothing. */
static char *
text_of(readstat_value_t value)
{
    const char *text = readstat_string_value(value);
    char *valid = text != NULL ? g_utf8_make_valid(text, -1) : NULL;

    if (valid != NULL && *g_strchomp(valid) == '\0')
        g_clear_pointer(&valid, g_free);
    return valid;
}

static int
take_value(int row, readstat_variable_t *of, readstat_value_t value, void *user)
{
    Survey *survey = user;
    const int index = readstat_variable_get_index(of);
    Variable *variable;

    if (index < 0 || (guint)index >= survey->variables->len || row < 0)
        return READSTAT_HANDLER_ABORT;
    variable = survey->variables->pdata[index];
    if (variable->is_text != (readstat_value_type_class(value) == READSTAT_TYPE_CLASS_STRING) ||
        !variable_grow(variable, (size_t)row + 1))
        return READSTAT_HANDLER_ABORT;
    survey->rows = MAX(survey->rows, (size_t)row + 1);
    if (readstat_value_is_missing(value, of)) {
        note_missing(variable, of, value);
        return READSTAT_HANDLER_OK;
    }
    if (variable->is_text) {
        g_free(variable->texts[row]);
        variable->texts[row] = text_of(value);
        variable->system_missing += variable->texts[row] == NULL;
    } else {
        variable->values[row] = readstat_double_value(value);
    }
    return READSTAT_HANDLER_OK;
}

static void
take_trouble(const char *message, void *user)
{
    Survey *survey = user;

    g_free(survey->trouble);
    survey->trouble = g_strstrip(g_utf8_make_valid(message, -1));
}

/* ---- all of it --------------------------------------------------------------------------------
 */

static readstat_parser_t *
parser_new(const char *encoding)
{
    readstat_parser_t *parser = readstat_parser_init();

    readstat_set_variable_handler(parser, take_variable);
    readstat_set_value_handler(parser, take_value);
    readstat_set_value_label_handler(parser, take_label);
    readstat_set_error_handler(parser, take_trouble);
    if (encoding != NULL)
        readstat_set_file_character_encoding(parser, encoding);
    return parser;
}

static gboolean
survey_check(const Survey *survey, readstat_error_t status, GError **error)
{
    if (status != READSTAT_OK)
        return lac_fail(error, LAC_ERROR_DATA, "%s: %s%s%s; expected a file of %s", survey->name,
                        readstat_error_message(status), survey->trouble != NULL ? ": " : "",
                        survey->trouble != NULL ? survey->trouble : "",
                        survey_format_name(survey->format));
    return TRUE;
}

/* Value labels of SAS lie in a file of their own. */
static gboolean
read_catalog(Survey *survey, GBytes *catalog, const char *encoding, GError **error)
{
    readstat_parser_t *parser;
    readstat_error_t status;
    gsize n;
    const uint8_t *bytes = catalog != NULL ? g_bytes_get_data(catalog, &n) : NULL;

    if (catalog == NULL)
        return TRUE;
    parser = parser_new(encoding);
    status = survey_parse_catalog(parser, bytes, n, survey);
    readstat_parser_free(parser);
    if (survey_check(survey, status, error))
        return TRUE;
    g_prefix_error(error, "catalog: ");
    return FALSE;
}

Survey *
survey_read(const SurveyFile *file, GError **error)
{
    g_autoptr(Survey) survey = g_new0(Survey, 1);
    readstat_parser_t *parser;
    readstat_error_t status;
    gsize n;
    const uint8_t *data = g_bytes_get_data(file->bytes, &n);

    survey->name = file->name;
    survey->format = file->format;
    survey->variables = g_ptr_array_new_with_free_func(variable_free);
    survey->label_sets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, label_set_free);
    if (!read_catalog(survey, file->catalog, file->encoding, error))
        return NULL;
    parser = parser_new(file->encoding);
    status = survey_parse_bytes(parser, file->format, data, n, survey);
    readstat_parser_free(parser);
    if (!survey_check(survey, status, error))
        return NULL;
    for (guint j = 0; j < survey->variables->len; j++)
        if (!variable_grow(survey->variables->pdata[j], survey->rows))
            return lac_fail_null(error, LAC_ERROR_SHAPE, "%s: no memory for %zu rows", file->name,
                                 survey->rows);
    if (survey->variables->len == 0 || survey->rows == 0)
        return lac_fail_null(error, LAC_ERROR_DATA,
                             "%s: %u variables and %zu rows; expected a table", file->name,
                             survey->variables->len, survey->rows);
    return g_steal_pointer(&survey);
}

const char *
survey_label(const Survey *survey, const Variable *variable, double value)
{
    const GArray *set =
        variable->labels != NULL ? g_hash_table_lookup(survey->label_sets, variable->labels) : NULL;

    for (guint k = 0; set != NULL && k < set->len; k++) {
        const ValueLabel *label = &g_array_index(set, ValueLabel, k);

        if (label->value == value)
            return label->label;
    }
    return NULL;
}
