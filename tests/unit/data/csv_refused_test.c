/* Files that are refused, and where the message says the fault is. */
#include "csv_parse.h"

#include <glib/gstdio.h>
#include <unistd.h>

LAC_TEST(data_csv_refused, one_text_among_numbers_is_an_error_with_its_place)
{
    expect_refused("a,b\n1,2\n3,4\n5,n.a.\n7,8\n", NULL,
                   "t.csv:4:3: 'n.a.' is not a number, but 3 of the 4 cells of column 'b' are");
}

LAC_TEST(data_csv_refused, a_file_refused_after_a_column_was_set_aside_leaves_nothing_behind)
{
    /* found by fuzzing; the leak checker of the sanitized run is what fails here */
    expect_refused("\tinf\n1\t1e999\n", NULL, "t.csv");
}

LAC_TEST(data_csv_refused, ragged_records_are_refused_with_counts)
{
    expect_refused("a,b,c\n1,2,3\n4,5\n", NULL,
                   "t.csv:3:4: the record has 2 fields, expected 3 as in the first record");
    expect_refused("a,b\n1,2\n3,4,5,6\n", NULL, "t.csv:3:4: the record has 4 fields, expected 2");
    expect_refused("a,b\n1,\"two\nlines\"\n3\n", NULL, "t.csv:4:2: the record has 1 field, exp");
}

LAC_TEST(data_csv_refused, broken_quotes_are_refused_with_their_place)
{
    expect_refused("a,b\n1,\"open\n2,3\n", NULL, "t.csv:2:3: the quote before 'open 2,3 ' is nev");
    expect_refused("a,b\n1,\"x\"y\n", NULL, "t.csv:2:6: text behind the closing quote");
}

LAC_TEST(data_csv_refused, infinite_and_huge_numbers_are_refused_with_their_place)
{
    expect_refused("a,b\n1,2\n3,1e999\n", NULL, "t.csv:3:3: '1e999' in column 'b' is not a finite");
    expect_refused("a,b\n1,2\n3,-Inf\n", NULL, "t.csv:3:3: '-Inf' in column 'b' is not a finite");
    expect_refused("a\n1\ninfinity\n", NULL, "t.csv:3:1: 'infinity' in column 'a'");
}

LAC_TEST(data_csv_refused, other_bad_files_are_refused)
{
    const LacCsvOptions letter = {.delimiter = 'x'}, same = {.delimiter = ',', .decimal = ','};

    expect_refused("", NULL, "t.csv: is empty");
    expect_refused("\n \n\n", NULL, "t.csv: is empty");
    expect_refused("a,b\n", NULL, "t.csv: has names of 2 columns but no row of data");
    expect_refused("a,b,a\n1,2,3\n", NULL, "columns 1 and 3 are both called 'a'");
    expect_refused("a,,c\n1,2,3\n", NULL, "t.csv:1: column 2 has no name");
    expect_refused("a,b\n1,caf\xE9\n", NULL, "t.csv:2:6: byte 0xE9 is not UTF-8");
    expect_refused("\xFF\xFE"
                   "a",
                   NULL, "UTF-16");
    expect_refused("a,b\n1,2\n", &letter, "delimiter cannot be the byte 0x78");
    expect_refused("a,b\n1,2\n", &same, "both the delimiter and the decimal mark");
}

LAC_TEST(data_csv_refused, a_nul_byte_is_refused)
{
    g_autoptr(GError) error = NULL;

    EXPECT_TRUE(lac_csv_parse("a,b\n1,\0\n", 8, "t.csv", NULL, NULL, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_DATA, "t.csv:2:3: byte 0x00 is not UTF-8");
}

LAC_TEST(data_csv_refused, missing_files_and_folders_are_input_errors)
{
    g_autoptr(GError) error = NULL, folder = NULL;

    EXPECT_TRUE(lac_csv_read("/nonexistent/x.csv", NULL, NULL, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_IO, "/nonexistent/x.csv: cannot open: No such file");
    EXPECT_TRUE(lac_csv_read("/tmp", NULL, NULL, &folder) == NULL);
    EXPECT_ERROR(folder, LAC_ERROR_IO, "/tmp: is a folder");
}

LAC_TEST(data_csv_refused, damaged_gzip_is_named_with_the_file_and_what_to_do)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "lacuna-odd-XXXXXX", NULL);

    close(g_mkstemp(path));
    g_file_set_contents(path, "\037\213no gzip behind the magic", -1, NULL);
    EXPECT_TRUE(lac_csv_read(path, NULL, NULL, &error) == NULL);
    EXPECT_ERROR(error, LAC_ERROR_IO, path);
    EXPECT_ERROR(error, LAC_ERROR_IO,
                 "damaged gzip stream after 0 unpacked bytes (unknown compression method); fetch");
    g_unlink(path);
}
