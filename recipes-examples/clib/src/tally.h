/* libtally: counts words. */
#ifndef TALLY_H
#define TALLY_H

#include <stddef.h>

#define TALLY_VERSION "1.2.0"

typedef struct tally tally;

/* A new, empty tally; NULL when memory is out. Words in `stopwords` (a file, a word a line; NULL for none) are not
 * counted. A file that cannot be read counts as empty. */
tally *tally_new(const char *stopwords);
void tally_free(tally *t);

/* Count the words (letters and digits, lower case) of a text. 0, or -1 when memory is out. */
int tally_add(tally *t, const char *text);

/* The words in the order they came first. */
size_t tally_size(const tally *t);
const char *tally_word(const tally *t, size_t index);
size_t tally_count(const tally *t, size_t index);

const char *tally_version(void);

/* The stop words that were installed with the library. */
const char *tally_stopwords(void);

#endif
