#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "common/types.h"

namespace oxibase {

/// A function of pg_type's columns (typinput, typsend ...). Only the catalogs show them: clients
/// tell by their names what a type is.
struct TypeFunction {
  Oid oid;
  std::string_view name;
  Oid result;
  bool strict;
  char volatility;
  std::vector<Oid> args;
};
std::span<const TypeFunction> AllTypeFunctions();
/// Null: there is none.
const TypeFunction* FindTypeFunction(std::string_view name);
const TypeFunction* FindTypeFunction(Oid oid);

/// The functions of one type, 0 where it has none.
struct FunctionsOfType {
  Oid type;
  Oid input, output, receive, send, modifier_in, modifier_out, subscript;
};
FunctionsOfType FunctionsOf(TypeId type);

}  // namespace oxibase
