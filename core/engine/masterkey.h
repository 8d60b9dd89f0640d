/* masterkey - the key from which every organization's sealing keys are derived.
 *
 * From `seal_key` in muster.yaml (64 hex digits), else from STATE/seal.key,
 * which is made at first start. It is not in a backup of an organization. */
#ifndef ENGINE_MASTERKEY_H
#define ENGINE_MASTERKEY_H

#include "base/error.h"
#include "config/organization.h"
#include "store/vault.h"

/* The caller wipes ret_key. */
int masterkey_load(const struct settings *settings, uint8_t ret_key[VAULT_MASTER], struct err *err);

#endif
