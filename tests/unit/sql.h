/*
 * sql.h - what is done to a database behind the program's back
 */
#ifndef DIRSYNC_TESTS_SQL_H
#define DIRSYNC_TESTS_SQL_H

/** Carries out the statements in the database at @path, or fails the running test. */
void run_sql(const char *path, const char *sql);

#endif
