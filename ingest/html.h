/*
 * html.h - texts as sources write them (HTML, Markdown with some HTML in it, plain) as the plain text that is stored.
 *
 * Only what is an element of HTML counts as markup: "a < b" and "List<T>" stay.  Control characters go.
 */
#ifndef INGEST_HTML_H
#define INGEST_HTML_H

/* Paragraphs with a blank line between them, list items as lines with "- ", references resolved, scripts and
 * comments gone.  Line ends count as they are unless blocks of HTML say where lines end.  malloc()ed; NULL: no memory. */
char *html_text(const char *source);
/* The same as one line. */
char *html_line(const char *source);

#endif
