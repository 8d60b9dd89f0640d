/* csv - any bytes as a text file; its first byte says how it is read. In pieces of any size, by its marks or
 * with care, it gives the same cells. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const encodings[] = {NULL, "utf-8", "utf-16le", "utf-16be", "windows-1252", "iso-8859-1"};
    static const char *const delimiters[] = {NULL, ";", ",", "tab"};
    if (size == 0)
        return 0;
    int fd = fuzz_file(data + 1, size - 1);
    muster_table_options options = {.size = sizeof(options),
                                    .format = MUSTER_TABLE_CSV,
                                    .name = "fuzz.csv",
                                    .encoding = encodings[*data % 6],
                                    .delimiter = delimiters[*data / 6 % 4]};
    char *failed[3];
    char *texts[3] = {fuzz_read(fd, &options, (struct muster_trial){0}, &failed[0]),
                      fuzz_read(fd, &options, (struct muster_trial){.chunk = *data / 24 + 1}, &failed[1]),
                      fuzz_read(fd, &options, (struct muster_trial){.slow = true}, &failed[2])};
    fuzz_same(texts[0], failed[0], texts[1], failed[1], false);
    fuzz_same(texts[0], failed[0], texts[2], failed[2], false);
    for (size_t n = 0; n < 3; n++)
        free(texts[n]);
    close(fd);
    return 0;
}
