/* xlsx_sheet - a sheet's tokenizer by libxml2: any well-formed XML, prefixes, CDATA, comments and all.
 *
 * Slower than xlsx_scan.c, which handles what spreadsheet programs ordinarily
 * write; this one reads the rest, and is what that one is tested against. */
#include "xlsx_parts.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 65536
#define ATTRIBUTE_MAX 32

struct attribute {
    char text[ATTRIBUTE_MAX];
    size_t len;
    bool there;
};

struct muster_tokenizer {
    struct muster_sheet *sheet;
    struct muster_member *member;
    struct muster_xml xml;
    const char *file;
    struct attribute ref, type, style;
    struct muster_bytes value;
    bool in_data, in_row, in_cell, in_value, has_value, has_formula, over;
    unsigned phonetic;
    char chunk[CHUNK];
};

static void attribute_take(struct attribute *attribute, const xmlChar **attributes, int count, const char *name)
{
    size_t len = 0;
    const char *value = muster_xml_attribute(attributes, count, name, &len, false);
    attribute->there = value != NULL;
    attribute->len = len < ATTRIBUTE_MAX ? len : ATTRIBUTE_MAX; /* too long is no valid one either */
    if (value)
        memcpy(attribute->text, value, attribute->len);
}

static void row_start(struct muster_tokenizer *self, const xmlChar **attributes, int count)
{
    size_t len = 0;
    uint64_t number = 0;
    const char *text = muster_xml_attribute(attributes, count, "r", &len, false);
    if (text && (!muster_digits(text, len, &number) || number == 0) && !self->sheet->damaged)
        self->sheet->damaged = "a row has a number that is none";
    muster_sheet_row(self->sheet, number);
    self->in_row = true;
}

static void sheet_start(struct muster_xml *xml, const char *name, const xmlChar **attributes, int count)
{
    struct muster_tokenizer *self = xml->self;
    if (!self->in_data) {
        self->in_data = strcmp(name, "sheetData") == 0;
    } else if (!self->in_row) {
        if (strcmp(name, "row") == 0)
            row_start(self, attributes, count);
    } else if (!self->in_cell) {
        if (strcmp(name, "c") != 0)
            return;
        attribute_take(&self->ref, attributes, count, "r");
        attribute_take(&self->type, attributes, count, "t");
        attribute_take(&self->style, attributes, count, "s");
        self->value.len = 0;
        self->in_cell = true;
        self->has_value = self->has_formula = false;
    } else if (strcmp(name, "v") == 0) {
        self->in_value = self->has_value = true;
    } else if (strcmp(name, "t") == 0 && self->phonetic == 0) {
        self->in_value = self->has_value = true; /* of <is>; runs follow each other */
    } else if (strcmp(name, "f") == 0) {
        self->has_formula = true;
    } else if (strcmp(name, "rPh") == 0) {
        self->phonetic++;
    }
}

static void cell_end(struct muster_tokenizer *self)
{
    struct muster_written written = {.ref = self->ref.there ? self->ref.text : NULL,
                                     .ref_len = self->ref.len,
                                     .type = self->type.there ? self->type.text : NULL,
                                     .type_len = self->type.len,
                                     .style = self->style.there ? self->style.text : NULL,
                                     .style_len = self->style.len,
                                     .value = self->has_value ? (self->value.data ? self->value.data : "") : NULL,
                                     .value_len = self->value.len,
                                     .formula = self->has_formula};
    muster_sheet_cell(self->sheet, &written);
    self->in_cell = false;
}

static void sheet_end(struct muster_xml *xml, const char *name)
{
    struct muster_tokenizer *self = xml->self;
    if (self->in_cell) {
        if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0)
            self->in_value = false;
        else if (strcmp(name, "rPh") == 0)
            self->phonetic -= self->phonetic > 0;
        else if (strcmp(name, "c") == 0)
            cell_end(self);
    } else if (self->in_row) {
        if (strcmp(name, "row") == 0) {
            muster_sheet_row_end(self->sheet);
            self->in_row = false;
        }
    } else if (strcmp(name, "sheetData") == 0) {
        self->in_data = false;
    }
}

static void sheet_text(struct muster_xml *xml, const char *text, size_t len)
{
    struct muster_tokenizer *self = xml->self;
    if (self->in_value)
        muster_bytes_add(&self->value, text, len);
}

static muster_rc sheet_begin(struct muster_sheet *sheet, struct muster_member *member, const char *file,
                             const char *part, struct muster_tokenizer **ret_tokenizer, muster_table_error *error)
{
    static const struct muster_xml_events events = {sheet_start, sheet_end, sheet_text};
    struct muster_tokenizer *self = calloc(1, sizeof(*self));
    if (!self)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", file);
    self->sheet = sheet;
    self->member = member;
    self->file = file;
    self->value.ceiling = MUSTER_TABLE_CELL * 16; /* beyond the ceiling of a cell, so that the row is to blame */
    muster_rc rc = muster_xml_begin(&self->xml, &events, self, file, part, error);
    if (rc != MUSTER_OK) {
        free(self);
        return rc;
    }
    *ret_tokenizer = self;
    return MUSTER_OK;
}

static muster_rc sheet_more(struct muster_tokenizer *self, muster_table_error *error)
{
    struct muster_rows *rows = self->sheet->rows;
    while (rows->mark_count == rows->mark_next && !self->over) {
        size_t len = 0;
        muster_rc rc = muster_member_read(self->member, self->chunk, CHUNK, &len, error);
        if (rc != MUSTER_OK)
            return rc;
        self->over = len == 0;
        rc = self->over ? muster_xml_finish(&self->xml, error) : muster_xml_feed(&self->xml, self->chunk, len, error);
        if (rc != MUSTER_OK)
            return rc;
        if (self->value.rc == MUSTER_FAIL)
            return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", self->file);
        if (self->value.rc != MUSTER_OK)
            return muster_table_fail(error, self->value.rc, "%s: a cell in row %llu is longer than 16 MiB", self->file,
                                     (unsigned long long)self->sheet->row);
        if (self->sheet->damaged || rows->rc != MUSTER_OK)
            return MUSTER_OK; /* the caller tells */
    }
    return MUSTER_OK;
}

static void sheet_done(struct muster_tokenizer *self)
{
    if (!self)
        return;
    muster_xml_done(&self->xml);
    muster_bytes_done(&self->value);
    free(self);
}

const struct muster_tokens muster_sheet_tokens = {sheet_begin, sheet_more, sheet_done};
