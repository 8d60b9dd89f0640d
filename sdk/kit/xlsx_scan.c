/* xlsx_scan - a sheet's tokenizer by hand, for the ordinary shape; anything else is left to xlsx_sheet.c. */
#include "xlsx_lex.h"

#define ROWS_AT_ONCE 32

struct muster_tokenizer {
    struct muster_lex lex;
    struct muster_sheet *sheet;
    const char *file;
    bool in_data, done;
};

/* <is><t>text</t></is>, behind <is>; runs of rich text are not of the ordinary shape. */
static enum lex scan_inline(struct muster_lex *lex, const char **at, struct lex_text *ret)
{
    struct lex_attributes attributes;
    const char *p = lex_skip(*at);
    if (!LEX_TAG(p, "<t"))
        return lex_unexpected(lex, p);
    p += 2;
    enum lex rc = lex_attributes(lex, &p, &attributes);
    *ret = (struct lex_text){"", 0};
    if (rc == LEX_OK && !attributes.closed) {
        rc = lex_text(lex, &p, ret);
        if (rc == LEX_OK && !LEX_IS(p, "</t>"))
            return lex_unexpected(lex, p);
        p += 4;
    }
    if (rc != LEX_OK)
        return rc;
    p = lex_skip(p);
    if (!LEX_IS(p, "</is>"))
        return lex_unexpected(lex, p);
    *at = p + 5;
    return LEX_OK;
}

/* <f>…</f>, behind <f: only that it is there matters. */
static enum lex scan_formula(struct muster_lex *lex, const char **at)
{
    struct lex_attributes attributes;
    struct lex_text ignored;
    enum lex rc = lex_attributes(lex, at, &attributes);
    if (rc != LEX_OK || attributes.closed)
        return rc;
    rc = lex_text(lex, at, &ignored);
    if (rc != LEX_OK)
        return rc;
    if (!LEX_IS(*at, "</f>"))
        return lex_unexpected(lex, *at);
    *at += 4;
    return LEX_OK;
}

/* One child of a cell. */
static enum lex scan_child(struct muster_lex *lex, const char **at, struct muster_written *written)
{
    struct lex_text value = {"", 0};
    enum lex rc = LEX_OK;
    const char *p = *at;
    if (LEX_IS(p, "<v>")) {
        p += 3;
        rc = lex_text(lex, &p, &value);
        if (rc == LEX_OK && !LEX_IS(p, "</v>"))
            return lex_unexpected(lex, p);
        p += 4;
    } else if (LEX_IS(p, "<is>")) {
        p += 4;
        rc = scan_inline(lex, &p, &value);
    } else if (LEX_TAG(p, "<f")) {
        p += 2;
        written->formula = true;
        rc = written->value ? LEX_ODD : scan_formula(lex, &p); /* it would use the value's scratch */
        *at = p;
        return rc;
    } else if (LEX_IS(p, "<v/>")) {
        p += 4;
    } else {
        return lex_unexpected(lex, p);
    }
    if (rc != LEX_OK || written->value)
        return rc != LEX_OK ? rc : LEX_ODD;
    written->value = value.text;
    written->value_len = value.len;
    *at = p;
    return LEX_OK;
}

/* <c …>…</c>, behind <c */
static enum lex scan_cell(struct muster_tokenizer *self, const char **at)
{
    struct lex_attributes attributes;
    const char *p = *at;
    enum lex rc = lex_attributes(&self->lex, &p, &attributes);
    if (rc != LEX_OK)
        return rc;
    struct muster_written written = {.ref = attributes.r.text,
                                     .ref_len = attributes.r.len,
                                     .type = attributes.t.text,
                                     .type_len = attributes.t.len,
                                     .style = attributes.s.text,
                                     .style_len = attributes.s.len};
    while (!attributes.closed) {
        p = lex_skip(p);
        if (LEX_IS(p, "</c>")) {
            p += 4;
            break;
        }
        rc = scan_child(&self->lex, &p, &written);
        if (rc != LEX_OK)
            return rc;
    }
    muster_sheet_cell(self->sheet, &written);
    *at = p;
    return LEX_OK;
}

