#include "mice.h"

static const MiceMethod *const methods[] = {
    &mice_method_pmm,          &mice_method_midastouch, &mice_method_two_stage, &mice_method_norm,
    &mice_method_norm_predict, &mice_method_norm_nob,   &mice_method_norm_boot, &mice_method_ridge,
    &mice_method_logreg,       &mice_method_polyreg,    &mice_method_polr,      &mice_method_cart,
    &mice_method_rf,           &mice_method_mean,       &mice_method_sample,
};

const MiceMethod *
mice_method_find(const char *name)
{
    for (size_t k = 0; k < G_N_ELEMENTS(methods); k++) {
        if (g_str_equal(methods[k]->name, name))
            return methods[k];
    }
    return NULL;
}

const MiceMethod *
mice_method_default(LacKind kind)
{
    if (lac_kind_is_numeric(kind))
        return &mice_method_pmm;
    if (kind == LAC_KIND_BINARY)
        return &mice_method_logreg;
    return kind == LAC_KIND_ORDINAL ? &mice_method_polr : &mice_method_polyreg;
}

char *
mice_method_names(void)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (size_t k = 0; k < G_N_ELEMENTS(methods); k++)
        g_string_append_printf(names, "%s%s", k > 0 ? ", " : "", methods[k]->name);
    return g_string_free(g_steal_pointer(&names), FALSE);
}
