/* The ranking in words and in a terminal. */
#include "ranking-private.h"

#include "text-private.h"

#include <math.h>
#include <string.h>

#define BOLD "\033[1m"
#define RESET "\033[0m"

enum { NAME_WIDTH = 11 };

static const char *const group_names[] = {"numbers", "whole numbers", "ordered levels",
                                          "categories"};
static const char *const group_titles[] = {"Numbers", "Whole numbers", "Ordered levels",
                                           "Categories"};
static const char *const score_names[LAC_RANK_GROUPS][LAC_RANK_SCORES] = {
    {"CRPS", "energy-I-score", "RMSE"},
    {"CRPS", "energy-I-score", "MAE"},
    {"RPS", "energy-I-score", "rank error"},
    {"Brier", "energy-I-score", "PFC"}};
/* Over a column of a terminal. */
static const char *const score_heads[LAC_RANK_GROUPS][LAC_RANK_SCORES] = {
    {"CRPS", "I-score", "RMSE"},
    {"CRPS", "I-score", "MAE"},
    {"RPS", "I-score", "error"},
    {"Brier", "I-score", "PFC"}};

const char *
lac_rank_group_name(LacRankGroup group)
{
    return group_names[group];
}

const char *
lac_rank_group_title(LacRankGroup group)
{
    return group_titles[group];
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

/* A column of the table: of @group, -1: of the model as a whole; @score: or one of T_. */
typedef struct {
    const char *head;
    int width, group, score;
} TextColumn;

enum { T_RANK = -1, T_COVERAGE = -2, T_TIME = -3 };
enum { TEXT_WIDTH = 80, GROUPS_ABREAST = 2 };

static const int column_scores[] = {LAC_RANK_CRPS, LAC_RANK_I_SCORE, LAC_RANK_POINT, T_COVERAGE};

static double
text_value(const LacRankModel *model, const TextColumn *column)
{
    return column->score == T_RANK       ? model->overall
           : column->score == T_COVERAGE ? model->part[column->group].coverage
                                         : model->part[column->group].value[column->score];
}

static gboolean
any_value(const LacRanking *self, const TextColumn *column)
{
    for (size_t i = 0; i < self->ranked; i++)
        if (!isnan(text_value(&self->model[i], column)))
            return TRUE;
    return FALSE;
}

static int
columns_width(const GArray *columns)
{
    int width = NAME_WIDTH;

    for (guint c = 0; c < columns->len; c++)
        width += g_array_index(columns, TextColumn, c).width + 1;
    return width;
}

/* Coverage, which nobody is ranked by, gives way where the line would be longer than 80. */
static void
drop_coverage(GArray *columns)
{
    const gboolean fits = columns_width(columns) <= TEXT_WIDTH + 1;

    for (guint c = columns->len; !fits && c-- > 0;)
        if (g_array_index(columns, TextColumn, c).score == T_COVERAGE)
            g_array_remove_index(columns, c);
}

/* The columns of one table: the ranks, @groups, the times. Owned. */
static GArray *
table_columns(const LacRanking *self, size_t n, const LacRankGroup *groups, gboolean first,
              gboolean last)
{
    static const TextColumn rank = {"rank", 5, -1, T_RANK}, time = {"time", 8, -1, T_TIME};
    GArray *columns = g_array_new(FALSE, FALSE, sizeof(TextColumn));

    if (first)
        g_array_append_val(columns, rank);
    for (size_t k = 0; k < n; k++)
        for (size_t s = 0; s < G_N_ELEMENTS(column_scores); s++) {
            const int score = column_scores[s], group = (int)groups[k];
            const TextColumn column = {score < 0 ? "cover" : score_heads[group][score],
                                       score < 0 ? 6 : 8, group, score};

            if (any_value(self, &column) && (score >= 0 || *self->level != '\0'))
                g_array_append_val(columns, column);
        }
    if (last)
        g_array_append_val(columns, time);
    drop_coverage(columns);
    return columns;
}

/* Owned. */
static char *
column_text(const LacRankModel *model, const TextColumn *column)
{
    g_autoptr(GString) out = g_string_new(NULL);
    double value;

    if (column->score == T_TIME)
        return lac_report_seconds(model->seconds);
    value = text_value(model, column);
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
        if (text_value(&self->model[k], column) < text_value(&self->model[i], column))
            return FALSE;
    return !isnan(text_value(&self->model[i], column));
}

static void
cut_spaces(GString *out)
{
    while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

/* A kind's name over its first columns, as many as it is long. */
static void
append_group_heads(const GArray *columns, GString *out)
{
    glong at = NAME_WIDTH, end = 0;
    int last = -1;

    for (guint c = 0; c < columns->len; c++) {
        const TextColumn *column = &g_array_index(columns, TextColumn, c);

        if (column->group >= 0 && column->group != last) {
            const char *name = group_names[column->group];
            const glong start = MAX(at + column->width - (glong)strlen(name), at);

            g_string_append_printf(out, "%*s%s", (int)(start - end), "", name);
            end = start + (glong)strlen(name);
        }
        last = column->group;
        at += column->width + 1;
    }
    cut_spaces(out);
}

static void
append_heads(const GArray *columns, GString *out)
{
    append_padded(out, "model", NAME_WIDTH, TRUE);
    for (guint c = 0; c < columns->len; c++) {
        const TextColumn *column = &g_array_index(columns, TextColumn, c);

        append_padded(out, column->head, column->width, FALSE);
        g_string_append_c(out, ' ');
    }
    cut_spaces(out);
}

static void
append_model(const LacRanking *self, const GArray *columns, size_t i, gboolean bold, GString *out)
{
    gboolean wins = FALSE;

    for (int g = 0; g < LAC_RANK_GROUPS; g++)
        wins |= i == self->winner[g];
    g_string_append(out, bold && wins ? BOLD : "");
    append_padded(out, self->model[i].name, NAME_WIDTH, TRUE);
    for (guint c = 0; c < columns->len; c++) {
        const TextColumn *column = &g_array_index(columns, TextColumn, c);
        g_autofree char *text = column_text(&self->model[i], column);

        append_padded(out, text, column->width, FALSE);
        g_string_append_c(out, is_best(self, column, i) ? '*' : ' ');
    }
    g_string_truncate(out, out->len - 1);
    g_string_append(out, bold && wins ? RESET "\n" : "\n");
}

/* At most two kinds abreast, so that lines stay short. */
static void
append_tables(const LacRanking *self, gboolean bold, GString *out)
{
    LacRankGroup groups[LAC_RANK_GROUPS];
    size_t n = 0, k = 0;

    for (LacRankGroup g = 0; g < LAC_RANK_GROUPS; g++)
        if (self->scored[g])
            groups[n++] = g;
    do {
        const size_t here = MIN(n - k, (size_t)GROUPS_ABREAST);
        g_autoptr(GArray) columns = table_columns(self, here, groups + k, k == 0, k + here == n);

        g_string_append(out, k > 0 ? "\n" : "");
        if (n > 1)
            append_group_heads(columns, out);
        append_heads(columns, out);
        for (size_t i = 0; i < self->ranked; i++)
            append_model(self, columns, i, bold, out);
        k += here;
    } while (k < n);
}

char *
lac_ranking_table(const LacRanking *self, gboolean bold)
{
    GString *out = g_string_new(NULL);

    if (self->ranked > 0)
        append_tables(self, bold, out);
    for (size_t i = self->ranked; i < self->n; i++)
        g_string_append_printf(out, "%-*s %s: %s\n", NAME_WIDTH - 1, self->model[i].name,
                               self->model[i].status == LAC_RANK_FAILED ? "failed" : "skipped",
                               self->model[i].reason);
    return g_string_free(out, FALSE);
}
