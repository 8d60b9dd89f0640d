/* intake - events go into inboxes. */
#include "service/intake.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

enum {
    TOGETHER = 1024,            /* letters in one commit */
    MANY = 16,                  /* letters for which it is worth to wait a little */
    PATIENCE = 2 * 1000 * 1000, /* ns for which that may be */
};

struct opened {
    char *organization;
    struct inbox *inbox;
};

struct intake {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct letter *first, **last;
    size_t waiting;  /* letters in that list */
    size_t expected; /* as many as there were, if all who were told come again */
    bool closing;
    uint64_t commits, letters;
    uint64_t most;
    uint8_t master[VAULT_MASTER];
    /* the thread's own */
    struct opened *inboxes;
    size_t count, room;
};

/* --- the thread --- */

static int inbox_of(struct intake *intake, const struct letter *letter, struct inbox **ret_inbox)
{
    struct err err = {0};
    for (size_t i = 0; i < intake->count; i++)
        if (strcmp(intake->inboxes[i].organization, letter->organization) == 0) {
            *ret_inbox = intake->inboxes[i].inbox;
            return 0;
        }
    if (mem_grow(&intake->inboxes, intake->count, &intake->room, sizeof(*intake->inboxes)) != 0)
        return -ENOMEM;
    struct opened opened = {.organization = mem_text(letter->organization)};
    int rc = opened.organization
                 ? inbox_open(letter->dir, intake->master, letter->organization, true, &opened.inbox, &err)
                 : -ENOMEM;
    if (rc != 0) {
        log_error(&(struct log){.organization = letter->organization}, "what comes in cannot be kept: %s",
                  err.rc ? err.text : err_text(rc));
        free(opened.organization);
        return rc;
    }
    intake->inboxes[intake->count++] = opened;
    *ret_inbox = opened.inbox;
    return 0;
}

/* Those of one organization, taken out of the list in their order. */
static size_t gather(struct letter **list, struct letter *letters[TOGETHER])
{
    const char *organization = (*list)->organization;
    size_t count = 0;
    for (struct letter **at = list; *at && count < TOGETHER;) {
        struct letter *letter = *at;
        if (strcmp(letter->organization, organization) != 0) {
            at = &letter->next;
            continue;
        }
        *at = letter->next;
        letters[count++] = letter;
    }
    return count;
}

static void keep(struct intake *intake, struct letter *letters[], size_t count)
{
    struct inbox_event *events[TOGETHER];
    struct inbox *inbox = NULL;
    for (size_t i = 0; i < count; i++)
        events[i] = &letters[i]->event;
    int rc = inbox_of(intake, letters[0], &inbox);
    if (rc == 0 && (rc = inbox_keep(inbox, events, count, intake->most)) != 0)
        log_error(&(struct log){.organization = letters[0]->organization},
                  "what comes in cannot be kept: %s. Its senders are asked to come again.", err_text(rc));
    pthread_mutex_lock(&intake->lock);
    intake->commits++;
    intake->letters += count;
    pthread_mutex_unlock(&intake->lock);
    for (size_t i = 0; i < count; i++) {
        letters[i]->rc = rc ? rc : events[i]->rc;
        letters[i]->kept(letters[i]->context, letters[i]); /* from here on it may be gone */
    }
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* All that waits, as soon as something does; NULL: it is over. `until_ns`: when who was told before is not waited for
 * any more. */
static struct letter *take(struct intake *intake, int64_t until_ns, size_t *ret_count)
{
    const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    while (!intake->first && !intake->closing)
        pthread_cond_wait(&intake->more, &intake->lock);
    for (int rc = 0; rc == 0 && intake->expected >= MANY && intake->waiting < intake->expected && !intake->closing;)
        rc = pthread_cond_timedwait(&intake->more, &intake->lock, &until);
    struct letter *list = intake->first;
    *ret_count = intake->waiting;
    intake->first = NULL;
    intake->last = &intake->first;
    intake->waiting = 0;
    return list;
}

static void *work(void *context)
{
    struct intake *intake = context;
    struct letter *letters[TOGETHER], *list;
    size_t count;
    int64_t until_ns = 0;
    pthread_mutex_lock(&intake->lock);
    while ((list = take(intake, until_ns, &count))) {
        pthread_mutex_unlock(&intake->lock);
        int64_t begun_ns = now_ns();
        while (list)
            keep(intake, letters, gather(&list, letters));
        int64_t ended_ns = now_ns();
        int64_t took_ns = ended_ns - begun_ns;
        until_ns = ended_ns + (took_ns < PATIENCE ? took_ns : PATIENCE);
        pthread_mutex_lock(&intake->lock);
        intake->expected = intake->waiting + count;
    }
    pthread_mutex_unlock(&intake->lock);
    return NULL;
}

/* --- from outside --- */

struct intake *intake_open(const uint8_t master[VAULT_MASTER], uint64_t most)
{
    pthread_condattr_t monotonic;
    struct intake *intake = mem_new(1, sizeof(*intake));
    if (!intake)
        return NULL;
    intake->most = most;
    intake->last = &intake->first;
    memcpy(intake->master, master, sizeof(intake->master));
    pthread_mutex_init(&intake->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&intake->more, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&intake->thread, NULL, work, intake) == 0)
        return intake;
    free(intake);
    return NULL;
}

bool intake_put(struct intake *intake, struct letter *letter)
{
    letter->next = NULL;
    pthread_mutex_lock(&intake->lock);
    bool takes = !intake->closing;
    if (takes) {
        *intake->last = letter;
        intake->last = &letter->next;
        if (++intake->waiting == 1 || intake->waiting >= intake->expected) /* nobody is woken to wait on */
            pthread_cond_signal(&intake->more);
    }
    pthread_mutex_unlock(&intake->lock);
    return takes;
}

void intake_count(struct intake *intake, uint64_t *ret_commits, uint64_t *ret_letters)
{
    pthread_mutex_lock(&intake->lock);
    *ret_commits = intake->commits;
    *ret_letters = intake->letters;
    pthread_mutex_unlock(&intake->lock);
}

void intake_close(struct intake *intake)
{
    if (!intake)
        return;
    pthread_mutex_lock(&intake->lock);
    intake->closing = true;
    pthread_cond_signal(&intake->more);
    pthread_mutex_unlock(&intake->lock);
    pthread_join(intake->thread, NULL);
    for (size_t i = 0; i < intake->count; i++) {
        inbox_close(intake->inboxes[i].inbox);
        free(intake->inboxes[i].organization);
    }
    free(intake->inboxes);
    explicit_bzero(intake->master, sizeof(intake->master));
    pthread_mutex_destroy(&intake->lock);
    pthread_cond_destroy(&intake->more);
    free(intake);
}
