/* verb_fields - what the employee model has: the kinds of things, and the fields of one, for whoever writes a mapping.
 */
#include "base/jsontext.h"
#include "cli/context.h"
#include "cli/verb.h"
#include "config/node.h"

#include <string.h>

static const char *sensitivity_word(const struct field *field)
{
    static const char *const words[] = {"plain", "personal", "protected"};
    return words[field->sensitivity];
}

/* "active, pending, …": the words that a field takes. */
static void enumerators_write(const struct field *field, struct buffer *out)
{
    const char *text;
    size_t len;
    for (size_t n = 0; (text = enum_nth(field, n, &len)); n++)
        buffer_format(out, "%s%.*s", n ? ", " : "", (int)len, text);
}

static void fields_print(const struct screen *screen, enum kind kind)
{
    struct grid grid;
    const struct field *field;
    screen_print(screen, "%s: %s\n", kind_name(kind), kind_doc(kind));
    grid_start(&grid, screen, "  ", "FIELD|TYPE|WHAT");
    for (size_t n = 0; (field = field_nth(kind, n)); n++) {
        TIDY_DONE(screen_buffer_done) struct buffer words = {0};
        if (field->type == TYPE_ENUM)
            enumerators_write(field, &words);
        grid_text(&grid, field->name);
        grid_text(&grid, field->type == TYPE_ENUM  ? "one of"
                         : field->type == TYPE_REF ? kind_name(field->refers_to)
                                                   : type_name(field->type));
        grid_format(&grid, COLOR_NONE, "%s%s%s%s", field->doc, words.data ? ": " : "", words.data ? words.data : "",
                    field->sensitivity == SENSITIVITY_protected ? " (protected)" : "");
    }
    grid_end(&grid);
}

static void kinds_print(const struct screen *screen)
{
    struct grid grid;
    grid_start(&grid, screen, "", "KIND|WHAT");
    for (int kind = 1; kind < KIND_COUNT; kind++) {
        grid_text(&grid, kind_name((enum kind)kind));
        grid_text(&grid, kind_doc((enum kind)kind));
    }
    grid_end(&grid);
}

/* A line for each field. */
static void fields_json(enum kind kind, struct buffer *out)
{
    const struct field *field;
    for (size_t n = 0; (field = field_nth(kind, n)); n++) {
        TIDY_DONE(screen_buffer_done) struct buffer words = {0};
        if (field->type == TYPE_ENUM)
            enumerators_write(field, &words);
        buffer_byte(out, '{');
        json_member_text(out, "kind", kind_name(kind));
        json_member_text(out, "field", field->name);
        json_member_text(out, "type", type_name(field->type));
        json_member_text(out, "one_of", words.data);
        json_member_text(out, "refers_to", field->type == TYPE_REF ? kind_name(field->refers_to) : NULL);
        json_member_text(out, "sensitivity", sensitivity_word(field));
        json_member_text(out, "what", field->doc);
        buffer_text(out, "}\n");
    }
}

static int no_kind(const char *name)
{
    const char *names[KIND_COUNT + 1] = {NULL};
    for (int kind = 1; kind < KIND_COUNT; kind++)
        names[kind - 1] = kind_name((enum kind)kind);
    const char *near = nearest_name(name, names);
    return complain_words("there is no kind '%s'%s%s%s", name, near ? "; did you mean '" : "",
                          near ? near : ": `muster fields` lists them", near ? "'?" : "");
}

int verb_fields(struct context *context)
{
    const char *name = context->arguments.words[0];
    enum kind chosen = name ? kind_by_name(name) : KIND_NONE;
    if (name && chosen == KIND_NONE)
        return no_kind(name);
    if (context->json) {
        TIDY_DONE(screen_buffer_done) struct buffer out = {0};
        for (int kind = 1; kind < KIND_COUNT; kind++)
            if (chosen == KIND_NONE || (int)chosen == kind)
                fields_json((enum kind)kind, &out);
        fwrite(out.data, 1, out.len, context->screen.out);
    } else if (name) {
        fields_print(&context->screen, chosen);
    } else {
        kinds_print(&context->screen);
    }
    return STATUS_DONE;
}
