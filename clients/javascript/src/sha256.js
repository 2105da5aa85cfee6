/**
 * SHA-256 (FIPS 180-4), written out, because a proof is a chain of small hashes: the browser's own is asynchronous, and
 * waiting for it takes longer than computing one.
 */

/**
 * The first 32 bits behind the point of the square or cube roots of the first primes, from which the standard takes its
 * constants. Found with whole numbers, so that no rounding of the machine's can enter.
 * @param {bigint} power
 * @param {number} count
 */
function constants(power, count) {
  const found = [];
  for (let prime = 2n; found.length < count; prime++) {
    let divisor = 2n;
    while (prime % divisor) divisor++;
    if (divisor < prime) continue;
    const scaled = prime << (32n * power);
    let low = 0n;
    for (let bit = 1n << 40n; bit; bit >>= 1n) if ((low | bit) ** power <= scaled) low |= bit;
    found.push(Number(low & 0xffffffffn));
  }
  return found;
}

const START = constants(2n, 8);
const ROUND = constants(3n, 64);
const words = new Int32Array(64);

/**
 * @param {number} word
 * @param {number} by
 */
const turn = (word, by) => (word >>> by) | (word << (32 - by));

/**
 * Hash the bytes of all rows, one behind another.
 * @param {...Uint8Array} rows
 */
export function sha256(...rows) {
  const length = rows.reduce((sum, row) => sum + row.length, 0);
  const padded = new Uint8Array(((length + 72) >> 6) << 6);
  let at = 0;
  for (const row of rows) {
    padded.set(row, at);
    at += row.length;
  }
  padded[at] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(length) * 8n);
  const state = Int32Array.from(START);
  for (let block = 0; block < padded.length; block += 64) compress(state, view, block);
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, count) => digest.setInt32(4 * count, word));
  return new Uint8Array(digest.buffer);
}

/**
 * @param {Int32Array} state
 * @param {DataView} view
 * @param {number} block
 */
function compress(state, view, block) {
  for (let t = 0; t < 16; t++) words[t] = view.getInt32(block + 4 * t);
  for (let t = 16; t < 64; t++) {
    const [early, late] = [words[t - 15], words[t - 2]];
    const first = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
    const second = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
    words[t] = words[t - 16] + first + words[t - 7] + second;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < 64; t++) {
    const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[t] + words[t]) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  for (const [count, word] of [a, b, c, d, e, f, g, h].entries()) state[count] += word;
}
