/* option - the options of a connection, checked against the table of its connector. Part of reading.h.
 *
 * Reads `options:` and muster_option tables, writes connection->options:
 * flat, with paths into lists, numbers as plain digits. No complaint repeats
 * a value: somebody may have written a secret into the wrong option. */
#include "config/reading.h"

#include "base/buffer.h"
#include "base/date.h"
#include "base/mem.h"
#include "config/address.h"
#include "config/choice.h"
#include "config/given.h"
#include "config/lookalike.h"
#include "config/quantity.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct options {
    struct reading *reading;
    struct connection *connection;
    struct option_value *items; /* grows on the heap, ends in the arena */
    size_t count, room;
    bool plain_http; /* the file says so */
};

const struct muster_option *option_nth(const struct muster_connector *connector, const struct muster_option *table,
                                       size_t n)
{
    size_t stride = connector->option_size ? connector->option_size : sizeof(*table);
    const char *entry = (const char *)table;
    if (!table)
        return NULL;
    for (; ((const struct muster_option *)entry)->name; entry += stride)
        if (n-- == 0)
            return (const struct muster_option *)entry;
    return NULL;
}

static const char *label(struct options *options, const char *path)
{
    return reading_format(options->reading, "connection '%s': option '%s'", options->connection->name, path);
}

/* "connection 'pmt': option 'stores[2].url' must be …" */
__attribute__((format(printf, 4, 5))) static void wrong(struct options *options, const struct node *node,
                                                        const char *path, const char *format, ...)
{
    char text[500];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    complain(options->reading->complaints, node, "%s %s", label(options, path), text);
}

static void add(struct options *options, struct option_value value)
{
    if (mem_grow(&options->items, options->count, &options->room, sizeof(value)) != 0 || !value.name) {
        options->reading->rc = -ENOMEM;
        return;
    }
    options->items[options->count++] = value;
}

static void add_text(struct options *options, const char *path, const char *text, const struct node *node)
{
    const char *copy = arena_text(options->reading->arena, text);
    if (!copy)
        options->reading->rc = -ENOMEM;
    else
        add(options, (struct option_value){.name = path, .text = copy, .node = node});
}

static void add_number(struct options *options, const struct muster_option *option, const char *path, int64_t value,
                       const struct node *node)
{
    if ((option->min != 0 || option->max != 0) && (value < option->min || value > option->max))
        wrong(options, node, path, "must be from %lld to %lld", (long long)option->min, (long long)option->max);
    else
        add_text(options, path, reading_format(options->reading, "%lld", (long long)value), node);
}

/* ---- addresses ---- */

/* No host is called by what only looks like a sign of the keyboard; that it is there is said with the complaint. */
static bool host_typed(const char *authority)
{
    size_t at;
    return !lookalike_in(authority, strcspn(authority, "/?#"), ~0U, &at);
}

static void read_url(struct options *options, const char *path, const struct node *node)
{
    const char *text = node->text;
    bool https = strncmp(text, "https://", 8) == 0, http = strncmp(text, "http://", 7) == 0;
    const char *authority = text + (https ? 8 : http ? 7 : 0);
    if ((!https && !http) || !host_typed(authority) || authority[strcspn(authority, " \t")] != '\0' ||
        strchr("/?#", authority[0]))
        wrong(options, node, path, "must be an https URL");
    else if (!address_port(authority))
        wrong(options, node, path, "has a port that is no number from 1 to 65535");
    else if (http && !address_loopback(authority) && !options->plain_http)
        wrong(options, node, path,
              "must be an https URL: http:// is for this machine only, or add plain_http: true when everybody on the "
              "way may read along");
    else if (address_password(authority) || memchr(authority, '@', strcspn(authority, "/?#")))
        wrong(options, node, path, "must not hold a user or a password: they have options of their own");
    else
        add_text(options, path, text, node);
}

