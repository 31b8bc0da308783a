/* Component positions of an experiment file: names, alternatives, parameters. */
#ifndef LACUNA_CHOICE_H
#define LACUNA_CHOICE_H

#include "experiment-private.h"

/**
 * lac_choices_parse:
 * @node: a name, a one-key map, or a list of these
 * @position: key of the experiment file ("model")
 * @draws: of a search: what !random makes is then one family of choices; 0: they are alternatives
 *
 * Returns: array of LacChoice in the order of the file, sweeps expanded; owned.
 */
GPtrArray *lac_choices_parse(const LacNode *node, LacPluginKind kind, const char *position,
                             const char *base_dir, const LacRng *rng, size_t draws, GError **error);

/** lac_choices_default: the one component called @name with its default parameters. */
GPtrArray *
lac_choices_default(LacPluginKind kind, const char *name, const LacNode *place, GError **error);

/** lac_choice_params: @choice's parameters with ${VAR} in paths expanded, as a MAP for
 * lac_instance_new(). Owned. */
LacNode *lac_choice_params(const LacChoice *choice, GError **error);

/** lac_choices_label: gives each choice its name: the plugin's (a reader's: the file's), the
 * parameters that tell it from the others, and those that differ between them and that the file
 * gives. Two that are the same are an error. */
gboolean lac_choices_label(GPtrArray *choices, const char *position, GError **error);

/** lac_choice_uses_optimizer: a model trained by gradients. */
gboolean lac_choice_uses_optimizer(const LacChoice *model);

#endif
