/* complaint - what is wrong in a file, collected whole and told in the order of the file.
 *
 * Written by everything in config that checks; read by `muster check`. Part of
 * node.h. A complaint never holds more of a file than a short word of it, and
 * what it holds cannot drive a terminal. */
#include "config/reading.h"

#include "base/buffer.h"
#include "base/text.h"
#include "config/lookalike.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    COMPLAINTS_MAX = 1000, /* a file that is no configuration at all need not be told off line by line */
    SENTENCE_MAX = 800,    /* bytes */
};

/* Written text may end up on a terminal: control characters become '?'. A cut never splits a character. */
static void sentence_clean(char *text)
{
    size_t len = strlen(text);
    if (len > SENTENCE_MAX) {
        len = SENTENCE_MAX;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
        memcpy(text + len, "…", sizeof("…"));
    }
    for (unsigned char *c = (unsigned char *)text; *c; c++) {
        if (*c < 0x20 || *c == 0x7f)
            *c = '?';
        else if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) /* C1: also understood by terminals */
            c[0] = c[1] = '?';
    }
}

static bool before(const struct complaint *a, unsigned line, unsigned column)
{
    return a->line < line || (a->line == line && a->column <= column);
}

static int make_room(struct complaints *complaints)
{
    if (complaints->count < complaints->room)
        return 0;
    size_t room = complaints->room ? complaints->room * 2 : 8;
    struct complaint *bigger = arena_get(complaints->arena, room * sizeof(*bigger));
    if (!bigger)
        return -1;
    if (complaints->count > 0)
        memcpy(bigger, complaints->items, complaints->count * sizeof(*bigger));
    complaints->items = bigger;
    complaints->room = room;
    return 0;
}

/* Puts the new one behind those of the same place; the same sentence at the same place is said once (an alias
 * brings a node to several places). */
static void insert(struct complaints *complaints, struct complaint new)
{
    size_t at = complaints->count;
    while (at > 0 && !before(&complaints->items[at - 1], new.line, new.column))
        at--;
    for (size_t i = at; i > 0; i--) {
        const struct complaint *old = &complaints->items[i - 1];
        if (old->line != new.line || old->column != new.column)
            break;
        if (old->warning == new.warning && strcmp(old->text, new.text) == 0)
            return;
    }
    memmove(&complaints->items[at + 1], &complaints->items[at], (complaints->count - at) * sizeof(new));
    complaints->items[at] = new;
    complaints->count++;
    complaints->errors += !new.warning;
}

/* What only looks like a sign of the keyboard is not seen by whoever reads the line over and over. */
static void add_lookalike(const struct node *node, char *text, size_t size)
{
    size_t at, len = strlen(text);
    const struct lookalike *found =
        node && node->type == NODE_TEXT && node->text
            ? lookalike_in(node->text, strlen(node->text), LOOKALIKE_DASH | LOOKALIKE_BLANK | LOOKALIKE_DOUBLE, &at)
            : NULL;
    if (found)
        snprintf(text + len, size - len, "; there is %s in it: type %s", found->name, found->meant);
}

__attribute__((format(printf, 4, 0))) static void add(struct complaints *complaints, const struct node *node,
                                                      bool warning, const char *format, va_list args)
{
    char text[SENTENCE_MAX + 8];
    int len = vsnprintf(text, sizeof(text), format, args);
    if (node && node->shipped && len >= 0 && (size_t)len < sizeof(text))
        snprintf(text + len, sizeof(text) - (size_t)len, " (line %u of %s)", node->shipped_line, node->shipped);
    else if (!warning && len >= 0 && (size_t)len < sizeof(text))
        add_lookalike(node, text, sizeof(text));
    if (len < 0 || complaints->count >= COMPLAINTS_MAX) {
        complaints->errors += !warning;
        return;
    }
    sentence_clean(text);
    struct complaint new = {.line = node ? node->line : 0, .column = node ? node->column : 0, .warning = warning};
    new.text = arena_text(complaints->arena, text);
    if (!new.text || make_room(complaints) != 0) {
        complaints->errors++; /* also for a warning: nobody may take what was not told whole for good */
        return;
    }
    insert(complaints, new);
}

void complain(struct complaints *complaints, const struct node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(complaints, node, false, format, args);
    va_end(args);
}

void complain_warning(struct complaints *complaints, const struct node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(complaints, node, true, format, args);
    va_end(args);
}

