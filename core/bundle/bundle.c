/* bundle - all of one run that somebody else needs to look at it and to run it again. */
#include "bundle/bundle.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/jsonobject.h"
#include "base/jsontext.h"
#include "bundle/material.h"
#include "bundle/pseudonym.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LAYOUT = 1 };

/* --- what came of the run --- */

static const char *const counted[BUNDLE_COUNTS] = {
    "read", "created",   "updated",  "unchanged", "missing",      "deactivated", "reactivated", "linked",
    "held", "not_owner", "filtered", "flagged",   "dead_letters", "reviews",     "drift"};

static int came_member(void *context, const struct jsonobject_member *member)
{
    struct bundle_came *came = context;
    for (size_t i = 0; member->type == JSONOBJECT_NUMBER && i < BUNDLE_COUNTS; i++)
        if (strcmp(member->name, counted[i]) == 0)
            came->counts[i].value = strtoull(member->text, NULL, 10);
    if (member->type == JSONOBJECT_STRING && strcmp(member->name, "outcome") == 0)
        snprintf(came->outcome, sizeof(came->outcome), "%s", member->text);
    return 0;
}

int bundle_came(const char *json, size_t len, struct bundle_came *ret_came)
{
    const char *why;
    size_t at;
    *ret_came = (struct bundle_came){0};
    for (size_t i = 0; i < BUNDLE_COUNTS; i++)
        ret_came->counts[i].name = counted[i];
    return jsonobject_split(json, len, came_member, ret_came, &why, &at);
}

/* --- putting one together --- */

static void about_write(const struct bundle_ask *ask, const struct material *material, struct buffer *out)
{
    char now[25];
    instant_write(clock_now_ms(), now);
    buffer_byte(out, '{');
    json_member_number(out, "bundle", LAYOUT);
    json_member_text(out, "muster", PACKAGE_VERSION);
    json_member_text(out, "made", now);
    json_member_text(out, "organization", ask->organization->id);
    json_member_text(out, "connection", material->connection->name);
    json_member_text(out, "connector", material->connection->connector);
    json_member_text(out, "connector_version", material->version);
    json_member_text(out, "connector_digest", connectors_digest(ask->connectors, material->connection->edition));
    json_member_number(out, "run", ask->run);
    json_member_text(out, "from", material->from);
    if (material->before_run > 0)
        json_member_number(out, "before", material->before_run);
    json_name(out, "pseudonymized");
    buffer_text(out, ask->pseudonymize ? "true}\n" : "false}\n");
}

static void readme_write(const struct bundle_ask *ask, const struct material *material, struct buffer *out)
{
    buffer_format(out, "Run %u of connection '%s', to be looked at and run again:\n\n    muster replay THIS_FILE\n\n",
                  ask->run, material->connection->name);
    if (ask->pseudonymize)
        buffer_text(out, "Words and numbers that could be somebody's were replaced, the same ones by the same ones; no "
                         "table of which is\nwhich was kept. Names of columns, codes of units and what the "
                         "organization's file says are as they were.\n");
    else
        buffer_text(out, "!!! PERSONAL DATA: THE PEOPLE OF THIS RUN ARE IN THIS FILE AS THEY ARE. !!!\n"
                         "Hand it to nobody who must not see them, and delete it when it is no longer needed.\n"
                         "`muster bundle --pseudonymize` makes one without them.\n");
    buffer_text(out, "\nPasswords, keys and tokens are not in it: replaying needs none, and no network.\n");
}

static int part_add(struct archive *archive, const char *name, struct buffer *bytes)
{
    int rc = bytes->rc ? bytes->rc : archive_add(archive, name, bytes->data, bytes->len);
    buffer_clear(bytes);
    return rc;
}

static int cassette_add(struct pseudonym *pseudonym, const struct buffer *cassette, const char *name,
                        struct archive *archive, struct err *err)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    if (!pseudonym)
        return archive_add(archive, name, cassette->data, cassette->len);
    int rc = pseudonym_cassette(pseudonym, cassette, &text, err);
    return rc ? rc : part_add(archive, name, &text);
}

