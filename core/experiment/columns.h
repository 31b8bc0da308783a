/* The `columns:` block of a data set in an experiment file. */
#ifndef LACUNA_EXPERIMENT_COLUMNS_H
#define LACUNA_EXPERIMENT_COLUMNS_H

#include "experiment-private.h"

/** The key beside a reader's parameters. */
#define LAC_COLUMNS_KEY "columns"

/** Its JSON Schema, and what it is in words. */
extern const char lac_columns_schema[];
extern const char lac_columns_help[];

/** lac_choice_load_columns: reads the block of data set @choice, if there is one, or the YAML file
 * that it names, into choice->columns, and into choice->in_force, which must be there. */
gboolean lac_choice_load_columns(LacChoice *choice, const char *base_dir, GError **error);

/** lac_choice_read: the table of data set @choice by its @reader, with the rules applied. Owned. */
LacData *lac_choice_read(const LacChoice *choice, LacReader *reader, GError **error);

#endif
