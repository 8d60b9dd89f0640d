/* target - the `target:` section of a connection, checked whole and compiled. Part of reading.h.
 *
 * What the connector ships for a stream lies under what the file says, as with
 * mappings that come in. */
#include "config/target.h"

#include "base/digest.h"
#include "config/compile.h"
#include "config/reading.h"

#include <errno.h>
#include <string.h>

/* Raised whenever the same section sends something else of the same people. */
enum { TARGET_VERSION = 1 };

static const char *const keys[] = {"scope", "outside", "match", "account_per", "streams", NULL};
static const char *const stream_keys[] = {"of", "map", "where", "scope", "period", "late", "columns", NULL};

/* One stream on its way. */
struct aim {
    struct reading *reading;
    const struct connection *connection;
    struct target *target;
    struct target_stream *stream;
    struct compile *compile;
    const struct node *own;  /* what the file says of the stream, without what the connector ships; NULL: nothing */
    const struct node *node; /* of the map or list that is compiled */
    const char *what;        /* "connection 'seats': target: stream 'employees'" */
    bool scope_wrong;        /* the target's, and it was said: no stream says it again */
};

static const char *label(struct reading *reading, const struct connection *connection, const char *what)
{
    return reading_format(reading, "connection '%s': target: %s", connection->name, what);
}

const struct target_stream *target_stream(const struct target *target, const char *name)
{
    for (size_t n = 0; target && n < target->stream_count; n++)
        if (strcmp(target->streams[n].name, name) == 0)
            return &target->streams[n];
    return NULL;
}

const struct muster_field *target_field(const struct target_stream *stream, const struct field *field)
{
    const struct muster_field *fields = stream->description ? stream->description->fields : NULL;
    for (; fields && fields->name; fields++)
        if (strcmp(fields->name, field->name) == 0)
            return fields;
    return NULL;
}

/* --- fields of the target --- */

static enum type type_of(int32_t type)
{
    switch (type) {
    case MUSTER_INTEGER: return TYPE_INTEGER;
    case MUSTER_DECIMAL: return TYPE_DECIMAL;
    case MUSTER_BOOL: return TYPE_BOOL;
    case MUSTER_DATE: return TYPE_DATE;
    case MUSTER_TIME: return TYPE_TIME;
    case MUSTER_DATETIME: return TYPE_DATETIME;
    case MUSTER_JSON: return TYPE_JSON;
    default: return TYPE_TEXT;
    }
}

/* A rule that says how a day is written makes a text of it, whatever the target would call the field. */
static bool says_how_to_write(const struct node *node)
{
    return node_get(node, "date") != NULL;
}

/* Of a field that nobody declared: a plain path keeps the type of what it leads to. */
static enum type type_by_path(struct aim *aim, const struct node *node)
{
    struct path path;
    char why[PATH_WHY];
    const struct node *from = node->type == NODE_TEXT                      ? node
                              : node->type == NODE_MAP && node->count == 1 ? node_get(node, "from")
                                                                           : NULL;
    if (!from || from->type != NODE_TEXT ||
        !path_compile(aim->reading->organization->custom, aim->stream->of, aim->target->per_membership, from->text,
                      &path, why))
        return TYPE_TEXT;
    return path.primary ? TYPE_BOOL : path.field && path.field->type != TYPE_ENUM ? path.field->type : TYPE_TEXT;
}

/* Of what the connector declares, when that is all there is; NULL: any name will do, or no memory. */
static const char *const *fields_declared(struct aim *aim)
{
    const struct muster_stream *declared = aim->stream->description;
    size_t count = 0;
    if (!declared || !declared->fields || (declared->flags & MUSTER_DYNAMIC))
        return NULL;
    while (declared->fields[count].name)
        count++;
    const char **names = reading_get(aim->reading, count + 1, sizeof(*names));
    for (size_t n = 0; names && n < count; n++)
        names[n] = declared->fields[n].name;
    return (const char *const *)names;
}

/* After a complaint about it: the field that was probably meant, so that its rule is looked at as well; NULL: none. */
static const struct node *field_meant(struct aim *aim, const struct node *key)
{
    const char *const *names = fields_declared(aim);
    const char *near = names ? nearest_name(key->text, names) : NULL;
    struct node *meant = near ? reading_get(aim->reading, 1, sizeof(*meant)) : NULL;
    if (meant) {
        *meant = *key;
        meant->text = near;
    }
    return meant;
}

