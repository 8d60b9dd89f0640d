/* receiving - rules about what others send: routes, events, events twice and by themselves, and what is none. */
#include "conform/events.h"
#include "conform/judge.h"
#include "conform/visit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAY_WORDS = 6, WAY_MOST = 400, SECONDS_MOST = 86400 };

static bool among(const char *const *names, const char *word, size_t len)
{
    while (*names && (strlen(*names) != len || strncmp(*names, word, len) != 0))
        names++;
    return *names != NULL;
}

/* Words in braces are such as are put in; what else stands in the text is signed as it is. */
static bool signed_text(const char *text)
{
    static const char *const known[] = {"{time}", "{method}", "{path}", "{body}", NULL};
    for (const char *at = text; (at = strchr(at, '{')); at++)
        if (!among(known, at, strcspn(at, "}") + 1))
            return false;
    return true;
}

/* "hmac-sha256 HEADER [ENCODING [TEXT [TIME_HEADER SECONDS]]]" */
static bool signature_known(char *const *words, size_t count)
{
    static const char *const encodings[] = {"hex", "base64", NULL};
    char *end = NULL;
    long seconds = count == WAY_WORDS ? strtol(words[5], &end, 10) : 1;
    return count != 5 && (count < 3 || among(encodings, words[2], strlen(words[2]))) &&
           (count < 4 || signed_text(words[3])) && (!end || (!*end && seconds > 0 && seconds <= SECONDS_MOST));
}

/* "bearer", "key HEADER" or a signature, behind "OPTION=CHOICE " or without. */
static bool one_way_known(char *way)
{
    char *words[WAY_WORDS + 2], *rest = NULL;
    size_t count = 0;
    for (char *word = strtok_r(way, " ", &rest); word && count <= WAY_WORDS; word = strtok_r(NULL, " ", &rest))
        if (count > 0 || !strchr(word, '='))
            words[count++] = word;
    if (count == 0 || count > WAY_WORDS)
        return false;
    if (strcmp(words[0], "bearer") == 0)
        return count == 1;
    if (strcmp(words[0], "key") == 0)
        return count == 2;
    return strcmp(words[0], "hmac-sha256") == 0 && count >= 2 && signature_known(words, count);
}

/* Several stand with ';' between. */
static bool way_known(const char *ways)
{
    bool good = true;
    for (const char *at = ways; good && *at;) {
        char way[WAY_MOST];
        size_t len = strcspn(at, ";");
        good = len < sizeof(way);
        snprintf(way, sizeof(way), "%.*s", (int)len, at);
        good = good && one_way_known(way);
        at += len;
        at += strspn(at, "; ");
    }
    return good;
}

/* "/PunchId {id} ?PunchId" */
static bool key_known(const char *key)
{
    for (const char *at = key; *at; at += strcspn(at, " "), at += strspn(at, " "))
        if (*at != '/' && *at != '{' && *at != '?')
            return false;
    return true;
}

static void key_judge(struct trial *trial, const muster_route *route, const char *what)
{
    if (!route->key && !route->replies)
        trial_fault(trial, RULE_R1, what, "has no key: an event that is sent twice would count twice");
    if (route->key && !key_known(route->key))
        trial_fault(trial, RULE_R1, what,
                    "its key '%s' is neither a pointer (/number), a part of the path ({id}) nor of the query (?id)",
                    route->key);
}

static void method_judge(struct trial *trial, const muster_route *route, const char *what)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", NULL};
    if (!route->method || !*route->method)
        trial_fault(trial, RULE_R1, what, "has no method");
    else if (!among(methods, route->method, strlen(route->method)))
        trial_fault(trial, RULE_R1, what, "nobody calls by method '%s'", route->method);
}

void routes_judge(struct trial *trial, const muster_connector *connector)
{
    for (const muster_route *route = connector->routes; route && route->path; route++) {
        char what[300];
        snprintf(what, sizeof(what), "route %s %s", route->method ? route->method : "", route->path);
        trial_looked(trial, RULE_R1);
        method_judge(trial, route, what);
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
        key_judge(trial, route, what);
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
