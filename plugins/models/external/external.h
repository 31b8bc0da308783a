/* The parts of the model `external`:
 *   external.c   the model: what is asked, and what an answer must be
 *   message.c    lines of JSON: questions written, answers read
 *   talk.c       one question and its answer through the pipes, cancellable
 *   process.c    the program: started, watched over, ended with all it started */
#ifndef EXTERNAL_H
#define EXTERNAL_H

#include <json-glib/json-glib.h>
#include <lacuna/model.h>

#define EXTERNAL_PROTOCOL 1

/** ExternalModel: @name: the registered command; @process: running from fit to clear */
typedef struct ExternalProcess ExternalProcess;
typedef struct {
    LacModel base;
    char *command;            /* parameter */
    gboolean kinds;           /* parameter */
    gboolean draws;           /* parameter */
    double timeout;           /* parameter, s */
    char **options;           /* parameter: key, value ... */
    ExternalProcess *process; /* owned; NULL until fit */
} ExternalModel;

/* ---- process.c ---- */

enum { EXTERNAL_COMPLAINT = 2048 }; /* of what it wrote to stderr, the last bytes are kept */

struct ExternalProcess {
    char *name;               /* as registered */
    int to, from, complaints; /* its stdin, stdout, stderr: our ends; -1 when closed */
    int life, report;         /* the keeper lives as long as `life` is open; tells by `report` */
    GPid keeper, program;     /* the program leads its process group; 0: not known yet */
    int fate, fate_value;     /* what the keeper told of its end */
    char tail[EXTERNAL_COMPLAINT]; /* end of what it wrote to stderr */
    size_t tail_length;
};

/** external_process_start: @argv, with @threads for its numerics; what fails later, also a program
 * that is not there, is told by external_process_fate(). NULL with LAC_ERROR_IO. */
ExternalProcess *
external_process_start(const char *name, char **argv, unsigned threads, GError **error);
/** external_process_listen: takes in what waits on stderr; never waits. */
void external_process_listen(ExternalProcess *process);
/** external_process_fate: how it ended, waited for at most half a second, as "ended with status 3
 * before it answered"; owned; NULL while it runs. */
char *external_process_fate(ExternalProcess *process);
/** external_process_resident: MiB of memory held by the whole group; a look through /proc. */
double external_process_resident(ExternalProcess *process);
/** external_process_kill: ends the group at once; its stdout and stderr can still be read. */
void external_process_kill(ExternalProcess *process);
/** external_process_stop: closes its stdin, gives it half a second to go, ends the group and frees
 * @process; NULL is fine. */
void external_process_stop(ExternalProcess *process);

/* ---- talk.c ---- */

/** ExternalQuestion: @head: a line of JSON and the head of an npy array; @table: whose values
 * follow; @most: bytes an array in the answer may have at most; @timeout: s, 0 for none */
typedef struct {
    const char *what;
    GByteArray *head;
    const LacData *table;
    size_t most;
    double timeout;
} ExternalQuestion;

/** ExternalAnswer: @line: JSON, whose parser is owned; @array: the @bytes that came with it,
 * owned
 */
typedef struct {
    JsonParser *parser;
    JsonObject *line;
    guint8 *array;
    size_t bytes;
} ExternalAnswer;

void external_answer_clear(ExternalAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ExternalAnswer, external_answer_clear)

/** external_talk: asks and waits, taking progress and warnings on the way.
 * @error: LAC_ERROR_CANCELLED, LAC_ERROR_IO when the program went wrong, LAC_ERROR_SHAPE for
 *   memory, LAC_ERROR_DATA when it refuses. The process is of no use afterwards, except after a
 *   refusal. */
gboolean external_talk(ExternalProcess *process, LacContext *context,
                       const ExternalQuestion *question, ExternalAnswer *answer, GError **error);

/** external_fail: "external: PROGRAM, asked to WHAT: ...", how it ended and its last words. FALSE.
 */
gboolean external_fail(ExternalProcess *process, const char *what, LacErrorCode code,
                       GError **error, const char *format, ...) G_GNUC_PRINTF(5, 6);

/* ---- message.c ---- */

/** external_question: the line that asks @ask of @in, and the head of its array. Owned.
 * @draw: -1 when no draw is meant; @describe: say all about the columns (fit) */
GByteArray *external_question(const ExternalModel *model, const char *ask, const LacData *in,
                              gssize draw, gboolean describe, uint32_t seed);
/** external_parse_line: one JSON object in @n bytes. Owned; NULL when it is none. */
JsonParser *external_parse_line(const char *text, size_t n);
/** external_number, external_text, external_flag: member @name of @line; the fallback when there is
 * none of that type. Texts are lent. */
double external_number(JsonObject *line, const char *name, double fallback);
const char *external_text(JsonObject *line, const char *name);
gboolean external_flag(JsonObject *line, const char *name);

#endif
