/* wanted - one person out of all that a source has. */
#include "engine/wanted.h"

#include "base/mem.h"
#include "base/text.h"
#include "tables/hold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* By what of a person somebody is found. */
enum by { BY_NUMBER, BY_EMAIL, BY_COUNT };
static const uint16_t fields[BY_COUNT] = {FIELD_person_employee_number, FIELD_person_work_email};
static const char *const prefixes[BY_COUNT] = {"number:", "email:"};

struct wanted {
    struct arena *arena;
    const char *says[BY_COUNT]; /* NULL: not by this */
    const char *id;             /* a record's, in whatever stream; NULL: not by this */
    const char **ids;           /* of records that are known */
    size_t id_count;
    struct numbers records;                     /* hold_record() of these */
    struct section_view sections[SECTIONS_MAX]; /* scratch */
};

void wanted_free(struct wanted *wanted)
{
    if (!wanted)
        return;
    numbers_done(&wanted->records);
    arena_free(wanted->arena);
    free(wanted);
}

/* --- who it is --- */

static int take_member(struct wanted *wanted, const struct member *member)
{
    TIDY_DONE(buffer_done) struct buffer key = {0};
    source_key(member->stream, member->id.data, member->id.len, &key);
    wanted->ids[wanted->id_count] = arena_copy(wanted->arena, member->id.data, member->id.len);
    if (key.rc != 0 || !wanted->ids[wanted->id_count])
        return -ENOMEM;
    wanted->id_count++;
    return numbers_set(&wanted->records, hold_record(bytes(key.data, key.len)), 1);
}

static int take_known(struct wanted *wanted, struct txn *txn, uint64_t person)
{
    TIDY(free) struct entity *entity = mem_new(1, sizeof(*entity));
    if (!entity)
        return -ENOMEM;
    if (!entity_get(txn, KIND_person, person, entity))
        return txn->rc ? txn->rc : ERR_GONE;
    wanted->ids = arena_get(wanted->arena, (entity->member_count + 1u) * sizeof(*wanted->ids));
    int rc = wanted->ids ? 0 : -ENOMEM;
    for (uint16_t n = 0; rc == 0 && n < entity->member_count; n++)
        rc = take_member(wanted, &entity->members[n]);
    for (int by = 0; rc == 0 && by < BY_COUNT; by++) {
        struct value value = image_get(entity->image, fields[by]);
        if (value.presence == PRESENCE_VALUE && !(wanted->says[by] = arena_copy(wanted->arena, value.bytes, value.len)))
            rc = -ENOMEM;
    }
    return rc;
}

static int take_typed(struct wanted *wanted, const char *key, struct err *err)
{
    for (int by = 0; by < BY_COUNT; by++) {
        size_t len = strlen(prefixes[by]);
        if (strncmp(key, prefixes[by], len) == 0 && key[len] != '\0')
            return (wanted->says[by] = arena_text(wanted->arena, key + len)) ? 0 : -ENOMEM;
    }
    if (*key == '\0' || strpbrk(key, ": ")) /* id:12, a name */
        return err_set(err, ERR_DATA, "nobody known is '%s'; who is not known yet is asked for by number:… or email:…",
                       key);
    wanted->id = arena_text(wanted->arena, key);
    wanted->says[strchr(key, '@') ? BY_EMAIL : BY_NUMBER] = wanted->id;
    return wanted->id ? 0 : -ENOMEM;
}

int wanted_new(struct txn *txn, const char *key, uint64_t person, struct wanted **ret_wanted, struct err *err)
{
    TIDY(wanted_free) struct wanted *wanted = mem_new(1, sizeof(*wanted));
    if (!wanted || !(wanted->arena = arena_new()))
        return -ENOMEM;
    int rc = person ? take_known(wanted, txn, person) : take_typed(wanted, key, err);
    if (rc == 0)
        *ret_wanted = TAKE(wanted);
    return rc;
}

/* --- whether a record is theirs --- */

static bool is_person_of(const struct field *field)
{
    return field->type == TYPE_REF && field->refers_to == KIND_person && strcmp(field->name, "person") == 0;
}

bool wanted_concerns(const struct mapping *mapping)
{
    for (size_t s = 0; s < mapping->section_count; s++) {
        if (mapping->sections[s].kind == KIND_person)
            return true;
        for (size_t r = 0; r < mapping->sections[s].rule_count; r++)
            if (is_person_of(mapping->sections[s].rules[r].field))
                return true;
    }
    return false;
}

bool wanted_id(const struct wanted *wanted, uint32_t stream, const char *id, size_t len)
{
    TIDY_DONE(buffer_done) struct buffer key = {0};
    if (wanted->id && strlen(wanted->id) == len && memcmp(wanted->id, id, len) == 0)
        return true;
    if (wanted->records.count == 0)
        return false;
    source_key(stream, id, len, &key);
    return key.rc == 0 && numbers_get(&wanted->records, hold_record(bytes(key.data, key.len))) != NULL;
}

static bool says(const struct wanted *wanted, enum by by, const char *text, size_t len)
{
    const char *said = wanted->says[by];
    return said && text_same(said, strlen(said), text, len);
}

static bool refers(const struct wanted *wanted, struct value value)
{
    struct reference reference;
    if (value.presence != PRESENCE_VALUE || !reference_read(value.bytes, value.len, &reference))
        return false;
    for (int by = 0; by < BY_COUNT && reference.how == REFERENCE_FIELD; by++)
        if (reference.field == fields[by] && says(wanted, (enum by)by, reference.text, reference.text_len))
            return true;
    for (size_t n = 0; n < wanted->id_count && reference.how == REFERENCE_RECORD; n++)
        if (strlen(wanted->ids[n]) == reference.text_len &&
            memcmp(wanted->ids[n], reference.text, reference.text_len) == 0)
            return true;
    return false;
}

static bool section_theirs(const struct wanted *wanted, const struct section_view *section)
{
    const struct field *field;
    for (int by = 0; section->kind == KIND_person && by < BY_COUNT; by++) {
        struct value value = image_get(section->image, fields[by]);
        if (value.presence == PRESENCE_VALUE && says(wanted, (enum by)by, value.bytes, value.len))
            return true;
    }
    for (size_t n = 0; !kind_is_raw(section->kind) && (field = field_nth(section->kind, n)); n++)
        if (is_person_of(field) && refers(wanted, image_get(section->image, field->number)))
            return true;
    return false;
}

bool wanted_body(struct wanted *wanted, struct bytes body)
{
    uint16_t count = 0;
    bool theirs = false;
    if (!body_read(body, wanted->sections, &count))
        return false;
    for (uint16_t n = 0; n < count && !theirs; n++)
        theirs = section_theirs(wanted, &wanted->sections[n]);
    return theirs;
}
