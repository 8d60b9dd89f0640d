/* plan_inside - what the files of a plan share: plan (making, applying), plan_file (reading, writing, what is there).
 */
#ifndef ACTS_PLAN_INSIDE_H
#define ACTS_PLAN_INSIDE_H

#include "acts/plan.h"
#include "engine/pull.h"
#include "store/vault.h"

/* What is kept of a stream that was pulled for it: what the files need that were read. */
struct plan_strand {
    uint32_t stream, partition;      /* partition: which of the report's */
    bool compared, look_again, same; /* as the run has them */
    struct pulled_file *files;
    size_t file_count;
    struct wait_item *refused; /* dead letters, which their sender is told of */
    size_t refused_count;
};

/* A folder of plans, and what opens them. */
struct plan_folder {
    struct arena *arena;
    const char *organization; /* id */
    const char *path;
    uint8_t key[32];
};

/* Where an organization's plans are. The key comes from the master key; plan_folder_done() wipes it. */
int plan_folder_open(const struct settings *settings, const struct organization *organization,
                     struct plan_folder *ret_folder, struct err *err);
void plan_folder_done(struct plan_folder *folder);
const char *plan_folder_place(const struct plan_folder *folder, uint32_t number); /* in the arena */
/* Numbers of the plans that are there, ascending, in the arena. */
int plan_folder_list(const struct plan_folder *folder, uint32_t **ret_numbers, size_t *ret_count);

/* As it stands in the file, before the rows. */
void plan_write(const struct plan *plan, struct buffer *out);
/* Reads what is said about one; its state is open or applied. ERR_GONE and a sentence when there is none. */
int plan_about(const struct plan_folder *folder, uint32_t number, struct plan *ret_plan, struct err *err);
/* The sentence for what changeset_open() and changeset_about() refuse. */
int plan_refused(const struct plan_folder *folder, uint32_t number, int rc, struct err *err);
/* Keeps only what is said about it. */
int plan_stub(const struct plan_folder *folder, const struct plan *plan);

/* plan_again.c: applies one whose store has moved. The run lock is not held. */
int plan_apply_again(const struct run_request *request, const struct plan_folder *folder, struct plan *plan,
                     struct err *err);
/* "run 8 has changed what is stored since …": with the way out. */
int plan_moved(const struct plan *plan, const char *organization, const char *what, struct err *err);

/* The counters of a store that must not have moved, in the order of plan->counters. */
void plan_counters(struct txn *txn, uint64_t ret_counters[PLAN_COUNTERS]);
/* What has become of an open one by now. */
void plan_judge(struct plan *plan, struct txn *txn, int64_t now_ms);

#endif
