/* What `lacuna rank` runs: the table written down, two experiments about it, candidates by cost. */
#include "rank-private.h"

#include "work.h"

#include <lacuna/parallel.h>
#include <math.h>
#include <string.h>

enum {
    OWN_COLUMNS = 8,    /* scored by energy-I-score: each takes a fit */
    OWN_HOLES = 10,     /* fewer are not scored */
    WANTED_CELLS = 500, /* to hide, where the table's own share gives fewer */
    FEWEST_ROWS = 10,
};

/* Of a column's observed cells up to half are hidden as its own holes ask, and up to 30 % to have
 * more to judge by. */
static const double most_share = 0.2, half_of_column = 0.5, most_of_column = 0.3, mcar_share = 0.1;

gboolean
lac_rank_seconds(const char *text, double *out, GError **error)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}};
    char *end;
    const double number = g_ascii_strtod(text, &end);

    if (strcmp(text, "none") == 0) {
        *out = 0;
        return TRUE;
    }
    while (end != text && *end == ' ')
        end++;
    for (size_t k = 0; k < G_N_ELEMENTS(units) && end != text; k++)
        if (strcmp(end, units[k].unit) == 0 && number > 0 && isfinite(number)) {
            *out = number * units[k].seconds;
            return TRUE;
        }
    return lac_fail(error, LAC_ERROR_PARAM,
                    "--time-budget=%s: expected a time above 0, as in 90s, 10m or 1h, or none",
                    text);
}

gboolean
lac_rank_suits(const LacData *data, GError **error)
{
    if (data->cols < 2)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: has %zu column%s to fill from; models differ only in what they learn "
                        "from other columns, so use --model median (or mean)",
                        data->origin, data->cols, data->cols == 1 ? "" : "s");
    if (data->rows < FEWEST_ROWS)
        return lac_fail(error, LAC_ERROR_DATA,
                        "%s: has %zu rows, expected at least %d to hide cells in and compare what "
                        "comes back; choose a model yourself, as in --model mice",
                        data->origin, data->rows, FEWEST_ROWS);
    return TRUE;
}

/* ---- the table ---------------------------------------------------------------------------------
 */

gboolean
lac_rank_write_table(const LacRankRequest *request, const char *dir, GError **error)
{
    g_autofree char *table = g_build_filename(dir, LAC_RANK_TABLE, NULL);
    g_autofree char *columns = g_build_filename(dir, LAC_RANK_COLUMNS, NULL);
    g_autofree char *rules = NULL;
    gsize length, size;
    const char *text = g_bytes_get_data(request->table->source, &length);

    if (!g_file_set_contents(table, text != NULL ? text : "", (gssize)length, error))
        return FALSE;
    return request->options->columns == NULL ||
           (g_file_get_contents(request->options->columns, &rules, &size, error) &&
            g_file_set_contents(columns, rules, (gssize)size, error));
}

/* @text as a double-quoted scalar. */
static void
append_quoted(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_c(out, '\\');
        if ((unsigned char)*c < ' ')
            g_string_append_printf(out, "\\x%02x", (unsigned)*c);
        else
            g_string_append_c(out, *c);
    }
    g_string_append_c(out, '"');
}

/* ---- the experiments ---------------------------------------------------------------------------
 */

static void
append_kind(GString *out, const char *column, const char *kind)
{
    g_string_append(out, "        ");
    append_quoted(out, column);
    g_string_append(out, ": ");
    append_quoted(out, kind);
    g_string_append_c(out, '\n');
}

/* What the reading came to, whether it was given, sniffed, or known from another program's file. */
static void
append_column(GString *out, const LacColumn *column)
{
    g_autofree char *order = NULL;

    if (column->kind == LAC_KIND_ORDINAL && column->levels != NULL)
        order = g_strjoinv(" < ", column->levels);
    append_kind(out, column->name, order != NULL ? order : lac_kind_name(column->kind));
}

