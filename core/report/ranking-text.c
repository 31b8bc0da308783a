/* The ranking in words, in a terminal, as CSV and JSON. */
#include "json-private.h"
#include "ranking-private.h"
#include "text-private.h"

#include <math.h>
#include <string.h>

#define BOLD "\033[1m"
#define RESET "\033[0m"

enum { NAME_WIDTH = 11 };

static const char *const group_names[] = {"numbers", "categories"};
static const char *const group_titles[] = {"Numbers", "Categories"};
static const char *const score_names[LAC_RANK_GROUPS][LAC_RANK_SCORES] = {
    {"CRPS", "energy-I-score", "RMSE"}, {"Brier", "energy-I-score", "PFC"}};

const char *
lac_rank_group_name(LacRankGroup group)
{
    return group_names[group];
}

const char *
lac_rank_score_name(LacRankGroup group, LacRankScore score)
{
    return score_names[group][score];
}

/* ---- sentences ---------------------------------------------------------------------------------
 */

/* "CRPS 1, energy-I-score 2, RMSE 1" */
static void
append_ranks(const LacRanking *self, int g, const LacRankPart *part, GString *out)
{
    size_t named = 0;

    for (int s = 0; s < LAC_RANK_SCORES; s++)
        if (self->used[g][s]) {
            g_string_append_printf(out, "%s%s ", named++ > 0 ? ", " : "", score_names[g][s]);
            report_number(out, "%.3g", part->rank[s]);
        }
}

/* Ranked models other than the winner that no test tells from it, "a, b and c". Owned; "" */
static char *
names_alike(const LacRanking *self, int g, size_t *n_out)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    GString *out = g_string_new(NULL);

    for (size_t i = 0; i < self->ranked; i++)
        if (i != self->winner[g] && !self->model[i].part[g].apart)
            g_ptr_array_add(names, self->model[i].name);
    for (guint k = 0; k < names->len; k++)
        g_string_append_printf(out, "%s%s",
                               k == 0               ? ""
                               : k + 1 < names->len ? ", "
                                                    : " and ",
                               (const char *)names->pdata[k]);
    *n_out = names->len;
    return g_string_free(out, FALSE);
}

char *
lac_ranking_verdict(const LacRanking *self, LacRankGroup group)
{
    GString *out = g_string_new(NULL);
    g_autofree char *alike = NULL;
    const LacRankModel *winner;
    size_t n;

    if (!self->scored[group] || self->winner[group] >= self->n) {
        g_string_append_printf(out, "%s: no candidate could be scored.", group_titles[group]);
        return g_string_free(out, FALSE);
    }
    winner = &self->model[self->winner[group]];
    g_string_append_printf(out, "%s: %s", group_titles[group], winner->name);
    if (self->ranked > 1) {
        g_string_append(out, ", mean rank ");
        report_number(out, "%.3g", winner->part[group].mean_rank);
        g_string_append(out, " (");
        append_ranks(self, group, &winner->part[group], out);
        g_string_append_printf(out, ") of %zu", self->ranked);
    }
    g_string_append_c(out, '.');
    alike = names_alike(self, group, &n);
    if (self->ranked < 2)
        g_string_append(out, " It is the only one that was ranked.");
    else if (self->repeats < LAC_RANK_TESTED)
        g_string_append_printf(out, " %zu mask%s: too few to test, the others may be as good.",
                               self->repeats, self->repeats == 1 ? "" : "s");
    else if (n == 0)
        g_string_append(out, " All others are worse (paired t over masks, Holm, 5 %).");
    else
        g_string_append_printf(out,
                               " %s cannot be told from it (paired t over %zu masks, Holm, 5 %%).",
                               alike, self->repeats);
    return g_string_free(out, FALSE);
}

char *
lac_ranking_rule(const LacRanking *self)
{
    GString *out = g_string_new("Rule: within each kind of columns the mean of the ranks by ");

    for (int g = 0, groups = 0; g < LAC_RANK_GROUPS; g++) {
        size_t named = 0;

        if (!self->scored[g])
            continue;
        g_string_append(out, groups++ > 0 ? "; by " : "");
        for (int s = 0; s < LAC_RANK_SCORES; s++)
            if (self->used[g][s])
                g_string_append_printf(out, "%s%s", named++ > 0 ? ", " : "", score_names[g][s]);
        g_string_append_printf(out, " for %s", group_names[g]);
    }
    g_string_append(out, "; then over kinds, weighted by their columns with holes.");
    return g_string_free(out, FALSE);
}

