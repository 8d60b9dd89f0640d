/* daemon - musterd. */
#include "service/daemon.h"

#include "api/control.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/jsonobject.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/user.h"
#include "service/books.h"
#include "service/job.h"
#include "service/lookout.h"
#include "service/memory.h"
#include "service/ready.h"
#include "service/reception.h"
#include "service/renewal.h"
#include "service/watch.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { LOOKED_AGAIN = 20 * 1000, STOP_WAITS = 30 * 1000, STOP_LOOKS = 50, JOBS_MOST = 256 };

struct service {
    uv_loop_t loop;
    uv_timer_t wake, stop, alive;
    uv_signal_t signals[3];
    const struct daemon_words *words;
    struct books books;
    struct watches *watches;
    struct lookout *lookout;
    struct control *control;
    struct metrics *metrics;
    struct reception *reception; /* NULL: nobody can call */
    struct job *jobs[JOBS_MOST];
    size_t job_count;
    char program[PATH_MAX];
    int lock;
    bool stopping, late;
    int rc;
};

static void look(struct service *service);

/* --- what is told --- */

/* Whoever asked for it is told, too. */
static void tell_mistakes(void *context, const char *organization, const char *text)
{
    const struct log log = {.organization = organization};
    if (context)
        renewal_told(context, organization, text);
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        log_warn(&log, "%.*s", (int)len, line);
        line += len + (line[len] == '\n');
    }
}

/* --- what happens --- */

static void arrived(void *context, const char *organization, const char *connection)
{
    struct service *service = context;
    struct timed_organization *timed = timetable_organization(&service->books.timetable, organization);
    struct timed_connection *of = timed ? timed_connection(timed, connection) : NULL;
    if (of)
        timetable_arrived(timed, of, clock_now_ms());
    look(service);
}

static void changed(void *context, const char *organization)
{
    struct service *service = context;
    struct timed_organization *timed = timetable_organization(&service->books.timetable, organization);
    if (timed)
        timetable_changed(timed, clock_now_ms());
    look(service);
}

static void called(void *context, const char *organization, const char *connection)
{
    struct service *service = context;
    struct timed_organization *timed = timetable_organization(&service->books.timetable, organization);
    struct timed_connection *of = timed ? timed_connection(timed, connection) : NULL;
    if (of)
        timetable_called(timed, of, clock_now_ms());
    look(service);
}

/* --- runs --- */

static void job_tell(const struct job_order *order, long pid, const enum job_end ends[])
{
    static const char *const words[] = {"well", "failed", "another run is at it"};
    TIDY_DONE(buffer_done) struct buffer names = {0};
    const struct log log = {.organization = order->organization};
    for (size_t i = 0; i < order->count; i++) {
        buffer_format(&names, "%s%s", i ? ", " : "", order->connections[i]);
        if (ends)
            buffer_format(&names, ": %s", words[ends[i]]);
    }
    if (names.rc == 0)
        log_info(&log, "%s %ld: %s%s", ends ? "ended" : "started", pid, names.data, order->full ? " (full)" : "");
}

static void remember(const struct service *service)
{
    int rc = memory_keep(service->books.settings->state, &service->books.timetable);
    if (rc != 0)
        log_warn(NULL, "what has run cannot be kept in %s: %s", service->books.settings->state, err_text(rc));
}

static void job_ended(void *context, struct job *job, const struct job_order *order, const enum job_end ends[])
{
    struct service *service = context;
    for (size_t i = 0; i < service->job_count; i++)
        if (service->jobs[i] == job)
            service->jobs[i] = service->jobs[--service->job_count];
    job_tell(order, job_pid(job), ends);
    timetable_ended(&service->books.timetable, order, ends, clock_now_ms());
    remember(service);
    job_free(job);
    if (service->watches)
        watches_again(service->watches); /* the first run of an organization makes its folder */
    look(service);
}

static void job_progressed(void *context, const char *organization, const char *json, size_t len)
{
    struct service *service = context;
    if (service->reception)
        reception_progress(service->reception, organization, json, len);
}

static void start_one(struct service *service, const struct job_order *order)
{
    struct err err = {0};
    struct job *job;
    int rc = job_start(&service->loop, service->program, service->books.settings, order, service->metrics, job_ended,
                       job_progressed, service, &job, &err);
    if (rc == 0) {
        service->jobs[service->job_count++] = job;
        job_tell(order, job_pid(job), NULL);
        return;
    }
    enum job_end ends[JOB_CONNECTIONS];
    for (size_t i = 0; i < order->count; i++)
        ends[i] = JOB_FAILED;
    log_error(&(struct log){.organization = order->organization}, "%s", err.rc ? err.text : err_text(rc));
    timetable_ended(&service->books.timetable, order, ends, clock_now_ms());
}

