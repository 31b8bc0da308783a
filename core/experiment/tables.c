/* The tables of a cell: read, hidden, divided into rows to learn from and rows to test. */
#include "choice.h"
#include "columns.h"
#include "runner.h"

#include <math.h>
#include <string.h>

/* ---- random streams: who may depend on what -------------------------------------------------- */

LacRng
lac_work_stream(const LacExperiment *e, const char *purpose)
{
    const LacRng root = lac_rng_new((uint64_t)e->seed);

    return lac_rng_split(&root, purpose);
}

/* Below @purpose: repeat and data; every model and every mask meets the same. */
LacRng
lac_runner_data_stream(const LacExperiment *e, const LacCell *cell, const char *purpose)
{
    const LacRng all = lac_work_stream(e, purpose), repeat = lac_rng_at(&all, cell->repeat);

    return lac_rng_split(&repeat, cell->data->key);
}

/* ... and mask parameters; every model meets the same. */
LacRng
lac_runner_mask_stream(const LacExperiment *e, const LacCell *cell, const char *purpose)
{
    const LacRng data = lac_runner_data_stream(e, cell, purpose);

    return lac_rng_split(&data, cell->mask->key);
}

/* ---- data and holes -------------------------------------------------------------------------- */

gpointer
lac_work_instance(const LacExperiment *e, const LacChoice *choice, GError **error)
{
    g_autoptr(LacNode) params = lac_choice_params(choice, error);

    if (params == NULL)
        return NULL;
    return lac_instance_new(choice->plugin, params, e->base_dir, error);
}

static LacData *
read_choice(const LacCellRunner *runner, const LacChoice *choice, GError **error)
{
    LacReader *reader = lac_work_instance(runner->experiment, choice, error);
    LacData *data;

    if (reader == NULL)
        return NULL;
    reader->instance.context = runner->reading;
    data = lac_choice_read(choice, reader, error);
    lac_instance_free(reader);
    return data;
}

/* Rows that another file has for testing come last, so that masks and scores see one table. */
static gboolean
append_tests(LacCellRunner *runner, const LacChoice *tests, GError **error)
{
    g_autoptr(LacData) train = g_steal_pointer(&runner->truth), test = NULL;

    test = read_choice(runner, tests, error);
    if (test == NULL)
        return FALSE;
    runner->n_tests = test->rows;
    runner->truth = lac_data_append(train, test, error);
    if (runner->truth == NULL)
        g_prefix_error(error, "split.test: ");
    return runner->truth != NULL;
}

static gboolean
read_data(LacCellRunner *runner, const LacCell *cell, GError **error)
{
    const LacChoice *tests = cell->split->tests != NULL ? cell->split->tests->pdata[0] : NULL;

    if (runner->data == cell->data && runner->tests == tests)
        return TRUE;
    g_clear_pointer(&runner->incomplete, lac_data_unref);
    g_clear_pointer(&runner->truth, lac_data_unref);
    runner->data = runner->mask = NULL;
    g_clear_pointer(&runner->reading, lac_context_free);
    runner->reading = lac_context_new(lac_rng_new(0)); /* readers draw nothing */
    runner->truth = read_choice(runner, cell->data, error);
    if (runner->truth == NULL || (tests != NULL && !append_tests(runner, tests, error)))
        return FALSE;
    runner->data = cell->data;
    runner->tests = tests;
    return TRUE;
}

static gboolean
hide_cells(LacCellRunner *runner, const LacCell *cell, GError **error)
{
    g_autoptr(LacMask) holes = NULL;
    LacMaskGenerator *generator;
    gboolean good;

    if (runner->mask == cell->mask && runner->mask_repeat == cell->repeat)
        return TRUE;
    g_clear_pointer(&runner->incomplete, lac_data_unref);
    runner->mask = NULL;
    holes = lac_mask_new(runner->truth->rows, runner->truth->cols, error);
    generator = holes != NULL ? lac_work_instance(runner->experiment, cell->mask, error) : NULL;
    if (generator == NULL)
        return FALSE;
    generator->rng = lac_runner_mask_stream(runner->experiment, cell, "mask");
    good = lac_mask_generate(generator, runner->truth, holes, error);
    lac_instance_free(generator);
    if (good)
        runner->incomplete = lac_data_with_holes(runner->truth, holes, error);
    if (runner->incomplete == NULL)
        return FALSE;
    runner->mask = cell->mask;
    runner->mask_repeat = cell->repeat;
    return TRUE;
}

