/* poc - the connector for P.O.C (poc-system.com), which plans who sits where.
 *
 * A target for people: every change at once, in batches, or everybody as one
 * document. A source of workstation numbers. What of the wire format is known
 * and what is assumed stands in muster-poc(7); what is assumed is an option. */
#include "poc.h"

#include <string.h>

#define MAP_OUT                                                                                                        \
    "of: person\n"                                                                                                     \
    "map:\n"                                                                                                           \
    "  SiteNumber: site_number\n"                                                                                      \
    "  EmployeeNumber: employee_number\n"                                                                              \
    "  FirstName: { first_of: [given_name, preferred_name] }\n"                                                        \
    "  Surname: family_name\n"                                                                                         \
    "  Department: employment.department.name\n"                                                                       \
    "  Team: employment.team.name\n"                                                                                   \
    "  Hierarchies: { each: hierarchy, map: { Name: name } }\n"                                                        \
    "  EmployeeType:\n"                                                                                                \
    "    from: worker_type\n"                                                                                          \
    "    table: { employee: Employee, contractor: External employee, temporary: Temp employee, intern: Intern,\n"      \
    "             outsourced: Outsource, other: Other }\n"                                                             \
    "  JobConfiguration:\n"                                                                                            \
    "    from: work_mode\n"                                                                                            \
    "    table: { office: Full-time office job, remote: Remote worker, hot_desk: Hot desk worker, hybrid: Hybrid }\n"  \
    "  JobTitle: employment.title\n"                                                                                   \
    "  EmployeeStatus:\n"                                                                                              \
    "    first_of: [absence.type, status]\n"                                                                           \
    "    table: { active: Active, pending: Inactive, on_leave: Vacation, relocation: Relocation, inactive: "           \
    "Inactive,\n"                                                                                                      \
    "             terminated: Inactive, vacation: Vacation, maternity: Maternity leave, sick: Sick leave,\n"           \
    "             education: Education leave, military: Military leave, layoff: Lay-off, other: On leave }\n"          \
    "  MobileNumber: mobile_phone\n"                                                                                   \
    "  Extension: phone_extension\n"                                                                                   \
    "  Email: work_email\n"                                                                                            \
    "  WorkstationNumber: { needs: { send_workstation: true }, from: workstation_number }\n"                           \
    "  TerminationDate: terminated_on\n"

#define MAP_IN                                                                                                         \
    "key: [SiteNumber, EmployeeNumber]\n"                                                                              \
    "person:\n"                                                                                                        \
    "  employee_number: EmployeeNumber\n"                                                                              \
    "  workstation_number: { from: WorkstationNumber, on_null: clear, on_empty: clear }\n"                             \
    "require: [employee_number]\n"                                                                                     \
    "lookup: workstation\n"                                                                                            \
    "keep: all\n"

