/* console - the pages, as they lie in page/, put into the program by the assembler. */
#include "console/console.h"

#include <string.h>

#define PAGE(symbol, name)                                                                                             \
    __asm__(".pushsection .rodata\n" #symbol ":\n.incbin \"" PAGES "/" name "\"\n" #symbol "_end:\n.popsection\n");    \
    __attribute__((visibility("hidden"))) extern const char symbol[], symbol##_end[]

PAGE(page_index, "index.html");
PAGE(page_css, "console.css");
PAGE(page_console, "console.js");
PAGE(page_acts, "acts.js");
PAGE(page_api, "api.js");
PAGE(page_dom, "dom.js");
PAGE(page_files, "files.js");
PAGE(page_follow, "follow.js");
PAGE(page_inbox, "inbox.js");
PAGE(page_organization, "organization.js");
PAGE(page_people, "people.js");
PAGE(page_renew, "renew.js");
PAGE(page_runs, "runs.js");
PAGE(page_statements, "statements.js");

#define HTML "text/html; charset=utf-8"
#define CSS "text/css; charset=utf-8"
#define JS "text/javascript; charset=utf-8"

static const struct page {
    const char *name, *type, *bytes, *end;
} pages[] = {
    {"", HTML, page_index, page_index_end},
    {"console.css", CSS, page_css, page_css_end},
    {"console.js", JS, page_console, page_console_end},
    {"acts.js", JS, page_acts, page_acts_end},
    {"api.js", JS, page_api, page_api_end},
    {"dom.js", JS, page_dom, page_dom_end},
    {"files.js", JS, page_files, page_files_end},
    {"follow.js", JS, page_follow, page_follow_end},
    {"inbox.js", JS, page_inbox, page_inbox_end},
    {"organization.js", JS, page_organization, page_organization_end},
    {"people.js", JS, page_people, page_people_end},
    {"renew.js", JS, page_renew, page_renew_end},
    {"runs.js", JS, page_runs, page_runs_end},
    {"statements.js", JS, page_statements, page_statements_end},
};

#define ROOT "/console"

bool console_is(const struct web_request *request)
{
    size_t len = strlen(ROOT);
    return strncmp(request->path, ROOT, len) == 0 && (request->path[len] == '\0' || request->path[len] == '/');
}

static const struct page *page_find(const char *path)
{
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
        if (strcmp(path, pages[i].name) == 0)
            return &pages[i];
    return NULL;
}

/* The pages run what came with them and talk to nobody but us; they stand in no other page, and what somebody is
 * called is never read as markup. */
static void page_write(const struct page *page, struct web_reply *reply)
{
    reply->status = 200;
    reply->type = page->type;
    buffer_add(&reply->body, page->bytes, (size_t)(page->end - page->bytes));
    web_head(reply, "Content-Security-Policy",
             "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
             "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'");
    web_head(reply, "X-Content-Type-Options", "nosniff");
    web_head(reply, "Referrer-Policy", "no-referrer");
}

void console_write(struct web_request *request)
{
    struct web_reply *reply = &request->reply;
    const char *path = request->path + strlen(ROOT);
    const struct page *page = *path == '/' ? page_find(path + 1) : NULL;
    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        web_problem(reply, 405, "This takes GET.");
        reply->allow = "GET, HEAD";
    } else if (*path == '\0') {
        reply->status = 308;
        web_head(reply, "Location", ROOT "/");
    } else if (page) {
        page_write(page, reply);
    } else {
        web_problem(reply, 404, "There is nothing here.");
    }
}
