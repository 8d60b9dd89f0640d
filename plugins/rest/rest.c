/* rest - any service that speaks HTTP with JSON or XML, as the organization's file describes it: no program is needed.
 *
 * What is where, how one logs in, how lists are turned over and what a record
 * has is said by options; this file is their table. A stream is a resource of
 * the same name. */
#include "rest.h"

#include <stdlib.h>
#include <string.h>

/* ---- options ---- */

static const muster_option headers[] = {
    {.name = "name", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "The header's name."},
    {.name = "value", .type = MUSTER_TEXT, .doc = "What it says; no secret."},
    {0},
};

static const muster_option query[] = {
    {.name = "name", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "The parameter's name."},
    {.name = "value", .type = MUSTER_TEXT, .doc = "What it says; with words in braces."},
    {0},
};

static const muster_option log_in[] = {
    {.name = "kind",
     .type = MUSTER_CHOICE,
     .flags = MUSTER_REQUIRED,
     .choices = "bearer|basic|header|query|form|json|oauth2|exchange|signature",
     .doc = "How: a token as it is, user and password, a key in a header, a parameter, a form or the body's object, a "
            "token for client credentials, a token for a call of the service's own, or a signature."},
    {.name = "secret",
     .needed = "kind=bearer|basic|oauth2; kind=header|query|form|json !recipe",
     .type = MUSTER_TEXT,
     .flags = MUSTER_SECRET,
     .doc = "The token, password or key."},
    {.name = "fallback",
     .serves = "secret",
     .type = MUSTER_TEXT,
     .flags = MUSTER_SECRET,
     .doc = "The other key, which is tried once where the first one is refused."},
    {.name = "user",
     .serves = "!kind=bearer",
     .needed = "kind=basic|oauth2 !user_secret",
     .type = MUSTER_TEXT,
     .doc = "Whose password it is, or the client's id."},
    {.name = "user_secret",
     .serves = "!kind=bearer !user",
     .type = MUSTER_TEXT,
     .flags = MUSTER_SECRET,
     .doc = "The same, where it is a secret too."},
    {.name = "name",
     .serves = "!kind=bearer|basic",
     .type = MUSTER_TEXT,
     .doc = "The name of the header, parameter or member."},
    {.name = "in",
     .serves = "!kind=bearer|basic",
     .type = MUSTER_CHOICE,
     .choices = "header|query|form|json|sign",
     .doc =
         "Where a signature or a token goes; of oauth2: form, where the client's id and secret are sent in the form."},
    {.name = "recipe",
     .serves = "!kind=bearer|basic",
     .type = MUSTER_TEXT,
     .doc = "What is written, signed or sent for a token, with the broker's words in it: {secret}, {user}, {time_s}, "
            "{time_ms}, {nonce}, {method}, {host}, {path}, {query}, {target}, {body}, {sha256:body}, {sorted:&}."},
    {.name = "digest",
     .type = MUSTER_CHOICE,
     .choices = "md5|sha256|sha512|hmac-md5|hmac-sha256|hmac-sha512",
     .doc = "How a signature is made."},
    {.name = "encoding",
     .serves = "digest",
     .type = MUSTER_CHOICE,
     .choices = "hex|HEX|base64",
     .doc = "How it is written."},
    {.name = "token_url", .serves = "kind=oauth2|exchange", .type = MUSTER_URL, .doc = "Where a token is asked for."},
    {.name = "token_pointer",
     .serves = "kind=exchange",
     .type = MUSTER_TEXT,
     .doc = "Of exchange: the pointer to the token in what is answered."},
    {.name = "expires_pointer",
     .serves = "kind=exchange",
     .type = MUSTER_TEXT,
     .doc = "Likewise, to the seconds that it lasts."},
    {0},
};

static const muster_option fields[] = {
    {.name = "name", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "What the field is called in mappings."},
    {.name = "at",
     .type = MUSTER_TEXT,
     .doc = "Where it is: a JSON pointer, also behind row or parent; or partition, partition.name, partition.url. Of "
            "several with bars between them the first that says something."},
    {.name = "text", .type = MUSTER_TEXT, .doc = "Instead: a text with words in braces."},
    {.name = "type",
     .type = MUSTER_CHOICE,
     .initial = "text",
     .choices = "text|integer|decimal|bool|date|time|datetime|json",
     .doc = "What it is; a record in which it is something else is rejected."},
    {.name = "format",
     .type = MUSTER_TEXT,
     .doc = "How a day or time is written: a form of YYYY, MM, DD, HH, mm and SS, or epoch_s, epoch_ms, iso."},
    {.name = "default", .type = MUSTER_TEXT, .doc = "What it is where nothing is there."},
    {.name = "otherwise",
     .serves = "!type=text",
     .type = MUSTER_CHOICE,
     .initial = "reject",
     .choices = "reject|null",
     .doc = "What is done with something that has not its type: the record is rejected, or the field is null."},
    {0},
};

