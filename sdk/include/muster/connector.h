/* muster/connector.h - everything a connector and its host agree on.
 *
 * A connector is one shared object exporting one function, made by
 * MUSTER_CONNECTOR(). It runs in a process of its own that has no network, no
 * credentials and no files but a scratch folder: it asks the host, and the
 * broker behind the host does the talking. Every callback may block; host
 * functions are called from the callback's thread only. Constructors run inside
 * too: no sockets, no new processes, no folders; libraries under /lib, /usr/lib
 * and /usr/local/lib can be read, and files in TMPDIR be written. Once it is
 * loaded no page becomes executable: dlopen() belongs into a constructor.
 *
 * Memory: what a callback is handed lives until that callback returns, unless
 * its line says sooner; what a connector hands over is copied before the call
 * returns. Neither side frees what the other allocated. Text is UTF-8 ending
 * in '\0': with other bytes in it a description is refused, a value that is
 * mapped is a dead letter, and in sentences and log lines U+FFFD stands for
 * them. Structs that start with size grow at the end; tables end with an
 * entry whose name is NULL and are walked by the stride in the description.
 *
 * Errors: every muster_rc is one of the codes below; it says whose turn it is.
 * host->fail() attaches the sentence that people will read.
 *
 * What the host makes: a field that is MUSTER_GENERATED, and that the organization's file does not map, comes in
 * muster_change.after of a create as a token of letters, digits and dots. Write it into the call's body where the value
 * belongs (not into a form's parts): the broker puts the value there at each attempt, the same one for every repeat.
 * Whose value went out and who was answered for is written for people to the place that the connector's option
 * NAME_file says ('*' in it: day and run); NAME_length: its length. Nobody else ever sees it. Where option NAME_from (a
 * MUSTER_TEXT of the connector's) is a map in the file, it is the rule that makes the value, which comes as a token,
 * too, and is written nowhere; text() of it is JSON then. 1.6: in a text of it {FIELD} and {FIELD:PART} name fields of
 * the stream, which have to be mapped; what is made of them is the connector's. What the file maps to a
 * MUSTER_WRITE_ONLY field is kept as a digest, and compared only if the field may be updated.
 *
 * ABI 1.0: first. Members are only ever appended, and noted here. 1.4, the first release, is frozen: sdk/abi/README.
 * ABI 1.1: muster_auth has token and expires, muster_push has fields.
 * ABI 1.2: muster_host has lacking.
 * ABI 1.3: fields may be MUSTER_ORDER and MUSTER_FINAL; receive() is called.
 * ABI 1.4: routes that reply are called, and answer() is offered; more schemes of routes; find() of people.
 * ABI 1.5: muster_host has take.
 * ABI 1.6: muster_option has serves and needed; streams may be MUSTER_KEYLESS and MUSTER_CLOSED; open() may say by
 * stream() what the options make of them. */
#ifndef MUSTER_CONNECTOR_H
#define MUSTER_CONNECTOR_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
#define MUSTER_MAGIC 0x4d535431u /* "MST1" */
#define MUSTER_ABI_MAJOR 1       /* a host loads only its own major */
#define MUSTER_ABI_MINOR 6       /* +1 for each append */
#ifndef MUSTER_NEEDS_MINOR       /* oldest host this connector copes with */
#define MUSTER_NEEDS_MINOR MUSTER_ABI_MINOR
#endif
#define MUSTER_FMT(f, a) __attribute__((format(printf, f, a)))
/* Is *p's maker new enough to have member m, and is it set? */
#define MUSTER_HAS(p, m) ((p)->size >= offsetof(__typeof__(*(p)), m) + sizeof((p)->m) && (p)->m)

