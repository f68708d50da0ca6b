// Follows PostgreSQL's parser/parse_func.c and parse_oper.c step by step; the numbered steps are
// those of its manual's chapter "Type Conversion".

#include "expr/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "expr/cast.h"
#include "expr/function.h"
#include "expr/polymorphic.h"

namespace oxibase {
namespace {

using T = TypeId;

/// One way to call a function: its parameters spread out to the number of arguments.
struct Candidate {
  const Function* function;
  std::vector<TypeId> params;            // one for each argument, in the arguments' order
  size_t array_from = SIZE_MAX;          // variadic elements begin here
  std::vector<uint32_t> argument_order;  // of named arguments
};

/// Parameter positions for arguments given by name; false if the names do not fit.
bool PlaceNamed(const CallRequest& call, const Function& f, Candidate& candidate) {
  std::vector<std::string_view> names;
  std::string_view rest = f.arg_names;
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    names.push_back(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  std::vector<int> argument_of(f.args.size(), -1);
  for (size_t i = 0; i < call.args.size(); ++i) {
    size_t position = i;
    if (!call.arg_names[i].empty()) {
      const auto it = std::ranges::find(names, call.arg_names[i]);
      if (it == names.end()) return false;
      position = static_cast<size_t>(it - names.begin());
    }
    if (position >= f.args.size() || argument_of[position] >= 0) return false;
    argument_of[position] = static_cast<int>(i);
    candidate.params.push_back(f.args[position]);
  }
  // Kernels see a prefix of their parameters. A gap in it must have zero as its default, which is
  // so for make_interval() alone.
  size_t last = 0;
  for (size_t i = 0; i < f.args.size(); ++i) {
    if (argument_of[i] >= 0) last = i + 1;
  }
  for (size_t i = 0; i < last; ++i) {
    const bool given = argument_of[i] >= 0;
    if (!given && f.name != "make_interval") return false;
    candidate.argument_order.push_back(given ? static_cast<uint32_t>(argument_of[i])
                                             : kDefaultArgument);
  }
  return f.args.size() - last <= f.optional_args;
}

std::vector<Candidate> FindCandidates(const CallRequest& call) {
  std::vector<Candidate> candidates;
  const size_t n = call.args.size();
  const bool named = std::ranges::any_of(call.arg_names, [](auto name) { return !name.empty(); });
  for (const Function* f : FunctionTable::Get().Find(call.name, call.is_operator)) {
    const size_t declared = f->args.size();
    Candidate candidate{f, {}, SIZE_MAX, {}};
    if (named) {
      if (n <= declared && PlaceNamed(call, *f, candidate)) candidates.push_back(candidate);
      continue;
    }
    if (f->variadic && !call.variadic_array) {
      if (n < declared) continue;
      const TypeId last = f->args.back();
      const TypeId element = last == T::kAny ? T::kAny : ElementOfDeclared(last);
      candidate.params.assign(f->args.begin(), f->args.end() - 1);
      candidate.params.resize(n, element);
      if (last != T::kAny) candidate.array_from = declared - 1;
    } else {
      if (call.variadic_array && !f->variadic) continue;
      if (n > declared || declared - n > f->optional_args) continue;
      candidate.params.assign(f->args.begin(), f->args.begin() + static_cast<ptrdiff_t>(n));
    }
    // Of two that look alike the one that is not variadic is meant.
    const auto twin = std::ranges::find(candidates, candidate.params, &Candidate::params);
    if (twin == candidates.end()) {
      candidates.push_back(std::move(candidate));
    } else if (twin->function->variadic && !f->variadic) {
      *twin = std::move(candidate);
    }
  }
  return candidates;
}

bool AllCoercible(std::span<const TypeId> args, const std::vector<TypeId>& params) {
  for (size_t i = 0; i < args.size(); ++i) {
    if (params[i] == T::kAny || IsPolymorphic(params[i])) continue;
    if (!IsImplicitlyCoercible(args[i], params[i])) return false;
  }
  return PolymorphicArgumentsFit(args, params);
}

/// Keeps those with the greatest score.
template <typename Score>
void KeepBest(std::vector<const Candidate*>& candidates, Score score) {
  int best = 0;
  std::vector<const Candidate*> kept;
  for (const Candidate* c : candidates) {
    const int s = score(*c);
    if (s > best || kept.empty()) {
      best = std::max(best, s);
      kept.clear();
      kept.push_back(c);
    } else if (s == best) {
      kept.push_back(c);
    }
  }
  candidates = std::move(kept);
}

/// func_select_candidate(): null if several remain.
const Candidate* SelectCandidate(std::span<const TypeId> args,
                                 std::vector<const Candidate*> candidates) {
  const size_t n = args.size();
  size_t unknowns = 0;
  std::vector<char> category(n);
  for (size_t i = 0; i < n; ++i) {
    if (args[i] == T::kUnknown) ++unknowns;
    category[i] = TypeCategory(args[i]);
  }
  KeepBest(candidates, [&](const Candidate& c) {
    int exact = 0;
    for (size_t i = 0; i < n; ++i) exact += args[i] != T::kUnknown && c.params[i] == args[i];
    return exact;
  });
  if (candidates.size() == 1) return candidates[0];
  KeepBest(candidates, [&](const Candidate& c) {
    int matches = 0;
    for (size_t i = 0; i < n; ++i) {
      if (args[i] == T::kUnknown) continue;
      matches += c.params[i] == args[i] ||
                 (IsPreferredType(c.params[i]) && TypeCategory(c.params[i]) == category[i]);
    }
    return matches;
  });
  if (candidates.size() == 1) return candidates[0];
  if (unknowns == 0) return nullptr;

  // What category do the candidates want where the type is unknown? Strings win.
  bool resolved = true;
  std::vector<char> wanted(n);
  std::vector<bool> has_preferred(n);
  for (size_t i = 0; i < n && resolved; ++i) {
    if (args[i] != T::kUnknown) continue;
    bool conflict = false;
    for (const Candidate* c : candidates) {
      const TypeId param = c->params[i];
      const char own = TypeCategory(param);
      const bool preferred = IsPreferredType(param);
      if (wanted[i] == 0) {
        wanted[i] = own;
        has_preferred[i] = preferred;
      } else if (own == wanted[i]) {
        has_preferred[i] = has_preferred[i] || preferred;
      } else if (own == 'S') {
        wanted[i] = own;
        has_preferred[i] = preferred;
      } else {
        conflict = true;
      }
    }
    if (conflict && wanted[i] != 'S') resolved = false;
  }
  if (resolved) {
    std::vector<const Candidate*> kept;
    for (const Candidate* c : candidates) {
      bool keep = true;
      for (size_t i = 0; i < n && keep; ++i) {
        if (args[i] != T::kUnknown) continue;
        keep = TypeCategory(c->params[i]) == wanted[i] &&
               (!has_preferred[i] || IsPreferredType(c->params[i]));
      }
      if (keep) kept.push_back(c);
    }
    if (!kept.empty()) candidates = std::move(kept);
    if (candidates.size() == 1) return candidates[0];
  }

  // Last: if all known arguments have one type, the unknown ones have it too.
  if (unknowns < n) {
    TypeId known = T::kUnknown;
    for (const TypeId arg : args) {
      if (arg == T::kUnknown) continue;
      if (known != T::kUnknown && known != arg) return nullptr;
      known = arg;
    }
    const std::vector<TypeId> assumed(n, known);
    const Candidate* found = nullptr;
    for (const Candidate* c : candidates) {
      if (!AllCoercible(assumed, c->params)) continue;
      if (found) return nullptr;
      found = c;
    }
    return found;
  }
  return nullptr;
}

Status NotFound(const CallRequest& call, bool ambiguous) {
  const bool op = call.is_operator;
  const bool prefix = op && call.args.size() == 1;
  if (ambiguous) {
    return Error(ErrorCode::kAmbiguousFunction, "{} is not unique: {}",
                 op ? "operator" : "function", DescribeCall(call))
        .Hint(fmt::format("Could not choose a best candidate {}. You might need to add explicit "
                          "type casts.",
                          op ? "operator" : "function"));
  }
  if (op) {
    return Error(ErrorCode::kUndefinedFunction, "operator does not exist: {}", DescribeCall(call))
        .Hint(prefix ? "No operator matches the given name and argument type. You might need to "
                       "add an explicit type cast."
                     : "No operator matches the given name and argument types. You might need to "
                       "add explicit type casts.");
  }
  return Error(ErrorCode::kUndefinedFunction, "function {} does not exist", DescribeCall(call))
      .Hint(
          "No function matches the given name and argument types. You might need to add explicit "
          "type casts.");
}

Result<ResolvedCall> Finish(const CallRequest& call, const Candidate& candidate) {
  ResolvedCall resolved;
  resolved.function = candidate.function;
  resolved.array_from = candidate.array_from;
  resolved.argument_order = candidate.argument_order;
  TypeId result = candidate.function->result;
  ASSIGN_OR_RETURN(resolved.arg_types, ResolvePolymorphic(call.args, candidate.params, &result));
  resolved.result = result;
  return resolved;
}

/// `float8(x)`, `text(x)`: a cast written as a call. Array types and pseudo-types have no such
/// form.
bool IsCastCall(const CallRequest& call, TypeId* target) {
  if (call.is_operator || call.args.size() != 1 || call.variadic_array) return false;
  for (const TypeInfo& info : AllTypes()) {
    if (info.name != call.name || info.kind != 'b' || IsArrayType(info.id)) continue;
    *target = info.id;
    return CanCast(call.args[0], info.id, CastContext::kExplicit);
  }
  return false;
}

}  // namespace

bool IsImplicitlyCoercible(TypeId from, TypeId to) {
  return from == T::kUnknown || CanCast(from, to, CastContext::kImplicit);
}

std::string DescribeCall(const CallRequest& call) {
  if (call.is_operator) {
    if (call.args.size() == 1) {
      return fmt::format("{} {}", call.name, FormatType(call.args[0]));
    }
    return fmt::format("{} {} {}", FormatType(call.args[0]), call.name, FormatType(call.args[1]));
  }
  std::string text = fmt::format("{}(", call.name);
  for (size_t i = 0; i < call.args.size(); ++i) {
    if (i > 0) text += ", ";
    if (i < call.arg_names.size() && !call.arg_names[i].empty()) {
      text += fmt::format("{} => ", call.arg_names[i]);
    }
    text += FormatType(call.args[i]);
  }
  return text + ")";
}

Result<ResolvedCall> ResolveFunction(const CallRequest& call) {
  const std::vector<Candidate> candidates = FindCandidates(call);
  for (const Candidate& c : candidates) {  // step 2: an exact match
    if (std::ranges::equal(call.args, c.params)) return Finish(call, c);
  }
  ResolvedCall cast;
  TypeId target = T::kInvalid;
  if (IsCastCall(call, &target)) {
    cast.arg_types.assign(1, target);
    cast.result = target;
    return cast;
  }
  std::vector<const Candidate*> fitting;
  for (const Candidate& c : candidates) {
    if (AllCoercible(call.args, c.params)) fitting.push_back(&c);
  }
  if (fitting.empty()) return NotFound(call, false);
  if (fitting.size() == 1) return Finish(call, *fitting[0]);
  const Candidate* chosen = SelectCandidate(call.args, fitting);
  if (!chosen) return NotFound(call, true);
  return Finish(call, *chosen);
}

Result<ResolvedCall> ResolveOperator(std::string_view name, std::span<const TypeId> args) {
  CallRequest call{.name = name, .is_operator = true, .args = args};
  if (args.size() == 2) {
    std::array<TypeId, 2> assumed = {args[0], args[1]};
    if (assumed[0] == T::kUnknown) assumed[0] = assumed[1];
    if (assumed[1] == T::kUnknown) assumed[1] = assumed[0];
    // varchar has no operators of its own: it is compared as text.
    const Function* exact = FunctionTable::Get().FindExact(name, true, assumed);
    if (exact) return Finish(call, Candidate{exact, exact->args, SIZE_MAX, {}});
  }
  return ResolveFunction(call);
}

Result<ResolvedCall> ResolveComparison(std::string_view name, TypeId left, TypeId right) {
  const std::array<TypeId, 2> args = {left, right};
  return ResolveOperator(name, args);
}

namespace {

const Function* ComparisonOf(std::string_view name, TypeId type) {
  if (type == T::kUnknown) type = T::kText;
  auto resolved = ResolveComparison(name, type, type);
  // A comparison after a lossy or foreign cast would not be the type's own.
  if (!resolved.ok()) return nullptr;
  return resolved->function;
}

}  // namespace

const Function* EqualityOf(TypeId type) { return ComparisonOf("=", type); }
const Function* LessOf(TypeId type) { return ComparisonOf("<", type); }

Result<TypeId> SelectCommonType(std::span<const TypeId> types, std::string_view what,
                                size_t* failed) {
  TypeId common = T::kUnknown;
  for (size_t i = 0; i < types.size(); ++i) {
    const TypeId type = types[i];
    if (type == T::kUnknown || type == common) continue;
    if (common == T::kUnknown) {
      common = type;
      continue;
    }
    if (TypeCategory(type) != TypeCategory(common)) {
      if (failed) *failed = i;
      return Error(ErrorCode::kDatatypeMismatch, "{} types {} and {} cannot be matched", what,
                   FormatType(common), FormatType(type));
    }
    if (!IsPreferredType(common) && IsImplicitlyCoercible(common, type) &&
        !IsImplicitlyCoercible(type, common)) {
      common = type;
    }
  }
  if (common == T::kUnknown) return T::kText;
  for (size_t i = 0; i < types.size(); ++i) {
    if (!IsImplicitlyCoercible(types[i], common)) {
      if (failed) *failed = i;
      return Error(ErrorCode::kCannotCoerce, "{} could not convert type {} to {}", what,
                   FormatType(types[i]), FormatType(common));
    }
  }
  return common;
}

int32_t SelectCommonTypmod(std::span<const Type> types, TypeId common) {
  int32_t typmod = -1;
  for (size_t i = 0; i < types.size(); ++i) {
    if (types[i].id != common) return -1;
    if (i == 0) {
      typmod = types[i].typmod;
    } else if (types[i].typmod != typmod) {
      return -1;
    }
  }
  return typmod;
}

}  // namespace oxibase
