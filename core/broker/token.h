/* token - tokens that systems give for a while in exchange for a log-in: fetched when needed, renewed before they
 * expire; and those of people, which somebody keeps for us. */
#ifndef BROKER_TOKEN_H
#define BROKER_TOKEN_H

#include "broker/http_inside.h"

struct token;

void tokens_free(struct token *first);
/* The token that a link of the request's log-in needs. ERR_UNREADY: it is being fetched, and the request waits. */
int token_for(struct request *request, const muster_auth *link, const char **ret_token, struct err *err);
bool token_is_fetched(const struct token *token); /* right now */
/* The request that fetches it is done. */
void token_came(struct token *token, struct request *request);
/* The request that fetches it will never be done. */
void token_forget(struct token *token);
/* Forgets the fetched tokens that the request went out with. False: there was none. */
bool tokens_drop(struct request *request);
/* None of those that were fetched is used again, nor kept. */
void tokens_distrust(struct http *http);
/* That of a person is forgotten, and not kept any longer. */
int token_log_out(struct http *http, const char *subject);
/* Takes the token out of a reply (muster_http.capture) and keeps it for its subject. */
int token_capture(struct request *request, struct err *err);
/* Whatever of them stands in the bytes is overwritten, see scrub.h. */
void tokens_scrub(const struct http *http, char *bytes, size_t len);

#endif
