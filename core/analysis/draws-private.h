/* Completed tables below each other, told apart by .imp. */
#ifndef LACUNA_DRAWS_PRIVATE_H
#define LACUNA_DRAWS_PRIVATE_H

#include "base-private.h"
#include <lacuna/data.h>

G_BEGIN_DECLS

/** LacDraws: rows of each completion: @rows, those of the d-th from @start[d] to @start[d + 1], in
 * the order of the file; @draws: [m] their numbers. */
typedef struct {
    size_t m;
    double *draws;
    size_t *rows, *start;
} LacDraws;

/** lac_draws_split: by .imp, without rows of .imp 0. LAC_ERROR_DATA when there are not two. */
gboolean lac_draws_split(const LacData *table, LacDraws *draws, GError **error);
void lac_draws_clear(LacDraws *draws);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LacDraws, lac_draws_clear)
/** lac_draws_columns: every column but those that `impute` added: what `.` stands for. Owned. */
char **lac_draws_columns(const LacData *table);

G_END_DECLS

#endif