void complaints_write(const struct complaints *complaints, struct buffer *out)
{
    size_t told = 0;
    for (size_t i = 0; i < complaints->count; i++) {
        const struct complaint *one = &complaints->items[i];
        buffer_text(out, complaints->file);
        if (one->line > 0)
            buffer_format(out, ":%u:%u", one->line, one->column);
        buffer_format(out, ": %s%s\n", one->warning ? "warning: " : "", one->text);
        told += !one->warning;
    }
    if (told >= complaints->errors)
        return;
    if (complaints->count >= COMPLAINTS_MAX)
        buffer_format(out, "%s: and %zu more\n", complaints->file, complaints->errors - told);
    else
        buffer_format(out, "%s: not checked to the end: no memory\n", complaints->file);
}

int complaints_hand_over(const struct complaints *from, struct complaints *to)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct complaint *one = &from->items[i];
        struct node at = {.line = one->line, .column = one->column};
        if (one->warning)
            complain_warning(to, one->line ? &at : NULL, "%s", one->text);
        else
            complain(to, one->line ? &at : NULL, "%s", one->text);
    }
    size_t told = 0;
    for (size_t i = 0; i < from->count; i++)
        told += !from->items[i].warning;
    to->errors += from->errors - told; /* more than were kept */
    return from->errors > 0 ? ERR_CONFIG : 0;
}

enum { NAME_ROOM = 65 };

/* Names are compared without case, and '-', '_' and ' ' are one. False when it is too long to be one. */
static bool fold_name(const char *name, char ret_folded[NAME_ROOM])
{
    size_t len = strlen(name);
    if (len >= NAME_ROOM)
        return false;
    for (size_t i = 0; i <= len; i++) {
        char c = name[i];
        ret_folded[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c == '-' || c == ' ' ? '_' : c;
    }
    return true;
}

/* *ret_alone: no other name is as near. */
static const char *nearest(const char *written, const char *const *names, bool *ret_alone)
{
    char folded[NAME_ROOM], name[NAME_ROOM];
    size_t len = strlen(written);
    const char *found = NULL;
    /* A third of the letters may be wrong, but never so many that any short name would do. */
    size_t best = len < 3 ? 1 : len < 6 ? 2 : len < 9 ? 3 : 4; /* must stay below, until one is found */
    *ret_alone = false;
    if (len == 0 || !fold_name(written, folded))
        return NULL;
    for (size_t i = 0; names && names[i] && best > 0; i++) {
        size_t enough = found ? best + 1 : best;
        size_t edits = fold_name(names[i], name) ? text_distance(folded, name, enough) : enough;
        if (edits < best) {
            best = edits;
            found = names[i];
            *ret_alone = true;
        } else if (edits < enough && strcmp(names[i], found) != 0) {
            *ret_alone = false;
        }
    }
    return found;
}

const char *nearest_name(const char *written, const char *const *names)
{
    bool alone;
    return nearest(written, names, &alone);
}

const char *node_take_as(struct complaints *complaints, const struct node *map, size_t index, const char *const *names)
{
    bool alone;
    const char *name = nearest(map->keys[index]->text, names, &alone);
    char *meant = name && alone && !node_get(map, name) ? arena_text(complaints->arena, name) : NULL;
    if (meant)
        map->keys[index]->text = meant;
    return meant;
}

/* "a, b, c". */
static const char *names_listed(struct arena *arena, const char *const *names)
{
    const char *list = names[0] ? names[0] : "none";
    for (size_t i = 1; names[0] && names[i] && list; i++)
        list = arena_format(arena, "%s, %s", list, names[i]);
    return list ? list : ""; /* no memory: the sentence has no room either */
}

size_t node_unknown_keys(struct complaints *complaints, const struct node *map, const char *const *names,
                         const char *what)
{
    size_t unknown = 0;
    if (!map || map->type != NODE_MAP)
        return 0;
    for (size_t i = 0; i < map->count; i++) {
        const char *key = map->keys[i]->text;
        size_t n = 0;
        while (names[n] && strcmp(names[n], key) != 0)
            n++;
        if (names[n])
            continue;
        unknown++;
        const char *near = nearest_name(key, names), *colon = what && what[0] ? ": " : "";
        if (near)
            complain(complaints, map->keys[i], "%s%sunknown key '%s': did you mean '%s'?", what ? what : "", colon, key,
                     near);
        else
            complain(complaints, map->keys[i], "%s%sunknown key '%s': known are %s", what ? what : "", colon, key,
                     names_listed(complaints->arena, names));
        node_take_as(complaints, map, i, names);
    }
    return unknown;
}
