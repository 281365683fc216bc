/*
 * name_id.h - ids for records whose source has none: the same words give the same id in every run.
 */
#ifndef INGEST_NAME_ID_H
#define INGEST_NAME_ID_H

#define NAME_ID_SIZE 37

/* UUIDv5 of the kind and the words (case and blanks around do not count); detail may be NULL. */
void name_id(const char *kind, const char *words, const char *detail,
	     char out[static NAME_ID_SIZE]);

#endif