/* Only the last part may be a pattern, and nothing goes up: what is meant must be seen in what is written. */
static void add_place(struct options *options, const char *path, const char *folders, const struct node *node)
{
    const char *last = strrchr(folders, '/'), *wild = strpbrk(folders, "*?"), *up = strstr(folders, "/..");
    while (up && up[3] != '/' && up[3] != '\0')
        up = strstr(up + 3, "/..");
    if (wild && last && wild < last)
        wrong(options, node, path, "has * or ? in a folder's name: only the last part may be a pattern");
    else if (up)
        wrong(options, node, path, "goes up with '..': write the folder that is meant");
    else
        add_text(options, path, node->text, node);
}

/* sftp://user@host:port/path, or an absolute path here. A relative one is for options whose initial value is relative
 * too: their connector says what to. */
static void read_place(struct options *options, const struct muster_option *option, const char *path,
                       const struct node *node)
{
    const char *text = node->text, *initial = option->initial;
    bool relative = initial && initial[0] != '\0' && initial[0] != '/' && !strstr(initial, "://");
    if (strncmp(text, "sftp://", 7) != 0) {
        if (text[0] == '/')
            add_place(options, path, text, node);
        else if (relative && !strstr(text, "://"))
            add_text(options, path, text, node);
        else
            wrong(options, node, path, "must be sftp://USER@HOST/PATH or an absolute path");
        return;
    }
    const char *authority = text + 7, *slash = strchr(authority, '/');
    if (address_password(authority))
        wrong(options, node, path, "must not hold a password: it has an option of its own");
    else if (!slash || slash == authority || slash[1] == '\0' || slash[-1] == '@' || authority[0] == '@')
        wrong(options, node, path, "must name a host and a path, as in sftp://USER@HOST/PATH");
    else if (!address_port(authority))
        wrong(options, node, path, "has a port that is no number from 1 to 65535");
    else if (!host_typed(authority))
        wrong(options, node, path, "names no host that can be");
    else
        add_place(options, path, slash, node);
}

/* ---- one value ---- */

static void read_choice(struct options *options, const struct muster_option *option, const char *path,
                        const struct node *node)
{
    const char *names[33] = {0}, *word;
    size_t count = 0;
    char *choices = arena_text(options->reading->arena, option->choices ? option->choices : ""), *rest = choices;
    if (!choices) {
        options->reading->rc = -ENOMEM;
        return;
    }
    for (char *name; (name = strsep(&rest, "|")) && count < 32;)
        names[count++] = name;
    if ((word = choice_find(option->choices, node->text))) {
        add(options,
            (struct option_value){.name = path,
                                  .text = reading_format(options->reading, "%.*s", (int)strlen(node->text), word),
                                  .node = node});
        return;
    }
    const char *nearest = nearest_name(node->text, names);
    wrong(options, node, path, "must be one of %s%s%s%s", option->choices ? option->choices : "",
          nearest ? ": did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static void read_decimal(struct options *options, const struct muster_option *option, const char *path,
                         const struct node *node)
{
    int64_t whole = 0;
    size_t point = strcspn(node->text, ".");
    const char *before = reading_format(options->reading, "%.*s", (int)point, node->text);
    if (!quantity_decimal(node->text) || !quantity_integer(before, &whole))
        wrong(options, node, path, "must be a number, as in 37.5");
    else if ((option->min != 0 || option->max != 0) &&
             (whole < option->min || whole > option->max ||
              (whole == option->max && strspn(node->text + point, ".0") != strlen(node->text + point))))
        wrong(options, node, path, "must be from %lld to %lld", (long long)option->min, (long long)option->max);
    else
        add_text(options, path, node->text, node);
}

static void read_scalar(struct options *options, const struct muster_option *option, const char *path,
                        const struct node *node)
{
    struct date date;
    int64_t number = 0;
    uint64_t bytes = 0;
    int truth = 0;
    switch (option->type) {
    case MUSTER_INTEGER:
        if (quantity_integer(node->text, &number))
            add_number(options, option, path, number, node);
        else
            wrong(options, node, path, "must be a whole number");
        break;
    case MUSTER_DECIMAL: read_decimal(options, option, path, node); break;
    case MUSTER_BOOL:
        if (quantity_bool(node->text, &truth))
            add_text(options, path, truth ? "true" : "false", node);
        else
            wrong(options, node, path, "must be true or false");
        break;
    case MUSTER_SECONDS:
        if (quantity_seconds(node->text, true, &number))
            add_number(options, option, path, number, node);
        else
            wrong(options, node, path, "must be a length of time, as in 30s, 15m, 1h or 2d");
        break;
    case MUSTER_BYTES:
        if (quantity_bytes(node->text, &bytes))
            add_number(options, option, path, (int64_t)bytes, node);
        else
            wrong(options, node, path, "must be a size, as in 64MB or 4 MiB");
        break;
    case MUSTER_DATE:
        if (date_read(node->text, strlen(node->text), &date))
            add_text(options, path, node->text, node);
        else
            wrong(options, node, path, "must be a day that exists, as in 2026-07-01");
        break;
    case MUSTER_URL: read_url(options, path, node); break;
    case MUSTER_HOSTS:
        if (address_host(node->text))
            add_text(options, path, node->text, node);
        else
            wrong(options, node, path, "must be host names or addresses, as in api.example.com");
        break;
    case MUSTER_CHOICE: read_choice(options, option, path, node); break;
    default:
        if (option->flags & MUSTER_PLACE)
            read_place(options, option, path, node);
        else
            add_text(options, path, node->text, node);
    }
}

/* ---- JSON, hosts, lists ---- */

static void json_text(struct buffer *out, const char *text)
{
    buffer_byte(out, '"');
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            buffer_byte(out, '\\');
        if (*c < 0x20)
            buffer_format(out, "\\u%04x", *c);
        else
            buffer_byte(out, *c);
    }
    buffer_byte(out, '"');
}

