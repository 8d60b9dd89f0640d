/* curl - libcurl, loaded when a command first needs it.
 *
 * Linked, it and the twenty libraries behind it would cost every start of muster ten milliseconds and more, also where
 * nothing but the store is read. So it is opened by name, once per process, and called through one table:
 *
 *     const struct curl *curl;
 *     int rc = curl_load(&curl, err);
 *     ...
 *     CURL *handle = curl->easy_init();
 *     curl->easy_setopt(handle, CURLOPT_URL, url);
 *
 * curl's type checks of easy_setopt do not work through the table: give numbers as long, sizes as curl_off_t. */
#ifndef BROKER_CURL_H
#define BROKER_CURL_H

#include "base/error.h"

#include <curl/curl.h>

#define CURL_CALLS(X)                                                                                                  \
    X(easy_init)                                                                                                       \
    X(easy_cleanup)                                                                                                    \
    X(easy_reset)                                                                                                      \
    X(easy_setopt)                                                                                                     \
    X(easy_perform)                                                                                                    \
    X(easy_getinfo)                                                                                                    \
    X(easy_strerror)                                                                                                   \
    X(easy_pause)                                                                                                      \
    X(easy_escape)                                                                                                     \
    X(getdate)                                                                                                         \
    X(mime_init)                                                                                                       \
    X(mime_addpart)                                                                                                    \
    X(mime_name)                                                                                                       \
    X(mime_filename)                                                                                                   \
    X(mime_type)                                                                                                       \
    X(mime_data)                                                                                                       \
    X(mime_data_cb)                                                                                                    \
    X(mime_free)                                                                                                       \
    X(slist_append)                                                                                                    \
    X(slist_free_all)                                                                                                  \
    X(multi_init)                                                                                                      \
    X(multi_cleanup)                                                                                                   \
    X(multi_add_handle)                                                                                                \
    X(multi_remove_handle)                                                                                             \
    X(multi_setopt)                                                                                                    \
    X(multi_perform)                                                                                                   \
    X(multi_poll)                                                                                                      \
    X(multi_wakeup)                                                                                                    \
    X(multi_info_read)                                                                                                 \
    X(multi_strerror)                                                                                                  \
    X(share_init)                                                                                                      \
    X(share_cleanup)                                                                                                   \
    X(share_setopt)                                                                                                    \
    X(url)                                                                                                             \
    X(url_cleanup)                                                                                                     \
    X(url_get)                                                                                                         \
    X(url_set)                                                                                                         \
    X(free)

struct curl {
#define CURL_CALL(name) __typeof__(curl_##name) *name;
    CURL_CALLS(CURL_CALL)
#undef CURL_CALL
};

/* The table, for ever; any thread may ask. Without the library: ERR_UNSUPPORTED and what to install. */
int curl_load(const struct curl **ret_curl, struct err *err);

#endif
