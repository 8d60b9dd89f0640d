/* home - the configuration folder that an organization's folder belongs to.
 *
 * A copy of a configuration, made to try something, has the state folder of the first in its muster.yaml; what runs
 * with it would change what is held to be true by the rules of another file. So the first run notes its folder, in
 * STATE/organizations/ORG/configuration, and one with another is refused while the first has its file still. Links are
 * followed, so that /etc/muster may point at one edition after the other. */
#include "engine/home.h"

#include "base/buffer.h"
#include "base/descriptor.h"
#include "base/mem.h"
#include "base/tidy.h"
#include "config/organization.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *file_in(const char *folder, const char *id)
{
    return mem_format("%s/organizations/%s.yaml", folder, id);
}

/* Whether that folder has a file of the organization that is not ours. Where nobody lets us look it may have. */
static int has_another(const char *noted, const struct settings *settings, const char *id, bool *ret_another)
{
    char *theirs __attribute__((cleanup(tidy_free))) = file_in(noted, id);
    char *ours __attribute__((cleanup(tidy_free))) = file_in(settings->config_dir, id);
    struct stat their, our;
    if (!theirs || !ours)
        return -ENOMEM;
    if (stat(theirs, &their) != 0)
        *ret_another = errno != ENOENT && errno != ENOTDIR;
    else
        *ret_another = stat(ours, &our) != 0 || their.st_dev != our.st_dev || their.st_ino != our.st_ino;
    return 0;
}

static int note(const char *path, const char *folder)
{
    int fd __attribute__((cleanup(tidy_close))) = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    int rc = fd < 0 ? -errno : descriptor_write(fd, folder, strlen(folder));
    return rc ? rc : descriptor_write(fd, "\n", 1);
}

/* Whose it is, as it is noted: empty where nobody is. */
static int noted_read(const char *path, struct buffer *noted, struct err *err)
{
    int rc = descriptor_read_file(path, noted);
    if (rc != 0 && rc != -ENOENT)
        return err_set(err, rc, "%s cannot be read: %s", path, err_text(rc));
    if (noted->len > 0)
        noted->data[strcspn(noted->data, "\n")] = '\0';
    return 0;
}

/* *ret_ours: it is noted so already. */
static int look(const struct settings *settings, const char *id, const char *dir, const char *path, bool *ret_ours,
                struct err *err)
{
    TIDY_DONE(buffer_done) struct buffer noted = {0};
    const char *here = settings->config_dir;
    bool another = false;
    int rc = noted_read(path, &noted, err);
    *ret_ours = rc == 0 && noted.len > 0 && strcmp(noted.data, here) == 0;
    if (rc == 0 && noted.len > 0 && !*ret_ours)
        rc = has_another(noted.data, settings, id, &another);
    if (rc != 0 || !another)
        return rc;
    return err_set(err, ERR_CONFIG,
                   "%s belongs to the organization '%s' of %s, and this is the one of %s: both in one folder would "
                   "be mixed. Give this one a state folder of its own (state: in %s/muster.yaml, or --state DIR). "
                   "Where it takes the place of the other, move %s/organizations/%s.yaml away, or remove %s",
                   dir, id, noted.data, here, here, noted.data, id, path);
}

int home_look(const struct settings *settings, const char *id, struct err *err)
{
    char *dir __attribute__((cleanup(tidy_free))) = mem_format("%s/organizations/%s", settings->state, id);
    char *path __attribute__((cleanup(tidy_free))) = dir ? mem_format("%s/configuration", dir) : NULL;
    bool ours;
    return path ? look(settings, id, dir, path, &ours, err) : -ENOMEM;
}

int home_claim(const struct settings *settings, const struct organization *organization, const char *dir,
               struct err *err)
{
    char *path __attribute__((cleanup(tidy_free))) = mem_format("%s/configuration", dir);
    bool ours = false;
    if (!path)
        return -ENOMEM;
    int rc = look(settings, organization->id, dir, path, &ours, err);
    if (rc != 0 || ours)
        return rc;
    rc = note(path, settings->config_dir);
    return rc ? err_set(err, rc, "%s cannot be written: %s", path, err_text(rc)) : 0;
}
