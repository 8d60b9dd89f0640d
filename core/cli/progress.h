/* progress - one line on a terminal that says how far a pull is, or one of JSON for musterd; nothing where nobody
 * looks. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    bool shown, active; /* a line stands there */
    bool told;          /* to musterd, which started us */
    const char *connection;
    int64_t last_ms, began_ms;
};

void progress_start(struct progress *progress, const char *connection, bool wanted);
/* Fits run_request. */
void progress_tell(void *progress, const char *partition, uint64_t done, uint64_t total);
void progress_end(struct progress *progress);
/* "1 234 567"; ret_text has 32 bytes. */
void progress_number(uint64_t number, char ret_text[32]);

#endif