static void woken(uv_timer_t *timer)
{
    struct service *service = timer->data;
    watches_again(service->watches);
    look(service);
}

/* Starts what is due, and sleeps until something will be: never long, because clocks are set. */
static void look(struct service *service)
{
    struct job_order order;
    int64_t now = clock_now_ms();
    unsigned most =
        service->books.settings->parallel_runs < JOBS_MOST ? service->books.settings->parallel_runs : JOBS_MOST;
    if (service->stopping)
        return;
    timetable_tick(&service->books.timetable, now);
    while (timetable_pick(&service->books.timetable, now, most, &order))
        start_one(service, &order);
    int64_t wait = (timetable_wakes(&service->books.timetable) - now) / clock_pace();
    bool full = service->job_count >= most;
    wait = full || wait > LOOKED_AGAIN ? LOOKED_AGAIN : wait < 1 ? 1 : wait;
    uv_timer_start(&service->wake, woken, (uint64_t)wait, 0);
    if (service->reception)
        reception_now(service->reception, service->books.roster.count, service->job_count);
}

/* --- signals --- */

static void too_late(uv_timer_t *timer)
{
    struct service *service = timer->data;
    for (size_t i = 0; i < service->job_count; i++)
        job_stop(service->jobs[i], true);
    service->late = true; /* acts of callers are ended with the reception */
}

/* When nothing that was begun goes on any more. */
static void look_at_end(struct service *service)
{
    if (service->job_count == 0 && (service->late || reception_acts(service->reception) == 0))
        uv_stop(&service->loop);
}

static void looked_at_end(uv_timer_t *timer)
{
    look_at_end(timer->data);
}

static void stop(struct service *service)
{
    if (service->stopping)
        return;
    service->stopping = true;
    ready_stopping();
    if (service->reception)
        reception_ends(service->reception);
    log_info(NULL, "stopping: %zu run%s asked to stop between two changes", service->job_count,
             service->job_count == 1 ? " is" : "s are");
    for (size_t i = 0; i < service->job_count; i++)
        job_stop(service->jobs[i], false);
    uv_timer_start(&service->stop, too_late, STOP_WAITS, 0);
    uv_timer_start(&service->wake, looked_at_end, STOP_LOOKS, STOP_LOOKS);
    look_at_end(service);
}

/* --- files, read and read again --- */

/* Nothing of it counts before all of it does. */
static int take(struct service *service, struct books *books, struct err *err)
{
    const struct watch_told told = {arrived, changed, service};
    struct watches *watches = watches_open(&service->loop, books->settings, &books->roster, &told);
    if (!watches)
        return err_set(err, -ENOMEM, "out of memory");
    int rc = roster_keep(books->settings);
    struct lookout *lookout =
        rc == 0 ? lookout_open(&service->loop, books->settings, &books->roster, service->lookout, arrived, service)
                : NULL;
    rc = rc || lookout ? rc : -ENOMEM;
    if (rc != 0) {
        watches_close(watches);
        return err_set(err, rc, "what runs are to read cannot be kept in %s/musterd: %s", books->settings->state,
                       err_text(rc));
    }
    struct books before = service->books;
    if (service->watches)
        watches_close(service->watches);
    service->watches = watches;
    service->books = *books;
    *books = (struct books){0};
    service->lookout = lookout;
    if (service->reception) /* while what it works with is still there */
        reception_reload(service->reception, service->books.settings, &service->books.roster);
    books_done(&before);
    return 0;
}

static int read_again(struct service *service, struct renewal *renewal, struct buffer *answer)
{
    const struct daemon_words *words = service->words;
    TIDY_DONE(books_done) struct books books = {0};
    struct err err = {0};
    int rc = books_read(words->config, words->state, &service->books, true, tell_mistakes, renewal, &books, &err);
    if (rc == 0 && answer) /* what was before goes when it is taken */
        renewal_write(renewal, books.settings->config_dir, &service->books.roster, &books.roster, &err, answer);
    rc = rc ? rc : take(service, &books, &err);
    if (rc == 0) {
        log_info(NULL, "read again: %zu organization%s", service->books.roster.count,
                 service->books.roster.count == 1 ? "" : "s");
        return 0;
    }
    log_error(NULL, "nothing of it counts: %s", err.text);
    if (answer) {
        buffer_clear(answer);
        renewal_write(renewal, service->books.settings->config_dir, &service->books.roster, NULL, &err, answer);
    }
    return rc;
}

