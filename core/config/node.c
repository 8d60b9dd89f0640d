/* node - reads a YAML file into a tree that remembers where everything stood.
 *
 * libfyaml's event parser does the scanning; the tree, the positions and the
 * ceilings are ours. A file that somebody made to hurt (deep, huge, aliases of
 * aliases) ends in a sentence, never in memory or time that has no end. */
#include "config/node.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "config/lookalike.h"
#include "config/node_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_MAX = 4 << 20, /* bytes */
    DEPTH_MAX = 50,     /* lists and maps inside each other */
    NODES_MAX = 200000, /* with aliases counted as what they stand for */
    ANCHORS_MAX = 200,
};

/* A node and how many it stands for. */
struct weighed {
    struct node node; /* first: a node's address is its weighed's */
    size_t weight;
};

/* A list or map that is still open. */
struct level {
    struct weighed *node;
    struct node **items; /* of a map: key, value, key, value… */
    size_t count, room;
};

struct anchor {
    const char *name;
    struct weighed *node; /* weight 0: still open */
};

struct reader {
    struct complaints *complaints;
    struct arena *arena;
    const char *text;
    size_t len;
    size_t at; /* how far line and column are counted */
    unsigned line, column;
    size_t last; /* where the last node with a place stood */
    struct level levels[DEPTH_MAX];
    size_t depth;
    struct anchor anchors[ANCHORS_MAX];
    size_t anchor_count;
    size_t weight;
    struct node *root;
    bool documents; /* one was seen */
    bool merges;    /* a `<<`, as in YAML 1.1: without what it was to bring, all that is below would be wrong */
    int rc;
};

static int fail(struct reader *reader, const struct node *node, const char *sentence)
{
    complain(reader->complaints, node, "%s", sentence);
    return reader->rc = ERR_CONFIG;
}

/* Counts on to a byte and says which line and character that is. Places come nearly in order, so this is linear. */
static void place(struct reader *reader, size_t at, unsigned *ret_line, unsigned *ret_column)
{
    if (at < reader->at) {
        reader->at = 0;
        reader->line = reader->column = 1;
    }
    for (; reader->at < at && reader->at < reader->len; reader->at++) {
        char c = reader->text[reader->at];
        bool crlf = c == '\r' && reader->at + 1 < reader->len && reader->text[reader->at + 1] == '\n';
        if (c == '\n' || (c == '\r' && !crlf)) {
            reader->line++;
            reader->column = 1;
        } else if (((unsigned char)c & 0xc0) != 0x80) {
            reader->column++;
        }
    }
    *ret_line = reader->line;
    *ret_column = reader->column;
}

static struct node at_byte(struct reader *reader, size_t at)
{
    struct node here = {.type = NODE_TEXT};
    place(reader, at, &here.line, &here.column);
    return here;
}

/* The byte where a token begins as people see it: with its quote, '|' or '!'. */
static bool token_place(const struct reader *reader, struct fy_token *token, size_t *ret_at)
{
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    if (!mark || mark->input_pos > reader->len)
        return false;
    size_t at = mark->input_pos;
    enum fy_scalar_style style = fy_token_scalar_style(token);
    if ((style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) && at > 0)
        at--;
    if (style == FYSS_LITERAL || style == FYSS_FOLDED) {
        const char *header = reader->text + reader->last;
        while (header < reader->text + at && *header != (style == FYSS_LITERAL ? '|' : '>'))
            header++;
        at = (size_t)(header - reader->text);
    }
    *ret_at = at;
    return true;
}

/* An empty value has no token: it stands where what was before it stood. */
static void node_place(struct reader *reader, struct node *node, struct fy_token *token, struct fy_token *tag)
{
    size_t at = reader->last;
    if (tag && token_place(reader, tag, &at))
        at -= at > 0 && reader->text[at] != '!' && reader->text[at - 1] == '!';
    else
        token_place(reader, token, &at);
    place(reader, at, &node->line, &node->column);
    reader->last = at;
}

static const char *token_text(struct reader *reader, struct fy_token *token, size_t *ret_len)
{
    size_t len = 0;
    const char *text = token ? fy_token_get_text(token, &len) : "";
    *ret_len = len;
    const char *copy = arena_copy(reader->arena, text ? text : "", len);
    if (!copy)
        reader->rc = -ENOMEM;
    return copy;
}

