/* tape - what the connector's system said: the cassette that was given, or one that is recorded of it here. */
#include "conform/tape.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int tape_init(struct tape *tape, struct subject *subject, const char *given, const char *keep)
{
    *tape = (struct tape){.path = given ? given : keep ? keep : subject_file(subject, "tape"), .given = given != NULL};
    return tape->path ? 0 : -ENOMEM;
}

static int clock_stand(int64_t now_ms)
{
    char now[24];
    snprintf(now, sizeof(now), "%lld", (long long)now_ms);
    return setenv("MUSTER_NOW", now, 1) == 0 ? 0 : -errno;
}

int tape_play(const struct tape *tape, const char *fault, struct cassette **ret_cassette, struct err *err)
{
    TIDY(cassette_free) struct cassette *cassette = NULL;
    int rc = cassette_open(tape->path, &cassette, err);
    if (rc == 0 && fault)
        rc = cassette_fault(cassette, fault, err);
    if (rc == 0)
        rc = clock_stand(cassette_about(cassette)->now_ms);
    if (rc == 0)
        *ret_cassette = TAKE(cassette);
    return rc;
}

int tape_live(const struct tape *tape, const struct subject *subject, struct cassette **ret_cassette, struct err *err)
{
    if (tape->given)
        return tape_play(tape, NULL, ret_cassette, err);
    struct cassette_about about = {.organization = subject->organization->id,
                                   .connection = subject->connection->name,
                                   .connector = subject->name,
                                   .now_ms = clock_now_ms(),
                                   .full = true};
    int rc = clock_stand(about.now_ms);
    return rc ? rc : cassette_record(tape->path, &about, ret_cassette, err);
}

const char **tape_questions(const struct cassette *cassette, struct arena *arena, size_t *ret_count)
{
    const char *what, *asked;
    bool given;
    size_t count = 0;
    while (cassette_question(cassette, count, &what, &given))
        count++;
    const char **questions = arena_get(arena, (count + 1) * sizeof(*questions));
    *ret_count = 0;
    for (size_t i = 0; questions && (asked = cassette_question(cassette, i, &what, &given)); i++) {
        bool known = !given || strcmp(what, "cursor") == 0;
        for (size_t k = 0; k < *ret_count && !known; k++)
            known = strcmp(strchr(questions[k], ' ') + 1, asked) == 0;
        if (known)
            continue;
        questions[*ret_count] = arena_format(arena, "%s %s", what, asked);
        if (!questions[(*ret_count)++])
            return NULL;
    }
    return questions;
}

bool tape_calls(const struct cassette *cassette)
{
    const char *what;
    bool given;
    for (size_t i = 0; cassette_question(cassette, i, &what, &given); i++)
        if (strcmp(what, "http") == 0)
            return true;
    return false;
}
