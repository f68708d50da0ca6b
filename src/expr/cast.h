#pragma once
// Which casts exist, and the functions that carry them out.
//
// A cast in a bound expression is a CallExpr on one of these functions, whose `result` carries the
// target with its modifier. Conversion and modifier are two steps, as in PostgreSQL:
// `FindCast(from, to)->function`, then `TypmodCast(to, is_explicit)` when the target has one.
// `MakeCastExpr` writes both.

#include <cstdint>
#include <string_view>

#include "common/types.h"
#include "expr/expression.h"
#include "expr/function.h"

namespace oxibase {

/// Where a cast may be applied: each includes the ones before it.
enum class CastContext : char { kImplicit = 'i', kAssignment = 'a', kExplicit = 'e' };

enum class CastMethod : char {
  kRelabel = 'b',   // binary-coercible: the bytes are the same
  kFunction = 'f',  // as pg_cast says
  kInOut = 'i',     // through text
  kArray = 'r',     // element by element
};

struct CastInfo {
  TypeId from;
  TypeId to;
  CastContext context;  // the least explicit one that allows it
  CastMethod method;
  /// One argument of type `from`, result `to`; strict. Never null (relabelling has one too).
  const Function* function;
};

/// Null when there is no such cast, or when from == to. kUnknown casts to everything implicitly
/// (it is read by the target's input function). Lives as long as the process; any thread.
const CastInfo* FindCast(TypeId from, TypeId to);
/// True also when from == to.
bool CanCast(TypeId from, TypeId to, CastContext context);
bool IsBinaryCoercible(TypeId from, TypeId to);

/// Whether the function only relabels: its result is its argument, byte for byte.
bool IsRelabel(const Function& function);

/// The function that makes a value fit the modifier in its `CallSite::result` (varchar, char(n),
/// numeric, time, timestamps, interval and arrays of them); null if the type takes none. In an
/// explicit cast too long strings are cut, otherwise they are an error (22001).
const Function* TypmodCast(TypeId type, bool is_explicit);

/// `expr` cast to `to`: nothing, one call or two. Null when the context does not allow it. The
/// caller reads unknown literals itself (TextIn), where it can point at their position.
ExprPtr MakeCastExpr(ExprPtr expr, Type to, CastContext context);

/// All casts of PostgreSQL's pg_cast that exist here, for the catalog view.
struct CastSpan {
  const CastInfo* first;
  size_t count;
  const CastInfo* begin() const { return first; }
  const CastInfo* end() const { return first + count; }
};
CastSpan AllCasts();

}  // namespace oxibase
