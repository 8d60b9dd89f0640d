/* test_kept - another mapping, tried on what was kept of the rows: the same comes of it as when the source is read
 * again. */
#include "shop.h"

#include "base/mem.h"
#include "scratch.h"
#include "store/dict.h"
#include "tables/decision.h"
#include "tables/source.h"

#include <fcntl.h>
#include <stdio.h>

enum { LUCKS = 6, ROWS = 12, VARIANTS = 10 };

#define HEAD                                                                                                           \
    "time_zone: Europe/Amsterdam\n"                                                                                    \
    "custom: { badge: text }\n"                                                                                        \
    "connections:\n"                                                                                                   \
    "  hr:\n    connector: table\n    options: { location: DIR/hr }\n"                                                 \
    "    safeguards: { deactivate: 100%, email: 100%, rekey: 100%, manager: 100% }\n"                                  \
    "    streams:\n      people:\n        key: Nr\n"
#define TAIL "authority:\n  person:\n    exists: [hr]\n"

/* Each uses only columns that the first one uses, too. */
static const char *const variants[VARIANTS] = {
    "        person: { employee_number: Nr, family_name: Last, work_email: { from: Mail, lower: true },\n"
    "          national_id: { from: Secret, digits: true }, hired_on: { from: Hired, date: [DD-MM-YYYY] },\n"
    "          status: { from: Status, table: { On: active, Off: on_leave }, otherwise: reject }, mobile_phone: Mobile "
    "}\n"
    "        employment: { key: [Nr, Job], title: Title, department: { unit: department, code: Dept, name: Unit },\n"
    "          manager: { person: employee_number, from: Boss } }\n"
    "        where: { from: Company, in: [\"1\", \"2\"] }\n        require: [family_name]\n",
    /* everything otherwise */
    "        person: { employee_number: Nr, family_name: { from: Last, upper: true }, work_email: Mail,\n"
    "          national_id: Secret, hired_on: { from: Hired, date: [DD-MM-YYYY, YYYY/MM/DD] },\n"
    "          status: { from: Status, table: { On: on_leave, Off: active, Odd: inactive } }, custom.badge: Mobile }\n"
    "        employment: { key: [Nr, Job], title: { from: Title, lower: true }, department: { unit: department, code: "
    "Unit },\n          manager: { person: employee_number, from: Boss } }\n"
    "        where: { from: Company, in: [\"1\", \"2\"] }\n",
    /* fewer of them are ours */
    "        person: { employee_number: Nr, family_name: Last, work_email: { from: Mail, lower: true } }\n"
    "        where: { from: Company, equals: \"1\" }\n        require: [family_name]\n",
    /* a part more, and one less */
    "        person: { employee_number: Nr, given_name: Last, family_name: { join: [Last, Company], with: \" \" },\n"
    "          personal_email: { first_of: [Mail, Secret] }, mobile_phone: { from: Mobile, digits: true } }\n"
    "        absence: { key: [Nr, Job], when: { from: Status, equals: Off }, type: { const: vacation } }\n"
    "        where: { from: Company, in: [\"1\", \"2\"] }\n        require: [given_name]\n",
    /* blanks count now */
    "        person: { employee_number: Nr, family_name: Last, work_email: { from: Mail, on_empty: clear },\n"
    "          mobile_phone: { from: Mobile, on_empty: clear, on_null: clear }, national_id: { from: Secret, on_empty: "
    "clear } }\n        employment: { key: [Nr, Job], title: { from: Title, default: none } }\n"
    "        where: { from: Company, in: [\"1\", \"2\"] }\n",
    /* what was protected is not, and the other way round */
    "        person: { employee_number: Nr, family_name: Last, username: Secret, national_id: Mobile }\n"
    "        where: { from: Company, in: [\"1\", \"2\"] }\n",
    /* another field is asked for */
    "        person: { employee_number: Nr, family_name: Last, work_email: Mail }\n"
    "        where: { from: Company, in: [\"1\", \"2\"] }\n        require: [work_email]\n",
    /* no parts */
    "        person: { employee_number: Nr, display_name: { join: [Mail, Last], with: \", \" } }\n"
    "        where: { from: Company, in: [\"1\", \"2\"] }\n",
    /* units by name, the boss gone */
    "        person: { employee_number: Nr, family_name: Last, site_number: Dept }\n"
    "        employment: { key: [Nr, Job], department: { unit: team, name: Unit }, cost_center: { unit: cost_center, "
    "code: "
    "Dept } }\n        where: { from: Company, in: [\"1\", \"2\"] }\n",
    /* other words are rejected */
    "        person: { employee_number: Nr, family_name: { from: Last, match: \"^N.*$\" }, work_email: Mail,\n"
    "          hired_on: Hired, status: { from: Status, table: { On: active }, otherwise: reject } }\n"
    "        where: { from: Company, in: [\"1\", \"2\"] }\n        require: [family_name, status]\n",
};

