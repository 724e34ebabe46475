#include <assert.h>
#include <string.h>

#include "tally.h"

int main(void)
{
    tally *t = tally_new("stopwords.txt");

    assert(t && tally_add(t, "The cat, the dog; a CAT") == 0);
    assert(tally_size(t) == 2);
    assert(strcmp(tally_word(t, 0), "cat") == 0 && tally_count(t, 0) == 2);
    tally_free(t);
    return 0;
}
