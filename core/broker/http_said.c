/* http_said - what people are told about a call that failed: what happened, whose turn it is, and the way out. */
#include "broker/http_inside.h"

#include "broker/retry.h"
#include "broker/token.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What OpenSSL says of a certificate (X509_V_ERR_…); other libraries are asked by their words. */
enum {
    NOT_YET_VALID = 9,
    EXPIRED = 10,
    SELF_SIGNED = 18,
    SELF_SIGNED_ABOVE = 19,
    ISSUER_UNKNOWN = 20,
    UNVERIFIED = 21
};

void said(struct request *request, muster_rc rc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(request->reply.why, sizeof(request->reply.why), format, args);
    va_end(args);
    request->reply.rc = rc;
    /* Words of others may hold what we told them. */
    keyring_scrub(&request->http->keyring, request->reply.why, strlen(request->reply.why));
    tokens_scrub(request->http, request->reply.why, strlen(request->reply.why));
}

static bool words(const struct request *request, const char *text)
{
    return strcasestr(request->curl_said, text) != NULL;
}

/* Of an attempt that was made; 0 where a cassette answered. */
static long info(const struct request *request, CURLINFO what)
{
    long number = 0;
    if (request->easy)
        request->http->curl->easy_getinfo(request->easy, what, &number);
    return number;
}

static void said_certificate(struct request *request)
{
    const char *host = request->url.host, *own = request->http->ca_file;
    long verdict = info(request, CURLINFO_SSL_VERIFYRESULT);
    if (verdict == EXPIRED || words(request, "has expired"))
        said(request, MUSTER_RETRY,
             "the certificate of %s has expired: who runs it must renew it (and this machine's clock must be right); "
             "nothing was sent",
             host);
    else if (verdict == NOT_YET_VALID || words(request, "not yet valid"))
        said(request, MUSTER_RETRY,
             "the certificate of %s is not valid yet: check this machine's clock, or ask who runs it; nothing was sent",
             host);
    else if (words(request, "subject name") || words(request, "does not match"))
        said(request, MUSTER_CONFIG,
             "the certificate that %s shows is for another host: write the host's right name into the option, or who "
             "runs it must put the right certificate there; nothing was sent",
             host);
    else if (verdict == SELF_SIGNED || verdict == SELF_SIGNED_ABOVE || verdict == ISSUER_UNKNOWN ||
             verdict == UNVERIFIED || own)
        said(request, MUSTER_CONFIG,
             "nobody whom %s trusts vouches for the certificate of %s: if an authority of your own made it, name its "
             "certificate in option 'ca_file'; nothing was sent",
             own && *own ? "option 'ca_file'" : "this machine", host);
    else
        said(request, MUSTER_CONFIG, "the certificate of %s cannot be verified (%s); nothing was sent", host,
             request->curl_said[0] ? request->curl_said : "no reason given");
}

/* The proxy said no, or cannot be reached. True: it was the proxy. */
static bool said_proxy(struct request *request, CURLcode code, bool *ret_passing)
{
    const char *proxy = request->http->proxy;
    if (!proxy || !*proxy || url_loopback(request->url.host))
        return false;
    long connect = info(request, CURLINFO_HTTP_CONNECTCODE);
    if (code == CURLE_COULDNT_RESOLVE_PROXY) {
        said(request, MUSTER_RETRY, "the proxy %s is not known here: check option 'proxy'", proxy);
    } else if (connect == 407) {
        said(request, MUSTER_CONFIG, "the proxy %s wants a log-in (407), which muster has not: let it through there",
             proxy);
    } else if (connect >= 300) {
        said(request, connect >= 500 ? MUSTER_RETRY : MUSTER_CONFIG,
             "the proxy %s does not let us through to %s (%ld): who runs the proxy must allow it", proxy,
             request->url.host, connect);
        *ret_passing = connect >= 500;
    } else if (code == CURLE_COULDNT_CONNECT) {
        said(request, MUSTER_RETRY, "the proxy %s cannot be reached: check option 'proxy', or ask who runs it", proxy);
        *ret_passing = true;
    } else {
        return false;
    }
    return true;
}

