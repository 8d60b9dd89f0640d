/* test_inbox_wal - the logs of an inbox: what was said to be kept is there whoever dies and whatever is cut off, once,
 * in its order, while one writes and others settle. */
#include "unit.h"

#include "event.h"
#include "scratch.h"

#include "base/arena.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

enum { PLENTY = 1 << 30, BODY = 40, MANY = 3000 };

static const uint8_t master[VAULT_MASTER] = {7};
static struct scratch scratch;
static char dir[100];
static unsigned folders;
static uint64_t seed;
static unsigned until; /* as many events, and then it ends */

static int new_folder(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "%s/%u", scratch.dir, ++folders);
    fault_set(NULL);
    return 0;
}

static struct inbox *open_one(void)
{
    struct err err = {0};
    struct inbox *inbox = NULL;
    assert_int_equal(inbox_open(dir, master, "acme", true, &inbox, &err), 0);
    return inbox;
}

static struct inbox_event keep(struct inbox *inbox, const char *key, const char *body)
{
    struct inbox_event one = event(key, body), *list[] = {&one};
    assert_int_equal(inbox_keep(inbox, list, 1, PLENTY), 0);
    assert_int_equal(one.rc, 0);
    return one;
}

/* Events numbered first, first + 1 and so on, in one commit: each is a key of its own. */
static int keep_numbers(struct inbox *inbox, unsigned first, size_t count)
{
    char keys[16][BODY];
    struct inbox_event events[16], *list[16];
    for (size_t n = 0; n < count; n++) {
        snprintf(keys[n], BODY, "%u", first + (unsigned)n);
        events[n] = event(keys[n], keys[n]);
        list[n] = &events[n];
    }
    return inbox_keep(inbox, list, count, PLENTY);
}

/* The numbers that lie there behind event `after`; each is one more than the one before. Returns the last one. */
static unsigned read_numbers(struct inbox *inbox, uint64_t after, unsigned before, size_t most)
{
    struct arena *arena TIDY(arena_free) = arena_new();
    struct inbox_event *events;
    size_t count = 0;
    assert_int_equal(inbox_read(inbox, "guards", after, most, PLENTY, arena, &events, &count), 0);
    for (size_t n = 0; n < count; n++) {
        char body[BODY];
        snprintf(body, sizeof(body), "%.*s", (int)events[n].body.len, (const char *)events[n].body.data);
        assert_int_equal(strtoul(body, NULL, 10), ++before);
        assert_int_equal(events[n].number, before);
    }
    return before;
}

static unsigned read_all(struct inbox *inbox)
{
    unsigned last = 0, before;
    do {
        before = last;
        last = read_numbers(inbox, last, last, MANY);
    } while (last > before);
    return last;
}

static void full_at(unsigned bytes)
{
    char plan[40];
    snprintf(plan, sizeof(plan), "full:%u", bytes);
    setenv("MUSTER_FAULT", plan, 1);
}

/* ---- one process ---- */

/* How often this process has the file of the inbox open. */
static unsigned times_open(void)
{
    char path[200];
    struct stat file, other;
    unsigned times = 0;
    snprintf(path, sizeof(path), "%s/inbox/data.mdb", dir);
    DIR *all = stat(path, &file) == 0 ? opendir("/proc/self/fd") : NULL;
    for (struct dirent *entry; all && (entry = readdir(all));)
        times += fstatat(dirfd(all), entry->d_name, &other, 0) == 0 && other.st_dev == file.st_dev &&
                 other.st_ino == file.st_ino;
    if (all)
        closedir(all);
    return times;
}

static void *close_one(void *context)
{
    inbox_close(context);
    return NULL;
}

/* A file that a process opens twice loses the locks of both with the first that is closed; and closing takes its time
 * where a log is being settled. */
static void an_inbox_that_is_being_closed_is_not_opened_once_more(void **state)
{
    enum { ROUNDS = 12 };
    const struct timespec meanwhile = {.tv_nsec = 200 * 1000};
    unsigned once = 0;
    (void)state;
    full_at(1);
    for (unsigned n = 1; n <= ROUNDS; n++) {
        pthread_t closing;
        struct inbox *inbox = open_one();
        once = once ? once : times_open();
        assert_int_equal(keep_numbers(inbox, n, 1), 0);
        assert_int_equal(pthread_create(&closing, NULL, close_one, inbox), 0);
        nanosleep(&meanwhile, NULL);
        struct inbox *other = open_one();
        unsigned times = times_open();
        pthread_join(closing, NULL);
        inbox_close(other);
        assert_int_equal(times, once);
    }
}

