/* Shared by the parts of core/base that read, build and write trees of nodes. */
#ifndef LACUNA_YAML_PRIVATE_H
#define LACUNA_YAML_PRIVATE_H

#include "node-private.h"

/* limits against documents that are small on disk and huge in memory */
#define LAC_NODE_MOST_DEPTH 64
#define LAC_NODE_MOST_NODES 100000

/** lac_node_append: adds @item (taken) to a LIST, or under @key (taken) to a MAP. */
void lac_node_append(LacNode *collection, LacNode *key, LacNode *item);

/** lac_yaml_resolve: what the plain scalar @text is by the YAML 1.2 core schema. */
LacNodeType lac_yaml_resolve(const char *text, double *number, int64_t *integer);

/** lac_format_double: shortest decimal that reads back as @x, or ".inf", "-.inf", ".nan"; always
 * recognisable as a float. @buffer holds G_ASCII_DTOSTR_BUF_SIZE. Returns @buffer. */
char *lac_format_double(double x, char *buffer);

#endif
