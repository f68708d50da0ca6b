#pragma once
// From a plain C++ function over values to a kernel over vectors. `Strict<F>` takes
//
//   R F(A...)   or   R F(Frame&, A...)
//
// where an argument is a number, bool, std::string_view, Numeric, ArrayView, JsonbView,
// IntervalValue or UuidValue, and R is such a value, std::string (copied), std::optional of it
// (nullopt: NULL), or a Result of these; a string_view that is returned must point into an argument
// or into the frame's arena. Any NULL argument gives NULL. `Status F(..., R* out)` is fine too.

#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "common/array.h"
#include "common/jsonb.h"
#include "common/numeric.h"
#include "expr/eval_context.h"
#include "expr/function.h"

namespace oxibase {

/// What a kernel's function may ask for beside its arguments.
struct Frame {
  EvalContext& context;
  CallSite& site;
  Arena& arena;  // of the result vector
};

namespace kernels {

template <typename T>
struct Slot {
  using Stored = T;
  static const T& Load(const T& stored) { return stored; }
};
template <>
struct Slot<bool> {
  using Stored = uint8_t;
  static bool Load(uint8_t stored) { return stored != 0; }
};
template <>
struct Slot<std::string_view> {
  using Stored = StringRef;
  static std::string_view Load(const StringRef& stored) { return stored.view(); }
};
template <>
struct Slot<Numeric> {
  using Stored = StringRef;
  static Numeric Load(const StringRef& stored) { return Numeric(stored); }
};
template <>
struct Slot<ArrayView> {
  using Stored = StringRef;
  static ArrayView Load(const StringRef& stored) { return ArrayView(stored.view()); }
};
template <>
struct Slot<JsonbView> {
  using Stored = StringRef;
  static JsonbView Load(const StringRef& stored) { return JsonbView(stored.view()); }
};

template <typename T>
void Put(Vector& out, uint32_t row, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    out.data<uint8_t>()[row] = value;
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    out.data<StringRef>()[row] = StringRef(value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    out.data<StringRef>()[row] = out.arena().Copy(std::string_view(value));
  } else if constexpr (std::is_same_v<T, Numeric>) {
    out.data<StringRef>()[row] = value.Store(out.arena());
  } else {
    out.data<T>()[row] = value;
  }
}

inline void PutNull(Vector& out, uint32_t row) {
  const size_t width = PhysicalWidth(out.physical());
  std::memset(out.data<std::byte>() + row * width, 0, width);
  out.validity().SetNull(row);
}

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <typename T>
struct IsResult : std::false_type {};
template <typename T>
struct IsResult<Result<T>> : std::true_type {};

template <typename R>
Status Deliver(Vector& out, uint32_t row, R&& value) {
  using V = std::decay_t<R>;
  if constexpr (IsResult<V>::value) {
    if (!value.ok()) [[unlikely]]
      return std::forward<R>(value).status();
    return Deliver(out, row, std::forward<R>(value).value());
  } else if constexpr (IsOptional<V>::value) {
    if (value) {
      Put(out, row, *value);
    } else {
      PutNull(out, row);
    }
    return {};
  } else {
    Put(out, row, value);
    return {};
  }
}

/// A function known at compile time, and a lambda without captures: alike to call.
template <auto F>
struct FunctionInvoker {
  template <typename... A>
  static decltype(auto) Invoke(A&&... args) {
    return F(std::forward<A>(args)...);
  }
};
template <typename Lambda>
struct LambdaInvoker {
  template <typename... A>
  static decltype(auto) Invoke(A&&... args) {
    return Lambda{}(std::forward<A>(args)...);
  }
};

template <typename T>
decltype(auto) Argument(const VectorView& view, uint32_t row) {
  using S = Slot<std::decay_t<T>>;
  return S::Load(view.Get<typename S::Stored>(row));
}

template <typename Invoker, typename Signature>
struct Call;

/// R F(A...)
template <typename Invoker, typename R, typename... A>
struct Call<Invoker, R (*)(A...)> {
  static constexpr size_t kArity = sizeof...(A);
  template <size_t... I>
  static Status Row(Frame&, [[maybe_unused]] const VectorView* v, [[maybe_unused]] uint32_t row,
                    Vector& out, std::index_sequence<I...>) {
    return Deliver(out, row, Invoker::Invoke(Argument<A>(v[I], row)...));
  }
};
/// R F(Frame&, A...)
template <typename Invoker, typename R, typename... A>
struct Call<Invoker, R (*)(Frame&, A...)> {
  static constexpr size_t kArity = sizeof...(A);
  template <size_t... I>
  static Status Row(Frame& frame, [[maybe_unused]] const VectorView* v, uint32_t row, Vector& out,
                    std::index_sequence<I...>) {
    return Deliver(out, row, Invoker::Invoke(frame, Argument<A>(v[I], row)...));
  }
};
/// Status F(const A&, R*), Status F(const A&, const B&, R*): as common/numeric.h has them.
template <typename Invoker, typename A, typename R>
struct Call<Invoker, Status (*)(A, R*)> {
  static constexpr size_t kArity = 1;
  template <size_t... I>
  static Status Row(Frame&, const VectorView* v, uint32_t row, Vector& out,
                    std::index_sequence<I...>) {
    R result;
    RETURN_IF_ERROR(Invoker::Invoke(Argument<A>(v[0], row), &result));
    Put(out, row, result);
    return {};
  }
};
template <typename Invoker, typename A, typename B, typename R>
struct Call<Invoker, Status (*)(A, B, R*)> {
  static constexpr size_t kArity = 2;
  template <size_t... I>
  static Status Row(Frame&, const VectorView* v, uint32_t row, Vector& out,
                    std::index_sequence<I...>) {
    R result;
    RETURN_IF_ERROR(Invoker::Invoke(Argument<A>(v[0], row), Argument<B>(v[1], row), &result));
    Put(out, row, result);
    return {};
  }
};

/// All rows of a strict call.
template <typename C>
Status RunStrict(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
                 uint32_t rows, Vector& out) {
  constexpr size_t kArity = C::kArity;
  constexpr auto kIndexes = std::make_index_sequence<kArity>();
  // A function whose last arguments may be left out has a kernel that knows of it, not this one.
  if (args.size() < kArity) [[unlikely]] {
    return Error(ErrorCode::kFeatureNotSupported, "this function needs all its {} arguments",
                 kArity);
  }
  out.ResetFlat(rows);
  Frame frame{context, site, out.arena()};
  VectorView views[kArity == 0 ? 1 : kArity];
  bool nulls = false;
  for (size_t i = 0; i < kArity; ++i) {
    views[i] = args[i]->view();
    nulls = nulls || !views[i].validity->all_valid();
  }
  for (uint32_t row = 0; row < rows; ++row) {
    if (nulls) {
      bool is_null = false;
      for (size_t i = 0; i < kArity; ++i) is_null = is_null || views[i].IsNull(row);
      if (is_null) {
        PutNull(out, row);
        continue;
      }
    }
    RETURN_IF_ERROR(C::Row(frame, views, row, out, kIndexes));
  }
  return {};
}

}  // namespace kernels

/// The kernel of a strict function over rows.
template <auto F>
Status Strict(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
              uint32_t rows, Vector& out) {
  using C = kernels::Call<kernels::FunctionInvoker<F>, decltype(F)>;
  return kernels::RunStrict<C>(context, site, args, rows, out);
}

/// The same for a lambda without captures.
template <typename Lambda>
Kernel StrictOf(Lambda) {
  return &kernels::RunStrict<
      kernels::Call<kernels::LambdaInvoker<Lambda>, decltype(+std::declval<Lambda>())>>;
}

/// The kernel with its two arguments exchanged: a > b from b < a.
template <auto K>
Status Swapped(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
               uint32_t rows, Vector& out) {
  const Vector* const swapped[2] = {args[1], args[0]};
  return K(context, site, std::span<const Vector* const>(swapped, 2), rows, out);
}

}  // namespace oxibase
