/* json - any bytes as JSON or JSON lines; the first byte says which, and how it is read. In pieces of any size, and
 * by yajl alone, it gives the same cells, or all fail. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        int32_t format;
        const char *rows, *encoding;
    } ways[] = {{MUSTER_TABLE_JSON, NULL, NULL},  {MUSTER_TABLE_JSONL, NULL, NULL},
                {MUSTER_TABLE_JSON, "a.b", NULL}, {MUSTER_TABLE_JSON, NULL, "utf-16le"},
                {MUSTER_TABLE_AUTO, NULL, NULL},  {MUSTER_TABLE_JSONL, NULL, "windows-1252"}};
    if (size == 0)
        return 0;
    int fd = fuzz_file(data + 1, size - 1);
    size_t way = *data % 6;
    muster_table_options options = {.size = sizeof(options),
                                    .format = ways[way].format,
                                    .name = "fuzz.json",
                                    .rows = ways[way].rows,
                                    .encoding = ways[way].encoding};
    char *failed[3];
    char *texts[3] = {fuzz_read(fd, &options, (struct muster_trial){0}, &failed[0]),
                      fuzz_read(fd, &options, (struct muster_trial){.chunk = *data / 6 + 1}, &failed[1]),
                      fuzz_read(fd, &options, (struct muster_trial){.slow = true}, &failed[2])};
    fuzz_same(texts[0], failed[0], texts[1], failed[1], false);
    fuzz_same(texts[0], failed[0], texts[2], failed[2], false);
    for (size_t n = 0; n < 3; n++)
        free(texts[n]);
    close(fd);
    return 0;
}
