/* push_sets - streams that are written in sets: which sets a unit touches. */
#include "delivery/push_sets.h"

#include "base/digest.h"
#include "base/mem.h"
#include "delivery/pushing.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>
#include <string.h>

/* --- the fields --- */

static bool field_find(const struct push_stream *stream, const char *name, size_t len, size_t *ret_field)
{
    for (size_t n = 0; n < stream->stream->map.rule_count; n++) {
        const char *own = stream->stream->map.fields[n].name;
        if (strlen(own) == len && memcmp(own, name, len) == 0) {
            *ret_field = n;
            return true;
        }
    }
    return false;
}

int push_sets_open(struct push_stream *stream)
{
    const struct muster_stream *declared = stream->stream->description;
    if (!declared || !declared->set)
        return 0;
    struct push_sets *sets = stream->sets = mem_new(1, sizeof(*sets));
    if (!sets || !(sets->arena = arena_new()))
        return -ENOMEM;
    for (const char *at = declared->set; *at && sets->field_count < PUSH_SET_FIELDS; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        sets->field_count += field_find(stream, at, len, &sets->fields[sets->field_count]);
        at += len;
    }
    return 0;
}

void push_sets_done(struct push_sets *sets)
{
    if (!sets)
        return;
    for (size_t n = 0; n < sets->count; n++)
        free(sets->items[n].why);
    free(sets->items);
    free(sets->jobs);
    numbers_done(&sets->by_values);
    numbers_done(&sets->known);
    arena_free(sets->arena);
    free(sets);
}

/* --- which set an image is in --- */

static struct value value_in(const struct push_stream *stream, struct bytes image, size_t nth)
{
    return image_get((struct image){image.data, (uint32_t)image.len}, stream->numbers[stream->sets->fields[nth]]);
}

static bool is_in(const struct push_stream *stream, const struct push_set *set, struct bytes image)
{
    for (size_t n = 0; n < stream->sets->field_count; n++) {
        struct value value = value_in(stream, image, n);
        bool blank = value.presence != PRESENCE_VALUE;
        if (blank != (set->values[n].presence != PRESENCE_VALUE) || (!blank && !value_equal(value, set->values[n])))
            return false;
    }
    return true;
}

static uint64_t values_digest(const struct push_stream *stream, struct bytes image)
{
    uint64_t digest = 1;
    for (size_t n = 0; n < stream->sets->field_count; n++) {
        struct value value = value_in(stream, image, n);
        uint64_t blank = value.presence != PRESENCE_VALUE;
        digest = blank ? digest_seeded(digest, &blank, sizeof(blank)) : digest_seeded(digest, value.bytes, value.len);
    }
    return digest;
}

static int set_make(const struct push_stream *stream, struct bytes image, struct push_set *ret_set)
{
    struct push_sets *sets = stream->sets;
    struct value *values = arena_get(sets->arena, sets->field_count * sizeof(*values) + 1);
    struct buffer name __attribute__((cleanup(buffer_done))) = {0};
    for (size_t n = 0; values && n < sets->field_count; n++) {
        values[n] = value_in(stream, image, n);
        bool is = values[n].presence == PRESENCE_VALUE;
        if (is && !(values[n].bytes = arena_copy(sets->arena, values[n].bytes, values[n].len)))
            return -ENOMEM;
        buffer_text(&name, n ? " " : "");
        buffer_add(&name, is ? values[n].bytes : "(nothing)", is ? values[n].len : strlen("(nothing)"));
    }
    buffer_byte(&name, 0);
    *ret_set = (struct push_set){.values = values, .name = arena_text(sets->arena, name.data ? name.data : "")};
    return name.rc ? name.rc : values && ret_set->name ? 0 : -ENOMEM;
}

int push_sets_find(struct push_stream *stream, struct bytes image, bool make, uint32_t *ret_set)
{
    struct push_sets *sets = stream->sets;
    uint64_t digest = values_digest(stream, image);
    for (const uint64_t *at;; digest++) { /* the next place, should two ever have the same */
        digest += digest == 0;
        if (!(at = numbers_get(&sets->by_values, digest)))
            break;
        *ret_set = (uint32_t)(*at - 1);
        if (is_in(stream, &sets->items[*ret_set], image))
            return 0;
    }
    *ret_set = PUSH_NO_SET;
    if (!make)
        return 0;
    int rc = mem_grow(&sets->items, sets->count, &sets->room, sizeof(*sets->items));
    if (rc == 0)
        rc = set_make(stream, image, &sets->items[sets->count]);
    if (rc == 0)
        rc = numbers_set(&sets->by_values, digest, sets->count + 1);
    if (rc == 0)
        *ret_set = (uint32_t)sets->count++;
    return rc;
}

/* --- judging --- */

void push_sets_judge(struct push_verdict *verdict)
{
    const struct delivery *row = &verdict->row;
    bool tried = verdict->known && (row->state == DELIVERY_SENT || row->state == DELIVERY_RETRY ||
                                    (row->state == DELIVERY_REFUSED && (row->active || row->rc == MUSTER_RETRY)));
    if (!tried || (verdict->what != PUSH_ASK && verdict->what != PUSH_SETTLE))
        return;
    verdict->what = PUSH_SEND;
    if (verdict->op == 0)
        verdict->op = verdict->projection.inside ? MUSTER_UPDATE : MUSTER_DEACTIVATE;
}

