/* schemas - components/schemas of the API's description. */
#include "api/openapi.h"
#include "base/jsontext.h"
#include "base/tidy.h"
#include "model/model.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* Members as "name:type": text, time, count, number, flag, object, any, another schema's name, or one of these in
 * brackets for a list. "?" behind the name: it may be missing; "~" behind the type: it may be null. */
static const struct {
    const char *name, *doc, *members;
} schemas[] = {
    {"Any", "An object whose members the verb's page in muster(1) tells.", ""},
    {"Problem", "RFC 9457, with a reason for programs, the place, and a way out.",
     "type:text title:text status:count detail:text reason?:text place?:text next?:text"},
    {"Token", "Whose token it is, and which acts, by their operationId, it lets them do.",
     "name:text role:text protected:flag expires:time~ may:[text]"},
    {"Organization", "An organization that the token sees.", "id:text"},
    {"Status",
     "How an organization is doing: 0 well, 3 something did not come through, 4 something waits. refused: what is kept "
     "is another configuration's, and no run begins.",
     "organization:text status:count connections:[ConnectionHealth] reader?:Reader horizon?:Horizon refused?:text "
     "paused:[object] quarantine:[object]"},
    {"Horizon",
     "How far back history is whole, where runs were let go: from that run on; what was true before that instant is "
     "not "
     "known. sentence: why.",
     "run:count before:time sentence:text"},
    {"ConnectionHealth",
     "How a connection is doing: its last run, of what it could not read or tell why, and what waits of it.",
     "connection:text run:count started:time~ outcome:text~ reasons:[ReasonOfPartition] good:time~ population:count "
     "held:count reviews:count dead_letters:count drift:count account_paused_until?:time safeguards_off:[object] "
     "next?:object"},
    {"ReasonOfPartition", "Why a partition did not come through, as a sentence.", "partition:text reason:text"},
    {"Reader",
     "A process that looks at an old state: while it does, the organization's data file only grows. commits: how many "
     "there were since.",
     "process:count commits:count"},
    {"Connection", "A connection of the organization's file.",
     "connection:text connector:text streams:[text] target:flag"},
    {"PersonLine", "A person in a list.", "id:count name:text employee_number:text~ status:text~ work_email:text~"},
    {"Thing", "A golden record of some kind, with the model's names of fields; see the schema of its kind.",
     "id:count"},
    {"Changes", "What has changed, oldest first. `next` is what to say as `after` the next time.",
     "changes:[Change] next:count more:flag"},
    {"Change", "What one run, or one decision, changed of one person or unit. A creation lists no values.",
     "sequence:count at:time run:count kind:text id:count parts:[ChangePart]"},
    {"ChangePart",
     "Of the person itself, or of a thing that hangs on them: created, changed, gone, returned; expired: it is kept no "
     "longer, by `retention:` of the organization's file; or erased: whoever keeps a copy erases it, too.",
     "kind:text id:count what:text changes:object"},
    {"Event",
     "The data of an event. run.progress: connection, partition, read, total (0: not known); run.ended: the report of "
     "the run, whose number is the event's id; change: the sequence up to which listChanges has something; written: "
     "the commit of something else.",
     "organization?:text connection?:text~ partition?:text read?:count total?:count run?:count sequence?:count "
     "commit?:count"},
    {"HistoryEntry", "One change of one thing.",
     "at:time sequence:count run:count connection:text kind:text id:count what:text changes:object verb?:text "
     "author?:text reason?:text~"},
    {"Explanation", "As `muster explain --json` prints it.", ""},
    {"Run", "The report of a run.",
     "organization:text run:count outcome:text started:time connection?:text~ partitions?:[object] read?:count "
     "created?:count updated?:count unchanged?:count missing?:count deactivated?:count held?:count "
     "dead_letters?:count reviews?:count seconds?:number verb?:text author?:text~ reason?:text~"},
    {"InboxItem", "Something that waits for a person.",
     "id:text organization:text since:time~ run:count record:text~ reason:text~ sentence:text~ turn:text next:text"},
    {"Statement", "What somebody decided.",
     "id:text type:text about:text~ author:text~ reason:text~ at:time run:count until?:time~ withdrawn_by?:text "
     "withdrawn_because?:text~"},
    {"File", "A file that was taken, or was seen and left.",
     "connection:text partition:text stream:text file:text size:count changed:time~ taken:flag sha256?:text run?:count "
     "at?:time~ outcome?:text~ overtaken_by?:count rows?:count refused?:count created?:count updated?:count "
     "missing?:count "
     "since?:time~ reason?:text~"},
    {"Call", "One call by HTTP, and what came of it: `why` where that is not well. What is secret in a URL is masked.",
     "at:time method:text url:text status?:count class?:text sent?:count received?:count ms?:count attempts?:count "
     "for?:text why?:text"},
    {"Quarantine",
     "A connection, or a partition of one, that is set aside. direction: reading or telling; each is so by itself, but "
     "a log-in that was refused when it was read is not tried for telling either.",
     "connection:text partition?:text direction:text reason:text~ sentence:text~ failures:count run:count error:text~"},
    {"PlanLine", "A plan in a list.", "plan:count~ connection:text state:text"},
    {"Plan", "A plan, whole.", "plan:count~ connection:text state:text report:object"},
    {"Pause", "Somebody paused it.", "connection:text~ author:text~ reason:text~ since:time until:time~"},
    {"Connector", "A connector that is installed; of one that cannot be used only its name and why.",
     "name:text version?:text summary?:text roles?:text options?:[object] streams?:[object] problem?:text"},
    {"Act",
     "What came of an act. status: done, partly (something did not come through), held (something waits for a "
     "person), failed; waiting or going with 202; unknown when the service ended in the middle of it.",
     "act:text verb?:text status:text results:[object] messages:[text]"},
};

