// libpg_query takes one pthread key for each thread that parses and never gives it back, which ends
// after 1,023 threads. pg_query.c is compiled with -Dpthread_key_create=oxi_key_create: all threads
// share one key.
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static void (*destructor)(void*);

static void MakeKey(void) { pthread_key_create(&key, destructor); }

int oxi_key_create(pthread_key_t* out, void (*on_exit)(void*)) {
  destructor = on_exit;
  pthread_once(&once, MakeKey);
  *out = key;
  return 0;
}

// The JSON and protobuf writers are not compiled; pg_query_parse.c names them.
struct ProtobufStub {
  unsigned long len;
  char* data;
};

char* pg_query_nodes_to_json(const void* tree) {
  (void)tree;
  return 0;
}

struct ProtobufStub pg_query_nodes_to_protobuf(const void* tree) {
  (void)tree;
  struct ProtobufStub none = {0, 0};
  return none;
}
