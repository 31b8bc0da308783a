/* What became of a cell, in memory and as bytes between processes. */
#include "store-private.h"

#include <math.h>

/* The wire: texts that may be NULL are "ms"; NaN travels as the double it is. */
#define HEAD_TYPE "(smsxxmsdddddxxmsmsms)"
#define METRIC_TYPE "(smsmsdsmsxx)"
#define INFO_TYPE "(smssdmsmsmsmsmsms)"
#define TRACE_TYPE "(smsxxd)"
#define EVENT_TYPE "(smsxms)"
#define ARTIFACT_TYPE "(say)"
#define OUTCOME_TYPE                                                                               \
    "(" HEAD_TYPE "a" METRIC_TYPE "a" INFO_TYPE "a" TRACE_TYPE "a" EVENT_TYPE "a" ARTIFACT_TYPE ")"

/* Reasons may quote bytes of a damaged file; what is stored is always UTF-8. */
static char *
text_dup(const char *text)
{
    return text != NULL ? g_utf8_make_valid(text, -1) : NULL;
}

LacCellRecord *
lac_cell_record_new(void)
{
    LacCellRecord *record = g_new0(LacCellRecord, 1);

    record->fold = -1;
    record->rate_asked = record->score = NAN;
    return record;
}

void
lac_cell_record_free(LacCellRecord *record)
{
    if (record == NULL)
        return;
    char *texts[] = {record->id,
                     record->data,
                     record->data_params,
                     record->family,
                     record->data_sha256,
                     record->split,
                     record->mask,
                     record->mask_params,
                     record->initial,
                     record->initial_params,
                     record->model,
                     record->model_params,
                     record->model_label,
                     record->optimizer,
                     record->optimizer_params,
                     record->scale,
                     record->downstream,
                     record->search,
                     record->stage,
                     record->metric};

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(record->axes);
    if (record->trials != NULL)
        g_array_unref(record->trials);
    g_free(record);
}

static void
metric_row_free(gpointer data)
{
    LacMetricRow *row = data;

    g_free(row->metric);
    g_free(row->part);
    g_free(row->column_name);
    g_free(row->status);
    g_free(row->reason);
    g_free(row);
}

static void
info_row_free(gpointer data)
{
    LacMetricInfoRow *row = data;

    g_free(row->metric);
    g_free(row->part);
    g_free(row->direction);
    g_free(row->unit);
    g_free(row->scope);
    g_free(row->needs);
    g_free(row->judges);
    g_free(row->valid);
    g_free(row->caution);
    g_free(row);
}

static void
trace_row_free(gpointer data)
{
    LacTraceRow *row = data;

    g_free(row->series);
    g_free(row->column_name);
    g_free(row);
}

static void
event_row_free(gpointer data)
{
    LacEventRow *row = data;

    g_free(row->code);
    g_free(row->column_name);
    g_free(row->detail);
    g_free(row);
}

static void
artifact_free(gpointer data)
{
    LacArtifact *artifact = data;

    g_free(artifact->name);
    g_bytes_unref(artifact->bytes);
    g_free(artifact);
}

LacOutcome *
lac_outcome_new(const char *status, const char *reason)
{
    LacOutcome *outcome = g_new0(LacOutcome, 1);

    outcome->status = text_dup(status);
    outcome->reason = text_dup(reason);
    outcome->n_rows = outcome->n_cols = outcome->threads = outcome->contended = -1;
    outcome->rate_realised = outcome->fit_s = outcome->apply_s = NAN;
    outcome->cpu_s = outcome->peak_rss_mib = NAN;
    outcome->metrics = g_ptr_array_new_with_free_func(metric_row_free);
    outcome->infos = g_ptr_array_new_with_free_func(info_row_free);
    outcome->traces = g_ptr_array_new_with_free_func(trace_row_free);
    outcome->events = g_ptr_array_new_with_free_func(event_row_free);
    outcome->artifacts = g_ptr_array_new_with_free_func(artifact_free);
    return outcome;
}

void
lac_outcome_free(LacOutcome *outcome)
{
    if (outcome == NULL)
        return;
    g_free(outcome->status);
    g_free(outcome->reason);
    g_free(outcome->mechanism);
    g_free(outcome->host);
    g_free(outcome->started);
    g_free(outcome->finished);
    g_ptr_array_unref(outcome->metrics);
    g_ptr_array_unref(outcome->infos);
    g_ptr_array_unref(outcome->traces);
    g_ptr_array_unref(outcome->events);
    g_ptr_array_unref(outcome->artifacts);
    g_free(outcome);
}

