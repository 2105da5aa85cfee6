/** Errors that say which rule was broken by a short word, its fault, and in a sentence. */

import { Malformed } from "./codec.js";

/**
 * What is wrong in one of the ways that a module knows.
 * @template {string} F
 */
export class Faulty extends Error {
  /**
   * @param {F} fault
   * @param {string} message
   */
  constructor(fault, message) {
    super(message);
    this.fault = fault;
  }
}

/**
 * @template {string} F
 * @typedef {new (fault: F, message: string) => Faulty<F>} FaultKind
 */

/**
 * Give what refuses with an error of a kind unless something holds.
 * @template {string} F
 * @param {FaultKind<F>} Kind
 * @returns {(holds: boolean, fault: F, message: string) => void}
 */
export const needing = (Kind) => (holds, fault, message) => {
  if (!holds) throw new Kind(fault, message);
};

/**
 * Read something, and give its fault a name if its form is wrong.
 * @template {string} F
 * @template T
 * @param {FaultKind<F>} Kind
 * @param {F} fault
 * @param {() => T} read
 * @returns {T}
 */
export function formed(Kind, fault, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) throw new Kind(fault, `Not the canonical form: ${error.message}`);
    throw error;
  }
}