static bool field_known(struct aim *aim, const struct node *key)
{
    const char *const *names = fields_declared(aim);
    return !names ||
           want_name(aim->reading, key, reading_format(aim->reading, "%s has no field", aim->what), key->text, names);
}

static void field_make(struct aim *aim, const struct node *key, const struct node *node, size_t nth,
                       struct field *ret_field)
{
    *ret_field = (struct field){
        .kind = aim->stream->of, .number = (uint16_t)(nth + 1), .name = key->text, .type = TYPE_TEXT, .doc = ""};
    const struct muster_field *declared = target_field(aim->stream, ret_field);
    if (node->type == NODE_MAP && node_get(node, "each"))
        ret_field->type = TYPE_JSON;
    else if (says_how_to_write(node))
        ret_field->type = TYPE_TEXT;
    else
        ret_field->type = declared ? type_of(declared->type) : type_by_path(aim, node);
}

/* --- rules --- */

static void paths_compile(struct aim *aim, enum kind of, struct target_map *map)
{
    struct compile *compile = aim->compile;
    struct path *paths = compile_get(compile, compile->column_count, sizeof(*paths));
    struct mapping hunted = {.node = aim->node};
    for (size_t n = 0; paths && n < compile->column_count; n++) {
        char why[PATH_WHY];
        const struct node *place = aim->stream->node;
        if (path_compile(compile->custom, of, aim->target->per_membership && of == KIND_person, compile->columns[n],
                         &paths[n], why)) {
            aim->stream->protected |= paths[n].field && paths[n].field->sensitivity == SENSITIVITY_protected;
            continue;
        }
        mapping_column_nodes(&hunted, compile->columns[n], &place, 1);
        complain(compile->complaints, place, "%s: %s", aim->what, why);
    }
    map->paths = paths;
    map->path_count = compile->column_count;
    map->patterns = compile->patterns;
}

static bool map_compile(struct aim *aim, const struct node *node, struct target_map *map);

/* { each: memberships, map: {…} } */
static void list_compile(struct aim *aim, const struct node *node, const struct field *field,
                         struct target_list *ret_list, struct rule *ret_rule)
{
    static const char *const lists[] = {"employments", "memberships", "absences", "hierarchy", NULL};
    static const enum kind kinds[] = {KIND_employment, KIND_membership, KIND_absence, KIND_org_unit};
    static const char *const words[] = {"each", "map", NULL};
    struct complaints *complaints = aim->reading->complaints;
    const char *what = reading_format(aim->reading, "%s: %s", aim->what, field->name);
    node_unknown_keys(complaints, node, words, what);
    int which = want_word(aim->reading, node_get(node, "each"), reading_format(aim->reading, "%s: each", what), lists);
    const struct node *inner =
        want_map(aim->reading, node_get(node, "map"), reading_format(aim->reading, "%s: map", what));
    if (aim->stream->of != KIND_person)
        complain(complaints, node, "%s: lists are for a stream of persons", what);
    else if (!inner)
        complain(complaints, node, "%s: 'each' needs a map: which values of each", what);
    if (which < 0 || !inner || aim->stream->of != KIND_person)
        return;
    struct target_map *map = compile_get(aim->compile, 1, sizeof(*map));
    struct compile compile = {.complaints = complaints,
                              .arena = aim->reading->arena,
                              .custom = aim->compile->custom,
                              .owner = aim->compile->owner};
    struct aim below = *aim;
    struct target_stream stream = {.node = node, .of = kinds[which]};
    below.stream = &stream;
    below.compile = &compile;
    below.what = what;
    if (map && map_compile(&below, inner, map))
        paths_compile(&below, stream.of, map);
    aim->stream->protected |= stream.protected;
    *ret_list = (struct target_list){kinds[which], map};
    *ret_rule =
        (struct rule){.field = field, .node = node, .text = reading_format(aim->reading, "each of %s", lists[which])};
}

/* A map cannot have a key twice; in a list of columns the later one would stand beside the first under its name. */
static void column_once(struct aim *aim, const struct node *list, size_t nth)
{
    const struct node *key = list->items[nth]->keys[0];
    for (size_t n = 0; n < nth; n++) {
        const struct node *other = list->items[n];
        if (other->type != NODE_MAP || other->count != 1 || strcmp(other->keys[0]->text, key->text) != 0)
            continue;
        complain(aim->reading->complaints, key, "%s: column '%s' stands here a second time: the other is in line %u",
                 aim->what, key->text, other->keys[0]->line);
        return;
    }
}

