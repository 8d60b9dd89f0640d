/* rules - what decides who is who and whose word counts, as one digest. */
#include "engine/rules.h"

#include "base/buffer.h"
#include "base/digest.h"

#include <string.h>

static void rules_connections(struct buffer *out, const struct connection *const *connections)
{
    for (; connections && *connections; connections++)
        buffer_format(out, " %s", (*connections)->name);
    buffer_byte(out, '\n');
}

int rules_digest(const struct organization *organization, uint8_t ret_digest[16])
{
    struct buffer text __attribute__((cleanup(buffer_done))) = {0};
    buffer_format(&text, "zone %s\nwithin %d\n", organization->time_zone, (int)organization->within_partition);
    for (size_t i = 0; i < organization->person_rule_count; i++)
        buffer_format(&text, "match %s\n", organization->person_rules[i].text);
    for (const char *const *at = organization->placeholder_emails; at && *at; at++)
        buffer_format(&text, "placeholder %s\n", *at);
    buffer_text(&text, "exists");
    rules_connections(&text, organization->exists);
    for (const struct authority *at = organization->authorities; at && at->kind != KIND_NONE; at++) {
        buffer_format(&text, "authority %s %s", kind_name(at->kind), at->field ? at->field->name : "*");
        rules_connections(&text, at->connections);
    }
    if (text.rc != 0)
        return text.rc;
    uint8_t whole[DIGEST_SHA256];
    digest_sha256(text.data, text.len, whole);
    memcpy(ret_digest, whole, 16);
    return 0;
}
