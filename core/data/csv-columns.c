/* What a column turns out to be. Text columns collect their distinct texts while they are read;
 * kinds are decided when the whole file is known. */
#include "csv-private.h"
#include "node-private.h"

#include <stdlib.h>
#include <string.h>

enum { IDENTIFIER_CELLS = 20 }; /* in a smaller table all texts may well differ */

static void
csv_level_clear(gpointer level)
{
    g_free(((CsvLevel *)level)->text);
}

void
csv_column_forget(CsvColumn *column)
{
    column->seen = 0;
    g_clear_pointer(&column->index, g_hash_table_unref);
    g_clear_pointer(&column->levels, g_array_unref);
}

void
csv_column_clear(CsvColumn *column)
{
    csv_column_forget(column);
    g_free(column->name);
    g_strfreev(column->order);
    g_strfreev(column->na);
}

size_t
csv_column_level(CsvColumn *column, const char *text, CsvLevel **fresh_out)
{
    gpointer code;
    CsvLevel level = {0};

    *fresh_out = NULL;
    if (column->levels == NULL) {
        column->levels = g_array_new(FALSE, TRUE, sizeof(CsvLevel));
        g_array_set_clear_func(column->levels, csv_level_clear);
        column->index = g_hash_table_new(g_str_hash, g_str_equal);
    }
    if (g_hash_table_lookup_extended(column->index, text, NULL, &code)) {
        g_array_index(column->levels, CsvLevel, GPOINTER_TO_SIZE(code)).count++;
        return GPOINTER_TO_SIZE(code);
    }
    level.text = g_strdup(text);
    level.count = 1;
    g_hash_table_insert(column->index, level.text, GSIZE_TO_POINTER(column->levels->len));
    g_array_append_val(column->levels, level);
    *fresh_out = &g_array_index(column->levels, CsvLevel, column->levels->len - 1);
    return column->levels->len - 1;
}

/* "low < mid < high" to its levels, owned; NULL when one is empty or comes twice. */
static char **
csv_parse_order(const char *text)
{
    g_auto(GStrv) levels = g_strsplit(text, "<", -1);

    for (size_t l = 0; levels[l] != NULL; l++) {
        g_strstrip(levels[l]);
        if (levels[l][0] == '\0')
            return NULL;
        for (size_t other = 0; other < l; other++) {
            if (g_str_equal(levels[l], levels[other]))
                return NULL;
        }
    }
    return g_steal_pointer(&levels);
}

static gboolean
csv_column_configure(CsvColumn *column, const char *kind, const char *name, GError **error)
{
    column->given = TRUE;
    if (g_str_equal(kind, "skip")) {
        column->mode = CSV_MODE_SKIP;
        return TRUE;
    }
    if (strchr(kind, '<') != NULL) {
        column->kind = LAC_KIND_ORDINAL;
        g_strfreev(column->order);
        column->order = csv_parse_order(kind);
        if (column->order == NULL)
            return lac_fail(error, LAC_ERROR_PARAM,
                            "%s: column '%s': the order of levels '%s' has an empty or repeated "
                            "level, expected something like 'low < mid < high'",
                            name, column->name, kind);
    } else if (!lac_kind_parse(kind, &column->kind)) {
        return lac_fail(error, LAC_ERROR_PARAM,
                        "%s: column '%s': '%s' is no kind, expected continuous, integer, binary, "
                        "nominal, ordinal, skip or an order of levels 'low < mid < high'",
                        name, column->name, kind);
    }
    column->mode = lac_kind_is_numeric(column->kind) ? CSV_MODE_NUMBER : CSV_MODE_TEXT;
    return TRUE;
}

/* The column called @wanted; NULL with an error that lists the names. */
static CsvColumn *
csv_columns_find(CsvColumn *columns, size_t n, const char *wanted, const char *name, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    g_autofree const char **known = g_new0(const char *, n + 1);
    const char *near;

    for (size_t j = 0; j < n; j++) {
        if (g_str_equal(columns[j].name, wanted))
            return &columns[j];
        known[j] = columns[j].name;
        if (j < 20)
            g_string_append_printf(names, "%s%s", j > 0 ? ", " : "", columns[j].name);
    }
    near = lac_suggest(wanted, known);
    return lac_fail_null(error, LAC_ERROR_PARAM,
                         "%s: there is no column '%s'; there are %s%s%s%s%s", name, wanted,
                         names->str, n > 20 ? " ..." : "", near != NULL ? "; did you mean '" : "",
                         near != NULL ? near : "", near != NULL ? "'?" : "");
}

