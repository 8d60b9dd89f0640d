/* verb_explain - explain: why a value is what it is, now or after a run, and why a record was passed over. */
#include "base/mem.h"
#include "cli/explain.h"
#include "cli/guess.h"
#include "cli/verb.h"
#include "config/node.h"
#include "engine/masterkey.h"
#include "query/horizon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What was asked for. */
struct asking {
    struct context *context;
    struct query *query;
    const char *organization, *key, *text; /* text: FIELD; NULL: everything */
    enum kind kind;                        /* KIND_NONE: everything */
    const struct field *field;
    unsigned nth; /* employment[2]; 0: all of them */
    struct cut cut;
    uint64_t person;
    struct belief *belief;
    struct entity *entity, *child;
    struct grid grid;
    size_t told;
};

static void asking_done(struct asking *asking)
{
    belief_free(asking->belief);
    free(asking->entity);
    free(asking->child);
}

/* "work_email", "employment.title", "employment[2].department", "work_period". */
static int asking_field(struct asking *asking)
{
    const char *text = asking->text, *dot = strchr(text, '.');
    char kind[40] = "person", *bracket, *end = NULL;
    if (strcmp(text, kind_name(KIND_work_period)) == 0) {
        asking->kind = KIND_work_period;
        return STATUS_DONE;
    }
    if (dot && strncmp(text, "custom.", 7) != 0) {
        snprintf(kind, sizeof(kind), "%.*s", (int)(dot - text), text);
        text = dot + 1;
    }
    if ((bracket = strchr(kind, '['))) {
        unsigned long nth = strtoul(bracket + 1, &end, 10);
        if (nth == 0 || nth > CHILDREN_MAX || strcmp(end, "]") != 0)
            return complain_words("'%s' is no field: the first of several is %.*s[1]", asking->text,
                                  (int)(bracket - kind), kind);
        asking->nth = (unsigned)nth;
        *bracket = '\0';
    }
    asking->kind = kind_by_name(kind);
    if (asking->kind == KIND_NONE)
        return complain_unknown("there is no kind '%s'", kind);
    asking->field = organization_field(asking->query->organization, asking->kind, text);
    if (asking->field && asking->field->number)
        return STATUS_DONE;
    const char *names[IMAGE_FIELDS_MAX + 1] = {NULL};
    const struct field *field;
    for (size_t n = 0; n < IMAGE_FIELDS_MAX && (field = field_nth(asking->kind, n)); n++)
        names[n] = field->name;
    const char *near = guess_field(asking->kind, text), *employed = guess_field(KIND_employment, text);
    if (asking->kind == KIND_person && (employed || field_by_name(KIND_employment, text)))
        return complain_words("person has no field '%s'; did you mean 'employment.%s'?", text,
                              employed ? employed : text);
    near = near ? near : nearest_name(text, names);
    return complain_words("%s has no field '%s'%s%s%s", kind, text, near ? "; did you mean '" : "", near ? near : "",
                          near ? "'?" : "");
}

static int asking_run(struct asking *asking)
{
    const char *text = VALUE(asking->context, run);
    char *end = NULL;
    unsigned long run = text ? strtoul(text, &end, 10) : 0;
    struct bytes json;
    if (!text)
        return STATUS_DONE;
    if (run == 0 || *end || run > UINT32_MAX ||
        (!query_run(asking->query, (uint32_t)run, &json) && horizon_knows(&asking->query->txn, (uint32_t)run)))
        return complain_unknown("there is no run '%s' of '%s': see `muster runs %s`", text, asking->organization,
                                asking->organization);
    asking->cut.run = (uint32_t)run;
    struct err err = {0};
    int rc = horizon_reaches(&asking->query->txn, asking->query->organization, asking->cut, &err);
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}

/* --- one field --- */

static bool thing_get(struct asking *asking, enum kind kind, uint64_t id, struct entity *entity)
{
    return asking->cut.run != 0 ? belief_entity(asking->belief, kind, id, entity)
                                : entity_get(&asking->query->txn, kind, id, entity);
}

