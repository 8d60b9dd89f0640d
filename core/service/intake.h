/* intake - events go into inboxes: one thread, many events in one durable commit.
 *
 * What comes while a commit is on its way to the disk goes together into the
 * next one: the more come at once, the less each costs. Who was told that an
 * event is kept often has another one at once: where they are many the next
 * commit waits for those, but never longer than the one before took. Whoever gave an event is told when
 * it is kept, on the thread of the intake. */
#ifndef SERVICE_INTAKE_H
#define SERVICE_INTAKE_H

#include "base/tidy.h"
#include "store/inbox.h"

struct intake;

struct letter {
    struct letter *next;
    struct inbox_event event;       /* all that it points to lives until it is kept */
    const char *organization, *dir; /* its folder */
    int rc;                         /* then: 0, or why it could not be kept */
    void (*kept)(void *context, struct letter *letter);
    void *context;
};

/* `most`: bytes that one inbox may hold. NULL: no memory, or no thread. */
struct intake *intake_open(const uint8_t master[VAULT_MASTER], uint64_t most);
/* False: it is closing, and nobody will be told. */
bool intake_put(struct intake *intake, struct letter *letter);
/* Commits so far, and the letters in them. */
void intake_count(struct intake *intake, uint64_t *ret_commits, uint64_t *ret_letters);
/* What was put is kept, and told, before it ends. */
void intake_close(struct intake *intake);

DEFINE_TIDY(struct intake *, intake_close)

#endif
