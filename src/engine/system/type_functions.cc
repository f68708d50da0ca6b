#include "engine/system/type_functions.h"

#include <algorithm>

namespace oxibase {

std::span<const TypeFunction> AllTypeFunctions() {
  static const auto* const functions = new std::vector<TypeFunction>{
#define TYPE_FUNCTION(oid, name, result, strict, volatility, ...) \
  {oid, name, result, strict, volatility, __VA_ARGS__},
#include "engine/system/type_functions.inc"
  };
  return *functions;
}

const TypeFunction* FindTypeFunction(std::string_view name) {
  const auto all = AllTypeFunctions();
  const auto found = std::ranges::find(all, name, &TypeFunction::name);
  return found == all.end() ? nullptr : &*found;
}

const TypeFunction* FindTypeFunction(Oid oid) {
  const auto all = AllTypeFunctions();
  const auto found = std::ranges::find(all, oid, &TypeFunction::oid);
  return found == all.end() ? nullptr : &*found;
}

FunctionsOfType FunctionsOf(TypeId type) {
  static constexpr FunctionsOfType kRows[] = {
#define TYPE_ROW(...) {__VA_ARGS__},
#include "engine/system/type_functions.inc"
  };
  const auto* found = std::ranges::find(kRows, static_cast<Oid>(type), &FunctionsOfType::type);
  return found == std::end(kRows) ? FunctionsOfType{} : *found;
}

}  // namespace oxibase
