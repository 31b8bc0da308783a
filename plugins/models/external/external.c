/* external: another program's imputer, in Python, R, Julia or anything that reads and writes pipes.
 * The program is named as the user registered it; docs/external-imputers.md is the protocol. */
#include "external.h"

#include <lacuna/npy.h>
#include <lacuna/parallel.h>
#include <lacuna/program.h>
#include <math.h>

#define NPY_HEAD_MOST 4096 /* bytes of an npy file in front of its numbers; they are 128 */

static const LacParam params[] = {
    LAC_PARAM_PROGRAM(ExternalModel, command,
                      "Name under which the program is registered in imputers.yaml"),
    LAC_PARAM_BOOL(
        ExternalModel, kinds, FALSE,
        "The program takes level codes of binary, nominal and ordinal columns and answers "
        "with such; otherwise nominal ones are sent one-hot encoded and answers rounded"),
    LAC_PARAM_BOOL(
        ExternalModel, draws, FALSE,
        "The program draws completions; otherwise no score or table that needs draws asks "
        "for them"),
    LAC_PARAM_DOUBLE(ExternalModel, timeout, 0.0, LAC_RANGE_FROM(0.0), "s",
                     "Longest time for one answer; 0: as long as the limits of the run allow"),
    LAC_PARAM_MAP(ExternalModel, options, NULL,
                  "Passed on to the program as they are, as texts: its own parameters"),
    LAC_PARAM_END,
};

/* Programs take seeds of 31 bits. */
static uint32_t
seed_of(const LacModel *model, const char *purpose, gssize draw)
{
    const LacRng stream = lac_context_rng(model->instance.context, purpose);
    LacRng rng = lac_rng_at(&stream, (uint64_t)(draw + 1));

    return (uint32_t)(lac_rng_u64(&rng) >> 33);
}

/* No more threads than the run has; and it has as many as the program is told. */
static gboolean
start(ExternalModel *self, GError **error)
{
    g_auto(GStrv) argv = NULL;

    if (self->command == NULL || *self->command == '\0')
        return lac_fail(error, LAC_ERROR_PLUGIN,
                        "external: no program is named; set its parameter command to a name "
                        "registered in imputers.yaml");
    argv = lac_program_find(self->command, error);
    if (argv == NULL) {
        g_prefix_error(error, "external: ");
        return FALSE;
    }
    self->process = external_process_start(self->command, argv, lac_threads(), error);
    return self->process != NULL;
}

static gboolean
external_fit(LacModel *model, const LacData *train, GError **error)
{
    ExternalModel *self = LAC_CAST(ExternalModel, model);
    g_autoptr(GByteArray) head = NULL;
    g_auto(ExternalAnswer) answer = {0};

    if (!start(self, error))
        return FALSE;
    head = external_question(self, "fit", train, -1, TRUE, seed_of(model, "fit", -1));

    const ExternalQuestion question = {"fit", head, train, 0, self->timeout};

    if (!external_talk(self->process, model->instance.context, &question, &answer, error))
        return FALSE;
    if (external_flag(answer.line, "ready"))
        return TRUE;
    return external_fail(self->process, "fit", LAC_ERROR_IO, error,
                         "answered a line without \"ready\": true or \"error\"");
}

/* Why @value cannot stand in @column, or NULL. */
static const char *
objection(const ExternalModel *self, const LacColumn *column, double value)
{
    if (!isfinite(value))
        return "it is not finite";
    if (self->kinds && !lac_kind_is_numeric(column->kind) &&
        !(value >= 0.0 && value < (double)column->n_levels && floor(value) == value))
        return "it is not the code of a level";
    return NULL;
}

/* The answer's values in the holes, the observed ones beside them. */
static gboolean
take_values(const ExternalModel *self, const char *what, const LacData *in, const LacData *given,
            LacMatrix *out, GError **error)
{
    for (size_t i = 0; i < in->rows; i++) {
        double *to = lac_matrix_row(out, i);

        for (size_t j = 0; j < in->cols; j++) {
            const double value = lac_data_at(given, i, j);
            const char *no;

            to[j] = lac_data_at(in, i, j);
            if (!lac_data_is_hole(in, i, j))
                continue;
            no = objection(self, lac_data_column(in, j), value);
            if (no != NULL)
                return external_fail(self->process, what, LAC_ERROR_NUMERIC, error,
                                     "put %g into row %zu, column '%s': %s", value, i + 1,
                                     lac_data_name(in, j), no);
            to[j] = value;
        }
    }
    return TRUE;
}

static gboolean
take_array(const ExternalModel *self, const char *what, const LacData *in,
           const ExternalAnswer *answer, LacMatrix *out, GError **error)
{
    g_autoptr(LacFile) file = lac_file_open_memory(answer->array, answer->bytes, "its array");
    g_autoptr(GError) problem = NULL;
    g_autoptr(LacData) given = NULL;

    if (answer->bytes == 0)
        return external_fail(self->process, what, LAC_ERROR_IO, error,
                             "answered without an array, expected \"bytes\" and the completed "
                             "table");
    given = lac_npy_read(file, &problem);
    if (given == NULL)
        return external_fail(self->process, what, LAC_ERROR_IO, error, "answered no table: %s",
                             problem->message);
    if (given->rows != in->rows || given->cols != in->cols)
        return external_fail(self->process, what, LAC_ERROR_IO, error,
                             "answered a table of %zu x %zu, expected %zu x %zu", given->rows,
                             given->cols, in->rows, in->cols);
    return take_values(self, what, in, given, out, error);
}

static gboolean
complete(const LacModel *model, const char *what, const LacData *in, gssize draw, LacMatrix *out,
         GError **error)
{
    const ExternalModel *self = LAC_CAST(const ExternalModel, model);
    g_autoptr(GByteArray) head =
        external_question(self, what, in, draw, FALSE, seed_of(model, what, draw));
    const size_t most = in->rows * in->cols * sizeof(double) + NPY_HEAD_MOST;
    const ExternalQuestion question = {what, head, in, most, self->timeout};
    g_auto(ExternalAnswer) answer = {0};

    return external_talk(self->process, model->instance.context, &question, &answer, error) &&
           take_array(self, what, in, &answer, out, error);
}

static gboolean
external_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    return complete(model, "fill", in, -1, out, error);
}

static gboolean
external_sample(const LacModel *model, const LacData *in, size_t draw, LacMatrix *out,
                GError **error)
{
    return complete(model, "sample", in, (gssize)draw, out, error);
}

static void
external_clear(LacModel *model)
{
    g_clear_pointer(&LAC_CAST(ExternalModel, model)->process, external_process_stop);
}

/* What the program does with its seed and with scales nobody here can know. */
static unsigned
external_traits(const LacModel *model)
{
    const ExternalModel *self = LAC_CAST(const ExternalModel, model);

    return (self->kinds ? LAC_MODEL_KINDS : 0u) | (self->draws ? 0u : LAC_MODEL_NO_DRAWS);
}

LAC_PLUGIN_EXPORT const LacModelPlugin lac_plugin = {
    LAC_MODEL("external", "Another program's imputer, as the user registered it", ExternalModel,
              params),
    .quick = "{command: check}", /* whatever the user registers to be checked */
    .example = {.in = "a,b\n1,4\n2,6\n3,5\n",
                .out = "a,b\n1,4\n2,6\n3,5\n",
                .params = "{command: check}"},
    .fit = external_fit,
    .fill = external_fill,
    .sample = external_sample,
    .clear = external_clear,
    .traits_of = external_traits,
};