static int field_tell(struct asking *asking, enum kind kind, uint64_t id, unsigned nth, const struct entity *entity,
                      const struct field *field)
{
    struct query *query = asking->query;
    struct explained explained = {.context = asking->context,
                                  .query = query,
                                  .person = asking->person,
                                  .kind = kind,
                                  .id = id,
                                  .nth = nth,
                                  .entity = entity,
                                  .field = field,
                                  .run = asking->cut.run};
    struct image now;
    explained.dated = asking->belief && belief_field(asking->belief, kind, id, field->number, &explained.since);
    int rc = asking->cut.run == 0 ? grounds_read(query, kind, entity, field, &explained.grounds) : 0;
    query->cut = NULL;
    if (rc == 0 && asking->cut.run != 0 && query_image(query, kind, id, &now))
        explained.now = image_get(now, field->number);
    query->cut = asking->cut.run != 0 ? &asking->cut : NULL;
    asking->told++;
    if (rc != 0)
        return rc;
    if (asking->context->json) {
        TIDY_DONE(screen_buffer_done) struct buffer out = {0};
        explain_json(&explained, &out);
        if (out.rc == 0)
            fwrite(out.data, 1, out.len, asking->context->screen.out);
        return out.rc;
    }
    if (asking->field)
        explain_tell(&explained);
    else
        explain_row(&explained, &asking->grid);
    return query->txn.rc;
}

static bool field_of_owner(enum kind kind, const struct field *field)
{
    return kind != KIND_person && field->refers_to == KIND_person && strcmp(field->name, "person") == 0;
}

/* The field that was asked for, or all that have a value. */
static int fields_tell(struct asking *asking, enum kind kind, uint64_t id, unsigned nth, const struct entity *entity)
{
    if (asking->field)
        return field_tell(asking, kind, id, nth, entity, asking->field);
    int rc = 0;
    for (uint16_t n = 0; rc == 0 && n < image_count(entity->image); n++) {
        uint16_t number;
        image_nth(entity->image, n, &number);
        const struct field *field = organization_field_number(asking->query->organization, kind, number);
        if (field && !field_of_owner(kind, field))
            rc = field_tell(asking, kind, id, nth, entity, field);
    }
    return rc;
}

/* --- one person --- */

/* What a connection is told of them is another question: how it is asked. */
static void targets_tell(const struct asking *asking)
{
    const struct organization *organization = asking->query->organization;
    for (size_t n = 0; n < organization->connection_count; n++)
        if (organization->connections[n].target)
            screen_print(&asking->context->screen, "What %s is told: muster explain %s id:%lu --target %s\n",
                         organization->connections[n].name, organization->id, (unsigned long)asking->person,
                         organization->connections[n].name);
}

static int children_tell(struct asking *asking)
{
    struct entity *person = asking->entity;
    unsigned nth = 0;
    int rc = 0;
    entity_order_children(person);
    for (uint16_t n = 0; rc == 0 && n < person->child_count; n++) {
        const struct child *at = &person->children[n];
        bool first = n == 0 || person->children[n - 1].kind != at->kind;
        bool more = n + 1 < person->child_count && person->children[n + 1].kind == at->kind;
        nth = first ? 1 : nth + 1;
        if ((asking->kind != KIND_NONE && at->kind != asking->kind) || (asking->nth && nth != asking->nth) ||
            !thing_get(asking, at->kind, at->id, asking->child))
            continue;
        rc = fields_tell(asking, at->kind, at->id, first && !more ? 0 : nth, asking->child);
    }
    return rc;
}

static int person_missing(struct asking *asking)
{
    char begins[QUERY_TIME];
    uint32_t run = 0;
    struct err err = {0};
    query_time(asking->query, belief_begins(asking->query, KIND_person, asking->person, &run), begins);
    err_set(&err, ERR_GONE, "'%s' was not known yet after run %u: the first time was %s, by run %u", asking->key,
            asking->cut.run, begins, run);
    return complain_rc(ERR_GONE, &err);
}

