/**
 * The one canonical encoding of the wire: MessagePack in which every value has one spelling. Integers are BigInt, always:
 * an amount above 2^53 would lose its last digits in a number.
 */

/**
 * What the wire can say; parts of arrays and members of maps are such values again.
 * @typedef {null | boolean | bigint | string | Uint8Array | any[] | Map<string, any>} Value
 */

/**
 * What a value must be: gives the value as the program uses it, or throws `Malformed`; `where` says which part it is.
 * @template T
 * @typedef {(value: Value, where: string) => T} Shape
 */

const DEPTH_MAX = 32;
const NUMBER_MAX = 2n ** 64n - 1n;
const NUMBER_MIN = -(2n ** 63n);
/** For each kind: the first byte of the short form and its end, and those for lengths of 1, 2 and 4 bytes. */
const TEXT = { short: 0xa0, below: 32, long: [0xd9, 0xda, 0xdb] };
const BYTES = { short: 0, below: 0, long: [0xc4, 0xc5, 0xc6] };
const ARRAY = { short: 0x90, below: 16, long: [0, 0xdc, 0xdd] };
const MAP = { short: 0x80, below: 16, long: [0, 0xde, 0xdf] };

const toBytes = new TextEncoder();
const toText = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes that are not the canonical spelling of the value that was expected. */
export class Malformed extends Error {
  name = "Malformed";
}

/**
 * Refuse bytes or a value.
 * @param {string} message
 * @returns {never}
 */
export function malformed(message) {
  throw new Malformed(message);
}

// ------------------------------------------------------------------------------------------------------------- bytes

/**
 * Join rows of bytes into one.
 * @param {Uint8Array[]} rows
 */
function joined(rows) {
  const whole = new Uint8Array(rows.reduce((length, row) => length + row.length, 0));
  let at = 0;
  for (const row of rows) {
    whole.set(row, at);
    at += row.length;
  }
  return whole;
}

/**
 * Join rows of bytes into one.
 * @param {...Uint8Array} rows
 */
export const join = (...rows) => joined(rows);

/**
 * Tell which of two rows of bytes comes first: below 0, 0 when they are the same, above 0.
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 */
export function compare(one, other) {
  const end = Math.min(one.length, other.length);
  for (let at = 0; at < end; at++) {
    if (one[at] !== other[at]) return one[at] - other[at];
  }
  return one.length - other.length;
}

/**
 * Whether two rows of bytes are the same.
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 */
export const same = (one, other) => compare(one, other) === 0;

/**
 * Write text as UTF-8.
 * @param {string} text
 */
export const utf8 = (text) => toBytes.encode(text);

/**
 * Write bytes as hexadecimal digits.
 * @param {Uint8Array} bytes
 */
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * Read hexadecimal digits.
 * @param {string} text
 */
export function fromHex(text) {
  if (text.length % 2 || /[^0-9a-f]/i.test(text)) malformed("These are not pairs of hexadecimal digits.");
  return Uint8Array.from({ length: text.length / 2 }, (_, at) => parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

/**
 * Write a whole number as so many bytes, the largest first.
 * @param {bigint} number
 * @param {number} size
 */
export function bigEndian(number, size) {
  const bytes = new Uint8Array(size);
  for (let at = size; at-- > 0; number >>= 8n) bytes[at] = Number(number & 255n);
  return bytes;
}

// ----------------------------------------------------------------------------------------------------------- writing

/**
 * Encode a value canonically.
 * @param {Value} value
 * @returns {Uint8Array}
 */
export function encode(value) {
  /** @type {Uint8Array[]} */
  const rows = [];
  write(value, rows, 0);
  return joined(rows);
}

/**
 * @param {Value} value
 * @param {Uint8Array[]} rows
 * @param {number} depth
 */
function write(value, rows, depth) {
  if (depth >= DEPTH_MAX) malformed(`A value is nested at most ${DEPTH_MAX} deep.`);
  if (value === null) rows.push(Uint8Array.of(0xc0));
  else if (typeof value === "boolean") rows.push(Uint8Array.of(value ? 0xc3 : 0xc2));
  else if (typeof value === "bigint") rows.push(writtenNumber(value));
  else if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) malformed("A text holds half a character (a lone surrogate).");
    const bytes = utf8(value);
    rows.push(head(TEXT, bytes.length), bytes);
  } else if (value instanceof Uint8Array) rows.push(head(BYTES, value.length), value);
  else if (Array.isArray(value)) {
    rows.push(head(ARRAY, value.length));
    for (const part of value) write(part, rows, depth + 1);
  } else if (value instanceof Map) {
    rows.push(head(MAP, value.size));
    for (const part of [...value].flat()) write(part, rows, depth + 1);
  } else if (typeof value === "number") malformed(`Integers are BigInt: write ${Math.trunc(value)}n, not ${value}.`);
  else malformed(`The wire has no ${typeof value}.`);
}

