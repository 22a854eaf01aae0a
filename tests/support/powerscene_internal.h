/* Between the files of powerscene.h. */
#ifndef TOLL_TESTS_POWERSCENE_INTERNAL_H
#define TOLL_TESTS_POWERSCENE_INTERNAL_H

#include "tests/support/powerscene.h"

/* 2026-08-01T12:00:00Z: now; 09:05: the first event, one a minute; 09:00: closed until then. */
#define SCENE_NOW_MS    INT64_C(1785585600000)
#define SCENE_FIRST_MS  INT64_C(1785575100000)
#define SCENE_CLOSED_MS INT64_C(1785574800000)

enum { SCENE_BOOKS = 4 };
void scene_book(int number, struct buf *out);

/* Its model has no price before book 2 or 3. */
bool scene_event_waits(int n);
struct money scene_event_amount(int n);
struct money scene_old_amount(void);
/* Of the request that each batch tells of first, and the next one at its end. */
struct money scene_request_amount(int batch, bool final);

int scene_terms(struct scene *scene, struct fault *fault);

#endif