/* `answer` NULL: a signal asked for it. */
static void reload(struct service *service, struct buffer *answer)
{
    TIDY_DONE(renewal_done) struct renewal renewal = {0};
    ready_reloading();
    (void)read_again(service, &renewal, answer);
    ready_now(service->books.roster.count);
    look(service);
}

static void asked(void *context, const char *word, struct buffer *answer)
{
    const struct service *service = context;
    if (strcmp(word, "reload") == 0)
        reload(context, answer);
    if (strcmp(word, "again") == 0) {
        buffer_text(answer, "{}\n"); /* nothing would be no answer */
        timetable_again(&service->books.timetable, answer);
    }
}

static void signalled(uv_signal_t *handle, int number)
{
    struct service *service = handle->data;
    if (number == SIGHUP)
        reload(service, NULL);
    else
        stop(service);
}

/* --- begin and end --- */

/* One daemon looks after a state folder. */
static int lock_state(struct service *service, struct err *err)
{
    TIDY(free) char *folder = mem_format("%s/musterd", service->books.settings->state);
    TIDY(free) char *path = mem_format("%s/musterd/lock", service->books.settings->state);
    if (!folder || !path)
        return err_set(err, -ENOMEM, "out of memory");
    int rc = store_make_dir(folder, 0700, err);
    if (rc != 0)
        return rc;
    service->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (service->lock < 0)
        return err_set(err, -errno, "%s cannot be made: %s", path, err_text(-errno));
    if (flock(service->lock, LOCK_EX | LOCK_NB) == 0)
        return 0;
    return err_set(err, ERR_BUSY, "another musterd looks after %s already", service->books.settings->state);
}

