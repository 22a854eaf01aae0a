/*
 * Somebody else's text in HTML and in SVG, as text or between double quotes: nothing of it is
 * markup, and nothing of it turns the line around it.
 */
#ifndef TOLL_BASE_HTML_H
#define TOLL_BASE_HTML_H

#include "base/buf.h"
#include "base/text.h"

/*
 * The five characters of markup as references.  A byte that is not UTF-8, and a control character
 * but tab and newline, becomes U+FFFD.  What changes the direction of what follows (Unicode 15,
 * UAX #9, 2: U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069) is named: "[U+202E]".
 */
void html_add(struct buf *out, struct text t);

#endif
