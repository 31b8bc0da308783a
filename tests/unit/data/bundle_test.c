#include "lac_test.h"
#include "table-private.h"

#include <glib/gstdio.h>

static char *
temporary(const char *name)
{
    g_autofree char *folder = g_dir_make_tmp("lacuna-XXXXXX", NULL);

    return g_build_filename(folder, name, NULL);
}

static void
forget(char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);

    g_unlink(path);
    g_rmdir(folder);
}

LAC_TEST(data_bundle, blocks_and_texts_come_back_from_disk)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacBundle) out = lac_bundle_new(), in = NULL;
    g_autofree char *path = temporary("model.safetensors");
    const double centre[] = {1.5, -0.0, NAN, 1e-310, INFINITY, 3};
    const int64_t codes[] = {G_MININT64, 7};
    const uint64_t seed = G_MAXUINT64;
    const float weights[] = {0.1f, -1e-42f, 3e38f};
    size_t rows = 0, cols = 0;
    const double *back;

    lac_bundle_put_doubles(out, "centre", 2, 3, centre);
    lac_bundle_put_i64(out, "codes", 1, 2, codes);
    lac_bundle_put_u64(out, "seed", 1, 1, &seed);
    lac_bundle_put_floats(out, "weights", LAC_SHAPE(3), weights);
    lac_bundle_put_doubles(out, "nothing", 0, 5, NULL);
    lac_bundle_put_doubles(out, "after", 1, 1, centre);
    lac_bundle_put_text(out, "plugin", "mean \"quoted\" \xC3\xA4\n");
    ASSERT_TRUE(lac_bundle_write(out, path, &error));
    in = lac_bundle_read(path, &error);
    ASSERT_NO_ERROR(error);
    back = lac_bundle_get_doubles(in, "centre", G_MAXSIZE, 3, &rows, &cols, &error);
    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(rows, 2);
    EXPECT_EQ_INT(cols, 3);
    EXPECT_TRUE(memcmp(back, centre, sizeof centre) == 0);
    EXPECT_TRUE(
        memcmp(lac_bundle_get_i64(in, "codes", 1, 2, NULL, NULL, NULL), codes, sizeof codes) == 0);
    EXPECT_TRUE(*lac_bundle_get_u64(in, "seed", 1, 1, NULL, NULL, NULL) == seed);
    EXPECT_TRUE(memcmp(lac_bundle_get_floats(in, "weights", LAC_SHAPE(3), NULL), weights,
                       sizeof weights) == 0);
    EXPECT_EQ_DOUBLE(*lac_bundle_get_doubles(in, "after", 1, 1, NULL, NULL, NULL), 1.5);
    EXPECT_TRUE(lac_bundle_get_doubles(in, "nothing", 0, 5, NULL, NULL, NULL) != NULL);
    EXPECT_STR(lac_bundle_get_text(in, "plugin", NULL), "mean \"quoted\" \xC3\xA4\n");
    forget(path);
}

LAC_TEST(data_bundle, the_file_is_a_safetensors_file)
{
    /* written down from the format's description: u64 length, header padded with blanks to a
     * multiple of eight, data */
    static const char header[] = "{\"__metadata__\":{\"k\":\"v\"},\"w\":{\"dtype\":\"F64\","
                                 "\"shape\":[1,2],\"data_offsets\":[0,16]}}";
    g_autoptr(GError) error = NULL;
    g_autoptr(LacBundle) out = lac_bundle_new();
    g_autofree char *path = temporary("m");
    g_autofree char *bytes = NULL;
    const double w[] = {1.0, -2.0};
    const size_t padded = (sizeof header - 1 + 7) / 8 * 8;
    gsize n = 0;

    lac_bundle_put_doubles(out, "w", 1, 2, w);
    lac_bundle_put_text(out, "k", "v");
    ASSERT_TRUE(lac_bundle_write(out, path, &error));
    ASSERT_TRUE(g_file_get_contents(path, &bytes, &n, &error));
    ASSERT_EQ_INT(n, 8 + padded + 16);
    EXPECT_EQ_INT((unsigned char)bytes[0], padded);
    EXPECT_EQ_INT(bytes[1] | bytes[2] | bytes[3] | bytes[4] | bytes[5] | bytes[6] | bytes[7], 0);
    EXPECT_TRUE(memcmp(bytes + 8, header, sizeof header - 1) == 0);
    EXPECT_TRUE(memcmp(bytes + 8 + padded, "\0\0\0\0\0\0\xF0\x3F\0\0\0\0\0\0\0\xC0", 16) == 0);
    forget(path);
}

