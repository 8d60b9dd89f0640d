/* keyring - the secrets of one connection. */
#include "broker/keyring.h"

#include "base/mem.h"
#include "base/tidy.h"
#include "broker/secretstore.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void entry_free(struct keyring_entry *entry)
{
    secret_done(&entry->secret);
    scrub_done(&entry->scrub);
    free(entry);
}

DEFINE_TIDY(struct keyring_entry *, entry_free)

void keyring_done(struct keyring *keyring)
{
    for (size_t i = 0; i < keyring->count; i++)
        entry_free(keyring->entries[i]);
    free(keyring->entries);
    keyring->entries = NULL;
    keyring->count = keyring->room = 0;
}

static const struct option_value *option_of(const struct keyring *keyring, const char *option)
{
    for (size_t i = 0; i < keyring->connection->option_count; i++)
        if (strcmp(keyring->connection->options[i].name, option) == 0)
            return &keyring->connection->options[i];
    return NULL;
}

static const struct keyring_entry *entry_of(const struct keyring *keyring, const char *option)
{
    for (size_t i = 0; i < keyring->count; i++)
        if (strcmp(keyring->entries[i]->option, option) == 0)
            return keyring->entries[i];
    return NULL;
}

bool keyring_has(const struct keyring *keyring, const char *option)
{
    return option && (entry_of(keyring, option) || option_of(keyring, option));
}

int keyring_lend(struct keyring *keyring, const char *name, const struct secret *secret)
{
    struct keyring_entry *entry TIDY(entry_free) = mem_new(1, sizeof(*entry));
    if (!entry || mem_grow(&keyring->entries, keyring->count, &keyring->room, sizeof(*keyring->entries)) != 0)
        return -ENOMEM;
    int rc = secret_set(&entry->secret, secret_reveal(secret), secret->len);
    if (rc == 0)
        rc = scrub_learn(&entry->scrub, &entry->secret);
    if (rc != 0)
        return rc;
    entry->option = name;
    keyring->entries[keyring->count++] = TAKE(entry);
    return 0;
}

/* Whose turn it is: who wrote the file's, or who wrote the connector's. */
static int lacks(const struct keyring *keyring, const char *name, struct err *err)
{
    const struct muster_connector *connector = keyring->connection->description;
    const muster_option *option = connector ? connector->options : NULL;
    size_t len = strcspn(name, "["); /* "stores[2].token" */
    while (option && option->name && (strlen(option->name) != len || strncmp(option->name, name, len) != 0))
        option++;
    if (connector && (!option || !option->name))
        return err_set(err, ERR_CONNECTOR, "the connector wants to log in with its option '%.40s', and declares none",
                       name);
    return err_set(err, ERR_CONFIG, "option '%s' is missing: the log-in needs it", name);
}

int keyring_secret(struct keyring *keyring, const char *option, const struct secret **ret_secret, struct err *err)
{
    const struct keyring_entry *known = entry_of(keyring, option);
    if (known) {
        *ret_secret = &known->secret;
        return 0;
    }
    const struct option_value *value = option_of(keyring, option);
    if (value && !value->secret)
        return err_set(err, ERR_CONNECTOR,
                       "the connector takes option '%.40s' for its secret: declare it MUSTER_SECRET", option);
    if (!value)
        return lacks(keyring, option, err);
    char what[200];
    snprintf(what, sizeof(what), "option '%.100s'", option);
    struct keyring_entry *entry TIDY(entry_free) = mem_new(1, sizeof(*entry));
    if (!entry || mem_grow(&keyring->entries, keyring->count, &keyring->room, sizeof(*keyring->entries)) != 0)
        return err_set(err, -ENOMEM, "%s: %s", what, err_text(-ENOMEM));
    int rc = secretstore_read(value->secret, what, &entry->secret, err);
    if (rc == 0)
        rc = scrub_learn(&entry->scrub, &entry->secret);
    if (rc != 0)
        return err_set(err, rc, "%s: %s", what, err_text(rc));
    entry->option = value->name;
    *ret_secret = &entry->secret;
    keyring->entries[keyring->count++] = TAKE(entry);
    return 0;
}

int keyring_text(struct keyring *keyring, const char *option, const char **ret_text, struct err *err)
{
    const struct option_value *value = option_of(keyring, option);
    const struct secret *secret = NULL;
    if (value && value->secret) {
        int rc = keyring_secret(keyring, option, &secret, err);
        if (rc == 0)
            *ret_text = secret_reveal(secret);
        return rc;
    }
    const char *text = connection_option(keyring->connection, option);
    if (!text)
        return lacks(keyring, option, err);
    *ret_text = text;
    return 0;
}

void keyring_scrub(const struct keyring *keyring, char *bytes, size_t len)
{
    for (size_t i = 0; i < keyring->count; i++)
        scrub_bytes(&keyring->entries[i]->scrub, bytes, len);
}