/* Texts, lists and objects; in their order. False when there is a !secret in it. */
static bool json_write(struct options *options, const char *path, const struct node *node, struct buffer *out)
{
    if (node->tag) {
        wrong(options, node, path, "holds no secret: write the value without !secret");
        return false;
    }
    if (node->type == NODE_TEXT) {
        json_text(out, node->text);
        return true;
    }
    bool map = node->type == NODE_MAP, good = true;
    buffer_byte(out, map ? '{' : '[');
    for (size_t i = 0; i < node->count; i++) {
        if (i > 0)
            buffer_byte(out, ',');
        if (map) {
            json_text(out, node->keys[i]->text);
            buffer_byte(out, ':');
        }
        good = json_write(options, path, node->items[i], out) && good;
    }
    buffer_byte(out, map ? '}' : ']');
    return good;
}

static void read_json(struct options *options, const char *path, const struct node *node)
{
    TIDY_DONE(buffer_done) struct buffer out = {0};
    if (!json_write(options, path, node, &out))
        return;
    if (out.rc != 0)
        options->reading->rc = out.rc;
    else
        add_text(options, path, out.data, node);
}

/* Several hosts become one text with blanks between. */
static void read_hosts(struct options *options, const char *path, const struct node *node)
{
    TIDY_DONE(buffer_done) struct buffer out = {0};
    for (size_t i = 0; i < node->count; i++) {
        const struct node *item = node->items[i];
        if (item->type != NODE_TEXT || item->tag || !address_host(item->text)) {
            wrong(options, item, path, "must be host names or addresses, as in api.example.com");
            return;
        }
        buffer_format(&out, "%s%s", i ? " " : "", item->text);
    }
    if (out.rc != 0)
        options->reading->rc = out.rc;
    else
        add_text(options, path, out.data ? out.data : "", node);
}

static void read_table(struct options *options, const struct muster_option *table, const char *prefix,
                       const struct node *map, const struct node *missing_at);

static void read_value(struct options *options, const struct muster_option *option, const char *path,
                       const struct node *node);

