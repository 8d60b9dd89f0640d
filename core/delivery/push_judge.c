/* push_judge - what is to be done about one unit: what the target is to have beside what it is known to have, under
 * the target's own rules. */
#include "delivery/pushing.h"

#include "logic/reason.h"

#include <muster/connector.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_TEXT = 80 };

int push_projector(struct push *push, const struct push_stream *stream, struct txn *txn,
                   struct projector **ret_projector)
{
    struct project_setup setup = {.scene = {.organization = push->run->request->organization,
                                            .txn = txn,
                                            .vault = &push->run->vault,
                                            .today = push->run->today_text},
                                  .zone = push->run->zone,
                                  .target = push->target,
                                  .stream = stream->stream,
                                  .numbers = stream->numbers};
    return projector_new(&setup, ret_projector);
}

/* Whether a field may be told now. What says nothing about it may always. */
static bool may_tell(uint32_t flags, int op, bool active)
{
    const uint32_t when = MUSTER_ON_CREATE | MUSTER_ON_UPDATE | MUSTER_AFTER_LEAVING;
    if (!(flags & when))
        return true;
    if (op == MUSTER_CREATE)
        return flags & MUSTER_ON_CREATE;
    if (active || op == MUSTER_REACTIVATE)
        return flags & (op == MUSTER_UPDATE ? MUSTER_ON_UPDATE : MUSTER_ON_UPDATE | MUSTER_AFTER_LEAVING);
    return flags & MUSTER_AFTER_LEAVING;
}

static struct image image_over(struct bytes bytes)
{
    return (struct image){bytes.data, (uint32_t)bytes.len};
}

static bool values_differ(struct value was, struct value is)
{
    bool blank_was = was.presence != PRESENCE_VALUE, blank_is = is.presence != PRESENCE_VALUE;
    return blank_was || blank_is ? blank_was != blank_is : !value_equal(was, is);
}

static bool field_differs(const struct push_stream *stream, const struct push_verdict *verdict, size_t field)
{
    return values_differ(image_get(image_over(verdict->row.confirmed), stream->numbers[field]),
                         image_get(image_over(verdict->projection.kept), stream->numbers[field]));
}

static void why_add(struct push_verdict *verdict, const char *before, const char *name)
{
    size_t len = strlen(verdict->why);
    snprintf(verdict->why + len, sizeof(verdict->why) - len, "%s%s", len ? ", " : before, name);
}

/* As much of it as fits, without half a character at the end. */
static uint32_t whole_characters(struct value value)
{
    uint32_t len = value.len;
    if (len < VALUE_TEXT)
        return len;
    for (len = VALUE_TEXT - 4; len > 0 && ((unsigned char)value.bytes[len] & 0xc0) == 0x80; len--)
        ;
    return len;
}

/* A value for people, shortened; of what is protected none. */
static void value_text(struct value value, char ret_text[VALUE_TEXT])
{
    if (value.presence != PRESENCE_VALUE)
        snprintf(ret_text, VALUE_TEXT, "(nothing)");
    else if (value.flags & VALUE_SEALED)
        snprintf(ret_text, VALUE_TEXT, "(protected)");
    else
        snprintf(ret_text, VALUE_TEXT, "%.*s%s", (int)whole_characters(value), value.bytes,
                 whole_characters(value) < value.len ? "…" : "");
}

/* "Since 2021-05-03 → 2022-01-04" */
static void why_change(const struct push_stream *stream, struct bytes was, struct bytes is, size_t field,
                       char why[PUSH_WHY])
{
    char before[VALUE_TEXT], after[VALUE_TEXT], all[3 * VALUE_TEXT + 8];
    value_text(image_get(image_over(was), stream->numbers[field]), before);
    value_text(image_get(image_over(is), stream->numbers[field]), after);
    snprintf(all, sizeof(all), "%.80s %s → %s", stream->names[field], before, after);
    size_t len = strlen(why);
    if (len + strlen(all) + 2 < PUSH_WHY)
        snprintf(why + len, PUSH_WHY - len, "%s%s", len ? ", " : "", all);
}