gboolean
csv_columns_configure(CsvColumn *columns, size_t n, const LacCsvOptions *options, const char *name,
                      GError **error)
{
    for (char **pair = options->kinds; pair != NULL && pair[0] != NULL; pair += 2) {
        CsvColumn *column = csv_columns_find(columns, n, pair[0], name, error);

        if (column == NULL || !csv_column_configure(column, pair[1], name, error))
            return FALSE;
    }
    for (char **pair = options->column_na; pair != NULL && pair[0] != NULL; pair += 2) {
        CsvColumn *column = csv_columns_find(columns, n, pair[0], name, error);
        gsize texts;

        if (column == NULL)
            return FALSE;
        texts = column->na != NULL ? g_strv_length(column->na) : 0;
        column->na = g_renew(char *, column->na, texts + 2);
        column->na[texts] = g_strdup(pair[1]);
        column->na[texts + 1] = NULL;
    }
    if (options->label != NULL) {
        CsvColumn *column = csv_columns_find(columns, n, options->label, name, error);

        if (column == NULL)
            return FALSE;
        column->label = TRUE;
        column->mode = CSV_MODE_TEXT;
    }
    return TRUE;
}

static int
csv_compare_numbers(gconstpointer a, gconstpointer b)
{
    const double x = g_ascii_strtod(*(char *const *)a, NULL);
    const double y = g_ascii_strtod(*(char *const *)b, NULL);

    return x != y ? (x > y) - (x < y) : strcmp(*(char *const *)a, *(char *const *)b);
}

static int
csv_compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The distinct texts in order: by value when all are numbers, by bytes otherwise. The texts are
 * lent, the array is owned and NULL-terminated. */
static const char **
csv_column_sorted(const CsvColumn *column, gboolean all_numbers)
{
    const size_t n = column->levels == NULL ? 0 : column->levels->len;
    const char **sorted = g_new0(const char *, n + 1);

    for (size_t l = 0; l < n; l++)
        sorted[l] = g_array_index(column->levels, CsvLevel, l).text;
    qsort(sorted, n, sizeof *sorted, all_numbers ? csv_compare_numbers : csv_compare_texts);
    return sorted;
}

/* Facts about the texts of a column, counted in cells. */
typedef struct {
    size_t levels, cells, numbers;
    const CsvLevel *first_text, *first_infinite;
} CsvTexts;

static CsvTexts
csv_column_texts(const CsvColumn *column)
{
    CsvTexts texts = {.levels = column->levels == NULL ? 0 : column->levels->len};

    for (size_t l = 0; l < texts.levels; l++) {
        const CsvLevel *level = &g_array_index(column->levels, CsvLevel, l);

        texts.cells += level->count;
        texts.numbers += level->number ? level->count : 0;
        if (!level->number && texts.first_text == NULL)
            texts.first_text = level;
        if (level->infinite && texts.first_infinite == NULL)
            texts.first_infinite = level;
    }
    return texts;
}

gboolean
csv_column_is_padded(const CsvColumn *column)
{
    return column->mode == CSV_MODE_NUMBER && !column->given && !column->label &&
           (column->seen & (CSV_SEEN_PADDED | CSV_SEEN_FRACTION)) == CSV_SEEN_PADDED;
}

/* Sniffed texts that are most likely numbers with a flaw, and identifiers. */
static gboolean
csv_column_suspect(CsvColumn *column, const CsvTexts *texts, const char *name, GError **error)
{
    const CsvLevel *odd =
        texts->numbers == texts->cells ? texts->first_infinite : texts->first_text;
    g_autofree char *shown = odd != NULL ? csv_show(odd->text, strlen(odd->text)) : NULL;

    if (odd == NULL && !column->padded)
        return TRUE;
    if (odd != NULL && texts->numbers == texts->cells)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s:%zu:%zu: %s in column '%s' is not a finite number; correct it or add "
                        "it to the texts that mean missing (na)",
                        name, odd->line, odd->column, shown, column->name);
    if (odd != NULL && texts->numbers * 2 > texts->cells)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s:%zu:%zu: %s is not a number, but %zu of the %zu cells of column '%s' "
                        "are; correct it, add it to the texts that mean missing (na), or give the "
                        "column a kind (nominal)",
                        name, odd->line, odd->column, shown, texts->numbers, texts->cells,
                        column->name);
    if (texts->cells < IDENTIFIER_CELLS || texts->levels * 2 <= texts->cells)
        return TRUE;
    if (column->seen & CSV_SEEN_HOLE)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: column '%s' looks like an identifier (%zu different texts in %zu "
                        "cells), and its holes cannot be filled; give it a kind: skip leaves it as "
                        "it is, nominal takes it as it looks",
                        name, column->name, texts->levels, texts->cells);
    column->mode = CSV_MODE_SKIP;
    return TRUE;
}

