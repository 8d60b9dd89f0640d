/* usersync - a platform that takes its users from others, as a target: who is new is invited to a community and a
 * function group, who changed is moved, who left is removed.
 *
 * Nothing of the wire is public: a path, a name and a code are options, and the
 * manual page muster-usersync(7) says what is assumed. */
#include "usersync.h"

#include <stdlib.h>
#include <string.h>

static const muster_option options[] = {
    {.name = "base_url",
     .type = MUSTER_URL,
     .flags = MUSTER_REQUIRED,
     .doc = "Where the platform's user sync is, without the paths, as in https://api.platform.example."},
    {.name = "token",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED | MUSTER_SECRET,
     .doc = "The token to log in with."},
    {.name = "never_invite",
     .type = MUSTER_LIST,
     .doc =
         "Patterns of e-mail addresses at which nobody can be reached, as in [\"*@geenmail.example\"]: who has one is "
         "not invited, and HR is told."},
    {.name = "batch_size",
     .serves = "!body=single",
     .type = MUSTER_INTEGER,
     .initial = "100",
     .min = 1,
     .max = 500,
     .doc = "How many go together in one call."},
    {.name = "body",
     .type = MUSTER_CHOICE,
     .initial = "object",
     .choices = "object|list|single",
     .flags = MUSTER_ADVANCED,
     .doc = "What a call has in it: an object with the list in it, the bare list, or one account by itself."},
    {.name = "users_path",
     .type = MUSTER_TEXT,
     .initial = "/user-sync/v1/users",
     .flags = MUSTER_ADVANCED,
     .doc = "The path that takes accounts."},
    {.name = "communities_path",
     .type = MUSTER_TEXT,
     .initial = "/user-sync/v1/communities",
     .flags = MUSTER_ADVANCED,
     .doc = "The path that takes communities."},
    {.name = "functions_path",
     .type = MUSTER_TEXT,
     .initial = "/user-sync/v1/functions",
     .flags = MUSTER_ADVANCED,
     .doc = "The path that takes function groups."},
    {.name = "users_member",
     .serves = "body=object",
     .type = MUSTER_TEXT,
     .initial = "users",
     .flags = MUSTER_ADVANCED,
     .doc = "With body object: what the list of accounts is called."},
    {.name = "communities_member",
     .serves = "body=object",
     .type = MUSTER_TEXT,
     .initial = "communities",
     .flags = MUSTER_ADVANCED,
     .doc = "With body object: what the list of communities is called."},
    {.name = "functions_member",
     .serves = "body=object",
     .type = MUSTER_TEXT,
     .initial = "functions",
     .flags = MUSTER_ADVANCED,
     .doc = "With body object: what the list of function groups is called."},
    {.name = "names",
     .type = MUSTER_JSON,
     .flags = MUSTER_ADVANCED,
     .doc =
         "What fields are called on the wire where it is something else, as in { externalId: ref, active: enabled }; "
         "\"\": it is not sent."},
    {.name = "token_header",
     .type = MUSTER_TEXT,
     .initial = "Authorization",
     .flags = MUSTER_ADVANCED,
     .doc = "The header with the token."},
    {.name = "token_value",
     .type = MUSTER_TEXT,
     .initial = "Bearer {secret}",
     .flags = MUSTER_ADVANCED,
     .doc = "What is in that header; {secret} is the token."},
    {.name = "errors_pointer",
     .type = MUSTER_TEXT,
     .initial = "/errors",
     .flags = MUSTER_ADVANCED,
     .doc = "Where the rows that were refused stand in an answer: a JSON pointer."},
    {.name = "error_id",
     .type = MUSTER_TEXT,
     .initial = "externalId",
     .flags = MUSTER_ADVANCED,
     .doc = "What of a refused row says which it is."},
    {.name = "error_index",
     .type = MUSTER_TEXT,
     .initial = "index",
     .flags = MUSTER_ADVANCED,
     .doc = "Its number in the call, from 0, where error_id does not say it."},
    {.name = "error_code",
     .type = MUSTER_TEXT,
     .initial = "code",
     .flags = MUSTER_ADVANCED,
     .doc = "What its code is called."},
    {.name = "error_message",
     .type = MUSTER_TEXT,
     .initial = "message",
     .flags = MUSTER_ADVANCED,
     .doc = "What its sentence is called."},
    {.name = "codes",
     .type = MUSTER_JSON,
     .flags = MUSTER_ADVANCED,
     .doc = "The platform's codes that mean one of ours, as in { E17: NOT_EDITABLE }."},
    {0},
};

