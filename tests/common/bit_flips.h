// Sweeps over every single-bit change.
#ifndef SIGHTLINE_TESTS_COMMON_BIT_FLIPS_H_
#define SIGHTLINE_TESTS_COMMON_BIT_FLIPS_H_

#include <string>

namespace sightline {

// Calls `look` with each text that differs from `text` in one bit, and with the number of the bit.
template <typename Look>
void ForEachBitFlip(std::string text, Look look) {
  for (size_t bit = 0; bit < 8 * text.size(); ++bit) {
    char& byte = text[bit / 8];
    byte = static_cast<char>(byte ^ (1 << bit % 8));
    look(text, bit);
    byte = static_cast<char>(byte ^ (1 << bit % 8));
  }
}

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COMMON_BIT_FLIPS_H_
