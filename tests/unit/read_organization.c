/* read_organization - reads an organization's file in a test. */
#include "read_organization.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct reading *read_from(const char *folder, const char *id, const char *const *installed)
{
    struct reading *reading = calloc(1, sizeof(*reading));
    const struct settings settings = {.config_dir = folder};
    assert_non_null(reading);
    reading->arena = arena_new();
    assert_non_null(reading->arena);
    reading->complaints = (struct complaints){.arena = reading->arena};
    reading->rc = organization_read(&settings, id, test_describe, test_installed, (void *)installed,
                                    &reading->complaints, &reading->organization);
    complaints_write(&reading->complaints, &reading->said);
    return reading;
}

void done(struct reading *reading)
{
    organization_free(reading->organization);
    buffer_done(&reading->said);
    arena_free(reading->arena);
    free(reading);
}

/* ---- a file made for one test ---- */

char dir[] = "/tmp/test_organization_XXXXXX";

int make_dir(void **state)
{
    (void)state;
    char path[100];
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/organizations", dir);
    return mkdir(path, 0700);
}

int remove_dir(void **state)
{
    (void)state;
    char path[100];
    snprintf(path, sizeof(path), "%s/organizations/a.yaml", dir);
    unlink(path);
    snprintf(path, sizeof(path), "%s/organizations", dir);
    return rmdir(path) | rmdir(dir);
}

struct reading *read_text(const char *text)
{
    char path[100];
    snprintf(path, sizeof(path), "%s/organizations/a.yaml", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return read_from(dir, "a", test_all_connectors);
}

void expect_said(const char *text, const char *said)
{
    struct reading *reading = read_text(text);
    assert_string_equal(reading->said.data ? reading->said.data : "", said);
    assert_int_equal(reading->rc, said[0] ? ERR_CONFIG : 0);
    assert_true(said[0] ? !reading->organization : reading->organization != NULL);
    done(reading);
}

struct reading *good(const char *text)
{
    struct reading *reading = read_text(text);
    assert_string_equal(reading->said.data ? reading->said.data : "", "");
    assert_int_equal(reading->rc, 0);
    return reading;
}
