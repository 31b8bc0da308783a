/* Results on disk: one SQLite file a run. The schema below is the interchange format. */
#ifndef LACUNA_STORE_PRIVATE_H
#define LACUNA_STORE_PRIVATE_H

#include "base-private.h"
#include <lacuna/error.h>

G_BEGIN_DECLS

/** lac_store_schema: the SQL that creates an empty results.sqlite. Tables:
 *
 *   run(name, seed, started, finished, yaml, command, version, abi)            one row
 *   environment(key, value)             host, cpu, cores, threads, blas, kernel, data SHA-256 ...
 *   cells(id TEXT PRIMARY KEY, position INTEGER,
 *         data, data_params, family, data_sha256, n_rows, n_cols,
 *         split, fold, mask, mask_params, mechanism, rate_asked, rate_realised,
 *         initial, initial_params, model, model_params, model_label, optimizer, optimizer_params,
 *         scale, repeat, seed, status, reason, fit_s, apply_s, cpu_s, peak_rss_mib, threads,
 *         contended, host, version, started, finished)
 *       status: ok | failed | timeout | memory | crash | not-finite
 *       *_params: JSON objects of parameters in force; model_label: what distinguishes this model
 *       from the other models of the run ("knn", or "knn k=5" when k is swept)
 *   metrics(cell, metric, part, column_name, value, status, reason, n_cells, draws)
 *       status: ok | undefined | not-applicable; value NULL unless ok; column_name NULL: the table
 *   metric_info(metric, part, direction, target, unit, scope, needs)
 *   traces(cell, series, column_name, chain, iteration, value)
 *   events(cell, code, column_name, count, detail)
 *   axes(cell, axis, value)        what varies in this run, tidy: ("mask.mcar.rate", "0.2")
 *
 * Missing numbers are NULL. Times are seconds, instants ISO-8601 UTC text. */
LAC_PRIVATE_API const char *lac_store_schema(void);

G_END_DECLS

#endif