void
lac_outcome_add_metric(LacOutcome *outcome, const char *metric, const char *part,
                       const char *column_name, double value, const char *status,
                       const char *reason, int64_t n_cells, int64_t draws)
{
    LacMetricRow *row = g_new0(LacMetricRow, 1);

    row->metric = text_dup(metric);
    row->part = text_dup(part);
    row->column_name = text_dup(column_name);
    row->value = value;
    row->status = text_dup(status);
    row->reason = text_dup(reason);
    row->n_cells = n_cells;
    row->draws = draws;
    g_ptr_array_add(outcome->metrics, row);
}

void
lac_outcome_add_info(LacOutcome *outcome, const char *metric, const char *part,
                     const char *direction, double target, const char *unit, const char *scope,
                     const char *needs, const char *judges, const char *valid, const char *caution)
{
    LacMetricInfoRow *row = g_new0(LacMetricInfoRow, 1);

    row->metric = text_dup(metric);
    row->part = text_dup(part);
    row->direction = text_dup(direction);
    row->target = target;
    row->unit = text_dup(unit);
    row->scope = text_dup(scope);
    row->needs = text_dup(needs);
    row->judges = text_dup(judges);
    row->valid = text_dup(valid);
    row->caution = text_dup(caution);
    g_ptr_array_add(outcome->infos, row);
}

void
lac_outcome_add_trace(LacOutcome *outcome, const char *series, const char *column_name,
                      int64_t chain, int64_t iteration, double value)
{
    LacTraceRow *row = g_new0(LacTraceRow, 1);

    row->series = text_dup(series);
    row->column_name = text_dup(column_name);
    row->chain = chain;
    row->iteration = iteration;
    row->value = value;
    g_ptr_array_add(outcome->traces, row);
}

void
lac_outcome_add_event(LacOutcome *outcome, const char *code, const char *column_name, int64_t count,
                      const char *detail)
{
    LacEventRow *row = g_new0(LacEventRow, 1);

    row->code = text_dup(code);
    row->column_name = text_dup(column_name);
    row->count = count;
    row->detail = text_dup(detail);
    g_ptr_array_add(outcome->events, row);
}

void
lac_outcome_take_artifact(LacOutcome *outcome, const char *name, GBytes *bytes)
{
    LacArtifact *artifact = g_new0(LacArtifact, 1);

    artifact->name = text_dup(name);
    artifact->bytes = bytes;
    g_ptr_array_add(outcome->artifacts, artifact);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static void
pack_rows(GVariantBuilder *to, const LacOutcome *from)
{
    g_variant_builder_open(to, G_VARIANT_TYPE("a" METRIC_TYPE));
    for (guint i = 0; i < from->metrics->len; i++) {
        const LacMetricRow *row = from->metrics->pdata[i];

        g_variant_builder_add(to, METRIC_TYPE, row->metric, row->part, row->column_name, row->value,
                              row->status, row->reason, row->n_cells, row->draws);
    }
    g_variant_builder_close(to);
    g_variant_builder_open(to, G_VARIANT_TYPE("a" INFO_TYPE));
    for (guint i = 0; i < from->infos->len; i++) {
        const LacMetricInfoRow *row = from->infos->pdata[i];

        g_variant_builder_add(to, INFO_TYPE, row->metric, row->part, row->direction, row->target,
                              row->unit, row->scope, row->needs, row->judges, row->valid,
                              row->caution);
    }
    g_variant_builder_close(to);
    g_variant_builder_open(to, G_VARIANT_TYPE("a" TRACE_TYPE));
    for (guint i = 0; i < from->traces->len; i++) {
        const LacTraceRow *row = from->traces->pdata[i];

        g_variant_builder_add(to, TRACE_TYPE, row->series, row->column_name, row->chain,
                              row->iteration, row->value);
    }
    g_variant_builder_close(to);
    g_variant_builder_open(to, G_VARIANT_TYPE("a" EVENT_TYPE));
    for (guint i = 0; i < from->events->len; i++) {
        const LacEventRow *row = from->events->pdata[i];

        g_variant_builder_add(to, EVENT_TYPE, row->code, row->column_name, row->count, row->detail);
    }
    g_variant_builder_close(to);
}

static void
pack_artifacts(GVariantBuilder *to, const LacOutcome *from)
{
    g_variant_builder_open(to, G_VARIANT_TYPE("a" ARTIFACT_TYPE));
    for (guint i = 0; i < from->artifacts->len; i++) {
        const LacArtifact *artifact = from->artifacts->pdata[i];

        g_variant_builder_add(
            to, "(s@ay)", artifact->name,
            g_variant_new_from_bytes(G_VARIANT_TYPE("ay"), artifact->bytes, TRUE));
    }
    g_variant_builder_close(to);
}

GBytes *
lac_outcome_pack(const LacOutcome *outcome)
{
    g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE(OUTCOME_TYPE));
    g_autoptr(GVariant) packed = NULL;

    g_variant_builder_add(&builder, HEAD_TYPE, outcome->status, outcome->reason, outcome->n_rows,
                          outcome->n_cols, outcome->mechanism, outcome->rate_realised,
                          outcome->fit_s, outcome->apply_s, outcome->cpu_s, outcome->peak_rss_mib,
                          outcome->threads, outcome->contended, outcome->host, outcome->started,
                          outcome->finished);
    pack_rows(&builder, outcome);
    pack_artifacts(&builder, outcome);
    packed = g_variant_ref_sink(g_variant_builder_end(&builder));
    return g_variant_get_data_as_bytes(packed);
}

