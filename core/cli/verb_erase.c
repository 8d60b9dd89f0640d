/* verb_erase - erase: a person goes with all that is kept of them; and the certificate of it. */
#include "acts/erase.h"

#include "base/date.h"
#include "base/descriptor.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "cli/decide.h"
#include "cli/verb.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CERTIFICATE_MOST = 16 << 20 };

/* --- for people --- */

static void count_row(struct grid *grid, const char *what, uint64_t count)
{
    if (count == 0)
        return;
    grid_text(grid, what);
    grid_number(grid, count);
}

static void gone_tell(const struct screen *screen, const struct erase *erase)
{
    struct grid grid;
    grid_start(&grid, screen, "  ", "|>");
    for (unsigned kind = KIND_NONE + 1; kind < KIND_COUNT; kind++)
        count_row(&grid, kind_name((enum kind)kind), erase->things[kind]);
    count_row(&grid, "records of sources", erase->records);
    count_row(&grid, "records with sealed values", erase->sealed);
    count_row(&grid, "records that were passed over", erase->passed_over);
    count_row(&grid, "records that were held", erase->held);
    count_row(&grid, "entries of the history, now without values", erase->entries);
    count_row(&grid, "statements", erase->statements);
    count_row(&grid, "things that waited", erase->waits);
    count_row(&grid, "things that targets are known to have", erase->deliveries);
    count_row(&grid, "plans of the organization", erase->plans);
    count_row(&grid, "calls that had been taken", erase->received);
    grid_end(&grid);
}

static void sources_tell(struct context *context, const struct erase *erase)
{
    const struct screen *screen = &context->screen;
    if (erase->source_count == 0)
        return;
    screen_print(screen, erase->dry ? "From then on passed over:\n" : "From now on passed over:\n");
    for (size_t n = 0; n < erase->source_count; n++)
        screen_print(screen, "  %s/%s/%s: %lu record%s\n", erase->sources[n].connection, erase->sources[n].partition,
                     erase->sources[n].stream, (unsigned long)erase->sources[n].records,
                     erase->sources[n].records == 1 ? "" : "s");
    if (erase->number != 0 && !erase->dry)
        screen_print(screen, "  until s%lu is withdrawn: muster withdraw %s s%lu --reason TEXT\n",
                     (unsigned long)erase->number, context->arguments.words[0], (unsigned long)erase->number);
}

static void tell(struct context *context, const struct organization *organization, const struct erase *erase)
{
    TIDY_DONE(screen_buffer_done) struct buffer text = {0};
    const struct screen *screen = &context->screen;
    if (erase->dry)
        screen_print(screen, "id:%lu: nothing is erased yet; it would be\n", (unsigned long)erase->person);
    else
        screen_print(screen, "id:%lu is erased (run %u)\n", (unsigned long)erase->person, erase->run);
    gone_tell(screen, erase);
    sources_tell(context, erase);
    screen_print(screen, "Not reached, and who has to see to it:\n");
    for (size_t n = 0; erase_remains(erase, organization, n, &text); n++) {
        screen_print(screen, "  %s\n", text.data);
        buffer_clear(&text);
    }
    for (size_t n = 0; n < erase->obstacle_count; n++)
        screen_print(screen, "%s%s\n", n == 0 ? erase->dry ? "In the way: " : "In the way was: " : "  ",
                     erase->obstacles[n]);
    if (erase->dry && erase->obstacle_count > 0)
        screen_print(screen, "It would need --anyway.\n");
}

/* --- the certificate --- */

static int output_open(struct context *context, int *ret_fd)
{
    const char *path = VALUE(context, output);
    if (!path)
        return STATUS_DONE;
    if (GIVEN(context, plan))
        return complain_words("there is no certificate of a plan: --output goes without --plan");
    *ret_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (*ret_fd >= 0)
        return STATUS_DONE;
    return complain_words("%s cannot be written: %s; nothing was erased", path, err_text(-errno));
}

