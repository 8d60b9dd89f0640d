/* guess - what a column probably is: from its name and from the shape of what stands in it. */
#include "cli/guess.h"

#include "base/date.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Words of headers as people write them, in the languages of our customers; normalized. The first hit counts. */
static const struct {
    const char *words; /* separated by '|' */
    struct guess guess;
} columns[] = {
    {"employee number|employee no|employee id|personnel number|personnel no|staff number|staff id|emp no|employeeid|"
     "personeelsnummer|medewerkernummer|ansattnr|ansattnummer|工号|员工编号|personeelsnr|personeelsnr.|medewerkernr|"
     "medewerker nr|werknemernummer|werknemersnummer|ansatt nr|medarbeidernummer",
     {KIND_person, "employee_number", GUESS_PLAIN}},
    {"first name|given name|firstname|voornaam|roepnaam|fornavn|名", {KIND_person, "given_name", GUESS_PLAIN}},
    {"middle name|tussenvoegsel|mellomnavn|voorvoegsel|tussenvoegsels|mellemnavn",
     {KIND_person, "middle_name", GUESS_PLAIN}},
    {"surname|last name|family name|lastname|achternaam|etternavn|姓", {KIND_person, "family_name", GUESS_PLAIN}},
    {"name|full name|display name|naam|navn|姓名", {KIND_person, "display_name", GUESS_PLAIN}},
    {"e-mail|email|mail|work e-mail|work email|e-mailadres|epost|邮箱|e-post|e-mail adres|zakelijk e-mailadres|jobb "
     "e-post",
     {KIND_person, "work_email", GUESS_LOWER}},
    {"private e-mail|personal e-mail|private email|personal email|privé e-mail|privat e-post",
     {KIND_person, "personal_email", GUESS_LOWER}},
    {"mobile|mobile phone|cell|cell phone|mobiel|mobil|手机|mobiel "
     "nummer|mobielnummer|mobiltelefon|mobilnummer|mobilnr|mobiele telefoon",
     {KIND_person, "mobile_phone", GUESS_PLAIN}},
    {"phone|telephone|telefoon|telefon|电话|telefoonnummer|telefonnummer|vaste telefoon",
     {KIND_person, "phone", GUESS_PLAIN}},
    {"status|employee status|状态", {KIND_person, "status", GUESS_STATUS}},
    {"start date|hire date|hired on|date of joining|in dienst|datum in dienst|startdato|入职日期|datum "
     "indienst|indiensttreding|datum indiensttreding|ansatt dato|ansettelsesdato|ansatt fra",
     {KIND_person, "hired_on", GUESS_DATE}},
    {"end date|leave date|termination date|uit dienst|datum uit dienst|sluttdato|离职日期|datum "
     "uitdienst|uitdiensttreding|datum uitdiensttreding|sluttet dato|ansatt til",
     {KIND_person, "terminated_on", GUESS_DATE}},
    {"date of birth|birth date|birthdate|birthday|dob|geboortedatum|fødselsdato|出生日期|geb.datum|geb. "
     "datum|født|født dato",
     {KIND_person, "date_of_birth", GUESS_DATE}},
    {"national id|social security number|bsn|fødselsnummer|身份证|burgerservicenummer|fødselsnr|personnummer",
     {KIND_person, "national_id", GUESS_PLAIN}},
    {"city|town|plaats|woonplaats|poststed", {KIND_person, "city", GUESS_PLAIN}},
    {"postal code|zip|zip code|postcode|postnummer", {KIND_person, "postal_code", GUESS_PLAIN}},
    {"country|land", {KIND_person, "country", GUESS_PLAIN}},
    {"address|street|adres|adresse", {KIND_person, "address_line_1", GUESS_PLAIN}},
    {"username|user name|login|gebruikersnaam|brukernavn", {KIND_person, "username", GUESS_PLAIN}},
    {"job title|title|position|functie|stilling|职位|functienaam|functieomschrijving|stillingstittel|yrke",
     {KIND_employment, "title", GUESS_PLAIN}},
    {"dept no|dept|department no|department code|department "
     "number|afdelingscode|avdelingsnr|部门编号|afdelingsnummer|afdelingnr|afd.nr|avdelingsnummer|avd|avd.|avd nr",
     {KIND_employment, "department", GUESS_UNIT_CODE}},
    {"department|department name|afdeling|avdeling|部门|afdelingsnaam|avdelingsnavn",
     {KIND_employment, "department", GUESS_UNIT_NAME}},
    {"manager|manager number|supervisor|leidinggevende|leder|personeelsnummer leidinggevende|leder nr|lederens "
     "ansattnr",
     {KIND_employment, "manager", GUESS_PERSON}},
    {"hours per week|weekly hours|uren per week|contracturen|timer per uke",
     {KIND_employment, "hours_per_week", GUESS_NUMBER}},
    {"fte|fte %|percentage|stillingsprosent|deeltijdpercentage|dienstverband %|stillingsprosent %|stilling %",
     {KIND_employment, "fte_percent", GUESS_NUMBER}},
};

