/*
 * report.h - what a commit did, or would do, in words.
 */
#ifndef INGEST_REPORT_H
#define INGEST_REPORT_H

/* Warnings to standard error, with the file's name; the rest to standard output. */
void report_show(const char *file, const char *report_json, int dry_run);

#endif
