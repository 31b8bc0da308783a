/* Worker processes on this machine: what the files that run and watch them share. */
#ifndef LACUNA_EXEC_LOCAL_H
#define LACUNA_EXEC_LOCAL_H

#include "exec-private.h"

#include <sys/types.h>

typedef enum {
    LAC_DOOM_NONE,
    LAC_DOOM_TIME,
    LAC_DOOM_MEMORY,
} LacDoom;

typedef struct {
    pid_t pid; /* 0: not started */
    int socket, chatter;
    const LacCell *cell; /* NULL: idle */
    gint64 started;      /* monotonic us; of the cell */
    char *started_at;
    LacDoom doom;    /* why we killed it */
    double seen_mib; /* largest resident size seen */
    double ran_s;    /* of the cell, when last looked at */
    GByteArray *buffer;
    GString *said;
} LacWorker;

typedef struct {
    LacBackend backend;
    const LacExperiment *experiment;
    LacWorker *workers;
    unsigned threads;
    gboolean check_numerics;
    char *program;
    char **environment;
    size_t next; /* whom to ask first, so that none starves */
} LacLocal;

/** lac_local_lost: of the cell @worker had, with @status for @reason. Owned. */
LacOutcome *lac_local_lost(const LacLocal *local, const LacWorker *worker, const char *status,
                           const char *reason);
/** lac_local_death: the same when the process has ended with wait's @status: why, from what it was
 * doomed for, the signal and its last words. Owned. */
LacOutcome *lac_local_death(const LacLocal *local, const LacWorker *worker, int status);

#endif