static void read_items(struct options *options, const struct muster_option *option, const char *path,
                       const struct node *list)
{
    struct muster_option item = *option; /* of a list without members the items are texts, words, or secrets */
    item.type = option->choices ? MUSTER_CHOICE : MUSTER_TEXT;
    item.members = NULL;
    if (option->choices && list->count == 0)
        add_text(options, path, "", list); /* none is something else than not saying which */
    for (size_t i = 0; i < list->count; i++) {
        const struct node *node = list->items[i];
        const char *inner = reading_format(options->reading, "%s[%zu]", path, i);
        if (!option->members)
            read_value(options, &item, inner, node);
        else if (node->type != NODE_MAP || node->tag)
            wrong(options, node, inner, "must be a map of keys and values");
        else
            read_table(options, option->members, reading_format(options->reading, "%s.", inner), node, node);
    }
}

static void read_value(struct options *options, const struct muster_option *option, const char *path,
                       const struct node *node)
{
    bool list = option->type == MUSTER_LIST;
    if (list && named_may_be(options->connection->description, option, node) &&
        !(node = named_list(options->reading, options->connection->description, option, node)))
        return; /* no memory, which is remembered */
    bool words = list && option->choices && node->type == NODE_TEXT && !node->tag;
    if (words && (node->text[0] || node->quoted) && !(node = words_list(options->reading, node)))
        return;
    if (list && node->type != NODE_LIST) {
        wrong(options, node, path, "must be a list, as in [a, b]");
    } else if (list) {
        read_items(options, option, path, node);
    } else if (option->flags & MUSTER_SECRET) {
        const struct secretref *secret = secretref_read(options->reading, node, label(options, path));
        if (secret)
            add(options, (struct option_value){.name = path, .secret = secret, .node = node});
    } else if (option->type == MUSTER_JSON) {
        read_json(options, path, node);
    } else if (node->type == NODE_MAP && target_made_by(options->connection->description, path)) {
        read_json(options, path, node); /* compiled with the stream whose field it makes */
    } else if (node->tag) {
        wrong(options, node, path, "is no secret: write the value without !secret");
    } else if (option->type == MUSTER_HOSTS && node->type == NODE_LIST) {
        read_hosts(options, path, node);
    } else if (node->type != NODE_TEXT) {
        wrong(options, node, path, "must be one text");
    } else if (node->text[0] == '\0' && !node->quoted) {
        wrong(options, node, path, "is empty: leave the line out or write \"\"");
    } else {
        read_scalar(options, option, path, node);
    }
}

static const struct muster_option *by_name(struct options *options, const struct muster_option *table, const char *name)
{
    const struct muster_connector *connector = options->connection->description;
    const struct muster_option *option;
    for (size_t n = 0; (option = option_nth(connector, table, n)); n++)
        if (strcmp(option->name, name) == 0)
            return option;
    return table == connector->options ? given_option(connector, name) : NULL;
}

/* The option that was probably meant, which is read then; NULL: none. */
static const struct muster_option *unknown(struct options *options, const struct muster_option *table, const char *path,
                                           const struct node *map, size_t nth)
{
    const char *names[129] = {0};
    const struct muster_connector *described = options->connection->description;
    const struct muster_option *option;
    size_t count = 0;
    for (; count < 100 && (option = option_nth(described, table, count)); count++)
        names[count] = option->name;
    for (enum given which = 0; table == described->options && which < GIVEN_COUNT; which++)
        for (size_t n = 0; (option = given_nth(described, which, n)); n++)
            names[count++] = option->name;
    const char *connector = options->connection->connector, *nearest = nearest_name(map->keys[nth]->text, names);
    if (nearest)
        wrong(options, map->keys[nth], path, "is unknown to connector '%s': did you mean '%s'?", connector, nearest);
    else if (connection_key(map->keys[nth]->text))
        wrong(options, map->keys[nth], path, "is unknown to connector '%s': it stands beside options:, not below",
              connector);
    else
        wrong(options, map->keys[nth], path, "is unknown to connector '%s': `muster connectors %s` lists what it knows",
              connector, connector);
    const char *meant = node_take_as(options->reading->complaints, map, nth, names);
    return meant ? by_name(options, table, meant) : NULL;
}

