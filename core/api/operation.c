/* operation - what the API can do. */
#include "api/operation.h"

#include <stdio.h>
#include <string.h>

#define ORG "/v1/organizations/{organization}"
#define ORGANIZATION                                                                                                   \
    {                                                                                                                  \
        "organization", IN_PATH, TYPE_TEXTUAL, true, NULL, NULL, "The organization's id, as in its file."              \
    }
#define KEY_DOC "number:1001, email:a@b.example, name:jansen or id:12; else a number, an e-mail or a part of a name."
#define KEY                                                                                                            \
    {                                                                                                                  \
        "key", IN_PATH, TYPE_TEXTUAL, true, NULL, NULL, KEY_DOC                                                        \
    }
#define CONNECTION                                                                                                     \
    {                                                                                                                  \
        "connection", IN_PATH, TYPE_TEXTUAL, true, NULL, NULL, "A connection of the organization's file."              \
    }
#define QUERY(name, type, option, doc)                                                                                 \
    {                                                                                                                  \
        name, IN_QUERY, type, false, option, NULL, doc                                                                 \
    }
#define BODY(name, type, option, doc)                                                                                  \
    {                                                                                                                  \
        name, IN_BODY, type, false, option, NULL, doc                                                                  \
    }
#define NEEDED(name, type, option, doc)                                                                                \
    {                                                                                                                  \
        name, IN_BODY, type, true, option, NULL, doc                                                                   \
    }
#define REASON BODY("reason", TYPE_TEXTUAL, "reason", "Why; kept in the history.")
#define WHY NEEDED("reason", TYPE_TEXTUAL, "reason", "Why; kept in the history.")
#define TRIAL BODY("plan", TYPE_FLAG, "plan", "Tell what would come of it, and change nothing.")
#define PROTECTED                                                                                                      \
    QUERY("protected", TYPE_FLAG, "protected", "Tell also what is sealed; the token must be one that may see it.")

static const struct parameter paging[] = {
    QUERY("cursor", TYPE_TEXTUAL, "-", "Where to go on: `next` of the page before. It says nothing else."),
    QUERY("limit", TYPE_COUNT, "-", "How many at most: 1 to 1000, else 100."),
};
static const struct parameter patience[] = {
    QUERY("wait", TYPE_COUNT, "-",
          "Seconds to wait for the end, 0 to 300, else 60; what takes longer is answered 202."),
};

const struct operation operations[] = {
#include "api/operations.def"
    {0},
};

/* Part by part; "{name}" is any that is not empty. With `name`, the part that stands for it is found. */
static bool path_fits(const char *pattern, const char *path, const char *name, const char **ret_part, long *ret_len)
{
    size_t name_len = name ? strlen(name) : 0;
    while (*pattern == '/' && *path == '/') {
        size_t wanted = strcspn(++pattern, "/"), len = strcspn(++path, "/");
        bool any = wanted > 2 && pattern[0] == '{';
        if (any ? len == 0 : wanted != len || memcmp(pattern, path, len) != 0)
            return false;
        if (any && name && wanted - 2 == name_len && memcmp(pattern + 1, name, name_len) == 0) {
            *ret_part = path;
            *ret_len = (long)len;
        }
        pattern += wanted;
        path += len;
    }
    return *pattern == '\0' && *path == '\0';
}

const struct operation *operation_find(const char *method, const char *path, char *ret_allow, size_t allow_room)
{
    size_t used = 0;
    ret_allow[0] = '\0';
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    for (const struct operation *operation = operations; operation->id; operation++) {
        if (!path_fits(operation->path, path, NULL, NULL, NULL))
            continue;
        if (strcmp(operation->method, method) == 0)
            return operation;
        used += (size_t)snprintf(ret_allow + used, allow_room - used, "%s%s", used ? ", " : "", operation->method);
    }
    return NULL;
}

long operation_part(const struct operation *operation, const char *path, const char *name, const char **ret_part)
{
    long len = -1;
    return path_fits(operation->path, path, name, ret_part, &len) ? len : -1;
}

const struct parameter *operation_nth(const struct operation *operation, size_t n)
{
    for (size_t i = 0; i < PARAMETERS_MOST && operation->parameters[i].name; i++)
        if (n-- == 0)
            return &operation->parameters[i];
    if (operation->pages)
        return n < sizeof(paging) / sizeof(paging[0]) ? &paging[n] : NULL;
    return operation->shape == SHAPE_ACT && operation->verb && n < 1 ? &patience[n] : NULL;
}

const struct parameter *operation_parameter(const struct operation *operation, const char *name,
                                            enum parameter_place place)
{
    const struct parameter *parameter;
    for (size_t n = 0; (parameter = operation_nth(operation, n)); n++)
        if (parameter->place == place && strcmp(parameter->name, name) == 0)
            return parameter;
    return NULL;
}
