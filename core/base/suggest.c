#include "node-private.h"

#include <string.h>

/* longer words are no slips of the finger, and the table below lives on the stack */
#define LONGEST 64
#define MOST_FILES 10000 /* of a folder that are looked at */

/* Upper case for lower and _ for - are the commonest slips; they cost nothing. */
static char
plain(char c)
{
    return c == '_' ? '-' : g_ascii_tolower(c);
}

/* Damerau-Levenshtein distance in which no piece is edited twice (optimal string alignment). */
static size_t
distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t d[3][LONGEST + 1]; /* the row in the making and the two above it, in turn */

    for (size_t j = 0; j <= m; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = d[i % 3], *above = d[(i + 2) % 3], *higher = d[(i + 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const char x = plain(a[i - 1]), y = plain(b[j - 1]);

            now[j] = MIN(MIN(above[j], now[j - 1]) + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == plain(b[j - 2]) && plain(a[i - 2]) == y)
                now[j] = MIN(now[j], higher[j - 2] + 1);
        }
    }
    return d[n % 3][m];
}

const char *
lac_suggest(const char *word, const char *const *names)
{
    const size_t n = strlen(word);
    const char *best = NULL;
    size_t least = MAX(n / 3, 1) + 1;

    if (n == 0 || n > LONGEST)
        return NULL;
    least = MIN(least, n); /* something of the word must be left */
    for (; *names != NULL; names++) {
        const size_t m = strlen(*names);
        const size_t d = m > LONGEST ? SIZE_MAX : distance(word, n, *names, m);

        if (d < least || (d == 0 && best == NULL)) {
            least = d;
            best = *names;
        }
    }
    return best;
}

char *
lac_suggest_hint(const char *word, const char *const *names)
{
    const char *near = lac_suggest(word, names);

    return near != NULL ? g_strdup_printf("; did you mean '%s'?", near) : g_strdup("");
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *
lac_suggest_file(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path), *base = g_path_get_basename(path);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *whole = NULL;
    const char *name, *near;

    if (dir == NULL)
        return g_file_test(folder, G_FILE_TEST_EXISTS)
                   ? g_strdup("")
                   : g_strdup_printf("; there is no folder '%s'", folder);
    while ((name = g_dir_read_name(dir)) != NULL && names->len < MOST_FILES)
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names); /* folders have no order of their own */
    g_ptr_array_add(names, NULL);
    near = lac_suggest(base, (const char *const *)names->pdata);
    if (near == NULL)
        return g_strdup("");
    whole = strchr(path, '/') != NULL ? g_build_filename(folder, near, NULL) : g_strdup(near);
    return g_strdup_printf("; did you mean '%s'?", whole);
}