/* <row …>…</row>, behind <row */
static enum lex scan_row(struct muster_tokenizer *self, const char **at)
{
    struct lex_attributes attributes;
    const char *p = *at;
    enum lex rc = lex_attributes(&self->lex, &p, &attributes);
    uint64_t number = 0;
    if (rc != LEX_OK)
        return rc;
    if (attributes.r.text && (!muster_digits(attributes.r.text, attributes.r.len, &number) || number == 0))
        return LEX_ODD;
    muster_sheet_row(self->sheet, number);
    while (!attributes.closed) {
        p = lex_skip(p);
        if (LEX_TAG(p, "<c")) {
            p += 2;
            rc = scan_cell(self, &p);
            if (rc != LEX_OK)
                return rc;
        } else if (LEX_IS(p, "</row>")) {
            p += 6;
            break;
        } else {
            return lex_unexpected(&self->lex, p);
        }
    }
    muster_sheet_row_end(self->sheet);
    *at = p;
    return LEX_OK;
}

/* One row, or the end of the sheet's data. What was scanned of a row that is not whole is forgotten. */
static enum lex scan_next(struct muster_tokenizer *self)
{
    struct muster_sheet *sheet = self->sheet;
    uint64_t row = sheet->row;
    const char *damaged = sheet->damaged, *p = lex_skip(self->lex.at);
    self->lex.at = p;
    if (LEX_IS(p, "</sheetData>")) {
        self->lex.at += 12;
        self->done = true;
        return LEX_OK;
    }
    if (!LEX_TAG(p, "<row"))
        return lex_unexpected(&self->lex, p);
    p += 4;
    enum lex rc = scan_row(self, &p);
    if (rc == LEX_OK) {
        self->lex.at = p;
    } else {
        muster_rows_drop(sheet->rows);
        sheet->row = row;
        sheet->damaged = damaged;
    }
    return rc;
}

/* What follows the rows means nothing here, but its checksum does. */
static muster_rc scan_drain(struct muster_tokenizer *self, muster_table_error *error)
{
    muster_rc rc = MUSTER_OK;
    while (rc == MUSTER_OK && !self->lex.over) {
        self->lex.at = self->lex.end;
        rc = lex_fill(&self->lex, error);
    }
    return rc;
}

static enum lex scan_prolog(struct muster_tokenizer *self)
{
    struct lex_attributes attributes;
    enum lex rc = lex_prolog(&self->lex, "<worksheet", "<sheetData", &attributes);
    self->in_data = rc == LEX_OK;
    self->done = rc == LEX_OK && attributes.closed;
    return rc;
}

static muster_rc scan_more(struct muster_tokenizer *self, muster_table_error *error)
{
    struct muster_rows *rows = self->sheet->rows;
    while (rows->mark_count - rows->mark_next < ROWS_AT_ONCE && !self->done) {
        enum lex rc = self->in_data ? scan_next(self) : scan_prolog(self);
        if (rc == LEX_ODD)
            return MUSTER_UNSUPPORTED;
        if (rc == LEX_MORE && self->lex.over)
            return MUSTER_UNSUPPORTED; /* it ends in the middle: libxml2 says where */
        if (rc == LEX_MORE && rows->mark_count > rows->mark_next)
            return MUSTER_OK;
        if (rc == LEX_MORE) {
            muster_rc filled = lex_fill(&self->lex, error);
            if (filled != MUSTER_OK)
                return filled;
        }
        if (self->sheet->damaged || rows->rc != MUSTER_OK)
            return MUSTER_OK; /* the caller tells */
    }
    if (self->done && rows->mark_count == rows->mark_next)
        return scan_drain(self, error);
    return MUSTER_OK;
}

static muster_rc scan_begin(struct muster_sheet *sheet, struct muster_member *member, const char *file,
                            const char *part, struct muster_tokenizer **ret_tokenizer, muster_table_error *error)
{
    struct muster_tokenizer *self = calloc(1, sizeof(*self));
    (void)part;
    if (!self)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", file);
    self->sheet = sheet;
    self->file = file;
    self->lex.member = member;
    muster_rc rc = lex_fill(&self->lex, error);
    if (rc == MUSTER_UNSUPPORTED) /* nothing is in the window yet: it cannot be too small */
        rc = muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", file);
    if (rc != MUSTER_OK) {
        lex_done(&self->lex);
        free(self);
        return rc;
    }
    *ret_tokenizer = self;
    return MUSTER_OK;
}

static void scan_done(struct muster_tokenizer *self)
{
    if (!self)
        return;
    lex_done(&self->lex);
    free(self);
}

const struct muster_tokens muster_scan_tokens = {scan_begin, scan_more, scan_done};
