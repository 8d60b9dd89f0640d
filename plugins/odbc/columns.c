/* columns - what a select answers, as far as its text says it: no database is asked.
 *
 * Whatever is not plain is left to the database: a '*', an expression without
 * a name, a select that begins WITH. Then nothing is said at all. */
#include "odbc.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NAME = 200, COLUMNS_MOST = 1000 };

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_QUOTED, TOKEN_TEXT, TOKEN_NUMBER, TOKEN_SIGN };

struct token {
    enum token_kind kind;
    char sign;
    char name[NAME]; /* of a word, or what stands in quotes; cut off where it is longer */
};

static bool is_word(unsigned char c)
{
    return isalnum(c) || c == '_' || c == '$' || c == '#' || c >= 0x80;
}

/* Blanks and remarks. */
static const char *skip(const char *at)
{
    for (;;) {
        at += strspn(at, " \t\r\n\f\v");
        const char *end = strncmp(at, "--", 2) == 0   ? strchr(at, '\n')
                          : strncmp(at, "/*", 2) == 0 ? strstr(at + 2, "*/")
                                                      : at;
        if (end == at)
            return at;
        at = !end ? at + strlen(at) : *end == '*' ? end + 2 : end + 1;
    }
}

/* Up to the quote that closes; a doubled one stands for itself. */
static const char *quoted(const char *at, char close, char *ret_name)
{
    size_t len = 0;
    for (at++; *at && (*at != close || at[1] == close); at++) {
        at += *at == close;
        if (len < NAME - 1)
            ret_name[len++] = *at;
    }
    ret_name[len] = '\0';
    return *at ? at + 1 : at;
}

static const char *token_next(const char *at, struct token *token)
{
    at = skip(at);
    *token = (struct token){.sign = *at};
    if (!*at)
        return at;
    if (*at == '\'') {
        token->kind = TOKEN_TEXT;
        return quoted(at, '\'', token->name);
    }
    if (*at == '"' || *at == '`' || *at == '[') {
        token->kind = TOKEN_QUOTED;
        return quoted(at, *at == '[' ? ']' : *at, token->name);
    }
    if (is_word((unsigned char)*at)) {
        const char *begin = at;
        token->kind = isdigit((unsigned char)*at) ? TOKEN_NUMBER : TOKEN_WORD;
        while (is_word((unsigned char)*at))
            at++;
        snprintf(token->name, NAME, "%.*s", (int)(at - begin), begin);
        return at;
    }
    token->kind = TOKEN_SIGN;
    return at + 1;
}

static bool is(const struct token *token, const char *word)
{
    return token->kind == TOKEN_WORD && strcasecmp(token->name, word) == 0;
}

static bool is_sign(const struct token *token, char sign)
{
    return token->kind == TOKEN_SIGN && token->sign == sign;
}

static bool is_name(const struct token *token)
{
    return token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED;
}

/* One item of the list: "e.name", "name AS n", "count(*) n". */
struct item {
    struct token last, before;
    bool path, named; /* nothing but a path so far; a path, and a name behind it */
    size_t tokens;
};

static void item_take(struct item *item, const struct token *token)
{
    bool joins = is_sign(&item->last, '.');
    if (item->tokens == 0)
        item->path = is_name(token);
    else if (item->path && is_name(token) && !joins && !is(token, "AS")) {
        item->path = false;
        item->named = true;
    } else {
        item->named = false;
        item->path = item->path && (is_sign(token, '.') || (joins && is_name(token)));
    }
    item->before = item->last;
    item->last = *token;
    item->tokens++;
}

/* What the column is called; NULL: the database knows. */
static const char *item_name(const struct item *item)
{
    bool behind = is(&item->before, "AS") || is_sign(&item->before, ')') || is(&item->before, "END");
    bool word = is_name(&item->last) && !is(&item->last, "END");
    return word && (item->path || item->named || behind) ? item->last.name : NULL;
}

static bool name_add(muster_field *fields, size_t *count, const char *name)
{
    if (!name || *count == COLUMNS_MOST || !(fields[*count].name = strdup(name)))
        return false;
    fields[(*count)++].type = MUSTER_TEXT;
    return true;
}

static bool list_read(const char *at, muster_field *fields)
{
    struct item item = {0};
    struct token token;
    size_t count = 0;
    int depth = 0;
    for (;;) {
        at = token_next(at, &token);
        depth += is_sign(&token, '(') - is_sign(&token, ')');
        bool ends = token.kind == TOKEN_END || is_sign(&token, ';') || is(&token, "FROM");
        if (depth == 0 && (ends || is_sign(&token, ','))) {
            if (!name_add(fields, &count, item_name(&item)))
                return false;
            item = (struct item){0};
            if (ends)
                return true;
        } else if (token.kind == TOKEN_END) {
            return false;
        } else if (depth == 0 || (depth == 1 && is_sign(&token, '('))) {
            item_take(&item, &token);
        }
    }
}

muster_field *columns_of(const char *select)
{
    struct token token;
    const char *at = token_next(select, &token), *behind;
    if (!is(&token, "SELECT"))
        return NULL;
    behind = token_next(at, &token);
    if (is(&token, "DISTINCT") || is(&token, "ALL"))
        at = behind;
    else if (is(&token, "TOP") || is(&token, "FIRST") || is(&token, "SKIP"))
        return NULL;
    muster_field *fields = calloc(COLUMNS_MOST + 1, sizeof(*fields));
    if (fields && list_read(at, fields))
        return fields;
    columns_free(fields);
    return NULL;
}

void columns_free(muster_field *fields)
{
    for (size_t n = 0; fields && fields[n].name; n++)
        free((char *)(uintptr_t)fields[n].name); /* ours: it was copied */
    free(fields);
}

size_t columns_marks(const char *select)
{
    struct token token;
    size_t count = 0;
    for (const char *at = token_next(select, &token); token.kind != TOKEN_END; at = token_next(at, &token))
        count += is_sign(&token, '?');
    return count;
}
