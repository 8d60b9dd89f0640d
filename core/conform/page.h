/* page - the manual page of a connector, made of its tables. */
#ifndef CONFORM_PAGE_H
#define CONFORM_PAGE_H

#include "base/buffer.h"

#include <muster/connector.h>

void page_write(const muster_connector *connector, struct buffer *out);

#endif
