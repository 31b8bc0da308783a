/* Running the cells of an experiment somewhere, and keeping what comes back. */
#ifndef LACUNA_EXEC_PRIVATE_H
#define LACUNA_EXEC_PRIVATE_H

#include "experiment-private.h"
#include "store-private.h"

G_BEGIN_DECLS

/* ---- where cells run --------------------------------------------------------------------------
 * A back end has slots, each empty or busy with one cell. Local processes are one; a batch system
 * on many machines would be another. */

typedef enum {
    LAC_BACKEND_NOTHING,  /* the time ran out */
    LAC_BACKEND_PROGRESS, /* @done of the cell in @slot is finished */
    LAC_BACKEND_DONE,     /* @outcome is there and the slot is empty again */
} LacBackendEventType;

/** LacBackendEvent: @outcome is owned by the receiver; a cell that was lost has one too, with
 * status crash, timeout or memory. @lost: killed from outside; running it again may go well. */
typedef struct {
    LacBackendEventType type;
    size_t slot;
    double done;
    gboolean lost;
    LacOutcome *outcome;
} LacBackendEvent;

typedef struct LacBackend LacBackend;
struct LacBackend {
    size_t slots;
    /** start @cell in the empty @slot */
    gboolean (*submit)(LacBackend *backend, size_t slot, const LacCell *cell, GError **error);
    /** wait for the next event, at most @timeout_ms */
    gboolean (*wait)(LacBackend *backend, int timeout_ms, LacBackendEvent *out, GError **error);
    /** drop what runs, at once; also done by free */
    void (*stop)(LacBackend *backend);
    void (*free)(LacBackend *backend);
};

/**
 * LacLocalOptions:
 * @workers: processes, >= 1
 * @threads: of each, >= 1
 * @check_numerics: look for NaN after every operator of a net
 * @program: executable that understands the argument `worker`; NULL: this program
 */
typedef struct {
    size_t workers;
    unsigned threads;
    gboolean check_numerics;
    const char *program;
} LacLocalOptions;

/** lac_local_new: processes on this machine. Workers die with this process. A cell's time limit is
 * wall clock from the moment it is handed to its worker; its memory limit is the worker's resident
 * size, looked at about twenty times a second. Owned; free with backend->free(). */
LAC_PRIVATE_API LacBackend *
lac_local_new(const LacExperiment *experiment, const LacLocalOptions *options, GError **error);

/** lac_worker_main: a worker's whole life: cells in, outcomes out, over the socket @fd. */
LAC_PRIVATE_API int lac_worker_main(int fd);

/* ---- a run ----------------------------------------------------------------------------------- */

/** LacExecState: what the one who watches may show. @slots: the cell of each, NULL when empty;
 * @share: its progress; @failed: cells without a result; @failed_trials: of searches, which go on
 * without them. */
typedef struct {
    size_t total, done, failed, failed_trials;
    size_t n_slots;
    const LacCell *const *slots;
    const double *share;
} LacExecState;

/**
 * LacExec:
 * @todo: of LacCell, run in this order, but a cell waits for its trials; a search's choice is
 *   written into them
 * @version: of the program, stored with each cell
 * @fail_fast: start nothing more after the first failure
 * @interrupts: how often the user asked to stop: once: start nothing more; twice: drop what runs
 * @changed: something happened; @cell and @outcome are set when a cell was stored
 */
typedef struct {
    const LacExperiment *experiment;
    const GPtrArray *todo;
    LacBackend *backend;
    LacStore *store;
    const char *version;
    gboolean fail_fast;
    int (*interrupts)(void);
    void (*changed)(void *user, const LacExecState *state, const LacCell *cell,
                    const LacOutcome *outcome);
    void *user;
} LacExec;

/** LacExecSummary: @left: cells of todo that were not run */
typedef struct {
    size_t done, failed, failed_trials, left;
    gboolean interrupted;
} LacExecSummary;

/** lac_exec_run: FALSE when results cannot be stored or cells cannot be started; what was stored
 * before stays. @out is filled in either case. */
LAC_PRIVATE_API gboolean lac_exec_run(const LacExec *exec, LacExecSummary *out, GError **error);

G_END_DECLS

#endif