static int person_explain(struct asking *asking)
{
    struct query *query = asking->query;
    struct context *context = asking->context;
    struct cut latest = {.run = asking->cut.run ? asking->cut.run : UINT32_MAX};
    struct err err = {0};
    int rc = belief_read(query, KIND_person, asking->person, latest, &asking->belief);
    if (rc == ERR_GONE)
        return person_missing(asking);
    if (rc == 0 && !thing_get(asking, KIND_person, asking->person, asking->entity))
        rc = ERR_CORRUPT;
    query->cut = asking->cut.run ? &asking->cut : NULL;
    bool table = rc == 0 && !context->json && !asking->field && asking->kind != KIND_work_period;
    if (rc == 0 && !context->json) {
        TIDY_DONE(screen_buffer_done) struct buffer name = {0};
        query_label(query, KIND_person, asking->person, &name);
        screen_print(&context->screen, "%s  (id:%lu)\n", name.data, (unsigned long)asking->person);
    }
    if (table)
        grid_start(&asking->grid, &context->screen, "  ", "FIELD|VALUE|SAID BY|RULE|SINCE");
    if (rc == 0 && (asking->kind == KIND_NONE || asking->kind == KIND_person))
        rc = fields_tell(asking, KIND_person, asking->person, 0, asking->entity);
    if (rc == 0 && asking->kind != KIND_person)
        rc = children_tell(asking);
    if (table)
        grid_end(&asking->grid);
    size_t hours = 0;
    if (rc == 0 && !asking->cut.run && !asking->field &&
        (asking->kind == KIND_NONE || asking->kind == KIND_work_period))
        rc = explain_hours(context, query, asking->person, &hours);
    asking->told += hours;
    if (rc == 0 && !context->json && !asking->cut.run)
        explain_beside(context, query, KIND_person, asking->entity);
    if (table && rc == 0 && !asking->cut.run && asking->kind == KIND_NONE)
        targets_tell(asking);
    rc = rc ? rc : query->txn.rc;
    if (rc != 0)
        return complain_rc(store_fail(query->store, rc, &err), &err);
    if (asking->told == 0)
        return complain_words(asking->nth ? "this person has no %s[%u]" : "nothing of kind %s belongs to this person",
                              kind_name(asking->kind), asking->nth);
    return STATUS_DONE;
}

/* --- a record that is nobody's --- */

/* Of people who were erased only who names a record of theirs is told that they were. */
static int erased_find(struct asking *asking, struct passed **ret_items, size_t *ret_count, struct err *err)
{
    uint8_t master[VAULT_MASTER];
    struct vault vault;
    int rc = masterkey_load(asking->context->settings, master, err);
    if (rc != 0)
        return rc;
    vault_init(&vault, master, asking->query->organization->id);
    rc = passed_erased(asking->query, &vault, asking->key, ret_items, ret_count);
    vault_done(&vault);
    explicit_bzero(master, sizeof(master));
    return rc;
}

/* Records by the key: those of one person are that person's matter. */
static int record_explain(struct asking *asking)
{
    struct passed *items;
    size_t count, nobody = 0;
    struct err err = {0};
    int rc = passed_find(asking->query, asking->key, &items, &count);
    if (rc == 0 && count == 0)
        rc = erased_find(asking, &items, &count, &err);
    if (rc != 0)
        return complain_rc(store_fail(asking->query->store, rc, &err), &err);
    for (size_t i = 0; i < count; i++) {
        nobody += items[i].person == 0;
        asking->person = items[i].person ? items[i].person : asking->person;
    }
    if (nobody == 0 && asking->person != 0)
        return person_explain(asking);
    for (size_t i = 0; i < count; i++) {
        TIDY_DONE(screen_buffer_done) struct buffer out = {0};
        if (items[i].person != 0)
            continue;
        if (asking->context->json) {
            passed_json(asking->query, &items[i], &out);
            fwrite(out.data, 1, out.len, asking->context->screen.out);
        } else {
            screen_print(&asking->context->screen, "%s", asking->told ? "\n" : "");
            passed_tell(asking->context, asking->query, &items[i]);
        }
        asking->told++;
    }
    if (asking->told > 0)
        return STATUS_DONE;
    err_set(&err, ERR_UNKNOWN,
            "nobody in '%s' has '%s' as number, e-mail address or in the name, and no record that was read has it as "
            "its id; a record is written CONNECTION/PARTITION/STREAM/ID",
            asking->organization, asking->key);
    return complain_rc(ERR_UNKNOWN, &err);
}

