/* tally [FILE]: the words of FILE, or of standard input, with how often each occurs. */
#include <stdio.h>
#include <string.h>

#include <tally.h>

int main(int argc, char **argv)
{
    char line[4096];
    FILE *stream = stdin;
    tally *words;

    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        printf("tally %s\n", tally_version());
        return 0;
    }
    if (argc > 1 && !(stream = fopen(argv[1], "r"))) {
        perror(argv[1]);
        return 2;
    }
    words = tally_new(tally_stopwords());
    while (words && fgets(line, sizeof line, stream))
        if (tally_add(words, line) < 0)
            return 1;
    for (size_t i = 0; words && i < tally_size(words); i++)
        printf("%7zu %s\n", tally_count(words, i), tally_word(words, i));
    tally_free(words);
    return 0;
}
