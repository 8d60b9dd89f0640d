/* post - a bare libcurl loop: posts files of JSON one after the other over one kept connection, and reads the answers.
 *
 * Run: post URL FILE…. Exit status 0 when every answer was 200. Each file is read before the clock of whoever runs
 * this matters: they are in the page cache. */
#include <curl/curl.h>

#include <stdio.h>
#include <stdlib.h>

static size_t swallow(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes, (void)context;
    return size * count;
}

static char *whole(const char *path, long *ret_len)
{
    FILE *file = fopen(path, "re");
    char *bytes = NULL;
    if (file && fseek(file, 0, SEEK_END) == 0 && (*ret_len = ftell(file)) > 0 && fseek(file, 0, SEEK_SET) == 0 &&
        (bytes = malloc((size_t)*ret_len)) && fread(bytes, 1, (size_t)*ret_len, file) != (size_t)*ret_len) {
        free(bytes);
        bytes = NULL;
    }
    if (file)
        fclose(file);
    return bytes;
}

static int post(CURL *curl, const char *path)
{
    long len = 0, status = 0;
    char *body = whole(path, &len);
    CURLcode rc = CURLE_READ_ERROR;
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, len);
        rc = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    }
    free(body);
    if (rc != CURLE_OK || status != 200)
        fprintf(stderr, "post: %s: %s, status %ld\n", path, curl_easy_strerror(rc), status);
    return rc != CURLE_OK || status != 200;
}

int main(int argc, char **argv)
{
    CURL *curl = curl_easy_init();
    int failed = !curl || argc < 3;
    if (failed) {
        fprintf(stderr, "usage: post URL FILE...\n");
        return 1;
    }
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_setopt(curl, CURLOPT_URL, argv[1]);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow);
    for (int i = 2; i < argc && !failed; i++)
        failed = post(curl, argv[i]);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return failed;
}
