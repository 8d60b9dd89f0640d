/* phonebook - prints who is there with their department and number, and whoever changes after that.
 *
 *     cc -o phonebook phonebook.c $(pkg-config --cflags --libs muster-reader)
 *     ./phonebook /var/lib/muster/organizations/acme            (with --once it ends when all were printed) */
#include <muster/reader.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct {
    int given, family, phone, is_default, department, unit_name;
} fields;

static void print_value(const muster_reader_object *object, int field)
{
    muster_reader_cell cell;
    muster_reader_value(object, field, &cell);
    printf("%.*s", (int)cell.len, cell.text ? cell.text : "");
}

/* Of several employments the one that counts: that of which a source says so, else the first that one still names. */
static int get_employment(muster_reader *reader, const muster_reader_object *person,
                          muster_reader_object *ret_employment)
{
    muster_reader_object one;
    muster_reader_cell is_default;
    int rc = MUSTER_READER_END;
    for (size_t n = 0; muster_reader_part(reader, person, "employment", n, &one) == MUSTER_READER_OK; n++) {
        if (one.gone)
            continue;
        muster_reader_value(&one, fields.is_default, &is_default);
        int counts = is_default.len == 4 && memcmp(is_default.text, "true", 4) == 0;
        if (counts || rc != MUSTER_READER_OK)
            *ret_employment = one;
        rc = MUSTER_READER_OK;
        if (counts)
            break;
    }
    return rc;
}

static void print_person(muster_reader *reader, const muster_reader_object *person)
{
    muster_reader_object employment, unit;
    muster_reader_cell department = {0};
    print_value(person, fields.given);
    printf(" ");
    print_value(person, fields.family);
    printf("\t");
    print_value(person, fields.phone);
    printf("\t");
    if (get_employment(reader, person, &employment) == MUSTER_READER_OK)
        muster_reader_value(&employment, fields.department, &department);
    if (department.id && muster_reader_get(reader, "org_unit", department.id, &unit) == MUSTER_READER_OK)
        print_value(&unit, fields.unit_name);
    printf("\n");
}

/* Everybody who is there; *sequence says up to which change that is. */
static int print_all(muster_reader *reader, uint64_t *sequence)
{
    muster_reader_object person = {0};
    int rc;
    while ((rc = muster_reader_next(reader, "person", &person)) == MUSTER_READER_OK)
        if (!person.gone)
            print_person(reader, &person);
    *sequence = muster_reader_sequence(reader);
    return rc == MUSTER_READER_END ? MUSTER_READER_OK : rc;
}

/* Whoever changed since. */
static int print_changes(muster_reader *reader, uint64_t *sequence)
{
    const char *kind;
    uint64_t id;
    int rc;
    while ((rc = muster_reader_change(reader, sequence, &kind, &id)) == MUSTER_READER_OK) {
        muster_reader_object person;
        if (strcmp(kind, "person") != 0)
            continue;
        if (muster_reader_get(reader, kind, id, &person) == MUSTER_READER_OK && !person.gone)
            print_person(reader, &person);
        else
            printf("%" PRIu64 " has left\n", id);
    }
    if (rc == MUSTER_READER_AGAIN)
        return print_all(reader, sequence);
    return rc == MUSTER_READER_END ? MUSTER_READER_OK : rc;
}

static int follow(muster_reader *reader, int once)
{
    uint64_t sequence = 0;
    int rc = muster_reader_begin(reader);
    if (rc == MUSTER_READER_OK) {
        fields.given = muster_reader_field(reader, "person", "given_name");
        fields.family = muster_reader_field(reader, "person", "family_name");
        fields.phone = muster_reader_field(reader, "person", "mobile_phone");
        fields.is_default = muster_reader_field(reader, "employment", "is_default");
        fields.department = muster_reader_field(reader, "employment", "department");
        fields.unit_name = muster_reader_field(reader, "org_unit", "name");
        rc = print_all(reader, &sequence);
    }
    while (rc == MUSTER_READER_OK && !once) {
        fflush(stdout);
        rc = muster_reader_wait(reader, sequence, -1);
        if (rc == MUSTER_READER_OK)
            rc = muster_reader_begin(reader);
        if (rc == MUSTER_READER_OK)
            rc = print_changes(reader, &sequence);
    }
    return rc;
}

int main(int count, char **words)
{
    muster_reader *reader;
    if (count < 2)
        return fprintf(stderr, "phonebook FOLDER [--once]\n"), 2;
    int rc = muster_reader_open(words[1], &reader);
    if (rc == MUSTER_READER_OK)
        rc = follow(reader, count > 2 && strcmp(words[2], "--once") == 0);
    if (rc != MUSTER_READER_OK)
        fprintf(stderr, "phonebook: %s\n", muster_reader_why(reader));
    muster_reader_close(reader);
    return rc == MUSTER_READER_OK ? 0 : 1;
}
