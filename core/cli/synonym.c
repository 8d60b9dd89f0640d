/* synonym - what people type who know other programs, and the command that does it here. */
#include "cli/synonym.h"

#include <stddef.h>
#include <string.h>

const struct synonym synonyms[] = {
    {"action", "do trigger"},
    {"approve", "allow confirm ok permit yes"},
    {"backup", "dump save snapshot"},
    {"calls", "http requests"},
    {"cancel", "abort kill stop"},
    {"check", "doctor lint test validate verify"},
    {"connectors", "drivers plugins"},
    {"deadletters", "errors failures rejected"},
    {"discard", "ignore skip"},
    {"discover", "columns inspect preview sample schema"},
    {"erase", "anonymize delete forget gdpr purge remove"},
    {"explain", "debug provenance trace why"},
    {"fields", "kinds model"},
    {"help", "commands man usage"},
    {"history", "audit changes journal timeline who"},
    {"inbox", "held issues pending problems tasks todo waiting"},
    {"keep-apart", "separate split"},
    {"link", "combine join merge"},
    {"new", "create init scaffold"},
    {"notify", "alert mail"},
    {"people", "employees find grep list ls search users"},
    {"person", "employee get show user view"},
    {"pin", "fix override set"},
    {"plan", "diff dry-run simulate what-if"},
    {"reject", "deny no refuse"},
    {"resume", "continue unpause"},
    {"retry", "redo repeat"},
    {"revert", "rollback undo"},
    {"runs", "jobs log logs"},
    {"secret", "credential password"},
    {"status", "health info next overview schedule state timetable triggers"},
    {"sync", "fetch import load pull push refresh start update"},
    {0},
};

const char *synonym_find(const char *word)
{
    size_t len = strlen(word);
    for (const struct synonym *synonym = synonyms; synonym->command; synonym++)
        for (const char *at = synonym->words; *at; at += strcspn(at, " "), at += *at == ' ')
            if (strcspn(at, " ") == len && memcmp(at, word, len) == 0)
                return synonym->command;
    return NULL;
}
