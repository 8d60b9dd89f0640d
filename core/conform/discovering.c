/* discovering - what discover() says of the system: S21 by itself and twice, S22 beside what reading gives. */
#include "conform/walk.h"

#include <stdio.h>
#include <string.h>

static bool field_type(int type)
{
    return type >= MUSTER_TEXT && type <= MUSTER_REF && !(type >= MUSTER_SECONDS && type <= MUSTER_CHOICE);
}

/* What was said of one field, or stream, and what had been said before. */
static void told_judge(struct trial *trial, const struct haul *haul, size_t nth)
{
    const struct haul_told *told = &haul->told[nth];
    char what[300];
    snprintf(what, sizeof(what), "%s %s%s%s", told->field ? "field" : "stream", told->stream, told->field ? "." : "",
             told->field ? told->field : "");
    if (*told->stream == '\0' || (told->field && *told->field == '\0'))
        trial_fault(trial, RULE_S21, what, "discover() names it, and the name is empty");
    if (told->field && told->type == 0)
        return; /* a sample had it */
    if (told->field && !field_type(told->type))
        trial_fault(trial, RULE_S21, what, "discover() gives it the type %d, which no field has", told->type);
    for (size_t i = 0; i < nth; i++) {
        const struct haul_told *other = &haul->told[i];
        if (strcmp(other->stream, told->stream) != 0 || !other->field != !told->field || (told->field && !other->type))
            continue;
        if (!told->field || strcmp(other->field, told->field) == 0)
            trial_fault(trial, RULE_S21, what, "discover() names it twice");
    }
}

/* A value that cannot be read as its type may come as text; a whole number is a number. */
static bool may_come(int told, int came)
{
    return came == told || came == MUSTER_TEXT || (told == MUSTER_DECIMAL && came == MUSTER_INTEGER);
}

/* discover() may tell a stream only by a sample of it, which need not have everything. */
static bool told_whole(const struct haul *told, const char *stream)
{
    for (size_t i = 0; i < told->told_count; i++)
        if (told->told[i].type != 0 && strcmp(told->told[i].stream, stream) == 0)
            return true;
    return false;
}

/* One field of all that came; once is told. */
static void field_judge(struct trial *trial, const struct haul *told, const struct take *take, const char *name)
{
    const struct haul_told *field = haul_told(told, take->stream, name);
    char what[300];
    snprintf(what, sizeof(what), "field %s.%s", take->stream, name);
    for (size_t i = 0; i < take->haul.count; i++) {
        const struct haul_value *value = haul_value(&take->haul, i, name);
        if (!value)
            continue;
        if (!field) {
            trial_fault(trial, RULE_S22, what, "is read, and discover() does not name it");
            return;
        }
        if (field->type != 0 && value->text && !may_come(field->type, value->type)) {
            trial_fault(trial, RULE_S22, what, "discover() says that it is %s, and it comes as %s",
                        haul_type(field->type), haul_type(value->type));
            return;
        }
    }
}

static void take_judge(struct trial *trial, const struct haul *told, const struct take *take)
{
    trial_looked(trial, RULE_S22);
    if (!haul_told(told, take->stream, NULL)) {
        trial_fault(trial, RULE_S22, take->stream, "is read, and discover() does not name it");
        return;
    }
    for (size_t i = 0; i < take->haul.column_count && told_whole(told, take->stream); i++)
        field_judge(trial, told, take, take->haul.columns[i]);
}

/* Once more before what was said; what it asks then was recorded, or is that of a reading. */
static int discover_again(const struct walk *walk, struct haul *haul, const char **ret_unknown, struct err *err)
{
    struct visit visit;
    int rc = visit_again(walk->trial, walk->subject, walk->tape, NULL, &visit, err);
    if (rc == 0)
        rc = haul_new(haul);
    if (rc == 0)
        visit_discover(&visit, haul);
    const char *unknown = rc == 0 ? visit_unknown(&visit) : NULL;
    *ret_unknown = unknown ? arena_text(walk->subject->arena, unknown) : NULL;
    visit_end(&visit);
    return rc;
}

int discovering_judge(const struct walk *walk, const struct reading *good, struct err *err)
{
    static const enum rule_number rules[] = {RULE_S21, RULE_S22, RULE_C21, RULE_C22, RULE_C23, RULES};
    __attribute__((cleanup(haul_done))) struct haul first = {0}, second = {0};
    struct trial *trial = walk->trial;
    const char *unknown[2] = {NULL, NULL};
    if (!walk->subject->description->discover || !trial_wants_any(trial, rules))
        return 0;
    int rc = discover_again(walk, &first, &unknown[0], err);
    if (rc == 0)
        rc = discover_again(walk, &second, &unknown[1], err);
    if (rc != 0 || first.rc != 0 || second.rc != 0)
        return rc;
    if (unknown[0] || unknown[1]) {
        trial_unseen(trial, RULE_S21, "%s", unknown[0] ? unknown[0] : unknown[1]);
        trial_unseen(trial, RULE_S22, "%s", unknown[0] ? unknown[0] : unknown[1]);
        return 0;
    }
    trial_looked(trial, RULE_S21);
    quiet_judge(trial, good, &first, "discover");
    if (!haul_well(&first)) {
        trial_fault(trial, RULE_S21, "", "discover() ended as %s: %s", haul_code(first.result.rc), first.result.text);
        return 0;
    }
    if (first.told_count == 0)
        trial_fault(trial, RULE_S21, "", "discover() names no stream");
    for (size_t i = 0; i < first.told_count; i++)
        told_judge(trial, &first, i);
    size_t at = haul_told_differs(&first, &second);
    if (at != SIZE_MAX)
        trial_fault(trial, RULE_S21, "", "the second time discover() says something else, from its %zu. name on",
                    at + 1);
    for (size_t i = 0; i < good->count; i++)
        if (good->takes[i].haul.count > 0)
            take_judge(trial, &first, &good->takes[i]);
    return 0;
}