static void tag_wrong(struct reader *reader, struct node *node)
{
    static const char *const tags[] = {"!secret", NULL};
    complain(reader->complaints, node, "tag '%s' means nothing here: the only tag is !secret", node->tag);
    node->tag = nearest_name(node->tag, tags);
}

/* Only !secret means something. One that is nearly that is taken for it, so that nothing else is said of what follows.
 * Of a '!' alone it depends on the text behind it. */
static void node_tag(struct reader *reader, struct node *node, struct fy_token *tag)
{
    size_t len;
    if (!tag)
        return;
    node->tag = token_text(reader, tag, &len);
    if (node->tag && strcmp(node->tag, "!secret") != 0 && (strcmp(node->tag, "!") != 0 || node->type != NODE_TEXT))
        tag_wrong(reader, node);
}

static struct weighed *node_new(struct reader *reader, enum node_type type, struct fy_token *token,
                                struct fy_token *tag)
{
    struct weighed *made = arena_get(reader->arena, sizeof(*made));
    if (!made) {
        reader->rc = -ENOMEM;
        return NULL;
    }
    made->node.type = type;
    made->node.text = "";
    node_place(reader, &made->node, token, tag);
    node_tag(reader, &made->node, tag);
    if (++reader->weight > NODES_MAX)
        fail(reader, &made->node, "too many values: no configuration has more than 200000");
    return reader->rc == 0 ? made : NULL;
}

static void anchor_add(struct reader *reader, struct fy_token *token, struct weighed *node)
{
    size_t len;
    if (!token)
        return;
    if (reader->anchor_count == ANCHORS_MAX) {
        fail(reader, &node->node, "more than 200 anchors (&name)");
        return;
    }
    const char *name = token_text(reader, token, &len);
    if (name)
        reader->anchors[reader->anchor_count++] = (struct anchor){name, node};
}

/* Puts a finished or just opened node where it belongs. */
static void attach(struct reader *reader, struct weighed *node)
{
    if (reader->depth == 0) {
        reader->root = &node->node;
        return;
    }
    struct level *level = &reader->levels[reader->depth - 1];
    bool is_key = level->node->node.type == NODE_MAP && level->count % 2 == 0;
    if (is_key && (node->node.type != NODE_TEXT || node->node.tag)) {
        fail(reader, &node->node, "a key must be plain text");
        return;
    }
    if (is_key && strcmp(node->node.text, "<<") == 0 && !node->node.quoted) {
        complain(reader->complaints, &node->node,
                 "'<<' merges nothing: an alias (*name) stands for one whole value, so write the keys out");
        reader->merges = true;
    }
    if (mem_grow(&level->items, level->count, &level->room, sizeof(*level->items)) != 0) {
        reader->rc = -ENOMEM;
        return;
    }
    level->items[level->count++] = &node->node;
}

/* Typographic quotes would belong to the text, and "! secret" would be none: told, and read as what was meant, so that
 * nothing follows from it. */
static void scalar_mend(struct reader *reader, struct node *node, size_t *len)
{
    static const char secret[] = "secret ";
    const char *text = node->text;
    if (node->tag && strcmp(node->tag, "!") == 0 && strncmp(text, secret, strlen(secret)) == 0) {
        complain(reader->complaints, node, "a blank stands between '!' and 'secret': write !secret file:NAME");
        node->tag = "!secret";
        node->text += strlen(secret);
        *len -= strlen(secret);
    } else if (node->tag && strcmp(node->tag, "!") == 0) {
        tag_wrong(reader, node);
    }
    if (node->quoted || node->tag || !lookalike_quoted(&text, len))
        return;
    struct node here = {.type = NODE_TEXT, .line = node->line, .column = node->column};
    complain(reader->complaints, &here,
             "typographic quotes (“” ‘’) are no quotes here: write the straight ones, \"…\" or '…'; "
             "where they belong to the text, put straight ones around it all");
    node->text = arena_copy(reader->arena, text, *len);
    node->quoted = true;
    if (!node->text)
        reader->rc = -ENOMEM;
}

