#pragma once
// PostgreSQL's rules of overloading, as pure functions over the function table and the casts: which
// function does a call mean, which common type have the branches of a CASE. The caller writes out
// the casts that an answer asks for.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "common/types.h"

namespace oxibase {

struct Function;

/// A call as written: what the binder knows before it has chosen a function.
struct CallRequest {
  std::string_view name;  // without schema, as the table has it: "lower", "+"
  bool is_operator = false;
  /// Actual types; kUnknown for untyped literals, NULL and parameters without a type.
  std::span<const TypeId> args;
  /// For each argument its name in `f(name => value)`, "" for positional ones; may be empty.
  std::span<const std::string_view> arg_names = {};
  /// The last argument was written VARIADIC: an array in place of the elements.
  bool variadic_array = false;
};

/// In ResolvedCall::argument_order: a parameter that was left out before a named one. It is filled
/// with a zero of its type, its default wherever such gaps are accepted.
inline constexpr uint32_t kDefaultArgument = UINT32_MAX;

/// The meaning of a call.
struct ResolvedCall {
  /// Null: not a function but a cast written like one, `float8(x)`: cast the single argument to
  /// `result` explicitly.
  const Function* function = nullptr;
  /// Aim of the cast of each actual argument (the same type: no cast; a declared "any" keeps the
  /// argument's own type, an unknown one becomes text).
  std::vector<TypeId> arg_types;
  /// Polymorphic results resolved; kRecord and kVoid stay.
  Type result;
  /// When below arg_types.size(): the arguments from here on (cast to arg_types[i]) are to be
  /// collected in one ArrayExpr of ArrayTypeOf(arg_types[array_from]).
  size_t array_from = SIZE_MAX;
  /// Positions of the actual arguments in the order of the parameters, when names were used.
  std::vector<uint32_t> argument_order;
};

/// Errors: 42883 (none fits), 42725 (several do), with PostgreSQL's messages and hints and without
/// a location.
Result<ResolvedCall> ResolveFunction(const CallRequest& call);

/// An operator over operand types (one: prefix): as ResolveFunction, with the further rule that an
/// unknown operand of a binary operator is first taken to be of the other's type.
Result<ResolvedCall> ResolveOperator(std::string_view name, std::span<const TypeId> args);

/// The operator `name` that compares values of these very types or what they implicitly become
/// ("=" for IN, USING, DISTINCT, "<" for ORDER BY, GREATEST). Arrays compare by their elements.
Result<ResolvedCall> ResolveComparison(std::string_view name, TypeId left, TypeId right);

/// "=" and "<" of one type, for GROUP BY, DISTINCT, ORDER BY, unique keys: null if it has none.
const Function* EqualityOf(TypeId type);
const Function* LessOf(TypeId type);

/// The type to which branches are cast: `what` names the construct in the error ("CASE",
/// "UNION", "VALUES", "ARRAY", "COALESCE", "GREATEST", "LEAST"). All unknown: text. 42804 when they
/// do not go together. The order matters, as in PostgreSQL: CASE's ELSE comes first. `failed` (may
/// be null) then gets the position of the offending one.
Result<TypeId> SelectCommonType(std::span<const TypeId> types, std::string_view what,
                                size_t* failed = nullptr);
/// The modifier to keep when all branches have the same type and modifier, else -1.
int32_t SelectCommonTypmod(std::span<const Type> types, TypeId common);

/// Whether a value of type `from` becomes one of type `to` without being told: the implicit casts
/// of pg_cast, the same type, unknown to anything, arrays by their elements.
bool IsImplicitlyCoercible(TypeId from, TypeId to);

/// "f(integer, unknown)" or "integer + text", as error messages say it.
std::string DescribeCall(const CallRequest& call);

}  // namespace oxibase
