/* odd - many connectors in one file: which one it is, its own file name says (the test copies it under each name).
 *
 * First the descriptions that a host must refuse or take, then those that
 * load well and misbehave when they are asked something. */
#include <muster/connector.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char name[100];
static char constructed[2000]; /* what the constructor could and could not do */

static void tried(const char *what, int worked)
{
    size_t len = strlen(constructed);
    snprintf(constructed + len, sizeof(constructed) - len, "%s%s %s", len ? ", " : "", what,
             worked ? "works" : strerrorname_np(errno));
}

static void try_files(void)
{
    int fd = open("/etc/passwd", O_RDONLY);
    tried("passwd", fd >= 0);
    fd = open("/tmp/odd-was-here", O_WRONLY | O_CREAT, 0600);
    tried("tmp", fd >= 0);
    char path[4096];
    snprintf(path, sizeof(path), "%s/note", getenv("TMPDIR"));
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    tried("scratch", fd >= 0);
    tried("unlink", unlink(path) == 0);
    tried("folder", mkdir(path, 0700) == 0);
    fd = open("/usr/lib/os-release", O_RDONLY);
    tried("libraries", fd >= 0);
    fd = open("/proc/self/mem", O_RDWR);
    tried("mem", fd >= 0);
}

static void try_processes(void)
{
    tried("socket", socket(AF_INET, SOCK_STREAM, 0) >= 0);
    tried("unix", socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
    pid_t child = (pid_t)syscall(SYS_fork);
    if (child == 0)
        _exit(0);
    tried("fork", child > 0);
    child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0)
        _exit(0);
    tried("clone", child > 0);
    tried("exec", execl("/usr/bin/true", "true", (char *)NULL) == 0);
    tried("ptrace", ptrace(PTRACE_CONT, 1, NULL, NULL) == 0);
    tried("kill", kill(getppid(), 0) == 0);
    tried("environment", getenv("PATH") != NULL || getenv("HOME") != NULL);
}

static void *in_thread(void *unused)
{
    return unused;
}

__attribute__((constructor)) static void construct(void)
{
    Dl_info info;
    if (!dladdr(constructed, &info))
        abort();
    snprintf(name, sizeof(name), "%s", strrchr(info.dli_fname, '/') + 1);
    name[strcspn(name, ".")] = '\0';
    if (strcmp(name, "prisoner") == 0) {
        errno = 0;
        try_files();
        try_processes();
        pthread_t thread;
        errno = pthread_create(&thread, NULL, in_thread, NULL);
        tried("thread", errno == 0 && pthread_join(thread, NULL) == 0);
    }
    if (strcmp(name, "dies-early") == 0) {
        signal(SIGSEGV, SIG_DFL); /* a sanitizer would catch it */
        raise(SIGSEGV);
    }
    if (strcmp(name, "mute") == 0)
        sleep(1000);
}

