/* verbs - the lookups and actions of PMT: what they take, and what they answer. */
#include "pmt.h"

#define PERSON(text)                                                                                                   \
    {                                                                                                                  \
        .name = "person", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = text                                   \
    }
#define STORE                                                                                                          \
    {                                                                                                                  \
        .name = "store", .type = MUSTER_TEXT, .doc = "Which store, where they work in several."                        \
    }
#define SHIFT(text)                                                                                                    \
    {                                                                                                                  \
        .name = "shift", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = text                                    \
    }

static const char whose[] = "Whose, by number, e-mail, name or id:12.";

static const muster_option schedule_arguments[] = {
    PERSON(whose),
    {.name = "from", .type = MUSTER_DATE, .doc = "The first day; today without it."},
    STORE,
    {0},
};
static const muster_field schedule_answer[] = {
    {.name = "starts_at", .type = MUSTER_DATETIME, .doc = "When the shift begins, in Amsterdam."},
    {.name = "ends_at", .type = MUSTER_DATETIME, .doc = "When the shift ends."},
    {.name = "break_minutes", .type = MUSTER_INTEGER, .doc = "How long the break is."},
    {.name = "work_minutes", .type = MUSTER_INTEGER, .doc = "How long is worked, without the break."},
    {.name = "department", .type = MUSTER_TEXT, .doc = "The department's number."},
    {.name = "store", .type = MUSTER_TEXT, .doc = "The store's number."},
    {.name = "shift", .type = MUSTER_TEXT, .doc = "The shift's own number."},
    {0},
};
static const muster_option eligible_arguments[] = {
    PERSON("Whose shift, by number, e-mail, name or id:12."),
    SHIFT("The shift, as lookup schedule numbers it."),
    STORE,
    {0},
};
static const muster_field eligible_answer[] = {
    {.name = "user", .type = MUSTER_TEXT, .doc = "The colleague's number on this store's server."},
    {.name = "first_name", .type = MUSTER_TEXT, .doc = "The colleague's first name."},
    {.name = "last_name", .type = MUSTER_TEXT, .doc = "The colleague's surname."},
    {.name = "store", .type = MUSTER_TEXT, .doc = "The store's number."},
    {.name = "suitable",
     .type = MUSTER_BOOL,
     .doc = "With dialect v2: whether they may; the other one lists only who may."},
    {.name = "reasons", .type = MUSTER_TEXT, .doc = "With dialect v2: why they may not."},
    {0},
};
static const muster_option exchanges_arguments[] = {
    PERSON(whose),
    STORE,
    {0},
};
static const muster_field exchange_answer[] = {
    {.name = "exchange", .type = MUSTER_TEXT, .doc = "The exchange's own number: one for each colleague who is asked."},
    {.name = "status", .type = MUSTER_TEXT, .doc = "How far it is, in PMT's words."},
    {.name = "shift", .type = MUSTER_TEXT, .doc = "The number of the shift that changes hands."},
    {.name = "starts_at", .type = MUSTER_DATETIME, .doc = "When that shift begins, in Amsterdam."},
    {.name = "ends_at", .type = MUSTER_DATETIME, .doc = "When that shift ends."},
    {.name = "requester", .type = MUSTER_TEXT, .doc = "The number of whose shift it is."},
    {.name = "requester_name", .type = MUSTER_TEXT, .doc = "The name of whose shift it is."},
    {.name = "substitute", .type = MUSTER_TEXT, .doc = "The number of the colleague who is asked."},
    {.name = "substitute_name", .type = MUSTER_TEXT, .doc = "The name of that colleague."},
    {.name = "remark", .type = MUSTER_TEXT, .doc = "What was said beside it."},
    {.name = "store", .type = MUSTER_TEXT, .doc = "The store's number."},
    {0},
};
const muster_verb pmt_lookups[] = {
    {.name = "schedule",
     .doc = "Somebody's own shifts from a day on, as PMT shows them to who has logged in.",
     .arguments = schedule_arguments,
     .answer = schedule_answer},
    {.name = "eligible",
     .doc = "Colleagues who may take one of somebody's shifts over, by PMT's own rules; with dialect v2 with reasons.",
     .arguments = eligible_arguments,
     .answer = eligible_answer},
    {.name = "exchanges",
     .doc = "With dialect v2: the exchanges that somebody sees who has logged in.",
     .arguments = exchanges_arguments,
     .answer = exchange_answer},
    {0},
};

static const muster_option login_arguments[] = {
    PERSON("Who, by number, e-mail, name or id:12."),
    STORE,
    {.name = "username", .type = MUSTER_TEXT, .doc = "Their user name in PMT, where its lists do not tell it."},
    {.name = "password",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED | MUSTER_SECRET,
     .doc = "The person's password in PMT, which is not kept."},
    {0},
};
static const muster_option reset_arguments[] = {
    PERSON(whose),
    STORE,
    {0},
};
static const muster_option ask_arguments[] = {
    PERSON("Whose shift, by number, e-mail, name or id:12."),
    SHIFT("The shift, as lookup schedule numbers it; its times and its function are the shift's."),
    {.name = "colleagues",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED,
     .doc = "Whom to ask: numbers with commas between, as lookup eligible gives them."},
    {.name = "remark", .type = MUSTER_TEXT, .doc = "What is said to them."},
    STORE,
    {0},
};
static const muster_option answer_arguments[] = {
    PERSON("The colleague who was asked, by number, e-mail, name or id:12."),
    SHIFT("The shift that they were asked to take over."),
    STORE,
    {0},
};
static const muster_option decide_arguments[] = {
    {.name = "exchange",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED,
     .doc = "The exchange, as lookup exchanges numbers it."},
    {.name = "person",
     .type = MUSTER_TEXT,
     .doc = "Who says so; without it the account that reads, in the store said."},
    STORE,
    {0},
};
static const muster_option withdraw_arguments[] = {
    PERSON("Whose shift it is, by number, e-mail, name or id:12."),
    {.name = "exchange",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED,
     .doc = "The exchange, as lookup exchanges numbers it."},
    STORE,
    {0},
};
const muster_verb pmt_actions[] = {
    {.name = "login",
     .doc = "Logs somebody in at PMT, so that their schedule can be asked for; what PMT gives for it is kept sealed.",
     .arguments = login_arguments},
    {.name = "reset-token", .doc = "Forgets somebody's log-in at PMT.", .arguments = reset_arguments},
    {.name = "exchange-ask",
     .doc = "With dialect v2: asks colleagues to take one of somebody's shifts over, of those whom PMT lets.",
     .arguments = ask_arguments,
     .answer = exchange_answer},
    {.name = "exchange-accept",
     .doc = "Says that a colleague takes a shift over; in the partner's interface, that they are interested.",
     .arguments = answer_arguments,
     .answer = exchange_answer},
    {.name = "exchange-decline",
     .doc = "Says that a colleague does not take a shift over.",
     .arguments = answer_arguments,
     .answer = exchange_answer},
    {.name = "exchange-withdraw",
     .doc = "With dialect v2: takes an exchange back, as whose shift it is.",
     .arguments = withdraw_arguments,
     .answer = exchange_answer},
    {.name = "exchange-approve",
     .doc = "With dialect v2: approves an exchange, as a manager: the shift is the colleague's from then on.",
     .arguments = decide_arguments,
     .answer = exchange_answer},
    {.name = "exchange-reject",
     .doc = "With dialect v2: a manager's no to an exchange.",
     .arguments = decide_arguments,
     .answer = exchange_answer},
    {0},
};
