/* map_drift - what of a table's header is not as it was: missing, new, gone, back, of another type.
 *
 * Asked at the end of a pull, when it is known what the columns hold: a mapped
 * column that is missing is compared with those that nobody uses, by name and
 * by content, and the likeliest one is offered. Nothing is decided here. */
#include "engine/map_inside.h"

enum { OFFER_NAME = 60, OFFER_SHARE = 50, OFFER_VALUES = 3, NAME_MOST = 100 };

static struct drift_column *column_of(struct map *map, int lane_column)
{
    return lane_column >= 0 && (size_t)lane_column < map->seen_count ? &map->seen[lane_column] : NULL;
}

static void drift_add(struct map *map, const char *reason, const char *column, const char *place, const char *text,
                      const char *offer)
{
    wait_add(map->setup.waits, &(struct wait_item){.type = WAIT_DRIFT,
                                                   .stream = map->setup.stream,
                                                   .id = column,
                                                   .reason = reason,
                                                   .place = place,
                                                   .text = text,
                                                   .offer = offer});
}

static bool names_hold(const char *names, const char *name)
{
    for (const char *at = names; at && *at;) {
        size_t len = strcspn(at, "\n");
        if (text_same(at, len, name, strlen(name)))
            return true;
        at += len + (at[len] == '\n');
    }
    return false;
}

/* --- how alike two columns are --- */

struct likeness {
    int column, candidate; /* of the mapping; of the source */
    uint32_t names;        /* percent */
    uint32_t shared, of;   /* values; of 0: not known */
    uint32_t score;
    bool taken;
};

/* Percent of the letters that need no change. */
static uint32_t names_alike(const char *a, const char *b)
{
    char names[2][NAME_MOST + 1];
    const char *const from[] = {a, b};
    size_t longest = 1;
    for (size_t i = 0; i < 2; i++) {
        struct buffer normal __attribute__((cleanup(buffer_done))) = {0};
        text_normalize(from[i], strlen(from[i]), &normal);
        size_t len = normal.rc ? 0 : normal.len < NAME_MOST ? normal.len : NAME_MOST;
        for (size_t c = 0; c < len; c++)
            names[i][c] = strchr("-_.", normal.data[c]) ? ' ' : normal.data[c];
        names[i][len] = '\0';
        longest = len > longest ? len : longest;
    }
    size_t edits = text_distance(names[0], names[1], longest);
    return edits >= longest ? 0 : (uint32_t)(100 - 100 * edits / longest);
}

static bool likeness_find(struct map *map, int column, int candidate, struct likeness *ret_likeness)
{
    const char *name = map->mapping->columns[column];
    const struct header_column *before = header_find(&map->setup.header, name);
    const struct drift_column *now = &map->seen[candidate];
    struct likeness likeness = {.column = column, .candidate = candidate, .names = names_alike(name, now->name)};
    if (before)
        likeness.shared = fingerprint_shared(&before->print, &now->print, &likeness.of);
    uint32_t share = likeness.of ? 100 * likeness.shared / likeness.of : 0;
    likeness.score = likeness.names + 2 * share;
    *ret_likeness = likeness;
    return likeness.names >= OFFER_NAME || (share >= OFFER_SHARE && (likeness.shared >= OFFER_VALUES || share == 100));
}

static int by_score(const void *a, const void *b)
{
    const struct likeness *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->column != y->column ? x->column - y->column : x->candidate - y->candidate;
}

/* "the names are 45 % alike, 97 of 100 sampled values are the same, both hold numbers" */
static const char *likeness_text(struct map *map, const struct likeness *likeness)
{
    struct buffer text __attribute__((cleanup(buffer_done))) = {0};
    const struct drift_column *now = &map->seen[likeness->candidate];
    const struct header_column *before = header_find(&map->setup.header, map->mapping->columns[likeness->column]);
    buffer_format(&text, "it may be '%s'%s%s now: the names are %u %% alike", now->name,
                  *now->place ? " in column " : "", now->place, likeness->names);
    if (likeness->of > 0)
        buffer_format(&text, ", %u of %u sampled values are the same", likeness->shared, likeness->of);
    enum print_type was = before ? fingerprint_type(&before->print) : PRINT_MIXED;
    enum print_type is = fingerprint_type(&now->print);
    if (before && was == is && is != PRINT_MIXED)
        buffer_format(&text, ", both hold %s", print_type_text(is));
    else if (before && before->print.typed > 0 && now->print.typed > 0 && was != is)
        buffer_format(&text, ", it held %s and that one holds %s", print_type_text(was), print_type_text(is));
    else if (!before)
        buffer_text(&text, "; what it held is not known");
    return text.rc ? NULL : arena_copy(map->seen_arena, text.data, text.len);
}

/* --- what is missing, and what it may be --- */

static bool column_free(const struct map *map, size_t candidate)
{
    return map->binding[candidate] == IGNORED && !map->seen[candidate].disputed;
}

