/* verb_export - everything of one kind, for other programs: one JSON object per line, CSV, a workbook, or as a Singer
 * tap writes it. */
#include "base/jsontext.h"
#include "base/mem.h"
#include "cli/context.h"
#include "cli/excel.h"
#include "cli/guess.h"
#include "cli/tap.h"
#include "cli/verb.h"
#include "config/node.h"
#include "query/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIELDS_MAX = 600, CHUNK = 1 << 16 };

struct export
{
    struct context *context;
    struct query *query;
    enum kind kind;
    const struct field *fields[FIELDS_MAX + 1]; /* ended by NULL */
    size_t field_count;
    bool chosen, csv;   /* csv: a table, of text or a workbook */
    struct excel *book; /* NULL: text */
    bool singer;
    struct tap tap;
    struct entity *entity;
    struct buffer out, text;
};

static const struct field id_field = {.kind = KIND_NONE, .name = "id", .type = TYPE_INTEGER};

static void export_done(struct export *export)
{
    buffer_done(&export->out);
    buffer_done(&export->text);
    free(export->entity);
    excel_free(export->book);
    tap_done(&export->tap);
}

static const char *const *kind_names(struct arena *arena)
{
    const char **names = arena_get(arena, (KIND_COUNT + 1) * sizeof(*names));
    size_t count = 0;
    for (int kind = 1; names && kind < KIND_COUNT; kind++)
        if (*kind_name((enum kind)kind))
            names[count++] = kind_name((enum kind)kind);
    return (const char *const *)names;
}

static int wrong_kind(struct context *context, const char *name)
{
    static const char *const people[] = {"people", "employee", "employees", "user", "users", "staff"};
    TIDY_DONE(screen_buffer_done) struct buffer all = {0};
    const char *const *names = kind_names(context->arena);
    for (size_t i = 0; names && names[i]; i++)
        buffer_format(&all, "%s%s", i ? ", " : "", names[i]);
    const char *near = names ? nearest_name(name, names) : NULL;
    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
        if (strcasecmp(name, people[i]) == 0)
            near = kind_name(KIND_person);
    if (near)
        return complain_words("there is no kind '%s'; did you mean '%s'?", name, near);
    return complain_words("there is no kind '%s': there are %s", name, all.data ? all.data : "");
}

/* All fields that a kind has here, in the model's order, own ones last. */
static void all_fields(struct export *export)
{
    const struct field *field;
    export->fields[export->field_count++] = &id_field;
    for (size_t n = 0; (field = field_nth(export->kind, n)) && export->field_count < FIELDS_MAX - 1; n++)
        if (field->sensitivity != SENSITIVITY_protected || export->query->unsealed)
            export->fields[export->field_count++] = field;
    for (field = export->kind == KIND_person ? export->query->organization->custom : NULL;
         field && field->name && export->field_count < FIELDS_MAX - 1; field++)
        export->fields[export->field_count++] = field;
}

static int wrong_field(struct export *export, const char *name)
{
    const char *names[FIELDS_MAX + 1];
    all_fields(export);
    for (size_t i = 0; i < export->field_count; i++)
        names[i] = export->fields[i]->name;
    names[export->field_count] = NULL;
    const char *guess = guess_field(export->kind, name), *near = guess ? guess : nearest_name(name, names);
    return complain_words("%s has no field '%s'%s%s%s", kind_name(export->kind), name, near ? "; did you mean '" : "",
                          near ? near : "", near ? "'?" : "");
}

static int chosen_fields(struct export *export, const char *text)
{
    for (const char *at = text; *at; at += strcspn(at, ","), at += *at == ',') {
        char *name = arena_copy(export->context->arena, at, strcspn(at, ","));
        if (!name || export->field_count == FIELDS_MAX - 1)
            return complain_rc(name ? ERR_LIMIT : -ENOMEM, NULL);
        const struct field *field =
            strcmp(name, "id") == 0 ? &id_field : organization_field(export->query->organization, export->kind, name);
        if (!field) {
            export->field_count = 0;
            return wrong_field(export, name);
        }
        if (field->sensitivity == SENSITIVITY_protected && !export->query->unsealed)
            return complain_words("%s is protected: say --protected if you may see it", name);
        export->fields[export->field_count++] = field;
    }
    export->chosen = true;
    return export->field_count ? STATUS_DONE : complain_words("--fields names no field");
}

