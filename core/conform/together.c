/* together - rules about several changes in one call: each is answered for by itself, under its own id, and what means
 * the same object goes in its order.
 *
 * Told are others than the one who was told alone (targeting.c), and what was refused when it was told alone is put
 * among them: at the beginning, in the middle, at the end. Only a mock is written to. */
#include "conform/telling.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CHANGES_MOST = 4, OTHERS = 4, EXCHANGES_MOST = 200, WORD_LEAST = 3 };

/* Several changes, and what the connector said of each. */
struct together {
    struct lane_change changes[CHANGES_MOST];
    size_t count, given;
    bool goes[CHANGES_MOST]; /* it is told in the call under way: nothing was said of it that stands */
    bool applied[CHANGES_MOST], refused[CHANGES_MOST];
    muster_rc rc[CHANGES_MOST]; /* of a refusal; of what has no answer what apply() said */
    char id[CHANGES_MOST][256], why[CHANGES_MOST][300];
};

/* A call of the connector's, while they are told. */
struct overheard {
    const char *body, *reply; /* with its address, and with where the reply says that it is; in the arena */
};

struct trying {
    struct addressee *target;
    struct trial *trial;
    struct arena *arena;
    struct somebody others[OTHERS]; /* the last one is created twice in one call */
    char ids[OTHERS][256];
    struct overheard exchanges[EXCHANGES_MOST];
    size_t exchange_count;
    bool one_by_one; /* each creation was a call of its own */
    unsigned calls;  /* of apply(): keys are told apart by it */
};

/* --- telling them --- */

