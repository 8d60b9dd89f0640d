/* record - records on their way out: streams, their columns by number, and the one record that is being built.
 *
 * Column names cross the socket once; a record carries numbers. Numbers last
 * for one call (a pull). Nothing is allocated per record: it grows in one
 * buffer and is copied once, behind those that wait to be sent. */
#ifndef HOST_RECORD_H
#define HOST_RECORD_H

#include "host/session.h"

/* These stand in the host's table; connector.h says what they do. */
muster_rc record_columns(muster_run *run, const char *stream, const char *const *names, const char *const *places,
                         size_t n);
muster_record *record_begin(muster_run *run, const char *stream, const char *source_id, const char *place);
void record_put(muster_record *record, const char *field, int32_t type, const char *value);
void record_put_nth(muster_record *record, size_t column, int32_t type, const char *value, size_t len);
void record_put_json(muster_record *record, const char *json, size_t len);
muster_rc record_emit(muster_run *run, muster_record *record);
muster_rc record_row(muster_run *run, muster_record *record);
muster_rc record_reject(muster_run *run, const char *stream, const char *source_id, const char *place, const char *why);

void record_streams_forget(struct session *session); /* a new call: numbers begin again */
void record_streams_done(struct session *session);

#endif
