/* receiving - rules about what others send: routes, events, events twice and by themselves, and what is none. */
#include "conform/events.h"
#include "conform/judge.h"
#include "conform/visit.h"

#include <stdio.h>
#include <string.h>

/* "bearer", or "OPTION=CHOICE key HEADER; hmac-sha256 HEADER": each of them begins with a way that there is. */
static bool way_known(const char *ways)
{
    static const char *const known[] = {"bearer", "key ", "hmac-sha256 "};
    for (const char *at = ways; *at;) {
        size_t word = strcspn(at, " ;"), i = 0;
        if (memchr(at, '=', word))
            at += word + strspn(at + word, " ");
        while (i < sizeof(known) / sizeof(known[0]) && strncmp(at, known[i], strlen(known[i])) != 0)
            i++;
        if (i == sizeof(known) / sizeof(known[0]))
            return false;
        at += strcspn(at, ";");
        at += strspn(at, "; ");
    }
    return true;
}

void routes_judge(struct trial *trial, const muster_connector *connector)
{
    for (const muster_route *route = connector->routes; route && route->path; route++) {
        char what[300];
        snprintf(what, sizeof(what), "route %s %s", route->method ? route->method : "", route->path);
        trial_looked(trial, RULE_R1);
        if (!route->method || !*route->method)
            trial_fault(trial, RULE_R1, what, "has no method");
        if (*route->path != '/')
            trial_fault(trial, RULE_R1, what, "its path does not begin with '/'");
        if (route->auth && !way_known(route->auth))
            trial_fault(trial, RULE_R1, what, "nobody knows how to check '%s'", route->auth);
        const muster_option *option = connector->options;
        while (route->secret && option && option->name && strcmp(option->name, route->secret) != 0)
            option++;
        if (route->secret && !(option && option->name && (option->flags & MUSTER_SECRET)))
            trial_fault(trial, RULE_R1, what, "its secret '%s' is no option that is MUSTER_SECRET", route->secret);
        if (route->auth && !route->secret)
            trial_fault(trial, RULE_R1, what, "names no option with the secrets of those who may call");
        if (!route->key && !route->replies)
            trial_fault(trial, RULE_R1, what, "has no key: an event that is sent twice would count twice");
    }
    if (connector->routes && connector->routes->path && !connector->receive)
        trial_fault(trial, RULE_R1, "", "there are routes, and no receive()");
}

static int hear(struct trial *trial, struct subject *subject, const struct lane_inbound *events, size_t count,
                struct haul *haul, struct err *err)
{
    struct visit visit;
    int rc = visit_begin(trial, subject, NULL, &visit, err);
    if (rc == 0)
        rc = haul_new(haul);
    if (rc == 0)
        visit_receive(&visit, events, count, haul);
    visit_end(&visit);
    return rc;
}

static void all_judge(struct trial *trial, const struct haul *all, size_t count)
{
    trial_looked(trial, RULE_R2);
    if (!haul_well(all) && all->rc == 0)
        trial_fault(trial, RULE_R2, "", "receive() ended as %s: %s", haul_code(all->result.rc), all->result.text);
    else if (all->emitted == 0)
        trial_fault(trial, RULE_R2, "", "%zu events gave no record; %lu were rejected", count,
                    (unsigned long)all->rejected);
    for (size_t i = 0; i < all->count; i++)
        if (!all->records[i].id || !*all->records[i].id)
            trial_fault(trial, RULE_R2, all->records[i].stream, "a record has no id of its own");
}

/* The same one behind the other, and each in a process of its own: the records are those of all together. */
static int alone_judge(struct trial *trial, struct subject *subject, const struct lane_inbound *events, size_t count,
                       const struct haul *all, struct err *err)
{
    enum { EVENTS_ALONE = 5 };
    size_t at = 0;
    trial_looked(trial, RULE_R4);
    for (size_t i = 0; i < count && i < EVENTS_ALONE; i++) {
        __attribute__((cleanup(haul_done))) struct haul one = {0};
        int rc = hear(trial, subject, &events[i], 1, &one, err);
        if (rc != 0)
            return rc;
        for (size_t r = 0; r < one.count; r++, at++)
            if (at >= all->count || !one.records[r].id || !all->records[at].id ||
                strcmp(one.records[r].id, all->records[at].id) != 0)
                trial_fault(trial, RULE_R4, "", "event %zu by itself gives another record than among the others",
                            i + 1);
    }
    return 0;
}

static int twice_judge(struct trial *trial, struct subject *subject, const struct lane_inbound *event, struct err *err)
{
    __attribute__((cleanup(haul_done))) struct haul twice = {0};
    struct lane_inbound events[2] = {event[0], event[0]};
    events[1].number++;
    int rc = hear(trial, subject, events, 2, &twice, err);
    if (rc != 0)
        return rc;
    trial_looked(trial, RULE_R3);
    if (twice.count < 2 || twice.count % 2 != 0)
        trial_fault(trial, RULE_R3, "", "an event that came twice gave %zu records", twice.count);
    for (size_t i = 0, half = twice.count / 2; i < half; i++)
        if (!twice.records[i].id || !twice.records[half + i].id ||
            strcmp(twice.records[i].id, twice.records[half + i].id) != 0)
            trial_fault(trial, RULE_R3, "", "an event that came twice has another id the second time");
    return 0;
}

/* Bodies that no system should send, and some do, with a good one behind each. */
static int nonsense_judge(struct trial *trial, struct subject *subject, const struct lane_inbound *event,
                          struct err *err)
{
    static const char *const bodies[] = {"",
                                         "{",
                                         "null",
                                         "[]",
                                         "{}",
                                         "{\"muster\":\"conform\"}",
                                         "\xff\xfe\x00\x01",
                                         "<html><body>We will be back soon.</body></html>"};
    trial_looked(trial, RULE_R5);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        __attribute__((cleanup(haul_done))) struct haul haul = {0};
        struct lane_inbound events[2] = {event[0], event[0]};
        events[0].body = bodies[i];
        events[0].body_len = strlen(bodies[i]);
        events[1].number++;
        int rc = hear(trial, subject, events, 2, &haul, err);
        if (rc != 0)
            return rc;
        if (haul.rc == 0 && !haul_well(&haul))
            trial_fault(trial, RULE_R5, "", "the body '%s' ends receive() as %s: what came behind it waits for ever",
                        bodies[i], haul_code(haul.result.rc));
        else if (haul.rc == 0 && haul.count == 0)
            trial_fault(trial, RULE_R5, "", "behind the body '%s' a good event gives no record", bodies[i]);
    }
    return 0;
}

int receiving_judge(struct trial *trial, struct subject *subject, const char *path, struct err *err)
{
    __attribute__((cleanup(haul_done))) struct haul all = {0};
    struct lane_inbound *events;
    size_t count;
    static const enum rule_number rules[] = {RULE_R2, RULE_R3, RULE_R4, RULE_R5, RULE_C21, RULE_C23, RULES};
    if (!trial_wants_any(trial, rules))
        return 0;
    if (!path) {
        trial_unseen(trial, RULE_R2, "no --events were given");
        return 0;
    }
    int rc = events_read(path, trial->arena, &events, &count, err);
    if (rc == 0)
        rc = hear(trial, subject, events, count, &all, err);
    if (rc == 0)
        all_judge(trial, &all, count);
    if (rc != 0 || all.count == 0)
        return rc;
    rc = twice_judge(trial, subject, events, err);
    if (rc == 0)
        rc = alone_judge(trial, subject, events, count, &all, err);
    return rc ? rc : nonsense_judge(trial, subject, events, err);
}
