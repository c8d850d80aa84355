#include "crc32c.h"

#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace fx {

namespace {

constexpr uint32_t kPolynomial = 0x82F63B78;  // Reflected.

// word[k][b]: the CRC register after byte b and then k zero bytes.
struct ByteTables {
  uint32_t word[8][256];

  ByteTables() {
    for (uint32_t b = 0; b < 256; b++) {
      uint32_t crc = b;
      for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
      word[0][b] = crc;
    }
    for (uint32_t b = 0; b < 256; b++) {
      for (int k = 1; k < 8; k++) word[k][b] = (word[k - 1][b] >> 8) ^ word[0][word[k - 1][b] & 255];
    }
  }
};

const ByteTables& byteTables() {
  static const ByteTables tables;
  return tables;
}

uint64_t loadLittle(const uint8_t* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap64(value);
#endif
  return value;
}

#if defined(__x86_64__)

// The product of two polynomials modulo the CRC's, reflected: bit 31 is the coefficient of x^0.
uint32_t multiply(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (uint32_t bit = 0x80000000u; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = (b >> 1) ^ ((b & 1) != 0 ? kPolynomial : 0);
  }
  return product;
}

// Moves a CRC register past `zeroBytes` zero bytes: multiplication by x^(8 * zeroBytes), byte by byte.
struct ShiftTable {
  uint32_t word[4][256];

  explicit ShiftTable(uint64_t zeroBytes) {
    uint32_t factor = 0x80000000u;       // x^0
    uint32_t square = 0x00800000u;       // x^8, then its squares
    for (uint64_t n = zeroBytes; n != 0; n >>= 1) {
      if ((n & 1) != 0) factor = multiply(factor, square);
      square = multiply(square, square);
    }
    for (uint32_t k = 0; k < 4; k++) {
      for (uint32_t b = 0; b < 256; b++) word[k][b] = multiply(b << (8 * k), factor);
    }
  }

  uint32_t apply(uint32_t crc) const {
    return word[0][crc & 255] ^ word[1][(crc >> 8) & 255] ^ word[2][(crc >> 16) & 255] ^ word[3][crc >> 24];
  }
};

// The instruction has a latency of 3 cycles and a throughput of 1: three independent lanes fill it.
template <size_t kLane>
__attribute__((target("sse4.2"))) uint32_t threeLanes(uint32_t crc, const uint8_t*& bytes, size_t& length) {
  static const ShiftTable shiftOne(kLane);
  static const ShiftTable shiftTwo(2 * kLane);
  while (length >= 3 * kLane) {
    uint64_t first = crc;
    uint64_t second = 0;
    uint64_t third = 0;
    for (size_t i = 0; i < kLane; i += 8) {
      first = _mm_crc32_u64(first, loadLittle(bytes + i));
      second = _mm_crc32_u64(second, loadLittle(bytes + kLane + i));
      third = _mm_crc32_u64(third, loadLittle(bytes + 2 * kLane + i));
    }
    crc = shiftTwo.apply(static_cast<uint32_t>(first)) ^ shiftOne.apply(static_cast<uint32_t>(second)) ^
          static_cast<uint32_t>(third);
    bytes += 3 * kLane;
    length -= 3 * kLane;
  }
  return crc;
}

__attribute__((target("sse4.2"))) uint32_t crc32cSse42(uint32_t seed, const uint8_t* bytes, size_t length) {
  uint32_t crc = ~seed;
  if (length >= 3 * 2048) crc = threeLanes<2048>(crc, bytes, length);
  if (length >= 3 * 256) crc = threeLanes<256>(crc, bytes, length);
  uint64_t wide = crc;
  for (; length >= 8; bytes += 8, length -= 8) wide = _mm_crc32_u64(wide, loadLittle(bytes));
  crc = static_cast<uint32_t>(wide);
  for (; length > 0; bytes++, length--) crc = _mm_crc32_u8(crc, *bytes);
  return ~crc;
}

#endif

using Crc32c = uint32_t (*)(uint32_t, const uint8_t*, size_t);

Crc32c choose() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("sse4.2")) return crc32cSse42;
#endif
  return crc32cTable;
}

}  // namespace

uint32_t crc32cTable(uint32_t seed, const uint8_t* bytes, size_t length) {
  const ByteTables& table = byteTables();
  uint32_t crc = ~seed;
  for (; length >= 8; bytes += 8, length -= 8) {
    const uint64_t value = loadLittle(bytes) ^ crc;
    crc = 0;
#pragma GCC unroll 8
    for (int k = 0; k < 8; k++) crc ^= table.word[7 - k][(value >> (8 * k)) & 255];
  }
  for (; length > 0; bytes++, length--) crc = (crc >> 8) ^ table.word[0][(crc ^ *bytes) & 255];
  return ~crc;
}

uint32_t crc32c(uint32_t seed, const uint8_t* bytes, size_t length) {
  static const Crc32c chosen = choose();
  return chosen(seed, bytes, length);
}

}  // namespace fx
