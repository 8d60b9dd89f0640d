/* frame - pieces of bytes, each whole, through a stream socket between two processes; a descriptor may ride along.
 *
 * A frame of up to FRAME_MAX bytes goes through the socket itself, a larger
 * one as a sealed-off memory file whose descriptor is passed. The reading side
 * trusts nothing: a length over its ceiling, a descriptor that was not
 * announced, bytes that are no header are ERR_CORRUPT, and `why` says which. */
#ifndef BASE_FRAME_H
#define BASE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_MAX = 256 * 1024, FRAME_HEADER = 8 };

struct frame {
    const char *data; /* lives until the next frame_read() */
    size_t len;
    int fd; /* -1: none; the reader closes it at the next frame_read() unless frame_take_fd() took it */
};

struct frame_reader {
    int fd;          /* the socket; not owned */
    size_t ceiling;  /* of one frame, however it comes */
    const char *why; /* after ERR_CORRUPT */
    struct frame frame;
    char *data;
    size_t room;
    uint8_t header[FRAME_HEADER];
    size_t header_have, have;
    int passed;
};

void frame_reader_init(struct frame_reader *reader, int fd, size_t ceiling);
void frame_reader_done(struct frame_reader *reader); /* closes descriptors that nobody took */

/* The next frame. `wait` false: what has not come yet is -EAGAIN, and the next call goes on from there. -EPIPE: the
 * other side closed between two frames; -ECONNRESET: within one; ERR_CORRUPT: nonsense; -ENOMEM. */
int frame_read(struct frame_reader *reader, bool wait, struct frame *ret_frame);
int frame_take_fd(struct frame_reader *reader); /* of the last frame; -1: there is none */
/* The last frame's memory becomes the caller's (freed with free()), who gives what it kept before for the next one. */
void frame_keep(struct frame_reader *reader, char **kept, size_t *kept_room);

/* From now on large frames of this process lie in this folder instead of in memory of nobody's. It must live on. */
void frame_folder(const char *folder);

/* Sends one frame, whole, with a copy of `passed` unless it is -1 (then len is at most FRAME_MAX). timeout_ms -1: waits
 * for ever; else ERR_TIMEOUT when the other side does not read. -EPIPE: it is gone. */
int frame_send(int fd, const void *data, size_t len, int passed, int timeout_ms);

#endif
