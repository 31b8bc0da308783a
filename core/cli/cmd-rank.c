/* lacuna rank: which model for this table? */
#include "commands-private.h"
#include "rank-private.h"

#include <string.h>
#include <unistd.h>

static const char *const formats[] = {"table", "csv", "json", NULL};

enum { REPEATS = 10, DRAWS = 9, MAX_JOBS = 1024 };

/* The table is read as `lacuna impute` reads it. */
typedef struct {
    LacImputeOptions table;
    char **models, *mask, *keep, *budget, *format;
    int64_t repeats, jobs;
} RankState;

static const LacOption options[] = {
    LAC_OPTION(RankState, models, "models", 0, STRINGS, "LIST",
               "Candidates, as in mean,knn,mice or, with parameters, \"knn: {k: 10}\"; may be "
               "repeated (default: all that offer themselves)"),
    LAC_OPTION(RankState, budget, "time-budget", 0, STRING, "TIME",
               "Wall clock for everything, as in 90s, 10m, 1h or none (default: " LAC_RANK_BUDGET
               "); candidates that would take longer are skipped, one that does is stopped"),
    LAC_OPTION(RankState, repeats, "repeats", 0, INT, "N",
               "Masks that the candidates are compared under, if there is time (default: 10)"),
    LAC_OPTION(RankState, table.draws, "draws", 'm', INT, "M",
               "Completions drawn from each model that draws (default: 9)"),
    LAC_OPTION(RankState, mask, "mask", 0, STRING, "MASK",
               "How observed cells are hidden, as in an experiment: \"mcar: {rate: 0.1}\" "
               "(default: as the table's own holes are distributed)"),
    LAC_OPTION(RankState, jobs, "jobs", 'j', INT, "N",
               "Candidates at a time after the first mask, each in its own process (default: 1)"),
    LAC_OPTION(RankState, table.output, "output", 'o', PATH, "FILE",
               "Also write a web page that needs nothing else"),
    LAC_OPTION(RankState, format, "format", 0, STRING, "FORMAT",
               "On standard output: table (default), csv or json"),
    LAC_OPTION(RankState, keep, "keep", 0, PATH, "DIR",
               "Keep the runs behind the ranking there, for lacuna report and lacuna results; "
               "the same call again does only what is missing"),
    LAC_OPTION(RankState, table.initial, "initial", 0, STRING, "NAME",
               "First fill of iterative models (default: mean)"),
    LAC_OPTION(RankState, table.optimizer, "optimizer", 0, STRING, "NAME",
               "What gradient-trained models take their steps with (default: adam)"),
    LAC_OPTION(RankState, table.scale, "scale", 0, STRING, "HOW",
               "Units the models work in: minmax (default), standard or none"),
    LAC_OPTION(RankState, table.seed, "seed", 0, STRING, "N",
               "Seed of all random draws (default: 1)"),
    LAC_OPTION(RankState, table.max_memory, "max-memory", 0, STRING, "SIZE",
               "Memory of each candidate's worker (MiB, or \"2 GiB\"); a model that would need "
               "more is refused before it starts"),
    LAC_OPTION(RankState, table.ignore, "ignore", 0, STRINGS, "COLUMN",
               "Leave this column out; may be repeated"),
    LAC_TABLE_OPTIONS(RankState, table.),
    LAC_OPTION(RankState, table.force, "force", 0, FLAG, NULL, "Overwrite an existing file"),
    LAC_OPTION_END,
};

static gboolean
rank_check(const RankState *self, int argc, GError **error)
{
    if (argc != 1)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "rank: expected one table, got %d; see 'lacuna rank --help'", argc);
    if (!lac_cli_one_of("--format", self->format, formats, error) ||
        !lac_cli_one_of("--scale", self->table.scale, lac_impute_scales, error))
        return FALSE;
    if (self->repeats < 0 || self->repeats > 1000)
        return lac_fail(error, LAC_ERROR_PARAM,
                        "--repeats %" G_GINT64_FORMAT " is outside [1, 1000]", self->repeats);
    if (self->table.draws < 0 || self->table.draws == 1 || self->table.draws > 1000)
        return lac_fail(error, LAC_ERROR_PARAM, "-m %" G_GINT64_FORMAT " is outside [2, 1000]",
                        self->table.draws);
    if (self->jobs < 0 || self->jobs > MAX_JOBS)
        return lac_fail(error, LAC_ERROR_PARAM, "-j %" G_GINT64_FORMAT " is outside [1, %d]",
                        self->jobs, MAX_JOBS);
    return self->table.output == NULL ||
           lac_impute_output_check(self->table.output, self->table.force, error);
}

static gboolean
rank_request(const RankState *self, const LacImputeTable *table, LacRankRequest *out,
             GError **error)
{
    *out = (LacRankRequest){.table = table,
                            .options = &self->table,
                            .models = self->models,
                            .mask = self->mask,
                            .scale = self->table.scale,
                            .initial = self->table.initial,
                            .optimizer = self->table.optimizer,
                            .keep = self->keep,
                            .seed = 1,
                            .repeats = self->repeats > 0 ? self->repeats : REPEATS,
                            .draws = self->table.draws > 0 ? self->table.draws : DRAWS,
                            .jobs = MAX(self->jobs, 1)};
    if (self->table.max_memory != NULL &&
        !lac_memory_parse(self->table.max_memory, &out->max_mib, error)) {
        g_prefix_error(error, "--max-memory: ");
        return FALSE;
    }
    return lac_impute_seed(&self->table, &out->seed, error) &&
           lac_rank_seconds(self->budget != NULL ? self->budget : LAC_RANK_BUDGET, &out->budget_s,
                            error);
}