static void a_key_is_known_wherever_it_lies(void **state)
{
    (void)state;
    char key[20];
    full_at(3000); /* some are in the tables, some in the older log, some in the one that is written */
    struct inbox *inbox = open_one();
    for (unsigned n = 1; n <= 300; n++) {
        snprintf(key, sizeof(key), "%u", n);
        assert_int_equal(keep(inbox, key, "in").number, n);
        unsigned earlier = 1 + chance(&seed, n);
        snprintf(key, sizeof(key), "%u", earlier);
        struct inbox_event again = keep(inbox, key, "in");
        assert_true(again.known);
        assert_int_equal(again.number, earlier);
    }
    assert_int_equal(keep(inbox, "7", "out").number, 301);
    assert_int_equal(keep(inbox, "7", "in").number, 302); /* not what it said last */
    assert_int_equal(keep(inbox, "7", "in").number, 302);
    struct inbox_count count;
    assert_int_equal(inbox_count(inbox, &count), 0);
    assert_int_equal(count.events, 302);
    assert_int_equal(keep(inbox, "7", "in").number, 302);
    assert_false(keep(inbox, "7", "out").known);
    inbox_close(inbox);
}

static void another_connection_is_another_thing(void **state)
{
    (void)state;
    struct inbox *inbox = open_one();
    keep(inbox, "1", "in");
    struct inbox_event other = event("1", "in"), *list[] = {&other};
    other.connection = "doors";
    assert_int_equal(inbox_keep(inbox, list, 1, PLENTY), 0);
    assert_false(other.known);
    assert_int_equal(other.number, 2);
    assert_true(keep(inbox, "1", "in").known);
    assert_int_equal(inbox_keep(inbox, list, 1, PLENTY), 0);
    assert_true(other.known);
    bool waits = false;
    assert_int_equal(inbox_waits(inbox, "doors", &waits), 0);
    assert_true(waits);
    assert_int_equal(inbox_keep(inbox, list, 1, PLENTY), 0);
    assert_true(other.known); /* from the tables now */
    inbox_close(inbox);
}

static void its_files_grow_by_doubling_and_not_with_each_commit(void **state)
{
    (void)state;
    static char large[3 << 20];
    char path[120];
    struct stat status;
    struct inbox *inbox = open_one();
    snprintf(path, sizeof(path), "%s/inbox/wal.0", dir);
    for (unsigned n = 1; n <= 20; n++) {
        assert_int_equal(keep_numbers(inbox, n, 1), 0);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_size, 256 << 10);
    }
    memset(large, 'x', sizeof(large) - 1);
    keep(inbox, "large", large);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 4 << 20);
    inbox_close(inbox);
    inbox = open_one();
    assert_int_equal(keep(inbox, "next", "x").number, 22);
    inbox_close(inbox);
}

/* All that is settled is in the log still, and counts no more: also behind a shorter round. */
static void an_earlier_round_counts_no_more(void **state)
{
    (void)state;
    struct inbox *inbox = open_one();
    unsigned last = 0;
    for (unsigned round = 0; round < 40; round++) {
        unsigned commits = chance(&seed, 6);
        for (unsigned n = 0; n < commits; n++) {
            size_t count = 1 + chance(&seed, 4);
            assert_int_equal(keep_numbers(inbox, last + 1, count), 0);
            last += (unsigned)count;
        }
        if (chance(&seed, 2) == 0) {
            inbox_close(inbox);
            inbox = open_one();
        }
        struct inbox_count count;
        if (chance(&seed, 2) == 0)
            assert_int_equal(inbox_count(inbox, &count), 0);
        assert_int_equal(read_numbers(inbox, last, last, 10), last);
    }
    assert_int_equal(read_all(inbox), last);
    inbox_close(inbox);
}

