/* lacuna impute: a person's own table, filled. */
#include "commands-private.h"
#include "impute-private.h"

#include <math.h>
#include <string.h>

static const LacOption options[] = {
    LAC_OPTION(LacImputeOptions, output, "output", 'o', PATH, "FILE",
               "Where the completed table goes; '-' is standard output"),
    LAC_OPTION(LacImputeOptions, model, "model", 0, STRING, "NAME",
               "Model that fills the holes (default: knn); see 'lacuna plugins models'"),
    LAC_OPTION(LacImputeOptions, set, "set", 0, STRINGS, "PARAM=VALUE",
               "Parameter of the model; may be repeated; see 'lacuna describe MODEL'"),
    LAC_OPTION(LacImputeOptions, draws, "multiple", 'm', INT, "M",
               "Write M completions drawn from the model, as one long table with .imp and .id"),
    LAC_OPTION(LacImputeOptions, original, "include-original", 0, FLAG, NULL,
               "With -m: write the original rows too, as .imp = 0"),
    LAC_OPTION(LacImputeOptions, flags, "flags", 0, PATH, "FILE",
               "Also write a table of the cells that were imputed"),
    LAC_OPTION(LacImputeOptions, save, "save", 0, PATH, "FILE",
               "Keep the fitted model (safetensors), to complete new rows later"),
    LAC_OPTION(LacImputeOptions, load, "load", 0, PATH, "FILE",
               "Use a model kept by --save instead of learning one from this table"),
    LAC_OPTION(LacImputeOptions, initial, "initial", 0, STRING, "NAME",
               "First fill of iterative models (default: mean)"),
    LAC_OPTION(LacImputeOptions, scale, "scale", 0, STRING, "HOW",
               "Units the model works in: minmax (default), standard or none"),
    LAC_OPTION(LacImputeOptions, seed, "seed", 0, INT, "N",
               "Seed of all random draws (default: 1)"),
    LAC_OPTION(LacImputeOptions, ignore, "ignore", 0, STRINGS, "COLUMN",
               "Pass this column through: not used, not filled; may be repeated"),
    LAC_OPTION(LacImputeOptions, kinds, "kind", 0, STRINGS, "COLUMN=KIND",
               "continuous, integer, binary, nominal or ordinal instead of what was sniffed"),
    LAC_OPTION(LacImputeOptions, na, "na", 0, STRINGS, "TEXT",
               "Text that means missing, instead of: empty, NA, NaN, ?, null; may be repeated"),
    LAC_OPTION(LacImputeOptions, delimiter, "delimiter", 0, STRING, "CHAR",
               "Field delimiter instead of the sniffed one; 'tab' for a tab"),
    LAC_OPTION(LacImputeOptions, decimal, "decimal", 0, STRING, "CHAR",
               "Decimal mark instead of the sniffed one"),
    LAC_OPTION(LacImputeOptions, header, "header", 0, STRING, "WHETHER",
               "Whether the first line names the columns: yes, no or auto (default)"),
    LAC_OPTION(LacImputeOptions, force, "force", 0, FLAG, NULL, "Overwrite existing files"),
    LAC_OPTION_END,
};

/* --set k=10 --set weights=distance as a tree of parameters. */
static LacNode *
impute_params(char **set, GError **error)
{
    g_autoptr(LacNode) params = lac_yaml_parse("{}", 2, "--set", error);

    for (size_t i = 0; params != NULL && set != NULL && set[i] != NULL; i++) {
        const char *split = strchr(set[i], '=');
        g_autofree char *name = NULL;

        if (split == NULL)
            return lac_fail_null(error, LAC_ERROR_PARAM, "--set=%s: expected PARAM=VALUE", set[i]);
        name = g_strndup(set[i], (gsize)(split - set[i]));
        if (!lac_node_set_path(params, name, split + 1, error))
            return NULL;
    }
    return g_steal_pointer(&params);
}

