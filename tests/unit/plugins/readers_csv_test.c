#include "context-private.h"
#include "reading.h"

/* @text in a file, owned. */
static char *
write_text(const char *text)
{
    g_autofree char *folder = g_dir_make_tmp("lacuna-XXXXXX", NULL);
    char *path = g_build_filename(folder, "t.csv", NULL);

    g_file_set_contents(path, text, -1, NULL);
    return path;
}

static void
forget(char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);

    g_unlink(path);
    g_rmdir(folder);
}

LAC_TEST(plugins_readers_csv, parameters_reach_the_reader)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = write_text("1#5:low:x:-\n2#5:high:y:7\n3#5:low:x:8\n");
    g_autoptr(LacData) data = reading("csv", path,
                                      "delimiter: ':', decimal: '#', header: no, na: ['-'], kinds: "
                                      "{x2: low < high}, label: x3",
                                      &error);

    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(data->rows, 3);
    EXPECT_EQ_INT(data->cols, 3);
    EXPECT_EQ_DOUBLE(lac_data_at(data, 0, 0), 1.5);
    EXPECT_EQ_INT(lac_data_column(data, 1)->kind, LAC_KIND_ORDINAL);
    EXPECT_EQ_DOUBLE(lac_data_at(data, 1, 1), 1.0);
    EXPECT_TRUE(lac_data_is_hole(data, 0, 2));
    EXPECT_EQ_INT(data->n_classes, 2);
    forget(path);
}

LAC_TEST(plugins_readers_csv, a_delimiter_of_two_bytes_is_refused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = write_text("a,b\n1,2\n");
    g_autoptr(LacData) tabs = NULL;

    EXPECT_TRUE(reading("csv", path, "delimiter: '::'", &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_PARAM, "csv: delimiter = '::', expected one byte or `tab`");
    g_clear_error(&error);
    tabs = reading("csv", path, "delimiter: tab, kinds: {'a,b': nominal}", &error);
    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(tabs->cols, 1);
    forget(path);
}

LAC_TEST(plugins_readers_csv, identifiers_set_aside_are_told_to_the_user)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = g_string_new("id,x\n");
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacData) data = NULL;
    g_autofree char *path = NULL, *params = NULL;
    LacReader *reader;

    for (int i = 0; i < 30; i++)
        g_string_append_printf(text, "p%d,%d\n", i, i);
    path = write_text(text->str);
    params = g_strdup_printf("{path: '%s'}", path);
    reader = probe_new(LAC_PLUGIN_READER, "csv", params, &error);
    ASSERT_NO_ERROR(error);
    reader->instance.context = context;
    data = ((const LacReaderPlugin *)reader->instance.plugin)->read(reader, &error);
    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(data->cols, 1);
    ASSERT_EQ_INT(lac_context_events(context)->len, 1);
    EXPECT_CONTAINS(((LacEvent *)lac_context_events(context)->pdata[0])->detail,
                    "column 'id' looks like an identifier");
    reader->instance.context = NULL;
    lac_instance_free(reader);
    forget(path);
}
