#include "expr/cast.h"

#include <memory>
#include <unordered_map>
#include <vector>

#include "expr/cast_kernels.h"

namespace oxibase {
namespace {

struct CatalogRow {
  TypeId from;
  TypeId to;
  char context;
  char method;
};
constexpr CatalogRow kCatalogRows[] = {
#include "expr/pg_casts.inc"
};

bool IsRealArray(TypeId type) {
  return IsArrayType(type) && type != TypeId::kInt2Vector && type != TypeId::kOidVector;
}

/// Values of these exist, so that they can be printed and read.
bool HasValues(TypeId type) {
  return !IsPolymorphic(type) && type != TypeId::kAny && type != TypeId::kInvalid &&
         type != TypeId::kVoid;
}

uint64_t PairKey(TypeId from, TypeId to) {
  return static_cast<uint64_t>(from) << 32 | static_cast<uint64_t>(to);
}

/// Whether reading or printing the type depends on settings or the catalog.
bool IsStableText(TypeId type) {
  if (IsArrayType(type)) return true;  // as PostgreSQL has it, whatever the elements
  const char category = TypeCategory(type);
  if (category == 'D' || category == 'T' || type == TypeId::kBytea || type == TypeId::kRecord ||
      type == TypeId::kFloat4 || type == TypeId::kFloat8) {
    return true;
  }
  return category == 'N' && PhysicalTypeOf(type) == PhysicalType::kInt32 && type != TypeId::kInt4 &&
         type != TypeId::kOid;
}

Volatility VolatilityOf(TypeId from, TypeId to, CastMethod method) {
  if (method == CastMethod::kInOut) {
    return IsStableText(from) || IsStableText(to) ? Volatility::kStable : Volatility::kImmutable;
  }
  // A time zone stands between these.
  const bool from_zone = from == TypeId::kTimestampTz;
  const bool to_zone = to == TypeId::kTimestampTz;
  const bool named = to == TypeId::kRegClass && TypeCategory(from) == 'S';
  return from_zone != to_zone || named ? Volatility::kStable : Volatility::kImmutable;
}

class CastTable {
 public:
  static const CastTable& Get() {
    static const CastTable* table = new CastTable;
    return *table;
  }

  const CastInfo* Find(TypeId from, TypeId to) const {
    const auto it = by_pair_.find(PairKey(from, to));
    return it == by_pair_.end() ? nullptr : &casts_[it->second];
  }
  const Function* FindTypmod(TypeId type, bool is_explicit) const {
    const auto it = typmods_.find(PairKey(type, static_cast<TypeId>(is_explicit)));
    return it == typmods_.end() ? nullptr : it->second.get();
  }
  CastSpan catalog() const { return {casts_.data(), catalog_count_}; }

 private:
  CastTable() {
    for (const CatalogRow& row : kCatalogRows) {
      const auto method = static_cast<CastMethod>(row.method);
      Kernel kernel = nullptr;
      switch (method) {
        case CastMethod::kRelabel:
          kernel = RelabelKernel;
          break;
        case CastMethod::kInOut:
          kernel = InOutKernel;
          break;
        default:
          kernel = FindNumberCast(row.from, row.to);
          if (!kernel) kernel = FindDateTimeCast(row.from, row.to);
          if (!kernel) kernel = FindTextCast(row.from, row.to);
      }
      if (!kernel) continue;
      Add(row.from, row.to, static_cast<CastContext>(row.context), method, kernel);
    }
    catalog_count_ = casts_.size();
    for (const TypeInfo& from : AllTypes()) {
      for (const TypeInfo& to : AllTypes()) AddImplied(from.id, to.id);
    }
    for (const TypeInfo& type : AllTypes()) AddTypmod(type.id);
  }

  Function* MakeFunction(std::string_view name, TypeId from, TypeId to, Kernel kernel) {
    functions_.push_back(std::make_unique<Function>());
    Function* function = functions_.back().get();
    function->name = name;
    function->args = {from};
    function->result = to;
    function->kernel = kernel;
    return function;
  }

  Function* Add(TypeId from, TypeId to, CastContext context, CastMethod method, Kernel kernel) {
    Function* function = MakeFunction(TypeName(to), from, to, kernel);
    function->volatility = VolatilityOf(from, to, method);
    by_pair_.emplace(PairKey(from, to), casts_.size());
    casts_.push_back({from, to, context, method, function});
    return function;
  }

