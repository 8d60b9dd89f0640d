/* acts - what callers have `muster` do. */
#include "api/act_inside.h"

#include "api/api.h"
#include "base/clock.h"
#include "base/jsontext.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "engine/masterkey.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

enum {
    GOING_MOST = 8,        /* processes for acts at once, and as many for questions */
    OF_ONE_MOST = 4,       /* of one organization */
    WAITING_MOST = 256,    /* for their turn */
    QUESTION = 120 * 1000, /* ms after which a question is given up */
    PATIENCE = 60,
    PATIENCE_MOST = 300, /* s */
    TIDIED = 600 * 1000, /* ms */
    KEY_MOST = 200,
};

struct acts {
    uv_loop_t *loop;
    uv_async_t wake;
    pthread_mutex_t lock; /* of what comes */
    struct waiter *comes, **last;
    bool closing;
    struct act *acts; /* that have not ended */
    size_t going;
    struct api *api; /* is told how far runs are */
    char program[PATH_MAX];
    char *state;
    uint8_t master[VAULT_MASTER];
    int64_t tidied_ms;
};

static void look(struct acts *acts);

/* --- those who wait --- */

static int copy_reply(const struct web_reply *from, struct web_reply *to)
{
    buffer_clear(&to->body);
    to->status = from->status;
    to->type = from->type;
    to->retry_after_s = from->retry_after_s;
    buffer_add(&to->body, from->body.data ? from->body.data : "", from->body.len);
    return to->body.rc;
}

/* The request is gone with its answer. */
static void waiter_answered(struct waiter *waiter)
{
    web_answer(waiter->visitor->request);
    free(waiter);
}

static void act_free(struct act *act)
{
    buffer_done(&act->reply.body);
    shelf_close(act->shelf);
    arena_free(act->arena);
    free(act);
}

static void answer_all(struct act *act)
{
    while (act->waiters) {
        struct waiter *waiter = act->waiters;
        act->waiters = waiter->next;
        if (copy_reply(&act->reply, &waiter->visitor->request->reply) != 0)
            visitor_fails(waiter->visitor, -ENOMEM, NULL);
        waiter_answered(waiter);
    }
}

static void answer_later(struct act *act, struct waiter *waiter)
{
    struct web_reply *reply = &waiter->visitor->request->reply;
    TIDY(free) char *place = mem_format("/v1/acts/%s", act->id);
    act->later = true;
    reply->status = 202;
    act_head(act, act->child ? "going" : "waiting", &reply->body);
    buffer_text(&reply->body, ",\"results\":[],\"messages\":[]}\n");
    if (place)
        web_head(reply, "Location", place);
    waiter_answered(waiter);
}

/* --- records --- */

static struct record record_of(const struct acts *acts, const char *id, const char *badge)
{
    struct record record = {.state = acts->state, .master = acts->master, .badge = badge};
    snprintf(record.id, sizeof(record.id), "%s", id);
    return record;
}

/* Who has the key again is answered from it, also by another musterd. */
static int keep(const struct acts *acts, struct act *act)
{
    struct record record = record_of(acts, act->id, act->badge);
    record.organization = act->organization;
    record.status = act->reply.status;
    record.body = act->reply.body; /* is read only */
    memcpy(record.request, act->request, sizeof(record.request));
    int rc = record_keep(&record);
    if (rc != 0)
        log_error(&(struct log){.organization = act->organization}, "what came of act %s cannot be kept: %s", act->id,
                  err_text(rc));
    return rc;
}

/* --- it has ended --- */

static void audit(const struct act *act)
{
    if (!act_asks(act))
        log_info(&(struct log){.organization = act->organization}, "%s by token:%s: %u (act %s)", act->operation->id,
                 act->badge, act->reply.status, act->id);
}

static void take_out(struct acts *acts, struct act *act)
{
    for (struct act **at = &acts->acts; *at; at = &(*at)->next)
        if (*at == act) {
            *at = act->next;
            return;
        }
}