static const muster_option resources[] = {
    {.name = "name", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "The stream's name."},
    {.name = "path",
     .type = MUSTER_TEXT,
     .doc = "Where its list is, below base_url or the partition's own address; with words in braces."},
    {.name = "method",
     .serves = "path",
     .type = MUSTER_CHOICE,
     .initial = "GET",
     .choices = "GET|POST",
     .doc = "How it is asked for."},
    {.name = "headers", .type = MUSTER_LIST, .members = headers, .doc = "Headers of its calls."},
    {.name = "query", .type = MUSTER_LIST, .members = query, .doc = "Parameters of its calls."},
    {.name = "body", .type = MUSTER_TEXT, .doc = "What is sent with POST, as it stands, with words in braces."},
    {.name = "body_type",
     .serves = "body",
     .type = MUSTER_TEXT,
     .initial = "application/json",
     .doc = "The kind of that body."},
    {.name = "records",
     .serves = "path",
     .type = MUSTER_TEXT,
     .doc = "The pointer to the list in what is answered; without it, all of it is the list."},
    {.name = "id",
     .type = MUSTER_LIST,
     .doc = "Pointers to what tells one record from another, as in [/id]; without it the mapping's key does."},
    {.name = "fields",
     .type = MUSTER_LIST,
     .members = fields,
     .doc = "The fields and where they are; without it, all that a record has under its own names."},
    {.name = "all_fields",
     .serves = "fields",
     .type = MUSTER_BOOL,
     .initial = "false",
     .doc = "Beside fields also all that a record has under its own names."},
    {.name = "rows",
     .type = MUSTER_TEXT,
     .doc = "The pointer to a list in the record: each element of it becomes a row of that record."},
    {.name = "only_at", .type = MUSTER_TEXT, .doc = "Where a record says whether it is one of those that are read."},
    {.name = "only", .serves = "only_at", .type = MUSTER_TEXT, .doc = "What it must say there; without it anything."},
    {.name = "parent",
     .type = MUSTER_TEXT,
     .doc = "The resource for each record of which this one is read; {parent/id} in its path is of that record."},
    {.name = "with",
     .type = MUSTER_LIST,
     .doc = "Resources that are read for each record of this one and become lists in it, under their names."},
    {.name = "lacking_is_empty",
     .serves = "path",
     .type = MUSTER_BOOL,
     .initial = "false",
     .doc = "A reply with status 404, or without the list, is an empty one and no failure."},
    {.name = "pages",
     .type = MUSTER_CHOICE,
     .initial = "none",
     .choices = "none|page|offset|cursor|link|next",
     .doc =
         "How the next page is asked for: by its number, by how many came, by what a reply says, by its Link header, "
         "or at an address that a reply says."},
    {.name = "page_in",
     .serves = "pages=page|offset|cursor",
     .type = MUSTER_TEXT,
     .doc = "The parameter for the number, offset or cursor; without it page, offset or cursor."},
    {.name = "first_page",
     .serves = "pages=page|offset",
     .type = MUSTER_INTEGER,
     .doc = "The number of the first page, or its offset; without it 1 or 0."},
    {.name = "page_size",
     .type = MUSTER_INTEGER,
     .min = 1,
     .max = 1000000,
     .doc = "How many records a page shall have."},
    {.name = "size_in", .type = MUSTER_TEXT, .doc = "The parameter that asks for that many."},
    {.name = "short_is_last",
     .serves = "pages=page|offset",
     .type = MUSTER_BOOL,
     .initial = "false",
     .doc = "A page with fewer than page_size is the last one; without it an empty page is."},
    {.name = "page_header",
     .serves = "next; more; total; last_page",
     .type = MUSTER_TEXT,
     .doc = "The header, plain or a JSON object, in which next, more, total and last_page are; without it the body."},
    {.name = "next", .type = MUSTER_TEXT, .doc = "The pointer to the next cursor or address."},
    {.name = "more",
     .serves = "!pages=none|link",
     .type = MUSTER_TEXT,
     .doc = "The pointer to what is false, null or not there on the last page."},
    {.name = "total",
     .type = MUSTER_TEXT,
     .doc = "The pointer to how many records there are; if so many do not come nobody is concluded to be missing."},
    {.name = "last_page",
     .serves = "pages=page|offset",
     .type = MUSTER_TEXT,
     .doc = "The pointer to the number of pages."},
    {.name = "pages_most",
     .serves = "!pages=none",
     .type = MUSTER_INTEGER,
     .initial = "10000",
     .min = 1,
     .max = 1000000,
     .flags = MUSTER_ADVANCED,
     .doc = "More pages than that are a mistake of the system."},
    {.name = "since_in",
     .type = MUSTER_TEXT,
     .doc =
         "The parameter by which only what changed is asked for; {since} does the same in a path, parameter or body."},
    {.name = "changed_at", .type = MUSTER_TEXT, .doc = "Where a record says when it changed."},
    {.name = "since_next",
     .type = MUSTER_TEXT,
     .doc = "Instead: the pointer in the last reply to what is asked with the next time."},
    {.name = "since_format",
     .serves = "changed_at",
     .type = MUSTER_CHOICE,
     .initial = "iso",
     .choices = "iso|iso_ms|date|epoch_s|epoch_ms|number",
     .doc = "How that time is written."},
    {.name = "overlap",
     .serves = "changed_at !since_next",
     .type = MUSTER_SECONDS,
     .initial = "2",
     .doc = "How long before the latest change seen the next pull of changes begins."},
    {.name = "gone_at", .type = MUSTER_TEXT, .doc = "Where a record says that it is deleted."},
    {.name = "gone",
     .serves = "gone_at",
     .type = MUSTER_TEXT,
     .doc = "What it says there; without it true, or anything that is not false."},
    {.name = "create",
     .type = MUSTER_TEXT,
     .doc = "The call by which a target is told of somebody new: a method and a path, as in POST /employees."},
    {.name = "update",
     .type = MUSTER_TEXT,
     .doc =
         "Of who changed, as in PATCH /employees/{id}; {id} is the id that the system gave, {FIELD} a field's value."},
    {.name = "update_body",
     .serves = "update",
     .type = MUSTER_CHOICE,
     .initial = "changed",
     .choices = "changed|whole|merge|patch",
     .doc = "What it is sent with: the fields that changed, all of them, a JSON Merge Patch or a JSON Patch."},
    {.name = "deactivate", .type = MUSTER_TEXT, .doc = "Of who leaves, as in DELETE /employees/{id}."},
    {.name = "deactivate_body",
     .type = MUSTER_TEXT,
     .doc = "What that is sent with, as it stands, with words in braces."},
    {.name = "reactivate", .type = MUSTER_TEXT, .doc = "Of who comes back; without it by an update."},
    {.name = "reactivate_body", .type = MUSTER_TEXT, .doc = "What that is sent with."},
    {.name = "delete",
     .type = MUSTER_TEXT,
     .doc = "Of who is to be erased; also of who leaves, where nothing else is said."},
    {.name = "find",
     .type = MUSTER_TEXT,
     .doc =
         "The call that asks whether somebody is there already, as in GET /employees?number={number}; without it the "
         "whole list is read for that."},
    {.name = "wrap",
     .serves = "create; update",
     .type = MUSTER_TEXT,
     .doc = "The member, as in /employee, in which the object stands that is sent."},
    {.name = "id_at",
     .serves = "create",
     .type = MUSTER_TEXT,
     .doc = "Where the answer to a creation says the new id; without it where records have theirs."},
    {.name = "id_header",
     .serves = "create",
     .type = MUSTER_TEXT,
     .doc = "Instead: the header, as in Location, whose last part is the id."},
    {0},
};