/* Fields and their rules, in the order of the file. */
static bool map_compile(struct aim *aim, const struct node *node, struct target_map *map)
{
    size_t errors = aim->reading->complaints->errors, count = node->count;
    struct field *fields = compile_get(aim->compile, count + 1, sizeof(*fields));
    struct rule *rules = compile_get(aim->compile, count, sizeof(*rules));
    struct target_list *lists = compile_get(aim->compile, count, sizeof(*lists));
    aim->node = node;
    for (size_t n = 0; fields && rules && lists && n < count; n++) {
        const struct node *item = node->items[n], *key = item, *value = item;
        if (node->type == NODE_LIST && (item->type != NODE_MAP || item->count != 1)) {
            complain(aim->reading->complaints, item, "%s: each item is one column and where it comes from", aim->what);
            continue;
        }
        key = node->type == NODE_LIST ? item->keys[0] : node->keys[n];
        value = node->type == NODE_LIST ? item->items[0] : item;
        if (node->type == NODE_LIST)
            column_once(aim, node, n);
        if (stream_is_off(value))
            continue;
        bool known = field_known(aim, key);
        if (!known && !(key = field_meant(aim, key)))
            continue;
        size_t nth = map->rule_count;
        field_make(aim, key, value, nth, &fields[nth]);
        if (value->type == NODE_MAP && node_get(value, "each"))
            list_compile(aim, value, &fields[nth], &lists[nth], &rules[nth]);
        else
            rule_compile(aim->compile, &fields[nth], value, &rules[nth]);
        map->rule_count += known || !node_get(node, key->text);
    }
    map->fields = fields;
    map->rules = rules;
    map->lists = lists;
    return aim->reading->complaints->errors == errors && !aim->compile->failed;
}

/* What a person's employments, absences and pay are to them: it is there as long as they are. */
static bool goes_with_person(enum kind kind)
{
    return kind == KIND_employment || kind == KIND_absence || kind == KIND_pay;
}

/* { status: [active, on_leave] }: a path, behind what `before` says, and the values that count; all must hold. Paths
 * that `but` names are passed over. */
static const struct condition *scope_compile(struct aim *aim, const struct node *node, const char *before,
                                             const struct node *but, const struct condition *next)
{
    for (size_t n = 0; node && node->type == NODE_MAP && n < node->count; n++) {
        struct node pair = {.type = NODE_MAP, .line = node->items[n]->line, .column = node->items[n]->column};
        struct node from = {.type = NODE_TEXT, .text = "from"}, in = {.type = NODE_TEXT, .text = "in"};
        const struct node *value = node->items[n];
        struct node path = *node->keys[n];
        struct node *names[2] = {&from, &in}, *values[2] = {&path, (struct node *)value};
        if (but && node_get(but, node->keys[n]->text))
            continue;
        path.text = (char *)reading_format(aim->reading, "%s%s", before, path.text);
        pair.count = 2;
        pair.keys = names;
        pair.items = values;
        const char *what = label(aim->reading, aim->connection, "scope");
        struct condition *condition =
            value->type == NODE_MAP ? NULL : (struct condition *)condition_compile(aim->compile, &pair, what);
        if (value->type == NODE_MAP)
            complain(aim->reading->complaints, value, "%s: %s takes a value or a list of them", what,
                     node->keys[n]->text);
        if (!condition)
            continue;
        condition->node = value; /* the pair was only ours */
        condition->next = next;
        next = condition;
    }
    return next;
}

/* --- what a scope compares with --- */

static void scope_check(struct aim *aim, const struct node *node)
{
    for (size_t n = 0; node && node->type == NODE_MAP && n < node->count; n++) {
        struct path path;
        char why[PATH_WHY];
        const struct node *value = node->items[n];
        if (!path_compile(aim->reading->organization->custom, aim->stream->of, aim->target->per_membership,
                          node->keys[n]->text, &path, why)) {
            complain(aim->reading->complaints, node->keys[n], "%s: %s", label(aim->reading, aim->connection, "scope"),
                     why);
            continue;
        }
        target_value_check(aim->reading, &path, value, label(aim->reading, aim->connection, "scope"));
    }
}

/* --- one stream --- */

