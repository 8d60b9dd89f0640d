/* finding - find() held against what was asked, and against what reading gave: S24, and what T8 asks of each row.
 *
 * Asked by the fields that a stream declares as MUSTER_ID, as a run does where the organization's file names no others;
 * a stream that declares none is not asked. */
#include "conform/walk.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { RECORDS_MOST = 3 };

void finding_row_judge(struct trial *trial, enum rule_number rule, const char *stream, const struct haul *haul,
                       const char *field, const char *asked)
{
    for (size_t i = 0; i < haul->count; i++) {
        const struct haul_value *value = haul_value(haul, i, field);
        if (value && (!value->text || !text_same(value->text, strlen(value->text), asked, strlen(asked))))
            trial_fault(trial, rule, stream, "find() by %s gives a row that has another %s than was asked for", field,
                        field);
    }
}

static bool same_text(const char *one, const char *other)
{
    return strcmp(one ? one : "", other ? other : "") == 0;
}

/* Whether any of the rows that were read of this id says it, or none has that field. */
static bool reading_says(const struct haul *read, const char *id, const struct haul_value *found)
{
    bool has = false, says = false;
    for (size_t i = 0; i < read->count && !says; i++) {
        bool same = read->records[i].id && strcmp(read->records[i].id, id) == 0;
        const struct haul_value *said = same ? haul_value(read, i, found->name) : NULL;
        has |= said != NULL;
        says = said && same_text(said->text, found->text);
    }
    return says || !has;
}

/* Whom reading gave is among the rows, and they say of them what reading said. */
static void same_judge(struct trial *trial, const struct take *take, size_t nth, const struct haul *rows,
                       const char *field)
{
    const char *id = take->haul.records[nth].id;
    bool there = false;
    for (size_t i = 0; i < rows->count; i++) {
        const struct haul_record *row = &rows->records[i];
        if (!row->id || strcmp(row->id, id) != 0)
            continue;
        there = true;
        for (size_t v = 0; v < row->count; v++)
            if (!reading_says(&take->haul, id, &row->values[v]))
                trial_fault(trial, RULE_S24, take->stream, "find() by %s gives another %s than reading gave", field,
                            row->values[v].name);
    }
    if (!there)
        trial_fault(trial, RULE_S24, take->stream, "find() by %s does not give whom reading gave (%zu rows)", field,
                    rows->count);
}

/* By one field; false: it is not offered here, or the cassette does not know. */
static bool field_ask(struct visit *visit, const struct take *take, const struct lane_fields *fields, size_t field,
                      const char *text, size_t nth, bool judged)
{
    static const enum rule_number rule = RULE_S24;
    __attribute__((cleanup(haul_done))) struct haul rows = {0};
    struct lane_cell *cells = arena_get(visit->subject->arena, (fields->count + 1) * sizeof(*cells));
    const char *name = fields->names[field];
    if (!cells || haul_new(&rows) != 0)
        return false;
    cells[field] = (struct lane_cell){PRESENCE_VALUE, false, (uint32_t)strlen(text), text};
    visit_find(visit, take->stream, fields, cells, &rows);
    const char *unknown = visit_unknown(visit);
    if (unknown && judged)
        trial_unseen(visit->trial, rule, "%s", unknown);
    if (rows.rc != 0 || unknown || rows.result.rc == MUSTER_UNSUPPORTED)
        return false;
    if (!judged)
        return true;
    trial_looked(visit->trial, rule);
    if (!haul_well(&rows) && rows.result.rc != MUSTER_GONE)
        trial_fault(visit->trial, rule, take->stream, "find() by %s ended as %s: %s", name, haul_code(rows.result.rc),
                    rows.result.text);
    else if (nth == SIZE_MAX && rows.count > 0)
        trial_fault(visit->trial, rule, take->stream, "find() by %s of nobody gives %zu rows", name, rows.count);
    else
        finding_row_judge(visit->trial, rule, take->stream, &rows, name, text);
    if (nth != SIZE_MAX)
        same_judge(visit->trial, take, nth, &rows, name);
    return true;
}

void finding_ask(struct visit *visit, const struct take *take, bool judged)
{
    const muster_field *declared = take->declared ? take->declared->fields : NULL;
    struct arena *arena = visit->subject->arena;
    size_t count = 0;
    while (declared && declared[count].name)
        count++;
    const char **names = arena_get(arena, (count + 1) * sizeof(*names));
    uint8_t *types = arena_get(arena, count + 1);
    if (count == 0 || !names || !types || !visit->subject->description->find)
        return;
    for (size_t i = 0; i < count; i++) {
        names[i] = declared[i].name;
        types[i] = (uint8_t)declared[i].type;
    }
    struct lane_fields fields = {count, names, types};
    for (size_t f = 0; f < count; f++) {
        const char *nobody = declared[f].type == MUSTER_INTEGER ? "87654321" : "muster-conform-nobody";
        bool goes_on = (declared[f].flags & MUSTER_ID) != 0;
        for (size_t i = 0; goes_on && i < take->haul.count && i < RECORDS_MOST; i++) {
            const struct haul_value *value = haul_value(&take->haul, i, declared[f].name);
            if (take->haul.records[i].id && value && value->text)
                goes_on = field_ask(visit, take, &fields, f, value->text, i, judged);
        }
        if (goes_on && take->haul.count > 0)
            field_ask(visit, take, &fields, f, nobody, SIZE_MAX, judged);
    }
}
