/* whole - whether a data file has all the bytes that it speaks of.
 *
 * LMDB looks at its file in memory, and who looks behind the end of it is killed (SIGBUS): a copy that was cut off
 * would take a whole program with it. */
#ifndef STORE_WHOLE_H
#define STORE_WHOLE_H

#include <stdbool.h>

/* Whether data.mdb of `folder` ends before something that it refers to. What is not LMDB's, or cannot be read, is not
 * cut off: who opens it says what it is. A file may be shorter than its last page, where that one holds nothing: then
 * all pages are looked at. */
bool store_is_cut(const char *folder);

#endif