/* What the target cannot do without has to come from somewhere. */
static void must_check(struct aim *aim)
{
    const struct muster_stream *declared = aim->stream->description;
    for (size_t n = 0; declared && declared->fields && declared->fields[n].name; n++) {
        const struct muster_field *field = &declared->fields[n];
        bool mapped = false;
        for (size_t r = 0; r < aim->stream->map.rule_count; r++)
            mapped |= strcmp(aim->stream->map.fields[r].name, field->name) == 0;
        if ((field->flags & MUSTER_MUST) && !(field->flags & MUSTER_GENERATED) && !mapped)
            complain(aim->reading->complaints, aim->stream->node, "%s: the target cannot do without '%s': map it",
                     aim->what, field->name);
    }
}

static void digest_make(struct aim *aim, const struct node *node, const struct node *scope)
{
    __attribute__((cleanup(buffer_done))) struct buffer out = {0};
    uint8_t digest[DIGEST_SHA256];
    buffer_format(&out, "target %d ", TARGET_VERSION);
    canonical_text(aim->stream->name, &out);
    canonical_node(node, &out);
    if (scope)
        canonical_node(scope, &out);
    for (size_t n = 0; n < aim->stream->map.rule_count; n++) {
        canonical_text(aim->stream->map.fields[n].name, &out);
        canonical_text(type_name(aim->stream->map.fields[n].type), &out);
    }
    buffer_format(&out, "%d%d", aim->target->keep_outside, aim->target->per_membership);
    aim->compile->failed |= out.rc != 0;
    if (out.rc != 0)
        return;
    digest_sha256(out.data, out.len, digest);
    memcpy(aim->stream->digest, digest, sizeof(aim->stream->digest));
}

static enum kind kind_read(struct aim *aim, const struct node *node)
{
    const char **names = reading_get(aim->reading, KIND_COUNT + 1, sizeof(*names));
    const struct node *of = node_get(node, "of");
    const char *kind = want_text(aim->reading, of, reading_format(aim->reading, "%s: of", aim->what));
    if (!of)
        complain(aim->reading->complaints, node, "%s must say of what it is made, as in of: person", aim->what);
    for (int n = 1; names && n < KIND_COUNT; n++)
        names[n - 1] = kind_name((enum kind)n);
    if (!kind || !names ||
        !want_name(aim->reading, of, reading_format(aim->reading, "%s: no kind", aim->what), kind, names))
        return KIND_NONE;
    return kind_by_name(kind);
}

/* Whether such things happen at a time, and are written as one file. */
static bool period_check(struct aim *aim, const struct node *period)
{
    struct complaints *complaints = aim->reading->complaints;
    const struct muster_stream *declared = aim->stream->description;
    if (aim->stream->of == KIND_NONE)
        return false; /* that was said */
    if (!period_field(aim->stream->of))
        complain(complaints, period,
                 "%s: nobody can say when a %s happened: 'period' is for work_period, shift, punch, absence, pay, "
                 "incident and note",
                 aim->what, kind_name(aim->stream->of));
    else if (declared && !(declared->flags & MUSTER_SNAPSHOT))
        complain(complaints, period, "%s: 'period' is for what is written as one file, and connector '%s' writes none",
                 aim->what, aim->connection->connector);
    else
        return true;
    return false;
}

static void words_read(struct aim *aim, const struct node *node)
{
    static const char *const late[] = {"next_file", "rewrite", NULL};
    static const char *const periods[] = {"last day",  "last week",  "last month", "this day",
                                          "this week", "this month", NULL};
    const struct node *period = node_get(node, "period"), *of_late = node_get(node, "late");
    int which = want_word(aim->reading, period, reading_format(aim->reading, "%s: period", aim->what), periods);
    if (period && which >= 0 && period_check(aim, period))
        aim->stream->period = (enum target_period)(PERIOD_LAST_DAY + which);
    aim->stream->rewrite_late =
        want_word(aim->reading, of_late, reading_format(aim->reading, "%s: late", aim->what), late) == 1;
    if (of_late && !period)
        complain(aim->reading->complaints, of_late,
                 "%s: 'late' is for files of a period: say which one, as in period: last week", aim->what);
}