/* Names are looked for last: that walks over everybody, and a record that was passed over is found at once. */
static int key_find(struct asking *asking, struct query_ids *ret_ids, struct err *err)
{
    static const char *const exact[] = {"number:", "email:"};
    struct query *query = asking->query;
    struct passed *items;
    size_t count = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && ret_ids->count == 0 && !strchr(asking->key, ':') && i < 2; i++) {
        const char *key = arena_format(query->arena, "%s%s", exact[i], asking->key);
        rc = key ? query_find(query, key, ret_ids, err) : -ENOMEM;
    }
    if (rc == 0 && ret_ids->count == 0)
        rc = passed_find(query, asking->key, &items, &count);
    return rc != 0 || ret_ids->count > 0 || count > 0 ? rc : query_find(query, asking->key, ret_ids, err);
}

static int key_explain(struct asking *asking)
{
    __attribute__((cleanup(tidy_query_ids))) struct query_ids ids = {0};
    struct err err = {0};
    int rc = key_find(asking, &ids, &err);
    if (rc == ERR_DATA)
        return complain_words("%s", err.text);
    if (rc != 0)
        return complain_rc(rc, &err);
    if (ids.count == 0)
        return record_explain(asking);
    if (ids.count > 1) /* says so, and lists them */
        return context_person(asking->context, asking->query, asking->organization, asking->key, &asking->person);
    asking->person = ids.items[0];
    return person_explain(asking);
}

/* --target: what a connection is told. */
static int target_explain(struct asking *asking, struct organization *organization)
{
    const struct connection *connection;
    struct err err = {0};
    if (GIVEN(asking->context, run))
        return complain_words("--target tells what is so now: --run does not go with it");
    int status = context_connection(organization, VALUE(asking->context, target), &connection);
    if (status == STATUS_DONE && !connection->target)
        return complain_words("connection '%s' has no target: it is told nothing", connection->name);
    if (status == STATUS_DONE)
        status = context_person(asking->context, asking->query, asking->organization, asking->key, &asking->person);
    if (status == STATUS_DONE)
        status = explain_target(asking->context, asking->query, connection, asking->person, asking->text);
    int rc = query_end(asking->query, &err);
    return rc ? complain_rc(rc, &err) : status;
}

int verb_explain(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    __attribute__((cleanup(asking_done))) struct asking asking = {.context = context,
                                                                  .organization = context->arguments.words[0],
                                                                  .key = context->arguments.words[1],
                                                                  .text = context->arguments.words[2]};
    struct err err = {0};
    int status = context_open(context, asking.organization, &opened);
    asking.query = opened.query;
    if (status == STATUS_DONE && GIVEN(context, target))
        return target_explain(&asking, opened.organization);
    if (status == STATUS_DONE && asking.text)
        status = asking_field(&asking);
    if (status == STATUS_DONE)
        status = asking_run(&asking);
    if (status != STATUS_DONE)
        return status;
    asking.entity = mem_new(1, sizeof(*asking.entity));
    asking.child = mem_new(1, sizeof(*asking.child));
    if (!asking.entity || !asking.child)
        return complain_rc(-ENOMEM, NULL);
    status = key_explain(&asking);
    int rc = query_end(opened.query, &err);
    return rc ? complain_rc(rc, &err) : status;
}
