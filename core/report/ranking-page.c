/* The page of `lacuna rank`. */
#include "ranking-private.h"

#include "page-private.h"
#include "text-private.h"

#include <lacuna/stats.h>
#include <math.h>

static void
section_summary(Page *page, const LacRankingPage *self)
{
    const LacRanking *ranking = self->ranking;
    g_autofree char *masks = g_strdup_printf("%zu", ranking->repeats);
    g_autofree char *ranked = g_strdup_printf("%zu of %zu", ranking->ranked, ranking->n);

    page_section(page, "summary", "Summary");
    page_facts(page);
    for (int g = 0; g < LAC_RANK_GROUPS; g++) {
        g_autofree char *name =
            g_strdup_printf("best for %s", lac_rank_group_name((LacRankGroup)g));

        if (ranking->scored[g] && ranking->winner[g] < ranking->n)
            page_fact(page, name, ranking->model[ranking->winner[g]].name, FALSE);
    }
    page_fact(page, "candidates ranked", ranked, ranking->ranked == 0);
    page_fact(page, "masks", masks, FALSE);
    page_facts_end(page);
    for (int g = 0; g < LAC_RANK_GROUPS; g++) {
        g_autofree char *verdict =
            ranking->scored[g] ? lac_ranking_verdict(ranking, (LacRankGroup)g) : NULL;

        if (verdict != NULL)
            page_text(page, "%s", verdict);
    }
    page_text(page, "%s", self->mask);
    for (guint i = 0; i < ranking->notes->len; i++)
        page_text(page, "%s", (const char *)ranking->notes->pdata[i]);
    page_section_end(page);
}

/* A number with the rank it gives; bold for the best. */
static void
score_cell(Page *page, const LacRankPart *part, int score)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (isnan(part->value[score])) {
        page_number_cell(page, NAN, "–");
        return;
    }
    report_number(text, "%#.4g", part->value[score]);
    if (!isnan(part->rank[score])) {
        g_string_append(text, " (");
        report_number(text, "%.3g", part->rank[score]);
        g_string_append_c(text, ')');
    }
    page_number_cell(page, part->value[score], text->str);
}

static gboolean
has_value(const LacRanking *ranking, LacRankGroup group, int score)
{
    for (size_t i = 0; i < ranking->ranked; i++)
        if (!isnan(ranking->model[i].part[group].value[score]))
            return TRUE;
    return FALSE;
}

static gboolean
has_intervals(const LacRanking *ranking, LacRankGroup group)
{
    for (size_t i = 0; i < ranking->ranked; i++)
        if (!isnan(ranking->model[i].part[group].coverage))
            return *ranking->level != '\0';
    return FALSE;
}

static void
group_heads(Page *page, const LacRanking *ranking, LacRankGroup group)
{
    static const char *const units[] = {"(rank)", "no truth (rank)", "(rank)"};

    page_head_text(page, "model");
    page_head(page, "mean rank", NULL);
    page_head_text(page, "standing");
    for (int s = 0; s < LAC_RANK_SCORES; s++)
        if (has_value(ranking, group, s))
            page_head(page, lac_rank_score_name(group, (LacRankScore)s), units[s]);
    if (has_intervals(ranking, group)) {
        g_autofree char *target = g_strdup_printf("target %s", ranking->level);

        page_head(page, "coverage", target);
        page_head(page, "width", "of intervals");
    }
    page_head(page, "time", "fit + fill");
    page_body(page);
}

static const char *
standing(const LacRanking *ranking, LacRankGroup group, size_t i)
{
    if (i == ranking->winner[group])
        return "winner";
    if (ranking->repeats < LAC_RANK_TESTED)
        return "not tested";
    return ranking->model[i].part[group].apart ? "worse" : "not told apart";
}

/* Ranked models by their mean rank in @group. */
static void
group_order(const LacRanking *ranking, LacRankGroup group, size_t *order)
{
    g_autofree double *rank = g_new(double, ranking->n + 1);

    for (size_t i = 0; i < ranking->ranked; i++)
        rank[i] = ranking->model[i].part[group].mean_rank;
    lac_stats_order(ranking->ranked, rank, order);
}

