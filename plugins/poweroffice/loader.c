/* loader - what hangs on employees: their employments, and the lists of each employment, a few questions at once.
 *
 * A list that has no rows is not asked for: an employment says how many it
 * has. It also says that an answer was not whole. */
#include "poweroffice.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLIGHT_MAX = 6, OPEN_MAX = 16, TRIES = 3 };

/* A question. */
struct task {
    struct task *next;
    struct loading *of;
    int employment, sub; /* sub -1: the employments themselves */
    unsigned page;
};

/* An employee who is being loaded. */
struct loading {
    struct employee *employee;
    size_t pending; /* questions that are not answered */
    unsigned tries;
    bool gone, again, whole;
};

struct loader {
    struct poweroffice *po;
    struct loading open[OPEN_MAX];
    struct task *first, **last;
    struct task *flying[FLIGHT_MAX]; /* asked, and not answered */
    size_t flying_count, opened;
    struct employee *next; /* whose turn it is to be handed on */
    muster_rc (*give)(void *context, const struct employee *employee);
    void *context;
};

static muster_rc no_memory(struct poweroffice *po)
{
    return po->host->fail(po->run, MUSTER_FAIL, "out of memory");
}

static void employee_empty(struct employee *employee)
{
    for (size_t n = 0; employee->subs && n < employee->employment_count * SUBS; n++)
        list_done(&employee->subs[n]);
    free(employee->subs);
    list_done(&employee->employments);
    employee->subs = NULL;
    employee->employment_count = 0;
}

static bool task_add(struct loader *loader, struct loading *of, int employment, int sub, unsigned page)
{
    struct task *task = malloc(sizeof(*task));
    if (!task)
        return false;
    *task = (struct task){.of = of, .employment = employment, .sub = sub, .page = page};
    *loader->last = task;
    loader->last = &task->next;
    of->pending++;
    return true;
}

static const muster_node *employment_nth(const struct employee *employee, size_t nth)
{
    size_t page = 0;
    const muster_node *at = NULL;
    while ((at = list_next(&employee->employments, &page, at)) && nth > 0)
        nth--;
    return at;
}

static muster_rc task_start(struct loader *loader, struct task *task)
{
    struct poweroffice *po = loader->po;
    const struct employee *employee = task->of->employee;
    struct address address;
    muster_http ask;
    char number[24];
    address_start(po, &address);
    if (task->sub < 0)
        address_path(&address, "/Employees/%" PRId64 "/Employments", employee->id);
    else
        address_path(&address, "/Employees/Employments/%s/%s",
                     text_of(employment_nth(employee, (size_t)task->employment), "Id"),
                     rights[SUB_FIRST + task->sub].path);
    snprintf(number, sizeof(number), "%u", task->page);
    address_query(&address, "PageNumber", number);
    snprintf(number, sizeof(number), "%" PRId64, page_size(po));
    address_query(&address, "PageSize", number);
    address_query(&address, "OrderBy", "Id");
    if (address.failed)
        return po->host->fail(po->run, MUSTER_CONFIG, "option 'base_url' is longer than an address can be");
    call_get(po, &address, &ask);
    size_t slot = 0;
    while (loader->flying[slot])
        slot++;
    muster_rc rc = po->host->http_start(po->run, &ask, task);
    if (rc == MUSTER_OK) {
        loader->flying[slot] = task;
        loader->flying_count++;
    }
    return rc;
}

/* Its lists, as far as they may be read, are wanted and have rows. */
static bool employments_came(struct loader *loader, struct loading *of)
{
    struct employee *employee = of->employee;
    size_t page = 0;
    int nth = 0;
    employee->subs = calloc(employee->employments.count * SUBS + 1, sizeof(*employee->subs));
    if (!employee->subs)
        return false;
    employee->employment_count = employee->employments.count;
    for (const muster_node *one = NULL; (one = list_next(&employee->employments, &page, one)); nth++)
        for (int sub = 0; sub < SUBS; sub++) {
            const char *count = text_of(one, rights[SUB_FIRST + sub].count);
            bool some = !count || strcmp(count, "0") != 0;
            if (some && loader->po->wanted[SUB_FIRST + sub] && !loader->po->lacks[SUB_FIRST + sub] &&
                !task_add(loader, of, nth, sub, 1))
                return false;
        }
    return true;
}

/* All pages of a list are there. Fewer rows than were announced: it is being changed, or the answer is not whole. */
static muster_rc list_came(struct loader *loader, const struct task *task, const struct list *list)
{
    struct loading *of = task->of;
    if (task->sub < 0) {
        of->again |= list->count < of->employee->expected;
        return of->again || employments_came(loader, of) ? MUSTER_OK : no_memory(loader->po);
    }
    const char *count =
        text_of(employment_nth(of->employee, (size_t)task->employment), rights[SUB_FIRST + task->sub].count);
    of->again |= count && strtoull(count, NULL, 10) != list->count;
    return MUSTER_OK;
}

