/* verb_bundle - a run in one file, for somebody else to run it again. */
#include "base/descriptor.h"
#include "base/mem.h"
#include "bundle/bundle.h"
#include "cli/context.h"
#include "cli/verb.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Whole or not at all; for its owner alone, whatever stands in it. */
static int file_write(const char *path, const char *bytes, size_t len)
{
    TIDY(free) char *begun = mem_format("%s.XXXXXX", path);
    TIDY(close) int fd = begun ? mkostemp(begun, O_CLOEXEC) : -1; /* 0600 */
    if (fd < 0)
        return begun ? -errno : -ENOMEM;
    int rc = descriptor_write(fd, bytes, len);
    if (rc == 0 && ((fsync(fd) != 0 && errno != EINVAL) || rename(begun, path) != 0))
        rc = -errno;
    if (rc != 0)
        unlink(begun);
    return rc;
}

static void tell(struct context *context, const char *path, size_t len)
{
    if (!GIVEN(context, pseudonymize))
        fprintf(
            stderr,
            "muster: PERSONAL DATA: the people of the run are in %s as they are. Hand it to nobody who must not see "
            "them; --pseudonymize makes one without them.\n",
            path);
    if (context->json)
        fprintf(context->screen.out, "{\"bytes\":%zu,\"pseudonymized\":%s}\n", len,
                GIVEN(context, pseudonymize) ? "true" : "false");
    else if (!context->quiet)
        screen_print(&context->screen, "%s: run %s of %s%s. Look at it: unzip -l %s; run it: muster replay %s\n", path,
                     context->arguments.words[1], context->arguments.words[0],
                     GIVEN(context, pseudonymize) ? ", with other people" : "", path, path);
}

int verb_bundle(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    TIDY(archive_free) struct archive *archive = NULL;
    TIDY(free) char *bytes = NULL;
    const char *const *words = (const char *const *)context->arguments.words;
    struct err err = {0};
    size_t len;
    char *end;
    errno = 0;
    unsigned long run = strtoul(words[1], &end, 10);
    if (words[1][0] < '0' || words[1][0] > '9' || *end != '\0' || errno != 0 || run > UINT32_MAX)
        return complain_words("'%s' is no number of a run: `muster runs %s` lists them", words[1], words[0]);
    int status = context_open(context, words[0], &opened);
    if (status != STATUS_DONE)
        return status;
    const struct bundle_ask ask = {.organization = opened.organization,
                                   .connectors = context->connectors,
                                   .query = opened.query,
                                   .run = (uint32_t)run,
                                   .cassette = VALUE(context, cassette),
                                   .pseudonymize = GIVEN(context, pseudonymize)};
    int rc = bundle_make(&ask, &archive, &err);
    if (rc == 0)
        rc = archive_pack(archive, &bytes, &len);
    if (rc == 0 && (rc = file_write(words[2], bytes, len)) != 0)
        err_set(&err, rc, "%s cannot be written: %s", words[2], err_text(rc));
    if (rc != 0)
        return complain_rc(rc, &err);
    tell(context, words[2], len);
    return STATUS_DONE;
}
