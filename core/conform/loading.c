/* loading - rules about the file, and about what it says of itself as a whole. */
#include "conform/judge.h"

#include "config/given.h"
#include "conform/elf.h"
#include "lane/lane.h"

#include <stdio.h>
#include <string.h>

#define ENTRY "muster_connector_entry"

static void file_judge(struct trial *trial, const struct subject *subject)
{
    struct elf elf;
    struct err err = {0};
    trial_looked(trial, RULE_C2);
    trial_looked(trial, RULE_C16);
    int rc = elf_read(subject->path, trial->arena, &elf, &err);
    if (rc != 0) {
        trial_fault(trial, RULE_C2, "", "%s", err.rc ? err.text : err_text(rc));
        return;
    }
    for (size_t i = 0; i < elf.export_count; i++)
        if (strcmp(elf.exports[i], ENTRY) != 0)
            trial_fault(trial, RULE_C2, elf.exports[i], "others can see this symbol");
    if (elf.export_count == 0)
        trial_fault(trial, RULE_C2, "", "it exports nothing at all");
    if (elf.stack_executable)
        trial_fault(trial, RULE_C16, "", "its stack is executable");
    if (elf.text_relocations)
        trial_fault(trial, RULE_C16, "", "it has text relocations");
    if (elf.search)
        trial_fault(trial, RULE_C16, "", "it looks for libraries in %s", elf.search);
}

/* A second process, which knows nothing of the first. */
static void repeat_judge(struct trial *trial, struct subject *subject)
{
    struct lane_start start = {.connector = subject->path, .scratch_dir = subject->dir, .settings = subject->settings};
    struct err err = {0};
    size_t len[2] = {0, 0};
    struct lane *lanes[2] = {NULL, NULL};
    const void *bytes[2] = {NULL, NULL};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < 2; i++) {
        rc = lane_begin(&start, &lanes[i], &err);
        bytes[i] = rc == 0 ? lane_description_bytes(lanes[i], &len[i]) : NULL;
    }
    const char *path = "", *tried = lanes[0] ? lane_tried(lanes[0], &path) : "";
    if (*tried)
        trial_fault(trial, RULE_C13, tried, "it tried this while it was loaded, and the fence refused it%s%s",
                    *path ? ": " : "", path);
    trial_looked(trial, RULE_C3);
    if (rc != 0)
        trial_fault(trial, RULE_C3, "", "it loads once, and then not again: %s", err.text);
    else if (len[0] != len[1] || memcmp(bytes[0], bytes[1], len[0]) != 0)
        trial_fault(trial, RULE_C3, "", "a second host was told something else");
    lane_stop(lanes[0]);
    lane_stop(lanes[1]);
}

static void needs_judge(struct trial *trial, const muster_connector *connector)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } needs[] = {{MUSTER_NEEDS_NETWORK, "network"},
                 {MUSTER_NEEDS_FILES, "files"},
                 {MUSTER_NEEDS_EXEC, "exec"},
                 {MUSTER_NEEDS_SECRETS, "secrets"}};
    uint32_t known = 0;
    trial_looked(trial, RULE_C13);
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        known |= needs[i].bit;
        if (connector->needs & needs[i].bit)
            trial_fault(trial, RULE_C13, needs[i].name, "it wants %s of its own", needs[i].name);
    }
    if (connector->needs & ~known)
        trial_fault(trial, RULE_C13, "", "its .needs has bits that mean nothing: 0x%x", connector->needs & ~known);
}

/* "*.example.com b.example" */
static void hosts_judge(struct trial *trial, const muster_connector *connector)
{
    if (!connector->hosts || !*connector->hosts)
        return;
    trial_looked(trial, RULE_C14);
    for (const char *at = connector->hosts + strspn(connector->hosts, " ,"); *at;) {
        char host[256];
        size_t len = strcspn(at, " ,");
        snprintf(host, sizeof(host), "%.*s", (int)len, at);
        at += len;
        at += strspn(at, " ,");
        const char *star = strchr(host, '*'), *dot = star ? strchr(star, '.') : NULL;
        if (strpbrk(host, "/:"))
            trial_fault(trial, RULE_C14, host, "is more than the name of a host");
        else if (star && (star != host || !dot || dot != star + 1 || !strchr(dot + 1, '.')))
            trial_fault(trial, RULE_C14, host, "is wider than one provider: write it as in *.example.com");
    }
}

/* "1.4.2", "2.0.0-beta.1" */
static bool version_plain(const char *version)
{
    const char *at = version;
    for (;; at++) {
        size_t digits = strspn(at, "0123456789");
        if (digits == 0)
            return false;
        at += digits;
        if (*at != '.')
            break;
    }
    if (*at == '\0')
        return true;
    static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-";
    return (*at == '-' || *at == '+') && at[1] != '\0' && at[strspn(at, more)] == '\0';
}

void loading_judge(struct trial *trial, struct subject *subject)
{
    struct err err = {0};
    trial_looked(trial, RULE_C1);
    file_judge(trial, subject);
    if (subject_describe(subject, &err) != 0) {
        trial_fault(trial, RULE_C1, "", "%s", err.text);
        return;
    }
    const muster_connector *connector = subject->description;
    if (trial_wants(trial, RULE_C3) || trial_wants(trial, RULE_C13))
        repeat_judge(trial, subject);
    trial_looked(trial, RULE_C27);
    if (!version_plain(connector->version))
        trial_fault(trial, RULE_C27, "", "its version is '%.100s'", connector->version);
    needs_judge(trial, connector);
    hosts_judge(trial, connector);
    if (given_has(connector, GIVEN_http) && (connector->pull || connector->apply)) {
        trial_looked(trial, RULE_C15);
        if (!connector->check)
            trial_fault(trial, RULE_C15, "", "it has no check()");
    }
}
