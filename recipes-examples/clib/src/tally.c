#include "tally.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef TALLY_PREFIX
#define TALLY_PREFIX "/usr/local"
#endif

#define MAX_WORD 128

struct entry {
    char *word;
    size_t count;
};

struct tally {
    struct entry *entries;
    size_t size, room;
    tally *stop;
};

static struct entry *find(const tally *t, const char *word)
{
    for (size_t i = 0; i < t->size; i++)
        if (strcmp(t->entries[i].word, word) == 0)
            return &t->entries[i];
    return NULL;
}

static int count_word(tally *t, const char *word)
{
    struct entry *found = find(t, word);
    if (t->stop && find(t->stop, word))
        return 0;
    if (!found) {
        if (t->size == t->room) {
            size_t room = t->room ? t->room * 2 : 16;
            struct entry *entries = realloc(t->entries, room * sizeof *entries);
            if (!entries)
                return -1;
            t->entries = entries;
            t->room = room;
        }
        found = &t->entries[t->size];
        found->word = strdup(word);
        found->count = 0;
        if (!found->word)
            return -1;
        t->size++;
    }
    found->count++;
    return 0;
}

tally *tally_new(const char *stopwords)
{
    tally *t = calloc(1, sizeof *t);
    FILE *stream;
    char line[MAX_WORD];

    if (!t || !stopwords)
        return t;
    t->stop = calloc(1, sizeof *t);
    stream = fopen(stopwords, "r");
    while (t->stop && stream && fgets(line, sizeof line, stream))
        tally_add(t->stop, line);
    if (stream)
        fclose(stream);
    return t;
}

void tally_free(tally *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->size; i++)
        free(t->entries[i].word);
    free(t->entries);
    tally_free(t->stop);
    free(t);
}

int tally_add(tally *t, const char *text)
{
    char word[MAX_WORD];
    size_t length = 0;

    for (;; text++) {
        if (isalnum((unsigned char)*text)) {
            if (length < sizeof word - 1)
                word[length++] = (char)tolower((unsigned char)*text);
        } else if (length) {
            word[length] = '\0';
            length = 0;
            if (count_word(t, word) < 0)
                return -1;
        }
        if (!*text)
            return 0;
    }
}

size_t tally_size(const tally *t)
{
    return t->size;
}

const char *tally_word(const tally *t, size_t index)
{
    return t->entries[index].word;
}

size_t tally_count(const tally *t, size_t index)
{
    return t->entries[index].count;
}

const char *tally_version(void)
{
    return TALLY_VERSION;
}

const char *tally_stopwords(void)
{
    return TALLY_PREFIX "/share/tally/stopwords.txt";
}
