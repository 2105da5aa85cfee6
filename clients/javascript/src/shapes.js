/** Shapes that values of the wire must have, and what is read by them. */

import { encode, malformed } from "./codec.js";

/**
 * @template T
 * @typedef {import("./codec.js").Shape<T>} Shape
 */

/**
 * A whole number from `least` to `most`.
 * @param {bigint} least
 * @param {bigint} most
 * @returns {Shape<bigint>}
 */
export const number = (least, most) => (value, where) =>
  typeof value === "bigint" && value >= least && value <= most
    ? value
    : malformed(`${where} must be a number from ${least} to ${most}.`);

/**
 * So many bytes.
 * @param {number} least
 * @param {number} [most]
 * @returns {Shape<Uint8Array>}
 */
export const bytes =
  (least, most = least) =>
  (value, where) =>
    value instanceof Uint8Array && value.length >= least && value.length <= most
      ? value
      : malformed(`${where} must be ${least} to ${most} bytes.`);

/**
 * A list of so many parts of one shape.
 * @template T
 * @param {Shape<T>} part
 * @param {number} least
 * @param {number} most
 * @returns {Shape<T[]>}
 */
export const list = (part, least, most) => (value, where) =>
  Array.isArray(value) && value.length >= least && value.length <= most
    ? value.map((each, count) => part(each, `${where}[${count}]`))
    : malformed(`${where} must be a list of ${least} to ${most} parts.`);

/**
 * Exactly these parts, by name.
 * @template {Record<string, Shape<any>>} F
 * @param {F} fields
 * @returns {Shape<{ [K in keyof F]: ReturnType<F[K]> }>}
 */
export const parts = (fields) => (value, where) => {
  const names = Object.keys(fields);
  if (!Array.isArray(value) || value.length !== names.length) {
    return malformed(`${where} must have exactly the parts ${names.join(", ")}.`);
  }
  const found = names.map((name, count) => [name, fields[name](value[count], `${where}.${name}`)]);
  return Object.fromEntries(found);
};

/**
 * The shape, or nil.
 * @template T
 * @param {Shape<T>} shape
 * @returns {Shape<T | null>}
 */
export const maybe = (shape) => (value, where) => (value === null ? null : shape(value, where));

/**
 * The shape, together with the value's own bytes.
 * @template T
 * @param {Shape<T>} shape
 * @returns {Shape<T & { raw: Uint8Array }>}
 */
export const withBytes = (shape) => (value, where) => ({ ...shape(value, where), raw: encode(value) });

/** A hash. */
export const HASH = bytes(32);
/** A moment, in seconds since 1970. */
export const TIME = number(0n, 2n ** 32n - 1n);
/** The number of an operation in its envelope, or of a key. */
export const INDEX = number(0n, 2n ** 16n - 1n);
