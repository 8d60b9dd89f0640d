/* progress - one line on a terminal that says how far a pull is. */
#include "cli/progress.h"

#include "base/clock.h"
#include "base/jsontext.h"
#include "cli/context.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EVERY_MS = 100, TOLD_MS = 500, BAR = 24 };

void progress_number(uint64_t number, char ret_text[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%lu", (unsigned long)number), out = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            ret_text[out++] = ' ';
        ret_text[out++] = digits[i];
    }
    ret_text[out] = '\0';
}

static void tell_caller(const struct progress *progress, const char *partition, uint64_t done, uint64_t total)
{
    TIDY_DONE(buffer_done) struct buffer line = {0};
    buffer_byte(&line, '{');
    json_member_text(&line, "connection", progress->connection);
    if (partition)
        json_member_text(&line, "partition", partition);
    json_member_number(&line, "read", done);
    json_member_number(&line, "total", total);
    buffer_text(&line, "}\n");
    if (line.rc == 0)
        caller_tell(line.data, line.len);
}

void progress_start(struct progress *progress, const char *connection, bool wanted)
{
    *progress = (struct progress){.connection = connection, .began_ms = clock_steady_ms()};
    progress->shown = wanted && isatty(STDERR_FILENO);
    progress->told = caller_listens();
    if (progress->told)
        tell_caller(progress, NULL, 0, 0);
}

void progress_tell(void *context, const char *partition, uint64_t done, uint64_t total)
{
    struct progress *progress = context;
    int64_t now = clock_steady_ms();
    if (progress->told && now - progress->last_ms >= TOLD_MS) {
        tell_caller(progress, partition, done, total);
        progress->last_ms = now;
    }
    if (!progress->shown || now - progress->last_ms < EVERY_MS || now - progress->began_ms < 2 * EVERY_MS)
        return;
    char read[32], all[32], bar[BAR * 3 + 1] = "";
    progress_number(done, read);
    progress_number(total, all);
    if (total > 0) {
        uint64_t full = done >= total ? BAR : done * BAR / total;
        for (size_t i = 0; i < BAR; i++)
            memcpy(bar + i * 3, i < full ? "█" : "░", 4);
    }
    fprintf(stderr, "\r\033[K%s/%s %s %s%s%s", progress->connection, partition ? partition : "main", bar, read,
            total ? " of " : " records", total ? all : "");
    fflush(stderr);
    progress->last_ms = now;
    progress->active = true;
}

void progress_end(struct progress *progress)
{
    if (progress->active)
        fputs("\r\033[K", stderr);
    progress->active = false;
}
