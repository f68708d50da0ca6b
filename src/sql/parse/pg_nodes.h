#pragma once
// libpg_query's own headers, tamed. Only .cc files of this folder include this one, after all other
// headers: PostgreSQL defines printf and other common words as macros and puts its types into the
// global namespace (`::SelectStmt` is PostgreSQL's, `ast::SelectStmt` ours).

extern "C" {
#include "postgres.h"
//
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "nodes/primnodes.h"
#include "parser/parser.h"
#include "utils/elog.h"
#include "utils/memutils.h"

// Of src/pg_query_internal.h, which lies outside the include folders.
MemoryContext pg_query_enter_memory_context();
void pg_query_exit_memory_context(MemoryContext context);
}

#undef printf
#undef fprintf
#undef sprintf
#undef snprintf
#undef vprintf
#undef vfprintf
#undef vsprintf
#undef vsnprintf
#undef strerror
#undef _

namespace oxibase::ast {

/// A node as what its tag says it is. (PostgreSQL's castNode would find our types of the same
/// name.)
template <typename T>
const T* Pg(const void* node) {
  return static_cast<const T*>(node);
}

}  // namespace oxibase::ast