/* All pairs of a missing column and a free one that are alike, the best first. */
static int pairs_make(struct map *map, struct likeness **ret_pairs, size_t *ret_count)
{
    struct likeness *pairs TIDY(free) = NULL;
    size_t count = 0, room = 0;
    for (size_t i = 0; i < map->mapping->column_count; i++) {
        for (size_t c = 0; map->where_found[i] == UNBOUND && c < map->seen_count; c++) {
            struct likeness likeness;
            if (!column_free(map, c) || !likeness_find(map, (int)i, (int)c, &likeness) ||
                acceptances_apart(&map->setup.decisions, map->mapping->columns[i], map->seen[c].name))
                continue;
            int rc = mem_grow(&pairs, count, &room, sizeof(*pairs));
            if (rc != 0)
                return rc;
            pairs[count++] = likeness;
        }
    }
    if (count > 1)
        qsort(pairs, count, sizeof(*pairs), by_score);
    *ret_pairs = TAKE(pairs);
    *ret_count = count;
    return 0;
}

/* The best pair of this column that no better pair has taken a part of. */
static struct likeness *pair_of(struct likeness *pairs, size_t count, int column)
{
    for (size_t i = 0; i < count; i++)
        if (pairs[i].column == column && pairs[i].taken)
            return &pairs[i];
    return NULL;
}

static void pairs_choose(struct map *map, struct likeness *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct drift_column *now = &map->seen[pairs[i].candidate];
        if (now->offered || pair_of(pairs, count, pairs[i].column))
            continue;
        now->offered = true;
        pairs[i].taken = true;
    }
}

/* Somebody said that it is gone, and it was not seen since. */
static bool column_let_go(struct map *map, const char *name)
{
    const struct acceptance *decision = acceptances_about(&map->setup.decisions, map->setup.stream, name);
    const struct header_column *before = header_find(&map->setup.header, name);
    return decision && decision->verdict == VERDICT_VANISHED && (!before || before->run <= decision->run);
}

/* A header row that was counted wrong has somebody's data in it, and nobody reads those in a report. */
static bool header_is_data(const struct map *map)
{
    size_t odd = 0;
    for (size_t c = 0; c < map->seen_count; c++) {
        const char *name = map->seen[c].name;
        odd += strchr(name, '@') || (*name && strspn(name, "+-.,/: 0123456789") == strlen(name));
    }
    return odd >= 2;
}

/* "Name; Surname; E-mail" */
static const char *columns_listed(struct map *map)
{
    struct buffer list __attribute__((cleanup(buffer_done))) = {0};
    if (header_is_data(map))
        return "no names but data: which row has the names says header_row";
    for (size_t c = 0; c < map->seen_count; c++)
        buffer_format(&list, "%s%s", c ? ";" : "", map->seen[c].name);
    return list.rc || !list.data ? "" : arena_copy(map->seen_arena, list.data, list.len);
}

/* The sentence of a run that could not read a row. */
static int drift_stop(struct map *map, size_t column, const char *offer_text, struct err *err)
{
    const char *name = map->mapping->columns[column];
    const struct acceptance *renamed = map->reads[column];
    bool key = mapping_needs(map->mapping, name) == COLUMN_KEY;
    const char *listed = columns_listed(map);
    const char *id = map->setup.organization;
    char also[384] = "", decision[128] = "";
    if (renamed)
        snprintf(
            also, sizeof(also),
            "; so is '%.150s', which s%lu says it is now (`muster withdraw %s s%lu --reason TEXT` takes that back)",
            renamed->other, (unsigned long)renamed->number, id, (unsigned long)renamed->number);
    if (offer_text)
        snprintf(decision, sizeof(decision), " (`muster inbox %s` has the decision)", id);
    return err_set(err, ERR_DATA,
                   "column '%s' is missing, and it is %s%s. Nothing was read. Put the column back, or name another one "
                   "in the mapping%s%s%s; the header has: %.400s",
                   name, key ? "the key" : "required", also, offer_text ? "; " : "", offer_text ? offer_text : "",
                   decision, listed ? listed : "");
}

static int drift_missing(struct map *map, struct err *err)
{
    struct likeness *pairs TIDY(free) = NULL;
    size_t count = 0;
    int rc = pairs_make(map, &pairs, &count), stop = 0;
    if (rc != 0)
        return rc;
    pairs_choose(map, pairs, count);
    for (size_t i = 0; i < map->mapping->column_count; i++) {
        const char *name = map->mapping->columns[i];
        const struct likeness *pair = pair_of(pairs, count, (int)i);
        const char *text = pair ? likeness_text(map, pair) : NULL;
        bool needed = mapping_needs(map->mapping, name) != COLUMN_SPARED;
        if (map->where_found[i] != UNBOUND || map->mapping->beside[i] != COLUMN_OF_ROW)
            continue;
        if (map->disputed && map->disputed[i])
            stop = needed && !stop ? err_set(err, ERR_DATA,
                                             "column '%s' is back, and '%s' was accepted for it: which one is meant "
                                             "cannot be guessed, and it is needed. Nothing was read. Decide it: muster "
                                             "inbox shows how.",
                                             name, map->disputed[i])
                                   : stop;
        else if (needed && !stop)
            stop = drift_stop(map, i, text, err);
        if (!(map->disputed && map->disputed[i]) && (needed || !column_let_go(map, name)))
            drift_add(map, REASON_CODE(column_missing), name, NULL, text,
                      pair ? map->seen[pair->candidate].name : NULL);
    }
    return stop;
}

