/**
 * Codes that people can read out, type and print: `acct-…` for an account, `name-…` for the name of an object. Four
 * letters of kind, the bytes, six check characters (the BCH code of BIP-350), all in one alphabet of 32.
 */

import { Faulty } from "./faults.js";

export const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
export const SEPARATORS = " \t\r\n\u00a0-\u2010\u2011\u2012\u2013\u2014\u2212";
const CHECK_CHARACTERS = 6;
const TEXT_MAX = 200;
/** The generator's multiples for each of the five bits that leave the register, from the lowest. */
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const REMAINDER = 0x2bc830a3;

/** For each kind: how many bytes it stands for, at least and at most. */
const KINDS = { acct: [20, 20], name: [21, 36] };

/** @typedef {keyof typeof KINDS} CodeKind */
/** @typedef {"character" | "length" | "check" | "other kind" | "content"} CodeFault */

/**
 * A code that cannot be read: what is wrong, and the place in the text (in characters, from 0) if that is known.
 * @extends {Faulty<CodeFault>}
 */
export class CodeWrong extends Faulty {
  name = "CodeWrong";

  /**
   * @param {CodeFault} fault
   * @param {string} message
   * @param {number | null} where
   */
  constructor(fault, message, where = null) {
    super(fault, message);
    this.where = where;
  }
}

/**
 * Write an account as a code.
 * @param {Uint8Array} account
 */
export const accountCode = (account) => writeCode("acct", account);

/**
 * Read the account that a code stands for.
 * @param {string} code
 */
export const readAccount = (code) => readCode("acct", code);

/**
 * Write an object's name, its creator's account and then its reference, as a code.
 * @param {Uint8Array} name
 */
export const nameCode = (name) => writeCode("name", name);

/**
 * Read the object's name that a code stands for.
 * @param {string} code
 */
export const readName = (code) => readCode("name", code);

/**
 * @param {CodeKind} kind
 * @param {Uint8Array} content
 */
function writeCode(kind, content) {
  if (!fits(kind, content)) throw new RangeError(`A code ${kind}-… cannot stand for these ${content.length} bytes.`);
  const symbols = [...kind].map(symbolOf).concat(regroup(content, 8, 5, true));
  const check = register([...symbols, ...Array(CHECK_CHARACTERS).fill(0)]) ^ REMAINDER;
  for (let back = CHECK_CHARACTERS - 1; back >= 0; back--) symbols.push((check >> (5 * back)) & 31);
  return inGroups(symbols);
}

/**
 * @param {CodeKind} kind
 * @param {string} code
 */
function readCode(kind, code) {
  const all = [...code];
  if (all.length > TEXT_MAX) throw new CodeWrong("length", `No code has ${all.length} characters. Give it alone.`);
  const places = [...all.keys()].filter((place) => !SEPARATORS.includes(all[place].toLowerCase()));
  const symbols = places.map((place) => symbolOf(all[place].toLowerCase()));
  const unknown = symbols.indexOf(-1);
  if (unknown >= 0) {
    const place = places[unknown];
    throw new CodeWrong(
      "character",
      `'${all[place]}', ${inWords(unknown)}, stands in no code. Look there again.`,
      place,
    );
  }
  const whole = register(symbols) === REMAINDER;
  const beginning = inGroups(symbols.slice(0, 4));
  if (whole && beginning !== kind) {
    throw new CodeWrong("other kind", `This code begins with ${beginning}-. Give one that begins with ${kind}-.`);
  }
  checkLength(kind, symbols.length);
  if (!whole) throw wrongCheck(symbols, places);
  const content = Uint8Array.from(regroup(symbols.slice(4, -CHECK_CHARACTERS), 5, 8, false));
  if (!fits(kind, content) || writeCode(kind, content) !== inGroups(symbols)) {
    throw new CodeWrong(
      "content",
      "The check is right, but no code can hold this. Ask for it again where it was made.",
    );
  }
  return content;
}

/**
 * Refuse a number of characters that no code of this kind has.
 * @param {CodeKind} kind
 * @param {number} count
 */
function checkLength(kind, count) {
  const [least, most] = KINDS[kind];
  for (let size = least; size <= most; size++) {
    if (count === 4 + Math.ceil((size * 8) / 5) + CHECK_CHARACTERS) return;
  }
  throw new CodeWrong("length", `No code ${kind}-… has ${count} characters: some are missing, or too many.`);
}

/**
 * Say which character is wrong, or that several are.
 * @param {number[]} symbols
 * @param {number[]} places
 */
function wrongCheck(symbols, places) {
  const difference = register(symbols) ^ REMAINDER;
  let errors = [...Array(31).keys()].map((error) => error + 1);
  for (let count = symbols.length - 1; count >= 0; count--) {
    if (errors.includes(difference)) {
      return new CodeWrong("check", `A character is wrong, most likely ${inWords(count)}. Compare it.`, places[count]);
    }
    errors = errors.map((error) => register([0], error));
  }
  return new CodeWrong("check", "Several characters are wrong, or one is missing. Compare the code by groups.");
}

/** @param {string} character */
function symbolOf(character) {
  return ALPHABET.indexOf({ o: "0", i: "1", l: "1" }[character] ?? character);
}

/** @param {number} count */
const inWords = (count) => `character ${(count % 4) + 1} of group ${Math.floor(count / 4) + 1}`;

/** @param {number[]} symbols */
const inGroups = (symbols) =>
  symbols.map((symbol, count) => (count && count % 4 === 0 ? "-" : "") + ALPHABET[symbol]).join("");

/**
 * @param {CodeKind} kind
 * @param {Uint8Array} content
 */
function fits(kind, content) {
  const [least, most] = KINDS[kind];
  const reference = String.fromCharCode(...content.subarray(20));
  return content.length >= least && content.length <= most && /^[0-9A-Za-z._-]*$/.test(reference);
}

/**
 * Cut a row of `width`-bit values anew; bits left over are filled up with zeros, or dropped.
 * @param {Iterable<number>} values
 * @param {number} width
 * @param {number} newWidth
 * @param {boolean} fill
 */
export function regroup(values, width, newWidth, fill) {
  const row = [];
  let [held, bits] = [0, 0];
  for (const value of values) {
    held = (held << width) | value;
    bits += width;
    while (bits >= newWidth) {
      bits -= newWidth;
      row.push(held >> bits);
      held &= (1 << bits) - 1;
    }
  }
  if (fill && bits) row.push(held << (newWidth - bits));
  return row;
}

/**
 * Run values through the check's shift register.
 * @param {number[]} symbols
 */
function register(symbols, start = 1) {
  return symbols.reduce((state, symbol) => {
    let next = ((state & 0x1ffffff) << 5) ^ symbol;
    GENERATOR.forEach((multiple, bit) => (next ^= (state >> (25 + bit)) & 1 ? multiple : 0));
    return next;
  }, start);
}