static const muster_option options[] = {
    {.name = "base_url",
     .needed = "@employees|employees_full|workstations",
     .type = MUSTER_URL,
     .doc = "Where the web service of P.O.C is, without a path of its methods."},
    {.name = "shared_key",
     .serves = "base_url",
     .needed = "@employees|employees_full|workstations",
     .type = MUSTER_TEXT,
     .flags = MUSTER_SECRET,
     .doc = "The key that both systems share."},
    {.name = "auth",
     .serves = "base_url",
     .type = MUSTER_CHOICE,
     .initial = "key",
     .choices = "key|hmac",
     .doc = "How the key is used: sent in a header, or to sign each call with its time."},
    {.name = "send",
     .serves = "@employees|employees_full|employees_file",
     .type = MUSTER_CHOICE,
     .initial = "each",
     .choices = "each|batch|full|file",
     .doc = "How people are told: each change by itself, at once; changes together; everybody as one document; or "
            "everybody as a file."},
    {.name = "format",
     .serves = "!send=each",
     .type = MUSTER_CHOICE,
     .initial = "",
     .choices = "json|xml|xlsx|csv",
     .doc = "How changes that go together, or everybody, are written: json where nothing is said; a file as the end of "
            "its name says."},
    {.name = "file_out",
     .serves = "@employees_file",
     .needed = "@employees_file",
     .type = MUSTER_TEXT,
     .flags = MUSTER_PLACE,
     .doc = "Where a file of everybody goes: sftp://user@host/in/employees_*.xlsx or an absolute local path; the * "
            "becomes its time in UTC, as in 20260302_063000."},
    {.name = "file_in",
     .serves = "@workstations_file",
     .needed = "@workstations_file",
     .type = MUSTER_TEXT,
     .flags = MUSTER_PLACE,
     .doc = "Where files with workstation numbers come back: sftp://user@host/out/workstations_*.xlsx or an absolute "
            "local path; the newest is read."},
    {.name = "sheet",
     .serves = "@employees_file !format=json|xml|csv !file_out=*.json|*.xml|*.csv; @employees_file format=xlsx",
     .type = MUSTER_TEXT,
     .initial = "Employees",
     .doc = "The name of the worksheet that is written."},
    {.name = "after_read",
     .serves = "@workstations_file",
     .type = MUSTER_CHOICE,
     .initial = "keep",
     .choices = "keep|archive|delete",
     .doc = "What becomes of a file with workstation numbers once everything read from it is stored."},
    {.name = "archive_to",
     .serves = "after_read=archive",
     .type = MUSTER_TEXT,
     .initial = "archive",
     .flags = MUSTER_PLACE,
     .doc = "The folder that after_read: archive moves files to; a relative one is beside the file."},
    {.name = "sites",
     .serves = "@workstations",
     .type = MUSTER_LIST,
     .doc = "The numbers of the sites whose workstations are read, as in [\"1\", \"2\"]."},
    {.name = "send_workstation",
     .type = MUSTER_BOOL,
     .initial = "false",
     .doc = "Also tell P.O.C where people sit; without it that is P.O.C's own to say."},
    {.name = "none_marker",
     .type = MUSTER_TEXT,
     .initial = "-",
     .doc = "What stands for no workstation: with send_workstation it frees a seat."},
    {.name = "leaver_status",
     .type = MUSTER_TEXT,
     .initial = "Inactive",
     .doc = "EmployeeStatus of who leaves; \"\": as mapped."},
    {.name = "moved",
     .type = MUSTER_CHOICE,
     .initial = "end",
     .choices = "end|keep",
     .doc = "What becomes of the entry at the old site of who moves to another one: its employment ends, or it stays."},
    {.name = "levels_from",
     .type = MUSTER_CHOICE,
     .initial = "top",
     .choices = "top|team",
     .doc = "Which of the units above the team is level 1 of Hierarchies: the topmost, or the nearest."},
    {.name = "date_format",
     .type = MUSTER_TEXT,
     .initial = "YYYY-MM-DD",
     .doc = "How days are written, with YYYY, MM and DD."},
    {.name = "batch_size",
     .serves = "send=batch|full",
     .type = MUSTER_INTEGER,
     .initial = "500",
     .max = 100000,
     .doc = "How many people go together in one document; 0: all."},
    {.name = "mode",
     .serves = "!send=each",
     .type = MUSTER_CHOICE,
     .initial = "",
     .choices = "delta|full",
     .doc = "Mode of a document; without it delta for changes, full for everybody."},
    {.name = "names",
     .type = MUSTER_JSON,
     .flags = MUSTER_ADVANCED,
     .doc = "What fields are called on the wire where it is something else, as in { EmployeeNumber: EmpNo }."},
    {.name = "employee_path",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .initial = "/api/v1/employees",
     .doc = "The path that takes one employee."},
    {.name = "batch_path",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .initial = "/api/v1/employees/batch",
     .doc = "The path that takes many."},
    {.name = "workstation_path",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .initial = "/api/v1/employees/{EmployeeNumber}/workstation",
     .doc = "The path that gives one employee's workstation; the site is a parameter."},
    {.name = "workstations_path",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .initial = "/api/v1/workstations",
     .doc = "The path that gives a site's workstations; the site is a parameter."},
    {.name = "key_header",
     .serves = "auth=key",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .initial = "X-POC-Key",
     .doc = "The header of auth: key."},
    {.name = "timestamp_header",
     .serves = "auth=hmac",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .initial = "X-POC-Timestamp",
     .doc = "The header with the time, of auth: hmac."},
    {.name = "signature_header",
     .serves = "auth=hmac",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .initial = "X-POC-Signature",
     .doc = "The header with the signature, of auth: hmac."},
    {0}};

static const muster_field seat_fields[] = {
    {.name = "SiteNumber", .type = MUSTER_TEXT, .flags = MUSTER_ID, .doc = "The building."},
    {.name = "EmployeeNumber", .type = MUSTER_TEXT, .flags = MUSTER_ID, .doc = "Who it is, within the site."},
    {.name = "EmployeeName", .type = MUSTER_TEXT, .doc = "The whole name."},
    {.name = "WorkstationNumber", .type = MUSTER_TEXT, .doc = "The seat; empty: none."},
    {0}};