static void settle(struct acts *acts, struct act *act)
{
    take_out(acts, act);
    if (!act_asks(act) && (act->keyed || act->later))
        (void)keep(acts, act);
    audit(act);
    answer_all(act);
    act_free(act);
}

struct going {
    struct acts *acts;
    struct act *act;
};

static void ended(void *context, struct child_end *end)
{
    struct going *going = context;
    struct acts *acts = going->acts;
    acts->going--;
    act_reply(going->act, end);
    settle(acts, going->act);
    if (!acts->closing)
        look(acts);
}

static void progressed(void *context, const char *json, size_t len)
{
    const struct going *going = context;
    if (going->act->organization)
        api_progress(going->acts->api, going->act->organization, json, len);
}

static void fail(struct acts *acts, struct act *act, int rc)
{
    struct web_request request = {.method = act->operation->method};
    struct visitor visitor = {.request = &request, .operation = act->operation};
    visitor_fails(&visitor, rc, NULL);
    act->reply = request.reply;
    settle(acts, act);
}

/* --- it begins --- */

static bool has_room(const struct acts *acts, const struct act *wanted)
{
    size_t all = 0, same = 0;
    for (const struct act *act = acts->acts; act; act = act->next)
        if (act->child && act_asks(act) == act_asks(wanted)) {
            all++;
            same += wanted->organization && act->organization && strcmp(act->organization, wanted->organization) == 0;
        }
    return all < GOING_MOST && same < OF_ONE_MOST;
}

static void start(struct acts *acts, struct act *act)
{
    struct going *going = arena_get(act->arena, sizeof(*going));
    const char *author = act_asks(act) ? NULL : arena_format(act->arena, "token:%s", act->badge);
    int rc = going && (act_asks(act) || author) ? 0 : -ENOMEM;
    if (rc == 0) {
        *going = (struct going){acts, act};
        rc = child_start(acts->loop,
                         &(struct child_order){.program = acts->program,
                                               .settings = shelf_settings(act->shelf),
                                               .author = author,
                                               .words = act->words,
                                               .ended = ended,
                                               .progress = progressed,
                                               .context = going},
                         &act->child, NULL);
    }
    act->began_ms = clock_steady_ms();
    if (rc == 0)
        acts->going++;
    else
        fail(acts, act, rc);
}

static void look(struct acts *acts)
{
    for (struct act *act = acts->acts, *next; act; act = next) {
        next = act->next;
        if (!act->child && has_room(acts, act))
            start(acts, act);
    }
}

/* --- what comes --- */

static int64_t until(struct visitor *visitor, uint64_t usual)
{
    uint64_t seconds = usual;
    const char *said = visitor_text(visitor, "wait");
    if (said)
        seconds = strtoull(said, NULL, 10);
    return clock_steady_ms() + (int64_t)(seconds < PATIENCE_MOST ? seconds : PATIENCE_MOST) * 1000 + 1;
}

static struct act *act_find(struct acts *acts, const char *id)
{
    for (struct act *act = acts->acts; act; act = act->next)
        if (strcmp(act->id, id) == 0)
            return act;
    return NULL;
}

static void join(struct act *act, struct waiter *waiter)
{
    struct waiter **at = &act->waiters;
    while (*at)
        at = &(*at)->next;
    waiter->next = NULL;
    *at = waiter;
}

static void refuse(struct waiter *waiter, const struct trouble *trouble, const char *text)
{
    visitor_refuse(waiter->visitor, trouble, "%s", text);
    waiter_answered(waiter);
}

