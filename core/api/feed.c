/* feed - what changes in organizations, to whoever waits for it. */
#include "api/feed.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

/* A store is looked at when it was quiet for so long: the last bytes of a commit come shortly before it counts. What no
 * event told is found by looking now and then. */
enum { SETTLES = 15, ANYWAY = 2000, ALIVE = 15 * 1000 /* ms */ };

struct poll {
    struct poll *next;
    struct visitor *visitor;
    feed_again_fn *again;
    int64_t until_ms; /* by the steady clock */
};

struct follower {
    struct follower *next;
    struct visitor *visitor;
    struct events_seen seen;
    bool watched;
};

struct place { /* the folder of one organization's store */
    struct place *next;
    uv_fs_event_t event;
    struct feed *feed;
    char *organization;
    bool written, watched;
};

struct feed {
    uv_async_t wake;
    uv_timer_t timer;
    pthread_mutex_t lock; /* of what comes */
    struct poll *comes;
    bool closing;
    size_t waiting;                 /* under the lock */
    pthread_mutex_t followers_lock; /* held while they are told, so that none goes meanwhile */
    struct follower *followers;
    int64_t alive_ms;
    struct poll *polls;
    struct place *places;
    unsigned open;
    char *state;
    int64_t looked_ms;
};

/* --- looking --- */

static void settle(struct feed *feed, struct poll *poll)
{
    pthread_mutex_lock(&feed->lock);
    feed->waiting--;
    pthread_mutex_unlock(&feed->lock);
    web_answer(poll->visitor->request);
    free(poll);
}

/* Those of one organization (NULL: of all) are asked whether there is something for them now. */
static void look(struct feed *feed, const char *organization)
{
    int64_t now = clock_steady_ms();
    for (struct poll **at = &feed->polls; *at;) {
        struct poll *poll = *at;
        bool late = now >= poll->until_ms,
             meant = !organization || strcmp(organization, poll->visitor->organization) == 0;
        if ((!meant && !late) || !poll->again(poll->visitor, late)) {
            at = &poll->next;
            continue;
        }
        *at = poll->next;
        settle(feed, poll);
    }
}

/* NULL: those of all organizations. */
static void tell_followers(struct feed *feed, const char *organization)
{
    pthread_mutex_lock(&feed->followers_lock);
    for (struct follower *follower = feed->followers; follower; follower = follower->next)
        if (!organization || strcmp(organization, follower->visitor->organization) == 0)
            events_tell(follower->visitor, &follower->seen);
    pthread_mutex_unlock(&feed->followers_lock);
}

static void say_to_followers(struct feed *feed, const char *organization, const char *text, size_t len)
{
    pthread_mutex_lock(&feed->followers_lock);
    for (struct follower *follower = feed->followers; follower; follower = follower->next)
        if (!organization || strcmp(organization, follower->visitor->organization) == 0)
            web_stream_says(follower->visitor->request, text, len);
    pthread_mutex_unlock(&feed->followers_lock);
}

void feed_progress(struct feed *feed, const char *organization, const char *json, size_t len)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    buffer_format(&text, "event: run.progress\ndata: %.*s\n\n", (int)len, json);
    if (text.rc == 0)
        say_to_followers(feed, organization, text.data, text.len);
}

static void settled(uv_timer_t *timer)
{
    struct feed *feed = timer->data;
    for (struct place *place = feed->places; place; place = place->next)
        if (place->written) {
            place->written = false;
            look(feed, place->organization);
            tell_followers(feed, place->organization);
        }
}

static void on_event(uv_fs_event_t *event, const char *name, int events, int status)
{
    struct place *place = event->data;
    (void)events;
    if (status != 0) {
        place->watched = false;
        uv_fs_event_stop(event);
        return;
    }
    if (name && strcmp(name, "data.mdb") != 0)
        return;
    place->written = true;
    uv_timer_start(&place->feed->timer, settled, SETTLES, 0);
}

/* --- places --- */

