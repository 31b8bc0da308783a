/* See inside.h. */
#include "inside.h"

#include "bound.h"
#include "context-private.h"
#include "net-private.h"
#include "tail.h"

#include <math.h>
#include <string.h>

struct Inside {
    Dlvm model;
    LacContext *context;
    Task task;
    LacTape *tape;
};

/* Training and filling are not what is tested here, and the training loop is in a room to the
 * right. */
gboolean
lac_train(LacContext *context, const LacTraining *training, LacTrained *out, GError **error)
{
    g_assert_not_reached();
}

struct Kept *
kept_new(void)
{
    g_assert_not_reached();
}

static LacKind
kind_of(char letter)
{
    switch (letter) {
    case 'i':
        return LAC_KIND_INTEGER;
    case 'b':
        return LAC_KIND_BINARY;
    case 'n':
        return LAC_KIND_NOMINAL;
    case 'o':
        return LAC_KIND_ORDINAL;
    default:
        return LAC_KIND_CONTINUOUS;
    }
}

static LacData *
table_of(const char *kinds, size_t rows, const double *values)
{
    static const char *const levels[] = {"a", "b", "c", "d"};
    const size_t cols = strlen(kinds);
    LacSchema *schema = lac_schema_new(cols);

    for (size_t j = 0; j < cols; j++) {
        const LacKind kind = kind_of(kinds[j]);

        if (lac_kind_is_numeric(kind))
            schema->columns[j].kind = kind;
        else
            lac_schema_set_levels(schema, j, kind, kind == LAC_KIND_BINARY ? 2 : 4, levels);
    }
    return lac_data_new_take(schema, rows, g_memdup2(values, rows * cols * sizeof *values),
                             "inside", NULL);
}

static void
set_up(Dlvm *model, const Setup *setup)
{
    static const double width[] = {0};

    model->likelihood = setup->likelihood;
    model->iota = setup->iota;
    model->posterior = setup->posterior;
    model->freedom = 5.0;
    model->gradient = setup->gradient;
    model->mechanism = MAX(0, setup->mechanism);
    model->mnar = setup->mechanism >= 0;
    model->latent = (int64_t)setup->latent;
    model->train_samples = (int64_t)setup->samples;
    model->components = (int64_t)setup->components;
    model->units = 3;
    model->shape = setup->linear ? NET_LINEAR : NET_DENSE;
    model->activation = LAC_ACTIVATION_TANH;
    model->init = LAC_INIT_GLOROT;
    model->step_memory = setup->step_memory > 0 ? setup->step_memory : 1 << 20;
    if (setup->hidden > 0) {
        model->hidden.n = 1;
        model->hidden.v = g_memdup2(width, sizeof width);
        model->hidden.v[0] = (double)setup->hidden;
    }
}

Inside *
inside_new(const Setup *setup, size_t rows, const double *values)
{
    Inside *self = g_new0(Inside, 1);
    g_autoptr(LacData) table = table_of(setup->kinds, rows, values);
    const LacRng root = lac_rng_new(1);
    LacRng moves = lac_rng_split(&root, "moves");
    Dlvm *model = &self->model;

    set_up(model, setup);
    self->context = lac_context_new(root);
    model->base.instance.context = self->context;
    model->layout = layout_new(table, (Likelihood)model->likelihood, model->mnar, NULL);
    g_assert(model->layout != NULL);
    model->net = net_new(model, model->layout, &root, NULL);
    g_assert(model->net != NULL);
    for (size_t k = 0; k < lac_net_size(model->net->net); k++)
        lac_net_values(model->net->net)[k] += 0.1 * lac_rng_normal(&moves);
    self->task = (Task){.self = model,
                        .encoder = model,
                        .rows = rows_new(model->layout, table, NULL),
                        .n = rows,
                        .index = g_new(size_t, rows),
                        .inner = lac_tape_new()};
    for (size_t i = 0; i < rows; i++)
        self->task.index[i] = i;
    self->tape = lac_tape_new();
    return self;
}

void
inside_free(Inside *inside)
{
    lac_tape_free(inside->tape);
    lac_tape_free(inside->task.inner);
    g_free(inside->task.index);
    rows_free(inside->task.rows);
    net_free(inside->model.net);
    layout_free(inside->model.layout);
    lac_context_free(inside->context);
    g_free(inside->model.hidden.v);
    g_free(inside);
}

