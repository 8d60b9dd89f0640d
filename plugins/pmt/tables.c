/* tables - the streams of PMT, and how they become our model unless an organization says otherwise. */
#include "pmt.h"

static const char stores_in[] = "org_unit:\n"
                                "  type: { const: store }\n"
                                "  code: store.id\n"
                                "  name: store.name\n";

static const char departments_in[] = "org_unit:\n"
                                     "  type: { const: \"{option:departments}\" }\n"
                                     "  code: code\n"
                                     "  name: department_name\n";

/* Of digits alone: a Dutch number, with or without its 0; behind 00, or as long as no Dutch one is, that of another
 * country. */
#define PHONE                                                                                                          \
    "digits: true, match: "                                                                                            \
    "\"^(?:(?:00)?31)?0?([1-9]\\\\d{8})$|^(?:00(?!31)([1-9]\\\\d{7,14})|(?!31)([1-9]\\\\d{10,14}))$\", "               \
    "replace: \"+${1:+31$1:$2$3}\", on_null: clear, on_empty: clear"

static const char users_in[] =
    "person:\n"
    "  given_name: first_name\n"
    "  family_name: last_name\n"
    "  work_email: { from: email, lower: true, on_null: clear, on_empty: clear }\n"
    "  username: username\n"
    "  mobile_phone: { from: cell_phone_number, " PHONE " }\n"
    "  phone: { from: home_phone_number, " PHONE " }\n"
    "  date_of_birth: date_of_birth\n"
    "  status: { from: active, table: { \"true\": active, \"1\": active, \"false\": inactive, \"0\": inactive }, "
    "otherwise: reject }\n"
    "membership:\n"
    "  key: scope.key\n"
    "  when: { from: scope.key, present: true }\n"
    "  unit: { unit: store, code: store.id, name: store.name }\n"
    "  function: { unit: \"{option:departments}\", code: scope.department, name: scope.name, on_null: clear }\n"
    "  role: { from: rolename, lower: true, on_null: clear, on_empty: clear }\n"
    "shift:\n"
    "  key: shift.id\n"
    "  when: { from: shift.id, present: true }\n"
    "  unit: { unit: store, code: store.id, name: store.name }\n"
    "  function: { unit: \"{option:departments}\", code: shift.department, name: shift.name, on_null: clear }\n"
    "  starts_at: shift.starts_at\n"
    "  ends_at: shift.ends_at\n"
    "  break_minutes: shift.break_minutes\n"
    "  status: { from: shift.status, on_null: clear }\n"
    "exchange:\n"
    "  key: [shift.id, exchange.id]\n"
    "  when: { from: exchange.id, present: true }\n"
    "  substitute: { person: work_email, from: exchange.substitute_email, on_null: clear }\n"
    "  eligible: exchange.eligible\n"
    "  status: exchange.status\n";

static const muster_field stores_fields[] = {
    {.name = "store.id", .type = MUSTER_TEXT, .flags = MUSTER_ID, .doc = "The store's number."},
    {.name = "store.name", .type = MUSTER_TEXT, .doc = "What people call it."},
    {0},
};

static const muster_field departments_fields[] = {
    {.name = "department_id", .type = MUSTER_TEXT, .flags = MUSTER_ID, .doc = "Its number on this store's server."},
    {.name = "department_name", .type = MUSTER_TEXT, .doc = "What people call it."},
    {.name = "department_shortcode", .type = MUSTER_TEXT, .doc = "A few letters for it."},
    {.name = "code", .type = MUSTER_TEXT, .doc = "What tells it from others of the organization: department_codes."},
    {.name = "store.id", .type = MUSTER_TEXT, .doc = "The store's number."},
    {.name = "store.name", .type = MUSTER_TEXT, .doc = "What people call the store."},
    {0},
};

