/* The ranking for programs: CSV and JSON. */
#include "json-private.h"
#include "ranking-private.h"
#include "text-private.h"

#include <math.h>

static const char *
status_name(LacRankStatus status)
{
    static const char *const names[] = {"ranked", "failed", "skipped"};

    return names[status];
}

static void
csv_line(GString *out, const LacRankModel *model, const char *columns, const char *score,
         const double *value, const double *rank)
{
    lac_report_put_csv(out, model->name);
    g_string_append_printf(out, ",%s,%s,%s,", status_name(model->status), columns, score);
    if (value != NULL && !isnan(*value))
        report_number(out, "%.17g", *value);
    g_string_append_c(out, ',');
    if (rank != NULL && !isnan(*rank))
        report_number(out, "%.17g", *rank);
    g_string_append_c(out, ',');
    lac_report_put_csv(out, model->reason != NULL ? model->reason : "");
    g_string_append_c(out, '\n');
}

static void
csv_group(GString *out, const LacRankModel *model, LacRankGroup g)
{
    const char *name = lac_rank_group_name(g);
    const LacRankPart *part = &model->part[g];

    csv_line(out, model, name, "mean rank", NULL, &part->mean_rank);
    for (LacRankScore s = 0; s < LAC_RANK_SCORES; s++)
        csv_line(out, model, name, lac_rank_score_name(g, s), &part->value[s], &part->rank[s]);
    if (isnan(part->coverage))
        return;
    csv_line(out, model, name, "coverage", &part->coverage, NULL);
    csv_line(out, model, name, "width", &part->width, NULL);
}

char *
lac_ranking_csv(const LacRanking *self)
{
    GString *out = g_string_new("model,status,columns,score,value,rank,reason\n");

    for (size_t i = 0; i < self->n; i++) {
        const LacRankModel *model = &self->model[i];

        csv_line(out, model, "all", "overall", NULL, &model->overall);
        for (LacRankGroup g = 0; g < LAC_RANK_GROUPS && model->status == LAC_RANK_RANKED; g++)
            if (self->scored[g])
                csv_group(out, model, g);
        if (model->status != LAC_RANK_RANKED)
            continue;
        csv_line(out, model, "all", "energy distance", &model->energy, NULL);
        csv_line(out, model, "all", "seconds", &model->seconds, NULL);
    }
    return g_string_free(out, FALSE);
}

static void
json_part(JsonBuilder *builder, const LacRanking *self, size_t i, LacRankGroup g)
{
    const LacRankPart *part = &self->model[i].part[g];

    json_begin_object(builder, lac_rank_group_name(g));
    json_add_number(builder, "mean_rank", part->mean_rank);
    json_add_number(builder, "coverage", part->coverage);
    json_add_number(builder, "width", part->width);
    json_add_flag(builder, "worse_than_winner", part->apart);
    for (LacRankScore s = 0; s < LAC_RANK_SCORES; s++) {
        json_begin_object(builder, lac_rank_score_name(g, s));
        json_add_number(builder, "value", part->value[s]);
        json_add_number(builder, "rank", part->rank[s]);
        json_builder_end_object(builder);
    }
    json_builder_end_object(builder);
}

static void
json_model(JsonBuilder *builder, const LacRanking *self, size_t i)
{
    const LacRankModel *model = &self->model[i];

    json_builder_begin_object(builder);
    json_add_text(builder, "model", model->name);
    json_add_text(builder, "status", status_name(model->status));
    json_add_text(builder, "reason", model->reason);
    json_add_number(builder, "rank", model->overall);
    json_add_number(builder, "seconds", model->seconds);
    json_add_number(builder, "energy_distance", model->energy);
    for (LacRankGroup g = 0; g < LAC_RANK_GROUPS && model->status == LAC_RANK_RANKED; g++)
        if (self->scored[g])
            json_part(builder, self, i, g);
    json_builder_end_object(builder);
}

/* Of each kind of columns the winner, and the kind it was judged with. */
static void
json_winners(JsonBuilder *builder, const LacRanking *self)
{
    json_begin_object(builder, "winner");
    for (LacRankGroup g = 0; g < LAC_RANK_GROUPS; g++) {
        const size_t winner = self->winner[self->home[g]];

        json_add_text(builder, lac_rank_group_name(g),
                      winner < self->n ? self->model[winner].name : NULL);
    }
    json_builder_end_object(builder);
    json_begin_object(builder, "judged_with");
    for (LacRankGroup g = 0; g < LAC_RANK_GROUPS; g++)
        json_add_text(builder, lac_rank_group_name(g), lac_rank_group_name(self->home[g]));
    json_builder_end_object(builder);
}

char *
lac_ranking_json(const LacRanking *self, const char *table, const char *mask)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_add_text(builder, "table", table);
    json_add_text(builder, "mask", mask);
    json_add_count(builder, "masks", self->repeats);
    json_add_text(builder, "interval", *self->level != '\0' ? self->level : NULL);
    json_winners(builder, self);
    json_begin_array(builder, "models");
    for (size_t i = 0; i < self->n; i++)
        json_model(builder, self, i);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    return json_pretty(builder);
}
