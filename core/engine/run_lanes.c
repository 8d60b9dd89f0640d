/* run_lanes - the pulls of a run: partitions are handed to several hosts, which work at the same time.
 *
 * All of it is one thread: what hosts say is taken by turns, as it comes. A
 * partition's streams are pulled one after the other by one host. In which
 * order partitions come in decides nothing: they are staged in the order in
 * which they were listed. */
#include "engine/running.h"

#include <errno.h>

/* One host, and how far it is. */
struct course {
    struct strand *strand;  /* that is pulled; NULL: none */
    size_t next, partition; /* strands of this partition are its own, from `next` on */
};

struct courses {
    struct run *run;
    struct course of[LANES_MAX];
    struct lane *lanes[LANES_MAX]; /* NULL: not begun, or dead */
    size_t count, next;            /* strands from `next` on are nobody's yet */
};

static void count_records(struct run *run, const struct map *map)
{
    const struct map_count *count = map_count(map);
    run->report->read += count->read;
    run->report->filtered += count->filtered;
    run->report->flagged += count->flagged;
    run->report->erased += count->erased;
}

void strand_pulled(struct run *run, struct strand *strand)
{
    struct pull *pull = &strand->pull;
    int rc = run->spill && strand_stages(strand) ? sorter_rest(pull->spool) : 0; /* others come, however many */
    if (rc != 0)
        err_set(pull_opens(pull), rc, "what was read cannot be put aside: %s", err_text(rc));
    strand_judge(run, strand);
    run_files_left(run, strand);
    pull_rest(pull);
    if (pull->map)
        count_records(run, pull->map);
    if (pull->map && run->spill)
        map_rest(pull->map);
    if (strand_stages(strand))
        return;
    if (!pull->same && !strand_looked(strand)) { /* nothing of it counts */
        wait_list_done(&strand->waits);
        wait_list_init(&strand->waits);
    }
    sorter_free(TAKE(pull->spool));
}

/* The next strand of the host's partition, or of the next partition that nobody is at; NULL: there is none. */
static struct strand *course_takes(struct courses *courses, struct course *course)
{
    struct run *run = courses->run;
    if (course->next < run->strand_count && run->strands[course->next].partition == course->partition)
        return &run->strands[course->next++];
    if (courses->next == run->strand_count)
        return NULL;
    course->next = courses->next;
    course->partition = run->strands[course->next].partition;
    while (courses->next < run->strand_count && run->strands[courses->next].partition == course->partition)
        courses->next++;
    return &run->strands[course->next++];
}

/* Begins the pull of this host's strand. False: it is at its end already. */
static bool course_begins(struct courses *courses, size_t nth)
{
    struct run *run = courses->run;
    struct pull *pull = &courses->of[nth].strand->pull;
    struct err *err = pull_opens(pull);
    if (pull_rc(pull) == 0 && run_cancelled((void *)(uintptr_t)run->request))
        err_set(err, ERR_CANCELLED, "cancelled");
    if (pull_rc(pull) == 0 && pull->unlisted) {
        pull_unlisted(pull);
        return false;
    }
    if (pull_rc(pull) == 0 && !courses->lanes[nth]) /* the one before died: a fresh one, it costs nobody else */
        run_lane(run->request, run->dir, &courses->lanes[nth], err);
    if (pull_rc(pull) != 0)
        return false;
    if (pull_start(pull, courses->lanes[nth]) == 0)
        return true;
    lane_stop(TAKE(courses->lanes[nth]));
    return false;
}

/* Begins the next pull of this host. */
static void course_goes_on(struct courses *courses, size_t nth)
{
    struct course *course = &courses->of[nth];
    while ((course->strand = course_takes(courses, course)) && !course_begins(courses, nth))
        strand_pulled(courses->run, course->strand);
}

/* A pull has come to its end: that of its strand, unless it is worth another one. */
static void course_ends(struct courses *courses, size_t nth, int rc)
{
    struct strand *strand = courses->of[nth].strand;
    bool again = false;
    if (pull_end(&strand->pull, rc) != 0) {
        again = pull_again(&strand->pull, courses->lanes[nth]);
        lane_stop(TAKE(courses->lanes[nth]));
    }
    if (again && course_begins(courses, nth))
        return;
    strand_pulled(courses->run, strand);
    course_goes_on(courses, nth);
}

/* The first odd value, by the order of partitions. */
static void note_flagged(struct run *run)
{
    for (size_t i = 0; i < run->strand_count && !run->report->flagged_place; i++) {
        const char *field,
            *place = run->strands[i].pull.map ? map_flagged_place(run->strands[i].pull.map, &field) : NULL;
        if (place)
            run->report->flagged_place = arena_text(run->arena, place);
    }
}

/* No source is asked. */
static void run_kept(struct run *run)
{
    for (size_t i = 0; i < run->strand_count; i++) {
        pull_kept(&run->strands[i].pull);
        strand_pulled(run, &run->strands[i]);
    }
    note_flagged(run);
}

void run_pulls(struct run *run)
{
    if (run->request->kept) {
        run_kept(run);
        return;
    }
    struct courses courses = {.run = run, .lanes = {TAKE(run->lane)}};
    size_t partitions = run->report->partition_count, wanted = run->request->connection->lanes, nth;
    int rc;
    wanted = wanted < 1 ? 1 : wanted > LANES_MAX ? LANES_MAX : wanted;
    courses.count = partitions < wanted ? partitions : wanted;
    for (size_t i = 0; i < courses.count; i++) {
        courses.of[i].next = run->strand_count;
        course_goes_on(&courses, i);
    }
    while (lanes_wait(courses.lanes, courses.count, &nth, &rc) == 0)
        course_ends(&courses, nth, rc);
    for (size_t i = 0; i < LANES_MAX; i++)
        lane_stop(courses.lanes[i]);
    note_flagged(run);
}
