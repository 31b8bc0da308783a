/* A model that is right (FAULT_NONE), or wrong in exactly one way chosen by the build. */
#include <lacuna/context.h>
#include <lacuna/model.h>

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
    LacModel base;
    double share;
    int side;
    size_t cols;
    double *centre;
} Bad;

static const char *const sides[] = {"left", "right", NULL};

static const LacParam params[] = {
#if defined(FAULT_DEFAULT)
    LAC_PARAM_DOUBLE(Bad, share, 0.7, LAC_RANGE(0.0, 0.5), "share", "A share"),
#else
    LAC_PARAM_DOUBLE(Bad, share, 0.0, LAC_RANGE(0.0, 0.5), "share", "A share"),
#endif
#if defined(FAULT_TWICE)
    LAC_PARAM_DOUBLE(Bad, share, 0.0, LAC_RANGE(0.0, 0.5), "share", "A share"),
#endif
#if defined(FAULT_CHOICE)
    LAC_PARAM_CHOICE(Bad, side, 2, sides, "A side"),
#else
    LAC_PARAM_CHOICE(Bad, side, 0, sides, "A side"),
#endif
#if defined(FAULT_OFFSET)
    {.name = "far", .type = LAC_PARAM_TYPE_DOUBLE, .offset = 100000, .unit = "", .help = "Far"},
#endif
#if !defined(FAULT_NO_END)
    LAC_PARAM_END,
#else
    {.name = "a", .type = LAC_PARAM_TYPE_BOOL, .offset = sizeof(LacModel), .unit = "", .help = "a"},
#endif
};

#if defined(FAULT_NO_END)
/* what lies behind a table without an end: more that looks like parameters */
const LacParam bad_padding[300] __attribute__((visibility("hidden")));
#endif

static gboolean
bad_fit(LacModel *model, const LacData *train, GError **error)
{
    Bad *self = LAC_CAST(Bad, model);

#if defined(FAULT_ABORT)
    if (train->rows == 1)
        g_error("one row is not enough for me");
#endif
#if !defined(FAULT_DEAF)
    if (!lac_context_step(model->instance.context, 0.0, error))
        return FALSE;
#endif
    self->cols = train->cols;
    self->centre = g_new0(double, train->cols);
    for (size_t j = 0; j < train->cols; j++) {
        size_t n = 0;
        double sum = 0.0;

        for (size_t i = 0; i < train->rows; i++) {
            if (!lac_data_is_hole(train, i, j)) {
                sum += lac_data_at(train, i, j);
                n++;
            }
        }
        if (n == 0)
            return lac_fail(error, LAC_ERROR_DATA, "bad: column '%s' has no seen cell",
                            lac_data_name(train, j));
        self->centre[j] = sum / (double)n;
    }
    return TRUE;
}

G_GNUC_UNUSED static gboolean
bad_fill(const LacModel *model, const LacData *in, LacMatrix *out, GError **error)
{
    const Bad *self = LAC_CAST(const Bad, model);

    lac_data_fill_holes(in, self->centre, out);
#if defined(FAULT_TOUCHING)
    lac_matrix_row(out, 0)[0] = nextafter(lac_matrix_row(out, 0)[0], 1e300);
#elif defined(FAULT_UNSEEDED)
    for (size_t i = 0; i < in->rows; i++)
        for (size_t j = 0; j < in->cols; j++)
            if (lac_data_is_hole(in, i, j))
                lac_matrix_row(out, i)[j] = (double)g_random_double();
#elif defined(FAULT_NAN)
    for (size_t i = 0; i < in->rows; i++)
        if (lac_data_is_hole(in, i, in->cols - 1))
            lac_matrix_row(out, i)[in->cols - 1] = NAN;
#elif defined(FAULT_PEEKING)
    for (size_t i = 0; i < in->rows; i++)
        for (size_t j = 0; j < in->cols; j++)
            if (lac_data_is_hole(in, i, j))
                lac_matrix_row(out, i)[j] = lac_data_at(in, i, j); /* poisoned: a NaN */
#endif
    return TRUE;
}

static gboolean
bad_save(const LacModel *model, LacBundle *out, GError **error)
{
    const Bad *self = LAC_CAST(const Bad, model);

    lac_bundle_put_doubles(out, "centre", 1, self->cols, self->centre);
    return TRUE;
}

static gboolean
bad_load(LacModel *model, const LacBundle *in, GError **error)
{
    Bad *self = LAC_CAST(Bad, model);
    const double *centre =
        lac_bundle_get_doubles(in, "centre", 1, G_MAXSIZE, NULL, &self->cols, error);

    if (centre == NULL)
        return FALSE;
#if defined(FAULT_FORGETFUL)
    self->centre = g_new0(double, self->cols);
#else
    self->centre = g_memdup2(centre, self->cols * sizeof *centre);
#endif
    return TRUE;
}

