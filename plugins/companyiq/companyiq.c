/* companyiq - CompanyIQ by MicroBenefits as a target: employee accounts and lookup files by its Open Platform.
 *
 * The vendor's rules for users are declared in the table of fields, so that a
 * plan shows what the platform would refuse. What of the wire is not public is
 * an option; the manual page muster-companyiq(7) says which part is assumed. */
#include "companyiq.h"

#include <stdlib.h>
#include <string.h>

static const muster_option names[] = {
    {.name = "field", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "As it is called here."},
    {.name = "name", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "As the platform calls it."},
    {0},
};
static const muster_option modules[] = {
    {.name = "name", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "The module as rows call it."},
    {.name = "code", .type = MUSTER_TEXT, .doc = "As the platform calls it; without it the same."},
    {.name = "columns",
     .type = MUSTER_LIST,
     .doc = "The columns behind the employee ID, in the order of the module's template: a column of the row, or "
            "COLUMN=HEADER where the template calls it otherwise."},
    {0},
};
static const muster_option options[] = {
    {.name = "base_url",
     .type = MUSTER_URL,
     .flags = MUSTER_REQUIRED,
     .doc = "Where the Open Platform is, without the paths, as in https://open.companyiq.example."},
    {.name = "corp_id",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED,
     .doc = "The Account Number that HR sees in System Management > Open Platform."},
    {.name = "secret",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED | MUSTER_SECRET,
     .doc = "The Key that HR has added there."},
    {.name = "scheme",
     .type = MUSTER_CHOICE,
     .initial = "hmac",
     .choices = "hmac|md5-sorted|token|plain",
     .doc = "How calls are proved to be ours."},
    {.name = "password_policy",
     .serves = "@users",
     .type = MUSTER_CHOICE,
     .initial = "derived",
     .choices = "derived|field",
     .doc = "The first password, the same on every repeat: derived from what password_from says, else from the "
            "organization's key and then written to password_file; with field password_from must say it."},
    {.name = "password_from",
     .serves = "@users",
     .needed = "password_policy=field @users",
     .type = MUSTER_TEXT,
     .doc =
         "What the first password is made from: a rule, as in { from: national_id, match: \"(.{6})$\", take: 1 }, or "
         "a text with fields of users in braces, as in Acme-{employeeId} or {idNumber:-6} (the last six characters)."},
    {.name = "password_file",
     .serves = "@users !password_from",
     .type = MUSTER_TEXT,
     .flags = MUSTER_PLACE,
     .doc = "Without password_from: where first passwords are written for HR to print, sftp://… or here; a name with a "
            "* in it, which becomes the day and the run."},
    {.name = "password_length",
     .serves = "@users !password_from",
     .type = MUSTER_INTEGER,
     .initial = "12",
     .min = 8,
     .max = 64,
     .doc = "Without password_from: how long they are."},
    {.name = "numeric",
     .serves = "@users",
     .type = MUSTER_LIST,
     .initial = "status",
     .choices = "employeeId|name|status|onboardingDate|resignationDate|factory|department|position|laborType|gender|"
                "mobile|email|idNumber",
     .doc = "Fields that are sent as numbers: a list, or a text with spaces between."},
    {.name = "date_format",
     .serves = "@users",
     .type = MUSTER_CHOICE,
     .initial = "YYYY-MM-DD",
     .choices = "YYYY-MM-DD|YYYYMMDD|YYYY/MM/DD",
     .doc = "How days are written."},
    {.name = "active_code",
     .serves = "@users",
     .type = MUSTER_TEXT,
     .initial = "1",
     .doc = "The status of who works there."},
    {.name = "resigned_code",
     .serves = "@users",
     .type = MUSTER_TEXT,
     .initial = "2",
     .doc = "The status of who has resigned."},
    {.name = "field_names",
     .serves = "@users",
     .type = MUSTER_LIST,
     .members = names,
     .flags = MUSTER_ADVANCED,
     .doc = "Fields of users that the platform calls otherwise."},
    {.name = "batch_size",
     .serves = "@users",
     .type = MUSTER_INTEGER,
     .initial = "500",
     .min = 1,
     .max = 500,
     .flags = MUSTER_ADVANCED,
     .doc = "Users in one import."},
    {.name = "import_path",
     .serves = "@users",
     .type = MUSTER_TEXT,
     .initial = "/openapi/v1/users/import",
     .flags = MUSTER_ADVANCED,
     .doc = "Where users are imported."},
    {.name = "modules",
     .serves = "@lookups",
     .type = MUSTER_LIST,
     .members = modules,
     .doc = "The lookup modules that HR has created in the back end: what they are called there, and their columns."},
    {.name = "csv_encoding",
     .serves = "@lookups",
     .type = MUSTER_CHOICE,
     .initial = "utf-8-bom",
     .choices = "utf-8-bom|utf-8|gb18030",
     .doc = "How lookup files are written; utf-8-bom begins with a byte order mark."},
    {.name = "key_column",
     .serves = "@lookups",
     .type = MUSTER_TEXT,
     .initial = "Employee ID",
     .doc = "What the first column of lookup files is called, the employee's number."},
    {.name = "period_format",
     .serves = "@lookups",
     .type = MUSTER_CHOICE,
     .initial = "YYYY-MM",
     .choices = "YYYY-MM|YYYYMM|YYYY/MM",
     .flags = MUSTER_ADVANCED,
     .doc = "How the month of a lookup file is told."},
    {.name = "file_max",
     .serves = "@lookups",
     .type = MUSTER_INTEGER,
     .initial = "20000000",
     .min = 1000,
     .max = 1000000000,
     .flags = MUSTER_ADVANCED,
     .doc = "Bytes of a lookup file, before it is packed; more rows go into a second one that is appended."},
    {.name = "zip_above",
     .serves = "@lookups",
     .type = MUSTER_INTEGER,
     .initial = "2000000",
     .flags = MUSTER_ADVANCED,
     .min = 1,
     .max = 1000000000,
     .doc = "A lookup file of more bytes than this is sent as a zip."},
    {.name = "batch_patience",
     .serves = "@lookups",
     .type = MUSTER_INTEGER,
     .initial = "120",
     .min = 1,
     .max = 3600,
     .flags = MUSTER_ADVANCED,
     .doc = "Seconds in which the platform has to have read a lookup file."},
    {.name = "upload_path",
     .serves = "@lookups",
     .type = MUSTER_TEXT,
     .initial = "/openapi/v1/lookup/upload",
     .flags = MUSTER_ADVANCED,
     .doc = "Where lookup files are sent."},
    {.name = "batch_path",
     .type = MUSTER_TEXT,
     .initial = "/openapi/v1/lookup/batches/",
     .flags = MUSTER_ADVANCED,
     .doc = "Where the outcome of a file is asked; its id comes behind."},
    {.name = "token_path",
     .serves = "scheme=token",
     .type = MUSTER_TEXT,
     .initial = "/openapi/v1/token",
     .flags = MUSTER_ADVANCED,
     .doc = "Where scheme token gets its token."},
    {.name = "place",
     .serves = "!scheme=token",
     .type = MUSTER_CHOICE,
     .choices = "header|query|body",
     .flags = MUSTER_ADVANCED,
     .doc = "Where corpId and the rest go; without it headers for hmac, else the query; body is for plain."},
    {.name = "corp_id_name",
     .serves = "!scheme=token",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .doc = "The name of corpId there: X-Corp-Id in headers, else corpId."},
    {.name = "timestamp_name",
     .serves = "scheme=hmac|md5-sorted",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .doc = "The name of the time: X-Timestamp, timestamp."},
    {.name = "nonce_name",
     .serves = "scheme=hmac|md5-sorted",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .doc = "The name of the nonce: X-Nonce, nonce."},
    {.name = "sign_name",
     .serves = "scheme=hmac|md5-sorted",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .doc = "The name of the signature: X-Sign, sign."},
    {.name = "secret_name",
     .serves = "scheme=plain",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .doc = "The name of the Key, with scheme plain: X-Secret, secret."},
    {.name = "timestamp_unit",
     .serves = "scheme=hmac|md5-sorted",
     .type = MUSTER_CHOICE,
     .initial = "ms",
     .choices = "ms|s",
     .flags = MUSTER_ADVANCED,
     .doc = "Whether the time counts milliseconds or seconds."},
    {.name = "digest",
     .serves = "scheme=hmac|md5-sorted",
     .type = MUSTER_CHOICE,
     .choices = "hmac-sha256|hmac-sha512|hmac-md5|md5|sha256|sha512",
     .flags = MUSTER_ADVANCED,
     .doc = "Of the signature; without it hmac-sha256 for hmac, md5 for md5-sorted."},
    {.name = "encoding",
     .serves = "scheme=hmac|md5-sorted",
     .type = MUSTER_CHOICE,
     .choices = "hex|HEX|base64",
     .flags = MUSTER_ADVANCED,
     .doc = "How the signature is written; without it hex for hmac, HEX for md5-sorted."},
    {.name = "canonical",
     .serves = "scheme=hmac|md5-sorted",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .doc = "The text that is signed, in words of a recipe, where it is another than the scheme's."},
    {.name = "success_code",
     .type = MUSTER_TEXT,
     .initial = "0",
     .flags = MUSTER_ADVANCED,
     .doc = "The code of an answer that says yes."},
    {.name = "code_pointer",
     .type = MUSTER_TEXT,
     .initial = "/code",
     .flags = MUSTER_ADVANCED,
     .doc = "Where the code stands in an answer: a JSON pointer."},
    {.name = "message_pointer",
     .type = MUSTER_TEXT,
     .initial = "/msg",
     .flags = MUSTER_ADVANCED,
     .doc = "Where its sentence stands."},
    {.name = "errors_pointer",
     .type = MUSTER_TEXT,
     .initial = "/data/errors",
     .flags = MUSTER_ADVANCED,
     .doc = "Where the rows that failed stand."},
    {.name = "failed_pointer",
     .type = MUSTER_TEXT,
     .initial = "/data/failed",
     .flags = MUSTER_ADVANCED,
     .doc = "Where it says how many failed."},
    {.name = "module_part",
     .serves = "@lookups",
     .type = MUSTER_TEXT,
     .initial = "moduleCode",
     .flags = MUSTER_ADVANCED,
     .doc = "The part of an upload that says the module."},
    {.name = "period_part",
     .serves = "@lookups",
     .type = MUSTER_TEXT,
     .initial = "period",
     .flags = MUSTER_ADVANCED,
     .doc = "The part that says the month."},
    {.name = "mode_part",
     .serves = "@lookups",
     .type = MUSTER_TEXT,
     .initial = "mode",
     .flags = MUSTER_ADVANCED,
     .doc = "The part that says whether the file replaces what is there."},
    {.name = "file_part",
     .serves = "@lookups",
     .type = MUSTER_TEXT,
     .initial = "file",
     .flags = MUSTER_ADVANCED,
     .doc = "The part that is the file."},
    {.name = "replace_word",
     .serves = "@lookups",
     .type = MUSTER_TEXT,
     .initial = "replace",
     .flags = MUSTER_ADVANCED,
     .doc = "The mode of a first file."},
    {.name = "append_word",
     .serves = "@lookups",
     .type = MUSTER_TEXT,
     .initial = "append",
     .flags = MUSTER_ADVANCED,
     .doc = "The mode of further ones."},
    {.name = "batch_pointer",
     .serves = "@lookups",
     .type = MUSTER_TEXT,
     .initial = "/data/batchId",
     .flags = MUSTER_ADVANCED,
     .doc = "Where the answer to an upload has the id by which its outcome is asked."},
    {.name = "state_pointer",
     .serves = "@lookups",
     .type = MUSTER_TEXT,
     .initial = "/data/status",
     .flags = MUSTER_ADVANCED,
     .doc = "Where the outcome says how far the platform is."},
    {.name = "busy_words",
     .serves = "@lookups",
     .type = MUSTER_TEXT,
     .initial = "processing pending queued",
     .flags = MUSTER_ADVANCED,
     .doc = "What it says while it is at it, with spaces between."},
    {.name = "done_words",
     .serves = "@lookups",
     .type = MUSTER_TEXT,
     .initial = "done",
     .flags = MUSTER_ADVANCED,
     .doc = "What it says once all is read, with spaces between; anything else means that it failed."},
    {.name = "first_line",
     .serves = "@lookups",
     .type = MUSTER_INTEGER,
     .initial = "2",
     .min = 0,
     .max = 2,
     .flags = MUSTER_ADVANCED,
     .doc = "The number by which an error calls the first row behind the header."},
    {0},
};

