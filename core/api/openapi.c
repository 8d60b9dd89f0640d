/* openapi - the API described for programs. */
#include "api/openapi.h"

#include "api/operation.h"
#include "base/jsontext.h"

#include <string.h>

/* --- parameters --- */

static void type_write(const struct parameter *parameter, struct buffer *out)
{
    static const char *const types[] = {
        "",
        "{\"type\":\"string\"",
        "{\"type\":\"integer\",\"minimum\":0",
        "{\"type\":\"boolean\"",
        "{\"type\":\"array\",\"items\":{\"type\":\"string\"}",
        "{\"type\":\"object\",\"additionalProperties\":{\"type\":[\"string\",\"number\",\"boolean\"]}"};
    buffer_text(out, types[parameter->type]);
    for (const char *at = parameter->choices; at && *at; at += strcspn(at, "|"), at += *at == '|') {
        buffer_text(out, at == parameter->choices ? ",\"enum\":[" : ",");
        json_string(out, at, strcspn(at, "|"));
    }
    buffer_text(out, parameter->choices ? "]}" : "}");
}

static void parameter_write(const struct parameter *parameter, struct buffer *out)
{
    buffer_byte(out, '{');
    json_member_text(out, "name", parameter->name);
    json_member_text(out, "in", parameter->place == IN_PATH ? "path" : "query");
    json_name(out, "required");
    buffer_text(out, parameter->required ? "true" : "false");
    json_member_text(out, "description", parameter->doc);
    json_name(out, "schema");
    type_write(parameter, out);
    buffer_byte(out, '}');
}

static void parameters_write(const struct operation *operation, struct buffer *out)
{
    const struct parameter *parameter;
    const char *before = "";
    json_name(out, "parameters");
    buffer_byte(out, '[');
    for (size_t n = 0; (parameter = operation_nth(operation, n)); n++)
        if (parameter->place != IN_BODY) {
            buffer_text(out, before);
            parameter_write(parameter, out);
            before = ",";
        }
    if (strcmp(operation->method, "POST") == 0)
        buffer_format(out, "%s{\"$ref\":\"#/components/parameters/IdempotencyKey\"}", before);
    buffer_byte(out, ']');
}

/* --- the body --- */