static void read_scalar(struct reader *reader, const struct fy_event *event)
{
    struct fy_token *value = event->scalar.value;
    size_t len;
    struct weighed *made = node_new(reader, NODE_TEXT, value, event->scalar.tag);
    if (!made)
        return;
    made->weight = 1;
    made->node.quoted = value && fy_token_scalar_style(value) != FYSS_PLAIN;
    made->node.text = token_text(reader, value, &len);
    if (!made->node.text)
        return;
    scalar_mend(reader, &made->node, &len);
    if (reader->rc != 0)
        return;
    if (strlen(made->node.text) != len) {
        fail(reader, &made->node, "a text with the character \\0 in it");
        return;
    }
    anchor_add(reader, event->scalar.anchor, made);
    if (reader->rc == 0)
        attach(reader, made);
}

static void read_start(struct reader *reader, enum node_type type, struct fy_token *token, struct fy_token *tag,
                       struct fy_token *anchor)
{
    struct weighed *made = node_new(reader, type, token, tag);
    if (!made)
        return;
    if (reader->depth == DEPTH_MAX) {
        fail(reader, &made->node, "lists and maps stand more than 50 deep in each other");
        return;
    }
    anchor_add(reader, anchor, made);
    if (reader->rc == 0)
        attach(reader, made);
    if (reader->rc == 0)
        reader->levels[reader->depth++] = (struct level){.node = made};
}

static void read_alias(struct reader *reader, const struct fy_event *event)
{
    size_t len, at = reader->last;
    token_place(reader, event->alias.anchor, &at);
    struct node here = at_byte(reader, at > 0 && reader->text[at - 1] == '*' ? at - 1 : at);
    const char *name = token_text(reader, event->alias.anchor, &len);
    if (!name)
        return;
    size_t i = reader->anchor_count;
    while (i > 0 && strcmp(reader->anchors[i - 1].name, name) != 0)
        i--;
    if (i == 0) {
        complain(reader->complaints, &here, "alias '*%s' has no anchor '&%s' before it", name, name);
        reader->rc = ERR_CONFIG;
        return;
    }
    struct weighed *meant = reader->anchors[i - 1].node;
    if (meant->weight == 0) {
        complain(reader->complaints, &here, "alias '*%s' stands inside what it names", name);
        reader->rc = ERR_CONFIG;
        return;
    }
    if (meant->weight > NODES_MAX - reader->weight) {
        fail(reader, &here, "too many values: the aliases multiply each other");
        return;
    }
    reader->weight += meant->weight;
    attach(reader, meant);
}

/* By name, and those of one name in the order of the file. */
static int key_order(const void *a, const void *b)
{
    const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;
    int names = strcmp(x->text, y->text);
    if (names != 0)
        return names;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x->column < y->column ? -1 : x->column > y->column;
}

static void doubled_keys(struct reader *reader, const struct node *map)
{
    TIDY(free) struct node **sorted = mem_new(map->count, sizeof(struct node *));
    if (!sorted) {
        reader->rc = -ENOMEM;
        return;
    }
    memcpy(sorted, map->keys, map->count * sizeof(struct node *));
    qsort(sorted, map->count, sizeof(struct node *), key_order);
    for (size_t i = 1; i < map->count; i++)
        if (strcmp(sorted[i]->text, sorted[i - 1]->text) == 0)
            complain(reader->complaints, sorted[i], "key '%s' stands here a second time: the other is in line %u",
                     sorted[i]->text, sorted[i - 1]->line);
}

/* Moves what was collected into the arena. */
static void read_end(struct reader *reader)
{
    struct level *level = &reader->levels[--reader->depth];
    struct node *node = &level->node->node;
    bool map = node->type == NODE_MAP;
    node->count = map ? level->count / 2 : level->count;
    node->items = arena_get(reader->arena, (node->count + 1) * sizeof(struct node *));
    node->keys = map ? arena_get(reader->arena, (node->count + 1) * sizeof(struct node *)) : NULL;
    if (!node->items || (map && !node->keys)) {
        reader->rc = -ENOMEM;
    } else {
        level->node->weight = 1;
        for (size_t i = 0; i < level->count; i++) {
            level->node->weight += ((struct weighed *)level->items[i])->weight;
            if (!map)
                node->items[i] = level->items[i];
            else if (i % 2 == 0)
                node->keys[i / 2] = level->items[i];
            else
                node->items[i / 2] = level->items[i];
        }
        if (map && node->count > 1)
            doubled_keys(reader, node);
    }
    free(level->items);
}

