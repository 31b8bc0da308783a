#include "node-private.h"

#include <string.h>

/* longer words are no slips of the finger, and the table below lives on the stack */
#define LONGEST 64

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
