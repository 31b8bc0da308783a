/* missiwae's bound with tensors of double, for tests: a small model on a small table, of which the
 * loss and its gradient are looked at from outside. */
#ifndef LAC_MISSIWAE_INSIDE_H
#define LAC_MISSIWAE_INSIDE_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Setup: @kinds: one letter a column as fitted_table() takes them; enums by their numbers in
 *   missiwae.h, which the tests say in words
 * @components: > 0: a hivae; @mechanism: < 0: not not-miwae
 * @step_memory: MiB of a step; 0: as much as it takes
 */
typedef struct {
    const char *kinds;
    int likelihood, iota, posterior, gradient, mechanism;
    size_t latent, samples, components, hidden;
    int64_t step_memory;
    gboolean linear;
} Setup;

typedef struct Inside Inside;

#pragma GCC visibility push(default)

/** inside_new: on @rows x strlen(kinds) @values, NaN is a hole; weights drawn from seed 1, all of
 * them (biases too) moved a little, so that none sits at a symmetric point. */
Inside *inside_new(const Setup *setup, size_t rows, const double *values);
void inside_free(Inside *inside);
/** inside_loss: minus the bound of all rows with noise number @noise, and its gradient [size]
 * (NULL: not wanted); NaN when an operator failed. @training: FALSE: as held-out rows are judged.
 */
double inside_loss(Inside *inside, uint64_t noise, gboolean training, double *gradient);
size_t inside_size(const Inside *inside);
/** inside_values: [size] parameters, to be changed; inside_find: place of the first value of the
 * one called @name. */
double *inside_values(Inside *inside);
size_t inside_find(const Inside *inside, const char *name);
/** inside_worst: the largest relative difference of the gradient from central ones over @n
 * parameters spread over all; its place to @where. */
double inside_worst(Inside *inside, uint64_t noise, size_t n, size_t *where);

/** Heads and quantiles on their own. */
double inside_quantile(size_t n, const double *weight, const double *mu, const double *s,
                       const double *nu, double level);
double inside_quantile_counts(size_t n, const double *weight, const double *rate, double level);
/** inside_tail: k-hat of @n log weights; their order does not matter. */
double inside_tail(size_t n, const double *log_weight);
/** inside_ordered: probabilities [levels] of ordered levels under @score and thresholds with @first
 * and @gaps [levels - 2]. */
void inside_ordered(double score, double first, size_t levels, const double *gaps, double *out);

#pragma GCC visibility pop

#endif