static void read_table(struct options *options, const struct muster_option *table, const char *prefix,
                       const struct node *map, const struct node *missing_at)
{
    const struct muster_option *option;
    for (size_t i = 0; map && i < map->count; i++) {
        const char *path = reading_format(options->reading, "%s%s", prefix, map->keys[i]->text);
        option = by_name(options, table, map->keys[i]->text);
        if (!option)
            option = unknown(options, table, path, map, i);
        if (option)
            read_value(options, option, path, map->items[i]);
    }
    for (size_t n = 0; (option = option_nth(options->connection->description, table, n)); n++)
        if ((option->flags & MUSTER_REQUIRED) && !node_get(map, option->name))
            wrong(options, missing_at, reading_format(options->reading, "%s%s", prefix, option->name), "is missing%s%s",
                  option->doc ? ": " : "", option->doc ? option->doc : "");
}

/* ---- the whole ---- */

/* A server whose key nobody wrote down is never trusted; better said here than at the first run. */
static void check_host_key(struct options *options, const struct node *map)
{
    const struct muster_option *table = options->connection->description->options, *place;
    if (!by_name(options, table, "host_key") || node_get(map, "host_key") || node_get(map, "known_hosts"))
        return;
    for (size_t n = 0; (place = option_nth(options->connection->description, table, n)); n++) {
        const struct node *node = place->flags & MUSTER_PLACE ? node_get(map, place->name) : NULL;
        if (node && node->type == NODE_TEXT && strncmp(node->text, "sftp://", 7) == 0)
            wrong(options, node, place->name,
                  "needs host_key: SHA256:… or known_hosts: FILE beside it, so that no "
                  "other server is taken for this one: ask who runs it (there: ssh-keygen -lf "
                  "/etc/ssh/ssh_host_*_key.pub)");
    }
}

/* Names of files beside a file, made from its own: which words stand for it, and where they may lie. */
static void check_companion(struct options *options, const struct node *map, const char *option, bool receipt)
{
    static const char *const marker_words[] = {"name", "stem", NULL};
    static const char *const receipt_words[] = {"name", "stem", "date", "run", NULL};
    const char *const *words = receipt ? receipt_words : marker_words;
    const struct node *node = node_get(map, option);
    if (!node || node->type != NODE_TEXT || !by_name(options, options->connection->description->options, option))
        return;
    const char *text = node->text, *slash = strchr(text, '/'), *last = slash ? slash + 1 : text;
    for (const char *at = strchr(text, '{'); at; at = strchr(at + 1, '{')) {
        const char *word = reading_format(options->reading, "%.*s", (int)strcspn(at + 1, "}"), at + 1);
        if (!word || (at[1 + strlen(word)] == '}' && has_name(words, word)))
            continue;
        const char *near = nearest_name(word, words);
        wrong(options, node, option, "knows %s, not {%.40s}%s%s%s",
              receipt ? "{name}, {stem}, {date} and {run}" : "{name} and {stem}", word, near ? ": did you mean {" : "",
              near ? near : "", near ? "}?" : "");
        return;
    }
    if (slash && !receipt)
        wrong(options, node, option, "must be a name without a folder: markers lie beside their files");
    else if (slash &&
             (slash == text || strchr(last, '/') || text[0] == '.' || (strchr(text, '{') && strchr(text, '{') < slash)))
        wrong(options, node, option,
              "may begin with the name of one folder beside the files, as in archive/{name}.csv");
    else if (strcmp(last, "{name}") == 0 && !slash)
        wrong(options, node, option, "would be the file itself: add something, as in {name}.%s",
              receipt ? "receipt.csv" : "done");
    else if (receipt && !strstr(last, "{name}") && !strstr(last, "{stem}"))
        wrong(options, node, option, "must have {name} or {stem} in it, so that each file has a receipt of its own");
}

