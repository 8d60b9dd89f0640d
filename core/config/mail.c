/* mail - by what way a message leaves: a mail server, sendmail, or a program. Part of reading.h. */
#include "config/address.h"
#include "config/reading.h"

#include <string.h>

static const char *want_path(struct reading *reading, const struct node *node, const char *what)
{
    const char *path = want_text(reading, node, what);
    if (path && path[0] != '/')
        complain(reading->complaints, node, "%s must be an absolute path", what);
    return path;
}

void mail_read(struct reading *reading, const struct node *node, struct mail_way *ret_way)
{
    static const char *const keys[] = {"smtp", "sendmail", "program", "from", "user", "password", NULL};
    const struct node *mail = want_map(reading, node, "mail");
    struct mail_way way = {0};
    if (!mail)
        return;
    node_unknown_keys(reading->complaints, mail, keys, "mail");
    const struct node *smtp = node_get(mail, "smtp");
    way.smtp = want_text(reading, smtp, "mail: smtp");
    if (way.smtp && strncmp(way.smtp, "smtp://", 7) != 0 && strncmp(way.smtp, "smtps://", 8) != 0)
        complain(reading->complaints, smtp,
                 "mail: smtp must begin with smtp:// or smtps://, as in "
                 "smtps://mail.acme.example");
    if (way.smtp && strchr(way.smtp, '@'))
        complain(reading->complaints, smtp, "mail: smtp names no user: write user and password beside it");
    if (way.smtp && strstr(way.smtp, "://") && !address_port(strstr(way.smtp, "://") + 3))
        complain(reading->complaints, smtp, "mail: smtp has a port that is no number from 1 to 65535");
    way.sendmail = want_path(reading, node_get(mail, "sendmail"), "mail: sendmail");
    way.program = want_path(reading, node_get(mail, "program"), "mail: program");
    if ((way.smtp != NULL) + (way.sendmail != NULL) + (way.program != NULL) > 1)
        complain(reading->complaints, mail, "mail: smtp, sendmail and program: only one of them");
    way.from = want_text(reading, node_get(mail, "from"), "mail: from");
    if (way.from && (!strchr(way.from, '@') || strpbrk(way.from, " <>,;\r\n\t\"")))
        complain(reading->complaints, node_get(mail, "from"), "mail: from is no e-mail address");
    way.user = want_text(reading, node_get(mail, "user"), "mail: user");
    if (node_get(mail, "password"))
        way.password = secretref_read(reading, node_get(mail, "password"), "mail: password");
    if ((way.user != NULL) != (node_get(mail, "password") != NULL))
        complain(reading->complaints, mail, "mail: user and password belong together");
    if (way.user && !way.smtp)
        complain(reading->complaints, mail, "mail: user and password are for smtp");
    *ret_way = way;
}
