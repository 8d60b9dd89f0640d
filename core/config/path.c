/* path - a way through the view of a thing, from its text: "employment.department.name". */
#include "config/node.h"
#include "config/target.h"

#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 80, NAMES_MAX = 128 };

static const struct field *find(const struct field *custom, enum kind kind, const char *name)
{
    for (; custom && kind == KIND_person && custom->name; custom++)
        if (strcmp(custom->name, name) == 0)
            return custom;
    return field_by_name(kind, name);
}

/* What can be named from a thing of this kind, for "did you mean". */
static void suggest(const struct field *custom, enum kind kind, const char *word, char ret_why[PATH_WHY])
{
    static const char *const of_person[] = {"employment", "absence", "hierarchy[0]", NULL},
                             *const of_employment[] = {"primary", NULL}, *const none[] = {NULL};
    const char *const *words = kind == KIND_person ? of_person : kind == KIND_employment ? of_employment : none;
    const char *names[NAMES_MAX] = {0};
    size_t count = 0;
    const struct field *field;
    for (size_t n = 0; count < NAMES_MAX - 8 && (field = field_nth(kind, n)); n++)
        names[count++] = field->name;
    for (; custom && kind == KIND_person && custom->name && count < NAMES_MAX - 8; custom++)
        names[count++] = custom->name;
    for (size_t n = 0; words[n]; n++)
        names[count++] = words[n];
    const char *near = nearest_name(word, names);
    if (near)
        snprintf(ret_why, PATH_WHY, "%s has no '%s'; did you mean '%s'?", kind_name(kind), word, near);
    else
        snprintf(ret_why, PATH_WHY, "%s has no '%s': `muster fields %s` lists what there is", kind_name(kind), word,
                 kind_name(kind));
}

/* The next word of the path; "custom.badge" is one. Returns what follows it, NULL when it is too long or empty. */
static const char *word_take(const char *at, char ret_word[WORD_MAX])
{
    size_t len = strcspn(at, ".");
    if (strncmp(at, "custom.", 7) == 0)
        len = 7 + strcspn(at + 7, ".");
    if (len == 0 || len >= WORD_MAX)
        return NULL;
    memcpy(ret_word, at, len);
    ret_word[len] = '\0';
    return at + len;
}

static bool step_add(struct path *path, struct path_step step)
{
    if (path->step_count == PATH_STEPS_MAX)
        return false;
    path->steps[path->step_count++] = step;
    path->kind = step.to;
    return true;
}

static bool level_read(const char *word, uint16_t *ret_nth)
{
    unsigned nth;
    char end;
    if (sscanf(word, "hierarchy[%3u%c", &nth, &end) != 2 || end != ']' || strlen(strchr(word, ']')) != 1)
        return false;
    *ret_nth = (uint16_t)nth;
    return true;
}

/* Words that are no fields. 1: a step was added; 0: it is none of them; -1: too many steps. */
static int step_special(struct path *path, bool membership, const char *word)
{
    struct path_step step = {0};
    if (path->kind == KIND_person && strcmp(word, "employment") == 0)
        step = (struct path_step){.how = PATH_EMPLOYMENT, .to = KIND_employment};
    else if (path->kind == KIND_person && strcmp(word, "absence") == 0)
        step = (struct path_step){.how = PATH_ABSENCE, .to = KIND_absence};
    else if (path->kind == KIND_person && path->step_count == 0 && membership && strcmp(word, "membership") == 0)
        step = (struct path_step){.how = PATH_MEMBERSHIP, .to = KIND_membership};
    else if (path->kind == KIND_person && level_read(word, &step.nth))
        step = (struct path_step){.how = PATH_LEVEL, .to = KIND_org_unit, .nth = step.nth};
    else
        return 0;
    return step_add(path, step) ? 1 : -1;
}

/* A person behind what belongs to an employment. */
static bool step_owner(struct path *path, const char *word)
{
    const struct field *employment = field_by_name(path->kind, "employment");
    return strcmp(word, "person") == 0 && employment && employment->type == TYPE_REF &&
           step_add(path, (struct path_step){PATH_REFERENCE, KIND_employment, employment->number, 0}) &&
           step_add(path, (struct path_step){PATH_REFERENCE, KIND_person, FIELD_employment_person, 0});
}

static bool too_long(const char *text, char ret_why[PATH_WHY])
{
    snprintf(ret_why, PATH_WHY, "'%.80s' goes through more than %d things", text, PATH_STEPS_MAX);
    return false;
}

/* The value at the end of the way. */
static bool ends(struct path *path, const struct field *field, char ret_why[PATH_WHY])
{
    if (field && field->type == TYPE_REF) {
        const char *how = field->refers_to == KIND_org_unit ? "code' or '.name" : "employee_number";
        snprintf(ret_why, PATH_WHY, "'%.80s' is a %s: say which value of it, as in '%.60s.%s'", path->text,
                 kind_name(field->refers_to), path->text, field->refers_to == KIND_org_unit ? "code" : how);
        return false;
    }
    path->field = field;
    return true;
}

bool path_compile(const struct field *custom, enum kind root, bool membership, const char *text, struct path *ret_path,
                  char ret_why[PATH_WHY])
{
    struct path path = {.text = text, .kind = root};
    char word[WORD_MAX];
    /* What an account stands for. */
    const char *begin = root != KIND_person || strcmp(text, "account.id") != 0 ? text
                        : membership                                           ? "membership.id"
                                                                               : "id";
    for (const char *at = begin;;) {
        at = word_take(at, word);
        if (!at || (*at == '.' && at[1] == '\0')) {
            snprintf(ret_why, PATH_WHY, "'%.80s' is no path into the view: words with '.' between them", text);
            return false;
        }
        bool last = *at == '\0';
        at += !last;
        const struct field *field = find(custom, path.kind, word);
        int special = field ? 0 : step_special(&path, membership, word);
        if (special < 0)
            return too_long(text, ret_why);
        if (last && special > 0) {
            snprintf(ret_why, PATH_WHY, "'%.80s' is a whole %s: say which value of it", text, kind_name(path.kind));
            return false;
        }
        if (special > 0)
            continue;
        bool id = !field && last && strcmp(word, "id") == 0;
        path.primary = !field && last && path.kind == KIND_employment && strcmp(word, "primary") == 0;
        if (last && (field || id || path.primary)) {
            if (!ends(&path, field, ret_why))
                return false;
            *ret_path = path;
            return true;
        }
        if (!field && !last && step_owner(&path, word))
            continue;
        if (!field || field->type != TYPE_REF) {
            if (field)
                snprintf(ret_why, PATH_WHY, "'%.60s' is a value of its own: nothing can follow it", word);
            else
                suggest(custom, path.kind, word, ret_why);
            return false;
        }
        if (!step_add(&path, (struct path_step){PATH_REFERENCE, field->refers_to, field->number, 0}))
            return too_long(text, ret_why);
    }
}
