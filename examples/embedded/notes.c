/* The C API: a notebook that is searched.
 * Usage: notes [FOLDER]    without a folder, everything is in memory */
#include <oxibase/oxibase.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the program when a call has failed. */
static int check(int result) {
  if (result < 0) {
    fprintf(stderr, "%s: %s\n", oxibase_error_field(OXIBASE_SQLSTATE),
            oxibase_error_field(OXIBASE_MESSAGE));
    exit(1);
  }
  return result;
}

int main(int argc, char** argv) {
  static const char* const notes[][2] = {
      {"shopping", "bread, apples, rope"},
      {"ideas", "a database inside the program"},
      {"empty", NULL},
  };
  oxibase_database* db;
  oxibase_connection* connection;
  oxibase_statement* insert;
  oxibase_statement* find;
  size_t i;

  check(oxibase_open(argc > 1 ? argv[1] : NULL, 0, &db));
  check(oxibase_connect(db, &connection));
  check(oxibase_execute(connection,
                        "DROP TABLE IF EXISTS note;"
                        "CREATE TABLE note (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                        "                   title text UNIQUE, body text)",
                        -1, NULL));

  check(oxibase_prepare(connection, "INSERT INTO note (title, body) VALUES ($1, $2)", -1, &insert));
  check(oxibase_begin(connection));
  for (i = 0; i < sizeof notes / sizeof notes[0]; ++i) {
    check(oxibase_bind_text(insert, 1, notes[i][0], -1));
    check(notes[i][1] ? oxibase_bind_text(insert, 2, notes[i][1], -1)
                      : oxibase_bind_null(insert, 2));
    check(oxibase_run(insert, NULL));
  }
  check(oxibase_commit(connection));
  oxibase_finalize(insert);

  if (oxibase_execute(connection, "INSERT INTO note (title) VALUES ('ideas')", -1, NULL) < 0) {
    printf("refused, %s: %s\n", oxibase_error_field(OXIBASE_SQLSTATE),
           oxibase_error_field(OXIBASE_DETAIL));
  }

  check(oxibase_prepare(connection,
                        "SELECT id, title, body FROM note"
                        " WHERE body LIKE '%' || $1 || '%' OR body IS NULL ORDER BY id",
                        -1, &find));
  check(oxibase_bind_text(find, 1, "apples", -1));
  while (check(oxibase_step(find)) == OXIBASE_ROW) {
    int64_t id;
    const char *title, *body;
    size_t title_size, body_size;
    check(oxibase_get_int64(find, 0, &id));
    check(oxibase_get_text(find, 1, &title, &title_size));
    if (check(oxibase_get_text(find, 2, &body, &body_size)) == OXIBASE_NULL) {
      printf("%d %.*s has no body\n", (int)id, (int)title_size, title);
    } else {
      printf("%d %.*s: %.*s\n", (int)id, (int)title_size, title, (int)body_size, body);
    }
  }
  oxibase_finalize(find);
  oxibase_disconnect(connection);
  oxibase_close(db);
  return 0;
}
