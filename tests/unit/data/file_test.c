#include "lac_test.h"
#include <lacuna/file.h>

#include <unistd.h>

/* Standard input is a pipe that holds @text while @use runs. */
static void
with_input(const char *text, void (*use)(void))
{
    const int before = dup(STDIN_FILENO);
    int ends[2];

    g_assert(pipe(ends) == 0);
    g_assert(write(ends[1], text, strlen(text)) == (ssize_t)strlen(text));
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    use();
    if (before >= 0) {
        dup2(before, STDIN_FILENO);
        close(before);
    } else {
        close(STDIN_FILENO);
    }
}

static void
read_twice(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacFile) file = lac_file_open("-", &error);
    g_autoptr(GBytes) all = NULL, rest = NULL;
    char first[3] = "";
    const char *from_all, *from_rest;
    gsize n = 0;

    ASSERT_NO_ERROR(error);
    all = lac_file_read_rest(file, &error);
    ASSERT_TRUE(all != NULL);
    from_all = g_bytes_get_data(all, &n);
    EXPECT_EQ_INT(n, 6);
    EXPECT_EQ_INT(lac_file_offset(file), 6);
    ASSERT_TRUE(lac_file_rewind(file, &error));
    ASSERT_TRUE(lac_file_read_exactly(file, first, 2, "the start", &error));
    EXPECT_STR(first, "ab");
    rest = lac_file_read_rest(file, &error);
    ASSERT_TRUE(rest != NULL);
    from_rest = g_bytes_get_data(rest, &n);
    EXPECT_EQ_INT(n, 4);
    EXPECT_TRUE(memcmp(from_rest, "cdef", 4) == 0);
    EXPECT_TRUE(from_rest == from_all + 2); /* of a large input there is one copy in memory */
}

LAC_TEST(data_file, standard_input_can_be_read_twice_and_is_held_once)
{
    with_input("abcdef", read_twice);
}