/* What may be told, and when: the vendor's notes 4, 6, 7 and 8. */
#define ALWAYS (MUSTER_ON_CREATE | MUSTER_ON_UPDATE)
static const muster_field user_fields[] = {
    {.name = "employeeId",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ID | MUSTER_ON_CREATE | MUSTER_MUST,
     .doc = "Employee ID; changed by hand only."},
    {.name = "name", .type = MUSTER_TEXT, .flags = MUSTER_ON_CREATE | MUSTER_MUST, .doc = "Name; by hand only."},
    {.name = "password",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ON_CREATE | MUSTER_MUST | MUSTER_WRITE_ONLY | MUSTER_GENERATED,
     .doc = "The first one; never changed from outside."},
    {.name = "status",
     .type = MUSTER_TEXT,
     .flags = ALWAYS | MUSTER_AFTER_LEAVING | MUSTER_MUST,
     .doc = "Employment status: our own word, or the platform's code."},
    {.name = "onboardingDate", .type = MUSTER_DATE, .flags = ALWAYS | MUSTER_MUST, .doc = "Onboarding date."},
    {.name = "resignationDate",
     .type = MUSTER_DATE,
     .flags = ALWAYS | MUSTER_AFTER_LEAVING,
     .doc = "The resignation date."},
    {.name = "factory", .type = MUSTER_TEXT, .flags = ALWAYS, .doc = "The factory."},
    {.name = "department", .type = MUSTER_TEXT, .flags = ALWAYS, .doc = "The department."},
    {.name = "position", .type = MUSTER_TEXT, .flags = ALWAYS, .doc = "The position."},
    {.name = "laborType", .type = MUSTER_TEXT, .flags = ALWAYS, .doc = "The labor type."},
    {.name = "gender", .type = MUSTER_TEXT, .flags = MUSTER_ON_CREATE, .doc = "Gender; by hand only."},
    {.name = "mobile", .type = MUSTER_TEXT, .flags = MUSTER_ON_CREATE, .doc = "Mobile number; by hand only."},
    {.name = "email", .type = MUSTER_TEXT, .flags = MUSTER_ON_CREATE, .doc = "E-mail; by hand only."},
    {.name = "idNumber",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ON_CREATE,
     .doc = "Number that the state gave; by hand only."},
    {0},
};
static const muster_field lookup_fields[] = {
    {.name = "employeeId", .type = MUSTER_TEXT, .flags = MUSTER_MUST, .doc = "The employee whose row it is."},
    {.name = "module", .type = MUSTER_TEXT, .flags = MUSTER_MUST, .doc = "The module, as option modules names it."},
    {.name = "period", .type = MUSTER_TEXT, .flags = MUSTER_MUST, .doc = "The month, YYYY-MM."},
    {.name = "values", .type = MUSTER_JSON, .flags = MUSTER_MUST, .doc = "The columns and their values."},
    {0},
};
static const muster_stream streams[] = {
    {.name = "users",
     .doc = "Employee accounts.",
     .kinds = "person",
     .fields = user_fields,
     .flags = MUSTER_WRITE | MUSTER_REPEAT_SAFE,
     .batch = 500,
     .mapping_out = "of: person\n"
                    "scope: { status: [active, on_leave, relocation] }\n"
                    "map:\n"
                    "  employeeId: employee_number\n"
                    "  name: { join: [given_name, middle_name, family_name], with: \" \" }\n"
                    "  status: status\n"
                    "  onboardingDate: hired_on\n"
                    "  resignationDate: terminated_on\n"
                    "  department: employment.department.name\n"
                    "  position: employment.title\n"},
    {.name = "lookups",
     .doc = "Rows that employees look up: salary, attendance, leave, any module.",
     .kinds = "lookup_row",
     .fields = lookup_fields,
     .set = "module period",
     .flags = MUSTER_WRITE | MUSTER_REPEAT_SAFE,
     .batch = 2000,
     .mapping_out = "of: lookup_row\n"
                    "map:\n"
                    "  employeeId: person.employee_number\n"
                    "  module: module\n"
                    "  period: period\n"
                    "  values: values\n"},
    {0},
};

