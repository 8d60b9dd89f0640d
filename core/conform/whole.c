/* whole - rules about what is written whole, or in sets: two who are told together, then what becomes of them; and the
 * same while it fails.
 *
 * What is in it is looked for in what goes out, by words that only one of the two has; where they are not found when
 * both come (a packed file), that is not judged. Only a mock is written to. */
#include "conform/telling.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { BOTH = 2, PEOPLE = 3, OUT_MOST = 200 }; /* PEOPLE: the two, and one whom the system does not take */

/* What is told in one call, and what came of it. */
struct all {
    struct lane_change changes[BOTH];
    size_t count, given;
    bool applied[BOTH], refused[BOTH];
    muster_rc rc[BOTH];
    char why[BOTH][300];
};

struct whole {
    struct addressee *target;
    struct trial *trial;
    struct somebody people[PEOPLE];
    const char *words[PEOPLE]; /* by which each is known; NULL: none */
    const char *out[OUT_MOST]; /* what went out in the last call */
    size_t out_count;
    unsigned calls; /* keys are told apart by it */
    bool fails;     /* what passes does not pass here */
};

/* --- telling them --- */

static void overhears(void *context, const struct exchange *exchange)
{
    struct whole *whole = context;
    bool goes = strcmp(exchange->what, "http") == 0 || strcmp(exchange->what, "store") == 0;
    if (!goes || !exchange->body || whole->out_count == OUT_MOST)
        return;
    const char *body = arena_copy(whole->target->walk->subject->arena, exchange->body, exchange->body_len);
    if (body)
        whole->out[whole->out_count++] = body;
}

static int all_next(void *context, struct lane_batch *batch)
{
    struct all *all = context;
    int rc = 0;
    for (; all->given < all->count && rc == 0; all->given++)
        rc = lane_batch_add(batch, &all->changes[all->given]);
    return rc;
}

static int all_applied(void *context, uint32_t nth, const char *remote_id)
{
    struct all *all = context;
    (void)remote_id;
    all->applied[nth - 1] = true;
    return 0;
}

static int all_refused(void *context, uint32_t nth, muster_rc rc, const char *why)
{
    struct all *all = context;
    all->refused[nth - 1] = true;
    all->rc[nth - 1] = rc;
    snprintf(all->why[nth - 1], sizeof(all->why[0]), "%s: %s", haul_code(rc), why && *why ? why : "without a word");
    return 0;
}

/* It passes, and comes again whole. */
static bool comes_again(const struct all *all, const struct haul *haul)
{
    bool waits = haul->result.rc == MUSTER_RETRY;
    for (size_t i = 0; i < all->count; i++)
        waits |= all->refused[i] && all->rc[i] == MUSTER_RETRY;
    return waits;
}

/* False: the process is gone, which is told elsewhere. */
static bool tell(struct whole *whole, struct all *all, struct haul *haul)
{
    enum { TIMES_MOST = 3 };
    struct addressee *target = whole->target;
    struct lane_push push = {"main", target->name, target->stream->flags & MUSTER_SNAPSHOT, target->fields};
    whole->calls++;
    for (size_t i = 0; i < all->count; i++) {
        all->changes[i].nth = (uint32_t)i + 1;
        all->changes[i].key = arena_format(target->walk->subject->arena, "whole %u %zu", whole->calls, i);
        if (!all->changes[i].key)
            return false;
    }
    for (int times = 0; times < TIMES_MOST; times++) {
        if (times > 0) {
            haul_done(haul);
            *haul = (struct haul){0};
            telling_wait(target->visit);
        }
        memset(all->applied, 0, sizeof(all->applied));
        memset(all->refused, 0, sizeof(all->refused));
        all->given = whole->out_count = 0;
        if (haul_new(haul) != 0)
            return false;
        visit_apply(target->visit, &push, all_next, all_applied, all_refused, all, haul);
        if (haul->rc != 0 || whole->fails || !comes_again(all, haul))
            break;
    }
    return haul->rc == 0;
}

static void add(const struct whole *whole, struct all *all, int op, size_t nth)
{
    const struct somebody *one = &whole->people[nth];
    const struct lane_cell *before = op == MUSTER_CREATE ? NULL : op == MUSTER_UPDATE ? one->had : one->known;
    const struct lane_cell *after = op == MUSTER_CREATE ? one->create : op == MUSTER_UPDATE ? one->update : one->known;
    if (op == MUSTER_DEACTIVATE)
        after = one->says_more && !whole->target->stream->set ? one->leave : NULL;
    all->changes[all->count++] = (struct lane_change){0, op, NULL, NULL, before, after};
}

