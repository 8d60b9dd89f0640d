/* run_hold - writing down what of a run is held: what waits for a person, the records as they are proposed, and what
 * went through. */
#include "engine/running.h"

#include "base/mem.h"
#include "engine/proposal.h"

#include <errno.h>

static const char *proposed_text(struct run *run, const struct hold *hold, const struct source *source)
{
    const struct field *field =
        hold->field ? organization_field_number(run->request->organization, hold->kind, hold->field) : NULL;
    struct reference reference;
    size_t len;
    for (uint16_t s = 0; field && s < source->count; s++) {
        struct value value = image_get(source->sections[s].image, hold->field);
        if (source->sections[s].kind != hold->kind || value.presence != PRESENCE_VALUE || value.flags & VALUE_SEALED)
            continue;
        if (field->type == TYPE_ENUM) {
            const char *text = value.len == 1 ? enum_text(field, (uint8_t)*value.bytes, &len) : NULL;
            return text ? arena_copy(run->arena, text, len) : NULL;
        }
        if (field->type == TYPE_REF)
            return reference_read(value.bytes, value.len, &reference)
                       ? arena_copy(run->arena, reference.text, reference.text_len)
                       : NULL;
        return arena_copy(run->arena, value.bytes, value.len);
    }
    return NULL;
}

static void hold_waits(struct run *run, const struct staged *staged, const struct hold *hold, bool other,
                       struct wait_list *waits)
{
    struct bytes id = source_key_id(staged->key);
    const struct source *source = &run->stage.proposed;
    const struct field *field =
        hold->field ? organization_field_number(run->request->organization, hold->kind, hold->field) : NULL;
    struct wait_item item = {.type = WAIT_HELD,
                             .stream = source_key_stream(staged->key),
                             .id = arena_copy(run->arena, id.data, id.len),
                             .reason = gate_reason(hold->gate),
                             .text = proposed_text(run, hold, source),
                             .entity = hold->person,
                             .other = other};
    if (field)
        item.field = arena_format(run->arena, "%s.%s", kind_name(hold->kind), field->name);
    if (item.entity == 0 && staged->what != STAGED_NEW && source->situation == SITUATION_LINKED &&
        source->sections[0].kind == KIND_person)
        item.entity = match_resolve(&run->match, source->sections[0].seed);
    if (!item.id || (field && !item.field))
        waits->rc = -ENOMEM;
    else
        wait_add(waits, &item);
}

/* Whether something else waited in its place: the same record and field, but other words. */
static bool hold_is_other(struct run *run, const struct staged *staged, const struct hold *hold,
                          struct proposal *before)
{
    if (!run->stage.has_held || !proposal_get(&run->snapshot, staged->key, before))
        return false;
    for (size_t i = 0; i < before->hold_count; i++) {
        const struct hold *old = &before->holds[i];
        if (old->gate == hold->gate && old->kind == hold->kind && old->field == hold->field)
            return old->key != hold->key;
    }
    return false;
}

/* Whether this run has said anew what is held of the record: it was there, or its stream was read whole. */
static bool hold_judged(struct run *run, struct bytes key)
{
    const struct strand *strand = run_strand(run, source_key_stream(key));
    uint64_t record = hold_record(key);
    return strand && strand->compared &&
           (strand->pull.claim == CLAIM_COMPLETE || numbers_get(&run->stage.keys, record) ||
            numbers_get(&run->stage.agreed, record));
}

/* What is held of records that were not judged: somebody may have withdrawn a rejection, or its day has passed. */
static int holds_elsewhere(struct run *run, struct wait_list *reviews)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct proposal *proposal __attribute__((cleanup(tidy_free))) = mem_new(1, sizeof(*proposal));
    int rc = proposal ? 0 : -ENOMEM;
    cursor_open(&cursor, &run->snapshot, TABLE_held);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there && rc == 0; there = cursor_next(&cursor)) {
        if (hold_judged(run, cursor.key) || numbers_get(&run->gates.settled, hold_record(cursor.key)))
            continue;
        if (!proposal_read(cursor.key, cursor.value, proposal) || !source_read(proposal->value, &run->stage.proposed) ||
            run->stage.proposed.count == 0)
            return ERR_CORRUPT;
        struct staged staged = {.what = proposal->what, .key = cursor.key, .value = proposal->value};
        for (size_t i = 0; i < proposal->hold_count; i++)
            if (!statement_stands(&run->match.statements, proposal->holds[i].key, STATEMENT_REJECT, NULL))
                hold_waits(run, &staged, &proposal->holds[i], false, reviews);
        rc = reviews->rc;
    }
    return rc ? rc : run->snapshot.rc;
}