const char *companyiq_option(const struct companyiq *companyiq, const char *name)
{
    const char *text = companyiq->host->text(companyiq->run, name);
    return text ? text : "";
}

/* A part of a field is a number of characters: "{idNumber:-6}" has the last six. Its fields are the host's to check. */
static muster_rc password_check(muster_run *run)
{
    const char *from = run->host->text(run, "password_from");
    for (const char *at = from && strncmp(from, "{\"", 2) != 0 ? strchr(from, '{') : NULL; at;
         at = strchr(at + 1, '{')) {
        const char *colon = at + strcspn(at, ":}"), *digits = colon + 1 + (*colon && colon[1] == '-');
        size_t len = *colon == ':' ? strspn(digits, "0123456789") : 1;
        if (*colon == ':' && (len == 0 || digits[len] != '}' || strspn(digits, "0") == len))
            return run->host->fail(run, MUSTER_CONFIG,
                                   "option 'password_from': behind ':' stands how many characters are taken, as in "
                                   "{idNumber:-6} for the last six or {name:3} for the first three");
    }
    return MUSTER_OK;
}

static muster_rc open_it(muster_run *run, void **self)
{
    muster_rc rc = password_check(run);
    if (rc != MUSTER_OK)
        return rc;
    struct companyiq *companyiq = calloc(1, sizeof(*companyiq));
    if (!companyiq)
        return run->host->fail(run, MUSTER_FAIL, "no memory");
    companyiq->run = run;
    companyiq->host = run->host;
    login_make(companyiq);
    *self = companyiq;
    return MUSTER_OK;
}

