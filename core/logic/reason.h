/* reason - why a record, or a value of it, was not taken: stable codes, one table (reason.def). */
#ifndef LOGIC_REASON_H
#define LOGIC_REASON_H

/* The code itself, with a compiler's eye on its spelling: REASON_CODE(bad_date). */
#define REASON(code, sentence) extern const char reason_##code[];
#include "logic/reason.def"
#undef REASON
#define REASON_CODE(code) reason_##code

/* The sentence that belongs to a code; NULL: no such code. Lives for ever. */
const char *reason_text(const char *code);
/* Walking the table: n from 0 until NULL. */
const char *reason_nth(unsigned n);

#endif