static void read_document(struct reader *reader, const struct fy_event *event)
{
    size_t at = reader->last;
    if (reader->documents) {
        token_place(reader, event->document_start.document_start, &at);
        struct node here = at_byte(reader, at);
        fail(reader, &here, "a second document begins here: one file holds one");
    }
    reader->documents = true;
}

static void read_event(struct reader *reader, struct fy_event *event)
{
    switch (event->type) {
    case FYET_DOCUMENT_START: read_document(reader, event); break;
    case FYET_SCALAR: read_scalar(reader, event); break;
    case FYET_ALIAS: read_alias(reader, event); break;
    case FYET_SEQUENCE_START:
        read_start(reader, NODE_LIST, event->sequence_start.sequence_start, event->sequence_start.tag,
                   event->sequence_start.anchor);
        break;
    case FYET_MAPPING_START:
        read_start(reader, NODE_MAP, event->mapping_start.mapping_start, event->mapping_start.tag,
                   event->mapping_start.anchor);
        break;
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END: read_end(reader); break;
    default: break;
    }
}

/* libfyaml counts a tab as the columns that it fills, and stops behind it. */
static unsigned tab_column(const struct reader *reader, unsigned line, unsigned otherwise)
{
    const char *text = reader->text, *end = text + reader->len;
    for (; line > 1 && text; line--) {
        text = memchr(text, '\n', (size_t)(end - text));
        text = text ? text + 1 : NULL;
    }
    if (!text)
        return otherwise;
    unsigned column = 1;
    for (; text < end && *text == ' '; text++)
        column++;
    return text < end && *text == '\t' ? column : otherwise;
}

/* Told where it was torn, when that can be seen, and else where it came apart. */
static void syntax_sentence(struct reader *reader, struct node here, const char *helps)
{
    struct torn_at open = torn_open(reader->text, reader->len, here.line);
    struct node at = {.type = NODE_TEXT, .line = open.line, .column = open.column};
    bool quote = open.what == '"' || open.what == '\'';
    unsigned line;
    const struct lookalike *lookalike = torn_lookalike(reader->text, reader->len, here.line, &line);
    if (torn_says(reader->text, reader->len, here.line, "!secret file: ")) {
        complain(reader->complaints, &here, "no blank belongs behind '!secret file:': write !secret file:NAME");
    } else if (lookalike) {
        complain(reader->complaints, &here, "%s; in line %u stands %s: type %s", helps, line, lookalike->name,
                 lookalike->meant);
    } else if (open.line > 0 && (strstr(helps, "never closed") || (quote && open.end == 0))) {
        complain(reader->complaints, &at, "the %c that stands here is never closed", open.what);
    } else if (open.line > 0 && quote) {
        complain(reader->complaints, &at,
                 "the text in quotes that begins here is not closed in its line: it goes on until the next %c in line "
                 "%u",
                 open.what, open.end);
    } else if (open.line > 0) {
        complain(reader->complaints, &here, "%s: the '%c' in line %u, character %u, is still open", helps, open.what,
                 open.line, open.column);
    } else {
        complain(reader->complaints, &here, "%s", helps);
    }
}

static void syntax_error(struct reader *reader, struct fy_diag *diag)
{
    void *iterator = NULL;
    const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &iterator);
    struct node here = {.type = NODE_TEXT};
    reader->rc = ERR_CONFIG;
    if (!error) {
        complain(reader->complaints, NULL, "not readable as YAML");
        return;
    }
    here.line = error->line > 0 ? (unsigned)error->line : 1;
    here.column = error->column > 0 ? (unsigned)error->column : 1;
    const char *helps = torn_hint(error->msg);
    if (strstr(error->msg, "tab "))
        here.column = tab_column(reader, here.line, here.column);
    syntax_sentence(reader, here, helps ? helps : error->msg);
}

static void drop_diag(struct fy_diag **diag)
{
    if (*diag)
        fy_diag_destroy(*diag);
}

static void drop_parser(struct fy_parser **parser)
{
    if (*parser)
        fy_parser_destroy(*parser);
}

