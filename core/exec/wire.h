/* Messages between a run and its workers: one byte that says what it is, four for the length, the
 * content. Both ends are the same program on the same machine. */
#ifndef LACUNA_WIRE_H
#define LACUNA_WIRE_H

#include <lacuna/error.h>

typedef enum {
    LAC_WIRE_INIT = 'I',     /* to the worker: experiment, see lac_wire_init_type */
    LAC_WIRE_RUN = 'R',      /* to the worker: position, id, chosen trials of a cell */
    LAC_WIRE_PROGRESS = 'P', /* from it: share done, a double */
    LAC_WIRE_OUTCOME = 'O',  /* from it: a packed LacOutcome */
} LacWireType;

#define LAC_WIRE_INIT_TYPE "(sssub)" /* text, file, base folder, threads, check numerics */
#define LAC_WIRE_RUN_TYPE "(usuu)"

typedef struct {
    LacWireType type;
    GBytes *content;
} LacWireMessage;

void lac_wire_message_clear(LacWireMessage *message);

/** lac_wire_send: all of it, waiting as long as it takes; never raises SIGPIPE. */
gboolean lac_wire_send(int fd, LacWireType type, gconstpointer content, gsize n, GError **error);
/** lac_wire_receive: wait for one whole message. FALSE without @error at the end of the stream. */
gboolean lac_wire_receive(int fd, LacWireMessage *out, GError **error);
/** lac_wire_take: cut the first whole message off @buffer, if there is one. */
gboolean lac_wire_take(GByteArray *buffer, LacWireMessage *out);

#endif
