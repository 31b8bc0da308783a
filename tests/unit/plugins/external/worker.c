/* A program that speaks the protocol of the model `external`, well or badly: worker MODE [FILE].
 * It fills with column means; draws add noise that depends on the seed alone. It trusts what it is
 * sent and uses nothing but the C library. */
#define _GNU_SOURCE
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *mode, *file;

typedef struct {
    char ask[16];
    size_t rows, cols, bytes;
    uint64_t seed;
    double *values; /* [rows][cols] */
    size_t head;    /* bytes of the array in front of its numbers */
    char *array;
} Question;

static int
is(const char *name)
{
    return strcmp(mode, name) == 0;
}

static uint64_t
number(const char *line, const char *key)
{
    const char *at = strstr(line, key);

    return at != NULL ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* 0 at the end of the input. */
static int
question_read(Question *q)
{
    char *line = NULL;
    size_t room = 0;

    if (getline(&line, &room, stdin) <= 0)
        return 0;
    if (is("echo") && file != NULL) { /* for tests that look at the line itself */
        FILE *copy = fopen(file, "a");

        fputs(line, copy);
        fclose(copy);
    }
    sscanf(strstr(line, "\"ask\":\"") + 7, "%15[a-z]", q->ask);
    q->rows = number(line, "\"rows\":");
    q->cols = number(line, "\"cols\":");
    q->bytes = number(line, "\"bytes\":");
    q->seed = number(line, "\"seed\":");
    q->array = malloc(q->bytes);
    if (fread(q->array, 1, q->bytes, stdin) != q->bytes)
        exit(9);
    q->head = q->bytes - q->rows * q->cols * sizeof(double);
    q->values = malloc(q->rows * q->cols * sizeof(double) + 1);
    memcpy(q->values, q->array + q->head, q->rows * q->cols * sizeof(double));
    free(line);
    return 1;
}

static double *
means_of(const Question *q)
{
    double *mean = calloc(q->cols + 1, sizeof *mean);

    for (size_t j = 0; j < q->cols; j++) {
        double sum = 0.0, n = 0.0;

        for (size_t i = 0; i < q->rows; i++) {
            const double x = q->values[i * q->cols + j];

            sum += isnan(x) ? 0.0 : x;
            n += isnan(x) ? 0.0 : 1.0;
        }
        if (n == 0.0) {
            printf("{\"error\": \"nothing is seen in column %zu\"}\n", j + 1);
            fflush(stdout);
            exit(0);
        }
        mean[j] = sum / n;
    }
    return mean;
}

/* A step of splitmix64 as a number in [-1, 1). */
static double
noise(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-52 - 1.0;
}

static void
hang(void)
{
    const pid_t helper = fork();
    FILE *note = helper != 0 && file != NULL ? fopen(file, "w") : NULL;

    if (note != NULL) {
        fprintf(note, "%d %d\n", (int)getpid(), (int)helper);
        fclose(note);
    }
    signal(SIGTERM, SIG_IGN);
    for (;;)
        pause();
}

static void
fault_at_fit(void)
{
    if (is("die")) {
        fprintf(stderr, "first words\nthere is no package called 'mice'\n");
        exit(3);
    }
    if (is("hang-fit"))
        hang();
    if (is("garbage"))
        printf("Loading required package: lattice\n");
    if (is("deep"))
        for (int i = 0; i < 5000; i++)
            printf("{\"a\":[");
    if (is("deep"))
        printf("\n");
    if (is("list"))
        printf("{\"ready\": \n");
    if (is("zeros"))
        for (int i = 0; i < 200000; i++)
            putchar('{');
    if (is("unready"))
        printf("{\"ready\": 1}\n");
    if (is("refuse"))
        printf("{\"error\": \"three rows at least\"}\n");
    fflush(stdout);
    if (is("garbage") || is("deep") || is("list") || is("zeros") || is("unready"))
        while (getchar() != EOF) {
        }
}

static void
fault_at_fill(const Question *q)
{
    if (is("crash"))
        raise(SIGSEGV);
    if (is("hang"))
        hang();
    if (is("fat")) {
        char *much = malloc(300u << 20);

        memset(much, 1, 300u << 20);
        sleep(60 + (much[q->rows] == 7));
    }
    if (is("huge"))
        printf("{\"bytes\": 1e15}\n");
    if (is("negative"))
        printf("{\"bytes\": -1}\n");
    if (is("empty"))
        printf("{\"completed\": true}\n");
    if (is("short")) {
        printf("{\"bytes\": %zu}\n", q->bytes);
        fwrite(q->array, 1, q->bytes / 2, stdout);
        fflush(stdout);
        exit(0);
    }
    if (is("no-npy")) {
        printf("{\"bytes\": %zu}\n", q->bytes);
        memset(q->array, 'x', q->bytes);
        fwrite(q->array, 1, q->bytes, stdout);
    }
    fflush(stdout);
    if (is("empty") || is("no-npy"))
        while (getchar() != EOF) {
        }
}

static void
answer(Question *q, const double *mean)
{
    uint64_t state = q->seed;
    const int draw = strcmp(q->ask, "sample") == 0;

    for (size_t k = 0; k < q->rows * q->cols; k++)
        if (isnan(q->values[k]) && !is("nan"))
            q->values[k] = mean[k % q->cols] + (draw ? noise(&state) : 0.0);
    if (is("inf"))
        q->values[0] = INFINITY;
    if (is("shape")) /* the same number of digits, one row less */
        q->bytes -= q->cols * sizeof(double);
    if (is("shape"))
        *(strstr(q->array + 10, "shape': (") + 9) -= 1;
    printf("{\"progress\": 0.5}\n{\"warning\": \"means only\"}\n");
    printf("{\"bytes\": %zu}\n", q->bytes);
    fwrite(q->array, 1, q->head, stdout);
    fwrite(q->values, 1, q->bytes - q->head, stdout);
    if (is("long"))
        fwrite("more", 1, 4, stdout);
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    Question q;
    double *mean;

    mode = argc > 1 ? argv[1] : "mean";
    file = argc > 2 ? argv[2] : NULL;
    if (is("deaf"))
        return 0;
    if (is("hasty")) { /* answers before it reads */
        printf("{\"ready\": true}\n");
        fflush(stdout);
        sleep(60);
    }
    if (!question_read(&q))
        return 1;
    fault_at_fit();
    mean = means_of(&q);
    printf("{\"ready\": true}\n");
    fflush(stdout);
    while (question_read(&q)) {
        fault_at_fill(&q);
        answer(&q, mean);
    }
    return 0;
}
