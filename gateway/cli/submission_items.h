/* submission_items.h - what is wrong with a dossier, and what is wanted, as people write it: the short form of a
 * SUPPLEMENT_REQUEST or CORRECTION_REQUEST in a submission (submission.h).
 *
 *     "items": [ { "component": "GKS", "field": "ngay_sinh", "wrong": "ghi 30/02/2023, không có ngày này",
 *                  "wanted": "bản chụp rõ trang có ngày sinh" } ],
 *     "note": "Mang bản chính để đối chiếu"
 *
 * becomes the payload of the content type below (proto/README.md), and facts.components where they are not given.
 * Every item says which component or field, and what is wrong with it; nothing of it is read by the gateway.
 */
#ifndef GATEWAY_CLI_SUBMISSION_ITEMS_H
#define GATEWAY_CLI_SUBMISSION_ITEMS_H

#include <jansson.h>

#include "gateway/base/problem.h"

#define SUPPLEMENT_CONTENT_TYPE "application/vnd.lienthong.supplement+json"

/* Rewrites `root` in place; without items and note nothing happens. False: *ret_problem says which field, and why. */
MUST_USE bool submission_items(json_t *root, struct problem *ret_problem);

#endif
