/* erase_certificate - what of an erasure is told and handed out, and signed with the organization's key. */
#include "acts/erase.h"

#include "base/date.h"
#include "base/digest.h"
#include "base/jsontext.h"
#include "engine/masterkey.h"

#include <stdio.h>
#include <string.h>

/* --- whom it does not reach --- */

static void account_remains(const struct erase_account *account, struct buffer *out)
{
    const char *id = account->remote_id;
    buffer_format(out, "%s: it has a %s of theirs (%s%s%s), %s: whoever keeps that system deletes it there",
                  account->connection, kind_name(account->kind), account->stream, *id ? ", there " : "", id,
                  account->active                      ? "switched on"
                  : account->state == DELIVERY_SETTLED ? "switched off"
                                                       : "nobody knows how");
}

static void source_remains(const struct erase_source *source, struct buffer *out)
{
    buffer_format(out,
                  "%s/%s/%s: its source still says %lu record%s of theirs: whoever keeps that system deletes %s there",
                  source->connection, source->partition, source->stream, (unsigned long)source->named,
                  source->named == 1 ? "" : "s", source->named == 1 ? "it" : "them");
}

static void naming_remains(const struct erase *erase, struct buffer *out)
{
    const char *before = "records of others (";
    for (unsigned kind = KIND_NONE + 1; kind < KIND_COUNT; kind++)
        if (erase->naming[kind] > 0) {
            buffer_format(out, "%s%s %lu", before, kind_name((enum kind)kind), (unsigned long)erase->naming[kind]);
            before = ", ";
        }
    buffer_text(out, ") refer to them, as their manager or the like, by what their own sources say: a number or a name "
                     "there stays until these say something else");
}

static void beside_remains(const struct erase *erase, struct buffer *out)
{
    for (size_t n = 0; n < erase->beside_count; n++)
        buffer_format(out, "%sid:%lu", n ? ", " : "", (unsigned long)erase->beside[n]);
    buffer_text(out, ": was one person with them for a while, and the history of that time stays there");
}

bool erase_remains(const struct erase *erase, const struct organization *organization, size_t nth, struct buffer *out)
{
    static const char *const always[] = {
        ("backups, what `muster restore` put aside (replaced/ beside the organizations), recordings (sync --record), "
         "bundles and exported files of before: whoever has them deletes them; a backup that is put back brings the "
         "person back"),
        "what a source says of them from now on under another id, as of a new punch: it is kept as any other record",
        ("reasons that people typed, log files, log-ins that a connector keeps for people, and what musterd keeps of "
         "answers for a day"),
    };
    if (erase->unwiped && nth-- == 0) {
        buffer_format(out,
                      "what was deleted still stands in free pages of the data file (%s): the next run of '%s' wipes "
                      "them",
                      erase->unwiped, organization->id);
        return true;
    }
    if (nth < erase->account_count) {
        account_remains(&erase->accounts[nth], out);
        return true;
    }
    nth -= erase->account_count;
    for (size_t n = 0; n < erase->source_count; n++) {
        if (erase->sources[n].named == 0 || nth-- > 0)
            continue;
        source_remains(&erase->sources[n], out);
        return true;
    }
    bool naming = false;
    for (unsigned kind = 0; kind < KIND_COUNT; kind++)
        naming |= erase->naming[kind] > 0;
    if (naming && nth-- == 0) {
        naming_remains(erase, out);
        return true;
    }
    if (erase->beside_count > 0 && nth-- == 0) {
        beside_remains(erase, out);
        return true;
    }
    if (nth < sizeof(always) / sizeof(always[0]))
        buffer_text(out, always[nth]);
    return nth < sizeof(always) / sizeof(always[0]);
}

/* --- as JSON --- */

static void gone_write(const struct erase *erase, struct buffer *out)
{
    const struct {
        const char *name;
        uint64_t count;
    } counts[] = {{"records", erase->records},  {"sealed", erase->sealed},         {"passed_over", erase->passed_over},
                  {"proposals", erase->held},   {"history", erase->entries},       {"statements", erase->statements},
                  {"waiting", erase->waits},    {"deliveries", erase->deliveries}, {"plans", erase->plans},
                  {"received", erase->received}};
    json_name(out, "erased");
    buffer_byte(out, '{');
    for (unsigned kind = KIND_NONE + 1; kind < KIND_COUNT; kind++)
        if (erase->things[kind] > 0)
            json_member_number(out, kind_name((enum kind)kind), erase->things[kind]);
    for (size_t n = 0; n < sizeof(counts) / sizeof(counts[0]); n++)
        if (counts[n].count > 0)
            json_member_number(out, counts[n].name, counts[n].count);
    buffer_byte(out, '}');
}

