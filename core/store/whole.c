/* whole - LMDB's pages, as they lie in its file (layout 1 of the data file, all of 0.9), read without mapping it. */
#include "store/whole.h"

#include "base/mem.h"
#include "base/tidy.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

enum { PAGE_LEAST = 512, PAGE_MOST = 65536, DEPTH = 64, TRIES = 5 };
enum { IS_BRANCH = 0x01, IS_LEAF = 0x02 };  /* of a page */
enum { IS_OUTSIDE = 0x01, IS_TREE = 0x02 }; /* of a value: it has pages of its own; it is a table */
static const uint32_t MAGIC = 0xBEEFC0DE;
static const uint64_t NO_PAGE = UINT64_MAX;

struct head { /* of a page */
    uint64_t number;
    uint16_t pad, flags;
    uint16_t lower, upper; /* where the places of nodes end; of a value's own pages: how many they are */
};

struct tree {           /* a table */
    uint32_t page_size; /* of the first one in a state; else nothing */
    uint16_t flags, depth;
    uint64_t branches, leaves, outside, entries, root;
};

struct state { /* one of the two first pages, behind its head */
    uint32_t magic, layout;
    uint64_t address, map_size;
    struct tree trees[2]; /* what is free, and all else */
    uint64_t last, txn;
};

struct node {
    uint16_t low, high, flags, key_len;
};

struct look {
    int fd;
    size_t page;    /* bytes of one */
    uint64_t pages; /* that are there whole */
    uint64_t seen;
};

static bool state_read(const struct look *look, size_t nth, struct state *ret_state)
{
    off_t at = (off_t)(nth * look->page + sizeof(struct head));
    return pread(look->fd, ret_state, sizeof(*ret_state), at) == sizeof(*ret_state) && ret_state->magic == MAGIC;
}

/* The newer of the two. */
static bool state_last(struct look *look, struct state *ret_state)
{
    struct state second;
    struct stat stat;
    look->page = 0;
    if (!state_read(look, 0, ret_state))
        return false;
    look->page = ret_state->trees[0].page_size;
    if (look->page < PAGE_LEAST || look->page > PAGE_MOST || !state_read(look, 1, &second))
        return false;
    if (second.txn > ret_state->txn)
        *ret_state = second;
    if (fstat(look->fd, &stat) != 0) /* after that: what a state speaks of was written before it */
        return false;
    look->pages = (uint64_t)stat.st_size / look->page;
    return true;
}

static bool tree_is_there(struct look *look, uint64_t page, unsigned depth);

/* What a node of a page refers to. */
static bool node_is_there(struct look *look, const uint8_t *page, size_t at, bool branch, unsigned depth)
{
    struct node node;
    uint64_t number;
    struct tree tree;
    if (at + sizeof(node) > look->page)
        return false;
    memcpy(&node, page + at, sizeof(node));
    size_t value = at + sizeof(node) + node.key_len;
    if (branch)
        return tree_is_there(look, node.low | (uint64_t)node.high << 16 | (uint64_t)node.flags << 32, depth + 1);
    uint64_t len = node.low | (uint64_t)node.high << 16;
    if (node.flags & IS_OUTSIDE) {
        if (value + sizeof(number) > look->page)
            return false;
        memcpy(&number, page + value, sizeof(number));
        uint64_t count = (len + sizeof(struct head) + look->page - 1) / look->page;
        return number < look->pages && count <= look->pages - number;
    }
    if (!(node.flags & IS_TREE))
        return true;
    if (value + sizeof(tree) > look->page)
        return false;
    memcpy(&tree, page + value, sizeof(tree));
    return tree_is_there(look, tree.root, depth + 1);
}

static bool tree_is_there(struct look *look, uint64_t page, unsigned depth)
{
    if (page == NO_PAGE)
        return true; /* it is empty */
    struct head head;
    uint8_t *read __attribute__((cleanup(tidy_free))) = mem_new(1, look->page);
    if (!read)
        return true; /* nothing was learned */
    if (depth > DEPTH || ++look->seen > look->pages || page >= look->pages ||
        pread(look->fd, read, look->page, (off_t)(page * look->page)) != (ssize_t)look->page)
        return false;
    memcpy(&head, read, sizeof(head));
    if (!(head.flags & (IS_BRANCH | IS_LEAF)) || head.lower > look->page)
        return false;
    for (size_t at = sizeof(head); at + sizeof(uint16_t) <= head.lower; at += sizeof(uint16_t)) {
        uint16_t place;
        memcpy(&place, read + at, sizeof(place));
        if (!node_is_there(look, read, place, head.flags & IS_BRANCH, depth))
            return false;
    }
    return true;
}

bool store_is_cut(const char *folder)
{
    char *path __attribute__((cleanup(tidy_free))) = mem_format("%s/data.mdb", folder);
    int fd __attribute__((cleanup(tidy_close))) = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    struct look look = {.fd = fd};
    struct state state = {0}, after;
    for (int n = 0; n < TRIES; n++) {
        if (fd < 0 || !state_last(&look, &state) || look.pages > state.last)
            return false;
        look.seen = 0;
        if (tree_is_there(&look, state.trees[0].root, 0) && tree_is_there(&look, state.trees[1].root, 0))
            return false;
        if (state_last(&look, &after) && after.txn == state.txn)
            return true; /* else somebody wrote meanwhile, maybe where this has looked */
    }
    return false;
}
