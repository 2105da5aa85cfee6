/** Sending envelopes to a node's HTTP API. */

import { readJson } from "./json.js";

/** @typedef {import("./codec.js").Value} Value */

const ANSWER_MILLISECONDS = 30_000;

/** What a node answered instead of a receipt: the status and, if it said so, its problem details (RFC 9457). */
export class NotTaken extends Error {
  name = "NotTaken";

  /**
   * @param {number} status
   * @param {Value} problem
   */
  constructor(status, problem) {
    const said = problem instanceof Map ? (problem.get("detail") ?? problem.get("title")) : null;
    super(`The node answered ${status}: ${said ?? "no reason given"}`);
    this.status = status;
    this.problem = problem;
  }
}

/**
 * Send a signed envelope and wait for the node's answer, whose members come as a map with integers as BigInt. The same
 * envelope may be sent again after a lost answer: a ledger applies it once.
 * @param {string | URL} api the address of the API, say https://ledger.example/
 * @param {{ raw: Uint8Array }} envelope
 * @param {{ path?: string, type?: string, fetch?: typeof globalThis.fetch, headers?: Record<string, string> }} [how]
 * @returns {Promise<Value>}
 */
export async function send(api, { raw }, how = {}) {
  const { path = "v1/envelopes", type = "application/octet-stream", fetch = globalThis.fetch, headers = {} } = how;
  const answer = await fetch(new URL(path, api), {
    method: "POST",
    headers: { "content-type": type, accept: "application/json, application/problem+json", ...headers },
    body: /** @type {Uint8Array<ArrayBuffer>} */ (raw),
    signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
  });
  const text = await answer.text();
  const content = /\bjson\b/.test(answer.headers.get("content-type") ?? "") ? readJson(text) : text;
  if (!answer.ok) throw new NotTaken(answer.status, content);
  return content;
}
