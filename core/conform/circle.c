/* circle - whether a call still gets anywhere. */
#include "conform/circle.h"

#include "base/digest.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t mixed(uint64_t before, const char *text, size_t len)
{
    return digest_seeded(before, text ? text : "", text ? len : 0);
}

static bool place(struct circle_set *set, uint64_t digest)
{
    size_t at = digest & (set->room - 1);
    while (set->seen[at] != 0 && set->seen[at] != digest)
        at = (at + 1) & (set->room - 1);
    bool is_new = set->seen[at] == 0;
    set->seen[at] = digest;
    set->count += is_new;
    return is_new;
}

static bool grown(struct circle_set *set)
{
    struct circle_set larger = {.room = set->room ? 2 * set->room : 1024};
    larger.seen = mem_new(larger.room, sizeof(*larger.seen));
    if (!larger.seen)
        return false;
    for (size_t i = 0; i < set->room; i++)
        if (set->seen[i] != 0)
            place(&larger, set->seen[i]);
    free(set->seen);
    *set = larger;
    return true;
}

/* Without memory everything is news: a limit still ends the call. */
static bool is_news(struct circle_set *set, uint64_t digest)
{
    if (2 * set->count >= set->room && !grown(set))
        return true;
    return place(set, digest | 1);
}

/* The last question is over: what came of it has come. */
static void close_last(struct circle *circle)
{
    bool news = circle->new_record || (circle->new_answer && !circle->known_record);
    if (news)
        circle->named += circle->answer_len;
    circle->vain = news || !circle->asks ? 0 : circle->vain + 1;
    circle->spent = circle->vain == 0 ? 0 : circle->spent + (circle->again ? CIRCLE_AGAIN : 1);
}

void circle_begin(struct circle *circle)
{
    close_last(circle);
    size_t named = circle->named;
    circle_done(circle);
    circle->named = named;
}

void circle_done(struct circle *circle)
{
    free(circle->questions.seen);
    free(circle->answers.seen);
    free(circle->records.seen);
    *circle = (struct circle){0};
}

bool circle_exchange(struct circle *circle, const struct exchange *exchange)
{
    uint64_t question = mixed(mixed(1, exchange->asked, strlen(exchange->asked)), exchange->body, exchange->body_len);
    uint64_t answer = mixed((uint64_t)exchange->status + 1, exchange->reply, exchange->reply_len);
    close_last(circle);
    circle->asks = true;
    circle->again = !is_news(&circle->questions, question);
    circle->new_answer = is_news(&circle->answers, answer);
    circle->new_record = circle->known_record = false;
    circle->answer_len = exchange->reply_len;
    if (circle->round || circle->spent < CIRCLE_MOST + circle->named / CIRCLE_NAMED)
        return circle->round;
    circle->round = true;
    snprintf(circle->text, sizeof(circle->text),
             "it asks without end: the last %zu questions brought nothing that had not come before; now %.300s",
             circle->vain, exchange->asked);
    return true;
}

void circle_record(struct circle *circle, const struct lane_record *record)
{
    uint64_t digest = mixed(1, record->stream->name, strlen(record->stream->name));
    digest = mixed(digest, record->source_id, record->source_id ? strlen(record->source_id) : 0);
    for (size_t i = 0; i < record->count; i++)
        digest = mixed(digest + record->values[i].column, record->values[i].bytes, record->values[i].len);
    if (is_news(&circle->records, digest))
        circle->new_record = true;
    else
        circle->known_record = true;
}
