/* elf - what a shared object exports and how it was linked, read from the file without loading it.
 *
 * Only what the dynamic linker itself looks at is read, every offset held
 * against the file's length: the file is not ours. */
#include "conform/elf.h"

#include "base/tidy.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct image {
    const unsigned char *bytes;
    size_t len;
    struct arena *arena;
    const ElfW(Phdr) * heads;
    size_t head_count;
};

static const void *at(const struct image *image, uint64_t offset, uint64_t len)
{
    return offset <= image->len && len <= image->len - offset && offset % 4 == 0 ? image->bytes + offset : NULL;
}

/* Where an address of the loaded object stands in the file; UINT64_MAX: nowhere. */
static uint64_t place_of(const struct image *image, uint64_t address)
{
    for (size_t i = 0; i < image->head_count; i++) {
        const ElfW(Phdr) *head = &image->heads[i];
        if (head->p_type == PT_LOAD && address >= head->p_vaddr && address - head->p_vaddr < head->p_filesz)
            return address - head->p_vaddr + head->p_offset;
    }
    return UINT64_MAX;
}

static const char *name_at(const struct image *image, uint64_t names, uint64_t size, uint64_t offset)
{
    if (names > image->len || offset >= size || size > image->len - names)
        return NULL;
    const char *name = (const char *)image->bytes + names + offset;
    return memchr(name, '\0', size - offset) ? name : NULL;
}

/* What the compiler's own tools put there is not the author's. */
static bool own_tools(const char *name)
{
    static const char *const begins[] = {"__asan_", "__odr_asan", "__ubsan_", "__gcov_", "__llvm_"};
    static const char *const marks[] = {"_init", "_fini", "__bss_start", "_edata", "_end"};
    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
        if (strncmp(name, begins[i], strlen(begins[i])) == 0)
            return true;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (strcmp(name, marks[i]) == 0)
            return true;
    return false;
}

static int symbols_read(const struct image *image, const ElfW(Shdr) * table, const ElfW(Shdr) * names,
                        struct elf *ret_elf)
{
    const ElfW(Sym) *symbols = at(image, table->sh_offset, table->sh_size);
    size_t count = symbols ? table->sh_size / sizeof(*symbols) : 0;
    ret_elf->exports = arena_get(image->arena, (count + 1) * sizeof(*ret_elf->exports));
    if (!ret_elf->exports)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        unsigned bind = ELF64_ST_BIND(symbols[i].st_info), seen = ELF64_ST_VISIBILITY(symbols[i].st_other);
        const char *name = name_at(image, names->sh_offset, names->sh_size, symbols[i].st_name);
        if (symbols[i].st_shndx == SHN_UNDEF || bind == STB_LOCAL || seen == STV_HIDDEN || seen == STV_INTERNAL ||
            !name || own_tools(name))
            continue;
        if (!(ret_elf->exports[ret_elf->export_count++] = arena_text(image->arena, name)))
            return -ENOMEM;
    }
    return 0;
}

static int sections_read(const struct image *image, const ElfW(Ehdr) * head, struct elf *ret_elf)
{
    const ElfW(Shdr) *sections = at(image, head->e_shoff, (uint64_t)head->e_shnum * sizeof(*sections));
    for (size_t i = 0; sections && i < head->e_shnum; i++)
        if (sections[i].sh_type == SHT_DYNSYM && sections[i].sh_link < head->e_shnum)
            return symbols_read(image, &sections[i], &sections[sections[i].sh_link], ret_elf);
    return 0;
}

static void dynamic_read(const struct image *image, const ElfW(Phdr) * head, struct elf *ret_elf)
{
    const ElfW(Dyn) *entries = at(image, head->p_offset, head->p_filesz);
    uint64_t names = UINT64_MAX, size = 0, search = UINT64_MAX;
    for (size_t i = 0; entries && i < head->p_filesz / sizeof(*entries) && entries[i].d_tag != DT_NULL; i++) {
        uint64_t value = entries[i].d_un.d_val;
        switch (entries[i].d_tag) {
        case DT_STRTAB: names = place_of(image, value); break;
        case DT_STRSZ: size = value; break;
        case DT_RPATH:
        case DT_RUNPATH: search = value; break;
        case DT_TEXTREL: ret_elf->text_relocations = true; break;
        case DT_FLAGS: ret_elf->text_relocations |= (value & DF_TEXTREL) != 0; break;
        default: break;
        }
    }
    const char *text = search == UINT64_MAX ? NULL : name_at(image, names, size, search);
    ret_elf->search = text ? arena_text(image->arena, text) : NULL;
}

static int image_read(struct image *image, struct elf *ret_elf, const char *path, struct err *err)
{
    const ElfW(Ehdr) *head = at(image, 0, sizeof(*head));
    if (!head || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || head->e_ident[EI_CLASS] != ELFCLASS64 ||
        head->e_phentsize != sizeof(ElfW(Phdr)))
        return err_set(err, ERR_DATA, "%s is no shared object of this machine", path);
    image->heads = at(image, head->e_phoff, (uint64_t)head->e_phnum * sizeof(*image->heads));
    image->head_count = image->heads ? head->e_phnum : 0;
    for (size_t i = 0; i < image->head_count; i++) {
        if (image->heads[i].p_type == PT_GNU_STACK)
            ret_elf->stack_executable = (image->heads[i].p_flags & PF_X) != 0;
        if (image->heads[i].p_type == PT_DYNAMIC)
            dynamic_read(image, &image->heads[i], ret_elf);
    }
    return sections_read(image, head, ret_elf);
}

int elf_read(const char *path, struct arena *arena, struct elf *ret_elf, struct err *err)
{
    TIDY(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return err_set(err, -errno, "%s cannot be read: %s", path, err_text(-errno));
    struct image image = {.len = (size_t)status.st_size, .arena = arena};
    void *bytes = image.len > 0 ? mmap(NULL, image.len, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    if (bytes == MAP_FAILED)
        return err_set(err, image.len > 0 ? -errno : ERR_DATA, "%s is no shared object of this machine", path);
    image.bytes = bytes;
    *ret_elf = (struct elf){0};
    int rc = image_read(&image, ret_elf, path, err);
    munmap(bytes, image.len);
    return rc;
}
