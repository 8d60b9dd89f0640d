/* needy - a connector whose library is not installed. */
#include <muster/connector.h>

int absent_function(void);

static muster_rc pull(muster_run *run, void *self, const muster_pull *asked)
{
    (void)run, (void)self, (void)asked;
    return absent_function();
}

MUSTER_CONNECTOR(needy, .version = "1", .summary = "Lacks a library", .pull = pull)
