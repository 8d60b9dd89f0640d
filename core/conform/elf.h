/* elf - what a shared object exports and how it was linked, read from the file without loading it. */
#ifndef CONFORM_ELF_H
#define CONFORM_ELF_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct elf {
    const char **exports; /* names that others can see, in the file's order; sanitizers' own left out */
    size_t export_count;
    bool stack_executable, text_relocations;
    const char *search; /* DT_RPATH or DT_RUNPATH; NULL: none */
};

/* Returns 0, ERR_DATA with a sentence, or a negative errno. Texts are in the arena. */
int elf_read(const char *path, struct arena *arena, struct elf *ret_elf, struct err *err);

#endif
