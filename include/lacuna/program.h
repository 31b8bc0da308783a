/* Programs the user has registered under a name, for components that run one. An experiment file
 * can name such a program and never say where it lies. */
#ifndef LACUNA_PROGRAM_H
#define LACUNA_PROGRAM_H

#include <lacuna/error.h>

G_BEGIN_DECLS

/** lac_program_file: the user's file of registered programs: LACUNA_IMPUTERS, else
 * lacuna/imputers.yaml below the user's configuration folder (XDG_CONFIG_HOME, else ~/.config).
 * Owned; it need not exist. */
LAC_API char *lac_program_file(void);

/**
 * lac_program_find:
 * @name: under which the program is registered
 * @error: LAC_ERROR_PLUGIN when there is no such file or name in it; LAC_ERROR_PARAM with
 *   file:line:column when the file is no map of names to lists of words
 *
 * Reads lac_program_file(). The first word is a program's name, looked for on PATH, or its absolute
 * path; a relative path is refused, for it would mean another program in another folder.
 * Returns: the program and its arguments, NULL-terminated; owned (g_strfreev()); NULL on failure.
 */
LAC_API char **lac_program_find(const char *name, GError **error);

/** lac_program_check: whether what @name is registered for could be run: lac_program_find() and a
 * file that may be executed. @error: also LAC_ERROR_PLUGIN when there is none. */
LAC_API gboolean lac_program_check(const char *name, GError **error);

G_END_DECLS

#endif
