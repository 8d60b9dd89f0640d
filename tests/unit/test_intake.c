/* test_intake - what is put into an inbox by many at once: all of it is kept, each is told once, nobody waits for ever.
 */
#include "unit.h"

#include "scratch.h"

#include "service/intake.h"

#include <pthread.h>

enum { CALLERS = 6, EACH = 40, ALONE = 50 };

static const uint8_t master[VAULT_MASTER] = {1};
static struct scratch scratch;
static const char *const names[] = {"one", "two"};
static char dirs[2][200];

struct caller {
    struct intake *intake;
    pthread_t thread;
    unsigned nth, kept, put;
    pthread_mutex_t lock;
    pthread_cond_t told;
    struct letter letter;
    char body[64];
    bool waits;
};

static void told(void *context, struct letter *letter)
{
    struct caller *caller = context;
    pthread_mutex_lock(&caller->lock);
    caller->kept += letter->rc == 0;
    caller->waits = false;
    pthread_cond_signal(&caller->told);
    pthread_mutex_unlock(&caller->lock);
}

/* Odd ones to one organization, even ones to the other. */
static void say(struct caller *caller, unsigned number)
{
    snprintf(caller->body, sizeof(caller->body), "{\"caller\":%u,\"number\":%u}", caller->nth, number);
    caller->waits = true;
    caller->letter = (struct letter){.event = {.connection = "guards",
                                               .method = "POST",
                                               .route = "/punches",
                                               .target = "/punches",
                                               .type = "",
                                               .body = {caller->body, strlen(caller->body)}},
                                     .organization = names[caller->nth % 2],
                                     .dir = dirs[caller->nth % 2],
                                     .kept = told,
                                     .context = caller};
    caller->put += intake_put(caller->intake, &caller->letter);
}

static void hear(struct caller *caller)
{
    pthread_mutex_lock(&caller->lock);
    while (caller->waits)
        pthread_cond_wait(&caller->told, &caller->lock);
    pthread_mutex_unlock(&caller->lock);
}

static void *talk(void *context)
{
    struct caller *caller = context;
    for (unsigned number = 0; number < EACH; number++) {
        say(caller, number);
        hear(caller);
    }
    return NULL;
}

static void caller_init(struct caller *caller, struct intake *intake, unsigned nth)
{
    *caller = (struct caller){.intake = intake, .nth = nth};
    pthread_mutex_init(&caller->lock, NULL);
    pthread_cond_init(&caller->told, NULL);
}

static int set_up(void **state)
{
    (void)state;
    scratch_make(&scratch);
    for (size_t n = 0; n < 2; n++) {
        snprintf(dirs[n], sizeof(dirs[n]), "%s", scratch_path(&scratch, names[n]));
        mkdir(dirs[n], 0700);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(&scratch);
    return 0;
}

/* How many events lie there. */
static size_t lie(size_t nth)
{
    struct arena *arena TIDY(arena_free) = arena_new();
    struct inbox *inbox TIDY(inbox_close) = NULL;
    struct inbox_event *events;
    size_t count = 0;
    assert_int_equal(inbox_open(dirs[nth], master, names[nth], false, &inbox, NULL), 0);
    assert_int_equal(inbox_read(inbox, "guards", 0, 10000, 1 << 30, arena, &events, &count), 0);
    return count;
}

static void all_that_many_say_is_kept_once(void **state)
{
    (void)state;
    struct caller callers[CALLERS];
    uint64_t commits, letters;
    struct intake *intake = intake_open(master, 1 << 30);
    assert_non_null(intake);
    for (unsigned n = 0; n < CALLERS; n++) {
        caller_init(&callers[n], intake, n);
        assert_int_equal(pthread_create(&callers[n].thread, NULL, talk, &callers[n]), 0);
    }
    for (unsigned n = 0; n < CALLERS; n++) {
        pthread_join(callers[n].thread, NULL);
        assert_int_equal(callers[n].put, EACH);
        assert_int_equal(callers[n].kept, EACH);
    }
    intake_count(intake, &commits, &letters);
    assert_int_equal(letters, CALLERS * EACH);
    assert_in_range(commits, 1, letters);
    intake_close(intake);
    assert_int_equal(lie(0) + lie(1), CALLERS * EACH);
}

/* Those who were told before do not come again, and nobody waits for them for long. */
static void who_comes_alone_behind_many_is_kept(void **state)
{
    (void)state;
    static struct caller callers[ALONE];
    struct intake *intake = intake_open(master, 1 << 30);
    assert_non_null(intake);
    for (unsigned n = 0; n < ALONE; n++) {
        caller_init(&callers[n], intake, n);
        say(&callers[n], 0);
    }
    for (unsigned n = 0; n < ALONE; n++)
        hear(&callers[n]);
    for (unsigned number = 1; number <= 5; number++) {
        say(&callers[0], number);
        hear(&callers[0]);
    }
    assert_int_equal(callers[0].kept, 6);
    intake_close(intake);
    assert_int_equal(lie(0) + lie(1), ALONE + 5);
}

static void what_was_put_is_kept_before_it_ends(void **state)
{
    (void)state;
    static struct caller callers[ALONE];
    struct intake *intake = intake_open(master, 1 << 30);
    assert_non_null(intake);
    for (unsigned n = 0; n < ALONE; n++) {
        caller_init(&callers[n], intake, n);
        say(&callers[n], 0);
    }
    intake_close(intake);
    for (unsigned n = 0; n < ALONE; n++)
        assert_int_equal(callers[n].kept, 1);
    assert_int_equal(lie(0) + lie(1), ALONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_that_many_say_is_kept_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_comes_alone_behind_many_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_put_is_kept_before_it_ends, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
