/* verb_reload - has musterd read its files again, and tells what it took and what it did not. */
#include "api/control.h"
#include "base/jsonobject.h"
#include "cli/context.h"
#include "cli/verb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One line of what musterd answers, see service/renewal.h. */
struct said {
    char configuration[4096], error[1000], organization[128], became[16];
    uint64_t organizations;
    bool taken;
};

struct answer {
    struct context *context;
    struct said said;
    size_t others, mistakes; /* organizations that are not as they were; whose file does not count */
};

static void keep(char *room, size_t size, const struct jsonobject_member *member)
{
    snprintf(room, size, "%s", member->text);
}

static int take(void *context, const struct jsonobject_member *member)
{
    struct said *said = context;
    const char *name = member->name;
    if (member->type == JSONOBJECT_STRING && strcmp(name, "complaint") == 0) {
        fprintf(stderr, "%s\n", member->text);
    } else if (member->type == JSONOBJECT_STRING) {
        if (strcmp(name, "configuration") == 0)
            keep(said->configuration, sizeof(said->configuration), member);
        else if (strcmp(name, "error") == 0)
            keep(said->error, sizeof(said->error), member);
        else if (strcmp(name, "organization") == 0)
            keep(said->organization, sizeof(said->organization), member);
        else if (strcmp(name, "became") == 0)
            keep(said->became, sizeof(said->became), member);
    } else if (strcmp(name, "taken") == 0) {
        said->taken = member->text[0] == 't';
    } else if (strcmp(name, "organizations") == 0) {
        said->organizations = strtoull(member->text, NULL, 10);
    }
    return 0;
}

static void tell_organization(struct answer *answer)
{
    const struct said *said = &answer->said;
    bool goes_on = strcmp(said->became, "mistaken") == 0, left = strcmp(said->became, "left out") == 0;
    answer->others++;
    answer->mistakes += goes_on || left;
    if (goes_on)
        fprintf(stderr, "muster: %s goes on by its last good file\n", said->organization);
    else if (left)
        fprintf(stderr, "muster: %s is left out: it never had a good file\n", said->organization);
    else if (!answer->context->quiet && !answer->context->json)
        screen_print(&answer->context->screen, "%s is %s\n", said->organization, said->became);
}

/* The last one. */
static int tell_end(struct answer *answer)
{
    const struct said *said = &answer->said;
    if (!said->taken)
        return complain_words("%s; nothing of it counts, and musterd goes on as it was", said->error);
    if (!answer->context->quiet && !answer->context->json)
        screen_print(&answer->context->screen, "musterd has read %s again: %lu organization%s%s\n", said->configuration,
                     (unsigned long)said->organizations, said->organizations == 1 ? "" : "s",
                     answer->others > 0 ? "" : ", all as they were");
    return answer->mistakes > 0 ? STATUS_WORDS : STATUS_DONE;
}

/* -1: there is more to come. */
static int tell_line(struct answer *answer, const char *line, size_t len)
{
    const char *why;
    size_t at;
    answer->said = (struct said){.organizations = 0};
    if (answer->context->json)
        fprintf(answer->context->screen.out, "%.*s\n", (int)len, line);
    if (jsonobject_split(line, len, take, &answer->said, &why, &at) != 0)
        return complain_rc(ERR_DATA, &(struct err){.rc = ERR_DATA, .text = "musterd has answered nonsense"});
    if (answer->said.configuration[0])
        return tell_end(answer);
    if (answer->said.organization[0])
        tell_organization(answer);
    return -1;
}

int verb_reload(struct context *context)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    struct answer answer = {.context = context};
    struct err err = {0};
    int status = context_settings(context);
    if (status != STATUS_DONE) {
        fputs("muster: musterd was not asked: if it runs it goes on as it was\n", stderr);
        return status;
    }
    int rc = control_ask(context->settings->state, "reload", CONTROL_RELOAD_MS, &text, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    status = -1;
    for (size_t at = 0; status < 0 && at < text.len;) {
        const char *line = text.data + at;
        size_t len = strcspn(line, "\n");
        status = tell_line(&answer, line, len);
        at += len + 1;
    }
    return status >= 0 ? status : complain_rc(-EIO, NULL);
}
