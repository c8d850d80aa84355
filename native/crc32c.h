// CRC-32C: Castagnoli's polynomial 0x1EDC6F41, reflected, initial value and final XOR 0xFFFFFFFF, as in
// RFC 3720 appendix B.4 (iSCSI). crc32c(0, "123456789") = 0xE3069283.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fx {

// The CRC of `bytes` after what `seed` is the CRC of (0 at first). Chosen at first use: the SSE4.2
// instruction on three lanes where the processor has it, else tables of 8 x 256 words.
uint32_t crc32c(uint32_t seed, const uint8_t* bytes, size_t length);

// The table version, which every machine has: tests compare it with the one chosen.
uint32_t crc32cTable(uint32_t seed, const uint8_t* bytes, size_t length);

}  // namespace fx
