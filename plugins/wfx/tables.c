/* tables - what WFX calls, where its values stand, and how they become our model.
 *
 * The bodies of work orders and incidents are published; those of punches and
 * notes are not: where their values stand is a guess after the same manner, and
 * what the option `aliases` is for. */
#include "wfx.h"

#include <stddef.h>

#define EDITED "/EditDateUtc /EditDateLocal /EditDate /ModifiedDateUtc /ModifiedDate /Version /RowVersion"
#define OWNERS                                                                                                         \
    {"tenant", "/Tenant", PART_TEXT, false},                                                                           \
    {                                                                                                                  \
        "customer", "/CustomerId", PART_TEXT, false                                                                    \
    }

static const struct part work_order_parts[] = {
    OWNERS,
    {"number", "/WorkOrderNumber", PART_TEXT, true},
    {"client_name", "/ClientName", PART_TEXT, false},
    {"position_name", "/ClientPositionName", PART_TEXT, false},
    {"location_name", "/LocationName", PART_TEXT, false},
    {"reason", "/Reason", PART_TEXT, false},
    {"requested_by", "/RequestedBy", PART_TEXT, false},
    {"emails", "/CommaSeparatedEmails", PART_TEXT, false},
    {"phone", "/Phone", PART_TEXT, false},
    {"armed", "/IsArmed", PART_BOOL, false},
    {"off_duty", "/IsOffDuty", PART_BOOL, false},
    {"terms", "/AssignmentTerms", PART_TEXT, false},
    {"instructions", "/SiteInstructions", PART_TEXT, false},
    {"pin", "/Pin", PART_TEXT, false},
    {"ivr_phone", "/IvrPhoneNumber", PART_TEXT, false},
    {"schedule", "/ScheduleConfig", PART_JSON, false},
    {"version", EDITED, PART_TEXT, false},
    {0},
};

static const struct part punch_parts[] = {
    OWNERS,
    {"person", "/EmployeeNumber /GuardId /EmployeeId /PersonId", PART_TEXT, true},
    {"direction", "/PunchType /Direction /Type", PART_TEXT, true},
    {"at", "/PunchDateUtc /PunchDateLocal /PunchTime /PunchDate", PART_LOCAL, true},
    {"schedule", "/ScheduleId /ScheduleGuid", PART_TEXT, false},
    {"work_order", "/WorkOrderStem /WorkOrderNumber", PART_TEXT, false},
    {"source", "/Source /PunchSource", PART_TEXT, false},
    {"version", EDITED, PART_TEXT, false},
    {0},
};

static const struct part incident_parts[] = {
    OWNERS,
    {"number", "/IncidentId", PART_TEXT, true},
    {"type", "/IncidentType", PART_TEXT, false},
    {"severity", "/SeverityLevel", PART_NUMBER, false},
    {"description", "/Description", PART_TEXT, false},
    {"details", "/Details", PART_TEXT, false},
    {"occurred_at", "/OccurredDateLocal", PART_LOCAL, false},
    {"reported_at", "/ReportedDateLocal", PART_LOCAL, false},
    {"email_sent_at", "/EmailSent", PART_LOCAL, false},
    {"reported_by", "/ReportedBy", PART_TEXT, false},
    {"reported_via", "/ReportedVia", PART_TEXT, false},
    {"persons_involved", "/PersonsInvolved", PART_TEXT, false},
    {"caller_id", "/CallerId", PART_TEXT, false},
    {"created_by", "/CreateUserId", PART_TEXT, false},
    {"edited_by", "/EditUserId", PART_TEXT, false},
    {"work_order", "/WorkOrderStem", PART_TEXT, false},
    {"cost_recovery", "/CostRecovery", PART_NUMBER, false},
    {"audio_url", "/AudioFileUrl", PART_TEXT, false},
    {"attachments", "/FileAttachmentUrls", PART_JSON, false},
    {"version", EDITED, PART_TEXT, false},
    {0},
};

static const struct part note_parts[] = {
    OWNERS,
    {"text", "/Note /Text /Notes /NoteText", PART_TEXT, true},
    {"schedule", "/ScheduleId /ScheduleGuid", PART_TEXT, false},
    {"work_order", "/WorkOrderStem /WorkOrderNumber", PART_TEXT, false},
    {"created_at", "/CreateDateUtc /CreateDateLocal /CreateDate", PART_LOCAL, false},
    {"created_by", "/CreateUserId", PART_TEXT, false},
    {"version", EDITED, PART_TEXT, false},
    {0},
};

const struct kind wfx_kinds[] = {
    {"/workorderrequests", "work_orders", "/WorkOrderNumber", true, work_order_parts},
    {"/punches", "punches", "/PunchId /Id", true, punch_parts},
    {"/incidents", "incidents", "/IncidentId /Id", true, incident_parts},
    {"/notes", "notes", "/NoteId /Id", false, note_parts},
    {0},
};

const struct wording wfx_wordings[] = {
    {"workorderrequests", "terms", "emergency temporary long_term"},
    {"punches", "direction", "in out"},
    {0},
};

/* --- our model --- */

/* What WFX says is null or empty by now is known no more; what an event does not speak of stays. */
#define BLANK "on_null: clear, on_empty: clear"