static void
bad_clear(LacModel *model)
{
#if !defined(FAULT_LEAK)
    g_clear_pointer(&LAC_CAST(Bad, model)->centre, g_free);
#endif
}

#if defined(FAULT_CRASH)
__attribute__((constructor)) static void
bad_crash(void)
{
    raise(SIGSEGV);
}
#elif defined(FAULT_EXIT)
__attribute__((constructor)) static void
bad_exit(void)
{
    exit(0);
}
#elif defined(FAULT_LOOP)
__attribute__((constructor)) static void
bad_loop(void)
{
    for (volatile unsigned i = 0;; i++)
        ;
}
#elif defined(FAULT_TWO_SYMBOLS)
LAC_PLUGIN_EXPORT int bad_helper(int x);
LAC_PLUGIN_EXPORT int
bad_helper(int x)
{
    return x + 1;
}
#elif defined(FAULT_UNRESOLVED)
int lac_this_function_exists_nowhere(void);
#endif

/* What the fault changes in the descriptor. */
#if defined(FAULT_ABI)
#define BAD_ABI (LAC_ABI + 1)
#else
#define BAD_ABI LAC_ABI
#endif
#if defined(FAULT_MAGIC)
#define BAD_MAGIC 0x12345678u
#else
#define BAD_MAGIC LAC_MAGIC
#endif
#if defined(FAULT_KIND)
#define BAD_KIND ((LacPluginKind)42)
#else
#define BAD_KIND LAC_PLUGIN_MODEL
#endif
#if defined(FAULT_WRONG_NAME)
#define BAD_NAME "some-other-name"
#else
#define BAD_NAME FAULT_NAME
#endif
#if defined(FAULT_SUMMARY)
#define BAD_SUMMARY "Ends with a full stop."
#else
#define BAD_SUMMARY "A model with one fault"
#endif
#if defined(FAULT_NO_FILL)
#define BAD_FILL NULL
#else
#define BAD_FILL bad_fill
#endif
#if defined(FAULT_SMALL) || defined(FAULT_TWINS) /* an older Lacuna's, which had no traits_of */
#define BAD_SIZE offsetof(LacModelPlugin, traits_of)
#elif defined(FAULT_LARGER) || defined(FAULT_LARGER_USED)
#define BAD_SIZE sizeof(LaterPlugin)
#else
#define BAD_SIZE sizeof(LacModelPlugin)
#endif
#if defined(FAULT_LARGER_USED)
#define BAD_LATER 7
#else
#define BAD_LATER 0
#endif
#if defined(FAULT_UNRESOLVED)
#define BAD_CITATION ((const char *)lac_this_function_exists_nowhere)
#else
#define BAD_CITATION NULL
#endif
#if defined(FAULT_TWINS) /* a second component in the same file */
static const LacModelPlugin bad_twin = {
    LAC_MODEL("twins-two", "The second of two components", Bad, params),
    .example = {.in = "a,b\n1,4\n,6\n3,\n", .out = "a,b\n1,4\n2,6\n3,5\n"},
    .traits = LAC_MODEL_DETERMINISTIC,
    .fit = bad_fit,
    .fill = bad_fill,
    .save = bad_save,
    .load = bad_load,
    .clear = bad_clear,
};
#define BAD_NEXT (&bad_twin.plugin)
#else
#define BAD_NEXT NULL
#endif
#if defined(FAULT_SMALL) /* was not there: nobody may read it */
#define BAD_TRAITS_OF ((unsigned (*)(const LacModel *))0x10)
#else
#define BAD_TRAITS_OF NULL
#endif

/* The descriptor with room behind it, as a newer Lacuna's would have. */
typedef struct {
    LacModelPlugin now;
    uint64_t later[4];
} LaterPlugin;

#if defined(FAULT_NO_SYMBOL)
#define lac_plugin lacuna_plugin
#endif

LAC_PLUGIN_EXPORT const LaterPlugin lac_plugin = {
    .now.plugin.magic = BAD_MAGIC,
    .now.plugin.abi = BAD_ABI,
    .now.plugin.struct_size = (uint32_t)BAD_SIZE,
    .now.plugin.param_size = (uint32_t)sizeof(LacParam),
    .now.plugin.kind = BAD_KIND,
    .now.plugin.name = BAD_NAME,
    .now.plugin.summary = BAD_SUMMARY,
    .now.plugin.citation = BAD_CITATION,
    .now.plugin.params = params,
    .now.plugin.instance_size = sizeof(Bad),
    .now.plugin.next = BAD_NEXT,
    .now.example = {.in = "a,b\n1,4\n,6\n3,\n", .out = "a,b\n1,4\n2,6\n3,5\n"},
    .now.traits = LAC_MODEL_DETERMINISTIC,
    .now.fit = bad_fit,
    .now.fill = BAD_FILL,
    .now.save = bad_save,
    .now.load = bad_load,
    .now.clear = bad_clear,
    .now.traits_of = BAD_TRAITS_OF,
    .later = {BAD_LATER},
};