static void what_could_not_be_written_does_not_count(void **state)
{
    (void)state;
#ifndef HAVE_FAULTS
    skip();
#endif
    struct inbox *inbox = open_one();
    assert_int_equal(keep_numbers(inbox, 1, 3), 0);
    fault_set("wal:1");
    assert_int_equal(keep_numbers(inbox, 4, 2), -EIO);
    fault_set("wal:2"); /* written, and not known to be on the disk */
    assert_int_equal(keep_numbers(inbox, 4, 2), -EIO);
    fault_set(NULL);
    assert_int_equal(read_numbers(inbox, 3, 3, 10), 3);
    inbox_close(inbox);
    inbox = open_one();
    assert_int_equal(read_all(inbox), 3);
    fault_set("inbox:1");
    assert_int_equal(keep_numbers(inbox, 4, 2), -EIO);
    fault_set("inbox:2");
    assert_int_equal(keep_numbers(inbox, 4, 2), -EIO);
    fault_set(NULL);
    assert_int_equal(keep_numbers(inbox, 4, 1), 0);
    fault_set("inbox:3"); /* the tables' part of settling it */
    struct inbox_count count;
    assert_int_equal(inbox_count(inbox, &count), -EIO);
    fault_set(NULL);
    assert_int_equal(read_all(inbox), 4);
    inbox_close(inbox);
}

/* ---- cut off ---- */

static void copy_file(const char *name, const char *from, const char *to, off_t most, off_t wrong)
{
    static char bytes_[2 << 20];
    char path[200];
    snprintf(path, sizeof(path), "%s/inbox/%s", from, name);
    int in = open(path, O_RDONLY);
    snprintf(path, sizeof(path), "%s/inbox/%s", to, name);
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(in >= 0 && out >= 0);
    ssize_t got = read(in, bytes_, sizeof(bytes_));
    assert_in_range(got, 0, sizeof(bytes_) - 1);
    if (wrong >= 0)
        bytes_[wrong] = (char)(bytes_[wrong] ^ 0x10);
    got = got > most ? most : got;
    assert_int_equal(write(out, bytes_, (size_t)got), got);
    close(in);
    close(out);
}

/* The folder as another one, its log cut off or with a wrong byte. */
static struct inbox *open_copy(const char *from, off_t most, off_t wrong)
{
    char path[120];
    new_folder(NULL);
    snprintf(path, sizeof(path), "%s/inbox", dir);
    assert_int_equal(mkdir(dir, 0700) | mkdir(path, 0700), 0);
    copy_file("data.mdb", from, dir, INT32_MAX, -1);
    copy_file("wal.1", from, dir, INT32_MAX, -1);
    copy_file("wal.0", from, dir, most, wrong);
    return open_one();
}

static void a_commit_that_was_cut_off_is_none_and_those_before_it_are(void **state)
{
    (void)state;
    enum { FRAME = 32, ROW = 24 + 6 + 24 + 24 + 16 + 5 + 9 + 9 + 17 + 1 }; /* its parts, of a body of a byte */
    char from[100];
    struct inbox *inbox = open_one();
    assert_int_equal(keep_numbers(inbox, 1, 2), 0);
    assert_int_equal(keep_numbers(inbox, 3, 1), 0);
    snprintf(from, sizeof(from), "%s", dir);
    off_t before = FRAME + 2 * (off_t)ROW, end = before + FRAME + ROW;
    for (off_t at = before; at <= end; at++) {
        struct inbox *cut = open_copy(from, at, -1);
        assert_int_equal(read_all(cut), at < end ? 2 : 3);
        inbox_close(cut);
        if (at == end)
            break;
        struct inbox *wrong = open_copy(from, INT32_MAX, at);
        assert_int_equal(keep_numbers(wrong, 3, 1), 0); /* in its place */
        assert_int_equal(keep_numbers(wrong, 4, 1), 0);
        assert_int_equal(read_all(wrong), 4);
        inbox_close(wrong);
    }
    inbox_close(inbox);
}

/* ---- several processes ---- */

/* Says after each commit how far it is. */
static void keep_on(int said, unsigned first)
{
    uint64_t chances = seed + first;
    struct inbox *inbox = open_one();
    for (unsigned next = first; next <= until;) {
        unsigned count = 1 + chance(&chances, 16);
        if (keep_numbers(inbox, next, count) != 0)
            abort();
        next += count;
        unsigned last = next - 1;
        if (write(said, &last, sizeof(last)) != sizeof(last))
            abort();
    }
    inbox_close(inbox);
}

static pid_t begin(void (*work)(int, unsigned), unsigned with, int *ret_said)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        work(ends[1], with);
        _exit(0);
    }
    close(ends[1]);
    *ret_said = ends[0];
    return child;
}

