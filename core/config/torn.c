/* torn - where a text that is no YAML was probably torn: quotes and brackets that are opened and not closed, characters
 * that only look like those of YAML. Part of node_inside.h.
 *
 * The parser stops where it can no longer go on, which is often some lines below the mistake. */
#include "config/node_inside.h"

#include "config/lookalike.h"

#include <string.h>

enum { OPEN_MAX = 50 };

/* Goes through the text as far as the parser came. */
struct scan {
    const char *text;
    size_t len, at, line_start;
    unsigned line;
    char before;                   /* the last character outside of quotes that is no blank; '\n' at a line's begin */
    struct torn_at quote;          /* that is open, or was closed last */
    unsigned quote_end;            /* line in which that was closed; 0: it is open */
    struct torn_at open[OPEN_MAX]; /* brackets */
    size_t depth;
};

static struct torn_at here(const struct scan *scan)
{
    struct torn_at at = {.line = scan->line, .column = 1, .what = scan->text[scan->at]};
    for (size_t i = scan->line_start; i < scan->at; i++)
        at.column += ((unsigned char)scan->text[i] & 0xc0) != 0x80;
    return at;
}

static void newline(struct scan *scan)
{
    scan->line++;
    scan->line_start = scan->at + 1;
}

/* From its opening quote to behind the closing one, or to the end. */
static void quoted(struct scan *scan)
{
    char quote = scan->text[scan->at];
    scan->quote = here(scan);
    scan->quote_end = 0;
    for (scan->at++; scan->at < scan->len; scan->at++) {
        char c = scan->text[scan->at], next = scan->at + 1 < scan->len ? scan->text[scan->at + 1] : '\0';
        if (c == '\n')
            newline(scan);
        else if ((quote == '"' && c == '\\' && next != '\n') || (quote == '\'' && c == '\'' && next == '\''))
            scan->at++;
        else if (c == quote)
            break;
    }
    if (scan->at < scan->len)
        scan->quote_end = scan->line;
    scan->before = 'q';
}

/* Whether a value may begin here: behind "key: ", "- ", in a list, or at the begin of a line. */
static bool begins(const struct scan *scan)
{
    bool blank = scan->at == scan->line_start || scan->text[scan->at - 1] == ' ' || scan->text[scan->at - 1] == '\t';
    return scan->before == '\n' || strchr("[{,", scan->before) || (strchr(":-?", scan->before) && blank);
}

static void step(struct scan *scan)
{
    char c = scan->text[scan->at];
    bool blank = scan->at == scan->line_start || scan->text[scan->at - 1] == ' ';
    if (c == '\n') {
        newline(scan);
        scan->before = '\n';
    } else if (c == '#' && blank) {
        while (scan->at + 1 < scan->len && scan->text[scan->at + 1] != '\n')
            scan->at++;
    } else if ((c == '"' || c == '\'') && begins(scan)) {
        quoted(scan);
    } else if ((c == '[' || c == '{') && begins(scan) && scan->depth < OPEN_MAX) {
        scan->open[scan->depth++] = here(scan);
        scan->before = c;
    } else if ((c == ']' || c == '}') && scan->depth > 0) {
        scan->depth--;
        scan->before = c;
    } else if (c != ' ' && c != '\t' && c != '\r') {
        scan->before = c;
    }
}

struct torn_at torn_open(const char *text, size_t len, unsigned line)
{
    struct scan scan = {.text = text, .len = len, .line = 1, .before = '\n'};
    size_t depth = 0;
    for (; scan.at < len && scan.line <= line; scan.at++) {
        if (scan.line < line)
            depth = scan.depth;
        step(&scan);
    }
    bool over = scan.quote_end == 0 ? scan.quote.line <= line : scan.quote.line < line && scan.quote_end >= line;
    if (scan.quote.line > 0 && over) {
        scan.quote.end = scan.quote_end;
        return scan.quote;
    }
    /* What was open at the end of the line before; a bracket of the same line is seen by everybody. */
    if (depth > 0 && depth <= OPEN_MAX && scan.open[depth - 1].line < line)
        return scan.open[depth - 1];
    return (struct torn_at){0};
}

/* The begin of a line, from 1. */
static const char *line_of(const char *text, size_t len, unsigned line, size_t *ret_len)
{
    const char *end = text + len;
    for (; line > 1 && text < end; line--) {
        const char *next = memchr(text, '\n', (size_t)(end - text));
        text = next ? next + 1 : end;
    }
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    *ret_len = (size_t)((stop ? stop : end) - text);
    return text;
}

