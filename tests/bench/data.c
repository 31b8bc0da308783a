/* The tables the benchmarks run on. */
#include "bench-private.h"
#include <lacuna/csv.h>
#include <lacuna/rng.h>

#include <string.h>

static LacBenchData letter, concrete, made;

static void
data_clear(LacBenchData *data)
{
    g_clear_pointer(&data->truth, lac_data_unref);
    g_clear_pointer(&data->holey, lac_data_unref);
}

void
bench_data_clear(void)
{
    data_clear(&letter);
    data_clear(&concrete);
    data_clear(&made);
}

/* Each cell hidden with probability @rate, by its row's own stream. */
static gboolean
data_hide(LacBenchData *data, double rate, GError **error)
{
    const LacRng root = lac_rng_new(1);
    const LacRng masks = lac_rng_split(&root, "mask");
    g_autoptr(LacMask) holes = lac_mask_new(data->truth->rows, data->truth->cols, error);

    if (holes == NULL)
        return FALSE;
    for (size_t i = 0; i < holes->rows; i++) {
        LacRng row = lac_rng_at(&masks, i);

        for (size_t j = 0; j < holes->cols; j++)
            lac_mask_set(holes, i, j, lac_rng_uniform(&row) < rate);
    }
    data->holey = lac_data_with_holes(data->truth, holes, error);
    return data->holey != NULL;
}

/* To [0, 1] by the smallest and largest value of the whole column. */
static LacData *
data_minmax(const LacData *raw, GError **error)
{
    double *v = lac_try_alloc(raw->rows * raw->cols, sizeof *v, "benchmark table", error);

    if (v == NULL)
        return NULL;
    for (size_t j = 0; j < raw->cols; j++) {
        double low = INFINITY, high = -INFINITY;

        for (size_t i = 0; i < raw->rows; i++) {
            low = fmin(low, lac_data_at(raw, i, j));
            high = fmax(high, lac_data_at(raw, i, j));
        }
        for (size_t i = 0; i < raw->rows; i++)
            v[i * raw->cols + j] = (lac_data_at(raw, i, j) - low) / (high > low ? high - low : 1.0);
    }
    return lac_data_new_take(lac_schema_new(raw->cols), raw->rows, v, raw->origin, error);
}

/* UCI table @name; its column @label, where there is one, is no part of it. */
static LacData *
data_read_uci(const char *name, const char *label, GError **error)
{
    const char *forms[] = {"%s.csv", "%s.csv.gz", "uci/%s.csv.gz"};
    const char *folders[] = {LAC_BENCH_SOURCE_DIR "/experiments/data", g_getenv("LACUNA_DATA")};

    for (size_t i = 0; i < G_N_ELEMENTS(folders) * G_N_ELEMENTS(forms); i++) {
        const char *folder = folders[i / G_N_ELEMENTS(forms)];
        g_auto(GStrv) around = g_strsplit(forms[i % G_N_ELEMENTS(forms)], "%s", 2);
        g_autofree char *file = g_strconcat(around[0], name, around[1], NULL);
        g_autofree char *path = folder != NULL ? g_build_filename(folder, file, NULL) : NULL;
        LacCsvOptions options = {.label = label};

        if (path == NULL || !g_file_test(path, G_FILE_TEST_EXISTS))
            continue;
        LacData *data = lac_csv_read(path, &options, NULL, NULL);
        options.label = NULL; /* not every copy has the classes */
        return data != NULL ? data : lac_csv_read(path, &options, NULL, error);
    }
    return lac_fail_null(error, LAC_ERROR_IO,
                         "%s.csv is in neither experiments/data nor LACUNA_DATA", name);
}

/* Read, scaled and with a fifth of its cells hidden, once. */
static gboolean
data_load_uci(LacBenchData *data, const char *name, const char *label, GError **error)
{
    if (data->holey != NULL)
        return TRUE;
    g_autoptr(LacData) raw = data_read_uci(name, label, error);

    data_clear(data);
    return raw != NULL && (data->truth = data_minmax(raw, error)) != NULL &&
           data_hide(data, 0.2, error);
}

