#pragma once
// From a plain C++ state to an AggregateImpl. A state type S offers
//
//   void/Status Add(const T& value)          or Add(AggregateFrame&, const T& value)
//   void Remove(const T& value)              optional, for moving window frames
//   void Merge(const S& other[, Arena&])     optional, for partial results
//   result Finish() const                    R, std::optional<R> (nullopt: NULL) or a Result of it
//
// NULL arguments are passed over. A zeroed S is its initial state unless it has a constructor that
// says otherwise.

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

#include "expr/function.h"
#include "expr/kernels.h"

namespace oxibase {

/// What a state may ask for.
struct AggregateFrame {
  EvalContext& context;
  CallSite& site;
  Arena& arena;  // outlives the state
};

template <typename S, typename T>
struct UnaryAggregate {
  using Stored = typename kernels::Slot<T>::Stored;

  static Status AddOne(AggregateFrame& frame, S& state, const Stored& stored) {
    decltype(auto) value = kernels::Slot<T>::Load(stored);
    if constexpr (requires { state.Add(frame, value); }) {
      if constexpr (std::is_void_v<decltype(state.Add(frame, value))>) {
        state.Add(frame, value);
        return {};
      } else {
        return state.Add(frame, value);
      }
    } else if constexpr (std::is_void_v<decltype(state.Add(value))>) {
      state.Add(value);
      return {};
    } else {
      return state.Add(value);
    }
  }

  static void Init(std::byte* state) { new (state) S(); }
  static void Destroy(std::byte* state) { std::destroy_at(reinterpret_cast<S*>(state)); }

  static Status Update(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
                       uint32_t rows, std::byte* const* states, Arena& arena) {
    AggregateFrame frame{context, site, arena};
    const VectorView view = args[0]->view();
    const bool nulls = !view.validity->all_valid();
    for (uint32_t i = 0; i < rows; ++i) {
      if (nulls && view.IsNull(i)) continue;
      RETURN_IF_ERROR(AddOne(frame, *reinterpret_cast<S*>(states[i]), view.Get<Stored>(i)));
    }
    return {};
  }

  static Status UpdateOne(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
                          uint32_t rows, std::byte* state, Arena& arena) {
    AggregateFrame frame{context, site, arena};
    const VectorView view = args[0]->view();
    auto& target = *reinterpret_cast<S*>(state);
    if constexpr (std::is_trivially_copyable_v<S>) {
      // A local copy stays in registers: the values could alias the state otherwise.
      S local = target;
      if (view.validity->all_valid() && args[0]->is_flat()) {
        const Stored* values = view.data<Stored>();
        for (uint32_t i = 0; i < rows; ++i) RETURN_IF_ERROR(AddOne(frame, local, values[i]));
      } else {
        for (uint32_t i = 0; i < rows; ++i) {
          if (!view.IsNull(i)) RETURN_IF_ERROR(AddOne(frame, local, view.Get<Stored>(i)));
        }
      }
      target = local;
    } else {
      for (uint32_t i = 0; i < rows; ++i) {
        if (!view.IsNull(i)) RETURN_IF_ERROR(AddOne(frame, target, view.Get<Stored>(i)));
      }
    }
    return {};
  }

  static Status Combine(CallSite&, std::byte* into, const std::byte* from, Arena& arena) {
    auto& a = *reinterpret_cast<S*>(into);
    const auto& b = *reinterpret_cast<const S*>(from);
    if constexpr (requires { a.Merge(b, arena); }) {
      a.Merge(b, arena);
    } else if constexpr (requires { a.Merge(b); }) {
      a.Merge(b);
    }
    return {};
  }

  static Status Finalize(EvalContext& context, CallSite& site, std::byte* const* states,
                         uint32_t count, Vector& out) {
    out.ResetFlat(count);
    Frame frame{context, site, out.arena()};
    for (uint32_t i = 0; i < count; ++i) {
      const auto& state = *reinterpret_cast<const S*>(states[i]);
      if constexpr (requires { state.Finish(frame); }) {
        RETURN_IF_ERROR(kernels::Deliver(out, i, state.Finish(frame)));
      } else {
        RETURN_IF_ERROR(kernels::Deliver(out, i, state.Finish()));
      }
    }
    return {};
  }

  static Status Retract(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                        std::byte* state) {
    if constexpr (requires(S s, const T& t) { s.Remove(t); }) {
      const VectorView view = args[0]->view();
      for (uint32_t i = 0; i < rows; ++i) {
        if (view.IsNull(i)) continue;
        reinterpret_cast<S*>(state)->Remove(kernels::Slot<T>::Load(view.Get<Stored>(i)));
      }
    }
    return {};
  }

  static const AggregateImpl* Get() {
    static const AggregateImpl impl = [] {
      AggregateImpl a{};
      a.state_bytes = (sizeof(S) + 15) & ~size_t{15};
      a.init = Init;
      a.update = Update;
      a.update_one = UpdateOne;
      if constexpr (
          requires(S& s, const S& t, Arena& arena) { s.Merge(t, arena); } ||
          requires(S& s, const S& t) { s.Merge(t); }) {
        a.combine = Combine;
      }
      a.finalize = Finalize;
      if constexpr (requires(S s, const T& t) { s.Remove(t); }) a.retract = Retract;
      if constexpr (!std::is_trivially_destructible_v<S>) a.destroy = Destroy;
      return a;
    }();
    return &impl;
  }
};

}  // namespace oxibase