/** @param {bigint} number */
function writtenNumber(number) {
  if (number < NUMBER_MIN || number > NUMBER_MAX) malformed(`${number} does not fit into 64 bits.`);
  if (number >= -32n && number < 128n) return bigEndian(number, 1);
  const negative = number < 0n;
  let power = 0;
  while (negative ? ~number >> BigInt((8 << power) - 1) : number >> BigInt(8 << power)) power++;
  return join(Uint8Array.of((negative ? 0xd0 : 0xcc) + power), bigEndian(number, 1 << power));
}

/**
 * @param {typeof TEXT} kind
 * @param {number} length
 */
function head({ short, below, long }, length) {
  if (length < below) return Uint8Array.of(short + length);
  const power = long[0] && length < 2 ** 8 ? 0 : length < 2 ** 16 ? 1 : 2;
  return join(Uint8Array.of(long[power]), bigEndian(BigInt(length), 1 << power));
}

// ----------------------------------------------------------------------------------------------------------- reading

/**
 * Decode bytes that must be the canonical spelling of one value, of a shape if one is given.
 * @template [T=Value]
 * @param {Uint8Array} raw
 * @param {Shape<T>} [shape]
 * @returns {T}
 */
export function decode(raw, shape) {
  const reader = new Reader(raw);
  const value = reader.value(0);
  if (reader.at !== raw.length) malformed(`${raw.length - reader.at} bytes follow the last one of the value.`);
  return shape ? shape(value, "it") : /** @type {T} */ (value);
}

/** Reads values one behind another and refuses every spelling but the shortest. */
class Reader {
  at = 0;

  /** @param {Uint8Array} raw */
  constructor(raw) {
    this.raw = raw;
  }

  /**
   * @param {number} depth
   * @returns {Value}
   */
  value(depth) {
    if (depth >= DEPTH_MAX) malformed(`Values are nested more than ${DEPTH_MAX} deep.`);
    const first = this.take(1)[0];
    if (first < 0x80) return BigInt(first);
    if (first >= 0xe0) return BigInt(first - 256);
    if (first === 0xc0) return null;
    if (first === 0xc2 || first === 0xc3) return first === 0xc3;
    if (first >= 0xcc && first <= 0xd3) return this.number(first & 3, first >= 0xd0);
    /** @type {(kind: typeof TEXT) => number | null} */
    const length = ({ short, below, long }) => {
      if (first >= short && first < short + below) return first - short;
      return long.includes(first) ? this.length(below, long, long.indexOf(first)) : null;
    };
    let size = length(BYTES);
    if (size !== null) return this.take(size);
    if ((size = length(TEXT)) !== null) return this.text(size);
    if ((size = length(ARRAY)) !== null) return this.array(size, depth);
    if ((size = length(MAP)) !== null) return this.map(size, depth);
    return malformed(`No value begins with the byte ${first.toString(16)}.`);
  }

  /** @param {number} size */
  take(size) {
    const end = this.at + size;
    if (end > this.raw.length) malformed("The bytes end before the value does.");
    const taken = this.raw.slice(this.at, end);
    this.at = end;
    return taken;
  }

  /**
   * @param {number} power
   * @param {boolean} negative
   */
  number(power, negative) {
    const raw = BigInt(`0x${hex(this.take(1 << power))}`);
    const found = negative ? BigInt.asIntN(8 << power, raw) : raw;
    // How long it would be written is found by writing it: the shortest spelling is the only one.
    if (writtenNumber(found).length !== 1 + (1 << power) || negative !== found < 0n) {
      malformed(`${found} is spelled too long.`);
    }
    return found;
  }

  /**
   * @param {number} below
   * @param {number[]} long
   * @param {number} power
   */
  length(below, long, power) {
    const found = Number(BigInt(`0x${hex(this.take(1 << power))}`));
    const least = power === 2 ? 2 ** 16 : power && long[0] ? 2 ** 8 : below;
    if (found < least) malformed(`The length ${found} is spelled too long.`);
    return found;
  }

  /** @param {number} length */
  text(length) {
    const bytes = this.take(length);
    try {
      return toText.decode(bytes);
    } catch {
      return malformed("A text is not valid UTF-8.");
    }
  }

  /**
   * @param {number} length
   * @param {number} depth
   */
  array(length, depth) {
    /** @type {Value[]} */
    const found = [];
    while (found.length < length) found.push(this.value(depth + 1));
    return found;
  }

  /**
   * @param {number} length
   * @param {number} depth
   */
  map(length, depth) {
    /** @type {Map<string, Value>} */
    const found = new Map();
    while (length--) {
      const key = this.value(depth + 1);
      if (typeof key !== "string" || found.has(key)) malformed("A key of a map is no text, or stands there twice.");
      else found.set(key, this.value(depth + 1));
    }
    return found;
  }
}