typedef int32_t muster_rc;
enum {                  /* whose turn it is */
       MUSTER_SAME = 1, /* pull only: unchanged() said so, nothing was read */
       MUSTER_OK = 0,
       MUSTER_RETRY = -1,       /* the host's: may pass later */
       MUSTER_AUTH = -2,        /* an integrator's: credentials refused */
       MUSTER_PERMISSION = -3,  /* logged in, but this right is missing */
       MUSTER_CONFIG = -4,      /* an option is wrong */
       MUSTER_DATA = -5,        /* this record is unusable; the run goes on */
       MUSTER_CONFLICT = -6,    /* the system already has another one */
       MUSTER_GONE = -7,        /* the remote object is no longer there */
       MUSTER_UNSUPPORTED = -8, /* the system cannot do this */
       MUSTER_CANCELLED = -9,   /* cancelled() was seen and obeyed */
       MUSTER_FAIL = -10        /* anything else */
};
enum { MUSTER_DEBUG = 1, MUSTER_INFO, MUSTER_WARN, MUSTER_ERROR };
enum { /* types of options, fields and values */
       MUSTER_TEXT = 1,
       MUSTER_INTEGER,
       MUSTER_DECIMAL,
       MUSTER_BOOL,
       MUSTER_DATE,
       MUSTER_TIME,
       MUSTER_DATETIME,
       MUSTER_SECONDS,
       MUSTER_BYTES,
       MUSTER_URL,
       MUSTER_HOSTS,
       MUSTER_CHOICE,
       MUSTER_JSON,
       MUSTER_LIST,
       MUSTER_REF
};
/* How values are written: INTEGER and DECIMAL as digits with '.', BOOL "true" or "false", DATE YYYY-MM-DD, TIME
 * HH:MM:SS, DATETIME YYYY-MM-DDTHH:MM:SS with optional fraction and zone (none: the organization's). */
enum { /* options */
       MUSTER_REQUIRED = 0x1,
       MUSTER_SECRET = 0x2,
       MUSTER_ADVANCED = 0x4,
       MUSTER_PLACE = 0x8 /* names a file or folder: sftp://… or a local path; checked and opened by the broker, which
                              then takes host_key, known_hosts, password, private_key and passphrase as well */
};
enum { /* fields */
       MUSTER_ID = 0x100,
       MUSTER_ON_CREATE = 0x200,
       MUSTER_ON_UPDATE = 0x400,
       MUSTER_AFTER_LEAVING = 0x800,
       MUSTER_MUST = 0x1000,
       MUSTER_WRITE_ONLY = 0x2000,
       MUSTER_GENERATED = 0x4000,
       MUSTER_ORDER =
           0x8000, /* 1.3, of what is received: of two that say a record the one that is greater here counts */
       MUSTER_FINAL = 0x10000 /* 1.3, likewise: once true nothing changes it back */
};
enum { /* streams */
       MUSTER_READ_FULL = 0x1,
       MUSTER_READ_CHANGES = 0x2,
       MUSTER_WRITE = 0x4,
       MUSTER_SNAPSHOT = 0x8,     /* written whole: a file that holds everybody */
       MUSTER_REPEAT_SAFE = 0x10, /* a repeated create is an update */
       MUSTER_DYNAMIC = 0x20,     /* known only from the organization's file: any stream it names */
       MUSTER_KEYLESS = 0x40,     /* 1.6: its records have no ids of their own, the mapping's key names them */
       MUSTER_CLOSED = 0x80       /* 1.6: it has its fields and no others, and a mapping that names another is wrong */
};
enum { /* how a reader learns that something is gone */
       MUSTER_BY_ABSENCE = 1,
       MUSTER_BY_FLAG,
       MUSTER_BY_EVENT,
       MUSTER_NEVER
};
enum { MUSTER_NEEDS_NETWORK = 1, MUSTER_NEEDS_FILES = 2, MUSTER_NEEDS_EXEC = 4, MUSTER_NEEDS_SECRETS = 8 };
enum { MUSTER_CREATE = 1, MUSTER_UPDATE, MUSTER_DEACTIVATE, MUSTER_REACTIVATE, MUSTER_DELETE, MUSTER_KEEP };
enum { MUSTER_LEAVE = 0, MUSTER_ARCHIVE, MUSTER_REMOVE }; /* afterwards() */

typedef struct muster_record muster_record; /* one object as its system has it */
typedef struct muster_host muster_host;
typedef struct muster_run {
    const muster_host *host;
} muster_run; /* more hides behind */