/* Dashes only where an item would begin, single quotes only where a value would: within texts they are right. */
static const struct lookalike *in_line(const char *line, size_t len)
{
    size_t blanks = 0, at;
    while (blanks < len && line[blanks] == ' ')
        blanks++;
    const struct lookalike *dash = lookalike_at(line + blanks, len - blanks, LOOKALIKE_DASH);
    if (dash)
        return dash;
    for (const char *c = line; c + 2 < line + len; c++) {
        const struct lookalike *single =
            c[0] == ':' && c[1] == ' ' ? lookalike_at(c + 2, (size_t)(line + len - c - 2), LOOKALIKE_SINGLE) : NULL;
        if (single)
            return single;
    }
    return lookalike_in(line, len, LOOKALIKE_BLANK | LOOKALIKE_DOUBLE | LOOKALIKE_SIGN, &at);
}

const struct lookalike *torn_lookalike(const char *text, size_t len, unsigned line, unsigned *ret_line)
{
    for (unsigned back = 0; back < 2 && back < line; back++) {
        size_t line_len;
        const char *begin = line_of(text, len, line - back, &line_len);
        const struct lookalike *found = in_line(begin, line_len);
        *ret_line = line - back;
        if (found)
            return found;
    }
    return NULL;
}

bool torn_says(const char *text, size_t len, unsigned line, const char *part)
{
    size_t line_len, part_len = strlen(part);
    const char *begin = line_of(text, len, line, &line_len);
    return memmem(begin, line_len, part, part_len) != NULL;
}

/* What a file is that is no text at all. */
const char *torn_other(const char *text, size_t len)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *what;
    } others[] = {
        {"\xff\xfe\0\0", 4, "this is UTF-32: save the file as UTF-8"},
        {"\0\0\xfe\xff", 4, "this is UTF-32: save the file as UTF-8"},
        {"\xff\xfe", 2, "this is UTF-16: save the file as UTF-8"},
        {"\xfe\xff", 2, "this is UTF-16: save the file as UTF-8"},
        {"PK\3\4", 4,
         "this is a workbook, a document or another ZIP archive, not a text: save it as plain text, UTF-8"},
        {"\xd0\xcf\x11\xe0", 4, "this is an Office document, not a text: save it as plain text, UTF-8"},
        {"%PDF-", 5, "this is a PDF document, not a text: save it as plain text, UTF-8"},
        {"{\\rtf", 5, "this is a formatted document (RTF), not a text: save it as plain text, UTF-8"},
        {"\x1f\x8b", 2, "this is a compressed file: unpack it first"},
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (len >= others[i].len && memcmp(text, others[i].bytes, others[i].len) == 0)
            return others[i].what;
    if (len < 8)
        return NULL;
    unsigned zeros = 0;
    for (size_t i = 0; i < 8; i++)
        zeros |= (unsigned)(text[i] == '\0') << i;
    if (zeros == 0xee || zeros == 0x77)
        return "this is UTF-32: save the file as UTF-8";
    return zeros == 0xaa || zeros == 0x55 ? "this is UTF-16: save the file as UTF-8" : NULL;
}

/* What libfyaml says, in words that help. */
const char *torn_hint(const char *said)
{
    static const struct {
        const char *part, *hint;
    } hints[] = {
        {"tab ", "a tab in the indentation: use spaces"},
        {"nested block mapping on the same line", "a text with ': ' in it must stand in quotes"},
        {"multiline plain key",
         "the indentation does not fit, a blank is missing behind a ':', or a text with ': ' in it needs quotes"},
        {"plain scalar cannot start", "a text that begins with this character must stand in quotes"},
        {"invalid trailing content after",
         "a text in quotes ends before this: a quote here or above is not closed, or one within needs an escape"},
        {"invalid alias", "a text that begins with '*' must stand in quotes"},
        {"invalid escape", "in \"…\" a backslash begins an escape: double it, or write the text in '…'"},
        {"without closing quote", "a quote is opened here or above and never closed"},
        {"without a closing bracket", "a '[' is opened above and never closed"},
        {"without a closing brace", "a '{' is opened above and never closed"},
        {"missing comma in flow", "a comma is missing, or a '{' or '[' above is not closed"},
        {"could not find expected ':'", "a ':' is missing, or the blank behind it, here or in the line above"},
        {"invalid indentation", "this line begins elsewhere than those beside it: indent what belongs together alike"},
        {"depth limit", "lists and maps stand too deep in each other"},
        {"undefined tag", "unknown tag: the only tag is !secret"},
        {"did not find expected key",
         "a list's item ('- ') stands here among keys, or a line above it begins elsewhere: indent what belongs "
         "together alike, and keep to keys or to items"},
        {"at the end of block sequence",
         "a key stands here among a list's items ('- '): keep to keys or to items, as what stands above"},
    };
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
        if (strstr(said, hints[i].part))
            return hints[i].hint;
    return NULL;
}

/* Length of the well-formed UTF-8 character at `text`; 0: it is none. */
size_t torn_character(const unsigned char *text, size_t len)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (text[0] < 0x80)
        return 1;
    size_t want = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4 || want > len)
        return 0;
    unsigned code = text[0] & (0x7fu >> want);
    for (size_t i = 1; i < want; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }
    bool bad = code < least[want] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000);
    return bad ? 0 : want;
}
