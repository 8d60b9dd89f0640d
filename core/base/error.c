/* error - codes and the sentence that goes with them. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int rc;
    const char *text;
} own[] = {
    {ERR_CONFIG, "the configuration is wrong"},
    {ERR_AUTH, "the log-in was refused"},
    {ERR_PERMISSION, "a right is missing"},
    {ERR_NETWORK, "the network or the other system failed"},
    {ERR_GONE, "it is not there"},
    {ERR_DATA, "the data cannot be used"},
    {ERR_CONNECTOR, "the connector misbehaved"},
    {ERR_TIMEOUT, "it took too long"},
    {ERR_LIMIT, "a limit was reached"},
    {ERR_CANCELLED, "cancelled"},
    {ERR_BUSY, "another run is at it"},
    {ERR_NEWER, "it was written by a newer version"},
    {ERR_CORRUPT, "stored data is damaged"},
    {ERR_HELD, "it waits for a person"},
    {ERR_UNSUPPORTED, "this is not supported"},
    {ERR_CONFLICT, "it conflicts with what is there"},
    {ERR_UNREADY, "it is still on its way"},
    {ERR_PAUSED, "it is paused"},
    {ERR_UNKNOWN, "there is nothing of that name"},
};

const char *err_text(int rc)
{
    if (rc == 0)
        return "no error";
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (own[i].rc == rc)
            return own[i].text;
    const char *text = strerrordesc_np(-rc);
    return text ? text : "unknown error";
}

int err_set(struct err *err, int rc, const char *format, ...)
{
    if (!err || err->rc != 0)
        return rc;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    err->rc = rc;
    return rc;
}

int err_prefix(struct err *err, const char *format, ...)
{
    if (!err || err->rc == 0)
        return err ? err->rc : 0;
    char tail[sizeof(err->text)];
    memcpy(tail, err->text, sizeof(tail));
    va_list args;
    va_start(args, format);
    int used = vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof(err->text))
        snprintf(err->text + used, sizeof(err->text) - (size_t)used, "%s", tail);
    return err->rc;
}