/* readers that map the file rely on it; the format's own library writes so, too */
LAC_TEST(data_bundle, blocks_begin_at_multiples_of_the_size_of_their_numbers)
{
    g_autoptr(LacBundle) out = lac_bundle_new(), in = NULL;
    g_autoptr(GBytes) bytes = NULL;
    const double wide[] = {1.0, -2.0};
    const float narrow[] = {0.5f, 0.25f, 3.0f};
    const int64_t code = 7;
    gsize n = 0;

    lac_bundle_put_floats(out, "narrow", LAC_SHAPE(3), narrow); /* 12 bytes */
    lac_bundle_put_doubles(out, "wide", 1, 2, wide);
    lac_bundle_put_floats(out, "more", LAC_SHAPE(1), narrow);
    lac_bundle_put_i64(out, "code", 1, 1, &code);
    bytes = lac_bundle_to_bytes(out, NULL);
    in = lac_bundle_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), "m", NULL);
    ASSERT_TRUE(in != NULL);
    EXPECT_EQ_DOUBLE(lac_bundle_get_doubles(in, "wide", 1, 2, NULL, NULL, NULL)[1], -2.0);
    EXPECT_TRUE(lac_bundle_get_floats(in, "narrow", LAC_SHAPE(3), NULL)[2] == 3.0f);
    EXPECT_CONTAINS((const char *)g_bytes_get_data(bytes, &n) + 8,
                    "\"wide\":{\"dtype\":\"F64\",\"shape\":[1,2],\"data_offsets\":[0,16]},"
                    "\"code\":{\"dtype\":\"I64\",\"shape\":[1,1],\"data_offsets\":[16,24]},"
                    "\"narrow\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[24,36]},"
                    "\"more\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[36,40]}");
}