static void begin_loop(struct service *service)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    uv_loop_init(&service->loop);
    uv_timer_init(&service->loop, &service->wake);
    uv_timer_init(&service->loop, &service->stop);
    uv_timer_init(&service->loop, &service->alive);
    service->wake.data = service->stop.data = service;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        uv_signal_init(&service->loop, &service->signals[i]);
        service->signals[i].data = service;
        uv_signal_start(&service->signals[i], signalled, numbers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void service_done(struct service *service)
{
    if (service->watches)
        watches_close(TAKE(service->watches));
    if (service->lookout)
        lookout_close(TAKE(service->lookout));
    if (service->control)
        control_close(TAKE(service->control));
    if (service->reception)
        reception_close(TAKE(service->reception));
    uv_run(&service->loop, UV_RUN_NOWAIT);
    uv_walk(&service->loop, close_handle, NULL);
    uv_run(&service->loop, UV_RUN_DEFAULT);
    uv_loop_close(&service->loop);
    books_done(&service->books);
    metrics_free(service->metrics);
    tidy_close(&service->lock);
}

static int begin(struct service *service, struct err *err)
{
    const struct daemon_words *words = service->words;
    TIDY_DONE(books_done) struct books books = {0};
    int rc = books_settings(words->config, words->state, tell_mistakes, NULL, &service->books.settings, err);
    if (rc == 0 && (rc = user_become(service->books.settings->state, err)) > 0)
        rc = 0;
    rc = rc ? rc : lock_state(service, err);
    rc = rc ? rc : books_read(words->config, words->state, &service->books, true, tell_mistakes, NULL, &books, err);
    rc = rc ? rc : take(service, &books, err);
    if (rc == 0 && !(service->metrics = metrics_new()))
        rc = err_set(err, -ENOMEM, "out of memory");
    rc = rc ? rc
            : reception_open(&service->loop, service->books.settings, &service->books.roster, service->metrics, called,
                             service, &service->reception, err);
    return rc ? rc
              : control_open(&service->loop, service->books.settings->state, asked, service, &service->control, err);
}

static void still_alive(uv_timer_t *timer)
{
    (void)timer;
    ready_alive();
}

int daemon_run(const struct daemon_words *words, struct err *err)
{
    static const struct program muster = {"muster", "cli", "MUSTER_PROGRAM", BINDIR};
    TIDY_DONE(service_done) struct service service = {.words = words, .lock = -1};
    begin_loop(&service);
    int rc = program_find(&muster, service.program, err);
    rc = rc ? rc : begin(&service, err);
    if (rc != 0)
        return rc;
    remember(&service); /* from now on a missed time is known */
    log_info(NULL, "looking after %zu organization%s in %s", service.books.roster.count,
             service.books.roster.count == 1 ? "" : "s", service.books.settings->state);
    ready_now(service.books.roster.count);
    uint64_t every = ready_every_ms();
    if (every > 0)
        uv_timer_start(&service.alive, still_alive, every, every);
    look(&service);
    uv_run(&service.loop, UV_RUN_DEFAULT);
    return 0;
}

/* --- what would run when --- */

static void local_time(const struct timed_organization *organization, int64_t ms, char ret_text[25])
{
    instant_write(ms + (int64_t)zone_offset(organization->organization->zone, ms) * 1000, ret_text);
    ret_text[10] = ' ';
    ret_text[16] = '\0';
}

static void tell_trigger(const struct timed_organization *organization, const struct timed_connection *connection,
                         const struct timed *timed, FILE *out)
{
    static const char *const else_words[] = {"",           "", "", "", "file arrives", "on change", "after others",
                                             "when called"};
    TIDY_DONE(buffer_done) struct buffer key = {0};
    char when[25] = "never";
    timed_key(connection->connection, timed->trigger, &key);
    if (timed->next_ms != OCCASION_NEVER) {
        local_time(organization, timed->next_ms, when);
    } else if (timed->trigger->how >= TRIGGER_FILE) {
        snprintf(when, sizeof(when), "%s", else_words[timed->trigger->how]);
    }
    fprintf(out, "%-16s  %-16s  %s\n", when, organization->organization->id, key.rc ? "" : key.data);
}

struct retry {
    const struct timetable *timetable;
    const struct timed_organization *organization;
    const struct timed_connection *connection;
    int64_t at_ms;
};

/* In this order: organization, connection, at. */
static int take_retry(void *context, const struct jsonobject_member *member)
{
    struct retry *retry = context;
    if (member->type != JSONOBJECT_STRING)
        return 0;
    if (strcmp(member->name, "organization") == 0)
        retry->organization = timetable_organization(retry->timetable, member->text);
    else if (strcmp(member->name, "connection") == 0 && retry->organization)
        retry->connection = timed_connection(retry->organization, member->text);
    else if (strcmp(member->name, "at") == 0)
        instant_read(member->text, member->text_len, &retry->at_ms);
    return 0;
}

/* What the musterd that runs tries again because it failed; where none does, or it does not hear us, nothing is. */
static void tell_retries(const struct books *books, FILE *out)
{
    TIDY_DONE(buffer_done) struct buffer again = {0};
    struct err ignored = {0};
    const char *why;
    size_t at;
    if (control_ask(books->settings->state, "again", CONTROL_KNOWN_MS, &again, &ignored) != 0)
        return;
    for (size_t begin = 0, len; begin < again.len; begin += len + 1) {
        struct retry retry = {.timetable = &books->timetable};
        char when[25];
        len = strcspn(again.data + begin, "\n");
        if (jsonobject_split(again.data + begin, len, take_retry, &retry, &why, &at) != 0 || !retry.connection)
            continue;
        local_time(retry.organization, retry.at_ms, when);
        fprintf(out, "%-16s  %-16s  %s again, as it failed\n", when, retry.organization->organization->id,
                retry.connection->connection->name);
    }
}

int daemon_next(const struct daemon_words *words, FILE *out, struct err *err)
{
    static const struct books none;
    TIDY_DONE(books_done) struct books books = {0};
    int rc = books_read(words->config, words->state, &none, false, tell_mistakes, NULL, &books, err);
    size_t told = 0;
    for (size_t i = 0; rc == 0 && i < books.timetable.count; i++) {
        const struct timed_organization *organization = &books.timetable.items[i];
        for (size_t c = 0; c < organization->organization->connection_count; c++)
            for (size_t t = 0; t < organization->connections[c].connection->trigger_count; t++, told++)
                tell_trigger(organization, &organization->connections[c], &organization->connections[c].triggers[t],
                             out);
    }
    if (rc == 0)
        tell_retries(&books, out);
    if (rc == 0 && told == 0 && books.timetable.count > 0)
        fprintf(out, "No organization has a trigger: everything runs by hand.\n");
    return rc;
}
