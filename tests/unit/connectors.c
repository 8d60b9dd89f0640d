/* connectors - descriptions of connectors that exist only in these tests. */
#include "connectors.h"

#include <string.h>

static const muster_option sheet_options[] = {
    {.name = "location", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED | MUSTER_PLACE, .doc = "Where the files are."},
    {.name = "sheet", .type = MUSTER_TEXT},
    {.name = "header_row", .type = MUSTER_INTEGER, .initial = "1", .max = 1000},
    {.name = "after_read", .type = MUSTER_CHOICE, .choices = "keep|archive|delete", .initial = "keep"},
    {.name = "archive_to", .type = MUSTER_TEXT, .initial = "archive", .flags = MUSTER_PLACE},
    {.name = "files", .type = MUSTER_CHOICE, .choices = "newest|all|sequence", .initial = "newest"},
    {.name = "stable_for", .type = MUSTER_SECONDS, .initial = "0"},
    {.name = "ready_marker", .type = MUSTER_TEXT},
    {.name = "receipts", .type = MUSTER_TEXT},
    {.name = "on_missing", .type = MUSTER_CHOICE, .choices = "deactivate|ignore", .initial = "deactivate"},
    {0},
};
static const muster_option field_members[] = {
    {.name = "name", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED},
    {.name = "at", .type = MUSTER_TEXT},
    {.name = "type", .type = MUSTER_CHOICE, .choices = "text|date"},
    {0},
};
static const muster_option store_members[] = {
    {.name = "id", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED},
    {.name = "name", .type = MUSTER_TEXT},
    {.name = "url", .type = MUSTER_URL},
    {0},
};
static const muster_option pmt_options[] = {
    {.name = "root_url", .type = MUSTER_URL},
    {.name = "chain", .type = MUSTER_TEXT},
    {.name = "api_key", .type = MUSTER_TEXT, .flags = MUSTER_SECRET | MUSTER_REQUIRED, .doc = "The partner's key."},
    {.name = "dialect", .type = MUSTER_TEXT},
    {.name = "stores", .type = MUSTER_LIST, .members = store_members},
    {.name = "fields", .type = MUSTER_LIST, .members = field_members},
    {.name = "every", .type = MUSTER_SECONDS, .initial = "60", .max = 86400},
    {.name = "memory", .type = MUSTER_BYTES, .min = 1, .max = 1 << 30},
    {.name = "retries", .type = MUSTER_INTEGER, .min = 0, .max = 10},
    {.name = "share", .type = MUSTER_DECIMAL, .min = 0, .max = 2},
    {.name = "strict", .type = MUSTER_BOOL},
    {.name = "day", .type = MUSTER_DATE},
    {.name = "sources", .type = MUSTER_HOSTS},
    {.name = "tokens", .type = MUSTER_LIST, .flags = MUSTER_SECRET},
    {.name = "extra", .type = MUSTER_JSON},
    {0},
};
static const muster_option any_options[] = {
    {.name = "base_url", .type = MUSTER_URL},
    {.name = "token_url", .type = MUSTER_URL},
    {.name = "shared_key", .type = MUSTER_TEXT, .flags = MUSTER_SECRET},
    {.name = "token", .type = MUSTER_TEXT, .flags = MUSTER_SECRET},
    {.name = "secret", .type = MUSTER_TEXT, .flags = MUSTER_SECRET},
    {.name = "password", .type = MUSTER_TEXT, .flags = MUSTER_SECRET},
    {.name = "application_key", .type = MUSTER_TEXT, .flags = MUSTER_SECRET},
    {.name = "client_key", .type = MUSTER_TEXT, .flags = MUSTER_SECRET},
    {.name = "subscription_key", .type = MUSTER_TEXT, .flags = MUSTER_SECRET},
    {.name = "sub_lists", .type = MUSTER_LIST},
    {.name = "numeric", .type = MUSTER_LIST, .choices = "employeeId|status|onboardingDate", .initial = "status"},
    {.name = "read_only", .type = MUSTER_BOOL},
    {.name = "connection", .type = MUSTER_TEXT},
    {.name = "user", .type = MUSTER_TEXT},
    {.name = "statements", .type = MUSTER_JSON},
    {.name = "corp_id", .type = MUSTER_TEXT},
    {.name = "password_policy", .type = MUSTER_TEXT},
    {.name = "password_from", .type = MUSTER_TEXT},
    {.name = "modules", .type = MUSTER_JSON},
    {.name = "csv_encoding", .type = MUSTER_CHOICE, .choices = "utf-8|gb18030"},
    {.name = "encoding", .type = MUSTER_CHOICE, .choices = "hex|HEX|base64"},
    {.name = "tokens", .type = MUSTER_LIST, .flags = MUSTER_SECRET},
    {.name = "time_zones", .type = MUSTER_JSON},
    {.name = "aliases", .type = MUSTER_JSON},
    {.name = "sources", .type = MUSTER_HOSTS},
    {0},
};
static const muster_stream file_streams[] = {
    {.name = "rows", .flags = MUSTER_READ_FULL | MUSTER_WRITE | MUSTER_SNAPSHOT | MUSTER_DYNAMIC},
    {0},
};
static const muster_stream sheet_streams[] = {
    {.name = "rows", .flags = MUSTER_READ_FULL | MUSTER_DYNAMIC},
    {0},
};
static const muster_stream poweroffice_streams[] = {
    {.name = "employees", .flags = MUSTER_WRITE, .mapping_out = "of: person\nmap: { EmailAddress: work_email }\n"},
    {.name = "rows", .flags = MUSTER_READ_FULL | MUSTER_WRITE | MUSTER_DYNAMIC},
    {0},
};
static const muster_stream pmt_streams[] = {
    {.name = "users",
     .mapping_in = "key: userid\n"
                   "person: { given_name: first_name, family_name: last_name, mobile_phone: cell_phone_number }\n"
                   "membership: { role: rolename }\n"},
    {.name = "groups", .mapping_in = "org_unit: { code: id, name: name, type: { const: function } }\n"},
    {0},
};
static const muster_stream desk_streams[] = {
    {.name = "employees",
     .flags = MUSTER_WRITE,
     .mapping_out = "of: person\nmap: { EmployeeNumber: employee_number, Title: employment.title }\n"},
    {.name = "desks", .flags = MUSTER_READ_FULL, .mapping_in = "person: { workstation_number: desk }\n"},
    {0},
};
static const muster_stream way_streams[] = {
    {.name = "each",
     .flags = MUSTER_WRITE,
     .mapping_out = "needs: { user: [one, each] }\nof: person\nmap: { Number: employee_number, Desk: { needs: { "
                    "read_only: true }, from: workstation_number } }\n"},
    {.name = "all",
     .flags = MUSTER_WRITE,
     .mapping_out =
         "needs: { user: all, base_url: \"https://a.example\" }\nof: person\nmap: { Number: employee_number }\n"},
    {.name = "desks", .mapping_in = "needs: base_url\nkey: id\nperson: { workstation_number: desk }\n"},
    {0},
};
static const muster_field ciq_fields[] = {
    {.name = "employeeId", .type = MUSTER_TEXT, .flags = MUSTER_MUST},
    {.name = "name", .type = MUSTER_TEXT},
    {.name = "password", .type = MUSTER_TEXT, .flags = MUSTER_MUST | MUSTER_WRITE_ONLY | MUSTER_GENERATED},
    {.name = "onboardingDate", .type = MUSTER_DATE},
    {.name = "laborType", .type = MUSTER_TEXT},
    {0},
};
static const muster_stream ciq_streams[] = {
    {.name = "users",
     .flags = MUSTER_WRITE,
     .fields = ciq_fields,
     .mapping_out = "of: person\nmap: { employeeId: employee_number }\n"},
    {.name = "lookups",
     .flags = MUSTER_WRITE,
     .set = "module period",
     .mapping_out = "of: lookup_row\nmap: { employeeId: person.employee_number, module: module, period: period, "
                    "values: values }\n"},
    {0},
};
static const muster_route routes[] = {{.method = "POST", .path = "/punches"}, {0}};

