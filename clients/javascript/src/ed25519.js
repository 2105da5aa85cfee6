/**
 * Signatures of Ed25519 (RFC 8032), checked with whole numbers alone, for browsers that cannot check them. Nothing here is
 * secret, so how long it takes may depend on what is checked.
 */

import { bigEndian, join, same } from "./codec.js";
import { reversed } from "./keys.js";

/** @typedef {[x: bigint, y: bigint, z: bigint, t: bigint]} Point x/z and y/z are the coordinates, and t is x·y/z */

const PRIME = 2n ** 255n - 19n;
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const MASK = 2n ** 64n - 1n;
const CURVE_D = modulo(-121665n * powered(121666n, PRIME - 2n));
const ROOT_OF_MINUS_1 = powered(2n, (PRIME - 1n) / 4n);
const NEUTRAL = /** @type {Point} */ ([0n, 1n, 1n, 0n]);
/** The base point: its y is 4/5, and its x is even. */
const BASE = /** @type {Point} */ (unpacked(littleEndian(modulo(4n * powered(5n, PRIME - 2n)))));

/**
 * Whether a signature is the key's over a message. Both must be spelled in the one way there is, and of no small order:
 * `verify` of the keys sees to that before it asks here.
 * @param {Uint8Array} publicKey
 * @param {Uint8Array} message
 * @param {Uint8Array} signature
 */
export function verifyEd25519(publicKey, message, signature) {
  const key = unpacked(publicKey);
  if (!key) return false;
  const [first, second] = [signature.slice(0, 32), reversed(signature.slice(32))];
  const challenge = reversed(sha512(join(first, publicKey, message))) % GROUP_ORDER;
  const [x, y, z, t] = key;
  return same(packed(combined(second, BASE, challenge, [PRIME - x, y, z, PRIME - t])), first);
}

// ------------------------------------------------------------------------------------------------------------- curve

/** @param {bigint} value */
function modulo(value) {
  const rest = value % PRIME;
  return rest < 0n ? rest + PRIME : rest;
}

/**
 * @param {bigint} base
 * @param {bigint} exponent
 */
function powered(base, exponent) {
  let found = 1n;
  for (let left = exponent, factor = base; left; left >>= 1n, factor = modulo(factor * factor)) {
    if (left & 1n) found = modulo(found * factor);
  }
  return found;
}

/** @param {bigint} value */
function littleEndian(value) {
  return bigEndian(value, 32).reverse();
}

/**
 * Add two points (the complete formulas of Hisil, Wong, Carter and Dawson for a = -1).
 * @param {Point} one
 * @param {Point} other
 * @returns {Point}
 */
function added([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const [a, b] = [modulo((y1 - x1) * (y2 - x2)), modulo((y1 + x1) * (y2 + x2))];
  const [c, d] = [modulo(2n * t1 * t2 * CURVE_D), modulo(2n * z1 * z2)];
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [modulo(e * f), modulo(g * h), modulo(f * g), modulo(e * h)];
}

/**
 * Give m·P + n·Q.
 * @param {bigint} m
 * @param {Point} p
 * @param {bigint} n
 * @param {Point} q
 */
function combined(m, p, n, q) {
  const both = added(p, q);
  let found = NEUTRAL;
  for (let bit = 1n << 255n; bit; bit >>= 1n) {
    found = added(found, found);
    if (m & bit) found = added(found, n & bit ? both : p);
    else if (n & bit) found = added(found, q);
  }
  return found;
}

/** @param {Point} point */
function packed([x, y, z]) {
  const inverse = powered(z, PRIME - 2n);
  const bytes = littleEndian(modulo(y * inverse));
  bytes[31] |= Number(modulo(x * inverse) & 1n) << 7;
  return bytes;
}

/**
 * Find the point that 32 bytes stand for, or null if they stand for none.
 * @param {Uint8Array} bytes
 * @returns {Point | null}
 */
function unpacked(bytes) {
  const y = reversed(bytes) & (2n ** 255n - 1n);
  const [u, v] = [modulo(y * y - 1n), modulo(CURVE_D * y * y + 1n)];
  let x = modulo(u * v ** 3n * powered(modulo(u * v ** 7n), (PRIME - 5n) / 8n));
  if (modulo(v * x * x) !== u) x = modulo(x * ROOT_OF_MINUS_1);
  if (modulo(v * x * x) !== u) return null;
  if ((x & 1n) !== BigInt(bytes[31] >> 7)) x = modulo(-x);
  return [x, y, 1n, modulo(x * y)];
}

// ----------------------------------------------------------------------------------------------------------- SHA-512

/**
 * The first 64 bits behind the point of the square or cube roots of the first primes.
 * @param {bigint} power
 * @param {number} count
 */
function fractions(power, count) {
  const found = [];
  for (let prime = 2n; found.length < count; prime++) {
    let divisor = 2n;
    while (prime % divisor) divisor++;
    if (divisor < prime) continue;
    let low = 0n;
    for (let bit = 1n << 72n; bit; bit >>= 1n) if ((low | bit) ** power <= prime << (64n * power)) low |= bit;
    found.push(low & MASK);
  }
  return found;
}

/**
 * @param {bigint} word
 * @param {bigint} by
 */
const rotated = (word, by) => (word >> by) | ((word << (64n - by)) & MASK);

/**
 * Hash bytes with SHA-512 (FIPS 180-4).
 * @param {Uint8Array} row
 */
export function sha512(row) {
  const padded = join(row, Uint8Array.of(0x80), new Uint8Array((239 - (row.length % 128)) % 128));
  const whole = join(padded, bigEndian(BigInt(row.length) * 8n, 16));
  const view = new DataView(whole.buffer);
  const constants64 = fractions(3n, 80);
  let state = fractions(2n, 8);
  for (let block = 0; block < whole.length; block += 128) {
    const w = Array.from({ length: 16 }, (_, count) => view.getBigUint64(block + 8 * count));
    for (let count = 16; count < 80; count++) {
      const [early, late] = [w[count - 15], w[count - 2]];
      const first = rotated(early, 1n) ^ rotated(early, 8n) ^ (early >> 7n);
      const second = rotated(late, 19n) ^ rotated(late, 61n) ^ (late >> 6n);
      w.push((w[count - 16] + first + w[count - 7] + second) & MASK);
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let count = 0; count < 80; count++) {
      const one = rotated(e, 14n) ^ rotated(e, 18n) ^ rotated(e, 41n);
      const first = h + one + ((e & f) ^ (~e & MASK & g)) + constants64[count] + w[count];
      const second = (rotated(a, 28n) ^ rotated(a, 34n) ^ rotated(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) & MASK, c, b, a, (first + second) & MASK];
    }
    state = [a, b, c, d, e, f, g, h].map((word, count) => (word + state[count]) & MASK);
  }
  return join(...state.map((word) => bigEndian(word, 8)));
}