static LacOutcome *
unpack_head(GVariant *packed)
{
    LacOutcome *outcome = lac_outcome_new(NULL, NULL);

    g_variant_get_child(packed, 0, HEAD_TYPE, &outcome->status, &outcome->reason, &outcome->n_rows,
                        &outcome->n_cols, &outcome->mechanism, &outcome->rate_realised,
                        &outcome->fit_s, &outcome->apply_s, &outcome->cpu_s, &outcome->peak_rss_mib,
                        &outcome->threads, &outcome->contended, &outcome->host, &outcome->started,
                        &outcome->finished);
    return outcome;
}

static void
unpack_scores(GVariant *packed, LacOutcome *outcome)
{
    g_autoptr(GVariant) metrics = g_variant_get_child_value(packed, 1);
    g_autoptr(GVariant) infos = g_variant_get_child_value(packed, 2);

    for (gsize i = 0; i < g_variant_n_children(metrics); i++) {
        LacMetricRow *row = g_new0(LacMetricRow, 1);

        g_variant_get_child(metrics, i, METRIC_TYPE, &row->metric, &row->part, &row->column_name,
                            &row->value, &row->status, &row->reason, &row->n_cells, &row->draws);
        g_ptr_array_add(outcome->metrics, row);
    }
    for (gsize i = 0; i < g_variant_n_children(infos); i++) {
        LacMetricInfoRow *row = g_new0(LacMetricInfoRow, 1);

        g_variant_get_child(infos, i, INFO_TYPE, &row->metric, &row->part, &row->direction,
                            &row->target, &row->unit, &row->scope, &row->needs, &row->judges,
                            &row->valid, &row->caution);
        g_ptr_array_add(outcome->infos, row);
    }
}

static void
unpack_records(GVariant *packed, LacOutcome *outcome)
{
    g_autoptr(GVariant) traces = g_variant_get_child_value(packed, 3);
    g_autoptr(GVariant) events = g_variant_get_child_value(packed, 4);

    for (gsize i = 0; i < g_variant_n_children(traces); i++) {
        LacTraceRow *row = g_new0(LacTraceRow, 1);

        g_variant_get_child(traces, i, TRACE_TYPE, &row->series, &row->column_name, &row->chain,
                            &row->iteration, &row->value);
        g_ptr_array_add(outcome->traces, row);
    }
    for (gsize i = 0; i < g_variant_n_children(events); i++) {
        LacEventRow *row = g_new0(LacEventRow, 1);

        g_variant_get_child(events, i, EVENT_TYPE, &row->code, &row->column_name, &row->count,
                            &row->detail);
        g_ptr_array_add(outcome->events, row);
    }
}

static void
unpack_artifacts(GVariant *packed, LacOutcome *outcome)
{
    g_autoptr(GVariant) artifacts = g_variant_get_child_value(packed, 5);

    for (gsize i = 0; i < g_variant_n_children(artifacts); i++) {
        g_autoptr(GVariant) content = NULL;
        const char *name;

        g_variant_get_child(artifacts, i, "(&s@ay)", &name, &content);
        lac_outcome_take_artifact(outcome, name, g_variant_get_data_as_bytes(content));
    }
}

LacOutcome *
lac_outcome_unpack(GBytes *bytes, GError **error)
{
    g_autoptr(GVariant) packed =
        g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE(OUTCOME_TYPE), bytes, FALSE));
    LacOutcome *outcome;

    if (!g_variant_is_normal_form(packed))
        return lac_fail_null(error, LAC_ERROR_IO, "a worker's answer of %zu bytes is garbled",
                             g_bytes_get_size(bytes));
    outcome = unpack_head(packed);
    unpack_scores(packed, outcome);
    unpack_records(packed, outcome);
    unpack_artifacts(packed, outcome);
    return outcome;
}
