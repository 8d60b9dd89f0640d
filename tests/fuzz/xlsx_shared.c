/* xlsx_shared - any bytes as shared strings, by hand, by libxml2 and in pieces: the same texts or all fail. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char before[] = "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">";
static const char behind[] = "</sst>";
/* Uses the first eight of them; one that is not there spoils its row, and that is told. */
static const char sheet[] =
    "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>"
    "<row><c t=\"s\"><v>0</v></c></row><row><c t=\"s\"><v>1</v></c></row><row><c t=\"s\"><v>2</v></c></row>"
    "<row><c t=\"s\"><v>3</v></c></row><row><c t=\"s\"><v>4</v></c></row><row><c t=\"s\"><v>5</v></c></row>"
    "<row><c t=\"s\"><v>6</v></c></row><row><c t=\"s\"><v>7</v></c></row></sheetData></worksheet>";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct muster_bytes strings = {.ceiling = (size_t)1 << 30};
    muster_bytes_add(&strings, before, sizeof(before) - 1);
    muster_bytes_add(&strings, data, size);
    muster_bytes_add(&strings, behind, sizeof(behind) - 1);
    int fd =
        fuzz_workbook(&(struct fuzz_book){.strings = {strings.data, strings.len}, .sheet = {sheet, sizeof(sheet) - 1}});
    muster_table_options options = {.size = sizeof(options), .name = "fuzz.xlsx"};
    bool tail = memmem(data, size, "</sst", 5) != NULL;
    char *failed[3];
    char *texts[3] = {fuzz_read(fd, &options, (struct muster_trial){0}, &failed[0]),
                      fuzz_read(fd, &options, (struct muster_trial){.slow = true}, &failed[1]),
                      fuzz_read(fd, &options, (struct muster_trial){.chunk = size % 61 + 1}, &failed[2])};
    if (!tail) { /* the scanner stops at </sst>; libxml2 goes on and may find a fault */
        fuzz_same(texts[0], failed[0], texts[1], failed[1], false);
        fuzz_same(texts[0], failed[0], texts[2], failed[2], false);
    }
    for (int n = 0; n < 3; n++)
        free(texts[n]);
    close(fd);
    muster_bytes_done(&strings);
    return 0;
}