#define ALWAYS (MUSTER_ON_CREATE | MUSTER_ON_UPDATE)
static const muster_field user_fields[] = {
    {.name = "externalId",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ID | MUSTER_ON_CREATE | MUSTER_MUST,
     .doc = "What the platform knows the account by; it stays for good."},
    {.name = "email",
     .type = MUSTER_TEXT,
     .flags = ALWAYS | MUSTER_MUST,
     .doc = "The e-mail address, to which the invitation goes."},
    {.name = "firstName", .type = MUSTER_TEXT, .flags = ALWAYS, .doc = "The first name."},
    {.name = "lastName", .type = MUSTER_TEXT, .flags = ALWAYS | MUSTER_MUST, .doc = "The last name."},
    {.name = "dateOfBirth", .type = MUSTER_DATE, .flags = ALWAYS, .doc = "The day of birth."},
    {.name = "phone", .type = MUSTER_TEXT, .flags = ALWAYS, .doc = "The phone number."},
    {.name = "communities",
     .type = MUSTER_JSON,
     .flags = ALWAYS | MUSTER_MUST,
     .doc = "The communities that the account is in, each with a function group."},
    {0},
};
static const muster_field unit_fields[] = {
    {.name = "externalId",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ID | MUSTER_ON_CREATE | MUSTER_MUST,
     .doc = "What accounts name it by."},
    {.name = "name", .type = MUSTER_TEXT, .flags = ALWAYS | MUSTER_MUST, .doc = "What people read."},
    {0},
};
static const muster_stream streams[] = {
    {.name = "communities",
     .doc = "What people are invited to: a store is one.",
     .fields = unit_fields,
     .mapping_out = "of: org_unit\n"
                    "where: { from: type, in: [store, community] }\n"
                    "map: { externalId: code, name: { first_of: [name, code] } }\n",
     .kinds = "org_unit",
     .flags = MUSTER_WRITE | MUSTER_REPEAT_SAFE,
     .batch = 500},
    {.name = "functions",
     .doc = "Function groups within communities.",
     .fields = unit_fields,
     .mapping_out = "of: org_unit\n"
                    "where: { from: type, equals: function }\n"
                    "map: { externalId: code, name: { first_of: [name, code] } }\n",
     .kinds = "org_unit",
     .flags = MUSTER_WRITE | MUSTER_REPEAT_SAFE,
     .batch = 500},
    {.name = "users",
     .doc = "Accounts of people.",
     .fields = user_fields,
     .mapping_out = "of: person\n"
                    "scope: { status: [active, on_leave] }\n"
                    "map:\n"
                    "  externalId: account.id\n"
                    "  email: { from: work_email, lower: true }\n"
                    "  firstName: { first_of: [given_name, preferred_name] }\n"
                    "  lastName: { first_of: [family_name, display_name] }\n"
                    "  dateOfBirth: date_of_birth\n"
                    "  phone: { first_of: [mobile_phone, phone] }\n"
                    "  communities: { each: memberships, map: { externalId: unit.code, functionExternalId: "
                    "function.code } }\n",
     .kinds = "person",
     .flags = MUSTER_WRITE | MUSTER_REPEAT_SAFE,
     .batch = 500},
    {0},
};

const char *usersync_option(const struct usersync *usersync, const char *name)
{
    const char *text = usersync->host->text(usersync->run, name);
    return text ? text : "";
}

