/* table - a connector that says what a text file tells it to say, for the tests of the engine.
 *
 * Reads the file at `location`, line by line; a line belongs to the pulls that
 * the last "@ PARTITION STREAM" before it names (either may be '*'):
 *   columns A|B|C     a table with these columns
 *   row a|b|~         one row of it: a blank cell is empty, '~' is null
 *   json ID {…}       a record of its own, no table; ID '-': none
 *   reject ID WHY     ID '-': none
 *   gone ID           the source says that it is no more
 *   partial WHY, changes, complete N, fail CODE TEXT   how it ends; else complete
 *   die, hang         its process does
 *   take ID LINE      LINE, if the host lets it take this one
 * Built with TABLE_LATER it is a later version, which says less and says it otherwise: no cell of column C, and of
 * others only the first word. */
#include <muster/connector.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMNS_MAX = 40 };
#ifdef TABLE_LATER
#define TABLE_VERSION "2"
enum { LATER = 1 };
#else
#define TABLE_VERSION "1"
enum { LATER = 0 };
#endif

static const muster_option options[] = {
    {.name = "location", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED | MUSTER_PLACE, .doc = "The file."},
    {.name = "on_missing", .type = MUSTER_CHOICE, .choices = "deactivate|ignore", .initial = "deactivate"},
    {.name = "stores", .type = MUSTER_TEXT, .doc = "Partitions, with blanks between."},
    {0},
};
static const muster_stream streams[] = {
    {.name = "rows", .flags = MUSTER_READ_FULL | MUSTER_DYNAMIC},
    {0},
};

static muster_rc partitions(muster_run *run, void *self)
{
    const char *stores = run->host->text(run, "stores");
    char *list = strdup(stores ? stores : "main"), *rest = list;
    uint64_t count = 0;
    (void)self;
    for (char *name; list && (name = strsep(&rest, " "));)
        if (*name) {
            run->host->partition(run, name, NULL, NULL);
            count++;
        }
    free(list);
    return run->host->complete(run, count);
}

static char *read_whole(int fd)
{
    size_t len = 0, room = 1 << 16;
    char *text = malloc(room + 1);
    for (ssize_t got; text && (got = read(fd, text + len, room - len)) > 0;) {
        len += (size_t)got;
        if (len == room)
            text = realloc(text, (room *= 2) + 1);
    }
    if (text)
        text[len] = '\0';
    close(fd);
    return text;
}

struct telling {
    muster_run *run;
    const muster_pull *pull;
    char *names[COLUMNS_MAX];
    size_t name_count;
    uint64_t count;
    int line;
    int claimed;
};

static size_t split(char *text, char **ret_parts)
{
    size_t count = 0;
    for (char *part; (part = strsep(&text, "|")) && count < COLUMNS_MAX;)
        ret_parts[count++] = part;
    return count;
}

static void tell_columns(struct telling *telling, char *text)
{
    static const char *const places[COLUMNS_MAX] = {"A",  "B",  "C",  "D",  "E",  "F",  "G",  "H",  "I",  "J",
                                                    "K",  "L",  "M",  "N",  "O",  "P",  "Q",  "R",  "S",  "T",
                                                    "U",  "V",  "W",  "X",  "Y",  "Z",  "AA", "AB", "AC", "AD",
                                                    "AE", "AF", "AG", "AH", "AI", "AJ", "AK", "AL", "AM", "AN"};
    telling->name_count = split(text, telling->names);
    telling->run->host->columns(telling->run, telling->pull->stream, (const char *const *)telling->names, places,
                                telling->name_count);
}

static muster_rc tell_row(struct telling *telling, char *text)
{
    const muster_host *host = telling->run->host;
    char *cells[COLUMNS_MAX], place[40];
    size_t count = split(text, cells);
    snprintf(place, sizeof(place), "Sheet!*%d", telling->line);
    muster_record *record = host->record(telling->run, telling->pull->stream, NULL, place);
    for (size_t i = 0; i < count && i < telling->name_count; i++) {
        if (LATER && i == 2)
            continue;
        if (LATER)
            cells[i][strcspn(cells[i], " ")] = '\0';
        if (strcmp(cells[i], "~") == 0)
            host->put(record, telling->names[i], MUSTER_TEXT, NULL);
        else if (*cells[i])
            host->put_nth(record, i, MUSTER_TEXT, cells[i], strlen(cells[i]));
    }
    telling->count++;
    return host->emit(telling->run, record);
}