static char *yaml_of(int variant)
{
    return mem_format("%s%s%s", HEAD, variants[variant], TAIL);
}

static const char *one_of(uint64_t *luck, const char *const *words, uint32_t count)
{
    return words[chance(luck, count)];
}

/* Rows of some people: some have several, some are not ours, some cannot be taken. */
static char *say(uint64_t seed, bool table)
{
    static const char *const mails[] = {"", "A@x", "b@x", " C@x "},
                             *const hired[] = {"", "01-02-2020", "2020/02/01", "soon"},
                             *const states[] = {"On", "Off", "Odd", "on"}, *const bosses[] = {"", "1", "2", "n"},
                             *const mobiles[] = {"", "+31 6 12", "0612", "~"},
                             *const companies[] = {"1", "2", "1", "3"},
                             *const lasts[] = {"Name", "Nemo", "", "de Vries "}, *const units[] = {"", "Shop", "Board"};
    static const char *const names[] = {"Nr",     "Job",   "Last", "Mail", "Secret", "Hired",  "Status",
                                        "Mobile", "Title", "Dept", "Unit", "Boss",   "Company"};
    struct buffer out = {0};
    uint64_t luck = seed;
    if (table)
        buffer_text(&out, "columns Nr|Job|Last|Mail|Secret|Hired|Status|Mobile|Title|Dept|Unit|Boss|Company\n");
    for (unsigned i = 0; i < ROWS; i++) {
        unsigned jobs = 1 + (chance(&luck, 3) == 0);
        const char *last = one_of(&luck, lasts, 4), *mail = one_of(&luck, mails, 4), *date = one_of(&luck, hired, 4),
                   *state = one_of(&luck, states, 4), *mobile = one_of(&luck, mobiles, 4),
                   *company = one_of(&luck, companies, 4);
        unsigned secret = chance(&luck, 4);
        bool disagrees = chance(&luck, 40) == 0;
        for (unsigned job = 0; job < jobs; job++) {
            char texts[13][40];
            snprintf(texts[0], 40, "%u", i);
            snprintf(texts[1], 40, "j%u", job);
            snprintf(texts[2], 40, "%s", last);
            snprintf(texts[3], 40, "%s", job && disagrees ? "other@x" : mail);
            snprintf(texts[4], 40, "%.0u%s", secret, secret ? " 23-45" : "");
            snprintf(texts[5], 40, "%s", date);
            snprintf(texts[6], 40, "%s", state);
            snprintf(texts[7], 40, "%s", mobile);
            snprintf(texts[8], 40, "Title %u", job);
            snprintf(texts[9], 40, "%.0u", chance(&luck, 3));
            snprintf(texts[10], 40, "%s", one_of(&luck, units, 3));
            snprintf(texts[11], 40, "%s", one_of(&luck, bosses, 4));
            snprintf(texts[12], 40, "%s", company);
            if (!table)
                buffer_text(&out, "json - {");
            for (int n = 0; n < 13; n++) {
                bool null = strcmp(texts[n], "~") == 0;
                if (table)
                    buffer_format(&out, "%s%s", n ? "|" : "row ", texts[n]);
                else if (n < 2 || n == 12 || chance(&luck, 16) > 0) /* else it is absent */
                    buffer_format(&out, "%s\"%s\":%s%s%s", n ? "," : "", names[n], null ? "null" : "\"",
                                  null ? "" : texts[n], null ? "" : "\"");
            }
            buffer_text(&out, table ? "\n" : "}\n");
        }
    }
    return buffer_take(&out);
}

