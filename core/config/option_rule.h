/* option_rule - when an option does anything, and when it must be given: what its connector says of that
 * (muster_option.serves and needed) held against what the organization's file says. */
#ifndef CONFIG_OPTION_RULE_H
#define CONFIG_OPTION_RULE_H

#include "config/organization.h"

/* Where the option stands in tables and paths: of "stores[2].url" the members of stores, and "stores[2].". */
struct option_place {
    const struct muster_option *option, *table;
    char prefix[200];
};

/* Of a path as in struct option_value. False: no table has it. */
bool option_place_find(const struct connection *connection, const char *path, struct option_place *ret_place);

enum { OPTION_RULE_WHY = 300 };
/* Whether a rule holds. Where it does not, *ret_why says what is amiss, to go on behind "does nothing", and where it
 * does what made it, behind "is missing"; NULL: nobody asks. An empty rule always holds. */
bool option_rule_holds(const struct connection *connection, const struct option_place *place, const char *rule,
                       char ret_why[OPTION_RULE_WHY]);

#endif