static void try_pages(void)
{
    constructed[0] = '\0';
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    tried("mprotect", mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
    tried("mmap", mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static void write_garbage(void)
{
    char garbage[64];
    memset(garbage, 'g', sizeof(garbage));
    (void)!write(3, garbage, sizeof(garbage));
    pause();
}

/* A frame with a right header around bytes of the caller's choice. */
static void write_frame(const void *bytes, uint32_t len)
{
    char frame[1024];
    const uint16_t flags = 0, mark = 0x4d46;
    memcpy(frame, &len, 4);
    memcpy(frame + 4, &flags, 2);
    memcpy(frame + 6, &mark, 2);
    memcpy(frame + 8, bytes, len);
    (void)!write(3, frame, len + 8);
    pause();
}

static void flood(muster_run *run, const char *stream)
{
    static char bytes[60000];
    memset(bytes, 'f', sizeof(bytes) - 1);
    for (;;) {
        muster_record *record = run->host->record(run, stream, "same", NULL);
        run->host->put(record, "bytes", MUSTER_TEXT, bytes);
        run->host->emit(run, record);
    }
}

static muster_rc flood_columns(muster_run *run)
{
    char column[20];
    for (unsigned i = 0;; i++) {
        muster_record *record = run->host->record(run, "wide", "1", NULL);
        snprintf(column, sizeof(column), "c%u", i);
        run->host->put(record, column, MUSTER_TEXT, "1");
        muster_rc rc = run->host->emit(run, record);
        if (rc != MUSTER_OK)
            return run->host->fail(run, rc, "stopped at column %u", i);
    }
}

static muster_rc obeys(muster_run *run)
{
    while (!run->host->cancelled(run))
        usleep(1000);
    return MUSTER_CANCELLED;
}

static muster_rc grab_memory(muster_run *run)
{
    static void *volatile last; /* so that no compiler leaves the pieces out */
    size_t got = 0;
    for (void **piece; got < 4000 && (piece = malloc(1 << 20)) != NULL; got++) {
        memset(piece, 1, 1 << 20);
        *piece = last;
        last = piece;
    }
    return run->host->fail(run, MUSTER_FAIL, "%s", got < 4000 ? "no more memory" : "memory without end");
}

/* As a library of its might. */
static void prints(muster_run *run)
{
    const char *word = run->host->text(run, "word");
    printf("aloud\n");
    fflush(stdout);
    fprintf(stderr, "beside, %s\n", word ? word : "nothing");
    printf("caf\xc3\xa9 \x1b[31m\n");
    fflush(stdout);
}

/* Messages that our own host would never send. */
static void lie(const char *stream)
{
    static const uint32_t unknown[] = {999, 0}, cut[] = {103, 1000},
                          no_stream[] = {103, 16, 7, UINT32_MAX, UINT32_MAX, 0};
    static const uint32_t again[] = {100, 0}, no_result[] = {117, 26, 77, 0, 0, 0, 0, 0, 0};
    if (strcmp(stream, "unknown") == 0)
        write_frame(unknown, sizeof(unknown));
    if (strcmp(stream, "cut") == 0)
        write_frame(cut, sizeof(cut));
    if (strcmp(stream, "no-stream") == 0)
        write_frame(no_stream, sizeof(no_stream));
    if (strcmp(stream, "again") == 0)
        write_frame(again, sizeof(again));
    if (strcmp(stream, "no-result") == 0)
        write_frame(no_result, 34);
}

static muster_rc pull(muster_run *run, void *self, const muster_pull *asked)
{
    (void)self;
    const char *what = asked->stream;
    if (strcmp(what, "crash") == 0) {
        fprintf(stderr, "about to fall\n");
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    }
    if (strcmp(what, "exit") == 0)
        _exit(3);
    if (strcmp(what, "hang") == 0)
        pause();
    if (strcmp(what, "spin") == 0 || strcmp(what, "obeys") == 0)
        run->host->progress(run, 1, 2);
    if (strcmp(what, "spin") == 0)
        for (volatile int i = 0;; i++)
            continue;
    if (strcmp(what, "chatter") == 0)
        for (;; usleep(10000))
            run->host->log(run, MUSTER_DEBUG, "still here");
    if (strcmp(what, "flood") == 0)
        flood(run, what);
    if (strcmp(what, "columns") == 0)
        return flood_columns(run);
    if (strcmp(what, "stderr") == 0)
        for (int i = 0; i < 200000; i++)
            fprintf(stderr, "line %d of many\n", i);
    if (strcmp(what, "prints") == 0)
        prints(run);
    if (strcmp(what, "garbage") == 0)
        write_garbage();
    if (strcmp(what, "close") == 0) {
        shutdown(3, SHUT_RDWR);
        close(3);
        pause();
    }
    if (strcmp(what, "memory") == 0)
        return grab_memory(run);
    if (strcmp(what, "obeys") == 0)
        return obeys(run);
    if (strcmp(what, "pages") == 0)
        try_pages();
    if (strcmp(what, "code") == 0)
        return -99;
    if (strcmp(what, "same") == 0)
        return MUSTER_SAME;
    if (strcmp(what, "careless") == 0) {
        muster_record *record = run->host->record(run, "people", "1", NULL);
        run->host->put(record, "name", 99, "Ann");
        run->host->emit(run, record);
        return run->host->complete(run, 1);
    }
    if (strcmp(what, "claims") == 0)
        return run->host->complete(run, 1), run->host->complete(run, 1);
    lie(what);
    return run->host->fail(run, MUSTER_FAIL, "%s", constructed);
}

/* Tables of another maker: longer entries than this host knows, and such as do not fit. */
struct long_option {
    muster_option known;
    uint64_t more;
};
static const struct long_option long_options[] = {
    {{"first", NULL, NULL, NULL, MUSTER_TEXT, 0, 0, 0, NULL, NULL, NULL}, 1},
    {{"second", NULL, NULL, NULL, MUSTER_TEXT, 0, 0, 0, NULL, NULL, NULL}, 2},
    {{NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL}, 0}};
/* As entries were in 1.4: without serves and needed. */
struct old_option {
    const char *name, *initial, *doc, *choices;
    int32_t type;
    uint32_t flags;
    int64_t min, max;
    const struct muster_option *members;
};
static const struct old_option old_options[] = {{"first", NULL, NULL, NULL, MUSTER_TEXT, 0, 0, 0, NULL},
                                                {"second", NULL, NULL, NULL, MUSTER_TEXT, 0, 0, 0, NULL},
                                                {NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL}};
static const muster_option doubled[] = {{"a", NULL, NULL, NULL, MUSTER_TEXT, 0, 0, 0, NULL, NULL, NULL},
                                        {"a", NULL, NULL, NULL, MUSTER_TEXT, 0, 0, 0, NULL, NULL, NULL},
                                        {NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL}};
static const muster_option nameless[] = {{"", NULL, NULL, NULL, MUSTER_TEXT, 0, 0, 0, NULL, NULL, NULL},
                                         {NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL}};
static const muster_option words[] = {{"word", NULL, NULL, NULL, MUSTER_TEXT, MUSTER_SECRET, 0, 0, NULL, NULL, NULL},
                                      {NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL}};
static struct {
    muster_connector known;
    uint64_t more;
} odd;

static int is(const char *wanted)
{
    return strcmp(name, wanted) == 0;
}

__attribute__((visibility("default"))) const muster_connector *muster_connector_entry(void);
const muster_connector *muster_connector_entry(void)
{
    odd.known = (muster_connector){
        .magic = is("wrong-magic") ? 0x12345678 : MUSTER_MAGIC,
        .size = is("short")  ? sizeof(odd.known) - 8
                : is("long") ? sizeof(odd)
                : is("tiny") ? 8
                             : sizeof(odd.known),
        .abi_major = is("major-old")   ? MUSTER_ABI_MAJOR - 1
                     : is("major-new") ? MUSTER_ABI_MAJOR + 1
                                       : MUSTER_ABI_MAJOR,
        .abi_minor = is("minor-newer") || is("minor-needed") ? MUSTER_ABI_MINOR + 1 : MUSTER_ABI_MINOR,
        .needs_minor = is("minor-needed") ? MUSTER_ABI_MINOR + 1 : 0,
        .option_size = is("long-options")    ? sizeof(struct long_option)
                       : is("old-options")   ? sizeof(struct old_option)
                       : is("short-options") ? sizeof(struct old_option) - 8
                                             : sizeof(muster_option),
        .field_size = sizeof(muster_field),
        .stream_size = is("wrong-stride") ? sizeof(muster_stream) - 8 : sizeof(muster_stream),
        .verb_size = sizeof(muster_verb),
        .route_size = is("crooked-stride") ? sizeof(muster_route) + 3 : sizeof(muster_route),
        .name = is("no-name")      ? NULL
                : is("other-name") ? "somebody"
                                   : name,
        .version = is("no-version") ? NULL : "1",
        .summary = "Odd",
        .options = is("long-options")      ? &long_options[0].known
                   : is("old-options")     ? (const muster_option *)(const void *)old_options
                   : is("doubled-option")  ? doubled
                   : is("nameless-option") ? nameless
                   : is("talker")          ? words
                                           : NULL,
        .needs = is("talker") ? MUSTER_NEEDS_SECRETS : 0,
        .pull = is("nothing") ? NULL : pull,
    };
    return is("null") ? NULL : &odd.known;
}
