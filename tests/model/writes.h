/* writes - what this process writes to files: counted, so that it can die at any of it, and recorded, so that a test
 * can make of it what a power cut would have left.
 *
 * Stands before the C library's functions of these names. A record is
 *
 *   u8 what, u8 durable, u32 bytes of name, u64 at, u64 bytes of data, name, data
 *
 * what: w written at `at`, t cut to `at`, s the file or folder was synced, o made or emptied by open(), r renamed to
 * the name in data, l linked to it, u removed, m a folder was made. Only names below one folder are recorded, and no
 * files without a name. */
#ifndef TESTS_WRITES_H
#define TESTS_WRITES_H

/* Before the nth write of this process it kills itself; 0: never. */
void writes_die_at(long nth);
/* From now on what happens below `folder` goes into the file `record`. */
void writes_record(const char *record, const char *folder);

#endif