/* Its name says what kind of file it is. */
static void check_rejects(struct options *options, const struct node *map)
{
    static const char *const kinds[] = {".xlsx", ".csv", ".json", ".jsonl", ".xml"};
    const struct node *node = node_get(map, "rejects");
    if (!node || node->type != NODE_TEXT || !by_name(options, options->connection->description->options, "rejects"))
        return;
    const char *dot = strrchr(node->text, '.');
    for (size_t n = 0; dot && n < sizeof(kinds) / sizeof(kinds[0]); n++)
        if (strcmp(dot, kinds[n]) == 0)
            return;
    wrong(options, node, "rejects", "must end in .xlsx, .csv, .json, .jsonl or .xml, as in {stem}-rejects.xlsx");
}

/* Without a description only what every connector's options share can be checked. */
static void check_blind(struct options *options, const char *path, const struct node *node)
{
    if (node->tag)
        (void)secretref_read(options->reading, node, label(options, path));
    for (size_t i = 0; i < node->count; i++)
        check_blind(options, path ? path : node->keys[i]->text, node->items[i]);
}

/* Asked before the options are read in their order: a URL may stand before it. */
static bool wants_plain_http(const struct node *map)
{
    const struct node *node = map ? node_get(map, "plain_http") : NULL;
    int truth = 0;
    return node && node->type == NODE_TEXT && quantity_bool(node->text, &truth) && truth;
}

/* What the broker's own options must look like besides their type. */
static void check_network(struct options *options, const struct node *map)
{
    const struct node *proxy = node_get(map, "proxy"), *authority = node_get(map, "ca_file");
    if (!given_has(options->connection->description, GIVEN_http))
        return;
    if (proxy && proxy->type == NODE_TEXT) {
        const char *rest = strstr(proxy->text, "://");
        if (!rest || (strncmp(proxy->text, "http://", 7) != 0 && strncmp(proxy->text, "https://", 8) != 0) ||
            !address_host(rest + 3) || strchr(rest + 3, '/'))
            wrong(options, proxy, "proxy", "must be http://HOST:PORT, without a user or a path");
        else if (!address_port(rest + 3))
            wrong(options, proxy, "proxy", "has a port that is no number from 1 to 65535");
    }
    if (authority && authority->type == NODE_TEXT && authority->text[0] != '/')
        wrong(options, authority, "ca_file", "must be the absolute path of a PEM file");
}

static void copy_on_missing(struct connection *connection)
{
    const char *text = connection_option(connection, "on_missing");
    connection->on_missing = text && strcmp(text, "ignore") == 0 ? MISSING_IGNORE : MISSING_DEACTIVATE;
}

void options_read(struct reading *reading, struct connection *connection, const struct node *node)
{
    struct options options = {.reading = reading, .connection = connection};
    const char *what = reading_format(reading, "connection '%s': options", connection->name);
    const struct node *map = want_map(reading, node, what);
    if (!connection->description) {
        if (map)
            check_blind(&options, NULL, map);
        return;
    }
    if (node && !map)
        return;
    options.plain_http = wants_plain_http(map);
    read_table(&options, connection->description->options, "", map,
               node ? key_node(connection->node, "options") : reading->key);
    if (map) {
        check_host_key(&options, map);
        check_network(&options, map);
        check_companion(&options, map, "ready_marker", false);
        check_companion(&options, map, "receipts", true);
        check_companion(&options, map, "rejects", true);
        check_rejects(&options, map);
    }
    struct option_value *kept = reading_get(reading, options.count + 1, sizeof(*kept));
    if (kept && options.count > 0)
        memcpy(kept, options.items, options.count * sizeof(*kept));
    free(options.items);
    connection->options = kept;
    connection->option_count = kept ? options.count : 0;
    copy_on_missing(connection);
    receiving_check(reading, connection);
}