static const char work_orders_in[] =
    "work_order:\n"
    "  number: number\n"
    "  stem: { from: number, match: \"^(.+)[.][^.]+$\", take: 1 }\n"
    "  customer: customer\n"
    "  tenant: tenant\n"
    "  client_name: { from: client_name, " BLANK " }\n"
    "  position_name: { from: position_name, " BLANK " }\n"
    "  location_name: { from: location_name, " BLANK " }\n"
    "  reason: { from: reason, " BLANK " }\n"
    "  requested_by: { from: requested_by, " BLANK " }\n"
    "  emails: { from: emails, " BLANK " }\n"
    "  phone: { from: phone, " BLANK " }\n"
    "  armed: { from: armed, " BLANK " }\n"
    "  off_duty: { from: off_duty, " BLANK " }\n"
    "  terms: { from: terms, table: { Emergency: emergency, Temporary: temporary, LongTerm: long_term,\n"
    "    long_term: long_term }, otherwise: reject, " BLANK " }\n"
    "  instructions: { from: instructions, " BLANK " }\n"
    "  pin: { from: pin, " BLANK " }\n"
    "  ivr_phone: { from: ivr_phone, " BLANK " }\n"
    "  schedule: { from: schedule, " BLANK " }\n";

static const char punches_in[] =
    "punch:\n"
    "  tenant: tenant\n"
    "  customer: customer\n"
    "  person: { person: employee_number, from: person }\n"
    "  direction: { from: direction, lower: true, table: { in: in, out: out }, otherwise: reject }\n"
    "  at: at\n"
    "  schedule_ref: { from: schedule, " BLANK " }\n"
    "  work_order_stem: { from: work_order, " BLANK " }\n"
    "  source: { from: source, " BLANK " }\n"
    "  deleted: deleted\n";

static const char incidents_in[] = "incident:\n"
                                   "  tenant: tenant\n"
                                   "  customer: customer\n"
                                   "  number: number\n"
                                   "  type: { from: type, " BLANK " }\n"
                                   "  severity: { from: severity, " BLANK " }\n"
                                   "  description: { from: description, " BLANK " }\n"
                                   "  details: { from: details, " BLANK " }\n"
                                   "  occurred_at: { from: occurred_at, " BLANK " }\n"
                                   "  reported_at: { from: reported_at, " BLANK " }\n"
                                   "  reported_by: { from: reported_by, " BLANK " }\n"
                                   "  reported_via: { from: reported_via, " BLANK " }\n"
                                   "  caller_id: { from: caller_id, " BLANK " }\n"
                                   "  created_by: { from: created_by, " BLANK " }\n"
                                   "  edited_by: { from: edited_by, " BLANK " }\n"
                                   "  email_sent_at: { from: email_sent_at, " BLANK " }\n"
                                   "  persons_involved: { from: persons_involved, " BLANK " }\n"
                                   "  work_order_stem: { from: work_order, " BLANK " }\n"
                                   "  cost_recovery: { from: cost_recovery, " BLANK " }\n"
                                   "  audio_url: { from: audio_url, " BLANK " }\n"
                                   "  attachments: { from: attachments, " BLANK " }\n";

static const char notes_in[] = "note:\n"
                               "  tenant: tenant\n"
                               "  customer: customer\n"
                               "  text: text\n"
                               "  schedule_ref: { from: schedule, " BLANK " }\n"
                               "  work_order_stem: { from: work_order, " BLANK " }\n"
                               "  created_at: { from: created_at, " BLANK " }\n"
                               "  created_by: { from: created_by, " BLANK " }\n";

/* Only what the core has to know of: the mappings name the rest. */
static const muster_field order_only[] = {
    {.name = "version",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ORDER,
     .doc = "When, or how often, WFX has changed it: of two events the later one counts."},
    {0},
};

static const muster_field punch_fields[] = {
    {.name = "version",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ORDER,
     .doc = "When, or how often, WFX has changed it: of two events the later one counts."},
    {.name = "deleted",
     .type = MUSTER_BOOL,
     .flags = MUSTER_FINAL,
     .doc = "An administrator has deleted it: that is its last word."},
    {0},
};

const muster_stream wfx_streams[] = {
    {.name = "work_orders",
     .doc = "Requests for service that are assigned to us.",
     .fields = order_only,
     .mapping_in = work_orders_in,
     .kinds = "work_order",
     .flags = MUSTER_READ_CHANGES,
     .gone = MUSTER_NEVER},
    {.name = "punches",
     .doc = "Guards who punch in or out of a schedule.",
     .fields = punch_fields,
     .mapping_in = punches_in,
     .kinds = "punch",
     .flags = MUSTER_READ_CHANGES,
     .gone = MUSTER_BY_FLAG},
    {.name = "incidents",
     .doc = "What guards report.",
     .fields = order_only,
     .mapping_in = incidents_in,
     .kinds = "incident",
     .flags = MUSTER_READ_CHANGES,
     .gone = MUSTER_NEVER},
    {.name = "notes",
     .doc = "Public notes that administrators write on a schedule.",
     .fields = order_only,
     .mapping_in = notes_in,
     .kinds = "note",
     .flags = MUSTER_READ_CHANGES,
     .gone = MUSTER_NEVER},
    {0},
};