/* The order is the one in which they are looked through: what was answered before what was made of it. */
static int parts_add(const struct bundle_ask *ask, const struct material *material, struct archive *archive,
                     struct err *err)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    TIDY(pseudonym_free) struct pseudonym *pseudonym = NULL;
    int rc = ask->pseudonymize ? pseudonym_new(ask, material, &pseudonym, err) : 0;
    if (rc != 0)
        return rc;
    readme_write(ask, material, &text);
    rc = part_add(archive, "README.txt", &text);
    if (rc == 0) {
        about_write(ask, material, &text);
        rc = part_add(archive, "bundle.json", &text);
    }
    if (rc == 0 && material->before_run > 0)
        rc = cassette_add(pseudonym, &material->before, "before.jsonl", archive, err);
    if (rc == 0)
        rc = cassette_add(pseudonym, &material->cassette, "cassette.jsonl", archive, err);
    if (rc == 0)
        rc = pseudonym ? pseudonym_report(pseudonym, &text, err)
                       : (buffer_add(&text, material->report.data, material->report.len), text.rc);
    if (rc == 0)
        rc = part_add(archive, "run.json", &text);
    if (rc == 0)
        rc = pseudonym ? pseudonym_file(pseudonym, &text, err)
                       : (buffer_add(&text, material->file.data, material->file.len), text.rc);
    char name[300];
    snprintf(name, sizeof(name), "organizations/%s.yaml", ask->organization->id);
    if (rc == 0)
        rc = part_add(archive, name, &text);
    return rc == 0 && pseudonym ? pseudonym_check(pseudonym, archive, err) : rc;
}

int bundle_make(const struct bundle_ask *ask, struct archive **ret_archive, struct err *err)
{
    __attribute__((cleanup(material_done))) struct material material = {0};
    struct archive *archive TIDY(archive_free) = archive_new();
    int rc = archive ? material_find(ask, &material, err) : -ENOMEM;
    if (rc == 0)
        rc = parts_add(ask, &material, archive, err);
    if (rc != 0)
        return err_set(err, rc, "%s", err && err->rc ? err->text : err_text(rc));
    *ret_archive = TAKE(archive);
    return 0;
}

/* --- reading one --- */

struct about {
    char organization[200];
    unsigned long long layout, run;
    bool pseudonymized;
};

static int about_member(void *context, const struct jsonobject_member *member)
{
    struct about *about = context;
    if (member->type == JSONOBJECT_NUMBER && strcmp(member->name, "bundle") == 0)
        about->layout = strtoull(member->text, NULL, 10);
    else if (member->type == JSONOBJECT_NUMBER && strcmp(member->name, "run") == 0)
        about->run = strtoull(member->text, NULL, 10);
    else if (member->type == JSONOBJECT_STRING && strcmp(member->name, "organization") == 0)
        snprintf(about->organization, sizeof(about->organization), "%s", member->text);
    else if (member->type == JSONOBJECT_BOOL && strcmp(member->name, "pseudonymized") == 0)
        about->pseudonymized = member->text[0] == 't';
    return 0;
}

int bundle_read(struct archive *archive, const char *name, struct bundle *ret_bundle, struct err *err)
{
    const struct archive_part *part = archive_find(archive, "bundle.json");
    struct about about = {0};
    const char *why;
    size_t at;
    if (!part || jsonobject_split(part->bytes, part->len, about_member, &about, &why, &at) != 0 ||
        about.layout != LAYOUT || about.run > UINT32_MAX || !*about.organization || strchr(about.organization, '/'))
        return err_set(err, ERR_DATA, "%s is no bundle that this muster can play: bundle.json in it does not say so",
                       name);
    char file[300];
    snprintf(file, sizeof(file), "organizations/%s.yaml", about.organization);
    struct bundle bundle = {.run = (uint32_t)about.run,
                            .pseudonymized = about.pseudonymized,
                            .file = archive_find(archive, file),
                            .cassette = archive_find(archive, "cassette.jsonl"),
                            .report = archive_find(archive, "run.json"),
                            .before = archive_find(archive, "before.jsonl")};
    if (!bundle.file || !bundle.cassette || !bundle.report)
        return err_set(err, ERR_DATA, "in bundle %s there is no %s", name,
                       !bundle.file       ? file
                       : !bundle.cassette ? "cassette.jsonl"
                                          : "run.json");
    *ret_bundle = bundle;
    return 0;
}
