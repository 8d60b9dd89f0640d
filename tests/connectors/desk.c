/* desk - a target that keeps what it is told as files, for the tests of delivery: each batch is one, as lines of JSON.
 *
 * The folder is the remote system: find() reads it back, so a change that
 * arrived is there although its answer did not. It does what its options say:
 * refuse (changes with this text in a field; `why` is the code), silent (takes
 * them and gives no answer), die (takes them and dies), unreachable. */
#include <muster/connector.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATCH = 4, LINE = 4096, FILES = 400 };

static const muster_option options[] = {
    {.name = "folder", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED | MUSTER_PLACE, .doc = "Where batches lie."},
    {.name = "refuse", .type = MUSTER_TEXT, .doc = "Changes with this text are not taken."},
    {.name = "refuse_as", .type = MUSTER_CHOICE, .choices = "data|retry|auth|conflict|gone", .initial = "data"},
    {.name = "silent", .type = MUSTER_TEXT, .doc = "Changes with this text get no answer."},
    {.name = "die", .type = MUSTER_TEXT, .doc = "After a batch with this text it dies."},
    {.name = "unreachable", .type = MUSTER_BOOL, .doc = "Nothing can be sent at all."},
    {0},
};
static const muster_field fields[] = {
    {.name = "Number", .type = MUSTER_TEXT, .flags = MUSTER_ID | MUSTER_ON_CREATE | MUSTER_MUST},
    {.name = "Name", .type = MUSTER_TEXT, .flags = MUSTER_MUST},
    {.name = "Mail", .type = MUSTER_TEXT},
    {.name = "Title", .type = MUSTER_TEXT},
    {.name = "Department", .type = MUSTER_TEXT},
    {.name = "Boss", .type = MUSTER_TEXT},
    {.name = "Since", .type = MUSTER_DATE, .flags = MUSTER_ON_CREATE},
    {.name = "Secret", .type = MUSTER_TEXT},
    {.name = "Locker", .type = MUSTER_TEXT, .flags = MUSTER_ON_UPDATE},
    {.name = "Units", .type = MUSTER_JSON},
    {0},
};
static const muster_stream streams[] = {
    {.name = "people",
     .fields = fields,
     .kinds = "person",
     .flags = MUSTER_WRITE,
     .batch = BATCH,
     .mapping_out = "of: person\nmap: { Number: employee_number, Name: { join: [given_name, family_name], with: \" \" "
                    "}, Mail: work_email, Title: employment.title, Department: employment.department.name }\n"},
    {.name = "again", .fields = fields, .kinds = "person", .flags = MUSTER_WRITE | MUSTER_REPEAT_SAFE, .batch = BATCH},
    {.name = "staff", .fields = fields, .kinds = "person", .flags = MUSTER_WRITE | MUSTER_READ_FULL, .batch = BATCH},
    {.name = "units", .fields = fields, .kinds = "org_unit", .flags = MUSTER_WRITE | MUSTER_REPEAT_SAFE},
    {0},
};

static const char *op_name(int op)
{
    static const char *const names[] = {"", "create", "update", "deactivate", "reactivate", "delete", "keep"};
    return names[op];
}

/* The nth file that a batch may have: only as many are looked for as there are. */
static size_t files_there(muster_run *run)
{
    const char *name;
    uint64_t size;
    int64_t mtime;
    size_t count = 0;
    while (count < FILES &&
           run->host->list(run, run->host->text(run, "folder"), count, &name, &size, &mtime) == MUSTER_OK)
        count++;
    return count;
}

static muster_rc keep(muster_run *run, const char *text, size_t len)
{
    char name[600];
    const char *folder = run->host->text(run, "folder"), *star = strchr(folder, '*');
    int fd = -1;
    muster_rc rc = run->host->scratch(run, &fd);
    if (rc != MUSTER_OK || !star)
        return rc ? rc : run->host->fail(run, MUSTER_CONFIG, "folder needs a '*'");
    snprintf(name, sizeof(name), "%.*s%04zu%s", (int)(star - folder), folder, files_there(run) + 1, star + 1);
    if (write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) != 0)
        rc = run->host->fail(run, MUSTER_FAIL, "the scratch file cannot be written");
    if (rc == MUSTER_OK)
        rc = run->host->store(run, name, fd);
    close(fd);
    return rc;
}