void push_differences(const struct push_stream *stream, struct bytes was, struct bytes is, char ret_text[PUSH_WHY])
{
    for (size_t n = 0; n < stream->stream->map.rule_count; n++)
        if (values_differ(image_get(image_over(was), stream->numbers[n]),
                          image_get(image_over(is), stream->numbers[n])))
            why_change(stream, was, is, n, ret_text);
}

bool push_differs(const struct push_stream *stream, const struct push_verdict *verdict)
{
    for (size_t n = 0; n < stream->stream->map.rule_count; n++)
        if (image_get(image_over(verdict->row.confirmed), stream->numbers[n]).presence != PRESENCE_ABSENT &&
            field_differs(stream, verdict, n))
            return true;
    return false;
}

/* Somebody who is there needs no first password any more. */
static bool was_for_creating(const struct push_verdict *verdict, uint32_t flags)
{
    const struct delivery *row = &verdict->row;
    return verdict->known && (row->confirmed.len > 0 || row->remote_id.len > 0) && row->rc != MUSTER_GONE &&
           (flags & (MUSTER_WRITE_ONLY | MUSTER_ON_CREATE | MUSTER_ON_UPDATE)) ==
               (MUSTER_WRITE_ONLY | MUSTER_ON_CREATE);
}

/* All rules could be applied, and there is what the target cannot do without. */
bool push_can_be_told(const struct push_stream *stream, struct push_verdict *verdict)
{
    const struct target_map *map = &stream->stream->map;
    if (verdict->projection.failed) {
        snprintf(verdict->why, sizeof(verdict->why), "%s cannot be made: %s", verdict->projection.failed->field->name,
                 reason_text(verdict->projection.reason));
        return false;
    }
    for (size_t n = 0; n < map->rule_count; n++) {
        const struct value *value = &verdict->projection.values[n];
        if (was_for_creating(verdict, stream->flags[n]))
            continue;
        if ((stream->flags[n] & MUSTER_MUST) && value->presence != PRESENCE_VALUE)
            why_add(verdict, "the target cannot do without ", map->fields[n].name);
        else if (!verdict->why[0] && !push_generated_fits(stream, n, value))
            why_add(verdict,
                    "what the option says it is made from has not 4 to 64 letters, digits and -._~!@$* of ASCII: ",
                    map->fields[n].name);
    }
    return verdict->why[0] == '\0';
}

static bool all_told(const struct push_stream *stream, const struct push_verdict *verdict)
{
    for (size_t n = 0; n < stream->stream->map.rule_count; n++)
        if (!may_tell(stream->flags[n], verdict->op, verdict->row.active))
            return false;
    return true;
}

/* An image of what the target has after it took the change: what may not be told stays as it was. */
int push_settles(struct push *push, const struct push_stream *stream, struct push_verdict *verdict)
{
    if (all_told(stream, verdict)) {
        verdict->settles = verdict->projection.kept;
        return 0;
    }
    buffer_clear(&push->settles);
    image_start(push->maker);
    for (size_t n = 0; n < stream->stream->map.rule_count; n++) {
        bool told = may_tell(stream->flags[n], verdict->op, verdict->row.active);
        struct bytes from = told ? verdict->projection.kept : verdict->row.confirmed;
        verdict->leaves_update |= !told && verdict->op == MUSTER_CREATE && (stream->flags[n] & MUSTER_ON_UPDATE) &&
                                  field_differs(stream, verdict, n);
        image_put(push->maker, stream->numbers[n], image_get(image_over(from), stream->numbers[n]));
    }
    image_write(push->maker, &push->settles);
    verdict->settles = bytes(push->settles.data, push->settles.len);
    return push->settles.rc;
}