static muster_rc tell_json(struct telling *telling, char *text)
{
    const muster_host *host = telling->run->host;
    char *id = strsep(&text, " ");
    muster_record *record = host->record(telling->run, telling->pull->stream, strcmp(id, "-") == 0 ? NULL : id, "");
    if (text)
        host->put_json(record, text, strlen(text));
    telling->count++;
    return host->emit(telling->run, record);
}

static muster_rc tell(struct telling *telling, char *line)
{
    const muster_host *host = telling->run->host;
    char *word = strsep(&line, " "), *text = line ? line : word + strlen(word);
    if (strcmp(word, "columns") == 0)
        return tell_columns(telling, text), MUSTER_OK;
    if (strcmp(word, "row") == 0)
        return tell_row(telling, text);
    if (strcmp(word, "json") == 0)
        return tell_json(telling, text);
    if (strcmp(word, "reject") == 0) {
        char *id = strsep(&text, " ");
        telling->count++;
        return host->reject(telling->run, telling->pull->stream, strcmp(id, "-") == 0 ? NULL : id, "Sheet!A1",
                            text ? text : "");
    }
    if (strcmp(word, "gone") == 0)
        return host->gone(telling->run, telling->pull->stream, text);
    if (strcmp(word, "die") == 0)
        abort();
    while (strcmp(word, "hang") == 0)
        pause();
    if (strcmp(word, "take") == 0) {
        char *id = strsep(&text, " "), place[40];
        snprintf(place, sizeof(place), "line %d", telling->line);
        if (host->take(telling->run, telling->pull->stream, strcmp(id, "-") == 0 ? NULL : id, place))
            return text ? tell(telling, text) : MUSTER_OK;
        telling->count++;
        return MUSTER_OK;
    }
    if (strcmp(word, "fail") == 0) {
        char *code = strsep(&text, " ");
        return host->fail(telling->run, (muster_rc)strtol(code, NULL, 10), "%s", text ? text : "");
    }
    telling->claimed = 1;
    if (strcmp(word, "partial") == 0)
        return host->partial(telling->run, text);
    if (strcmp(word, "changes") == 0)
        return host->changes(telling->run, telling->count);
    if (strcmp(word, "complete") == 0)
        return host->complete(telling->run, strtoull(text, NULL, 10));
    return host->fail(telling->run, MUSTER_FAIL, "what is '%s'?", word);
}

static int is_meant(const char *line, const muster_pull *pull)
{
    char partition[100] = "", stream[100] = "";
    sscanf(line, "@ %99s %99s", partition, stream);
    return (strcmp(partition, "*") == 0 || strcmp(partition, pull->partition) == 0) &&
           (strcmp(stream, "*") == 0 || strcmp(stream, pull->stream) == 0);
}

static muster_rc pull(muster_run *run, void *self, const muster_pull *asked)
{
    struct telling telling = {.run = run, .pull = asked};
    int fd, meant = 1;
    (void)self;
    muster_rc rc = run->host->fetch(run, run->host->text(run, "location"), &fd);
    if (rc != MUSTER_OK)
        return rc;
    char *text = read_whole(fd), *rest = text;
    if (run->host->unchanged(run)) {
        free(text);
        return MUSTER_SAME;
    }
    for (char *line; rc == MUSTER_OK && (line = strsep(&rest, "\n"));) {
        telling.line++;
        if (*line == '@')
            meant = is_meant(line, asked);
        else if (*line && meant)
            rc = tell(&telling, line);
        rc = rc == MUSTER_DATA ? MUSTER_OK : rc;
    }
    free(text);
    return rc != MUSTER_OK || telling.claimed ? rc : run->host->complete(run, telling.count);
}

MUSTER_CONNECTOR(table, .version = TABLE_VERSION, .summary = "Says what a file tells it", .options = options,
                 .streams = streams, .partitions = partitions, .pull = pull)