static muster_rc task_answered(struct loader *loader, const struct task *task, muster_rc rc, const muster_http *reply)
{
    struct loading *of = task->of;
    struct employee *employee = of->employee;
    enum right right = task->sub < 0 ? RIGHT_EMPLOYMENTS : (enum right)(SUB_FIRST + task->sub);
    struct list *list = task->sub < 0 ? &employee->employments : &employee->subs[task->employment * SUBS + task->sub];
    bool more = false;
    int64_t total = -1;
    of->pending--;
    if (rc == MUSTER_PERMISSION) {
        account_lacks(loader->po, right);
        return MUSTER_OK;
    }
    if (rc == MUSTER_GONE) { /* the employee, or one of the employments: then they are read once more */
        of->gone |= task->sub < 0;
        of->again |= task->sub >= 0;
        return MUSTER_OK;
    }
    rc = list_add(loader->po, list, rights[right].path, rc, reply, &more, &total);
    if (rc != MUSTER_OK)
        return rc;
    if (more)
        return task_add(loader, of, task->employment, task->sub, task->page + 1) ? MUSTER_OK : no_memory(loader->po);
    return list_came(loader, task, list);
}

/* Who is whole is handed on when those before are: the same answers give the same order, whenever they came. */
static muster_rc give_next(struct loader *loader)
{
    muster_rc rc = MUSTER_OK;
    for (size_t n = 0; rc == MUSTER_OK && n < OPEN_MAX; n++) {
        struct loading *of = &loader->open[n];
        if (!of->employee || of->employee != loader->next || !of->whole)
            continue;
        rc = of->gone ? MUSTER_OK : loader->give(loader->context, of->employee);
        employee_empty(of->employee);
        of->employee = NULL;
        loader->opened--;
        loader->next++;
        n = (size_t)-1; /* the next one may stand anywhere */
    }
    return rc;
}

/* All that was asked about an employee is answered. */
static muster_rc loading_done(struct loader *loader, struct loading *of)
{
    struct poweroffice *po = loader->po;
    if (of->again && !of->gone && ++of->tries < TRIES) {
        employee_empty(of->employee);
        of->again = false;
        return task_add(loader, of, 0, -1, 1) ? MUSTER_OK : no_memory(po);
    }
    if (of->again && !of->gone)
        return po->host->fail(po->run, MUSTER_RETRY,
                              "what hangs on employee %" PRId64
                              " was another each of the %d times that it was read: it "
                              "is read again at the next run",
                              of->employee->id, TRIES);
    of->whole = true;
    return give_next(loader);
}

/* Opens as many employees as there is room for. */
static muster_rc loader_open(struct loader *loader, struct employee *employees, size_t count, size_t *next)
{
    for (size_t n = 0; n < OPEN_MAX && *next < count; n++) {
        struct loading *of = &loader->open[n];
        if (of->employee)
            continue;
        *of = (struct loading){.employee = &employees[(*next)++]};
        loader->opened++;
        if (loader->po->lacks[RIGHT_EMPLOYMENTS]) {
            muster_rc rc = loading_done(loader, of);
            if (rc != MUSTER_OK)
                return rc;
            n--; /* there is room for another one */
        } else if (!task_add(loader, of, 0, -1, 1)) {
            return no_memory(loader->po);
        }
    }
    return MUSTER_OK;
}

static muster_rc loader_send(struct loader *loader)
{
    while (loader->first && loader->flying_count < FLIGHT_MAX) {
        struct task *task = loader->first;
        muster_rc rc = task_start(loader, task);
        if (rc != MUSTER_OK)
            return rc;
        loader->first = task->next;
        if (!loader->first)
            loader->last = &loader->first;
    }
    return MUSTER_OK;
}

static muster_rc loader_wait(struct loader *loader)
{
    const muster_http *reply = NULL;
    void *tag = NULL;
    muster_rc rc = loader->po->host->http_wait(loader->po->run, &reply, &tag);
    if (!tag)
        return rc != MUSTER_OK ? rc : MUSTER_FAIL;
    struct task *task = tag;
    struct loading *of = task->of;
    loader->flying_count--;
    for (size_t n = 0; n < FLIGHT_MAX; n++)
        if (loader->flying[n] == task)
            loader->flying[n] = NULL;
    rc = task_answered(loader, task, rc, reply);
    free(task);
    return rc == MUSTER_OK && of->pending == 0 ? loading_done(loader, of) : rc;
}

/* What is still under way after a failure ends with the pull. */
static void loader_done(struct loader *loader)
{
    for (size_t n = 0; n < FLIGHT_MAX; n++)
        free(loader->flying[n]);
    for (struct task *task = loader->first, *next; task; task = next) {
        next = task->next;
        free(task);
    }
    for (size_t n = 0; n < OPEN_MAX; n++)
        if (loader->open[n].employee)
            employee_empty(loader->open[n].employee);
}

muster_rc loader_run(struct poweroffice *po, struct employee *employees, size_t count,
                     muster_rc (*give)(void *context, const struct employee *employee), void *context)
{
    struct loader loader = {.po = po, .next = employees, .give = give, .context = context};
    size_t next = 0;
    muster_rc rc = MUSTER_OK;
    loader.last = &loader.first;
    while (rc == MUSTER_OK && (next < count || loader.opened > 0)) {
        if (po->host->cancelled(po->run))
            rc = MUSTER_CANCELLED;
        if (rc == MUSTER_OK)
            rc = loader_open(&loader, employees, count, &next);
        if (rc == MUSTER_OK)
            rc = loader_send(&loader);
        if (rc == MUSTER_OK && loader.flying_count > 0)
            rc = loader_wait(&loader);
        po->host->progress(po->run, next, count);
    }
    loader_done(&loader);
    return rc;
}