static void stream_compile(struct aim *aim, const struct node *node)
{
    struct complaints *complaints = aim->reading->complaints;
    struct target_stream *stream = aim->stream;
    size_t errors = complaints->errors;
    node_unknown_keys(complaints, node, stream_keys, aim->what);
    const struct node *map = node_get(node, "map"), *columns = node_get(node, "columns");
    const struct node *scope = node_get(node, "scope"), *where = node_get(node, "where");
    stream->of = kind_read(aim, node);
    words_read(aim, node);
    if (map && columns)
        complain(complaints, columns, "%s: 'map' and 'columns' say the same thing: keep one", aim->what);
    else if (!map && !columns && aim->connection->description)
        complain(complaints, node, "%s must say what is sent: map: or columns:", aim->what);
    map = map ? want_map(aim->reading, map, reading_format(aim->reading, "%s: map", aim->what))
              : want_list(aim->reading, columns, reading_format(aim->reading, "%s: columns", aim->what));
    if (!map || stream->of == KIND_NONE || complaints->errors != errors)
        return;
    if (map->count == 0)
        complain(complaints, map, "%s sends nothing: name at least one field", aim->what);
    if (scope && want_map(aim->reading, scope, reading_format(aim->reading, "%s: scope", aim->what)))
        scope_check(aim, scope);
    const struct node *all = aim->scope_wrong ? NULL : node_get(aim->target->node, "scope"), *shipped = NULL;
    const char *before = "";
    if (all && stream->of == KIND_person && (!aim->own || !node_get(aim->own, "scope"))) {
        shipped = scope; /* what the connector ships holds besides, but for what the file names */
        scope = all;
    } else if (all && !scope && goes_with_person(stream->of)) {
        before = "person.";
        scope = all;
    }
    map_compile(aim, map, &stream->map);
    if (where && want_map(aim->reading, where, reading_format(aim->reading, "%s: where", aim->what)))
        stream->where = condition_compile(aim->compile, where, reading_format(aim->reading, "%s: where", aim->what));
    if (complaints->errors == errors)
        stream->scope = scope_compile(aim, shipped, "", scope, scope_compile(aim, scope, before, NULL, NULL));
    aim->node = node;
    paths_compile(aim, stream->of, &stream->map);
    if (where && where->type == NODE_MAP)
        target_where_check(aim->reading, &stream->map, where, reading_format(aim->reading, "%s: where", aim->what));
    must_check(aim);
    target_sets_check(aim->reading, stream, aim->what);
    digest_make(aim, node, scope);
}

/* What the connector says of a stream; of one that it does not name, what it says of any. */
static const struct muster_stream *declaration(const struct connection *connection, const char *name)
{
    const struct muster_stream *stream = stream_declared(connection, name);
    for (size_t n = 0; !stream && connection->description; n++) {
        const struct muster_stream *one = stream_nth(connection->description, n);
        if (!one)
            break;
        stream = one->flags & MUSTER_DYNAMIC ? one : NULL;
    }
    return stream;
}

static void stream_read(struct aim *aim, const struct node *key, const struct node *value, struct target *target)
{
    struct target_stream *streams = (struct target_stream *)target->streams;
    struct compile compile = {.complaints = aim->reading->complaints,
                              .arena = aim->reading->arena,
                              .custom = aim->reading->organization->custom,
                              .owner = key->text};
    const struct muster_stream *declared = declaration(aim->connection, key->text);
    aim->what = label(aim->reading, aim->connection, reading_format(aim->reading, "stream '%s'", key->text));
    if (declared && !(declared->flags & (MUSTER_WRITE | MUSTER_SNAPSHOT | MUSTER_DYNAMIC))) {
        complain(aim->reading->complaints, key, "%s is only read: connector '%s' does not write it", aim->what,
                 aim->connection->connector);
        return;
    }
    const struct node *made = target_made(aim->reading, aim->connection, declared);
    if (made && !(value = target_made_over(aim->reading, made, value, aim->what)))
        return; /* no memory, which is remembered */
    aim->stream = &streams[target->stream_count++];
    *aim->stream = (struct target_stream){.name = key->text, .node = value, .made = made, .description = declared};
    aim->compile = &compile;
    stream_compile(aim, value);
    if (compile.failed)
        aim->reading->rc = -ENOMEM;
}

