/* command - the verbs and options of `muster`. */
#include "cli/command.h"

#include "cli/synonym.h"
#include "cli/verb.h"
#include "config/node.h"

#include <string.h>

const struct option *command_option(unsigned id)
{
    static const struct option options[] = {
#define OPTION(id, letter, name, argument, doc) {name, argument, doc, letter},
        OPTIONS(OPTION)
#undef OPTION
    };
    return id < OPTION_COUNT ? &options[id] : NULL;
}

#define KEYS                                                                                                           \
    "KEY is number:1001, email:a@b.example, name:jansen or id:12; without such a word it is a number, else an "        \
    "e-mail address, else a part of a name. When several people fit they are listed, and the exit status is 2."

#define RECORDS                                                                                                        \
    "RECORD is CONNECTION/PARTITION/STREAM/ID, as `muster person` shows it, or the id of a review, as in r3."

const struct command commands[] = {
    {"check", "[ORG…]", 0, WORDS_MANY, OPTION_BIT(connect), "Check the organizations' files, connectors and secrets",
     "Tells all that is wrong at once, each with its place. Changes nothing, here or anywhere else. With --connect it "
     "also logs in to every system.\n\n"
     "A warning is about what takes effect all the same, or does nothing where it stands, or about a store that does "
     "not open to you. Warnings are told and counted; the exit status stays 0.",
     "muster check\nmuster check acme --connect", verb_check},
    {"connectors", "[NAME]", 0, 1, 0, "List the connectors that are installed, or explain one",
     "For one connector: its options, streams, what it may reach, and what this system lacks to fence it in. In the "
     "list, one "
     "that cannot be used stands with the reason, and the exit status is 3.",
     "muster connectors\nmuster connectors sheet", verb_connectors},
    {"fields", "[KIND]", 0, 1, 0, "List the kinds of things that are kept, and the fields of each",
     "These are the names that mappings, `authority`, `muster pin` and `muster explain` use. A field whose type is a "
     "kind is a reference: { unit: department, code: COLUMN } makes one to an org_unit, { person: employee_number, "
     "from: COLUMN } one to a person. What `custom` of an organization's file adds comes besides.\n\n"
     "With --json one object for each field: kind, field, type, one_of, refers_to, sensitivity (plain; personal: never "
     "in a log; protected: kept sealed), what.",
     "muster fields\nmuster fields person", verb_fields},
    {"discover", "ORG CONNECTION", 2, 2, 0, "Show what a source has, and a mapping to start from",
     "Reads a few records and stores nothing. Samples are masked: the first letter stays, digits become 9. What it "
     "prints under `streams:` can be pasted into the organization's file.",
     "muster discover acme hr", verb_discover},
    {"sync", "ORG [CONNECTION…]", 1, WORDS_MANY,
     OPTION_BIT(full) | OPTION_BIT(kept) | OPTION_BIT(pull_only) | OPTION_BIT(push_only) | OPTION_BIT(partition) |
         OPTION_BIT(stream) | OPTION_BIT(failed) | OPTION_BIT(person) | OPTION_BIT(again) | OPTION_BIT(allow_held) |
         OPTION_BIT(reason) | OPTION_BIT(record),
     "Fetch, work out what changed, store it",
     "Without a connection: all of them, one run each, in the order of the file; first everything is read, then the "
     "targets are told what came of it. Interrupting it stops between two changes; nothing is lost, and the next run "
     "goes on.\n\n"
     "With --full a target that can be read is read, too: what people have changed there is listed and left alone; "
     "`muster retry` puts ours there again, as does a plan with --full that is applied, and `muster discard` leaves "
     "theirs. What was refused is tried again.\n\n"
     "With --stream only these streams are read and told, of connections that have them; what is known of the others "
     "stays, and nobody of theirs is missing because of that. What others send (`webhook`) is always taken whole.\n\n"
     "With --failed a connection, or a partition of it, is read only when its last run did not come through.\n\n"
     "With --person only what is about that one is taken, also of somebody who is not known yet (number:1009, "
     "email:a@b.example): the sources are read as if for the first time, what waited for its next try is tried now, "
     "and "
     "nobody else is touched, nor concluded to be missing. What is written as one file with everybody in it waits for "
     "its time.\n\n"
     "With --kept no source is asked: after a change of the mapping, of rules or safeguards, each record is worked out "
     "once more from what its row said when it was read last. Nobody is missing because of that. Where the mapping "
     "asks "
     "for a column that was not kept, that column is named and the next sync reads it.\n\n"
     "When more would go or change at once than the safeguards allow, that is held, one by one, and the rest is taken. "
     "After looking (`muster inbox`), `muster approve` takes it; --allow-held with the number of the run that held it "
     "does the same in one run, with what the source says now; the reason is kept in the history.\n\n"
     "A target that writes a file for each day, week or month writes the one of --again once more, under its name and "
     "with the rows it had, each as it is now: when it was lost on the other side. So does one that writes in sets, as "
     "lookup modules are: --again \"salary 2026-02\". With --full it is compared with what was confirmed, and nothing "
     "goes that is the same.\n\n"
     "--record writes all that one connection asks of the outside and is answered into a file, for muster replay: no "
     "password or token is in it, but what was read of people is.",
     "muster sync acme\nmuster sync acme hr --full\nmuster sync acme hr --allow-held 42 --reason \"shop has closed\"\n"
     "muster sync acme --person number:1009\nmuster sync acme payroll --again 2026-W45\nmuster sync acme seats "
     "--record seats.cassette",
     verb_sync},
    {"new", "connector|organization NAME", 2, 2, OPTION_BIT(kind),
     "Begin a connector: a project of its own; or an organization: its file",
     "Of an organization: writes organizations/NAME.yaml into the folder of the configuration, with one connection "
     "that reads a workbook, explained line by line. What lies there already is left alone.\n\n"
     "Of a connector: makes a folder NAME with a connector that works, what stands for its system, a check against the "
     "rules of the interface, makefiles with and without autotools, and a page for CI. `make -f plain.mk check` in it "
     "builds and checks it.\n\n"
     "Kinds: rest reads and writes an API that answers in JSON; soap reads a service that takes XML; file reads files "
     "that lie in a folder or on an SFTP server; receiver takes in what a system sends by itself; raw is the least "
     "that "
     "a connector can be.",
     "muster new organization acme\nmuster new connector acme --kind rest", verb_new},
    {"replay", "FILE", 1, 1, OPTION_BIT(fault) | OPTION_BIT(with),
     "Run what sync --record or bundle wrote again, without a network",
     "The connection reads once more what it read then, at that time, with the organization's file as it stands now; "
     "secrets are not needed. The state is a new one, which is thrown away. A question that was not asked then fails "
     "the run and is told with the nearest one that was.\n\n"
     "--fault lets answers go wrong: slow (none in time), cut (in the middle), schema (JSON with other names, else a "
     "web page), or a status from 400 to 599. =COUNT: so often (all: each time), else once; @TEXT: only what has this "
     "in "
     "its address or place; @N: from the Nth question on. Several stand with commas between. How the file is written: "
     "muster-cassette(5).\n\n"
     "--with compares another edition of the connector with the one that the file names: both read the same, and who "
     "comes out otherwise is told, as are other counts (exit status 3). Nothing is kept of it. The other edition may "
     "lie "
     "in another folder of `connectors`; it counts when the organization's file names it.",
     "muster replay seats.cassette\nmuster replay seats.cassette --fault 429=2@/people,cut@3", verb_replay},
    {"bundle", "ORG RUN FILE", 3, 3, OPTION_BIT(pseudonymize) | OPTION_BIT(cassette),
     "Put all of a run into one file, for somebody else to run it again",
     "For whoever is to find out why a run did what it did and may not log in where it ran: the organization's file "
     "(of "
     "secrets where they are kept, never what they are), what the run was answered, what came of it, and versions. "
     "What "
     "it was answered is what sync --record noted, else the files that it took, where they still lie as they were; the "
     "same of "
     "the run before, if it is left, for what was known already. "
     "`muster replay FILE` runs it again and says what comes out otherwise.\n\n"
     "Without --pseudonymize the people are in it as they are. With it words and numbers are replaced, each by the "
     "same "
     "one wherever it stands: in cells, JSON, XML, addresses and workbooks. How long a word is, its case and script "
     "stay, "
     "so do zeros, blanks, what is doubled and what is no date; days more than 400 days before the run all move by the "
     "same number of days. Codes and names of units, the words of the organization's file and those of the connector "
     "itself stay, unless somebody is called so. In the end all of it is looked through for what anybody in the store "
     "is "
     "called; where that is found no file is written.",
     "muster bundle acme 812 run-812.zip --pseudonymize\nmuster replay run-812.zip", verb_bundle},
    {"plan", "ORG [CONNECTION]", 1, WORDS_MANY,
     OPTION_BIT(full) | OPTION_BIT(kept) | OPTION_BIT(partition) | OPTION_BIT(allow_held) | OPTION_BIT(reason) |
         OPTION_BIT(list) | OPTION_BIT(show) | OPTION_BIT(push),
     "Work out what a sync would do, show it, and keep it to be applied",
     "Reads the source as a sync does and stores nothing. Who would be created, updated, let go or held is shown with "
     "the values before and after and the mapping rule behind them: ten of each kind, all with --show, and with -v "
     "also every value of who would be created. `muster apply` then carries out exactly that, within a day. The exit "
     "status is the one that the sync would have had.\n\n"
     "With --kept no source is asked: it shows what a changed mapping, changed rules or safeguards make of the records "
     "as they were read last. What a row said is kept for the columns that the mapping used then; a column that it did "
     "not use is named, and a plan without --kept reads it. With `keep: all` every column is kept.\n\n"
     "A plan is of one connection: of several, each sees what those before it brought. Of a connection that is only "
     "told things, and with --push of one that is also read, it is about what its target would be told: who would be "
     "created, updated or switched off there, what a safeguard holds, and what the target leaves to be done by "
     "hand.\n\n"
     "With --json one object: plan (its number; null when nothing could be taken), state (open, moved: another run has "
     "changed the store since; expired, applied), made, expires, report (what `muster sync --json` would print), "
     "people: a list of {what: created, updated, deactivated or reactivated; id, number, name, changes: a list of "
     "{kind, id, what: created, changed, gone or returned; field, from, to, record, connection, rule, place: where the "
     "rule stands in the organization's file; because: gone, when no source has them any more}}, others (units and the "
     "like, in the same way), waits: a list of {id, "
     "type, record, place, field, reason, sentence, text}. A value that no record says has no record; protected values "
     "are null. --list prints one object per plan.",
     "muster plan acme\nmuster plan acme hr --full\nmuster plan acme hr --kept\nmuster plan acme --show 3\nmuster plan "
     "acme --list",
     verb_plan},
    {"apply", "ORG PLAN", 2, 2, OPTION_BIT(strict), "Carry out a plan, exactly",
     "Asks no source. The plan must be younger than a day, and the organization's file and the connector those that it "
     "was made with. Files are archived or removed, as the connection says, after everything is stored, and only when "
     "they are still what the plan was made from.\n\n"
     "When another run, or a person, has changed the store since, the plan's records are decided once more as of its "
     "instant: who would become just what the plan showed is taken, everybody else is left out and counted (exit "
     "status "
     "3), and the next sync looks at the same source again; with --strict nothing is done then. A plan whose own "
     "connection was synced since is never applied.",
     "muster plan acme\nmuster apply acme 3", verb_apply},
    {"adopt", "ORG TARGET [KEY THEIR-ID]", 2, 4, OPTION_BIT(plan) | OPTION_BIT(where),
     "Find out who is in a target already",
     "First contact with a target that has people: whoever is there with the same values of the fields that `match` "
     "names (else those that the connector calls ids) is from then on known by the target's own id and the values it "
     "has; nothing is sent, and the next push sends only what differs. Where the target can be read it is read once, "
     "else it is asked for one after the other. Told are who is the same, who is in doubt (several could be: exit "
     "status 4), who is only here, and, where it was read, who is only there, which is left alone. People of ours who "
     "are not to be there any more are looked for, too: the next push switches them off, under its safeguard.\n\n"
     "With KEY and THEIR-ID: that person is that one, by hand. With --where only those of whom the view has that value "
     "are looked for, a part after the other, as in employment.department.code=10; the paths are those of the target's "
     "map. With "
     "--plan: it is only told.",
     "muster adopt acme desk --plan\nmuster adopt acme desk\nmuster adopt acme desk --where "
     "employment.department.code=10\n"
     "muster adopt acme desk number:1004 D-2871",
     verb_adopt},
    {"status", "[ORG]", 0, 1, 0, "Show how each connection is doing, and what waits for a person",
     "Over all organizations those that need somebody come first. The exit status says the same: 0 all is well, "
     "3 something did not come through, 4 something waits for a decision.\n\n"
     "With --json one object for each organization: organization, status (that exit status), since, leavers_as_of, "
     "people (of one that is named), connections: a list of {connection, run, started, outcome, reasons: a list of "
     "{partition, reason}, good, population, held, reviews, dead_letters, drift, safeguards_off, next}, paused, "
     "quarantine, awaiting, and, where somebody looks at an old state and so lets the data file grow, reader: "
     "{process, commits}; where what is kept is another configuration's, refused: the sentence.",
     "muster status\nmuster status acme", verb_status},
    {"cancel", "ORG", 1, 1, 0, "Stop the run that is going on",
     "As Ctrl-C does where it was started: it stops between two changes, nothing is lost, and what was confirmed "
     "stays. "
     "Waits until it has stopped, and tells how it ended: a run that was past the point is written down whole. The "
     "next "
     "run goes on from there.",
     "muster cancel acme", verb_cancel},
    {"pause", "ORG [CONNECTION]", 1, 2, OPTION_BIT(reason) | OPTION_BIT(until), "Leave a connection alone for a while",
     "Its system is not asked until the time is over or it is resumed: `muster sync` says so and ends with 4. Without "
     "a connection: all of the organization. A run that is going on ends as it would have; `muster cancel` stops it. "
     "Who paused it, since when and why shows in `muster status` and `muster inbox`.",
     "muster pause acme hr --until 2026-03-09 --reason \"payroll is being migrated\"\n"
     "muster pause acme hr --until \"2026-03-02 18:00\" --reason \"maintenance\"\n"
     "muster pause acme --reason \"figures are being checked\"",
     verb_pause},
    {"resume", "ORG [CONNECTION]", 1, 2, 0, "Let what was paused go on",
     "Without a connection: the pause of the organization as a whole; connections that are paused by themselves stay "
     "so, and are listed.",
     "muster resume acme hr\nmuster resume acme", verb_resume},
    {"quarantine", "ORG", 1, 1, 0, "List what is set aside because it failed",
     "After three failed runs in a row a connection is set aside: `muster sync` passes it over, says so and ends with "
     "4 until its next try is due, after five minutes at first and at most six hours; `muster release` tries at once. "
     "The first run that comes through ends it. When a log-in was refused it is set aside at once, and not tried again "
     "before a secret's content or the organization's file is another, so that no account is locked. Of a connection "
     "with several partitions only the one that fails is set aside: the others go on, and runs end as partial.\n\n"
     "Of a connection that is read and told each of the two is counted, set aside and tried again by itself. Only a "
     "log-in that was refused when it was read keeps it from being told as well: both log in with the same options. "
     "One that was refused when it was told stops nothing else.\n\n"
     "With --json one object each: connection, partition (of one that is set aside alone), direction (reading, "
     "telling), reason (failed_repeatedly, login_refused), sentence, failures (in a row), run, since, last, next (null "
     "when something must change first), error.",
     "muster quarantine acme", verb_quarantine},
    {"release", "ORG CONNECTION", 2, 2, OPTION_BIT(partition), "Try what is set aside of a connection at once",
     "It counts as if it had never failed, reading as well as telling, and is run as by `muster sync ORG CONNECTION`, "
     "with its output and exit status. With --partition only that one is released, and run.",
     "muster release acme hr\nmuster release acme pmt --partition 12", verb_release},
    {"notify", "ORG", 1, 1, OPTION_BIT(plan), "Tell whoever is to be told what is new",
     "`notify` in the organization's file, or in muster.yaml for all of them, says whom to tell of what. It happens "
     "after each `muster sync` by itself: one message per cause until it changes, one when it is over; counts and ids "
     "only. This tells what became new without a sync, and what waits for its time of the day; with --plan it is only "
     "shown. Who cannot be told is said, fails no sync, and is told next time.",
     "muster notify acme --plan", verb_notify},
    {"inbox", "[ORG]", 0, 1, OPTION_BIT(format) | OPTION_BIT(output), "List all that waits for a person",
     "Held removals (h), reviews (r), dead letters (d), changed headers (c) and what is to be done in a target by hand "
     "(t), with their age, place and reason; then what is paused and what is set aside. As --json, and as the workbook "
     "of --format xlsx, each line also says whose turn it is (here: whoever decides for the organization; source, "
     "target, access: whoever keeps that system, or the log-in) and the next command to type.\n\n"
     "Those of a connection stand together, the newest last. The exit status is as that of `muster status`: 4 "
     "something is held, in review, paused, set aside or not authorized; 3 there are dead letters; 0 neither. A "
     "workbook that is written ends with 0.",
     "muster inbox acme\nmuster inbox acme --format xlsx --output inbox.xlsx", verb_inbox},
    {"deadletters", "ORG", 1, 1, 0, "List the records and values that were not taken, with their cell and reason",
     "A dead letter goes by itself once its source, or the mapping, is mended and the connection has run again. Its "
     "person stays as they were.",
     "muster deadletters acme", verb_deadletters},
    {"retry", "ORG ID…", 2, WORDS_MANY, 0, "Try dead letters again, after their mapping or the target was mended",
     "ID is a dead letter (d12) of `muster deadletters`, or a change that a target left to be done by hand (t12). What "
     "a "
     "target did not take it is told again at once, just that; what has gone from there is looked for, else created. "
     "Else: where the mapping of its stream is another one than at the last run, its row is mapped once more as it was "
     "kept, and no source is asked; where the mapping asks for a column that was not kept, or the row has no id, the "
     "connection is read again. It says what is left of them. Where the mapping is the same it says what is to be "
     "mended, for the same row would come to the same. What was mended in the source comes with the next `muster sync` "
     "by itself.",
     "muster retry acme d12 d13", verb_retry},
    {"discard", "ORG ID…", 2, WORDS_MANY, OPTION_BIT(reason) | OPTION_BIT(plan),
     "Leave dead letters as they are, and ask nobody again",
     "ID is a dead letter (d12) of `muster deadletters`, or a change that a target leaves to be done by hand (t12). "
     "Nothing of its row is taken, and it is out of sight until what stands there, or what the target was to be told, "
     "is something else. It is a statement with author and reason; after `muster withdraw` it is "
     "back with the next run that reads the source.",
     "muster discard acme d12 --reason \"a test row of the payroll program\"", verb_discard},
    {"accept", "ORG ID", 2, 2, OPTION_BIT(as) | OPTION_BIT(column) | OPTION_BIT(reason),
     "Decide what became of a column of the header",
     "ID is a changed column (c12) of `muster inbox`. A missing column is read under its new name from the next run on "
     "(renamed), or the one that is offered is not it (new), or it is gone for good (vanished): what it said stays "
     "with "
     "everybody. Until that is decided the column counts as absent, which clears nothing. The decision keeps author, "
     "time and reason; what to edit so that it is permanent is told.",
     "muster accept acme c12 --reason \"new payroll program\"\n"
     "muster accept acme c12 --as renamed --column \"Staff no\" --reason \"HR says so\"",
     verb_accept},
    {"runs", "ORG", 1, 1, 0, "List the runs of an organization, newest first", NULL, "muster runs acme", verb_runs},
    {"run", "ORG RUN", 2, 2, 0, "Show the report of one run", "RUN is its number (`muster runs`), or last.",
     "muster run acme 42\nmuster run acme last", verb_run},
    {"calls", "ORG CONNECTION", 2, 2, 0, "List what a connection called by HTTP, and what came of it",
     "The newest last: time, method, address, status, bytes sent and received, milliseconds, tries. Values of queries "
     "and parts of paths that look like an id are not kept, nor are bodies. A hundred are shown, all of them with "
     "--json; of what is older than about 8 MiB nothing is left.",
     "muster calls acme seats\nmuster calls acme seats --json", verb_calls},
    {"secret", "ORG CONNECTION.OPTION", 2, 2, 0, "Put a secret where the organization's file points, and try it",
     "Asks on the terminal without showing what is typed, or takes all that comes on standard input, where a key may "
     "have several lines. It is written to the file that `!secret file:NAME` names, for nobody but you to read; then "
     "the connection logs in, as check --connect does, and is set aside no longer where that was refused before.",
     "muster secret acme hr.password\npass show acme/hr | muster secret acme hr.password", verb_secret},
    {"files", "ORG [CONNECTION]", 1, 2, 0, "List the files that were taken and what each gave, and those that were not",
     "Newest run first. What was created and updated is told of the run: files that are read together give it "
     "together. A file of which something was held and in whose place a newer one was read is overtaken. Below stand "
     "the files that the last run saw and did not take, or could not read, with the reason and when it looks again.",
     "muster files acme\nmuster files acme hr --json", verb_files},
    {"people", "ORG [TEXT]", 1, 2, OPTION_BIT(status) | OPTION_BIT(left_before) | OPTION_BIT(duplicates),
     "List people, or find them by name, number or e-mail",
     "TEXT is a part of it; case, accents' spelling and white space do not matter.\n\n"
     "With --left-before: those who are inactive or terminated, and whose last day was before DAY. Where no last day "
     "is said it is the one on which the last of their records was there no more; somebody of whom neither is known "
     "is not listed. `muster erase` lets one of them go.\n\n"
     "With --duplicates: those of whom one record has the work e-mail address of somebody else's, one beside the "
     "other, "
     "whatever the matching rules look at; at most 200. They may be one person who is there twice: `muster link` makes "
     "them one. An address of `match: placeholder_emails` is nobody's.",
     "muster people acme\nmuster people acme jansen\nmuster people acme --status on_leave\n"
     "muster people acme --left-before 2024-01-01\nmuster people acme --duplicates",
     verb_people},
    {"person", "ORG KEY", 2, 2, OPTION_BIT(protected) | OPTION_BIT(at), "Show one person and which source says what",
     KEYS "\n\nValues that are protected are shown as dots, unless --protected asks for them.\n\n"
          "With --at: what was believed then, out of the journal, with the run by which each value came. A day means "
          "its end; times are the organization's, and yesterday, today and tomorrow are days. The person is looked for "
          "by what is known today.",
     "muster person acme 1001\nmuster person acme email:a.jansen@acme.example --json\n"
     "muster person acme 1001 --at 2026-03-02\nmuster person acme 1001 --at 2026-03-02T07:30",
     verb_person},
    {"history", "ORG KEY", 2, 2, OPTION_BIT(protected), "Show every change of a person: when, from what, to what", KEYS,
     "muster history acme 1001", verb_history},
    {"explain", "ORG KEY [FIELD]", 2, 3, OPTION_BIT(protected) | OPTION_BIT(run) | OPTION_BIT(target),
     "Say where a value comes from, what lost against it, or why somebody was passed over",
     "FIELD is a field of a person, as in work_email, or of what hangs on them, as in employment.title; the second of "
     "several is employment[2].title. Told are the record and where it stood, the rule of the mapping with its line, "
     "who may decide, what each record says and why it does not count, since which run, and what it would be "
     "otherwise. Without FIELD: a line for each value, what people have said about the person, and what waits; and of "
     "who punches in and out the hours, each with its punches, which FIELD work_period tells alone.\n\n"
     "With --run: as it was after that run, out of the journal.\n\n"
     "With --target: what that connection has of the person as far as was confirmed, what it is to have and by which "
     "rule, the last answer, and whose turn it is; FIELD is then one of the target's. With --json one object for each "
     "account or thing: state (settled, sent, retry, refused, manual, held), next (nothing, send, wait, ask, held, "
     "manual), will (create, update, …), answer, waits (its id in the inbox), turn, fields: a list of {field, there, "
     "known, is_to_be, differs, from, rule}.\n\n" KEYS
     " A KEY that is nobody may be a record that was read and passed over: CONNECTION/PARTITION/STREAM/ID, the id that "
     "its source gives it, or the place of a dead letter. Then told are why, since when, and what to do.",
     "muster explain acme 1001\nmuster explain acme 1001 work_email\nmuster explain acme 1001 employment.title "
     "--run 42\nmuster explain acme hr/main/employees/1003\nmuster explain acme 1001 --target desk",
     verb_explain},
    {"link", "ORG RECORD KEY", 3, 3, OPTION_BIT(reason) | OPTION_BIT(plan), "State that a record is that person's",
     RECORDS "\n\nWhat else the record's person has comes along: both become one, under the older id. It stands above "
             "every rule, is kept with who said it and why, and `muster withdraw` takes it back whole.\n\n" KEYS,
     "muster link acme r3 number:1001 --reason \"same date of birth\"\n"
     "muster link acme pmt/0042/users/123 1001 --reason \"asked her\" --plan",
     verb_link},
    {"unlink", "ORG RECORD", 2, 2, OPTION_BIT(reason) | OPTION_BIT(plan), "State that a record stands by itself",
     RECORDS "\n\nIt leaves the person it was with and becomes one of its own; the others stay together. No rule "
             "links it again. `muster link` gives it to somebody else.\n\n"
             "A record that is held because its number seems to be somebody else's now (identity_reused) is: a new "
             "person, whatever else is said of the number. Who had it stays, as one who has left.",
     "muster unlink acme pmt/0042/users/123 --reason \"two people, one mailbox\"\n"
     "muster unlink acme h12 --reason \"the number was given out again\"",
     verb_unlink},
    {"keep-apart", "ORG RECORD KEY", 3, 3, OPTION_BIT(reason) | OPTION_BIT(plan),
     "State that a record is never that person's",
     RECORDS "\n\nRules pass the person over for this record; of two who fit, the other one is left.\n\n" KEYS,
     "muster keep-apart acme r3 number:1002 --reason \"father and son\"", verb_keep_apart},
    {"pin", "ORG KEY FIELD=VALUE", 3, 3, OPTION_BIT(reason) | OPTION_BIT(until) | OPTION_BIT(plan),
     "Put a value above what every source says",
     "FIELD is a field of a person, as in work_email, or of what hangs on them, as in employment.title or "
     "employment[2].title. An empty VALUE means that there is none. Without --until it stands until `muster "
     "unpin`.\n\n" KEYS,
     "muster pin acme 1001 work_email=a.jansen@acme.example --until source-agrees --reason \"HR corrects it on "
     "Monday\"",
     verb_pin},
    {"unpin", "ORG KEY FIELD", 3, 3, OPTION_BIT(reason) | OPTION_BIT(plan), "Let the sources say a pinned value again",
     KEYS, "muster unpin acme 1001 work_email --reason \"corrected\"", verb_unpin},
    {"approve", "ORG [ID…]", 1, WORDS_MANY,
     OPTION_BIT(all) | OPTION_BIT(except) | OPTION_BIT(where) | OPTION_BIT(reason) | OPTION_BIT(plan),
     "Take changes that were held",
     "ID is that of the inbox, as in h12. They are carried out at once, from what the source said when they were held; "
     "no source is asked. What is not named stays held. An approval is for exactly what was proposed, is kept with who "
     "gave it and why, and ends by itself when the safeguard would no longer count it.",
     "muster approve acme h12 h15 --reason \"moved to the new domain\"\n"
     "muster approve acme --all --except h3,h4 --reason \"shop in Delft has closed\"\n"
     "muster approve acme --where partition=0042,reason=safeguard_email --reason \"asked the shop\"",
     verb_approve},
    {"reject", "ORG [ID…]", 1, WORDS_MANY,
     OPTION_BIT(all) | OPTION_BIT(except) | OPTION_BIT(where) | OPTION_BIT(reason) | OPTION_BIT(until) |
         OPTION_BIT(for_good) | OPTION_BIT(plan),
     "Keep changes held, and be quiet about them",
     "What a source proposes there is not taken whatever the safeguard says, and nobody is asked again: through the "
     "day that --until says, or for good. After that day the next run of the organization asks again, whatever it "
     "reads. Another proposal is another matter. `muster withdraw` takes it back.",
     "muster reject acme h12 --until 2026-12-31 --reason \"she is back in January\"\n"
     "muster reject acme --where reason=identity_reused --for-good --reason \"test accounts\"",
     verb_reject},
    {"statements", "ORG [KEY]", 1, 2, OPTION_BIT(all), "List what people have decided, and what still stands",
     "Each has a number, as in s12, by which `muster withdraw` takes it back. The newest stand last. With --all also "
     "those withdrawn, and those whose time is over.",
     "muster statements acme\nmuster statements acme 1001 --all", verb_statements},
    {"withdraw", "ORG STATEMENT", 2, 2, OPTION_BIT(reason) | OPTION_BIT(plan), "Take back what a person decided",
     "Everything becomes what it would be without it. Records that waited, and became somebody's by the rules since "
     "it was said, are judged again by what sources say now. run:12 means all that people stated in run 12, or by "
     "which it was reverted.",
     "muster withdraw acme s12 --reason \"it was the other one\"\n"
     "muster withdraw acme run:12 --reason \"it was right after all\"",
     verb_withdraw},
    {"revert", "ORG RUN", 2, 2, OPTION_BIT(reason) | OPTION_BIT(plan) | OPTION_BIT(anyway),
     "Take back what a run brought",
     "Each value that the run changed is pinned to what stood there before; the record of each person whom it created, "
     "and of each employment or the like that it added, makes nobody. Each of these ends by itself once the source "
     "says something else than now, so the same input again changes nothing, and a corrected one brings its "
     "corrections. `muster withdraw ORG run:12` gives back what run 12 had brought.\n\n"
     "Of a run in which a person decided something (`muster runs`) the decision is withdrawn; what approve let through "
     "is taken back, too.\n\n"
     "Left as it is, and listed: sealed values, what has changed since or is pinned, what the source does not say any "
     "more, units. The safeguards of the run's connection look at it: when more people would be let go or changed than "
     "they allow, nothing is taken back without --anyway. The exit status is 4 then, with --plan, too.\n\n"
     "With --json one object: reverted (the run), planned, held (a sentence, or null), withdrawn (statements), "
     "taken_back and left: lists of {person, kind, id, field, from, to, reason}; report, as of `muster run`.",
     "muster revert acme 12 --plan --reason \"titles are wrong\"\nmuster revert acme 12 --reason \"titles are wrong\"",
     verb_revert},
    {"retain", "ORG", 1, 1, OPTION_BIT(plan), "Let go what is kept for longer than the organization's file says",
     "Goes by `retention:` of the organization's file; muster.yaml(5) tells what each word of it means. Every sync "
     "ends "
     "with a slice of this, so that nobody has to ask for it; this does all of it at once. Nothing that is true today "
     "is "
     "touched, however old it is. --plan counts what would go, and keeps it.\n\n"
     "With --json one object: organization, planned, run where one was needed, and went (or would_go): counts by the "
     "words of `retention:`, records of sources, and history (values that were replaced before the runs that are "
     "kept).",
     "muster retain acme --plan\nmuster retain acme", verb_retain},
    {"erase", "ORG [KEY]", 1, 2,
     OPTION_BIT(reason) | OPTION_BIT(plan) | OPTION_BIT(anyway) | OPTION_BIT(output) | OPTION_BIT(verify),
     "Erase a person with all that is kept of them, for good",
     "For somebody who asks to be forgotten, or whose time to be kept is over. All goes at once: what sources said of "
     "them, also what is sealed or waits; the person with employments, absences, pay, and things of their own "
     "(punches, "
     "shifts, hours); what targets are known to have; what people decided about them. Of their history stays when "
     "something was, not what. Plans of the organization are removed: they hold copies.\n\n"
     "They do not come back by what their sources say: their records are passed over, known by a keyed digest alone; "
     "the report of a run counts them. `muster explain` says so of a record that is named. `muster withdraw` ends "
     "that: "
     "then the next sync with --full takes whoever is there as somebody new. A record under another id, or of another "
     "source, makes somebody new as well.\n\n"
     "Refused, with what to do first: somebody who is still with the organization, who is switched on at a target, or "
     "of whom another record may be. --anyway erases them all the same. --plan shows what would go and keeps it; the "
     "exit status is 4 when something is in the way.\n\n"
     "What this does not reach is told, with whom it takes: accounts that targets still have, sources that still name "
     "them, what others' records say of them, backups. A file that a target is given whole is written without them "
     "when "
     "something of it changes, or by `muster sync ORG TARGET --full`. With --json, or into the file of --output, all "
     "of "
     "it is a certificate, signed with the organization's key: --verify FILE tells whether one is genuine. It has "
     "counts "
     "and names of connections, and of the person only their number here and the ids by which targets know them.\n\n"
     "With --json one object: certificate (erasure), organization, name, person, statement, run, at, by, reason, "
     "planned, "
     "erased (counts, by kind and what else goes), passed_over: a list of {connection, partition, stream, records, "
     "still_named}, accounts: a list of {connection, stream, kind, their_id, active, state}, in_the_way and "
     "not_reached: "
     "lists of sentences; signature.",
     "muster erase acme number:1003 --reason \"asked for it on 2 March\" --plan\n"
     "muster erase acme number:1003 --reason \"asked for it on 2 March\" --output 1003.certificate\n"
     "muster erase acme --verify 1003.certificate",
     verb_erase},
    {"lookup", "ORG WHAT [NAME=VALUE…]", 2, WORDS_MANY, OPTION_BIT(live), "Ask what a system says of somebody",
     "WHAT is what a connector can look up, as `muster connectors NAME` lists it; when several connections offer it, "
     "CONNECTION.WHAT. The answer is what the store has of it, as it was read last; with --live the system itself is "
     "asked, and nothing of that is stored.\n\n"
     "With --json one object: lookup, connection, rows: a list of objects.",
     "muster lookup acme workstation site=1 employee=1001\nmuster lookup acme seats.workstation site=1 "
     "employee=1001 --live --json",
     verb_lookup},
    {"action", "ORG CONNECTION NAME [NAME=VALUE…]", 3, WORDS_MANY, 0,
     "Have a system do what its connector offers besides",
     "What there is and what it takes, `muster connectors NAME` lists. A secret is never taken from the command line: "
     "it is asked on the terminal, and neither muster's log nor the connector sees it.\n\n"
     "With --json one object: action, connection, rows: what the system answered, a list of objects.",
     "muster action acme pmt reset_token user=1001", verb_action},
    {"export", "ORG KIND", 2, 2,
     OPTION_BIT(format) | OPTION_BIT(since) | OPTION_BIT(output) | OPTION_BIT(fields) | OPTION_BIT(protected),
     "Print everything of one kind: person, employment, org_unit, …",
     "One object for each, by ascending id, with the model's names of fields; or a table, where every field has a "
     "column. Protected fields are left out unless --protected asks for them.\n\n"
     "--format singer makes a Singer tap of it: a SCHEMA with the id as its key, a RECORD for each, and a STATE that "
     "says "
     "how far they go. --since with the value of that STATE in a file gives what changed since then: who is gone comes "
     "with _sdc_deleted_at. Where other fields are asked for than the last time, leave --since out.",
     "muster export acme person --format csv --fields employee_number,family_name,status\n"
     "muster export acme employment >employments.jsonl\n"
     "muster export acme person --format xlsx --output people.xlsx\n"
     "muster export acme person --format singer --since state.json",
     verb_export},
    {"backup", "ORG FILE", 2, 2, 0, "Write all that is kept of an organization into one file",
     "FILE is a zip with the organization's file, its store and what came in and waits, as they are at that moment; "
     "runs and musterd go on meanwhile. It is written whole or not at all, only for its owner to read, and never over "
     "another file.\n\n"
     "Not in it: the master key (`seal_key` in muster.yaml, or STATE/seal.key), without which nobody opens what is "
     "sealed, and the secrets that the organization's file names. Keep the key somewhere else. The rest of it is "
     "personal data.",
     "muster backup acme /var/backups/acme-monday.zip", verb_backup},
    {"restore", "FILE", 1, 1, OPTION_BIT(replace), "Put an organization back out of a backup",
     "Whole or not at all. What is there now is replaced only with --replace, and then put aside, not removed. musterd "
     "has to be stopped meanwhile. The organization's file is put back where there is none; one that is there "
     "stays.\n\n"
     "What was told to targets since the backup is not known to it any more. Therefore the organization is paused: "
     "look with `muster plan` first, then `muster resume` lets it go on.",
     "muster restore /var/backups/acme-monday.zip\nmuster restore acme-monday.zip --replace", verb_restore},
    {"reload", "", 0, 0, 0, "Have musterd read its files again",
     "muster.yaml and the files of all organizations, at once: those that are new or changed count from then on, and "
     "those whose file is gone are left alone. A file with a mistake changes nothing: its complaints are told with "
     "their places, the organization goes on by its last good file, and the exit status is 2. It is 2, too, and "
     "everything stays as it was, when muster.yaml has a mistake; 1 when no musterd runs. Runs that go are not "
     "disturbed.\n\n"
     "With --json an object for each complaint (complaint), for each organization that is not as it was (organization, "
     "became: new, changed, gone, mistaken: it goes on by its last good file, left out: it never had one), and a last "
     "one: configuration (the folder), taken (false: nothing of it counts; then error says why), organizations (how "
     "many there are).",
     "muster reload", verb_reload},
    {"token", "create|list|revoke [NAME]", 1, 2,
     OPTION_BIT(role) | OPTION_BIT(organizations) | OPTION_BIT(until) | OPTION_BIT(protected) | OPTION_BIT(all),
     "Say who may use the API of musterd",
     "A token is shown once, when it is made, and kept nowhere: only its digest is. What is done with it is done in "
     "its name, which stands in statements and in the history as token:NAME. A viewer looks; an operator also syncs, "
     "plans, applies, pauses, retries and decides what waits; an administrator also reverts, releases, has actions "
     "done and looks things up in the systems themselves. With --protected it sees what is sealed. With --until it "
     "counts through that day (UTC). One that is revoked counts no more at once; list shows it with --all.",
     "muster token create desk --role operator --organizations acme --until 2027-03-31\nmuster token list\nmuster "
     "token "
     "revoke desk",
     verb_token},
    {"help", "[COMMAND]", 0, 1, OPTION_BIT(man) | OPTION_BIT(completion), "Explain muster, or one command", NULL,
     "muster help sync", verb_help},
    {"version", "", 0, 0, 0, "Print the version; with -v how it was built", NULL, "muster version -v", verb_version},
    {0},
};

const struct command *command_find(const char *name)
{
    for (const struct command *command = commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

const char *command_nearest(const char *name)
{
    if (synonym_find(name))
        return synonym_find(name);
    const char *names[sizeof(commands) / sizeof(commands[0])];
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        names[i] = commands[i].name;
    return nearest_name(name, names);
}