static bool words_have(const char *words, const char *text, size_t len)
{
    for (const char *at = words; *at; at += strcspn(at, "|"), at += *at == '|')
        if (text_same(at, strcspn(at, "|"), text, len))
            return true;
    return false;
}

const struct guess *guess_column(const char *name)
{
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        if (words_have(columns[i].words, name, strlen(name)))
            return &columns[i].guess;
    return NULL;
}

const char *guess_field(enum kind kind, const char *text)
{
    char words[64];
    snprintf(words, sizeof(words), "%s", text);
    for (char *at = words; (at = strchr(at, '_')); at++)
        *at = ' ';
    const struct guess *guess = guess_column(words);
    return guess && guess->kind == kind ? guess->field : NULL;
}

const char *guess_status(const char *text)
{
    static const struct {
        const char *words, *status;
    } statuses[] = {
        {"active|actief|aktiv|in dienst|employed|yes|在职", "active"},
        {"vacation|leave|on leave|parental leave|maternity leave|verlof|permisjon|休假", "on_leave"},
        {"pending|new|hired|nieuw", "pending"},
        {"inactive|inactief|inaktiv|blocked", "inactive"},
        {"left|terminated|leaver|resigned|uit dienst|sluttet|离职", "terminated"},
    };
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (words_have(statuses[i].words, text, strlen(text)))
            return statuses[i].status;
    return NULL;
}

const char *guess_date(const char *text, size_t len)
{
    /* Where several fit the first one counts: day before month, as our customers write. */
    static const char *const patterns[] = {"YYYY-MM-DD", "DD-MM-YYYY", "DD.MM.YYYY", "DD/MM/YYYY",
                                           "YYYY/MM/DD", "YYYYMMDD",   "MM/DD/YYYY", "DD MMM YYYY",
                                           "DD-MM-YY",   "DD.MM.YY",   "DD/MM/YY"};
    struct moment moment;
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
        if (date_parse(patterns[i], text, len, &moment) && moment.date.year >= 1900 && moment.date.year < 2100)
            return patterns[i];
    return NULL;
}

bool guess_decimal_comma(const char *text, size_t len)
{
    const char *comma = memchr(text, ',', len);
    size_t whole = comma ? (size_t)(comma - text) : 0;
    bool good = comma && whole > 0 && whole + 1 < len;
    for (size_t i = 0; i < len; i++)
        good = good && (i == whole || (text[i] >= '0' && text[i] <= '9') || (i == 0 && text[i] == '-'));
    return good;
}

void guess_mask(const char *text, size_t len, struct buffer *out)
{
    enum { SHOWN = 28 };
    bool first = true;
    size_t shown = 0;
    for (size_t at = 0; at < len; shown++) {
        unsigned char byte = (unsigned char)text[at];
        size_t bytes = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
        bool letter = byte >= 0x80 || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        bytes = bytes > len - at ? len - at : bytes;
        if (shown == SHOWN) {
            buffer_text(out, "…");
            return;
        }
        if (byte >= '0' && byte <= '9')
            buffer_byte(out, '9');
        else if (letter && !first)
            buffer_text(out, "•");
        else
            buffer_add(out, text + at, bytes);
        first = first && !letter;
        at += bytes;
    }
}

void guess_yaml(const char *text, struct buffer *out)
{
    size_t len = strlen(text);
    bool plain = len > 0 && !strchr("-?:,[]{}#&*!|>'\"%@` ~=", text[0]) && text[len - 1] != ' ' &&
                 text[len - 1] != ':' && !strpbrk(text, ",[]{}\"\n\t\\") && !strstr(text, ": ") && !strstr(text, " #");
    if (plain) {
        buffer_text(out, text);
        return;
    }
    buffer_byte(out, '"');
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            buffer_format(out, "\\%c", *text);
        else if (*text == '\n')
            buffer_text(out, "\\n");
        else if (*text == '\t')
            buffer_text(out, "\\t");
        else
            buffer_byte(out, (unsigned char)*text);
    buffer_byte(out, '"');
}
