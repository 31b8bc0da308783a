#include "bench.h"
#include <lacuna/csv.h>
#include <lacuna/rng.h>

#include <glib/gstdio.h>
#include <string.h>

enum {
    COLS = 20,
    MADE = 2000, /* rows that are made, then repeated */
    BYTES = 50 * 1000 * 1000,
};

/* How a cell is written. */
typedef enum {
    CELL_FULL,  /* 17 digits, as doubles of a computation */
    CELL_SHORT, /* two decimals */
    CELL_COUNT, /* 0 to 15, as in Letter */
    CELL_HOLES, /* six digits, a tenth empty */
} CsvCell;

static void
append_cell(GString *text, CsvCell cell, LacRng *rng)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    if (cell == CELL_COUNT) {
        g_string_append_printf(text, "%d", (int)lac_rng_below(rng, 16));
        return;
    }
    if (cell == CELL_HOLES && lac_rng_uniform(rng) < 0.1)
        return;
    if (cell == CELL_SHORT)
        g_ascii_formatd(number, sizeof number, "%.2f", 100 * lac_rng_uniform(rng));
    else
        g_ascii_formatd(number, sizeof number, cell == CELL_FULL ? "%.17g" : "%.6g",
                        lac_rng_normal(rng));
    g_string_append(text, number);
}

/* A file of some BYTES; its path, owned. */
static char *
write_file(CsvCell cell, size_t *bytes, size_t *rows)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char *path = g_build_filename(g_get_tmp_dir(), "lacuna-bench-XXXXXX", NULL);
    FILE *file = fdopen(g_mkstemp(path), "w");
    LacRng rng = lac_rng_new(1);

    for (int i = 0; i < MADE; i++) {
        for (int j = 0; j < COLS; j++) {
            append_cell(text, cell, &rng);
            g_string_append_c(text, j + 1 < COLS ? ',' : '\n');
        }
    }
    *bytes = *rows = 0;
    for (; file != NULL && *bytes < BYTES; *bytes += text->len, *rows += MADE)
        fwrite(text->str, 1, text->len, file);
    if (file != NULL)
        fclose(file);
    return path;
}

static void
read_file(void *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) data = lac_csv_read(path, NULL, NULL, &error);

    if (data == NULL)
        lac_bench_say("  %s\n", error->message);
}

LAC_BENCH(csv, "reading 50 MB of CSV, 20 columns, one core (goal: 250 MB/s; memory: table + 10 %)")
{
    static const char *const labels[] = {"17 digits", "two decimals", "whole numbers to 15",
                                         "six digits, a tenth empty"};

    for (int cell = CELL_FULL; cell <= CELL_HOLES; cell++) {
        size_t bytes, rows;
        g_autofree char *path = write_file((CsvCell)cell, &bytes, &rows);
        const LacBenchTime time = lac_bench_time(3, read_file, path);

        lac_bench_line(labels[cell], &time, "%.0f MB/s, %.0f million cells/s, table %.0f MiB",
                       (double)bytes / 1e6 / time.min, (double)rows * COLS / 1e6 / time.min,
                       (double)rows * COLS * 8 / (1024.0 * 1024.0));
        g_unlink(path);
    }
}