/* --- what is new, back, gone, of another type --- */

static void drift_back(struct map *map)
{
    for (size_t i = 0; i < map->mapping->column_count; i++) {
        const struct acceptance *decision = map->reads[i];
        const char *name = map->mapping->columns[i];
        if (!decision || map->own_found[i] == UNBOUND)
            continue;
        bool both = map->disputed && map->disputed[i];
        const char *text = arena_format(
            map->seen_arena,
            both ? "'%s', which is read as it since s%lu, is there too: neither is read until it is decided"
                 : "'%s', which was read as it since s%lu, is not there: the name in the mapping counts",
            decision->other, (unsigned long)decision->number);
        drift_add(map, REASON_CODE(column_back), name, map->seen[map->own_found[i]].place, text, decision->other);
    }
}

static void drift_new(struct map *map)
{
    for (size_t c = 0; map->setup.columns_before && c < map->seen_count; c++) {
        const struct drift_column *column = &map->seen[c];
        if (column_free(map, c) && !column->offered && !names_hold(map->setup.columns_before, column->name) &&
            !acceptances_apart(&map->setup.decisions, NULL, column->name))
            drift_add(map, REASON_CODE(column_new), column->name, column->place, NULL, NULL);
    }
}

static bool column_known(const struct map *map, const char *name, size_t len)
{
    for (size_t i = 0; i < map->mapping->column_count; i++) {
        const char *mapped = map->mapping->columns[i], *other = map->reads[i] ? map->reads[i]->other : "";
        if (text_same(mapped, strlen(mapped), name, len) || text_same(other, strlen(other), name, len))
            return true;
    }
    return false;
}

static int drift_gone(struct map *map)
{
    for (const char *at = map->setup.columns_before; at && *at;) {
        size_t len = strcspn(at, "\n");
        char *name = arena_copy(map->seen_arena, at, len);
        if (!name)
            return -ENOMEM;
        if (!column_known(map, name, len) && !names_hold(map_column_names(map), name))
            drift_add(map, REASON_CODE(column_gone), name, NULL, NULL, NULL);
        at += len + (at[len] == '\n');
    }
    return 0;
}

static void drift_types(struct map *map)
{
    for (size_t i = 0; i < map->mapping->column_count; i++) {
        const struct drift_column *now = column_of(map, map->where_found[i]);
        const struct header_column *before = header_find(&map->setup.header, map->mapping->columns[i]);
        enum print_type was = before ? fingerprint_type(&before->print) : PRINT_MIXED;
        enum print_type is = now ? fingerprint_type(&now->print) : PRINT_MIXED;
        if (was == PRINT_MIXED || is == PRINT_MIXED || was == is)
            continue;
        drift_add(
            map, REASON_CODE(column_type_changed), map->mapping->columns[i], now->place,
            arena_format(map->seen_arena, "it held %s, and holds %s now", print_type_text(was), print_type_text(is)),
            NULL);
    }
}

/* --- the description that this pull leaves behind --- */

static int header_make(struct map *map)
{
    for (size_t i = 0; i < map->mapping->column_count; i++) {
        const char *name = map->mapping->columns[i];
        const struct drift_column *now = column_of(map, map->where_found[i]);
        const struct header_column *before = header_find(&map->setup.header, name);
        struct header_column column = {.name = name, .run = map->setup.run};
        if (now && (now->print.filled > 0 || !before))
            column.print = now->print;
        else if (now)
            column.print = before->print; /* it held nothing: what it held last still tells it from others */
        else if (before)
            column = *before;
        if (now || before)
            header_column_write(&column, &map->header);
    }
    return map->header.rc;
}

static int columns_finish(struct map *map)
{
    int rc = 0;
    for (size_t c = 0; c < map->seen_count && rc == 0; c++)
        if (map->samplers[c])
            rc = sampler_finish(map->samplers[c], map->rows, map->seen_arena, &map->seen[c].print);
    return rc;
}

int map_finish(struct map *map, struct err *err)
{
    if (!map->table)
        return 0;
    int rc = columns_finish(map);
    if (rc == 0)
        rc = drift_missing(map, err);
    if (rc == 0 || map->blocked)
        drift_back(map);
    if (rc != 0)
        return rc;
    drift_new(map);
    drift_types(map);
    rc = drift_gone(map);
    return rc ? rc : header_make(map);
}
