/* badge - who may use the API: a name, a role, and the organizations that it sees.
 *
 * STATE/musterd/tokens/NAME holds one each, as JSON. The token itself is in no
 * file: it is told once, when it is made, and known by its SHA-256 from then on;
 * its 256 random bits need no slower digest. `muster token` writes these files
 * and musterd reads them whenever the folder has changed, so that one that is
 * revoked counts no more with the next request. When each was used last is in
 * STATE/musterd/used, which musterd writes. */
#ifndef API_BADGE_H
#define API_BADGE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Each may do what those before it may: look; work with what is there (sync, approve, pause); decide what is lost or
 * undone (revert, discard). */
enum role { ROLE_VIEWER = 1, ROLE_OPERATOR, ROLE_ADMINISTRATOR };
const char *role_name(enum role role);
enum role role_of(const char *name); /* 0: there is none of that name */

enum { BADGE_TEXT = 80 };

struct badge {
    const char *name;
    const char *organizations; /* "acme,blik"; NULL: all, also those that come later */
    enum role role;
    bool protected;                             /* sees protected values */
    int64_t created_ms, expires_ms, revoked_ms; /* 0: never */
    const char *author;
    uint8_t digest[DIGEST_SHA256];
    _Atomic int64_t used_ms; /* 0: not since musterd keeps count */
};

struct badges {
    atomic_uint users;
    struct arena *arena;
    struct badge *items; /* by name */
    size_t count;
    int64_t changed_ns; /* the folder, when it was read */
};

/* All of them, also those that count no more. No folder is none. A file that cannot be read makes nobody else's token
 * bad: it is left out, and `ret_bad` is the name of one such, or NULL. */
int badges_read(const char *state, struct badges **ret_badges, const char **ret_bad);
struct badges *badges_use(struct badges *badges);
void badges_free(struct badges *badges); /* when nobody uses them any more */
/* Whether the folder is another one than when they were read. */
bool badges_changed(const struct badges *badges, const char *state);
/* What is known of their use goes along to those that were read anew. */
void badges_carry(const struct badges *from, struct badges *to);
/* Keeps when each was used last. */
int badges_keep_used(const struct badges *badges, const char *state);

/* The one that was said, if it counts now. Takes the same time whichever it is. */
struct badge *badges_find(struct badges *badges, const char *said, int64_t now_ms);
bool badge_sees(const struct badge *badge, const char *organization);
bool badge_valid(const struct badge *badge, int64_t now_ms);
/* Whether one of before is among these, and counts. */
bool badges_have(const struct badges *badges, const struct badge *before, int64_t now_ms);

/* Makes one and keeps it: name, organizations, role, protected, times and author are said, the token is in ret_text. */
int badge_create(const char *state, const struct badge *badge, char ret_text[BADGE_TEXT], struct err *err);
/* From now on it counts no more. ERR_UNKNOWN: there is none of that name. */
int badge_revoke(const char *state, const char *name, int64_t now_ms, struct err *err);

DEFINE_TIDY(struct badges *, badges_free)

#endif
