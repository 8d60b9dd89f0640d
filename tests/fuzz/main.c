/* main - a fuzz target without libFuzzer: runs each file it is given, so that corpora and regressions run in the check.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

int main(int count, char **words)
{
    for (int n = 1; n < count; n++) {
        FILE *file = fopen(words[n], "rb");
        if (!file) {
            perror(words[n]);
            return 2;
        }
        static uint8_t data[1 << 20];
        size_t len = fread(data, 1, sizeof(data), file);
        fclose(file);
        uint8_t *exact = malloc(len ? len : 1); /* so that a byte behind the end is seen */
        if (!exact)
            return 2;
        for (size_t at = 0; at < len; at++)
            exact[at] = data[at];
        fprintf(stderr, "%s\n", words[n]); /* the last one is the one that failed */
        LLVMFuzzerTestOneInput(exact, len);
        free(exact);
    }
    printf("%d inputs\n", count - 1);
    return count > 1 ? 0 : 2;
}
