/* authority - who is the same person, who keeps a person alive, and whose word counts. Part of reading.h.
 *
 * Reads `match:` and `authority:`, writes the rules, organization->exists and
 * organization->authorities, with what holds when the file is silent. */
#include "config/reading.h"

#include <string.h>

/* ---- match ---- */

static bool rule_field(struct reading *reading, const struct node *node, const char *const *names,
                       const struct field **ret_field)
{
    if (node->type != NODE_TEXT) {
        complain(reading->complaints, node, "match: person: a rule is a list of field names");
        return false;
    }
    if (!want_name(reading, node, "match: person: no field", node->text, names))
        return false;
    const struct field *field = organization_field(reading->organization, KIND_person, node->text);
    if (field && (field->type == TYPE_REF || field->type == TYPE_JSON)) {
        complain(reading->complaints, node, "match: person: field '%s' cannot be compared", node->text);
        return false;
    }
    *ret_field = field;
    return field != NULL;
}

static void read_rule(struct reading *reading, const struct node *node, const char *const *names,
                      struct match_rule *rule)
{
    if (node->type != NODE_LIST || node->count == 0) {
        complain(reading->complaints, node,
                 "match: person: each rule is a list of fields, as in [ [employee_number] ]");
        return;
    }
    const struct field **fields = reading_get(reading, node->count + 1, sizeof(struct field *));
    const char *text = "";
    for (size_t i = 0; fields && i < node->count; i++) {
        if (!rule_field(reading, node->items[i], names, &fields[i]))
            return;
        text = reading_format(reading, "%s%s%s", text, i ? ", " : "", fields[i]->name);
    }
    *rule = (struct match_rule){.fields = fields, .node = node, .text = text};
}

static void read_rules(struct reading *reading, const struct node *node)
{
    struct organization *organization = reading->organization;
    const struct node *list = want_list(reading, node, "match: person");
    const char *const *names = field_names(reading, KIND_person);
    size_t count = list ? list->count : 1;
    struct match_rule *rules = reading_get(reading, count + 1, sizeof(*rules));
    const struct field **number = list ? NULL : reading_get(reading, 2, sizeof(struct field *));
    if (!rules || !names || (!list && !number))
        return;
    if (list && count == 0)
        complain(
            reading->complaints, node,
            "match: person names no rule, so that nobody would be the same person in two systems: write one, as in "
            "[ [employee_number] ], or leave the line out, which means that one");
    for (size_t i = 0; list && i < count; i++)
        read_rule(reading, list->items[i], names, &rules[i]);
    if (!list) { /* nothing said: the number is the person */
        number[0] = field_by_number(KIND_person, FIELD_person_employee_number);
        rules[0] = (struct match_rule){.fields = number, .text = "employee_number"};
    }
    organization->person_rules = rules;
    organization->person_rule_count = count;
}

void match_read(struct reading *reading, const struct node *node)
{
    static const char *const keys[] = {"person", "within_partition", "placeholder_emails", NULL};
    static const char *const within[] = {"review", "same", "apart", NULL};
    struct organization *organization = reading->organization;
    const struct node *map = want_map(reading, node, "match");
    node_unknown_keys(reading->complaints, map, keys, "match");
    read_rules(reading, node_get(map, "person"));
    int which = want_word(reading, node_get(map, "within_partition"), "match: within_partition", within);
    organization->within_partition = which < 0 ? WITHIN_REVIEW : (unsigned)which;
    organization->placeholder_emails =
        want_texts(reading, node_get(map, "placeholder_emails"), "match: placeholder_emails");
}

/* ---- authority ---- */

/* Names of connections to the connections; NULL: missing, or complained about. */
static const struct connection *const *connections_of(struct reading *reading, const struct node *node,
                                                      const char *what)
{
    const char *const *names = want_texts(reading, node, what);
    size_t count = 0;
    while (names && names[count])
        count++;
    const struct connection **found = names ? reading_get(reading, count + 1, sizeof(struct connection *)) : NULL;
    bool good = found != NULL && count > 0;
    if (found && count == 0)
        complain(reading->complaints, node, "%s names no connection", what);
    for (size_t i = 0; found && i < count; i++) {
        const struct node *at = node->type == NODE_LIST ? node->items[i] : node;
        good = want_name(reading, at, reading_format(reading, "%s: no connection", what), names[i],
                         reading->connection_names) &&
               good;
        found[i] = organization_connection(reading->organization, names[i]);
        for (size_t before = 0; before < i; before++)
            if (strcmp(names[before], names[i]) == 0)
                complain(reading->complaints, at, "%s: '%s' stands twice", what, names[i]);
    }
    return good ? (const struct connection *const *)found : NULL;
}

/* In the order of the file: all, or those that are no target. */
static const struct connection *const *all_connections(struct reading *reading, bool with_targets)
{
    const struct organization *organization = reading->organization;
    const struct connection **all =
        reading_get(reading, organization->connection_count + 1, sizeof(struct connection *));
    size_t count = 0;
    for (size_t i = 0; all && i < organization->connection_count; i++)
        if (with_targets || !organization->connections[i].target)
            all[count++] = &organization->connections[i];
    return (const struct connection *const *)all;
}

struct authorities {
    struct authority *items;
    size_t count;
};