static void close_it(muster_run *run, void *self)
{
    (void)run;
    free(self);
}

/* Asks for the outcome of a file that never was: whoever is told that there is none has logged in. */
static muster_rc check(muster_run *run, void *self)
{
    struct companyiq *companyiq = self;
    struct answer answer;
    companyiq->run = run;
    call_json(companyiq, "batch_path", "0", NULL, &answer);
    muster_rc rc = answer.rc;
    bool heard = answer.document != NULL;
    answer_done(&answer);
    if (rc == MUSTER_OK || (heard && (rc == MUSTER_FAIL || rc == MUSTER_DATA || rc == MUSTER_CONFIG)))
        return MUSTER_OK;
    return answer.told ? rc : run->host->fail(run, rc, "%s", answer.why);
}

static muster_rc apply(muster_run *run, void *self, const muster_push *push)
{
    struct companyiq *companyiq = self;
    companyiq->run = run;
    return strcmp(push->stream, "lookups") == 0 ? lookups_apply(companyiq, push) : users_apply(companyiq, push);
}

MUSTER_CONNECTOR(companyiq, .version = "1.0",
                 .summary = "CompanyIQ (MicroBenefits): employee accounts, and what employees look up",
                 .account = "corp_id", .options = options, .streams = streams, .open = open_it, .close = close_it,
                 .check = check, .apply = apply)
