/* xml - any bytes as an XML document of rows; the first byte says how it is read. In pieces of any size it gives the
 * same cells, or both fail. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        const char *rows, *encoding;
    } ways[] = {{NULL, NULL}, {"b", NULL}, {"/a/b", NULL}, {NULL, "utf-16le"}, {"b", "windows-1252"}};
    if (size == 0)
        return 0;
    int fd = fuzz_file(data + 1, size - 1);
    size_t way = *data % 5;
    muster_table_options options = {.size = sizeof(options),
                                    .format = MUSTER_TABLE_XML,
                                    .name = "fuzz.xml",
                                    .rows = ways[way].rows,
                                    .encoding = ways[way].encoding};
    char *failed[2];
    char *texts[2] = {fuzz_read(fd, &options, (struct muster_trial){0}, &failed[0]),
                      fuzz_read(fd, &options, (struct muster_trial){.chunk = *data / 5 + 1}, &failed[1])};
    fuzz_same(texts[0], failed[0], texts[1], failed[1], false);
    free(texts[0]);
    free(texts[1]);
    close(fd);
    return 0;
}
