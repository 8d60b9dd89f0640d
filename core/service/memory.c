/* memory - when each trigger was last answered, kept over a restart.
 *
 * A line is "milliseconds organization connection trigger". Whoever is gone
 * from the files is gone from here with the next line that is kept. */
#include "service/memory.h"

#include "base/descriptor.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct memory {
    struct remembered {
        int64_t ms;
        char *key; /* "organization connection trigger" */
    } * items;
    size_t count, room;
};

void memory_free(struct memory *memory)
{
    for (size_t i = 0; i < memory->count; i++)
        free(memory->items[i].key);
    free(memory->items);
    free(memory);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct remembered *)a)->key, ((const struct remembered *)b)->key);
}

static int read_lines(struct memory *memory, FILE *file)
{
    TIDY(free) char *line = NULL;
    size_t room = 0;
    ssize_t len;
    while ((len = getline(&line, &room, file)) > 0) {
        char *end;
        int64_t ms = strtoll(line, &end, 10);
        if (ms <= 0 || *end != ' ' || line[len - 1] != '\n')
            continue;
        line[len - 1] = '\0';
        if (mem_grow(&memory->items, memory->count, &memory->room, sizeof(*memory->items)) != 0 ||
            !(memory->items[memory->count].key = mem_text(end + 1)))
            return -ENOMEM;
        memory->items[memory->count++].ms = ms;
    }
    return 0;
}

struct memory *memory_open(const char *state)
{
    TIDY(memory_free) struct memory *memory = mem_new(1, sizeof(*memory));
    TIDY(free) char *path = mem_format("%s/musterd/times", state);
    if (!memory || !path)
        return NULL;
    TIDY(fclose) FILE *file = fopen(path, "re");
    if (file && read_lines(memory, file) != 0)
        return NULL;
    if (memory->count > 0)
        qsort(memory->items, memory->count, sizeof(*memory->items), by_key);
    return TAKE(memory);
}

int64_t memory_get(void *context, const char *organization, const char *key)
{
    struct memory *memory = context;
    TIDY(free) char *whole = mem_format("%s %s", organization, key);
    struct remembered wanted = {.key = whole};
    const struct remembered *found =
        whole && memory->count > 0 ? bsearch(&wanted, memory->items, memory->count, sizeof(wanted), by_key) : NULL;
    return found ? found->ms : 0;
}

static void write_all(const struct timetable *timetable, struct buffer *out)
{
    for (size_t i = 0; i < timetable->count; i++) {
        const struct timed_organization *organization = &timetable->items[i];
        for (size_t c = 0; c < organization->organization->connection_count; c++) {
            const struct timed_connection *connection = &organization->connections[c];
            for (size_t t = 0; t < connection->connection->trigger_count; t++) {
                const struct timed *timed = &connection->triggers[t];
                if (timed->handled_ms == 0)
                    continue;
                buffer_format(out, "%" PRId64 " %s ", timed->handled_ms, organization->organization->id);
                timed_key(connection->connection, timed->trigger, out);
                buffer_byte(out, '\n');
            }
        }
    }
}

int memory_keep(const char *state, const struct timetable *timetable)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    TIDY(free) char *path = mem_format("%s/musterd/times", state), *partial = mem_format("%s/musterd/times.new", state);
    write_all(timetable, &text);
    if (!path || !partial || text.rc != 0)
        return -ENOMEM;
    TIDY(close) int fd = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int rc = descriptor_write(fd, text.data, text.len);
    if (rc != 0)
        return rc;
    return fdatasync(fd) != 0 || rename(partial, path) != 0 ? -errno : 0;
}