static const muster_field users_fields[] = {
    {.name = "id", .type = MUSTER_TEXT, .flags = MUSTER_ID, .doc = "The user's number on this store's server."},
    {.name = "username", .type = MUSTER_TEXT, .doc = "By which they log in there."},
    {.name = "email", .type = MUSTER_TEXT, .doc = "The e-mail address; two users may have the same one."},
    {.name = "first_name", .type = MUSTER_TEXT, .doc = "The first name, which may be empty."},
    {.name = "last_name", .type = MUSTER_TEXT, .doc = "The surname."},
    {.name = "department", .type = MUSTER_TEXT, .doc = "The department that counts where scope says nothing."},
    {.name = "cell_phone_number", .type = MUSTER_TEXT, .doc = "Digits; the Dutch 0 may be missing."},
    {.name = "home_phone_number", .type = MUSTER_TEXT, .doc = "The same of the telephone at home."},
    {.name = "date_of_birth", .type = MUSTER_DATE, .doc = "Null where the server gives a day that does not exist."},
    {.name = "rolename", .type = MUSTER_TEXT, .doc = "Medewerker, admin and others."},
    {.name = "active", .type = MUSTER_BOOL, .doc = "False: out of service; the user stays in the list."},
    {.name = "scope.key",
     .type = MUSTER_TEXT,
     .doc = "Tells the user's memberships apart; none of who is out of service."},
    {.name = "scope.department",
     .type = MUSTER_TEXT,
     .doc = "A department that the user works in, by what departments are known (department_codes)."},
    {.name = "scope.name", .type = MUSTER_TEXT, .doc = "Its name, as the store's departments have it."},
    {.name = "personnel_number", .type = MUSTER_TEXT, .doc = "With dialect v2: the number in the payroll."},
    {.name = "store.id", .type = MUSTER_TEXT, .doc = "The store's number."},
    {.name = "store.name", .type = MUSTER_TEXT, .doc = "What people call the store."},
    {.name = "shift.id", .type = MUSTER_TEXT, .doc = "With shift_mode store: one of the user's shifts."},
    {.name = "shift.starts_at", .type = MUSTER_DATETIME, .doc = "When it begins, with the offset of Amsterdam."},
    {.name = "shift.ends_at", .type = MUSTER_DATETIME, .doc = "When the shift ends there."},
    {.name = "shift.break_minutes", .type = MUSTER_INTEGER, .doc = "How long the break is."},
    {.name = "shift.department", .type = MUSTER_TEXT, .doc = "The department that it is in, known in the same way."},
    {.name = "shift.name", .type = MUSTER_TEXT, .doc = "Its name, as the store's departments have it."},
    {.name = "shift.status",
     .type = MUSTER_TEXT,
     .doc = "PMT's word; handed_over: an exchange gave it to a colleague."},
    {.name = "exchange.id", .type = MUSTER_TEXT, .doc = "With dialect v2: an exchange of that shift."},
    {.name = "exchange.status", .type = MUSTER_TEXT, .doc = "How far the exchange is."},
    {.name = "exchange.substitute", .type = MUSTER_TEXT, .doc = "The user who is asked to take the shift over."},
    {.name = "exchange.substitute_email", .type = MUSTER_TEXT, .doc = "Their e-mail address, if the list tells it."},
    {.name = "exchange.substitute_number", .type = MUSTER_TEXT, .doc = "The personnel_number of that user."},
    {.name = "exchange.eligible",
     .type = MUSTER_JSON,
     .doc = "Of an open one: the users who may, as a list of numbers."},
    {.name = "exchange.remark", .type = MUSTER_TEXT, .doc = "What was said beside it."},
    {0},
};

const muster_stream pmt_streams[] = {
    {.name = "stores",
     .doc = "The store itself, as a community that people belong to.",
     .fields = stores_fields,
     .mapping_in = stores_in,
     .kinds = "org_unit",
     .flags = MUSTER_READ_FULL | MUSTER_CLOSED,
     .gone = MUSTER_BY_ABSENCE},
    {.name = "departments",
     .doc = "The store's departments, which are the functions of its people.",
     .fields = departments_fields,
     .mapping_in = departments_in,
     .kinds = "org_unit",
     .flags = MUSTER_READ_FULL | MUSTER_CLOSED,
     .gone = MUSTER_BY_ABSENCE},
    {.name = "users",
     .doc = "The store's users, with a membership for each department that they work in, and shifts.",
     .fields = users_fields,
     .mapping_in = users_in,
     .kinds = "person membership shift exchange",
     .flags = MUSTER_READ_FULL,
     .gone = MUSTER_BY_ABSENCE},
    {0},
};
