/* verb_token - token: who may use the API of musterd. */
#include "api/badge.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/jsontext.h"
#include "cli/context.h"
#include "cli/verb.h"
#include "config/node.h"

#include <string.h>

static int complain_tokens(const struct context *context, int rc)
{
    struct err err = {0};
    err_set(&err, rc, "%s/musterd/tokens cannot be read: %s", context->settings->state, err_text(rc));
    return complain_rc(rc, &err);
}

/* --- create --- */

/* Each must have a file: a word that was mistyped would see nothing, and nobody would know why. */
static int check_organizations(struct context *context, const char *said)
{
    const char *const *ids = NULL;
    int rc = organization_list(context->settings, context->arena, &ids);
    if (rc != 0)
        return complain_rc(rc, NULL);
    for (const char *at = said; *at; at += strcspn(at, ","), at += *at == ',') {
        size_t len = strcspn(at, ","), i = 0;
        while (ids && ids[i] && !(strlen(ids[i]) == len && memcmp(ids[i], at, len) == 0))
            i++;
        char *name = arena_copy(context->arena, at, len);
        if (ids && ids[i])
            continue;
        const char *near = name && ids && ids[0] ? nearest_name(name, ids) : NULL;
        return complain_words("there is no organization '%s'%s%s%s", name ? name : "", near ? "; did you mean '" : "",
                              near ? near : "", near ? "'?" : "; organizations are named with commas between");
    }
    return STATUS_DONE;
}

static int read_until(const char *text, int64_t *ret_ms)
{
    struct moment moment;
    if (!date_parse("YYYY-MM-DD", text, strlen(text), &moment))
        return complain_words("'%s' is no day: write --until 2027-03-31", text);
    *ret_ms = (date_days(moment.date) + 1) * 86400000;
    if (*ret_ms <= clock_now_ms())
        return complain_words("%s has passed: the token would never count", text);
    return STATUS_DONE;
}

static int create(struct context *context, const char *name)
{
    const char *role = VALUE(context, role), *organizations = VALUE(context, organizations);
    struct badge badge = {.name = name, .role = role ? role_of(role) : ROLE_VIEWER};
    badge.organizations = organizations;
    badge.protected = GIVEN(context, protected);
    badge.created_ms = clock_now_ms();
    badge.author = context_author();
    int status = organizations ? check_organizations(context, organizations) : STATUS_DONE;
    if (status == STATUS_DONE && GIVEN(context, until))
        status = read_until(VALUE(context, until), &badge.expires_ms);
    if (status != STATUS_DONE)
        return status;
    struct err err = {0};
    char text[BADGE_TEXT];
    int rc = badge_create(context->settings->state, &badge, text, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    if (context->json) {
        TIDY_DONE(screen_buffer_done) struct buffer out = {0};
        buffer_byte(&out, '{');
        json_member_text(&out, "name", name);
        json_member_text(&out, "token", text);
        fprintf(context->screen.out, "%s}\n", out.data ? out.data : "{");
    } else {
        fprintf(context->screen.out, "%s\n", text);
        if (!context->quiet)
            fprintf(stderr, "This is shown once. Who has it may %s as '%s'; `muster token revoke %s` ends that.\n",
                    badge.role == ROLE_VIEWER ? "look" : "act", name, name);
    }
    explicit_bzero(text, sizeof(text));
    return STATUS_DONE;
}

/* --- list --- */

static const char *time_of(int64_t ms, char ret_text[25])
{
    instant_write(ms, ret_text);
    return ms > 0 ? ret_text : NULL;
}

static void show_json(const struct context *context, const struct badge *badge, bool valid)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    char time[25];
    buffer_byte(&out, '{');
    json_member_text(&out, "name", badge->name);
    json_member_text(&out, "role", role_name(badge->role));
    json_member_text(&out, "organizations", badge->organizations);
    json_name(&out, "protected");
    buffer_text(&out, badge->protected ? "true" : "false");
    json_member_text(&out, "author", badge->author);
    json_member_text(&out, "created", time_of(badge->created_ms, time));
    json_member_text(&out, "expires", time_of(badge->expires_ms, time));
    json_member_text(&out, "revoked", time_of(badge->revoked_ms, time));
    json_member_text(&out, "used", time_of(badge->used_ms, time));
    json_name(&out, "valid");
    buffer_text(&out, valid ? "true}" : "false}");
    fprintf(context->screen.out, "%s\n", out.data ? out.data : "{}");
}

