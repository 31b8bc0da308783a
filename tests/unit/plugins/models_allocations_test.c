/* Once training runs, a step asks the system for no memory: neither the tape, nor the operators
 * that models bring along, nor the optimizer. */
#include "fitted.h"
#include "lac_allocations.h"

enum { ROWS = 160, COLS = 4, BATCH = 4, STEPS = ROWS / BATCH, EPOCHS = 2, MORE_EPOCHS = 6 };

/* calls for memory of a whole fit */
static size_t
asked_for(const char *model, const char *params, int epochs, const LacData *table)
{
    g_autofree char *yaml = g_strdup_printf("{epochs: %d, batch: %d%s}", epochs, BATCH, params);
    g_autoptr(GError) error = NULL;
    const size_t before = allocations;
    g_autoptr(Fitted) fitted = fitted_new(model, yaml, table, 1, 1, &error);

    EXPECT_TRUE(fitted != NULL);
    return allocations - before;
}

static void
expect_none_a_step(const char *model, const char *params)
{
    g_autoptr(LacData) table = fitted_made(ROWS, COLS, 0.5, 0.2, 1);
    size_t few, many;

    if (!COUNTS_ALLOCATIONS)
        LAC_SKIP("the sanitizer owns malloc");
    asked_for(model, params, 1, table); /* what is made once a program */
    few = asked_for(model, params, EPOCHS, table);
    many = asked_for(model, params, MORE_EPOCHS, table);
    /* traces grow by an entry an epoch; one a step would be 160 */
    LAC_CHECK_OR((void)0, many < few + (MORE_EPOCHS - EPOCHS) * STEPS / 2,
                 "%s %s: %zu allocations in %d epochs, %zu in %d of %d steps", model, params, few,
                 EPOCHS, many, MORE_EPOCHS, STEPS);
}

LAC_TEST(models_allocations, a_step_of_missiwae_asks_for_no_memory)
{
    expect_none_a_step("missiwae", ", train_samples: 20, gradient: dreg");
    expect_none_a_step("missiwae", ", train_samples: 20, gradient: reparam, iota: learned");
    expect_none_a_step("missiwae", ", posterior: student, likelihood: gaussian");
}

LAC_TEST(models_allocations, a_step_in_pieces_asks_for_no_memory)
{
    expect_none_a_step("missiwae",
                       ", train_samples: 100, step_memory: 1, hidden: [512], likelihood: gaussian");
}

LAC_TEST(models_allocations, nor_do_steps_of_the_rest_of_the_family)
{
    expect_none_a_step("missvae", "");
    expect_none_a_step("hivae", "");
    expect_none_a_step("not-miwae", ", hidden: [8]");
}
