/* account - what this account may read: asked once, so that a privilege that lacks costs one question and one sentence.
 */
#include "poweroffice.h"

#include <stdio.h>
#include <string.h>

const struct right_name rights[RIGHTS] = {
    [RIGHT_EMPLOYEES] = {"Employee", "Employees", NULL, NULL},
    [RIGHT_EMPLOYMENTS] = {"Employment", "Employments", NULL, NULL},
    [RIGHT_DEPARTMENTS] = {"Department", "Departments", NULL, NULL},
    [RIGHT_LOCATIONS] = {"Location", "Locations", NULL, NULL},
    [RIGHT_ENTERPRISES] = {"Enterprises", "Enterprises", NULL, NULL},
    [SUB_SALARIES] = {"EmploymentSalary", "Salaries", "salaries", "SalaryCount"},
    [SUB_FTE] = {"EmploymentFtePercentage", "FtePercentages", "fte_percentages", "FtePercentageCount"},
    [SUB_FIXED] = {"EmploymentFixedSalary", "FixedSalaries", "fixed_salaries", "FixedSalaryCount"},
    [SUB_LEAVES] = {"EmploymentLeave", "Leaves", "leaves", "LeaveCount"},
    [SUB_LAYOFFS] = {"EmploymentLayoff", "Layoffs", "layoffs", "LayoffCount"},
};

/* "Employment" or "Employment_Full", as enterprises have no such thing as writing. */
static bool granted(const muster_node *privileges, const char *name)
{
    size_t len = strlen(name);
    for (const muster_node *one = muster_node_first(privileges); one; one = one->next) {
        const char *text = muster_node_text(one);
        if (text && strncmp(text, name, len) == 0 && (text[len] == '\0' || strcmp(text + len, "_Full") == 0))
            return true;
    }
    return false;
}

muster_rc account_ask(struct poweroffice *po)
{
    struct address address;
    muster_document *document = NULL;
    if (po->asked)
        return MUSTER_OK;
    address_start(po, &address);
    address_path(&address, "/ClientIntegrationInformation");
    muster_rc rc = call_object(po, &address, "ClientIntegrationInformation", &document);
    if (rc == MUSTER_PERMISSION || rc == MUSTER_GONE) { /* then each list has to be asked */
        po->asked = po->untold = true;
        return MUSTER_OK;
    }
    if (rc != MUSTER_OK)
        return rc;
    const muster_node *root = muster_document_root(document);
    const muster_node *privileges = muster_node_member(root, "ValidPrivileges");
    const char *name = text_of(root, "ClientName");
    snprintf(po->client, sizeof(po->client), "%s", name ? name : "");
    for (int n = 0; n < RIGHTS && privileges && privileges->kind == MUSTER_NODE_LIST; n++)
        po->lacks[n] = !granted(privileges, rights[n].privilege);
    muster_document_free(document);
    po->asked = true;
    return MUSTER_OK;
}

void account_lacks(struct poweroffice *po, enum right right)
{
    po->lacks[right] = true;
}

void account_sentence(const struct poweroffice *po, const enum right *which, size_t count, char ret_why[WHY_ROOM])
{
    size_t len = (size_t)snprintf(ret_why, WHY_ROOM, "permission: %s%s lacks the privilege%s ",
                                  *po->client ? "the account of " : "the account", po->client, count > 1 ? "s" : "");
    for (size_t n = 0; n < count && len < WHY_ROOM; n++)
        len += (size_t)snprintf(ret_why + len, WHY_ROOM - len, "%s%s",
                                n == 0           ? ""
                                : n + 1 == count ? " and "
                                                 : ", ",
                                rights[which[n]].privilege);
    bool sub_lists = true;
    for (size_t n = 0; n < count; n++)
        sub_lists &= rights[which[n]].option != NULL;
    if (len < WHY_ROOM)
        snprintf(ret_why + len, WHY_ROOM - len, ": what was read before stays; have %s granted%s",
                 count > 1 ? "them" : "it",
                 sub_lists                                    ? ", or set sub_lists to what is left"
                 : count == 1 && which[0] > RIGHT_EMPLOYMENTS ? ", or switch the stream off"
                                                              : "");
}
