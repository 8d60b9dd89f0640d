/* asking - what is read besides a full reading: changes, a sample, single records, streams that are none. */
#include "conform/walk.h"

#include <stdio.h>
#include <string.h>

enum { IDS_MOST = 3 };

static muster_pull pull_of(const struct take *take)
{
    return (muster_pull){.size = sizeof(muster_pull),
                         .partition = take->partition,
                         .locator = take->locator,
                         .stream = take->stream,
                         .full = 1};
}

/* Asks, unless the process is gone or the cassette does not know; true: what came can be judged. */
static bool asked(struct visit *visit, const muster_pull *pull, enum rule_number rule, struct haul *haul)
{
    if (haul_new(haul) != 0)
        return false;
    visit_pull(visit, pull, haul);
    const char *unknown = visit_unknown(visit);
    if (unknown)
        trial_unseen(visit->trial, rule, "%s", unknown);
    return haul->rc == 0 && !unknown;
}

static void changes_ask(struct visit *visit, const struct take *take)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    muster_pull pull = pull_of(take);
    if (!take->declared || !(take->declared->flags & MUSTER_READ_CHANGES))
        return;
    trial_looked(visit->trial, RULE_S9);
    if (!take->haul.cursor) {
        trial_fault(visit->trial, RULE_S9, take->stream, "the full reading did not say where changes begin (cursor())");
        return;
    }
    pull.full = 0;
    pull.cursor = take->haul.cursor;
    if (!asked(visit, &pull, RULE_S9, &haul))
        return;
    if (!haul_well(&haul))
        trial_fault(visit->trial, RULE_S9, take->stream, "reading the changes ended as %s: %s",
                    haul_code(haul.result.rc), haul.result.text);
    else if (haul.result.claim != CLAIM_CHANGES && haul.result.rc != MUSTER_SAME)
        trial_fault(visit->trial, RULE_S9, take->stream, "changes were asked for, and it did not claim changes()");
    else if (haul.emitted > take->haul.emitted)
        trial_fault(visit->trial, RULE_S9, take->stream, "%lu records changed since a reading of %lu",
                    (unsigned long)haul.emitted, (unsigned long)take->haul.emitted);
}

static void cursor_ask(struct visit *visit, const struct take *take)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    muster_pull pull = pull_of(take);
    if (!take->declared || !(take->declared->flags & MUSTER_READ_CHANGES))
        return;
    pull.full = 0;
    pull.cursor = "\xe2\x98\x83 no cursor of ours";
    if (!asked(visit, &pull, RULE_S10, &haul))
        return;
    trial_looked(visit->trial, RULE_S10);
    if (haul_well(&haul) && haul.result.claim == CLAIM_CHANGES && haul.emitted < take->haul.emitted)
        trial_fault(visit->trial, RULE_S10, take->stream,
                    "from a cursor that is none it claims to have read all changes: %lu records of %lu",
                    (unsigned long)haul.emitted, (unsigned long)take->haul.emitted);
}

static void sample_ask(struct visit *visit, const struct take *take)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    muster_pull pull = pull_of(take);
    pull.limit = 1;
    if (take->haul.emitted < 2 || !asked(visit, &pull, RULE_S15, &haul))
        return;
    trial_looked(visit->trial, RULE_S15);
    if (!haul_well(&haul))
        trial_fault(visit->trial, RULE_S15, take->stream, "a sample of one ended as %s: %s", haul_code(haul.result.rc),
                    haul.result.text);
    else if (haul_complete(&haul) && haul.emitted < take->haul.emitted)
        trial_fault(visit->trial, RULE_S15, take->stream, "it claims that a sample of %lu of %lu records is everybody",
                    (unsigned long)haul.emitted, (unsigned long)take->haul.emitted);
}

static bool gone_has(const struct haul *haul, const char *id)
{
    for (size_t i = 0; i < haul->gone_count; i++)
        if (strcmp(haul->gone[i], id) == 0)
            return true;
    return false;
}

static bool emitted_has(const struct haul *haul, const char *id)
{
    for (size_t i = 0; i < haul->count; i++)
        if (haul->records[i].id && strcmp(haul->records[i].id, id) == 0)
            return true;
    return false;
}

