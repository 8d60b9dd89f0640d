/* session - the host's end of the talk with the engine. */
#include "host/session.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/tidy.h"
#include "host/question.h"
#include "host/record.h"
#include "host/taking.h"
#include "host/words.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum {
    FILES_MAX = 100,
    MESSAGE_ROOM = 16 * 1024,
    HELLO_MAX = 64 * 1024,
    ANSWER_MAX = 256 * 1024 * 1024,
    OUT_SLACK = 1024 * 1024
};

_Noreturn void session_orphaned(void)
{
    _exit(0);
}

/* Good to a few milliseconds, and cheap enough to be asked for every record. */
static int64_t coarse_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void session_start(struct session *session, int fd)
{
    *session = (struct session){.fd = fd, .flushed_ms = coarse_ms(), .http = {.fd = -1}};
    frame_reader_init(&session->in, fd, HELLO_MAX);
    session->record.session = session;
}

static void paths_free(char **paths)
{
    for (char **path = paths; path && *path; path++)
        free(*path);
    free(paths);
}

/* NULL: no memory, or too many. */
static char **paths_read(struct wire *hello)
{
    uint32_t count = wire_get_u32(hello);
    char **paths = count < FILES_MAX ? mem_new(count + 1, sizeof(*paths)) : NULL;
    for (uint32_t i = 0; paths && i < count; i++)
        paths[i] = mem_text(wire_need_text(hello));
    return paths;
}

void session_done(struct session *session)
{
    record_streams_done(session);
    buffer_done(&session->record.bytes);
    buffer_done(&session->option_bytes);
    buffer_done(&session->json);
    found_forget(session);
    buffer_done(&session->out);
    frame_reader_done(&session->in);
    free(session->options);
    free(session->listed);
    free(session->http_headers);
    free(session->http_frame);
    if (session->http.fd >= 0)
        close(session->http.fd);
    free(session->name);
    free(session->path);
    free(session->scratch);
    paths_free(session->files);
    paths_free(session->programs);
}

int session_hello(struct session *session, char *ret_why, size_t room)
{
    struct frame frame;
    int rc = frame_read(&session->in, true, &frame);
    if (rc != 0)
        session_orphaned();
    struct wire hello, all = wire_over(frame.data, frame.len);
    uint32_t type = 0;
    if (!wire_next(&all, &type, &hello) || type != WIRE_HELLO)
        session_orphaned();
    uint32_t version = wire_get_u32(&hello);
    if (version != WIRE_VERSION) {
        snprintf(ret_why, room,
                 "muster-host speaks version %u of its language and muster version %u: they are of "
                 "different releases; install both from one",
                 WIRE_VERSION, version);
        return ERR_CONNECTOR;
    }
    session->name = mem_text(wire_need_text(&hello));
    session->path = mem_text(wire_need_text(&hello));
    session->scratch = mem_text(wire_need_text(&hello));
    session->memory_max = wire_get_u64(&hello);
    session->record_max = wire_get_u64(&hello);
    session->field_max = wire_get_u64(&hello);
    session->may = wire_get_u32(&hello);
    session->files = paths_read(&hello);
    session->programs = paths_read(&hello);
    TIDY(close) int page = frame_take_fd(&session->in);
    if (!wire_finished(&hello) || page < 0 || !session->name || !session->path || !session->scratch ||
        !session->files || !session->programs)
        session_orphaned();
    void *shared = mmap(NULL, sizeof(*session->page), PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
    if (shared == MAP_FAILED)
        session_orphaned();
    session->page = shared;
    frame_folder(session->scratch);
    session->in.ceiling = ANSWER_MAX;
    session->record.bytes.ceiling = session->record_max + OUT_SLACK;
    session->out.ceiling = session->record_max + OUT_SLACK + FRAME_MAX;
    return 0;
}

size_t session_begin(struct session *session, enum wire_type type)
{
    if (session->out.len > FRAME_MAX - MESSAGE_ROOM)
        session_flush(session, -1);
    return wire_begin(&session->out, type);
}

void session_end(struct session *session, size_t begin)
{
    wire_end(&session->out, begin);
    if (session->out.len > FRAME_MAX - MESSAGE_ROOM || coarse_ms() - session->flushed_ms >= SESSION_FLUSH_MS)
        session_flush(session, -1);
}

void session_flush(struct session *session, int passed)
{
    if (session->out.rc != 0) {
        fprintf(stderr, "muster-host: cannot build a message: %s\n", err_text(session->out.rc));
        session_orphaned();
    }
    session->flushed_ms = coarse_ms();
    if (session->out.len == 0)
        return;
    int rc = frame_send(session->fd, session->out.data, session->out.len, passed, -1);
    if (rc != 0 && rc != -EPIPE)
        fprintf(stderr, "muster-host: cannot send: %s\n", err_text(rc));
    if (rc != 0)
        session_orphaned();
    buffer_clear(&session->out);
}

uint32_t session_wait(struct session *session, struct wire *ret_message)
{
    struct frame frame;
    if (frame_read(&session->in, true, &frame) != 0)
        session_orphaned();
    struct wire all = wire_over(frame.data, frame.len);
    uint32_t type = 0;
    if (!wire_next(&all, &type, ret_message) || all.at != all.end) /* the engine sends one message per frame */
        session_orphaned();
    return type;
}

muster_rc session_ask(struct session *session, int passed, struct wire *ret_answer)
{
    session_flush(session, passed);
    if (session_wait(session, ret_answer) != WIRE_ANSWER)
        session_orphaned();
    muster_rc rc = (muster_rc)wire_get_u32(ret_answer);
    const char *sentence = wire_get_text(ret_answer);
    if (rc < 0) {
        session->asked_rc = rc;
        snprintf(session->asked, sizeof(session->asked), "%s", sentence ? sentence : "");
    }
    session->flushed_ms = coarse_ms();
    return rc;
}

muster_rc session_fail(struct session *session, muster_rc rc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    words_format(session->failed, sizeof(session->failed), format, args);
    va_end(args);
    return rc;
}

muster_rc session_spoil(struct session *session, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    words_format(session->failed, sizeof(session->failed), format, args);
    va_end(args);
    session->spoiled = MUSTER_FAIL;
    return MUSTER_FAIL;
}

void session_call_begins(struct session *session)
{
    session->asked_rc = session->spoiled = 0;
    session->asked[0] = session->failed[0] = session->claim_why[0] = session->mended[0] = '\0';
    session->claim = WIRE_CLAIM_NONE;
    session->claim_count = 0;
    session->progress_ms = 0;
    session->http_open = 0; /* the engine forgets them at the end of a call, too */
    record_streams_forget(session);
    found_forget(session);
    taking_ends(session);
    session->left_out = wire_over(NULL, 0);
}
