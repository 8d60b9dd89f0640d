/* xlsx - rows of one worksheet of a workbook. Reads the small parts and the shared strings at once, then streams the
 * sheet. */
#include "xlsx_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHEET_MAX ((uint64_t)8 << 30)

struct xlsx {
    const char *file;
    bool slow; /* a trial */
    struct muster_package *package;
    struct muster_book book;
    struct muster_styles styles;
    struct muster_strings strings;
    const struct muster_sheet_entry *entry;
    struct muster_sheet sheet;
    struct muster_member *member;
    const struct muster_tokens *tokens;
    struct muster_tokenizer *tokenizer;
};

static void xlsx_close_sheet(struct xlsx *xlsx)
{
    if (xlsx->tokenizer)
        xlsx->tokens->done(xlsx->tokenizer);
    muster_member_close(xlsx->member);
    xlsx->tokenizer = NULL;
    xlsx->member = NULL;
}

static muster_rc xlsx_open_sheet(struct xlsx *xlsx, const struct muster_tokens *tokens, muster_table_error *error)
{
    xlsx_close_sheet(xlsx);
    xlsx->tokens = tokens;
    xlsx->sheet.row = xlsx->sheet.finished = xlsx->sheet.skip = 0;
    xlsx->sheet.column = -1;
    xlsx->sheet.damaged = NULL;
    memset(xlsx->sheet.seen, 0, sizeof(xlsx->sheet.seen));
    muster_rc rc = muster_member_open(xlsx->package, xlsx->entry->path, SHEET_MAX, &xlsx->member, error);
    if (rc == MUSTER_OK)
        rc = tokens->begin(&xlsx->sheet, xlsx->member, xlsx->file, xlsx->entry->path, &xlsx->tokenizer, error);
    return rc;
}

static void xlsx_close(void *self)
{
    struct xlsx *xlsx = self;
    if (!xlsx)
        return;
    xlsx_close_sheet(xlsx);
    muster_package_close(xlsx->package);
    muster_book_done(&xlsx->book);
    muster_styles_done(&xlsx->styles);
    muster_strings_done(&xlsx->strings);
    free(xlsx);
}

static muster_rc xlsx_parts(struct xlsx *xlsx, const char *wanted, muster_table_error *error)
{
    muster_rc rc = muster_book_read(xlsx->package, &xlsx->book, error);
    if (rc != MUSTER_OK)
        return rc;
    xlsx->entry = muster_book_sheet(&xlsx->book, xlsx->file, wanted, error);
    if (!xlsx->entry)
        return error ? error->rc : MUSTER_CONFIG;
    if (xlsx->book.styles)
        rc = muster_styles_read(xlsx->package, xlsx->book.styles, &xlsx->styles, error);
    /* Some programs name shared strings and write none; a cell that uses one is told. */
    if (rc == MUSTER_OK && xlsx->book.strings && muster_package_find(xlsx->package, xlsx->book.strings) >= 0)
        rc = muster_strings_read(xlsx->package, xlsx->book.strings, xlsx->slow, &xlsx->strings, error);
    xlsx->sheet.strings = &xlsx->strings;
    xlsx->sheet.styles = &xlsx->styles;
    xlsx->sheet.is_1904 = xlsx->book.is_1904;
    return rc;
}

static muster_rc xlsx_rewind(void *self, muster_table_error *error)
{
    struct xlsx *xlsx = self;
    return xlsx_open_sheet(xlsx, xlsx->slow ? &muster_sheet_tokens : &muster_scan_tokens, error);
}

muster_rc muster_xlsx_open(const struct muster_source *source, void **ret_self, muster_table_error *error)
{
    struct xlsx *xlsx = calloc(1, sizeof(*xlsx));
    if (!xlsx)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", source->name);
    xlsx->file = source->name;
    xlsx->slow = source->trial.slow;
    const char *wanted = source->options->sheet && *source->options->sheet ? source->options->sheet : "1";
    muster_rc rc = muster_package_open(source->fd, source->size, xlsx->file, &xlsx->package, error);
    if (rc == MUSTER_OK) {
        muster_package_chunk(xlsx->package, source->trial.chunk);
        rc = xlsx_parts(xlsx, wanted, error);
    }
    if (rc == MUSTER_OK)
        rc = xlsx_rewind(xlsx, error);
    if (rc != MUSTER_OK) {
        xlsx_close(xlsx);
        return rc;
    }
    *ret_self = xlsx;
    return MUSTER_OK;
}

static muster_rc xlsx_more(void *self, struct muster_rows *rows, muster_table_error *error)
{
    struct xlsx *xlsx = self;
    xlsx->sheet.rows = rows;
    muster_rc rc = xlsx->tokens->more(xlsx->tokenizer, error);
    if (rc == MUSTER_UNSUPPORTED) {
        /* Not of the ordinary shape: libxml2 begins anew and passes over what was given already. */
        uint64_t given = xlsx->sheet.finished;
        rc = xlsx_open_sheet(xlsx, &muster_sheet_tokens, error);
        xlsx->sheet.skip = given;
        if (rc == MUSTER_OK && rows->mark_count == rows->mark_next)
            rc = xlsx->tokens->more(xlsx->tokenizer, error);
    }
    if (rc != MUSTER_OK)
        return rc;
    if (rows->rc != MUSTER_OK)
        return muster_table_fail(error, rows->rc, "%s!%llu: %s", xlsx->entry->name, (unsigned long long)xlsx->sheet.row,
                                 rows->rc == MUSTER_DATA ? "the row is larger than 64 MiB" : "out of memory");
    if (xlsx->sheet.damaged)
        return muster_table_fail(error, MUSTER_DATA, "%s!%llu: %s", xlsx->entry->name,
                                 (unsigned long long)xlsx->sheet.row, xlsx->sheet.damaged);
    return MUSTER_OK;
}

static void xlsx_progress(const void *self, uint64_t *ret_done, uint64_t *ret_total)
{
    const struct xlsx *xlsx = self;
    muster_member_progress(xlsx->member, ret_done, ret_total);
}

static const char *xlsx_sheet_name(const void *self)
{
    const struct xlsx *xlsx = self;
    return xlsx->entry->name;
}

const struct muster_reader muster_xlsx_reader = {.more = xlsx_more,
                                                 .rewind = xlsx_rewind,
                                                 .progress = xlsx_progress,
                                                 .close = xlsx_close,
                                                 .sheet_name = xlsx_sheet_name};
