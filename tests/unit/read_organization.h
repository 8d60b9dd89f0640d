/* read_organization - reads an organization's file in a test, from a folder or from a text. */
#ifndef TESTS_READ_ORGANIZATION_H
#define TESTS_READ_ORGANIZATION_H

#include "unit.h"

#include "base/buffer.h"
#include "config/organization.h"
#include "connectors.h"

struct reading {
    struct arena *arena;
    struct complaints complaints;
    struct buffer said;
    struct organization *organization;
    int rc;
};

extern char dir[]; /* CONFIG_DIR of what read_text() reads */

int make_dir(void **state); /* group set-up and tear-down */
int remove_dir(void **state);
struct reading *read_from(const char *folder, const char *id, const char *const *installed);
struct reading *read_text(const char *text); /* as a.yaml, with all connectors */
void done(struct reading *reading);
/* The complaints to the letter; "": there is none. */
void expect_said(const char *text, const char *said);
struct reading *good(const char *text); /* nothing to complain about */

/* The shortest good beginning. */
#define HR "organization: a\nconnections:\n  hr:\n    connector: sheet\n    options: { location: /in/x.xlsx }\n"
#define STREAM "    streams: { e: { key: N, person: { employee_number: N } } }\n"

#endif
