/* bundle - all of one run that somebody else needs to look at it and to run it again: a zip file with
 *
 *   README.txt              what it is, and whether people are in it
 *   bundle.json             versions, whose run it is
 *   run.json                what came of it
 *   organizations/ID.yaml   the organization's file; of secrets only where they are kept
 *   cassette.jsonl          what was asked of the world and answered (muster-cassette(5))
 *   before.jsonl            the same of the run before it, if there was one and it is left: what was known already
 *
 * Secrets are in none of it: a file names where they are kept, a cassette is
 * recorded before they are put in. People are in it as they are, unless it is
 * pseudonymized: then no word or number is, but those that are known to be
 * nobody's (mask.h), and it is looked through before it is given out. */
#ifndef BUNDLE_BUNDLE_H
#define BUNDLE_BUNDLE_H

#include "bundle/archive.h"
#include "lane/connectors.h"
#include "query/query.h"

struct bundle_ask {
    const struct organization *organization;
    struct connectors *connectors;
    struct query *query; /* of its store */
    uint32_t run;
    const char *cassette; /* where it lies; NULL: where the run says */
    bool pseudonymize;
};

/* What of a run's report is the same when it runs again. */
struct bundle_count {
    const char *name;
    uint64_t value;
};
enum { BUNDLE_COUNTS = 15 };
struct bundle_came {
    char outcome[16];
    struct bundle_count counts[BUNDLE_COUNTS];
};
/* From the report, JSON. */
int bundle_came(const char *json, size_t len, struct bundle_came *ret_came);

/* What a bundle says of itself. Texts live as long as the archive. */
struct bundle {
    uint32_t run;
    bool pseudonymized;
    const struct archive_part *file, *cassette, *report;
    const struct archive_part *before; /* a cassette, too; NULL: none */
};

/* Puts one together. ERR_GONE: of that run nothing is kept that could run again; ERR_HELD: somebody's data would be in
 * it, and where; each with a sentence. */
int bundle_make(const struct bundle_ask *ask, struct archive **ret_archive, struct err *err);
/* What an archive is, as a bundle. ERR_DATA: none. `name` is for the sentence. */
int bundle_read(struct archive *archive, const char *name, struct bundle *ret_bundle, struct err *err);

#endif