double
inside_loss(Inside *inside, uint64_t noise, gboolean training, double *gradient)
{
    LacNet *net = inside->model.net->net;
    LacRng root = lac_rng_new(2), rng = lac_rng_at(&root, noise);
    LacTensor *loss;

    lac_tape_reset(inside->tape);
    lac_tape_set_training(inside->tape, training);
    lac_tape_set_recording(inside->tape, gradient != NULL);
    lac_net_zero_gradient(net);
    inside->task.seen = 0; /* hivae's temperature */
    loss = bound_loss(inside->tape, inside->task.n, inside->task.index, &rng, &inside->task);
    if (!lac_tape_check(inside->tape, NULL))
        return NAN;
    if (gradient != NULL && !lac_tape_backward(inside->tape, loss, NULL))
        return NAN;
    if (gradient != NULL)
        memcpy(gradient, lac_net_gradient(net), lac_net_size(net) * sizeof *gradient);
    return loss->v[0];
}

size_t
inside_size(const Inside *inside)
{
    return lac_net_size(inside->model.net->net);
}

double *
inside_values(Inside *inside)
{
    return lac_net_values(inside->model.net->net);
}

size_t
inside_find(const Inside *inside, const char *name)
{
    const GPtrArray *params = inside->model.net->net->params;

    for (guint k = 0; k < params->len; k++) {
        const LacNetParam *param = params->pdata[k];

        if (g_str_equal(param->name, name))
            return param->offset;
    }
    g_assert_not_reached();
}

double
inside_worst(Inside *inside, uint64_t noise, size_t n, size_t *where)
{
    const double step = 1e-5;
    const size_t size = inside_size(inside);
    g_autofree double *gradient = g_new(double, size);
    double worst = 0.0, scale = 0.0;

    inside_loss(inside, noise, TRUE, gradient);
    for (size_t k = 0; k < size; k++)
        scale = fmax(scale, fabs(gradient[k]));
    for (size_t at = 0; at < n; at++) {
        const size_t k = at * size / n;
        double *v = inside_values(inside) + k, kept = *v, up, down, gap;

        *v = kept + step;
        up = inside_loss(inside, noise, TRUE, NULL);
        *v = kept - step;
        down = inside_loss(inside, noise, TRUE, NULL);
        *v = kept;
        /* relative to the gradient's own size, but not below a thousandth of the largest */
        gap =
            fabs((up - down) / (2.0 * step) - gradient[k]) / fmax(fabs(gradient[k]), 1e-3 * scale);
        if (!(gap <= worst)) {
            worst = gap;
            *where = k;
        }
    }
    return worst;
}

double
inside_quantile(size_t n, const double *weight, const double *mu, const double *s, const double *nu,
                double level)
{
    return quantile_mixture(&(const Parts){n, weight, mu, s, nu}, level);
}

double
inside_quantile_counts(size_t n, const double *weight, const double *rate, double level)
{
    return quantile_counts(&(const Parts){n, weight, rate, NULL, NULL}, level);
}

double
inside_tail(size_t n, const double *log_weight)
{
    const size_t most = tail_size(n);
    g_autofree double *least = g_new(double, most + 1);
    Tail tail = {least, 0, most};

    for (size_t i = 0; i < n; i++)
        tail_add(&tail, log_weight[i]);
    return tail_shape(&tail);
}

void
inside_ordered(double score, double first, size_t levels, const double *gaps, double *out)
{
    g_autoptr(LacTape) tape = lac_tape_new();
    LacTensor *h = lac_tape_fill(tape, score, LAC_SHAPE(1, 1));
    LacTensor *t = lac_tape_fill(tape, first, LAC_SHAPE(1, 1));
    LacTensor *between = lac_tape_input(tape, gaps, LAC_SHAPE(1, levels - 2));
    LacTensor *logits = net_ordered(h, t, between);

    g_assert(lac_tape_check(tape, NULL));
    for (size_t l = 0; l < levels; l++)
        out[l] = exp(logits->v[l]);
}