static const char *
mechanism_name(LacMechanism mechanism)
{
    static const char *const names[] = {
        [LAC_MCAR] = "MCAR", [LAC_MAR] = "MAR", [LAC_MNAR] = "MNAR"};

    return mechanism >= LAC_MCAR && mechanism <= LAC_MNAR ? names[mechanism] : NULL;
}

static gboolean
describe_data(const LacCellRunner *runner, LacWork *work, GError **error)
{
    const LacMaskPlugin *plugin = (const LacMaskPlugin *)work->cell->mask->plugin;
    const size_t known = runner->truth->rows * runner->truth->cols -
                         lac_mask_count(runner->truth->holes),
                 left = runner->truth->rows * runner->truth->cols -
                        lac_mask_count(runner->incomplete->holes);
    LacMaskGenerator *generator = lac_work_instance(runner->experiment, work->cell->mask, error);

    if (generator == NULL)
        return FALSE;
    work->outcome->mechanism = g_strdup(mechanism_name(
        plugin->mechanism_of != NULL ? plugin->mechanism_of(generator) : plugin->mechanism));
    lac_instance_free(generator);
    work->outcome->n_rows = (int64_t)runner->truth->rows;
    work->outcome->n_cols = (int64_t)runner->truth->cols;
    if (known > 0)
        work->outcome->rate_realised = (double)(known - left) / (double)known;
    return TRUE;
}

/* The training rows of @outer (taken), divided into those a trial learns from and those it is
 * judged on; the same ones for all trials. Test rows of @outer are on neither side. */
static LacSplit *
validation_split(const LacCellRunner *runner, const LacCell *cell, LacSplit *outer, GError **error)
{
    const LacSearch *search = &runner->experiment->search;
    const LacSplitSpec spec = {.kind = LAC_SPLIT_HOLDOUT,
                               .folds = 1,
                               .share = search->validation,
                               .stratify = search->stratify || cell->split->spec.stratify};
    const LacRng all = lac_runner_data_stream(runner->experiment, cell, "validation"),
                 rng = lac_rng_at(&all, cell->fold);
    g_autoptr(LacSplit) from = outer;
    g_autoptr(LacData) rows =
        lac_data_select_rows(runner->truth, outer->n_train, outer->train, error);
    LacSplit *split = rows != NULL ? lac_split_make(&spec, rows, 0, &rng, error) : NULL;

    if (split == NULL) {
        g_prefix_error(error, "search.validation: ");
        return NULL;
    }
    for (size_t i = 0; i < split->n_train; i++)
        split->train[i] = from->train[split->train[i]];
    for (size_t i = 0; i < split->n_test; i++)
        split->test[i] = from->train[split->test[i]];
    return split;
}

/* Without a split the same tables serve on both sides, as the same objects. */
gboolean
lac_runner_split(const LacCellRunner *runner, LacWork *work, GError **error)
{
    const LacRng rng = lac_runner_data_stream(runner->experiment, work->cell, "split");
    LacSplitSpec spec = work->cell->split->spec;
    LacSplit *split;

    spec.tail = runner->n_tests;
    split = lac_split_make(&spec, runner->truth, work->cell->fold, &rng, error);
    if (split != NULL && work->cell->stage != LAC_STAGE_NONE)
        split = validation_split(runner, work->cell, split, error);
    work->split = split;
    if (split == NULL)
        return FALSE;
    if (work->cell->split->spec.kind == LAC_SPLIT_NONE) {
        work->train = lac_data_ref(runner->incomplete);
        work->test = lac_data_ref(runner->incomplete);
        work->test_truth = lac_data_ref(runner->truth);
        return TRUE;
    }
    work->train = lac_data_select_rows(runner->incomplete, split->n_train, split->train, error);
    if (work->train != NULL)
        work->test = lac_data_select_rows(runner->incomplete, split->n_test, split->test, error);
    if (work->test != NULL)
        work->test_truth = lac_data_select_rows(runner->truth, split->n_test, split->test, error);
    return work->test_truth != NULL;
}

/* A table is read once for many cells; each of them tells what there was to tell. */
static void
tell_reading(const LacCellRunner *runner, LacWork *work)
{
    const GPtrArray *events = lac_context_events(runner->reading);

    for (guint i = 0; i < events->len; i++) {
        const LacEvent *event = events->pdata[i];

        lac_outcome_add_event(work->outcome, event->code, NULL, (int64_t)event->count,
                              event->detail);
    }
}

gboolean
lac_runner_tables(LacCellRunner *runner, LacWork *work, GError **error)
{
    if (!read_data(runner, work->cell, error) || !hide_cells(runner, work->cell, error) ||
        !describe_data(runner, work, error))
        return FALSE;
    tell_reading(runner, work);
    return TRUE;
}
