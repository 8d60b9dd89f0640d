"""words - what is not written here: banned functions, loose ends, `//`, typedefs outside the sdk, long lines, long
functions, long files."""
import re

import tree

BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|alloca|system|gets)\s*\(")
RAW_MEMORY = re.compile(r"\b(malloc|calloc|realloc|reallocarray|strdup|strndup|asprintf|vasprintf)\s*\(")
EXIT = re.compile(r"\bexit\s*\(")
LOOSE = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
TYPEDEF = re.compile(r"^\s*typedef\b([^;]*);?", re.MULTILINE)
FUNCTION_TYPE = re.compile(r"\(\s*\*?\s*\w+\s*\)\s*\(|\*?\w+\s*\(")  # a type of functions cannot be a struct
MAIN = re.compile(r"^int main\(", re.MULTILINE)

LINE_MAX, FUNCTION_MAX, FILE_REASON, FILE_MAX = 120, 80, 600, 1000
# Files over 600 lines, each with the reason why it is one room.
LONG = {
}
# Where memory is asked for directly: the one place that makes it fail on demand.
ALLOCATORS = {"core/base/mem.c"}
TEXT = ("*.c", "*.h", "*.def", "*.js", "*.css", "*.html", "*.py", "*.inc", "*.md", "*.yaml", "*.sh", "run", "deps",
        "check", "demo")


def check(root):
    for path in tree.files(root, *TEXT):
        yield from text(tree.name(root, path), path.read_text(encoding="utf-8"))
    for path in tree.files(root, "*.c", "*.h"):
        where, whole = tree.name(root, path), path.read_text(encoding="utf-8")
        code = tree.code_only(whole)
        yield from words(where, code)
        yield from functions(where, code)
        yield from comments(where, whole)


def text(where, whole):
    for number, line in enumerate(whole.split("\n"), 1):
        if len(line) > LINE_MAX and where.endswith((".c", ".h", ".py")):
            yield f"{where}:{number}: {len(line)} characters in a line, {LINE_MAX} is the most"
        if LOOSE.search(line):
            yield f"{where}:{number}: a loose end: do it, or leave it out"
        if line != line.rstrip():
            yield f"{where}:{number}: spaces at the end of the line"
    count = whole.count("\n")
    if where.endswith((".c", ".h", ".py")):
        if count > FILE_MAX:
            yield f"{where}:{count}: {count} lines are two files"
        elif count > FILE_REASON and where not in LONG:
            yield f"{where}:{count}: {count} lines need a reason in {where_am_i()}"
    if where in LONG and count <= FILE_REASON:
        yield f"{where}:{count}: has {count} lines now, take it out of the list in {where_am_i()}"


def where_am_i():
    return "tests/lint/words.py"


def words(where, code):
    def found(pattern, sentence):
        for hit in pattern.finditer(code):
            yield f"{where}:{tree.line_of(code, hit.start())}: {sentence.format(hit[1] if hit.lastindex else '')}"

    yield from found(BANNED, "{}() is banned")
    if where.startswith("core/") and where not in ALLOCATORS:
        yield from found(RAW_MEMORY, "{}() in core cannot be made to fail: use base/mem.h")
    if not MAIN.search(code):
        yield from found(EXIT, "exit() below main(): return an error")
    if not where.startswith("sdk/"):
        for hit in TYPEDEF.finditer(code):
            if not FUNCTION_TYPE.search(hit[1]):
                yield f"{where}:{tree.line_of(code, hit.start() + 1)}: typedefs are the sdk's alone: struct x"


def comments(where, whole):
    for hit in tree.HIDDEN.finditer(whole):
        if hit[0].startswith("//"):
            yield f"{where}:{tree.line_of(whole, hit.start())}: a comment is /* */"


def functions(where, code):
    """clang-format puts a function's braces alone into the first column."""
    start = None
    for number, line in enumerate(code.split("\n"), 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start - 1 > FUNCTION_MAX:
                yield f"{where}:{start}: a function of {number - start - 1} lines, {FUNCTION_MAX} is the most"
            start = None


def in_c(body):
    return tree.append("core/base/planted.c", f"int planted(char *a);\nint planted(char *a)\n{{\n    {body}\n}}\n")


PLANTS = [
    in_c("return sprintf(a, a);"),
    in_c('return strcpy(a, "// not a comment") != a;'),
    in_c("return malloc(3) == a;"),
    in_c("exit(3);"),
    in_c("return 0; // so"),
    in_c("return 0; /* TO" "DO */"),
    in_c("return 0;   "),
    in_c("return " + "a[0] + " * 20 + "1;"),
    in_c("a++;\n    " * 81 + "return 0;"),
    tree.append("core/base/planted.h", "typedef struct planted planted;\n"),
    tree.append("core/base/planted.c", "\n" * 601),
    tree.append("core/base/planted.h", "\n" * 1001),
    tree.append("tests/harness/planted.py", "# FIX" "ME\n"),
]

if __name__ == "__main__":
    tree.main(check, PLANTS, alone=True)
