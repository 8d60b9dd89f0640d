/* lane_needs - what a host is given beyond the rule, because its connector declares it and the organization permits it:
 * files that the option `files` names, and secrets in plain text. */
#include "engine/lane_inside.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool of_files(const struct option_value *option)
{
    return option->text && strncmp(option->name, "files[", 6) == 0;
}

static bool within(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    while (len > 1 && folder[len - 1] == '/')
        len--;
    return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0' || folder[len - 1] == '/');
}

/* What lies where muster itself keeps things is nobody's own file, nor is a folder around that. */
static bool of_muster(const struct settings *settings, const char *path)
{
    const char *const folders[] = {settings->state, settings->config_dir, settings->organizations};
    char real[PATH_MAX], ours[PATH_MAX];
    if (!realpath(path, real))
        return false;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (folders[i] && realpath(folders[i], ours) && (within(real, ours) || within(ours, real)))
            return true;
    return false;
}

int lane_put_needs(struct lane *lane, struct err *err)
{
    const struct connection *connection = lane->connection;
    uint32_t count = 0;
    lane->may = connection ? connection_may(connection) : 0;
    bool files = (lane->may & MUSTER_NEEDS_FILES) != 0;
    for (size_t i = 0; connection && files && i < connection->option_count; i++) {
        const struct option_value *option = &connection->options[i];
        if (!of_files(option))
            continue;
        count++;
        if (option->text[0] != '/')
            return err_set(err, ERR_CONFIG, "connection '%s': option '%s' must be an absolute path", connection->name,
                           option->name);
        if (of_muster(lane->settings, option->text))
            return err_set(err, ERR_CONFIG,
                           "connection '%s': option '%s' names %s, where muster keeps its own things, or a folder "
                           "around it: a connector may not have that",
                           connection->name, option->name, option->text);
    }
    wire_put_u32(&lane->out, lane->may);
    wire_put_u32(&lane->out, count);
    for (size_t i = 0; connection && files && i < connection->option_count; i++)
        if (of_files(&connection->options[i]))
            wire_put_text(&lane->out, connection->options[i].text);
    return 0;
}

const char *lane_secret(struct lane *lane, const char *option)
{
    const struct secret *secret;
    lane->secrets.connection = lane->connection;
    return keyring_secret(&lane->secrets, option, &secret, lane->err) == 0 ? secret_reveal(secret) : NULL;
}

void lane_scrub(const struct lane *lane, const char *text)
{
    if (lane->secrets.count > 0) /* it stands in a frame, or in a line, of ours */
        keyring_scrub(&lane->secrets, (char *)(uintptr_t)text, strlen(text));
}
