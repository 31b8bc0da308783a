/* The table a component carries with it, and what it says comes out. */
#include "check-private.h"

#include <math.h>
#include <string.h>

/* The texts in a descriptor are written by people, with five or six digits. */
#define TOLERANCE 1e-5

static LacData *
parse(LacCheck *check, const char *text, const char *name)
{
    g_autoptr(GError) error = NULL;
    const LacCsvOptions options = {.header = 1};
    LacCsvFormat format = {0};
    LacData *data = lac_csv_parse(text, strlen(text), name, &options, &format, &error);

    if (data == NULL)
        lac_check_fail(check, "the example cannot be read: %s", error->message);
    else
        lac_csv_format_clear(&format);
    return data;
}

/* The code in @schema's column @j of what stands in @cell of @wanted. */
static double
wanted_value(const LacData *wanted, size_t i, size_t j, const LacSchema *schema)
{
    const LacColumn *from = lac_data_column(wanted, j), *to = &schema->columns[j];
    const double value = lac_data_at(wanted, i, j);

    if (from->levels == NULL || to->levels == NULL || !(value >= 0.0))
        return value;
    for (size_t k = 0; k < to->n_levels; k++)
        if (strcmp(to->levels[k], from->levels[(size_t)value]) == 0)
            return (double)k;
    return NAN;
}

static void
compare(LacCheck *check, const LacData *in, const LacData *wanted, const LacMatrix *out)
{
    for (size_t i = 0; i < in->rows; i++) {
        for (size_t j = 0; j < in->cols; j++) {
            const double x = wanted_value(wanted, i, j, in->schema);
            const double y = lac_matrix_row(out, i)[j];

            if (!(fabs(x - y) <= TOLERANCE * fmax(1.0, fabs(x))))
                lac_check_fail(check, "row %zu, column '%s': %.9g, the example says %.9g", i + 1,
                               lac_data_name(in, j), y, x);
        }
    }
}

static gboolean
wants_images(LacCheck *check)
{
    g_autoptr(LacData) base = lac_check_base(check, 1);

    return base != NULL && base->image.channels > 0;
}

void
lac_check_example(LacCheck *check)
{
    const LacExample *example = check->plugin->kind == LAC_PLUGIN_MODEL
                                    ? &((const LacModelPlugin *)check->plugin)->example
                                    : &((const LacInitialPlugin *)check->plugin)->example;
    LacCheckRun run = LAC_CHECK_RUN_PLAIN;
    g_autoptr(GError) error = NULL;
    g_autoptr(LacData) in = NULL, wanted = NULL, data = NULL;
    g_autoptr(LacMatrix) wide = NULL, out = NULL;

    run.set = example->params;
    if (example->in == NULL && wants_images(check)) {
        lac_check_note(check, "a table of text cannot hold its images");
        return;
    }
    if (example->in == NULL || example->out == NULL) {
        lac_check_fail(check, "it carries none; set .example = {.in = \"a,b\\n...\", .out = ...}");
        return;
    }
    in = parse(check, example->in, "example.in");
    wanted = parse(check, example->out, "example.out");
    if (in == NULL || wanted == NULL)
        return;
    if (in->rows != wanted->rows || in->cols != wanted->cols) {
        lac_check_fail(check, "example.in is %zu x %zu, example.out %zu x %zu", in->rows, in->cols,
                       wanted->rows, wanted->cols);
        return;
    }
    if (example->image.channels > 0)
        lac_data_set_image(in, example->image);
    data = lac_check_prepare(check->plugin, in);
    wide = lac_check_complete(check->plugin, &run, data, data, &error);
    if (wide == NULL) {
        lac_check_fail(check, "refused: %s", error != NULL ? error->message : "(no error set)");
        return;
    }
    if (data->schema == in->schema) {
        compare(check, in, wanted, wide);
    } else {
        g_autoptr(LacEncoder) encoder = lac_encoder_new(in->schema);

        out = lac_matrix_new(in->rows, in->cols, NULL);
        lac_encoder_undo(encoder, wide, out);
        compare(check, in, wanted, out);
    }
}
