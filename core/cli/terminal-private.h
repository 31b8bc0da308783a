/* Between the option parser and the terminal. */
#ifndef LACUNA_TERMINAL_PRIVATE_H
#define LACUNA_TERMINAL_PRIVATE_H

#include "cli-private.h"

void lac_cli_terminal_set(gboolean quiet, gboolean verbose, gboolean no_colour);

#endif
