/* verb_notify - tells whoever is to be told what is new; also after each sync. */
#include "base/clock.h"
#include "broker/mail.h"
#include "cli/telling.h"
#include "cli/verb.h"
#include "query/notice.h"

#include <errno.h>
#include <string.h>

struct telling {
    struct context *context;
    struct query *query;
    bool show, dry;
    size_t told, failed;
};

static int telling_one(struct telling *telling, const struct notify *notify, struct err *err)
{
    struct buffer subject TIDY_DONE(buffer_done) = {0}, body TIDY_DONE(buffer_done) = {0};
    struct query *query = telling->query;
    struct notice notice;
    int64_t now_ms = clock_now_ms();
    int rc = notice_make(query, notify, now_ms, &notice);
    if (rc != 0 || !notice.due)
        return rc;
    notice_subject(query, &notice, &subject);
    notice_body(query, &notice, now_ms, &body);
    if (subject.rc != 0 || body.rc != 0)
        return -ENOMEM;
    if (telling->show)
        screen_print(&telling->context->screen, "%s: %s\n%s", notify->to, subject.data, body.data);
    if (!telling->dry) {
        struct mail mail = {.to = notify->to, .subject = subject.data, .body = body.data, .now_ms = now_ms};
        rc = mail_send(&telling->context->settings->mail, &mail, err);
        if (rc == 0)
            rc = notice_told(query->store, &notice, err);
    }
    telling->told += rc == 0;
    return rc;
}

static void telling_all(struct telling *telling, const struct notify *notifies, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct err err = {0};
        int rc = telling_one(telling, &notifies[i], &err);
        if (rc == 0)
            continue;
        telling->failed++;
        /* The path of a web address may be a secret by itself. */
        bool mail = strncmp(notifies[i].to, "mailto:", 7) == 0;
        fprintf(stderr, "muster: %s could not be told: %s\n", mail ? notifies[i].to + 7 : "a web address",
                err.rc ? err.text : err_text(rc));
    }
}

size_t telling_send(struct context *context, struct organization *organization, bool show, bool dry)
{
    const struct settings *settings = context->settings;
    struct query *query TIDY(query_close) = NULL;
    struct telling telling = {.context = context, .show = show, .dry = dry};
    struct err err = {0};
    if (organization->notify_count + settings->notify_count == 0) {
        if (show)
            screen_print(&context->screen, "Nobody is to be told: `notify` in %s says who.\n", organization->file);
        return 0;
    }
    int rc = query_open(settings, organization, &query, &err);
    if (rc == ERR_GONE)
        return 0; /* nothing was fetched yet */
    if (rc != 0) {
        complain_rc(rc, &err);
        return 1;
    }
    telling.query = query;
    telling_all(&telling, settings->notifies, settings->notify_count);
    telling_all(&telling, organization->notifies, organization->notify_count);
    if (show && telling.told + telling.failed == 0)
        screen_print(&context->screen, "There is nothing new to tell.\n");
    return telling.failed;
}

int verb_notify(struct context *context)
{
    TIDY(organization_free) struct organization *organization = NULL;
    int status = context_organization(context, context->arguments.words[0], &organization);
    if (status != STATUS_DONE)
        return status;
    return telling_send(context, organization, !context->quiet, GIVEN(context, plan)) > 0 ? STATUS_FAILED : STATUS_DONE;
}
