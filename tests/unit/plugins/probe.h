/* What the tests of mask generators and metrics share: instances from YAML, tables from numbers. */
#ifndef LAC_PLUGINS_PROBE_H
#define LAC_PLUGINS_PROBE_H

#include "lac_test.h"
#include "registry-private.h"
#include "scores-private.h"

G_BEGIN_DECLS

/** probe_new: the component called @name with parameters @yaml (NULL: defaults); NULL with @error.
 */
gpointer probe_new(LacPluginKind kind, const char *name, const char *yaml, GError **error);

/** probe_table: continuous columns; @values [rows][cols] are copied, NaN is a hole. */
LacData *probe_table(size_t rows, size_t cols, const double *values);
/** probe_normal: rows x cols independent standard normal numbers. */
LacData *probe_normal(size_t rows, size_t cols, uint64_t seed);
/** probe_images: @rows images with values between 0 and 1. */
LacData *probe_images(size_t rows, size_t channels, size_t height, size_t width);

/** probe_mask: what generator @name draws with @seed; NULL with @error. */
LacMask *
probe_mask(const char *name, const char *yaml, const LacData *truth, uint64_t seed, GError **error);

/** ProbeScoring: everything a metric needs, and its owner. */
typedef struct {
    LacData *truth, *incomplete;
    LacMatrix *completed;
    LacMatrix **draws;
    size_t n_draws;
    double *log_density, *elbo;
    const LacRefit *refit; /* lent; NULL: none */
} ProbeScoring;

/** probe_scoring: takes @truth and @incomplete; @completed [rows][cols] is copied. */
ProbeScoring *probe_scoring(LacData *truth, LacData *incomplete, const double *completed);
void probe_scoring_add_draw(ProbeScoring *self, const double *draw);
void probe_scoring_free(ProbeScoring *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ProbeScoring, probe_scoring_free)

/** probe_score: what metric @name says of @self; NULL with @error. */
LacScores *
probe_score(const ProbeScoring *self, const char *name, const char *yaml, GError **error);
/** probe_value: its value for @part and @column (-1: the table); NaN, with a failed test, when
 * there is none. */
double probe_value(const LacScores *scores, const char *part, gssize column);
/** probe_reason: why there is no value, or NULL when there is one. */
const char *probe_reason(const LacScores *scores, const char *part, gssize column);

G_END_DECLS

#endif
