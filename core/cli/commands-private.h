/* Every subcommand, declared by name: cmd-<name>.c defines lac_command_<name>. */
#ifndef LACUNA_COMMANDS_PRIVATE_H
#define LACUNA_COMMANDS_PRIVATE_H

#include "cli-private.h"

#define LAC_COMMAND(name) extern const LacCommand lac_command_##name;
#include "commands.def"
#undef LAC_COMMAND

#endif
