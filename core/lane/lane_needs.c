/* lane_needs - what a host is given beyond the rule, because its connector declares it and the organization permits it:
 * files that the option `files` names, programs below the folders that `programs` names, and secrets in plain text. */
#include "lane/lane_inside.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool item_of(const struct option_value *option, const char *list)
{
    size_t len = strlen(list);
    return option->text && strncmp(option->name, list, len) == 0 && option->name[len] == '[';
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

/* The paths of a list option, where they may be given: absolute ones, and none of ours. */
static int put_paths(struct lane *lane, const char *list, uint32_t need, struct err *err)
{
    const struct connection *connection = lane->connection;
    size_t options = connection && (lane->may & need) ? connection->option_count : 0;
    uint32_t count = 0;
    for (size_t i = 0; i < options; i++) {
        const struct option_value *option = &connection->options[i];
        if (!item_of(option, list))
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
    wire_put_u32(&lane->out, count);
    for (size_t i = 0; i < options; i++)
        if (item_of(&connection->options[i], list))
            wire_put_text(&lane->out, connection->options[i].text);
    return 0;
}

int lane_put_needs(struct lane *lane, struct err *err)
{
    lane->may = lane->connection ? connection_may(lane->connection) : 0;
    wire_put_u32(&lane->out, lane->may);
    int rc = put_paths(lane, "files", MUSTER_NEEDS_FILES, err);
    return rc ? rc : put_paths(lane, "programs", MUSTER_NEEDS_EXEC, err);
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
