// Runs one fuzz target (LLVMFuzzerTestOneInput) without libFuzzer, so that any compiler and any
// sanitizer build has it: inputs of the target's own seeds, mutated, from one printed seed. With
// clang, -DOXI_LIBFUZZER=ON links libFuzzer instead, which is guided by coverage.
//
//   PROGRAM [--seconds N] [--seed N] [FILE ...]     files are run as they are
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

/// A target may offer inputs to start from: sets `data` to the i-th and returns its size, or 0 past
/// the last one.
extern "C" __attribute__((weak)) size_t OxiFuzzSeed(size_t i, const uint8_t** data);

namespace {

constexpr size_t kInputBytesMax = 4096;
using Random = std::mt19937_64;

void Mutate(std::string& input, const std::vector<std::string>& seeds, Random& random) {
  static constexpr uint8_t kEdges[] = {0, 1, 0x7f, 0x80, 0xff};
  size_t at = input.empty() ? 0 : random() % input.size();
  switch (random() % 8) {
    case 0:
      if (!input.empty()) input[at] = static_cast<char>(input[at] ^ (1 << (random() % 8)));
      break;
    case 1:
      if (!input.empty()) input[at] = static_cast<char>(random());
      break;
    case 2:
      input.insert(at, 1 + random() % 8, static_cast<char>(random()));
      break;
    case 3:
      input.erase(at, 1 + random() % 16);
      break;
    case 4:
      for (size_t i = at; i < input.size() && i < at + 4; ++i) {
        input[i] = static_cast<char>(kEdges[random() % std::size(kEdges)]);
      }
      break;
    case 5:
      input.insert(at, input.substr(random() % (input.size() + 1), random() % 64));
      break;
    case 6: {
      const std::string& other = seeds[random() % seeds.size()];
      input.resize(at);
      input += other.substr(random() % (other.size() + 1));
      break;
    }
    default:
      input.resize(at);
  }
  if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
}

void RunOne(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  double seconds = 5;
  uint64_t seed = std::random_device{}();
  bool files = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
      seconds = std::atof(argv[++i]);
    } else if (std::strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::ifstream in(argv[i], std::ios::binary);
      RunOne(std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>()));
      files = true;
    }
  }
  if (files) return 0;

  std::vector<std::string> seeds;
  if (OxiFuzzSeed != nullptr) {
    const uint8_t* data = nullptr;
    for (size_t i = 0, size; (size = OxiFuzzSeed(i, &data)) > 0; ++i) {
      seeds.emplace_back(reinterpret_cast<const char*>(data), size);
    }
  }
  if (seeds.empty()) seeds.emplace_back();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  Random random(seed);
  for (const std::string& input : seeds) RunOne(input);
  auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  uint64_t runs = seeds.size();
  while (std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 64; ++i, ++runs) {
      std::string input = seeds[random() % seeds.size()];
      for (size_t n = random() % 8; n > 0; --n) Mutate(input, seeds, random);
      RunOne(input);
    }
  }
  std::printf("%llu inputs, no crash\n", static_cast<unsigned long long>(runs));
  return 0;
}