static const muster_option errors[] = {
    {.name = "name",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED,
     .doc = "A status, or the code that stands at `at`."},
    {.name = "means",
     .type = MUSTER_CHOICE,
     .flags = MUSTER_REQUIRED,
     .choices = "done|retry|auth|permission|conflict|gone|data|unsupported",
     .doc = "Whose turn it is; done: all is well."},
    {.name = "at", .type = MUSTER_TEXT, .doc = "The pointer to the code in what is answered; without it the status."},
    {0},
};

static const muster_option partitions[] = {
    {.name = "name", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "The partition's id."},
    {.name = "url", .type = MUSTER_URL, .doc = "Where its resources are; without it below base_url."},
    {.name = "label", .type = MUSTER_TEXT, .doc = "What people call it."},
    {0},
};

static const muster_option options[] = {
    {.name = "base_url",
     .type = MUSTER_URL,
     .flags = MUSTER_REQUIRED,
     .doc = "Where the service is; paths stand below it. All who name the same one share its limit of calls."},
    {.name = "hosts",
     .type = MUSTER_HOSTS,
     .doc = "Other hosts that replies may lead to: addresses of partitions and of next pages, as in *.example.com."},
    {.name = "log_in",
     .type = MUSTER_LIST,
     .members = log_in,
     .doc = "How one logs in; of several all are put into each call."},
    {.name = "headers", .type = MUSTER_LIST, .members = headers, .doc = "Headers of all calls, as name: value."},
    {.name = "resources",
     .type = MUSTER_LIST,
     .flags = MUSTER_REQUIRED,
     .members = resources,
     .doc = "What can be read and written, as name: description; a stream is a resource of its name."},
    {.name = "partitions",
     .type = MUSTER_LIST,
     .members = partitions,
     .doc = "Parts with a server, path or parameter of their own, as id: url."},
    {.name = "partitions_from", .type = MUSTER_TEXT, .doc = "Instead: the resource whose records are the partitions."},
    {.name = "partition_id", .type = MUSTER_TEXT, .doc = "Where such a record says its id."},
    {.name = "partition_name", .type = MUSTER_TEXT, .doc = "Where it says what people call it."},
    {.name = "partition_url", .type = MUSTER_TEXT, .doc = "Where it says the address of its resources."},
    {.name = "format",
     .type = MUSTER_CHOICE,
     .initial = "auto",
     .choices = "auto|json|xml",
     .doc = "What is answered; auto goes by what a reply says of itself, and how it begins."},
    {.name = "error_at",
     .type = MUSTER_TEXT,
     .doc = "The pointer to what is there only where a reply with a good status is an error all the same."},
    {.name = "errors",
     .type = MUSTER_LIST,
     .members = errors,
     .doc = "What refusals mean, as status: meaning, where that is not what HTTP says."},
    {.name = "error_text", .type = MUSTER_TEXT, .doc = "The pointer to what a reply says is wrong, for messages."},
    {.name = "check",
     .type = MUSTER_TEXT,
     .doc = "The resource that is asked for one record when somebody checks the connection; without it the first one."},
    {.name = "timeout",
     .type = MUSTER_SECONDS,
     .initial = "30",
     .min = 1,
     .max = 600,
     .flags = MUSTER_ADVANCED,
     .doc = "How long a reply may take."},
    {0},
};