static void
section_group(Page *page, const LacRanking *ranking, LacRankGroup group)
{
    g_autofree char *title = g_strdup_printf("Ranks for %s", lac_rank_group_name(group));
    g_autofree size_t *order = g_new(size_t, ranking->n + 1);
    g_autofree char *id = g_strdelimit(g_strdup(lac_rank_group_name(group)), " ", '-');

    page_section(page, id, title);
    page_table(page, title);
    group_heads(page, ranking, group);
    group_order(ranking, group, order);
    for (size_t k = 0; k < ranking->ranked; k++) {
        const size_t i = order[k];
        const LacRankModel *model = &ranking->model[i];
        const LacRankPart *part = &model->part[group];
        g_autofree char *coverage = lac_report_fixed(part->coverage, 3);
        g_autofree char *width = lac_report_fixed(part->width, 3);
        g_autofree char *rank = lac_report_fixed(model->part[group].mean_rank, 2);
        g_autofree char *seconds = lac_report_seconds(model->seconds);

        page_row(page);
        page_row_head(page, model->name);
        page_number_cell(page, model->part[group].mean_rank, rank);
        page_cell(page, standing(ranking, group, i),
                  i == ranking->winner[group] ? "left good" : "left");
        for (int s = 0; s < LAC_RANK_SCORES; s++)
            if (has_value(ranking, group, s))
                score_cell(page, &model->part[group], s);
        if (has_intervals(ranking, group)) {
            page_number_cell(page, part->coverage, isnan(part->coverage) ? "–" : coverage);
            page_number_cell(page, part->width, isnan(part->width) ? "–" : width);
        }
        page_number_cell(page, model->seconds, seconds);
        page_row_end(page);
    }
    page_table_end(page);
    page_figure(page, figure_ranking(ranking, group));
    page_section_end(page);
}

static void
section_left_out(Page *page, const LacRanking *ranking)
{
    if (ranking->ranked == ranking->n)
        return;
    page_section(page, "left-out", "Not ranked");
    page_table(page, "Candidates that were not ranked");
    page_head_text(page, "model");
    page_head_text(page, "what happened");
    page_head_text(page, "why");
    page_body(page);
    for (size_t i = ranking->ranked; i < ranking->n; i++) {
        page_row(page);
        page_row_head(page, ranking->model[i].name);
        page_cell(page, ranking->model[i].status == LAC_RANK_FAILED ? "failed" : "skipped", "left");
        page_cell(page, ranking->model[i].reason, "left wrap");
        page_row_end(page);
    }
    page_table_end(page);
    page_section_end(page);
}

static void
section_reading(Page *page, const LacRanking *ranking)
{
    g_autofree char *rule = lac_ranking_rule(ranking);

    page_section(page, "reading", "How to read this");
    page_text(page, "%s Smaller is better in every score.", rule);
    page_text(
        page,
        "CRPS compares draws with values that were hidden, and so rewards honest spread; a "
        "model that does not draw pays its mean absolute error. The Brier score (its half) "
        "does the same for categories, where a model that does not draw pays PFC (the share "
        "of wrong levels), and RPS, the ranked probability score, for ordered levels, where "
        "it pays the error of ranks (the first level for the last costs 1). RMSE of numbers, "
        "MAE of whole numbers (a few large counts do not rule it), rank error and PFC look at the "
        "best guess alone and are won by a model that fills with means, medians and modes. "
        "All of them judge hidden cells that were observed: "
        "they carry over to the "
        "table's own holes when these depend on what is observed (MCAR, MAR), and not "
        "beyond (MNAR).");
    page_text(page,
              "The energy-I-score judges the table's own holes, for which there is no truth: each "
              "column is hidden where it was observed, and the model learns the rest with its own "
              "completion in place. It is valid when a column has the same law, given the columns "
              "beside it, where it is observed and where it is missing.");
    page_text(page,
              "Coverage is the share of hidden numbers inside the central interval of the draws; "
              "the nearer to its target the better, and among those that reach it the narrower "
              "interval wins. It is shown and not ranked.");
    page_text(page,
              "Worse means: by one of these scores but the I-score in a paired t test over the "
              "masks at 5 %%, "
              "adjusted by Holm for all pairs of models. It speaks of other masks of this table, "
              "not of other tables.");
    page_section_end(page);
}

char *
lac_ranking_html(const LacRankingPage *self, char ***notes_out)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    const PageFrame frame = {.title = self->title,
                             .eyebrow = "Lacuna ranking",
                             .meta = self->reading,
                             .command = "lacuna rank",
                             .source = "runs on this table"};
    Page page = {.report = NULL};
    char *html;

    page_start(&page, notes);
    section_summary(&page, self);
    for (int g = 0; g < LAC_RANK_GROUPS; g++)
        if (self->ranking->scored[g])
            section_group(&page, self->ranking, (LacRankGroup)g);
    section_left_out(&page, self->ranking);
    section_reading(&page, self->ranking);
    page_prepend_notes(&page);
    html = page_frame(&page, &frame);
    *notes_out = page_notes_dup(&page);
    page_clear(&page);
    return html;
}
