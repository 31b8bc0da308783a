/* lacuna results: one tidy row per cell and metric. */
#include "registry-private.h"
#include "results-private.h"
#include "store-private.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

static const char *const formats[] = {"table", "csv", "json", NULL};

typedef struct {
    char *format;
    gboolean trials;
} ResultsState;

/* Every column of a tidy row but the parameters; a failed cell has one row without a metric. */
static const char cells_query[] =
    "SELECT r.name AS run, c.id AS cell, c.status, c.reason, c.data, c.family, c.data_sha256,"
    " c.n_rows, c.n_cols, c.split, c.fold, c.mask, c.mechanism, c.rate_asked, c.rate_realised,"
    " c.scale, c.initial, c.model, c.model_label, c.optimizer, c.repeat, c.seed,"
    " m.metric, m.part, m.column_name, m.value, m.status AS value_status,"
    " m.reason AS value_reason,i.direction, i.target, i.unit, i.scope, i.needs,"
    " i.judges, i.valid, m.n_cells, m.draws,"
    " c.fit_s, c.apply_s, c.cpu_s, c.peak_rss_mib, c.threads, c.contended, c.host, c.version,"
    " c.started, c.finished, c.mask_params, c.initial_params, c.model_params, c.optimizer_params"
    " FROM cells c CROSS JOIN run r LEFT JOIN metrics m ON m.cell = c.id"
    " LEFT JOIN metric_info i ON i.metric = m.metric AND i.part IS m.part"
    " ORDER BY c.position, c.id, m.rowid";

/* The same last columns alone, once for each way they are filled. */
static const char cells_params[] = "SELECT mask_params, initial_params, model_params,"
                                   " optimizer_params FROM cells GROUP BY 1, 2, 3, 4"
                                   " ORDER BY min(position)";

/* Trials of searches, once for each cell that chose among them. */
static const char trials_query[] =
    "SELECT r.name AS run, s.cell, s.trial, t.status, t.reason, c.data, c.data_sha256, c.split,"
    " c.fold, c.mask, c.rate_asked, c.rate_realised, c.scale, c.initial, c.model_label, c.repeat,"
    " c.seed, s.stage, t.model, t.optimizer, t.draw, s.rank, s.chosen, t.metric, t.score,"
    " i.direction, (SELECT group_concat(replace(d.parameter, rtrim(d.parameter,"
    " replace(d.parameter, '.', '')), '') || '=' || d.value, ' ') FROM drawn d"
    " WHERE d.trial = t.id) AS drawn, t.downstream,"
    " t.fit_s, t.apply_s, t.cpu_s, t.peak_rss_mib, t.threads, t.contended, t.host, t.version,"
    " t.started, t.finished, c.mask_params, c.initial_params, t.model_params, t.optimizer_params"
    " FROM search s JOIN trials t ON t.id = s.trial JOIN cells c ON c.id = s.cell"
    " CROSS JOIN run r LEFT JOIN metric_info i ON i.metric = t.metric AND i.part IS NULL"
    " ORDER BY c.position, s.rowid";

static const char trials_params[] = "SELECT NULL, NULL, model_params, optimizer_params FROM trials"
                                    " GROUP BY 3, 4 ORDER BY min(position)";

/** Listing: @query ends with the four JSON columns that @params has alone, once for each way they
 * are filled. @columns: what fits a terminal, NULL-terminated. */
typedef struct {
    const char *query, *params;
    const char *const *columns;
} Listing;

static const char *const cells_columns[] = {
    "data", "mask",        "rate_realised", "model_label", "fold",   "repeat", "metric",
    "part", "column_name", "value",         "status",      "reason", NULL};
static const char *const trials_columns[] = {
    "data",   "mask",   "rate_realised", "model_label", "fold",  "repeat", "stage",  "draw", "rank",
    "chosen", "metric", "score",         "drawn",       "fit_s", "status", "reason", NULL};

static const Listing cells_listing = {cells_query, cells_params, cells_columns};
static const Listing trials_listing = {trials_query, trials_params, trials_columns};

enum {
    N_PARAMS = 4, /* the last columns of the query, spread into one column a parameter */
};

static const char *const param_prefixes[N_PARAMS] = {"mask", "initial", "model", "optimizer"};

typedef struct {
    sqlite3_stmt *statement;
    int n_plain;            /* columns before the parameters */
    GPtrArray *param_names; /* "model.k"..., in order of first appearance */
    GHashTable *param_index;
} Reader;

/* ---- cells as text --------------------------------------------------------------------------- */

char *
lac_results_text(sqlite3_stmt *statement, int column)
{
    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return g_strdup("");
    if (sqlite3_column_type(statement, column) == SQLITE_FLOAT)
        return lac_number_text(sqlite3_column_double(statement, column));
    return g_strdup((const char *)sqlite3_column_text(statement, column));
}

static void
csv_field(const char *text, gboolean first)
{
    if (!first)
        putchar(',');
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    putchar('"');
}

static void
json_string(const char *text)
{
    g_autoptr(JsonNode) node = json_node_init_string(json_node_alloc(), text);
    g_autofree char *quoted = json_to_string(node, FALSE);

    fputs(quoted, stdout);
}

