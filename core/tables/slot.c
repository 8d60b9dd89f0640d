/* slot - by what entities are found. */
#include "tables/slot.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/dict.h"

#include <errno.h>
#include <string.h>

enum { TEXT_MAX = 200, CUT = 184, HASH = 16, UNIT_SEPARATOR = 0x1f };

static struct slot *slots_add(struct slots *slots, const struct field *const *fields, size_t count)
{
    for (size_t i = 0; i < slots->person_count; i++)
        if (slots->person[i].field_count == count &&
            memcmp(slots->person[i].fields, fields, count * sizeof(*fields)) == 0)
            return &slots->person[i];
    if (slots->person_count == SLOTS_MAX || count > SLOT_FIELDS_MAX)
        return NULL;
    struct slot *slot = &slots->person[slots->person_count++];
    *slot = (struct slot){.number = count == 1 ? fields[0]->number : 0, .field_count = count};
    memcpy(slot->fields, fields, count * sizeof(*fields));
    return slot;
}

static int slots_number(struct slot *slot, struct store *store)
{
    if (slot->field_count == 1)
        return 0;
    struct buffer name __attribute__((cleanup(buffer_done))) = {0};
    buffer_text(&name, "slot:");
    for (size_t i = 0; i < slot->field_count; i++)
        buffer_format(&name, "%s%s", i ? "," : "", slot->fields[i]->name);
    uint32_t number;
    int rc = name.rc ? name.rc : dict_number(store, name.data, &number);
    if (rc == 0 && number > UINT16_MAX)
        rc = ERR_LIMIT;
    if (rc == 0)
        slot->number = (uint16_t)number;
    return rc;
}

/* Fields of persons by which other records refer to them. */
static bool slots_references(struct slots *slots, const struct organization *organization)
{
    for (size_t c = 0; c < organization->connection_count; c++)
        for (const struct mapping *const *mapping = organization->connections[c].mappings; mapping && *mapping;
             mapping++)
            for (size_t s = 0; s < (*mapping)->section_count; s++)
                for (size_t r = 0; r < (*mapping)->sections[s].rule_count; r++) {
                    const struct field *field = (*mapping)->sections[s].rules[r].person_field;
                    if (field && !slots_add(slots, &field, 1))
                        return false;
                }
    return true;
}

int slots_make(const struct organization *organization, struct store *store, struct slots *ret_slots)
{
    struct slots slots = {.placeholders = organization->placeholder_emails};
    for (size_t i = 0; i < organization->person_rule_count; i++) {
        const struct match_rule *rule = &organization->person_rules[i];
        size_t count = 0;
        while (rule->fields[count])
            count++;
        struct slot *slot = slots_add(&slots, rule->fields, count);
        if (!slot || slots.rule_count == SLOTS_MAX)
            return ERR_LIMIT;
        slots.rules[slots.rule_count++] = (size_t)(slot - slots.person);
    }
    const struct field *number = field_by_number(KIND_person, FIELD_person_employee_number);
    const struct field *email = field_by_number(KIND_person, FIELD_person_work_email);
    if (!slots_add(&slots, &number, 1) || !slots_add(&slots, &email, 1) || !slots_references(&slots, organization))
        return ERR_LIMIT;
    for (size_t i = 0; i < slots.person_count; i++) {
        int rc = slots_number(&slots.person[i], store);
        if (rc != 0)
            return rc;
    }
    *ret_slots = slots;
    return 0;
}

static bool is_placeholder(const struct slots *slots, const struct value *value)
{
    if (!slots->placeholders || !*slots->placeholders)
        return false;
    char *text __attribute__((cleanup(tidy_free))) = mem_copy(value->bytes, value->len);
    for (const char *const *pattern = slots->placeholders; text && *pattern; pattern++)
        if (text_glob(*pattern, text, true))
            return true;
    return false;
}

bool slot_value_text(const struct slots *slots, const struct field *field, struct value value, struct buffer *out)
{
    if (value.presence != PRESENCE_VALUE || value.len == 0)
        return false;
    size_t before = out->len;
    if (value.flags & VALUE_SEALED) {
        char hex[2 * DIGEST_KEYED + 1];
        digest_hex((const uint8_t *)value.bytes, value.len < DIGEST_KEYED ? value.len : DIGEST_KEYED, hex);
        buffer_text(out, hex);
        return true;
    }
    if (field->number == FIELD_person_work_email && is_placeholder(slots, &value))
        return false;
    if (field_is_phone(field))
        text_digits(value.bytes, value.len, out);
    else
        text_normalize(value.bytes, value.len, out);
    return out->len > before;
}

bool slot_text(const struct slots *slots, const struct slot *slot, struct image image, struct buffer *out)
{
    size_t before = out->len;
    for (size_t i = 0; i < slot->field_count; i++) {
        if (i > 0)
            buffer_byte(out, UNIT_SEPARATOR);
        if (!slot_value_text(slots, slot->fields[i], image_get(image, slot->fields[i]->number), out)) {
            out->len = before;
            return false;
        }
    }
    return true;
}

bool slot_unit_text(uint8_t type, const char *text, size_t len, struct buffer *out)
{
    if (len == 0)
        return false;
    buffer_byte(out, type);
    text_normalize(text, len, out);
    return true;
}

void slot_prefix(enum kind kind, uint16_t slot, const char *text, size_t len, struct buffer *out)
{
    uint16_t be = __builtin_bswap16(slot);
    buffer_byte(out, (unsigned char)kind);
    buffer_add(out, &be, sizeof(be));
    if (len <= TEXT_MAX) {
        buffer_add(out, text, len);
    } else {
        uint8_t digest[DIGEST_SHA256];
        digest_sha256(text, len, digest);
        buffer_add(out, text, CUT);
        buffer_add(out, digest, HASH);
    }
    buffer_byte(out, '\0');
}