static void type_write(const char *type, size_t len, bool null, struct buffer *out)
{
    static const struct {
        const char *word, *type, *more;
    } known[] = {{"text", "string", ""},
                 {"time", "string", ",\"format\":\"date-time\""},
                 {"count", "integer", ",\"minimum\":0"},
                 {"number", "number", ""},
                 {"flag", "boolean", ""},
                 {"object", "object", ""}};
    if (type[0] == '[') {
        buffer_text(out, "{\"type\":\"array\",\"items\":");
        type_write(type + 1, len - 2, false, out);
        buffer_byte(out, '}');
        return;
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strlen(known[i].word) == len && memcmp(known[i].word, type, len) == 0) {
            buffer_format(out, null ? "{\"type\":[\"%s\",\"null\"]%s}" : "{\"type\":\"%s\"%s}", known[i].type,
                          known[i].more);
            return;
        }
    buffer_format(out, "{\"$ref\":\"#/components/schemas/%.*s\"}", (int)len, type);
}

static void required_write(const char *members, struct buffer *out)
{
    const char *before = ",\"required\":[";
    for (const char *at = members; *at; at += strcspn(at, " "), at += *at == ' ') {
        size_t name = strcspn(at, "?:");
        if (at[name] == '?')
            continue;
        buffer_text(out, before);
        json_string(out, at, name);
        before = ",";
    }
    buffer_text(out, strcmp(before, ",") == 0 ? "]" : "");
}

static void members_write(const char *members, struct buffer *out)
{
    const char *before = ",\"properties\":{";
    for (const char *at = members; *at; at += strcspn(at, " "), at += *at == ' ') {
        size_t name = strcspn(at, "?:"), whole = strcspn(at, " ");
        const char *type = strchr(at, ':') + 1;
        size_t len = (size_t)(at + whole - type);
        bool null = type[len - 1] == '~';
        buffer_text(out, before);
        json_string(out, at, name);
        buffer_byte(out, ':');
        type_write(type, len - null, null, out);
        before = ",";
    }
    buffer_text(out, strcmp(before, ",") == 0 ? "}" : "");
}

/* --- the model --- */

/* "org_unit" is OrgUnit. */
static void kind_title(enum kind kind, struct buffer *out)
{
    bool first = true;
    for (const char *at = kind_name(kind); *at; at++) {
        if (*at != '_')
            buffer_byte(out, (unsigned char)(first ? toupper((unsigned char)*at) : *at));
        first = *at == '_';
    }
}

static void field_write(const struct field *field, struct buffer *out)
{
    size_t len;
    const char *text;
    json_name(out, field->name);
    buffer_text(out, "{");
    json_member_text(out, "description", field->doc);
    if (field->type == TYPE_ENUM) {
        buffer_text(out, ",\"enum\":[null");
        for (size_t n = 0; (text = enum_nth(field, n, &len)); n++) {
            buffer_byte(out, ',');
            json_string(out, text, len);
        }
        buffer_text(out, "]}");
    } else if (field->type == TYPE_REF) {
        buffer_text(out, ",\"type\":[\"object\",\"null\"],\"properties\":{\"id\":{\"type\":\"integer\"}}}");
    } else if (field->type == TYPE_JSON) {
        buffer_byte(out, '}');
    } else {
        buffer_format(out, ",\"type\":[\"%s\",\"null\"]}",
                      field->type == TYPE_INTEGER ? "integer"
                      : field->type == TYPE_BOOL  ? "boolean"
                                                  : "string");
    }
}

static void origin_write(struct buffer *out)
{
    buffer_text(out, ",\"sources\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}},\"provenance\":{\"type\":"
                     "\"object\"},\"since_run\":{\"type\":\"object\"}");
}

static void kind_write(enum kind kind, struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer title = {0};
    const struct field *field;
    kind_title(kind, &title);
    json_name(out, title.data ? title.data : "");
    buffer_byte(out, '{');
    json_member_text(out, "description", kind_doc(kind));
    buffer_text(out, ",\"type\":\"object\",\"required\":[\"id\"],\"properties\":{\"id\":{\"type\":\"integer\"},"
                     "\"gone\":{\"type\":\"boolean\"}");
    for (size_t n = 0; (field = field_nth(kind, n)); n++)
        field_write(field, out);
    origin_write(out);
    for (enum kind other = (enum kind)1; kind == KIND_person && kind_name(other)[0]; other = (enum kind)(other + 1)) {
        TIDY_DONE(buffer_done) struct buffer name = {0};
        if (other == KIND_person || other == KIND_org_unit)
            continue;
        kind_title(other, &name);
        json_name(out, kind_name(other));
        buffer_format(out, "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/%s\"}}", name.data);
    }
    buffer_text(out, "}}");
}

void schemas_write(struct buffer *out)
{
    json_name(out, "schemas");
    buffer_byte(out, '{');
    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        json_name(out, schemas[i].name);
        buffer_byte(out, '{');
        json_member_text(out, "description", schemas[i].doc);
        buffer_text(out, ",\"type\":\"object\"");
        required_write(schemas[i].members, out);
        members_write(schemas[i].members, out);
        buffer_byte(out, '}');
    }
    for (enum kind kind = (enum kind)1; kind_name(kind)[0]; kind = (enum kind)(kind + 1))
        kind_write(kind, out);
    buffer_byte(out, '}');
}