static void
json_value(sqlite3_stmt *statement, int column)
{
    g_autofree char *text = lac_results_text(statement, column);
    const int type = sqlite3_column_type(statement, column);

    if (type == SQLITE_NULL ||
        (type == SQLITE_FLOAT && !isfinite(sqlite3_column_double(statement, column))))
        fputs("null", stdout);
    else if (type == SQLITE_TEXT)
        json_string(text);
    else
        fputs(text, stdout);
}

/* ---- parameters, one column each ------------------------------------------------------------- */

static JsonObject *
params_of(const Reader *reader, int which, JsonParser *parser)
{
    const char *json =
        (const char *)sqlite3_column_text(reader->statement, reader->n_plain + which);

    if (json == NULL || !json_parser_load_from_data(parser, json, -1, NULL) ||
        !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)))
        return NULL;
    return json_node_get_object(json_parser_get_root(parser));
}

static void
learn_param_names(Reader *reader)
{
    for (int which = 0; which < N_PARAMS; which++) {
        g_autoptr(JsonParser) parser = json_parser_new();
        JsonObject *params = params_of(reader, which, parser);
        g_autoptr(GList) members = params != NULL ? json_object_get_members(params) : NULL;

        for (GList *member = members; member != NULL; member = member->next) {
            char *name = g_strdup_printf("%s.%s", param_prefixes[which], (char *)member->data);

            if (g_hash_table_contains(reader->param_index, name)) {
                g_free(name);
                continue;
            }
            g_hash_table_add(reader->param_index, name);
            g_ptr_array_add(reader->param_names, name);
        }
    }
}

static char *
value_json(JsonNode *node)
{
    return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_DOUBLE
               ? lac_number_text(json_node_get_double(node))
               : json_to_string(node, FALSE);
}

/* @name's value in the current row as JSON text; NULL when it has none. */
static char *
param_json(const char *name, JsonObject *const *params)
{
    for (int which = 0; which < N_PARAMS; which++) {
        const size_t n = strlen(param_prefixes[which]);

        if (params[which] != NULL && strncmp(name, param_prefixes[which], n) == 0 &&
            name[n] == '.' && json_object_has_member(params[which], name + n + 1))
            return value_json(json_object_get_member(params[which], name + n + 1));
    }
    return NULL;
}

