/* http_fill - what the connector has seen only as tokens is put into a body. */
#include "broker/http_inside.h"

#include <errno.h>
#include <unistd.h>

enum { FILLED_MAX = 16 * 1024 * 1024 };

/* A body that came as a file and has tokens in it is from now on one in memory. */
static int file_load(struct request *request)
{
    char *bytes = arena_get(request->arena, request->body_len + 1);
    if (!bytes)
        return -ENOMEM;
    for (size_t have = 0; have < request->body_len;) {
        ssize_t got = pread(request->body_fd, bytes + have, request->body_len - have, (off_t)have);
        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        have += (size_t)got;
    }
    if (!generated_stands(bytes, request->body_len))
        return 0;
    request->body = bytes;
    close(request->body_fd);
    request->body_fd = -1;
    return 0;
}

int request_fill(struct request *request)
{
    struct generated *generated = http_generated(request->http);
    int rc = 0;
    if (!generated || request->body_len == 0)
        return 0;
    if (request->body_fd >= 0 && request->body_len <= FILLED_MAX)
        rc = file_load(request);
    if (rc == 0 && request->body && generated_stands(request->body, request->body_len))
        rc = generated_fill(generated, request->body, request->body_len, &request->filled);
    return rc;
}

struct body request_body(const struct request *request)
{
    return request->filled.len > 0 ? (struct body){request->filled.data, request->filled.len}
                                   : (struct body){request->body, request->body_len};
}
