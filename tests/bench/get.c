/* get - a bare libcurl loop: gets addresses one after the other over kept connections, and parses what comes as JSON.
 *
 * Run: get HEADER FILE, a file with an address in each line. Prints how many bytes and objects there were. Exit status
 * 0 when every answer was 200 and JSON. */
#include <curl/curl.h>
#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct body {
    char *bytes;
    size_t len, room;
};

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
    struct body *body = context;
    size_t len = size * count;
    if (body->len + len > body->room) {
        size_t room = 2 * (body->len + len);
        char *more = realloc(body->bytes, room);
        if (!more)
            return 0;
        body->bytes = more;
        body->room = room;
    }
    memcpy(body->bytes + body->len, bytes, len);
    body->len += len;
    return len;
}

/* How many objects there are in it. */
static size_t objects(const json_t *json)
{
    size_t count = json_is_object(json), nth;
    const char *name;
    json_t *value;
    if (json_is_array(json))
        json_array_foreach(json, nth, value) count += objects(value);
    else if (json_is_object(json))
        json_object_foreach((json_t *)json, name, value) count += objects(value);
    return count;
}

static int get(CURL *curl, const char *url, struct body *body, size_t *bytes, size_t *count)
{
    long status = 0;
    json_error_t error;
    body->len = 0;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    CURLcode rc = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    json_t *json = rc == CURLE_OK && status == 200 ? json_loadb(body->bytes, body->len, 0, &error) : NULL;
    if (!json)
        fprintf(stderr, "get: %s: %s, status %ld\n", url, curl_easy_strerror(rc), status);
    *bytes += body->len;
    *count += objects(json);
    json_decref(json);
    return json == NULL;
}

int main(int argc, char **argv)
{
    CURL *curl = curl_easy_init();
    FILE *file = argc == 3 ? fopen(argv[2], "re") : NULL;
    struct body body = {0};
    size_t bytes = 0, count = 0;
    char url[2000];
    int failed = !curl || !file;
    struct curl_slist *headers = failed ? NULL : curl_slist_append(NULL, argv[1]);
    if (failed)
        fprintf(stderr, "usage: get HEADER FILE\n");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    while (!failed && fgets(url, sizeof(url), file)) {
        url[strcspn(url, "\n")] = '\0';
        failed = get(curl, url, &body, &bytes, &count);
    }
    printf("%zu %zu\n", bytes, count);
    if (file)
        fclose(file);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    free(body.bytes);
    return failed;
}