/* The same key for the same token means the same act. */
static int make_id(struct act *act, const char *key)
{
    TIDY_DONE(buffer_done) struct buffer whole = {0};
    uint8_t digest[DIGEST_SHA256];
    if (!key) {
        if (getrandom(digest, sizeof(digest), 0) != (ssize_t)sizeof(digest))
            return -EIO;
    } else {
        buffer_format(&whole, "%s\n%s\n%s", act->badge, act->organization, key);
        if (whole.rc != 0)
            return whole.rc;
        digest_sha256(whole.data, whole.len, digest);
    }
    digest_hex(digest, (RECORD_ID - 1) / 2, act->id);
    return 0;
}

static int digest_request(const struct web_request *request, uint8_t ret_digest[DIGEST_SHA256])
{
    TIDY_DONE(buffer_done) struct buffer whole = {0};
    buffer_format(&whole, "%s %s\n", request->method, request->path);
    buffer_add(&whole, request->body, request->body_len);
    digest_sha256(whole.data ? whole.data : "", whole.len, ret_digest);
    return whole.rc;
}

static int act_make(const struct visitor *visitor, struct act **ret_act)
{
    struct act *act = mem_new(1, sizeof(*act));
    if (!act || !(act->arena = arena_new())) {
        free(act);
        return -ENOMEM;
    }
    act->operation = visitor->operation;
    act->shelf = shelf_use(visitor->shelf);
    act->badge = arena_text(act->arena, visitor->badge->name);
    act->organization = visitor->organization ? arena_text(act->arena, visitor->organization) : NULL;
    act->limit = UINT64_MAX;
    const char *key = act_asks(act) ? NULL : web_header(visitor->request, "Idempotency-Key");
    act->keyed = key != NULL;
    int rc = act->badge && (act->organization || !visitor->organization) ? make_id(act, key) : -ENOMEM;
    rc = rc ? rc : digest_request(visitor->request, act->request);
    rc = rc ? rc : act_words(visitor, act->arena, &act->words);
    if (rc != 0)
        act_free(act);
    else
        *ret_act = act;
    return rc;
}

/* True: the key was here before, and that is the answer. */
static bool was_before(struct acts *acts, const struct act *act, struct waiter *waiter)
{
    static const struct trouble other = {422, "key_reused", "header: Idempotency-Key", "Take a new key."};
    static const struct trouble unknown = {409, "outcome_unknown", "header: Idempotency-Key",
                                           "Look at what stands there now, and take a new key if it is to be done."};
    TIDY_DONE(buffer_done) struct buffer organization = {0};
    struct act *same = act_find(acts, act->id);
    struct record record = record_of(acts, act->id, act->badge);
    if (same && digest_equal(same->request, act->request)) {
        join(same, waiter);
        return true;
    }
    int rc = same ? 0 : record_read(&record, &organization);
    if (rc == ERR_GONE)
        return false;
    if (rc != 0) {
        visitor_fails(waiter->visitor, rc, NULL);
        waiter_answered(waiter);
    } else if (same || !digest_equal(record.request, act->request)) {
        refuse(waiter, &other, "That key was used for another request.");
    } else if (record.status == 0) {
        refuse(waiter, &unknown, "That act had begun when the service ended, and what came of it is not known.");
    } else {
        const struct web_reply reply = {.status = record.status,
                                        .type = record.status == 200 ? "application/json" : "application/problem+json",
                                        .body = record.body};
        web_head(&waiter->visitor->request->reply, "Idempotency-Replayed", "true");
        if (copy_reply(&reply, &waiter->visitor->request->reply) != 0)
            visitor_fails(waiter->visitor, -ENOMEM, NULL);
        waiter_answered(waiter);
    }
    buffer_done(&record.body);
    return true;
}

static bool too_many(const struct acts *acts)
{
    size_t waiting = 0;
    for (const struct act *act = acts->acts; act; act = act->next)
        waiting += act->child == NULL;
    return waiting >= WAITING_MOST;
}

