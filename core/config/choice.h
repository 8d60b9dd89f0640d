/* choice - one word of those that an option knows, "one|two".
 *
 * What people write is compared without case; what a connector reads is the word as its table has it. Where two words
 * differ by nothing else (hex, HEX) it has to be written as it stands. */
#ifndef CONFIG_CHOICE_H
#define CONFIG_CHOICE_H

/* Where among the choices the word begins, which is as long as the text; NULL: it is none of them. */
const char *choice_find(const char *choices, const char *text);

#endif
