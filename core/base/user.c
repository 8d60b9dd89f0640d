/* user - whose the files are that we write. */
#include "base/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

int user_become(const char *path, struct err *err)
{
    struct stat owned;
    struct passwd account, *found = NULL;
    char room[4096];
    if (geteuid() != 0 || stat(path, &owned) != 0 || owned.st_uid == 0)
        return 0;
    if (getpwuid_r(owned.st_uid, &account, room, sizeof(room), &found) != 0 || !found)
        return err_set(err, ERR_PERMISSION,
                       "%s belongs to user %u, which this machine does not know, and what root wrote there that user "
                       "could not read: give it to the user that muster runs as, with chown -R",
                       path, (unsigned)owned.st_uid);
    /* A process whose user changed hides from itself what it hands to its children. */
    if (initgroups(found->pw_name, found->pw_gid) != 0 || setgid(found->pw_gid) != 0 || setuid(found->pw_uid) != 0 ||
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
        return err_set(err, -errno, "%s belongs to %s, and root cannot become that user: %s", path, found->pw_name,
                       err_text(-errno));
    return 1;
}
