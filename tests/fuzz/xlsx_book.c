/* xlsx_book - a whole workbook: a zip archive as it stands, or the six small parts of one, each ended by a NUL byte. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int book_file(const uint8_t *data, size_t size)
{
    struct fuzz_part parts[6] = {{0}};
    if (size >= 2 && memcmp(data, "PK", 2) == 0)
        return fuzz_file(data, size);
    const char *at = (const char *)data, *end = at + size;
    for (size_t n = 0; n < 6 && at < end; n++) {
        const char *nul = memchr(at, '\0', (size_t)(end - at));
        size_t len = (size_t)((nul ? nul : end) - at);
        if (len > 0)
            parts[n] = (struct fuzz_part){at, len};
        at += len + 1;
    }
    return fuzz_workbook(&(struct fuzz_book){parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const sheets[] = {NULL, "2", "S"};
    int fd = book_file(data, size);
    for (size_t n = 0; n < sizeof(sheets) / sizeof(*sheets); n++) {
        muster_table_options options = {
            .size = sizeof(options), .format = MUSTER_TABLE_XLSX, .name = "fuzz.xlsx", .sheet = sheets[n]};
        char *failed;
        free(fuzz_read(fd, &options, (struct muster_trial){0}, &failed));
    }
    close(fd);
    return 0;
}
