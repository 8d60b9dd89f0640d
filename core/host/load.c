/* load - brings one connector into this process, or says in one true sentence why not. */
#include "host/load.h"

#include "base/error.h"
#include "base/text.h"
#include "base/tidy.h"
#include "host/describe.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <ltdl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct load {
    const char *path, *name;
    char *why;
    size_t room;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct load *load, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(load->why, load->room, format, args);
    va_end(args);
    return ERR_CONNECTOR;
}

static int file_check(struct load *load)
{
    struct stat status;
    char head[SELFMAG];
    if (stat(load->path, &status) != 0)
        return errno == ENOENT ? refuse(load, "there is no file %s", load->path)
                               : refuse(load, "%s cannot be found: %s", load->path, err_text(-errno));
    if (!S_ISREG(status.st_mode))
        return refuse(load, "%s is not a file", load->path);
    TIDY(close) int fd = open(load->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return refuse(load, "%s cannot be opened: %s", load->path, err_text(-errno));
    if (read(fd, head, sizeof(head)) != (ssize_t)sizeof(head) || memcmp(head, ELFMAG, SELFMAG) != 0)
        return refuse(load, "%s is not a shared object: it does not begin as ELF files do", load->path);
    return 0;
}

/* libltdl answers "file not found" for nearly everything; the dynamic linker itself knows better. */
static int linker_says(struct load *load, const char *fallback)
{
    void *handle = dlopen(load->path, RTLD_NOW | RTLD_LOCAL);
    const char *text = handle ? NULL : dlerror();
    if (!text)
        return refuse(load, "%s does not load: %s", load->path, fallback ? fallback : "libltdl gave no reason");
    static const char undefined[] = "undefined symbol: ", missing[] = ": cannot open shared object file";
    const char *found = strstr(text, undefined);
    if (found) {
        const char *symbol = found + sizeof(undefined) - 1;
        return refuse(load, "%s uses the symbol '%.*s', which no library gives", load->path,
                      (int)strcspn(symbol, ", \n"), symbol);
    }
    found = strstr(text, missing);
    if (found && strncmp(text, load->path, strlen(load->path)) != 0)
        return refuse(load, "%s needs the library %.*s, which is not installed", load->path, (int)(found - text), text);
    return refuse(load, "%s does not load: %s", load->path, text);
}

static int versions_check(struct load *load, const muster_connector *c)
{
    if (c->magic != MUSTER_MAGIC)
        return refuse(load,
                      "its description begins with 0x%08x instead of 0x%08x: it was not made by "
                      "MUSTER_CONNECTOR()",
                      c->magic, MUSTER_MAGIC);
    if (c->size < offsetof(muster_connector, needs_minor) + sizeof(c->needs_minor))
        return refuse(load, "its description says that it is %u bytes long: not even its versions fit", c->size);
    if (c->abi_major != MUSTER_ABI_MAJOR)
        return refuse(load,
                      "it was built for major version %u of the connector interface, which is too %s: this host "
                      "loads %u; %s",
                      c->abi_major, c->abi_major < MUSTER_ABI_MAJOR ? "old" : "new", MUSTER_ABI_MAJOR,
                      c->abi_major < MUSTER_ABI_MAJOR ? "rebuild the connector" : "install a newer muster");
    if (c->needs_minor > MUSTER_ABI_MINOR)
        return refuse(load,
                      "it needs version %u.%u of the connector interface and this host has %u.%u: install a newer "
                      "muster",
                      c->abi_major, c->needs_minor, MUSTER_ABI_MAJOR, MUSTER_ABI_MINOR);
    if (c->size < sizeof(*c))
        return refuse(load, "its description is too short: %u bytes of %zu", c->size, sizeof(*c));
    return 0;
}

static int strides_check(struct load *load, const muster_connector *c)
{
    const struct {
        const char *name;
        size_t has, wanted;
    } strides[] = {
        {"option_size", c->option_size, DESCRIBE_OPTION_LEAST}, {"field_size", c->field_size, sizeof(muster_field)},
        {"stream_size", c->stream_size, sizeof(muster_stream)}, {"verb_size", c->verb_size, sizeof(muster_verb)},
        {"route_size", c->route_size, sizeof(muster_route)},
    };
    for (size_t i = 0; i < sizeof(strides) / sizeof(strides[0]); i++)
        if (strides[i].has < strides[i].wanted || strides[i].has % _Alignof(muster_option) != 0)
            return refuse(load,
                          "%s in its description is %zu, and no entry of that table can be %s (%zu bytes are "
                          "known)",
                          strides[i].name, strides[i].has,
                          strides[i].has < strides[i].wanted ? "so short" : "of such a length", strides[i].wanted);
    return 0;
}

static bool plain_name(const char *name)
{
    return name && name[0] != '\0' && text_valid(name, strlen(name));
}

/* Names of a table are there and differ. */
static int options_check(struct load *load, const muster_option *table, uint16_t stride)
{
    for (size_t i = 0; table && DESCRIBE_NTH(table, stride, i)->name; i++) {
        const muster_option *option = DESCRIBE_NTH(table, stride, i);
        if (!plain_name(option->name))
            return refuse(load, "option %zu in its description has an empty name, or one that is no UTF-8", i + 1);
        if (option->type < MUSTER_TEXT || option->type > MUSTER_REF)
            return refuse(load, "its option '%s' has the type %d, which is none", option->name, option->type);
        if (option->members && option->type != MUSTER_LIST)
            return refuse(load, "its option '%s' has members and is no list", option->name);
        for (size_t k = 0; k < i; k++)
            if (strcmp(DESCRIBE_NTH(table, stride, k)->name, option->name) == 0)
                return refuse(load, "its description has two options named '%s'", option->name);
    }
    return 0;
}

static int streams_check(struct load *load, const muster_connector *c)
{
    for (size_t i = 0; c->streams && DESCRIBE_NTH(c->streams, c->stream_size, i)->name; i++) {
        const muster_stream *stream = DESCRIBE_NTH(c->streams, c->stream_size, i);
        if (!plain_name(stream->name))
            return refuse(load, "stream %zu in its description has an empty name, or one that is no UTF-8", i + 1);
        for (size_t k = 0; k < i; k++)
            if (strcmp(DESCRIBE_NTH(c->streams, c->stream_size, k)->name, stream->name) == 0)
                return refuse(load, "its description has two streams named '%s'", stream->name);
    }
    return 0;
}

static int members_check(struct load *load, const muster_connector *c)
{
    if (!c->name)
        return refuse(load, "its description has no name");
    if (strcmp(c->name, load->name) != 0)
        return refuse(load, "its description names it '%.100s', and its file '%s': they must be the same", c->name,
                      load->name);
    if (!plain_name(c->version) || !plain_name(c->summary))
        return refuse(load, "its description has no %s, or one that is no UTF-8",
                      plain_name(c->version) ? "summary" : "version");
    if (!c->pull && !c->apply && !c->receive && !c->lookup && !c->action)
        return refuse(load, "it offers nothing: no pull, apply, receive, lookup or action");
    int rc = options_check(load, c->options, c->option_size);
    return rc != 0 ? rc : streams_check(load, c);
}

int load_file(const char *path, const char *name, const muster_connector **ret_connector, char *ret_why, size_t room)
{
    struct load load = {path, name, ret_why, room};
    int rc = file_check(&load);
    if (rc != 0)
        return rc;
    if (lt_dlinit() != 0)
        return refuse(&load, "libltdl does not start: %s", lt_dlerror());
    lt_dlhandle handle = lt_dlopen(path); /* stays open until the process ends */
    if (!handle)
        return linker_says(&load, lt_dlerror());
    const muster_connector *(*entry)(void);
    void *symbol = lt_dlsym(handle, "muster_connector_entry");
    if (!symbol)
        return refuse(&load, "%s has no function muster_connector_entry: it is no connector", path);
    memcpy(&entry, &symbol, sizeof(entry)); /* ISO C has no cast from data to functions */
    const muster_connector *c = entry();
    if (!c)
        return refuse(&load, "its function muster_connector_entry gives no description");
    rc = versions_check(&load, c);
    if (rc == 0)
        rc = strides_check(&load, c);
    if (rc == 0)
        rc = members_check(&load, c);
    if (rc == 0)
        *ret_connector = c;
    return rc;
}
