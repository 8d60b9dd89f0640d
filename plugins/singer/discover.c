/* discover - what a tap has, by its catalog; of the streams that option `settings` names also some records. */
#include "singer.h"

#include <stdio.h>
#include <string.h>

enum { DEEP = 8, NAME_ROOM = 300 };

static bool in_key(const muster_node *keys, const char *name)
{
    for (const muster_node *key = muster_node_first(keys); key; key = key->next)
        if (key->text && strcmp(key->text, name) == 0)
            return true;
    return false;
}

static muster_rc fields_tell(struct singer *singer, const char *stream, const muster_node *json, const char *prefix,
                             const muster_node *keys, int depth)
{
    muster_rc rc = MUSTER_OK;
    const muster_node *one = muster_node_first(muster_node_member(json, "properties"));
    for (; one && rc == MUSTER_OK; one = one->next) {
        char name[NAME_ROOM], inner[NAME_ROOM + 1];
        bool object;
        int32_t type = schema_of(one, &object);
        if (snprintf(name, sizeof(name), "%s%s", prefix, one->name) >= NAME_ROOM || !*one->name)
            continue;
        snprintf(inner, sizeof(inner), "%s.", name);
        const muster_field field = {.name = name, .type = type, .flags = in_key(keys, name) ? MUSTER_ID : 0};
        rc = object && depth < DEEP ? fields_tell(singer, stream, one, inner, NULL, depth + 1)
                                    : singer->host->field(singer->run, stream, &field);
    }
    return rc;
}

static muster_rc entry_tell(struct singer *singer, const muster_node *entry)
{
    const char *name = catalog_name(entry);
    const muster_node *keys = muster_node_member(entry, "key_properties");
    if (!name)
        return MUSTER_OK;
    const muster_stream stream = {.name = name, .doc = "A stream of the tap.", .flags = MUSTER_READ_FULL};
    muster_rc rc = singer->host->stream(singer->run, &stream);
    if (!keys)
        keys = catalog_metadata(entry, "table-key-properties");
    return rc == MUSTER_OK ? fields_tell(singer, name, muster_node_member(entry, "schema"), "", keys, 0) : rc;
}

muster_rc discover_all(struct singer *singer)
{
    const muster_host *host = singer->host;
    size_t named = host->count(singer->run, "settings");
    muster_rc rc = catalog_read(singer);
    if (rc == MUSTER_OK && !singer->catalog && named == 0)
        return host->fail(
            singer->run, MUSTER_CONFIG,
            "the tap knows no catalog: name its streams, as in settings: { users: { replication: full } }");
    for (const muster_node *entry = catalog_first(singer); entry && named == 0 && rc == MUSTER_OK; entry = entry->next)
        rc = entry_tell(singer, entry);
    for (size_t n = 0; n < named && rc == MUSTER_OK; n++) {
        char option[60];
        struct choice choice;
        snprintf(option, sizeof(option), "settings[%zu].name", n);
        const char *stream = host->text(singer->run, option);
        rc = catalog_choose(singer, stream, &choice);
        if (rc == MUSTER_OK && choice.entry)
            rc = fields_tell(singer, stream, muster_node_member(choice.entry, "schema"), "", NULL, 0);
        if (rc == MUSTER_OK)
            rc = read_sample(singer, stream);
    }
    return rc;
}
