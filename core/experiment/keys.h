/* The keys of an experiment file, said once: for the parser, the JSON Schema and the reference. */
#ifndef LACUNA_KEYS_H
#define LACUNA_KEYS_H

#include <lacuna/optimizer.h>

/**
 * LacKey:
 * @kind: for component positions; 0 for the others
 * @many: a list there means alternatives (components), or all of them (metrics)
 * @schema: JSON Schema of its value; NULL for component positions
 * @fallback: what holds without it, as YAML; NULL: the key must be there; "": nothing
 * @help: for people
 */
typedef struct {
    const char *name;
    LacPluginKind kind;
    gboolean many;
    const char *schema, *fallback, *help;
} LacKey;

/** lac_experiment_keys: ends with a NULL name. */
extern const LacKey lac_experiment_keys[];

#endif