static void same_file(struct shop *shop, const char *text)
{
    const struct timespec times[2] = {{.tv_sec = 1780000000}, {.tv_sec = 1780000000}};
    char path[300];
    shop_say(shop, "hr", text);
    snprintf(path, sizeof(path), "%s/hr", shop->dir);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Both seal by the same key, so that what stands for a protected value can be compared. */
static void make_key(struct shop *shop)
{
    char path[300];
    mkdir(shop->settings.state, 0700); /* it may be there */
    snprintf(path, sizeof(path), "%s/seal.key", shop->settings.state);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("this is the master key of tests.", file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* What both must hold alike: of sealed rows only how long they are. Where each of several rows of a record stood is not
 * kept. */
static char *rows_of(struct shop *shop, size_t *ret_len)
{
    static const enum table tables[] = {TABLE_source, TABLE_journal, TABLE_vault, TABLE_entity,   TABLE_index,
                                        TABLE_refer,  TABLE_due,     TABLE_held,  TABLE_decision, TABLE_dict};
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct buffer out = {0};
    txn_begin(&txn, shop->store, false);
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
        struct cursor cursor __attribute__((cleanup(tidy_cursor)));
        cursor_open(&cursor, &txn, tables[t]);
        for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
            struct decision_row decision;
            buffer_format(&out, "%s ", table_name(tables[t]));
            buffer_add(&out, cursor.key.data, cursor.key.len);
            if (tables[t] == TABLE_decision && decision_read(cursor.value, &decision)) {
                buffer_add(&out, decision.reason.data, decision.reason.len);
                buffer_add(&out, decision.about.data, decision.about.len);
                buffer_format(&out, " %d\n", decision.kept.len > 0); /* rows that say the same are kept once */
                continue;
            }
            if (tables[t] == TABLE_source &&
                memmem(cursor.key.data, cursor.key.len, SOURCE_UNIT_PREFIX, strlen(SOURCE_UNIT_PREFIX))) {
                buffer_byte(&out, '\n'); /* which of the rows named it first */
                continue;
            }
            buffer_format(&out, " %zu ", cursor.value.len);
            buffer_add(&out, cursor.value.data, tables[t] == TABLE_vault ? 0 : cursor.value.len);
            buffer_byte(&out, '\n');
        }
    }
    assert_int_equal(txn.rc, 0);
    *ret_len = out.len;
    return buffer_take(&out);
}

static void expect_same(struct shop *one, struct shop *two, uint64_t luck, int variant)
{
    size_t one_len, two_len, at = 0;
    char *waits = shop_waits(one);
    expect_waits(two, waits);
    free(waits);
    char *a = rows_of(one, &one_len), *b = rows_of(two, &two_len);
    while (at < one_len && at < two_len && a[at] == b[at])
        at++;
    if (at < one_len || at < two_len) {
        size_t from = at < 200 ? 0 : at - 200;
        print_error("seed %lu, mapping %d: they differ at %zu of %zu and %zu\n", (unsigned long)luck, variant, at,
                    one_len, two_len);
        for (size_t n = from; n < at + 100 && n < one_len; n++)
            print_error("%c", a[n] >= ' ' && a[n] < 127 ? a[n] : '.');
        print_error("\n----\n");
        for (size_t n = from; n < at + 100 && n < two_len; n++)
            print_error("%c", b[n] >= ' ' && b[n] < 127 ? b[n] : '.');
        fail_msg("the source, read again, and what is kept of it do not come to the same");
    }
    free(a);
    free(b);
}

static void kept_sync(struct shop *shop, const char **ret_reason)
{
    struct run_request request = {.settings = &shop->settings,
                                  .organization = shop->organization,
                                  .connectors = shop->connectors,
                                  .connection = organization_connection(shop->organization, "hr"),
                                  .kept = true,
                                  .author = "test"};
    struct err err = {0};
    run_report_done(&shop->report);
    int rc = run_sync(&request, &shop->report, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    *ret_reason = shop->report.partitions[0].reason;
}

/* Returns how often both came to the same: else the source had to be read, and said so. */
static int two_shops(uint64_t luck, bool table)
{
    struct shop asks, keeps;
    shop_now("2026-03-02T06:30:00.000Z");
    char *first = yaml_of(0), *text = say(luck, table);
    shop_open(&asks, first);
    shop_open(&keeps, first);
    make_key(&asks);
    make_key(&keeps);
    same_file(&asks, text);
    shop_run(&asks, "hr", false, 0);
    same_file(&keeps, text);
    shop_run(&keeps, "hr", false, 0);
    expect_same(&asks, &keeps, luck, 0);
    uint64_t seed = luck;
    int compared = 0;
    for (int turn = 0; turn < 3; turn++) {
        const char *reason;
        int variant = turn == 2 ? 0 : 1 + (int)chance(&luck, VARIANTS - 1);
        char *yaml = yaml_of(variant);
        shop_edit(&asks, yaml);
        shop_edit(&keeps, yaml);
        shop_run(&asks, "hr", true, 0);
        shop_say(&keeps, "hr", "fail 1 it must not be asked\n");
        kept_sync(&keeps, &reason);
        bool lacks = strstr(reason, "kept") != NULL;
        same_file(&keeps, text);
        if (lacks) /* what is kept of rows is what the mapping before used: the source has the rest */
            shop_run(&keeps, "hr", true, 0);
        free(yaml);
        if (lacks)
            break;
        expect_same(&asks, &keeps, seed, variant);
        compared++;
    }
    shop_close(&asks);
    shop_close(&keeps);
    free(first);
    free(text);
    return compared;
}

static void another_mapping_of_what_is_kept_of_a_table_is_another_mapping_of_the_source(void **state)
{
    int compared = 0;
    (void)state;
    for (uint64_t luck = 1; luck <= LUCKS; luck++)
        compared += two_shops(luck * 7919, true);
    assert_true(compared >= LUCKS / 2);
}

static void another_mapping_of_what_is_kept_of_objects_is_another_mapping_of_the_source(void **state)
{
    int compared = 0;
    (void)state;
    for (uint64_t luck = 1; luck <= LUCKS; luck++)
        compared += two_shops(luck * 104729, false);
    assert_true(compared >= LUCKS / 2);
}

/* "Hobby=chess\n", of all records */
static char *unmapped(struct shop *shop)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct source *record __attribute__((cleanup(tidy_free))) = mem_new(1, sizeof(*record));
    struct buffer out = {0};
    txn_begin(&txn, shop->store, false);
    cursor_open(&cursor, &txn, TABLE_source);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        assert_true(source_read(cursor.value, record));
        for (uint16_t s = 0; s < record->count; s++)
            for (uint16_t n = 0; record->sections[s].kind == KIND_RAW && n < image_count(record->sections[s].image);
                 n++) {
                uint16_t number;
                struct value value = image_nth(record->sections[s].image, n, &number);
                struct bytes name = bytes("?", 1);
                (void)dict_name(&txn, number, &name);
                buffer_format(&out, "%.*s=%.*s\n", (int)name.len, (const char *)name.data, (int)value.len, value.bytes);
            }
    }
    buffer_byte(&out, 0);
    return buffer_take(&out);
}

static void what_no_rule_names_is_kept_as_it_is_and_of_the_rest_nothing(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr }\n    streams:\n"
                     "      people:\n        key: Nr\n        keep: all\n"
                     "        person: { employee_number: Nr, national_id: Secret, work_email: Mail }\n");
    for (int nth = 0; nth < 3; nth++) { /* what the first run let go of lies about in memory */
        shop_hear(&shop, "hr",
                  nth == 1 ? "columns Nr|Car|Secret|Mail|Hobby\nrow 1|Saab|123456782|a@x|chess\n"
                           : "columns Nr|Mail|Hobby|Car|Secret\nrow 1|a@x|chess|Saab|123456782\n");
        char *kept = unmapped(&shop);
        assert_string_equal(kept, "column:Hobby=chess\ncolumn:Car=Saab\n");
        free(kept);
    }
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_rule_names_is_kept_as_it_is_and_of_the_rest_nothing),
        cmocka_unit_test(another_mapping_of_what_is_kept_of_a_table_is_another_mapping_of_the_source),
        cmocka_unit_test(another_mapping_of_what_is_kept_of_objects_is_another_mapping_of_the_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