static void sources_write(const struct erase *erase, struct buffer *out)
{
    json_name(out, "passed_over");
    buffer_byte(out, '[');
    for (size_t n = 0; n < erase->source_count; n++) {
        const struct erase_source *source = &erase->sources[n];
        buffer_text(out, n ? ",{" : "{");
        json_member_text(out, "connection", source->connection);
        json_member_text(out, "partition", source->partition);
        json_member_text(out, "stream", source->stream);
        json_member_number(out, "records", source->records);
        json_member_number(out, "still_named", source->named);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static void accounts_write(const struct erase *erase, struct buffer *out)
{
    json_name(out, "accounts");
    buffer_byte(out, '[');
    for (size_t n = 0; n < erase->account_count; n++) {
        const struct erase_account *account = &erase->accounts[n];
        buffer_text(out, n ? ",{" : "{");
        json_member_text(out, "connection", account->connection);
        json_member_text(out, "stream", account->stream);
        json_member_text(out, "kind", kind_name(account->kind));
        json_member_text(out, "their_id", *account->remote_id ? account->remote_id : NULL);
        json_name(out, "active");
        buffer_text(out, account->active ? "true" : "false");
        json_member_text(out, "state", delivery_state_name(account->state));
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static void texts_write(const struct erase *erase, const struct organization *organization, struct buffer *out)
{
    struct buffer text TIDY_DONE(buffer_done) = {0};
    json_name(out, "in_the_way");
    buffer_byte(out, '[');
    for (size_t n = 0; n < erase->obstacle_count; n++) {
        buffer_text(out, n ? "," : "");
        json_text(out, erase->obstacles[n]);
    }
    buffer_byte(out, ']');
    json_name(out, "not_reached");
    buffer_byte(out, '[');
    for (size_t n = 0; erase_remains(erase, organization, n, &text); n++) {
        buffer_text(out, n ? "," : "");
        json_string(out, text.data, text.len);
        buffer_clear(&text);
    }
    buffer_byte(out, ']');
    out->rc = out->rc ? out->rc : text.rc;
}

/* --- signed --- */

enum { SIGNATURE = 2 * DIGEST_KEYED + 1 };

/* A keyed digest of all that stands before it. */
static int certificate_sign(const struct settings *settings, const struct organization *organization, struct bytes text,
                            char ret_hex[SIGNATURE], struct err *err)
{
    uint8_t master[VAULT_MASTER], digest[DIGEST_KEYED];
    struct vault vault;
    int rc = masterkey_load(settings, master, err);
    if (rc != 0)
        return rc;
    vault_init(&vault, master, organization->id);
    vault_digest(&vault, text.data, text.len, digest);
    digest_hex(digest, sizeof(digest), ret_hex);
    vault_done(&vault);
    explicit_bzero(master, sizeof(master));
    return 0;
}

int erase_certificate(const struct erase *erase, const struct settings *settings,
                      const struct organization *organization, struct buffer *out, struct err *err)
{
    char at[25], number[24], hex[SIGNATURE];
    size_t begin = out->len;
    instant_write(erase->at_ms, at);
    snprintf(number, sizeof(number), "s%lu", (unsigned long)erase->number);
    buffer_byte(out, '{');
    json_member_text(out, "certificate", "erasure");
    json_member_text(out, "organization", organization->id);
    json_member_text(out, "name", organization->name);
    json_member_number(out, "person", erase->person);
    json_member_text(out, "statement", erase->number && !erase->dry ? number : NULL);
    json_member_number(out, "run", erase->run);
    json_member_text(out, "at", at);
    json_member_text(out, "by", erase->author);
    json_member_text(out, "reason", erase->reason);
    json_name(out, "planned");
    buffer_text(out, erase->dry ? "true" : "false");
    gone_write(erase, out);
    sources_write(erase, out);
    accounts_write(erase, out);
    texts_write(erase, organization, out);
    if (out->rc == 0 && !erase->dry) {
        int rc = certificate_sign(settings, organization, bytes(out->data + begin, out->len - begin), hex, err);
        if (rc != 0)
            return rc;
        json_member_text(out, "signature", hex);
    }
    buffer_byte(out, '}');
    return out->rc;
}

/* The last place where the text stands; NULL: nowhere. */
static const char *last_of(struct bytes in, const char *text)
{
    const char *begin = in.data;
    size_t len = strlen(text);
    for (size_t at = in.len < len ? 0 : in.len - len + 1; at > 0; at--)
        if (memcmp(begin + at - 1, text, len) == 0)
            return begin + at - 1;
    return NULL;
}

int erase_verify(const struct settings *settings, const struct organization *organization, struct bytes certificate,
                 struct err *err)
{
    static const char member[] = ",\"signature\":\"";
    char hex[SIGNATURE];
    const char *found = last_of(certificate, member), *begin = certificate.data;
    if (!found || certificate.len - (size_t)(found - begin) < sizeof(member) - 1 + SIGNATURE + 1)
        return err_set(err, ERR_DATA, "this is no certificate as `muster erase` writes it: it has no signature");
    int rc = certificate_sign(settings, organization, bytes(begin, (size_t)(found - begin)), hex, err);
    const char *said = found + sizeof(member) - 1;
    if (rc == 0 && (memcmp(said, hex, SIGNATURE - 1) != 0 || memcmp(said + SIGNATURE - 1, "\"}", 2) != 0))
        rc = err_set(err, ERR_DATA,
                     "the certificate is not genuine: it is another organization's, was made with another key, or was "
                     "changed since it was written");
    return rc;
}