static void read_fields(struct reading *reading, enum kind kind, const struct node *map, struct authorities *out)
{
    const char *const *names = field_names(reading, kind);
    const char *what = reading_format(reading, "authority: %s", kind_name(kind));
    for (size_t i = 0; names && i < map->count; i++) {
        const char *name = map->keys[i]->text;
        if (strcmp(name, "default") == 0 || (kind == KIND_person && strcmp(name, "exists") == 0))
            continue;
        if (strcmp(name, "exists") == 0) {
            complain(reading->complaints, map->keys[i], "%s: only a person has 'exists'", what);
            continue;
        }
        if (!want_name(reading, map->keys[i], reading_format(reading, "%s: no field", what), name, names))
            continue;
        const struct connection *const *connections =
            connections_of(reading, map->items[i], reading_format(reading, "%s: %s", what, name));
        if (connections)
            out->items[out->count++] = (struct authority){kind, organization_field(reading->organization, kind, name),
                                                          connections, map->items[i]};
    }
}

static void read_exists(struct reading *reading, const struct node *node)
{
    const struct connection *const *exists = connections_of(reading, node, "authority: person: exists");
    for (size_t i = 0; exists && exists[i]; i++)
        if (exists[i]->description && exists[i]->mappings && !exists[i]->mappings[0] &&
            !node_get(exists[i]->node, "streams"))
            complain(reading->complaints, node->type == NODE_LIST ? node->items[i] : node,
                     "authority: person: exists: connection '%s' reads nobody", exists[i]->name);
    reading->organization->exists = exists;
    reading->organization->exists_said = node;
}

static void read_kind(struct reading *reading, enum kind kind, const struct node *map, struct authorities *out)
{
    const char *what = reading_format(reading, "authority: %s", kind_name(kind));
    if (!want_map(reading, map, what))
        return;
    read_fields(reading, kind, map, out);
    const struct node *usual = node_get(map, "default");
    const struct connection *const *connections =
        connections_of(reading, usual, reading_format(reading, "%s: default", what));
    if (connections)
        out->items[out->count++] = (struct authority){kind, NULL, connections, usual};
    if (kind == KIND_person)
        read_exists(reading, node_get(map, "exists"));
}

/* Things that no two connections share: who says one says all of it, and whose word counts for people is no matter. */
static bool of_one_connection(enum kind kind)
{
    static const enum kind kinds[] = {KIND_shift,       KIND_exchange, KIND_work_order, KIND_punch,
                                      KIND_work_period, KIND_incident, KIND_note,       KIND_lookup_row};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (kinds[i] == kind)
            return true;
    return false;
}

/* Every kind ends up with an entry for the fields that nobody named: its own default, else the person's where people
 * have parts of it, else all in the order of the file. */
static void add_defaults(struct reading *reading, struct authorities *out)
{
    bool said[KIND_COUNT] = {false};
    const struct connection *const *all = all_connections(reading, true), *const *usual = all;
    const struct node *node = NULL;
    for (size_t i = 0; i < out->count; i++) {
        if (out->items[i].field)
            continue;
        said[out->items[i].kind] = true;
        if (out->items[i].kind == KIND_person) {
            usual = out->items[i].connections;
            node = out->items[i].node;
        }
    }
    for (int kind = 1; usual && kind < KIND_COUNT; kind++)
        if (!said[kind])
            out->items[out->count++] = of_one_connection((enum kind)kind)
                                           ? (struct authority){(enum kind)kind, NULL, all, NULL}
                                           : (struct authority){(enum kind)kind, NULL, usual, node};
}

static bool reads_people(const struct connection *connection)
{
    for (size_t n = 0; connection->mappings && connection->mappings[n]; n++)
        for (size_t s = 0; s < connection->mappings[n]->section_count; s++)
            if (connection->mappings[n]->sections[s].kind == KIND_person)
                return true;
    return false;
}

/* What a target says of people is of those whom others know, unless the file says otherwise. */
static void exists_by_default(struct reading *reading)
{
    struct organization *organization = reading->organization;
    organization->exists = all_connections(reading, false);
    if (!organization->exists || organization->exists[0])
        return;
    for (size_t n = 0; n < organization->connection_count; n++)
        if (reads_people(&organization->connections[n])) {
            const char *name = organization->connections[n].name;
            complain_warning(
                reading->complaints, organization->connections[n].node,
                "connection '%s' has a target, so it creates nobody, and there is no other that could: if it "
                "is to, write authority: { person: { exists: [%s] } }",
                name, name);
            return;
        }
}

void authority_read(struct reading *reading, const struct node *node)
{
    const char *kinds[KIND_COUNT + 1] = {0};
    const struct node *map = want_map(reading, node, "authority");
    size_t most = KIND_COUNT + 1;
    for (size_t i = 0; map && i < map->count; i++)
        most += map->items[i]->count + 1;
    for (int kind = 1; kind < KIND_COUNT; kind++)
        kinds[kind - 1] = kind_name((enum kind)kind);
    struct authorities out = {.items = reading_get(reading, most, sizeof(struct authority))};
    if (!out.items)
        return;
    for (size_t i = 0; map && i < map->count; i++)
        if (want_name(reading, map->keys[i], "authority: no kind", map->keys[i]->text, kinds))
            read_kind(reading, kind_by_name(map->keys[i]->text), map->items[i], &out);
    add_defaults(reading, &out);
    reading->organization->authorities = out.items;
    if (!reading->organization->exists)
        exists_by_default(reading);
}
