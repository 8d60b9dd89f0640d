/* console - the pages with which people look after organizations in a browser: files that speak to /v1, and nothing
 * more. They hold nothing that is anybody's, so everybody gets them; what a token may see is the API's to say. */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include "web/web.h"

/* Whose path is a page's: /console and what is below it. */
bool console_is(const struct web_request *request);
void console_write(struct web_request *request);

#endif
