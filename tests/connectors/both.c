/* both - a system that has people's files, which are read, and their accounts, which are told: two kinds of things,
 * each with ids of its own. Option `files` is who it has: "1001 ann@a.example, 1002 bob@a.example". */
#include <muster/connector.h>

#include <stdio.h>
#include <string.h>

static const muster_option options[] = {
    {.name = "files", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "Number and e-mail of each."},
    {0},
};
static const muster_field file_fields[] = {
    {.name = "file", .type = MUSTER_TEXT, .flags = MUSTER_ID, .doc = "The file's own id."},
    {.name = "number", .type = MUSTER_TEXT, .doc = "The employee number."},
    {.name = "mail", .type = MUSTER_TEXT, .doc = "The e-mail address."},
    {0},
};
static const muster_field account_fields[] = {
    {.name = "number", .type = MUSTER_TEXT, .flags = MUSTER_ID | MUSTER_MUST, .doc = "The employee number."},
    {.name = "mail", .type = MUSTER_TEXT, .doc = "The e-mail address."},
    {0},
};
static const muster_stream streams[] = {
    {.name = "files",
     .doc = "What is kept of people.",
     .fields = file_fields,
     .mapping_in = "person: { employee_number: number, work_email: mail, status: { const: active } }\n",
     .kinds = "person",
     .flags = MUSTER_READ_FULL,
     .gone = MUSTER_BY_ABSENCE},
    {.name = "accounts",
     .doc = "Their accounts.",
     .fields = account_fields,
     .mapping_out = "of: person\nmap: { number: employee_number, mail: work_email }\n",
     .kinds = "person",
     .flags = MUSTER_WRITE | MUSTER_REPEAT_SAFE},
    {0},
};

static muster_rc pull(muster_run *run, void *self, const muster_pull *asked)
{
    const char *at = run->host->text(run, "files");
    char number[40], mail[80], id[48];
    uint64_t count = 0;
    int used = 0;
    muster_rc rc = MUSTER_OK;
    (void)self;
    for (; rc == MUSTER_OK && sscanf(at, " %39[^ ,] %79[^ ,]%n", number, mail, &used) == 2; count++) {
        at += used + (at[used] == ',');
        snprintf(id, sizeof(id), "file-%s", number);
        muster_record *row = run->host->record(run, asked->stream, id, "");
        run->host->put(row, "file", MUSTER_TEXT, id);
        run->host->put(row, "number", MUSTER_TEXT, number);
        run->host->put(row, "mail", MUSTER_TEXT, mail);
        rc = run->host->emit(run, row);
    }
    return rc == MUSTER_OK ? run->host->complete(run, count) : rc;
}

static muster_rc apply(muster_run *run, void *self, const muster_push *push)
{
    const muster_change *change;
    muster_rc rc;
    (void)self, (void)push;
    while ((rc = run->host->next(run, &change)) == MUSTER_OK && change) {
        char id[60];
        const char *number = change->after ? run->host->get(change->after, "number") : NULL;
        snprintf(id, sizeof(id), "account-%.40s", number ? number : "");
        rc = run->host->applied(run, change, change->remote_id ? change->remote_id : id);
        if (rc != MUSTER_OK)
            break;
    }
    return rc;
}

MUSTER_CONNECTOR(both, .version = "1.0", .summary = "Has files and accounts", .options = options, .streams = streams,
                 .pull = pull, .apply = apply)
