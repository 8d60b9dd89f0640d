/* main - the program `muster`: reads the command line, hands over to the verb, says what became of standard output. */
#include "base/log.h"
#include "base/mem.h"
#include "cli/context.h"
#include "cli/help.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool want_colors(const char *said)
{
    if (said && strcmp(said, "auto") != 0)
        return strcmp(said, "always") == 0;
    const char *term = getenv("TERM"), *no = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

static void context_done(struct context *context)
{
    connectors_free(context->connectors);
    settings_free(context->settings);
    arena_free(context->arena);
    free(context->arguments.words);
}

/* What was printed must have arrived: a full disk behind a `>` is a failure. */
static int flushed(int status)
{
    if (screen_rc() != 0 && status != STATUS_FAILED)
        status = complain_rc(screen_rc(), NULL);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (errno != EPIPE)
        fprintf(stderr, "muster: standard output cannot be written: %s\n", strerror(errno));
    return status ? status : STATUS_FAILED;
}

int main(int argc, char **argv)
{
    __attribute__((cleanup(context_done))) struct context context = {.screen.out = stdout};
    struct err err = {0};
    const char **words = mem_new((size_t)argc + 1, sizeof(*words));
    context.arena = arena_new();
    complain_to_caller();
    if (!words || !context.arena) {
        free(words);
        fputs("muster: out of memory\n", stderr);
        return STATUS_FAILED;
    }
    int rc = arguments_read(argc, argv, words, &context.arguments, &err);
    if (rc != 0) {
        complain_rc(rc, &err);
        if (context.arguments.command)
            fprintf(stderr, "See `muster help %s`.\n", context.arguments.command->name);
        return STATUS_WORDS;
    }
    context.json = GIVEN(&context, json);
    context.quiet = GIVEN(&context, quiet);
    context.screen.columns = screen_columns();
    context.screen.colors = want_colors(VALUE(&context, color));
    if (context.arguments.verbose > 0)
        log_level(context.arguments.verbose > 1 ? LOG_DEBUG : LOG_INFO);
    if (getenv(LOG_VARIABLE))
        log_form(getenv(LOG_VARIABLE));
    if (GIVEN(&context, help)) {
        help_command(&context.screen, context.arguments.command);
        return flushed(STATUS_DONE);
    }
    return flushed(context.arguments.command->run(&context));
}
