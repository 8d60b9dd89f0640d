/* new_organization - a file to begin an organization with: small, whole and explained. */
#include "cli/new_organization.h"

#include "config/reading.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* @NAME@ is the organization's. */
static const char template[] =
    "# What muster fetches for @NAME@, and which column is what. muster.yaml(5) explains every word.\n"
    "organization: @NAME@\n"
    "name: @NAME@                      # as people call it\n"
    "time_zone: Europe/Amsterdam       # by which days begin and schedules go\n"
    "\n"
    "connections:\n"
    "  hr:                             # a name of your own\n"
    "    connector: sheet              # Excel, CSV, JSON and XML; `muster connectors` lists what else is installed\n"
    "    options:                      # `muster connectors sheet` explains them\n"
    "      # Absolute; * stands for what differs from file to file. On a server: "
    "sftp://USER@HOST/FOLDER/employees*.xlsx\n"
    "      # with host_key: SHA256:… and password: !secret file:NAME (then `muster secret @NAME@ hr.password`).\n"
    "      location: /srv/@NAME@/employees*.xlsx\n"
    "    streams:\n"
    "      employees:                  # a name of your own\n"
    "        key: Employee Number      # the column that is never the same in two rows, and never changes\n"
    "        person:                   # FIELD: COLUMN; `muster fields person` lists the fields\n"
    "          employee_number: Employee Number\n"
    "          given_name: First name\n"
    "          family_name: Surname\n"
    "          work_email: { from: E-mail, lower: true }\n"
    "          # status: { from: Status, table: { Active: active, Left: terminated }, otherwise: reject }\n"
    "          # hired_on: { from: Start date, date: DD-MM-YYYY }\n"
    "        # employment:             # what somebody does there; `muster fields employment`\n"
    "        #   title: Job title\n"
    "        #   department: { unit: department, code: Dept no, name: Department }\n"
    "    # triggers: [ { schedule: \"30 6 * * Mon-Fri\" } ]    # by musterd; without it `muster sync @NAME@`\n"
    "\n"
    "  # Somebody else who is to be told: a connection with `target:`.\n"
    "  # phones:\n"
    "  #   connector: sheet\n"
    "  #   options: { location: /srv/@NAME@/phones.xlsx }\n"
    "  #   target:\n"
    "  #     scope: { status: [active] }\n"
    "  #     streams: { people: { of: person, columns: [ { Number: employee_number }, { Name: family_name } ] } }\n"
    "\n"
    "# Who is the same person in two systems: the first of these that fits. Without it: [ [employee_number] ]\n"
    "# match: { person: [ [employee_number], [work_email, family_name] ] }\n";

static int template_write(FILE *file, const char *name)
{
    const char *at = template;
    for (const char *next; (next = strstr(at, "@NAME@")); at = next + strlen("@NAME@"))
        fprintf(file, "%.*s%s", (int)(next - at), at, name);
    fputs(at, file);
    return fflush(file) != 0 || fsync(fileno(file)) != 0 ? -errno : 0;
}

int new_organization(struct context *context, const char *name)
{
    context->is_roots = true;
    int status = context_settings(context);
    if (status != STATUS_DONE)
        return status;
    if (!name_valid(name))
        return complain_words("an organization is called with a-z, 0-9, '-' and '_', a letter or digit first, as in "
                              "acme or acme-retail");
    const char *folder = arena_format(context->arena, "%s/organizations", context->settings->config_dir);
    const char *path = folder ? arena_format(context->arena, "%s/%s.yaml", folder, name) : NULL;
    struct err err = {0};
    if (!path)
        return complain_rc(-ENOMEM, NULL);
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return complain_rc(err_set(&err, -errno, "%s cannot be made: %s", folder, err_text(-errno)), &err);
    TIDY(fclose) FILE *file = fopen(path, "wxe");
    if (!file && errno == EEXIST)
        return complain_words("there is %s already: it is left as it is", path);
    int rc = file ? template_write(file, name) : -errno;
    if (rc != 0) {
        if (file)
            unlink(path); /* half of it would be in the way of the next try */
        return complain_rc(err_set(&err, rc, "%s cannot be written: %s", path, err_text(rc)), &err);
    }
    if (!context->quiet)
        screen_print(&context->screen,
                     "%s reads a workbook. Write into it where yours lies and what its columns are called, then:\n\n"
                     "  muster check %s\n  muster discover %s hr\n",
                     path, name, name);
    return STATUS_DONE;
}
