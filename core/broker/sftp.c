/* sftp - files on SFTP servers: not reached by this version yet. */
#include "broker/sftp.h"

static int not_yet(struct err *err)
{
    return err_set(err, ERR_UNSUPPORTED, "sftp:// places cannot be reached by this version yet: name a local folder");
}

int sftp_new(const struct connection *connection, const struct place *place, const struct patience *patience,
             struct sftp **ret_sftp, struct err *err)
{
    (void)connection, (void)place, (void)patience, (void)ret_sftp;
    return not_yet(err);
}

void sftp_free(struct sftp *sftp)
{
    (void)sftp;
}

bool sftp_serves(const struct sftp *sftp, const struct place *place)
{
    (void)sftp, (void)place;
    return false;
}

int sftp_check(struct sftp *sftp, const struct place *place, struct err *err)
{
    (void)sftp, (void)place;
    return not_yet(err);
}

int sftp_list(struct sftp *sftp, const struct place *place, struct listing *listing, struct err *err)
{
    (void)sftp, (void)place, (void)listing;
    return not_yet(err);
}

int sftp_fetch(struct sftp *sftp, const struct place *place, const char *scratch_dir, int *ret_fd,
               uint8_t ret_sha256[32], uint64_t *ret_size, struct err *err)
{
    (void)sftp, (void)place, (void)scratch_dir, (void)ret_fd, (void)ret_sha256, (void)ret_size;
    return not_yet(err);
}

int sftp_store(struct sftp *sftp, const struct place *place, int from, struct err *err)
{
    (void)sftp, (void)place, (void)from;
    return not_yet(err);
}

int sftp_archive(struct sftp *sftp, const struct place *place, const char *folder, struct err *err)
{
    (void)sftp, (void)place, (void)folder;
    return not_yet(err);
}

int sftp_remove(struct sftp *sftp, const struct place *place, struct err *err)
{
    (void)sftp, (void)place;
    return not_yet(err);
}
