/* The tables the benchmarks run on. */
#include "bench-private.h"
#include <lacuna/csv.h>
#include <lacuna/rng.h>

#include <string.h>

static LacBenchData letter, made;

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

static LacData *
data_read_letter(GError **error)
{
    const char *names[] = {"letter.csv", "letter.csv.gz", "uci/letter.csv.gz"};
    const char *folders[] = {LAC_BENCH_SOURCE_DIR "/experiments/data", g_getenv("LACUNA_DATA")};

    for (size_t i = 0; i < G_N_ELEMENTS(folders) * G_N_ELEMENTS(names); i++) {
        const char *folder = folders[i / G_N_ELEMENTS(names)];
        g_autofree char *path =
            folder != NULL ? g_build_filename(folder, names[i % G_N_ELEMENTS(names)], NULL) : NULL;
        LacCsvOptions options = {.label = "lettr"};

        if (path == NULL || !g_file_test(path, G_FILE_TEST_EXISTS))
            continue;
        LacData *data = lac_csv_read(path, &options, NULL, NULL);
        options.label = NULL; /* not every copy has the classes */
        return data != NULL ? data : lac_csv_read(path, &options, NULL, error);
    }
    return lac_fail_null(error, LAC_ERROR_IO,
                         "letter.csv is in neither experiments/data nor LACUNA_DATA");
}

static gboolean
data_load_letter(GError **error)
{
    g_autoptr(LacData) raw = letter.truth == NULL ? data_read_letter(error) : NULL;

    if (letter.truth != NULL)
        return TRUE;
    if (raw == NULL || (letter.truth = data_minmax(raw, error)) == NULL)
        return FALSE;
    return data_hide(&letter, 0.2, error);
}

const LacBenchData *
lac_bench_letter(void)
{
    g_autoptr(GError) error = NULL;

    if (data_load_letter(&error))
        return &letter;
    lac_bench_say("  skipped: %s\n", error->message);
    return NULL;
}

const LacBenchData *
lac_bench_made(size_t rows, size_t cols, double rate)
{
    g_autoptr(GError) error = NULL;
    const LacRng root = lac_rng_new(2);
    double *v = lac_try_alloc(rows * cols, sizeof *v, "benchmark table", &error);

    data_clear(&made);
    for (size_t i = 0; v != NULL && i < rows; i++) {
        LacRng row = lac_rng_at(&root, i);
        const double shared = lac_rng_normal(&row);

        for (size_t j = 0; j < cols; j++)
            v[i * cols + j] = sqrt(0.5) * (shared + lac_rng_normal(&row));
    }
    if (v != NULL)
        made.truth = lac_data_new_take(lac_schema_new(cols), rows, v, "made", &error);
    if (made.truth != NULL && data_hide(&made, rate, &error))
        return &made;
    lac_bench_say("  skipped: %s\n", error->message);
    return NULL;
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

gboolean
bench_data_export(const char *folder, GError **error)
{
    if (!data_load_letter(error))
        return FALSE;
    return data_write(letter.truth, folder, "letter_truth.csv", error) &&
           data_write(letter.holey, folder, "letter_holes.csv", error);
}
