/* xlsx_book - which parts a workbook has: from the package's relationships to the workbook, its sheets, its shared
 * strings and its styles. Names of parts are never guessed where the file says them. */
#include "xlsx_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PART_MAX ((uint64_t)32 << 20)
#define SHEETS_MAX 10000

struct relation {
    char *id, *type, *target;
};

struct relations {
    struct relation *items;
    size_t count, room;
    bool no_memory;
};

static void relations_done(struct relations *relations)
{
    for (size_t n = 0; n < relations->count; n++) {
        free(relations->items[n].id);
        free(relations->items[n].type);
        free(relations->items[n].target);
    }
    free(relations->items);
}

/* An attribute as text of its own; "" if it is missing. */
static char *attribute_copy(const xmlChar **attributes, int count, const char *name, bool namespaced)
{
    size_t len = 0;
    const char *value = muster_xml_attribute(attributes, count, name, &len, namespaced);
    return strndup(value ? value : "", len);
}

static bool room_for(void **items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return true;
    size_t wanted = *room ? *room * 2 : 16;
    void *bigger = realloc(*items, wanted * size);
    if (!bigger)
        return false;
    *items = bigger;
    *room = wanted;
    return true;
}

static void relation_start(struct muster_xml *xml, const char *name, const xmlChar **attributes, int count)
{
    struct relations *relations = xml->self;
    size_t len = 0;
    const char *mode = muster_xml_attribute(attributes, count, "TargetMode", &len, false);
    if (strcmp(name, "Relationship") != 0 || (mode && len == 8 && memcmp(mode, "External", 8) == 0))
        return;
    if (relations->count >= SHEETS_MAX ||
        !room_for((void **)&relations->items, relations->count, &relations->room, sizeof(*relations->items))) {
        relations->no_memory = true;
        muster_xml_stop(xml);
        return;
    }
    struct relation *relation = &relations->items[relations->count++];
    relation->id = attribute_copy(attributes, count, "Id", false);
    relation->type = attribute_copy(attributes, count, "Type", false);
    relation->target = attribute_copy(attributes, count, "Target", false);
    if (!relation->id || !relation->type || !relation->target) {
        relations->no_memory = true;
        muster_xml_stop(xml);
    }
}

static muster_rc relations_read(struct muster_package *package, const char *path, struct relations *relations,
                                muster_table_error *error)
{
    static const struct muster_xml_events events = {.start = relation_start};
    muster_rc rc = muster_xml_part(package, path, PART_MAX, &events, relations, error);
    if (rc == MUSTER_OK && relations->no_memory)
        rc =
            muster_table_fail(error, MUSTER_FAIL, "%s: out of memory, or too many parts", muster_package_name(package));
    return rc;
}

/* Both families of type names (transitional and strict) end alike. */
static bool type_is(const struct relation *relation, const char *end)
{
    const char *slash = strrchr(relation->type, '/');
    return slash && strcmp(slash + 1, end) == 0;
}

/* A target, relative to the folder of the part that names it ("xl/workbook.xml"), as a member's path. */
static char *target_path(const char *from, const char *target)
{
    const char *slash = strrchr(from, '/');
    size_t base = target[0] == '/' || !slash ? 0 : (size_t)(slash - from) + 1;
    char *path = malloc(base + strlen(target) + 1);
    if (!path)
        return NULL;
    memcpy(path, from, base);
    size_t len = base;
    for (const char *piece = target; *piece;) {
        size_t piece_len = strcspn(piece, "/");
        bool more = piece[piece_len] == '/';
        if (piece_len == 2 && memcmp(piece, "..", 2) == 0) {
            len -= len > 0; /* the slash at its end */
            while (len > 0 && path[len - 1] != '/')
                len--;
        } else if (piece_len > 0 && !(piece_len == 1 && *piece == '.')) {
            memcpy(path + len, piece, piece_len);
            len += piece_len;
            if (more)
                path[len++] = '/';
        }
        piece += piece_len + (more ? 1 : 0);
    }
    path[len] = '\0';
    return path;
}

/* "xl/workbook.xml" → "xl/_rels/workbook.xml.rels" */
static char *relations_path(const char *part)
{
    const char *slash = strrchr(part, '/');
    int folder = slash ? (int)(slash - part) + 1 : 0;
    size_t room = strlen(part) + sizeof("_rels/.rels");
    char *path = malloc(room);
    if (path)
        snprintf(path, room, "%.*s_rels/%s.rels", folder, part, part + folder);
    return path;
}