static void begin(struct acts *acts, struct waiter *waiter)
{
    static const struct trouble many = {503, "too_many", NULL, "Come again soon."};
    struct visitor *visitor = waiter->visitor;
    struct act *act = NULL;
    int rc = act_make(visitor, &act);
    if (rc != 0) {
        visitor_fails(visitor, rc, NULL);
        waiter_answered(waiter);
        return;
    }
    if (act->operation->pages && !visitor_page(visitor, &act->after, &act->limit)) {
        waiter_answered(waiter);
        act_free(act);
        return;
    }
    waiter->until_ms = act_asks(act) ? 0 : until(visitor, PATIENCE);
    if (act->keyed && was_before(acts, act, waiter)) {
        act_free(act);
        return;
    }
    if (too_many(acts)) {
        visitor->request->reply.retry_after_s = 1;
        refuse(waiter, &many, "Too much is asked at once.");
        act_free(act);
        return;
    }
    join(act, waiter);
    for (struct act **at = &acts->acts;; at = &(*at)->next)
        if (!*at) {
            *at = act;
            break;
        }
    if (act->keyed && (rc = keep(acts, act)) != 0)
        fail(acts, act, rc);
}

/* What became of an act that was answered 202. */
static void inquire(struct acts *acts, struct waiter *waiter)
{
    static const struct trouble none = {404, "not_found", "path: act", "Acts are known for a day."};
    TIDY_DONE(buffer_done) struct buffer organization = {0};
    struct visitor *visitor = waiter->visitor;
    const char *id = visitor_text(visitor, "act");
    struct act *act = act_find(acts, id);
    struct record record = record_of(acts, "", visitor->badge->name);
    bool fits = strlen(id) == RECORD_ID - 1 && strspn(id, "0123456789abcdef") == RECORD_ID - 1;
    if (act && strcmp(act->badge, visitor->badge->name) == 0 && !act_asks(act)) {
        waiter->until_ms = until(visitor, 0);
        join(act, waiter);
        return;
    }
    if (fits)
        snprintf(record.id, sizeof(record.id), "%s", id);
    int rc = fits && !act ? record_read(&record, &organization) : ERR_GONE;
    if (rc == 0 && record.status == 0) /* musterd ended in the middle of it */
        buffer_format(&record.body, "{\"act\":\"%s\",\"status\":\"unknown\",\"results\":[],\"messages\":[]}\n", id);
    const struct web_reply reply = {.status = 200, .type = "application/json", .body = record.body};
    struct web_reply whole = reply;
    if (rc == 0 && record.status > 200) {
        whole.status = record.status;
        whole.type = "application/problem+json";
    }
    if (rc != 0 || !badge_sees(visitor->badge, organization.data))
        visitor_refuse(visitor, &none, "There is no act '%.40s' of this token.", id);
    else if (copy_reply(&whole, &visitor->request->reply) != 0)
        visitor_fails(visitor, -ENOMEM, NULL);
    waiter_answered(waiter);
    buffer_done(&record.body);
}

static void woken(uv_async_t *handle)
{
    struct acts *acts = handle->data;
    pthread_mutex_lock(&acts->lock);
    struct waiter *list = acts->comes;
    acts->comes = NULL;
    acts->last = &acts->comes;
    pthread_mutex_unlock(&acts->lock);
    while (list) {
        struct waiter *waiter = list;
        list = list->next;
        if (waiter->visitor->operation->verb)
            begin(acts, waiter);
        else
            inquire(acts, waiter);
    }
    look(acts);
}

