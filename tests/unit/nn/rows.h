/* A row for every operator: what it is given, so that its gradient can be held against
 * differences. The rows are compiled twice, with tensors of float and of double; see README.md. */
#ifndef LAC_TEST_ROWS_H
#define LAC_TEST_ROWS_H

#include <lacuna/nn.h>

G_BEGIN_DECLS

/* Names of this build: nn_float_... and nn_double_... */
#ifdef LAC_NN_DOUBLE
#define NN_BUILD(name) nn_double_##name
#else
#define NN_BUILD(name) nn_float_##name
#endif

typedef enum {
    ROW_VARIABLE, /* uniform on [low, high], its gradient is checked */
    ROW_CONSTANT, /* uniform on [low, high] */
    ROW_BITS,     /* 0 or 1 */
    ROW_CODES,    /* 0 .. high - 1 */
} RowKind;

typedef struct {
    RowKind kind;
    double low, high;
    unsigned dims;
    size_t shape[LAC_DIMS];
} RowInput;

/**
 * Row:
 * @op: the operator that makes the result, as its LacOp is called
 * @label: what is special about this row
 * @apply: @x are the inputs, in order
 * @loose: how much larger than usual the differences may be; 0 stands for 1. A reason beside it
 */
typedef struct {
    const char *op, *label;
    LacTensor *(*apply)(LacTape *tape, LacTensor *const *x);
    RowInput in[LAC_OP_INPUTS]; /* ends with one without dimensions */
    double loose;
} Row;

#define ROW_COUNT(...) (sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t))
#define ROW_INPUT(kind_, low_, high_, ...)                                                         \
    {                                                                                              \
        kind_, low_, high_, (unsigned)ROW_COUNT(__VA_ARGS__),                                      \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
/* inputs of a shape */
#define X(...) ROW_INPUT(ROW_VARIABLE, -2.0, 2.0, __VA_ARGS__)
#define BETWEEN(low, high, ...) ROW_INPUT(ROW_VARIABLE, low, high, __VA_ARGS__)
#define CONSTANT(low, high, ...) ROW_INPUT(ROW_CONSTANT, low, high, __VA_ARGS__)
#define BITS(...) ROW_INPUT(ROW_BITS, 0.0, 1.0, __VA_ARGS__)
#define CODES(levels, ...) ROW_INPUT(ROW_CODES, 0.0, levels, __VA_ARGS__)
/* ROW(operator, label, apply, inputs ...) */
#define ROW(op_, label_, apply_, ...)                                                              \
    {                                                                                              \
        .op = (op_), .label = (label_), .apply = (apply_), .in = { __VA_ARGS__ }                   \
    }
#define LOOSE_ROW(loose_, op_, label_, apply_, ...)                                                \
    {                                                                                              \
        .op = (op_), .label = (label_), .apply = (apply_), .in = {__VA_ARGS__}, .loose = (loose_)  \
    }

/* ROWS(binary) = {...}: a file's rows, registered before main(). */
#define ROWS(name)                                                                                 \
    static const Row rows_##name[];                                                                \
    static const size_t n_rows_##name;                                                             \
    __attribute__((constructor)) static void register_rows_##name(void)                            \
    {                                                                                              \
        NN_BUILD(add_rows)(n_rows_##name, rows_##name);                                            \
    }                                                                                              \
    static const Row rows_##name[]
/* ... ROWS_END(binary); */
#define ROWS_END(name) static const size_t n_rows_##name = G_N_ELEMENTS(rows_##name)

void NN_BUILD(add_rows)(size_t n, const Row *rows);

/** RowValues: loss, result and the gradients of all variables of a row, one after another. */
typedef struct {
    size_t n;
    double *v; /* owned */
} RowValues;

/* Both builds have these; @k counts rows from 0. */
G_BEGIN_DECLS
size_t nn_float_count(void);
size_t nn_double_count(void);
const Row *nn_float_row(size_t k);
RowValues nn_float_values(size_t k);
RowValues nn_double_values(size_t k);
/* Returns: what is wrong with the row's gradient, owned; NULL when it is right. */
char *nn_double_check_gradient(size_t k);
char *nn_double_check_second_gradient(size_t k);
G_END_DECLS

G_END_DECLS

#endif
