/* What is written with libreadstat's writer comes back; expected values are those written. */
#include "reading.h"

#include <lacuna/csv.h>
#include <readstat.h>

typedef struct {
    const char *suffix;
    readstat_error_t (*begin)(readstat_writer_t *, void *, long);
    gboolean spss, dated, labelled; /* its own codes for missing; formats; value labels inside */
    uint8_t version;                /* 0: as it comes */
    readstat_compress_t compression;
} Format;

static const Format formats[] = {
    {".sav", readstat_begin_writing_sav, TRUE, TRUE, TRUE, 0, READSTAT_COMPRESS_NONE},
    {".sav", readstat_begin_writing_sav, TRUE, TRUE, TRUE, 0, READSTAT_COMPRESS_ROWS},
    {".zsav", readstat_begin_writing_sav, TRUE, TRUE, TRUE, 0, READSTAT_COMPRESS_BINARY},
    {".por", readstat_begin_writing_por, TRUE, TRUE, TRUE, 0, READSTAT_COMPRESS_NONE},
    {".dta", readstat_begin_writing_dta, FALSE, TRUE, TRUE, 0, READSTAT_COMPRESS_NONE},
    {".dta", readstat_begin_writing_dta, FALSE, TRUE, TRUE, 114, READSTAT_COMPRESS_NONE},
    {".xpt", readstat_begin_writing_xport, FALSE, TRUE, FALSE, 0, READSTAT_COMPRESS_NONE},
    {".sas7bdat", readstat_begin_writing_sas7bdat, FALSE, TRUE, FALSE, 0, READSTAT_COMPRESS_NONE},
};

/* 1990-03-01: 7364 days after 1970-01-01 (date -d 1990-03-01 +%s / 86400) */
#define DAY_1990 7364.0

enum { ROWS = 30 };

static double
height_of(int i)
{
    return 1.5 + 0.01 * i;
}

static ssize_t
append_bytes(const void *data, size_t n, void *user)
{
    g_byte_array_append(user, data, (guint)n);
    return (ssize_t)n;
}

typedef struct {
    readstat_variable_t *height, *grade, *sex, *town, *visit, *income;
} Variables;

static void
define(readstat_writer_t *writer, const Format *format, Variables *v)
{
    readstat_label_set_t *grades = readstat_add_label_set(writer, READSTAT_TYPE_DOUBLE, "GRADES");
    readstat_label_set_t *sexes = readstat_add_label_set(writer, READSTAT_TYPE_DOUBLE, "SEXES");
    const gboolean stata = g_str_equal(format->suffix, ".dta");

    readstat_label_double_value(grades, 1, "low");
    readstat_label_double_value(grades, 2, "mid");
    readstat_label_double_value(grades, 3, "high");
    readstat_label_double_value(sexes, 0, "woman");
    readstat_label_double_value(sexes, 1, "man");
    v->height = readstat_add_variable(writer, "HEIGHT", READSTAT_TYPE_DOUBLE, 8);
    v->grade = readstat_add_variable(writer, "GRADE", READSTAT_TYPE_DOUBLE, 8);
    v->sex = readstat_add_variable(writer, "SEX", READSTAT_TYPE_DOUBLE, 8);
    v->town = readstat_add_variable(writer, "TOWN", READSTAT_TYPE_STRING, 8);
    v->visit = readstat_add_variable(writer, "VISIT", READSTAT_TYPE_DOUBLE, 8);
    v->income = readstat_add_variable(writer, "INCOME", READSTAT_TYPE_DOUBLE, 8);
    if (format->labelled) {
        readstat_variable_set_label_set(v->grade, grades);
        readstat_variable_set_label_set(v->sex, sexes);
    }
    readstat_variable_set_measure(v->grade, READSTAT_MEASURE_ORDINAL);
    readstat_variable_set_format(v->visit, stata ? "%td" : format->spss ? "DATE11" : "DATE9");
    if (format->spss) {
        readstat_variable_add_missing_double_value(v->income, 999.0);
        readstat_variable_add_missing_double_range(v->income, -9.0, -7.0);
    }
}

/* Rows 3, 4, 5: income missing in three ways; row 6: nothing known of height and town. */
static void
insert_income(readstat_writer_t *writer, const Format *format, const Variables *v, int i)
{
    static const double codes[] = {999.0, -8.0, -9.0};

    if (i < 3 || i > 5)
        readstat_insert_double_value(writer, v->income, 1000.0 + i);
    else if (format->spss)
        readstat_insert_double_value(writer, v->income, codes[i - 3]);
    else
        readstat_insert_tagged_missing_value(
            writer, v->income, (char)((g_str_equal(format->suffix, ".dta") ? 'a' : 'A') + i - 3));
}