/* ---- the terminal ------------------------------------------------------------------------------
 */

/* A column of the table; @value is NaN where there is nothing to show. */
typedef struct {
    const char *head;
    int width, group, score; /* group -1: of the model as a whole */
} TextColumn;

enum { T_RANK = -1, T_COVERAGE = -2, T_TIME = -3 };

static const TextColumn text_columns[] = {
    {"rank", 5, -1, T_RANK},
    {"CRPS", 8, LAC_RANK_NUMBERS, LAC_RANK_CRPS},
    {"I-score", 8, LAC_RANK_NUMBERS, LAC_RANK_I_SCORE},
    {"RMSE", 8, LAC_RANK_NUMBERS, LAC_RANK_POINT},
    {"cover", 6, LAC_RANK_NUMBERS, T_COVERAGE},
    {"Brier", 8, LAC_RANK_LEVELS, LAC_RANK_CRPS},
    {"I-score", 8, LAC_RANK_LEVELS, LAC_RANK_I_SCORE},
    {"PFC", 8, LAC_RANK_LEVELS, LAC_RANK_POINT},
    {"time", 8, -1, T_TIME},
};

static gboolean
any_value(const LacRanking *self, int group, int score)
{
    for (size_t i = 0; i < self->ranked; i++)
        if (!isnan(self->model[i].part[group].value[score]))
            return TRUE;
    return FALSE;
}

/* Coverage, which nobody is ranked by, gives way where the line would be longer than 80. */
static gboolean
column_shown(const LacRanking *self, const TextColumn *column)
{
    if (column->group < 0)
        return TRUE;
    if (column->score == T_COVERAGE)
        return self->scored[LAC_RANK_NUMBERS] && *self->level != '\0' &&
               !(any_value(self, LAC_RANK_NUMBERS, LAC_RANK_I_SCORE) &&
                 any_value(self, LAC_RANK_LEVELS, LAC_RANK_I_SCORE));
    return any_value(self, column->group, column->score);
}