static void get_ask(struct visit *visit, const struct take *take)
{
    static const char nobody[] = "muster-conform-nobody";
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    muster_pull pull = pull_of(take);
    const char *ids[IDS_MOST + 1];
    size_t count = 0;
    for (size_t i = 0; i < take->haul.count && count < IDS_MOST; i++)
        if (take->haul.records[i].id)
            ids[count++] = take->haul.records[i].id;
    if (count == 0 || haul_new(&haul) != 0)
        return;
    ids[count++] = nobody;
    visit_get(visit, &pull, ids, count, &haul);
    if (visit_unknown(visit) || haul.result.rc == MUSTER_UNSUPPORTED) {
        trial_unseen(visit->trial, RULE_S16, "%s",
                     visit_unknown(visit) ? visit_unknown(visit) : "get() does not support this stream");
        return;
    }
    trial_looked(visit->trial, RULE_S16);
    if (!haul_well(&haul) && haul.rc == 0) {
        trial_fault(visit->trial, RULE_S16, take->stream, "get() ended as %s: %s", haul_code(haul.result.rc),
                    haul.result.text);
        return;
    }
    for (size_t i = 0; haul.rc == 0 && i + 1 < count; i++)
        if (!emitted_has(&haul, ids[i]))
            trial_fault(visit->trial, RULE_S16, take->stream, "get() did not give '%s', which was read a moment ago",
                        ids[i]);
    if (haul.rc == 0 && !gone_has(&haul, nobody))
        trial_fault(visit->trial, RULE_S16, take->stream, "get() did not say gone() for an id that nobody has");
}

static void nothing_ask(struct visit *visit, const struct take *take)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    muster_pull pull = pull_of(take);
    const muster_stream *stream = visit->subject->description->streams;
    for (; stream && stream->name; stream++)
        if (stream->flags & MUSTER_DYNAMIC)
            return;
    pull.stream = "no_such_stream";
    if (!asked(visit, &pull, RULE_S17, &haul))
        return;
    trial_looked(visit->trial, RULE_S17);
    if (haul_well(&haul) && haul.result.claim != CLAIM_NONE && haul.result.claim != CLAIM_PARTIAL)
        trial_fault(visit->trial, RULE_S17, "", "stream no_such_stream was read with success");
}

void asking_judge(struct visit *visit, struct reading *reading)
{
    for (size_t i = 0; !reading->unknown && i < reading->count; i++) {
        const struct take *take = &reading->takes[i];
        if (!haul_well(&take->haul) || take->haul.emitted == 0)
            continue;
        changes_ask(visit, take);
        cursor_ask(visit, take);
        if (visit->subject->description->get)
            get_ask(visit, take);
        if (cassette_records(visit->cassette))
            finding_ask(visit, take, false);
    }
    if (!reading->unknown && visit->subject->description->discover && cassette_records(visit->cassette)) {
        __attribute__((cleanup(haul_done))) struct haul haul = {0};
        if (haul_new(&haul) == 0)
            visit_discover(visit, &haul); /* for the tape; it is judged when that is played */
    }
}

static void find_ask(struct visit *visit, const struct take *take)
{
    finding_ask(visit, take, true);
}

/* What the system said is played from its beginning: the same may be asked again. */
static int played(const struct walk *walk, const struct reading *good, enum rule_number rule,
                  void (*ask)(struct visit *visit, const struct take *take), struct err *err)
{
    struct visit visit;
    if (!trial_wants(walk->trial, rule) && !trial_wants(walk->trial, RULE_C23))
        return 0;
    int rc = visit_again(walk->trial, walk->subject, walk->tape, NULL, &visit, err);
    for (size_t i = 0; rc == 0 && i < good->count; i++) {
        ask(&visit, &good->takes[i]);
        if (rule == RULE_S17)
            break; /* no stream is no stream in any of them */
    }
    visit_end(&visit);
    return rc;
}

int asking_again(const struct walk *walk, const struct reading *good, struct err *err)
{
    int rc = played(walk, good, RULE_S15, sample_ask, err);
    if (rc == 0)
        rc = played(walk, good, RULE_S24, find_ask, err);
    return rc ? rc : played(walk, good, RULE_S17, nothing_ask, err);
}