static char *
json_unquoted(const char *json)
{
    g_autoptr(JsonNode) node = json_from_string(json, NULL);

    if (node != NULL && JSON_NODE_HOLDS_NULL(node))
        return g_strdup("");
    return node != NULL && json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_dup_string(node)
               : g_strdup(json);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void
print_csv_head(const Reader *reader)
{
    for (int i = 0; i < reader->n_plain; i++)
        csv_field(sqlite3_column_name(reader->statement, i), i == 0);
    for (guint i = 0; i < reader->param_names->len; i++)
        csv_field(reader->param_names->pdata[i], FALSE);
    putchar('\n');
}

static void
print_csv_row(const Reader *reader, JsonObject *const *params)
{
    for (int i = 0; i < reader->n_plain; i++) {
        g_autofree char *text = lac_results_text(reader->statement, i);

        csv_field(text, i == 0);
    }
    for (guint i = 0; i < reader->param_names->len; i++) {
        g_autofree char *json = param_json(reader->param_names->pdata[i], params);
        g_autofree char *text = json != NULL ? json_unquoted(json) : g_strdup("");

        csv_field(text, FALSE);
    }
    putchar('\n');
}

static void
print_json_row(const Reader *reader, JsonObject *const *params, gboolean first)
{
    fputs(first ? "[\n{" : ",\n{", stdout);
    for (int i = 0; i < reader->n_plain; i++) {
        if (i > 0)
            putchar(',');
        json_string(sqlite3_column_name(reader->statement, i));
        putchar(':');
        json_value(reader->statement, i);
    }
    for (guint i = 0; i < reader->param_names->len; i++) {
        g_autofree char *json = param_json(reader->param_names->pdata[i], params);

        if (json == NULL)
            continue;
        putchar(',');
        json_string(reader->param_names->pdata[i]);
        putchar(':');
        fputs(json, stdout);
    }
    putchar('}');
}

/* The parameters of a cell stand in each of its rows; they are parsed for the first. */
typedef struct {
    char *cell;
    JsonParser *parsers[N_PARAMS];
    JsonObject *params[N_PARAMS];
} CellParams;

static void
cell_params_follow(CellParams *at, const Reader *reader)
{
    const char *cell = (const char *)sqlite3_column_text(
        reader->statement, lac_results_column(reader->statement, "cell"));

    if (g_strcmp0(cell, at->cell) == 0)
        return;
    g_free(at->cell);
    at->cell = g_strdup(cell);
    for (int which = 0; which < N_PARAMS; which++) {
        g_clear_object(&at->parsers[which]);
        at->parsers[which] = json_parser_new();
        at->params[which] = params_of(reader, which, at->parsers[which]);
    }
}

static void
cell_params_clear(CellParams *at)
{
    g_free(at->cell);
    for (int which = 0; which < N_PARAMS; which++)
        g_clear_object(&at->parsers[which]);
}

/* A closed pipe ends the output, not the world. */
static gboolean
print_rows(Reader *reader, gboolean json, gboolean *first)
{
    CellParams at = {0};
    gboolean good = TRUE;

    while (good && sqlite3_step(reader->statement) == SQLITE_ROW) {
        cell_params_follow(&at, reader);
        if (json)
            print_json_row(reader, at.params, *first);
        else
            print_csv_row(reader, at.params);
        *first = FALSE;
        good = !ferror(stdout);
    }
    cell_params_clear(&at);
    return good;
}

/* ---- the command ----------------------------------------------------------------------------- */

static sqlite3_stmt *
prepare(const LacStore *store, const char *sql, GError **error)
{
    sqlite3_stmt *statement;

    if (sqlite3_prepare_v2(lac_store_db(store), sql, -1, &statement, NULL) == SQLITE_OK)
        return statement;
    return lac_fail_null(error, LAC_ERROR_IO, "%s: %s", lac_store_dir(store),
                         sqlite3_errmsg(lac_store_db(store)));
}

/* All folders are looked through first, so that the head has every parameter. */
static gboolean
learn_folder(Reader *reader, const LacStore *store, const Listing *listing, GError **error)
{
    reader->statement = prepare(store, listing->params, error);
    if (reader->statement == NULL)
        return FALSE;
    reader->n_plain = 0;
    while (sqlite3_step(reader->statement) == SQLITE_ROW)
        learn_param_names(reader);
    sqlite3_finalize(reader->statement);
    return TRUE;
}

static gboolean
print_spread(GPtrArray *stores, const Listing *listing, gboolean json, GError **error)
{
    g_autoptr(GHashTable) index = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    Reader reader = {.param_names = names, .param_index = index};
    gboolean first = TRUE, good = TRUE;

    for (guint i = 0; i < stores->len; i++)
        if (!learn_folder(&reader, stores->pdata[i], listing, error))
            return FALSE;
    for (guint i = 0; good && i < stores->len; i++) {
        reader.statement = prepare(stores->pdata[i], listing->query, error);
        if (reader.statement == NULL)
            return FALSE;
        reader.n_plain = sqlite3_column_count(reader.statement) - N_PARAMS;
        if (!json && i == 0)
            print_csv_head(&reader);
        good = print_rows(&reader, json, &first);
        sqlite3_finalize(reader.statement);
    }
    if (json)
        puts(first ? "[]" : "\n]");
    return TRUE;
}

static gboolean
print_readable(GPtrArray *stores, const Listing *listing, GError **error)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);

    for (guint i = 0; i < stores->len; i++) {
        sqlite3_stmt *statement = prepare(stores->pdata[i], listing->query, error);

        if (statement == NULL)
            return FALSE;
        lac_results_collect(statement, listing->columns, rows);
        sqlite3_finalize(statement);
    }
    lac_results_print(listing->columns, rows);
    return TRUE;
}

static int
results_run(void *state, int argc, char **argv)
{
    const ResultsState *self = state;
    const char *format = self->format != NULL ? self->format : "table";
    const Listing *listing = self->trials ? &trials_listing : &cells_listing;
    g_autoptr(GPtrArray) stores = g_ptr_array_new_with_free_func((GDestroyNotify)lac_store_free);
    g_autoptr(GError) error = NULL;
    gboolean good;

    if (argc == 0)
        return lac_cli_usage("results: expected the folder of a run");
    if (!lac_cli_one_of("--format", format, formats, &error))
        return lac_cli_error(error);
    for (int i = 0; i < argc; i++) {
        LacStore *store = lac_store_open(argv[i], &error);

        if (store == NULL)
            return lac_cli_error(error);
        g_ptr_array_add(stores, store);
    }
    good = strcmp(format, "table") == 0
               ? print_readable(stores, listing, &error)
               : print_spread(stores, listing, strcmp(format, "json") == 0, &error);
    return good ? LAC_EXIT_OK : lac_cli_error(error);
}

static const LacOption options[] = {
    LAC_OPTION(ResultsState, format, "format", 0, STRING, "FORMAT",
               "table (default), csv or json; csv and json have every column"),
    LAC_OPTION(ResultsState, trials, "trials", 0, FLAG, NULL,
               "Instead of cells the trials of their searches: what was drawn, how it was judged"),
    LAC_OPTION_END,
};

const LacCommand lac_command_results = {
    .name = "results",
    .arguments = "DIR...",
    .summary = "Print results: one tidy row per cell and metric",
    .details =
        "A failed cell has one row, with its status and reason and no metric. Numbers in csv "
        "and json read back to the same double; what is not known is empty, or null. Every "
        "parameter of mask, initial imputer, model and optimizer has a column of its own.\n\n"
        "  lacuna results results/quickstart\n"
        "  lacuna results results/quickstart --format csv > quickstart.csv\n"
        "  lacuna results results/search --trials",
    .options = options,
    .state_size = sizeof(ResultsState),
    .run = results_run,
};
