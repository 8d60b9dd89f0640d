/* run_people - whom a run changed, and what of them.
 *
 * Reads the run's entries of the journal, which stand one after the other;
 * nothing where the run changed nobody. */
#include "cli/run_people.h"
#include "query/horizon.h"

#include "store/table.h"
#include "tables/journal.h"

#include <string.h>

enum { SHOWN = 20 };

/* What an entry says of one person: "status active → inactive, employment.title". */
struct touched {
    bool created, status;
    struct buffer what;
};

static void touched_done(struct touched *touched)
{
    screen_buffer_done(&touched->what);
}

static void change_add(struct query *query, const struct journal_part *part, const struct journal_change *change,
                       struct touched *touched)
{
    const struct field *field = organization_field_number(query->organization, part->kind, change->field);
    bool person = part->kind == KIND_person;
    if (!field)
        return;
    buffer_format(&touched->what, "%s%s%s%s", touched->what.len ? ", " : "", person ? "" : kind_name(part->kind),
                  person ? "" : ".", field->name);
    if (!person || change->field != FIELD_person_status)
        return;
    touched->status = true;
    buffer_byte(&touched->what, ' ');
    query_value(query, NULL, field, change->was, &touched->what);
    buffer_text(&touched->what, " → ");
    query_value(query, NULL, field, change->is, &touched->what);
}

static void touched_read(struct query *query, struct journal_reader *reader, struct touched *ret_touched)
{
    static const char *const words[] = {
        [JOURNAL_CREATED] = "new", [JOURNAL_GONE] = "no longer said", [JOURNAL_RETURNED] = "said again"};
    struct journal_part part;
    struct journal_change change;
    while (journal_next_part(reader, &part)) {
        ret_touched->created |= part.kind == KIND_person && part.op == JOURNAL_CREATED;
        if (part.op != JOURNAL_CHANGED && part.kind != KIND_person)
            buffer_format(&ret_touched->what, "%s%s %s", ret_touched->what.len ? ", " : "", kind_name(part.kind),
                          words[part.op]);
        while (journal_next_change(reader, &change))
            change_add(query, &part, &change, ret_touched);
    }
}

/* What comes first is what somebody looks for. */
enum sort { SORT_STATUS, SORT_CHANGED, SORT_NEW, SORTS };

static enum sort sort_of(const struct touched *touched)
{
    return touched->created ? SORT_NEW : touched->status ? SORT_STATUS : SORT_CHANGED;
}

/* One walk over the run's entries, for those of one sort. Returns how many there are. */
static size_t walk(struct query *query, uint32_t run, enum sort sort, struct grid *grid, size_t most)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct journal_reader reader;
    size_t count = 0;
    cursor_open(&cursor, &query->txn, TABLE_journal);
    for (bool there = journal_first(&cursor, &query->txn, run, &reader); there && reader.run == run;
         there = cursor_next(&cursor) && journal_open(&reader, cursor.value)) {
        __attribute__((cleanup(touched_done))) struct touched touched = {0};
        TIDY_DONE(screen_buffer_done) struct buffer label = {0};
        uint64_t id = reader.id;
        if (reader.kind != KIND_person)
            continue;
        touched_read(query, &reader, &touched);
        if (sort_of(&touched) != sort || ++count > most)
            continue;
        query_label(query, KIND_person, id, &label);
        grid_cell(grid, COLOR_NONE, label.data ? label.data : "", label.len);
        grid_format(grid, touched.status ? COLOR_YELLOW : COLOR_NONE, "%s",
                    touched.created     ? "new"
                    : touched.what.data ? touched.what.data
                                        : "");
    }
    return count;
}

void run_people_tell(struct context *context, struct query *query, uint32_t run, bool all)
{
    struct grid grid;
    size_t most = all ? SIZE_MAX : SHOWN, count = 0;
    if (!horizon_knows(&query->txn, run)) {
        screen_print(&context->screen, "  whom it changed is kept no longer\n");
        return;
    }
    grid_start(&grid, &context->screen, "  ", "WHO|WHAT CHANGED");
    for (int sort = 0; sort < SORTS; sort++)
        count += walk(query, run, (enum sort)sort, &grid, count < most ? most - count : 0);
    if (count == 0)
        buffer_clear(&grid.cells);
    grid_end(&grid);
    if (count > most)
        screen_print(&context->screen, "  … %zu more: muster run %s %u -v\n", count - most, query->organization->id,
                     run);
}
