#include "storage/index/entry_merger.h"

#include <utility>

namespace oxibase {

bool EntryMerger::IsBefore(size_t a, size_t b) const {
  const int order = streams_[a]->key().compare(streams_[b]->key());
  if (order != 0) return order < 0;
  if (streams_[a]->row() != streams_[b]->row()) return streams_[a]->row() < streams_[b]->row();
  return a < b;
}

void EntryMerger::SiftDown(size_t at) {
  while (true) {
    size_t least = at;
    for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < heap_.size(); ++child)
      if (IsBefore(heap_[child], heap_[least])) least = child;
    if (least == at) return;
    std::swap(heap_[at], heap_[least]);
    at = least;
  }
}

Status EntryMerger::Advance() {
  ASSIGN_OR_RETURN(const bool more, streams_[heap_.front()]->Next());
  if (!more) {
    heap_.front() = heap_.back();
    heap_.pop_back();
  }
  if (!heap_.empty()) SiftDown(0);
  return Status::Ok();
}

Result<bool> EntryMerger::Next() {
  if (!begun_) {
    begun_ = true;
    for (size_t i = 0; i < streams_.size(); ++i) {
      ASSIGN_OR_RETURN(const bool more, streams_[i]->Next());
      if (more) heap_.push_back(i);
    }
    for (size_t at = heap_.size() / 2; at-- > 0;) SiftDown(at);
  }
  while (!heap_.empty()) {
    key_.assign(streams_[heap_.front()]->key());
    row_ = streams_[heap_.front()]->row();
    bool stays = false;
    do {
      const size_t stream = heap_.front();
      if (!stays) {
        stays = true;
        if (keep_) {
          ASSIGN_OR_RETURN(stays, keep_(key_, row_, stream));
        }
      }
      RETURN_IF_ERROR(Advance());
    } while (!heap_.empty() && streams_[heap_.front()]->row() == row_ &&
             streams_[heap_.front()]->key() == key_);
    if (stays) return true;
  }
  return false;
}

}  // namespace oxibase