static void
insert(readstat_writer_t *writer, const Format *format, const Variables *v, int i)
{
    const gboolean ascii = g_str_equal(format->suffix, ".por"); /* a portable file has no more */
    const char *const towns[] = {"Ulm", ascii ? "Kiel" : "K\xc3\xb6ln", "Bonn"};
    const double seconds = 12219379200.0 + DAY_1990 * 86400.0; /* of SPSS, from 1582-10-14 */

    readstat_begin_row(writer);
    if (i == 6)
        readstat_insert_missing_value(writer, v->height);
    else
        EXPECT_EQ_INT(readstat_insert_double_value(writer, v->height, height_of(i)), READSTAT_OK);
    readstat_insert_double_value(writer, v->grade, 1.0 + i % 3);
    readstat_insert_double_value(writer, v->sex, i % 2);
    EXPECT_EQ_INT(readstat_insert_string_value(writer, v->town, i == 6 ? "" : towns[i % 3]),
                  READSTAT_OK);
    readstat_insert_double_value(writer, v->visit,
                                 format->spss ? seconds + i * 86400.0 : DAY_1990 + 3653.0 + i);
    insert_income(writer, format, v, i);
    EXPECT_EQ_INT(readstat_end_row(writer), READSTAT_OK);
}

/* A file of @format in @folder; owned. */
static char *
write_file(const char *folder, const Format *format)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *name = g_strconcat("survey", format->suffix, NULL);
    char *path = g_build_filename(folder, name, NULL);
    readstat_writer_t *writer = readstat_writer_init();
    readstat_error_t status;
    Variables v;

    readstat_set_data_writer(writer, append_bytes);
    if (format->version > 0)
        readstat_writer_set_file_format_version(writer, format->version);
    readstat_writer_set_compression(writer, format->compression);
    define(writer, format, &v);
    status = format->begin(writer, bytes, ROWS);
    if (status != READSTAT_OK)
        lac_test_fail(__FILE__, __LINE__, "%s: %s", name, readstat_error_message(status));
    for (int i = 0; i < ROWS; i++)
        insert(writer, format, &v, i);
    EXPECT_EQ_INT(readstat_end_writing(writer), READSTAT_OK);
    readstat_writer_free(writer);
    g_assert(g_file_set_contents(path, (const char *)bytes->data, bytes->len, NULL));
    return path;
}

static void
expect_levels(const LacData *data, size_t j, LacKind kind, const char *first, const char *last)
{
    const LacColumn *column = lac_data_column(data, j);

    EXPECT_EQ_INT(column->kind, kind);
    if (column->levels == NULL)
        return lac_test_fail(__FILE__, __LINE__, "%s has no levels", column->name);
    EXPECT_STR(column->levels[0], first);
    EXPECT_STR(column->levels[column->n_levels - 1], last);
}

/* Levels in their order, sorted by name (high, low, mid), or the codes as they are. */
static double
grade_of(const Format *format, int i)
{
    static const double by_name[] = {1, 2, 0};

    if (!format->labelled)
        return 1.0 + i % 3;
    return format->spss && !g_str_equal(format->suffix, ".por") ? i % 3 : by_name[i % 3];
}

static void
expect_survey(const Format *format, const LacData *data)
{
    ASSERT_EQ_INT(data->rows, ROWS);
    ASSERT_EQ_INT(data->cols, 6);
    EXPECT_STR(lac_data_name(data, 0), "HEIGHT");
    for (int i = 0; i < ROWS; i++) {
        const size_t row = (size_t)i;

        /* portable files write numbers in base 30 with 11 places behind the point */
        if (i != 6)
            EXPECT_NEAR_DOUBLE(lac_data_at(data, row, 0), height_of(i),
                               g_str_equal(format->suffix, ".por") ? 1e-9 : 0.0);
        EXPECT_EQ_DOUBLE(lac_data_at(data, row, 4), DAY_1990 + i);
        EXPECT_EQ_INT(lac_data_is_hole(data, row, 0), i == 6);
        EXPECT_EQ_INT(lac_data_is_hole(data, row, 3), i == 6);
        EXPECT_EQ_INT(lac_data_is_hole(data, row, 5), i >= 3 && i <= 5);
        if (i < 3 || i > 5)
            EXPECT_EQ_DOUBLE(lac_data_at(data, row, 5), 1000.0 + i);
        EXPECT_EQ_DOUBLE(lac_data_at(data, row, 1), grade_of(format, i));
    }
    expect_levels(data, 3, LAC_KIND_NOMINAL, "Bonn", "Ulm");
    if (!format->labelled)
        return;
    /* only SPSS says that levels are ordered */
    if (format->spss && !g_str_equal(format->suffix, ".por"))
        expect_levels(data, 1, LAC_KIND_ORDINAL, "low", "high");
    expect_levels(data, 2, LAC_KIND_BINARY, "man", "woman");
    if (!g_str_equal(format->suffix, ".por"))
        EXPECT_STR(lac_data_column(data, 3)->levels[1], "K\xc3\xb6ln");
}