struct book_context {
    struct muster_book *book;
    size_t room;
    bool no_memory;
};

static bool truth(const char *value, size_t len)
{
    return value && ((len == 1 && *value == '1') || (len == 4 && memcmp(value, "true", 4) == 0));
}

static void book_start(struct muster_xml *xml, const char *name, const xmlChar **attributes, int count)
{
    struct book_context *context = xml->self;
    struct muster_book *book = context->book;
    size_t len = 0;
    if (strcmp(name, "workbookPr") == 0) {
        const char *value = muster_xml_attribute(attributes, count, "date1904", &len, false);
        book->is_1904 = truth(value, len);
    }
    if (strcmp(name, "sheet") != 0)
        return;
    if (book->count >= SHEETS_MAX ||
        !room_for((void **)&book->sheets, book->count, &context->room, sizeof(*book->sheets))) {
        context->no_memory = true;
        muster_xml_stop(xml);
        return;
    }
    const char *state = muster_xml_attribute(attributes, count, "state", &len, false);
    struct muster_sheet_entry *sheet = &book->sheets[book->count++];
    *sheet = (struct muster_sheet_entry){.name = attribute_copy(attributes, count, "name", false),
                                         .relation = attribute_copy(attributes, count, "id", true),
                                         .hidden = state && !(len == 7 && memcmp(state, "visible", 7) == 0)};
    if (!sheet->name || !sheet->relation) {
        context->no_memory = true;
        muster_xml_stop(xml);
    }
}

/* What the package is when it is no .xlsx, NULL: who knows. */
static const char *package_other(struct muster_package *package)
{
    if (muster_package_find(package, "xl/workbook.bin") >= 0)
        return "an .xlsb workbook (binary): save it as .xlsx";
    if (muster_package_find(package, "content.xml") >= 0)
        return "an OpenDocument file (.ods): save it as .xlsx";
    if (muster_package_find(package, "Index/Document.iwa") >= 0)
        return "an Apple Numbers document: export it as .xlsx";
    if (muster_package_find(package, "word/document.xml") >= 0)
        return "a Word document, not a workbook";
    if (muster_package_find(package, "ppt/presentation.xml") >= 0)
        return "a presentation, not a workbook";
    return NULL;
}

/* Where the package says its workbook is; some writers leave the package's relationships out. */
static muster_rc book_find(struct muster_package *package, char **ret_path, muster_table_error *error)
{
    const char *file = muster_package_name(package);
    const char *other = package_other(package);
    if (other)
        return muster_table_fail(error, MUSTER_DATA, "%s is %s", file, other);
    struct relations relations = {0};
    muster_rc rc = MUSTER_OK;
    char *path = NULL;
    if (muster_package_find(package, "_rels/.rels") >= 0)
        rc = relations_read(package, "_rels/.rels", &relations, error);
    for (size_t n = 0; rc == MUSTER_OK && n < relations.count && !path; n++)
        if (type_is(&relations.items[n], "officeDocument"))
            path = target_path("", relations.items[n].target);
    relations_done(&relations);
    if (rc != MUSTER_OK)
        return rc;
    if (!path && muster_package_find(package, "xl/workbook.xml") >= 0)
        path = strdup("xl/workbook.xml");
    if (!path)
        return muster_table_fail(error, MUSTER_DATA, "%s is a zip archive without a workbook in it", file);
    *ret_path = path;
    return MUSTER_OK;
}

/* Gives each sheet its part, and finds the strings and styles. */
static bool book_relate(struct muster_book *book, const struct relations *relations)
{
    bool good = true;
    for (size_t n = 0; n < relations->count; n++) {
        const struct relation *relation = &relations->items[n];
        char **path = NULL;
        if (type_is(relation, "sharedStrings"))
            path = &book->strings;
        else if (type_is(relation, "styles"))
            path = &book->styles;
        for (size_t s = 0; !path && s < book->count; s++)
            if (type_is(relation, "worksheet") && strcmp(book->sheets[s].relation, relation->id) == 0)
                path = &book->sheets[s].path;
        if (path && !*path) {
            *path = target_path(book->path, relation->target);
            good &= *path != NULL;
        }
    }
    return good;
}

