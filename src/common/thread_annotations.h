#pragma once
// What clang's -Wthread-safety checks; nothing to other compilers. They mean something only with
// the annotated locks of "env/mutex.h".

// Abseil's header defines some of the same names: it comes first, so that ours hold in any order.
#include <absl/base/thread_annotations.h>

#undef GUARDED_BY
#undef PT_GUARDED_BY
#undef ACQUIRED_BEFORE
#undef ACQUIRED_AFTER
#undef LOCK_RETURNED
#undef NO_THREAD_SAFETY_ANALYSIS

#if defined(__clang__)
#define OXI_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define OXI_THREAD_ANNOTATION(x)
#endif

/// The member may be touched only while this lock is held.
#define GUARDED_BY(x) OXI_THREAD_ANNOTATION(guarded_by(x))
/// What the pointer member points to may be touched only while this lock is held.
#define PT_GUARDED_BY(x) OXI_THREAD_ANNOTATION(pt_guarded_by(x))
/// The caller holds these locks.
#define REQUIRES(...) OXI_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define REQUIRES_SHARED(...) OXI_THREAD_ANNOTATION(requires_shared_capability(__VA_ARGS__))
/// The caller does not hold these locks.
#define EXCLUDES(...) OXI_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define CAPABILITY(name) OXI_THREAD_ANNOTATION(capability(name))
#define SCOPED_CAPABILITY OXI_THREAD_ANNOTATION(scoped_lockable)
#define ACQUIRE(...) OXI_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define ACQUIRE_SHARED(...) OXI_THREAD_ANNOTATION(acquire_shared_capability(__VA_ARGS__))
#define RELEASE(...) OXI_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define RELEASE_SHARED(...) OXI_THREAD_ANNOTATION(release_shared_capability(__VA_ARGS__))
#define RELEASE_GENERIC(...) OXI_THREAD_ANNOTATION(release_generic_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) OXI_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define TRY_ACQUIRE_SHARED(...) OXI_THREAD_ANNOTATION(try_acquire_shared_capability(__VA_ARGS__))
#define ASSERT_CAPABILITY(x) OXI_THREAD_ANNOTATION(assert_capability(x))
#define RETURN_CAPABILITY(x) OXI_THREAD_ANNOTATION(lock_returned(x))
#define ACQUIRED_BEFORE(...) OXI_THREAD_ANNOTATION(acquired_before(__VA_ARGS__))
#define ACQUIRED_AFTER(...) OXI_THREAD_ANNOTATION(acquired_after(__VA_ARGS__))
/// Says why beside it.
#define NO_THREAD_SAFETY_ANALYSIS OXI_THREAD_ANNOTATION(no_thread_safety_analysis)
