/* books - what the daemon's files say: settings, organizations, when they run. */
#include "service/books.h"

#include "base/clock.h"
#include "base/log.h"
#include "engine/home.h"
#include "service/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int books_settings(const char *config, const char *state, roster_told_fn *told, void *context,
                   struct settings **ret_settings, struct err *err)
{
    TIDY(arena_free) struct arena *arena = arena_new();
    TIDY_DONE(buffer_done) struct buffer text = {0};
    struct complaints complaints = {.arena = arena};
    struct stat folder;
    if (stat(config, &folder) != 0 || !S_ISDIR(folder.st_mode))
        return err_set(
            err, ERR_CONFIG,
            "'%s' is no folder: -c, or MUSTER_CONFIG, names the one with muster.yaml and organizations/ in it", config);
    int rc = arena ? settings_read(config, state, getenv("MUSTER_CONNECTORS"), &complaints, ret_settings) : -ENOMEM;
    complaints_write(&complaints, &text);
    if (text.len > 0)
        told(context, NULL, text.data);
    return rc == 0 ? 0 : err_set(err, rc, "%s/muster.yaml cannot be used: %s", config, err_text(rc));
}

void books_done(struct books *books)
{
    timetable_done(&books->timetable);
    roster_done(&books->roster);
    connectors_free(books->connectors);
    settings_free(books->settings);
    *books = (struct books){0};
}

static int same_state(const struct books *before, const struct settings *settings, struct err *err)
{
    if (!before->settings || strcmp(before->settings->state, settings->state) == 0)
        return 0;
    return err_set(err, ERR_CONFIG,
                   "muster.yaml: state is %s now, and was %s when musterd was started: start it again to move there",
                   settings->state, before->settings->state);
}

/* An organization's folder in the state folder may be that of another configuration: then each run is refused. */
static int homes_tell(const struct books *books, roster_told_fn *told, void *context)
{
    int rc = 0;
    for (size_t i = 0; i < books->roster.count && rc == 0; i++) {
        TIDY_DONE(buffer_done) struct buffer text = {0};
        struct err err = {0};
        if (home_look(books->settings, books->roster.items[i]->id, &err) == 0)
            continue;
        buffer_format(&text, "nothing of %s runs: %s\n", books->roster.items[i]->id,
                      err.rc ? err.text : "it is not known whose state it is");
        if ((rc = text.rc) == 0)
            told(context, books->roster.items[i]->id, text.data);
    }
    return rc;
}

int books_read(const char *config, const char *state, const struct books *before, bool keep, roster_told_fn *told,
               void *context, struct books *ret_books, struct err *err)
{
    TIDY_DONE(books_done) struct books books = {0};
    TIDY(memory_free) struct memory *memory = NULL;
    int rc = books_settings(config, state, told, context, &books.settings, err);
    rc = rc ? rc : same_state(before, books.settings, err);
    rc = rc ? rc : connectors_open(books.settings, &books.connectors);
    rc = rc ? rc : roster_read(books.settings, books.connectors, keep, told, context, &books.roster);
    rc = rc ? rc : homes_tell(&books, told, context);
    if (rc == 0 && !(memory = memory_open(books.settings->state)))
        rc = -ENOMEM;
    rc = rc ? rc
            : timetable_make(&books.timetable, &books.roster, &before->timetable, memory_get, memory, clock_now_ms());
    if (rc != 0)
        return err->rc ? rc : err_set(err, rc, "the files in %s cannot be read: %s", config, err_text(rc));
    if (books.roster.count == 0)
        log_warn(NULL,
                 "%s/organizations has no file of an organization that can be used: nothing will run; "
                 "is that the folder that is meant? (-c DIR, or MUSTER_CONFIG)",
                 books.settings->config_dir);
    *ret_books = books;
    books = (struct books){0};
    return 0;
}
