/* OxiBase inside your program: the C API, and the library's whole ABI. C++ has oxibase.hpp on top.
 *
 *   oxibase_database* db;
 *   oxibase_connection* c;
 *   oxibase_statement* s;
 *   oxibase_open("folder", 0, &db);                  // NULL instead of a folder: in memory
 *   oxibase_connect(db, &c);
 *   oxibase_prepare(c, "SELECT name FROM t WHERE id = $1", -1, &s);
 *   oxibase_bind_int64(s, 1, 42);
 *   while (oxibase_step(s) == OXIBASE_ROW) { ... oxibase_get_text(s, 0, &text, &size) ... }
 *   oxibase_finalize(s); oxibase_disconnect(c); oxibase_close(db);
 *
 * Results. Functions that can fail return an `oxibase_result`: negative means an error, which
 * `oxibase_error_field` then tells about, on the same thread, until that thread's next failure. A
 * handle that is NULL, an index out of range, a pointer for a result that is NULL: an error each
 * (SQLSTATE 22023), never a crash. A handle that was closed must not be used any more, as with
 * free().
 *
 * Threads. A database serves all threads at once. A connection and its statements take one call at
 * a time, from any thread; `oxibase_cancel` may come from any thread at any time while the
 * connection is there.
 *
 * Order of closing. Any: a database stays open until its last connection is gone; statements of a
 * connection that is gone answer with an error (08003) until they are finalized.
 *
 * Texts are UTF-8. Lengths are bytes; -1 means "up to the zero byte". Texts handed out end in a
 * zero byte unless the function says otherwise. Parameters count from 1 ($1), columns from 0.
 */
#ifndef OXIBASE_OXIBASE_H
#define OXIBASE_OXIBASE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct oxibase_database oxibase_database;
typedef struct oxibase_connection oxibase_connection;
typedef struct oxibase_statement oxibase_statement;

typedef enum oxibase_result {
  OXIBASE_OK = 0,
  OXIBASE_ROW = 1,  /* oxibase_step, oxibase_fetch: there is a row (a batch of rows) */
  OXIBASE_DONE = 2, /* no row left; the statement is complete */
  OXIBASE_NULL = 3, /* oxibase_get_*: the value is NULL, and zero or an empty text was written */
  OXIBASE_ERROR = -1
} oxibase_result;

/* The library's version, "0.1.0". */
const char* oxibase_version(void);

/* ---- Errors --------------------------------------------------------------------------------- */

typedef enum oxibase_field {
  OXIBASE_SQLSTATE = 0, /* five characters, as PostgreSQL's: "23505" */
  OXIBASE_MESSAGE = 1,
  OXIBASE_DETAIL = 2,
  OXIBASE_HINT = 3,
  OXIBASE_CONTEXT = 4,
  OXIBASE_SCHEMA = 5, /* what it is about, where known */
  OXIBASE_TABLE = 6,
  OXIBASE_COLUMN = 7,
  OXIBASE_CONSTRAINT = 8,
  OXIBASE_TYPE = 9
} oxibase_field;

/* A part of this thread's last error; "" when there is none such, never NULL. Valid until the
 * thread's next failing call. */
const char* oxibase_error_field(oxibase_field field);
/* Where in the statement's text, in characters from 1; 0 when unknown. */
int64_t oxibase_error_position(void);

/* ---- Databases ------------------------------------------------------------------------------ */

/* For `flags` of oxibase_open. */
#define OXIBASE_OPEN_EXISTING 1u /* an error (58P01) when the folder holds no database yet */

/* Opens a folder, making it if needed, and recovers what it holds. `path` NULL or "": a database in
 * memory, gone when it is closed. One process has a folder open at a time (F0001). */
int oxibase_open(const char* path, uint32_t flags, oxibase_database** out);
/* Gives the handle back. NULL is fine. */
void oxibase_close(oxibase_database* database);
/* Writes a checkpoint now; they come by themselves as well. */
int oxibase_checkpoint(oxibase_database* database);