typedef struct muster_option {
    const char *name, *initial, *doc, *choices; /* doc: one sentence; choices: "one|two", also of a list's items */
    int32_t type;
    uint32_t flags;
    int64_t min, max;                    /* numbers; both 0 is any */
    const struct muster_option *members; /* of a list's items; NULL: they are texts, or secrets */
    const char *serves;                  /* 1.6: when it does anything; NULL: always. See below */
    const char *needed;                  /* 1.6: when it must be given; NULL: never, unless it is MUSTER_REQUIRED */
} muster_option;

/* What options must say for another one: terms with blanks between, which hold together, and sets of them with ';'
 * between, of which one has to hold. "name": it is given and not empty; "name=one|two": it says one of these, or what
 * its initial value is; "name=*.csv|*.json": it ends so; "@users|units": the organization's file reads one of these
 * streams, or tells it ("@*": any); a '!' before a term turns it round. A name is of the same table, else of the
 * connector's first one. An option that is given where it serves nothing does nothing: `muster check` warns of it. One
 * that is needed and not given is an error. */

typedef struct muster_field {
    const char *name, *doc, *to; /* to: of a MUSTER_REF, the stream it points to */
    int32_t type;
    uint32_t flags;
} muster_field;

typedef struct muster_stream { /* one class of objects */
    const char *name, *doc;
    const muster_field *fields;           /* NULL: only the source knows */
    const char *mapping_in, *mapping_out; /* defaults, as an integrator would write them */
    const char *kinds;                    /* what it gives or takes: "person employment" */
    const char *set;                      /* written in sets of these fields: "module period"; see below */
    uint32_t flags, gone, batch;
} muster_stream;

/* Sets: units with the same values in these fields are written together, or not at all. When something in a set
 * changed, all of it comes, one set behind the other, most as MUSTER_KEEP; of other sets nothing does.
 * MUSTER_DEACTIVATE, which has no `after`, says by `before` which set a unit is no longer in; when nothing else comes
 * of that set, it is empty from now on. A set that was not taken is refused whole, as MUSTER_RETRY or MUSTER_AUTH, and
 * comes again whole; any other code is about just that row, and that it is not in the set as it was written. A repeat
 * replaces what came before: such a stream is MUSTER_REPEAT_SAFE. */
typedef struct muster_verb { /* a lookup or an action: told, checked and helped by this */
    const char *name, *doc;
    const muster_option *arguments;
    const muster_field *answer;
} muster_verb;

/* What comes in. Schemes: bearer (one of the secrets as a token); 1.4: "key HEADER" (one of them as it is);
 * "hmac-sha256 HEADER" (hexadecimal, of the body), 1.4: "hmac-sha256 HEADER hex|base64 TEXT TIME_HEADER SECONDS" (the
 * last two may be left out), TEXT with {time} {method} {path} {body}: the time, in s since 1970, stands in its header
 * and may be so far from ours. 1.4: a header written {name} is what that option says; "OPTION=CHOICE SCHEME; SCHEME" is
 * the first whose option has that choice. What has the same key and says the very same as the last time is not kept
 * again; a body is JSON where the key has a pointer. Options that the core understands: the list of secrets, anonymous,
 * sources (addresses), relaxed_json (what is no JSON is kept too), paths (JSON: another path for a first part), success
 * (status of what is kept), body_max (bytes, for all routes). receive() gets what was kept, in its order: method,
 * url (path and query behind the connection's own), body, headers Content-Type, Muster-Event (its number) and
 * Muster-Received (ms since 1970). It emits records with ids of their own; what it was handed is repeated until a run
 * has come to its end. 1.4: a route that replies is asked at once, one call by itself, in a host that stays: then it
 * has the header "Muster-Waiting: 1", find() finds, and answer() says what the caller gets; what is emitted is let go.
 * Where that is a 2xx and the method is not GET, the call is kept before it is said, and comes once more in a run,
 * where answer() is for nobody. Without a key such a call is kept each time, also when it says the very same. */
typedef struct muster_route {
    const char *method, *path; /* "/punches/{id}" */
    const char *auth, *secret; /* scheme and list option; checked before the connector is woken */
    const char *key;           /* of the business key: "/PunchId {id} ?PunchId", pointers, part of the path,
                                * query; the first that is there counts */
    int32_t replies;           /* 0: stored, answered, mapped later; 1: asked at once */
    uint32_t body_max;         /* bytes; 0: 1 MiB */
} muster_route;