/* A reference in a table of text: the code or number by which people know it. */
static void reference_csv(struct export *export, const struct field *field, uint64_t id)
{
    uint8_t key[ENTITY_KEY];
    struct bytes value;
    struct image image;
    enum entity_state state;
    entity_key(field->refers_to, id, key);
    uint16_t number = field->refers_to == KIND_person     ? FIELD_person_employee_number
                      : field->refers_to == KIND_org_unit ? FIELD_org_unit_code
                                                          : 0;
    struct value known = {0};
    bool there = number && txn_get(&export->query->txn, TABLE_entity, bytes(key, sizeof(key)), &value) &&
                 entity_image(value, &image, &state);
    if (there)
        known = image_get(image, number);
    if (there && known.presence != PRESENCE_VALUE && field->refers_to == KIND_org_unit)
        known = image_get(image, FIELD_org_unit_name);
    if (known.presence == PRESENCE_VALUE)
        buffer_add(&export->text, known.bytes, known.len);
    else
        buffer_format(&export->text, "id:%lu", (unsigned long)id);
}

static void csv_cell(struct buffer *out, const char *text, size_t len)
{
    bool quote = len > 0 && (memchr(text, ',', len) || memchr(text, '"', len) || memchr(text, '\n', len) ||
                             memchr(text, '\r', len) || text[0] == ' ' || text[len - 1] == ' ');
    if (!quote) {
        buffer_add(out, text, len);
        return;
    }
    buffer_byte(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            buffer_byte(out, '"');
        buffer_byte(out, (unsigned char)text[i]);
    }
    buffer_byte(out, '"');
}

/* One cell's text, in export->text; none where there is no value to be told. */
static void row_text(struct export *export, const struct field *field, uint64_t id)
{
    struct value value = field->number ? image_get(export->entity->image, field->number) : (struct value){0};
    buffer_clear(&export->text);
    if (field == &id_field)
        buffer_format(&export->text, "%lu", (unsigned long)id);
    else if (value.presence != PRESENCE_VALUE || (value.flags & VALUE_SEALED && !export->query->unsealed))
        return;
    else if (value.flags & VALUE_SEALED)
        query_reveal(export->query, export->entity, value, &export->text);
    else if (field->type == TYPE_REF)
        reference_csv(export, field, reference_id(value));
    else
        query_value(export->query, export->entity, field, value, &export->text);
}

static void row_csv(struct export *export, uint64_t id)
{
    for (size_t i = 0; i < export->field_count; i++) {
        row_text(export, export->fields[i], id);
        if (i > 0)
            buffer_byte(&export->out, ',');
        csv_cell(&export->out, export->text.data ? export->text.data : "", export->text.len);
    }
    buffer_text(&export->out, "\r\n");
}

static void row_book(struct export *export, uint64_t id)
{
    for (size_t i = 0; i < export->field_count; i++) {
        row_text(export, export->fields[i], id);
        buffer_byte(&export->text, '\0');
        if (export->text.rc == 0 && export->fields[i]->type == TYPE_DATE)
            excel_time(export->book, export->text.data);
        else
            excel_cell(export->book, export->text.data ? export->text.data : "",
                       export->text.rc ? 0 : export->text.len - 1);
    }
}

/* Where it goes, and as what. */
static int export_begin(struct export *export, struct err *err)
{
    enum { WIDTH = 20 };
    const char *format = VALUE(export->context, format), *output = VALUE(export->context, output);
    bool workbook = format && strcmp(format, "xlsx") == 0;
    struct excel_column columns[FIELDS_MAX];
    if (output && !workbook)
        return err_set(err, ERR_CONFIG, "--output is for --format xlsx: all else goes to standard output");
    if (workbook && !output)
        return err_set(err, ERR_CONFIG,
                       "a workbook is no text for a screen: say where it goes, as in --output people.xlsx");
    for (size_t i = 0; workbook && i < export->field_count; i++)
        columns[i] = (struct excel_column){export->fields[i]->name, WIDTH};
    return workbook ? excel_new(output, kind_name(export->kind), columns, export->field_count, &export->book, err) : 0;
}