/* ---- Connections ---------------------------------------------------------------------------- */

int oxibase_connect(oxibase_database* database, oxibase_connection** out);
/* Rolls back what is open. NULL is fine. */
void oxibase_disconnect(oxibase_connection* connection);

/* Runs one or more statements separated by semicolons, in one transaction unless they say
 * otherwise; rows of queries are dropped. `rows`, if not NULL, becomes the number of rows that the
 * last statement changed or returned. Not for COPY from or to the client. */
int oxibase_execute(oxibase_connection* connection, const char* sql, ptrdiff_t length,
                    uint64_t* rows);
/* Ends the statement that runs now, or a wait for a notification, with 57014. Does nothing when
 * there is neither. */
int oxibase_cancel(oxibase_connection* connection);

/* BEGIN, COMMIT and ROLLBACK without the parsing. Within a transaction another begin fails with
 * 25001. A commit of a transaction in which a statement has failed rolls back, and fails with
 * 25P02. */
int oxibase_begin(oxibase_connection* connection);
int oxibase_commit(oxibase_connection* connection);
int oxibase_rollback(oxibase_connection* connection);
/* 'I' none is open, 'T' one is, 'E' one has failed and takes only ROLLBACK; 0: no connection. */
char oxibase_transaction_status(const oxibase_connection* connection);

/* Calls `notice` for each NOTICE, WARNING, ... on the thread that runs the statement; the callback
 * may not call back into the connection. NULL: no more. */
typedef void (*oxibase_notice)(void* user, const char* severity, const char* sqlstate,
                               const char* message);
int oxibase_set_notice(oxibase_connection* connection, oxibase_notice notice, void* user);

/* ---- Notifications -------------------------------------------------------------------------- */

/* What NOTIFY on a channel that the connection listens to (LISTEN) brings. */
typedef struct oxibase_notification {
  const char* channel;
  const char* payload; /* "" when there is none */
  int32_t process;     /* of the connection that notified: its pg_backend_pid() */
} oxibase_notification;

/* The next notification, in the order of commits: OXIBASE_ROW, and its texts, valid until the next
 * such call; or OXIBASE_DONE if none comes within `timeout_ms` (0: does not wait; negative: waits
 * as long as it takes). They come between transactions: in one, 25001. oxibase_cancel ends a wait
 * with 57014. */
int oxibase_next_notification(oxibase_connection* connection, int64_t timeout_ms,
                              oxibase_notification* out);

/* ---- Statements ----------------------------------------------------------------------------- */

/* Parses and plans one statement; it can run many times. Types of parameters are inferred from
 * where they stand ($1::int8 says it). */
int oxibase_prepare(oxibase_connection* connection, const char* sql, ptrdiff_t length,
                    oxibase_statement** out);
/* NULL is fine. */
void oxibase_finalize(oxibase_statement* statement);

/* 0 for NULL. */
int32_t oxibase_parameter_count(const oxibase_statement* statement);
/* The type's oid, as in pg_type; 0: there is no such parameter. */
uint32_t oxibase_parameter_type(const oxibase_statement* statement, int32_t parameter);

/* Values stay bound until others take their place. To bind after a run resets the statement.
 * Numbers fit themselves to the parameter's type (22003 when out of its range), a text is read as
 * that type as a quoted literal would be. Bytes are copied. */
int oxibase_bind_null(oxibase_statement* statement, int32_t parameter);
int oxibase_bind_bool(oxibase_statement* statement, int32_t parameter, int value);
int oxibase_bind_int64(oxibase_statement* statement, int32_t parameter, int64_t value);
int oxibase_bind_double(oxibase_statement* statement, int32_t parameter, double value);
int oxibase_bind_text(oxibase_statement* statement, int32_t parameter, const char* text,
                      ptrdiff_t length);
int oxibase_bind_bytes(oxibase_statement* statement, int32_t parameter, const void* bytes,
                       size_t size);
