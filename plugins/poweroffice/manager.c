/* manager - who is made before their manager is: told who it is as soon as that one is made, too. */
#include "write.h"

#include <stdlib.h>
#include <string.h>

struct waiting {
    struct waiting *next;
    char id[24];      /* the employee's */
    char manager[80]; /* our number of the manager */
};

void managers_done(struct poweroffice *po)
{
    for (struct waiting *one = po->waiting, *next; one; one = next) {
        next = one->next;
        free(one);
    }
    po->waiting = NULL;
}

static muster_rc wait_for(struct change *change, const char *id)
{
    struct waiting *one = calloc(1, sizeof(*one));
    if (!one)
        return change->po->host->fail(change->po->run, MUSTER_FAIL, "out of memory");
    snprintf(one->id, sizeof(one->id), "%.20s", id);
    snprintf(one->manager, sizeof(one->manager), "%.79s", change_value(change, "ManagerEmployee"));
    one->next = change->po->waiting;
    change->po->waiting = one;
    return MUSTER_OK;
}

static bool is_manager(const struct change *change, const struct waiting *one)
{
    static const char *const names[] = {"ExternalNumber", "ExternalImportReference", "Number"};
    for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
        const char *value = change_value(change, names[n]);
        if (value && strcmp(value, one->manager) == 0)
            return true;
    }
    return false;
}

static muster_rc tell(struct change *change, const struct waiting *one, const char *manager)
{
    struct script body;
    muster_document *made = NULL;
    if (!script_open(&body))
        return MUSTER_FAIL;
    fputc('[', body.out);
    patch_operation(&body, "/ManagerEmployeeId", manager);
    fputc(']', body.out);
    muster_rc rc = script_close(&body) ? MUSTER_OK : MUSTER_FAIL;
    snprintf(change->way, sizeof(change->way), "/Employees/%s", one->id);
    if (rc == MUSTER_OK)
        rc = change_send(change, "PATCH", "Content-Type: application/json-patch+json", &body, &made);
    script_done(&body);
    muster_document_free(made);
    return rc;
}

muster_rc managers_settle(struct change *change, const char *id)
{
    struct poweroffice *po = change->po;
    muster_rc rc = change->no_manager ? wait_for(change, id) : MUSTER_OK;
    struct waiting **at = &po->waiting;
    while (rc == MUSTER_OK && change->given->op == MUSTER_CREATE && *at) {
        struct waiting *one = *at;
        if (!is_manager(change, one)) {
            at = &one->next;
            continue;
        }
        rc = tell(change, one, id);
        *at = one->next;
        if (rc != MUSTER_OK && rc != MUSTER_CANCELLED && rc != MUSTER_AUTH) {
            po->host->log(po->run, MUSTER_WARN, "employee %s could not be told of their manager: %s", one->id,
                          change->why);
            rc = MUSTER_OK;
        }
        free(one);
    }
    return rc;
}