static void body_members(const struct operation *operation, struct buffer *out)
{
    const struct parameter *parameter;
    buffer_text(out, "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
    for (size_t n = 0; (parameter = operation_nth(operation, n)); n++)
        if (parameter->place == IN_BODY) {
            json_name(out, parameter->name);
            type_write(parameter, out);
            out->len -= out->rc == 0; /* the description belongs in it */
            json_member_text(out, "description", parameter->doc);
            buffer_byte(out, '}');
        }
    buffer_byte(out, '}');
    const char *before = ",\"required\":[";
    for (size_t n = 0; (parameter = operation_nth(operation, n)); n++)
        if (parameter->place == IN_BODY && parameter->required) {
            buffer_text(out, before);
            json_text(out, parameter->name);
            before = ",";
        }
    buffer_text(out, *before == ',' && before[1] == '\0' ? "]}" : "}");
}

static void body_write(const struct operation *operation, struct buffer *out)
{
    if (strcmp(operation->method, "POST") != 0)
        return;
    json_name(out, "requestBody");
    buffer_text(out, "{\"required\":false,\"content\":{\"application/json\":{\"schema\":");
    body_members(operation, out);
    buffer_format(out, ",\"example\":%s}}}", operation->example);
}

/* --- answers --- */

static void reply_schema(const struct operation *operation, struct buffer *out)
{
    const char *schema = operation->schema;
    if (operation->shape == SHAPE_ITEMS)
        buffer_format(out,
                      "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":{\"type\":\"array\","
                      "\"items\":{\"$ref\":\"#/components/schemas/%s\"}}%s}}",
                      schema, operation->pages ? ",\"next\":{\"type\":\"string\"}" : "");
    else if (operation->shape == SHAPE_ACT)
        buffer_format(out,
                      "{\"allOf\":[{\"$ref\":\"#/components/schemas/Act\"},{\"properties\":{\"results\":{\"items\":"
                      "{\"$ref\":\"#/components/schemas/%s\"}}}}]}",
                      schema);
    else
        buffer_format(out, "{\"$ref\":\"#/components/schemas/%s\"}", schema);
}

static void answers_write(const struct operation *operation, struct buffer *out)
{
    bool stream = operation->shape == SHAPE_STREAM;
    json_name(out, "responses");
    buffer_format(out, "{\"200\":{\"description\":\"%s\",\"content\":{\"%s\":{\"schema\":",
                  operation->shape == SHAPE_ACT ? "It was done, or tried: `status` says how." : "As asked.",
                  stream ? "text/event-stream" : "application/json");
    reply_schema(operation, out);
    buffer_text(out, "}}}");
    if (operation->shape == SHAPE_ACT)
        buffer_text(out, ",\"202\":{\"description\":\"It goes on: ask again where Location says.\",\"content\":"
                         "{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Act\"}}}}");
    if (operation->read && !stream && operation->shape != SHAPE_ACT)
        buffer_text(out, ",\"304\":{\"description\":\"It is what If-None-Match names.\"}");
    buffer_text(out, ",\"default\":{\"$ref\":\"#/components/responses/Problem\"}}");
}

/* --- operations --- */

static void operation_write(const struct operation *operation, struct buffer *out)
{
    char method[8];
    size_t len = 0;
    for (; operation->method[len]; len++)
        method[len] = (char)(operation->method[len] | 0x20);
    method[len] = '\0';
    json_name(out, method);
    buffer_byte(out, '{');
    json_member_text(out, "operationId", operation->id);
    json_member_text(out, "summary", operation->doc);
    json_name(out, "tags");
    buffer_byte(out, '[');
    json_text(out, operation->tag);
    buffer_byte(out, ']');
    json_member_text(out, "x-role", role_name(operation->role));
    if (operation->verb)
        json_member_text(out, "x-muster", operation->verb);
    parameters_write(operation, out);
    body_write(operation, out);
    answers_write(operation, out);
    buffer_byte(out, '}');
}

static bool path_was_before(const struct operation *operation)
{
    for (const struct operation *before = operations; before < operation; before++)
        if (strcmp(before->path, operation->path) == 0)
            return true;
    return false;
}

static void paths_write(struct buffer *out)
{
    json_name(out, "paths");
    buffer_byte(out, '{');
    for (const struct operation *operation = operations; operation->id; operation++) {
        if (path_was_before(operation))
            continue;
        json_name(out, operation->path);
        buffer_byte(out, '{');
        for (const struct operation *same = operation; same->id; same++)
            if (strcmp(same->path, operation->path) == 0)
                operation_write(same, out);
        buffer_byte(out, '}');
    }
    buffer_byte(out, '}');
}

void openapi_write(struct buffer *out)
{
    buffer_text(out, "{\"openapi\":\"3.1.0\",\"info\":{");
    json_member_text(out, "title", "muster");
    json_member_text(out, "version", PACKAGE_VERSION);
    json_member_text(out, "summary", "One employee record per person per organization.");
    json_member_text(out, "description", "Everything that the command muster does, for programs: see musterd-api(7).");
    buffer_text(out, "},\"security\":[{\"token\":[]}]");
    paths_write(out);
    buffer_text(out,
                ",\"components\":{\"securitySchemes\":{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\","
                "\"description\":\"Made by `muster token create`.\"}},\"parameters\":{\"IdempotencyKey\":{"
                "\"name\":\"Idempotency-Key\",\"in\":\"header\",\"required\":false,\"description\":\"The same key "
                "with the same request is answered as before for a day, and nothing is done twice.\",\"schema\":"
                "{\"type\":\"string\",\"minLength\":1,\"maxLength\":200}}},\"responses\":{\"Problem\":{"
                "\"description\":\"What is wrong, where, and a way out.\",\"content\":{\"application/problem+json\":"
                "{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}}");
    schemas_write(out);
    buffer_text(out, "}}\n");
}
