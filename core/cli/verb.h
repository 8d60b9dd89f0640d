/* verb - the functions behind the commands; each returns an exit status. */
#ifndef CLI_VERB_H
#define CLI_VERB_H

struct context;

int verb_accept(struct context *context);
int verb_action(struct context *context);
int verb_adopt(struct context *context);
int verb_apply(struct context *context);
int verb_approve(struct context *context);
int verb_bundle(struct context *context);
int verb_cancel(struct context *context);
int verb_backup(struct context *context);
int verb_calls(struct context *context);
int verb_check(struct context *context);
int verb_connectors(struct context *context);
int verb_deadletters(struct context *context);
int verb_discard(struct context *context);
int verb_discover(struct context *context);
int verb_explain(struct context *context);
int verb_export(struct context *context);
int verb_fields(struct context *context);
int verb_files(struct context *context);
int verb_help(struct context *context);
int verb_history(struct context *context);
int verb_inbox(struct context *context);
int verb_keep_apart(struct context *context);
int verb_link(struct context *context);
int verb_lookup(struct context *context);
int verb_pause(struct context *context);
int verb_notify(struct context *context);
int verb_people(struct context *context);
int verb_person(struct context *context);
int verb_pin(struct context *context);
int verb_plan(struct context *context);
int verb_quarantine(struct context *context);
int verb_reject(struct context *context);
int verb_erase(struct context *context);
int verb_retain(struct context *context);
int verb_revert(struct context *context);
int verb_reload(struct context *context);
int verb_release(struct context *context);
int verb_retry(struct context *context);
int verb_new(struct context *context);
int verb_replay(struct context *context);
int verb_restore(struct context *context);
int verb_resume(struct context *context);
int verb_run(struct context *context);
int verb_runs(struct context *context);
int verb_statements(struct context *context);
int verb_secret(struct context *context);
int verb_status(struct context *context);
int verb_sync(struct context *context);
int verb_token(struct context *context);
int verb_unlink(struct context *context);
int verb_unpin(struct context *context);
int verb_version(struct context *context);
int verb_withdraw(struct context *context);

#endif
