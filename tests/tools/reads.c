/* reads - asks muster/reader.h what it is told to, line by line, and says what came of it.
 *
 *     reads FOLDER      begin | end | lease MS | all KIND FIELD… | next KIND ID | get KIND ID FIELD…
 *                       parts KIND ID KIND FIELD… | changes SEQUENCE | wait SEQUENCE MS | sequence | again | fork |
 *                       chdir FOLDER
 *
 * A line per thing: its id, "gone" or "there", then per field - (absent), null, empty, =TEXT, #ID or * (protected);
 * last the result and, after a failure, why. */
#include <muster/reader.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS = 20 };

static void tell_value(const muster_reader_object *object, int field)
{
    muster_reader_cell cell;
    bool beyond = muster_reader_value(object, field + 0x10000, &cell) != MUSTER_READER_ABSENT; /* nobody's number */
    int presence = muster_reader_value(object, field, &cell);
    if (beyond || presence != cell.presence)
        printf("\t?");
    else if (presence == MUSTER_READER_ABSENT)
        printf("\t-");
    else if (presence == MUSTER_READER_NULL)
        printf("\tnull");
    else if (presence == MUSTER_READER_EMPTY)
        printf("\tempty");
    else if (cell.text)
        printf("\t=%.*s", (int)cell.len, cell.text);
    else
        cell.id ? printf("\t#%" PRIu64, cell.id) : printf("\t*");
}

static int tell(muster_reader *reader, const char *kind, const muster_reader_object *object, char **fields)
{
    int numbers[WORDS], count = 0;
    for (; fields[count]; count++)
        if ((numbers[count] = muster_reader_field(reader, kind, fields[count])) < 0)
            return numbers[count];
    printf("%" PRIu64 "\t%s", object->id, object->gone ? "gone" : "there");
    for (int n = 0; n < count; n++)
        tell_value(object, numbers[n]);
    printf("\n");
    return MUSTER_READER_OK;
}

static int all(muster_reader *reader, char **words)
{
    muster_reader_object object = {0};
    int rc;
    while ((rc = muster_reader_next(reader, words[1], &object)) == MUSTER_READER_OK)
        if ((rc = tell(reader, words[1], &object, words + 2)) != MUSTER_READER_OK)
            break;
    return rc;
}

static int parts(muster_reader *reader, char **words)
{
    muster_reader_object object, part;
    int rc = muster_reader_get(reader, words[1], strtoull(words[2], NULL, 10), &object);
    for (size_t nth = 0; rc == MUSTER_READER_OK; nth++) {
        rc = muster_reader_part(reader, &object, words[3], nth, &part);
        if (rc == MUSTER_READER_OK)
            rc = tell(reader, words[3], &part, words + 4);
    }
    return rc;
}

static int changes(muster_reader *reader, uint64_t sequence)
{
    const char *kind;
    uint64_t id;
    int rc;
    while ((rc = muster_reader_change(reader, &sequence, &kind, &id)) == MUSTER_READER_OK)
        printf("%" PRIu64 "\t%s\t%" PRIu64 "\n", sequence, kind, id);
    return rc;
}

static int next(muster_reader *reader, char **words)
{
    muster_reader_object object = {.id = strtoull(words[2], NULL, 10)};
    int rc = muster_reader_next(reader, words[1], &object);
    if (rc == MUSTER_READER_OK)
        printf("%" PRIu64 "\n", object.id);
    return rc;
}

static int get(muster_reader *reader, char **words)
{
    muster_reader_object object;
    int rc = muster_reader_get(reader, words[1], strtoull(words[2], NULL, 10), &object);
    return rc == MUSTER_READER_OK ? tell(reader, words[1], &object, words + 3) : rc;
}

static int again(const char *folder)
{
    muster_reader *other;
    int rc = muster_reader_open(folder, &other);
    printf("%s\n", muster_reader_why(other));
    muster_reader_close(other);
    return rc;
}

/* What a child finds: a step in the parent's snapshot, one of its own, a step in that. */
static int in_child(muster_reader *reader)
{
    pid_t child = fork();
    if (child == 0) {
        muster_reader_object one = {0};
        int before = muster_reader_next(reader, "person", &one), begun = muster_reader_begin(reader);
        printf("%d\t%d\t%d\n", before, begun, muster_reader_next(reader, "person", &one));
        fflush(stdout);
        muster_reader_close(reader);
        _exit(0);
    }
    return child > 0 && waitpid(child, NULL, 0) == child ? MUSTER_READER_OK : -100;
}

static int obey(muster_reader *reader, const char *folder, char **words)
{
    const char *verb = words[0];
    if (strcmp(verb, "begin") == 0)
        return muster_reader_begin(reader);
    if (strcmp(verb, "end") == 0)
        return muster_reader_end(reader), MUSTER_READER_OK;
    if (strcmp(verb, "lease") == 0)
        return muster_reader_lease(reader, (uint32_t)strtoul(words[1], NULL, 10)), MUSTER_READER_OK;
    if (strcmp(verb, "all") == 0)
        return all(reader, words);
    if (strcmp(verb, "next") == 0)
        return next(reader, words);
    if (strcmp(verb, "get") == 0)
        return get(reader, words);
    if (strcmp(verb, "parts") == 0)
        return parts(reader, words);
    if (strcmp(verb, "changes") == 0)
        return changes(reader, strtoull(words[1], NULL, 10));
    if (strcmp(verb, "wait") == 0)
        return muster_reader_wait(reader, strtoull(words[1], NULL, 10), (int)strtol(words[2], NULL, 10));
    if (strcmp(verb, "fork") == 0)
        return in_child(reader);
    if (strcmp(verb, "chdir") == 0)
        return chdir(words[1]) == 0 ? MUSTER_READER_OK : -100;
    if (strcmp(verb, "sequence") == 0)
        return printf("%" PRIu64 "\n", muster_reader_sequence(reader)), MUSTER_READER_OK;
    return strcmp(verb, "again") == 0 ? again(folder) : -100;
}

static void answer(const muster_reader *reader, int rc)
{
    printf("> %d%s%s\n", rc, rc < 0 ? " " : "", rc < 0 ? muster_reader_why(reader) : "");
    fflush(stdout);
}

int main(int count, char **arguments)
{
    char line[1000], *words[WORDS + 1];
    muster_reader *reader;
    if (count != 2)
        return 2;
    int rc = muster_reader_open(arguments[1], &reader);
    answer(reader, rc);
    while (reader && fgets(line, sizeof(line), stdin)) {
        size_t n = 0;
        for (char *rest = line, *word; n < WORDS && (word = strsep(&rest, " \n"));)
            if (*word)
                words[n++] = word;
        words[n] = NULL;
        if (n > 0)
            answer(reader, obey(reader, arguments[1], words));
    }
    muster_reader_close(reader);
    return 0;
}