static void streams_compile(struct aim *aim, const struct node *streams, struct target *target)
{
    struct reading *reading = aim->reading;
    const struct connection *connection = aim->connection;
    for (size_t i = 0; streams && i < streams->count; i++) {
        const struct node *key = streams->keys[i], *value = streams->items[i];
        stream_known(reading, connection, key, key->text);
        if (stream_is_off(value))
            continue;
        const char *what = label(reading, connection, reading_format(reading, "stream '%s'", key->text));
        const struct muster_stream *declared = stream_declared(connection, key->text);
        bool wanted;
        const struct node *under =
            stream_shipped(reading, connection, key->text, declared ? declared->mapping_out : NULL, &wanted);
        if (!want_map(reading, value, what))
            continue;
        aim->own = value;
        if (under)
            value = stream_lay_over(reading, value, under, 1);
        if (value)
            stream_read(aim, key, value, target);
    }
    const struct muster_stream *declared;
    for (size_t n = 0; connection->description && (declared = stream_nth(connection->description, n)); n++) {
        bool wanted = false;
        const struct node *under =
            node_get(streams, declared->name)
                ? NULL
                : stream_shipped(reading, connection, declared->name, declared->mapping_out, &wanted);
        struct node *key = wanted ? reading_get(reading, 1, sizeof(*key)) : NULL;
        if (!key)
            continue;
        *key = *reading->key;
        key->type = NODE_TEXT;
        key->text = declared->name;
        aim->own = NULL;
        stream_read(aim, key, under, target);
    }
}

/* Streams are told in the order in which the connector names them: accounts before what hangs on them. */
static void streams_order(const struct connection *connection, struct target *target)
{
    struct target_stream *streams = (struct target_stream *)target->streams;
    size_t place = 0;
    for (size_t n = 0; connection->description && stream_nth(connection->description, n); n++)
        for (size_t i = place; i < target->stream_count; i++) {
            struct target_stream found = streams[i];
            if (found.description != stream_nth(connection->description, n))
                continue;
            memmove(&streams[place + 1], &streams[place], (i - place) * sizeof(*streams));
            streams[place++] = found;
        }
}

const struct target *target_read(struct reading *reading, const struct connection *connection, const struct node *node)
{
    static const char *const outside[] = {"deactivate", "keep", NULL};
    static const char *const accounts[] = {"person", "membership", NULL};
    const char *what = reading_format(reading, "connection '%s': target", connection->name);
    const struct node *map = want_map(reading, node, what);
    struct target *target = node ? reading_get(reading, 1, sizeof(*target)) : NULL;
    if (!target || !map)
        return target;
    struct aim aim = {.reading = reading, .connection = connection, .target = target};
    struct target_stream persons = {.of = KIND_person};
    size_t most = 1;
    node_unknown_keys(reading->complaints, map, keys, what);
    const struct node *streams = want_map(reading, node_get(map, "streams"), label(reading, connection, "streams"));
    most += streams ? streams->count : 0;
    while (connection->description && stream_nth(connection->description, most))
        most++;
    target->node = map;
    if (connection->description && !connection->description->apply) {
        complain(reading->complaints, key_node(connection->node, "target"),
                 "%s: connector '%s' only reads: nobody can be told anything by it", what, connection->connector);
        return target;
    }
    target->streams = reading_get(reading, 2 * most + 1, sizeof(*target->streams));
    target->keep_outside =
        want_word(reading, node_get(map, "outside"), label(reading, connection, "outside"), outside) == 1;
    target->per_membership =
        want_word(reading, node_get(map, "account_per"), label(reading, connection, "account_per"), accounts) == 1;
    target->match = node_get(map, "match");
    aim.stream = &persons;
    size_t errors = reading->complaints->errors;
    if (node_get(map, "scope") && want_map(reading, node_get(map, "scope"), label(reading, connection, "scope")))
        scope_check(&aim, node_get(map, "scope"));
    aim.scope_wrong = reading->complaints->errors != errors;
    bool good = connection->description && !aim.scope_wrong;
    errors = reading->complaints->errors;
    if (target->streams)
        streams_compile(&aim, streams, target);
    target_match_check(reading, connection, target, good && reading->complaints->errors == errors);
    streams_order(connection, target);
    target_place_check(reading, connection, target);
    if (connection->description && target->stream_count == 0 && !streams && reading->rc == 0)
        complain(reading->complaints, map,
                 "%s: nothing would be sent: name streams:, or let the connector '%s' say what it takes", what,
                 connection->connector);
    return target;
}

static void map_done(const struct target_map *map)
{
    patterns_free(map->patterns);
    for (size_t n = 0; map->lists && n < map->rule_count; n++)
        if (map->lists[n].map)
            map_done(map->lists[n].map);
}

void target_done(const struct target *target)
{
    for (size_t n = 0; target && n < target->stream_count; n++)
        map_done(&target->streams[n].map);
}