/* Built by the broker at every attempt; the connector sees nothing of it. A chain: each link puts one thing in.
 * bearer and basic need nothing but secret (and user). recipe writes `recipe` out ("{secret}" unless said) and, with a
 * digest, signs that text; the key is the secret. Words: {method} {host} {path} {query} {target} (path and query)
 * {option:NAME} {secret} {secret:NAME} {user} {token} {time_s} {time_ms} {nonce} {body} {sha256:body} {md5:body}, and
 * {sorted:&}: name=value of the call's own query and form and of all links in query, form, json and sign, by name,
 * empty ones left out. {body} of a form of parts is that of the part with a filename. Time and nonce are the same in
 * the whole chain. oauth2-client-credentials asks token_url for a token by Basic, with where "form" in the form;
 * `recipe` is added to that form. exchange posts `recipe` there, as JSON when it begins with '{', else as a form. Both
 * then go out as "Authorization: Bearer", or plainly under `name`; a token is renewed before it expires, and once after
 * a 401. A link with a subject and no secret is left out of the call that captures that subject's token. */
typedef struct muster_auth {
    uint32_t size;
    const char *scheme;                   /* bearer basic oauth2-client-credentials exchange recipe */
    const char *secret, *fallback, *user; /* names of options; fallback: tried once after 401 or 403 */
    const char *subject;      /* whose log-in, without a secret: what `capture` kept; NULL: the connection's own */
    const char *where, *name; /* header query form json sign (in nothing but {sorted:…}); its name; json: at the top */
    const char *recipe; /* standard-webhooks: "ID.{time_s}.{body}", signed by secret and fallback (whsec_ and base64) */
    const char *digest, *encoding;   /* md5 sha256 sha512 hmac-md5 hmac-sha256 hmac-sha512 none; hex HEX base64 */
    const char *token_url;           /* a URL, on a host that may be called */
    const struct muster_auth *extra; /* also put in, on the token request too */
    const char *token, *expires;     /* 1.1: of exchange: pointers into the reply; NULL: /access_token, /expires_in */
} muster_auth;

/* A part of a form: bytes, or with body NULL a file. */
typedef struct muster_part {
    const char *name, *filename, *type, *body;
    size_t body_len;
    int32_t fd;
} muster_part;

enum { MUSTER_IDEMPOTENT = 1, MUSTER_BODY_FD = 2 };

typedef struct muster_http { /* what is asked, answered, or comes in */
    uint32_t size, flags;
    muster_rc rc; /* of this reply */
    int32_t status;
    uint32_t timeout_ms, retry_after_ms;
    const char *method, *url, *partition;
    const char *const *headers; /* "Name: value"..., NULL */
    const char *body;           /* the host puts a '\0' after the last byte */
    size_t body_len;            /* bytes, without that '\0' */
    int32_t fd;                 /* with MUSTER_BODY_FD: a file to send, or a large body that came (then body is NULL) */
    const muster_part *const *parts;
    const muster_auth *auth;
    const int32_t *accept; /* statuses besides 2xx that are OK, ending in 0 */
    const char *capture;   /* JSON pointer of a token in the reply: kept by the broker for auth->subject. "": the
                            * token of that subject is forgotten, and nothing is called */
} muster_http;

typedef struct muster_pull {
    uint32_t size;
    const char *partition, *locator, *stream;
    int32_t full;       /* 1: everything; 0: only what changed since the cursor, where the stream can */
    const char *cursor; /* NULL: from the beginning */
    uint64_t limit;     /* a sample of so many records is enough; 0: all */
} muster_pull;

typedef struct muster_change {
    uint32_t size;
    int32_t op;
    const char *key;                     /* the same for every repeat of this change */
    const char *remote_id;               /* what applied() said; NULL on create */
    const muster_record *before, *after; /* last confirmed; wanted. Only what the field flags allow */
} muster_change;

typedef struct muster_push {
    uint32_t size;
    const char *partition, *stream;
    int32_t snapshot;           /* everybody comes, most as MUSTER_KEEP */
    const muster_field *fields; /* names and types of what may be told, in their order; ends with a NULL name */
} muster_push;

