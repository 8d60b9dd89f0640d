/* rules - what decides who is who and whose word counts, as one digest: when it changes, everybody is looked at again.
 */
#ifndef ENGINE_RULES_H
#define ENGINE_RULES_H

#include "config/organization.h"

/* Over matching rules, placeholders, who keeps a person alive, authority per field, time zone. Returns 0 or -ENOMEM. */
int rules_digest(const struct organization *organization, uint8_t ret_digest[16]);

#endif