  /// Casts that follow from the rules: arrays by their elements, strings from and to anything.
  void AddImplied(TypeId from, TypeId to) {
    if (from == to || !HasValues(from) || !HasValues(to) || Find(from, to)) return;
    if (from == TypeId::kUnknown) {
      Add(from, to, CastContext::kImplicit, CastMethod::kInOut, InOutKernel);
      return;
    }
    if (to == TypeId::kUnknown || to == TypeId::kRecord) return;
    // The catalogs' vectors are arrays of their elements, to all that takes arrays.
    if (IsArrayType(from) && IsRealArray(to)) {
      const TypeId from_element = ElementTypeOf(from);
      const TypeId to_element = ElementTypeOf(to);
      if (from_element == to_element) {
        Add(from, to, CastContext::kImplicit, CastMethod::kRelabel, RelabelKernel);
        return;
      }
      AddImplied(from_element, to_element);
      if (const CastInfo* element = Find(from_element, to_element)) {
        const CastContext context = element->context;
        const Volatility volatility = element->function->volatility;
        Add(from, to, context, CastMethod::kArray, ArrayCastKernel)->volatility = volatility;
        return;
      }
    }
    if (to == TypeId::kCString) {
      Add(from, to, CastContext::kExplicit, CastMethod::kInOut, InOutKernel);
    } else if (TypeCategory(to) == 'S') {
      Add(from, to, CastContext::kAssignment, CastMethod::kInOut, InOutKernel);
    } else if (TypeCategory(from) == 'S' || from == TypeId::kCString) {
      Add(from, to, CastContext::kExplicit, CastMethod::kInOut, InOutKernel);
    }
  }

  void AddTypmod(TypeId type) {
    for (const bool is_explicit : {false, true}) {
      Kernel kernel = FindTypmodKernel(type, is_explicit);
      if (!kernel) continue;
      auto function = std::make_unique<Function>();
      function->name = TypeName(type);
      function->args = {type};
      function->result = type;
      function->kernel = kernel;
      typmods_.emplace(PairKey(type, static_cast<TypeId>(is_explicit)), std::move(function));
    }
  }

  std::vector<CastInfo> casts_;
  size_t catalog_count_ = 0;
  std::unordered_map<uint64_t, size_t> by_pair_;
  std::unordered_map<uint64_t, std::unique_ptr<Function>> typmods_;
  std::vector<std::unique_ptr<Function>> functions_;
};

int Strength(CastContext context) {
  return context == CastContext::kImplicit ? 0 : context == CastContext::kAssignment ? 1 : 2;
}

ExprPtr MakeCall(const Function& function, Type result, ExprPtr expr, CastContext context) {
  const int32_t location = expr->location;
  std::vector<ExprPtr> args;
  args.push_back(std::move(expr));
  auto call = std::make_unique<CallExpr>(function, result, std::move(args),
                                         context == CastContext::kExplicit
                                             ? CallExpr::Syntax::kExplicitCast
                                             : CallExpr::Syntax::kImplicitCast);
  call->location = location;
  return call;
}

}  // namespace

const CastInfo* FindCast(TypeId from, TypeId to) { return CastTable::Get().Find(from, to); }

bool CanCast(TypeId from, TypeId to, CastContext context) {
  if (from == to) return true;
  const CastInfo* cast = FindCast(from, to);
  return cast && Strength(cast->context) <= Strength(context);
}

bool IsBinaryCoercible(TypeId from, TypeId to) {
  if (from == to) return true;
  const CastInfo* cast = FindCast(from, to);
  return cast && cast->method == CastMethod::kRelabel;
}

bool IsRelabel(const Function& function) { return function.kernel == &RelabelKernel; }

const Function* TypmodCast(TypeId type, bool is_explicit) {
  return CastTable::Get().FindTypmod(type, is_explicit);
}

ExprPtr MakeCastExpr(ExprPtr expr, Type to, CastContext context) {
  const Type from = expr->type;
  if (from.id != to.id) {
    if (!CanCast(from.id, to.id, context)) return nullptr;
    const CastInfo* cast = FindCast(from.id, to.id);
    if (cast->method == CastMethod::kRelabel && expr->kind == ExprKind::kConstant) {
      expr->type = to.id;
      static_cast<ConstantExpr&>(*expr).value.set_type(to.id);
    } else {
      // Which fields an interval's bare number means is said by the modifier.
      const Type result(to.id,
                        from.id == TypeId::kUnknown && to.id == TypeId::kInterval ? to.typmod : -1);
      expr = MakeCall(*cast->function, result, std::move(expr), context);
    }
  }
  if (to.typmod < 0 || expr->type.typmod == to.typmod) return expr;
  const Function* fit = TypmodCast(to.id, context == CastContext::kExplicit);
  if (!fit) return expr;
  return MakeCall(*fit, to, std::move(expr), context);
}

CastSpan AllCasts() { return CastTable::Get().catalog(); }

}  // namespace oxibase