static int parse(struct reader *reader)
{
    struct fy_diag_cfg silent;
    fy_diag_cfg_default(&silent);
    silent.fp = NULL; /* and no output function: what it has to say is collected */
    silent.colorize = false;
    struct fy_diag *diag __attribute__((cleanup(drop_diag))) = fy_diag_create(&silent);
    if (!diag)
        return -ENOMEM;
    fy_diag_set_collect_errors(diag, true);
    const struct fy_parse_cfg how = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE | FYPCF_DEFAULT_VERSION_1_2 |
                 FYPCF_SLOPPY_FLOW_INDENTATION,
        .diag = diag,
    };
    struct fy_parser *parser __attribute__((cleanup(drop_parser))) = fy_parser_create(&how);
    if (!parser || fy_parser_set_string(parser, reader->text, reader->len) != 0)
        return -ENOMEM;
    struct fy_event *event;
    while (reader->rc == 0 && (event = fy_parser_parse(parser)) != NULL) {
        read_event(reader, event);
        fy_parser_event_free(parser, event);
    }
    if (reader->rc == 0 && fy_parser_get_stream_error(parser))
        syntax_error(reader, diag);
    while (reader->depth > 0)
        free(reader->levels[--reader->depth].items);
    return reader->rc;
}

static int check_bytes(struct reader *reader)
{
    const unsigned char *text = (const unsigned char *)reader->text;
    for (size_t i = 0, step; i < reader->len; i += step) {
        step = torn_character(text + i, reader->len - i);
        bool control = text[i] < 0x20 && text[i] != '\t' && text[i] != '\n' && text[i] != '\r';
        if (step > 0 && !control)
            continue;
        struct node here = at_byte(reader, i);
        if (control)
            complain(
                reader->complaints, &here,
                "control character U+%04X: nothing of a text file; delete it, or save the file as plain text, UTF-8",
                text[i]);
        else
            complain(reader->complaints, &here, "byte 0x%02X is not UTF-8: save the file as UTF-8", text[i]);
        return ERR_CONFIG;
    }
    return 0;
}

int node_read_text(const char *text, size_t len, struct complaints *complaints, const struct node **ret_node)
{
    size_t errors = complaints->errors;
    if (len > FILE_MAX) {
        complain(complaints, NULL, "larger than 4 MiB: no configuration is");
        return ERR_CONFIG;
    }
    const char *other = torn_other(text, len);
    if (other) {
        complain(complaints, NULL, "%s", other);
        return ERR_CONFIG;
    }
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    TIDY(free) struct reader *reader = mem_new(1, sizeof(*reader));
    if (!reader)
        return -ENOMEM;
    *reader = (struct reader){
        .complaints = complaints, .arena = complaints->arena, .text = text, .len = len, .line = 1, .column = 1};
    int rc = check_bytes(reader);
    if (rc == 0)
        rc = parse(reader);
    if (rc != 0)
        return rc;
    struct node *root = reader->root;
    bool empty = !root || (root->type == NODE_TEXT && !root->quoted && !root->tag && root->text[0] == '\0');
    *ret_node = empty || reader->merges ? NULL : root;
    return complaints->errors > errors ? ERR_CONFIG : 0;
}

/* A little more than a file may have is enough to refuse it. */
static int read_whole(int fd, struct buffer *out)
{
    enum { STEP = 65536 };
    while (out->len <= FILE_MAX) {
        size_t start = out->len;
        char *room = buffer_reserve(out, STEP);
        if (!room)
            return out->rc;
        ssize_t got = read(fd, room, STEP);
        int rc = got < 0 ? -errno : 0;
        out->len = start + (got > 0 ? (size_t)got : 0);
        if (got == 0 || (rc != 0 && rc != -EINTR))
            return rc;
    }
    return 0;
}

int node_read_file(const char *path, struct complaints *complaints, const struct node **ret_node)
{
    TIDY(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return -errno;
    if (!S_ISREG(status.st_mode)) {
        complain(complaints, NULL, "not an ordinary file");
        return ERR_CONFIG;
    }
    struct buffer bytes __attribute__((cleanup(buffer_done))) = {0};
    int rc = read_whole(fd, &bytes);
    if (rc != 0)
        return rc;
    return node_read_text(bytes.data ? bytes.data : "", bytes.len, complaints, ret_node);
}

const struct node *node_get(const struct node *node, const char *key)
{
    if (!node || node->type != NODE_MAP)
        return NULL;
    for (size_t i = 0; i < node->count; i++)
        if (strcmp(node->keys[i]->text, key) == 0)
            return node->items[i];
    return NULL;
}