static void show(const struct badge *badge, struct grid *grid, bool valid)
{
    char time[25], used[25];
    grid_text(grid, badge->name);
    grid_text(grid, role_name(badge->role));
    grid_text(grid, badge->organizations ? badge->organizations : "all");
    grid_text(grid, badge->protected ? "yes" : "");
    grid_format(grid, COLOR_NONE, "%.10s", time_of(badge->created_ms, time) ? time : "");
    grid_text(grid, badge->author);
    grid_format(grid, COLOR_NONE, "%.10s", time_of(badge->used_ms, used) ? used : "");
    if (badge->revoked_ms > 0)
        grid_format(grid, COLOR_RED, "revoked %.10s", time_of(badge->revoked_ms, time));
    else if (badge->expires_ms > 0)
        grid_format(grid, valid ? COLOR_NONE : COLOR_RED, "%s %.10s", valid ? "until" : "ended",
                    time_of(valid ? badge->expires_ms - 1 : badge->expires_ms, time));
    else
        grid_text(grid, "");
}

static int list(struct context *context)
{
    TIDY(badges_free) struct badges *badges = NULL;
    const char *bad = NULL;
    int64_t now = clock_now_ms();
    int rc = badges_read(context->settings->state, &badges, &bad);
    if (rc != 0)
        return complain_tokens(context, rc);
    struct grid grid;
    size_t shown = 0;
    grid_start(&grid, &context->screen, "", "NAME|ROLE|ORGANIZATIONS|PROTECTED|CREATED|BY|USED|");
    for (size_t i = 0; i < badges->count; i++) {
        bool valid = badge_valid(&badges->items[i], now);
        if (!valid && !GIVEN(context, all))
            continue;
        shown++;
        if (context->json)
            show_json(context, &badges->items[i], valid);
        else
            show(&badges->items[i], &grid, valid);
    }
    if (context->json || shown == 0)
        buffer_clear(&grid.cells);
    grid_end(&grid);
    if (bad)
        fprintf(stderr, "muster: %s/musterd/tokens/%s is no token: it lets nobody in. Remove it.\n",
                context->settings->state, bad);
    if (shown == 0 && !context->json && !context->quiet)
        fprintf(stderr, "Nobody may use the API: `muster token create NAME` makes one.\n");
    return STATUS_DONE;
}

/* --- revoke --- */

static int withdraw(struct context *context, const char *name)
{
    struct err err = {0};
    int rc = badge_revoke(context->settings->state, name, clock_now_ms(), &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    if (!context->json && !context->quiet)
        screen_print(&context->screen, "%s counts no more.\n", name);
    return STATUS_DONE;
}

int verb_token(struct context *context)
{
    const char *what = context->arguments.words[0], *name = context->arguments.words[1];
    bool lists = strcmp(what, "list") == 0;
    if (!lists && strcmp(what, "create") != 0 && strcmp(what, "revoke") != 0)
        return complain_words("'%s' is nothing that is done with tokens: create, list, revoke", what);
    if (lists == (name != NULL))
        return complain_words(lists ? "'%s' is one word too many: muster token list"
                                    : "something is missing: muster token %s NAME",
                              lists ? name : what);
    int status = context_settings(context);
    if (status != STATUS_DONE)
        return status;
    return lists ? list(context) : strcmp(what, "create") == 0 ? create(context, name) : withdraw(context, name);
}