/* --- what is in it --- */

static bool went_out(const struct whole *whole, size_t nth)
{
    for (size_t i = 0; whole->words[nth] && i < whole->out_count; i++)
        if (addressee_stands(whole->out[i], whole->words[nth]))
            return true;
    return false;
}

/* All are taken but the one that is to be refused (bad: its number; BOTH: none). */
static bool each_judge(struct whole *whole, const struct all *all, const struct haul *haul, const char *what,
                       size_t bad, muster_rc bad_rc)
{
    bool well = true;
    trial_looked(whole->trial, RULE_T14);
    for (size_t i = 0; i < all->count; i++) {
        bool right = i == bad ? all->refused[i] && all->rc[i] == bad_rc : all->applied[i];
        well &= right;
        if (!right)
            trial_fault(whole->trial, RULE_T14, whole->target->name, "%s: %s is %s", what,
                        i == bad ? "who by themselves are refused" : "one of them",
                        all->applied[i]                          ? "taken"
                        : all->refused[i]                        ? all->why[i]
                        : haul_well(haul) || !*haul->result.text ? "left without an answer"
                                                                 : haul->result.text);
    }
    return well;
}

static void in_judge(struct whole *whole, const char *what, size_t nth, bool in)
{
    if (went_out(whole, nth) != in)
        trial_fault(whole->trial, RULE_T14, whole->target->name, "%s, and %s what it writes", what,
                    in ? "they are not in" : "they are in");
}

/* Who stays is in it, beside one who changes and beside one who goes. */
static void stays(struct whole *whole, bool seen)
{
    static const struct {
        int op;
        const char *what, *kept, *other;
    } turns[] = {
        {MUSTER_UPDATE, "one stays and one changes", "one stays as they were", "one changes"},
        {MUSTER_DEACTIVATE, "one stays and one goes", "one stays where another goes", "one has gone from the set"}};
    for (size_t n = 0; n < sizeof(turns) / sizeof(*turns); n++) {
        __attribute__((cleanup(haul_done))) struct haul haul = {0};
        struct all all = {0};
        bool goes = turns[n].op == MUSTER_DEACTIVATE;
        add(whole, &all, MUSTER_KEEP, 0);
        add(whole, &all, turns[n].op, 1);
        if (!tell(whole, &all, &haul) || !each_judge(whole, &all, &haul, turns[n].what, BOTH, MUSTER_OK))
            return;
        if (seen)
            in_judge(whole, turns[n].kept, 0, true);
        if (seen && (!goes || whole->target->stream->set)) /* a file may go on to say who has left */
            in_judge(whole, turns[n].other, 1, !goes);
    }
}

/* The last one goes from a set, which is empty from then on. */
static void empties(struct whole *whole)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    struct all all = {0};
    add(whole, &all, MUSTER_DEACTIVATE, 0);
    if (tell(whole, &all, &haul))
        each_judge(whole, &all, &haul, "the last one goes from a set", BOTH, MUSTER_OK);
}

/* Whom it refuses by themselves it refuses beside somebody, who is in it all the same; on either side. */
static void refuses(struct whole *whole, bool seen)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    struct all alone = {0};
    add(whole, &alone, MUSTER_CREATE, PEOPLE - 1);
    if (!tell(whole, &alone, &haul) || !alone.refused[0] || alone.rc[0] == MUSTER_RETRY || alone.rc[0] == MUSTER_AUTH)
        return;
    for (size_t bad = 0; bad < BOTH; bad++) {
        __attribute__((cleanup(haul_done))) struct haul beside = {0};
        struct all all = {0};
        for (size_t i = 0; i < BOTH; i++)
            add(whole, &all, MUSTER_CREATE, i == bad ? PEOPLE - 1 : 0);
        if (!tell(whole, &all, &beside) ||
            !each_judge(whole, &all, &beside, "one comes beside one whom it does not take", bad, alone.rc[0]))
            return;
        if (seen)
            in_judge(whole, "one comes beside one whom it refuses", 0, true);
        if (seen && whole->words[PEOPLE - 1])
            in_judge(whole, "one is refused", PEOPLE - 1, false);
    }
}

/* --- while it fails --- */

