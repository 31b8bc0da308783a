/* make-fixture DIR: a run's folder made by hand, for looking at its report in a browser. */
#include "../unit/report/report_fixture.h"

int
main(int argc, char **argv)
{
    const FixtureSize size = {.data = 6, .repeats = 3, .images = TRUE};

    if (argc != 2 || argv[1][0] == '-') {
        g_printerr("usage: report_fixture DIR\n"
                   "writes a run folder of made-up results, for the tests of the report\n");
        return argc == 2 && g_str_equal(argv[1], "--help") ? 0 : 2;
    }
    fixture_write(argv[1], &size);
    return 0;
}
