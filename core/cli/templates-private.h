/* The files that `lacuna new` writes, from core/cli/templates, compiled in. */
#ifndef LACUNA_TEMPLATES_PRIVATE_H
#define LACUNA_TEMPLATES_PRIVATE_H

#include <stddef.h>

typedef struct {
    const char *name, *text;
} LacEmbedded;

/** lac_templates: ends with a NULL name. */
extern const LacEmbedded lac_templates[];

#endif