static const char *location(const char *headers, size_t *ret_len)
{
    static const char name[] = "Location:";
    for (const char *line = headers; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (strncasecmp(line, name, sizeof(name) - 1) == 0) {
            *ret_len = strcspn(line, "\n") - sizeof(name) + 1;
            return line + sizeof(name) - 1;
        }
    *ret_len = 0;
    return "";
}

static void overhears(void *context, const struct exchange *exchange)
{
    struct trying *trying = context;
    if (trying->exchange_count == EXCHANGES_MOST || strcmp(exchange->what, "http") != 0)
        return;
    const char *body = arena_format(trying->arena, "%s\n%.*s", exchange->asked, (int)exchange->body_len,
                                    exchange->body ? exchange->body : "");
    size_t where_len;
    const char *where = location(exchange->headers ? exchange->headers : "", &where_len);
    const char *reply = arena_format(trying->arena, "%.*s\n%.*s", (int)where_len, where, (int)exchange->reply_len,
                                     exchange->reply ? exchange->reply : "");
    if (body && reply)
        trying->exchanges[trying->exchange_count++] = (struct overheard){body, reply};
}

static int together_next(void *context, struct lane_batch *batch)
{
    struct together *all = context;
    int rc = 0;
    for (; all->given < all->count && rc == 0; all->given++)
        if (all->goes[all->given])
            rc = lane_batch_add(batch, &all->changes[all->given]);
    return rc;
}

static int together_applied(void *context, uint32_t nth, const char *remote_id)
{
    struct together *all = context;
    all->applied[nth - 1] = true;
    snprintf(all->id[nth - 1], sizeof(all->id[0]), "%s", remote_id ? remote_id : "");
    return 0;
}

static int together_refused(void *context, uint32_t nth, muster_rc rc, const char *why)
{
    struct together *all = context;
    all->refused[nth - 1] = true;
    all->rc[nth - 1] = rc;
    snprintf(all->why[nth - 1], sizeof(all->why[0]), "%s", why ? why : "");
    return 0;
}

static const char *outcome(const struct together *all, size_t nth)
{
    return all->applied[nth] ? "taken" : all->refused[nth] ? haul_code(all->rc[nth]) : "left without an answer";
}

/* What was not answered: by what apply() said. What passes is told again. True: something is. */
static bool comes_again(struct trying *trying, struct together *all, const struct haul *haul)
{
    bool again = false;
    trial_looked(trying->trial, RULE_T6);
    for (size_t i = 0; i < all->count; i++) {
        if (!all->goes[i])
            continue;
        bool answered = all->applied[i] || all->refused[i];
        if (!answered && haul_well(haul))
            trial_fault(trying->trial, RULE_T6, trying->target->name,
                        "of %zu changes in one call one has no answer, and apply() ended well", all->count);
        if (!answered) {
            all->rc[i] = haul->result.rc;
            snprintf(all->why[i], sizeof(all->why[i]), "apply() ends as %s: %.200s", haul_code(haul->result.rc),
                     haul->result.text);
        }
        all->goes[i] = !all->applied[i] && all->rc[i] == MUSTER_RETRY;
        all->refused[i] &= !all->goes[i];
        again |= all->goes[i];
    }
    return again;
}

/* False: the process is gone, which is told elsewhere. */
static bool tell(struct trying *trying, struct together *all)
{
    enum { TIMES_MOST = 3 };
    struct addressee *target = trying->target;
    struct lane_push push = {"main", target->name, false, target->fields};
    bool again = true;
    trying->exchange_count = 0;
    trying->calls++;
    for (size_t i = 0; i < all->count; i++) {
        all->goes[i] = true;
        all->changes[i].nth = (uint32_t)i + 1;
        all->changes[i].key = arena_format(trying->arena, "together %u %zu", trying->calls, i);
        if (!all->changes[i].key)
            return false;
    }
    for (int times = 0; times < TIMES_MOST && again; times++) {
        __attribute__((cleanup(haul_done))) struct haul haul = {0};
        if (times > 0)
            telling_wait(target->visit);
        if (haul_new(&haul) != 0)
            return false;
        all->given = 0;
        visit_apply(target->visit, &push, together_next, together_applied, together_refused, all, &haul);
        if (haul.rc != 0)
            return false;
        again = comes_again(trying, all, &haul);
    }
    return true;
}

static void add(struct together *all, int op, const char *id, const struct lane_cell *before,
                const struct lane_cell *after)
{
    all->changes[all->count++] = (struct lane_change){0, op, NULL, id && *id ? id : NULL, before, after};
}

/* --- what came of them --- */

static const char *op_name(int op)
{
    return op == MUSTER_CREATE       ? "a creation"
           : op == MUSTER_DEACTIVATE ? "a leave"
           : op == MUSTER_REACTIVATE ? "a return"
                                     : "a change";
}

/* All are taken but the one that is to be refused (bad: its number; SIZE_MAX: none). True: it is so. */
static bool each_judge(struct trying *trying, const struct together *all, size_t bad)
{
    const struct addressee *target = trying->target;
    bool well = true;
    trial_looked(trying->trial, RULE_T10);
    for (size_t i = 0; i < all->count; i++) {
        bool right = i == bad ? all->refused[i] && all->rc[i] == target->bad_rc : all->applied[i];
        well &= right;
        if (right)
            continue;
        if (i == bad)
            trial_fault(trying->trial, RULE_T10, target->name, "what by itself is %s is %s among %zu changes",
                        haul_code(target->bad_rc), outcome(all, i), all->count);
        else
            trial_fault(trying->trial, RULE_T10, target->name,
                        "%s that by itself is taken is %s among %zu changes%s%s%s", op_name(all->changes[i].op),
                        outcome(all, i), all->count, bad != SIZE_MAX ? ", of which one is to be refused" : "",
                        *all->why[i] ? ": " : "", all->why[i]);
    }
    return well;
}

/* The call that was about this one and none of the others answered with the id of another. */
static bool reply_says_another(const struct trying *trying, size_t count, size_t nth)
{
    const char *own = addressee_word(trying->target, trying->others, count, nth);
    for (size_t e = 0; own && e < trying->exchange_count; e++) {
        const struct overheard *exchange = &trying->exchanges[e];
        bool alone = addressee_stands(exchange->body, own), another = false;
        for (size_t i = 0; i < count && alone; i++) {
            const char *theirs = i == nth ? NULL : addressee_word(trying->target, trying->others, count, i);
            alone = !theirs || !addressee_stands(exchange->body, theirs);
        }
        for (size_t i = 0; i < count; i++)
            another |= i != nth && addressee_stands(exchange->reply, trying->ids[i]);
        if (alone && another && !addressee_stands(exchange->reply, trying->ids[nth]))
            return true;
    }
    return false;
}

/* Told once more, where that does no harm: the same one again. */
static void again_judge(struct trying *trying, size_t nth)
{
    __attribute__((cleanup(haul_done))) struct haul haul = {0};
    struct told told;
    if (telling_one(trying->target, MUSTER_CREATE, arena_format(trying->arena, "once more %zu", nth), NULL, NULL,
                    trying->others[nth].create, &told, &haul) &&
        told.applied && strcmp(told.id, trying->ids[nth]) != 0)
        trial_fault(trying->trial, RULE_T11, trying->target->name,
                    "who was created among others is another one when they are told once more by themselves");
}

static void ids_judge(struct trying *trying, size_t count)
{
    struct addressee *target = trying->target;
    trial_looked(trying->trial, RULE_T11);
    for (size_t i = 0; i < count; i++) {
        bool taken = strcmp(trying->ids[i], target->id) == 0;
        for (size_t k = 0; k < i; k++)
            taken |= strcmp(trying->ids[i], trying->ids[k]) == 0;
        if (taken)
            trial_fault(trying->trial, RULE_T11, target->name, "two who were created have the same id");
        else if (reply_says_another(trying, count, i))
            trial_fault(trying->trial, RULE_T11, target->name,
                        "one of %zu is answered for under an id that the system did not give to them", count);
    }
    for (size_t i = 0; i < count; i++)
        if (target->found)
            telling_finds(target, RULE_T11, trying->others[i].create, trying->ids[i], false);
        else if (target->stream->flags & MUSTER_REPEAT_SAFE)
            again_judge(trying, i);
}

/* --- what they are told --- */

/* True: they are there now, each with an id if they have any. */
static bool creations(struct trying *trying)
{
    struct together all = {0};
    const size_t count = OTHERS - 1;
    for (size_t i = 0; i < count; i++)
        add(&all, MUSTER_CREATE, NULL, NULL, trying->others[i].create);
    if (!tell(trying, &all) || !each_judge(trying, &all, SIZE_MAX))
        return false;
    trying->one_by_one = trying->exchange_count == count;
    for (size_t i = 0; i < count; i++)
        snprintf(trying->ids[i], sizeof(trying->ids[i]), "%s", all.id[i]);
    if (*trying->target->id && *all.id[0])
        ids_judge(trying, count);
    return true;
}

static void change_add(struct trying *trying, struct together *all, size_t nth, bool back)
{
    const struct somebody *one = &trying->others[nth];
    add(all, MUSTER_UPDATE, trying->ids[nth], back ? one->known : one->had, back ? one->back : one->update);
}

/* The third one goes, or comes back; where that is not taken they change as the others do. */
static void third_add(struct trying *trying, struct together *all, bool comes_back)
{
    const struct addressee *target = trying->target;
    const struct somebody *one = &trying->others[2];
    if (!target->leaves || !target->returns)
        change_add(trying, all, 2, comes_back);
    else if (comes_back)
        add(all, MUSTER_REACTIVATE, trying->ids[2], one->known, one->update);
    else
        add(all, MUSTER_DEACTIVATE, trying->ids[2], one->had, one->says_more ? one->leave : NULL);
}

/* What is refused stands in the middle, at the beginning and at the end. */
static void refusals(struct trying *trying)
{
    const struct lane_change *bad = trying->target->bad;
    static const size_t places[] = {1, 0, 3};
    for (size_t p = 0; p < sizeof(places) / sizeof(*places); p++) {
        struct together all = {0};
        bool back = p == 1;
        for (size_t n = 0, nth = 0; n < CHANGES_MOST; n++)
            if (n == places[p])
                add(&all, bad->op, bad->remote_id, bad->before, bad->after);
            else if (nth++ < 2)
                change_add(trying, &all, nth - 1, back);
            else
                third_add(trying, &all, back);
        if (!tell(trying, &all) || !each_judge(trying, &all, places[p]))
            return;
    }
}

/* The longest run of letters and digits of ASCII in a value that the other one does not have. */
static const char *word_of(const char *value, const char *other, struct arena *arena)
{
    const char *best = NULL;
    for (const char *at = value; *at; at++) {
        size_t len = 0;
        while (isalnum((unsigned char)at[len]))
            len++;
        const char *word = len >= WORD_LEAST ? arena_copy(arena, at, len) : NULL;
        if (word && !strstr(other, word) && (!best || len > strlen(best)))
            best = word;
        at += len > 0 ? len - 1 : 0;
    }
    return best;
}

/* Where a word came last in what the connector called: counted on over all bodies; 0: nowhere. */
static size_t last_said(const struct trying *trying, const char *word)
{
    size_t before = 1, last = 0;
    for (size_t e = 0; e < trying->exchange_count; e++) {
        const char *body = trying->exchanges[e].body;
        for (const char *at = body; (at = strstr(at, word)); at++)
            last = before + (size_t)(at - body);
        before += strlen(body) + 1;
    }
    return last;
}

/* Of two values of one field the later one went out last. What nobody can find in the calls is not judged. */
static void order_judge(struct trying *trying, const struct somebody *one)
{
    for (size_t f = 0; f < trying->target->fields.count; f++) {
        const char *first = one->update[f].bytes, *later = one->back[f].bytes;
        if (!one->update[f].changed || !first || !later)
            continue;
        const char *word = word_of(first, later, trying->arena), *other = word_of(later, first, trying->arena);
        if (!word || !other)
            continue;
        if (last_said(trying, word) > last_said(trying, other))
            trial_fault(trying->trial, RULE_T12, trying->target->name,
                        "of two changes of one object both are taken, and the system was told the earlier one last");
        return;
    }
}

static void second_judge(struct trying *trying, const struct together *all, const char *what, bool taken)
{
    const struct addressee *target = trying->target;
    trial_looked(trying->trial, RULE_T12);
    if (!all->applied[0])
        trial_fault(trying->trial, RULE_T12, target->name, "of two %s in one call the earlier one is %s%s%s", what,
                    outcome(all, 0), *all->why[0] ? ": " : "", all->why[0]);
    else if (!taken && !(all->refused[1] && all->rc[1] == MUSTER_CONFLICT))
        trial_fault(trying->trial, RULE_T12, target->name, "of two %s in one call the later one is %s%s%s%s", what,
                    outcome(all, 1), all->applied[1] ? " as another one" : "", *all->why[1] ? ": " : "", all->why[1]);
}

/* Two changes of one, and one who is created twice. */
static void doubles(struct trying *trying)
{
    struct addressee *target = trying->target;
    const struct somebody *last = &trying->others[OTHERS - 1];
    struct together changes = {0}, creations = {0};
    if (target->changes) {
        change_add(trying, &changes, 0, false);
        change_add(trying, &changes, 0, true);
        if (!tell(trying, &changes))
            return;
        second_judge(trying, &changes, "changes of one object", changes.applied[1]);
        if (changes.applied[0] && changes.applied[1])
            order_judge(trying, &trying->others[0]);
    }
    add(&creations, MUSTER_CREATE, NULL, NULL, last->create);
    add(&creations, MUSTER_CREATE, NULL, NULL, last->create);
    if (!tell(trying, &creations))
        return;
    bool same = creations.applied[1] &&
                (strcmp(creations.id[0], creations.id[1]) == 0 ||
                 (target->found && telling_finds_both(target, last->create, creations.id[0], creations.id[1])));
    second_judge(trying, &creations, "creations of one", same);
}

/* The same creations, by what was said then; from the second call on the system is too busy. Where each was a call of
 * its own only one can be there. */
static int fails(struct trying *trying, const struct tape *tape, struct err *err)
{
    struct addressee *target = trying->target;
    struct together all = {0};
    struct visit visit;
    size_t taken = 0;
    int rc = visit_again(trying->trial, target->walk->subject, tape, "503=all@2", &visit, err);
    target->visit = &visit;
    for (size_t i = 0; i < OTHERS - 1; i++)
        add(&all, MUSTER_CREATE, NULL, NULL, trying->others[i].create);
    trying->calls = 0;
    bool lives = rc == 0 && tell(trying, &all);
    visit_end(&visit);
    for (size_t i = 0; i < all.count; i++)
        taken += all.applied[i];
    if (!lives)
        return rc;
    trial_looked(trying->trial, RULE_T7);
    if (taken > 1)
        trial_fault(trying->trial, RULE_T7, target->name,
                    "when all calls but the first are answered by 503 it says that %zu of %zu were created", taken,
                    all.count);
    return 0;
}

static int trying_judge(struct trying *trying, const struct tape *tape, struct err *err)
{
    TIDY(cassette_free) struct cassette *cassette = NULL;
    struct addressee *target = trying->target;
    const struct walk *walk = target->walk;
    struct visit visit;
    int rc = tape_live(tape, walk->subject, &cassette, err);
    if (rc != 0)
        return rc;
    rc = visit_begin(walk->trial, walk->subject, cassette, &visit, err);
    visit.overhears = overhears;
    visit.overhearer = trying;
    target->visit = &visit;
    bool created = rc == 0 && creations(trying);
    if (created && target->bad && target->changes)
        refusals(trying);
    if (created)
        doubles(trying);
    visit_end(&visit);
    if (rc == 0)
        rc = cassette_end(cassette, err);
    return rc == 0 && created && trying->one_by_one ? fails(trying, tape, err) : rc;
}

int together_judge(struct addressee *target, struct err *err)
{
    static const enum rule_number rules[] = {RULE_T6, RULE_T7, RULE_T10, RULE_T11, RULE_T12, RULE_C21, RULES};
    const struct walk *walk = target->walk;
    struct trying *trying = arena_get(walk->subject->arena, sizeof(*trying));
    struct tape tape = {.path = subject_file(walk->subject, "together")};
    int rc = trying && tape.path ? 0 : -ENOMEM;
    if (!trial_wants_any(walk->trial, rules))
        return 0;
    if (rc == 0)
        *trying = (struct trying){.target = target, .trial = walk->trial, .arena = walk->subject->arena};
    for (size_t i = 0; rc == 0 && i < OTHERS; i++)
        rc = addressee_other(target, i + 1, &trying->others[i]);
    if (rc != ERR_GONE)
        return rc ? rc : trying_judge(trying, &tape, err);
    for (const enum rule_number *rule = &rules[2]; *rule != RULE_C21; rule++)
        trial_unseen(walk->trial, *rule, "stream %s: say by --changes who is told together: %d lines more",
                     target->name, OTHERS);
    return 0;
}