/* Whether something differs that may be told by `op`; what may not is left to a person. Of what is not known there and
 * may not be told nobody knows whether it differs; a password that is given once (write only, never updated) is
 * nobody's business afterwards. */
static bool judge_fields(struct push *push, const struct push_stream *stream, int op, struct push_verdict *verdict)
{
    const struct target_map *map = &stream->stream->map;
    bool tells = false;
    for (size_t n = 0; n < map->rule_count; n++) {
        uint32_t flags = stream->flags[n];
        if (!field_differs(stream, verdict, n))
            continue;
        if (push_echoes(push, stream, verdict, n)) {
            verdict->echoed = true;
            continue;
        }
        if (may_tell(flags, op, verdict->row.active))
            tells = true;
        else if (!(flags & MUSTER_WRITE_ONLY) &&
                 image_get(image_over(verdict->row.confirmed), stream->numbers[n]).presence != PRESENCE_ABSENT)
            why_change(stream, verdict->row.confirmed, verdict->projection.kept, n, verdict->why);
    }
    verdict->leaves_manual = verdict->why[0] != '\0';
    return tells;
}

/* Known there and wanted: what differs, and whether it may be told. */
static void judge_update(struct push *push, const struct push_stream *stream, struct push_verdict *verdict)
{
    bool same = push_same(verdict->row.confirmed, verdict->projection.kept);
    bool tells = !same && judge_fields(push, stream, MUSTER_UPDATE, verdict);
    verdict->op = tells ? MUSTER_UPDATE : 0;
    verdict->what = tells ? PUSH_SEND : verdict->leaves_manual ? PUSH_MANUAL : PUSH_NOTHING;
    /* What it says it has, it has: that is written down, so that what is to be another then is told. */
    verdict->echoed = verdict->echoed && verdict->what == PUSH_NOTHING && verdict->row.state == DELIVERY_SETTLED &&
                      !push_is_whole(stream);
    if (verdict->echoed)
        verdict->what = PUSH_SETTLE;
}

/* It has gone from there without our doing, and somebody says to try again: it is looked for, else created. */
static bool made_anew(const struct push *push, const struct delivery *row)
{
    return push->insist && row->state == DELIVERY_REFUSED && row->rc == MUSTER_GONE && row->op != MUSTER_DEACTIVATE;
}

/* Who has left the target is told there what still may be: it is switched off once more, with that. */
static bool tells_who_left(const struct push_stream *stream, struct push_verdict *verdict)
{
    const struct target_map *map = &stream->stream->map;
    if (verdict->row.active || !verdict->projection.kept.data)
        return false;
    for (size_t n = 0; n < map->rule_count; n++)
        if ((stream->flags[n] & MUSTER_AFTER_LEAVING) && field_differs(stream, verdict, n))
            return true;
    return false;
}

/* What the golden record wants, whatever was tried before. */
static void judge_wanted(struct push *push, const struct push_stream *stream, struct push_verdict *verdict)
{
    const struct projection *projection = &verdict->projection;
    const struct delivery *row = &verdict->row;
    bool have = verdict->known && (row->confirmed.len > 0 || row->remote_id.len > 0) && !made_anew(push, row);
    if (!projection->there || !projection->inside) {
        bool leaves =
            have && (row->active ? !push->target->keep_outside || stream->sets : tells_who_left(stream, verdict));
        verdict->what = leaves ? PUSH_SEND : PUSH_NOTHING;
        verdict->op = leaves ? MUSTER_DEACTIVATE : 0;
        return;
    }
    if (!push_can_be_told(stream, verdict)) {
        verdict->what = PUSH_MANUAL;
        return;
    }
    if (have && row->active) {
        judge_update(push, stream, verdict);
        return;
    }
    verdict->what = PUSH_SEND;
    verdict->op = have ? MUSTER_REACTIVATE : MUSTER_CREATE;
    if (have)
        judge_fields(push, stream, MUSTER_REACTIVATE, verdict);
}

