/* curl - libcurl, loaded when a command first needs it. */
#include "broker/curl.h"

#include <dlfcn.h>
#include <pthread.h>

#define LIBRARY "libcurl.so.4"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct curl calls;
static struct err failure;

/* POSIX lets a data pointer from dlsym() be a function's; ISO C has no cast for that. */
static void *find(void *library, const char *name)
{
    void *found = dlsym(library, name);
    if (!found)
        err_set(&failure, ERR_UNSUPPORTED, "%s is too old: it has no %s", LIBRARY, name);
    return found;
}

static void load(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *why = dlerror();
        err_set(&failure, ERR_UNSUPPORTED, "%s cannot be loaded, install libcurl4: %s", LIBRARY, why ? why : "");
        return;
    }
#define CURL_CALL(name) *(void **)&calls.name = find(library, "curl_" #name);
    CURL_CALLS(CURL_CALL)
#undef CURL_CALL
    __typeof__(curl_global_init) *global_init;
    *(void **)&global_init = find(library, "curl_global_init");
    if (failure.rc == 0 && global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        err_set(&failure, ERR_UNSUPPORTED, "%s cannot be started", LIBRARY);
}

int curl_load(const struct curl **ret_curl, struct err *err)
{
    pthread_once(&once, load);
    if (failure.rc != 0)
        return err_set(err, failure.rc, "%s", failure.text);
    *ret_curl = &calls;
    return 0;
}
