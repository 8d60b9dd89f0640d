/* read - reads a file row by row as connectors do, and counts: the benchmark's "reading alone".
 *
 *     read FILE */
#include <muster/table.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    muster_table_options options = {.size = sizeof(options), .name = argc == 2 ? argv[1] : ""};
    muster_table *table = NULL;
    muster_table_error error = {0};
    const muster_row *row = NULL;
    size_t rows = 0, cells = 0, bytes = 0;
    int fd = open(options.name, O_RDONLY | O_CLOEXEC);
    muster_rc rc = muster_table_open(fd, &options, &table, &error);
    while (rc == MUSTER_OK && (rc = muster_table_next(table, &row, &error)) == MUSTER_OK && row) {
        rows++;
        cells += row->count;
        for (size_t n = 0; n < row->count; n++)
            bytes += row->cells[n].len;
    }
    muster_table_close(table);
    if (rc != MUSTER_OK)
        fprintf(stderr, "%s\n", error.text);
    else
        printf("%zu rows, %zu cells, %zu bytes\n", rows, cells, bytes);
    return rc == MUSTER_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
