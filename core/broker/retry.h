/* retry - what an answer means, and whether and when a call is made again. Pure: no clock, no chance of its own. */
#ifndef BROKER_RETRY_H
#define BROKER_RETRY_H

#include <muster/connector.h>
#include <stdbool.h>

enum {
    RETRY_ATTEMPTS = 5,
    RETRY_FIRST_MS = 500,
    RETRY_CAP_MS = 30 * 1000,
    RETRY_PATIENCE_MS = 60 * 1000 /* nobody waits longer than that inside of a call */
};

/* 2xx and what `accept` lists is OK; 401 AUTH, 403 PERMISSION, 404 and 410 GONE, 409 and 412 CONFLICT, 408, 425, 429
 * and 5xx RETRY (501 and 505 UNSUPPORTED), 407 CONFIG, all others DATA. */
muster_rc retry_class(int status, const int32_t *accept);

struct retry_case {
    unsigned attempts; /* made so far */
    bool repeatable;   /* of a method that may be repeated, or nothing of it went out */
    bool passing;      /* what went wrong may pass by itself */
    int64_t waited_ms; /* since the first attempt */
    int64_t asked_ms;  /* of Retry-After; -1: it says nothing */
    uint32_t chance;   /* any number, for the jitter */
};

/* How long to wait before the next attempt; -1: there is none. */
int64_t retry_wait_ms(const struct retry_case *one);

/* Retry-After in either form; -1: there is none, or it is nonsense. `date` reads an HTTP date as seconds since 1970, or
 * gives -1. */
int64_t retry_after_ms(const char *value, int64_t now_ms, int64_t (*date)(const char *text));

#endif
