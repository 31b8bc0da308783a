/* `lacuna impute --model auto`: the candidates of `lacuna rank`, and what to take of them. */
#include "rank-private.h"

#include <string.h>

enum { REPEATS = 5, DRAWS = 9 };

/* The fit on the whole table comes after the race and takes about as long as a cell of it. */
static const double share_of_race = 0.6, share_of_cell = 0.3;

static gboolean
auto_request(const LacImputeOptions *o, const LacImputeTable *table, uint64_t seed,
             LacRankRequest *out, GError **error)
{
    double budget;

    *out = (LacRankRequest){.table = table,
                            .options = o,
                            .scale = o->scale,
                            .initial = o->initial,
                            .seed = seed,
                            .repeats = REPEATS,
                            .draws = DRAWS,
                            .jobs = 1,
                            .draw_only = o->draws > 0};
    if (!lac_rank_seconds(o->budget != NULL ? o->budget : LAC_RANK_BUDGET, &budget, error))
        return FALSE;
    out->budget_s = share_of_race * budget;
    out->cell_s = share_of_cell * budget;
    if (o->max_memory == NULL || lac_memory_parse(o->max_memory, &out->max_mib, error))
        return TRUE;
    g_prefix_error(error, "--max-memory: ");
    return FALSE;
}

/* Columns with holes of @group are there to be filled. */
static const char *
auto_winner(const LacRanking *ranking, LacRankGroup group)
{
    return ranking->columns[group] > 0 && ranking->winner[group] < ranking->n
               ? ranking->model[ranking->winner[group]].name
               : NULL;
}

/* Which of @choice is called @name, put there if it is new. */
static size_t
auto_index(LacImputeChoice *choice, const char *name)
{
    for (size_t k = 0; k < choice->n; k++)
        if (strcmp(choice->name[k], name) == 0)
            return k;
    g_assert(choice->n < LAC_IMPUTE_MODELS);
    choice->name[choice->n] = g_strdup(name);
    return choice->n++;
}

static gboolean
auto_nobody(const LacData *data, const LacRanking *ranking, GError **error)
{
    const LacRankModel *first = ranking->n > 0 ? &ranking->model[0] : NULL;

    return lac_fail(error, LAC_ERROR_DATA,
                    "%s: --model auto found no model for it: %s: %s; choose one with --model, or "
                    "see 'lacuna rank'",
                    data->origin, first != NULL ? first->name : "none",
                    first != NULL && first->reason != NULL ? first->reason : "there is none");
}

/* "auto: " before each of what decided it. */
static void
auto_say(GStrvBuilder *why, const char *text)
{
    g_autofree char *said = g_strdup_printf("auto: %s", text);

    g_strv_builder_add(why, said);
}

/* Each kind of columns its winner; those that have none the best of all. */
static void
auto_choose(const LacRanking *ranking, LacImputeChoice *out)
{
    for (int kind = 0; kind < LAC_IMPUTE_KINDS; kind++) {
        const char *winner = auto_winner(ranking, lac_ranking_group(ranking, (LacKind)kind));

        if (winner != NULL)
            out->of_kind[kind] = auto_index(out, winner);
    }
    if (out->n == 0)
        auto_index(out, ranking->model[0].name);
}

/* A model file keeps one model. */
static void
auto_take(const LacImputeOptions *o, const LacRanking *ranking, LacImputeChoice *out,
          GStrvBuilder *why)
{
    for (int g = 0; g < LAC_RANK_GROUPS; g++) {
        g_autofree char *verdict = auto_winner(ranking, (LacRankGroup)g) != NULL
                                       ? lac_ranking_verdict(ranking, (LacRankGroup)g)
                                       : NULL;

        if (verdict != NULL)
            auto_say(why, verdict);
    }
    for (guint i = 0; i < ranking->few->len; i++)
        auto_say(why, ranking->few->pdata[i]);
    auto_choose(ranking, out);
    if (out->n > 1 && o->save != NULL) {
        g_autofree char *text = g_strdup_printf(
            "--save keeps one model, so %s, the best of all columns together, fills them all",
            ranking->model[0].name);

        auto_say(why, text);
        lac_impute_choice_clear(out);
        *out = (LacImputeChoice){.n = 1, .name = {g_strdup(ranking->model[0].name)}};
    }
}

gboolean
lac_impute_auto(const LacImputeOptions *o, const LacImputeTable *table, uint64_t seed,
                LacImputeChoice *out, char ***why, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(LacRankOutcome) outcome = {0};
    const gboolean listed = strcmp(o->model, LAC_AUTO) != 0;
    char *const among[] = {listed ? o->model + strlen(LAC_AUTO ":") : NULL, NULL};
    LacRankRequest request;
    gboolean good;

    if (!auto_request(o, table, seed, &request, error))
        return FALSE;
    if (listed)
        request.models = among;
    lac_cli_catch_interrupts(); /* so that the race can put away its folder */
    good = lac_rank_run(&request, &outcome, error);
    lac_cli_exit_on_interrupt();
    if (!good)
        return FALSE;
    if (outcome.interrupted)
        return lac_fail(error, LAC_ERROR_CANCELLED, "interrupted");
    if (outcome.ranking->ranked == 0)
        return auto_nobody(table->data, outcome.ranking, error);
    auto_take(o, outcome.ranking, out, builder);
    *why = g_strv_builder_end(builder);
    return TRUE;
}
