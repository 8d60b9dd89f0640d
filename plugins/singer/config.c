/* config - what the tap finds in its configuration: option `config` with option `secrets` put into it. */
#include "singer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NAME_ROOM = 120, PATH_ROOM = 300 };

static const char *secret_at(const struct singer *singer, size_t nth, const char *member)
{
    char name[NAME_ROOM];
    snprintf(name, sizeof(name), "secrets[%zu].%s", nth, member);
    return singer->host->text(singer->run, name);
}

static const char *secret_of(const struct singer *singer, const char *path)
{
    size_t count = singer->host->count(singer->run, "secrets");
    for (size_t n = 0; n < count; n++)
        if (strcmp(secret_at(singer, n, "name"), path) == 0)
            return secret_at(singer, n, "value");
    return NULL;
}

/* What of this secret's name stands behind the prefix: "auth." and "auth.password" give "password". */
static const char *behind(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(name, prefix, len) == 0 && name[len] ? name + len : NULL;
}

static void comma(muster_text *out)
{
    if (out->len > 0 && out->data[out->len - 1] != '{')
        muster_text_put(out, ",");
}

static bool has_secrets(const struct singer *singer, const char *prefix)
{
    for (size_t n = 0; n < singer->host->count(singer->run, "secrets"); n++)
        if (behind(secret_at(singer, n, "name"), prefix))
            return true;
    return false;
}

static void object_write(const struct singer *singer, const muster_node *object, const char *prefix, muster_text *out);

static void member_write(const struct singer *singer, const muster_node *value, const char *name, const char *prefix,
                         muster_text *out)
{
    char path[PATH_ROOM], inner[PATH_ROOM + 1];
    snprintf(path, sizeof(path), "%s%s", prefix, name);
    snprintf(inner, sizeof(inner), "%s.", path);
    const char *secret = secret_of(singer, path);
    comma(out);
    muster_text_json(out, name);
    muster_text_put(out, ":");
    if (secret)
        muster_text_json(out, secret);
    else if (has_secrets(singer, inner))
        object_write(singer, value && value->kind == MUSTER_NODE_OBJECT ? value : NULL, inner, out);
    else
        muster_node_json(value, out);
}

/* The members that are there, and those that only secrets name. */
static void object_write(const struct singer *singer, const muster_node *object, const char *prefix, muster_text *out)
{
    size_t count = singer->host->count(singer->run, "secrets");
    muster_text_put(out, "{");
    for (const muster_node *one = muster_node_first(object); one; one = one->next)
        member_write(singer, one, one->name, prefix, out);
    for (size_t n = 0; n < count; n++) {
        char name[PATH_ROOM];
        const char *rest = behind(secret_at(singer, n, "name"), prefix);
        bool before = false;
        if (!rest)
            continue;
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(rest, "."), rest);
        for (size_t k = 0; k < n && !before; k++) {
            const char *other = behind(secret_at(singer, k, "name"), prefix);
            before = other && strcspn(other, ".") == strlen(name) && strncmp(other, name, strlen(name)) == 0;
        }
        if (!before && !muster_node_member(object, name))
            member_write(singer, NULL, name, prefix, out);
    }
    muster_text_put(out, "}");
}

/* A secret is only known where the organization says that the tap may have it. */
static muster_rc secrets_check(struct singer *singer)
{
    const muster_host *host = singer->host;
    for (size_t n = 0; n < host->count(singer->run, "secrets"); n++) {
        const char *name = secret_at(singer, n, "name");
        if (!name || !*name || strlen(name) >= PATH_ROOM)
            return host->fail(singer->run, MUSTER_CONFIG, "option 'secrets[%zu].name' is no name, or a very long one",
                              n);
        if (!secret_at(singer, n, "value"))
            return host->fail(
                singer->run, MUSTER_CONFIG,
                "option 'secrets[%zu].value': a tap reads it in plain text. If it may, add secrets to the "
                "connection's allow",
                n);
    }
    return MUSTER_OK;
}

/* By how it is called. */
static bool sounds_secret(const char *name)
{
    static const char *const ends[] = {"password", "passwd",      "passphrase",   "secret",       "api_key",
                                       "apikey",   "private_key", "access_token", "refresh_token"};
    size_t len = strlen(name);
    for (size_t n = 0; n < sizeof(ends) / sizeof(*ends); n++) {
        size_t end = strlen(ends[n]);
        if (len >= end && strcasecmp(name + len - end, ends[n]) == 0)
            return true;
    }
    return false;
}

/* Secrets stand in no file of an organization. Gives the path of one that does, or false. */
static bool secret_in(const muster_node *object, const char *prefix, char ret_path[PATH_ROOM])
{
    for (const muster_node *one = muster_node_first(object); one; one = one->next) {
        char path[PATH_ROOM], inner[PATH_ROOM + 1];
        if (!one->name || snprintf(path, sizeof(path), "%s%s", prefix, one->name) >= PATH_ROOM - 1)
            continue;
        snprintf(inner, sizeof(inner), "%s.", path);
        if (one->kind == MUSTER_NODE_OBJECT && secret_in(one, inner, ret_path))
            return true;
        if (one->kind == MUSTER_NODE_TEXT && one->len > 0 && sounds_secret(one->name)) {
            snprintf(ret_path, PATH_ROOM, "%s", path);
            return true;
        }
    }
    return false;
}

muster_rc config_make(struct singer *singer)
{
    const char *text = singer->host->text(singer->run, "config"), *why = "";
    char path[PATH_ROOM];
    muster_rc rc = secrets_check(singer);
    if (rc != MUSTER_OK)
        return rc;
    muster_document *outer = muster_document_read(text, strlen(text), &why), *inner = NULL;
    const muster_node *root = muster_document_root(outer);
    if (root && root->kind == MUSTER_NODE_TEXT) {
        inner = muster_document_read(root->text, root->len, &why);
        root = muster_document_root(inner);
    }
    if (!root || root->kind != MUSTER_NODE_OBJECT)
        rc = singer->host->fail(singer->run, MUSTER_CONFIG,
                                "option 'config' must be a map, or a text that is a JSON object%s%s", root ? "" : ": ",
                                root ? "" : why);
    else if (secret_in(root, "", path))
        rc = singer->host->fail(singer->run, MUSTER_CONFIG,
                                "option 'config': '%s' sounds like a secret, which stands in no file: say it in option "
                                "secrets, as a reference",
                                path);
    else
        object_write(singer, root, "", &singer->config);
    muster_document_free(inner);
    muster_document_free(outer);
    if (rc == MUSTER_OK && singer->config.failed)
        rc = singer->host->fail(singer->run, MUSTER_FAIL, "no memory");
    return rc;
}
