/* push_narrow - a part of those that are looked at: of whom paths of the view have the values that somebody named.
 *
 * "employment.department.code=10,site_number=4": all of it has to be so. A stream of
 * another kind of things, where there are no such paths, has no part in it. */
#include "delivery/pushing.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

enum { CONDITIONS = 16 };

struct narrowing {
    struct path paths[CONDITIONS];
    const char *values[CONDITIONS];
    size_t count;
    char why[PATH_WHY + 80];
};

/* One condition. False and a sentence: there is no such path, or it leads to what may not be asked for. */
static bool condition_read(const struct push *push, const struct push_stream *stream, char *text,
                           struct narrowing *narrowing)
{
    char *equals = strchr(text, '=');
    struct path *path = &narrowing->paths[narrowing->count];
    char why[PATH_WHY];
    if (!equals || equals == text || narrowing->count == CONDITIONS) {
        snprintf(narrowing->why, sizeof(narrowing->why),
                 "--where takes PATH=VALUE, as in employment.department.code=10, not '%.80s'", text);
        return false;
    }
    *equals = '\0';
    if (!path_compile(push->run->request->organization->custom, stream->stream->of, push->target->per_membership, text,
                      path, why)) {
        snprintf(narrowing->why, sizeof(narrowing->why), "--where: %s", why);
        return false;
    }
    if (path->field && path->field->sensitivity == SENSITIVITY_protected) {
        snprintf(narrowing->why, sizeof(narrowing->why), "--where: '%.80s' is protected: nobody is looked for by it",
                 text);
        return false;
    }
    narrowing->values[narrowing->count++] = equals + 1;
    return true;
}

/* `text` is cut into pieces. */
static bool narrowing_read(const struct push *push, const struct push_stream *stream, char *text,
                           struct narrowing *narrowing)
{
    char *rest = NULL;
    for (char *piece = strtok_r(text, ",", &rest); piece; piece = strtok_r(NULL, ",", &rest))
        if (!condition_read(push, stream, piece, narrowing))
            return false;
    return narrowing->count > 0;
}

static bool holds(const struct narrowing *narrowing, const struct cell *cells)
{
    for (size_t n = 0; n < narrowing->count; n++) {
        const char *value = narrowing->values[n];
        bool there = cells[n].presence == PRESENCE_VALUE;
        if (!text_same(there ? cells[n].bytes : "", there ? cells[n].len : 0, value, strlen(value)))
            return false;
    }
    return true;
}

int push_narrow(struct push *push, struct push_stream *stream, const char *where, struct txn *txn, bool *ret_narrowed,
                struct err *why)
{
    TIDY(free) struct narrowing *narrowing = mem_new(1, sizeof(*narrowing));
    TIDY(free) char *text = mem_text(where);
    TIDY(view_free) struct view *view = NULL;
    const struct view_scene scene = {.organization = push->run->request->organization,
                                     .txn = txn,
                                     .vault = &push->run->vault,
                                     .today = push->run->today_text};
    if (!narrowing || !text)
        return -ENOMEM;
    *ret_narrowed = narrowing_read(push, stream, text, narrowing);
    if (!*ret_narrowed) {
        err_set(why, ERR_UNKNOWN, "%s", narrowing->why);
        return 0;
    }
    int rc = view_new(&scene, narrowing->paths, narrowing->count, &view);
    for (size_t n = 0; rc == 0 && n < stream->job_count; n++) {
        struct push_job *job = &stream->jobs[n];
        uint64_t id = push_behind(push, stream, txn, job);
        job->aside = !id ||
                     !view_look(view, stream->stream->of, id, stream->unit != stream->stream->of ? job->id : 0) ||
                     !holds(narrowing, view_cells(view));
        rc = view_rc(view);
    }
    return rc ? rc : txn->rc;
}
