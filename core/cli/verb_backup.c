/* verb_backup - backup and restore: an organization as one file, and out of it again. */
#include "acts/backup.h"
#include "base/jsontext.h"
#include "cli/context.h"
#include "cli/progress.h"
#include "cli/verb.h"

static void backup_json(const struct backup *backup, const char *path, struct buffer *out)
{
    buffer_byte(out, '{');
    json_member_text(out, "organization", backup->organization);
    json_member_text(out, "file", path);
    json_member_text(out, "made", backup->made);
    json_member_text(out, "version", backup->version);
    json_member_number(out, "runs", backup->runs);
    json_member_number(out, "bytes", backup->bytes);
}

int verb_backup(struct context *context)
{
    const char *id = context->arguments.words[0], *path = context->arguments.words[1];
    TIDY(organization_free) struct organization *organization = NULL;
    struct backup backup;
    struct err err = {0};
    int status = context_organization(context, id, &organization);
    if (status != STATUS_DONE)
        return status;
    int rc = backup_make(context->settings, organization, path, context->arena, &backup, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    if (context->json) {
        TIDY_DONE(screen_buffer_done) struct buffer out = {0};
        backup_json(&backup, path, &out);
        fprintf(context->screen.out, "%s}\n", out.data ? out.data : "{");
    } else if (!context->quiet) {
        char runs[32];
        progress_number(backup.runs, runs);
        screen_print(&context->screen, "%s: all of it, through run %s, is in %s\n", id, runs, path);
        screen_print(&context->screen, "  Not in it: the master key (%s) and the secrets that %s names\n",
                     context->settings->seal_key ? "seal_key in muster.yaml" : "seal.key of the state folder",
                     organization->file);
        screen_print(&context->screen, "  To put it back: muster restore %s\n", path);
    }
    return STATUS_DONE;
}

static void restore_tell(struct context *context, const struct backup *backup, const struct restored *restored)
{
    const struct screen *screen = &context->screen;
    const char *id = backup->organization;
    screen_print(screen, "%s is as it was on %s, through run %lu\n", id, backup->made, (unsigned long)backup->runs);
    if (restored->replaced)
        screen_print(screen, "  What was there before is in %s; remove it when nobody needs it\n", restored->replaced);
    if (restored->file_made)
        screen_print(screen, "  %s is put back as well\n", restored->file);
    else if (restored->file_differs)
        screen_print(screen, "  %s stays as it is now; it differs from organization.yaml in the backup\n",
                     restored->file);
    screen_print(screen, "  It is paused: what targets were told since then is not known here\n");
    screen_print(screen, "  Are the secrets there? muster check %s\n", id);
    screen_print(screen, "  What would change?     muster plan %s\n", id);
    screen_print(screen, "  To go on:              muster resume %s\n", id);
}

int verb_restore(struct context *context)
{
    const char *path = context->arguments.words[0];
    struct restored restored = {0};
    struct backup backup;
    struct err err = {0};
    int status = context_settings(context);
    if (status != STATUS_DONE)
        return status;
    int rc = backup_restore(context->settings, path, GIVEN(context, replace), context_author(), context->arena, &backup,
                            &restored, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    if (context->json) {
        TIDY_DONE(screen_buffer_done) struct buffer out = {0};
        backup_json(&backup, path, &out);
        json_member_text(&out, "replaced", restored.replaced);
        json_member_text(&out, "configuration",
                         restored.file_made      ? "restored"
                         : restored.file_differs ? "differs"
                                                 : "same");
        fprintf(context->screen.out, "%s}\n", out.data ? out.data : "{");
    } else if (!context->quiet) {
        restore_tell(context, &backup, &restored);
    }
    return STATUS_DONE;
}
