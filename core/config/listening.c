/* listening - where musterd listens: `listen` and `tls` of muster.yaml. Part of reading.h.
 *
 * Whoever can read along can read every employee's data: without a
 * certificate only addresses of this machine are listened to. */
#include "config/reading.h"

#include <stdlib.h>
#include <string.h>

/* "127.0.0.1:8080", "[::1]:8080"; port 0 is any. */
static bool address_valid(const char *text)
{
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || colon[1] == '\0' || strlen(colon + 1) > 5 ||
        colon[1 + strspn(colon + 1, "0123456789")] != '\0' || strtoul(colon + 1, NULL, 10) > 65535)
        return false;
    size_t len = (size_t)(colon - text);
    bool brackets = text[0] == '[' && text[len - 1] == ']';
    return brackets || !memchr(text, ':', len);
}

static bool of_this_machine(const char *text)
{
    return strncmp(text, "127.", 4) == 0 || strncmp(text, "localhost:", 10) == 0 || strncmp(text, "[::1]:", 6) == 0;
}

static const struct secretref *tls_file(struct reading *reading, const struct node *tls, const char *name)
{
    const struct node *node = node_get(tls, name);
    const char *what = reading_format(reading, "tls: %s", name);
    if (node->tag)
        return secretref_read(reading, node, what);
    const char *path = want_text(reading, node, what);
    struct secretref *ref = path ? reading_get(reading, 1, sizeof(*ref)) : NULL;
    if (path && path[0] != '/')
        complain(reading->complaints, node, "%s must be an absolute path", what);
    if (ref)
        *ref = (struct secretref){SECRET_FILE, path, node};
    return ref;
}

static void tls_read(struct reading *reading, const struct node *root, struct settings *settings)
{
    static const char *const names[] = {"certificate", "key", NULL};
    const struct node *tls = want_map(reading, node_get(root, "tls"), "tls");
    node_unknown_keys(reading->complaints, tls, names, "tls");
    for (size_t i = 0; tls && names[i]; i++)
        if (!node_get(tls, names[i]))
            complain(reading->complaints, key_node(root, "tls"), "tls: %s is missing", names[i]);
    if (tls && node_get(tls, "certificate"))
        settings->tls.certificate = tls_file(reading, tls, "certificate");
    if (tls && node_get(tls, "key"))
        settings->tls.key = tls_file(reading, tls, "key");
}

void listening_read(struct reading *reading, const struct node *root, struct settings *settings)
{
    const struct node *at = node_get(root, "listen");
    const char *const *listen = want_texts(reading, at, "listen");
    for (size_t i = 0; listen && listen[i]; i++) {
        const struct node *node = at->type == NODE_LIST ? at->items[i] : at;
        if (!address_valid(listen[i]))
            complain(reading->complaints, node, "listen must be ADDRESS:PORT, as in 127.0.0.1:8080");
        else if (!node_get(root, "tls") && !of_this_machine(listen[i]))
            complain(reading->complaints, node,
                     "listen: %s needs tls: { certificate, key }: without it everybody on the way can read along, so "
                     "only this machine is listened to (127.0.0.1, [::1], localhost)",
                     listen[i]);
    }
    settings->listen = listen;
    tls_read(reading, root, settings);
}
