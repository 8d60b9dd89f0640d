/* ignore - names that are no files to take. */
#include "broker/ignore.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

static int add(struct ignore *ignore, char *pattern)
{
    if (!pattern || mem_grow(&ignore->patterns, ignore->count, &ignore->room, sizeof(*ignore->patterns)) < 0) {
        free(pattern);
        return -ENOMEM;
    }
    ignore->patterns[ignore->count++] = pattern;
    return 0;
}

/* "*.tmp, *.part" */
static int add_list(struct ignore *ignore, const char *list)
{
    int rc = 0;
    while (rc == 0 && *list) {
        size_t len = strcspn(list, ",");
        const char *item = list;
        size_t item_len = len;
        text_trim(&item, &item_len);
        if (item_len > 0)
            rc = add(ignore, mem_copy(item, item_len));
        list += len + (list[len] == ',');
    }
    return rc;
}

/* What a companion's name can be: "{name}.done" is *.done. One in another folder is never met. */
static int add_companion(struct ignore *ignore, const char *name)
{
    if (!name || !*name || strchr(name, '/'))
        return 0;
    char *pattern = mem_text(name), *out = pattern;
    for (const char *in = pattern; in && *in;) {
        const char *end = *in == '{' ? strchr(in, '}') : NULL;
        *out++ = end ? '*' : *in;
        in = end ? end + 1 : in + 1;
    }
    if (pattern)
        *out = '\0';
    return add(ignore, pattern);
}

int ignore_read(const struct connection *connection, struct ignore *ret_ignore)
{
    struct ignore ignore = {0};
    const char *list = connection_option(connection, "ignore");
    int rc = add_list(&ignore, list ? list : "");
    ignore.uploads = ignore.count;
    if (rc == 0)
        rc = add_companion(&ignore, connection_option(connection, "ready_marker"));
    if (rc == 0)
        rc = add_companion(&ignore, connection_option(connection, "receipts"));
    if (rc == 0)
        rc = add_companion(&ignore, connection_option(connection, "rejects"));
    if (rc != 0)
        ignore_done(&ignore);
    else
        *ret_ignore = ignore;
    return rc;
}

void ignore_done(struct ignore *ignore)
{
    for (size_t i = 0; i < ignore->count; i++)
        free(ignore->patterns[i]);
    free(ignore->patterns);
    *ignore = (struct ignore){0};
}

enum ignored ignore_hits(const struct ignore *ignore, const char *name)
{
    for (size_t i = 0; i < ignore->count; i++)
        if (text_glob(ignore->patterns[i], name, true))
            return i < ignore->uploads ? IGNORED_UPLOAD : IGNORED_COMPANION;
    return IGNORED_NOT;
}