/* Whoever is killed: all that it said to have kept is there, and at most one commit more. */
static void who_is_killed_has_kept_all_that_it_said(void **state)
{
    (void)state;
    unsigned there = 0;
    full_at(4000);
    until = UINT32_MAX - 16;
    for (unsigned round = 0; round < 20; round++) {
        int said, status;
        unsigned last = there;
        pid_t child = begin(keep_on, there + 1, &said);
        for (unsigned n = chance(&seed, 40) + 1; n > 0 && read(said, &last, sizeof(last)) == sizeof(last); n--)
            ;
        kill(child, SIGKILL);
        while (read(said, &last, sizeof(last)) == sizeof(last))
            ;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        close(said);
        struct inbox *inbox = open_one();
        there = read_all(inbox);
        assert_in_range(there, last, last + 16);
        inbox_close(inbox);
    }
}

static void who_is_killed_where_it_hurts_has_kept_all_that_it_said(void **state)
{
    (void)state;
    static const char *const places[] = {"kill:wal:7", "kill:settle", "kill:settled"};
    static char large[1 << 20];
#ifndef HAVE_FAULTS
    skip();
#endif
    memset(large, 'x', sizeof(large) - 1);
    for (size_t n = 0; n < sizeof(places) / sizeof(places[0]); n++) {
        int ends[2], status;
        unsigned last = 0;
        new_folder(NULL);
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            fault_set(places[n]);
            struct inbox *inbox = open_one();
            for (unsigned i = 1; i < 60; i++) {
                large[i] = 'y';
                keep(inbox, NULL, large);
                if (write(ends[1], &i, sizeof(i)) != sizeof(i))
                    _exit(2);
            }
            _exit(1); /* it should not come to that */
        }
        close(ends[1]);
        while (read(ends[0], &last, sizeof(last)) == sizeof(last))
            ;
        close(ends[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        struct inbox *inbox = open_one();
        struct inbox_count count;
        assert_int_equal(inbox_count(inbox, &count), 0);
        assert_in_range(count.events, last, last + 1);
        inbox_close(inbox);
    }
}

/* Takes what is there, as runs do, until it is told how far there is something. */
static void one_writes_and_another_one_takes(void **state)
{
    (void)state;
    int said;
    unsigned last = 0, told = 0, taken = 0, now;
    full_at(8000);
    until = MANY;
    pid_t child = begin(keep_on, 1, &said);
    assert_int_equal(read(said, &last, sizeof(last)), sizeof(last)); /* it has made the folder */
    struct inbox *inbox = open_one();
    while (taken < MANY) {
        struct pollfd more = {.fd = said, .events = POLLIN};
        while (last < MANY && poll(&more, 1, 0) > 0 && read(said, &told, sizeof(told)) == sizeof(told))
            last = told;
        now = read_numbers(inbox, taken, taken, 200);
        if (now == taken) /* no more was there than that */
            assert_true(now >= last);
        taken = now;
        assert_int_equal(inbox_done(inbox, "guards", taken, NULL, 0, chance(&seed, 4) ? 0 : 2000), 0);
        last = last > taken ? last : taken;
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    while ((now = read_numbers(inbox, taken, taken, 200)) > taken)
        taken = now;
    assert_in_range(taken, MANY, MANY + 16);
    assert_int_equal(inbox_done(inbox, "guards", taken, NULL, 0, 0), 0);
    bool waits = true;
    assert_int_equal(inbox_waits(inbox, "guards", &waits), 0);
    assert_false(waits);
    inbox_close(inbox);
    close(said);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_key_is_known_wherever_it_lies, new_folder),
        cmocka_unit_test_setup(an_inbox_that_is_being_closed_is_not_opened_once_more, new_folder),
        cmocka_unit_test_setup(another_connection_is_another_thing, new_folder),
        cmocka_unit_test_setup(its_files_grow_by_doubling_and_not_with_each_commit, new_folder),
        cmocka_unit_test_setup(an_earlier_round_counts_no_more, new_folder),
        cmocka_unit_test_setup(what_could_not_be_written_does_not_count, new_folder),
        cmocka_unit_test_setup(a_commit_that_was_cut_off_is_none_and_those_before_it_are, new_folder),
        cmocka_unit_test_setup(who_is_killed_has_kept_all_that_it_said, new_folder),
        cmocka_unit_test_setup(who_is_killed_where_it_hurts_has_kept_all_that_it_said, new_folder),
        cmocka_unit_test_setup(one_writes_and_another_one_takes, new_folder),
    };
    seed = chance_seed();
    scratch_make(&scratch);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_remove(&scratch);
    return failed;
}
