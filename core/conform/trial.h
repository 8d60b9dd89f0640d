/* trial - what was found out about one connector, rule by rule, and what somebody has excused in writing.
 *
 * A rule that nobody looked at does not apply. One that applies and could not
 * be looked at is unseen, with the reason. A fault may be bypassed: by a line
 * "RULE [SUBJECT]: reason" of a file; a bypass that excuses nothing is told. */
#ifndef CONFORM_TRIAL_H
#define CONFORM_TRIAL_H

#include "base/arena.h"
#include "base/error.h"
#include "conform/rule.h"

enum { FAULTS_MAX = 20 }; /* of a rule are kept; the others are counted */

enum state { STATE_NONE, STATE_PASSED, STATE_BYPASSED, STATE_UNSEEN, STATE_FAILED };

struct fault {
    const char *subject; /* "stream people"; "" */
    const char *text;
    const char *bypass; /* the written reason; NULL: none */
};

struct finding {
    bool looked;
    const char *unseen; /* why; NULL: it was seen */
    struct fault faults[FAULTS_MAX];
    size_t count, bypassed; /* of all faults */
};

struct bypass {
    enum rule_number rule;
    const char *subject; /* NULL: whatever it is about */
    const char *reason;
    unsigned line;
    bool used;
};

struct trial {
    struct arena *arena;
    bool strict;                 /* a bypass is none, and what was not seen has not passed */
    bool limited, wanted[RULES]; /* --only */
    struct finding verdicts[RULES];
    struct bypass *bypasses;
    size_t bypass_count, bypass_room;
    int rc; /* no memory */
};

void trial_done(struct trial *trial);

/* "C4,S1": only these. ERR_CONFIG: there is none of that name. */
int trial_only(struct trial *trial, const char *words, struct err *err);
/* Reads the file of bypasses. */
int trial_bypasses(struct trial *trial, const char *path, struct err *err);
/* Whether anybody wants to know about this rule. */
bool trial_wants(const struct trial *trial, enum rule_number rule);
/* The same of any of a list that ends with RULES. */
bool trial_wants_any(const struct trial *trial, const enum rule_number *rules);

void trial_looked(struct trial *trial, enum rule_number rule);
void trial_unseen(struct trial *trial, enum rule_number rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* subject: "" when it is about the connector as a whole. The same fault twice is one. */
void trial_fault(struct trial *trial, enum rule_number rule, const char *subject, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

enum state trial_state(const struct trial *trial, enum rule_number rule);
/* Whether all is well: nothing failed, and if it is strict all of it was seen. */
bool trial_passed(const struct trial *trial);
/* Of a level: whether any rule of it applied; whether all of these hold, seen. */
bool trial_level(const struct trial *trial, enum level level, bool *ret_holds);

#endif
