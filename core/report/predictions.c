/* What downstream classifiers said, row by row: the artefact predictions.csv of a cell. */
#include "predictions-private.h"

#include <string.h>

enum {
    MOST_BYTES = 256 << 20,
};

/* "ROW,LABEL,PREDICTED": FALSE when it is anything else */
static gboolean
parse_line(const char *line, ReportPrediction *out)
{
    char *end;
    guint64 label;

    out->row = g_ascii_strtoull(line, &end, 10);
    if (end == line || *end != ',')
        return FALSE;
    label = g_ascii_strtoull(end + 1, &end, 10);
    if (*end != ',')
        return FALSE;
    out->said = g_ascii_strtoull(end + 1, &end, 10);
    out->right = label == out->said;
    return *end == '\n' || *end == '\0';
}

GArray *
lac_report_predictions(const LacReport *report, size_t cell)
{
    const LacReportCell *of = report_cell(report, cell);
    g_autofree char *path = g_build_filename(report_run(report, of->run)->dir, "artifacts", of->id,
                                             "predictions.csv", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GArray) out = g_array_new(FALSE, FALSE, sizeof(ReportPrediction));
    gsize length;

    if (!of->ok || !g_file_get_contents(path, &text, &length, NULL) || length > MOST_BYTES ||
        !g_str_has_prefix(text, "row,label,predicted\n"))
        return NULL;
    for (const char *line = strchr(text, '\n') + 1; *line != '\0'; line++) {
        ReportPrediction one;

        if (!parse_line(line, &one))
            return NULL;
        g_array_append_val(out, one);
        line = strchr(line, '\n');
        if (line == NULL)
            break;
    }
    return g_steal_pointer(&out);
}

gboolean
lac_report_predictions_differ(const GArray *a, const GArray *b, ReportDiffering *count)
{
    if (a == NULL || b == NULL || a->len != b->len)
        return FALSE;
    for (guint i = 0; i < a->len; i++) {
        const ReportPrediction *x = &g_array_index(a, ReportPrediction, i);
        const ReportPrediction *y = &g_array_index(b, ReportPrediction, i);

        if (x->row != y->row)
            return FALSE;
    }
    for (guint i = 0; i < a->len; i++) {
        const ReportPrediction *x = &g_array_index(a, ReportPrediction, i);
        const ReportPrediction *y = &g_array_index(b, ReportPrediction, i);

        count->only_a += x->right && !y->right;
        count->only_b += y->right && !x->right;
        count->both_wrong += !x->right && !y->right && x->said != y->said;
    }
    return TRUE;
}