static void said_limit(struct request *request)
{
    if (request->in_rc == ERR_LIMIT)
        said(request, MUSTER_DATA, "%s answers with more than %llu MB: that is not taken; ask for less at once",
             request->url.host, (unsigned long long)(HTTP_REPLY_MAX >> 20));
    else
        said(request, MUSTER_FAIL, "the answer of %s cannot be kept: %s", request->url.host,
             request->in_rc ? err_text(request->in_rc) : "no reason given");
}

static void said_cut(struct request *request, CURLcode code, bool *ret_passing)
{
    const char *host = request->url.host;
    bool unsure = request->went_out && !request->repeatable;
    if (code == CURLE_OPERATION_TIMEDOUT)
        said(request, MUSTER_RETRY, "%s did not answer in time%s", host,
             unsure ? "; whether it did what it was asked is not known" : "");
    else
        said(request, MUSTER_RETRY, "the connection to %s was cut off%s", host,
             unsure ? "; whether it did what it was asked is not known" : "");
    *ret_passing = true;
}

/* Whether anything of the call can have reached the system. */
static void look_at_what_went(struct request *request, CURLcode code)
{
    if (info(request, CURLINFO_REQUEST_SIZE) > 0)
        request->went_out = true;
    if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_COULDNT_CONNECT ||
        code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR || code == CURLE_SSL_CACERT_BADFILE)
        request->went_out = false;
}

void said_failure(struct request *request, CURLcode code, bool *ret_passing)
{
    const char *host = request->url.host;
    look_at_what_went(request, code);
    if (said_proxy(request, code, ret_passing))
        return;
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        said(request, MUSTER_RETRY, "no address is known for %s: check the name in the options, and this machine's DNS",
             host); /* whatever is wrong with a name is not mended within seconds */
        break;
    case CURLE_COULDNT_CONNECT:
        said(request, MUSTER_RETRY, "%s port %u cannot be reached: check the address, and whether the service runs",
             host, request->url.port);
        *ret_passing = true;
        break;
    case CURLE_PEER_FAILED_VERIFICATION: said_certificate(request); break;
    case CURLE_SSL_CACERT_BADFILE:
        said(request, MUSTER_CONFIG, "option 'ca_file': %s cannot be read, or holds no certificate in PEM form",
             request->http->ca_file ? request->http->ca_file : "the machine's own list");
        break;
    case CURLE_SSL_CONNECT_ERROR:
        said(request, MUSTER_RETRY, "%s port %u does not speak TLS as we do: check the port (%s)", host,
             request->url.port, request->curl_said[0] ? request->curl_said : "no reason given");
        break;
    case CURLE_WRITE_ERROR: said_limit(request); break;
    case CURLE_ABORTED_BY_CALLBACK:
        said(request, MUSTER_FAIL, "the file that was to be sent to %s changed while it was read", host);
        break;
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
        said(request, MUSTER_DATA, "what %s answers is no HTTP, or packed wrongly (%s)", host, request->curl_said);
        break;
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: said_cut(request, code, ret_passing); break;
    case CURLE_OUT_OF_MEMORY: said(request, MUSTER_FAIL, "%s", err_text(-ENOMEM)); break;
    default:
        said(request, MUSTER_RETRY, "the call to %s failed: %s", host,
             request->curl_said[0] ? request->curl_said : request->http->curl->easy_strerror(code));
    }
}

void said_status(struct request *request)
{
    int status = request->reply.status;
    muster_rc rc = retry_class(status, request->accept);
    TIDY_DONE(buffer_done) struct buffer url = {0};
    request->reply.rc = rc;
    if (rc == MUSTER_OK)
        return;
    url_masked(&request->url, &url);
    const char *where = url.data ? url.data : request->url.host, *option = auth_option(request->auth);
    if (rc == MUSTER_AUTH && option)
        said(request, rc, "%s %s answers 401: the log-in is refused; check option '%s'", request->method, where,
             option);
    else if (rc == MUSTER_AUTH)
        said(request, rc, "%s %s answers 401: it wants a log-in", request->method, where);
    else if (rc == MUSTER_PERMISSION)
        said(request, rc, "%s %s answers 403: the log-in is known there, but lacks the right for this", request->method,
             where);
    else if (status == 429)
        said(request, rc, "%s %s answers 429: too many calls for the moment", request->method, where);
    else if (rc == MUSTER_RETRY)
        said(request, rc, "%s %s answers %d: the system has trouble, which may pass", request->method, where, status);
    else
        said(request, rc, "%s %s answers %d", request->method, where, status);
}