static int has(muster_run *run, const char *option, const char *line)
{
    const char *text = run->host->text(run, option);
    return text && *text && strstr(line, text);
}

static muster_rc refusal(muster_run *run)
{
    const char *as = run->host->text(run, "refuse_as");
    return strcmp(as, "retry") == 0      ? MUSTER_RETRY
           : strcmp(as, "auth") == 0     ? MUSTER_AUTH
           : strcmp(as, "conflict") == 0 ? MUSTER_CONFLICT
           : strcmp(as, "gone") == 0     ? MUSTER_GONE
                                         : MUSTER_DATA;
}

struct pending {
    const muster_change *change;
    char line[LINE];
    int refused;
};

/* What arrived is kept before anything is answered. */
static muster_rc batch_done(muster_run *run, struct pending *batch, size_t count)
{
    char *text = calloc(count + 1, LINE + 1);
    size_t len = 0;
    int dies = 0;
    for (size_t n = 0; text && n < count; n++) {
        batch[n].refused = has(run, "refuse", batch[n].line);
        dies |= has(run, "die", batch[n].line);
        if (!batch[n].refused)
            len += (size_t)snprintf(text + len, LINE + 1, "%s\n", batch[n].line);
    }
    muster_rc rc = len ? keep(run, text, len) : MUSTER_OK;
    free(text);
    if (dies)
        abort();
    for (size_t n = 0; n < count && rc == MUSTER_OK; n++) {
        char id[64];
        snprintf(id, sizeof(id), "D-%.20s", batch[n].change->key);
        if (batch[n].refused)
            rc = run->host->refused(run, batch[n].change, refusal(run), "this desk does not like it");
        else if (!has(run, "silent", batch[n].line))
            rc = run->host->applied(run, batch[n].change, batch[n].change->remote_id ? batch[n].change->remote_id : id);
    }
    return rc;
}

static muster_rc apply(muster_run *run, void *self, const muster_push *push)
{
    static struct pending batch[BATCH];
    size_t count = 0;
    (void)self;
    (void)push;
    if (run->host->number(run, "unreachable"))
        return run->host->fail(run, MUSTER_RETRY, "the desk is closed today");
    for (;;) {
        const muster_change *change;
        muster_rc rc = run->host->next(run, &change);
        if (rc != MUSTER_OK)
            return rc;
        if (!change || count == BATCH) {
            rc = batch_done(run, batch, count);
            count = 0;
            if (rc != MUSTER_OK || !change)
                return rc;
        }
        size_t len = (size_t)snprintf(batch[count].line, LINE, "{\"op\":\"%s\",\"id\":\"%s\",\"changed\":\"",
                                      op_name(change->op), change->remote_id ? change->remote_id : "");
        for (size_t n = 0; run->host->changed(change, n); n++)
            len += (size_t)snprintf(batch[count].line + len, LINE - len, "%s%s", n ? " " : "",
                                    run->host->changed(change, n));
        snprintf(batch[count].line + len, LINE - len, "\",\"key\":\"%s\",\"after\":%s}", change->key,
                 run->host->json(run, change->after));
        batch[count++].change = change;
    }
}

