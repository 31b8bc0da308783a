/* Classes from numbers. */
#include <lacuna/data.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int
labels_compare(gconstpointer a, gconstpointer b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

gboolean
lac_data_label_by_values(LacData *data, const double *values, GError **error)
{
    g_autofree double *distinct = lac_try_alloc(data->rows, sizeof(double), "labels", error);
    g_autofree int32_t *codes =
        distinct != NULL ? lac_try_alloc(data->rows, sizeof(int32_t), "labels", error) : NULL;
    size_t seen = 0, n = 0;
    char **names;

    if (codes == NULL)
        return FALSE;
    for (size_t i = 0; i < data->rows; i++) {
        if (!isnan(values[i]))
            distinct[seen++] = values[i];
    }
    qsort(distinct, seen, sizeof *distinct, labels_compare);
    for (size_t k = 0; k < seen; k++) {
        if (k == 0 || distinct[k] != distinct[n - 1])
            distinct[n++] = distinct[k];
    }
    for (size_t i = 0; i < data->rows; i++) {
        const double *found =
            isnan(values[i]) ? NULL
                             : bsearch(&values[i], distinct, n, sizeof *distinct, labels_compare);

        codes[i] = found != NULL ? (int32_t)(found - distinct) : -1;
    }
    names = g_new0(char *, n + 1);
    for (size_t c = 0; c < n; c++) {
        char text[G_ASCII_DTOSTR_BUF_SIZE];

        names[c] = g_strdup(g_ascii_formatd(text, sizeof text, "%.15g", distinct[c]));
    }
    lac_data_take_labels(data, g_steal_pointer(&codes), n, names);
    return TRUE;
}