/* Owned. */
static char *
column_text(const LacRankModel *model, const TextColumn *column)
{
    g_autoptr(GString) out = g_string_new(NULL);
    double value;

    if (column->score == T_TIME)
        return lac_report_seconds(model->seconds);
    value = column->score == T_RANK       ? model->overall
            : column->score == T_COVERAGE ? model->coverage
                                          : model->part[column->group].value[column->score];
    if (isnan(value))
        return g_strdup("–");
    report_number(out, column->score < 0 ? "%.2f" : "%#.4g", value);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void
append_padded(GString *out, const char *text, int width, gboolean left)
{
    const int pad = MAX(0, width - (int)g_utf8_strlen(text, -1));

    if (left)
        g_string_append_printf(out, "%s%*s", text, pad, "");
    else
        g_string_append_printf(out, "%*s%s", pad, "", text);
}

/* The best value of a column gets a star. */
static gboolean
is_best(const LacRanking *self, const TextColumn *column, size_t i)
{
    if (column->group < 0 || column->score < 0 || self->ranked < 2)
        return FALSE;
    for (size_t k = 0; k < self->ranked; k++)
        if (self->model[k].part[column->group].value[column->score] <
            self->model[i].part[column->group].value[column->score])
            return FALSE;
    return !isnan(self->model[i].part[column->group].value[column->score]);
}

static void
append_group_heads(const LacRanking *self, GString *out)
{
    int at = NAME_WIDTH, last = -1;

    if (!self->scored[LAC_RANK_NUMBERS] || !self->scored[LAC_RANK_LEVELS])
        return;
    g_string_append_printf(out, "%*s", at, "");
    for (size_t c = 0; c < G_N_ELEMENTS(text_columns); c++) {
        const TextColumn *column = &text_columns[c];
        const gboolean first = column->group >= 0 && column->group != last;

        if (!column_shown(self, column))
            continue;
        append_padded(out, first ? group_names[column->group] : "", column->width + 1, FALSE);
        last = column->group;
    }
    while (out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

static void
append_heads(const LacRanking *self, GString *out)
{
    append_group_heads(self, out);
    append_padded(out, "model", NAME_WIDTH, TRUE);
    for (size_t c = 0; c < G_N_ELEMENTS(text_columns); c++)
        if (column_shown(self, &text_columns[c])) {
            append_padded(out, text_columns[c].head, text_columns[c].width, FALSE);
            g_string_append_c(out, ' ');
        }
    g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

static void
append_model(const LacRanking *self, size_t i, gboolean bold, GString *out)
{
    const gboolean wins = i == self->winner[0] || i == self->winner[1];

    g_string_append(out, bold && wins ? BOLD : "");
    append_padded(out, self->model[i].name, NAME_WIDTH, TRUE);
    for (size_t c = 0; c < G_N_ELEMENTS(text_columns); c++) {
        g_autofree char *text = column_text(&self->model[i], &text_columns[c]);

        if (!column_shown(self, &text_columns[c]))
            continue;
        append_padded(out, text, text_columns[c].width, FALSE);
        g_string_append_c(out, is_best(self, &text_columns[c], i) ? '*' : ' ');
    }
    g_string_truncate(out, out->len - 1);
    g_string_append(out, bold && wins ? RESET "\n" : "\n");
}

char *
lac_ranking_table(const LacRanking *self, gboolean bold)
{
    GString *out = g_string_new(NULL);

    if (self->ranked > 0)
        append_heads(self, out);
    for (size_t i = 0; i < self->ranked; i++)
        append_model(self, i, bold, out);
    for (size_t i = self->ranked; i < self->n; i++)
        g_string_append_printf(out, "%-*s %s: %s\n", NAME_WIDTH - 1, self->model[i].name,
                               self->model[i].status == LAC_RANK_FAILED ? "failed" : "skipped",
                               self->model[i].reason);
    return g_string_free(out, FALSE);
}

/* ---- for programs ------------------------------------------------------------------------------
 */

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

char *
lac_ranking_csv(const LacRanking *self)
{
    GString *out = g_string_new("model,status,columns,score,value,rank,reason\n");

    for (size_t i = 0; i < self->n; i++) {
        const LacRankModel *model = &self->model[i];

        csv_line(out, model, "all", "overall", NULL, &model->overall);
        for (int g = 0; g < LAC_RANK_GROUPS && model->status == LAC_RANK_RANKED; g++) {
            if (!self->scored[g])
                continue;
            csv_line(out, model, group_names[g], "mean rank", NULL, &model->part[g].mean_rank);
            for (int s = 0; s < LAC_RANK_SCORES; s++)
                if (*score_names[g][s] != '\0')
                    csv_line(out, model, group_names[g], score_names[g][s],
                             &model->part[g].value[s], &model->part[g].rank[s]);
        }
        if (model->status != LAC_RANK_RANKED)
            continue;
        csv_line(out, model, "numbers", "coverage", &model->coverage, NULL);
        csv_line(out, model, "numbers", "width", &model->width, NULL);
        csv_line(out, model, "all", "energy distance", &model->energy, NULL);
        csv_line(out, model, "all", "seconds", &model->seconds, NULL);
    }
    return g_string_free(out, FALSE);
}

static void
json_part(JsonBuilder *builder, const LacRanking *self, size_t i, int g)
{
    const LacRankPart *part = &self->model[i].part[g];

    json_begin_object(builder, group_names[g]);
    json_add_number(builder, "mean_rank", part->mean_rank);
    json_add_flag(builder, "worse_than_winner", part->apart);
    for (int s = 0; s < LAC_RANK_SCORES; s++) {
        if (*score_names[g][s] == '\0')
            continue;
        json_begin_object(builder, score_names[g][s]);
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
    json_add_number(builder, "coverage", model->coverage);
    json_add_number(builder, "width", model->width);
    json_add_number(builder, "energy_distance", model->energy);
    for (int g = 0; g < LAC_RANK_GROUPS && model->status == LAC_RANK_RANKED; g++)
        if (self->scored[g])
            json_part(builder, self, i, g);
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
    json_begin_object(builder, "winner");
    for (int g = 0; g < LAC_RANK_GROUPS; g++)
        json_add_text(builder, group_names[g],
                      self->winner[g] < self->n ? self->model[self->winner[g]].name : NULL);
    json_builder_end_object(builder);
    json_begin_array(builder, "models");
    for (size_t i = 0; i < self->n; i++)
        json_model(builder, self, i);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    return json_pretty(builder);
}
