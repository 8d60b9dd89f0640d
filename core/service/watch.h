/* watch - folders that are looked at while nothing goes: where files arrive, and whether what is true has changed.
 *
 * Local folders by inotify, through libuv. A folder that is not there yet is
 * tried again by watch_again(). What happens is told once for many events. */
#ifndef SERVICE_WATCH_H
#define SERVICE_WATCH_H

#include "service/roster.h"

#include <uv.h>

struct watches;

struct watch_told {
    void (*arrived)(void *context, const char *organization, const char *connection);
    void (*changed)(void *context, const char *organization); /* the journal has grown */
    void *context;
};

/* Watches what the roster's triggers look at; the roster must stay until watches_close(). NULL: out of memory. */
struct watches *watches_open(uv_loop_t *loop, const struct settings *settings, const struct roster *roster,
                             const struct watch_told *told);
void watches_again(struct watches *watches);
/* Nothing is told any more; freed by the loop when its handles are closed. */
void watches_close(struct watches *watches);

#endif
