#pragma once
// anyelement, anyarray, anycompatible and their kin: do the arguments fit together, and what do
// they stand for. Private to expr.

#include <span>
#include <vector>

#include "common/status.h"
#include "common/types.h"

namespace oxibase {

/// The element type of a declared array, which may be polymorphic.
TypeId ElementOfDeclared(TypeId array);

/// Whether the arguments at polymorphic parameters agree. Unknown ones agree with anything.
bool PolymorphicArgumentsFit(std::span<const TypeId> args, std::span<const TypeId> params);

/// The types the arguments are to be cast to; replaces a polymorphic `result`. 42804 when it cannot
/// be found out. REQUIRES: PolymorphicArgumentsFit
Result<std::vector<TypeId>> ResolvePolymorphic(std::span<const TypeId> args,
                                               std::span<const TypeId> params, TypeId* result);

}  // namespace oxibase
