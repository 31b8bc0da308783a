/* make-fixture DIR: a run's folder made by hand, for looking at its report in a browser. */
#include "../unit/report/report_fixture.h"

int
main(int argc, char **argv)
{
    const FixtureSize size = {.data = 6, .repeats = 3, .images = TRUE};

    if (argc != 2) {
        g_printerr("usage: make-fixture DIR\n");
        return 2;
    }
    fixture_write(argv[1], &size);
    return 0;
}
