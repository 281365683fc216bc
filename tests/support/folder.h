/*
 * folder.h - temporary folders of tests and benches.
 */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

/* Removes a folder and all that is in it; what is not there is fine. */
void folder_remove(const char *path);

#endif