/* Rules of columns say their kinds themselves; beside them stands what was given. */
static void
append_kinds(GString *out, const LacRankRequest *request)
{
    const LacImputeOptions *o = request->options;
    const LacData *data = request->table->data;

    g_string_append(out, "      kinds:\n");
    for (size_t j = 0; o->columns == NULL && j < data->cols; j++)
        append_column(out, lac_data_column(data, j));
    for (char **word = o->kinds; o->columns != NULL && word != NULL && *word != NULL; word++) {
        const char *split = strrchr(*word, '=');
        g_autofree char *name = g_strndup(*word, (gsize)(split - *word));

        append_kind(out, name, split + 1);
    }
    for (char **name = o->ignore; name != NULL && *name != NULL; name++)
        append_kind(out, *name, "skip");
    if (o->columns != NULL && o->kinds == NULL && o->ignore == NULL)
        g_string_append(out, "        {}\n");
}

/* The file as it was read: nothing is left to be sniffed but kinds, and these from the same bytes.
 */
static void
append_data(GString *out, const LacRankRequest *request)
{
    const LacCsvFormat *format = &request->table->format;
    const LacImputeOptions *o = request->options;
    const char delimiter[] = {format->delimiter, '\0'}, decimal[] = {format->decimal, '\0'};

    g_string_append_printf(
        out, "data:\n  - csv:\n      path: ../" LAC_RANK_TABLE "\n      header: \"%s\"\n",
        format->header ? "yes" : "no");
    g_string_append(out, "      delimiter: ");
    append_quoted(out, format->delimiter == '\t' ? "tab" : delimiter);
    g_string_append(out, "\n      decimal: ");
    append_quoted(out, decimal);
    g_string_append_c(out, '\n');
    for (char **text = o->na; text != NULL && *text != NULL; text++) {
        g_string_append(out, text == o->na ? "      na: [" : ", ");
        append_quoted(out, *text);
        g_string_append(out, text[1] == NULL ? "]\n" : "");
    }
    append_kinds(out, request);
    if (o->columns != NULL)
        g_string_append(out, "      columns: ../" LAC_RANK_COLUMNS "\n");
}

/* A file that is no plugin is passed over: `lacuna plugins` says what is wrong with it. */
static void
append_candidates(GString *out)
{
    g_auto(GStrv) names = lac_plugin_names(LAC_PLUGIN_MODEL);

    for (char **name = names; *name != NULL; name++) {
        const LacModelPlugin *plugin =
            (const LacModelPlugin *)lac_plugin_find(LAC_PLUGIN_MODEL, *name, NULL);

        if (plugin != NULL && (plugin->traits & LAC_MODEL_CANDIDATE) != 0)
            g_string_append_printf(out, "  - %s\n", *name);
    }
}

static void
append_models(GString *out, const LacRankRequest *request)
{
    g_string_append(out, "model:\n");
    if (request->models == NULL)
        append_candidates(out);
    for (size_t k = 0; request->models != NULL && request->models[k] != NULL; k++) {
        const gboolean list = strpbrk(request->models[k], ":{[") == NULL;
        g_auto(GStrv) names = g_strsplit(request->models[k], list ? "," : "\n", -1);

        for (char **name = names; *name != NULL; name++)
            if (*g_strstrip(*name) != '\0')
                g_string_append_printf(out, "  - %s\n", *name);
    }
}

static gboolean
check_text(const char *option, const char *text, GError **error)
{
    g_autofree char *name = NULL;
    g_autoptr(LacNode) params =
        text != NULL ? lac_model_text_parse(option, text, &name, error) : NULL;

    return text == NULL || params != NULL;
}

/* Names and braces as --model of impute takes them; lists of names are for --models alone. */
static gboolean
check_components(const LacRankRequest *request, GError **error)
{
    for (char *const *text = request->models; text != NULL && *text != NULL; text++)
        if (strpbrk(*text, ":{[") != NULL && !check_text("--models", *text, error))
            return FALSE;
    return check_text("--mask", request->mask, error) &&
           check_text("--initial", request->initial, error) &&
           check_text("--optimizer", request->optimizer, error);
}