/* What was tried before and not confirmed. */
static void judge_under_way(const struct push *push, const struct push_stream *stream, struct push_verdict *verdict)
{
    const struct delivery *row = &verdict->row;
    const struct muster_stream *declared = stream->stream->description;
    if (!verdict->known || row->state == DELIVERY_SETTLED)
        return;
    if (verdict->what == PUSH_NOTHING) {
        /* Nothing is wanted any more; but what was sent may have been done. */
        verdict->what = row->state == DELIVERY_SENT ? PUSH_ASK : PUSH_SETTLE;
        return;
    }
    bool same = verdict->op == row->op && push_same(verdict->projection.kept, row->wanted);
    if (row->state == DELIVERY_SENT && row->op == MUSTER_CREATE &&
        !(declared && (declared->flags & MUSTER_REPEAT_SAFE)))
        verdict->what = PUSH_ASK; /* it is looked up before anything else is done */
    else if (verdict->what != PUSH_SEND || push_is_whole(stream))
        return; /* a file has everybody in it */
    else if (row->state == DELIVERY_RETRY && !push->insist && same && push->run->now_ms < row->next_ms)
        verdict->what = PUSH_WAIT; /* another change does not wait: who has to go, goes */
    else if (row->state == DELIVERY_REFUSED && !push->insist && same)
        verdict->what = PUSH_WAIT;
    else if (row->state == DELIVERY_DRIFTED && !push->mends && same)
        verdict->what = PUSH_WAIT; /* a person decides which of both is right */
}

uint64_t push_behind(const struct push *push, const struct push_stream *stream, struct txn *txn,
                     const struct push_job *job)
{
    uint8_t key[ENTITY_KEY];
    struct bytes value;
    struct image image;
    enum entity_state state;
    if (stream->unit == stream->stream->of)
        return job->id;
    entity_key(stream->unit, job->id, key);
    if (!txn_get(txn, TABLE_entity, bytes(key, sizeof(key)), &value) || !entity_image(value, &image, &state) ||
        state == ENTITY_GONE ||
        !view_within(image, FIELD_membership_start_date, FIELD_membership_end_date, push->run->today_text))
        return 0;
    if (job->person)
        return job->person;
    struct value person = image_get(image, FIELD_membership_person);
    uint64_t be = 0;
    if (person.presence == PRESENCE_VALUE && person.len == sizeof(be))
        memcpy(&be, person.bytes, sizeof(be));
    return __builtin_bswap64(be);
}

int push_judge(struct push *push, struct push_stream *stream, struct projector *projector, struct txn *txn,
               const struct push_job *job, struct push_verdict *ret_verdict)
{
    *ret_verdict = (struct push_verdict){.what = PUSH_NOTHING, .projector = projector, .txn = txn};
    ret_verdict->known = delivery_get(txn, stream->number, stream->unit, job->id, &ret_verdict->row);
    if (stream->stream->period != PERIOD_NONE)
        return push_period_judge(push, stream, projector, txn, job, ret_verdict);
    uint64_t id = push_behind(push, stream, txn, job);
    int rc =
        id ? project(projector, id, stream->unit != stream->stream->of ? job->id : 0, &ret_verdict->projection) : 0;
    if (rc == 0)
        rc = push_echoes_begin(push, txn);
    if (rc != 0 || txn->rc != 0)
        return rc ? rc : txn->rc;
    judge_wanted(push, stream, ret_verdict);
    judge_under_way(push, stream, ret_verdict);
    if (stream->sets)
        push_sets_judge(ret_verdict);
    if (ret_verdict->op == MUSTER_DEACTIVATE && !ret_verdict->projection.kept.data)
        ret_verdict->settles = ret_verdict->row.confirmed;
    else if (ret_verdict->what == PUSH_SEND || ret_verdict->echoed || (ret_verdict->what == PUSH_WAIT && stream->sets))
        return push_settles(push, stream, ret_verdict);
    return 0;
}
