/* letters - what musterd keeps of what others send, done by hand: for a test that cuts the power while it does. */
#ifndef TESTS_LETTERS_H
#define TESTS_LETTERS_H

/* Keeps events numbered first … last in the inbox of `folder`, some in a commit, and settles its log now and then. When
 * it knows that one is kept it makes the folder SAID/NUMBER. Returns 0 or 1. */
int letters_keep(const char *folder, const char *said, unsigned first, unsigned last);
/* Prints the numbers of those that are there, in their order, a line for each. Returns 0 or 1. */
int letters_read(const char *folder);

#endif