static void
append_shared(GString *out, const LacRankRequest *request, int64_t repeats)
{
    g_string_append_printf(out,
                           "lacuna: 1\nname: " LAC_RANK_NAME "\nseed: %" G_GUINT64_FORMAT
                           "\nrepeats: %" G_GINT64_FORMAT "\n",
                           request->seed, repeats);
    append_data(out, request);
    g_string_append_printf(out, "scale: %s\n", request->scale != NULL ? request->scale : "minmax");
    if (request->initial != NULL)
        g_string_append_printf(out, "initial:\n  - %s\n", request->initial);
    if (request->optimizer != NULL)
        g_string_append_printf(out, "optimizer:\n  - %s\n", request->optimizer);
    append_models(out, request);
    if (request->max_mib > 0)
        g_string_append_printf(out, "limits: {memory: %.0f}\n", request->max_mib);
}

/* Which share of the observed cells to hide: the table's own, but enough of them to judge by, and
 * not so many that what is left is another table. */
static double
share_to_hide(const LacData *data, double own)
{
    const double cells = (double)data->rows * (double)data->cols;
    size_t incomplete = 0, most = 0;
    double factor = MAX(1.0, WANTED_CELLS / (own * cells));

    for (size_t i = 0; i < data->rows; i++)
        incomplete += lac_mask_count_row(data->holes, i) > 0 ? 1 : 0;
    for (size_t j = 0; j < data->cols; j++)
        most = MAX(most, lac_mask_count_col(data->holes, j));
    factor = MIN(factor, MAX(1.0, most_of_column * (double)data->rows / (double)most));
    factor = MIN(factor, MAX(1.0, 0.5 * (double)data->rows / (double)incomplete));
    factor = MIN(factor, half_of_column * (double)data->rows / (double)most);
    return MIN(own * factor, most_share);
}

/* Whether a pattern could be taken from a row that keeps something. */
static gboolean
can_learn(const LacData *data)
{
    for (size_t j = 0; j < data->cols; j++) {
        const size_t holes = lac_mask_count_col(data->holes, j);

        if (holes > 0 && holes < data->rows && data->cols > 1)
            return TRUE;
    }
    return FALSE;
}

static void
append_mask(GString *out, const LacRankRequest *request, double own, LacRankPlan *plan)
{
    if (request->mask != NULL) {
        g_string_append_printf(out, "mask:\n  - %s\n", request->mask);
        plan->mask = g_strdup_printf("Cells are hidden by %s.", request->mask);
    } else if (can_learn(request->table->data)) {
        const double share = share_to_hide(request->table->data, own);
        char text[G_ASCII_DTOSTR_BUF_SIZE];

        g_ascii_formatd(text, sizeof text, "%.4f", share);
        g_string_append_printf(out, "mask: {learned: {rate: %s, exact: false}}\n", text);
        plan->mask = g_strdup_printf("Up to %.3g %% of the observed cells are hidden the way "
                                     "the table's own holes are distributed (mask learned); %.3g "
                                     "%% are missing by themselves.",
                                     100 * share, 100 * own);
    } else {
        g_string_append_printf(out, "mask: {mcar: {rate: %g}}\n", mcar_share);
        plan->mask = g_strdup_printf(
            "%s, so %.3g %% of the observed cells are hidden at random "
            "(mask mcar).",
            own > 0 ? "Columns are complete or empty" : "Nothing is missing", 100 * mcar_share);
    }
}

static void
append_metrics(GString *out, int64_t draws)
{
    const char *level = draws >= 19 ? "0.9" : draws >= 9 ? "0.8" : "0.5";

    g_string_append_printf(out,
                           "draws: %" G_GINT64_FORMAT
                           "\nmetrics: [crps, rmse, mae, brier, brier: {ranked: true}, pfc, "
                           "pfc: {ranked: true}, energy: {max_rows: 1000}, "
                           "coverage: {levels: [%s]}, "
                           "width: {levels: [%s]}]\n",
                           draws, level, level);
}

