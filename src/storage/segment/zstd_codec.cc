#include "storage/segment/zstd_codec.h"

#include <zstd.h>

#include <vector>

#include "env/mutex.h"

namespace oxibase {
namespace {

// Of the levels on text of TPC-H and of a package index: 1 is a tenth larger than 3 and packs
// half as fast again; 9 is a twentieth smaller at a quarter of the speed. All unpack alike.
constexpr int kLevel = 3;

/// Contexts that nobody uses just now.
template <typename Context, Context* (*Make)(), size_t (*Free)(Context*)>
class ContextPool {
 public:
  ~ContextPool() {
    for (Context* context : free_) Free(context);
  }
  Context* Take() {
    {
      MutexLock lock(mu_);
      if (!free_.empty()) {
        Context* context = free_.back();
        free_.pop_back();
        return context;
      }
    }
    return Make();
  }
  void Give(Context* context) {
    MutexLock lock(mu_);
    free_.push_back(context);
  }

 private:
  Mutex mu_;
  std::vector<Context*> free_ GUARDED_BY(mu_);
};

}  // namespace

size_t CompressZstd(std::span<std::byte> to, std::span<const std::byte> from) {
  static ContextPool<ZSTD_CCtx, ZSTD_createCCtx, ZSTD_freeCCtx> pool;
  ZSTD_CCtx* context = pool.Take();
  if (context == nullptr) return 0;
  const size_t bytes =
      ZSTD_compressCCtx(context, to.data(), to.size(), from.data(), from.size(), kLevel);
  pool.Give(context);
  return ZSTD_isError(bytes) ? 0 : bytes;
}

bool DecompressZstd(std::span<std::byte> to, std::span<const std::byte> from) {
  static ContextPool<ZSTD_DCtx, ZSTD_createDCtx, ZSTD_freeDCtx> pool;
  ZSTD_DCtx* context = pool.Take();
  if (context == nullptr) return false;
  const size_t bytes = ZSTD_decompressDCtx(context, to.data(), to.size(), from.data(), from.size());
  pool.Give(context);
  return !ZSTD_isError(bytes) && bytes == to.size();
}

}  // namespace oxibase
