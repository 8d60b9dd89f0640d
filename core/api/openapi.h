/* openapi - the API described for programs: OpenAPI 3.1, written from the table of operations and the model. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include "base/buffer.h"

void openapi_write(struct buffer *out);
/* components/schemas: those of the API, and one of each kind of the model. */
void schemas_write(struct buffer *out);

#endif