static void place_closed(uv_handle_t *handle)
{
    struct place *place = handle->data;
    free(place->organization);
    free(place);
}

static void watch(struct feed *feed, const char *organization)
{
    struct place *place = feed->places;
    TIDY(free) char *folder = mem_format("%s/organizations/%s", feed->state, organization);
    while (place && strcmp(place->organization, organization) != 0)
        place = place->next;
    if (!place) {
        place = mem_new(1, sizeof(*place));
        if (!place || !(place->organization = mem_text(organization))) {
            free(place);
            return; /* it is looked at anyway, now and then */
        }
        place->feed = feed;
        place->next = feed->places;
        feed->places = place;
        uv_fs_event_init(feed->wake.loop, &place->event);
        place->event.data = place;
    }
    if (!place->watched && folder)
        place->watched = uv_fs_event_start(&place->event, on_event, folder, 0) == 0;
}

/* Under the followers' lock. */
static bool waited_for(const struct feed *feed, const char *organization)
{
    for (const struct poll *poll = feed->polls; poll; poll = poll->next)
        if (strcmp(poll->visitor->organization, organization) == 0)
            return true;
    for (const struct follower *follower = feed->followers; follower; follower = follower->next)
        if (strcmp(follower->visitor->organization, organization) == 0)
            return true;
    return false;
}

static void forget_places(struct feed *feed, bool all)
{
    pthread_mutex_lock(&feed->followers_lock);
    for (struct place **at = &feed->places; *at;) {
        struct place *place = *at;
        if (!all && waited_for(feed, place->organization)) {
            at = &place->next;
            continue;
        }
        *at = place->next;
        uv_close((uv_handle_t *)&place->event, place_closed);
    }
    pthread_mutex_unlock(&feed->followers_lock);
}

/* --- what comes --- */

bool feed_wait(struct feed *feed, struct visitor *visitor, feed_again_fn *again, int64_t for_ms)
{
    struct poll *poll = mem_new(1, sizeof(*poll));
    if (!poll)
        return true;
    *poll = (struct poll){.visitor = visitor, .again = again, .until_ms = clock_steady_ms() + for_ms};
    pthread_mutex_lock(&feed->lock);
    bool takes = !feed->closing;
    if (takes) {
        poll->next = feed->comes;
        feed->comes = poll;
        feed->waiting++;
    }
    pthread_mutex_unlock(&feed->lock);
    if (takes)
        uv_async_send(&feed->wake);
    else
        free(poll);
    return !takes;
}

bool feed_follow(struct feed *feed, struct visitor *visitor, const struct events_seen *seen)
{
    struct follower *follower = mem_new(1, sizeof(*follower));
    if (!follower)
        return false;
    *follower = (struct follower){.visitor = visitor, .seen = *seen};
    pthread_mutex_lock(&feed->lock);
    bool takes = !feed->closing;
    feed->waiting += takes;
    pthread_mutex_unlock(&feed->lock);
    if (!takes) {
        free(follower);
        return false;
    }
    pthread_mutex_lock(&feed->followers_lock);
    follower->next = feed->followers;
    feed->followers = follower;
    pthread_mutex_unlock(&feed->followers_lock);
    uv_async_send(&feed->wake);
    return true;
}

void feed_forget(struct feed *feed, struct visitor *visitor)
{
    struct follower *gone = NULL;
    pthread_mutex_lock(&feed->followers_lock);
    for (struct follower **at = &feed->followers; *at; at = &(*at)->next)
        if ((*at)->visitor == visitor) {
            gone = *at;
            *at = gone->next;
            break;
        }
    pthread_mutex_unlock(&feed->followers_lock);
    if (!gone)
        return;
    pthread_mutex_lock(&feed->lock);
    feed->waiting--;
    pthread_mutex_unlock(&feed->lock);
    free(gone);
}

