/* tell - what streams the description makes, for whoever checks the organization's file. */
#include "rest.h"

#include <stdlib.h>

/* One that is read for others need not be a stream. */
static bool helps(const struct rest *rest, const struct resource *resource)
{
    bool found = resource == rest->partitions || resource->above || resource->parent;
    for (size_t n = 0; n < rest->resource_count; n++)
        found |= rest->resources[n].parent == resource;
    return found;
}

static muster_rc resource_tell(const struct rest *rest, const struct resource *resource)
{
    const struct write_rules *write = &resource->write;
    bool told = write->create || write->update || write->deactivate || write->remove;
    muster_field *fields = calloc(resource->field_count + 1, sizeof(*fields));
    muster_stream stream = {.name = resource->name, .fields = fields, .gone = MUSTER_BY_ABSENCE};
    if (!fields)
        return rest->host->fail(rest->run, MUSTER_FAIL, "out of memory");
    for (size_t n = 0; n < resource->field_count; n++)
        fields[n] = (muster_field){.name = resource->fields[n].name, .type = value_type(resource->fields[n].kind)};
    if (!helps(rest, resource))
        stream.flags = (resource->path ? MUSTER_READ_FULL : 0u) | (told ? MUSTER_WRITE : 0u);
    if (resource->id_count == 0)
        stream.flags |= MUSTER_KEYLESS;
    if (resource->field_count > 0 && !resource->all)
        stream.flags |= MUSTER_CLOSED;
    muster_rc rc = rest->host->stream(rest->run, &stream);
    free(fields);
    return rc;
}

muster_rc resources_tell(const struct rest *rest)
{
    muster_rc rc = MUSTER_OK;
    for (size_t n = 0; n < rest->resource_count && rc == MUSTER_OK; n++)
        rc = resource_tell(rest, &rest->resources[n]);
    return rc;
}