struct muster_host {
    uint32_t size;
    uint16_t abi_major, abi_minor;
    /* Options fit the table before open(). text() answers also for numbers and choices, and the option's initial
     * value where the organization's file is silent; NULL: unset. It lives until close(). A secret is never
     * readable (but see MUSTER_NEEDS_SECRETS). */
    const char *(*text)(muster_run *, const char *option); /* "location", "stores[2].url" */
    int64_t (*number)(muster_run *, const char *option);   /* 0: unset */
    size_t (*count)(muster_run *, const char *list);
    MUSTER_FMT(3, 4) void (*log)(muster_run *, int32_t level, const char *fmt, ...);
    MUSTER_FMT(3, 4) muster_rc (*fail)(muster_run *, muster_rc, const char *fmt, ...); /* = rc */
    int32_t (*cancelled)(muster_run *);
    void (*progress)(muster_run *, uint64_t done, uint64_t total); /* total 0: unknown */
    int64_t (*now_ms)(muster_run *);                               /* the recorded one on replay */
    muster_rc (*scratch)(muster_run *, int *fd);                   /* an unlinked file; the connector closes it */
    /* The broker. OK means 2xx or accepted; other statuses are result codes, and *reply is set all the same (status 0:
     * nobody answered): 401 AUTH, 403 PERMISSION, 404 and 410 GONE, 409 and 412 CONFLICT, 408, 425, 429 and 5xx RETRY,
     * 501 and 505 UNSUPPORTED, 407 CONFIG, others DATA. What passes is tried again where nothing went out, or the call
     * may be repeated (GET, HEAD, PUT, DELETE, OPTIONS, MUSTER_IDEMPOTENT): five times, a minute in all. A longer wait
     * that the system asks for ends the call: RETRY and retry_after_ms. Secrets that a system repeats come as '*'.
     * A reply and its descriptor live until the next http() or http_wait(); start() and wait() keep several in flight,
     * which come in any order. Hosts: those that options (URL, HOSTS) name and the connector declares. Every connector
     * that names any has options ca_file, proxy, plain_http and requests_per_second without declaring them. */
    muster_rc (*http)(muster_run *, const muster_http *ask, const muster_http **reply);
    muster_rc (*http_start)(muster_run *, const muster_http *ask, void *tag);
    muster_rc (*http_wait)(muster_run *, const muster_http **reply, void **tag);
    /* Files of sftp:// or local places that options name. `place` is such an option's value: a file, a folder or
     * a pattern ("…/employees-*.xlsx"). list() gives the nth match, newest first, and MUSTER_GONE after the last;
     * *name is a whole place again and lives until the next call. size is in bytes, mtime in ms since 1970 UTC.
     * fetch() gives a readable descriptor at its beginning, which the connector closes. */
    muster_rc (*list)(muster_run *, const char *place, size_t nth, const char **name, uint64_t *size, int64_t *mtime);
    muster_rc (*fetch)(muster_run *, const char *name, int *fd);
    muster_rc (*store)(muster_run *, const char *name, int fd); /* whole or not at all */
    /* After all files of a pull were fetched: 1 when together they are, byte for byte, what the last good pull of
     * this partition took under the same mapping and nothing asks for more. Then return MUSTER_SAME. When none was
     * fetched: 1 if there was a good pull before, so that an emptied inbox is no news; 0 if there never was one. */
    int32_t (*unchanged)(muster_run *);
    /* What to do with a fetched file once everything read from it is committed: MUSTER_LEAVE, MUSTER_ARCHIVE to
     * the folder `to` (relative: beside the file) or MUSTER_REMOVE. Nothing happens when the run fails. */
    muster_rc (*afterwards)(muster_run *, const char *name, int32_t what, const char *to);
    /* Reading out. A table says its columns once, before its first record of the stream: every record has all of
     * them, and one that is not put is empty. places[i] is where a column is found ("C"); n is the length of both.
     * Without columns() a field that is not put is absent. */
    muster_rc (*columns)(muster_run *, const char *stream, const char *const *names, const char *const *places,
                         size_t n);
    /* Build one, hand it over. source_id NULL: the mapping's key names it. place is where it stands, for messages:
     * a '*' in it is where a column's place goes ("Employees!*17"), without '*' the field's name is appended as a
     * pointer. One record is under way at a time: record() gives up an earlier one that was not emitted.
     * Failures are sticky: the first one comes out of emit(). MUSTER_DATA from emit(): the record itself is at
     * fault (too large, no JSON, a field put twice); the host has rejected it already, count it and go on. Any
     * other failure ends the pull, whatever the connector returns. */
    muster_record *(*record)(muster_run *, const char *stream, const char *source_id, const char *place);
    void (*put)(muster_record *, const char *field, int32_t type, const char *value); /* NULL: null; "": empty */
    void (*put_nth)(muster_record *, size_t column, int32_t type, const char *value, size_t len); /* nth of columns() */
    void (*put_json)(muster_record *, const char *json, size_t len); /* a whole object: its members become fields */
    muster_rc (*emit)(muster_run *, muster_record *);
    muster_rc (*reject)(muster_run *, const char *stream, const char *source_id, const char *place, const char *why);
    muster_rc (*gone)(muster_run *, const char *stream, const char *source_id);
    muster_rc (*cursor)(muster_run *, const char *value);     /* kept if the claim is good */
    muster_rc (*checkpoint)(muster_run *, const char *value); /* all before it is final, whatever comes */
    /* Claims, one per pull: everybody (count: records emitted and rejected); all that changed; not all. None is
     * partial. */
    muster_rc (*complete)(muster_run *, uint64_t count);
    muster_rc (*changes)(muster_run *, uint64_t count);
    muster_rc (*partial)(muster_run *, const char *why);
    muster_rc (*partition)(muster_run *, const char *id, const char *label, const char *locator);
    muster_rc (*stream)(muster_run *, const muster_stream *); /* discover() */
    muster_rc (*field)(muster_run *, const char *stream, const muster_field *);
    /* Reading in. present(): 0 absent, 1 null, 2 empty, 3 a value. get(): NULL unless a value or empty. */
    int32_t (*present)(const muster_record *, const char *field);
    const char *(*get)(const muster_record *, const char *field);
    const char *(*json)(muster_run *, const muster_record *); /* typed; until the next call */
    /* Writing: next() until *change is NULL; one answer each, in any order, at once or after many were gathered. A
     * change lives until it is answered and next() is called once more. What is not answered is unknown and looked up
     * before it is repeated; what next() never gave was not tried. Whoever ends with OK before *change was NULL has
     * done a part. remote_id: at most 200 bytes; NULL when it has none. Where several are gathered each is answered by
     * what the system says of just that one. Of one thing an apply() has one change, in sets one for each set; where
     * two mean the same object all the same (by remote_id, or by what identifies it), the earlier one goes first, and
     * the later one is taken on top of it or refused as MUSTER_CONFLICT. emit() is allowed, of a stream that is read
     * from this connection, for what a reply tells of it: it is taken as a record that changed. */
    muster_rc (*next)(muster_run *, const muster_change **change);
    const char *(*changed)(const muster_change *, size_t nth); /* names of fields that differ; NULL after the last */
    muster_rc (*applied)(muster_run *, const muster_change *, const char *remote_id);
    muster_rc (*refused)(muster_run *, const muster_change *, muster_rc, const char *why);
    /* Answering. */
    muster_rc (*row)(muster_run *, muster_record *);             /* of lookup, action, find */
    muster_rc (*answer)(muster_run *, const muster_http *reply); /* 1.4, of receive: status, body, Content-Type */
    /* One object of the organization by a field's value, until the next find(); *found is NULL: there is none. In a
     * lookup or an action of kind "person" by "key", whatever a person typed: fields name and records. 1.4, while
     * somebody waits for answer(): of kind "person" by "record" ("STREAM/ID": whom this connection calls so),
     * employee_number or work_email: all fields of the model but protected ones. MUSTER_CONFLICT: they are several. */
    muster_rc (*find)(muster_run *, const char *kind, const char *field, const char *value, muster_record **found);
    /* 1.2, in a pull: the account may not read what `field` is of. Parts of records that hang on it by their mapping's
     * `when` or `key` stay as they were instead of being gone, whatever the claim; the run says why ("": it was said).
     * All records of the stream still count. */
    muster_rc (*lacking)(muster_run *, const char *stream, const char *field, const char *why);
    /* 1.5, in a pull: before the connector looks into an object, with what reject() would say of it. Should the process
     * die or fall silent from here to the next take(), emit() or reject(), the partition is read once more, and when
     * that object kills again, all but it; after five of them it fails. 1: go on. 0: leave it out; the host has
     * rejected it already, count it. */
    int32_t (*take)(muster_run *, const char *stream, const char *source_id, const char *place);
};