/* They are only described. */
static muster_rc apply_nothing(muster_run *run, void *self, const muster_push *push)
{
    (void)run;
    (void)self;
    (void)push;
    return MUSTER_FAIL;
}

#define SIZES                                                                                                          \
    .magic = MUSTER_MAGIC, .size = sizeof(muster_connector), .option_size = sizeof(muster_option),                     \
    .stream_size = sizeof(muster_stream)

static const muster_connector connectors[] = {
    {SIZES, .name = "sheet", .options = sheet_options, .streams = file_streams, .apply = apply_nothing},
    {SIZES, .name = "pmt", .options = pmt_options, .streams = pmt_streams},
    {SIZES, .name = "poc", .options = any_options, .streams = desk_streams, .apply = apply_nothing},
    {SIZES, .name = "poweroffice", .options = any_options, .streams = poweroffice_streams, .apply = apply_nothing},
    {SIZES, .name = "companyiq", .options = any_options, .streams = ciq_streams, .apply = apply_nothing},
    {SIZES, .name = "usersync", .options = any_options, .streams = sheet_streams, .apply = apply_nothing},
    {SIZES, .name = "ways", .options = any_options, .streams = way_streams, .apply = apply_nothing},
    {SIZES, .name = "odbc", .options = any_options, .streams = sheet_streams, .apply = apply_nothing,
     .needs = MUSTER_NEEDS_NETWORK | MUSTER_NEEDS_SECRETS},
    {SIZES, .name = "wfx", .options = any_options, .streams = pmt_streams, .routes = routes},
    {SIZES, .name = "needy", .streams = pmt_streams, .apply = apply_nothing,
     .needs = MUSTER_NEEDS_FILES | MUSTER_NEEDS_EXEC},
};

const char *const test_all_connectors[] = {"sheet", "pmt", "poc",   "poweroffice", "companyiq", "usersync",
                                           "odbc",  "wfx", "needy", "broken",      "ways",      NULL};

const struct muster_connector *test_describe(void *context, const char *connector, struct err *err)
{
    (void)context;
    for (size_t i = 0; i < sizeof(connectors) / sizeof(connectors[0]); i++)
        if (strcmp(connectors[i].name, connector) == 0)
            return &connectors[i];
    err_set(err, ERR_CONNECTOR, "its host process died by signal 11");
    return NULL;
}

const char *const *test_installed(void *context)
{
    return context;
}