/* Some programs forget to say where these are; then they are where everybody puts them. */
static bool book_forgotten(struct muster_package *package, const char *book_path, const char *name, char **path)
{
    char *usual = *path ? NULL : target_path(book_path, name);
    if (*path || !usual)
        return *path != NULL;
    if (muster_package_find(package, usual) >= 0)
        *path = usual;
    else
        free(usual);
    return true;
}

muster_rc muster_book_read(struct muster_package *package, struct muster_book *ret_book, muster_table_error *error)
{
    static const struct muster_xml_events events = {.start = book_start};
    const char *file = muster_package_name(package);
    struct muster_book book = {0};
    struct book_context context = {.book = &book};
    struct relations relations = {0};
    char *path = NULL;
    muster_rc rc = book_find(package, &book.path, error);
    if (rc == MUSTER_OK)
        rc = muster_xml_part(package, book.path, PART_MAX, &events, &context, error);
    if (rc == MUSTER_OK && (context.no_memory || !(path = relations_path(book.path))))
        rc = muster_table_fail(error, MUSTER_FAIL, "%s: out of memory, or too many sheets", file);
    if (rc == MUSTER_OK)
        rc = relations_read(package, path, &relations, error);
    if (rc == MUSTER_OK &&
        (!book_relate(&book, &relations) || !book_forgotten(package, book.path, "sharedStrings.xml", &book.strings) ||
         !book_forgotten(package, book.path, "styles.xml", &book.styles)))
        rc = muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", file);
    relations_done(&relations);
    free(path);
    if (rc != MUSTER_OK) {
        muster_book_done(&book);
        return rc;
    }
    *ret_book = book;
    return MUSTER_OK;
}

/* "Employees, Lists" */
static void book_names(const struct muster_book *book, char *text, size_t room)
{
    size_t len = 0;
    for (size_t n = 0; n < book->count && len < room; n++)
        if (book->sheets[n].path)
            len += (size_t)snprintf(text + len, room - len, "%s%s%s", len ? ", " : "", book->sheets[n].name,
                                    book->sheets[n].hidden ? " (hidden)" : "");
    if (len >= room)
        snprintf(text + room - 4, 4, "…");
}

static const struct muster_sheet_entry *sheet_numbered(const struct muster_book *book, uint64_t wanted)
{
    size_t visible = 0;
    for (size_t n = 0; n < book->count; n++)
        visible += book->sheets[n].path && !book->sheets[n].hidden;
    for (size_t n = 0; n < book->count; n++)
        if (book->sheets[n].path && (!book->sheets[n].hidden || visible == 0) && --wanted == 0)
            return &book->sheets[n];
    return NULL;
}

const struct muster_sheet_entry *muster_book_sheet(const struct muster_book *book, const char *file, const char *wanted,
                                                   muster_table_error *error)
{
    const struct muster_sheet_entry *found = NULL;
    for (size_t n = 0; n < book->count && !found; n++)
        if (strcmp(book->sheets[n].name, wanted) == 0)
            found = &book->sheets[n];
    for (size_t n = 0; n < book->count && !found; n++)
        if (strcasecmp(book->sheets[n].name, wanted) == 0)
            found = &book->sheets[n];
    uint64_t number = 0;
    if (!found && muster_digits(wanted, strlen(wanted), &number) && number > 0)
        found = sheet_numbered(book, number);
    if (found && found->path)
        return found;
    char names[350] = "";
    book_names(book, names, sizeof(names));
    if (found)
        muster_table_fail(error, MUSTER_CONFIG, "sheet '%s' in %s is a chart or a dialog, not a worksheet; it has: %s",
                          wanted, file, names[0] ? names : "none");
    else
        muster_table_fail(error, names[0] ? MUSTER_CONFIG : MUSTER_DATA, "no sheet '%s' in %s; it has: %s", wanted,
                          file, names[0] ? names : "none");
    return NULL;
}

void muster_book_done(struct muster_book *book)
{
    for (size_t n = 0; n < book->count; n++) {
        free(book->sheets[n].name);
        free(book->sheets[n].relation);
        free(book->sheets[n].path);
    }
    free(book->sheets);
    free(book->path);
    free(book->strings);
    free(book->styles);
    *book = (struct muster_book){0};
}