static LacImputer *
impute_new(const LacImputeOptions *o, LacContext *context, GError **error)
{
    g_autoptr(LacNode) params = impute_params(o->set, error);
    LacScale scale = LAC_SCALE_MINMAX;
    const LacPlugin *plugin, *initial_plugin = NULL;
    LacInitial *initial = NULL;
    LacModel *model;

    if (params == NULL)
        return NULL;
    if (o->scale != NULL && !lac_scale_parse(o->scale, &scale))
        return lac_fail_null(error, LAC_ERROR_PARAM,
                             "--scale=%s: expected minmax, standard or none", o->scale);
    plugin = lac_plugin_find(LAC_PLUGIN_MODEL, o->model != NULL ? o->model : "knn", error);
    if (plugin == NULL)
        return NULL;
    if (o->initial != NULL) {
        initial_plugin = lac_plugin_find(LAC_PLUGIN_INITIAL, o->initial, error);
        initial = initial_plugin ? lac_instance_new(initial_plugin, NULL, ".", error) : NULL;
        if (initial == NULL)
            return NULL;
    }
    model = lac_instance_new(plugin, params, ".", error);
    if (model == NULL) {
        lac_instance_free(initial);
        return NULL;
    }
    return lac_imputer_new(model, initial, scale, context);
}

/* The fitted imputer and the table in the order of its columns. */
static LacImputer *
impute_learn(const LacImputeOptions *o, LacImputeTable *table, LacContext *context, GError **error)
{
    g_autoptr(LacImputer) imputer = NULL;

    if (o->load != NULL) {
        imputer = lac_imputer_load(o->load, context, error);
        return imputer == NULL ? NULL : g_steal_pointer(&imputer);
    }
    imputer = impute_new(o, context, error);
    if (imputer == NULL || !lac_imputer_fit(imputer, table->data, error))
        return NULL;
    return g_steal_pointer(&imputer);
}

/* A loaded model has its own column order and level codes; bring @filled back to the table's. */
static gboolean
impute_unadapt(const LacImputer *imputer, const LacData *used, const LacMatrix *filled,
               LacMatrix *out, GError **error)
{
    const LacSchema *schema = lac_imputer_schema(imputer);

    for (size_t k = 0; k < used->cols; k++) {
        const gssize j = lac_schema_find(schema, lac_data_name(used, k));
        const LacColumn *from = &schema->columns[j], *to = lac_data_column(used, k);

        for (size_t i = 0; i < used->rows; i++) {
            const double value = lac_matrix_row(filled, i)[j];

            if (!lac_data_is_hole(used, i, k))
                lac_matrix_row(out, i)[k] = lac_data_at(used, i, k);
            else if (from->n_levels == 0 || to->n_levels == 0)
                lac_matrix_row(out, i)[k] = value;
            else {
                const char *label = from->levels[(size_t)value];
                size_t code = 0;

                while (code < to->n_levels && strcmp(to->levels[code], label) != 0)
                    code++;
                if (code == to->n_levels)
                    return lac_fail(error, LAC_ERROR_DATA,
                                    "%s: column '%s': the model fills in level '%s', which this "
                                    "table does not have; declare it with a row that holds it",
                                    used->origin, to->name, label);
                lac_matrix_row(out, i)[k] = (double)code;
            }
        }
    }
    return TRUE;
}

typedef gboolean (*ImputeFill)(LacImputer *imputer, const LacData *in, size_t draw, LacMatrix *out,
                               GError **error);

static gboolean
impute_fill_point(LacImputer *imputer, const LacData *in, size_t draw, LacMatrix *out,
                  GError **error)
{
    (void)draw;
    return lac_imputer_fill(imputer, in, out, error);
}

/* One completion of the whole file, all columns. Owned. */
static LacMatrix *
impute_complete(const LacImputeOptions *o, LacImputer *imputer, const LacImputeTable *table,
                ImputeFill fill, size_t draw, GError **error)
{
    g_autoptr(LacMatrix) part = lac_matrix_new(table->data->rows, table->data->cols, error);

    if (part == NULL)
        return NULL;
    if (o->load == NULL) {
        if (!fill(imputer, table->data, draw, part, error))
            return NULL;
    } else {
        g_autoptr(LacData) adapted = lac_imputer_adapt(imputer, table->data, error);
        g_autoptr(LacMatrix) filled = NULL;

        if (adapted == NULL)
            return NULL;
        filled = lac_matrix_new(adapted->rows, adapted->cols, error);
        if (filled == NULL || !fill(imputer, adapted, draw, filled, error) ||
            !impute_unadapt(imputer, table->data, filled, part, error))
            return NULL;
    }
    return g_steal_pointer(&part);
}

