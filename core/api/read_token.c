/* read_token - the API's answer to who asks: what their own token lets them do. */
#include "api/visitor.h"
#include "base/date.h"
#include "base/jsontext.h"

/* As api.c lets in who does it. */
static bool lets(const struct badge *badge, const struct operation *operation)
{
    bool acts = operation->shape == SHAPE_ACT && operation->verb;
    return acts && badge->role >= operation->role && (!operation->sealed || badge->protected);
}

bool read_token(struct visitor *visitor)
{
    struct buffer *out = &visitor->request->reply.body;
    const struct badge *badge = visitor->badge;
    const char *before = "";
    char expires[25];
    instant_write(badge->expires_ms, expires);
    buffer_byte(out, '{');
    json_member_text(out, "name", badge->name);
    json_member_text(out, "role", role_name(badge->role));
    json_name(out, "protected");
    buffer_text(out, badge->protected ? "true" : "false");
    json_member_text(out, "expires", badge->expires_ms ? expires : NULL);
    json_name(out, "may");
    buffer_byte(out, '[');
    for (const struct operation *operation = operations; operation->id; operation++)
        if (lets(badge, operation)) {
            buffer_text(out, before);
            json_text(out, operation->id);
            before = ",";
        }
    buffer_text(out, "]}\n");
    visitor_answers(visitor);
    return true;
}