/* A row for each line of a batch that has the number. */
static muster_rc find(muster_run *run, void *self, const char *stream, const muster_record *wanted)
{
    const char *number = run->host->get(wanted, "Number");
    char like[200], name[600];
    (void)self;
    snprintf(like, sizeof(like), "\"Number\":\"%s\"", number ? number : "");
    for (size_t n = 0, count = files_there(run); n < count; n++) {
        const char *file;
        uint64_t size;
        int64_t mtime;
        int fd;
        char line[LINE];
        if (run->host->list(run, run->host->text(run, "folder"), n, &file, &size, &mtime) != MUSTER_OK)
            break;
        snprintf(name, sizeof(name), "%s", file);
        muster_rc rc = run->host->fetch(run, name, &fd);
        if (rc != MUSTER_OK)
            return rc;
        FILE *in = fdopen(fd, "r");
        while (in && fgets(line, sizeof(line), in)) {
            char *key = strstr(line, "\"key\":\""), id[64];
            if (!strstr(line, like) || !strstr(line, "\"op\":\"create\"") || !key)
                continue;
            snprintf(id, sizeof(id), "D-%.20s", key + 7);
            muster_record *row = run->host->record(run, stream, id, file);
            run->host->put(row, "Number", MUSTER_TEXT, number);
            if ((rc = run->host->row(run, row)) != MUSTER_OK)
                break;
        }
        if (in)
            fclose(in);
        if (rc != MUSTER_OK)
            return rc;
    }
    return MUSTER_OK;
}

/* --- all there is --- */

struct account {
    char id[64], line[LINE];
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void account_take(struct account *accounts, size_t *count, const char *line)
{
    const char *key = strstr(line, "\"key\":\""), *own = strstr(line, "\"id\":\"");
    char id[64];
    size_t n = 0;
    if (!key || !own || !strstr(line, "\"after\":"))
        return;
    if (own[6] == '"')
        snprintf(id, sizeof(id), "D-%.20s", key + 7);
    else
        snprintf(id, sizeof(id), "%.*s", (int)strcspn(own + 6, "\""), own + 6);
    while (n < *count && strcmp(accounts[n].id, id) != 0)
        n++;
    if (n == FILES)
        return;
    *count += n == *count;
    snprintf(accounts[n].id, sizeof(accounts[n].id), "%s", id);
    snprintf(accounts[n].line, LINE, "%s", strstr(line, "\"after\":") + 8);
}

static muster_rc accounts_read(muster_run *run, struct account *accounts, size_t *count)
{
    char *names[FILES], line[LINE];
    size_t files = files_there(run);
    muster_rc rc = MUSTER_OK;
    for (size_t n = 0; n < files; n++) {
        const char *file;
        uint64_t size;
        int64_t mtime;
        rc = run->host->list(run, run->host->text(run, "folder"), n, &file, &size, &mtime);
        names[n] = strdup(rc == MUSTER_OK ? file : "");
    }
    qsort(names, files, sizeof(names[0]), by_name);
    for (size_t n = 0; n < files; n++) {
        int fd;
        if (rc == MUSTER_OK && (rc = run->host->fetch(run, names[n], &fd)) == MUSTER_OK) {
            FILE *in = fdopen(fd, "r");
            while (in && fgets(line, sizeof(line), in))
                account_take(accounts, count, line);
            if (in)
                fclose(in);
        }
        free(names[n]);
    }
    return rc;
}

/* What it was told last of everybody; who is marked as gone by hand has no line left. */
static muster_rc pull(muster_run *run, void *self, const muster_pull *asked)
{
    struct account *accounts = calloc(FILES, sizeof(*accounts));
    size_t count = 0;
    (void)self;
    if (run->host->number(run, "unreachable") || !accounts) {
        free(accounts);
        return run->host->fail(run, MUSTER_RETRY, "the desk is closed today");
    }
    muster_rc rc = accounts_read(run, accounts, &count);
    for (size_t n = 0; n < count && rc == MUSTER_OK; n++) {
        muster_record *row = run->host->record(run, asked->stream, accounts[n].id, "");
        run->host->put_json(row, accounts[n].line, strcspn(accounts[n].line, "}") + 1);
        rc = run->host->emit(run, row);
    }
    free(accounts);
    return rc == MUSTER_OK ? run->host->complete(run, count) : rc;
}

MUSTER_CONNECTOR(desk, .version = "1.0", .summary = "Keeps what it is told as files.", .options = options,
                 .streams = streams, .pull = pull, .apply = apply, .find = find)