static int certificate_tell(struct context *context, const struct organization *organization, const struct erase *erase,
                            int output)
{
    TIDY_DONE(screen_buffer_done) struct buffer text = {0};
    struct err err = {0};
    int rc = erase_certificate(erase, context->settings, organization, &text, &err);
    buffer_byte(&text, '\n');
    rc = rc ? rc : text.rc;
    if (rc == 0 && output >= 0) {
        rc = descriptor_write(output, text.data, text.len);
        rc = rc == 0 && fsync(output) != 0 ? -errno : rc;
        if (rc != 0)
            err_set(&err, rc, "the person is erased, and %s cannot be written: %s", VALUE(context, output),
                    err_text(rc));
    }
    if (rc == 0 && context->json)
        fwrite(text.data, 1, text.len, context->screen.out);
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}

static int verify(struct context *context)
{
    const char *path = VALUE(context, verify);
    TIDY_DONE(buffer_done) struct buffer text = {0};
    TIDY(organization_free) struct organization *organization = NULL;
    struct err err = {0};
    struct stat status;
    int rc = context_organization(context, context->arguments.words[0], &organization);
    if (rc != STATUS_DONE)
        return rc;
    TIDY(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0)
        return complain_words("%s cannot be read: %s", path, err_text(-errno));
    if (status.st_size > CERTIFICATE_MOST)
        return complain_words("%s is no certificate: it is larger than any", path);
    char *place = buffer_reserve(&text, (size_t)status.st_size);
    if (!place || read(fd, place, (size_t)status.st_size) != status.st_size)
        return complain_words("%s cannot be read", path);
    while (text.len > 0 && text.data[text.len - 1] == '\n')
        text.len--;
    rc = erase_verify(context->settings, organization, bytes(text.data, text.len), &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    if (context->json)
        screen_print(&context->screen, "{\"genuine\":true}\n");
    else
        screen_print(&context->screen, "%s is genuine: '%s' wrote it, and nothing in it was changed since\n", path,
                     organization->id);
    return STATUS_DONE;
}

/* --- the verb --- */

static int erase_person(struct context *context, struct opened *opened, struct erase *erase)
{
    struct run_report report __attribute__((cleanup(run_report_done))) = {0};
    struct err err = {0};
    struct run_request request = context_request(context, opened->organization, NULL);
    struct act act = {.verb = "erase",
                      .author = erase->author,
                      .reason = erase->reason,
                      .dry = erase->dry,
                      .state = erase_state,
                      .judge = erase_judge,
                      .kept = erase_kept,
                      .context = erase};
    query_rest(opened->query); /* whoever looks keeps what stood there before */
    int rc = act_run(&request, &act, &report, &err);
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}

int verb_erase(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    __attribute__((cleanup(erase_done))) struct erase erase = {
        .author = context_author(), .dry = GIVEN(context, plan), .anyway = GIVEN(context, anyway)};
    TIDY(close) int output = -1;
    const char **words = context->arguments.words;
    if (GIVEN(context, verify))
        return words[1] ? complain_words("--verify FILE goes without KEY") : verify(context);
    if (!words[1])
        return complain_words("whom? `muster erase %s KEY --reason TEXT`", words[0]);
    int status = decide_reason(context, &erase.reason);
    if (status == STATUS_DONE)
        status = context_open(context, words[0], &opened);
    if (status == STATUS_DONE)
        status = context_person(context, opened.query, words[0], words[1], &erase.person);
    if (status == STATUS_DONE)
        status = output_open(context, &output);
    if (status != STATUS_DONE)
        return status;
    status = erase_person(context, &opened, &erase);
    if (status != STATUS_DONE) {
        if (output >= 0)
            unlink(VALUE(context, output));
        return status;
    }
    status = certificate_tell(context, opened.organization, &erase, output);
    if (!context->json)
        tell(context, opened.organization, &erase);
    return status ? status : erase.dry && erase.obstacle_count > 0 && !erase.anyway ? STATUS_HELD : STATUS_DONE;
}