static const LacBenchData *
data_uci(LacBenchData *data, const char *name, const char *label)
{
    g_autoptr(GError) error = NULL;

    if (data_load_uci(data, name, label, &error))
        return data;
    lac_bench_say("  skipped: %s\n", error->message);
    return NULL;
}

const LacBenchData *
lac_bench_letter(void)
{
    return data_uci(&letter, "letter", "lettr");
}

const LacBenchData *
lac_bench_concrete(void)
{
    return data_uci(&concrete, "concrete", NULL);
}

/* @grey: through the logistic function, into 0 .. 1. */
static const LacBenchData *
data_make(size_t rows, size_t cols, double rate, gboolean grey)
{
    g_autoptr(GError) error = NULL;
    const LacRng root = lac_rng_new(2);
    double *v = lac_try_alloc(rows * cols, sizeof *v, "benchmark table", &error);

    data_clear(&made);
    for (size_t i = 0; v != NULL && i < rows; i++) {
        LacRng row = lac_rng_at(&root, i);
        const double shared = lac_rng_normal(&row);

        for (size_t j = 0; j < cols; j++) {
            const double x = sqrt(0.5) * (shared + lac_rng_normal(&row));

            v[i * cols + j] = grey ? 1.0 / (1.0 + exp(-x)) : x;
        }
    }
    if (v != NULL)
        made.truth = lac_data_new_take(lac_schema_new(cols), rows, v, "made", &error);
    if (made.truth != NULL && data_hide(&made, rate, &error))
        return &made;
    lac_bench_say("  skipped: %s\n", error->message);
    return NULL;
}

const LacBenchData *
lac_bench_made(size_t rows, size_t cols, double rate)
{
    return data_make(rows, cols, rate, FALSE);
}

const LacBenchData *
lac_bench_grey(size_t rows, size_t cols, double rate)
{
    return data_make(rows, cols, rate, TRUE);
}

double
lac_bench_rmse(const LacBenchData *data, const double *completed)
{
    double sum = 0.0;
    size_t n = 0;

    for (size_t i = 0; i < data->truth->rows * data->truth->cols; i++) {
        if (isnan(data->holey->values[i])) {
            sum +=
                (completed[i] - data->truth->values[i]) * (completed[i] - data->truth->values[i]);
            n++;
        }
    }
    return n > 0 ? sqrt(sum / (double)n) : 0.0;
}

static gboolean
data_write(const LacData *data, const char *folder, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    for (size_t j = 0; j < data->cols; j++)
        g_string_append_printf(text, "%sx%zu", j > 0 ? "," : "", j + 1);
    g_string_append_c(text, '\n');
    for (size_t i = 0; i < data->rows; i++) {
        for (size_t j = 0; j < data->cols; j++) {
            g_string_append(text, j > 0 ? "," : "");
            if (!lac_data_is_hole(data, i, j))
                g_string_append(text,
                                g_ascii_dtostr(number, sizeof number, lac_data_at(data, i, j)));
        }
        g_string_append_c(text, '\n');
    }
    return g_file_set_contents(path, text->str, (gssize)text->len, error);
}

static gboolean
data_export(LacBenchData *data, const char *name, const char *label, const char *folder,
            GError **error)
{
    g_autofree char *truth = g_strconcat(name, "_truth.csv", NULL);
    g_autofree char *holes = g_strconcat(name, "_holes.csv", NULL);

    return data_load_uci(data, name, label, error) &&
           data_write(data->truth, folder, truth, error) &&
           data_write(data->holey, folder, holes, error);
}

gboolean
bench_data_export(const char *folder, GError **error)
{
    return data_export(&letter, "letter", "lettr", folder, error) &&
           data_export(&concrete, "concrete", NULL, folder, error);
}