/* Those that have come are watched for, and told from now on. */
static void watch_followers(struct feed *feed)
{
    pthread_mutex_lock(&feed->followers_lock);
    for (struct follower *follower = feed->followers; follower; follower = follower->next)
        if (!follower->watched) {
            watch(feed, follower->visitor->organization);
            events_tell(follower->visitor, &follower->seen);
            follower->watched = true;
        }
    pthread_mutex_unlock(&feed->followers_lock);
}

size_t feed_waiting(struct feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    size_t count = feed->waiting;
    pthread_mutex_unlock(&feed->lock);
    return count;
}

/* First it is watched, then looked at: what was written in between is seen. */
static void woken(uv_async_t *handle)
{
    struct feed *feed = handle->data;
    pthread_mutex_lock(&feed->lock);
    struct poll *list = feed->comes;
    feed->comes = NULL;
    pthread_mutex_unlock(&feed->lock);
    while (list) {
        struct poll *poll = list;
        list = poll->next;
        watch(feed, poll->visitor->organization);
        if (poll->again(poll->visitor, false)) {
            settle(feed, poll);
            continue;
        }
        poll->next = feed->polls;
        feed->polls = poll;
    }
    watch_followers(feed);
}

/* A token that was revoked, or whose time is over, is asked for with the next request, and this one has no next. */
static void send_away(struct feed *feed, const struct badges *badges)
{
    int64_t now = clock_now_ms();
    pthread_mutex_lock(&feed->followers_lock);
    for (struct follower *follower = feed->followers; badges && follower; follower = follower->next)
        if (!badges_have(badges, follower->visitor->badge, now))
            web_stream_ends(follower->visitor->request);
    pthread_mutex_unlock(&feed->followers_lock);
}

void feed_tick(struct feed *feed, const struct badges *badges)
{
    int64_t now = clock_steady_ms();
    bool anyway = now - feed->looked_ms >= ANYWAY;
    look(feed, anyway ? NULL : "");
    if (!anyway)
        return;
    feed->looked_ms = now;
    send_away(feed, badges);
    tell_followers(feed, NULL);
    forget_places(feed, false);
    if (now - feed->alive_ms >= ALIVE) { /* who has gone is known when something is said */
        feed->alive_ms = now;
        say_to_followers(feed, NULL, ":\n\n", 3);
    }
}

/* --- begin and end --- */

void feed_ends(struct feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    feed->closing = true;
    pthread_mutex_unlock(&feed->lock);
    woken(&feed->wake);
    while (feed->polls) {
        struct poll *poll = feed->polls;
        feed->polls = poll->next;
        (void)poll->again(poll->visitor, true);
        settle(feed, poll);
    }
    pthread_mutex_lock(&feed->followers_lock);
    for (struct follower *follower = feed->followers; follower; follower = follower->next)
        web_stream_ends(follower->visitor->request);
    pthread_mutex_unlock(&feed->followers_lock);
}

static void closed(uv_handle_t *handle)
{
    struct feed *feed = handle->data;
    if (--feed->open > 0)
        return;
    pthread_mutex_destroy(&feed->lock);
    pthread_mutex_destroy(&feed->followers_lock);
    free(feed->state);
    free(feed);
}

void feed_close(struct feed *feed)
{
    feed_ends(feed);
    forget_places(feed, true);
    uv_close((uv_handle_t *)&feed->wake, closed);
    uv_close((uv_handle_t *)&feed->timer, closed);
}

int feed_open(uv_loop_t *loop, const struct settings *settings, struct feed **ret_feed, struct err *err)
{
    struct feed *feed = mem_new(1, sizeof(*feed));
    if (!feed || !(feed->state = mem_text(settings->state))) {
        free(feed);
        return err_set(err, -ENOMEM, "out of memory");
    }
    pthread_mutex_init(&feed->lock, NULL);
    pthread_mutex_init(&feed->followers_lock, NULL);
    feed->open = 2;
    uv_async_init(loop, &feed->wake, woken);
    uv_timer_init(loop, &feed->timer);
    feed->wake.data = feed->timer.data = feed;
    *ret_feed = feed;
    return 0;
}
