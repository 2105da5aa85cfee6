/** JSON whose whole numbers stay whole: they become BigInt, and objects become maps in the order of their members. */

import { Malformed } from "./codec.js";

/** @typedef {import("./codec.js").Value} Value */

const TOKENS = /"((?:[^"\\]|\\.)*)"|-?\d[\d.eE+-]*/g;

/**
 * Read JSON; numbers with a fraction or an exponent do not occur in anything of the ledger's and are refused.
 * @param {string} text
 * @returns {Value}
 */
export function readJson(text) {
  // Every text and every number becomes a text that begins with its kind, so that the reader cannot round a number.
  const marked = text.replace(TOKENS, (token, inner) => (inner === undefined ? `"n${token}"` : `"t${inner}"`));
  try {
    return unmarked(JSON.parse(marked));
  } catch (error) {
    throw new Malformed(`This is no JSON of whole numbers: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * @param {any} value
 * @returns {Value}
 */
function unmarked(value) {
  if (typeof value === "string") return value[0] === "n" ? wholeNumber(value.slice(1)) : value.slice(1);
  if (Array.isArray(value)) return value.map(unmarked);
  if (value === null || typeof value !== "object") return value;
  return new Map(Object.entries(value).map(([name, member]) => [name.slice(1), unmarked(member)]));
}

/** @param {string} digits */
function wholeNumber(digits) {
  if (!/^-?(0|[1-9]\d*)$/.test(digits)) throw new SyntaxError(`${digits} is no whole number`);
  return BigInt(digits);
}