typedef struct muster_connector {
    uint32_t magic, size; /* first for good: they guard the rest */
    uint16_t abi_major, abi_minor, needs_minor;
    uint16_t option_size, field_size, stream_size, verb_size, route_size;
    uint32_t needs; /* MUSTER_NEEDS_...; 0 is the rule */
    /* version: numbers with dots, "1.4.2"; behind '-' or '+' more may stand ("2.0.0-beta.1"), and no blank. NAME@1.4.2
     * is how an organization's file asks for just that one; the first number rises when something that was offered
     * is taken away or means something else. */
    const char *name, *version, *summary;
    const char *hosts;   /* besides those that options name: "*.example.com" */
    const char *account; /* option that names the provider account, for the shared budget */
    uint32_t requests, per_ms;
    const muster_option *options;
    const muster_stream *streams;
    const muster_verb *lookups, *actions;
    const muster_route *routes;
    /* Lifetime; each may be NULL. open() calls nobody; what it says of options by fail() begins with "option 'NAME'",
     * a line for each: `muster check` shows the place. 1.6: by stream() it may say what options make of a stream, with
     * flags and fields: `muster check` holds mappings against that. check() logs in and changes nothing. */
    muster_rc (*open)(muster_run *, void **self);
    void (*close)(muster_run *, void *self);
    muster_rc (*check)(muster_run *, void *self);
    muster_rc (*discover)(muster_run *, void *self);
    muster_rc (*partitions)(muster_run *, void *self); /* ends with complete() too; NULL: one, named "main" */
    /* Roles; NULL is "not offered". */
    muster_rc (*pull)(muster_run *, void *self, const muster_pull *);
    /* Objects by their ids: emit() of those that are there, gone() of the others. muster-conform asks this (S16); runs
     * of this version do not, they read by pull() and look one up by find(). A later one may: leave it out, or be true.
     */
    muster_rc (*get)(muster_run *, void *self, const muster_pull *, const char *const *ids, size_t n);
    muster_rc (*find)(muster_run *, void *self, const char *stream, const muster_record *fields);
    muster_rc (*apply)(muster_run *, void *self, const muster_push *);
    /* What came by the routes: n of them, in the order in which they came; all of it is the host's until this returns.
     * Each has method, url, body and headers "Muster-Event: NUMBER", "Muster-Received: MS" and, if it was said,
     * Content-Type. Emits records, like pull. */
    muster_rc (*receive)(muster_run *, void *self, const muster_http *const *inbound, size_t n);
    muster_rc (*lookup)(muster_run *, void *self, const char *name, const muster_record *args);
    muster_rc (*action)(muster_run *, void *self, const char *name, const muster_record *args);
} muster_connector;

/* The one function that is exported. It is declared here so that C++ (from C++20 on, for the initializers) calls it by
 * the same name. */
__attribute__((visibility("default"))) const muster_connector *muster_connector_entry(void);

#define MUSTER_CONNECTOR(id, ...)                                                                                      \
    const muster_connector *muster_connector_entry(void)                                                               \
    {                                                                                                                  \
        static const muster_connector c = {.magic = MUSTER_MAGIC,                                                      \
                                           .size = sizeof(c),                                                          \
                                           .abi_major = MUSTER_ABI_MAJOR,                                              \
                                           .abi_minor = MUSTER_ABI_MINOR,                                              \
                                           .needs_minor = MUSTER_NEEDS_MINOR,                                          \
                                           .option_size = sizeof(muster_option),                                       \
                                           .field_size = sizeof(muster_field),                                         \
                                           .stream_size = sizeof(muster_stream),                                       \
                                           .verb_size = sizeof(muster_verb),                                           \
                                           .route_size = sizeof(muster_route),                                         \
                                           .name = #id,                                                                \
                                           __VA_ARGS__};                                                               \
        return &c;                                                                                                     \
    }
#ifdef __cplusplus
}
#endif
#endif
