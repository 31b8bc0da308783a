/* What the runs behind a ranking say, in the words of who asked: their file instead of the copy the
 * runs read, their options instead of the experiment that was written for them. */
#include "rank-private.h"

#include <string.h>

/* Every @old in @text becomes @new; frees @text. */
static char *
words_replace(char *text, const char *old, const char *new)
{
    g_autoptr(GString) out = g_string_new(text);

    g_string_replace(out, old, new, 0);
    g_free(text);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* Copies lie in @dir, and runs in a folder of it name them from there. */
static char *
words_of_file(char *text, const char *dir, const char *copy, const char *own)
{
    static const char *const tracks[] = {"with-truth/../", "without-truth/../", "", NULL};
    g_autofree char *from_run = g_strconcat("../", copy, NULL);

    for (size_t t = 0; dir != NULL && tracks[t] != NULL; t++) {
        g_autofree char *path = g_strconcat(dir, "/", tracks[t], copy, NULL);

        text = words_replace(text, path, own);
    }
    return words_replace(text, from_run, own);
}

static char *
own_words(const LacRankRequest *request, const char *dir, const char *text)
{
    const char *columns = request->options->columns;
    char *out = words_of_file(g_strdup(text), dir, LAC_RANK_TABLE, request->table->data->origin);

    return columns != NULL ? words_of_file(out, dir, LAC_RANK_COLUMNS, columns) : out;
}

/* "rank:22:14: model.knn.k ..." names a line of an experiment nobody wrote: "--models: knn.k ...".
 */
static char *
own_option(const char *text)
{
    static const struct {
        const char *key, *option;
    } options[] = {{"model", "--models"},
                   {"mask", "--mask"},
                   {"initial", "--initial"},
                   {"optimizer", "--optimizer"},
                   {"scale", "--scale"}};
    const char *said = text;

    if (g_str_has_prefix(text, LAC_RANK_NAME ":")) {
        said += strlen(LAC_RANK_NAME ":");
        said += strspn(said, "0123456789:");
        said += *said == ' ' ? 1 : 0;
    }
    for (size_t k = 0; said != text && k < G_N_ELEMENTS(options); k++) {
        const size_t length = strlen(options[k].key);

        if (strncmp(said, options[k].key, length) == 0 &&
            (said[length] == '.' || said[length] == ':' || said[length] == ' '))
            return g_strdup_printf("%s: %s", options[k].option,
                                   said + length + strspn(said + length, ".: "));
    }
    return g_strdup(said);
}

gboolean
lac_rank_fail(const LacRankRequest *request, const char *dir, const GError *said, GError **error)
{
    g_autofree char *option = own_option(said->message), *text = own_words(request, dir, option);

    g_set_error_literal(error, said->domain, said->code, text);
    return FALSE;
}

void
lac_rank_own_reasons(const LacRankRequest *request, const char *dir, LacRanking *ranking)
{
    for (size_t i = 0; i < ranking->n; i++) {
        g_autofree char *reason = g_steal_pointer(&ranking->model[i].reason);

        if (reason != NULL)
            ranking->model[i].reason = own_words(request, dir, reason);
    }
}
