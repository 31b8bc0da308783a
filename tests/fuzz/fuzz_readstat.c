/* Any bytes as a file of SPSS, Stata or SAS: a table or an error. The first byte chooses the
 * format. libreadstat itself is not instrumented: what it does wrong shows as a crash, or when we
 * touch what it hands over. The plugin reads in a process of its own for that reason. */
#include "../../plugins/readers/readstat/columns.c"
#include "../../plugins/readers/readstat/file.c"
#include "../../plugins/readers/readstat/parse.c"
#include "../../plugins/readers/readstat/text.c"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static char *const only_empty[] = {(char *)"", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) file = NULL;
    g_autoptr(Survey) survey = NULL;
    g_autoptr(LacReaderText) text = NULL;
    g_autoptr(LacData) data = NULL;
    gsize length;

    if (n == 0)
        return 0;
    file = g_bytes_new(bytes + 1, n - 1);

    const SurveyFile input = {.name = "fuzz",
                              .format = (FileFormat)(FORMAT_SAV + bytes[0] % 5),
                              .bytes = file,
                              .labels = TRUE};

    survey = survey_read(&input, &error);
    g_assert((survey == NULL) == (error != NULL));
    if (survey == NULL)
        return 0;
    text = survey_text(survey, TRUE);

    const LacCsvOptions options = {.delimiter = ',',
                                   .decimal = '.',
                                   .header = LAC_CSV_HEADER_YES,
                                   .na = (char **)only_empty,
                                   .kinds = text->kinds};
    const char *csv = g_bytes_get_data(text->csv, &length);

    data = lac_csv_parse(csv, length, "fuzz", &options, NULL, &error);
    g_assert((data == NULL) == (error != NULL));
    return 0;
}
