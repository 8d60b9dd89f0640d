/* secretref - `!secret file:PATH | env:NAME | credential:NAME`: where a secret is kept, never what it is. Part of
 * reading.h.
 *
 * A relative PATH is below CONFIG_DIR/secrets/, the folder beside
 * organizations/, and cannot leave it. No complaint repeats what was written:
 * it may be the secret itself. */
#include "config/reading.h"

#include <string.h>

static bool leaves_folder(const char *path)
{
    for (const char *part = path; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return true;
    return false;
}

static bool env_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    return name[0] != '\0' && (name[0] < '0' || name[0] > '9') && name[strspn(name, letters)] == '\0';
}

static const char *name_of(struct reading *reading, const struct node *node, const char *what, struct secretref *ref)
{
    const char *text = node->text;
    if (strncmp(text, "file:", 5) == 0 && text[5] != '\0') {
        ref->how = SECRET_FILE;
        if (text[5] == '/')
            return text + 5;
        if (!leaves_folder(text + 5))
            return reading_format(reading, "%s/secrets/%s", reading->config_dir, text + 5);
        complain(reading->complaints, node, "%s: a relative path must not leave the secrets folder", what);
        return NULL;
    }
    if (strncmp(text, "env:", 4) == 0 && env_name(text + 4)) {
        ref->how = SECRET_ENV;
        return text + 4;
    }
    if (strncmp(text, "credential:", 11) == 0 && text[11] != '\0' && text[11] != '.' && !strchr(text + 11, '/')) {
        ref->how = SECRET_CREDENTIAL;
        return text + 11;
    }
    complain(reading->complaints, node, "%s: after !secret comes file:PATH, env:NAME or credential:NAME", what);
    return NULL;
}

const struct secretref *secretref_read(struct reading *reading, const struct node *node, const char *what)
{
    if (!node->tag || node->type != NODE_TEXT) {
        complain(reading->complaints, node,
                 "%s is a secret: write where it is kept, as in !secret file:NAME, never the secret itself", what);
        return NULL;
    }
    struct secretref *ref = reading_get(reading, 1, sizeof(*ref));
    if (!ref)
        return NULL;
    ref->node = node;
    ref->name = name_of(reading, node, what, ref);
    return ref->name ? ref : NULL;
}

/* Everything but `options` of connections, which their tables check. */
static void refuse(struct reading *reading, const struct node *node, unsigned depth, bool in_connections)
{
    if (node->tag) {
        complain(reading->complaints, node, "no secret belongs here: !secret is for options of a connection");
        ((struct node *)node)->tag = NULL; /* the tree is this reading's own; or whoever reads it says so again */
    }
    for (size_t i = 0; i < node->count; i++) {
        const char *key = node->type == NODE_MAP ? node->keys[i]->text : "";
        bool connections = depth == 0 ? strcmp(key, "connections") == 0 : in_connections;
        if (depth == 2 && in_connections && strcmp(key, "options") == 0)
            continue;
        refuse(reading, node->items[i], depth + 1, connections);
    }
}

void secretref_refuse_elsewhere(struct reading *reading, const struct node *root)
{
    refuse(reading, root, 0, false);
}
