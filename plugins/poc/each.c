/* each - real time: every change is a call of its own, several at once, and what it answers about seats is passed on.
 *
 * What the system refuses about one person is that person's; when it does not
 * let us in, or is not there, nothing more is taken: what next() never gave
 * was not tried. */
#include "poc.h"

#include <stdio.h>
#include <string.h>

enum { AT_ONCE = 8, TROUBLES = 3 /* in a row: then it is not the person */ };

/* A call that is under way, about a change. */
struct flight {
    const muster_change *change; /* NULL: free */
    struct employee employee;
    char id[200];
    bool has_id, leaving; /* the second call: the entry that was left */
};

struct sending {
    struct settings *settings;
    struct flight flights[AT_ONCE];
    size_t flying;
    unsigned troubles;
    bool no_more, over; /* there are no further changes; nothing more is tried */
    muster_rc rc;
    char why[500];
    muster_text url, body;
    struct lacking lacking;
};

static muster_rc flight_start(struct sending *sending, struct flight *flight)
{
    struct settings *settings = sending->settings;
    muster_http ask;
    muster_rc rc = call_url(settings, "employee_path", NULL, NULL, &sending->url);
    muster_text_clear(&sending->body);
    wire_json(settings, &flight->employee, &sending->body);
    if (rc == MUSTER_OK && sending->body.failed)
        rc = settings->host->fail(settings->run, MUSTER_FAIL, "no memory for what is to be sent");
    if (rc != MUSTER_OK)
        return rc;
    call_make(settings, "POST", sending->url.data, &sending->body, false, &ask);
    return settings->host->http_start(settings->run, &ask, flight);
}

static void land(struct sending *sending, struct flight *flight)
{
    employee_done(&flight->employee);
    flight->change = NULL;
    sending->flying--;
}

/* Whoever moved has left another entry behind: that is ended with a call of its own. */
static muster_rc leave_another(struct sending *sending, struct flight *flight, const struct employee *left)
{
    employee_done(&flight->employee);
    flight->employee = *left;
    flight->leaving = true;
    return flight_start(sending, flight);
}

/* What the answer says of the seat is passed on; of who has moved it is read with all others, when the old one is
 * gone. */
static muster_rc accepted(struct sending *sending, struct flight *flight, const struct answer *answer)
{
    struct settings *settings = sending->settings;
    const muster_node *seat = muster_node_member(muster_document_root(answer->document), "WorkstationNumber");
    const char *number = muster_node_text(seat);
    struct employee left;
    muster_rc rc = MUSTER_OK;
    if (!flight->leaving && employee_left(settings, flight->change, &left))
        return leave_another(sending, flight, &left);
    if (seat && !flight->leaving && flight->change->op != MUSTER_DEACTIVATE)
        rc = seats_say(settings, &flight->employee, number ? number : "");
    if (rc == MUSTER_OK)
        rc = settings->host->applied(settings->run, flight->change, flight->has_id ? flight->id : NULL);
    land(sending, flight);
    return rc;
}

static muster_rc refused(struct sending *sending, struct flight *flight, const struct answer *answer)
{
    struct settings *settings = sending->settings;
    muster_rc rc;
    sending->troubles += answer->rc == MUSTER_RETRY;
    if (!sending->over && (answer_ends_it(answer) || sending->troubles >= TROUBLES)) {
        sending->over = true;
        sending->rc = answer->rc;
        snprintf(sending->why, sizeof(sending->why), "%s", answer->why);
    }
    rc = settings->host->refused(settings->run, flight->change, answer->rc, answer->why);
    land(sending, flight);
    return rc;
}

static muster_rc arrive(struct sending *sending)
{
    struct settings *settings = sending->settings;
    const muster_http *reply;
    struct answer answer;
    void *tag = NULL;
    muster_rc rc = settings->host->http_wait(settings->run, &reply, &tag);
    struct flight *flight = tag;
    if (!flight)
        return rc;
    answer_read(settings, rc, reply, &answer);
    const char *status = muster_node_text(muster_node_member(muster_document_root(answer.document), "Status"));
    if (answer.rc == MUSTER_OK && (!status || strcmp(status, "OK") != 0)) {
        answer.rc = MUSTER_RETRY;
        snprintf(answer.why, sizeof(answer.why),
                 "P.O.C's answer does not say whether it was done: it is sent again by itself");
    }
    bool gone = answer.rc == MUSTER_GONE && (flight->leaving || flight->change->op == MUSTER_DEACTIVATE);
    if (answer.rc == MUSTER_OK)
        sending->troubles = 0;
    rc = answer.rc == MUSTER_OK || gone ? accepted(sending, flight, &answer) : refused(sending, flight, &answer);
    answer_done(&answer);
    return rc;
}

/* Another change of the same employee is under way: who arrives first there would be chance. */
static bool is_flying(const struct sending *sending, const struct flight *flight)
{
    for (size_t n = 0; n < AT_ONCE && flight->has_id; n++) {
        const struct flight *other = &sending->flights[n];
        if (other->change && other->has_id && strcmp(other->id, flight->id) == 0)
            return true;
    }
    return false;
}

/* The next change takes off, if there is one. */
static muster_rc take_off(struct sending *sending)
{
    struct settings *settings = sending->settings;
    const muster_change *change = NULL;
    struct flight *flight = sending->flights;
    muster_rc rc = settings->host->next(settings->run, &change);
    sending->no_more = change == NULL;
    if (rc != MUSTER_OK || !change)
        return rc;
    while (flight->change)
        flight++;
    rc = employee_make(settings, change, &flight->employee);
    if (rc != MUSTER_OK)
        return rc;
    lacking_count(&sending->lacking, &flight->employee);
    flight->has_id = employee_id(&flight->employee, flight->id) != NULL;
    flight->leaving = false;
    while (rc == MUSTER_OK && is_flying(sending, flight))
        rc = arrive(sending);
    if (rc != MUSTER_OK) {
        employee_done(&flight->employee);
        return rc;
    }
    rc = flight_start(sending, flight);
    if (rc == MUSTER_OK) {
        flight->change = change;
        sending->flying++;
    } else {
        employee_done(&flight->employee);
    }
    return rc;
}

muster_rc each_apply(struct settings *settings, const muster_push *push)
{
    struct sending sending = {.settings = settings};
    muster_rc rc = MUSTER_OK;
    (void)push;
    while (rc == MUSTER_OK && (sending.flying > 0 || (!sending.no_more && !sending.over))) {
        while (rc == MUSTER_OK && sending.flying < AT_ONCE && !sending.no_more && !sending.over)
            rc = take_off(&sending);
        if (rc == MUSTER_OK && sending.flying > 0)
            rc = arrive(&sending);
    }
    for (size_t n = 0; n < AT_ONCE; n++)
        if (sending.flights[n].change)
            employee_done(&sending.flights[n].employee);
    lacking_tell(&sending.lacking, settings->run);
    muster_text_done(&sending.url);
    muster_text_done(&sending.body);
    if (rc == MUSTER_OK && sending.over)
        rc = settings->host->fail(settings->run, sending.rc, "%s", sending.why);
    return rc;
}