/* One item for each thing that is held; and the records, as they are proposed, into the store. */
int run_gates_end(struct run *run, struct wait_list *reviews)
{
    TIDY(free) struct proposal *before = mem_new(1, sizeof(*before));
    int rc = before ? 0 : -ENOMEM;
    for (size_t i = 0; i < run->stage.held_count && rc == 0; i++) {
        struct staged staged;
        rc = stage_read(&run->stage, run->stage.held[i], 0, &staged);
        if (rc != 0 || !source_read(staged.value, &run->stage.proposed) || run->stage.proposed.count == 0)
            return rc ? rc : ERR_CORRUPT;
        struct strand *strand = run_strand(run, source_key_stream(staged.key));
        const struct hold *hold = holds_first(&run->holds, hold_record(staged.key));
        for (; hold; hold = holds_next(&run->holds, hold)) {
            if (!hold->kept || hold->quiet)
                continue;
            hold_waits(run, &staged, hold, hold_is_other(run, &staged, hold, before),
                       strand ? &strand->waits : reviews);
            if (strand) {
                strand->held |= 1u << hold->gate;
                strand->look_again |= hold->gate != GATE_IDENTITY;
            }
        }
    }
    if (rc == 0)
        rc = proposals_write(&run->stage);
    for (size_t i = 0; i < run->strand_count && rc == 0; i++) {
        const struct strand *strand = &run->strands[i];
        if (strand->compared)
            rc = proposals_settle(&run->stage, strand->pull.stream, strand->pull.claim == CLAIM_COMPLETE);
    }
    if (rc == 0 && run->stage.has_held && run->match.statements.persons)
        rc = holds_elsewhere(run, reviews);
    return rc;
}

/* --- approvals --- */

static void approve(struct run *run, struct bytes key, const struct hold *hold)
{
    struct buffer about __attribute__((cleanup(buffer_done))) = {0};
    const struct stream_name *stream = streams_find(&run->streams, source_key_stream(key));
    struct bytes id = source_key_id(key);
    if (!numbers_get(&run->gates.allowed, hold->key) || !stream)
        return;
    buffer_format(&about, "%s/%s/%s/%.*s", stream->connection_name, stream->partition, stream->stream, (int)id.len,
                  (const char *)id.data);
    struct statement statement = {.subject = hold->key,
                                  .type = STATEMENT_APPROVE,
                                  .person = true,
                                  .until_ms = gate_approval_ends(run->request->connection, hold->gate, run->now_ms),
                                  .author = run->request->author,
                                  .reason = run->request->reason,
                                  .about = about.data};
    statements_add(&run->match.statements, &statement);
    run->match.rc = run->match.rc ? run->match.rc : about.rc;
}

int run_gates_approve(struct run *run)
{
    struct proposal *proposal __attribute__((cleanup(tidy_free))) = mem_new(1, sizeof(*proposal));
    for (size_t i = 0; proposal && i < run->strand_count; i++) {
        struct cursor cursor __attribute__((cleanup(tidy_cursor)));
        uint32_t be = __builtin_bswap32(run->strands[i].pull.stream);
        struct bytes prefix = bytes(&be, sizeof(be));
        cursor_open(&cursor, &run->snapshot, TABLE_held);
        for (bool there = cursor_seek(&cursor, prefix); there && cursor_has_prefix(&cursor, prefix);
             there = cursor_next(&cursor))
            for (size_t h = 0; proposal_read(cursor.key, cursor.value, proposal) && h < proposal->hold_count; h++)
                approve(run, cursor.key, &proposal->holds[h]);
    }
    return proposal ? run->snapshot.rc : -ENOMEM;
}
