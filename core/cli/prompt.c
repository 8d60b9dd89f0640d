/* prompt - what must not stand on a command line is asked on the terminal, and not shown while it is typed. */
#include "cli/prompt.h"

#include "base/tidy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>

enum { ANSWER_MAX = 4096, CONTROL_C = 3, CONTROL_D = 4, BACKSPACE = 8, CONTROL_U = 21, DELETE = 127 };

static void say(int terminal, const char *text)
{
    (void)!write(terminal, text, strlen(text));
}

/* One line, byte by byte, since the terminal does not edit for us now. Ctrl-C comes as a byte too: so the terminal is
 * always left as it was found. */
static int line_read(int terminal, char *ret_line, size_t *ret_len)
{
    size_t len = 0;
    for (;;) {
        char byte;
        ssize_t got = read(terminal, &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || byte == CONTROL_C || (byte == CONTROL_D && len == 0))
            return ERR_CANCELLED;
        if (byte == '\n' || byte == '\r' || byte == CONTROL_D)
            break;
        if (byte == CONTROL_U)
            len = 0;
        else if (byte == BACKSPACE || byte == DELETE)
            len -= len > 0;
        else if (len == ANSWER_MAX)
            return ERR_LIMIT;
        else
            ret_line[len++] = byte;
    }
    *ret_len = len;
    return 0;
}

int prompt_secret(const char *what, struct secret *ret_secret, struct err *err)
{
    TIDY(close) int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios before;
    if (terminal < 0 || tcgetattr(terminal, &before) != 0)
        return err_set(err, ERR_CONFIG, "'%s' is secret and is asked on the terminal, and there is none here", what);
    struct termios silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
    silent.c_cc[VMIN] = 1;
    silent.c_cc[VTIME] = 0;
    if (tcsetattr(terminal, TCSAFLUSH, &silent) != 0)
        return err_set(err, -errno, "the terminal cannot be made silent: %s", strerror(errno));
    say(terminal, what);
    say(terminal, " (not shown): ");
    char line[ANSWER_MAX];
    size_t len = 0;
    int rc = line_read(terminal, line, &len);
    tcsetattr(terminal, TCSAFLUSH, &before);
    say(terminal, "\n");
    if (rc == 0)
        rc = secret_set(ret_secret, line, len);
    explicit_bzero(line, sizeof(line));
    return rc == ERR_CANCELLED ? err_set(err, rc, "nothing was done")
           : rc == ERR_LIMIT   ? err_set(err, rc, "'%s' may have %d bytes at most", what, ANSWER_MAX)
                               : rc;
}
