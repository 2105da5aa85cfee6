/** Receipts: how an envelope ended. */

import { decode } from "./codec.js";
import { INDEX, bytes, list, number, parts } from "./shapes.js";

/** @typedef {import("./codec.js").Value} Value */

/** @type {import("./codec.js").Shape<Value>} */
const ANYTHING = (value) => value;

const ENDING = parts({
  code: number(0n, 2n ** 16n - 1n),
  operation: INDEX,
  facts: list(parts({ name: ANYTHING, value: ANYTHING }), 0, 64),
  events: list(list(ANYTHING, 1, 64), 0, 2 ** 16),
  blind: bytes(16),
});

/**
 * Read a receipt: its code is 0n when the envelope was applied, else the number of the refusal.
 * @param {Uint8Array} raw
 */
export const readReceipt = (raw) => decode(raw, ENDING);
