/* The `report:` block of an experiment file. */
#include "model-private.h"

#include "node-private.h"
#include <math.h>
#include <string.h>

void
report_settings_clear(LacReportSettings *settings)
{
    g_free(settings->primary);
    g_free(settings->fill);
}

static void
setting_number(LacReport *report, const LacNode *map, const char *key, double low, double high,
               double *out)
{
    const LacNode *node = lac_node_get(map, key);

    if (node == NULL)
        return;
    if ((node->type != LAC_NODE_DOUBLE && node->type != LAC_NODE_INT) || !(node->number >= low) ||
        !(node->number <= high)) {
        report_note(report, "report.compare.%s: expected a number from %g to %g; %g was used", key,
                    low, high, *out);
        return;
    }
    *out = node->number;
}

static void
setting_failures(LacReport *report, const LacNode *node)
{
    static const struct {
        const char *name;
        LacFailurePolicy policy;
    } policies[] = {{"worst", LAC_FAILURES_WORST},
                    {"exclude-dataset", LAC_FAILURES_EXCLUDE_DATASET},
                    {"exclude-method", LAC_FAILURES_EXCLUDE_METHOD},
                    {"separate", LAC_FAILURES_SEPARATE}};
    const LacNode *fill = node->type == LAC_NODE_MAP ? lac_node_get(node, "fill") : NULL;

    if (fill != NULL && fill->text != NULL) {
        report->settings.failures = LAC_FAILURES_FILL;
        report->settings.fill = g_strdup(fill->text);
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(policies); i++) {
        if (g_strcmp0(node->text, policies[i].name) == 0) {
            report->settings.failures = policies[i].policy;
            return;
        }
    }
    report_note(report,
                "report.compare.failures: '%s' is none of worst, exclude-dataset, "
                "exclude-method, separate, {fill: METHOD}; worst was used",
                node->text ? node->text : "(a list or map)");
}

static void
settings_compare(LacReport *report, const LacNode *compare)
{
    LacReportSettings *settings = &report->settings;
    const LacNode *zeros = lac_node_get(compare, "zeros"), *unit = lac_node_get(compare, "unit");
    const LacNode *failures = lac_node_get(compare, "failures");
    double most = (double)settings->max_failed_repeats;

    setting_number(report, compare, "alpha", 1e-6, 0.5, &settings->alpha);
    setting_number(report, compare, "ties", 0.0, HUGE_VAL, &settings->tie);
    setting_number(report, compare, "rope", 1e-12, HUGE_VAL, &settings->rope);
    setting_number(report, compare, "max_failed_repeats", 0.0, 1e9, &most);
    settings->max_failed_repeats = (size_t)most;
    settings->drop_zeros = zeros != NULL && g_strcmp0(zeros->text, "wilcox") == 0;
    settings->log_ratio = unit == NULL || g_strcmp0(unit->text, "raw") != 0;
    if (failures != NULL)
        setting_failures(report, failures);
}

void
report_settings_read(LacReport *report, const char *yaml)
{
    g_autoptr(LacNode) root = NULL;
    const LacNode *block, *primary, *compare;

    report->settings = (LacReportSettings){.alpha = 0.05, .rope = 0.01, .log_ratio = TRUE};
    if (yaml != NULL)
        root = lac_yaml_parse(yaml, strlen(yaml), "experiment.yaml", NULL);
    block = root != NULL && root->type == LAC_NODE_MAP ? lac_node_get(root, "report") : NULL;
    if (block == NULL || block->type != LAC_NODE_MAP)
        return;
    primary = lac_node_get(block, "primary");
    if (primary != NULL)
        report->settings.primary = g_strdup(primary->text);
    compare = lac_node_get(block, "compare");
    if (compare != NULL && compare->type == LAC_NODE_MAP)
        settings_compare(report, compare);
}