/* Without its key a record would be nobody's. */
static int singer_begin(struct export *export, struct err *err)
{
    bool keyed = false;
    for (size_t i = 0; i < export->field_count; i++)
        keyed |= export->fields[i] == &id_field;
    if (!keyed)
        export->fields[export->field_count++] = &id_field;
    export->fields[export->field_count] = NULL;
    export->tap = (struct tap){.query = export->query, .kind = export->kind, .fields = export->fields};
    int rc = tap_begin(&export->tap, VALUE(export->context, since), err);
    if (rc == 0)
        tap_schema(&export->tap, &export->out);
    return rc;
}

static bool flush(struct export *export, size_t least)
{
    if (export->out.len < least)
        return true;
    bool well = fwrite(export->out.data, 1, export->out.len, export->context->screen.out) == export->out.len;
    buffer_clear(&export->out);
    return well;
}

static int walk(struct export *export)
{
    uint8_t kind = (uint8_t) export->kind;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, &export->query->txn, TABLE_entity);
    for (size_t i = 0; export->csv && !export->book && i < export->field_count; i++)
        buffer_format(&export->out, "%s%s%s", i ? "," : "", export->fields[i]->name,
                      i + 1 == export->field_count ? "\r\n" : "");
    for (bool there = cursor_seek(&cursor, bytes(&kind, 1)); there && cursor_has_prefix(&cursor, bytes(&kind, 1));
         there = cursor_next(&cursor)) {
        uint64_t id = entity_key_id(cursor.key);
        if (!entity_read(cursor.value, export->entity))
            return ERR_CORRUPT;
        if (!export->singer && export->entity->state == ENTITY_GONE &&
            (export->kind == KIND_person || export->csv || export->chosen))
            continue; /* a person went up in another; of other things only the whole line can say that they are gone */
        if (export->singer) {
            tap_record(&export->tap, id, export->entity, &export->out);
        } else if (export->book) {
            row_book(export, id);
        } else if (export->csv) {
            row_csv(export, id);
        } else {
            buffer_byte(&export->out, '{');
            json_entity(export->query, export->kind, id, export->entity, export->chosen ? export->fields : NULL,
                        &export->out);
            buffer_text(&export->out, "}\n");
        }
        if (export->out.rc != 0)
            return export->out.rc;
        if (!flush(export, CHUNK))
            return 0; /* main tells that standard output failed */
    }
    int rc = export->query->txn.rc;
    if (export->singer && rc == 0)
        rc = tap_erased(&export->tap, &export->out);
    if (export->singer && rc == 0)
        rc = tap_state(&export->tap, &export->out);
    flush(export, 1);
    return rc;
}

int verb_export(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    __attribute__((cleanup(export_done))) struct export export = {.context = context};
    const char *format = VALUE(context, format);
    export.kind = kind_by_name(context->arguments.words[1]);
    if (export.kind == KIND_NONE)
        return wrong_kind(context, context->arguments.words[1]);
    int status = context_open(context, context->arguments.words[0], &opened);
    if (status != STATUS_DONE)
        return status;
    export.query = opened.query;
    export.singer = format && strcmp(format, "singer") == 0;
    export.csv = format && !export.singer && strcmp(format, "jsonl") != 0;
    export.entity = mem_new(1, sizeof(*export.entity));
    if (VALUE(context, fields))
        status = chosen_fields(&export, VALUE(context, fields));
    else if (export.csv || export.singer)
        all_fields(&export);
    if (status != STATUS_DONE)
        return status;
    struct err err = {0};
    if (VALUE(context, since) && !export.singer)
        return complain_words("--since is for --format singer");
    int rc = export.entity ? export_begin(&export, &err) : -ENOMEM;
    if (rc == 0 && export.singer)
        rc = singer_begin(&export, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    rc = walk(&export);
    if (rc != 0)
        return complain_rc(store_fail(export.query->store, rc, &err), &err);
    if (export.book && (rc = excel_finish(export.book, &err)) != 0)
        return complain_rc(rc, &err);
    return STATUS_DONE;
}
