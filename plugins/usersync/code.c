/* code - what the platform's codes mean: whose turn it is. The names are assumed; option `codes` leads from its own. */
#include "usersync.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *code;
    muster_rc rc;
    const char *turn;
} meanings[] = {
    {"NOT_EDITABLE", MUSTER_CONFLICT,
     "the platform has an account with this e-mail address that the sync did not create and may not edit: an "
     "administrator there has to hand it over to the sync, or remove it, by hand; then muster retry"},
    {"EMAIL_TAKEN", MUSTER_CONFLICT,
     "another account of the platform has this e-mail address: HR has to give one of both another, or say that they "
     "are "
     "one person (muster link)"},
    {"EMAIL_REQUIRED", MUSTER_DATA, "HR has to enter an e-mail address: without it nobody can be invited"},
    {"EMAIL_INVALID", MUSTER_DATA, "HR has to correct the e-mail address where it comes from"},
    {"NAME_REQUIRED", MUSTER_DATA, "HR has to enter the name where it comes from"},
    {"COMMUNITY_REQUIRED", MUSTER_DATA, "HR or the store has to say where the person works"},
    {"EXTERNAL_ID_REQUIRED", MUSTER_DATA, "an integrator has to map externalId, or to look at option 'names'"},
    {"BAD_VALUE", MUSTER_DATA, "HR has to correct the value where it comes from, or an integrator its mapping"},
    {"UNKNOWN_FIELD", MUSTER_DATA, "an integrator has to compare the mapping and option 'names' with the platform"},
    {"UNKNOWN_COMMUNITY", MUSTER_RETRY,
     "it is tried again by itself once the community is there: by stream communities, or by an administrator there"},
    {"UNKNOWN_FUNCTION", MUSTER_RETRY,
     "it is tried again by itself once the function group is there: by stream functions, or by an administrator there"},
    {"IN_USE", MUSTER_RETRY, "somebody is still in it: it is tried again by itself"},
    {"INTERNAL", MUSTER_RETRY,
     "the platform is in trouble: it is tried again by itself; if that goes on, ask its support"},
};

muster_rc code_meaning(const struct usersync *usersync, const char *code, const char *message, char ret_why[WHY])
{
    const char *theirs = code && *code ? code : "nothing";
    const char *ours = muster_node_text(muster_node_member(muster_document_root(usersync->codes), theirs));
    const char *turn = "which is not known here: ask the platform's support, or name what it means in option 'codes'";
    muster_rc rc = MUSTER_DATA;
    for (size_t n = 0; n < sizeof(meanings) / sizeof(*meanings); n++)
        if (strcmp(ours ? ours : theirs, meanings[n].code) == 0) {
            rc = meanings[n].rc;
            turn = meanings[n].turn;
        }
    snprintf(ret_why, WHY, "the platform says %.60s%s%.160s%s: %s", theirs, message && *message ? " (" : "",
             message ? message : "", message && *message ? ")" : "", turn);
    return rc;
}
