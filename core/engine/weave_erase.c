/* weave_erase - roots that are erased: they go with all that hangs on them, and their history says nothing any more. */
#include "engine/weave_inside.h"

/* The root, and what hangs on it, is no more: its entry says so, without a value, and so do those of before. */
static void weave_erase(struct weave *weave, const struct erased_thing *things, size_t count)
{
    weave->kind = things->root.kind;
    weave->id = things->root.id;
    weave->part_count = weave->group_count = 0;
    weave->was->count = weave->is->count = 0;
    weave->due = weave->pin_due = INT64_MAX;
    arena_clear(weave->arena);
    weave->had_root = entity_get(weave->snapshot, weave->kind, weave->id, weave->old_root);
    uint64_t last = weave->had_root ? weave->old_root->last : 0;
    if (weave->had_root && weave->kind == KIND_person && weave->old_root->state == ENTITY_LIVE)
        census_out(&weave->census, weave->old_root->image);
    weave_index(weave);
    weave_erase_journal(weave, last);
    journal_begin(&weave->entry, weave->run, weave->now_ms, weave->kind, weave->id, last);
    for (size_t n = 0; n < count && weave->rc == 0; n++) {
        weave_erase_entity(weave, things[n].thing.kind, things[n].thing.id);
        journal_part(&weave->entry, things[n].thing.kind, things[n].thing.id,
                     weave->match->outlived ? JOURNAL_EXPIRED : JOURNAL_ERASED);
    }
    journal_end(&weave->entry);
    links_note(weave, weave->was, weave->is, false);
    weave_journal(weave);
}

/* The first one of the root, or of a later one. */
static size_t erased_first(const struct match *match, enum kind kind, uint64_t id)
{
    size_t low = 0, high = match->erased_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct child *root = &match->erased[middle].root;
        if (root->kind < kind || (root->kind == kind && root->id < id))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool weave_is_erased(const struct match *match, enum kind kind, uint64_t id)
{
    size_t at = erased_first(match, kind, id);
    return at < match->erased_count && match->erased[at].root.kind == kind && match->erased[at].root.id == id;
}

void weave_erased(struct weave *weave)
{
    struct match *match = weave->match;
    for (size_t begin = 0, end; begin < match->erased_count && weave->rc == 0; begin = end) {
        const struct child *root = &match->erased[begin].root;
        for (end = begin + 1; end < match->erased_count && match->erased[end].root.kind == root->kind &&
                              match->erased[end].root.id == root->id;)
            end++;
        weave_erase(weave, &match->erased[begin], end - begin);
    }
    if (match->erased_count > 0)
        weave_due_erase(weave);
}