static void close_it(muster_run *run, void *self)
{
    struct usersync *usersync = self;
    (void)run;
    muster_document_free(usersync->names);
    muster_document_free(usersync->codes);
    free(usersync);
}

/* An option of names and what they become. */
static muster_rc table_read(const struct usersync *usersync, const char *option, muster_document **ret_table)
{
    const char *text = usersync_option(usersync, option), *why = "it is no object";
    muster_document *table = *text ? muster_document_read(text, strlen(text), &why) : NULL;
    const muster_node *root = muster_document_root(table);
    bool good = !*text || (root && root->kind == MUSTER_NODE_OBJECT);
    for (const muster_node *one = muster_node_first(root); one && good; one = one->next)
        good = one->kind == MUSTER_NODE_TEXT;
    if (!good) {
        muster_document_free(table);
        return usersync->host->fail(usersync->run, MUSTER_CONFIG, "option '%s' has to be a map of names to names: %s",
                                    option, root ? "each name needs a text" : why);
    }
    *ret_table = table;
    return MUSTER_OK;
}

/* A name of a field that is none would never be found missing. */
static muster_rc names_check(const struct usersync *usersync)
{
    const muster_node *one = muster_node_first(muster_document_root(usersync->names));
    for (; one; one = one->next) {
        bool known = strcmp(one->name, "active") == 0; /* of who leaves */
        for (const muster_stream *stream = streams; stream->name && !known; stream++)
            for (const muster_field *field = stream->fields; field->name && !known; field++)
                known = strcmp(field->name, one->name) == 0;
        if (!known)
            return usersync->host->fail(usersync->run, MUSTER_CONFIG,
                                        "option 'names': no field is called '%s': they are called externalId, email "
                                        "and so on, as in the connector's manual page",
                                        one->name);
    }
    return MUSTER_OK;
}

static muster_rc open_it(muster_run *run, void **self)
{
    static const char *const paths[] = {"users_path", "communities_path", "functions_path"};
    struct usersync *usersync = calloc(1, sizeof(*usersync));
    if (!usersync)
        return run->host->fail(run, MUSTER_FAIL, "no memory");
    usersync->run = run;
    usersync->host = run->host;
    muster_rc rc = table_read(usersync, "names", &usersync->names);
    if (rc == MUSTER_OK)
        rc = names_check(usersync);
    if (rc == MUSTER_OK)
        rc = table_read(usersync, "codes", &usersync->codes);
    for (size_t n = 0; n < sizeof(paths) / sizeof(*paths) && rc == MUSTER_OK; n++)
        if (*usersync_option(usersync, paths[n]) != '/')
            rc = run->host->fail(run, MUSTER_CONFIG, "option '%s' has to be a path that begins with '/'", paths[n]);
    if (rc == MUSTER_OK && !strstr(usersync_option(usersync, "token_value"), "{secret}"))
        rc = run->host->fail(run, MUSTER_CONFIG,
                             "option 'token_value' has to say where the token goes, as in \"Bearer {secret}\"");
    if (rc != MUSTER_OK) {
        close_it(run, usersync);
        return rc;
    }
    usersync->login = (muster_auth){.size = sizeof(usersync->login),
                                    .scheme = "recipe",
                                    .secret = "token",
                                    .where = "header",
                                    .name = usersync_option(usersync, "token_header"),
                                    .recipe = usersync_option(usersync, "token_value")};
    *self = usersync;
    return MUSTER_OK;
}

static muster_rc check(muster_run *run, void *self)
{
    struct usersync *usersync = self;
    usersync->run = run;
    return batch_check(usersync);
}

static muster_rc apply(muster_run *run, void *self, const muster_push *push)
{
    struct usersync *usersync = self;
    usersync->run = run;
    return batch_apply(usersync, push);
}

MUSTER_CONNECTOR(usersync, .version = "1.0",
                 .summary = "A platform that takes its users from others: invitations, moves, removals",
                 .account = "base_url", .options = options, .streams = streams, .open = open_it, .close = close_it,
                 .check = check, .apply = apply)