/* Days since 1970-01-01; microseconds since midnight; microseconds since 1970-01-01 00:00 (UTC for
 * timestamptz). The largest and the smallest int32 (date) and int64 (timestamp) are infinity and
 * -infinity. */
int oxibase_bind_date(oxibase_statement* statement, int32_t parameter, int32_t days);
int oxibase_bind_time(oxibase_statement* statement, int32_t parameter, int64_t micros);
int oxibase_bind_timestamp(oxibase_statement* statement, int32_t parameter, int64_t micros);
int oxibase_bind_interval(oxibase_statement* statement, int32_t parameter, int32_t months,
                          int32_t days, int64_t micros);
int oxibase_bind_uuid(oxibase_statement* statement, int32_t parameter, const uint8_t bytes[16]);
/* All parameters are NULL again. */
int oxibase_clear_bindings(oxibase_statement* statement);

/* Runs the statement as far as the next row: OXIBASE_ROW, OXIBASE_DONE or an error. Outside of a
 * transaction, the statement is committed (and, by synchronous_commit, durable) with OXIBASE_DONE.
 * Other statements of the connection may run between two rows of this one. */
int oxibase_step(oxibase_statement* statement);
/* Ends a run: a query's remaining rows are dropped, a change is carried through. The statement can
 * then run anew, with its parameters as they are. */
int oxibase_reset(oxibase_statement* statement);
/* Resets, steps to the end and drops the rows. `rows` as in oxibase_execute, may be NULL. */
int oxibase_run(oxibase_statement* statement, uint64_t* rows);
/* Rows that the run has changed, or returned so far. */
uint64_t oxibase_rows(const oxibase_statement* statement);
/* What the server would say: "INSERT 0 1", "SELECT 5", "CREATE TABLE"; "" before it is done. */
const char* oxibase_command_tag(const oxibase_statement* statement);

/* ---- Rows ----------------------------------------------------------------------------------- */

/* Known from preparation on; 0 for a statement without rows. */
int32_t oxibase_column_count(const oxibase_statement* statement);
/* NULL: there is no such column. */
const char* oxibase_column_name(const oxibase_statement* statement, int32_t column);
/* The type's oid, as in pg_type; 0: there is no such column. */
uint32_t oxibase_column_type(const oxibase_statement* statement, int32_t column);
/* As SQL writes it: "character varying(10)", "integer[]". NULL: there is no such column. */
const char* oxibase_column_type_name(oxibase_statement* statement, int32_t column);

/* Values of the row that oxibase_step stands on: OXIBASE_OK, OXIBASE_NULL or an error, which is
 * 42804 for a type that cannot be read so, 22003 for a number that does not fit, 24000 without a
 * row. Pointers are valid until the statement is stepped, reset or finalized. */
int oxibase_is_null(const oxibase_statement* statement, int32_t column); /* 1, 0 or an error */
int oxibase_get_bool(oxibase_statement* statement, int32_t column, int* value);
/* Integers, booleans, oids, and numerics without a fraction. */
int oxibase_get_int64(oxibase_statement* statement, int32_t column, int64_t* value);
/* Floats, integers and numerics (the nearest double). */
int oxibase_get_double(oxibase_statement* statement, int32_t column, double* value);
/* Any type, as SQL prints it. Texts of text columns lie where they are and do NOT end in a zero
 * byte: use `size`. */
int oxibase_get_text(oxibase_statement* statement, int32_t column, const char** text, size_t* size);
/* bytea as it is; text columns too. */
int oxibase_get_bytes(oxibase_statement* statement, int32_t column, const void** bytes,
                      size_t* size);
/* As in the binds above. */
int oxibase_get_date(oxibase_statement* statement, int32_t column, int32_t* days);
int oxibase_get_time(oxibase_statement* statement, int32_t column, int64_t* micros);
int oxibase_get_timestamp(oxibase_statement* statement, int32_t column, int64_t* micros);
int oxibase_get_interval(oxibase_statement* statement, int32_t column, int32_t* months,
                         int32_t* days, int64_t* micros);