static gboolean
impute_write_long(const LacImputeOptions *o, LacImputer *imputer, const LacImputeTable *table,
                  LacImputeOutput *out, GError **error)
{
    if (o->original) {
        g_autoptr(LacMatrix) original = lac_matrix_new(table->data->rows, table->data->cols, error);

        if (original == NULL)
            return FALSE;
        lac_data_copy_values(table->data, original);
        if (!lac_impute_write_draw(table, original, 0, TRUE, out, error))
            return FALSE;
    }
    for (size_t d = 0; d < (size_t)o->draws; d++) {
        g_autoptr(LacMatrix) completed =
            impute_complete(o, imputer, table, lac_imputer_sample, d, error);

        if (completed == NULL ||
            !lac_impute_write_draw(table, completed, d + 1, d == 0 && !o->original, out, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
impute_write(const LacImputeOptions *o, LacImputer *imputer, const LacImputeTable *table,
             GError **error)
{
    const char *path = o->output != NULL ? o->output : "-";
    g_autoptr(LacImputeOutput) out = lac_impute_output_open(path, o->force, error);
    g_autoptr(LacImputeOutput) flags = NULL;
    g_autoptr(LacMatrix) completed = NULL;

    if (out == NULL)
        return FALSE;
    if (o->flags != NULL && (flags = lac_impute_output_open(o->flags, o->force, error)) == NULL)
        return FALSE;
    if (o->draws > 0) {
        if (!impute_write_long(o, imputer, table, out, error))
            return FALSE;
    }
    if (o->draws == 0 || flags != NULL) {
        completed = impute_complete(o, imputer, table, impute_fill_point, 0, error);
        if (completed == NULL)
            return FALSE;
    }
    if (o->draws == 0 && !lac_impute_write_filled(table, completed, out, error))
        return FALSE;
    if (flags != NULL &&
        !(lac_impute_write_flags(table, completed, lac_imputer_model_name(imputer), flags, error) &&
          lac_impute_output_close(g_steal_pointer(&flags), error)))
        return FALSE;
    return lac_impute_output_close(g_steal_pointer(&out), error);
}

/* What was read, in one paragraph: the person should see what was sniffed. */
static void
impute_say_table(const LacImputeTable *table)
{
    size_t count[5] = {0};
    const LacData *data = table->data;
    g_autoptr(GString) kinds = g_string_new(NULL);
    const size_t holes = lac_mask_count(data->holes);
    const char delimiter[] = {table->format.delimiter, '\0'};

    for (size_t j = 0; j < data->cols; j++)
        count[lac_data_column(data, j)->kind]++;
    for (int kind = 0; kind < 5; kind++)
        if (count[kind] > 0)
            g_string_append_printf(kinds, "%s%zu %s", kinds->len > 0 ? ", " : "", count[kind],
                                   lac_kind_name((LacKind)kind));
    lac_cli_say("%s: %zu rows, %zu columns (%s); %zu of %zu cells missing (%.1f %%); "
                "delimiter '%s', decimal mark '%c', %s header",
                data->origin, data->rows, data->cols, kinds->str, holes, data->rows * data->cols,
                100.0 * (double)holes / (double)(data->rows * data->cols),
                table->format.delimiter == '\t' ? "tab" : delimiter, table->format.decimal,
                table->format.header ? "with" : "no");
    if (table->format.set_aside != NULL && table->format.set_aside[0] != NULL) {
        g_autofree char *names = g_strjoinv(", ", table->format.set_aside);

        lac_cli_say("passed through as identifiers: %s (--kind NAME=nominal makes one a variable)",
                    names);
    }
}

static void
impute_say_events(const LacContext *context)
{
    const GPtrArray *events = lac_context_events(context);

    for (guint i = 0; i < events->len; i++) {
        const LacEvent *event = g_ptr_array_index(events, i);

        if (event->count == 1)
            lac_cli_warn("%s", event->detail);
        else
            lac_cli_warn("%s (and %zu more like it)", event->detail, event->count - 1);
    }
}

static void
impute_say_done(const LacImputeOptions *o, const LacImputer *imputer, const LacImputeTable *table,
                double seconds)
{
    lac_cli_say("%s: filled %zu cells%s in %.2f s", lac_imputer_model_name(imputer),
                lac_mask_count(table->data->holes), o->draws > 0 ? " in each completion" : "",
                seconds);
}

static gboolean
impute_check(const LacImputeOptions *o, int argc, char **argv, GError **error)
{
    if (argc != 1)
        return lac_fail(error, LAC_ERROR_PARAM, "impute: expected one table, got %d", argc);
    if (o->draws < 0 || o->draws > 10000)
        return lac_fail(error, LAC_ERROR_PARAM, "-m %" G_GINT64_FORMAT " is outside [1, 10000]",
                        o->draws);
    if (o->load != NULL && (o->model != NULL || o->set != NULL || o->save != NULL))
        return lac_fail(error, LAC_ERROR_PARAM,
                        "--load brings its own model; --model, --set and --save do not go with it");
    if (o->output != NULL && strcmp(o->output, "-") != 0 && !o->force &&
        g_file_test(o->output, G_FILE_TEST_EXISTS))
        return lac_fail(error, LAC_ERROR_IO,
                        "%s exists already; choose another name or add --force", o->output);
    if (o->save != NULL && !o->force && g_file_test(o->save, G_FILE_TEST_EXISTS))
        return lac_fail(error, LAC_ERROR_IO,
                        "%s exists already; choose another name or add --force", o->save);
    (void)argv;
    return TRUE;
}

static gboolean
impute_can_draw(const LacImputeOptions *o, const LacImputer *imputer, GError **error)
{
    return o->draws == 0 || lac_imputer_can_sample(imputer) ||
           lac_fail(error, LAC_ERROR_PARAM,
                    "-m %" G_GINT64_FORMAT ": model '%s' cannot draw completions; leave out -m, or "
                    "use a model that can (mice, em, knn)",
                    o->draws, lac_imputer_model_name(imputer));
}

static void
impute_progress(void *user, double done)
{
    g_autofree char *line = g_strdup_printf("fitting %s: %3.0f %%", (const char *)user, 100 * done);

    lac_cli_progress(line);
}

static gboolean
impute_all(LacImputeOptions *o, const char *path, LacImputeTable *table, GError **error)
{
    const gint64 start = g_get_monotonic_time();
    const LacRng rng = lac_rng_new(o->seed != 0 ? (uint64_t)o->seed : 1);
    g_autoptr(LacContext) context = lac_context_new(lac_rng_split(&rng, "impute"));
    g_autoptr(LacImputer) imputer = NULL;

    lac_context_set_draws(context, o->draws > 0 ? (size_t)o->draws : 1);
    lac_context_set_progress(context, impute_progress,
                             o->model != NULL ? o->model : (char *)"model");
    if (!lac_impute_table_read(table, path, o, error))
        return FALSE;
    impute_say_table(table);
    imputer = impute_learn(o, table, context, error);
    if (imputer == NULL || !impute_can_draw(o, imputer, error) ||
        !impute_write(o, imputer, table, error))
        return FALSE;
    if (o->save != NULL && !lac_imputer_save(imputer, o->save, error))
        return FALSE;
    impute_say_events(context);
    impute_say_done(o, imputer, table, (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC);
    return TRUE;
}

static int
impute_run(void *state, int argc, char **argv)
{
    LacImputeOptions *o = state;
    LacImputeTable table = {0};
    g_autoptr(GError) error = NULL;
    const gboolean done =
        impute_check(o, argc, argv, &error) && impute_all(o, argv[0], &table, &error);

    lac_impute_table_clear(&table);
    return done ? LAC_EXIT_OK : lac_cli_error(error);
}

const LacCommand lac_command_impute = {
    .name = "impute",
    .arguments = "DATA.csv",
    .summary = "Fill the holes of a table",
    .details =
        "Reads a delimited text file (.gz too; '-' is standard input), learns a model from its "
        "observed cells, and writes it back with the holes filled: same rows, same columns, same "
        "order, every other byte as it was.\n\n"
        "Examples:\n\n"
        "  lacuna impute data.csv -o filled.csv\n"
        "  lacuna impute data.csv -o filled.csv --model knn --set k=10 --ignore id\n"
        "  lacuna impute data.csv -o draws.csv --model mice -m 20\n"
        "  lacuna impute data.csv -o filled.csv --save model.safetensors\n"
        "  lacuna impute new.csv -o new-filled.csv --load model.safetensors",
    .options = options,
    .state_size = sizeof(LacImputeOptions),
    .run = impute_run,
};
