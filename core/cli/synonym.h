/* synonym - what people type who know other programs, and the command that does it here. */
#ifndef CLI_SYNONYM_H
#define CLI_SYNONYM_H

struct synonym {
    const char *command, *words; /* with blanks between */
};

extern const struct synonym synonyms[]; /* ends with a NULL command */

/* The command that a word of everyday means; NULL: none. */
const char *synonym_find(const char *word);

#endif
