/* pull_again - a pull whose connector died of one object, or hung on it: it is done once more, and then without it. */
#include "engine/pull.h"

#include "base/log.h"

enum { TRIES_MAX = 2 * PULL_LEFT_MAX };

static bool both_same(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

static bool object_same(const struct lane_object *one, const struct lane_object *other)
{
    return both_same(one->source_id, other->source_id) && both_same(one->place, other->place);
}

/* A copy that lives as long as the pull. */
static bool object_keep(struct pull *pull, const struct lane_object *object, struct lane_object *ret_kept)
{
    *ret_kept = (struct lane_object){
        .source_id = object->source_id ? arena_text(pull->arena, object->source_id) : NULL,
        .place = object->place ? arena_text(pull->arena, object->place) : NULL,
    };
    return !object->source_id == !ret_kept->source_id && !object->place == !ret_kept->place;
}

/* Twice is no accident. False: there are too many of them, or no memory. */
static bool leave_out(struct pull *pull)
{
    struct pull_falls *falls = &pull->talk->falls;
    const char *why =
        arena_format(pull->arena, "left out, as it made the connector fall twice: %s", pull_sentence(pull));
    if (!why || falls->left_count == PULL_LEFT_MAX)
        return false;
    falls->left_out[falls->left_count++] = (struct lane_left){.object = falls->suspect, .why = why};
    falls->suspect = (struct lane_object){0};
    return true;
}

/* What was read so far is given back. */
static int forget(struct pull *pull)
{
    map_free(TAKE(pull->map));
    rejects_free(TAKE(pull->rejects));
    sorter_free(TAKE(pull->spool));
    spill_free(TAKE(pull->own_spill));
    pull->listed_count = pull->fetched_count = pull->last_file = 0;
    pull->cursor = pull->lacking = NULL;
    wait_list_done(pull->waits);
    int rc = wait_list_init(pull->waits);
    if (rc == 0)
        *pull->talk = (struct pull_talk){.falls = pull->talk->falls};
    return rc;
}

bool pull_again(struct pull *pull, const struct lane *lane)
{
    struct pull_falls *falls = &pull->talk->falls;
    struct lane_object fell_on;
    if (!lane_fell_on(lane, &fell_on) || falls->tries++ == TRIES_MAX)
        return false;
    bool twice = object_same(&fell_on, &falls->suspect);
    if (twice ? !leave_out(pull) : !object_keep(pull, &fell_on, &falls->suspect))
        return false;
    struct log from = {.connection = pull->connection->name};
    log_line(&from, LOG_WARN, "%s; partition '%s' is read once more%s", pull_sentence(pull), pull->partition,
             twice ? ", but for what it was at" : "");
    return forget(pull) == 0;
}