static const muster_stream streams[] = {
    {.name = "resources",
     .doc = "Any resource, by its name.",
     .flags = MUSTER_READ_FULL | MUSTER_READ_CHANGES | MUSTER_WRITE | MUSTER_DYNAMIC,
     .batch = 100,
     .gone = MUSTER_BY_ABSENCE},
    {0},
};

/* ---- lifetime ---- */

static void rest_close(muster_run *run, void *self)
{
    struct rest *rest = self;
    (void)run;
    options_done(rest);
    muster_text_done(&rest->at);
    free(rest);
}

static muster_rc rest_open(muster_run *run, void **ret_self)
{
    struct rest *rest = calloc(1, sizeof(*rest));
    if (!rest)
        return run->host->fail(run, MUSTER_FAIL, "out of memory");
    rest->run = run;
    rest->host = run->host;
    muster_rc rc = options_read(rest);
    if (rc != MUSTER_OK)
        rest_close(run, rest);
    else
        *ret_self = rest;
    return rc;
}

/* ---- roles ---- */

static muster_rc rest_check(muster_run *run, void *self)
{
    struct rest *rest = self;
    rest->run = run;
    return read_check(rest);
}

static muster_rc rest_discover(muster_run *run, void *self)
{
    struct rest *rest = self;
    rest->run = run;
    return read_sample(rest);
}

static muster_rc rest_partitions(muster_run *run, void *self)
{
    struct rest *rest = self;
    rest->run = run;
    return read_partitions(rest);
}

static muster_rc rest_pull(muster_run *run, void *self, const muster_pull *what)
{
    struct rest *rest = self;
    rest->run = run;
    return read_pull(rest, what);
}

static muster_rc rest_find(muster_run *run, void *self, const char *stream, const muster_record *asked)
{
    struct rest *rest = self;
    rest->run = run;
    return write_find(rest, stream, asked);
}

static muster_rc rest_apply(muster_run *run, void *self, const muster_push *push)
{
    struct rest *rest = self;
    rest->run = run;
    return write_all(rest, push);
}

MUSTER_CONNECTOR(rest, .version = "1.0",
                 .summary = "Any HTTP service with JSON or XML, described in the organization's file",
                 .account = "base_url", .requests = 20, .per_ms = 1000, .options = options, .streams = streams,
                 .open = rest_open, .close = rest_close, .check = rest_check, .discover = rest_discover,
                 .partitions = rest_partitions, .pull = rest_pull, .find = rest_find, .apply = rest_apply)
