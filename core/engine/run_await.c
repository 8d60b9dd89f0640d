/* run_await - times of grace that end while a source says nothing new: its file was taken and put away.
 *
 * An absent file proves nothing. What counts is the pull that last read everybody: who was missing then is stored as
 * missing since, and would have been seen by any pull that came afterwards. */
#include "engine/running.h"

#include "base/numbers.h"

#include <errno.h>
#include <string.h>

bool strand_awaits(const struct run *run, const struct strand *strand)
{
    const struct pull *pull = &strand->pull;
    return pull_rc(pull) == 0 && pull->same && !pull->wanted && pull->fetched_count == 0 && pull->had_checkpoint &&
           (pull->before.grace || pull->before.held) && run->request->connection->on_missing != MISSING_IGNORE;
}

/* Rows of the last pull that could not be taken and might be anybody's: nobody goes beside them. */
static int count_without_id(struct run *run, struct strand *strand)
{
    struct arena *arena TIDY(arena_free) = arena_new();
    struct cursor cursor __attribute__((cleanup(tidy_cursor))) = {0};
    uint8_t prefix[5] = {WAIT_DEAD};
    uint32_t be = __builtin_bswap32(strand->pull.stream);
    struct wait_item item;
    memcpy(prefix + 1, &be, sizeof(be));
    struct bytes begins = bytes(prefix, sizeof(prefix));
    strand->without_id = 0;
    cursor_open(&cursor, &run->snapshot, TABLE_wait);
    for (bool there = arena && cursor_seek(&cursor, begins); there && cursor_has_prefix(&cursor, begins);
         there = cursor_next(&cursor)) {
        arena_clear(arena);
        strand->without_id += !wait_read(cursor.key, cursor.value, arena, &item) || !item.id;
    }
    return arena ? run->snapshot.rc : -ENOMEM;
}

int run_await(struct run *run, struct strand *strand, const struct stage_stream *stream)
{
    run->stage.waits = &strand->waits;
    int rc = stage_await(&run->stage, stream, &strand->missing, &strand->count);
    if (rc == 0)
        rc = count_without_id(run, strand);
    strand->awaited = strand->compared = rc == 0 && (strand->missing.count > 0 || strand->count.waiting == 0);
    return rc;
}

int run_awaited(struct run *run, const struct strand *strand, struct numbers *ret_seen)
{
    int rc = 0;
    for (size_t i = 0; i < strand->missing.count && rc == 0; i++) {
        struct staged staged;
        rc = stage_read(&run->stage, strand->missing.places[i], 0, &staged);
        if (rc == 0)
            rc = numbers_set(ret_seen, hold_record(staged.key), 1);
    }
    return rc;
}

void checkpoint_awaited(const struct pull *pull, struct checkpoint *checkpoint)
{
    struct checkpoint kept = pull->before;
    kept.people = checkpoint->people;
    kept.tally = checkpoint->tally;
    kept.grace = checkpoint->grace;
    *checkpoint = kept;
}
