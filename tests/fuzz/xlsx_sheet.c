/* xlsx_sheet - any bytes as the rows of a sheet: the scanner and libxml2 must give the same cells or both fail, and so
 * must pieces of any size. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char before[] =
    "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>";
static const char behind[] = "</sheetData></worksheet>";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct muster_bytes sheet = {.ceiling = (size_t)1 << 30};
    muster_bytes_add(&sheet, before, sizeof(before) - 1);
    muster_bytes_add(&sheet, data, size);
    muster_bytes_add(&sheet, behind, sizeof(behind) - 1);
    int fd = fuzz_workbook(&(struct fuzz_book){.sheet = {sheet.data, sheet.len}});
    muster_table_options options = {.size = sizeof(options), .name = "fuzz.xlsx"};
    /* What stands behind the rows means nothing to the scanner, and need not even be XML. */
    bool tail = memmem(data, size, "</sheetData", 11) != NULL;
    char *failed[3];
    char *texts[3] = {fuzz_read(fd, &options, (struct muster_trial){0}, &failed[0]),
                      fuzz_read(fd, &options, (struct muster_trial){.slow = true}, &failed[1]),
                      fuzz_read(fd, &options, (struct muster_trial){.chunk = size % 61 + 1}, &failed[2])};
    fuzz_same(texts[0], failed[0], texts[1], failed[1], tail);
    fuzz_same(texts[0], failed[0], texts[2], failed[2], tail);
    for (int n = 0; n < 3; n++)
        free(texts[n]);
    close(fd);
    muster_bytes_done(&sheet);
    return 0;
}
