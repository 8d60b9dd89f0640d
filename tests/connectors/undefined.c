/* undefined - a connector that was linked without one of its libraries. */
#include <muster/connector.h>

int function_that_no_library_has(void);

static muster_rc pull(muster_run *run, void *self, const muster_pull *asked)
{
    (void)run, (void)self, (void)asked;
    return function_that_no_library_has();
}

MUSTER_CONNECTOR(undefined, .version = "1", .summary = "Lacks a symbol", .pull = pull)