static int fails(struct whole *whole, const struct tape *tape, const char *fault, struct err *err)
{
    TIDY(cassette_free) struct cassette *cassette = NULL;
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    struct addressee *target = whole->target;
    struct visit visit;
    struct all all = {0};
    int rc = tape_play(tape, fault, &cassette, err);
    if (rc != 0 || (*fault == '5' && !tape_calls(cassette)))
        return rc;
    rc = visit_begin(whole->trial, target->walk->subject, cassette, &visit, err);
    target->visit = &visit;
    whole->fails = true;
    whole->calls = 0;
    for (size_t i = 0; i < BOTH; i++)
        add(whole, &all, MUSTER_CREATE, i);
    if (rc == 0)
        tell(whole, &all, &haul);
    visit_end(&visit);
    for (size_t i = 0; rc == 0 && i < all.count; i++)
        if (all.applied[i])
            trial_fault(whole->trial, RULE_T9, target->name,
                        "when everything is answered by %s it says that somebody is in what it wrote", fault);
    return rc;
}

/* --- one after the other --- */

static bool comes(struct whole *whole, bool *seen)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    struct all all = {0};
    for (size_t i = 0; i < BOTH; i++)
        add(whole, &all, MUSTER_CREATE, i);
    trial_looked(whole->trial, RULE_T9);
    if (!tell(whole, &all, &haul) || !haul_well(&haul))
        return false;
    bool well = true;
    for (size_t i = 0; i < BOTH; i++)
        if (!all.applied[i]) {
            well = false;
            trial_fault(whole->trial, RULE_T9, whole->target->name, "one of %d is not taken: %s", BOTH,
                        *all.why[i] ? all.why[i] : haul.result.text);
        }
    *seen = went_out(whole, 0) && went_out(whole, 1);
    return well;
}

static bool is_of_set(const char *set, const char *name)
{
    for (; set && *set; set += strspn(set, " ")) {
        size_t len = strcspn(set, " ");
        if (strlen(name) == len && memcmp(set, name, len) == 0)
            return true;
        set += len;
    }
    return false;
}

/* In one set, whatever is said of them. */
static void set_same(const struct addressee *target, struct somebody *one)
{
    for (size_t i = 0; i < target->fields.count; i++)
        if (is_of_set(target->stream->set, target->fields.names[i]))
            one->create[i] = one->had[i] = one->known[i] = one->update[i] = target->first.create[i];
}

static int whole_make(struct whole *whole)
{
    struct addressee *target = whole->target;
    whole->people[0] = target->first;
    int rc = addressee_other(target, 1, &whole->people[1]);
    if (rc == ERR_GONE) { /* nothing tells them apart */
        whole->people[1] = target->first;
        rc = 0;
    }
    if (rc == 0 && addressee_refused(target, &whole->people[2]) == 0)
        set_same(target, &whole->people[2]);
    if (rc == 0)
        set_same(target, &whole->people[1]);
    size_t count = whole->people[2].create ? PEOPLE : BOTH;
    for (size_t i = 0; rc == 0 && i < count; i++)
        whole->words[i] = addressee_word(target, whole->people, count, i);
    return rc;
}

int whole_judge(struct addressee *target, struct err *err)
{
    TIDY(cassette_free) struct cassette *cassette = NULL;
    const struct walk *walk = target->walk;
    struct tape tape = {.path = subject_file(walk->subject, "told")};
    struct whole *whole = arena_get(walk->subject->arena, sizeof(*whole));
    struct visit visit;
    bool seen = false;
    if (!tape.path || !whole)
        return -ENOMEM;
    *whole = (struct whole){.target = target, .trial = walk->trial};
    int rc = whole_make(whole);
    if (rc != 0 || (rc = tape_live(&tape, walk->subject, &cassette, err)) != 0)
        return rc;
    rc = visit_begin(walk->trial, walk->subject, cassette, &visit, err);
    visit.overhears = overhears;
    visit.overhearer = whole;
    target->visit = &visit;
    bool well = rc == 0 && comes(whole, &seen);
    if (well && whole->people[2].create)
        refuses(whole, seen);
    if (well)
        stays(whole, seen);
    if (well && target->stream->set)
        empties(whole);
    visit_end(&visit);
    if (rc == 0)
        rc = cassette_end(cassette, err);
    rc = well && rc == 0 ? fails(whole, &tape, "cut=999", err) : rc;
    return well && rc == 0 ? fails(whole, &tape, "503=999", err) : rc;
}
