/* receipt - a small CSV file for whoever sent a file: what came of it. */
#include "engine/receipt.h"

#include "base/date.h"

#include <string.h>

/* A cell as RFC 4180 has it. What a spreadsheet would take for a formula is led by an apostrophe. */
static void cell(struct buffer *out, const char *text, bool last)
{
    bool quoted = strpbrk(text, ",\"\r\n") != NULL, formula = *text && strchr("=+-@", *text);
    if (quoted)
        buffer_byte(out, '"');
    if (formula)
        buffer_byte(out, '\'');
    for (; *text; text++) {
        if (*text == '"')
            buffer_byte(out, '"');
        buffer_byte(out, (unsigned char)*text);
    }
    buffer_text(out, quoted ? "\"" : "");
    buffer_text(out, last ? "\r\n" : ",");
}

void receipt_head(const struct receipt *receipt, struct buffer *out)
{
    char at[25];
    instant_write(receipt->at_ms, at);
    buffer_text(out, "file,taken,run,outcome,rows,refused,place,field,reason\r\n");
    cell(out, receipt->name, false);
    buffer_format(out, "%s,%u,%s,%lu,%lu,,,\r\n", at, receipt->run, receipt->outcome, (unsigned long)receipt->rows,
                  (unsigned long)receipt->refused);
}

void receipt_refusal(const struct receipt *receipt, const struct wait_item *item, const char *why, struct buffer *out)
{
    cell(out, receipt->name, false);
    buffer_text(out, ",,,,,");
    cell(out, item->place ? item->place : "", false);
    cell(out, item->field ? item->field : "", false);
    cell(out, why, true);
}
