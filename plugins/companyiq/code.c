/* code - what the platform's codes mean: whose turn it is. */
#include "companyiq.h"

#include <stdio.h>
#include <string.h>

/* Of a call: nothing of it was done. Of a row: that row was not done. */
static const struct code codes[] = {
    {40001, MUSTER_FAIL, MUSTER_DATA,
     "it cannot read what was sent: compare the field names, date_format, numeric and the paths in the connection's "
     "options with the technical document of your platform"},
    {40101, MUSTER_AUTH, MUSTER_AUTH,
     "option corp_id is not the Account Number that HR sees in System Management > Open Platform"},
    {40102, MUSTER_AUTH, MUSTER_AUTH,
     "the signature is refused: check the Key (option secret) in System Management > Open Platform, then the scheme"},
    {40103, MUSTER_RETRY, MUSTER_RETRY,
     "the clock of this machine and the platform's are too far apart: have this machine's time set right (NTP)"},
    {40104, MUSTER_RETRY, MUSTER_RETRY,
     "the same call came there twice, and the second one was not taken: it is made again"},
    {40301, MUSTER_PERMISSION, MUSTER_PERMISSION,
     "data docking is switched off: HR switches it on in System Management > Open Platform"},
    {41001, MUSTER_DATA, MUSTER_DATA,
     "a field is empty that the platform cannot do without: HR fills it in where the employee's data come from"},
    {41002, MUSTER_UNSUPPORTED, MUSTER_UNSUPPORTED,
     "the platform does not let this field be changed from outside: HR changes it by hand in the back end"},
    {41003, MUSTER_CONFLICT, MUSTER_CONFLICT,
     "there the employee has resigned, and nothing but status and resignation date can change: HR looks in the back "
     "end who of both is right"},
    {41004, MUSTER_GONE, MUSTER_GONE,
     "nobody has that employee ID there any more: HR looks in the back end whether the account was deleted"},
    {42001, MUSTER_CONFIG, MUSTER_CONFIG,
     "the platform has no such module: HR creates it in the back end first, or option modules names another code"},
    {42002, MUSTER_FAIL, MUSTER_DATA, "the file is too large for the platform: lower option file_max"},
    {42003, MUSTER_CONFIG, MUSTER_CONFIG,
     "the platform does not take this kind of file: compare option csv_encoding with its technical document"},
    {42004, MUSTER_CONFIG, MUSTER_DATA,
     "the columns are not those of the module: compare its template in the back end with option modules, columns"},
    {42901, MUSTER_RETRY, MUSTER_RETRY,
     "too many calls for the moment: it is tried again; lower requests_per_second if it goes on"},
    {50000, MUSTER_RETRY, MUSTER_RETRY,
     "the platform has trouble of its own: it is tried again; if it lasts, MicroBenefits' support has to look"},
};
static const struct code unknown = {0, MUSTER_FAIL, MUSTER_DATA,
                                    "nobody knows here what that means: ask MicroBenefits' support"};

const struct code *code_find(int number)
{
    for (size_t n = 0; n < sizeof(codes) / sizeof(codes[0]); n++)
        if (codes[n].number == number)
            return &codes[n];
    return &unknown;
}

void code_why(const struct code *code, const char *number, const char *message, char ret_why[CODE_WHY])
{
    int len = message ? (int)strnlen(message, 200) : 0;
    while (len > 0 && len == 200 && ((unsigned char)message[len] & 0xc0) == 0x80)
        len--; /* no half character */
    snprintf(ret_why, CODE_WHY, "CompanyIQ says %.20s%s%.*s%s: %s", number, len ? " (" : "", len, len ? message : "",
             len ? ")" : "", code->turn);
}
