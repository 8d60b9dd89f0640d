/* error - codes and the sentence that goes with them.
 *
 * Functions return 0 or a negative errno; codes of our own lie below -1000.
 * A function that knows more than its code takes a `struct err *` and leaves
 * there the sentence that a person will read: what, where, and a way out. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum {
    ERR_CONFIG = -1001,     /* an organization's file or an option is wrong */
    ERR_AUTH = -1002,       /* log-in refused, or a key we may not trust */
    ERR_PERMISSION = -1003, /* logged in, right missing */
    ERR_NETWORK = -1004,    /* unreachable, cut off: may pass later */
    ERR_GONE = -1005,       /* what was asked for is not there */
    ERR_DATA = -1006,       /* input that cannot be used */
    ERR_CONNECTOR = -1007,  /* the connector misbehaved: crash, nonsense, refusal to load */
    ERR_TIMEOUT = -1008,    /* one of the two clocks ran out */
    ERR_LIMIT = -1009,      /* a ceiling was hit */
    ERR_CANCELLED = -1010,
    ERR_BUSY = -1011,    /* another run is at it */
    ERR_NEWER = -1012,   /* written by a newer version */
    ERR_CORRUPT = -1013, /* stored bytes that cannot be */
    ERR_HELD = -1014,    /* waits for a person */
    ERR_UNSUPPORTED = -1015,
    ERR_CONFLICT = -1016,
    ERR_UNREADY = -1017, /* a file is still on its way */
    ERR_PAUSED = -1018,  /* nothing is asked of it for now: a person said so, or it failed too often */
    ERR_UNKNOWN = -1019, /* somebody named what there is not: a run, a plan, a partition */
};

/* The first failure of something, for people. rc 0 is "no failure yet". */
struct err {
    int rc;
    char text[1000]; /* UTF-8, one or more sentences without a final newline */
};

/* A short phrase for a code of ours or an errno: "no space left on device". Lives for ever. */
const char *err_text(int rc);

/* Leaves the sentence unless an earlier one is there, and returns rc, so that one can write
 * `return err_set(err, -EIO, "cannot …: %s", …)`. err may be NULL. */
int err_set(struct err *err, int rc, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts words before the sentence that is there ("connection 'hr': …"). Returns err->rc. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
