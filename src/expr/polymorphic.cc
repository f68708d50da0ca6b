#include "expr/polymorphic.h"

#include "expr/resolve.h"

namespace oxibase {
namespace {

using T = TypeId;

/// What the two families stand for, kUnknown while nothing tells, kInvalid when arguments disagree.
struct Bindings {
  TypeId element = T::kUnknown;    // anyelement, anynonarray, anyarray's elements
  std::vector<TypeId> compatible;  // arguments of the anycompatible family, as elements
  bool fits = true;
};

void BindElement(Bindings& b, TypeId type) {
  if (b.element == T::kUnknown) {
    b.element = type;
  } else if (b.element != type) {
    b.fits = false;
  }
}

Bindings Bind(std::span<const TypeId> args, std::span<const TypeId> params) {
  Bindings b;
  for (size_t i = 0; i < params.size() && i < args.size(); ++i) {
    const TypeId arg = args[i];
    if (arg == T::kUnknown) continue;
    switch (params[i]) {
      case T::kAnyElement:
        BindElement(b, arg);
        break;
      case T::kAnyNonArray:
        if (IsArrayType(arg)) b.fits = false;
        BindElement(b, arg);
        break;
      case T::kAnyArray: {
        if (arg == T::kAnyArray) break;
        const TypeId element = ElementTypeOf(arg);
        if (element == T::kInvalid) {
          b.fits = false;
        } else {
          BindElement(b, element);
        }
        break;
      }
      case T::kAnyCompatible:
        b.compatible.push_back(arg);
        break;
      case T::kAnyCompatibleNonArray:
        if (IsArrayType(arg)) b.fits = false;
        b.compatible.push_back(arg);
        break;
      case T::kAnyCompatibleArray: {
        const TypeId element = ElementTypeOf(arg);
        if (element == T::kInvalid) {
          b.fits = false;
        } else {
          b.compatible.push_back(element);
        }
        break;
      }
      default:
        break;
    }
  }
  return b;
}

}  // namespace

TypeId ElementOfDeclared(TypeId array) {
  if (array == T::kAnyArray) return T::kAnyElement;
  if (array == T::kAnyCompatibleArray) return T::kAnyCompatible;
  return ElementTypeOf(array);
}

bool PolymorphicArgumentsFit(std::span<const TypeId> args, std::span<const TypeId> params) {
  const Bindings b = Bind(args, params);
  if (!b.fits) return false;
  return b.compatible.empty() || SelectCommonType(b.compatible, "").ok();
}

Result<std::vector<TypeId>> ResolvePolymorphic(std::span<const TypeId> args,
                                               std::span<const TypeId> params, TypeId* result) {
  const Bindings b = Bind(args, params);
  TypeId element = b.element;
  TypeId compatible = T::kText;
  if (!b.compatible.empty()) {
    ASSIGN_OR_RETURN(compatible, SelectCommonType(b.compatible, "arguments"));
  }
  const auto need = [&](bool array) -> Result<TypeId> {
    if (element == T::kUnknown) {
      return Error(ErrorCode::kDatatypeMismatch,
                   "could not determine polymorphic type because input has type unknown");
    }
    if (!array) return element;
    const TypeId type = ArrayTypeOf(element);
    if (type == T::kInvalid) {
      return Error(ErrorCode::kUndefinedObject, "could not find array type for data type {}",
                   FormatType(element));
    }
    return type;
  };
  const auto replace = [&](TypeId declared, TypeId actual) -> Result<TypeId> {
    switch (declared) {
      case T::kAny:
        return actual == T::kUnknown ? T::kText : actual;
      case T::kAnyElement:
      case T::kAnyNonArray:
        return need(false);
      case T::kAnyArray:
        return actual == T::kAnyArray ? actual : need(true);
      case T::kAnyCompatible:
      case T::kAnyCompatibleNonArray:
        return compatible;
      case T::kAnyCompatibleArray:
        return ArrayTypeOf(compatible);
      default:
        return declared;
    }
  };
  std::vector<TypeId> types;
  types.reserve(args.size());
  for (size_t i = 0; i < args.size(); ++i) {
    ASSIGN_OR_RETURN(const TypeId type, replace(params[i], args[i]));
    types.push_back(type);
  }
  ASSIGN_OR_RETURN(*result, replace(*result, T::kUnknown));
  return types;
}

}  // namespace oxibase