LAC_TEST(readers_readstat, every_format_gives_back_what_was_written)
{
    g_autofree char *folder = g_dir_make_tmp("lacuna-XXXXXX", NULL);

    for (size_t k = 0; k < G_N_ELEMENTS(formats); k++) {
        g_autofree char *path = write_file(folder, &formats[k]);
        g_autoptr(GError) error = NULL;
        /* old Stata files do not tell their encoding; the writer passes on what it is given */
        const char *yaml = formats[k].version == 114 ? "encoding: utf-8" : NULL;
        g_autoptr(LacData) data = reading("readstat", path, yaml, &error);

        if (error != NULL)
            lac_test_fail(__FILE__, __LINE__, "%s", error->message);
        else
            expect_survey(&formats[k], data);
        g_unlink(path);
    }
    g_rmdir(folder);
}

/* The text slot: what is told of missing codes and dates. */
LAC_TEST(readers_readstat, missing_codes_are_counted_and_named)
{
    static const struct {
        size_t format;
        const char *income;
    } told[] = {
        {0, "INCOME: cells missing: 1 as -8, 1 as -9, 1 as 999"},
        {4, "INCOME: cells missing: 1 as .a, 1 as .b, 1 as .c"},
        {6, "INCOME: cells missing: 1 as .A, 1 as .B, 1 as .C"},
    };
    g_autofree char *folder = g_dir_make_tmp("lacuna-XXXXXX", NULL);

    for (size_t k = 0; k < G_N_ELEMENTS(told); k++) {
        g_autofree char *path = write_file(folder, &formats[told[k].format]);
        g_autofree char *yaml = g_strdup_printf("{path: '%s'}", path);
        LacReader *reader = probe_new(LAC_PLUGIN_READER, "readstat", yaml, NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(LacReaderText) text =
            ((const LacReaderPlugin *)reader->instance.plugin)->text(reader, &error);

        ASSERT_NO_ERROR(error);
        EXPECT_TRUE(g_strv_contains((const char *const *)text->notes, told[k].income));
        EXPECT_TRUE(g_strv_contains((const char *const *)text->notes,
                                    "VISIT: a date, read as days since 1970-01-01"));
        lac_instance_free(reader);
        g_unlink(path);
    }
    g_rmdir(folder);
}

/* Any first part of a file is refused with a sentence, or is a smaller table. */
LAC_TEST(readers_readstat, cut_files_are_refused_without_harm)
{
    g_autofree char *folder = g_dir_make_tmp("lacuna-XXXXXX", NULL);

    for (size_t k = 0; k < G_N_ELEMENTS(formats); k++) {
        g_autofree char *path = write_file(folder, &formats[k]);
        g_autofree char *bytes = NULL;
        gsize n;

        g_assert(g_file_get_contents(path, &bytes, &n, NULL));
        for (gsize cut = 0; cut < n; cut += 1 + n / 37) {
            g_autoptr(GError) error = NULL;
            g_autoptr(LacData) data = NULL;

            g_assert(g_file_set_contents(path, bytes, (gssize)cut, NULL));
            data = reading("readstat", path, NULL, &error);
            EXPECT_TRUE((data == NULL) == (error != NULL));
        }
        g_unlink(path);
    }
    g_rmdir(folder);
}

LAC_TEST(readers_readstat, without_value_labels_their_codes_are_numbers)
{
    g_autofree char *folder = g_dir_make_tmp("lacuna-XXXXXX", NULL);
    g_autofree char *path = write_file(folder, &formats[0]);
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data =
        reading("readstat", path, "labels: false, kinds: {SEX: nominal}", &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(lac_data_column(data, 1)->kind, LAC_KIND_INTEGER);
    EXPECT_EQ_DOUBLE(lac_data_at(data, 4, 1), 2.0);
    EXPECT_STR(lac_data_column(data, 2)->levels[1], "1");
    g_unlink(path);
    g_rmdir(folder);
}

LAC_TEST(readers_readstat, other_files_are_no_surveys)
{
    g_autofree char *folder = g_dir_make_tmp("lacuna-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "t.bin", NULL);
    g_autofree char *sav = g_build_filename(folder, "t.sav", NULL);
    g_autoptr(GError) unknown = NULL, bad = NULL;

    g_assert(g_file_set_contents(path, "a,b\n1,2\n", -1, NULL));
    g_assert(g_file_set_contents(sav, "a,b\n1,2\n", -1, NULL));
    EXPECT_TRUE(reading("readstat", path, NULL, &unknown) == NULL);
    EXPECT_ERROR(unknown, LAC_ERROR_DATA, "neither its name nor its first bytes");
    EXPECT_TRUE(reading("readstat", sav, NULL, &bad) == NULL);
    EXPECT_ERROR(bad, LAC_ERROR_DATA, "expected a file of SPSS");
    g_unlink(path);
    g_unlink(sav);
    g_rmdir(folder);
}

/* survey.dta and survey.csv are by pandas: tests/data/readers/make-survey.py. */
LAC_TEST(readers_readstat, a_stata_file_by_pandas_holds_what_pandas_says)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = reading("readstat", "survey.dta", NULL, &error);
    g_autofree char *csv = reading_fixture("survey.csv");
    g_autoptr(LacData) told = lac_csv_read(csv, NULL, NULL, &error);

    ASSERT_NO_ERROR(error);
    ASSERT_EQ_INT(data->rows, told->rows);
    ASSERT_EQ_INT(data->cols, told->cols);
    for (size_t j = 0; j < data->cols; j++) {
        const LacColumn *column = lac_data_column(data, j), *other = lac_data_column(told, j);

        EXPECT_STR(column->name, other->name);
        EXPECT_EQ_INT(column->n_levels, other->n_levels);
        for (size_t i = 0; i < data->rows; i++)
            EXPECT_EQ_DOUBLE(lac_data_at(data, i, j), lac_data_at(told, i, j));
    }
}

/* What @data and @told say of cell (@i, @j), as texts where both have levels. */
static void
expect_same_cell(const char *name, const LacData *data, const LacData *told, size_t i, size_t j)
{
    const LacColumn *column = lac_data_column(data, j), *other = lac_data_column(told, j);
    const double x = lac_data_at(data, i, j), y = lac_data_at(told, i, j);

    if (isnan(x) || isnan(y)) {
        if (isnan(x) != isnan(y))
            lac_test_fail(__FILE__, __LINE__, "%s: row %zu, %s: %g, expected %g", name, i,
                          column->name, x, y);
        return;
    }
    if (column->levels != NULL && other->levels != NULL)
        EXPECT_STR(column->levels[(size_t)x], other->levels[(size_t)y]);
    else
        EXPECT_NEAR_DOUBLE(x, y, 1e-12); /* R writes 15 digits */
}

/* tests/data/readers/read-survey.py (pandas.read_sas) and read-survey.R (foreign::read.spss) read
 * the same files without libreadstat. */
LAC_TEST(readers_readstat, sas_and_spss_files_hold_what_other_readers_say)
{
    static const char *const suffixes[] = {"xpt", "sas7bdat", "sav"};

    for (size_t k = 0; k < G_N_ELEMENTS(suffixes); k++) {
        g_autofree char *file = g_strconcat("survey.", suffixes[k], NULL);
        g_autofree char *name = g_strconcat("survey-", suffixes[k], ".csv", NULL);
        g_autofree char *csv = reading_fixture(name);
        g_autoptr(GError) error = NULL;
        g_autoptr(LacData) data = reading("readstat", file, NULL, &error);
        g_autoptr(LacData) told = lac_csv_read(csv, NULL, NULL, &error);

        ASSERT_NO_ERROR(error);
        ASSERT_EQ_INT(data->rows, told->rows);
        ASSERT_EQ_INT(data->cols, told->cols);
        for (size_t j = 0; j < data->cols; j++)
            for (size_t i = 0; i < data->rows; i++)
                expect_same_cell(file, data, told, i, j);
    }
}