int oxibase_get_uuid(oxibase_statement* statement, int32_t column, uint8_t bytes[16]);

/* ---- Rows in batches ------------------------------------------------------------------------ */

/* How the values of a column lie in memory. */
typedef enum oxibase_form {
  OXIBASE_FORM_OPAQUE = 0,    /* read it by oxibase_get_text */
  OXIBASE_FORM_BOOL = 1,      /* uint8_t, 0 or 1 */
  OXIBASE_FORM_INT16 = 2,     /* int16_t */
  OXIBASE_FORM_INT32 = 3,     /* int32_t */
  OXIBASE_FORM_INT64 = 4,     /* int64_t */
  OXIBASE_FORM_UINT32 = 5,    /* uint32_t: oid and its like */
  OXIBASE_FORM_FLOAT = 6,     /* float */
  OXIBASE_FORM_DOUBLE = 7,    /* double */
  OXIBASE_FORM_TEXT = 8,      /* oxibase_text */
  OXIBASE_FORM_BYTES = 9,     /* oxibase_text */
  OXIBASE_FORM_DATE = 10,     /* int32_t, days since 2000-01-01 */
  OXIBASE_FORM_TIME = 11,     /* int64_t, microseconds since midnight */
  OXIBASE_FORM_TIMESTAMP = 12 /* int64_t, microseconds since 2000-01-01 */
} oxibase_form;

/* A text in 16 bytes: up to 12 bytes lie in `head`; of a longer one, `head` holds the first four,
 * and its last eight bytes are a pointer to the whole. */
typedef struct oxibase_text {
  uint32_t size;
  char head[12];
} oxibase_text;

static inline const char* oxibase_text_data(const oxibase_text* text) {
  const char* data;
  if (text->size <= sizeof text->head) return text->head;
  memcpy(&data, text->head + 4, sizeof data);
  return data;
}

/* One column of a batch. Row r's value is values[selection[r]], and it is NULL when `validity` is
 * given and has bit selection[r] clear. */
typedef struct oxibase_column {
  const void* values;
  const uint32_t* selection;
  const uint64_t* validity;
  uint32_t form; /* oxibase_form */
  uint32_t type; /* oid */
} oxibase_column;

/* Where a statement stands: a batch of `rows` rows, of which `row` is the one that oxibase_get_*
 * read. `column_count` is 0 while there is no row. */
typedef struct oxibase_cursor {
  const oxibase_column* columns;
  uint32_t column_count;
  uint32_t row;
  uint32_t rows;
} oxibase_cursor;

/* The statement's cursor, at one place as long as the statement lives. To add 1 to `row` while the
 * sum is below `rows` is what oxibase_step does then; change nothing else. NULL for NULL. */
oxibase_cursor* oxibase_cursor_of(oxibase_statement* statement);
/* Runs the statement as far as the next batch, past rows left in this one: results as of
 * oxibase_step. */
int oxibase_fetch(oxibase_statement* statement);

/* ---- COPY ----------------------------------------------------------------------------------- */

/* For a statement COPY ... FROM STDIN: data in its format, cut anywhere. The first call starts it.
 */
int oxibase_copy_write(oxibase_statement* statement, const void* bytes, size_t size);
/* The data is complete. `rows` may be NULL. */
int oxibase_copy_finish(oxibase_statement* statement, uint64_t* rows);
/* For a statement COPY ... TO STDOUT: OXIBASE_ROW and the next bytes (whole rows), valid until the
 * next call, or OXIBASE_DONE. oxibase_reset ends either kind early; what was written so far is then
 * undone. */
int oxibase_copy_read(oxibase_statement* statement, const char** bytes, size_t* size);

#ifdef __cplusplus
}
#endif

#endif /* OXIBASE_OXIBASE_H */