/* What the target is to have of it can be made, and is wanted. */
static bool stays(const struct push_verdict *verdict)
{
    return verdict->projection.inside && verdict->projection.kept.data &&
           (verdict->what != PUSH_MANUAL || verdict->leaves_manual);
}

int push_sets_op(const struct push_stream *stream, const struct push_verdict *verdict)
{
    bool leaves =
        stream->sets && verdict->what == PUSH_MANUAL && !stays(verdict) && verdict->known && verdict->row.active;
    return leaves ? MUSTER_DEACTIVATE : verdict->op;
}

/* The sets that a unit touches: where it is to be, first if at all; where it is; and where it may be since a try. */
struct touched {
    uint32_t sets[3];
    unsigned count;
    bool stays;
};

static int touch(struct push_stream *stream, struct bytes image, struct touched *touched)
{
    uint32_t set;
    int rc = push_sets_find(stream, image, true, &set);
    for (unsigned n = 0; rc == 0 && n < touched->count; n++)
        if (touched->sets[n] == set)
            return 0;
    if (rc == 0)
        touched->sets[touched->count++] = set;
    return rc;
}

static int touch_all(struct push_stream *stream, const struct push_verdict *verdict, struct touched *ret_touched)
{
    const struct delivery *row = &verdict->row;
    bool tried = verdict->known &&
                 (row->state == DELIVERY_SENT || row->state == DELIVERY_RETRY || row->state == DELIVERY_REFUSED);
    *ret_touched = (struct touched){.stays = stays(verdict)};
    int rc = ret_touched->stays ? touch(stream, verdict->projection.kept, ret_touched) : 0;
    if (rc == 0 && verdict->known && row->active && row->confirmed.len > 0)
        rc = touch(stream, row->confirmed, ret_touched);
    if (rc == 0 && tried && row->wanted.len > 0)
        rc = touch(stream, row->wanted, ret_touched);
    return rc;
}

static int place(struct push_stream *stream, const struct push_job *job)
{
    struct push_sets *sets = stream->sets;
    int rc = mem_grow(&sets->jobs, sets->job_count, &sets->job_room, sizeof(*sets->jobs));
    if (rc == 0)
        sets->jobs[sets->job_count++] = *job;
    return rc;
}

static int place_in(struct push_stream *stream, const struct push_job *job, const struct touched *touched)
{
    struct push_job part = *job;
    int rc = 0;
    part.parts = (uint8_t)touched->count;
    for (unsigned n = 0; rc == 0 && n < touched->count; n++) {
        part.set = touched->sets[n];
        part.part = n > 0 ? PUSH_ALSO : job->part;
        part.op = n > 0 ? MUSTER_DEACTIVATE : job->op;
        stream->sets->items[part.set].dirty |= job->what == PUSH_SEND;
        rc = place(stream, &part);
    }
    return rc;
}

int push_sets_place(struct push_stream *stream, const struct push_job *job, const struct push_verdict *verdict)
{
    struct push_sets *sets = stream->sets;
    struct touched touched;
    struct push_job own = *job;
    int rc = touch_all(stream, verdict, &touched);
    if (rc == 0 && !stream->whole)
        rc = numbers_set(&sets->known, job->id, 1);
    if (rc != 0)
        return rc;
    own.set = PUSH_NO_SET;
    own.parts = 1;
    own.part = PUSH_UNIT;
    bool goes = own.what == PUSH_SEND || own.what == PUSH_WAIT;
    bool unmade = own.what == PUSH_MANUAL && !touched.stays;
    bool kept = !goes && touched.stays && verdict->row.active;
    if (goes && touched.count > 0)
        return place_in(stream, &own, &touched);
    if (unmade && verdict->row.active && touched.count > 0) {
        own.part = PUSH_UNMADE;
        return place_in(stream, &own, &touched);
    }
    if (goes)
        own.what = PUSH_SETTLE; /* it is nowhere */
    if (own.what == PUSH_SETTLE || own.what == PUSH_MANUAL)
        rc = place(stream, &own);
    if (rc == 0 && kept) {
        own.what = PUSH_KEEP;
        own.op = MUSTER_KEEP;
        touched.count = 1;
        rc = place_in(stream, &own, &touched);
    }
    return rc;
}

int push_sets_leave(struct push_stream *stream, const struct push_job *job, const struct push_verdict *verdict)
{
    struct touched touched;
    int rc = touch_all(stream, verdict, &touched);
    if (rc == 0)
        rc = numbers_set(&stream->sets->known, job->id, 1);
    for (unsigned n = 0; rc == 0 && n < touched.count; n++)
        stream->sets->items[touched.sets[n]].blocked = true;
    return rc;
}

int push_sets_name(struct push_stream *stream, const struct push_verdict *verdict, struct arena *arena,
                   const char **ret_name)
{
    struct touched touched;
    int rc = touch_all(stream, verdict, &touched);
    const char *name =
        rc == 0 && touched.count > 0 ? arena_text(arena, stream->sets->items[touched.sets[0]].name) : NULL;
    if (rc == 0 && touched.count > 0 && !name)
        return -ENOMEM;
    if (rc == 0)
        *ret_name = name;
    return rc;
}