bool acts_put(struct acts *acts, struct visitor *visitor)
{
    static const struct trouble ending = {503, "ending", NULL, "Come again soon."};
    const char *key = web_header(visitor->request, "Idempotency-Key");
    struct waiter *waiter = mem_new(1, sizeof(*waiter));
    if (!waiter)
        return visitor_fails(visitor, -ENOMEM, NULL);
    if (key && (!*key || strlen(key) > KEY_MOST)) {
        static const struct trouble bad = {400, "parameter_wrong", "header: Idempotency-Key", "1 to 200 letters."};
        free(waiter);
        return visitor_refuse(visitor, &bad, "The key is empty, or too long.");
    }
    waiter->visitor = visitor;
    pthread_mutex_lock(&acts->lock);
    bool takes = !acts->closing;
    if (takes) {
        *acts->last = waiter;
        acts->last = &waiter->next;
    }
    pthread_mutex_unlock(&acts->lock);
    if (takes) {
        uv_async_send(&acts->wake);
        return false;
    }
    free(waiter);
    visitor->request->reply.retry_after_s = 2;
    return visitor_refuse(visitor, &ending, "The service is ending.");
}

/* --- the clock --- */

/* Whoever has waited as long as they said hears that it goes on. */
static void look_at_waiters(struct act *act, int64_t now)
{
    for (struct waiter **at = &act->waiters; *at;) {
        struct waiter *waiter = *at;
        if (waiter->until_ms == 0 || waiter->until_ms > now) {
            at = &waiter->next;
            continue;
        }
        *at = waiter->next;
        answer_later(act, waiter);
    }
}

void acts_tick(struct acts *acts)
{
    int64_t now = clock_steady_ms();
    for (struct act *act = acts->acts; act; act = act->next) {
        look_at_waiters(act, now);
        if (act->child && act_asks(act) && now - act->began_ms > QUESTION)
            child_stop(act->child, true);
    }
    if (now - acts->tidied_ms < TIDIED)
        return;
    acts->tidied_ms = now;
    record_tidy(acts->state, clock_now_ms());
}

/* --- begin and end --- */

size_t acts_going(const struct acts *acts)
{
    return acts->going;
}

static void close_door(struct acts *acts)
{
    pthread_mutex_lock(&acts->lock);
    acts->closing = true;
    pthread_mutex_unlock(&acts->lock);
}

void acts_ends(struct acts *acts)
{
    close_door(acts);
    for (struct act *act = acts->acts; act; act = act->next)
        if (act->child)
            child_stop(act->child, false);
}

static void acts_free(uv_handle_t *handle)
{
    struct acts *acts = handle->data;
    explicit_bzero(acts->master, sizeof(acts->master));
    pthread_mutex_destroy(&acts->lock);
    free(acts->state);
    free(acts);
}

void acts_close(struct acts *acts)
{
    static const struct trouble ending = {503, "ending", NULL, "Come again soon."};
    close_door(acts);
    for (struct waiter *waiter = acts->comes, *next; waiter; waiter = next) {
        next = waiter->next;
        refuse(waiter, &ending, "The service is ending.");
    }
    while (acts->acts) {
        struct act *act = acts->acts;
        acts->acts = act->next;
        if (act->child)
            child_drop(act->child);
        for (struct waiter *waiter = act->waiters, *next; waiter; waiter = next) {
            next = waiter->next;
            refuse(waiter, &ending, "The service is ending.");
        }
        act_free(act);
    }
    uv_close((uv_handle_t *)&acts->wake, acts_free);
}

int acts_open(uv_loop_t *loop, const struct settings *settings, struct api *api, struct acts **ret_acts,
              struct err *err)
{
    static const struct program muster = {"muster", "cli", "MUSTER_PROGRAM", BINDIR};
    struct acts *acts = mem_new(1, sizeof(*acts));
    if (!acts || !(acts->state = mem_text(settings->state))) {
        free(acts);
        return err_set(err, -ENOMEM, "out of memory");
    }
    acts->loop = loop;
    acts->api = api;
    acts->last = &acts->comes;
    pthread_mutex_init(&acts->lock, NULL);
    uv_async_init(loop, &acts->wake, woken);
    acts->wake.data = acts;
    int rc = program_find(&muster, acts->program, err);
    rc = rc ? rc : masterkey_load(settings, acts->master, err);
    if (rc != 0) {
        acts_close(acts);
        return rc;
    }
    *ret_acts = acts;
    return 0;
}