/* as PyTorch and the format's library see it: filters are [O, C, kh, kw] */
LAC_TEST(data_bundle, tensors_keep_their_shapes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacBundle) out = lac_bundle_new(), in = NULL;
    g_autoptr(GBytes) bytes = NULL;
    const float filters[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    const float *back;
    gsize n = 0;

    lac_bundle_put_floats(out, "filters", LAC_SHAPE(2, 1, 3, 2), filters);
    bytes = lac_bundle_to_bytes(out, NULL);
    EXPECT_CONTAINS((const char *)g_bytes_get_data(bytes, &n) + 8, "\"shape\":[2,1,3,2]");
    in = lac_bundle_parse(g_bytes_get_data(bytes, NULL), n, "m", &error);
    ASSERT_NO_ERROR(error);
    back = lac_bundle_get_floats(in, "filters", LAC_SHAPE(2, 1, 3, 2), &error);
    ASSERT_NO_ERROR(error);
    EXPECT_EQ_INT(memcmp(back, filters, sizeof filters), 0);
    EXPECT_TRUE(lac_bundle_get_floats(in, "filters", LAC_SHAPE(2, 6), &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_DATA,
                 "'filters' holds F32 numbers of shape [2, 1, 3, 2], expected F32 of shape [2, 6]");
    g_clear_error(&error);
    EXPECT_TRUE(lac_bundle_get_doubles(in, "filters", 2, 6, NULL, NULL, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_DATA, "of shape [2, 1, 3, 2], expected F64");
}

LAC_TEST(data_bundle, what_is_not_there_or_has_another_shape_is_named)
{
    g_autoptr(GError) a = NULL, b = NULL, c = NULL, d = NULL;
    g_autoptr(LacBundle) bundle = lac_bundle_new();
    const double w[] = {1, 2};

    lac_bundle_put_doubles(bundle, "w", 1, 2, w);
    EXPECT_TRUE(lac_bundle_get_doubles(bundle, "v", 1, 2, NULL, NULL, &a) == NULL);
    EXPECT_ERROR(a, LAC_ERROR_DATA, "there is no block 'v', expected F64 numbers of shape [1, 2]");
    EXPECT_TRUE(lac_bundle_get_doubles(bundle, "w", G_MAXSIZE, 3, NULL, NULL, &b) == NULL);
    EXPECT_ERROR(b, LAC_ERROR_DATA,
                 "'w' holds F64 numbers of shape [1, 2], expected F64 of shape "
                 "[any, 3]");
    EXPECT_TRUE(lac_bundle_get_i64(bundle, "w", 1, 2, NULL, NULL, &c) == NULL);
    EXPECT_ERROR(c, LAC_ERROR_DATA, "expected I64");
    EXPECT_TRUE(lac_bundle_get_text(bundle, "t", &d) == NULL);
    EXPECT_ERROR(d, LAC_ERROR_DATA, "there is no text 't'");
}

/* A file of @header (its length in front unless @length is given) and @n_data zero bytes. */
static void
expect_refused(const char *header, guint64 length, gsize n_data, const char *part)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    g_autofree guint8 *data = g_malloc0(n_data + 1);
    const guint64 n = GUINT64_TO_LE(length != 0 ? length : strlen(header));

    g_byte_array_append(bytes, (const guint8 *)&n, 8);
    g_byte_array_append(bytes, (const guint8 *)header, (guint)strlen(header));
    g_byte_array_append(bytes, data, (guint)n_data);
    EXPECT_TRUE(lac_bundle_parse(bytes->data, bytes->len, "m", &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_DATA, part);
}

LAC_TEST(data_bundle, damaged_files_are_refused)
{
#define BLOCK(shape, offsets)                                                                      \
    "{\"w\":{\"dtype\":\"F64\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
    g_autofree char *deep = g_strnfill(100000, '[');
    g_autofree char *nested = g_strconcat("{\"a\":", deep, NULL);

    expect_refused("", 0, 0, "no model file");
    expect_refused("hello, world", 0, 0, "no model file");
    expect_refused("{}", G_MAXUINT64, 0, "no model file");
    expect_refused("{}", 1000, 0, "cut off");
    expect_refused("{}", 0, 8, "hold 0 bytes, but 8 follow");
    expect_refused("{\"w\":", 0, 0, "not JSON");
    expect_refused(nested, 0, 0, "nested deeper");
    expect_refused("{\"w\":3}", 0, 0, "block 'w': expected dtype");
    expect_refused(BLOCK("[1,1,1,1,1]", "[0,8]"), 0, 8, "block 'w': expected dtype");
    expect_refused(BLOCK("[-1,1]", "[0,8]"), 0, 8, "block 'w': expected dtype");
    expect_refused(BLOCK("[1.5]", "[0,8]"), 0, 8, "block 'w': expected dtype");
    expect_refused(BLOCK("[2]", "[0,8]"), 0, 8, "bytes 0 to 8 of 8 cannot hold its shape [2]");
    expect_refused(BLOCK("[1]", "[0,16]"), 0, 8, "bytes 0 to 16 of 8");
    expect_refused(BLOCK("[1]", "[8,0]"), 0, 8, "bytes 8 to 0");
    expect_refused(BLOCK("[4294967296,4294967296]", "[0,0]"), 0, 0, "expected dtype");
    expect_refused("{\"w\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]}}", 0, 2,
                   "expected dtype F64, I64, U64 or F32");
    expect_refused("{\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},"
                   "\"b\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}",
                   0, 8, "block 'b': bytes 0 to 8");
    expect_refused("{\"__metadata__\":{\"k\":1}}", 0, 0, "'k' is no text");
#undef BLOCK
}

LAC_TEST(data_bundle, a_failed_write_leaves_nothing_and_a_good_one_replaces)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacBundle) bundle = lac_bundle_new(), back = NULL;
    g_autofree char *path = temporary("m");
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(GDir) dir = NULL;

    EXPECT_FALSE(lac_bundle_write(bundle, "/nonexistent/folder/m", &error));
    EXPECT_ERROR(error, LAC_ERROR_IO, "cannot write into its folder");
    g_clear_error(&error);
    g_mkdir(path, 0700); /* a folder in the way: the rename must fail */
    EXPECT_FALSE(lac_bundle_write(bundle, path, &error));
    EXPECT_ERROR(error, LAC_ERROR_IO, "cannot be put in place");
    g_clear_error(&error);
    g_rmdir(path);
    dir = g_dir_open(folder, 0, NULL);
    EXPECT_TRUE(g_dir_read_name(dir) == NULL);
    g_file_set_contents(path, "old", -1, NULL);
    EXPECT_TRUE(lac_bundle_write(bundle, path, &error));
    back = lac_bundle_read(path, &error);
    ASSERT_NO_ERROR(error);
    forget(path);
}
