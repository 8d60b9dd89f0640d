/* notice_text - the words of a notice: counts, ids, names of connections, and what to type. */
#include "query/notice.h"

#include <string.h>

enum { SUBJECT_CAUSES = 3 };

static const struct {
    const char *one, *many, *over, *command;
    char letter;
} words[NOTIFY_WHENS] = {
    [NOTIFY_HELD] = {"held change", "held changes", "nothing is held any more", "inbox", WAIT_HELD},
    [NOTIFY_REVIEWS] = {"review", "reviews", "no review waits any more", "inbox", WAIT_REVIEW},
    [NOTIFY_REJECTS] = {"dead letter", "dead letters", "no dead letters any more", "deadletters", WAIT_DEAD},
    [NOTIFY_DRIFT] = {"changed column", "changed columns", "no column waits any more", "inbox", WAIT_DRIFT},
    [NOTIFY_FAILED] = {"failed", NULL, "does not fail any more", "run", 0},
    [NOTIFY_PARTIAL] = {"came through in part", NULL, "comes through whole again", "run", 0},
    [NOTIFY_QUARANTINE] = {"is set aside", NULL, "is no longer set aside", "quarantine", 0},
    [NOTIFY_PAUSED] = {"is paused", NULL, "is no longer paused", "status", 0},
};

/* "2 dead letters", "hr failed" */
static void phrase(const struct query *query, const struct cause *cause, struct buffer *out)
{
    const char *whose = *cause->connection ? cause->connection : query->organization->id;
    if (words[cause->what].letter)
        buffer_format(out, "%lu %s", (unsigned long)cause->count,
                      cause->count == 1 ? words[cause->what].one : words[cause->what].many);
    else
        buffer_format(out, "%s %s%s%s", whose, words[cause->what].one, cause->only ? " for " : "",
                      cause->only ? cause->only : "");
}

void notice_subject(const struct query *query, const struct notice *notice, struct buffer *out)
{
    size_t said = 0;
    buffer_format(out, "muster: %s: ", query->organization->id);
    for (size_t i = 0; i < notice->count; i++)
        if (notice->causes[i].fresh && said++ < SUBJECT_CAUSES) {
            buffer_text(out, said > 1 ? ", " : "");
            phrase(query, &notice->causes[i], out);
        }
    if (said > SUBJECT_CAUSES)
        buffer_text(out, " and more");
    if (said == 0)
        buffer_text(out, notice->over == notice->count ? "all is well again" : "something is well again");
}

static void cause_tell(const struct query *query, const struct cause *cause, struct buffer *out)
{
    const char *id = query->organization->id, *command = words[cause->what].command;
    char time[QUERY_TIME];
    buffer_text(out, "  ");
    phrase(query, cause, out);
    if (cause->count > cause->newer && cause->newer > 0)
        buffer_format(out, ", %lu of them new", (unsigned long)cause->newer);
    for (size_t i = 0; i < cause->newer && i < WAIT_TALLY_FIRST; i++)
        buffer_format(out, "%s%c%lu", i ? " " : ": ", words[cause->what].letter, (unsigned long)cause->first[i]);
    buffer_text(out, cause->newer > WAIT_TALLY_FIRST ? " …" : "");
    if (cause->what == NOTIFY_FAILED || cause->what == NOTIFY_PARTIAL)
        buffer_format(out, " (run %u)", cause->run);
    if (cause->since_ms > 0) {
        query_time(query, cause->since_ms, time);
        buffer_format(out, " since %s", time);
    }
    buffer_format(out, "\n    muster %s %s", command, id);
    if (strcmp(command, "run") == 0)
        buffer_format(out, " %u", cause->run);
    buffer_byte(out, '\n');
}

void notice_body(const struct query *query, const struct notice *notice, int64_t now_ms, struct buffer *out)
{
    const struct organization *organization = query->organization;
    char time[QUERY_TIME];
    query_time(query, now_ms, time);
    buffer_format(out, "%s%s%s%s, %s\n", organization->name ? organization->name : "", organization->name ? " (" : "",
                  organization->id, organization->name ? ")" : "", time);
    buffer_text(out, notice->fresh > 0 ? "\nNew:\n" : "");
    for (size_t i = 0; i < notice->count; i++)
        if (notice->causes[i].fresh)
            cause_tell(query, &notice->causes[i], out);
    buffer_text(out, notice->over > 0 ? "\nWell again:\n" : "");
    for (size_t i = 0; i < notice->count; i++)
        if (notice->causes[i].over)
            buffer_format(out, "  %s%s%s\n", notice->causes[i].connection, *notice->causes[i].connection ? " " : "",
                          words[notice->causes[i].what].over);
    if (notice->count > notice->fresh + notice->over)
        buffer_text(out, "\nStill so, and told before:\n");
    for (size_t i = 0; i < notice->count; i++)
        if (!notice->causes[i].fresh && !notice->causes[i].over) {
            buffer_text(out, "  ");
            phrase(query, &notice->causes[i], out);
            buffer_byte(out, '\n');
        }
}