gboolean
lac_rank_plan_make(const LacRankRequest *request, LacRankPlan *out, GError **error)
{
    const LacData *data = request->table->data;
    const double own =
        (double)lac_mask_count(data->holes) / ((double)data->rows * (double)data->cols);
    g_autoptr(GString) truth = g_string_new(NULL), score = g_string_new(NULL);

    if (!check_components(request, error) || !lac_rank_suits(data, error))
        return FALSE;
    for (size_t j = 0; j < data->cols; j++) {
        const size_t holes = lac_mask_count_col(data->holes, j);

        if (holes >= OWN_HOLES && holes < data->rows)
            out->own_columns++;
    }
    out->own_columns = MIN(out->own_columns, OWN_COLUMNS);
    append_shared(truth, request, request->repeats);
    append_mask(truth, request, own, out);
    append_metrics(truth, request->draws);
    out->truth = g_string_free(g_steal_pointer(&truth), FALSE);
    if (out->own_columns == 0)
        return TRUE;
    append_shared(score, request, 1);
    g_string_append_printf(score,
                           "mask: {mcar: {rate: 0}}\nmetrics: [energy-i-score: {draws: "
                           "%" G_GINT64_FORMAT ", columns: %d, min_holes: %d}]\n",
                           request->draws, OWN_COLUMNS, OWN_HOLES);
    out->own = g_string_free(g_steal_pointer(&score), FALSE);
    return TRUE;
}

void
lac_rank_plan_clear(LacRankPlan *plan)
{
    g_clear_pointer(&plan->truth, g_free);
    g_clear_pointer(&plan->own, g_free);
    g_clear_pointer(&plan->mask, g_free);
}

/* ---- candidates --------------------------------------------------------------------------------
 */

static int
candidate_compare(const void *a, const void *b)
{
    const LacRankCandidate *x = a, *y = b;

    if (isnan(x->seconds) != isnan(y->seconds))
        return isnan(x->seconds) ? 1 : -1;
    return x->seconds < y->seconds ? -1 : x->seconds > y->seconds;
}

static gboolean
candidate_fill(LacRankCandidate *candidate, const LacExperiment *e, const LacRankRequest *request,
               GError **error)
{
    LacModel *model = lac_work_instance(e, candidate->model, error);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_new(1));
    g_autoptr(LacImputer) imputer = NULL;
    LacCost cost;

    if (model == NULL)
        return FALSE;
    imputer = lac_imputer_new(model, NULL, LAC_SCALE_NONE, context);
    lac_context_set_draws(context, (size_t)request->draws);
    candidate->draws = lac_imputer_can_sample(imputer);
    candidate->seconds =
        lac_imputer_forecast(imputer, request->table->data, &cost) ? cost.seconds : NAN;
    if (request->draw_only && !candidate->draws)
        candidate->reason = g_strdup("cannot draw completions, which -m asks for");
    return TRUE;
}

static void
candidate_clear(gpointer data)
{
    g_free(((LacRankCandidate *)data)->reason);
}

GArray *
lac_rank_candidates(const LacExperiment *e, const LacRankRequest *request, GError **error)
{
    g_autoptr(GArray) out = g_array_new(FALSE, TRUE, sizeof(LacRankCandidate));

    g_array_set_clear_func(out, candidate_clear);
    for (guint i = 0; i < e->models->len; i++) {
        LacRankCandidate candidate = {.model = e->models->pdata[i]};

        if (!candidate_fill(&candidate, e, request, error))
            return NULL;
        g_array_append_val(out, candidate);
    }
    g_array_sort(out, candidate_compare); /* stable: as listed where estimates are equal */
    return g_steal_pointer(&out);
}
