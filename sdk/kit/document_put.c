/* document_put - a tree into a record: each value by the way to it, as mappings name what is nested. */
#include "muster/document.h"

#include <stdio.h>

enum { NAME_ROOM = 300 }; /* bytes of a way; what is further down is left to the lists that are given whole */

struct putting {
    const muster_host *host;
    muster_record *record;
    const muster_node *but;
    muster_text room;
};

static void put_value(struct putting *putting, const char *name, const muster_node *node)
{
    int32_t type = node->kind == MUSTER_NODE_NUMBER ? MUSTER_DECIMAL
                   : node->kind == MUSTER_NODE_BOOL ? MUSTER_BOOL
                                                    : MUSTER_TEXT;
    const char *text = node->text;
    muster_text_clear(&putting->room);
    if (type == MUSTER_DECIMAL && muster_text_number(&putting->room, text))
        text = putting->room.data;
    else if (type == MUSTER_DECIMAL)
        type = MUSTER_TEXT; /* longer than any number of ours: as it stands */
    putting->host->put(putting->record, name, type, text);
}

static void put_node(struct putting *putting, const char *name, const muster_node *node, unsigned deep)
{
    char inner[NAME_ROOM];
    size_t nth = 0;
    if (node == putting->but)
        return;
    if (node->kind != MUSTER_NODE_OBJECT && node->kind != MUSTER_NODE_LIST) {
        put_value(putting, name, node);
        return;
    }
    if (node->kind == MUSTER_NODE_LIST && *name) {
        muster_text_clear(&putting->room);
        muster_node_json(node, &putting->room);
        if (!putting->room.failed)
            putting->host->put(putting->record, name, MUSTER_JSON, putting->room.data);
    }
    for (const muster_node *one = node->first; one && deep < MUSTER_NODE_PUT_DEPTH; one = one->next, nth++) {
        int wrote = one->name ? snprintf(inner, sizeof(inner), "%s%s%s", name, *name ? "." : "", one->name)
                              : snprintf(inner, sizeof(inner), "%s[%zu]", name, nth);
        if (wrote > 0 && wrote < NAME_ROOM && (one->name ? *one->name != '\0' : nth < MUSTER_NODE_PUT_ITEMS))
            put_node(putting, inner, one, deep + 1);
    }
}

muster_rc muster_node_put(muster_run *run, muster_record *record, const char *name, const muster_node *node,
                          const muster_node *but)
{
    struct putting putting = {.host = run->host, .record = record, .but = but};
    if (node)
        put_node(&putting, name, node, 0);
    int32_t failed = putting.room.failed;
    muster_text_done(&putting.room);
    return failed ? run->host->fail(run, MUSTER_FAIL, "no memory for a record") : MUSTER_OK;
}
