#include "cli-private.h"
#include "context-private.h"

int
main(int argc, char **argv)
{
    lac_runtime_prepare(argc, argv);
    return lac_main(argc, argv);
}
