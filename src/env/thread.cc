#include "env/thread.h"

#include <pthread.h>
#include <sched.h>

#include <utility>

namespace oxibase {

Thread::Thread(const std::string& name, std::function<void()> body)
    : thread_([short_name = name.substr(0, 15), run = std::move(body)] {
        pthread_setname_np(pthread_self(), short_name.c_str());
        run();
      }) {}

unsigned Thread::HardwareConcurrency() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    const int count = CPU_COUNT(&set);
    if (count > 0) return static_cast<unsigned>(count);
  }
  return 1;
}

}  // namespace oxibase
