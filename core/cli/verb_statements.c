/* verb_statements - statements: what people have decided, and what still stands. */
#include "base/clock.h"
#include "base/date.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "cli/context.h"
#include "cli/verb.h"
#include "tables/entity.h"
#include "tables/statement.h"

#include <errno.h>
#include <stdlib.h>

static const char *type_word(const struct statement *statement)
{
    if (statement->type == STATEMENT_APART && statement->rule == RULE_SOMEBODY_ELSE)
        return "unlink";
    switch (statement->type) {
    case STATEMENT_LINK: return "link";
    case STATEMENT_ALONE: return "unlink";
    case STATEMENT_APART: return "keep-apart";
    case STATEMENT_PIN: return "pin";
    case STATEMENT_SUPPRESS: return "suppress";
    case STATEMENT_APPROVE: return "approve";
    case STATEMENT_REJECT: return "reject";
    case STATEMENT_ACCEPT: return "accept";
    case STATEMENT_DISCARD: return "discard";
    case STATEMENT_ERASED: return "erase";
    }
    return "?";
}

static void statement_json(struct context *context, const struct statement *statement)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    char id[32], time[25];
    snprintf(id, sizeof(id), "s%lu", (unsigned long)statement->number);
    instant_write(statement->time_ms, time);
    buffer_byte(&out, '{');
    json_member_text(&out, "id", id);
    json_member_text(&out, "type", type_word(statement));
    json_member_text(&out, "about", statement->about);
    json_member_text(&out, "author", statement->author);
    json_member_text(&out, "reason", statement->reason);
    json_member_text(&out, "at", time);
    json_member_number(&out, "run", statement->run);
    if (statement->until_ms != 0) {
        instant_write(statement->until_ms, time);
        json_member_text(&out, "until", time);
    }
    if (statement->withdrawn) {
        json_member_text(&out, "withdrawn_by", statement->withdrawn_by ? statement->withdrawn_by : "");
        json_member_text(&out, "withdrawn_because", statement->withdrawn_because);
    }
    buffer_text(&out, "}\n");
    if (out.rc == 0)
        fwrite(out.data, 1, out.len, context->screen.out);
}

static void statement_row(struct query *query, struct grid *grid, const struct statement *statement)
{
    char time[QUERY_TIME], until[QUERY_TIME] = "";
    query_time(query, statement->time_ms, time);
    if (statement->until_ms != 0)
        query_time(query, statement->until_ms, until);
    grid_format(grid, COLOR_BOLD, "s%lu", (unsigned long)statement->number);
    grid_text(grid, type_word(statement));
    grid_text(grid, statement->about);
    grid_text(grid, time);
    grid_text(grid, statement->ends == PIN_SOURCE_AGREES  ? "the source agrees"
                    : statement->ends == PIN_SOURCE_MOVES ? "the source moves"
                                                          : until);
    grid_text(grid, statement->author);
    grid_text(grid, statement->withdrawn ? "(withdrawn)" : statement->reason);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = ((const struct statement *)a)->number, y = ((const struct statement *)b)->number;
    return x < y ? -1 : x > y;
}

static bool is_about(const struct statement *statement, uint64_t person, const struct entity *entity)
{
    bool about = person == 0 || statement->other == person || statement->subject == person;
    for (uint16_t n = 0; !about && n < entity->member_count; n++)
        about = entity->members[n].seed == statement->subject || entity->members[n].seed == statement->other;
    return about;
}

static bool is_over(const struct statement *statement, int64_t now_ms)
{
    return statement->withdrawn || (statement->until_ms != 0 && statement->until_ms <= now_ms);
}

/* Of one person, or everybody (0), the newest last; `all`: also those that are over. Their texts are the store's. */
static int statements_read(struct query *query, bool all, uint64_t person, struct statement **ret_items,
                           size_t *ret_count)
{
    int64_t now_ms = clock_now_ms();
    TIDY(free) struct entity *entity = mem_new(1, sizeof(*entity));
    TIDY(free) struct statement *items = NULL;
    size_t count = 0, room = 0;
    int rc = entity ? 0 : -ENOMEM;
    if (rc == 0 && person != 0 && !entity_get(&query->txn, KIND_person, person, entity))
        rc = ERR_GONE;
    if (rc != 0)
        return rc;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, &query->txn, TABLE_statement);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); rc == 0 && there; there = cursor_next(&cursor)) {
        struct statement statement;
        if (!statement_read(cursor.key, cursor.value, &statement) || !statement.person || !statement.about ||
            (is_over(&statement, now_ms) && !all) || !is_about(&statement, person, entity))
            continue;
        rc = mem_grow(&items, count, &room, sizeof(*items));
        if (rc == 0)
            items[count++] = statement;
    }
    if (rc != 0)
        return rc;
    if (count > 1)
        qsort(items, count, sizeof(*items), by_number);
    *ret_items = TAKE(items);
    *ret_count = count;
    return 0;
}

int verb_statements(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    TIDY(free) struct statement *items = NULL;
    const char **words = context->arguments.words;
    struct err err = {0};
    struct grid grid;
    uint64_t person = 0;
    size_t count = 0;
    int status = context_open(context, words[0], &opened);
    if (status == STATUS_DONE && words[1])
        status = context_person(context, opened.query, words[0], words[1], &person);
    if (status != STATUS_DONE)
        return status;
    int rc = statements_read(opened.query, GIVEN(context, all), person, &items, &count);
    if (rc != 0)
        return complain_rc(rc, NULL);
    for (size_t i = 0; context->json && i < count; i++)
        statement_json(context, &items[i]);
    if (count == 0 && !context->json)
        screen_print(&context->screen, "no decision of a person stands\n");
    if (count > 0 && !context->json) {
        grid_start(&grid, &context->screen, "", "ID|WHAT|ABOUT|SINCE|UNTIL|BY|REASON");
        for (size_t i = 0; i < count; i++)
            statement_row(opened.query, &grid, &items[i]);
        grid_end(&grid);
    }
    rc = query_end(opened.query, &err);
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}