static const muster_stream streams[] = {{.name = "employees",
                                         .doc = "Who changed, one by one or together.",
                                         .fields = poc_fields,
                                         .mapping_out = "needs: { send: [each, batch] }\n" MAP_OUT,
                                         .kinds = "person",
                                         .flags = MUSTER_WRITE | MUSTER_REPEAT_SAFE,
                                         .batch = 100},
                                        {.name = "employees_full",
                                         .doc = "Everybody, through the web service.",
                                         .fields = poc_fields,
                                         .mapping_out = "needs: { send: full }\n" MAP_OUT,
                                         .kinds = "person",
                                         .flags = MUSTER_WRITE | MUSTER_SNAPSHOT | MUSTER_REPEAT_SAFE,
                                         .batch = 500},
                                        {.name = "employees_file",
                                         .doc = "Everybody, as a file.",
                                         .fields = poc_fields,
                                         .mapping_out = "needs: { send: file }\n" MAP_OUT,
                                         .kinds = "person",
                                         .flags = MUSTER_WRITE | MUSTER_SNAPSHOT | MUSTER_REPEAT_SAFE,
                                         .batch = 500},
                                        {.name = SEATS,
                                         .doc = "Who sits where, through the web service.",
                                         .fields = seat_fields,
                                         .mapping_in = "needs: base_url\n" MAP_IN,
                                         .kinds = "person",
                                         .flags = MUSTER_READ_FULL | MUSTER_KEYLESS | MUSTER_CLOSED,
                                         .gone = MUSTER_BY_ABSENCE},
                                        {.name = SEATS_FILE,
                                         .doc = "Who sits where, from a file.",
                                         .fields = seat_fields,
                                         .mapping_in = "needs: file_in\n" MAP_IN,
                                         .kinds = "person",
                                         .flags = MUSTER_READ_FULL | MUSTER_KEYLESS | MUSTER_CLOSED,
                                         .gone = MUSTER_BY_ABSENCE},
                                        {0}};

static const muster_option workstation_arguments[] = {
    {.name = "site", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "The number of the site."},
    {.name = "employee", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "The employee number."},
    {0}};
static const muster_verb lookups[] = {
    {.name = "workstation", .doc = "Where somebody sits.", .arguments = workstation_arguments, .answer = seat_fields},
    {0}};

/* The place of one employee in a path, or none. */
static muster_rc paths_check(const struct settings *settings)
{
    static const char *const paths[] = {"employee_path", "batch_path", "workstations_path", "workstation_path"};
    enum { PLAIN = 3 }; /* the others name somebody */
    for (size_t n = 0; n < sizeof(paths) / sizeof(*paths); n++) {
        const char *path = settings->host->text(settings->run, paths[n]);
        bool somebody = strstr(path, "{EmployeeNumber}") != NULL;
        if (*path != '/' || somebody != (n >= PLAIN))
            return settings->host->fail(settings->run, MUSTER_CONFIG,
                                        "option '%s' must be a path that begins with '/'%s", paths[n],
                                        n >= PLAIN ? " and has {EmployeeNumber} in it" : " and names no employee");
    }
    return MUSTER_OK;
}

static muster_rc open_it(muster_run *run, void **self)
{
    struct settings settings;
    *self = NULL;
    muster_rc rc = settings_read(run, &settings);
    rc = rc == MUSTER_OK ? paths_check(&settings) : rc;
    rc = rc == MUSTER_OK ? file_check(&settings) : rc;
    settings_done(&settings);
    return rc;
}

static muster_rc check(muster_run *run, void *self)
{
    struct settings settings;
    (void)self;
    muster_rc rc = settings_read(run, &settings);
    rc = rc == MUSTER_OK ? seats_check(&settings) : rc;
    settings_done(&settings);
    return rc;
}

static muster_rc pull(muster_run *run, void *self, const muster_pull *what)
{
    struct settings settings;
    bool file = strcmp(what->stream, SEATS_FILE) == 0;
    (void)self;
    if (!file && strcmp(what->stream, SEATS) != 0)
        return run->host->fail(run, MUSTER_UNSUPPORTED, "P.O.C has no stream '%s' to read", what->stream);
    muster_rc rc = settings_read(run, &settings);
    if (rc == MUSTER_OK)
        rc = (file ? seats_pull_file : seats_pull)(&settings, what);
    settings_done(&settings);
    return rc;
}

static muster_rc apply(muster_run *run, void *self, const muster_push *push)
{
    struct settings settings;
    const char *send = run->host->text(run, "send");
    bool full = strcmp(push->stream, "employees_full") == 0;
    (void)self;
    muster_rc rc = settings_read(run, &settings);
    if (rc == MUSTER_OK)
        rc = strcmp(push->stream, "employees_file") == 0 ? file_apply(&settings, push)
             : full || strcmp(send, "batch") == 0        ? batch_apply(&settings, push, full)
                                                         : each_apply(&settings, push);
    settings_done(&settings);
    return rc;
}

static muster_rc lookup(muster_run *run, void *self, const char *name, const muster_record *arguments)
{
    struct settings settings;
    (void)self;
    (void)name; /* there is one */
    muster_rc rc = settings_read(run, &settings);
    rc = rc == MUSTER_OK ? seats_lookup(&settings, arguments) : rc;
    settings_done(&settings);
    return rc;
}

MUSTER_CONNECTOR(poc, .version = "1.0", .summary = "P.O.C: people to their seats, and the seats' numbers back.",
                 .open = open_it, .account = "base_url", .options = options, .streams = streams, .lookups = lookups,
                 .check = check, .pull = pull, .apply = apply, .lookup = lookup)
