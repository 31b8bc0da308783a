/* Profiles: one experiment in several sizes. */
#ifndef LACUNA_PROFILE_H
#define LACUNA_PROFILE_H

#include "experiment-private.h"

/**
 * lac_profile_apply: --set and the profile asked for, on @experiment->root.
 * @overrides: NULL-terminated "path=value", or NULL
 *
 * `--set profile=NAME` chooses one; then its values are set, then all other overrides. The tree is
 * left without `profiles`, with `profile: NAME`: what is stored as run says which it was and is not
 * changed once more when read again. @experiment->profile is the name, or NULL.
 * @error: LAC_ERROR_PARAM: a name that is no profile, a path that leads nowhere
 */
gboolean lac_profile_apply(LacExperiment *experiment, const char *const *overrides, GError **error);

#endif