/* The given order of an ordinal column must name every level that occurs. */
static gboolean
csv_column_check_order(const CsvColumn *column, const char *name, GError **error)
{
    g_autofree char *order = g_strjoinv(" < ", column->order);

    for (size_t l = 0; column->levels != NULL && l < column->levels->len; l++) {
        const CsvLevel *level = &g_array_index(column->levels, CsvLevel, l);
        g_autofree char *shown = csv_show(level->text, strlen(level->text));

        if (!g_strv_contains((const char *const *)column->order, level->text))
            return lac_fail(error, LAC_ERROR_DATA,
                            "%s:%zu:%zu: %s is not among the levels %s of column '%s'", name,
                            level->line, level->column, shown, order, column->name);
    }
    return TRUE;
}

static gboolean
csv_column_check_given(const CsvColumn *column, const CsvTexts *texts, const char *name,
                       GError **error)
{
    if (column->order != NULL)
        return csv_column_check_order(column, name, error);
    if (column->kind == LAC_KIND_ORDINAL && texts->first_text != NULL)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "%s: column '%s' is ordinal, but the order of texts such as '%s' is not "
                        "known; write it out, lowest first: 'low < mid < high'",
                        name, column->name, texts->first_text->text);
    if (column->kind == LAC_KIND_BINARY && texts->levels > 2)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: column '%s' has %zu different texts, expected at most two for a "
                        "binary column",
                        name, column->name, texts->levels);
    return TRUE;
}

static void
csv_column_settle_number(CsvColumn *column)
{
    const unsigned both = CSV_SEEN_ZERO | CSV_SEEN_ONE;

    if (column->given)
        return;
    column->kind = LAC_KIND_CONTINUOUS;
    if ((column->seen & (both | CSV_SEEN_OTHER | CSV_SEEN_FRACTION)) == both) {
        column->kind = LAC_KIND_BINARY;
        column->order = g_strsplit("0,1", ",", 2);
    } else if ((column->seen & (both | CSV_SEEN_OTHER)) != 0 &&
               (column->seen & CSV_SEEN_FRACTION) == 0) {
        column->kind = LAC_KIND_INTEGER;
    }
}

/* Whole numbers beyond 2^53 are hardly measured: names of rows, of which a double would lose the
 * last digits. They are set aside. */
static gboolean
csv_column_settle_huge(CsvColumn *column, const char *name, GError **error)
{
    if (column->given || (column->seen & (CSV_SEEN_HUGE | CSV_SEEN_FRACTION)) != CSV_SEEN_HUGE)
        return TRUE;
    if (column->seen & CSV_SEEN_HOLE)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: column '%s' looks like an identifier (whole numbers beyond 2^53, of "
                        "which doubles lose the last digits), and its holes cannot be filled; give "
                        "it a kind: skip leaves it as it is, integer or continuous takes it for "
                        "numbers all the same",
                        name, column->name);
    column->mode = CSV_MODE_SKIP;
    return TRUE;
}

gboolean
csv_column_settle(CsvColumn *column, const char *name, size_t **codes_out, GError **error)
{
    const CsvTexts texts = csv_column_texts(column);
    const gboolean all_numbers = texts.first_text == NULL;
    g_autofree size_t *codes = NULL;

    *codes_out = NULL;
    if (column->mode == CSV_MODE_NUMBER && !csv_column_settle_huge(column, name, error))
        return FALSE;
    if (column->mode == CSV_MODE_NUMBER)
        csv_column_settle_number(column);
    if (column->mode != CSV_MODE_TEXT)
        return TRUE;
    if (!column->given && !column->label) {
        if (!csv_column_suspect(column, &texts, name, error))
            return FALSE;
        if (column->mode == CSV_MODE_SKIP)
            return TRUE;
        column->kind = texts.levels == 2 ? LAC_KIND_BINARY : LAC_KIND_NOMINAL;
    } else if (column->given && !csv_column_check_given(column, &texts, name, error)) {
        return FALSE;
    }
    if (column->order == NULL) {
        g_autofree const char **sorted = csv_column_sorted(column, all_numbers);

        column->order = g_strdupv((char **)sorted);
    }
    codes = g_new(size_t, texts.levels);
    for (size_t l = 0; column->order[l] != NULL; l++) {
        gpointer code;

        if (column->index != NULL &&
            g_hash_table_lookup_extended(column->index, column->order[l], NULL, &code))
            codes[GPOINTER_TO_SIZE(code)] = l;
    }
    *codes_out = g_steal_pointer(&codes);
    return TRUE;
}

void
csv_column_describe(const CsvColumn *column, LacSchema *schema, size_t j)
{
    lac_schema_set_name(schema, j, column->name);
    if (lac_kind_is_numeric(column->kind))
        schema->columns[j].kind = column->kind;
    else
        lac_schema_set_levels(schema, j, column->kind, g_strv_length(column->order),
                              (const char *const *)column->order);
}
