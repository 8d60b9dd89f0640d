/* tidy - clean-up attributes: what a block opens, its end closes. */
#ifndef BASE_TIDY_H
#define BASE_TIDY_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* DEFINE_TIDY(struct arena *, arena_free) makes `tidy_arena_free`, used as
 * `__attribute__((cleanup(tidy_arena_free)))` through TIDY(arena_free). */
#define DEFINE_TIDY(type, free_function)                                                                               \
    static inline void tidy_##free_function(type *thing)                                                               \
    {                                                                                                                  \
        if (*thing)                                                                                                    \
            free_function(*thing);                                                                                     \
    }
/* The same for a struct that lives on the stack and has a `_done`. */
#define TIDY(free_function) __attribute__((cleanup(tidy_##free_function)))
#define TIDY_DONE(done_function) __attribute__((cleanup(done_function)))

static inline void tidy_free(void *pointer)
{
    free(*(void **)pointer);
}

static inline void tidy_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void tidy_fclose(FILE **file)
{
    if (*file)
        fclose(*file);
}

/* Hands the pointer over to somebody else: the clean-up then sees NULL. */
#define TAKE(pointer)                                                                                                  \
    ({                                                                                                                 \
        __typeof__(pointer) taken_ = (pointer);                                                                        \
        (pointer) = NULL;                                                                                              \
        taken_;                                                                                                        \
    })

static inline int take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

#endif