static void
rank_print_table(const LacRanking *ranking)
{
    g_autofree char *table = lac_ranking_table(ranking, lac_cli_colour(stdout));

    fputs(table, stdout);
    putchar('\n');
    for (int g = 0; g < LAC_RANK_GROUPS; g++) {
        g_autofree char *verdict =
            ranking->scored[g] ? lac_ranking_verdict(ranking, (LacRankGroup)g) : NULL;

        if (verdict != NULL)
            lac_cli_print_wrapped(verdict);
    }
    if (ranking->ranked > 1) {
        g_autofree char *rule = lac_ranking_rule(ranking);

        lac_cli_print_wrapped(rule);
    }
    for (guint i = 0; i < ranking->notes->len; i++)
        lac_cli_print_wrapped(ranking->notes->pdata[i]);
}

static void
rank_print(const RankState *self, const LacData *data, const LacRankOutcome *outcome)
{
    g_autofree char *text = NULL;

    if (g_strcmp0(self->format, "csv") == 0)
        text = lac_ranking_csv(outcome->ranking);
    else if (g_strcmp0(self->format, "json") == 0)
        text = lac_ranking_json(outcome->ranking, data->origin, outcome->mask);
    if (text == NULL)
        rank_print_table(outcome->ranking);
    else
        printf("%s%s", text, g_str_has_suffix(text, "\n") ? "" : "\n");
}

static gboolean
rank_write_page(const RankState *self, const LacImputeTable *table, const LacRankOutcome *outcome,
                GError **error)
{
    g_autoptr(LacImputeOutput) out =
        lac_impute_output_open(self->table.output, self->table.force, error);
    g_autofree char *title = g_path_get_basename(table->data->origin);
    g_autofree char *reading = lac_impute_reading(table, NULL), *html = NULL;
    const LacRankingPage page = {title, reading, outcome->mask, outcome->ranking};
    g_auto(GStrv) notes = NULL;

    if (out == NULL)
        return FALSE;
    html = lac_ranking_html(&page, &notes);
    for (size_t i = 0; notes[i] != NULL; i++)
        lac_cli_warn("%s", notes[i]);
    return lac_impute_output_write(html, strlen(html), out, error) &&
           lac_impute_output_close(g_steal_pointer(&out), error);
}

/* FALSE with @error. @status: of the command when TRUE. */
static gboolean
rank_all(RankState *self, const char *path, LacImputeTable *table, int *status, GError **error)
{
    g_auto(LacRankOutcome) outcome = {0};
    LacRankRequest request;

    if (!lac_impute_table_read(table, path, &self->table, NULL, error) ||
        !lac_impute_check_table(&self->table, table, error))
        return FALSE;
    lac_impute_say_table(&self->table, table);
    if (!rank_request(self, table, &request, error))
        return FALSE;
    lac_cli_catch_interrupts();
    if (!lac_rank_run(&request, &outcome, error))
        return FALSE;
    lac_cli_say("%s", outcome.mask);
    rank_print(self, table->data, &outcome);
    *status = outcome.interrupted            ? LAC_EXIT_INTERRUPTED
              : outcome.ranking->ranked == 0 ? LAC_EXIT_FAILED
                                             : LAC_EXIT_OK;
    return self->table.output == NULL || rank_write_page(self, table, &outcome, error);
}

static int
rank_run(void *state, int argc, char **argv)
{
    RankState *self = state;
    LacImputeTable table = {0};
    g_autoptr(GError) error = NULL;
    int status = LAC_EXIT_OK;
    const gboolean done =
        rank_check(self, argc, &error) && rank_all(self, argv[0], &table, &status, &error);

    lac_impute_table_clear(&table);
    return done ? status : lac_cli_error(error);
}

const LacCommand lac_command_rank = {
    .name = "rank",
    .arguments = "DATA.csv",
    .summary = "Find out which model suits a table",
    .details =
        "Hides observed cells of a table the way its own holes are distributed (mask 'learned'), "
        "lets each candidate fill them, and compares what comes back with what was there: CRPS of "
        "draws of numbers and whole numbers, the ranked probability score of ordered levels and "
        "the Brier score of categories (models that do not draw pay what their single answer is "
        "off by), and of the best guess RMSE, MAE, error of ranks and share of wrong ones (PFC); "
        "and how many hidden values the intervals cover. "
        "The energy-I-score "
        "judges how the table's own holes are filled, where there is no truth.\n\n"
        "Each of these four kinds of columns has its own winner (one of which hardly any cell is "
        "hidden is judged with the kind beside it): the mean of the ranks by these scores decides, "
        "and the others are told apart from it by paired t tests over the masks, adjusted by "
        "Holm.\n\n"
        "The time budget is kept: cheap candidates come first, by their own estimates and what "
        "earlier ones took; one that would take longer than is left is skipped with the reason, "
        "and one that runs when the time is up is stopped.\n\n"
        "Examples:\n\n"
        "  lacuna rank data.csv\n"
        "  lacuna rank data.csv --time-budget 10m -o rank.html\n"
        "  lacuna rank data.csv --models mean,knn,mice --repeats 20 --format csv\n"
        "  lacuna impute data.csv -o filled.csv --model auto",
    .options = options,
    .state_size = sizeof(RankState),
    .run = rank_run,
};
